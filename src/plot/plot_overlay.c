/*
 * plot_overlay.c - runs over each other.
 *
 * A colour is a layer; dashes, the shape of points, and the letter behind the numbers
 * of layers are a run. On a canvas that is coloured a colour is a run, and the shape of
 * points a layer.
 */
#include <string.h>

#include "plot/plot.h"

/* Of each run its own, so that lines that cross can be followed; all formats draw
 * patterns of their own, and gnuplot's numbered ones differently. */
static const char *const dashes[IPL_PLOT_RUNS_MAX] = {
    "1", "(12,5)", "(3,4)", "(12,4,3,4)", "(20,6)", "(6,3)", "(12,4,3,4,3,4)",
    "(2,7)"};

const char *ipl_plot_dash(int run) { return dashes[run % IPL_PLOT_RUNS_MAX]; }

const char *ipl_plot_letter(const canvas *c)
{
    static const char *const letter[IPL_PLOT_RUNS_MAX] = {"a", "b", "c", "d",
                                                          "e", "f", "g", "h"};
    return c->how.overlay && !c->coloured ? letter[c->number % IPL_PLOT_RUNS_MAX] : "";
}

const char *ipl_plot_colour_of(const canvas *c, int layer)
{
    return ipl_plot_colour(c->coloured ? c->number + 1 : layer);
}

int ipl_plot_shape_of(const canvas *c, int layer)
{
    /* Where colours do not tell layers, those that would share a shape are open. */
    static const int open[] = {6, 4, 8, 10, 12};
    if (c->coloured && layer > 5) return open[(layer - 6) % 5];
    return ipl_plot_shape(c->how.overlay && !c->coloured ? c->number + 1 : layer);
}

/* I(X;T) of those few points that are drawn: the ones that have bars. */
static const char *few(const char *shown)
{
    return strchr(shown, 'T') ? "($6*($1>T?0:1)>0?$2:NaN)" : "($6>0?$2:NaN)";
}

/* A trail has the colour of its points' rims here, since there is one of each run. */
static void draw_plane(const canvas *c, const char *sep, int estimator)
{
    const plot_data *d = c->d;
    const char *shown = ipl_plot_until(c);
    const int last = ipl_plot_layer(d, d->layers);
    char suffix[8];
    for (int l = last; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, "%s$plane%d%s index %d using %s:4 with lines lw 1.6 dt %s lc "
                "'%s'", l == last ? sep : ", ", estimator, ipl_plot_suffix(c, suffix),
                l - 1, shown, ipl_plot_dash(c->number), ipl_plot_colour_of(c, l));
    for (int l = c->coloured && d->bars ? last : 0; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, ", $plane%d%s index %d using %s:4:3:5 with xyerrorbars pt -1 "
                "lc '%s' lw 0.4", estimator, ipl_plot_suffix(c, suffix), l - 1,
                few(shown), ipl_plot_colour_of(c, l));
    for (int l = last; l; l = ipl_plot_layer(d, l - 1))
        ipl_plot_points(c, estimator, l, few(shown), ipl_plot_shape_of(c, l));
}

/* Over the ticks few points tell a run, or a layer, as well. */
static void draw_ticks(const canvas *c, int estimator, int value)
{
    const plot_data *d = c->d;
    const int doubt = ipl_plot_has_doubt(d, estimator), covers = value == 2 ? 8 : 9;
    char suffix[8], of[64];
    ipl_plot_suffix(c, suffix);
    for (int l = ipl_plot_layer(d, d->layers); l; l = ipl_plot_layer(d, l - 1)) {
        const char *colour = ipl_plot_colour_of(c, l);
        const int   shape = ipl_plot_shape_of(c, l);
        snprintf(of, sizeof of, ", $plane%d%s index %d using", estimator, suffix,
                 l - 1);
        if (c->coloured && d->bars)
            fprintf(c->out, "%s 1:($%d-$%d):($%d+$%d) with filledcurves fs transparent "
                    "solid 0.1 noborder lc '%s'", of, value, value + 1, value,
                    value + 1, colour);
        fprintf(c->out, "%s 1:%d with lines lw 1.8 dt %s lc '%s'", of, value,
                ipl_plot_dash(c->number), colour);
        fprintf(c->out, "%s ($6>0?$1:NaN):%d:((0.8+0.3*$%d)*S) with points pt %d ps "
                "variable lc '%s'", of, value, covers, shape, colour);
        if (doubt)
            fprintf(c->out, "%s ($6*$7>0?$1:NaN):%d with points pt %d ps 0.45*S lc "
                    "'#ffffff'", of, value, shape);
    }
}

void ipl_plot_overlay(const canvas *c, const char *estimator, int axis)
{
    const char *sep = "plot ";
    for (int r = 0; r < c->runs; ++r) {
        const canvas one = ipl_plot_of(c, r);
        const int e = ipl_plot_find(one.d, estimator);
        if (e < 0) continue;
        if (axis < 0) draw_plane(&one, sep, e);
        else draw_ticks(&one, e, axis == PLOT_X ? 2 : 4);
        sep = ", ";
    }
    fprintf(c->out, "\n");
}
