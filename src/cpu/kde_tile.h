/*
 * kde_tile.h - distances and similarities of a tile of pairs, in registers.
 *
 * PANEL rows x 3 vectors of columns: 12 (AVX-512: 24) vectors of distances, added to
 * one unit at a time with PANEL x 3 subtractions and fused multiply-adds for
 * PANEL + 3 loads. One exponential then serves both bounds.
 */
#ifndef KDE_TILE_H
#define KDE_TILE_H

#include <math.h>

#include "cpu/kde.h"
#include "cpu/simd.h"

enum {
    PANEL = VF == 16 ? 8 : 4,
    TILE_VECTORS = 3,
    TILE_COLUMNS = TILE_VECTORS * VF,
    TOGETHER = VF == 16 ? 8 : 4, /* exponentials in step: what registers hold   */
    STEP = 16,   /* units between two looks at whether a tile may be dropped    */
    UNROLLED_MAX = 32
};

/* Distances of a tile, or what one tile adds to. */
typedef struct {
    vf at[PANEL][TILE_VECTORS];
} tile;

/* Float sums of one column group; flushed after each pass over the rows. */
typedef struct {
    vf at[KDE_SUMS][TILE_VECTORS];
} column_sums;

/* Adds the squared differences of `units` coordinates; a and b at the first one. */
INLINE void add_distances(tile *sum, const float *a, const float *b, int64_t stride,
                          int64_t units)
{
    for (int64_t k = 0; k < units; ++k, a += VF, b += VF) {
        vf column[TILE_VECTORS];
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v) column[v] = vf_load(b + v * stride);
#pragma GCC unroll 8
        for (int r = 0; r < PANEL; ++r) {
            const vf row = vf_set(a[r]);
#pragma GCC unroll 3
            for (int v = 0; v < TILE_VECTORS; ++v) {
                const vf difference = vf_sub(row, column[v]);
                sum->at[r][v] = vf_fma(difference, difference, sum->at[r][v]);
            }
        }
    }
}

INLINE void tile_clear(tile *t)
{
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v) t->at[r][v] = vf_set(0.0f);
}

/* Whether any distance of the tile is below the cut. */
INLINE int tile_counts(const tile *t, float cut)
{
    vf least = t->at[0][0];
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v) least = vf_min(least, t->at[r][v]);
    return vf_gt(vf_set(cut), least) != 0;
}

/* As add_distances, with looks at whether the tile may be dropped; returns 0 if so. A
 * look costs as much as three units, and tiles that follow each other are alike: the
 * first look is where the tile before was dropped, or one STEP earlier if that was
 * its first look, and then every STEP. *look starts at STEP. */
INLINE int add_until_cut(tile *sum, const float *a, const float *b, int64_t stride,
                         int64_t units, float cut, int64_t *look)
{
    int64_t from = 0, to = cut < INFINITY && *look < units ? *look : units;
    for (;;) {
        add_distances(sum, a + from * VF, b + from * VF, stride, to - from);
        if (cut < INFINITY && !tile_counts(sum, cut)) {
            *look = from || to <= STEP ? to : to - STEP;
            return 0;
        }
        if (to == units) break;
        from = to;
        to = to + STEP < units ? to + STEP : units;
    }
    *look = units;
    return 1;
}

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
            const vf sum = vf_add(vf_add(part->at[r][0], part->at[r][1]), part->at[r][2]);
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
        const vf position = vf_set((float)(first + row + r));
        const vf class_of = vf_set(m->class_of[first + row + r]);
        for (int v = 0; v < TILE_VECTORS; ++v) {
            const vf e = vf_where_gt(vf_load(m->position + at + v * VF), position,
                                     similar->at[r][v], zero);
            const vf across = vf_where_gt(vf_load(m->class_of + at + v * VF), class_of,
                                          e, zero);
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
    const float *class_of = m->class_of;
    const int64_t i = first + row, last = i + PANEL - 1, end = at + TILE_COLUMNS - 1;
    tile_similarities(t, m);
    if (at > last && end < m->n && class_of[last] < class_of[at])
        add_whole(t, row, KDE_LOWER_ACROSS, work, column);
    else if (at > last && end < m->n && class_of[i] == class_of[end])
        add_whole(t, row, KDE_LOWER_WITHIN, work, column);
    else {
        const tile copy = *t; /* so that *t may stay in registers */
        add_mixed(&copy, m, first, row, at, work, column);
    }
}

#endif
