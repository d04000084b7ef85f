/*
 * moments_square.h - sum_j v_j v_j^T over a batch of columns, in registers.
 *
 * The lower triangle of the matrix is cut into squares of EDGE x EDGE units. A square
 * goes through the batch with EDGE^2 multiply-adds for 2 EDGE loads. Narrow matrices
 * keep a vector of partial sums for each entry, from batch to batch, in the order in
 * which the squares are visited; those of up to SIDE_MAX units are one square. Of wide
 * ones so many vectors would not stay in a cache: their lanes are added up after each
 * batch, which is longer for it.
 */
#ifndef MOMENTS_SQUARE_H
#define MOMENTS_SQUARE_H

#include "cpu/moments.h"
#include "cpu/simd.h"

enum {
    NARROW_MAX = 48, /* e of narrow matrices                                     */
    SIDE_MAX = 7,
    EDGE = VF == 16 ? 4 : 3,
    STRIPS = 3 /* of EDGE units that share what they read: the first cache's size */
};

/* v: for each vector of columns, e vectors, `stride` doubles from the ones before. */
typedef struct {
    int64_t e, stride;
    int64_t columns; /* that are in the batch                                    */
    double *v;
    double *sum;     /* narrow: [e (e + 1) / 2][VD]; wide: the row's moments     */
} moments_batch;

INLINE int     is_wide(int64_t e) { return e > NARROW_MAX; }

/* Where entry (a, b), b <= a, of the matrix stands among a row's moments. */
INLINE int64_t moments_place(int64_t a, int64_t b, int64_t e)
{
    return b ? moments_s2(e - 1, a - 1) + b - 1 : a;
}

/* Adds the batch to the entries (a + p, b + q), p < rows, q < columns; of a diagonal
 * square to those with q <= p. Returns where the next square's sums are. */
INLINE double *add_square(const moments_batch *m, double *at, int64_t a, int64_t b,
                          int rows, int columns, int diagonal, int wide)
{
#define EACH_ENTRY /* p, q are constants once unrolled */                       \
    _Pragma("GCC unroll 7") for (int p = 0; p < SIDE_MAX; ++p)                  \
        _Pragma("GCC unroll 7") for (int q = 0; q < SIDE_MAX; ++q)              \
            if (p < rows && q < columns && (!diagonal || q <= p))
#define ENTRY (diagonal ? p * (p + 1) / 2 + q : p * columns + q)
    vd sum[SIDE_MAX][SIDE_MAX];
    EACH_ENTRY sum[p][q] = wide ? vd_set(0.0) : vd_load(at + ENTRY * VD);
    const double *va = m->v + a * VD, *vb = m->v + b * VD;
    const int64_t stride = m->stride, vectors = m->columns / VD;
    for (int64_t c = 0; c < vectors; ++c, va += stride, vb += stride) {
        vd row[SIDE_MAX], column[SIDE_MAX];
#pragma GCC unroll 7
        for (int q = 0; q < SIDE_MAX; ++q)
            if (q < columns) column[q] = vd_load(vb + q * VD);
#pragma GCC unroll 7
        for (int p = 0; p < SIDE_MAX; ++p)
            if (p < rows) row[p] = diagonal ? column[p] : vd_load(va + p * VD);
        EACH_ENTRY sum[p][q] = vd_fma(row[p], column[q], sum[p][q]);
    }
    EACH_ENTRY {
        if (wide) at[moments_place(a + p, b + q, m->e)] += vd_sum(sum[p][q]);
        else vd_store(at + ENTRY * VD, sum[p][q]);
    }
    return wide ? at : at + (diagonal ? rows * (rows + 1) / 2 : rows * columns) * VD;
#undef ENTRY
#undef EACH_ENTRY
}

/* The squares of `rows` rows of the matrix from a on. */
INLINE double *add_strip(const moments_batch *m, double *at, int64_t a, int rows,
                         int wide)
{
    for (int64_t b = 0; b < a; b += EDGE)
        at = add_square(m, at, a, b, rows, EDGE, 0, wide);
    return add_square(m, at, a, a, rows, rows, 1, wide);
}

INLINE double *add_last_strip(const moments_batch *m, double *at, int64_t a, int wide)
{
    switch (m->e - a) {
    case 1: return add_strip(m, at, a, 1, wide);
    case 2: return add_strip(m, at, a, 2, wide);
    case 3: return add_strip(m, at, a, 3, wide);
    default: return at;
    }
}

static void add_narrow(const moments_batch *m)
{
    double *at = m->sum;
    int64_t a = 0;
    for (; a + EDGE <= m->e; a += EDGE) at = add_strip(m, at, a, EDGE, 0);
    add_last_strip(m, at, a, 0);
}

static void add_wide(const moments_batch *m)
{
    const int64_t whole = m->e / EDGE * EDGE;
    for (int64_t from = 0; from < whole; from += STRIPS * EDGE) {
        const int64_t ahead = from + STRIPS * EDGE, to = ahead < whole ? ahead : whole;
        for (int64_t b = 0; b < to; b += EDGE)
            for (int64_t a = b > from ? b : from; a < to; a += EDGE) {
                if (a == b) add_square(m, m->sum, a, a, EDGE, EDGE, 1, 1);
                else add_square(m, m->sum, a, b, EDGE, EDGE, 0, 1);
            }
    }
    add_last_strip(m, m->sum, whole, 1);
}

static void add_batch(moments_batch *m)
{
    switch (m->e) {
    case 2: add_square(m, m->sum, 0, 0, 2, 2, 1, 0); break;
    case 3: add_square(m, m->sum, 0, 0, 3, 3, 1, 0); break;
    case 4: add_square(m, m->sum, 0, 0, 4, 4, 1, 0); break;
    case 5: add_square(m, m->sum, 0, 0, 5, 5, 1, 0); break;
    case 6: add_square(m, m->sum, 0, 0, 6, 6, 1, 0); break;
    case 7: add_square(m, m->sum, 0, 0, 7, 7, 1, 0); break;
    default:
        if (is_wide(m->e)) add_wide(m);
        else add_narrow(m);
    }
    m->columns = 0;
}

/* From the partial sums of a narrow matrix to moments: squares in the same order. */
static void collect_narrow(const moments_batch *m, double *moments)
{
    const int64_t side = m->e <= SIDE_MAX ? SIDE_MAX : EDGE;
    const double *at = m->sum;
    for (int64_t a = 0; a < m->e; a += side)
        for (int64_t b = 0; b <= a; b += side)
            for (int64_t p = a; p < m->e && p < a + side; ++p)
                for (int64_t q = b; q <= p && q < b + side; ++q, at += VD)
                    moments[moments_place(p, q, m->e)] = vd_sum(vd_load(at));
}

#endif
