/*
 * mi_wide_bins.c - bins of values in double, as small whole numbers for a backend.
 *
 * Edges, widths and quantiles stand where they are: no value is moved by a shift, and
 * nothing is rounded to float32. Every row's bins are then numbers that float32 holds,
 * which a backend takes for bins of width 1, so that cells, counts and standard errors
 * are its own work as ever.
 *
 * A layer in float32 can be among layers in double. Its bins must be the backend's own:
 * thresholds rounded up to float32, quotients by the width in float32.
 *
 * Two rows share a cell if they share a bin in each column. So the number of a bin may
 * differ from column to column: of WIDTH it counts from the column's lowest bin, of
 * EXACT, and of a WIDTH whose bins are too many, it is the rank among those there.
 */
#include <math.h>
#include <stdlib.h>

#include "mi/mi.h"

static const double codes_max = 1 << 24; /* float32 holds whole numbers below it */

typedef struct {
    const ipl_mi_options *options;
    int64_t       n, d;
    const float  *t;     /* one of t and wide                                   */
    const double *wide;
    int64_t       edges;
    double       *edge;  /* [edges]: the first value of a bin                   */
    double       *room;  /* [n d] for QUANTILES, else [n]                       */
} wide_bins;

static double value_at(const wide_bins *b, int64_t v)
{
    return b->t ? (double)b->t[v] : b->wide[v];
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* -- Forms with edges -------------------------------------------------------------*/

static void find_quantiles(wide_bins *b, int64_t *rank)
{
    const int64_t count = b->n * b->d;
    for (int64_t v = 0; v < count; ++v) b->room[v] = value_at(b, v);
    qsort(b->room, (size_t)count, sizeof *b->room, by_value);
    mi_ranks(count, b->edges, rank);
    for (int64_t k = 0; k < b->edges; ++k) b->edge[k] = b->room[rank[k]];
}

static ipl_status span_edges(wide_bins *b, const char *name)
{
    double lo = value_at(b, 0), hi = lo;
    for (int64_t v = 0; v < b->n * b->d; ++v) {
        lo = fmin(lo, value_at(b, v));
        hi = fmax(hi, value_at(b, v));
    }
    if (b->options->bin_form == IPL_BIN_COUNT && !isfinite(hi - lo))
        return IPL_FAIL(IPL_E_NUMERIC, "%s: the range from %g to %g is beyond "
                        "float64's", name, lo, hi);
    for (int64_t k = 0; k < b->edges; ++k) b->edge[k] = mi_edge(b->options, lo, hi, k);
    return IPL_OK;
}

/* Number of edges up to the value; those below all edges share the last bin of a form
 * that wraps. */
static void code_edges(const wide_bins *b, float *code, int64_t *outside)
{
    const int wraps = b->options->bin_form == IPL_BIN_EDGES;
    const double last = b->edge[b->edges - 1];
    for (int64_t v = 0; v < b->n * b->d; ++v) {
        const double value = value_at(b, v);
        int64_t below = 0;
        for (int64_t left = b->edges; left > 0;) {
            const int64_t half = (left + 1) / 2;
            below += b->edge[below + half - 1] <= value ? half : 0;
            left -= half;
        }
        if (wraps) *outside += below == 0 || value > last;
        code[v] = (float)(wraps && below == 0 ? b->edges : below);
    }
}

/* A layer in float32 is compared with edges in float32. */
static ipl_status round_edges(wide_bins *b)
{
    float *threshold = malloc((size_t)b->edges * sizeof *threshold);
    if (!threshold) return IPL_FAIL(IPL_E_MEMORY, "%lld edges", (long long)b->edges);
    float lo = b->t[0], hi = lo;
    for (int64_t v = 0; v < b->n * b->d; ++v) {
        lo = fminf(lo, b->t[v]);
        hi = fmaxf(hi, b->t[v]);
    }
    mi_thresholds(b->options, lo, hi, threshold);
    for (int64_t k = 0; k < b->edges; ++k) b->edge[k] = threshold[k];
    free(threshold);
    return IPL_OK;
}

static ipl_status with_edges(wide_bins *b, const char *name, float *code,
                             int64_t *outside)
{
    ipl_status st = IPL_OK;
    int64_t *rank = malloc((size_t)b->edges * sizeof *rank);
    b->edge = malloc((size_t)b->edges * sizeof *b->edge);
    if (!rank || !b->edge)
        st = IPL_FAIL(IPL_E_MEMORY, "%lld edges", (long long)b->edges);
    else if (b->options->bin_form == IPL_BIN_QUANTILES) find_quantiles(b, rank);
    else if (b->t) st = round_edges(b);
    else st = span_edges(b, name);
    if (st == IPL_OK) code_edges(b, code, outside);
    free(rank);
    free(b->edge);
    return st;
}

/* -- Forms without ----------------------------------------------------------------*/

/* A bin's own number. */
static double bin_of(const wide_bins *b, int64_t v)
{
    if (b->options->bin_form == IPL_BIN_EXACT) return value_at(b, v) + 0.0;
    if (b->t) return (double)floorf(b->t[v] / (float)b->options->bin_width);
    return floor(b->wide[v] / b->options->bin_width);
}

/* Ranks of the bins that are in column c; `room` has them in the order of the rows. */
static ipl_status code_ranks(const wide_bins *b, const char *name, int64_t c,
                             float *code)
{
    int64_t different = 0;
    qsort(b->room, (size_t)b->n, sizeof *b->room, by_value);
    for (int64_t i = 0; i < b->n; ++i)
        if (!different || b->room[i] != b->room[different - 1])
            b->room[different++] = b->room[i];
    if ((double)different > codes_max)
        return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: %lld bins in column %lld: expected at "
                        "most %.0f for values in double", name, (long long)different,
                        (long long)c, codes_max);
    for (int64_t i = 0; i < b->n; ++i) {
        const double bin = bin_of(b, i * b->d + c);
        const double *at = bsearch(&bin, b->room, (size_t)different, sizeof bin,
                                   by_value);
        code[i * b->d + c] = (float)(at - b->room);
    }
    return IPL_OK;
}

