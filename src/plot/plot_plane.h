/*
 * plot_plane.h - what planes of ticks and of windows have in common.
 */
#ifndef PLOT_PLANE_H
#define PLOT_PLANE_H

#include "plot/plot.h"

/* Dashed lines at x and y, with their values; NAN, or beyond limits: none. */
void ipl_plane_ceilings(const canvas *c, double x, double y, const double lo[2],
                        const double hi[2]);

/* Numbers of the layers above the places where they end, as they come from below;
 * layers that end at one place share a label. NAN: nowhere. Runs over each other have
 * sides of their own, and letters. */
void ipl_plane_label_layers(const canvas *c, const double x[], const double y[],
                            const double lo[2], const double hi[2]);

/* Ranges lo to hi, the scale of colours, and with bar the bar of it. */
void ipl_plane_scale(const canvas *c, plot_box box, int estimator, int bar,
                     double lo[2], double hi[2]);

#endif
