/*
 * kde_similarity.h - from squared distances to Gaussian similarities, and their sums
 * where pairs have to be told apart.
 *
 * D becomes 2^(-scale D) by a degree-5 minimax polynomial on [-1/2, 1/2] with constant
 * term 1, so that D = 0 gives exactly 1; relative error 1.8e-7 with the rounding.
 * AVX-512 takes the fraction and scales in one instruction each, whatever D is; for
 * the others D is cut first so that neither the integer nor the exponent leaves
 * its range.
 *
 * A chain of 9 to 13 dependent operations would leave the units idle, and the processor
 * looks ahead too little to find another one by itself: several chains go step by step
 * together. The Makefile keeps the compiler from undoing that.
 */
#ifndef KDE_SIMILARITY_H
#define KDE_SIMILARITY_H

#include "cpu/kde.h"
#include "cpu/pairs_tile.h"

enum { CHAINS_MAX = 8 };

/* Chains on their way; `similar` begins with squared distances. */
typedef struct {
    vf similar[CHAINS_MAX];
    vf fraction[CHAINS_MAX], power[CHAINS_MAX]; /* of the exponent; 2^fraction     */
    vf whole[CHAINS_MAX];                       /* the integer nearest to it       */
} similarity_chains;

#define STEP(number, operation)                                                \
    case number:                                                               \
        _Pragma("GCC unroll 8") for (int c = 0; c < chains; ++c) operation;    \
        break

/* The first `chains` chains go one step. step and chains are constants. */
INLINE void similarity_step(const int step, similarity_chains *s, const int chains,
                            const kde_matrix *m)
{
    const vf scale = vf_set(-m->scale);
    vf *x = s->similar, *f = s->fraction, *p = s->power, *r = s->whole;
    switch (step) {
#if defined(IPL_AVX512)
    STEP(0, x[c] = vf_mul(x[c], scale));
    STEP(1, f[c] = vf_fraction(x[c]));
    STEP(2, r[c] = vf_sub(x[c], f[c]));
    STEP(8, x[c] = vf_scale(p[c], r[c]));
#else
    STEP(0, x[c] = vf_min(x[c], vf_set(m->limit)));
    STEP(1, r[c] = vf_fma(x[c], scale, vf_set(12582912.0f))); /* see vf_scale2 */
    STEP(2, f[c] = vf_fma(x[c], scale, vf_sub(vf_set(12582912.0f), r[c])));
    STEP(8, x[c] = vf_scale2(p[c], r[c]));
#endif
    STEP(3, p[c] = vf_fma(vf_set(0.00132647273f), f[c], vf_set(0.00967151299f)));
    STEP(4, p[c] = vf_fma(p[c], f[c], vf_set(0.0555073358f)));
    STEP(5, p[c] = vf_fma(p[c], f[c], vf_set(0.240222424f)));
    STEP(6, p[c] = vf_fma(p[c], f[c], vf_set(0.693147004f)));
    STEP(7, p[c] = vf_fma(p[c], f[c], vf_set(1.0f)));
    }
}
#undef STEP
enum { SIMILARITY_STEPS = 9 };

/* d[0 .. chains): distances become similarities. */
INLINE void similarities_in_step(vf *d, const int chains, const kde_matrix *m)
{
    similarity_chains s;
#pragma GCC unroll 8
    for (int c = 0; c < chains; ++c) s.similar[c] = d[c];
#pragma GCC unroll 9
    for (int step = 0; step < SIMILARITY_STEPS; ++step)
        similarity_step(step, &s, chains, m);
#pragma GCC unroll 8
    for (int c = 0; c < chains; ++c) d[c] = s.similar[c];
}

/* A row's lanes of one of the sums. Both bounds of a pair stand side by side: 8 KiB
 * apart, sums took up to a fifth longer in some runs than in others. */
INLINE float *lanes_of(kde_workspace *work, int sum, int64_t row)
{
    return work->lane_sum + ((sum / 2 * KDE_ROWS + row) * 2 + sum % 2) * VF;
}
enum { LANES_STRIDE = 2 * VF }; /* from row to row */

/* Adds the similarities of row first + row with the columns from `at` on, of which any
 * may be on the diagonal, behind the last row, or in another class. Row i's class never
 * exceeds column j's, so the two differ where the column's is greater. */
static __attribute__((noinline)) void add_masked(vf similar, const kde_matrix *m,
                                                 int64_t first, int64_t row, int64_t at,
                                                 kde_workspace *work,
                                                 vf *column, int64_t stride)
{
    const vf zero = vf_set(0.0f), i = vf_set((float)(first + row));
    const vf class_i = vf_set(m->pairs.class_of[first + row]);
    const vf e = vf_where_gt(vf_load(m->pairs.position + at), i, similar, zero);
    const vf across = vf_where_gt(vf_load(m->pairs.class_of + at), class_i, e, zero);
    const vf within = vf_sub(e, across); /* one of the two is zero */
    const vf part[KDE_SUMS] = {
        within, vf_mul(vf_mul(within, within), vf_mul(within, within)),
        across, vf_mul(vf_mul(across, across), vf_mul(across, across))};
    for (int s = 0; s < KDE_SUMS; ++s) {
        float *lanes = lanes_of(work, s, row);
        vf_store(lanes, vf_add(vf_load(lanes), part[s]));
        column[s * stride] = vf_add(column[s * stride], part[s]);
    }
}

#endif
