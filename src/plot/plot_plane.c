/*
 * plot_plane.c - I(T;Y) against I(X;T), the colour of a point its tick.
 *
 * Ticks have a logarithmic scale of colours, tick 0 is white. A window of pooled
 * snapshots has the colour of its middle.
 */
#include <math.h>

#include "plot/plot.h"

/* -- Axes -------------------------------------------------------------------------*/

static void draw_ceilings(const canvas *c, double x, double y, const double lo[2],
                          const double hi[2])
{
    const char *style = "nohead lc '#888888' dt 2 lw 1";
    if (isfinite(x) && ipl_plot_is_inside(c->how.x_limit, x))
        fprintf(c->out, "set arrow from %.9g,%.9g to %.9g,%.9g %s\n"
                "set label 'log_2 n = %.4g' at %.9g,%.9g right offset -0.4,0 "
                "font ',10' tc '#666666'\n", x, lo[1], x, hi[1], style, x, x,
                lo[1] + 0.05 * (hi[1] - lo[1]));
    if (isfinite(y) && ipl_plot_is_inside(c->how.y_limit, y))
        fprintf(c->out, "set arrow from %.9g,%.9g to %.9g,%.9g %s\n"
                "set label 'H(Y) = %.4g' at %.9g,%.9g left offset 0.5,-0.6 font ',10' "
                "tc '#666666'\n", lo[0], y, hi[0], y, style, y, lo[0], hi[1]);
}

/* Numbers of the layers above the places where they end, as they come from below;
 * layers that end at one place share a label. NAN: nowhere. */
static void label_layers(const canvas *c, const double x[], const double y[],
                         const double lo[2], const double hi[2])
{
    const int layers = c->d->layers;
    int done[IPL_NET_LAYERS_MAX] = {0};
    for (int l = 0; l < layers; ++l)
        done[l] = !isfinite(x[l]) || !isfinite(y[l]) || x[l] < lo[0] || x[l] > hi[0] ||
                  y[l] < lo[1] || y[l] > hi[1];
    for (int l = 0; l < layers; ++l) {
        if (done[l]) continue;
        int  here[IPL_NET_LAYERS_MAX], count = 0;
        char text[8 * IPL_NET_LAYERS_MAX];
        for (int m = l; m < layers; ++m)
            if (!done[m] && fabs(x[m] - x[l]) < 0.05 * (hi[0] - lo[0]) &&
                fabs(y[m] - y[l]) < 0.05 * (hi[1] - lo[1])) {
                here[count++] = m + 1;
                done[m] = 1;
            }
        ipl_plot_join(here, count, text, sizeof text);
        fprintf(c->out, "set label '{/:Bold %s}' at %.9g,%.9g center offset 0,0.8 "
                "font ',10' front tc '%s'\n", text, x[l], y[l],
                count > 1 ? "#222222" : ipl_plot_colour(l + 1));
    }
}

/* Ranges lo to hi, the scale of colours, and with bar the bar of it. */
static void scale(const canvas *c, plot_box box, int estimator, int bar, double lo[2],
                  double hi[2])
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
    label_layers(c, x, y, lo, hi);
}

/* Trails, bars and points. All rims of a layer come first: a dense trajectory is then a
 * band with its rim, and not rims that hide the colours. */
static void draw_points(const canvas *c, int e)
{
    const plot_data *d = c->d;
    const int last = ipl_plot_layer(d, d->layers);
    const int doubt = ipl_plot_has_doubt(d, e);
    const char *x = ipl_plot_until(c), *column = *x == '2' ? "$2" : x;
    char suffix[8], block[32];
    snprintf(block, sizeof block, "$plane%d%s", e, ipl_plot_suffix(c, suffix));
    for (int l = last; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, "%s%s index %d using %s:4 with lines lc '#c0c0c0' lw 1",
                l == last ? "plot " : ", ", block, l - 1, x);
    for (int l = d->bars ? last : 0; l; l = ipl_plot_layer(d, l - 1))
        fprintf(c->out, ", %s index %d using ($6>0?%s:NaN):4:3:5 with "
                "xyerrorbars pt -1 lc '#a0a0a0' lw 0.8", block, l - 1, column);
    for (int l = last; l; l = ipl_plot_layer(d, l - 1)) {
        const int shape = ipl_plot_shape(l);
        fprintf(c->out, ", %s index %d using %s:4 with points pt %d ps 1.15*S lc '%s', "
                "%s index %d using ($1<1?$2:NaN):4 with points pt %d ps 0.7*S lc "
                "'#ffffff', %s index %d using ($1<1?NaN:%s):4:1 with points pt %d "
                "ps 0.7*S lc palette z", block, l - 1, x, shape, ipl_plot_colour(l),
                block, l - 1, shape, block, l - 1, column, shape);
        if (doubt)
            fprintf(c->out, ", %s index %d using ($7>0?%s:NaN):4 with points pt %d "
                    "ps 0.35*S lc '#ffffff'", block, l - 1, column, shape);
    }
    fprintf(c->out, "\n");
}

