/*
 * oracle_density.h - local moments and LNN by definition, in double, and how far an
 * implementation with float distances and weights may be from them.
 */
#ifndef ORACLE_DENSITY_H
#define ORACLE_DENSITY_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A layer of one space or two, in host memory; y NULL: no classes. */
typedef struct {
    int64_t        n;
    int64_t        d[2]; /* d[1] = 0: one space */
    const float   *t[2];
    const int32_t *y;
    const float   *square;
} oracle_layer;

static inline int64_t oracle_units(const oracle_layer *l) { return l->d[0] + l->d[1]; }

static inline int64_t oracle_moments(int64_t d) { return 1 + d + d * (d + 1) / 2; }

static inline double oracle_value(const oracle_layer *l, int64_t i, int64_t k)
{
    const int s = k >= l->d[0];
    return (double)l->t[s][i * l->d[s] + (s ? k - l->d[0] : k)];
}

/* w_ij and u_ij of src/backend.h, and the share of w that it may be off by, with
 * e = 2^-24:
 *
 *   D        differences, squares and d additions, each rounded to float: relative
 *            (d + 2) e; the same and two more for its scale change w by |u|^2/2 as
 *            much
 *   exp      8 e for the square of a float exponential
 *   dropped  all of it below 2^-99
 *
 * Returns w; 0 and share 0 where j does not count. */
static inline double oracle_weight(const oracle_layer *l, int64_t i, int64_t j,
                                   double *u, double *share)
{
    const int64_t d = oracle_units(l);
    const double h2 = (double)l->square[i];
    double half = 0.0;
    *share = 0.0;
    if (j == i || (l->y && l->y[i] != l->y[j])) return 0.0;
    for (int64_t k = 0; k < d; ++k) {
        u[k] = (oracle_value(l, j, k) - oracle_value(l, i, k)) / sqrt(h2);
        half += u[k] * u[k] / 2.0;
    }
    const double w = exp(-half);
    *share = w < 0x1p-99 ? 1.0 : 0x1p-24 * ((double)(d + 4) * half + 8.0);
    return w;
}

/* S0, S1[d] and the lower triangle of S2 by rows, of row i, and what each may be off
 * by: what its weights may be, and n + 8 roundings of a sum of double terms. */
static inline void oracle_row(const oracle_layer *l, int64_t i, double *moments,
                              double *allowed)
{
    const int64_t d = oracle_units(l), size = oracle_moments(d);
    const double rounding = (double)(l->n + 8) * 0x1p-52;
    double *u = calloc((size_t)d + 1, sizeof *u), share;
    memset(moments, 0, (size_t)size * sizeof *moments);
    memset(allowed, 0, (size_t)size * sizeof *allowed);
    for (int64_t j = 0; j < l->n; ++j) {
        const double w = oracle_weight(l, i, j, u + 1, &share);
        int64_t at = 1 + d;
        u[0] = 1.0;
        if (w == 0.0) continue;
        for (int64_t a = 0; a <= d; ++a)
            for (int64_t b = 0; b <= a; ++b) {
                const double term = w * u[a] * u[b];
                const int64_t e = b ? at++ : a;
                moments[e] += term;
                allowed[e] += fabs(term) * (share + rounding);
            }
    }
    free(u);
}

/* -- LNN ---------------------------------------------------------------------------*/

/* LNN of a row from its moments, and what is needed to say how it reacts: mean, the
 * inverse of the covariance (both triangles) and inverse times mean. 0: the covariance
 * is not positive. */
typedef struct {
    double value, half_square;
    double *mean, *inverse, *slope;
} oracle_shape;

/* Of the lower triangle of S2: entry (a, b). */
static inline double oracle_second(int64_t d, const double *moments, int64_t a,
                                   int64_t b)
{
    const int64_t row = a > b ? a : b, col = a > b ? b : a;
    return moments[1 + d + row * (row + 1) / 2 + col];
}

