/*
 * plot_pool.c - pooled snapshots: I(X;T) and I(T;Y) over their number K.
 *
 * A column of panels for each window, two rows for each estimator. Panels of a row
 * have one scale, so that windows can be compared.
 */
#include <math.h>

#include "plot/plot.h"

enum { PANEL_WIDTH = 330, PANEL_HEIGHT = 280, PICTURE_WIDTH = 960 };
enum { HEADING = 30, COVERS_SHOWN = 4, POINT_RADIUS = 3 /* in points */ };

/* How the network and its controls are drawn. */
static const struct { const char *style, *means; } drawn[POOL_CONTROLS] = {
    [POOL_NETWORK] = {"lw 2.2 dt 1", "the network"},
    [POOL_FROZEN] = {"lw 1.2 dt (2,5)", "frozen: one snapshot K times"},
    [POOL_WALK] = {"lw 1.2 dt (18,8)", "walk: Gaussian steps"},
    [POOL_SHUFFLED] = {"lw 1.2 dt (12,5,2,5)", "shuffled: samples exchanged"}};

/* -- Data -------------------------------------------------------------------------*/

/* Data set of a block: gnuplot's index. */
static int set_of(const canvas *c, int window, int layer, int control)
{
    return (window * c->d->layers + layer - 1) * POOL_CONTROLS + control;
}

/* Layers of the network that are drawn after that of point k, less than `near` from
 * it. They stand behind it. */
static int covers_of(const plot_pool *pool, int64_t k, int axis, double near)
{
    const pool_point *p = &pool->point[k];
    int count = 0;
    for (int64_t at = k + 1; at < pool->points; ++at) {
        const pool_point *q = &pool->point[at];
        if (q->estimator != p->estimator || q->window != p->window) break;
        count += q->control == POOL_NETWORK && q->k == p->k && q->layer > p->layer &&
                 fabs(q->mean[axis] - p->mean[axis]) < near;
    }
    return count < COVERS_SHOWN ? count : COVERS_SHOWN;
}

void ipl_plot_pool_blocks(const canvas *c)
{
    const plot_pool *pool = c->pool;
    const int sets = set_of(c, pool->windows, 1, 0);
    int64_t k = 0; /* points stand in the order of the sets */
    for (int e = 0; e < pool->estimators; ++e) {
        double lo, hi, near[2];
        for (int s = 0; s < 2; ++s) {
            ipl_plot_range(c, pool->estimator[e], s, &lo, &hi);
            near[s] = POINT_RADIUS * (hi - lo) /
                      (PANEL_HEIGHT - PLOT_ABOVE - PLOT_BELOW);
        }
        fprintf(c->out, "$pool%d << END\n", pool->estimator[e]);
        for (int set = 0; set < sets; ++set) {
            for (; k < pool->points; ++k) {
                const pool_point *p = &pool->point[k];
                if (p->estimator != pool->estimator[e] ||
                    set_of(c, p->window, p->layer, p->control) != set)
                    break;
                fprintf(c->out, "%lld %.6g %.6g %.6g %.6g %d %d %d\n",
                        (long long)p->k, p->mean[PLOT_X], p->bar[PLOT_X],
                        p->mean[PLOT_Y], p->bar[PLOT_Y], p->saturated > 0,
                        covers_of(pool, k, PLOT_X, near[PLOT_X]),
                        covers_of(pool, k, PLOT_Y, near[PLOT_Y]));
            }
            fprintf(c->out, "nan nan nan nan nan 0 0 0\n\n\n");
        }
        fprintf(c->out, "END\n");
    }
}

void ipl_plot_pool_widen(const plot_pool *pool, int estimator, int axis, double *low,
                         double *high)
{
    if (axis == PLOT_X) *high = fmax(*high, pool->ceiling[estimator]);
    for (int64_t k = 0; k < pool->points; ++k) {
        const pool_point *p = &pool->point[k];
        if (p->estimator != estimator || !isfinite(p->mean[axis])) continue;
        *low = fmin(*low, p->mean[axis] - p->bar[axis]);
        *high = fmax(*high, p->mean[axis] + p->bar[axis]);
    }
}

static int has_values(const plot_pool *pool, int estimator, int window, int axis)
{
    for (int64_t k = 0; k < pool->points; ++k) {
        const pool_point *p = &pool->point[k];
        if (p->estimator == estimator && p->window == window &&
            isfinite(p->mean[axis]))
            return 1;
    }
    return 0;
}

const char *ipl_plot_window(const canvas *c, int window, char *text, size_t size)
{
    const pool_window *w = &c->pool->window[window];
    if (w->first == w->last)
        snprintf(text, size, "%s %lld", c->d->tick, (long long)w->first);
    else
        snprintf(text, size, "%ss %lld to %lld", c->d->tick, (long long)w->first,
                 (long long)w->last);
    return text;
}

/* -- Legend -----------------------------------------------------------------------*/

