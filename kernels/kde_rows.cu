/*
 * kde_rows.cu - before and after the pairs: sorting rows, boxing tiles, ending sums.
 *
 * Launch    blockIdx.y counts layers (and strides over them), blockIdx.x tiles of rows
 *           or runs of 256 rows.
 * Traffic   A few passes over n d floats and over n integers: memory limits, and the
 *           pairs take far longer.
 * Numerics  Boxes are exact. Logarithms are in double and their sums in a fixed order
 *           that depends on n alone: equal input, equal bits.
 */
#include "kde_layer.cuh"

enum { BLOCK = 256, LAYERS_AT_ONCE = 65535 };

enum { WARPS = KDE_SMALL_TILE / 32, NARROW = 32 /* widest layer that is packed */ };

/* The smallest and largest of a warp's values, for its lane 0. */
static __device__ __forceinline__ float2 warp_ends(float lo, float hi)
{
    for (int step = 16; step; step /= 2) {
        lo = fminf(lo, __shfl_xor_sync(~0u, lo, step));
        hi = fmaxf(hi, __shfl_xor_sync(~0u, hi, step));
    }
    return make_float2(lo, hi);
}

/* One row of a narrow layer to its place, unit first, and its warp's ends. */
static __device__ __forceinline__ void pack_row(const kde_layer &l, int i, int32_t row,
                                                float2 *ends)
{
    const int64_t padded = (int64_t)l.tiles * KDE_SMALL_TILE;
    for (int k = 0; k < l.width; ++k) {
        float v = row < 0 ? INFINITY : 0.0f; /* no row; a unit too many */
        if (row >= 0 && k < l.d) v = l.unit * l.t[(int64_t)row * l.d + k];
        l.packed[k * padded + i] = v;
        const float2 warp = warp_ends(v, row < 0 ? -INFINITY : v);
        if (threadIdx.x % 32 == 0) ends[k] = warp;
    }
}

/* The order of rows by class, and for narrow layers the rows in it and their boxes. */
static __global__ void __launch_bounds__(KDE_SMALL_TILE)
gather_rows(const kde_layer *__restrict__ layers, int layer_count, int first)
{
    __shared__ float2 ends[WARPS][NARROW];
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const kde_layer &l = layers[job];
        const int tile = first / KDE_SMALL_TILE + blockIdx.x, k = threadIdx.x;
        const int i = tile * KDE_SMALL_TILE + k;
        if (i < l.n) l.sorted_class[i] = l.label[l.order[i]];
        if (l.width == 0 || tile >= l.tiles) continue; /* the whole block */
        pack_row(l, i, i < l.n ? l.place[i] : -1, ends[threadIdx.x / 32]);
        __syncthreads();
        if (k < l.box_units) {
            float2 box = ends[0][k];
            for (int w = 1; w < WARPS; ++w) {
                box.x = fminf(box.x, ends[w][k].x);
                box.y = fmaxf(box.y, ends[w][k].y);
            }
            l.box_lo[(int64_t)tile * l.box_units + k] = box.x;
            l.box_hi[(int64_t)tile * l.box_units + k] = box.y;
        }
        __syncthreads(); /* the next layer writes `ends` */
    }
}

/* The smallest and largest value of each unit in each tile of a wide layer. */
static __global__ void __launch_bounds__(KDE_SMALL_TILE)
box_tiles(const kde_layer *__restrict__ layers, int layer_count, int first)
{
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const kde_layer &l = layers[job];
        const int tile = first / KDE_WIDE_TILE + blockIdx.x;
        if (l.width || tile >= l.tiles) continue;
        const int from = tile * KDE_WIDE_TILE, to = min(from + KDE_WIDE_TILE, l.n);
        for (int k = threadIdx.x; k < l.box_units; k += blockDim.x) {
            float lo = INFINITY, hi = -INFINITY;
            for (int i = from; i < to; ++i) {
                const float v = l.unit * l.t[(int64_t)l.place[i] * l.d + k];
                lo = fminf(lo, v);
                hi = fmaxf(hi, v);
            }
            l.box_lo[(int64_t)tile * l.box_units + k] = lo;
            l.box_hi[(int64_t)tile * l.box_units + k] = hi;
        }
    }
}

ipl_status kde_launch_gather(ipl_cuda *dev, int32_t first, int32_t rows, int layers,
                             const kde_layer *layer)
{
    const dim3 grid((unsigned)ceil_div(rows, KDE_SMALL_TILE),
                    (unsigned)min(layers, LAYERS_AT_ONCE));
    gather_rows<<<grid, KDE_SMALL_TILE, 0, dev->measure>>>(layer, layers, first);
    IPL_LAUNCHED(dev, gather_rows);
    return IPL_OK;
}

