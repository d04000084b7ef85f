/*
 * compression.c - by how much I(X;T) of a layer falls from its largest value.
 *
 * Where the gradients' signal-to-noise ratio falls below one: training crosses that
 * line many times, and single rows cross it by chance. So two rows in a row decide on
 * which side the ratio is, a lone row between others decides nothing, and what counts
 * is the stretch in which training ends.
 */
#include "plane/compression.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char    name[IPL_MI_NAME_TEXT];
    int64_t tick_of_max; /* -1: no value yet                                      */
    double  max, last;   /* bits                                                  */
} course;

/* A layer of one seed. */
typedef struct {
    int64_t seed;
    int     layer, points;
    course  point[IPL_MI_LAYER_POINTS];
    int64_t ratio_tick;  /* of the latest row with a ratio; -1: none yet          */
    int     ratio_below; /* 1: it was below one                                   */
    int64_t below_since; /* the first of two rows below one; -1: not below        */
} state;

struct ipl_compression {
    int64_t count, size, next; /* next: where the search for a layer begins       */
    state  *states;
};

ipl_status ipl_compression_create(ipl_compression **out)
{
    ipl_compression *c = calloc(1, sizeof *c);
    if (!c) return IPL_FAIL(IPL_E_MEMORY, "the compression of a run");
    *out = c;
    return IPL_OK;
}

void ipl_compression_destroy(ipl_compression *c)
{
    if (!c) return;
    free(c->states);
    free(c);
}

/* The state of a layer. All ticks bring the layers in one order, so that the one behind
 * the latest is tried first. */
static ipl_status state_of(ipl_compression *c, int64_t seed, int layer, state **out)
{
    for (int64_t k = 0; k < c->count; ++k) {
        const int64_t at = (c->next + k) % c->count;
        if (c->states[at].seed != seed || c->states[at].layer != layer) continue;
        c->next = at + 1;
        *out = c->states + at;
        return IPL_OK;
    }
    if (c->count == c->size) {
        const int64_t size = 2 * c->size + 16;
        state *more = realloc(c->states, (size_t)size * sizeof *more);
        if (!more)
            return IPL_FAIL(IPL_E_MEMORY, "compression of %lld layers",
                            (long long)size);
        c->states = more;
        c->size = size;
    }
    *out = c->states + c->count++;
    **out = (state){.seed = seed, .layer = layer, .ratio_tick = -1, .below_since = -1};
    c->next = c->count;
    return IPL_OK;
}

ipl_status ipl_compression_point(ipl_compression *c, int64_t seed, int64_t tick,
                                 int layer, const char *name, double i_xt_bits)
{
    state *s = NULL;
    int p = 0;
    IPL_TRY(state_of(c, seed, layer, &s));
    while (p < s->points && strcmp(s->point[p].name, name)) ++p;
    IPL_REQUIRE(p < IPL_MI_LAYER_POINTS, "layer %d has more than %d points", layer,
                (int)IPL_MI_LAYER_POINTS);
    course *at = &s->point[p];
    if (p == s->points) {
        *at = (course){.tick_of_max = -1};
        snprintf(at->name, sizeof at->name, "%s", name);
        ++s->points;
    }
    if (!isfinite(i_xt_bits)) return IPL_OK;
    if (at->tick_of_max < 0 || i_xt_bits > at->max) {
        at->max = i_xt_bits;
        at->tick_of_max = tick;
    }
    at->last = i_xt_bits;
    return IPL_OK;
}

ipl_status ipl_compression_gradient(ipl_compression *c, int64_t seed, int64_t tick,
                                    int layer, ipl_gradient_stats gradient)
{
    state *s = NULL;
    IPL_TRY(state_of(c, seed, layer, &s));
    const double ratio = gradient.mean / gradient.deviation;
    if (isnan(ratio)) return IPL_OK;
    const int below = ratio < 1.0;
    if (s->ratio_tick >= 0 && below == s->ratio_below) {
        if (!below) s->below_since = -1;
        else if (s->below_since < 0) s->below_since = s->ratio_tick;
    }
    s->ratio_tick = tick;
    s->ratio_below = below;
    return IPL_OK;
}

/* -- Rows -------------------------------------------------------------------------*/

static const char *order_of(const ipl_compression_row *row)
{
    const int64_t max = row->tick_of_max, snr = row->snr_below_one_tick;
    if (max < 0 || snr < 0 || !(row->compression_bits > 0.0)) return "";
    return max < snr ? "max-first" : max > snr ? "snr-first" : "same";
}

static void make_row(const state *s, const course *p, ipl_compression_row *out)
{
    const int known = p->tick_of_max >= 0;
    ipl_compression_row row = {.seed = s->seed, .layer = s->layer,
                               .i_xt_max_bits = known ? p->max : NAN,
                               .tick_of_max = p->tick_of_max,
                               .i_xt_last_bits = known ? p->last : NAN,
                               .compression_bits = known ? p->max - p->last : NAN,
                               .snr_below_one_tick = s->below_since};
    snprintf(row.estimator, sizeof row.estimator, "%s", p->name);
    strcpy(row.order, order_of(&row));
    *out = row;
}

static int is_alike(const ipl_compression_row *a, const ipl_compression_row *b)
{
    return a->layer == b->layer && !strcmp(a->estimator, b->estimator);
}

/* Gives all rows of the layer and estimator of row[first] their mean and deviation. */
static void spread(int64_t first, int64_t count, ipl_compression_row *row)
{
    const ipl_compression_row of = row[first];
    double sum = 0.0, squares = 0.0;
    int64_t known = 0;
    for (int64_t k = 0; k < count; ++k) {
        if (!is_alike(&of, row + k) || isnan(row[k].compression_bits)) continue;
        sum += row[k].compression_bits;
        ++known;
    }
    const double mean = known ? sum / (double)known : NAN;
    for (int64_t k = 0; k < count; ++k)
        if (is_alike(&of, row + k) && !isnan(row[k].compression_bits))
            squares += pow(row[k].compression_bits - mean, 2);
    for (int64_t k = 0; k < count; ++k) {
        if (!is_alike(&of, row + k)) continue;
        row[k].compression_mean_bits = mean;
        row[k].compression_sd_bits =
            known > 1 ? sqrt(squares / (double)(known - 1)) : NAN;
    }
}

static int by_layer(const void *a, const void *b)
{
    const state *x = a, *y = b;
    if (x->seed != y->seed) return x->seed < y->seed ? -1 : 1;
    return x->layer - y->layer;
}

ipl_status ipl_compression_rows(ipl_compression *c, ipl_compression_row **rows,
                                int64_t *count)
{
    int64_t all = 0, used = 0;
    if (c->count) qsort(c->states, (size_t)c->count, sizeof *c->states, by_layer);
    for (int64_t k = 0; k < c->count; ++k) all += c->states[k].points;
    ipl_compression_row *row = malloc((size_t)(all + !all) * sizeof *row);
    if (!row)
        return IPL_FAIL(IPL_E_MEMORY, "%lld rows of compression", (long long)all);
    for (int64_t k = 0; k < c->count; ++k)
        for (int p = 0; p < c->states[k].points; ++p)
            make_row(&c->states[k], &c->states[k].point[p], row + used++);
    for (int64_t k = 0; k < all && row[k].seed == row[0].seed; ++k)
        spread(k, all, row); /* every seed has the rows of the first one */
    *rows = row;
    *count = all;
    return IPL_OK;
}
