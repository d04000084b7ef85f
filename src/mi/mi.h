/*
 * mi.h - what an estimator provides, and what the estimators share.
 *
 * mi.c checks the call, asks for the range of every layer and refuses what is not
 * finite; an estimator then turns all jobs of the call into points. Adding one
 * means one file and one row in mi.c's table.
 */
#ifndef IPL_MI_PRIVATE_H
#define IPL_MI_PRIVATE_H

#include "mi/algebra.h"
#include "backend.h"

typedef ipl_mi_point mi_points[IPL_MI_POINTS_MAX];

typedef struct {
    const char *name;
    int         points;   /* of one job                                         */
    int64_t     rows_max; /* largest layer                                      */

    /* E_ARGUMENT for options that it cannot work with. */
    ipl_status (*check)(const ipl_mi_options *options);

    /* Device bytes for these jobs. */
    ipl_status (*scratch_bytes)(ipl_device *dev, const ipl_mi_options *options,
                                int jobs, const ipl_mi_job *job, size_t *bytes);

    /* Fills point[j][0 .. points) of every job from finite layers. */
    ipl_status (*estimate)(ipl_device *dev, const ipl_mi_options *options, int jobs,
                           const ipl_mi_job *job, const ipl_range_job *range,
                           void *scratch, mi_points *point);
} mi_estimator;

extern const mi_estimator mi_bin; /* mi_bin.c */
extern const mi_estimator mi_kde; /* mi_kde.c */

/* Lays out scratch: hands out consecutive pieces from `at`. With at == NULL it only
 * measures, so one function can answer the size and use it. */
typedef struct {
    char  *at;
    size_t used;
} mi_arena;

static inline void *mi_take(mi_arena *arena, size_t bytes)
{
    void *piece = arena->at ? arena->at + arena->used : NULL;
    arena->used += (bytes + 255) / 256 * 256;
    return piece;
}

/* Thresholds of one layer, ascending, for the forms that have them: EDGES and COUNT
 * from the options and the range, written to threshold[bins]. mi_bins.c */
void mi_thresholds(const ipl_mi_options *options, const ipl_range_job *range,
                   float *threshold);

/* Ranks of QUANTILES: rank[k] = floor(k count / bins), k = 0 .. bins-1. mi_bins.c */
void mi_ranks(int64_t count, int64_t bins, int64_t *rank);

#endif
