/*
 * near_tile.cuh - distances of a tile of pairs of rows, for selecting and for counting.
 *
 * Launch    A block of 64 threads owns 64 rows and goes through a run of columns in
 *           tiles of 64; each thread has 8 x 8 pairs of a tile in registers (column()
 *           of pairs_tile.cuh). Several blocks may share the columns.
 * Traffic   A tile reads up to 512 bytes a unit (mostly from L2), 8 units at a time
 *           through two buffers in shared memory, for 4096 pairs: two float operations
 *           a pair and unit, which limit.
 * Numerics  A pair's distance is in float, from its units one after the other, of space
 *           0 first: D(i,j) and D(j,i) have the same bits, and so they have in each
 *           kernel that includes this. It only grows on the way: a tile is left once
 *           its caller has no use for what is beyond the distances so far.
 */
#ifndef IPL_NEAR_TILE_CUH
#define IPL_NEAR_TILE_CUH

#include "near_layer.cuh"
#include "pairs_tile.cuh"

enum {
    SIDE = 8, TILE = NEAR_TILE, THREADS = SIDE * SIDE,
    CHUNK = 8,      /* units in a buffer                    */
    EXIT_CHUNKS = 4 /* chunks between two looks for an exit */
};

/* Shared memory of a block. */
struct near_share {
    float   rows[2][CHUNK][TILE], cols[2][CHUNK][TILE];
    float   bound[TILE];            /* of each row: pairs beyond it do not matter    */
    float   col_bound[TILE];        /* of each column, where columns count too       */
    int32_t first[TILE], end[TILE]; /* columns that a row may count; none: 0, 0      */
};

/* Where a block is: its rows begin at `row` and its columns at `col`. */
struct near_place {
    int32_t row, row_end, col, col_end;
};

static __device__ __forceinline__ int32_t number_of(const near_layer &l, int32_t i)
{
    return l.order ? __ldg(l.order + i) : i;
}

/* Puts the block in its place in a window; false where it has no pairs. half: none of
 * columns before the block's rows. Holds a barrier. */
static __device__ __forceinline__ bool find_place(const near_layer &l, near_window w,
                                                  bool half, near_share &share,
                                                  near_place *at)
{
    const int64_t b = w.base + blockIdx.x;
    at->row = w.row + (int32_t)min(b / l.splits * TILE, (int64_t)l.n);
    at->row_end = min(min(w.row_end, l.n), at->row + TILE);
    if (at->row >= at->row_end) return false;
    const int32_t i = at->row + (int32_t)threadIdx.x;
    int32_t first = 0, end = 0;
    if (i < at->row_end) {
        const int32_t of = l.label ? __ldg(l.label + number_of(l, i)) : 0;
        const int32_t last = min(w.col_end, l.n); /* of the window */
        first = min(max(__ldg(l.start + of), w.col), last);
        end = max(first, min(__ldg(l.start + of + 1), last));
    }
    share.first[threadIdx.x] = first;
    share.end[threadIdx.x] = end;
    __syncthreads();
    const int32_t from = half ? max(share.first[0], at->row) : share.first[0];
    const int32_t to = share.end[at->row_end - 1 - at->row];
    const int32_t tiles = (max(to - from, 0) + TILE - 1) / TILE;
    const int64_t run = TILE * max(l.strip, (tiles + l.splits - 1) / l.splits);
    at->col = (int32_t)min((int64_t)to, from + run * (b % l.splits));
    at->col_end = (int32_t)min((int64_t)to, at->col + run);
    return at->col < at->col_end;
}

/* Row i of a space: where it is on the device, or in a slot with `first` at its
 * beginning. */
static __device__ __forceinline__ const float *
row_at(const near_layer &l, const near_space &s, int32_t i, int32_t first, int slot)
{
    if (s.t) return s.t + (int64_t)number_of(l, i) * s.d;
    return s.slots + ((int64_t)slot * l.slot_rows + i - first) * s.d;
}

/* Units k .. k + 7 of a row of d; 0 behind the last. */
static __device__ __forceinline__ void fetch_units(const float *row, int k, int d,
                                                   float (&v)[CHUNK])
{
    if (d % 4 == 0 && (size_t)row % 16 == 0) {
#pragma unroll
        for (int g = 0; g < CHUNK; g += 4)
            *(float4 *)(v + g) = k + g < d ? __ldg((const float4 *)(row + k + g))
                                           : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    } else {
#pragma unroll
        for (int u = 0; u < CHUNK; ++u) v[u] = k + u < d ? __ldg(row + k + u) : 0.0f;
    }
}

