/*
 * near_count.cu - how many others of each row are within its radius.
 *
 * Launch    blockIdx.x counts tiles of rows and splits of their columns, blockIdx.y
 *           layers (and strides over them); near_tile.cuh has the block. Six blocks fit
 *           a multiprocessor.
 * Traffic   That of the distances, and a comparison a pair.
 * Numerics  Integers, added in any order.
 */
#include "jobs.cuh"
#include "near_tile.cuh"

/* Adds what the eight threads of a row have counted. */
static __device__ __forceinline__ void
add_counts(const near_layer &l, const near_place &at, int x, int y, int (&within)[8])
{
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        for (int step = SIDE / 2; step; step /= 2)
            within[i] += __shfl_xor_sync(~0u, within[i], step);
        const int32_t row = at.row + y * 8 + i;
        if (x == i && within[i]) atomicAdd(l.count + number_of(l, row), within[i]);
    }
}

static __device__ __forceinline__ void
count_columns(const near_layer &l, near_window w, const near_place &at, int x, int y,
              near_share &share)
{
    int within[8] = {};
    for (int32_t col = at.col; col < at.col_end; col += TILE) {
        float dist[8][8] = {};
        __syncthreads(); /* the bounds are there; the buffers have been read */
        if (!tile_distances(l, w, at, col, x, y, share, dist)) continue;
        mask_pairs(share, at, col, x, y, dist);
#pragma unroll
        for (int i = 0; i < 8; ++i)
#pragma unroll
            for (int j = 0; j < 8; ++j)
                within[i] += dist[i][j] <= share.bound[y * 8 + i];
    }
    add_counts(l, at, x, y, within);
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
        if (!find_place(l, window, blockIdx.x, share, &at)) continue;
        const int32_t i = at.row + (int32_t)threadIdx.x;
        share.bound[threadIdx.x] =
            i < at.row_end ? __ldg(l.radius + number_of(l, i)) : -1.0f;
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
