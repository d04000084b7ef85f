/*
 * neighbours_kernel.c - nearest neighbours and counts of a block of rows, in vectors.
 *
 * Tiles     The distances of pairs_tile.h are compared with a limit for each row while
 *           they are in registers: a row's radius, or its k-th distance so far. Few
 *           pairs are within a k-th distance: these alone are sorted in, one by one.
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

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* PANEL rows. Their classes follow each other, so that the columns with others of any
 * of them are one range, and those with others of all of them another within. */
typedef struct {
    int64_t row;
    int64_t any_begin, any_end, all_begin, all_end;
    float   most, least; /* limits                                                 */
} near_panel;

/* A block of rows on its way over the tiles. */
typedef struct {
    const near_layer *layer;
    near_workspace   *work;
    ipl_norm   norm;
    int64_t    row, rows;
    int64_t    begin, end; /* tiles with others                                    */
    int64_t    look;       /* units after which a tile may be left                 */
    int64_t    panels;
    near_panel panel[NEAR_PANELS];
} near_block;

INLINE near_block block_of(const near_layer *l, int64_t row, ipl_norm norm,
                           near_workspace *work)
{
    const int64_t rows = least(l->pairs.n - row, NEAR_ROWS);
    near_block b = {.layer = l, .work = work, .norm = norm, .row = row, .rows = rows,
                    .begin = l->first[row] / TILE_COLUMNS,
                    .end = ceil_div(l->end[row + rows - 1], TILE_COLUMNS),
                    .look = STEP, .panels = ceil_div(rows, PANEL)};
    for (int64_t p = 0; p < b.panels; ++p) {
        const int64_t i = row + p * PANEL;
        const int64_t last = least(i + PANEL, row + rows) - 1;
        b.panel[p] = (near_panel){.row = i,
                                  .any_begin = l->first[i], .any_end = l->end[last],
                                  .all_begin = l->first[last], .all_end = l->end[i]};
    }
    return b;
}

/* The largest and the smallest limit of a panel's rows, without rows in excess. */
INLINE void limits_changed(const near_block *b, near_panel *p)
{
    const int64_t end = least(b->row + b->rows, p->row + PANEL);
    const float *limit = b->work->limit;
    p->most = p->least = limit[p->row - b->row];
    for (int64_t i = p->row + 1; i < end; ++i) {
        if (limit[i - b->row] > p->most) p->most = limit[i - b->row];
        if (limit[i - b->row] < p->least) p->least = limit[i - b->row];
    }
}

INLINE int has_others(const near_panel *p, int64_t column)
{
    return column + TILE_COLUMNS > p->any_begin && column < p->any_end;
}

/* -- Boxes ----------------------------------------------------------------------- */