static __device__ __forceinline__ void store_units(const float (&v)[CHUNK], float unit,
                                                   float (*buffer)[TILE])
{
#pragma unroll
    for (int u = 0; u < CHUNK; ++u) buffer[u][threadIdx.x] = unit * v[u];
}

/* dist = the larger of it and the difference in one unit, for 8 x 8 pairs. */
static __device__ __forceinline__ void widen_unit(const float *rows, const float *cols,
                                                  int x, int y, float (&dist)[8][8])
{
    float a[8], b[8];
    *(float4 *)(a)     = *(const float4 *)(rows + y * 8);
    *(float4 *)(a + 4) = *(const float4 *)(rows + y * 8 + 4);
    *(float4 *)(b)     = *(const float4 *)(cols + x * 4);
    *(float4 *)(b + 4) = *(const float4 *)(cols + x * 4 + 4 * SIDE);
#pragma unroll
    for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < 8; ++j)
            dist[i][j] = fmaxf(dist[i][j], fabsf(a[i] - b[j]));
}

/* Whether some pair of the thread is within its row's bound, or within `least`. */
static __device__ __forceinline__ bool any_within(const float (&dist)[8][8],
                                                  const float *bound, float least)
{
    bool within = false;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        float nearest = INFINITY;
#pragma unroll
        for (int j = 0; j < 8; ++j) nearest = fminf(nearest, dist[i][j]);
        within |= nearest <= fmaxf(bound[i], least);
    }
    return within;
}

/* The distances of the thread's pairs of the tile of columns from `col` on, or false
 * once `of_use` is so of no thread's. Needs a barrier before and holds some. */
template <class Use>
static __device__ __forceinline__ bool
tile_distances(const near_layer &l, near_window w, const near_place &at, int32_t col,
               int x, int y, near_share &share, Use of_use, float (&dist)[8][8])
{
    const int32_t i = min(at.row + (int32_t)threadIdx.x, at.row_end - 1);
    const int32_t j = min(col + (int32_t)threadIdx.x, at.col_end - 1);
    float next_i[CHUNK], next_j[CHUNK];
    const float *row_i = row_at(l, l.space[0], i, w.row, w.row_slot);
    const float *row_j = row_at(l, l.space[0], j, w.col_first, w.col_slot);
    int d = l.space[0].d, k = 0, space = 0;
    fetch_units(row_i, 0, d, next_i);
    fetch_units(row_j, 0, d, next_j);
    for (int chunk = 0;; ++chunk) {
        const int turn = chunk % 2, units = min(CHUNK, d - k);
        store_units(next_i, l.unit, share.rows[turn]);
        store_units(next_j, l.unit, share.cols[turn]);
        if (chunk % EXIT_CHUNKS || !chunk) __syncthreads();
        else if (!__syncthreads_or(of_use(dist))) return false;
        k += CHUNK;
        if (k >= d && ++space < l.spaces) {
            row_i = row_at(l, l.space[space], i, w.row, w.row_slot);
            row_j = row_at(l, l.space[space], j, w.col_first, w.col_slot);
            d = l.space[space].d;
            k = 0;
        }
        if (space < l.spaces) {
            fetch_units(row_i, k, d, next_i);
            fetch_units(row_j, k, d, next_j);
        }
        if (l.norm == IPL_NORM_MAX)
#pragma unroll 1 /* the units of two would spill */
            for (int u = 0; u < units; ++u)
                widen_unit(share.rows[turn][u], share.cols[turn][u], x, y, dist);
        else
#pragma unroll 1
            for (int u = 0; u < units; ++u)
                add_unit<SIDE>(share.rows[turn][u], share.cols[turn][u], x, y, dist);
        if (space == l.spaces) return true;
    }
}

/* Makes the distances NaN of pairs that a row does not count. */
static __device__ __forceinline__ void
mask_pairs(const near_share &share, const near_place &at, int32_t col, int x, int y,
           float (&dist)[8][8])
{
    const bool apart = col >= at.row + TILE || col + TILE <= at.row;
    if (apart && share.first[TILE - 1] <= col && share.end[0] >= col + TILE &&
        share.end[TILE - 1] > 0 && at.col_end >= col + TILE)
        return;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        const int r = y * 8 + i;
        const int32_t first = share.first[r], end = min(share.end[r], at.col_end);
#pragma unroll
        for (int j = 0; j < 8; ++j) {
            const int32_t c = col + column<SIDE>(x, j);
            if (c < first || c >= end || c == at.row + r) dist[i][j] = NAN;
        }
    }
}

#endif
