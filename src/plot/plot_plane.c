/*
 * plot_plane.c - I(T;Y) against I(X;T), the colour of a point its tick.
 *
 * Ticks have a logarithmic scale of colours, tick 0 is white.
 */
#include "plot/plot_plane.h"

#include <math.h>

/* -- Axes -------------------------------------------------------------------------*/

/* A line, and at x, y what it is. */
static void put_ceiling(const canvas *c, const char *name, double value,
                        const double line[4], double x, double y, const char *side)
{
    fprintf(c->out, "set arrow from %.9g,%.9g to %.9g,%.9g nohead lc '#888888' dt 2 lw "
            "1\n", line[0], line[1], line[2], line[3]);
    if (c->narrow) return;
    fprintf(c->out, "set label '%s = %.4g' at %.9g,%.9g %s font ',10' tc '#666666'\n",
            name, value, x, y, side);
}

void ipl_plane_ceilings(const canvas *c, double x, double y, const double lo[2],
                        const double hi[2])
{
    if (isfinite(x) && ipl_plot_is_inside(c->how.x_limit, x))
        put_ceiling(c, "log_2 n", x, (const double[4]){x, lo[1], x, hi[1]}, x,
                    lo[1] + 0.05 * (hi[1] - lo[1]), "right offset -0.4,0");
    if (isfinite(y) && ipl_plot_is_inside(c->how.y_limit, y))
        put_ceiling(c, "H(Y)", y, (const double[4]){lo[0], y, hi[0], y}, lo[0], hi[1],
                    "left offset 0.5,-0.6");
}

void ipl_plane_label_layers(const canvas *c, const double x[], const double y[],
                            const double lo[2], const double hi[2])
{
    static const char *const side[] = {"center offset 0,0.8", "right offset -0.9,0",
                                       "left offset 0.9,0", "center offset 0,-0.9"};
    static const int room[] = {17, 12}; /* of a label, in points                  */
    const int layers = c->d->layers;
    int done[IPL_NET_LAYERS_MAX] = {0};
    double near[2];
    for (int s = 0; s < 2; ++s) near[s] = room[s] * (hi[s] - lo[s]) / c->plane[s];
    for (int l = 0; l < layers; ++l)
        done[l] = !isfinite(x[l]) || !isfinite(y[l]) || x[l] < lo[0] || x[l] > hi[0] ||
                  y[l] < lo[1] || y[l] > hi[1];
    for (int l = 0; l < layers; ++l) {
        if (done[l]) continue;
        int  here[IPL_NET_LAYERS_MAX], count = 0;
        char text[8 * IPL_NET_LAYERS_MAX];
        for (int m = l; m < layers; ++m)
            if (!done[m] && fabs(x[m] - x[l]) < near[PLOT_X] &&
                fabs(y[m] - y[l]) < near[PLOT_Y]) {
                here[count++] = m + 1;
                done[m] = 1;
            }
        ipl_plot_join(here, count, text, sizeof text);
        fprintf(c->out, "set label '{/:Bold %s%s}' at %.9g,%.9g %s font ',%d' front "
                "tc '%s'\n", text, ipl_plot_letter(c), x[l], y[l],
                side[c->how.overlay ? c->number % 4 : 0], c->narrow ? 8 : 10,
                count > 1 ? "#222222" : ipl_plot_colour_of(c, l + 1));
    }
}

void ipl_plane_scale(const canvas *c, plot_box box, int estimator, int bar,
                     double lo[2], double hi[2])
{
    const double last = ipl_plot_last(c);
    for (int s = 0; s < 2; ++s) ipl_plot_range(c, estimator, s, &lo[s], &hi[s]);
    fprintf(c->out, "set xrange [%.9g:%.9g]; set yrange [%.9g:%.9g]\n", lo[0], hi[0],
            lo[1], hi[1]);
    /* viridis (van der Walt and Smith 2015): even to the eye, also in grey */
    fprintf(c->out, "set palette defined (0 '#440154', 1 '#482878', 2 '#3e4989', "
            "3 '#31688e', 4 '#26828e', 5 '#1f9e89', 6 '#35b779', 7 '#6ece58', "
            "8 '#b5de2b', 9 '#fde725')\n%sset cbrange [1:%.9g]\n",
            c->how.linear ? "" : "set logscale cb; ", last);
    if (bar) {
        fprintf(c->out, "set colorbox user origin screen %.6f,%.6f size screen "
                "%.6f,%.6f noborder\nset cblabel '%s (white: 0)' offset 0.2,0\n"
                "set cbtics scale 0.4 offset -0.5,0 ",
                (double)(box.x + box.width - PLOT_BAR + 14) / c->width,
                1.0 - (double)(box.y + box.height - c->below) / c->height,
                12.0 / c->width,
                (double)(box.height - PLOT_ABOVE - c->below) / c->height, c->d->tick);
        if (!c->how.linear) {
            fprintf(c->out, "(");
            ipl_plot_powers(c, last);
            fprintf(c->out, ")\n");
        } else fprintf(c->out, "autofreq\n");
    }
}