enum { SAMPLE = 34, GAP = 8, KEYS = POOL_CONTROLS + 1, KEY_ROW = 20 };

/* The controls that there are, and the ceiling, in rows of a page of this width. */
typedef struct {
    int rows, row[KEYS]; /* of each entry; -1: there is none                      */
    int x[KEYS], wide;   /* in points from the left; the longest row              */
} key;

static key key_of(const canvas *c)
{
    /* Widths in points, which gnuplot does not tell. */
    static const int text[KEYS] = {90, 196, 142, 198, 62};
    key all = {.rows = 1};
    int x = 0;
    for (int k = 0; k < KEYS; ++k) {
        const int wide = SAMPLE + GAP + text[k];
        all.row[k] = -1;
        if (k < POOL_CONTROLS && !c->pool->has[k]) continue;
        if (x && x + wide > c->width) {
            ++all.rows;
            x = 0;
        }
        all.row[k] = all.rows - 1;
        all.x[k] = x;
        x += wide;
        if (x > all.wide) all.wide = x;
    }
    return all;
}

int ipl_plot_pool_key_height(const canvas *c) { return KEY_ROW * key_of(c).rows; }

void ipl_plot_pool_key(const canvas *c)
{
    const key all = key_of(c);
    const double w = c->width;
    for (int k = 0; k < KEYS; ++k) {
        const int ceiling = k == POOL_CONTROLS, row = all.row[k];
        if (row < 0) continue;
        const double x = (w - all.wide) / 2.0 + all.x[k];
        const double y = 1.0 - (c->legend - 16.0 - KEY_ROW * (all.rows - 1 - row)) /
                                   c->height;
        fprintf(c->out, "set arrow from screen %.6f,%.6f to screen %.6f,%.6f nohead "
                "lc '%s' %s\nset label '%s' at screen %.6f,%.6f left font ',11'\n",
                x / w, y, (x + SAMPLE) / w, y, ceiling ? "#888888" : "#222222",
                ceiling ? "lw 1 dt 2" : drawn[k].style,
                ceiling ? "ceiling" : drawn[k].means, (x + SAMPLE + GAP) / w, y);
    }
}

/* -- Panels -----------------------------------------------------------------------*/

/* A tic for each K, with its number where there is room for it. */
static void k_axis(const canvas *c)
{
    const plot_pool *pool = c->pool;
    int64_t least = INT64_MAX, last = 1;
    for (int64_t k = 0; k < pool->points; ++k) {
        if (pool->point[k].k < least) least = pool->point[k].k;
        if (pool->point[k].k > last) last = pool->point[k].k;
    }
    const double margin = pow((double)last / (double)least, 0.05) * 1.02;
    const double room = log((double)last / (double)least) / 10.0;
    fprintf(c->out, "set logscale x; set xrange [%.9g:%.9g]\nset xtics (",
            (double)least / margin, (double)last * margin);
    double named = -INFINITY;
    for (int64_t k = least, next; k; k = next) {
        const int is_named = log((double)k) >= named + room;
        if (is_named) {
            fprintf(c->out, "'%lld' %lld", (long long)k, (long long)k);
            named = log((double)k);
        } else fprintf(c->out, "'' %lld 1", (long long)k);
        next = 0;
        for (int64_t p = 0; p < pool->points; ++p)
            if (pool->point[p].k > k && (!next || pool->point[p].k < next))
                next = pool->point[p].k;
        if (next) fprintf(c->out, ", ");
    }
    fprintf(c->out, ")\n");
}

/* Rows of the network under an estimator, and those at the ceiling. */
static pool_point saturated_of(const plot_pool *pool, int estimator)
{
    pool_point all = {.rows = 0};
    for (int64_t k = 0; k < pool->points; ++k) {
        const pool_point *p = &pool->point[k];
        if (p->estimator != estimator || p->control != POOL_NETWORK) continue;
        all.rows += p->rows;
        all.saturated += p->saturated;
    }
    return all;
}

const char *ipl_plot_pool_doubt(const canvas *c, int estimator, char *text,
                                size_t size)
{
    const pool_point all = saturated_of(c->pool, estimator);
    *text = 0;
    if (all.saturated)
        snprintf(text, size, "hollow: %d of %d points saturated", all.saturated,
                 all.rows);
    return text;
}

/* The estimator above all columns, and beside it, of narrow pages below it, how many
 * points are to be doubted. */
static void draw_heading(const canvas *c, plot_box box, int estimator)
{
    enum { NARROW = 640 };
    const double y = 1.0 - (double)(box.y - HEADING / 3) / c->height;
    char title[256], doubt[96];
    ipl_plot_title(c->d, estimator, title, sizeof title);
    fprintf(c->out, "set label '{/:Bold %s}' at screen 0.5,%.6f center font ',%.4g'\n",
            title, y, ipl_plot_fitting(title, 14, c->width));
    if (!*ipl_plot_pool_doubt(c, estimator, doubt, sizeof doubt)) return;
    if (c->width < NARROW)
        fprintf(c->out, "set label '%s' at screen 0.5,%.6f center font ',10' tc "
                "'#666666'\n", doubt, y - 15.0 / c->height);
    else
        fprintf(c->out, "set label '%s' at screen %.6f,%.6f right font ',10' tc "
                "'#666666'\n", doubt, 1.0 - 14.0 / c->width, y);
}

