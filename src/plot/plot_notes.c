/*
 * plot_notes.c - the notes under a panel: what its hollow points mean, and which layers
 * it has no values of.
 */
#include <math.h>
#include <string.h>

#include "ipl_mi.h"
#include "plot/plot.h"

enum { LINE = 13, LENGTH = 384 }; /* in points; in bytes */

typedef struct {
    int  lines;
    char text[PLOT_NOTES_MAX][LENGTH];
} notes;

int ipl_plot_is_doubtful(const plot_point *p) { return p->saturated || p->outside; }

int ipl_plot_has_doubt(const plot_data *d, int estimator)
{
    for (int64_t k = 0; k < d->points; ++k)
        if (d->point[k].estimator == estimator && ipl_plot_is_doubtful(&d->point[k]))
            return 1;
    return 0;
}

void ipl_plot_join(const int *number, int count, char *text, size_t size)
{
    size_t used = 0;
    for (int k = 0, end; k < count && used < size; k = end) {
        for (end = k + 1; end < count && number[end] == number[end - 1] + 1;) ++end;
        used += (size_t)snprintf(text + used, size - used,
                                 end - k > 1 ? "%s%d%s%d" : "%s%d", k ? "," : "",
                                 number[k], end - k > 2 ? "–" : ",", number[end - 1]);
    }
}

/* "layer 2", "layers 1–4,6", "layers fc1,out" */
static void name_layers(const plot_data *d, const int *number, int count, char *text,
                        size_t size)
{
    char joined[80] = "", plain[160];
    size_t used = 0;
    if (!*d->layer_name[0]) ipl_plot_join(number, count, joined, sizeof joined);
    else
        for (int k = 0; k < count && used < sizeof joined; ++k)
            used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%s",
                                     k ? "," : "", d->layer_name[number[k] - 1]);
    snprintf(text, size, "layer%s %s", count > 1 ? "s" : "",
             ipl_gnuplot_plain(joined, plain, sizeof plain));
}

static char *add(notes *to)
{
    static char none[LENGTH]; /* never read */
    return to->lines < PLOT_NOTES_MAX ? to->text[to->lines++] : none;
}

/* "hollow: 42 of 55 points saturated in layers 1–4" */
static void add_doubt(const plot_data *d, int estimator, int outside, notes *to)
{
    int64_t all = 0, some = 0;
    int layer[IPL_NET_LAYERS_MAX], layers = 0;
    char where[176];
    for (int64_t k = 0; k < d->points; ++k) { /* in the order of the layers */
        const plot_point *p = &d->point[k];
        if (p->estimator != estimator) continue;
        const int here = outside ? p->outside : p->saturated;
        all += p->estimates;
        some += here;
        if (here && (!layers || layer[layers - 1] != p->layer))
            layer[layers++] = p->layer;
    }
    if (!some) return;
    name_layers(d, layer, layers, where, sizeof where);
    snprintf(add(to), LENGTH, "hollow: %lld of %lld points %s %s", (long long)some,
             (long long)all, outside ? "with values outside the bins,"
                                     : "saturated in", where);
}

/* What the points of a layer lack: whole points of the panel's axes, and of them each
 * axis by itself. */
typedef struct {
    int64_t points, without; /* measured; without a place on these axes           */
    int     has[2];          /* I(X;T), I(T;Y): of some point                     */
    int     why;             /* the first ipl_mi_refusal                          */
} lack;

static lack lack_of(const plot_data *d, int estimator, int layer, unsigned axes)
{
    lack of = {.why = IPL_MI_NOT_REFUSED};
    int64_t k, end = ipl_plot_layer_points(d, estimator, layer, &k);
    for (; k < end; ++k) {
        const plot_point *p = &d->point[k];
        unsigned here = 0;
        for (int s = 0; s < 2; ++s) {
            here |= (unsigned)(isfinite(p->mean[s]) != 0) << s;
            of.has[s] |= isfinite(p->mean[s]) != 0;
        }
        ++of.points;
        of.without += (here & axes) != axes;
        if (!of.why) of.why = p->refusal;
    }
    return of;
}

/* Whether a line speaks of both. */
static int is_alike(const lack *a, const lack *b)
{
    return a->why == b->why && a->has[0] == b->has[0] && a->has[1] == b->has[1] &&
           (a->without < a->points) == (b->without < b->points);
}

