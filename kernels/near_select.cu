/*
 * near_select.cu - the k others that are nearest to each row.
 *
 * A block keeps of each of its rows the distance of the k-th nearest so far. Few tiles
 * have a pair within it, about k log(n / k) a row in all. Where one has, each thread
 * goes through the distances of one row, and puts those in the row's list.
 *
 * Launch    select_nearest: blockIdx.x counts tiles of rows and splits of their
 *           columns, blockIdx.y layers (and strides over them); near_tile.cuh has the
 *           block. A warp selects for the 32 rows whose distances it has, without the
 *           other one. Six blocks fit a multiprocessor. join_lists: a thread a row.
 * Traffic   That of the distances, and a minimum a pair. Lists are in the cache while
 *           k is small; a distance that comes into one moves up to 8 k bytes.
 * Numerics  The k smallest of different keys: the same for any schedule and splits.
 *
 * CUB selects from lists that are in memory. Here none is: of a row's n keys only about
 * k log(n / k) are ever written, and an insertion among at most 64 is a few moves.
 */
#include "jobs.cuh"
#include "near_tile.cuh"

enum { STRIDE = TILE + 4, /* of a row of distances: eight rows in all banks */
       JOIN_THREADS = 128 };

/* The distance that a pair must not exceed to come into a list with this last key. */
static __device__ __forceinline__ float bound_of(near_key last)
{
    return last == NEAR_NONE ? INFINITY : __uint_as_float((unsigned)(last >> 32));
}

/* Keeps the k smallest of a list and a key, which is smaller than the last; place m is
 * list[m * n]. */
static __device__ __forceinline__ void insert(near_key key, int k, int64_t n,
                                              near_key *list)
{
    near_key *at = list + (k - 1) * n;
    for (; at > list && at[-n] > key; at -= n) *at = at[-n];
    *at = key;
}

/* Offers a row's distances to the columns from `col` on; NaN does not count. */
static __device__ __forceinline__ void select_row(const near_layer &l, near_key *list,
                                                  const float *dist, int32_t col,
                                                  float *bound)
{
    const near_key *last = list + (l.k - 1) * (int64_t)l.n;
    float limit = *bound;
    for (int c = 0; c < TILE; c += 4) {
        float near_dist[4];
        *(float4 *)near_dist = *(const float4 *)(dist + c);
#pragma unroll
        for (int u = 0; u < 4; ++u) {
            if (!(near_dist[u] <= limit)) continue;
            const near_key key = (near_key)__float_as_uint(near_dist[u]) << 32 |
                                 (unsigned)number_of(l, col + c + u);
            if (key >= *last) continue;
            insert(key, l.k, l.n, list);
            limit = bound_of(*last);
        }
    }
    *bound = limit;
}

static __device__ __forceinline__ void
select_columns(const near_layer &l, near_window w, const near_place &at,
               near_key *list, int x, int y, near_share &share,
               float (&tile)[TILE][STRIDE])
{
    const int r = (int)threadIdx.x;
    const auto is_near = [&](const float (&dist)[8][8]) {
        return any_within(dist, share.bound + y * 8, -1.0f);
    };
    for (int32_t col = at.col; col < at.col_end; col += TILE) {
        float dist[8][8] = {};
        __syncthreads(); /* the bounds are there; the buffers have been read */
        if (!tile_distances(l, w, at, col, x, y, share, is_near, dist)) continue;
        mask_pairs(share, at, col, x, y, dist);
        if (!__any_sync(~0u, is_near(dist))) continue;
#pragma unroll
        for (int i = 0; i < 8; ++i)
#pragma unroll
            for (int j = 0; j < 8; j += 4)
                *(float4 *)&tile[y * 8 + i][column<SIDE>(x, j)] =
                    *(float4 *)(dist[i] + j);
        __syncwarp();
        if (at.row + r < at.row_end)
            select_row(l, list + at.row + r, tile[r], col, share.bound + r);
        __syncwarp(); /* the tile has been read */
    }
}

static __global__ void __launch_bounds__(THREADS, 6)
select_nearest(const near_layer *__restrict__ layers, int layer_count,
               near_window window)
{
    __shared__ __align__(16) near_share share;
    __shared__ __align__(16) float tile[TILE][STRIDE];
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const near_layer &l = layers[job];
        near_place at;
        __syncthreads(); /* the layer before has been read */
        if (!find_place(l, window, false, share, &at)) continue;
        near_key *list =
            l.list + (window.base + blockIdx.x) % l.splits * l.n * l.k;
        const int64_t i = at.row + (int32_t)threadIdx.x;
        share.bound[threadIdx.x] =
            i < at.row_end ? bound_of(list[(int64_t)(l.k - 1) * l.n + i]) : -1.0f;
        select_columns(l, window, at, list, x, y, share, tile);
    }
}

/* The splits' lists of a row become one, in the row's place in the order of t. */
static __device__ __forceinline__ void join_row(const near_layer &l, int32_t i)
{
    const int64_t n = l.n, end = n * l.k, row = number_of(l, i);
    near_key *list = l.list + i;
    for (int64_t s = 1; s < l.splits; ++s) {
        const near_key *other = list + s * end;
        for (int64_t m = 0; m < end && other[m] < list[end - n]; m += n)
            insert(other[m], l.k, n, list);
    }
    for (int m = 0; m < l.k; ++m) {
        const near_key key = list[m * n];
        l.distance[row * l.k + m] = bound_of(key);
        if (l.neighbour) l.neighbour[row * l.k + m] = (int32_t)(unsigned)key;
    }
}

static __global__ void __launch_bounds__(JOIN_THREADS)
join_lists(const near_layer *__restrict__ layers, int layer_count)
{
    const int32_t i = (int32_t)(blockIdx.x * JOIN_THREADS + threadIdx.x);
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y)
        if (i < layers[job].n) join_row(layers[job], i);
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
    const dim3 grid = grid_of(ceil_div(n_max, JOIN_THREADS), layers);
    join_lists<<<grid, JOIN_THREADS, 0, dev->stream>>>(layer, layers);
    IPL_LAUNCHED(dev, join_lists);
    return IPL_OK;
}
