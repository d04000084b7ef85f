/*
 * plot.h - the panels of a picture.
 */
#ifndef PLOT_PRIVATE_H
#define PLOT_PRIVATE_H

#include <stdio.h>

#include "plot/plot_data.h"

/* Room around the axes of a panel, in points; a colour bar needs more to the right. */
enum { PLOT_LEFT = 72, PLOT_RIGHT = 24, PLOT_BAR = 92 };
enum { PLOT_ABOVE = 34, PLOT_BELOW = 50 };

typedef struct {
    FILE            *out;           /* gnuplot commands                          */
    const plot_data *d;
    int              width, height; /* of the picture, in points                 */
} canvas;

/* Where a panel stands, margins included, in points from the top left. */
typedef struct {
    int x, y, width, height;
} plot_box;

/* The data blocks that the panels draw from; before the first panel. */
void ipl_plot_blocks(const canvas *c);

/* Title, and which colour, shape and line is which layer. */
void ipl_plot_legend(const canvas *c, plot_box box);

/* I(T;Y) against I(X;T) of one estimator, with or without the colour bar. */
void ipl_plot_plane(const canvas *c, plot_box box, int estimator, int bar);

/* I(X;T) (axis PLOT_X) or I(T;Y) (PLOT_Y) of one estimator over the ticks, with a mark
 * at the foot for each tick that was measured. */
void ipl_plot_epochs(const canvas *c, plot_box box, int estimator, int axis);

/* Mean and deviation of the gradients; their ratio; loss and accuracy. */
void ipl_plot_gradients(const canvas *c, plot_box box);
void ipl_plot_ratio(const canvas *c, plot_box box);
void ipl_plot_training(const canvas *c, plot_box box);

/* The picture of an audit: plot_audit.c. Errors as ipl_plot. */
ipl_status ipl_plot_audit(const char *dir, const char *file);

/* For the panels: opens a panel, with nothing left of the one before. */
void ipl_plot_open(const canvas *c, plot_box box, int bar, const char *title,
                   const char *x_label, const char *y_label);

/* For the panels: the tics 1, 10, 100, .. up to `last`, with small ones between. */
void ipl_plot_powers(const canvas *c, double last);

/* For the panels: x axis of ticks, logarithmic, with room for tick 0. */
void ipl_plot_tick_axis(const canvas *c);

/* Names of the axes PLOT_X and PLOT_Y, with unit. */
extern const char *const ipl_plot_axis[];

/* "kde upper bound: noise variance 0.05": the estimator as a title has it. */
const char *ipl_plot_title(const plot_data *d, int estimator, char *text, size_t size);

/* In bits; NAN: none. Families that compare the values of the inputs are not bounded
 * by log n. */
double ipl_plot_ceiling(const plot_data *d, int estimator, int axis);

/* From 0, or below it where values and bars are, to somewhat above the ceiling. */
void ipl_plot_range(const plot_data *d, int estimator, int axis, double *lo,
                    double *hi);

/* An estimator need not define both axes, and may have refused every layer: says so in
 * its panel, and returns 1. */
int ipl_plot_is_empty(const canvas *c, int estimator, int axis);

/* The points of one layer under one estimator: [*first, return value). */
int64_t ipl_plot_layer_points(const plot_data *d, int estimator, int layer,
                              int64_t *first);

/* Colour and gnuplot's point type of layer 1, 2, .. */
const char *ipl_plot_colour(int layer);
int         ipl_plot_shape(int layer);

#endif
