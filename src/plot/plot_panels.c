/*
 * plot_panels.c - what the panels over the ticks show, and the data of all panels.
 *
 * Ticks stand on logarithmic axes, tick 0 at 0.5.
 */
#include <math.h>

#include "plot/plot.h"

enum { TICKS_DRAWN = 250, BARS_DRAWN = 10 }; /* more would hide what they stand for */
enum { MARKS_DRAWN = 700 }; /* of measured ticks: more are closer than a mark's width */

/* -- Data -------------------------------------------------------------------------*/

int64_t ipl_plot_layer_points(const plot_data *d, int estimator, int layer,
                              int64_t *first)
{
    int64_t k = 0;
    while (k < d->points &&
           (d->point[k].estimator != estimator || d->point[k].layer != layer))
        ++k;
    *first = k;
    while (k < d->points && d->point[k].estimator == estimator &&
           d->point[k].layer == layer)
        ++k;
    return k;
}

int ipl_plot_layer(const plot_data *d, int layer)
{
    while (layer > 0 && d->hidden[layer - 1]) --layer;
    return layer;
}

/* Whether a point is drawn: each where there are few, else those that move on by a
 * fair step of the logarithmic axis; the last always. */
static int is_drawn(const canvas *c, int most, int64_t count, int64_t tick,
                    double *before)
{
    const double last = (double)c->d->last;
    const double at = c->how.linear ? (double)tick : log10((double)tick + 1.0);
    const double step = (c->how.linear ? last : log10(last + 1.0)) / most;
    if (count > most && tick != c->d->last && at - *before < step) return 0;
    *before = at;
    return 1;
}

void ipl_plot_blocks(const canvas *c)
{
    const plot_data *d = c->d;
    const double zero = c->how.linear ? 0.0 : 0.5; /* where tick 0 stands */
    double before = -1e9, bar = -1e9;
    char suffix[8];
    ipl_plot_suffix(c, suffix);
    for (int e = 0; e < d->estimators; ++e) {
        fprintf(c->out, "$plane%d%s << END\n", e, suffix);
        for (int l = 1; l <= d->layers; ++l, before = bar = -1e9) {
            int64_t k, end = ipl_plot_layer_points(d, e, l, &k);
            const int64_t count = end - k;
            for (; k < end; ++k) {
                const plot_point *p = &d->point[k];
                if (!is_drawn(c, TICKS_DRAWN, count, p->tick, &before)) continue;
                fprintf(c->out, "%.9g %.6g %.6g %.6g %.6g %d %d\n",
                        p->tick ? (double)p->tick : zero, p->mean[PLOT_X],
                        p->bar[PLOT_X], p->mean[PLOT_Y], p->bar[PLOT_Y],
                        is_drawn(c, BARS_DRAWN, count, p->tick, &bar),
                        ipl_plot_is_doubtful(p));
            }
            fprintf(c->out, "nan nan nan nan nan 0 0\n\n\n");
        }
        fprintf(c->out, "END\n");
    }
    fprintf(c->out, "$measured%s << END\n", suffix);
    int64_t mark, marks = ipl_plot_layer_points(d, 0, 1, &mark);
    const int64_t measured = marks - mark;
    for (before = -1e9; mark < marks; ++mark)
        if (is_drawn(c, MARKS_DRAWN, measured, d->point[mark].tick, &before))
            fprintf(c->out, "%.9g\n",
                    d->point[mark].tick ? (double)d->point[mark].tick : zero);
    fprintf(c->out, "END\n");
    const int columns = PLOT_LAYERS + PLOT_LAYER_COLUMNS * d->layers;
    fprintf(c->out, "$training%s << END\n", suffix);
    before = -1e9;
    for (int64_t k = 0; k < d->trainings; ++k) {
        const plot_training *t = &d->training[k];
        if (!is_drawn(c, TICKS_DRAWN, d->trainings, t->tick, &before)) continue;
        fprintf(c->out, "%.9g", t->tick ? (double)t->tick : zero);
        for (int v = 0; v < columns; ++v)
            if (isnan(t->value[v])) fprintf(c->out, " nan");
            else fprintf(c->out, " %.6g", t->value[v]);
        fprintf(c->out, "\n");
    }
    fprintf(c->out, "END\n");
}

/* -- Over the ticks ---------------------------------------------------------------*/

/* Bands and lines of one column of the block. */
static void draw_lines(const canvas *c, int e, int value)
{
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
        fprintf(c->out, ", %s index %d using 1:%d with linespoints lw 1.8 pt %d "
                "ps 0.45*S lc '%s'", block, l - 1, value, shape, colour);
        if (doubt)
            fprintf(c->out, ", %s index %d using ($7>0?$1:NaN):%d with points "
                    "pt %d ps 0.8*S lc '%s', %s index %d using ($7>0?$1:NaN):%d "
                    "with points pt %d ps 0.45*S lc '#ffffff'", block, l - 1, value,
                    shape, colour, block, l - 1, value, shape);
    }
}

void ipl_plot_epochs(const canvas *c, plot_box box, int estimator, int axis)
{
    const plot_data *d = c->d;
    double lo, hi;
    char title[256], text[384], suffix[8];
    ipl_plot_title(d, estimator, title, sizeof title);
    ipl_plot_open(c, box, 0, ipl_plot_of_run(c, title, text, sizeof text), d->tick,
                  ipl_plot_axis[axis]);
    ipl_plot_notes(c, box, estimator, 1u << axis);
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

/* Sets a logarithmic y axis for these values, or says why the panel is empty. */
static int log_axis(const canvas *c, int any, double lo, double hi)
{
    if (!any) {
        fprintf(c->out, "set yrange [0:1]; unset ytics; set label 'one batch a tick: "
                "no spread' at graph 0.5,0.5 center tc '#666666'\nplot NaN\n");
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
