/*
 * plot_panels.c - what the panels over the ticks show.
 */
#include <math.h>

#include "plot/plot.h"

/* -- Over the ticks ---------------------------------------------------------------*/

/* Bands and lines of one column of the block. Where layers cover a point that are drawn
 * later, it is larger. */
static void draw_lines(const canvas *c, int e, int value)
{
    const int covers = value == 2 ? 8 : 9;
    const plot_data *d = c->d;
    const int last = ipl_plot_layer(d, d->layers);
    const int doubt = ipl_plot_has_doubt(d, e);
    char suffix[8], block[32];
    snprintf(block, sizeof block, "$plane%d%s", e, ipl_plot_suffix(c, suffix));
    for (int l = d->bars ? last : 0; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, ", %s index %d using 1:($%d-$%d):($%d+$%d) with "
                "filledcurves fs transparent solid 0.15 noborder lc '%s'",
                block, l - 1, value, value + 1, value, value + 1, ipl_plot_colour(l));
    for (int l = last; l; l = ipl_plot_layer(d, l - 1)) {
        const int shape = ipl_plot_shape(l);
        const char *colour = ipl_plot_colour(l);
        fprintf(c->out, ", %s index %d using 1:%d:((0.45+0.3*$%d)*S) with linespoints "
                "lw 1.8 pt %d ps variable lc '%s'", block, l - 1, value, covers, shape,
                colour);
        if (doubt)
            fprintf(c->out, ", %s index %d using ($7>0?$1:NaN):%d:((0.8+0.3*$%d)*S) "
                    "with points pt %d ps variable lc '%s', %s index %d using "
                    "($7>0?$1:NaN):%d with points pt %d ps 0.45*S lc '#ffffff'", block,
                    l - 1, value, covers, shape, colour, block, l - 1, value, shape);
    }
}

void ipl_plot_epochs(const canvas *c, plot_box box, int estimator, int axis)
{
    char title[256], text[384];
    ipl_plot_title(c->d, estimator, title, sizeof title);
    ipl_plot_open(c, box, 0, ipl_plot_of_run(c, title, text, sizeof text), c->d->tick,
                  ipl_plot_axis[axis]);
    ipl_plot_notes(c, box, estimator, 1u << axis);
    ipl_plot_in_epochs(c, estimator, axis);
}

void ipl_plot_in_epochs(const canvas *c, int estimator, int axis)
{
    const plot_data *d = c->d;
    double lo, hi;
    char suffix[8];
    if (ipl_plot_is_empty(c, estimator, axis)) return;
    ipl_plot_range(c, estimator, axis, &lo, &hi);
    ipl_plot_tick_axis(c);
    fprintf(c->out, "set yrange [%.9g:%.9g]\n", lo, hi);
    ipl_plot_ceiling_line(c, axis, ipl_plot_ceiling(d, estimator, axis));
    /* At the foot, a mark for each measured tick: what the policy has chosen. */
    fprintf(c->out, "plot $measured%s using 1:(%.9g):(0):(%.9g) with vectors nohead "
            "lw 0.4 lc '#777777'", ipl_plot_suffix(c, suffix), lo, 0.025 * (hi - lo));
    if (c->how.overlay) {
        ipl_plot_overlay(c, d->estimator[estimator], axis);
        return;
    }
    draw_lines(c, estimator, axis == PLOT_X ? 2 : 4);
    fprintf(c->out, "\n");
}

/* -- Training ---------------------------------------------------------------------*/

/* gnuplot's column of a layer's value, from 1; tick is column 1. */
static int column(const plot_data *d, int which, int layer)
{
    return 2 + PLOT_LAYERS + which * d->layers + layer - 1;
}

static void decades_of(const plot_data *d, int above, int below, double *lo,
                       double *hi)
{
    for (int64_t k = 0; k < d->trainings; ++k)
        for (int l = 0; l < d->layers; ++l) {
            if (d->hidden[l]) continue;
            const double *v = d->training[k].value + PLOT_LAYERS;
            const double q = v[above * d->layers + l] / v[below * d->layers + l];
            if (!(q > 0) || !isfinite(q)) continue;
            *lo = fmin(*lo, q);
            *hi = fmax(*hi, q);
        }
}

/* Decades that hold what a log axis shows: positive quotients of two columns over the
 * layers. 0 when there are none. */
static int decades(const canvas *c, int above, int below, double *lo, double *hi)
{
    for (int r = 0; r < c->runs; ++r) decades_of(&c->run[r], above, below, lo, hi);
    return *lo <= *hi;
}

/* Of networks that were trained elsewhere there are none. */
static int has_gradients(const plot_data *d)
{
    for (int64_t k = 0; k < d->trainings; ++k)
        for (int l = 0; l < d->layers; ++l) {
            const double *v = d->training[k].value + PLOT_LAYERS;
            if (!isnan(v[PLOT_MEAN * d->layers + l])) return 1;
        }
    return 0;
}