/* Bounds of the distances between the block's panels and the tiles from `at` on. */
INLINE void bound_tiles(const near_block *b, int64_t at, int64_t tiles, int farthest)
{
    const near_layer *l = b->layer;
    for (int64_t p = 0; p < b->panels; ++p)
        for (int64_t t = 0; t < tiles; t += VF) {
            const int64_t box = b->panel[p].row / PANEL * l->units;
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
        vf nearest = t->at[r][0];
#pragma GCC unroll 3
        for (int v = 1; v < TILE_VECTORS; ++v) nearest = vf_min(nearest, t->at[r][v]);
        beyond &= vf_gt(nearest, vf_set(limit[r]));
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
        const int64_t units = least(l->d - k, PAIRS_CHUNK);
        const float *chunk = l->rows + k * l->padded;
        const float *at = packed_row(chunk, units, row), *to = chunk + column * units;
        for (int64_t u = 0; u < units;) {
            const int64_t next = first_look - k > u ? first_look - k : u + STEP;
            const int64_t end = least(next, units);
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
    /* On a lattice most pairs are as far as the limit: of those only the numbers below
     * the last neighbour's go on. */
    const vf last = vf_set((float)(uint32_t)b->work->list[i][k - 1]);
    uint64_t nearer = 0;
#pragma GCC unroll 3
    for (int v = 0; v < TILE_VECTORS; ++v)
        nearer |= (uint64_t)(vf_gt(limit, distance[v]) |
                             vf_gt(last, vf_load(l->tie + column + v * VF)))
                  << (v * VF);
    within &= nearer;
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

INLINE void keep_nearest(near_block *b, near_panel *p, int64_t column, int k)
{
    const int64_t i = p->row - b->row;
    tile t;
    if (!has_others(p, column)) return;
    if (!distances(b, p->row, column, b->work->limit + i, &t)) return;
    for (int r = 0; r < PANEL; ++r) keep_row(b, i + r, column, k, t.at[r]);
    limits_changed(b, p);
}

/* The block's own tiles come first: with them the limits are near their last values.
 * Then its own span, where the tiles are that touch them, and the others. */
INLINE void lists_in(const near_layer *l, int64_t row, int k, ipl_norm norm,
                     near_workspace *work)
{
    near_block b = block_of(l, row, norm, work);
    const int64_t own = row / TILE_COLUMNS;
    const int64_t own_end = least(own + NEAR_ROWS / TILE_COLUMNS, b.end);
    const int64_t spans = ceil_div(l->tiles, NEAR_SPAN);
    for (int64_t i = 0; i < NEAR_ROWS; ++i) {
        work->limit[i] = i < b.rows ? INFINITY : -1.0f;
        for (int m = 0; m < k; ++m) work->list[i][m] = NEAR_NONE;
    }
    for (int64_t p = 0; p < b.panels; ++p) {
        limits_changed(&b, &b.panel[p]);
        for (int64_t t = own; t < own_end; ++t)
            keep_nearest(&b, &b.panel[p], t * TILE_COLUMNS, k);
    }
    for (int64_t s = 0; s < spans; ++s) {
        const int64_t at = (own / NEAR_SPAN + s) % spans * NEAR_SPAN;
        const int64_t to = least(at + NEAR_SPAN, b.end);
        if (to <= at || at + NEAR_SPAN <= b.begin) continue;
        bound_tiles(&b, at, to - at, 0);
        for (int64_t t = at > b.begin ? at : b.begin; t < to; ++t)
            for (int64_t p = 0; p < b.panels; ++p)
                if ((t < own || t >= own_end) &&
                    work->nearest[p][t - at] <= b.panel[p].most)
                    keep_nearest(&b, &b.panel[p], t * TILE_COLUMNS, k);
    }
}

static void lists(const near_layer *l, int64_t row, int k, near_workspace *work)
{
    if (l->norm == IPL_NORM_MAX) lists_in(l, row, k, IPL_NORM_MAX, work);
    else lists_in(l, row, k, IPL_NORM_EUCLID, work);
}

/* -- Counts within a radius ------------------------------------------------------ */

/* 1 for a column in [first, end), else 0: what is beyond is of another class or in
 * excess. */
INLINE vf is_other(const near_layer *l, int64_t row, int64_t column)
{
    const vf j = vf_load(l->pairs.position + column), none = vf_set(0.0f);
    const vf before_end =
        vf_where_gt(vf_set((float)l->end[row]), j, vf_set(1.0f), none);
    return vf_where_gt(vf_set((float)l->first[row]), j, none, before_end);
}

/* Adds the pairs within the limits; all: every column is an other of every row. */
INLINE void add_counts(const near_block *b, const near_panel *p, int64_t column,
                       int all, const tile *t)
{
#pragma GCC unroll 8
    for (int r = 0; r < PANEL; ++r) {
        const int64_t i = p->row - b->row + r;
        const vf limit = vf_set(b->work->limit[i]);
        vf sum = vf_load(b->work->lanes + i * VF);
#pragma GCC unroll 3
        for (int v = 0; v < TILE_VECTORS; ++v) {
            const vf one = all ? vf_set(1.0f)
                               : is_other(b->layer, p->row + r, column + v * VF);
            sum = vf_add(sum, vf_where_gt(t->at[r][v], limit, vf_set(0.0f), one));
        }
        vf_store(b->work->lanes + i * VF, sum);
    }
}

/* near, far: bounds of the distances between the panel and the tile. */
INLINE void count_tile(near_block *b, const near_panel *p, int64_t column, float near,
                       float far)
{
    const int all = column >= p->all_begin && column + TILE_COLUMNS <= p->all_end;
    tile t;
    if (near > p->most || !has_others(p, column)) return;
    if (all && far <= p->least) {
        for (int r = 0; r < PANEL; ++r)
            b->work->whole[p->row - b->row + r] += TILE_COLUMNS;
        return;
    }
    if (!distances(b, p->row, column, b->work->limit + (p->row - b->row), &t)) return;
    if (all) add_counts(b, p, column, 1, &t);
    else add_counts(b, p, column, 0, &t);
}

INLINE void counts_in(const near_layer *l, int64_t row, ipl_norm norm,
                      near_workspace *work)
{
    near_block b = block_of(l, row, norm, work);
    const int bounded = l->units == l->pairs.d; /* else nothing bounds from above */
    for (int64_t p = 0; p < b.panels; ++p) limits_changed(&b, &b.panel[p]);
    for (int64_t i = 0; i < NEAR_ROWS; ++i) {
        work->whole[i] = 0;
        vf_store(work->lanes + i * VF, vf_set(0.0f));
    }
    for (int64_t at = b.begin / NEAR_SPAN * NEAR_SPAN; at < b.end; at += NEAR_SPAN) {
        const int64_t to = least(at + NEAR_SPAN, b.end);
        bound_tiles(&b, at, to - at, bounded);
        for (int64_t t = at > b.begin ? at : b.begin; t < to; ++t)
            for (int64_t p = 0; p < b.panels; ++p)
                count_tile(&b, &b.panel[p], t * TILE_COLUMNS, work->nearest[p][t - at],
                           bounded ? work->farthest[p][t - at] : NAN);
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
