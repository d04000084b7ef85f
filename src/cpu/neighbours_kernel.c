/*
 * neighbours_kernel.c - nearest neighbours and counts of a block of rows, in vectors.
 *
 * Tiles     The distances of pairs_tile.h are compared with a limit for each row without
 *           leaving registers: a row's radius, or its k-th distance so far. Few pairs
 *           of a tile are within a k-th distance: these alone are sorted in, one by one.
 * Boxes     A tile whose box is farther from a panel's than all its limits is left out;
 *           one that lies entirely within all radii is counted as a whole. Bounds come
 *           from the same differences, rounded alike and taken in the same order as a
 *           distance: float arithmetic is monotone, so no pair is on the wrong side.
 * Numerics  A distance has the same bits in each tile, panel and entry: it is one chain
 *           of operations over the units, whose order is fixed. Neighbours are the
 *           smallest pairs (distance, number), which no order of visiting changes.
 */
#include "cpu/neighbours.h"
#include "cpu/pairs_tile.h"

enum { ALL = (1 << VF) - 1 }; /* lanes of a comparison */

/* A block of rows on its way over the tiles. */
typedef struct {
    const near_layer *layer;
    near_workspace   *work;
    ipl_norm norm;
    int64_t  row, rows, panels;
    int64_t  look;            /* units after which a tile may be left              */
    float    most[NEAR_PANELS]; /* largest limit of a panel                        */
} near_block;

static near_block block_of(const near_layer *l, int64_t row, ipl_norm norm,
                           near_workspace *work)
{
    const int64_t left = l->pairs.n - row, rows = left < NEAR_ROWS ? left : NEAR_ROWS;
    return (near_block){.layer = l, .work = work, .norm = norm, .row = row,
                        .rows = rows, .panels = ceil_div(rows, PANEL), .look = STEP};
}

/* -- Boxes ----------------------------------------------------------------------- */

/* Bounds of the distances between the block's panels and the tiles from `at` on. */
INLINE void bound_tiles(const near_block *b, int64_t at, int64_t tiles, int farthest)
{
    const near_layer *l = b->layer;
    for (int64_t p = 0; p < b->panels; ++p)
        for (int64_t t = 0; t < tiles; t += VF) {
            const int64_t box = (b->row / PANEL + p) * l->units;
            vf near = vf_set(0.0f), far = near;
            for (int u = 0; u < l->units; ++u) {
                const vf lo = vf_load(l->tile_lo + u * l->stride + at + t);
                const vf hi = vf_load(l->tile_hi + u * l->stride + at + t);
                const vf row_lo = vf_set(l->panel_lo[box + u]);
                const vf row_hi = vf_set(l->panel_hi[box + u]);
                const vf apart = vf_max(vf_sub(lo, row_hi), vf_sub(row_lo, hi));
                const vf gap = vf_max(apart, vf_set(0.0f));
                near = b->norm == IPL_NORM_MAX ? vf_max(near, gap)
                                               : vf_fma(gap, gap, near);
                if (!farthest) continue;
                const vf reach = vf_max(vf_sub(hi, row_lo), vf_sub(row_hi, lo));
                far = b->norm == IPL_NORM_MAX ? vf_max(far, reach)
                                              : vf_fma(reach, reach, far);
            }
            vf_store(&b->work->nearest[p][t], near);
            if (farthest) vf_store(&b->work->farthest[p][t], far);
        }
}

/* -- Distances ------------------------------------------------------------------- */

/* Whether each distance is beyond its row's limit. */
INLINE int all_beyond(const tile *t, const float *limit)
{
    unsigned beyond = ALL;
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r) {
        vf least = t->at[r][0];
#pragma GCC unroll 3
        for (int v = 1; v < TILE_VECTORS; ++v) least = vf_min(least, t->at[r][v]);
        beyond &= vf_gt(least, vf_set(limit[r]));
    }
    return beyond == ALL;
}

INLINE void take_units(tile *t, ipl_norm norm, const float *a, const float *b,
                       int64_t stride, int64_t units)
{
    if (norm == IPL_NORM_MAX) take_largest(t, a, b, stride, units);
    else add_distances(t, a, b, stride, units);
}

/* Distances of the panel at `row` and the tile at `column`; 0 if all are beyond their
 * limits, which may be known before the last unit. Tiles that follow each other are
 * alike: the first look is where the one before was left, or halfway if that was its
 * first. */
