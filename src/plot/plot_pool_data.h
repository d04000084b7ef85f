/*
 * plot_pool_data.h - pool.csv, read back and averaged over its seeds.
 */
#ifndef PLOT_POOL_DATA_H
#define PLOT_POOL_DATA_H

#include "plot/plot_data.h"

enum { POOL_WINDOWS_MAX = 256 };

/* What was pooled: the network's snapshots, or one of the controls. */
enum { POOL_NETWORK, POOL_FROZEN, POOL_WALK, POOL_SHUFFLED, POOL_CONTROLS };

/* One layer under one estimator, the first K snapshots of a window pooled. */
typedef struct {
    double  mean[2];    /* I(X;T), I(T;Y) in bits, over the seeds                */
    double  bar[2];     /* their deviation; 0 of one seed                        */
    int64_t k;
    int     estimator;  /* as plot_data has it                                   */
    int     window;     /* from 0                                                */
    int     layer, control;
    int     rows, saturated; /* rows of pool.csv, one a seed; those at the ceiling */
} pool_point;

typedef struct {
    int     number;      /* as pool.csv has it                                   */
    int64_t first, last; /* ticks                                                */
} pool_window;

typedef struct {
    int         seeds;
    int         windows;
    pool_window window[POOL_WINDOWS_MAX];       /* by number                     */
    int         estimators;
    int         estimator[PLOT_ESTIMATORS_MAX]; /* those that have points        */
    double      ceiling[PLOT_ESTIMATORS_MAX];   /* of I(X;T) in bits, at the number
                                                   of the estimator; NAN: none   */
    int         has[POOL_CONTROLS];             /* whether there are points of it */
    int64_t     points;
    pool_point *point; /* by estimator, window, layer, control, k                */
} plot_pool;

/* Reads DIR/pool.csv, and adds estimators that d lacks to it. E_FORMAT, E_IO: no such
 * file; line and what was expected there. */
ipl_status ipl_plot_pool_read(const char *dir, plot_data *d, plot_pool *out);
void       ipl_plot_pool_free(plot_pool *pool);

#endif