static ipl_status without_edges(const wide_bins *b, const char *name, float *code)
{
    const int whole = b->options->bin_form == IPL_BIN_WIDTH;
    for (int64_t c = 0; c < b->d; ++c) {
        double lo = INFINITY, hi = -INFINITY;
        for (int64_t i = 0; i < b->n; ++i) {
            b->room[i] = bin_of(b, i * b->d + c);
            lo = fmin(lo, b->room[i]);
            hi = fmax(hi, b->room[i]);
        }
        if (!whole || !(hi - lo < codes_max)) {
            IPL_TRY(code_ranks(b, name, c, code));
            continue;
        }
        for (int64_t i = 0; i < b->n; ++i)
            code[i * b->d + c] = (float)(b->room[i] - lo);
    }
    return IPL_OK;
}

ipl_status mi_wide_bins(const ipl_mi_options *options, int64_t n,
                        const ipl_mi_layer *layer, float *code, int64_t *outside)
{
    ipl_status st;
    const int quantiles = options->bin_form == IPL_BIN_QUANTILES;
    wide_bins b = {.options = options, .n = n, .d = layer->d, .t = layer->t,
                   .wide = layer->wide, .edges = mi_threshold_count(options)};
    *outside = 0;
    b.room = malloc((size_t)(quantiles ? n * b.d : n) * sizeof *b.room);
    if (!b.room)
        return IPL_FAIL(IPL_E_MEMORY, "%s: bins of %lld rows", layer->name,
                        (long long)n);
    if (b.edges) st = with_edges(&b, layer->name, code, outside);
    else st = without_edges(&b, layer->name, code);
    free(b.room);
    return st;
}
