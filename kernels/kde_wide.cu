/*
 * kde_wide.cu - pair sums of layers wider than 32, leaving a tile as early as it can.
 *
 * The same sums as kde_small.cu, for any d.
 *
 * Launch    A block of 64 threads owns one tile of 64 x 64 pairs (pairs_wide.cuh).
 *           blockIdx.x counts the tiles of the squares of kde_squares.cuh of all
 *           layers, or of a window of one (kde_blocks.cu). Six blocks fit a
 *           multiprocessor.
 * Traffic   That of the distances: the float units limit.
 * Numerics  As kde_small.cu. Once the smallest distance of a tile is beyond layer.limit
 *           every pair's term is below 2^-(ceil(log2 n) + 21): what a row loses is less
 *           than 2^-21 of its sum, which holds the exact 1 of j = i.
 * Limits    n <= 2^20.
 */
#include "kde_squares.cuh"
#include "kde_tile.cuh"
#include "pairs_wide.cuh"

static __device__ __forceinline__ void fetch_classes(const pairs_layer &l, int tile,
                                                     int32_t *to)
{
    const int row = min(tile * TILE + (int)threadIdx.x, l.n - 1);
    to[threadIdx.x] = __ldg(l.sorted_class + row);
}

/* The tiles of rows and of columns of a block, and the kinds of pairs in them. */
struct wide_place {
    int  row, col, kind, kind_last;
    bool there;
};

static __device__ __forceinline__ void find_tile(const pairs_layer &l,
                                                 kde_window window, int64_t p,
                                                 wide_place *at)
{
    at->there = find_in_squares(tiles_of(window, l.n, TILE), p, &at->row, &at->col);
    if (at->there) kinds_of(l, TILE, at->row, at->col, &at->kind, &at->kind_last);
}

static __global__ void __launch_bounds__(THREADS, 6)
wide_tile(const kde_layer *__restrict__ layers, int layer_count, kde_window window,
          int64_t base)
{
    __shared__ __align__(16) float rows[2][CHUNK][TILE], cols[2][CHUNK][TILE];
    __shared__ __align__(16) kde_end<SIDE> end;
    __shared__ kde_layer l;
    __shared__ wide_place at; /* shared, as the layer: they would take registers */
    __shared__ float box_part[THREADS / 32];

    fetch_layer(layers, layer_count, base + blockIdx.x, &l);
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    if (threadIdx.x == 0)
        find_tile(l.pairs, window, base + blockIdx.x - l.first_block, &at);
    __syncthreads();
    if (!at.there) return;
    if (boxes_far(l.pairs, at.row, at.col, l.limit, box_part)) return;
    fetch_classes(l.pairs, at.row, end.row_class);
    fetch_classes(l.pairs, at.col, end.col_class);

    for (int kind = at.kind; kind <= at.kind_last; ++kind) { /* mixed: twice */
        float d2[8][8] = {}, lower[8] = {}, upper[8] = {};
        if (!wide_distances(l.pairs, at.row, at.col, l.limit, x, y, rows, cols, d2))
            return;
        if (at.row == at.col || at.kind != at.kind_last)
            keep_kind(kind, at.row == at.col, x, y, end, d2);
        add_terms(d2, l.scale, x, end, lower, upper);
        __syncthreads();
        flush_columns(end, kind, l, at.col);
        flush_rows(end, kind, l, at.row, x, y, lower, upper);
    }
}

ipl_status kde_launch_wide(ipl_cuda *dev, kde_window window, int64_t base,
                           int64_t blocks, int layers, const kde_layer *layer)
{
    wide_tile<<<(unsigned)blocks, THREADS, 0, dev->stream>>>(layer, layers, window,
                                                            base);
    IPL_LAUNCHED(dev, wide_tile);
    return IPL_OK;
}
