/*
 * kde_tile.h - from the distances of a tile to Gaussian similarities and their sums.
 *
 * One exponential serves both bounds. A tile whose pairs are all within a class, or
 * all across classes, is added without a mask; the few others pair by pair.
 */
#ifndef KDE_TILE_H
#define KDE_TILE_H

#include "cpu/kde_similarity.h"

enum {
    TOGETHER = VF == 16 ? 8 : 4 /* exponentials in step: what registers hold    */
};

/* Float sums of one column group; flushed after each pass over the rows. */
typedef struct {
    vf at[KDE_SUMS][TILE_VECTORS];
} column_sums;

INLINE void tile_similarities(tile *t, const kde_matrix *m)
{
#pragma GCC unroll 6
    for (int first = 0; first < PANEL * TILE_VECTORS; first += TOGETHER)
        similarities_in_step(&t->at[0][0] + first, TOGETHER, m);
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
        float *lanes = lanes_of(work, lower + bound, row);
#pragma GCC unroll 8
        for (int r = 0; r < PANEL; ++r) {
            const vf two = vf_add(part->at[r][0], part->at[r][1]);
            const vf sum = vf_add(two, part->at[r][2]);
            float *at = lanes + r * LANES_STRIDE;
            vf_store(at, vf_add(vf_load(at), sum));
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

/* Any tile: on the diagonal, at the end of the matrix, or where classes meet. */
static __attribute__((noinline)) void
add_mixed(const tile *similar, const kde_matrix *m, int64_t first, int64_t row,
          int64_t at, kde_workspace *work, column_sums *column)
{
    for (int r = 0; r < PANEL; ++r)
        for (int v = 0; v < TILE_VECTORS; ++v)
            add_masked(similar->at[r][v], m, first, row + r, at + v * VF, work,
                       &column->at[0][v], TILE_VECTORS);
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
