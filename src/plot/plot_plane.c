/*
 * plot_plane.c - I(T;Y) against I(X;T), the colour of a point its tick.
 *
 * Ticks have a logarithmic scale of colours, tick 0 is white.
 */
#include <math.h>

#include "plot/plot.h"

static void draw_ceilings(const canvas *c, int estimator, const double lo[2],
                          const double hi[2])
{
    const double x = ipl_plot_ceiling(c->d, estimator, PLOT_X);
    const double y = ipl_plot_ceiling(c->d, estimator, PLOT_Y);
    const char *style = "nohead lc '#888888' dt 2 lw 1";
    if (isfinite(x))
        fprintf(c->out, "set arrow from %.9g,%.9g to %.9g,%.9g %s\n"
                "set label 'log_2 n = %.4g' at %.9g,%.9g right offset -0.4,0 "
                "font ',10' tc '#666666'\n", x, lo[1], x, hi[1], style, x, x,
                lo[1] + 0.05 * (hi[1] - lo[1]));
    if (isfinite(y))
        fprintf(c->out, "set arrow from %.9g,%.9g to %.9g,%.9g %s\n"
                "set label 'H(Y) = %.4g' at %.9g,%.9g left offset 0.5,-0.6 font ',10' "
                "tc '#666666'\n", lo[0], y, hi[0], y, style, y, lo[0], hi[1]);
}

/* 1, 2, 3, 5 becomes "1–3,5". */
static void join(const int *number, int count, char *text, size_t size)
{
    size_t used = 0;
    for (int k = 0, end; k < count && used < size; k = end) {
        for (end = k + 1; end < count && number[end] == number[end - 1] + 1;) ++end;
        used += (size_t)snprintf(text + used, size - used,
                                 end - k > 1 ? "%s%d%s%d" : "%s%d", k ? "," : "",
                                 number[k], end - k > 2 ? "–" : ",", number[end - 1]);
    }
}

/* Numbers of the layers above their last points, as they come from below; layers that
 * end at one place share a label. */
static void label_layers(const canvas *c, int estimator, const double lo[2],
                         const double hi[2])
{
    const plot_data *d = c->d;
    double x[IPL_NET_LAYERS_MAX], y[IPL_NET_LAYERS_MAX];
    int done[IPL_NET_LAYERS_MAX] = {0};
    for (int l = 0; l < d->layers; ++l) {
        int64_t first, end = ipl_plot_layer_points(d, estimator, l + 1, &first);
        done[l] = end == first;
        if (done[l]) continue;
        x[l] = d->point[end - 1].mean[PLOT_X];
        y[l] = d->point[end - 1].mean[PLOT_Y];
        done[l] = !isfinite(x[l]) || !isfinite(y[l]);
    }
    for (int l = 0; l < d->layers; ++l) {
        if (done[l]) continue;
        int  here[IPL_NET_LAYERS_MAX], count = 0;
        char text[8 * IPL_NET_LAYERS_MAX];
        for (int m = l; m < d->layers; ++m)
            if (!done[m] && fabs(x[m] - x[l]) < 0.05 * (hi[0] - lo[0]) &&
                fabs(y[m] - y[l]) < 0.05 * (hi[1] - lo[1])) {
                here[count++] = m + 1;
                done[m] = 1;
            }
        join(here, count, text, sizeof text);
        fprintf(c->out, "set label '{/:Bold %s}' at %.9g,%.9g center offset 0,0.8 "
                "font ',10' front tc '%s'\n", text, x[l], y[l],
                count > 1 ? "#222222" : ipl_plot_colour(l + 1));
    }
}

void ipl_plot_plane(const canvas *c, plot_box box, int estimator, int bar)
{
    const plot_data *d = c->d;
    const double last = d->last > 1 ? (double)d->last : 2.0;
    double lo[2], hi[2];
    char title[256];
    ipl_plot_open(c, box, bar, ipl_plot_title(d, estimator, title, sizeof title),
                  ipl_plot_axis[PLOT_X], ipl_plot_axis[PLOT_Y]);
    if (ipl_plot_is_empty(c, estimator, PLOT_X) ||
        ipl_plot_is_empty(c, estimator, PLOT_Y))
        return;
    for (int s = 0; s < 2; ++s) ipl_plot_range(d, estimator, s, &lo[s], &hi[s]);
    fprintf(c->out, "set xrange [%.9g:%.9g]; set yrange [%.9g:%.9g]\n", lo[0], hi[0],
            lo[1], hi[1]);
    /* viridis (van der Walt and Smith 2015): even to the eye, also in grey */
    fprintf(c->out, "set palette defined (0 '#440154', 1 '#482878', 2 '#3e4989', "
            "3 '#31688e', 4 '#26828e', 5 '#1f9e89', 6 '#35b779', 7 '#6ece58', "
            "8 '#b5de2b', 9 '#fde725')\nset logscale cb; set cbrange [1:%.9g]\n", last);
    if (bar) {
        fprintf(c->out, "set colorbox user origin screen %.6f,%.6f size screen "
                "%.6f,%.6f noborder\nset cblabel '%s (white: 0)' offset 0.2,0\n"
                "set cbtics scale 0.4 offset -0.5,0 (",
                (double)(box.x + box.width - PLOT_BAR + 14) / c->width,
                1.0 - (double)(box.y + box.height - PLOT_BELOW) / c->height,
                12.0 / c->width,
                (double)(box.height - PLOT_ABOVE - PLOT_BELOW) / c->height, d->tick);
        ipl_plot_powers(c, last);
        fprintf(c->out, ")\n");
    }
    draw_ceilings(c, estimator, lo, hi);
    label_layers(c, estimator, lo, hi);
    const char *sep = "plot ";
    for (int l = 1; l <= d->layers; ++l, sep = ", ")
        fprintf(c->out, "%s$plane%d index %d using 2:4 with lines lc '#c0c0c0' lw 1",
                sep, estimator, l - 1);
    for (int l = 1; d->bars && l <= d->layers; ++l)
        fprintf(c->out, ", $plane%d index %d using ($6>0?$2:NaN):4:3:5 with "
                "xyerrorbars pt -1 lc '#a0a0a0' lw 0.8", estimator, l - 1);
    /* All rims of a layer first: a dense trajectory is then a band with its rim, and
     * not rims that hide the colours. */
    for (int l = 1; l <= d->layers; ++l)
        fprintf(c->out, ", $plane%d index %d using 2:4 with points pt %d ps 1.15*S "
                "lc '%s', $plane%d index %d using ($1<1?$2:NaN):4 with points pt %d "
                "ps 0.7*S lc '#ffffff', $plane%d index %d using ($1<1?NaN:$2):4:1 "
                "with points pt %d ps 0.7*S lc palette z", estimator, l - 1,
                ipl_plot_shape(l), ipl_plot_colour(l), estimator, l - 1,
                ipl_plot_shape(l), estimator, l - 1, ipl_plot_shape(l));
    fprintf(c->out, "\n");
}
