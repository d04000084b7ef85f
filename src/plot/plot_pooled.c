/*
 * plot_pooled.c - the plane of pooled snapshots: a mark for each window.
 *
 * A window has the largest of its K, and the colour of its middle.
 */
#include "plot/plot_plane.h"

#include <math.h>
#include <string.h>

enum { MARK_RADIUS = 8 /* in points */, COVERS_SHOWN = 4 };

/* Whether point k is the network's one with the largest K of its window. */
static int is_largest(const plot_pool *pool, int64_t k)
{
    const pool_point *p = &pool->point[k], *next = p + 1;
    if (p->control != POOL_NETWORK) return 0;
    return k + 1 == pool->points || next->estimator != p->estimator ||
           next->window != p->window || next->layer != p->layer ||
           next->control != POOL_NETWORK;
}

/* Layers that are drawn after that of point k, with a mark within its size from it. */
static int covers_of(const canvas *c, int64_t k, const double size[2])
{
    const plot_pool *pool = c->pool;
    const pool_point *p = &pool->point[k];
    char layer[IPL_NET_LAYERS_MAX] = {0};
    int  count = 0;
    for (int64_t at = 0; at < pool->points; ++at) {
        const pool_point *q = &pool->point[at];
        if (q->estimator != p->estimator || q->layer >= p->layer) continue;
        const double x = (q->mean[PLOT_X] - p->mean[PLOT_X]) / size[PLOT_X];
        const double y = (q->mean[PLOT_Y] - p->mean[PLOT_Y]) / size[PLOT_Y];
        if (x * x + y * y < 1.0 && is_largest(pool, at)) layer[q->layer - 1] = 1;
    }
    for (int l = 0; l < p->layer && count < COVERS_SHOWN; ++l) count += layer[l];
    return count;
}

void ipl_plot_pooled_blocks(const canvas *c)
{
    const plot_pool *pool = c->pool;
    for (int e = 0; e < pool->estimators; ++e) {
        double lo, hi, size[2];
        for (int s = 0; s < 2; ++s) {
            ipl_plot_range(c, pool->estimator[e], s, &lo, &hi);
            size[s] = MARK_RADIUS * (hi - lo) / c->plane[s];
        }
        fprintf(c->out, "$pooled%d << END\n", pool->estimator[e]);
        for (int l = 1; l <= c->d->layers; ++l) {
            for (int64_t k = 0; k < pool->points; ++k) {
                const pool_point *p = &pool->point[k];
                if (p->estimator != pool->estimator[e] || p->layer != l ||
                    !is_largest(pool, k))
                    continue;
                const pool_window *w = &pool->window[p->window];
                fprintf(c->out, "%.9g %.6g %.6g %.6g %.6g %d %d\n",
                        fmax(0.5 * (double)(w->first + w->last), 0.5), p->mean[PLOT_X],
                        p->bar[PLOT_X], p->mean[PLOT_Y], p->bar[PLOT_Y],
                        p->saturated > 0, covers_of(c, k, size));
            }
            fprintf(c->out, "nan nan nan nan nan 0 0\n\n\n");
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
    fprintf(c->out, "%s 2:4:((1.9+0.5*$7)*S) with points pt %d ps variable lc '%s'"
            "%s 2:4:1 with points pt %d ps 1.3*S lc palette z", block, shape,
            ipl_plot_colour(layer), block, shape);
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
    ipl_plane_scale(c, box, estimator, 1, lo, hi);
    ipl_plane_ceilings(c, c->pool->ceiling[estimator], d->ceiling[PLOT_Y], lo, hi);
    ipl_plane_label_layers(c, x, y, lo, hi);
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
    char window[64], text[96 * NAMED] = "windows:";
    size_t used = strlen(text);
    for (int w = 0; w < pool->windows && used < sizeof text; ++w) {
        const int left_out = pool->windows > NAMED && w == NAMED - 2;
        if (left_out) w = pool->windows - 1;
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "   %s{/:Bold w%d} %s", left_out ? "..   " : "",
                                 pool->window[w].number,
                                 ipl_plot_window(c, w, window, sizeof window));
    }
    fprintf(c->out, "set label '%s' at screen 0.5,%.6f center font ',%.4g'\n", text,
            1.0 - (c->legend - 16.0) / c->height,
            ipl_plot_fitting(text, 11, c->width));
}