static void draw_curves(const canvas *c, int estimator, int window, int axis)
{
    const plot_pool *pool = c->pool;
    const int value = axis == PLOT_X ? 2 : 4;
    const char *sep = "plot ";
    for (int l = 1; pool->seeds > 1 && l <= c->d->layers; ++l, sep = ", ")
        fprintf(c->out, "%s$pool%d index %d using 1:($%d-$%d):($%d+$%d) with "
                "filledcurves fs transparent solid 0.15 noborder lc '%s'", sep,
                estimator, set_of(c, window, l, POOL_NETWORK), value, value + 1, value,
                value + 1, ipl_plot_colour(l));
    for (int control = POOL_FROZEN; control < POOL_CONTROLS; ++control)
        for (int l = 1; pool->has[control] && l <= c->d->layers; ++l, sep = ", ")
            fprintf(c->out, "%s$pool%d index %d using 1:%d with lines %s lc '%s'", sep,
                    estimator, set_of(c, window, l, control), value,
                    drawn[control].style, ipl_plot_colour(l));
    for (int l = 1; l <= c->d->layers; ++l, sep = ", ")
        fprintf(c->out, "%s$pool%d index %d using 1:%d:((0.7+0.35*$%d)*S) with "
                "linespoints %s pt %d ps variable lc '%s'", sep, estimator,
                set_of(c, window, l, POOL_NETWORK), value, axis == PLOT_X ? 7 : 8,
                drawn[POOL_NETWORK].style, ipl_plot_shape(l), ipl_plot_colour(l));
    for (int l = 1; saturated_of(pool, estimator).saturated && l <= c->d->layers; ++l)
        fprintf(c->out, ", $pool%d index %d using 1:($6>0?$%d:NaN) with points pt %d "
                "ps 0.4*S lc '#ffffff'", estimator,
                set_of(c, window, l, POOL_NETWORK), value, ipl_plot_shape(l));
    fprintf(c->out, "\n");
}

static void draw_panel(const canvas *c, plot_box box, int estimator, int window,
                       int axis)
{
    const double ceiling = axis == PLOT_X ? c->pool->ceiling[estimator]
                                          : c->d->ceiling[PLOT_Y];
    double lo, hi;
    char title[256];
    ipl_plot_open(c, box, 0, ipl_plot_window(c, window, title, sizeof title),
                  "snapshots pooled, K", ipl_plot_axis[axis]);
    if (!window && axis == PLOT_X) draw_heading(c, box, estimator);
    if (!has_values(c->pool, estimator, window, axis)) {
        ipl_plot_no_values(c, axis);
        return;
    }
    k_axis(c);
    ipl_plot_range(c, estimator, axis, &lo, &hi);
    fprintf(c->out, "set yrange [%.9g:%.9g]\n", lo, hi);
    ipl_plot_ceiling_line(c, axis, ceiling);
    draw_curves(c, estimator, window, axis);
}

/* -- The picture ------------------------------------------------------------------*/

/* Without labels there is I(X;T) alone. */
static int rows_of(const canvas *c) { return isfinite(c->d->ceiling[PLOT_Y]) ? 2 : 1; }

void ipl_plot_pool_size(canvas *c)
{
    const plot_pool *pool = c->pool;
    c->width = pool->windows * PANEL_WIDTH;
    if (c->width < PICTURE_WIDTH) c->width = PICTURE_WIDTH;
    c->across = ipl_plot_abreast(c, pool->windows, 0, 0);
    if (c->how.width_cm > 0)
        c->width = (int)lround(c->how.width_cm * 72.0 / 2.54 / ipl_plot_unit(c));
    const int rows = rows_of(c) * ((pool->windows + c->across - 1) / c->across);
    c->cell_width = c->width / c->across;
    c->legend = ipl_plot_legend_height(c);
    c->height = c->legend + pool->estimators * (HEADING + rows * PANEL_HEIGHT);
}

void ipl_plot_pool(const canvas *c)
{
    const plot_pool *pool = c->pool;
    int y = c->legend;
    for (int e = 0; e < pool->estimators; ++e) {
        y += HEADING;
        for (int axis = 0; axis < rows_of(c); ++axis)
            for (int w = 0; w < pool->windows; ++w) {
                const plot_box box = {w % c->across * c->cell_width, y, c->cell_width,
                                      PANEL_HEIGHT};
                draw_panel(c, box, pool->estimator[e], w, axis);
                if (w % c->across == c->across - 1 || w == pool->windows - 1)
                    y += PANEL_HEIGHT;
            }
    }
}