/* "I(X;T) ": what alone layers lack, so that nobody takes the other for refused. */
static const char *lacks_alone(const lack *of)
{
    return of->without < of->points || of->has[0] == of->has[1] ? ""
           : of->has[PLOT_Y]                                    ? "I(X;T) "
                                                                : "I(T;Y) ";
}

/* "layers 2,3: I(X;T) refused (a column is constant)", or where they have other points
 * "layers 2,3: 5 of 22 points refused (..)". */
static void add_lack(const plot_data *d, const lack *of, const int *layer, int layers,
                     notes *to)
{
    const char *why = ipl_mi_refusal_text((ipl_mi_refusal)of->why);
    char which[176], some[64] = "", reason[96] = "";
    name_layers(d, layer, layers, which, sizeof which);
    if (of->without < of->points)
        snprintf(some, sizeof some, "%lld of %lld points ", (long long)of->without,
                 (long long)of->points);
    if (why) snprintf(reason, sizeof reason, " (%s)", why);
    snprintf(add(to), LENGTH, "%s: %s%s%s%s", which, some, lacks_alone(of),
             why      ? "refused"
             : *some  ? "without values"
                      : "no values", reason);
}

/* A panel without any value of its own says so in its middle. */
static void add_missing(const plot_data *d, int estimator, unsigned axes, notes *to)
{
    lack of[IPL_NET_LAYERS_MAX];
    int  some = 0, said[IPL_NET_LAYERS_MAX] = {0};
    for (int l = 0; l < d->layers; ++l) {
        of[l] = lack_of(d, estimator, l + 1, axes);
        some |= of[l].without < of[l].points;
        said[l] = d->hidden[l] || (of[l].points && !of[l].without);
    }
    for (int l = 0; l < d->layers; ++l) {
        int layer[IPL_NET_LAYERS_MAX], layers = 0;
        lack all = of[l];
        if (said[l] || (!all.why && !some)) continue;
        all.points = all.without = 0;
        for (int m = l; m < d->layers; ++m) {
            if (said[m] || !is_alike(&of[l], &of[m])) continue;
            layer[layers++] = m + 1;
            all.points += of[m].points;
            all.without += of[m].without;
            said[m] = 1;
        }
        add_lack(d, &all, layer, layers, to);
    }
}

static notes notes_of(const plot_data *d, int estimator, unsigned axes)
{
    notes made = {.lines = 0};
    for (int outside = 0; outside < 2; ++outside)
        add_doubt(d, estimator, outside, &made);
    add_missing(d, estimator, axes, &made);
    return made;
}

int ipl_plot_notes_room(const canvas *c)
{
    int most = 0, all = 0;
    for (int r = 0; r < c->runs; ++r) {
        int here = 0;
        for (int e = 0; e < c->run[r].estimators; ++e)
            for (unsigned axes = 1; axes < 4; ++axes) {
                const int lines = notes_of(&c->run[r], e, axes).lines;
                if (lines > here) here = lines;
            }
        all += here;
        if (here > most) most = here;
    }
    for (int k = 0; c->pool && !most && k < c->pool->estimators; ++k) {
        char text[96]; /* beside planes of windows, which have one line             */
        most = *ipl_plot_pool_doubt(c, c->pool->estimator[k], text, sizeof text) != 0;
    }
    return LINE * (c->how.overlay ? all : most);
}

void ipl_plot_notes(const canvas *c, plot_box box, int estimator, unsigned axes)
{
    const int over = c->how.overlay, first = over ? 0 : c->number;
    const double left = (double)(box.x + PLOT_LEFT - 40) / c->width;
    int at = box.y + box.height - c->below + PLOT_BELOW - LINE / 4;
    for (int r = first; r < (over ? c->runs : first + 1); ++r) {
        const int e = ipl_plot_find(&c->run[r], c->d->estimator[estimator]);
        char name[2 * sizeof c->d->name];
        if (e < 0) continue;
        const notes made = notes_of(&c->run[r], e, axes);
        ipl_gnuplot_plain(c->run[r].name, name, sizeof name);
        for (int k = 0; k < made.lines; ++k, at += LINE) {
            char text[LENGTH + sizeof name + 2];
            snprintf(text, sizeof text, "%s%s%s", over ? name : "", over ? ": " : "",
                     made.text[k]);
            fprintf(c->out, "set label '%s' at screen %.6f,%.6f left font ',%.4g' "
                    "tc '#666666'\n", text, left, 1.0 - (double)at / c->height,
                    ipl_plot_fitting(text, 10, box.width - PLOT_LEFT + 36));
        }
    }
}