void ipl_plot_plane(const canvas *c, plot_box box, int estimator, int bar)
{
    const plot_data *d = c->d;
    double lo[2], hi[2];
    char title[256], text[384];
    ipl_plot_title(d, estimator, title, sizeof title);
    ipl_plot_open(c, box, bar, ipl_plot_of_run(c, title, text, sizeof text),
                  ipl_plot_axis[PLOT_X], ipl_plot_axis[PLOT_Y]);
    ipl_plot_notes(c, box, estimator, 1u << PLOT_X | 1u << PLOT_Y);
    if (ipl_plot_is_empty(c, estimator, PLOT_X) ||
        ipl_plot_is_empty(c, estimator, PLOT_Y))
        return;
    scale(c, box, estimator, bar, lo, hi);
    draw_ceilings(c, ipl_plot_ceiling(d, estimator, PLOT_X),
                  ipl_plot_ceiling(d, estimator, PLOT_Y), lo, hi);
    if (c->how.overlay) {
        for (int r = 0; r < c->runs; ++r) {
            canvas one = *c;
            one.d = &c->run[r];
            const int e = ipl_plot_find(one.d, d->estimator[estimator]);
            if (e >= 0) label_last_points(&one, e, lo, hi);
        }
        ipl_plot_overlay(c, d->estimator[estimator], -1);
        return;
    }
    label_last_points(c, estimator, lo, hi);
    draw_points(c, estimator);
}

/* -- Windows ----------------------------------------------------------------------*/

/* Whether point k is the network's one with the largest K of its window. */
static int is_largest(const plot_pool *pool, int64_t k)
{
    const pool_point *p = &pool->point[k], *next = p + 1;
    if (p->control != POOL_NETWORK) return 0;
    return k + 1 == pool->points || next->estimator != p->estimator ||
           next->window != p->window || next->layer != p->layer ||
           next->control != POOL_NETWORK;
}

void ipl_plot_pooled_blocks(const canvas *c)
{
    const plot_pool *pool = c->pool;
    for (int e = 0; e < pool->estimators; ++e) {
        fprintf(c->out, "$pooled%d << END\n", pool->estimator[e]);
        for (int l = 1; l <= c->d->layers; ++l) {
            for (int64_t k = 0; k < pool->points; ++k) {
                const pool_point *p = &pool->point[k];
                if (p->estimator != pool->estimator[e] || p->layer != l ||
                    !is_largest(pool, k))
                    continue;
                const pool_window *w = &pool->window[p->window];
                fprintf(c->out, "%.9g %.6g %.6g %.6g %.6g %d\n",
                        fmax(0.5 * (double)(w->first + w->last), 0.5), p->mean[PLOT_X],
                        p->bar[PLOT_X], p->mean[PLOT_Y], p->bar[PLOT_Y],
                        p->saturated > 0);
            }
            fprintf(c->out, "nan nan nan nan nan 0\n\n\n");
        }
        fprintf(c->out, "END\n");
    }
}

/* "windows pooled: K = 20", or from the least of the largest K to the largest. The
 * legend has the seeds of the run, of which not all need have been pooled. */
static const char *pooled_title(const canvas *c, int estimator, char *text, size_t size)
{
    const plot_pool *pool = c->pool;
    int64_t least = INT64_MAX, most = 0;
    for (int64_t k = 0; k < pool->points; ++k) {
        const pool_point *p = &pool->point[k];
        if (p->estimator != estimator || !is_largest(pool, k)) continue;
        if (p->k < least) least = p->k;
        if (p->k > most) most = p->k;
    }
    char to[32] = "", of[64] = "";
    if (most > least) snprintf(to, sizeof to, " to %lld", (long long)most);
    if (pool->seeds < c->d->seeds)
        snprintf(of, sizeof of, " (%d of %d seeds)", pool->seeds, c->d->seeds);
    snprintf(text, size, "the same, windows pooled: K = %lld%s%s", (long long)least, to,
             of);
    return text;
}

/* Where each layer is in its last window. Returns the axis that has no values; -1: both
 * have some. */
static int pooled_ends(const canvas *c, int estimator, double x[], double y[])
{
    const plot_pool *pool = c->pool;
    int any[2] = {0};
    for (int l = 0; l < c->d->layers; ++l) x[l] = y[l] = NAN;
    for (int64_t k = 0; k < pool->points; ++k) {
        const pool_point *p = &pool->point[k];
        if (p->estimator != estimator || !is_largest(pool, k)) continue;
        x[p->layer - 1] = p->mean[PLOT_X];
        y[p->layer - 1] = p->mean[PLOT_Y];
        for (int s = 0; s < 2; ++s) any[s] |= isfinite(p->mean[s]);
    }
    return !any[PLOT_X] ? PLOT_X : !any[PLOT_Y] ? PLOT_Y : -1;
}

/* Whether a point of these windows is drawn within a share of the axes from another. */
static int is_near(const pool_point *p, const pool_point *q, const double lo[2],
                   const double hi[2])
{
    for (int s = 0; s < 2; ++s)
        if (!(fabs(p->mean[s] - q->mean[s]) < 0.05 * (hi[s] - lo[s]))) return 0;
    return 1;
}

