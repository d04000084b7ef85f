/*
 * near_count.cu - how many others of each row are within its radius.
 *
 * A pair has one distance: it is compared with the radius of its row and of its column,
 * and tiles below the diagonal are not visited.
 *
 * Launch    blockIdx.x counts tiles of rows and strips of their columns, blockIdx.y
 *           layers (and strides over them); near_tile.cuh has the block. Six blocks fit
 *           a multiprocessor.
 * Traffic   That of the distances, and two comparisons a pair; a tile adds up to 128
 *           integers to memory.
 *           Lanes shuffle: reduce.cuh says why.
 * Numerics  Integers, added in any order.
 */
#include "jobs.cuh"
#include "near_tile.cuh"

static __device__ __forceinline__ float radius_of(const near_layer &l, int32_t i,
                                                  int32_t end)
{
    return i < end ? __ldg(l.radius + number_of(l, i)) : -1.0f;
}

static __device__ __forceinline__ void add_count(const near_layer &l, int32_t i, int n)
{
    if (n) atomicAdd(l.count + number_of(l, i), n);
}

/* The pairs within their rows' radii, kept for the thread's eight rows. */
static __device__ __forceinline__ void count_rows(const float (&dist)[8][8],
                                                  const float *bound, int (&within)[8])
{
#pragma unroll
    for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < 8; ++j) within[i] += dist[i][j] <= bound[i];
}

/* Adds the pairs within their columns' radii; the warp's four threads of a column put
 * theirs together. */
static __device__ __forceinline__ void add_columns(const near_layer &l, int32_t col,
                                                   int x, int y, const float *bound,
                                                   const float (&dist)[8][8])
{
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const float limit = bound[column<SIDE>(x, j)];
        int within = 0;
#pragma unroll
        for (int i = 0; i < 8; ++i) within += dist[i][j] <= limit;
        for (int lane = SIDE; lane < 32; lane *= 2)
            within += __shfl_xor_sync(~0u, within, lane);
        if (y % 4 == j % 4) add_count(l, col + column<SIDE>(x, j), within);
    }
}

/* Adds what the eight threads of a row have kept. */
static __device__ __forceinline__ void add_rows(const near_layer &l, int32_t row, int x,
                                                int y, int (&within)[8])
{
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        for (int lane = 1; lane < SIDE; lane *= 2)
            within[i] += __shfl_xor_sync(~0u, within[i], lane);
        if (x == i) add_count(l, row + y * 8 + i, within[i]);
    }
}

static __device__ __forceinline__ void
count_columns(const near_layer &l, near_window w, const near_place &at, int x, int y,
              near_share &share)
{
    int within[8] = {};
    const auto is_near = [&](const float (&dist)[8][8]) {
        float most = -1.0f;
        for (int j = 0; j < 8; ++j)
            most = fmaxf(most, share.col_bound[column<SIDE>(x, j)]);
        return any_within(dist, share.bound + y * 8, most);
    };
    for (int32_t col = at.col; col < at.col_end; col += TILE) {
        float dist[8][8] = {};
        __syncthreads(); /* the bounds are there; those before have been read */
        share.col_bound[threadIdx.x] =
            radius_of(l, col + (int32_t)threadIdx.x, at.col_end);
        if (!tile_distances(l, w, at, col, x, y, share, is_near, dist)) continue;
        mask_pairs(share, at, col, x, y, dist);
        count_rows(dist, share.bound + y * 8, within);
        if (col != at.row) add_columns(l, col, x, y, share.col_bound, dist);
    }
    add_rows(l, at.row, x, y, within);
}

static __global__ void __launch_bounds__(THREADS, 6)
count_within(const near_layer *__restrict__ layers, int layer_count, near_window window)
{
    __shared__ __align__(16) near_share share;
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const near_layer &l = layers[job];
        near_place at;
        __syncthreads(); /* the layer before has been read */
        if (!find_place(l, window, true, share, &at)) continue;
        share.bound[threadIdx.x] =
            radius_of(l, at.row + (int32_t)threadIdx.x, at.row_end);
        count_columns(l, window, at, x, y, share);
    }
}

ipl_status near_launch_count(ipl_cuda *dev, near_window window, int64_t blocks,
                             int layers, const near_layer *layer)
{
    count_within<<<grid_of(blocks, layers), THREADS, 0, dev->stream>>>(layer, layers,
                                                                       window);
    IPL_LAUNCHED(dev, count_within);
    return IPL_OK;
}
