/*
 * net_forward.cu - activations of all layers, on the device.
 *
 * Launch    forward_tiny (all widths at most 64): a block of 128 threads takes 64 rows
 *           at a time through all layers in shared memory, two threads a row; layers'
 *           weights are loaded in turn; blockIdx.y counts networks. Wide networks:
 *           cuBLAS and net_layers.cu, in chunks of a fixed number of rows, on aligned
 *           operands.
 * Traffic   Reads x once and writes each wanted layer once; weights come from L2. For
 *           tiny networks memory bandwidth is the limit.
 * Numerics  forward_tiny sums a unit over its inputs in turn, bias last; cuBLAS in an
 *           order fixed by shape, library and GPU. Equal input, equal bits; NaN stays.
 */
#include <assert.h>

#include "net_forward.cuh"

enum { ROWS = 64, PITCH = ROWS + 1, THREADS = 128, GRID_MAX = 1024 };
/* Room for layers that cannot be made in place: 256 MiB. */
static const int64_t SPARE_FLOATS = (int64_t)1 << 26;

static __host__ __device__ constexpr int pad4(int n) { return (n + 3) & ~3; }

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
             const __grid_constant__ net_outputs out, const float *__restrict__ params,
             int64_t rows, const float *__restrict__ x, int weight_floats, int widest)
{
    extern __shared__ float4 shared[];
    float *weights = (float *)shared, *in = weights + weight_floats;
    float *next = in + widest * PITCH;
    params += blockIdx.y * net.at[net.layers + 1];
    const int64_t before = blockIdx.y * rows; /* of other networks */

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
            if (out.act[l])
                for (int i = threadIdx.x; i < count * units; i += THREADS)
                    out.act[l][(before + first) * units + i] =
                        next[i % units * PITCH + i / units];
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

static ipl_status tiny(ipl_cuda *dev, const net_layout &net, const net_outputs &out,
                       int networks, const float *params, int64_t rows, const float *x)
{
    int weights = 0, widest = net.width[0];
    for (int l = 1; l <= net.layers; ++l) {
        const int size = (net.width[l - 1] + 1) * pad4(net.width[l]);
        if (size > weights) weights = size;
        if (net.width[l] > widest) widest = net.width[l];
    }
    const size_t bytes = sizeof(float) * (size_t)(weights + 2 * widest * PITCH);
    const int64_t blocks = ceil_div(rows, ROWS);
    const dim3 grid((unsigned)(blocks < GRID_MAX ? blocks : GRID_MAX), networks);
    forward_tiny<<<grid, THREADS, bytes, dev->stream>>>(net, out, params, rows, x,
                                                        weights, widest);
    IPL_LAUNCHED(dev, forward_tiny);
    return IPL_OK;
}

static int last_wanted(const net_layout &net, const net_outputs &out)
{
    int last = net.layers;
    while (last > 0 && !out.act[last]) --last;
    return last;
}

static int widest_of(const net_layout &net)
{
    int widest = 1;
    for (int l = 0; l <= net.layers; ++l)
        if (net.width[l] > widest) widest = net.width[l];
    return widest;
}

/* Rows of one product. cuBLAS chooses its kernel, and so the bits, by the shape: this
 * depends on the network alone and divides IPL_NET_FORWARD_ROWS, so that all rows or
 * blocks of them, with any layers wanted, are the same products. At least NET_ALIGN. */
static int64_t chunk_rows(const net_layout &net)
{
    int64_t chunk = IPL_NET_FORWARD_ROWS;
    while (2 * chunk * widest_of(net) > SPARE_FLOATS) chunk /= 2;
    return chunk;
}

/* What a product takes or makes elsewhere than at a multiple of NET_ALIGN floats goes
 * through here: rows of two layers in turn (the inputs are layer 0), and the weights.
 * Their copies cost 8 bytes a weight, little beside the products; padded parameters
 * would be another format of states, snapshots and files. */
struct wide_spare {
    int64_t layer, floats; /* of one layer's rows; of all */
    int64_t weights_at[NET_MAX + 1];
};

static wide_spare spare_of(const net_layout &net, int64_t rows)
{
    wide_spare spare = {};
    const int64_t chunk = chunk_rows(net);
    spare.layer = net_whole((rows < chunk ? rows : chunk) * widest_of(net));
    spare.floats = 2 * spare.layer;
    for (int l = 1; l <= net.layers; ++l) {
        spare.weights_at[l] = spare.floats;
        spare.floats += net_whole((int64_t)net.width[l - 1] * net.width[l]);
    }
    return spare;
}

int64_t ipl_cuda_forward_spare_floats(const net_layout &net, int64_t rows)
{
    return ipl_cuda_net_is_tiny(&net) ? 0 : spare_of(net, rows).floats;
}

static ipl_status copy(ipl_cuda *dev, const float *from, int64_t floats, float *to)
{
    IPL_CUDA(dev, cudaMemcpyAsync(to, from, sizeof *to * (size_t)floats,
                                  cudaMemcpyDeviceToDevice, dev->stream));
    return IPL_OK;
}

/* *at <- a place with the same values that cuBLAS may have: `room`, if need be. */
static ipl_status align(ipl_cuda *dev, int64_t floats, float *room, const float **at)
{
    if (net_lies(*at, 0)) return IPL_OK;
    IPL_TRY(copy(dev, *at, floats, room));
    *at = room;
    return IPL_OK;
}

/* to (rows x units) = in (rows x inputs) weights, row-major. */
static ipl_status multiply(ipl_cuda *dev, int rows, int units, int inputs,
                           const float *in, const float *weights, float *to)
{
    const float one = 1.0f, zero = 0.0f;
    if (!net_lies(in, 0) || !net_lies(weights, 0) || !net_lies(to, 0))
        return net_misplaced("cublasSgemm", rows, units, inputs);
    IPL_CUBLAS(cublasSgemm(dev->blas, CUBLAS_OP_N, CUBLAS_OP_N, units, rows, inputs,
                           &one, weights, units, in, inputs, &zero, to, units));
    dev->kernel = "cublasSgemm";
    return IPL_OK;
}

static ipl_status wide(ipl_cuda *dev, const net_layout &net, const net_outputs &out,
                       const float *params, int64_t rows, const float *x, float *room)
{
    const int last = last_wanted(net, out);
    const int64_t chunk = chunk_rows(net);
    IPL_TRY(ipl_cuda_use_blas(dev));
    const wide_spare spare = spare_of(net, rows);
    const float *weights[NET_MAX + 1];
    for (int l = 1; l <= last; ++l) {
        weights[l] = params + net.at[l];
        IPL_TRY(align(dev, (int64_t)net.width[l - 1] * net.width[l],
                      room + spare.weights_at[l], &weights[l]));
    }
    for (int64_t first = 0; first < rows; first += chunk) {
        const int64_t count = rows - first < chunk ? rows - first : chunk;
        const float *in = x + first * net.width[0];
        IPL_TRY(align(dev, count * net.width[0], room, &in));
        for (int l = 1; l <= last; ++l) {
            const int inputs = net.width[l - 1], units = net.width[l];
            const float *bias = params + net.at[l] + (int64_t)inputs * units;
            float *wanted = out.act[l] ? out.act[l] + first * units : NULL;
            float *to = wanted && net_lies(wanted, 0) ? wanted
                                                      : room + (l & 1) * spare.layer;
            IPL_TRY(multiply(dev, (int)count, units, inputs, in, weights[l], to));
            if (net.act[l] == IPL_ACT_SOFTMAX)
                IPL_TRY(ipl_cuda_bias_softmax(dev, count, units, bias, to));
            else
                IPL_TRY(ipl_cuda_bias_act(dev, 1, count, units, net.act[l],
                                          bias, 0, to, 0));
            if (wanted && wanted != to) IPL_TRY(copy(dev, to, count * units, wanted));
            in = to;
        }
    }
    return IPL_OK;
}

ipl_status ipl_cuda_forward_layers(ipl_cuda *dev, const net_layout &net,
                                   const net_outputs &out, int networks,
                                   const float *params, int64_t rows, const float *x,
                                   float *spare)
{
    if (ipl_cuda_net_is_tiny(&net))
        return tiny(dev, net, out, networks, params, rows, x);
    assert(networks == 1);
    return wide(dev, net, out, params, rows, x, spare);
}

ipl_status ipl_cuda_forward(void *state, const ipl_net_shape *shape,
                            const float *params, int64_t rows, const float *x,
                            float *const *act)
{
    ipl_cuda *dev = NULL;
    void *spare = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    const net_layout net = ipl_cuda_net_layout(shape);
    net_outputs out = {};
    for (int l = 1; l <= net.layers; ++l) out.act[l] = act[l - 1];
    const int64_t floats = ipl_cuda_forward_spare_floats(net, rows);
    IPL_TRY(ipl_cuda_scratch(dev, sizeof(float) * (size_t)floats, &spare));
    return ipl_cuda_forward_layers(dev, net, out, 1, params, rows, x, (float *)spare);
}