/* Gauss-Jordan elimination of [C | I] in units of the deviations, without a pivot. */
static inline int oracle_invert(int64_t d, double *c, double *inverse, double *log_det)
{
    memset(inverse, 0, (size_t)(d * d) * sizeof *inverse);
    for (int64_t a = 0; a < d; ++a) inverse[a * d + a] = 1.0;
    *log_det = 0.0;
    for (int64_t p = 0; p < d; ++p) {
        const double pivot = c[p * d + p];
        if (!(pivot > 0.0)) return 0;
        *log_det += log(pivot);
        for (int64_t k = 0; k < d; ++k) {
            c[p * d + k] /= pivot;
            inverse[p * d + k] /= pivot;
        }
        for (int64_t a = 0; a < d; ++a) {
            const double factor = c[a * d + p];
            if (a == p || factor == 0.0) continue;
            for (int64_t k = 0; k < d; ++k) {
                c[a * d + k] -= factor * c[p * d + k];
                inverse[a * d + k] -= factor * inverse[p * d + k];
            }
        }
    }
    return 1;
}

static inline int oracle_shape_of(int64_t d, int64_t others, const double *moments,
                                  oracle_shape *s)
{
    double *c = calloc((size_t)(d * d), sizeof *c), log_det, two_pi = 6.283185307179586;
    for (int64_t a = 0; a < d; ++a) s->mean[a] = moments[1 + a] / moments[0];
    for (int64_t a = 0; a < d; ++a)
        for (int64_t b = 0; b < d; ++b)
            c[a * d + b] = oracle_second(d, moments, a, b) / moments[0] -
                           s->mean[a] * s->mean[b];
    const int positive = oracle_invert(d, c, s->inverse, &log_det);
    free(c);
    s->half_square = 0.0;
    for (int64_t a = 0; a < d; ++a) {
        s->slope[a] = 0.0;
        for (int64_t b = 0; b < d; ++b)
            s->slope[a] += s->inverse[a * d + b] * s->mean[b];
        s->half_square += s->slope[a] * s->mean[a] / 2.0;
    }
    s->value = -log(moments[0]) + log((double)others) + 0.5 * (double)d * log(two_pi) +
               0.5 * log_det + s->half_square;
    return positive && isfinite(s->value);
}

/* |change of the value| for a weight that grows by 1 / S0. */
static inline double oracle_reaction(int64_t d, const oracle_shape *s, const double *u)
{
    double q = 0.0, along = 0.0;
    for (int64_t a = 0; a < d; ++a) {
        double row = 0.0;
        for (int64_t b = 0; b < d; ++b)
            row += s->inverse[a * d + b] * (u[b] - s->mean[b]);
        q += row * (u[a] - s->mean[a]);
        along += s->slope[a] * (u[a] - s->mean[a]);
    }
    return fabs(-1.0 + 0.5 * (q - (double)d) + along - 0.5 * along * along +
                s->half_square);
}

/* The value of row i; *allowed: what its weights may be off by, to first order and a
 * hundredth more, and the roundings of sums and of the elimination, times the condition
 * of the covariance. 0: no value. */
static inline int oracle_lnn(const oracle_layer *l, int64_t i, double *value,
                             double *allowed)
{
    const int64_t d = oracle_units(l), size = oracle_moments(d);
    double *moments = calloc((size_t)(2 * size + 3 * d + d * d), sizeof *moments);
    double *u = moments + 2 * size, share, condition = 1.0;
    oracle_shape s = {.mean = u + d, .slope = u + 2 * d, .inverse = u + 3 * d};
    int64_t others = 0;
    *allowed = 0.0;
    oracle_row(l, i, moments, moments + size);
    for (int64_t j = 0; j < l->n; ++j)
        others += j != i && (!l->y || l->y[i] == l->y[j]);
    const int has = moments[0] > 0.0 && oracle_shape_of(d, others, moments, &s);
    for (int64_t a = 0; a < d; ++a)
        condition += s.inverse[a * d + a] * oracle_second(d, moments, a, a) /
                     moments[0];
    for (int64_t j = 0; has && j < l->n; ++j) {
        const double w = oracle_weight(l, i, j, u, &share);
        if (w > 0.0) *allowed += w * share * oracle_reaction(d, &s, u) / moments[0];
    }
    *value = s.value;
    *allowed = 1.01 * *allowed + (double)(l->n + 8 * d) * 0x1p-52 * condition *
                                     (1.0 + 2.0 * s.half_square) + 1e-13;
    free(moments);
    return has;
}

#endif
