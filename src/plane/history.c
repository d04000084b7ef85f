/*
 * history.c - the measured values that decide what is measured next.
 *
 * Absolute changes: a signed maximum, as sometimes printed, would miss every
 * decrease.
 */
#include "plane/history.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int64_t tick;
    double *value; /* [values]: I(X;T) / H(X) and I(T;Y) / H(Y) by turns         */
} moment;

struct ipl_history {
    int         layers, values;
    const char *decider;
    double      scale[2];
    int64_t     count, size;
    moment     *moments; /* ascending ticks                                      */
};

ipl_status ipl_history_create(int layers, const char *decider, double h_x, double h_y,
                              ipl_history **out)
{
    IPL_REQUIRE(layers >= 1 && h_x > 0 && h_y >= 0, "%d layers, H(X) %g, H(Y) %g",
                layers, h_x, h_y);
    ipl_history *h = calloc(1, sizeof *h);
    if (!h) return IPL_FAIL(IPL_E_MEMORY, "a history");
    h->layers = layers;
    h->decider = decider;
    h->scale[0] = 1.0 / h_x;
    h->scale[1] = h_y > 0 ? 1.0 / h_y : 0.0; /* one class: I(T;Y) is 0 throughout */
    *out = h;
    return IPL_OK;
}

void ipl_history_destroy(ipl_history *h)
{
    if (!h) return;
    for (int64_t m = 0; m < h->count; ++m) free(h->moments[m].value);
    free(h->moments);
    free(h);
}

/* Where the tick is, or would be. */
static int64_t place_of(const ipl_history *h, int64_t tick)
{
    int64_t low = 0, high = h->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (h->moments[middle].tick < tick) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Writes the values that count, or only counts them where `out` is NULL. */
static int collect(const ipl_history *h, const ipl_layer *layer, double *out)
{
    int used = 0;
    for (int l = 0; l < h->layers; ++l)
        for (int p = 0; p < layer[l].points; ++p) {
            const ipl_mi_point *point = &layer[l].point[p];
            if (h->decider && !ipl_mi_is_point(point->name, h->decider)) continue;
            if (out) {
                out[used] = point->i_xt * h->scale[0];
                out[used + 1] = point->i_ty * h->scale[1];
            }
            used += 2;
        }
    return used;
}

ipl_status ipl_history_add(ipl_history *h, int64_t tick, const ipl_layer *layer)
{
    h->values = collect(h, layer, NULL);
    if (h->count == h->size) {
        const int64_t size = 2 * h->size + 64;
        moment *more = realloc(h->moments, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld ticks", (long long)size);
        h->moments = more;
        h->size = size;
    }
    double *value = malloc((size_t)(h->values ? h->values : 1) * sizeof *value);
    if (!value) return IPL_FAIL(IPL_E_MEMORY, "%d values", h->values);
    collect(h, layer, value);
    const int64_t at = place_of(h, tick);
    memmove(&h->moments[at + 1], &h->moments[at],
            (size_t)(h->count - at) * sizeof *h->moments);
    h->moments[at] = (moment){tick, value};
    ++h->count;
    return IPL_OK;
}

void ipl_history_sweep(ipl_history *h, int (*keep)(void *user, int64_t tick),
                       void *user)
{
    int64_t kept = 0;
    for (int64_t m = 0; m < h->count; ++m) {
        if (keep(user, h->moments[m].tick)) h->moments[kept++] = h->moments[m];
        else free(h->moments[m].value);
    }
    h->count = kept;
}

double ipl_history_distance(void *history, int64_t a, int64_t b)
{
    const ipl_history *h = history;
    const int64_t at_a = place_of(h, a), at_b = place_of(h, b);
    assert(at_a < h->count && h->moments[at_a].tick == a);
    assert(at_b < h->count && h->moments[at_b].tick == b);
    const double *value_a = h->moments[at_a].value, *value_b = h->moments[at_b].value;
    double largest = 0.0;
    int defined = 0;
    for (int v = 0; v < h->values; ++v) {
        if (isnan(value_a[v]) && isnan(value_b[v])) continue;
        const double change = fabs(value_a[v] - value_b[v]);
        if (isnan(change)) return INFINITY; /* defined at one of them only */
        if (change > largest) largest = change;
        defined = 1;
    }
    return defined ? largest : INFINITY; /* nothing says that nothing changed */
}
