/*
 * fuzz_run.h - a run directory, of which a fuzz target replaces one file.
 */
#ifndef FUZZ_RUN_H
#define FUZZ_RUN_H

#include "fuzz.h"
#include "ipl_plane.h"
#include "plot/plot.h"

static const char fuzz_run_json[] =
    "{\"status\": \"done\", \"data\": {\"name\": \"ib\", \"measured_rows\": 64},"
    " \"layers\": [\"3-tanh\", \"2\"], \"layer_names\": [\"fc1\", \"out\"],"
    " \"seeds\": [1, 2], \"tick\": \"epoch\","
    " \"ceilings\": {\"i_xt_bits\": 6, \"i_ty_bits\": 1},"
    " \"estimators\": [{\"points\": [\"bin\"], \"description\": \"30 edges\"}]}\n";

static const char fuzz_plane_csv[] =
    "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n"
    "1,0,1,bin,5,0.5\n1,0,2,bin,4,\n2,0,1,bin,5.5,0.6\n2,7,2,kde-upper,nan,1\n";

static inline void fuzz_put(const char *name, const void *text, size_t bytes)
{
    files_write(files_path(fuzz_folder(), name), bytes, text);
}

static inline void fuzz_put_plain(const char *name, const char *text)
{
    fuzz_put(name, text, strlen(text));
}

/* The part of an input up to a line "=="; the rest begins behind it. */
static inline size_t fuzz_split(const uint8_t *data, size_t bytes, size_t *rest)
{
    const uint8_t *mark = memmem(data, bytes, "\n==\n", 4);
    *rest = mark ? (size_t)(mark - data) + 4 : bytes;
    return mark ? (size_t)(mark - data) + 1 : bytes;
}

/* What panels take for granted of a run that was read; frees it. */
static inline void fuzz_check_run(plot_data *d)
{
    if (d->layers < 1 || d->layers > IPL_NET_LAYERS_MAX || d->points < 1 ||
        d->estimators < 1 || d->estimators > PLOT_ESTIMATORS_MAX ||
        (strcmp(d->tick, "epoch") && strcmp(d->tick, "step")))
        abort();
    for (int64_t k = 0; k < d->points; ++k) {
        const plot_point *p = &d->point[k];
        if (p->layer < 1 || p->layer > d->layers || p->tick < 0 || p->tick > d->last ||
            p->estimator < 0 || p->estimator >= d->estimators || p->refusal < 0 ||
            p->refusal >= IPL_MI_REFUSAL_COUNT)
            abort();
    }
    for (int64_t k = 1; k < d->trainings; ++k)
        if (d->training[k].tick <= d->training[k - 1].tick) abort();
    ipl_plot_free(d);
}

static inline void fuzz_read_run(void)
{
    plot_data d = {0};
    if (ipl_plot_read(fuzz_folder(), &d) == IPL_OK) fuzz_check_run(&d);
    else fuzz_check_refusal(d.point);
}

#endif
