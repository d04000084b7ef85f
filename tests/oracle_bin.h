/*
 * oracle_bin.h - bins and plug-in entropies the slow way, in double.
 *
 * Bins follow the words of ipl_mi.h value by value; cells come from sorting whole
 * rows of bins, entropies from -sum p log p. Nothing is shared with the library.
 */
#ifndef ORACLE_BIN_H
#define ORACLE_BIN_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipl_mi.h"

static inline int oracle_by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* How many bins, or edges, the form has. */
static inline int64_t oracle_number(const ipl_mi_options *o)
{
    return o->bin_form == IPL_BIN_EDGES       ? o->bin_edges
           : o->bin_form == IPL_BIN_COUNT     ? o->bin_count
           : o->bin_form == IPL_BIN_QUANTILES ? o->bin_quantiles
                                              : 0;
}

/* Edges of a form, in double, and how many there are (WIDTH, EXACT: none). */
static inline int64_t oracle_edges(const ipl_mi_options *o, int64_t count,
                                   const float *t, double *edge)
{
    float *sorted = malloc((size_t)count * sizeof *sorted);
    memcpy(sorted, t, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, oracle_by_value);
    const double lo = sorted[0], hi = sorted[count - 1];
    const int64_t number = oracle_number(o);
    int64_t edges = 0;
    if (o->bin_form == IPL_BIN_EDGES) { /* numpy.linspace(lo, hi, bins) */
        const double step = (o->bin_hi - o->bin_lo) / (double)(number - 1);
        for (; edges < number - 1; ++edges)
            edge[edges] = (double)edges * step + o->bin_lo;
        edge[edges++] = o->bin_hi;
    } else if (o->bin_form == IPL_BIN_COUNT) { /* linspace(lo, hi, bins + 1), inside */
        const double step = (hi - lo) / (double)number;
        for (; edges < number - 1; ++edges)
            edge[edges] = (double)(edges + 1) * step + lo;
    } else if (o->bin_form == IPL_BIN_QUANTILES) {
        for (; edges < number - 1; ++edges)
            edge[edges] = sorted[(edges + 1) * count / number];
    }
    free(sorted);
    return edges;
}

/* The bin of every value, as a number that is equal for equal bins only. */
static inline void oracle_bins(const ipl_mi_options *o, int64_t count, const float *t,
                               double *bin)
{
    double *edge = malloc((size_t)(oracle_number(o) + 1) * sizeof *edge);
    const int64_t edges = oracle_edges(o, count, t, edge);
    for (int64_t i = 0; i < count; ++i) {
        if (o->bin_form == IPL_BIN_EXACT) {
            bin[i] = (double)t[i] + 0.0; /* -0 is 0 */
            continue;
        }
        if (o->bin_form == IPL_BIN_WIDTH) {
            volatile float quotient = t[i] / (float)o->bin_width; /* one rounding */
            bin[i] = floor((double)quotient) + 0.0;
            continue;
        }
        int64_t above = 0;
        for (int64_t k = 0; k < edges; ++k) above += (double)t[i] >= edge[k];
        if (o->bin_form == IPL_BIN_EDGES) /* index -1 of an array is its last entry */
            above = above == 0 ? edges - 1 : above - 1;
        bin[i] = (double)above;
    }
    free(edge);
}

typedef struct {
    int64_t       d;
    const double *row;
    int64_t       at;
} oracle_row;

static inline int oracle_by_bins(const void *a, const void *b)
{
    const oracle_row *x = a, *y = b;
    for (int64_t k = 0; k < x->d; ++k)
        if (x->row[k] != y->row[k]) return x->row[k] < y->row[k] ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Numbers the cells of rows of bins [n][d] in the order of their first rows, and
 * returns how many there are. */
static inline int64_t oracle_cells(int64_t n, int64_t d, const double *bin,
                                   int32_t *cell)
{
    oracle_row *row = malloc((size_t)n * sizeof *row);
    int64_t *first = malloc((size_t)n * sizeof *first);
    for (int64_t i = 0; i < n; ++i) row[i] = (oracle_row){d, bin + i * d, i};
    qsort(row, (size_t)n, sizeof *row, oracle_by_bins);
    for (int64_t r = 0; r < n; ++r) {
        const int same =
            r && !memcmp(row[r].row, row[r - 1].row, (size_t)d * sizeof *bin);
        first[row[r].at] = same ? first[row[r - 1].at] : row[r].at;
    }
    int64_t cells = 0;
    for (int64_t i = 0; i < n; ++i)
        cell[i] = first[i] == i ? (int32_t)cells++ : cell[first[i]];
    free(row);
    free(first);
    return cells;
}

/* -sum p log p over the cells of n rows, nats. */
static inline double oracle_entropy(int64_t n, const int32_t *cell)
{
    int64_t *count = calloc((size_t)n, sizeof *count);
    double h = 0.0;
    for (int64_t i = 0; i < n; ++i) ++count[cell[i]];
    for (int64_t c = 0; c < n; ++c)
        if (count[c])
            h -= (double)count[c] / (double)n * log((double)count[c] / (double)n);
    free(count);
    return h;
}

/* Rounding of an entropy of n rows, or of a sum of three, both ours and the above:
 * n terms of one sign, each with a few roundings, and their sum. */
static inline double oracle_entropy_bound(int64_t n)
{
    return 6.0 * (double)(n + 8) * DBL_EPSILON * log((double)n + 1.0);
}

typedef struct {
    int64_t cells;
    double  h_t, i_ty, h_y, bound;
} oracle_point;

/* H(T) and I(T;Y) = H(T) - sum_y p(y) H(T|y) of a layer; fills cell[n]. */
static inline oracle_point oracle_bin(const ipl_mi_options *o, int64_t n, int64_t d,
                                      const float *t, int32_t classes,
                                      const int32_t *y, int32_t *cell)
{
    double *bin = malloc((size_t)(n * d) * sizeof *bin);
    double *own = malloc((size_t)(n * d) * sizeof *own); /* one class's rows */
    int32_t *part = malloc((size_t)n * sizeof *part);
    oracle_bins(o, n * d, t, bin);
    oracle_point p = {.cells = oracle_cells(n, d, bin, cell)};
    p.h_t = p.i_ty = oracle_entropy(n, cell);
    p.bound = oracle_entropy_bound(n);
    for (int32_t c = 0; y && c < classes; ++c) {
        int64_t m = 0;
        for (int64_t i = 0; i < n; ++i)
            if (y[i] == c) memcpy(own + m++ * d, bin + i * d, (size_t)d * sizeof *own);
        if (!m) continue;
        const double share = (double)m / (double)n;
        oracle_cells(m, d, own, part);
        p.i_ty -= share * oracle_entropy(m, part);
        p.h_y -= share * log(share);
    }
    free(bin);
    free(own);
    free(part);
    return p;
}

#endif
