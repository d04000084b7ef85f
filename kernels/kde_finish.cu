/*
 * kde_finish.cu - after the pairs: sums in the order of rows, and their logarithms.
 *
 * Launch    blockIdx.y counts layers (and strides over them), blockIdx.x runs of 256
 *           rows.
 * Traffic   A few passes over n integers: memory limits, and the pairs take far longer.
 * Numerics  Sums are integers. Logarithms are in double and their sums in a fixed order
 *           that depends on n alone: equal input, equal bits.
 */
#include "kde_layer.cuh"
#include "reduce.cuh"

enum { BLOCK = 256, LAYERS_AT_ONCE = 65535 };

/* Joins own and cross, adds the term of j = i, and puts sums in the order of t; the
 * logarithms of a block's rows are added up. */
static __global__ void __launch_bounds__(BLOCK)
finish_sums(const kde_layer *__restrict__ layers, int layer_count)
{
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const kde_layer &l = layers[job];
        const int i = blockIdx.x * BLOCK + threadIdx.x;
        const int tile = l.pairs.width ? PAIRS_SMALL_TILE : PAIRS_WIDE_TILE;
        const int64_t padded = (int64_t)l.pairs.tiles * tile;
        if ((int64_t)blockIdx.x * BLOCK >= l.pairs.n) continue; /* the whole block */
        double logs[4] = {};
        if (i < l.pairs.n) {
            const int32_t row = (l.pairs.curve ? l.pairs.curve : l.pairs.order)[i];
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
        for (double &sum : logs) sum = block_sum<BLOCK>(sum);
        if (threadIdx.x == 0)
            for (int q = 0; q < 4; ++q) l.logs[4 * (int64_t)blockIdx.x + q] = logs[q];
    }
}

/* mean_log[layer][q] from the blocks' sums. */
static __global__ void __launch_bounds__(BLOCK)
mean_logs(const kde_layer *__restrict__ layers, double *__restrict__ mean_log)
{
    const kde_layer &l = layers[blockIdx.x];
    const int blocks = (l.pairs.n + BLOCK - 1) / BLOCK;
    double logs[4] = {};
    for (int b = threadIdx.x; b < blocks; b += BLOCK)
        for (int q = 0; q < 4; ++q) logs[q] += l.logs[4 * (int64_t)b + q];
    for (double &sum : logs) sum = block_sum<BLOCK>(sum);
    if (threadIdx.x == 0)
        for (int q = 0; q < 4; ++q) mean_log[4 * blockIdx.x + q] = logs[q] / l.pairs.n;
}

int64_t kde_finish_blocks(int64_t n) { return ceil_div(n, BLOCK); }

ipl_status kde_launch_finish(ipl_cuda *dev, int32_t n_max, int layers,
                             const kde_layer *layer, double *mean_log)
{
    const dim3 grid((unsigned)kde_finish_blocks(n_max),
                    (unsigned)min(layers, LAYERS_AT_ONCE));
    finish_sums<<<grid, BLOCK, 0, dev->stream>>>(layer, layers);
    IPL_LAUNCHED(dev, finish_sums);
    mean_logs<<<(unsigned)layers, BLOCK, 0, dev->stream>>>(layer, mean_log);
    IPL_LAUNCHED(dev, mean_logs);
    return IPL_OK;
}
