/*
 * plot_blocks.c - the data blocks that the panels of runs draw from.
 *
 * A row of $plane0 is a tick of estimator 0: its place, I(X;T), its bar, I(T;Y), its
 * bar, whether the bar is drawn, whether the point is doubtful, and how many layers
 * that are drawn later cover it: I(X;T) over the ticks, I(T;Y) over the ticks, in the
 * plane. Layers are data sets of the block. Ticks stand on logarithmic axes, tick 0 at
 * 0.5.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "plot/plot.h"

enum { TICKS_DRAWN = 250, BARS_DRAWN = 10 }; /* more would hide what they stand for */
enum { MARKS_DRAWN = 700 }; /* of measured ticks: more are closer than a mark's width */
enum { COVERS_SHOWN = 4, POINT_RADIUS = 5 /* in points */ };

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

/* Where a tick stands. */
static double place_of(const canvas *c, int64_t tick)
{
    return tick || c->how.linear ? (double)tick : 0.5;
}

/* Whether a point is drawn: each where there are few, else those that move on by a
 * fair step of the logarithmic axis; the last always. */
static int is_drawn(const canvas *c, const plot_data *d, int most, int64_t count,
                    int64_t tick, double *before)
{
    const double last = (double)d->last;
    const double at = c->how.linear ? (double)tick : log10((double)tick + 1.0);
    const double step = (c->how.linear ? last : log10(last + 1.0)) / most;
    if (count > most && tick != d->last && at - *before < step) return 0;
    *before = at;
    return 1;
}

/* -- Planes -----------------------------------------------------------------------*/

/* The points of an estimator that are drawn, of each layer; of an overlay those with
 * bars alone. */
typedef struct {
    int               count[IPL_NET_LAYERS_MAX];
    const plot_point *at[IPL_NET_LAYERS_MAX][TICKS_DRAWN + 8];
    char              bar[IPL_NET_LAYERS_MAX][TICKS_DRAWN + 8];
} drawn;

static void choose(const canvas *c, const plot_data *d, int estimator, drawn *out)
{
    for (int l = 0; l < d->layers; ++l) {
        double before = -1e9, bar = -1e9;
        int64_t k, end = ipl_plot_layer_points(d, estimator, l + 1, &k);
        const int64_t count = end - k;
        out->count[l] = 0;
        for (; k < end; ++k) {
            const int n = out->count[l];
            const int64_t tick = d->point[k].tick;
            if (!is_drawn(c, d, TICKS_DRAWN, count, tick, &before)) continue;
            assert(n < TICKS_DRAWN + 8);
            out->at[l][n] = &d->point[k];
            out->bar[l][n] = (char)is_drawn(c, d, BARS_DRAWN, count, tick, &bar);
            ++out->count[l];
        }
    }
}

enum { COVERS = 3, PLANE = 2 }; /* over the ticks by axis, in the plane           */
static const double SMALLER = 0.6; /* points over the ticks than those of planes    */

/* Adds 1 where a layer has a point within about its size from here. */
static void add_cover(const canvas *c, const drawn *by, int layer, const plot_point *p,
                      const double size[2], int covers[COVERS])
{
    int here[COVERS] = {0};
    for (int k = 0; k < by->count[layer]; ++k) {
        const plot_point *at = by->at[layer][k];
        const double x = (at->mean[PLOT_X] - p->mean[PLOT_X]) / size[PLOT_X];
        const double y = (at->mean[PLOT_Y] - p->mean[PLOT_Y]) / size[PLOT_Y];
        if (c->how.overlay && !by->bar[layer][k]) continue;
        here[PLANE] |= x * x + y * y < 1.0;
        here[PLOT_X] |= at->tick == p->tick && fabs(x) < SMALLER;
        here[PLOT_Y] |= at->tick == p->tick && fabs(y) < SMALLER;
    }
    for (int s = 0; s < COVERS; ++s) covers[s] += here[s] && covers[s] < COVERS_SHOWN;
}

/* Layers that are drawn after this one: of its run the lower ones, and of an overlay
 * those of later runs. all[r] has the points of run r. */
