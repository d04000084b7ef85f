/*
 * moments_centre.h - moments of several rows around one centre.
 *
 * Where a row has many columns with weight, the products of a column's units are worth
 * making once for all rows of a group: with y_j = (1, x_j - c), sum_j w_ij y_j y_j^T of
 * all rows i is a matrix product of weights and products. What it costs beside the
 * multiply-adds is shared by the group. Moments around x_i follow by a shift, whose
 * rounding is (|x_i - c| / h_i)^2 that of the sums: rows for which that is more than
 * CENTRE_FAR stay with moments_square.h.
 *
 * Traffic   CENTRE_PANEL x 3 multiply-adds for 3 loads and CENTRE_PANEL broadcasts; the
 *           products of CENTRE_COLUMNS columns and the sums stay in the second cache.
 * Numerics  All in double. A row's sums go through the columns in their order, and the
 *           centre is a row of the layer: the same bits in any company.
 */
#ifndef MOMENTS_CENTRE_H
#define MOMENTS_CENTRE_H

#include "cpu/moments_square.h"

enum {
    CENTRE_ROWS = 128,   /* of a group                                           */
    CENTRE_COLUMNS = 128,/* whose products wait together                         */
    CENTRE_PANEL = VF == 16 ? 8 : 4, /* rows that go through them together       */
    CENTRE_LEAST = 8,    /* units e from which on it pays                        */
    CENTRE_FAR = 64      /* (|x_i - c| / h_i)^2, at most: two digits             */
};

typedef struct {
    int64_t e, entries; /* of the triangle, in whole vectors                     */
    double *c;          /* [e - 1]: the centre                                   */
    double *y;          /* [e + VD]: of a column                                 */
    double *product;    /* [CENTRE_COLUMNS][entries] and a vector                */
    double *sum;        /* [CENTRE_ROWS][entries]                                */
} moments_centre;

INLINE int has_centre(int64_t e) { return e >= CENTRE_LEAST && !is_wide(e); }

INLINE int64_t centre_entries(int64_t e)
{
    return has_centre(e) ? (local_triangle(e) + VD - 1) / VD * VD : 0;
}

/* Number `column` of the products, of a column whose units are in m->y: a lower
 * triangle by rows. What is written behind a row of it is overwritten by the next. */
static void add_products(const moments_centre *m, int64_t column)
{
    double *to = m->product + column * m->entries;
    for (int64_t a = 0; a < m->e; to += ++a) {
        const vd unit = vd_set(m->y[a]);
        for (int64_t b = 0; b <= a; b += VD)
            vd_storeu(to + b, vd_mul(unit, vd_load(m->y + b)));
    }
}

/* Adds `columns` columns to `vectors` vectors of entries of CENTRE_PANEL rows.
 * weight: of the first row, `stride` from one row to the next. */
INLINE void add_entries(const moments_centre *m, int64_t at, int64_t columns,
                        const double *weight, int64_t stride, double *to, int vectors)
{
    vd sum[CENTRE_PANEL][3];
#pragma GCC unroll 8
    for (int r = 0; r < CENTRE_PANEL; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < 3; ++v)
            if (v < vectors) sum[r][v] = vd_load(to + r * m->entries + v * VD);
    const double *product = m->product + at;
    for (int64_t c = 0; c < columns; ++c, product += m->entries) {
        vd part[3];
#pragma GCC unroll 3
        for (int v = 0; v < 3; ++v)
            if (v < vectors) part[v] = vd_load(product + v * VD);
#pragma GCC unroll 8
        for (int r = 0; r < CENTRE_PANEL; ++r) {
            const vd w = vd_set(weight[r * stride + c]);
#pragma GCC unroll 3
            for (int v = 0; v < 3; ++v)
                if (v < vectors) sum[r][v] = vd_fma(w, part[v], sum[r][v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < CENTRE_PANEL; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < 3; ++v)
            if (v < vectors) vd_store(to + r * m->entries + v * VD, sum[r][v]);
}

/* Adds the products of `columns` columns to the rows of the panels in `wanted` (bit p:
 * rows p CENTRE_PANEL and on). */
static void add_centred(const moments_centre *m, int64_t columns, const double *weight,
                        int64_t stride, unsigned wanted)
{
    enum { STEP_3 = 3 * VD };
    for (int64_t at = 0; at < m->entries; at += STEP_3)
        for (int p = 0; p < CENTRE_ROWS / CENTRE_PANEL; ++p) {
            if (!(wanted >> p & 1)) continue;
            const int64_t row = p * CENTRE_PANEL;
            const double *w = weight + row * stride;
            double *to = m->sum + row * m->entries + at;
            switch ((m->entries - at) / VD) {
            case 1: add_entries(m, at, columns, w, stride, to, 1); break;
            case 2: add_entries(m, at, columns, w, stride, to, 2); break;
            default: add_entries(m, at, columns, w, stride, to, 3);
            }
        }
}

/* Adds row r's sums around the centre to moments around x_i; y: (1, x_i - c). */
static void shift_centre(const moments_centre *m, int64_t r, const double *y,
                         double *moments)
{
    const double *sum = m->sum + r * m->entries;
    const double s0 = sum[0];
    for (int64_t a = 0; a < m->e; ++a) {
        const double *row = sum + local_triangle(a);
        const double own = a ? y[a] : 0.0;
        for (int64_t b = 0; b <= a; ++b) {
            const double other = b ? y[b] : 0.0;
            moments[moments_place(a, b, m->e)] +=
                row[b] - own * sum[local_triangle(b)] - other * row[0] +
                own * other * s0;
        }
    }
}

#endif
