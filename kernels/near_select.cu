/*
 * near_select.cu - the k others that are nearest to each row.
 *
 * A block keeps of each of its rows the distance of the k-th nearest so far. Few tiles
 * have a pair within it, about k log(n / k) a row in all; the warp that has the row then
 * puts these in the list, one at a time.
 *
 * Launch    select_nearest: blockIdx.x counts tiles of rows and splits of their
 *           columns, blockIdx.y layers (and strides over them); near_tile.cuh has the
 *           block, and its warps have rows of their own. Six blocks fit a
 *           multiprocessor. join_lists: a warp a row.
 * Traffic   That of the distances, and a minimum a pair; a list is read from L2 and
 *           written back, 16 k bytes, for each tile with something near.
 * Numerics  The k smallest of different keys: the same for any schedule and splits.
 * Limits    k <= 64: a list is two keys a lane.
 */
#include "jobs.cuh"
#include "near_tile.cuh"

enum { HALF = 32, JOIN_WARPS = 4 };
static_assert((int)IPL_MI_K_MAX <= 2 * HALF, "two keys a lane");

/* A list across the lanes of a warp: places lane and 32 + lane. */
struct near_list {
    near_key low, high;
};

static __device__ __forceinline__ near_list load_list(const near_key *from, int k)
{
    const int lane = threadIdx.x % 32;
    near_list list = {NEAR_NONE, NEAR_NONE};
    if (lane < k) list.low = from[lane];
    if (HALF + lane < k) list.high = from[HALF + lane];
    return list;
}

static __device__ __forceinline__ void store_list(const near_list &list, int k,
                                                  near_key *to)
{
    const int lane = threadIdx.x % 32;
    if (lane < k) to[lane] = list.low;
    if (HALF + lane < k) to[HALF + lane] = list.high;
}

static __device__ __forceinline__ near_key kth(const near_list &list, int k)
{
    return __shfl_sync(~0u, k <= HALF ? list.low : list.high, (k - 1) % HALF);
}

/* The list keeps its order, and its last key goes: a place takes the key, its own or
 * that of the place before. */
static __device__ __forceinline__ void insert(near_key key, near_list *list)
{
    const bool first = threadIdx.x % 32 == 0;
    near_key before_low = __shfl_up_sync(~0u, list->low, 1);
    near_key before_high = __shfl_up_sync(~0u, list->high, 1);
    const near_key carry = __shfl_sync(~0u, list->low, HALF - 1);
    if (first) before_low = 0, before_high = carry;
    list->low = max(before_low, min(list->low, key));
    list->high = max(before_high, min(list->high, key));
}

/* Offers each lane's key. */
static __device__ __forceinline__ void offer(near_key key, int k, near_list *list)
{
    for (;;) {
        const unsigned wanted = __ballot_sync(~0u, key < kth(*list, k));
        if (!wanted) return;
        const int lane = __ffs((int)wanted) - 1;
        insert(__shfl_sync(~0u, key, lane), list);
        if ((int)(threadIdx.x % 32) == lane) key = NEAR_NONE;
    }
}

/* The distance that a pair must not exceed to come into a list. */
static __device__ __forceinline__ float bound_of(near_key kth)
{
    return kth == NEAR_NONE ? INFINITY : __uint_as_float((unsigned)(kth >> 32));
}

/* Offers the distances of a row to 64 columns; those that are NaN do not count. */
static __device__ __forceinline__ void
select_row(const near_layer &l, near_key *at, const float *dist, int32_t col,
           float *bound)
{
    const int lane = threadIdx.x % 32;
    near_list list = load_list(at, l.k);
    for (int c = lane; c < TILE; c += 32) {
        near_key key = NEAR_NONE;
        if (dist[c] <= *bound)
            key = (near_key)__float_as_uint(dist[c]) << 32 |
                  (unsigned)number_of(l, col + c);
        offer(key, l.k, &list);
    }
    store_list(list, l.k, at);
    const near_key last = kth(list, l.k);
    __syncwarp(); /* all have read the bound */
    if (lane == 0) *bound = bound_of(last);
}