static void count_covers(const canvas *c, const drawn *all, const plot_point *p,
                         const double size[2], int covers[COVERS])
{
    const int end = c->how.overlay ? c->runs : c->number + 1;
    for (int r = c->number; r < end; ++r) {
        const int layers = r > c->number ? c->run[r].layers : p->layer - 1;
        for (int l = 0; l < layers; ++l) add_cover(c, &all[r], l, p, size, covers);
    }
}

static void write_plane(const canvas *c, int estimator, drawn *all)
{
    const plot_data *d = c->d;
    double lo, hi, size[2];
    char suffix[8];
    for (int r = 0; r < c->runs; ++r) {
        const int e = ipl_plot_find(&c->run[r], d->estimator[estimator]);
        if (r == c->number || c->how.overlay) choose(c, &c->run[r], e, &all[r]);
    }
    for (int s = 0; s < 2; ++s) {
        ipl_plot_range(c, estimator, s, &lo, &hi);
        size[s] = POINT_RADIUS * (hi - lo) / c->plane[s];
    }
    const drawn *own = &all[c->number];
    fprintf(c->out, "$plane%d%s << END\n", estimator, ipl_plot_suffix(c, suffix));
    for (int l = 0; l < d->layers; ++l) {
        for (int k = 0; k < own->count[l]; ++k) {
            const plot_point *p = own->at[l][k];
            int covers[COVERS] = {0};
            count_covers(c, all, p, size, covers);
            fprintf(c->out, "%.9g %.6g %.6g %.6g %.6g %d %d %d %d %d\n",
                    place_of(c, p->tick), p->mean[PLOT_X], p->bar[PLOT_X],
                    p->mean[PLOT_Y], p->bar[PLOT_Y], own->bar[l][k],
                    ipl_plot_is_doubtful(p), covers[PLOT_X], covers[PLOT_Y],
                    covers[PLANE]);
        }
        fprintf(c->out, "nan nan nan nan nan 0 0 0 0 0\n\n\n");
    }
    fprintf(c->out, "END\n");
}

/* -- The others -------------------------------------------------------------------*/

static void write_marks(const canvas *c)
{
    const plot_data *d = c->d;
    double before = -1e9;
    char suffix[8];
    const plot_point *some = d->points ? d->point : &(plot_point){.layer = 1};
    int64_t mark, marks = ipl_plot_layer_points(d, some->estimator, some->layer, &mark);
    const int64_t measured = marks - mark; /* all layers have the same */
    fprintf(c->out, "$measured%s << END\n", ipl_plot_suffix(c, suffix));
    for (; mark < marks; ++mark)
        if (is_drawn(c, d, MARKS_DRAWN, measured, d->point[mark].tick, &before))
            fprintf(c->out, "%.9g\n", place_of(c, d->point[mark].tick));
    fprintf(c->out, "END\n");
}

static void write_training(const canvas *c)
{
    const plot_data *d = c->d;
    const int columns = PLOT_LAYERS + PLOT_LAYER_COLUMNS * d->layers;
    double before = -1e9;
    char suffix[8];
    fprintf(c->out, "$training%s << END\n", ipl_plot_suffix(c, suffix));
    for (int64_t k = 0; k < d->trainings; ++k) {
        const plot_training *t = &d->training[k];
        if (!is_drawn(c, d, TICKS_DRAWN, d->trainings, t->tick, &before)) continue;
        fprintf(c->out, "%.9g", place_of(c, t->tick));
        for (int v = 0; v < columns; ++v)
            if (isnan(t->value[v])) fprintf(c->out, " nan");
            else fprintf(c->out, " %.6g", t->value[v]);
        fprintf(c->out, "\n");
    }
    fprintf(c->out, "END\n");
}

ipl_status ipl_plot_blocks(const canvas *c)
{
    drawn *all = calloc((size_t)c->runs, sizeof *all);
    if (!all) return IPL_FAIL(IPL_E_MEMORY, "the points of %d runs", c->runs);
    for (int r = 0; r < c->runs; ++r) {
        const canvas one = ipl_plot_of(c, r);
        for (int e = 0; e < one.d->estimators; ++e) write_plane(&one, e, all);
        write_marks(&one);
        write_training(&one);
    }
    free(all);
    return IPL_OK;
}