ipl_status kde_launch_boxes(ipl_cuda *dev, int32_t first, int32_t rows, int layers,
                            const kde_layer *layer)
{
    const dim3 grid((unsigned)ceil_div(rows, KDE_WIDE_TILE),
                    (unsigned)min(layers, LAYERS_AT_ONCE));
    box_tiles<<<grid, KDE_SMALL_TILE, 0, dev->measure>>>(layer, layers, first);
    IPL_LAUNCHED(dev, box_tiles);
    return IPL_OK;
}

/* The sum over a block of each v[q], for its thread 0, always in the same order. */
template <int Q>
static __device__ __forceinline__ void block_sum(double (&v)[Q], double (*warp_sum)[Q])
{
#pragma unroll
    for (int q = 0; q < Q; ++q) {
        for (int step = 16; step; step /= 2) v[q] += __shfl_down_sync(~0u, v[q], step);
        if (threadIdx.x % 32 == 0) warp_sum[threadIdx.x / 32][q] = v[q];
    }
    __syncthreads();
    if (threadIdx.x == 0)
#pragma unroll
        for (int q = 0; q < Q; ++q) {
            v[q] = 0.0;
            for (unsigned w = 0; w < blockDim.x / 32; ++w) v[q] += warp_sum[w][q];
        }
    __syncthreads();
}

/* Joins own and cross, adds the term of j = i, and puts sums in the order of t; the
 * logarithms of a block's rows are added up. */
static __global__ void __launch_bounds__(BLOCK)
finish_sums(const kde_layer *__restrict__ layers, int layer_count)
{
    __shared__ double warp_sum[BLOCK / 32][4];
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const kde_layer &l = layers[job];
        const int i = blockIdx.x * BLOCK + threadIdx.x;
        const int64_t padded =
            (int64_t)l.tiles * (l.width ? KDE_SMALL_TILE : KDE_WIDE_TILE);
        if ((int64_t)blockIdx.x * BLOCK >= l.n) continue; /* the whole block */
        double logs[4] = {};
        if (i < l.n) {
            const int32_t row = l.order[i];
            for (int bound = 0; bound < 2; ++bound) {
                const int64_t own =
                    (int64_t)l.part[(2 * KDE_OWN + bound) * padded + i] + IPL_KDE_ONE;
                const int64_t all =
                    (int64_t)l.part[(2 * KDE_CROSS + bound) * padded + i] + own;
                const int to = bound == KDE_UPPER ? 0 : 2;
                l.sum[to][row] = all;
                l.sum[to + 1][row] = own;
                logs[to] = log((double)all / (double)IPL_KDE_ONE);
                logs[to + 1] = log((double)own / (double)IPL_KDE_ONE);
            }
        }
        block_sum(logs, warp_sum);
        if (threadIdx.x == 0)
            for (int q = 0; q < 4; ++q) l.logs[4 * (int64_t)blockIdx.x + q] = logs[q];
    }
}

/* mean_log[layer][q] from the blocks' sums. */
static __global__ void __launch_bounds__(BLOCK)
mean_logs(const kde_layer *__restrict__ layers, double *__restrict__ mean_log)
{
    __shared__ double warp_sum[BLOCK / 32][4];
    const kde_layer &l = layers[blockIdx.x];
    const int blocks = (l.n + BLOCK - 1) / BLOCK;
    double logs[4] = {};
    for (int b = threadIdx.x; b < blocks; b += BLOCK)
        for (int q = 0; q < 4; ++q) logs[q] += l.logs[4 * (int64_t)b + q];
    block_sum(logs, warp_sum);
    if (threadIdx.x == 0)
        for (int q = 0; q < 4; ++q) mean_log[4 * blockIdx.x + q] = logs[q] / l.n;
}

int64_t kde_finish_blocks(int64_t n) { return ceil_div(n, BLOCK); }

ipl_status kde_launch_finish(ipl_cuda *dev, int32_t n_max, int layers,
                             const kde_layer *layer, double *mean_log)
{
    const dim3 grid((unsigned)kde_finish_blocks(n_max),
                    (unsigned)min(layers, LAYERS_AT_ONCE));
    finish_sums<<<grid, BLOCK, 0, dev->measure>>>(layer, layers);
    IPL_LAUNCHED(dev, finish_sums);
    mean_logs<<<(unsigned)layers, BLOCK, 0, dev->measure>>>(layer, mean_log);
    IPL_LAUNCHED(dev, mean_logs);
    return IPL_OK;
}
