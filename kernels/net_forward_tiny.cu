/*
 * net_forward_tiny.cu - activations of networks with at most 64 units a layer.
 *
 * Launch    forward_tiny: a block of 128 threads takes 64 rows at a time through all
 *           layers in shared memory, two threads a row; layers' weights are loaded in
 *           turn. blockIdx.y counts networks, at most TOGETHER a launch.
 * Traffic   Reads x once and writes each wanted layer once; weights come from L2.
 *           Memory bandwidth is the limit.
 * Numerics  A unit sums its inputs in turn, bias last. Equal input, equal bits, in
 *           whatever company; NaN stays.
 */
#include <string.h>

#include "net_forward.cuh"

enum { ROWS = 64, PITCH = ROWS + 1, THREADS = 128, GRID_MAX = 1024 };
enum { TOGETHER = 256 }; /* networks of a launch: their addresses are its arguments */

struct net_group {
    const float *params[TOGETHER];
};

/* values[unit][row] -> softmax over the units, one thread a row. */
static __device__ void softmax_rows(float *values, int units, int rows)
{
    const int r = threadIdx.x;
    if (r >= rows) return;
    float top = values[r], sum = 0.0f;
    for (int c = 1; c < units; ++c) {
        const float one = values[c * PITCH + r];
        top = one > top ? one : top;
    }
    for (int c = 0; c < units; ++c) {
        const float e = expf(values[c * PITCH + r] - top);
        values[c * PITCH + r] = e;
        sum += e;
    }
    for (int c = 0; c < units; ++c) values[c * PITCH + r] /= sum;
}

/* next[unit][row] = f(in W + b) for the block's rows, two threads a row. */
static __device__ void layer_rows(const float *weights, const float *in, float *next,
                                  int inputs, int units, int act, int rows)
{
    const int r = threadIdx.x % ROWS, wide = pad4(units);
    if (r >= rows) return;
    for (int j0 = threadIdx.x / ROWS * 4; j0 < units; j0 += 8) {
        const float *w = weights + j0;
        float z[4] = {};
        for (int k = 0; k <= inputs; ++k, w += wide) {
            const float a = k < inputs ? in[k * PITCH + r] : 1.0f;
            const float4 four = *(const float4 *)w;
            z[0] += a * four.x;
            z[1] += a * four.y;
            z[2] += a * four.z;
            z[3] += a * four.w;
        }
        for (int q = 0; q < 4 && j0 + q < units; ++q)
            next[(j0 + q) * PITCH + r] = act_value(act, z[q]);
    }
}

static __global__ void __launch_bounds__(THREADS)
forward_tiny(const __grid_constant__ net_layout net,
             const __grid_constant__ net_outputs out,
             const __grid_constant__ net_group group, int64_t rows,
             const float *__restrict__ x, int weight_floats, int widest)
{
    extern __shared__ float4 shared[];
    float *weights = (float *)shared, *in = weights + weight_floats;
    float *next = in + widest * PITCH;
    const float *__restrict__ params = group.params[blockIdx.y];

    for (int64_t first = (int64_t)blockIdx.x * ROWS; first < rows;
         first += (int64_t)gridDim.x * ROWS) {
        const int count = (int)min((int64_t)ROWS, rows - first), d = net.width[0];
        for (int i = threadIdx.x; i < count * d; i += THREADS)
            in[i % d * PITCH + i / d] = x[first * d + i];
        for (int l = 1; l <= net.layers; ++l) {
            const int inputs = net.width[l - 1], units = net.width[l];
            const int wide = pad4(units);
            for (int e = threadIdx.x; e < (inputs + 1) * wide; e += THREADS) {
                const int k = e / wide, j = e % wide;
                weights[e] = j < units ? params[net.at[l] + k * units + j] : 0.0f;
            }
            __syncthreads();
            layer_rows(weights, in, next, inputs, units, net.act[l], count);
            __syncthreads();
            if (net.act[l] == IPL_ACT_SOFTMAX) {
                softmax_rows(next, units, count);
                __syncthreads();
            }
            if (out.act[l]) {
                float *to = out.act[l] + blockIdx.y * out.apart + first * units;
                for (int i = threadIdx.x; i < count * units; i += THREADS)
                    to[i] = next[i % units * PITCH + i / units];
            }
            float *const done = in;
            in = next;
            next = done;
        }
        __syncthreads(); /* the last layer is still being written from `in` */
    }
}

ipl_status ipl_cuda_forward_open(ipl_cuda *dev)
{
    IPL_CUDA(dev, cudaFuncSetAttribute(forward_tiny,
                                       cudaFuncAttributeMaxDynamicSharedMemorySize,
                                       (int)dev->smem_bytes));
    return IPL_OK;
}

ipl_status ipl_cuda_forward_tiny(ipl_cuda *dev, const net_layout &net,
                                 const net_outputs &out, int networks,
                                 const float *const *params, int64_t rows,
                                 const float *x)
{
    int weights = 0, widest = net.width[0];
    for (int l = 1; l <= net.layers; ++l) {
        const int size = (net.width[l - 1] + 1) * pad4(net.width[l]);
        if (size > weights) weights = size;
        if (net.width[l] > widest) widest = net.width[l];
    }
    const size_t bytes = sizeof(float) * (size_t)(weights + 2 * widest * PITCH);
    const int64_t blocks = ceil_div(rows, ROWS);
    for (int first = 0; first < networks; first += TOGETHER) {
        const int left = networks - first, some = left < TOGETHER ? left : TOGETHER;
        net_group group = {};
        memcpy(group.params, params + first, some * sizeof *params);
        const dim3 grid((unsigned)(blocks < GRID_MAX ? blocks : GRID_MAX), some);
        forward_tiny<<<grid, THREADS, bytes, dev->stream>>>(
            net, net_outputs_from(net, out, first), group, rows, x, weights, widest);
        IPL_LAUNCHED(dev, forward_tiny);
    }
    return IPL_OK;
}