/* Bit r: row r of the warp's 32 has something near. */
static __device__ __forceinline__ unsigned warp_rows(unsigned of_thread, int y)
{
    unsigned rows = of_thread << y % 4 * 8;
    for (int step = 16; step; step /= 2) rows |= __shfl_xor_sync(~0u, rows, step);
    return rows;
}

static __device__ __forceinline__ void
select_columns(const near_layer &l, near_window w, const near_place &at,
               near_key *list, int x, int y, near_share &share,
               float (&tile)[TILE][TILE])
{
    const int warp_row = (int)threadIdx.x / 32 * 32;
    for (int32_t col = at.col; col < at.col_end; col += TILE) {
        float dist[8][8] = {};
        __syncthreads(); /* the bounds are there; the buffers have been read */
        if (!tile_distances(l, w, at, col, x, y, share, dist)) continue;
        mask_pairs(share, at, col, x, y, dist);
        unsigned rows = warp_rows(rows_near(dist, share.bound + y * 8), y);
        if (!rows) continue; /* the whole warp */
#pragma unroll
        for (int i = 0; i < 8; ++i)
#pragma unroll
            for (int j = 0; j < 8; j += 4)
                *(float4 *)&tile[y * 8 + i][column<SIDE>(x, j)] =
                    *(float4 *)(dist[i] + j);
        __syncwarp();
        for (; rows; rows &= rows - 1) {
            const int r = warp_row + __ffs((int)rows) - 1;
            select_row(l, list + (int64_t)(at.row + r) * l.k, tile[r], col,
                       share.bound + r);
        }
        __syncwarp();
    }
}

static __global__ void __launch_bounds__(THREADS, 6)
select_nearest(const near_layer *__restrict__ layers, int layer_count,
               near_window window)
{
    __shared__ __align__(16) near_share share;
    __shared__ __align__(16) float tile[TILE][TILE];
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const near_layer &l = layers[job];
        near_place at;
        __syncthreads(); /* the layer before has been read */
        if (!find_place(l, window, blockIdx.x, share, &at)) continue;
        near_key *list = l.list + blockIdx.x % l.splits * (int64_t)l.n * l.k;
        const int64_t i = at.row + (int32_t)threadIdx.x;
        share.bound[threadIdx.x] =
            i < at.row_end ? bound_of(list[i * l.k + l.k - 1]) : -1.0f;
        select_columns(l, window, at, list, x, y, share, tile);
    }
}

/* One list of the splits' lists, to the row's place in the order of t. */
static __global__ void __launch_bounds__(JOIN_WARPS * 32)
join_lists(const near_layer *__restrict__ layers, int layer_count)
{
    const int lane = threadIdx.x % 32;
    const int64_t i = (int64_t)blockIdx.x * JOIN_WARPS + threadIdx.x / 32;
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const near_layer &l = layers[job];
        if (i >= l.n) continue; /* the whole warp */
        near_list list = load_list(l.list + i * l.k, l.k);
        for (int64_t s = 1; s < l.splits; ++s) {
            const near_list other = load_list(l.list + (s * l.n + i) * l.k, l.k);
            offer(other.low, l.k, &list);
            if (l.k > HALF) offer(other.high, l.k, &list);
        }
        const int64_t to = number_of(l, (int32_t)i) * (int64_t)l.k;
        for (int m = lane; m < l.k; m += 32) {
            const near_key key = m < HALF ? list.low : list.high;
            l.distance[to + m] = bound_of(key);
            if (l.neighbour) l.neighbour[to + m] = (int32_t)(unsigned)key;
        }
    }
}

ipl_status near_launch_select(ipl_cuda *dev, near_window window, int64_t blocks,
                              int layers, const near_layer *layer)
{
    select_nearest<<<grid_of(blocks, layers), THREADS, 0, dev->stream>>>(layer, layers,
                                                                         window);
    IPL_LAUNCHED(dev, select_nearest);
    return IPL_OK;
}

ipl_status near_launch_join(ipl_cuda *dev, int32_t n_max, int layers,
                            const near_layer *layer)
{
    const dim3 grid = grid_of(ceil_div(n_max, JOIN_WARPS), layers);
    join_lists<<<grid, JOIN_WARPS * 32, 0, dev->stream>>>(layer, layers);
    IPL_LAUNCHED(dev, join_lists);
    return IPL_OK;
}
