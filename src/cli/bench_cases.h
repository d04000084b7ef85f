/*
 * bench_cases.h - what `infoplane bench` times: estimators, training, measuring.
 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "ipl_bench.h"
#include "ipl_mi.h"

typedef struct {
    char        what[24]; /* "kde", "kde-full", "train", "measure"                */
    char        shape[64];/* the network and its layer, or "" for a made-up layer */
    int64_t     n, d;     /* samples, width; train: rows of a batch, replicas     */
    int         repeats;
    double      best_ms, median_ms; /* of one call; train: of one step            */
    double      processor_ms;       /* the same: median of all threads' time on the
                                       host's processors                          */
    double      gflop_per_s;        /* at the median; 0 where it means nothing    */
    double      gb_per_s;           /* the same                                   */
    const char *ceiling;            /* "fma", "copy", or "" when none applies     */
    double      share_of_ceiling;   /* at the median                              */
} bench_row;

/* A whole run. NAN: not predicted, not run on the CPU before. */
typedef struct {
    const char *name;
    int64_t     epochs, measured; /* trained; epochs that were measured          */
    int         replicas;
    double      wall_s, train_s, measure_s; /* from data to tables; of all workers */
    double      epoch_ms;     /* wall_s over the epochs                          */
    double      predicted_s;  /* of the wall, for an H100                        */
    double      cpu_epoch_ms; /* epoch_ms of this machine's CPU, in this process */
} bench_run_row;
enum { BENCH_RUNS = 3 };

typedef struct {
    ipl_device  *dev;
    ipl_ceilings ceilings;
    double       seconds; /* least time spent on a row                            */
    int          small;   /* 1: a device that only carries small sizes (emulated) */
    void       (*report)(void *user, const bench_row *row);
    void       (*report_run)(void *user, const bench_run_row *row);
    double      *cpu_epoch_ms; /* [BENCH_RUNS], NAN until the CPU has run         */
    void        *user;
} bench_context;

/* A layer of the bench in host memory: activations, inputs as wide, classes. */
typedef struct {
    int64_t  n, d;
    float   *t, *x;
    int32_t *y;
} bench_layer;

/* The device must give what plain loops give on the first rows: E_NUMERIC. */
ipl_status bench_check(bench_context *context, const ipl_mi_options *options,
                       const bench_layer *all);

/* Each reports row by row. Estimates are checked before they are timed: E_NUMERIC when
 * the device's answer is not the one of plain float64. */
ipl_status bench_family(bench_context *context, ipl_mi_estimator estimator);
ipl_status bench_train(bench_context *context);
ipl_status bench_measure(bench_context *context);
ipl_status bench_runs(bench_context *context);

#endif