/* Sets a logarithmic y axis for these values, or says why the panel is empty. */
static int log_axis(const canvas *c, int any, double lo, double hi)
{
    if (!any) {
        const char *why = has_gradients(c->d) ? "one batch a tick: no spread"
                                              : "no gradients are known";
        fprintf(c->out, "set yrange [0:1]; unset ytics; set label '%s' at graph "
                "0.5,0.5 center tc '#666666'\nplot NaN\n", why);
        return 0;
    }
    fprintf(c->out, "set logscale y; set yrange [%.3g:%.3g]; set format y '10^{%%T}'; "
            "set mytics 10\n", 0.8 * lo, 1.25 * hi);
    return 1;
}

void ipl_plot_gradients(const canvas *c, plot_box box)
{
    const plot_data *d = c->d;
    double lo = INFINITY, hi = 0.0;
    char suffix[8], text[384];
    int any = decades(c, PLOT_MEAN, PLOT_NORM, &lo, &hi);
    any |= decades(c, PLOT_DEVIATION, PLOT_NORM, &lo, &hi);
    ipl_plot_suffix(c, suffix);
    ipl_plot_of_run(c, "gradients: mean (solid), deviation (dashed)", text,
                    sizeof text);
    ipl_plot_open(c, box, 0, text, d->tick,
                  "norm / norm of the weights");
    ipl_plot_tick_axis(c);
    if (!log_axis(c, any, lo, hi)) return;
    const int last = ipl_plot_layer(d, d->layers);
    for (int l = last; l; l = ipl_plot_layer(d, l - 1))
        for (int s = 0; s < 2; ++s) {
            const int of = column(d, s ? PLOT_DEVIATION : PLOT_MEAN, l);
            fprintf(c->out, "%s$training%s using 1:($%d>0?$%d/$%d:NaN) with lines "
                    "lw 1.8 dt %d lc '%s'", l < last || s ? ", " : "plot ", suffix, of,
                    of,
                    column(d, PLOT_NORM, l), s ? 2 : 1, ipl_plot_colour(l));
        }
    fprintf(c->out, "\n");
}

void ipl_plot_ratio(const canvas *c, plot_box box)
{
    const plot_data *d = c->d;
    double lo = INFINITY, hi = 0.0;
    char suffix[8], text[384];
    const int any = decades(c, PLOT_MEAN, PLOT_DEVIATION, &lo, &hi);
    ipl_plot_suffix(c, suffix);
    ipl_plot_of_run(c, "gradients: signal-to-noise ratio", text,
                    sizeof text);
    ipl_plot_open(c, box, 0, text, d->tick,
                  "mean / deviation");
    ipl_plot_tick_axis(c);
    if (!log_axis(c, any, lo, hi)) return;
    const int last = ipl_plot_layer(d, d->layers);
    for (int l = last; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, "%s$training%s using 1:($%d>0?$%d/$%d:NaN) with lines lw 1.8 "
                "lc '%s'", l < last ? ", " : "plot ", suffix,
                column(d, PLOT_DEVIATION, l),
                column(d, PLOT_MEAN, l), column(d, PLOT_DEVIATION, l),
                ipl_plot_colour(l));
    fprintf(c->out, "\n");
}

void ipl_plot_training(const canvas *c, plot_box box)
{
    static const char *const colour[] = {"#D55E00", "#0072B2"};
    static const char *const what[] = {"loss [nats]", "accuracy"};
    double top = 0.0;
    char suffix[8], text[384];
    for (int r = 0; r < c->runs; ++r)
        for (int64_t k = 0; k < c->run[r].trainings; ++k)
            for (int s = 0; s < 2; ++s)
                top = fmax(top, c->run[r].training[k].value[PLOT_LOSS + s]);
    box.width -= 40; /* for the axis on the right */
    ipl_plot_suffix(c, suffix);
    ipl_plot_of_run(c, "loss and accuracy: train (solid), test (dashed)", text,
                    sizeof text);
    ipl_plot_open(c, box, 0, text,
                  c->d->tick, what[0]);
    ipl_plot_tick_axis(c);
    fprintf(c->out, "set border 11; set yrange [0:%.6g]; set y2range [0:1.0]; "
            "set y2tics 0.2 out nomirror scale 0.6\n"
            "set y2label 'accuracy' offset -0.8,0 tc '%s'; "
            "set ylabel tc '%s'\n", top > 0 ? 1.06 * top : 1.0, colour[1], colour[0]);
    for (int s = 0; s < 4; ++s)
        fprintf(c->out, "%s$training%s using 1:%d axes x1y%d with lines lw 2 dt %d lc "
                "'%s'", s ? ", " : "plot ", suffix, 2 + s, 1 + s / 2, s % 2 ? 2 : 1,
                colour[s / 2]);
    fprintf(c->out, "\n");
}
