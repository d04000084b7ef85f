/*
 * ipl_plot.h - run directories to pictures.
 */
#ifndef IPL_PLOT_H
#define IPL_PLOT_H

#include "ipl_status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef enum {
    IPL_PLOT_ALL, IPL_PLOT_PLANE, IPL_PLOT_EPOCHS, IPL_PLOT_SNR,
    IPL_PLOT_POOL,         /* pool.csv: I(X;T) and I(T;Y) over K, a column a window */
    IPL_PLOT_POOLED_PLANE, /* the plane, and that of the windows at their largest K */
    IPL_PLOT_AUDIT, /* the tables of ipl_audit.h; the others are a run's        */
    IPL_PLOT_COUNT
} ipl_plot_what;

/* Draws a run directory with gnuplot, to a .svg or .png file, which is replaced.
 * E_ARGUMENT: another ending. E_UNSUPPORTED: no gnuplot. E_IO, E_FORMAT: file and
 * line that could not be read; nothing to draw, as without pool.csv. */
ipl_status ipl_plot(const char *dir, ipl_plot_what what, const char *file);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
