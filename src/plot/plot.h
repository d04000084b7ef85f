/*
 * plot.h - the panels of a picture.
 */
#ifndef PLOT_PRIVATE_H
#define PLOT_PRIVATE_H

#include <stdio.h>

#include "ipl_plot.h"
#include "plot/gnuplot.h"
#include "plot/plot_pool_data.h"

/* Room around the axes of a panel, in points; a colour bar needs more to the right. */
enum { PLOT_LEFT = 72, PLOT_RIGHT = 24, PLOT_BAR = 92 };
enum { PLOT_ABOVE = 34, PLOT_BELOW = 50 };

typedef struct {
    FILE            *out;           /* gnuplot commands                          */
    const plot_data *d;
    const plot_pool *pool;          /* NULL: nothing of pool.csv is drawn        */
    ipl_plot_what    what;
    int              width, height; /* of the picture, in points                 */
    int              below;         /* a panel: PLOT_BELOW and room for notes    */
    const plot_data *run;           /* all runs, of which d is number `number`   */
    int              runs, number;
    double           until;         /* tick of a movie's frame; INFINITY: all    */
    int              cell_width, cell_height, across; /* across: windows in a row  */
    int              legend;        /* its height                                */
    int              plane[2];      /* length of a plane's axes                  */
    int              coloured;      /* 1: of an overlay; a run has its colour, and a
                                       layer its shape                           */
    int              bare;          /* 1: numbers of the x axis stand elsewhere  */
    int              sparse;        /* powers without a number: 1: 1; 2: odd ones */
    int              narrow;        /* 1: no room for what ceilings are          */
    double           last;          /* a tick up to which axes reach anyway      */
    const char      *heading;       /* NULL: data and samples                    */
    const void      *study;         /* plot_study.c's own                        */
    ipl_plot_options how;
} canvas;

/* The canvas with this run as its d. */
canvas ipl_plot_of(const canvas *c, int run);

/* Where another run has this one's estimator; -1: it has none. */
int ipl_plot_find(const plot_data *d, const char *estimator);

/* "", "_1": what follows the names of the run's data blocks. */
const char *ipl_plot_suffix(const canvas *c, char text[8]);

/* The largest tick of all runs, at least 2 and c->last. */
double ipl_plot_last(const canvas *c);

/* Whether a place lies within limits that were asked for. */
int ipl_plot_is_inside(const double limit[2], double at);

/* Gives runs the names of a list, else the last parts of their directories, so many
 * that runs differ. E_ARGUMENT: not a name for each. */
ipl_status ipl_plot_name_runs(int runs, const char *const *dir, const char *names,
                              plot_data *run);

/* Keeps the estimators and layers that were asked for. */
ipl_status ipl_plot_select(int runs, plot_data *run, const ipl_plot_options *how);
ipl_status ipl_plot_select_estimators(int runs, plot_data *run, const char *names);
ipl_status ipl_plot_select_layers(int runs, plot_data *run, const char *layers);

/* Options that no picture would follow: E_ARGUMENT. */
ipl_status ipl_plot_check_limits(const ipl_plot_options *how);

/* Draws a page whose size is known with `draw`, or a movie. E_ARGUMENT: cells that are
 * narrower than their labels; else as ipl_plot. */
ipl_status ipl_plot_page_with(canvas *c, const char *file,
                              ipl_status (*draw)(const canvas *c, int is_movie));

/* How many of the panels wished for stand side by side on a page of a given width: so
 * many that axes are long enough. bar: room of the page for a colour bar; own: room in
 * each cell for one. */
int ipl_plot_abreast(const canvas *c, int wished, int bar, int own);

/* Width, height and cells of a picture of this grid, and room for a colour bar. Panels
 * keep their shape; cells are as high as the notes under them ask for. */
void ipl_plot_grid(canvas *c, int columns, int rows, int bar);

/* Points of 1/72 inch that a unit of the page has: more where fonts are larger. */
double ipl_plot_unit(const canvas *c);

/* The panels of runs: finds their places and the size of the picture; draws them.
 * E_MEMORY. */
ipl_status ipl_plot_lay_out(canvas *c);
ipl_status ipl_plot_panels(const canvas *c);

/* The column of a point's I(X;T); in a movie of the points up to its frame's tick. */
const char *ipl_plot_until(const canvas *c);

/* A movie's frames, each drawn by `draw`. E_MEMORY. */
ipl_status ipl_plot_frames(const canvas *c, ipl_status (*draw)(const canvas *c));

/* All runs' lines of one estimator in the panel of the plane, or over the ticks. */
void ipl_plot_overlay(const canvas *c, const char *estimator, int axis);

/* Of the runs of an overlay: gnuplot's dashes; "a", which is "" elsewhere. */
const char *ipl_plot_dash(int run);
const char *ipl_plot_letter(const canvas *c);

/* Colour and shape of a layer in this run: its own or the run's. */
const char *ipl_plot_colour_of(const canvas *c, int layer);
int         ipl_plot_shape_of(const canvas *c, int layer);

/* Where a panel stands, margins included, in points from the top left. */
typedef struct {
    int x, y, width, height;
} plot_box;

/* The data blocks that the panels draw from; before the first panel. Those of pool.csv
 * come after the others. */
ipl_status ipl_plot_blocks(const canvas *c);
void ipl_plot_pool_blocks(const canvas *c);
void ipl_plot_pooled_blocks(const canvas *c);

/* Where a cell of the grid stands. */
plot_box ipl_plot_cell(const canvas *c, int column, int row);

/* Title, and which colour, shape and line is which layer and run; c->width decides on
 * the height. */
void ipl_plot_legend(const canvas *c);
int  ipl_plot_legend_height(const canvas *c);

