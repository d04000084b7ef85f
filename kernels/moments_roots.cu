/*
 * moments_roots.cu - roots of the weights of rows' columns.
 *
 * root[r][c] = exp(-D / (4 h^2)) for row r of a window and column c of it, 0 where that
 * is below 2^-50, where c is the row itself, and where it is of another class.
 *
 * Launch    blockIdx.x counts tiles of rows and splits of their columns; near_tile.cuh
 *           has the block. Six blocks fit a multiprocessor.
 * Traffic   That of the distances, and 4 bytes a pair.
 * Numerics  D is float, and so is the root: exp2f of a product, relative error below
 *           1e-6 where D / h^2 is not large. A tile that is left early has only zeros.
 */
#include "moments_layer.cuh"
#include "near_tile.cuh"

/* Row r of the block: root = 2^(-scale D). */
struct root_scale {
    float scale[TILE];
};

static __device__ __forceinline__ void
write_roots(const near_place &at, const moments_pass &pass, int32_t col, int x, int y,
            const near_share &share, const root_scale &of, float (&dist)[8][8])
{
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        const int r = y * 8 + i;
        if (at.row + r >= at.row_end) continue;
        float *to = pass.root + (at.row + r - pass.window.row) * pass.stride;
#pragma unroll
        for (int j = 0; j < 8; ++j) {
            const int32_t c = col + column<SIDE>(x, j);
            if (dist[i][j] < share.bound[r]) /* not NaN */
                to[c - pass.window.col] = exp2f(-of.scale[r] * dist[i][j]);
        }
    }
}

static __global__ void __launch_bounds__(THREADS, 6)
write_window(const near_layer *__restrict__ layer, moments_pass pass)
{
    __shared__ __align__(16) near_share share;
    __shared__ root_scale of;
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    const near_layer &l = *layer;
    near_place at;
    if (!find_place(l, pass.window, false, share, &at)) return;
    const int32_t i = at.row + (int32_t)threadIdx.x;
    const float square = i < at.row_end ? __ldg(pass.square + number_of(l, i)) : 1.0f;
    const double scale = 1.4426950408889634 / (4.0 * moments_bandwidth(square));
    of.scale[threadIdx.x] = (float)scale;
    share.bound[threadIdx.x] = i < at.row_end ? (float)(50.0 / scale) : -1.0f;
    const auto is_near = [&](const float (&dist)[8][8]) {
        return any_within(dist, share.bound + y * 8, -1.0f);
    };
    for (int32_t col = at.col; col < at.col_end; col += TILE) {
        float dist[8][8] = {};
        __syncthreads(); /* the bounds are there; the buffers have been read */
        if (!tile_distances(l, pass.window, at, col, x, y, share, is_near, dist))
            continue;
        mask_pairs(share, at, col, x, y, dist);
        write_roots(at, pass, col, x, y, share, of, dist);
    }
}

ipl_status moments_launch_roots(ipl_cuda *dev, int64_t blocks, const near_layer *layer,
                                moments_pass pass)
{
    write_window<<<(unsigned)blocks, THREADS, 0, dev->stream>>>(layer, pass);
    IPL_LAUNCHED(dev, write_window);
    return IPL_OK;
}
