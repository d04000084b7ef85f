/*
 * study_picture_case.h - a study's folder with made-up tables, as sweep writes them.
 */
#ifndef STUDY_PICTURE_CASE_H
#define STUDY_PICTURE_CASE_H

#include "picture_case.h"

enum { CASE_KEYS = 6, CASE_LAYERS = 3, CASE_TICKS = 3 };
static const int case_tick[CASE_TICKS] = {0, 4, 9};

/* Keys with their values, between which stand bars: {"bin.edges", "10|30"}. */
typedef struct {
    const char *name, *values;
} case_key;

typedef struct {
    case_key    key[CASE_KEYS]; /* ended by a name that is NULL                   */
    const char *estimators, *rows; /* "bin|kde-upper", "train|test"               */
    int         zipped;         /* 1: the second key goes with the first          */
    int         skipped;        /* a product that has no runs, from 0; -1         */
    int         empty;          /* 1: which has rows with n = 0                   */
    int         unlabelled;
    const char *more;           /* of study.json: ", \"layers\": [..]"            */
} study_case;

static inline int case_count(const char *values)
{
    int count = 1;
    for (; *values; ++values) count += *values == '|';
    return count;
}

static inline const char *case_value(const char *values, int which, char text[64])
{
    for (; which && *values; --which) {
        values += strcspn(values, "|");
        values += *values == '|';
    }
    snprintf(text, 64, "%.*s", (int)strcspn(values, "|"), values);
    return text;
}

/* The made-up mean of I(X;T) (axis 0) or I(T;Y): each key, layer and tick has a digit
 * of its own. */
static inline double case_mean(const int at[CASE_KEYS], int estimator, int layer,
                               int tick, int axis)
{
    const double bits = 1 + at[0] + 0.1 * at[1] + 0.01 * at[2] + 0.5 * layer +
                        0.001 * tick + 4 * estimator;
    return axis ? bits / 20 : bits;
}

static inline void case_json(const study_case *of, FILE *out)
{
    char text[64];
    fputs("{\"study\": \"configs/studies/small.ini\", \"tick\": \"epoch\", \"keys\": [",
          out);
    for (int k = 0; k < CASE_KEYS && of->key[k].name; ++k) {
        fprintf(out, "%s{\"key\": \"%s\", \"only_measures\": false, \"values\": [",
                k ? ", " : "", of->key[k].name);
        for (int v = 0; v < case_count(of->key[k].values); ++v)
            fprintf(out, "%s\"%s\"", v ? ", " : "",
                    case_value(of->key[k].values, v, text));
        fputs("]}", out);
    }
    fprintf(out, "], \"runs\": [{\"name\": \"a\", \"state\": \"done\"}, "
            "{\"name\": \"b\", \"state\": \"%s\"}]%s}\n",
            of->skipped < 0 ? "done" : "failed", of->more ? of->more : "");
}

/* The rows of one product under one estimator. */
static inline void case_points(const study_case *of, FILE *out, const char *keys,
                               const int at[CASE_KEYS], int rows, int estimator,
                               int empty)
{
    char row[64], name[64], mean[32] = "";
    case_value(of->rows, rows, row);
    case_value(of->estimators, estimator, name);
    for (int t = 0; t < CASE_TICKS; ++t)
        for (int l = 1; l <= CASE_LAYERS; ++l)
            for (int a = 0; a < 2 - of->unlabelled; ++a) {
                const double bits = case_mean(at, estimator, l, case_tick[t], a);
                if (!empty) snprintf(mean, sizeof mean, "%.9g", bits + 0.25 * rows);
                fprintf(out, "%s%s,%d,%d,%s,%s,%s,%s,%d\n", keys, row, case_tick[t],
                        l, name, a ? "i_ty_bits" : "i_xt_bits", mean,
                        l == 1 && !empty ? "0.125" : "", empty ? 0 : l == 1 ? 3 : 1);
                if (!a) /* which no picture shows */
                    fprintf(out, "%s%s,%d,%d,%s,h_t_bits,77,,1\n", keys, row,
                            case_tick[t], l, name);
            }
}

static inline void case_summary(const study_case *of, FILE *out)
{
    char text[64];
    int  at[CASE_KEYS] = {0}, keys = 0, product = 0, more = 1;
    for (; keys < CASE_KEYS && of->key[keys].name; ++keys)
        fprintf(out, "%s,", of->key[keys].name);
    fputs("rows,epoch,layer,estimator,quantity,mean,deviation,n\n", out);
    for (; more; ++product) {
        char   values[CASE_KEYS * 68] = "";
        size_t used = 0;
        for (int k = 0; k < keys; ++k) {
            const char *value = case_value(of->key[k].values, at[k], text);
            used += (size_t)snprintf(values + used, sizeof values - used,
                                     strchr(value, ',') ? "\"%s\"," : "%s,", value);
        }
        const int skipped = product == of->skipped;
        const int is_there = (!skipped || of->empty) &&
                             (!of->zipped || at[0] == at[1]);
        for (int r = 0; is_there && r < case_count(of->rows); ++r)
            for (int e = 0; e < case_count(of->estimators); ++e)
                case_points(of, out, values, at, r, e, skipped);
        more = 0; /* the last key runs fastest */
        for (int k = keys - 1; k >= 0 && !more; --k) {
            more = ++at[k] < case_count(of->key[k].values);
            if (!more) at[k] = 0;
        }
    }
}

/* A study of these keys, bin and all rows. */
static inline study_case case_of(const char *name, const char *values,
                                 const char *other, const char *others)
{
    return (study_case){.key = {{name, values}, {other, others}}, .estimators = "bin",
                        .rows = "all", .skipped = -1};
}

/* Makes the folder. */
static inline void make_study(const study_case *of, char folder[FILES_PATH])
{
    files_make_folder(folder);
    FILE *json = fopen(files_path(folder, "study.json"), "w");
    FILE *summary = fopen(files_path(folder, "study_summary.csv"), "w");
    CHECK(json && summary);
    case_json(of, json);
    case_summary(of, summary);
    CHECK(!fclose(json) && !fclose(summary));
}

/* -- Its picture ------------------------------------------------------------------*/

typedef struct {
    const char                   *folder, *file;
    const ipl_plot_study_options *how;
    char                         *notes;
} picture_study;

static inline ipl_status picture_draw_study(const void *what)
{
    const picture_study *of = what;
    return ipl_plot_study(of->folder, of->how, files_path(of->folder, of->file),
                          of->notes);
}

static inline ipl_plot_study_options study_options(ipl_plot_what what)
{
    ipl_plot_study_options how = {.plot = ipl_plot_defaults()};
    how.plot.what = what;
    return how;
}

/* The script of a study's picture, and what was noted. */
static inline char *study_script(const study_case *of,
                                 const ipl_plot_study_options *how, const char *file,
                                 char notes[IPL_PLOT_NOTES])
{
    char folder[FILES_PATH];
    make_study(of, folder);
    char *script =
        picture_by(picture_draw_study, &(picture_study){folder, file, how, notes});
    files_remove_folder(folder);
    return script;
}

/* The block from which panel number `which` draws: it stands before the panel. */
static inline const block *block_before(const char *script, int which, const char *name,
                                        int index)
{
    panel before = panel_at(script, which - 1);
    const block *found = block_of(before.text, name, index);
    free(before.text);
    return found;
}

#endif
