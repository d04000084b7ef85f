/*
 * net_layers.cu - what stands between the products of a wide network.
 *
 * Launch    Blocks of 256 threads; blockIdx.y (gather, bias_act, softmax) or .z
 *           (column_sums) is the replica. gather and the softmax kernels give a row to
 *           a warp; column_sums gives 32 columns of 64 rows to a block.
 * Traffic   Each kernel reads and writes its matrix once (softmax: three times,
 *           from cache): 8 bytes a value, and memory bandwidth is the limit.
 * Numerics  Sums run in an order fixed by the shape: a lane's values in turn, then a
 *           shuffle tree; column_sums: a thread's 8 rows in turn, then 8 threads in
 *           turn (lanes shuffle: reduce.cuh says why). The softmax subtracts the
 *           largest output, so nothing overflows. NaN stays NaN.
 */
#include "net_cuda.cuh"

enum { THREADS = 256, WARPS = THREADS / 32, GRID_MAX = 4096 };

static __global__ void __launch_bounds__(THREADS)
gather_rows(net_rows which, int width, int quads, const float *__restrict__ x,
            float *__restrict__ out, int64_t out_stride)
{
    const int lane = threadIdx.x % 32;
    const int64_t r = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    if (r >= which.rows) return;
    const int64_t at = which.plan->done * which.batch + which.first + r;
    const float *from = x + (int64_t)which.order[blockIdx.y * which.count + at] * width;
    float *to = out + blockIdx.y * out_stride + r * width;
    for (int q = lane; q < quads; q += 32)
        ((float4 *)to)[q] = ((const float4 *)from)[q];
    for (int k = 4 * quads + lane; k < width; k += 32) to[k] = from[k];
}

static __global__ void __launch_bounds__(THREADS)
bias_act(int64_t values, int width, int act, const float *__restrict__ bias,
         int64_t bias_stride, float *z, int64_t z_stride)
{
    const int64_t stride = (int64_t)gridDim.x * THREADS;
    const int64_t start = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    const int step = (int)(stride % width);
    int col = (int)(start % width);
    bias += blockIdx.y * bias_stride;
    z += blockIdx.y * z_stride;
    for (int64_t i = start; i < values; i += stride) {
        z[i] = act_value(act, z[i] + bias[col]);
        col += step; /* i % width without a division for each value */
        if (col >= width) col -= width;
    }
}

static __device__ float warp_max(float v)
{
    for (int half = 16; half; half /= 2) {
        const float other = __shfl_xor_sync(0xffffffffu, v, half);
        v = other > v ? other : v;
    }
    return v;
}

static __device__ float warp_sum(float v)
{
    for (int half = 16; half; half /= 2) v += __shfl_xor_sync(0xffffffffu, v, half);
    return v;
}

/* One row by one warp: z <- (exp(z + b - top) / sum - [label]) * factor. */
static __device__ void softmax_row(int width, int label, float factor,
                                   const float *__restrict__ bias, float *z)
{
    const int lane = threadIdx.x % 32;
    float top = -INFINITY, sum = 0.0f;
    for (int c = lane; c < width; c += 32) {
        const float one = z[c] + bias[c];
        z[c] = one;
        top = one > top ? one : top;
    }
    top = warp_max(top);
    for (int c = lane; c < width; c += 32) {
        const float e = expf(z[c] - top);
        z[c] = e;
        sum += e;
    }
    sum = warp_sum(sum);
    for (int c = lane; c < width; c += 32)
        z[c] = (z[c] / sum - (c == label ? 1.0f : 0.0f)) * factor;
}

static __global__ void __launch_bounds__(THREADS)
bias_softmax(int64_t rows, int width, const float *__restrict__ bias, float *z)
{
    const int64_t r = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    if (r < rows) softmax_row(width, -1, 1.0f, bias, z + r * width);
}

static __global__ void __launch_bounds__(THREADS)
softmax_delta(net_rows which, int width, const int32_t *__restrict__ y, float factor,
              const float *__restrict__ bias, int64_t bias_stride, float *z,
              int64_t z_stride)
{
    const int64_t r = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    if (r >= which.rows) return;
    const int64_t at = which.plan->done * which.batch + which.first + r;
    const int label = y[which.order[blockIdx.y * which.count + at]];
    softmax_row(width, label, factor, bias + blockIdx.y * bias_stride,
                z + blockIdx.y * z_stride + r * width);
}

