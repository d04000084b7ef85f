/*
 * bench_cases.h - what `infoplane bench` times: estimators, training, measuring.
 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "ipl_bench.h"
#include "ipl_mi.h"

typedef struct {
    char        what[24]; /* "kde", "kde-full", "train", "measure"                */
    char        shape[64];/* the network, or "" for a single layer                */
    int64_t     n, d;     /* samples, width; train: rows of a batch, replicas     */
    int         repeats;
    double      best_ms, median_ms; /* of one call; train: of one step            */
    double      gflop_per_s;        /* at the median; 0 where it means nothing    */
    double      gb_per_s;           /* the same                                   */
    const char *ceiling;            /* "fma", "copy", or "" when none applies     */
    double      share_of_ceiling;   /* at the median                              */
} bench_row;

typedef struct {
    ipl_device  *dev;
    ipl_ceilings ceilings;
    double       seconds; /* least time spent on a row                            */
    int          small;   /* 1: a device that only carries small sizes (emulated) */
    void       (*report)(void *user, const bench_row *row);
    void        *user;
} bench_context;

/* Each reports row by row. Estimates are checked before they are timed: E_NUMERIC when
 * the device's answer is not the one of plain float64. */
ipl_status bench_family(bench_context *context, ipl_mi_estimator estimator);
ipl_status bench_train(bench_context *context);
ipl_status bench_measure(bench_context *context);

#endif