INLINE int distances(near_block *b, int64_t row, int64_t column, const float *limit,
                     tile *t)
{
    const pairs_layer *l = &b->layer->pairs;
    const int64_t first_look = b->look;
    tile_clear(t);
    for (int64_t k = 0; k < l->d; k += PAIRS_CHUNK) {
        const int64_t units = l->d - k < PAIRS_CHUNK ? l->d - k : PAIRS_CHUNK;
        const float *chunk = l->rows + k * l->padded;
        const float *at = packed_row(chunk, units, row), *to = chunk + column * units;
        for (int64_t u = 0; u < units;) {
            int64_t end = first_look - k > u ? first_look - k : u + STEP;
            if (end > units) end = units;
            take_units(t, b->norm, at + u * VF, to + u * VF, units * VF, end - u);
            u = end;
            if (k + u < first_look && k + u < l->d) continue;
            if (!all_beyond(t, limit)) continue;
            b->look = k + u > first_look || k + u <= 2 * STEP ? k + u : (k + u) / 2;
            return 0;
        }
    }
    b->look = l->d;
    return 1;
}

/* -- Nearest neighbours ---------------------------------------------------------- */

/* Sorts one neighbour in, if it is nearer than the last one. */
INLINE void sort_in(uint64_t *list, int k, float distance, int32_t number)
{
    uint32_t bits;
    memcpy(&bits, &distance, sizeof bits);
    const uint64_t key = (uint64_t)bits << 32 | (uint32_t)number;
    int at = k - 1;
    if (key >= list[at]) return;
    for (; at > 0 && list[at - 1] > key; --at) list[at] = list[at - 1];
    list[at] = key;
}

INLINE float last_distance(const uint64_t *list, int k)
{
    const uint32_t bits = (uint32_t)(list[k - 1] >> 32);
    float distance;
    memcpy(&distance, &bits, sizeof distance);
    return distance;
}

/* Sorts in what is within the row's limit; i: the row in the block. */
INLINE void keep_row(const near_block *b, int64_t i, int64_t column, int k,
                     const vf distance[TILE_VECTORS])
{
    const near_layer *l = b->layer;
    const int64_t row = b->row + i;
    const vf limit = vf_set(b->work->limit[i]);
    uint64_t within = 0;
#pragma GCC unroll 3
    for (int v = 0; v < TILE_VECTORS; ++v)
        within |= (uint64_t)(ALL & ~vf_gt(distance[v], limit)) << (v * VF);
    if (!within) return;
    float lane[TILE_COLUMNS];
    memcpy(lane, distance, sizeof lane);
    for (; within; within &= within - 1) {
        const int c = __builtin_ctzll(within);
        const int64_t j = column + c;
        if (j == row || j < l->first[row] || j >= l->end[row]) continue;
        sort_in(b->work->list[i], k, lane[c], l->number[j]);
    }
    b->work->limit[i] = last_distance(b->work->list[i], k);
}

INLINE void visit(near_block *b, int64_t p, int64_t tile_number, int k)
{
    const near_layer *l = b->layer;
    const int64_t column = tile_number * TILE_COLUMNS, row = b->row + p * PANEL;
    const int64_t last = (row + PANEL < l->pairs.n ? row + PANEL : l->pairs.n) - 1;
    float *limit = b->work->limit + p * PANEL;
    tile t;
    if (column + TILE_COLUMNS <= l->first[row] || column >= l->end[last]) return;
    if (!distances(b, row, column, limit, &t)) return;
    for (int r = 0; r < PANEL; ++r) keep_row(b, p * PANEL + r, column, k, t.at[r]);
    b->most[p] = limit[0];
    for (int r = 1; r < PANEL; ++r)
        if (limit[r] > b->most[p]) b->most[p] = limit[r];
}

INLINE void lists_in(const near_layer *l, int64_t row, int k, ipl_norm norm,
                     near_workspace *work)
{
    near_block b = block_of(l, row, norm, work);
    const int64_t begin = l->first[row] / TILE_COLUMNS;
    const int64_t end = ceil_div(l->end[row + b.rows - 1], TILE_COLUMNS);
    const int64_t own = row / TILE_COLUMNS, own_end = own + NEAR_ROWS / TILE_COLUMNS;
    for (int64_t i = 0; i < NEAR_ROWS; ++i) {
        work->limit[i] = i < b.rows ? INFINITY : -1.0f;
        for (int m = 0; m < k; ++m) work->list[i][m] = NEAR_NONE;
    }
    for (int64_t p = 0; p < b.panels; ++p) b.most[p] = INFINITY;
    for (int64_t t = own; t < own_end && t < end; ++t)
        for (int64_t p = 0; p < b.panels; ++p) visit(&b, p, t, k);

    /* From the block's own span on, whose rows are the nearest ones. */
    const int64_t spans = ceil_div(l->tiles, NEAR_SPAN);
    for (int64_t s = 0; s < spans; ++s) {
        const int64_t at = (own / NEAR_SPAN + s) % spans * NEAR_SPAN;
        const int64_t from = at > begin ? at : begin;
        const int64_t to = at + NEAR_SPAN < end ? at + NEAR_SPAN : end;
        if (from >= to) continue;
        bound_tiles(&b, at, to - at, 0);
        for (int64_t t = from; t < to; ++t)
            for (int64_t p = 0; p < b.panels; ++p)
                if ((t < own || t >= own_end) && work->nearest[p][t - at] <= b.most[p])
                    visit(&b, p, t, k);
    }
}