static __global__ void __launch_bounds__(THREADS)
column_sums(int64_t rows, int width, int act, const float *__restrict__ a, float *delta,
            int64_t stride, bool adds, float *__restrict__ part, int64_t part_stride,
            int64_t sums_apart)
{
    __shared__ float sums[WARPS][33];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int j = blockIdx.x * 32 + lane;
    const int64_t begin = (int64_t)blockIdx.y * DELTA_ROWS;
    const int64_t end = min(begin + DELTA_ROWS, rows);
    float sum = 0.0f;
    if (j < width)
        for (int64_t r = begin + warp; r < end; r += WARPS) {
            const int64_t at = blockIdx.z * stride + r * width + j;
            float d = delta[at];
            if (a) {
                d *= act_slope(act, a[at]);
                delta[at] = d;
            }
            sum += d;
        }
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp || j >= width) return;
    for (int w = 1; w < WARPS; ++w) sum += sums[w][lane];
    float *to = part + blockIdx.z * part_stride + blockIdx.y * sums_apart + j;
    *to = adds ? *to + sum : sum;
}

static unsigned row_blocks(int64_t rows) { return (unsigned)ceil_div(rows, WARPS); }

ipl_status ipl_cuda_gather(ipl_cuda *dev, int replicas, net_rows which, int width,
                           const float *x, float *out, int64_t out_stride)
{
    const bool aligned = width % 4 == 0 && (uintptr_t)x % 16 == 0 &&
                         (uintptr_t)out % 16 == 0 && out_stride % 4 == 0;
    gather_rows<<<dim3(row_blocks(which.rows), replicas), THREADS, 0, dev->stream>>>(
        which, width, aligned ? width / 4 : 0, x, out, out_stride);
    IPL_LAUNCHED(dev, gather_rows);
    return IPL_OK;
}

ipl_status ipl_cuda_bias_act(ipl_cuda *dev, int replicas, int64_t rows, int width,
                             int act, const float *bias, int64_t bias_stride,
                             float *z, int64_t z_stride)
{
    const int64_t blocks = ceil_div(rows * width, 4 * THREADS); /* 4 values a thread */
    const unsigned grid = (unsigned)(blocks < GRID_MAX ? blocks : GRID_MAX);
    bias_act<<<dim3(grid, replicas), THREADS, 0, dev->stream>>>(
        rows * width, width, act, bias, bias_stride, z, z_stride);
    IPL_LAUNCHED(dev, bias_act);
    return IPL_OK;
}

ipl_status ipl_cuda_bias_softmax(ipl_cuda *dev, int64_t rows, int width,
                                 const float *bias, float *z)
{
    bias_softmax<<<row_blocks(rows), THREADS, 0, dev->stream>>>(rows, width, bias, z);
    IPL_LAUNCHED(dev, bias_softmax);
    return IPL_OK;
}

ipl_status ipl_cuda_softmax_delta(ipl_cuda *dev, int replicas, net_rows which,
                                  int width, const int32_t *y, float factor,
                                  const float *bias, int64_t bias_stride, float *z,
                                  int64_t z_stride)
{
    softmax_delta<<<dim3(row_blocks(which.rows), replicas), THREADS, 0, dev->stream>>>(
        which, width, y, factor, bias, bias_stride, z, z_stride);
    IPL_LAUNCHED(dev, softmax_delta);
    return IPL_OK;
}

ipl_status ipl_cuda_delta_sums(ipl_cuda *dev, int replicas, int64_t rows, int width,
                               int act, const float *a, float *delta, int64_t stride,
                               int adds, float *part, int64_t part_stride,
                               int64_t sums)
{
    const dim3 grid((unsigned)ceil_div(width, 32), (unsigned)ceil_div(rows, DELTA_ROWS),
                    replicas);
    column_sums<<<grid, THREADS, 0, dev->stream>>>(rows, width, act, a, delta, stride,
                                                   adds, part, part_stride, sums);
    IPL_LAUNCHED(dev, column_sums);
    return IPL_OK;
}
