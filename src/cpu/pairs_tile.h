/*
 * pairs_tile.h - squared or largest distances of a tile of pairs, in registers.
 *
 * PANEL rows x 3 vectors of columns: 12 (AVX-512: 24) vectors of distances, added to
 * one unit at a time with PANEL x 3 subtractions and fused multiply-adds for
 * PANEL + 3 loads. What distances are for is the caller's business.
 *
 * Numerics: differences are taken before squaring, never |a|^2 + |b|^2 - 2ab, which
 * cancels for close rows. The partial sums only grow, so a tile all of whose
 * distances are beyond a cut after some units can be left.
 */
#ifndef PAIRS_TILE_H
#define PAIRS_TILE_H

#include <math.h>

#include "cpu/pairs_pack.h"
#include "cpu/simd.h"

enum {
    PANEL = VF == 16 ? 8 : 4,
    TILE_VECTORS = 3,
    TILE_COLUMNS = TILE_VECTORS * VF,
    STEP = 16 /* units between two looks at whether a tile may be left          */
};

/* A vector for each row and column vector of a tile: distances, or what a caller makes
 * of them. */
typedef struct {
    vf at[PANEL][TILE_VECTORS];
} tile;

/* Row i of a chunk of so many packed units: its lane of the first unit. */
INLINE const float *packed_row(const float *chunk, int64_t units, int64_t i)
{
    return chunk + i / VF * units * VF + i % VF;
}

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

/* Takes the absolute differences of `units` coordinates in: the largest one stays. */
INLINE void take_largest(tile *largest, const float *a, const float *b, int64_t stride,
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
            for (int v = 0; v < TILE_VECTORS; ++v)
                largest->at[r][v] =
                    vf_max_abs(largest->at[r][v], vf_sub(row, column[v]));
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

INLINE void tile_add(tile *t, const tile *other)
{
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v)
            t->at[r][v] = vf_add(t->at[r][v], other->at[r][v]);
}

/* Whether any distance of the tile, with those of `before` where given, is below the
 * cut. */
INLINE int tile_counts(const tile *t, const tile *before, float cut)
{
    vf least = vf_set(INFINITY);
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v)
            least = vf_min(least, before ? vf_add(before->at[r][v], t->at[r][v])
                                         : t->at[r][v]);
    return vf_gt(vf_set(cut), least) != 0;
}

/* As add_distances, with looks at whether the tile, to which `before` belongs if it is
 * given, may be left; returns 0 if so. A look costs as much as three units, and tiles
 * that follow each other are alike: the first look is where the tile before was left,
 * or one STEP earlier if that was its first look, and then every STEP. *look starts at
 * STEP. */
INLINE int add_until_cut(tile *sum, const tile *before, const float *a, const float *b,
                         int64_t stride, int64_t units, float cut, int64_t *look)
{
    int64_t from = 0, to = cut < INFINITY && *look < units ? *look : units;
    for (;;) {
        add_distances(sum, a + from * VF, b + from * VF, stride, to - from);
        if (cut < INFINITY && !tile_counts(sum, before, cut)) {
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

#endif
