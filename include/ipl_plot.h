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

/* Draws a run directory with gnuplot, to a .svg, .png, .pdf or .gif file, which is
 * replaced. A .gif is a movie of the plane: a frame for each measured tick, of long
 * runs for some 60 of them.
 * E_ARGUMENT: another ending. E_UNSUPPORTED: no gnuplot, or one without the format.
 * E_IO, E_FORMAT: file and line that could not be read; nothing to draw, as without
 * pool.csv. */
ipl_status ipl_plot(const char *dir, ipl_plot_what what, const char *file);

/* What is drawn, and how; from ipl_plot_defaults. */
typedef struct {
    ipl_plot_what what;
    int           overlay;    /* 1: runs in the same panels, told apart by dashes
                                 and the shapes of points                         */
    const char   *names;      /* "tanh,ReLU": of the runs; NULL: the last parts of
                                 their directories                                */
    const char   *estimators; /* "kde-upper,bin", points or families; NULL: all   */
    const char   *layers;     /* "1,3-5"; NULL: all                               */
    double        x_limit[2], y_limit[2]; /* NAN: as the values are               */
    int           linear;     /* 1: ticks on linear axes, else logarithmic        */
    double        width_cm;   /* 0: a panel has 430 points                        */
    double        font_pt;    /* 0: 12, and 8 where width_cm is set               */
    const char   *font;       /* NULL: DejaVu Sans                                */
} ipl_plot_options;

enum { IPL_PLOT_RUNS_MAX = 8 };

ipl_plot_options ipl_plot_defaults(void);

/* The same of several run directories: a column for each, with common axes, or laid
 * over each other. E_ARGUMENT also: names and layers that no run has, with those that
 * are there; options that this picture has no use for. */
ipl_status ipl_plot_runs(int runs, const char *const *dir,
                         const ipl_plot_options *options, const char *file);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
