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

/* -- Studies ----------------------------------------------------------------------*/

/* A key is one that the study has swept ("net.activation", or "activation" where no
 * other is called so), or `layer`, `estimator` or `rows` (measured: train, test). */
typedef struct {
    ipl_plot_options plot; /* what: ALL (the plane, or the epochs where nothing has
                              labels), PLANE or EPOCHS; no overlay, no names       */
    const char *cols, *rows, *colour; /* keys; NULL: swept ones of several values, in
                                         this order, then estimator and rows       */
    int                onlys;
    const char *const *only; /* "bin.edges=30": of this key this value, and others
                                that are named so                                 */
} ipl_plot_study_options;

enum { IPL_PLOT_NOTES = 2048 };

/* 1: the directory has a study.json. */
int ipl_plot_is_study(const char *dir);

/* Small multiples of a study's means over its seeds, with bands or bars of a deviation,
 * on common axes: a column, a row and a colour for each value of a key. Other keys of
 * several values are shown at one of them, of which `notes`, [IPL_PLOT_NOTES], has a
 * line each: "only bin.edges = 10 of 10, 30 is shown: --only bin.edges=30". E_ARGUMENT
 * also: no such key, twice the same, more values than there is room for. E_IO,
 * E_FORMAT: no study_summary.csv; file and line that could not be read. */
ipl_status ipl_plot_study(const char *dir, const ipl_plot_study_options *options,
                          const char *file, char *notes);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