static void lists(const near_layer *l, int64_t row, int k, near_workspace *work)
{
    if (l->norm == IPL_NORM_MAX) lists_in(l, row, k, IPL_NORM_MAX, work);
    else lists_in(l, row, k, IPL_NORM_EUCLID, work);
}

/* -- Counts within a radius ------------------------------------------------------ */

/* Columns of other classes stand outside [first, end); every column is some row's, or
 * in excess and beyond every end. */
INLINE void count_panel(const near_block *b, int64_t p, int64_t column, int whole,
                        const tile *t)
{
    const near_layer *l = b->layer;
    const vf none = vf_set(0.0f), one = vf_set(1.0f);
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r) {
        const int64_t i = p * PANEL + r;
        const vf limit = vf_set(b->work->limit[i]);
        vf sum = vf_load(b->work->lanes + i * VF);
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v) {
            vf within = vf_where_gt(t->at[r][v], limit, none, one);
            if (!whole) {
                const vf j = vf_load(l->pairs.position + column + v * VF);
                const vf first = vf_set((float)l->first[b->row + i]);
                const vf end = vf_set((float)l->end[b->row + i]);
                within = vf_where_gt(first, j, none, vf_where_gt(end, j, within, none));
            }
            sum = vf_add(sum, within);
        }
        vf_store(b->work->lanes + i * VF, sum);
    }
}

INLINE void counts_in(const near_layer *l, int64_t row, ipl_norm norm,
                      near_workspace *work)
{
    near_block b = block_of(l, row, norm, work);
    const int64_t begin = l->first[row] / TILE_COLUMNS;
    const int64_t end = ceil_div(l->end[row + b.rows - 1], TILE_COLUMNS);
    const int complete = l->units == l->pairs.d;
    float least[NEAR_PANELS];
    for (int64_t p = 0; p < b.panels; ++p) {
        b.most[p] = least[p] = work->limit[p * PANEL];
        for (int64_t i = p * PANEL; i < (p + 1) * PANEL && i < b.rows; ++i) {
            if (work->limit[i] > b.most[p]) b.most[p] = work->limit[i];
            if (work->limit[i] < least[p]) least[p] = work->limit[i];
        }
    }
    for (int64_t i = 0; i < NEAR_ROWS; ++i) {
        work->whole[i] = 0;
        vf_store(work->lanes + i * VF, vf_set(0.0f));
    }
    for (int64_t at = begin / NEAR_SPAN * NEAR_SPAN; at < end; at += NEAR_SPAN) {
        const int64_t to = at + NEAR_SPAN < end ? at + NEAR_SPAN : end;
        bound_tiles(&b, at, to - at, complete);
        for (int64_t t = at > begin ? at : begin; t < to; ++t)
            for (int64_t p = 0; p < b.panels; ++p) {
                const int64_t i = row + p * PANEL, column = t * TILE_COLUMNS;
                const int64_t last = (i + PANEL < l->pairs.n ? i + PANEL : l->pairs.n) - 1;
                const int inside = column >= l->first[last] &&
                                   column + TILE_COLUMNS <= l->end[i];
                tile d;
                if (column + TILE_COLUMNS <= l->first[i] || column >= l->end[last] ||
                    work->nearest[p][t - at] > b.most[p])
                    continue;
                if (complete && inside && work->farthest[p][t - at] <= least[p]) {
                    for (int r = 0; r < PANEL; ++r)
                        work->whole[p * PANEL + r] += TILE_COLUMNS;
                    continue;
                }
                if (!distances(&b, i, column, work->limit + p * PANEL, &d)) continue;
                if (inside) count_panel(&b, p, column, 1, &d);
                else count_panel(&b, p, column, 0, &d);
            }
    }
    for (int64_t i = 0; i < b.rows; ++i)
        work->whole[i] += (int64_t)vf_sum(vf_load(work->lanes + i * VF));
}

static void counts(const near_layer *l, int64_t row, near_workspace *work)
{
    if (l->norm == IPL_NORM_MAX) counts_in(l, row, IPL_NORM_MAX, work);
    else counts_in(l, row, IPL_NORM_EUCLID, work);
}

const near_kernels KERNELS(near_kernels) = {VF, TILE_COLUMNS, PANEL, lists, counts};
