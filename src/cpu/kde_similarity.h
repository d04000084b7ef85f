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
 * looks ahead too little to find another one by itself: several chains go in step.
 * The Makefile keeps the compiler from undoing that.
 */
#ifndef KDE_SIMILARITY_H
#define KDE_SIMILARITY_H

#include "cpu/kde.h"
#include "cpu/pairs_tile.h"

enum { CHAINS_MAX = 8 };

#define EACH(operation)                                                        \
    _Pragma("GCC unroll 8") for (int c = 0; c < chains; ++c) operation

/* d[0 .. chains): distances become similarities. */
INLINE void similarities_in_step(vf *d, int chains, const kde_matrix *m)
{
    const vf scale = vf_set(-m->scale);
    vf x[CHAINS_MAX], f[CHAINS_MAX], p[CHAINS_MAX];
    vf r[CHAINS_MAX]; /* the nearest integer of x */
#if defined(IPL_AVX512)
    EACH(x[c] = vf_mul(d[c], scale));
    EACH(f[c] = vf_fraction(x[c]));
    EACH(r[c] = vf_sub(x[c], f[c]));
#else
    const vf limit = vf_set(m->limit), magic = vf_set(12582912.0f); /* see vf_scale2 */
    EACH(x[c] = vf_min(d[c], limit));
    EACH(r[c] = vf_fma(x[c], scale, magic));
    EACH(f[c] = vf_sub(magic, r[c]));
    EACH(f[c] = vf_fma(x[c], scale, f[c]));
#endif
    EACH(p[c] = vf_fma(vf_set(0.00132647273f), f[c], vf_set(0.00967151299f)));
    EACH(p[c] = vf_fma(p[c], f[c], vf_set(0.0555073358f)));
    EACH(p[c] = vf_fma(p[c], f[c], vf_set(0.240222424f)));
    EACH(p[c] = vf_fma(p[c], f[c], vf_set(0.693147004f)));
    EACH(p[c] = vf_fma(p[c], f[c], vf_set(1.0f)));
#if defined(IPL_AVX512)
    EACH(d[c] = vf_scale(p[c], r[c]));
#else
    EACH(d[c] = vf_scale2(p[c], r[c]));
#endif
}
#undef EACH

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
        float *lanes = work->lane_sum[s] + row * VF;
        vf_store(lanes, vf_add(vf_load(lanes), part[s]));
        column[s * stride] = vf_add(column[s * stride], part[s]);
    }
}

#endif