/* The points of a layer in a plane; `shown`: its I(X;T) in gnuplot's terms. */
void ipl_plot_points(const canvas *c, int estimator, int layer, const char *shown,
                     int shape);

/* I(T;Y) against I(X;T) of one estimator, with or without the colour bar. */
void ipl_plot_plane(const canvas *c, plot_box box, int estimator, int bar);

/* The same in a panel that is open. */
void ipl_plot_in_plane(const canvas *c, plot_box box, int estimator, int bar);

/* The same of one estimator's windows, at the largest K of each. */
void ipl_plot_pooled_plane(const canvas *c, plot_box box, int estimator);

/* The picture of pool.csv over K, and its size in points. */
void ipl_plot_pool(const canvas *c);
void ipl_plot_pool_size(canvas *c);

/* "hollow: 3 of 15 points saturated": of what was pooled of the network; "": none. */
const char *ipl_plot_pool_doubt(const canvas *c, int estimator, char *text,
                                size_t size);

/* For the legend: which line is which control; which window has which number. */
void ipl_plot_pool_key(const canvas *c);
int  ipl_plot_pool_key_height(const canvas *c);
void ipl_plot_pooled_key(const canvas *c);

/* I(X;T) (axis PLOT_X) or I(T;Y) (PLOT_Y) of one estimator over the ticks, with a mark
 * at the foot for each tick that was measured. */
void ipl_plot_epochs(const canvas *c, plot_box box, int estimator, int axis);
void ipl_plot_in_epochs(const canvas *c, int estimator, int axis);

/* Mean and deviation of the gradients; their ratio; loss and accuracy. */
void ipl_plot_gradients(const canvas *c, plot_box box);
void ipl_plot_ratio(const canvas *c, plot_box box);
void ipl_plot_training(const canvas *c, plot_box box);

/* The picture of an audit: plot_audit.c. Errors as ipl_plot. */
ipl_status ipl_plot_audit(const char *dir, const ipl_plot_options *how,
                          const char *file);

/* What gnuplot draws the canvas on. */
ipl_gnuplot_page ipl_plot_page(const canvas *c);

/* For the panels: opens a panel, with nothing left of the one before. */
void ipl_plot_open(const canvas *c, plot_box box, int bar, const char *title,
                   const char *x_label, const char *y_label);

/* The size of a font, up to `most`, in which a text is about as wide as there is room:
 * letters are some half of it wide. */
double ipl_plot_fitting(const char *text, double most, double room);

/* For the panels: the tics 1, 10, 100, .. up to `last`, with small ones between. */
void ipl_plot_powers(const canvas *c, double last);

/* For the panels: x axis of ticks, logarithmic, with room for tick 0. */
void ipl_plot_tick_axis(const canvas *c);

/* Names of the axes PLOT_X and PLOT_Y, with unit. */
extern const char *const ipl_plot_axis[];

/* "kde upper bound: noise variance 0.05": the estimator as a title has it. */
const char *ipl_plot_title(const plot_data *d, int estimator, char *text, size_t size);

/* Title of a panel of several runs, in which the run's name comes first. */
const char *ipl_plot_of_run(const canvas *c, const char *title, char *text,
                            size_t size);

/* In bits; NAN: none. Families that compare the values of the inputs are not bounded
 * by log n. */
double ipl_plot_ceiling(const plot_data *d, int estimator, int axis);

/* From 0, or below it where values and bars are, to somewhat above the ceiling; of what
 * was pooled too where that is drawn. */
void ipl_plot_range(const canvas *c, int estimator, int axis, double *lo, double *hi);

/* Takes low and high to values, bars and ceiling of what was pooled. */
void ipl_plot_pool_widen(const plot_pool *pool, int estimator, int axis, double *low,
                         double *high);

/* Draws a ceiling across a panel, with its value; NAN: none. */
void ipl_plot_ceiling_line(const canvas *c, int axis, double ceiling);

/* An estimator need not define both axes, and may have refused every layer: says so in
 * its panel; _is_empty returns then 1. */
int  ipl_plot_is_empty(const canvas *c, int estimator, int axis);
void ipl_plot_no_values(const canvas *c, int axis);

/* Notes under a panel, which hollow points and layers without a value need: of the
 * point's values on all these axes (bits 1 << PLOT_X, 1 << PLOT_Y). Runs over each
 * other have each its own, behind its name. The room that panels need, in points. */
enum { PLOT_NOTES_MAX = 9 };
void ipl_plot_notes(const canvas *c, plot_box box, int estimator, unsigned axes);
int  ipl_plot_notes_room(const canvas *c);

/* Points that say less than they seem to are hollow: saturated ones, and those with
 * values outside fixed bins. */
int ipl_plot_is_doubtful(const plot_point *p);
int ipl_plot_has_doubt(const plot_data *d, int estimator);

/* 1, 2, 3, 5 becomes "1–3,5". */
void ipl_plot_join(const int *number, int count, char *text, size_t size);

/* The last layer up to this one that is drawn; 0: none. Layers are drawn from the last
 * to the first, which often end at one place: what comes in first lies on top. */
int ipl_plot_layer(const plot_data *d, int layer);

/* "epochs 0 to 19": the ticks of a window. */
const char *ipl_plot_window(const canvas *c, int window, char *text, size_t size);

/* The points of one layer under one estimator: [*first, return value). */
int64_t ipl_plot_layer_points(const plot_data *d, int estimator, int layer,
                              int64_t *first);

/* Colour and gnuplot's point type of layer 1, 2, .. */
const char *ipl_plot_colour(int layer);
int         ipl_plot_shape(int layer);

#endif
