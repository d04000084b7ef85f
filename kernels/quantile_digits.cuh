/*
 * quantile_digits.cuh - the kernels of quantiles.cu: values are counted by digits, and
 * ranks go down a digit.
 */
#ifndef IPL_QUANTILE_DIGITS_CUH
#define IPL_QUANTILE_DIGITS_CUH

#include <cub/block/block_scan.cuh>

#include "common.cuh"
#include "warps.cuh"

enum { LEVELS = 3, THREADS = 256, FIRST_CELLS = 4096 };

static __host__ __device__ constexpr int digit_bits(int level)
{
    return level < 2 ? 12 : 8;
}

static __host__ __device__ constexpr int shift_of(int level)
{
    return level == 0 ? 20 : level == 1 ? 8 : 0;
}

typedef unsigned long long counter; /* what atomicAdd takes of 64 bits */

static __device__ __forceinline__ uint32_t order_of(float value)
{
    const uint32_t bits = __float_as_uint(value + 0.0f); /* -0 is +0 */
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

/* A layer, with its parts of the scratch. Below, nodes are those of the level. */
struct quantile_layer {
    int64_t      values, ranks;
    const float *t;
    counter     *count;             /* [nodes][2^digit_bits]                       */
    int32_t     *child[LEVELS - 1]; /* [nodes][2^digit_bits]: the node below, or -1 */
    int64_t     *rank;              /* [ranks]: what is left of it below its node  */
    int32_t     *node;              /* [ranks]                                     */
    int32_t     *cell;              /* [ranks]: node and digit                     */
    uint32_t    *order; /* [ranks]: its value's digits as far as they are known    */
};

/* some: values of a layer that comes in blocks, or 0: all. A block of threads has fewer
 * than 2^32 values, so that its own counters need no more bits. */
static __global__ void __launch_bounds__(THREADS)
count_first(const quantile_layer *__restrict__ layer, int64_t some)
{
    __shared__ uint32_t own[FIRST_CELLS];
    const quantile_layer at = layer[blockIdx.y];
    const int64_t values = some ? some : at.values;
    const float *__restrict__ t = at.t;
    if ((int64_t)blockIdx.x * THREADS >= values) return;
    for (int c = threadIdx.x; c < FIRST_CELLS; c += THREADS) own[c] = 0;
    __syncthreads();
    const int64_t step = (int64_t)gridDim.x * THREADS;
#pragma unroll 4
    for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < values; i += step)
        atomicAdd(own + (order_of(t[i]) >> 20), 1u);
    __syncthreads();
    for (int c = threadIdx.x; c < FIRST_CELLS; c += THREADS)
        if (own[c]) atomicAdd(at.count + c, (counter)own[c]);
}

template <int LEVEL> static __global__ void __launch_bounds__(THREADS)
count_below(const quantile_layer *__restrict__ layer, int64_t some)
{
    const quantile_layer at = layer[blockIdx.y];
    const int64_t values = some ? some : at.values;
    const float *__restrict__ t = at.t;
    const int32_t *__restrict__ child0 = at.child[0];
    const int32_t *__restrict__ child1 = at.child[1];
    counter *count = at.count;
    const int64_t step = (int64_t)gridDim.x * THREADS;
    for (int64_t from = (int64_t)blockIdx.x * THREADS; from < values; from += step) {
        const int64_t i = from + threadIdx.x;
        int cell = -1;
        if (i < values) {
            const uint32_t order = order_of(t[i]);
            int node = child0[order >> 20];
            if (node >= 0) cell = node << 12 | (int)(order >> 8 & 4095);
            if (LEVEL == 2 && cell >= 0) {
                node = child1[cell];
                cell = node < 0 ? -1 : node << 8 | (int)(order & 255);
            }
        }
        if (__any_sync(~0u, cell >= 0)) add_together(count, cell, (counter)1);
    }
}

/* The last of CELLS cells that has no more than `rank` values in those before it. */
template <int CELLS>
static __device__ __forceinline__ int cell_of(const counter *below, counter rank)
{
    int cell = 0;
    for (int half = CELLS / 2; half; half /= 2)
        if (below[cell + half] <= rank) cell += half;
    return cell;
}

/* Moves every rank of a layer to its digit, and numbers the nodes below. Ranks ascend,
 * so those that share a node, or a child, follow each other. */
template <int LEVEL> static __global__ void __launch_bounds__(THREADS)
descend(const quantile_layer *__restrict__ layer)
{
    enum { BITS = digit_bits(LEVEL), CELLS = 1 << BITS, EACH = CELLS / THREADS };
    typedef cub::BlockScan<counter, THREADS> count_scan;
    typedef cub::BlockScan<int, THREADS> child_scan;
    __shared__ typename count_scan::TempStorage count_temp;
    __shared__ typename child_scan::TempStorage child_temp;
    __shared__ counter below[CELLS]; /* values of the node in digits before */
    const quantile_layer at = layer[blockIdx.x];

    int loaded = -1;
    for (int64_t from = 0; from < at.ranks;) {
        const int node = at.node[from];
        if (node != loaded) {
            counter own[EACH];
            const counter *count = at.count + ((int64_t)node << BITS);
            for (int e = 0; e < EACH; ++e) own[e] = count[threadIdx.x * EACH + e];
            count_scan(count_temp).ExclusiveSum(own, own);
            for (int e = 0; e < EACH; ++e) below[threadIdx.x * EACH + e] = own[e];
            __syncthreads();
            loaded = node;
        }
        const int64_t q = from + threadIdx.x;
        const bool here = q < at.ranks && at.node[q] == node;
        if (here) {
            const int digit = cell_of<CELLS>(below, (counter)at.rank[q]);
            at.rank[q] -= (int64_t)below[digit];
            at.order[q] |= (uint32_t)digit << shift_of(LEVEL);
            at.cell[q] = node << BITS | digit;
        }
        from += __syncthreads_count(here);
    }
    if constexpr (LEVEL < LEVELS - 1) {
        int nodes = 0;
        for (int64_t from = 0; from < at.ranks; from += THREADS) {
            const int64_t q = from + threadIdx.x;
            const int first = q < at.ranks && (!q || at.cell[q] != at.cell[q - 1]);
            int number, more;
            child_scan(child_temp).InclusiveSum(first, number, more);
            if (q < at.ranks) at.node[q] = nodes + number - 1;
            if (first) at.child[LEVEL][at.cell[q]] = nodes + number - 1;
            nodes += more;
            __syncthreads(); /* the next scan uses the same memory */
        }
    }
}

#endif
