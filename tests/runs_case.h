/*
 * runs_case.h - two run directories with made-up points, for pictures of several runs.
 */
#ifndef RUNS_CASE_H
#define RUNS_CASE_H

#include "picture_case.h"

static const char *const axis_name[] = {"I(X;T) [bits]", "I(T;Y) [bits]"};
static const char header[] = "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n";
static const char tanh_rows[] = "1,0,1,bin,1,0.1\n1,0,2,bin,2,0.2\n1,0,3,bin,0.5,0.3\n"
                                "1,4,1,bin,3,0.4\n1,4,2,bin,2.5,0.5\n1,4,3,bin,1,0.6\n"
                                "1,0,1,kde-upper,2,0.5\n1,4,1,kde-upper,3,0.5\n"
                                "1,0,2,kde-lower,2,0.5\n1,4,2,kde-lower,3,0.5\n";
static const char relu_rows[] = "1,0,1,bin,9,1.5\n1,9,1,bin,8,-0.7\n"
                                "1,0,1,bin@30,4,0.5\n1,9,1,bin@30,4,0.6\n"
                                "1,0,3,kde-upper,4,0.5\n1,9,3,kde-upper,5,0.6\n";

typedef struct {
    char        folder[FILES_PATH], path[2][FILES_PATH];
    const char *dir[2];
} two_runs;

static inline void write_rows(const char *dir, const char *rows)
{
    char path[FILES_PATH + 32];
    snprintf(path, sizeof path, "%s/plane.csv", dir);
    FILE *out = fopen(path, "w");
    CHECK(out && fputs(header, out) >= 0 && fputs(rows, out) >= 0 && !fclose(out));
    snprintf(path, sizeof path, "%s/plane_details.csv", dir);
    remove(path); /* none of a second time */
}

/* Runs tanh and relu, with made-up points. */
static inline void make_two(two_runs *t)
{
    static const char *const name[] = {"tanh", "relu"};
    files_make_folder(t->folder);
    for (int r = 0; r < 2; ++r) {
        run_into(t->folder, "train.replicas=1", NULL);
        snprintf(t->path[r], sizeof t->path[r], "%s", files_path(t->folder, name[r]));
        CHECK(!rename(files_path(t->folder, "r"), t->path[r]));
        write_rows(t->path[r], r ? relu_rows : tanh_rows);
        t->dir[r] = t->path[r];
    }
}

static inline char *draw_two(const two_runs *t, const ipl_plot_options *how,
                             const char *file)
{
    return picture_of(2, t->dir, how, files_path(t->folder, file));
}

static inline ipl_plot_options of(ipl_plot_what what)
{
    ipl_plot_options how = ipl_plot_defaults();
    how.what = what;
    return how;
}

static inline double margin(const panel *p, const char *side)
{
    char words[32];
    snprintf(words, sizeof words, "set %s at screen ", side);
    const char *at = strstr(p->text, words);
    CHECK(at);
    return atof(at + strlen(words));
}

#endif
