/*
 * kde_tile.h - from the distances of a tile to Gaussian similarities and their sums.
 *
 * One exponential serves both bounds. A tile whose pairs are all within a class, or
 * all across classes, is added without a mask; the few others pair by pair.
 */
#ifndef KDE_TILE_H
#define KDE_TILE_H

#include "cpu/kde.h"
#include "cpu/pairs_tile.h"

enum {
    TOGETHER = VF == 16 ? 8 : 4 /* exponentials in step: what registers hold    */
};

/* Float sums of one column group; flushed after each pass over the rows. */
typedef struct {
    vf at[KDE_SUMS][TILE_VECTORS];
} column_sums;

/* D becomes 2^(-scale D). D is cut first so that neither the integer nor the exponent
 * leaves its range. Degree-5 minimax polynomial on [-1/2, 1/2] with constant term 1,
 * so that D = 0 gives exactly 1; relative error 1.8e-7 with the rounding.
 *
 * A chain of 13 dependent operations would leave the units idle, and the processor
 * looks ahead too little to find another one by itself: TOGETHER chains go in step.
 * The Makefile keeps the compiler from undoing that (9.0 to 7.4 cycles a vector on
 * Zen 3, 8.4 with the compiler's order). */
INLINE void tile_similarities(tile *t, const kde_matrix *m)
{
    const vf scale = vf_set(-m->scale), limit = vf_set(m->limit);
    const vf magic = vf_set(12582912.0f); /* see vf_scale2 */
    vf *const all = &t->at[0][0];
#define IN_STEP(operation)                                                     \
    _Pragma("GCC unroll 8") for (int c = 0; c < TOGETHER; ++c) operation
#pragma GCC unroll 3
    for (int first = 0; first < PANEL * TILE_VECTORS; first += TOGETHER) {
        vf x[TOGETHER], r[TOGETHER], f[TOGETHER], p[TOGETHER];
        IN_STEP(x[c] = vf_min(all[first + c], limit));
        IN_STEP(r[c] = vf_fma(x[c], scale, magic));
        IN_STEP(f[c] = vf_sub(magic, r[c]));
        IN_STEP(f[c] = vf_fma(x[c], scale, f[c]));
        IN_STEP(p[c] = vf_fma(vf_set(0.00132647273f), f[c], vf_set(0.00967151299f)));
        IN_STEP(p[c] = vf_fma(p[c], f[c], vf_set(0.0555073358f)));
        IN_STEP(p[c] = vf_fma(p[c], f[c], vf_set(0.240222424f)));
        IN_STEP(p[c] = vf_fma(p[c], f[c], vf_set(0.693147004f)));
        IN_STEP(p[c] = vf_fma(p[c], f[c], vf_set(1.0f)));
        IN_STEP(all[first + c] = vf_scale2(p[c], r[c]));
    }
#undef IN_STEP
}

/* Similarities e whose pairs are all i < j and all within a class, or all across:
 * `lower` is KDE_LOWER_WITHIN or KDE_LOWER_ACROSS, and the matching upper follows. */
INLINE void add_whole(const tile *e, int64_t row, int lower, kde_workspace *work,
                      column_sums *column)
{
    tile e4;
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v) {
            const vf e2 = vf_mul(e->at[r][v], e->at[r][v]);
            e4.at[r][v] = vf_mul(e2, e2);
        }
#pragma GCC unroll 2
    for (int bound = 0; bound < 2; ++bound) {
        const tile *part = bound ? &e4 : e;
        float *lanes = work->lane_sum[lower + bound] + row * VF;
#pragma GCC unroll 8
        for (int r = 0; r < PANEL; ++r) {
            const vf two = vf_add(part->at[r][0], part->at[r][1]);
            const vf sum = vf_add(two, part->at[r][2]);
            vf_store(lanes + r * VF, vf_add(vf_load(lanes + r * VF), sum));
        }
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v) {
            vf sum = vf_add(part->at[0][v], part->at[1][v]);
#pragma GCC unroll 8
            for (int r = 2; r < PANEL; r += 2)
                sum = vf_add(sum, vf_add(part->at[r][v], part->at[r + 1][v]));
            column->at[lower + bound][v] = vf_add(column->at[lower + bound][v], sum);
        }
    }
}

/* Any tile: on the diagonal, at the end of the matrix, or where classes meet. Row i's
 * class never exceeds column j's, so the two differ where the column's is greater. */
static __attribute__((noinline)) void
add_mixed(const tile *similar, const kde_matrix *m, int64_t first, int64_t row,
          int64_t at, kde_workspace *work, column_sums *column)
{
    const vf zero = vf_set(0.0f);
    for (int r = 0; r < PANEL; ++r) {
        const vf i = vf_set((float)(first + row + r));
        const vf class_i = vf_set(m->pairs.class_of[first + row + r]);
        for (int v = 0; v < TILE_VECTORS; ++v) {
            const vf e = vf_where_gt(vf_load(m->pairs.position + at + v * VF), i,
                                     similar->at[r][v], zero);
            const vf across = vf_where_gt(vf_load(m->pairs.class_of + at + v * VF),
                                          class_i, e, zero);
            const vf within = vf_sub(e, across); /* one of the two is zero */
            const vf part[KDE_SUMS] = {
                within, vf_mul(vf_mul(within, within), vf_mul(within, within)),
                across, vf_mul(vf_mul(across, across), vf_mul(across, across))};
            for (int s = 0; s < KDE_SUMS; ++s) {
                float *lanes = work->lane_sum[s] + (row + r) * VF;
                vf_store(lanes, vf_add(vf_load(lanes), part[s]));
                column->at[s][v] = vf_add(column->at[s][v], part[s]);
            }
        }
    }
}

/* `row` counts from the block's first row; *t is used up. */
INLINE void add_tile(tile *t, const kde_matrix *m, int64_t first, int64_t row,
                     int64_t at, kde_workspace *work, column_sums *column)
{
    const float *class_of = m->pairs.class_of;
    const int64_t i = first + row, last = i + PANEL - 1, end = at + TILE_COLUMNS - 1;
    tile_similarities(t, m);
    if (at > last && end < m->pairs.n && class_of[last] < class_of[at])
        add_whole(t, row, KDE_LOWER_ACROSS, work, column);
    else if (at > last && end < m->pairs.n && class_of[i] == class_of[end])
        add_whole(t, row, KDE_LOWER_WITHIN, work, column);
    else {
        const tile copy = *t; /* so that *t may stay in registers */
        add_mixed(&copy, m, first, row, at, work, column);
    }
}

#endif