/* -- Each tick --------------------------------------------------------------------*/

static void label_last_points(const canvas *c, int estimator, const double lo[2],
                              const double hi[2])
{
    const plot_data *d = c->d;
    double x[IPL_NET_LAYERS_MAX], y[IPL_NET_LAYERS_MAX];
    for (int l = 0; l < d->layers; ++l) {
        int64_t first, end = ipl_plot_layer_points(d, estimator, l + 1, &first);
        while (end > first && (double)d->point[end - 1].tick > c->until) --end;
        x[l] = end > first ? d->point[end - 1].mean[PLOT_X] : NAN;
        y[l] = end > first ? d->point[end - 1].mean[PLOT_Y] : NAN;
    }
    ipl_plane_label_layers(c, x, y, lo, hi);
}

/* The points of a layer, of which `shown` is I(X;T). All rims come first: a dense
 * trajectory is then a band with its rim, and not rims that hide the colours. Where
 * layers cover a point that are drawn later, its rim is larger: a ring around them. */
void ipl_plot_points(const canvas *c, int estimator, int layer, const char *shown,
                     int shape)
{
    char suffix[8], of[64];
    snprintf(of, sizeof of, ", $plane%d%s index %d using", estimator,
             ipl_plot_suffix(c, suffix), layer - 1);
    fprintf(c->out, "%s %s:4:((1.15+0.38*$10)*S) with points pt %d ps variable lc '%s'",
            of, shown, shape, ipl_plot_colour_of(c, layer));
    fprintf(c->out, "%s ($1<1?%s:NaN):4 with points pt %d ps 0.7*S lc '#ffffff'", of,
            shown, shape);
    fprintf(c->out, "%s ($1<1?NaN:%s):4:1 with points pt %d ps 0.7*S lc palette z", of,
            shown, shape);
    if (ipl_plot_has_doubt(c->d, estimator))
        fprintf(c->out, "%s ($7>0?%s:NaN):4 with points pt %d ps 0.35*S lc '#ffffff'",
                of, shown, shape);
}

static void draw_points(const canvas *c, int e)
{
    const plot_data *d = c->d;
    const int last = ipl_plot_layer(d, d->layers);
    const char *shown = ipl_plot_until(c);
    char suffix[8], block[32];
    snprintf(block, sizeof block, "$plane%d%s", e, ipl_plot_suffix(c, suffix));
    for (int l = last; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, "%s%s index %d using %s:4 with lines lc '#c0c0c0' lw 1",
                l == last ? "plot " : ", ", block, l - 1, shown);
    for (int l = d->bars ? last : 0; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, ", %s index %d using ($6>0?%s:NaN):4:3:5 with "
                "xyerrorbars pt -1 lc '#a0a0a0' lw 0.8", block, l - 1, shown);
    for (int l = last; l; l = ipl_plot_layer(d, l - 1))
        ipl_plot_points(c, e, l, shown, ipl_plot_shape(l));
    fprintf(c->out, "\n");
}

void ipl_plot_plane(const canvas *c, plot_box box, int estimator, int bar)
{
    char title[256], text[384];
    ipl_plot_title(c->d, estimator, title, sizeof title);
    ipl_plot_open(c, box, bar, ipl_plot_of_run(c, title, text, sizeof text),
                  ipl_plot_axis[PLOT_X], ipl_plot_axis[PLOT_Y]);
    ipl_plot_notes(c, box, estimator, 1u << PLOT_X | 1u << PLOT_Y);
    ipl_plot_in_plane(c, box, estimator, bar);
}

void ipl_plot_in_plane(const canvas *c, plot_box box, int estimator, int bar)
{
    const plot_data *d = c->d;
    double lo[2], hi[2];
    if (ipl_plot_is_empty(c, estimator, PLOT_X) ||
        ipl_plot_is_empty(c, estimator, PLOT_Y))
        return;
    ipl_plane_scale(c, box, estimator, bar, lo, hi);
    ipl_plane_ceilings(c, ipl_plot_ceiling(d, estimator, PLOT_X),
                  ipl_plot_ceiling(d, estimator, PLOT_Y), lo, hi);
    if (c->how.overlay) {
        for (int r = 0; r < c->runs; ++r) {
            const canvas one = ipl_plot_of(c, r);
            const int e = ipl_plot_find(one.d, d->estimator[estimator]);
            if (c->coloured && r != c->number) continue; /* shapes tell layers too */
            if (e >= 0) label_last_points(&one, e, lo, hi);
        }
        ipl_plot_overlay(c, d->estimator[estimator], -1);
        return;
    }
    label_last_points(c, estimator, lo, hi);
    draw_points(c, estimator);
}