/* "w1", the window of a mark; marks at one place share a label, "w1–3". */
static void label_windows(const canvas *c, int estimator, const double lo[2],
                          const double hi[2])
{
    const plot_pool *pool = c->pool;
    char done[IPL_NET_LAYERS_MAX][POOL_WINDOWS_MAX] = {{0}};
    for (int64_t k = 0; k < pool->points; ++k) {
        const pool_point *p = &pool->point[k];
        char here[POOL_WINDOWS_MAX] = {0}, text[8 * POOL_WINDOWS_MAX];
        int  number[POOL_WINDOWS_MAX], count = 0;
        if (p->estimator != estimator || !is_largest(pool, k)) continue;
        if (done[p->layer - 1][p->window] || !is_near(p, p, lo, hi)) continue;
        for (int64_t other = k; other < pool->points; ++other) {
            const pool_point *q = &pool->point[other];
            if (q->estimator != estimator || !is_largest(pool, other)) continue;
            if (done[q->layer - 1][q->window] || !is_near(p, q, lo, hi)) continue;
            done[q->layer - 1][q->window] = here[q->window] = 1;
        }
        for (int w = 0; w < pool->windows; ++w)
            if (here[w]) number[count++] = pool->window[w].number;
        ipl_plot_join(number, count, text, sizeof text);
        fprintf(c->out, "set label 'w%s' at %.9g,%.9g left offset 0.8,-0.6 "
                "font ',9' front tc '#555555'\n", text, p->mean[PLOT_X],
                p->mean[PLOT_Y]);
    }
}

/* Hollow: at the ceiling. A note below says how many. */
static void draw_marks(const canvas *c, int estimator, int layer, int doubt)
{
    const int shape = ipl_plot_shape(layer);
    char block[64];
    snprintf(block, sizeof block, ", $pooled%d index %d using", estimator, layer - 1);
    fprintf(c->out, "%s 2:4 with points pt %d ps 1.9*S lc '%s'%s 2:4:1 with points pt "
            "%d ps 1.3*S lc palette z", block, shape, ipl_plot_colour(layer), block,
            shape);
    if (doubt)
        fprintf(c->out, "%s ($6>0?$2:NaN):4 with points pt %d ps 1.4*S lc '#ffffff'",
                block, shape);
}

void ipl_plot_pooled_plane(const canvas *c, plot_box box, int estimator)
{
    const plot_data *d = c->d;
    double x[IPL_NET_LAYERS_MAX], y[IPL_NET_LAYERS_MAX], lo[2], hi[2];
    char title[192], doubt[96];
    ipl_plot_open(c, box, 1, pooled_title(c, estimator, title, sizeof title),
                  ipl_plot_axis[PLOT_X], ipl_plot_axis[PLOT_Y]);
    if (*ipl_plot_pool_doubt(c, estimator, doubt, sizeof doubt))
        fprintf(c->out, "set label '%s' at screen %.6f,%.6f left font ',10' tc "
                "'#666666'\n", doubt, (double)(box.x + PLOT_LEFT - 40) / c->width,
                1.0 - (double)(box.y + box.height - c->below + PLOT_BELOW - 3) /
                          c->height);
    const int empty = pooled_ends(c, estimator, x, y);
    if (empty >= 0) {
        ipl_plot_no_values(c, empty);
        return;
    }
    scale(c, box, estimator, 1, lo, hi);
    draw_ceilings(c, c->pool->ceiling[estimator], d->ceiling[PLOT_Y], lo, hi);
    label_layers(c, x, y, lo, hi);
    label_windows(c, estimator, lo, hi);
    const char *sep = "plot ";
    for (int l = 1; l <= d->layers; ++l, sep = ", ")
        fprintf(c->out, "%s$pooled%d index %d using 2:4 with lines lc '%s' lw 1.4",
                sep, estimator, l - 1, ipl_plot_colour(l));
    for (int l = 1; c->pool->seeds > 1 && l <= d->layers; ++l)
        fprintf(c->out, ", $pooled%d index %d using 2:4:3:5 with xyerrorbars pt -1 "
                "lc '#a0a0a0' lw 0.8", estimator, l - 1);
    for (int l = d->layers; l >= 1; --l) /* the first on top, as in the plane */
        draw_marks(c, estimator, l, *doubt != 0);
    fprintf(c->out, "\n");
}

void ipl_plot_pooled_key(const canvas *c)
{
    enum { NAMED = 6 };
    const plot_pool *pool = c->pool;
    char window[64];
    fprintf(c->out, "set label 'windows:");
    for (int w = 0; w < pool->windows; ++w) {
        if (pool->windows > NAMED && w == NAMED - 2) {
            fprintf(c->out, "   ..");
            w = pool->windows - 2;
            continue;
        }
        fprintf(c->out, "   {/:Bold w%d} %s", pool->window[w].number,
                ipl_plot_window(c, w, window, sizeof window));
    }
    fprintf(c->out, "' at screen 0.5,%.6f center font ',11'\n",
            1.0 - 102.0 / c->height);
}
