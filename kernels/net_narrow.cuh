/*
 * net_narrow.cuh - layers of at most 64 units in the shared memory of a block: forward,
 * back and gradients of `chunk` rows. net_tiny.cu trains whole networks so, and
 * net_narrow.cu the last layers of wide ones.
 *
 * A thread takes a row forward and back without a barrier, since it reads no other
 * row's values; then a warp takes a 4 x 4 tile of a weight matrix, its lanes sharing
 * the rows. Activations and deltas lie as [unit][row], matrices and the parts of
 * [unit] padded to multiples of 4. Biases are a weight row whose activation is 1.
 *
 * Traffic   Shared memory: a row reads each weight as a broadcast float4, 4
 *           multiply-adds for each activation read; a tile reads 8 floats for 16
 *           multiply-adds. 16 sums over a warp take 16 shuffles by halving, with CUB's
 *           reduction 80.
 * Numerics  A unit sums its inputs in turn, bias last. Rows of a chunk are summed lane
 *           by lane (lane i takes rows i, i + 32 ..), then over lanes as a tree.
 */
#ifndef IPL_NET_NARROW_CUH
#define IPL_NET_NARROW_CUH

#include "net_cuda.cuh"

/* Addresses in floats (features: times chunk). With `product` set the inputs of layer 1
 * were multiplied elsewhere: its width[0] is 0, its matrix is the biases alone, and a
 * row finds the product where the layer's values go. */
struct narrow_plan {
    int     layers, chunk, product;
    int     weights, features;
    int64_t base; /* in the packed parameters: of what state_at counts from    */
    int     width[NET_MAX + 1], act[NET_MAX + 1];
    int     weight_at[NET_MAX + 1], tile_at[NET_MAX + 2], state_at[NET_MAX + 1];
    int     act_at[NET_MAX + 1], delta_at[NET_MAX + 1];
};

/* The layers from `product` on, whose product comes ready; 0: the whole network. */
static inline narrow_plan narrow_lay_out(const net_layout *net, int product, int chunk)
{
    narrow_plan plan = {};
    const int before = product ? product - 1 : 0;
    const int inputs = net->width[before];
    plan.layers = net->layers - before;
    plan.chunk = chunk;
    plan.product = product > 0;
    plan.base = product ? net->at[product] + (int64_t)inputs * net->width[product] : 0;
    for (int l = 0; l <= plan.layers; ++l) {
        plan.width[l] = net->width[before + l];
        plan.act[l] = net->act[before + l];
    }
    if (product) plan.width[0] = 0;
    for (int l = 0; l < plan.layers; ++l) {
        plan.act_at[l] = plan.features;
        plan.features += pad4(plan.width[l] + 1);
    }
    plan.delta_at[0] = plan.features; /* where the deltas as a whole start */
    int deltas = 0, parameters = 0;
    plan.tile_at[1] = 0;
    for (int l = 1; l <= plan.layers; ++l) {
        const int wide = pad4(plan.width[l]), high = pad4(plan.width[l - 1] + 1);
        plan.delta_at[l] = deltas;
        deltas += wide;
        plan.state_at[l] = parameters;
        parameters += (plan.width[l - 1] + 1) * plan.width[l];
        plan.weight_at[l] = plan.weights;
        plan.weights += high * wide;
        plan.tile_at[l + 1] = plan.tile_at[l] + high / 4 * (wide / 4);
    }
    plan.features += deltas;
    return plan;
}

/* Moves the padded matrices of a state part (parameters or a moment) in or out. */
static __device__ void copy_part(const narrow_plan &plan, float *padded, float *packed,
                                 bool out)
{
    for (int l = 1; l <= plan.layers; ++l) {
        const int units = plan.width[l], wide = pad4(units);
        const int size = pad4(plan.width[l - 1] + 1) * wide;
        for (int e = threadIdx.x; e < size; e += blockDim.x) {
            const int k = e / wide, j = e % wide;
            const bool real = k <= plan.width[l - 1] && j < units;
            float *at = packed + plan.state_at[l] + k * units + j;
            if (!out) padded[plan.weight_at[l] + e] = real ? *at : 0.0f;
            else if (real) *at = padded[plan.weight_at[l] + e];
        }
    }
}

/* Padding is 0, and the input of the biases 1. Ends with a barrier. */
static __device__ void clear_features(const narrow_plan &plan, float *act)
{
    for (int e = threadIdx.x; e < plan.features * plan.chunk; e += blockDim.x)
        act[e] = 0.0f;
    __syncthreads();
    for (int l = 0; l < plan.layers; ++l)
        for (int r = threadIdx.x; r < plan.chunk; r += blockDim.x)
            act[(plan.act_at[l] + plan.width[l]) * plan.chunk + r] = 1.0f;
    __syncthreads();
}

/* Where the values of a layer go: the last one's become its deltas. */
static __device__ __forceinline__ float *values_of(const narrow_plan &plan, float *act,
                                                   float *delta, int l)
{
    return l < plan.layers ? act + plan.act_at[l] * plan.chunk
                           : delta + plan.delta_at[l] * plan.chunk;
}

/* A row through the layers: activations act[unit][row]; outputs' deltas at the end. */
static __device__ void row_forward(const narrow_plan &plan, const float *weights,
                                   float *act, float *delta, int r)
{
    const int chunk = plan.chunk;
    for (int l = 1; l <= plan.layers; ++l) {
        const int inputs = plan.width[l - 1], units = plan.width[l], wide = pad4(units);
        const float *in = act + plan.act_at[l - 1] * chunk + r;
        float *out = values_of(plan, act, delta, l) + r;
        for (int j0 = 0; j0 < units; j0 += 4) {
            const float *w = weights + plan.weight_at[l] + j0;
            float z[4] = {};
            if (l == 1 && plan.product)
                for (int q = 0; q < 4; ++q) z[q] = out[(j0 + q) * chunk];
            for (int k = 0; k <= inputs; ++k, w += wide) {
                const float a = in[k * chunk];
                const float4 four = *(const float4 *)w;
                z[0] += a * four.x;
                z[1] += a * four.y;
                z[2] += a * four.z;
                z[3] += a * four.w;
            }
            for (int q = 0; q < 4 && j0 + q < units; ++q)
                out[(j0 + q) * chunk] =
                    l < plan.layers ? act_value(plan.act[l], z[q]) : z[q];
        }
    }
}

/* delta <- (softmax(delta) - [label]) * factor for one row. */
static __device__ void row_softmax(const narrow_plan &plan, float *delta, int r,
                                   int label, float factor)
{
    const int chunk = plan.chunk, classes = plan.width[plan.layers];
    float *z = delta + plan.delta_at[plan.layers] * chunk + r;
    float top = z[0], sum = 0.0f;
    for (int c = 1; c < classes; ++c) top = z[c * chunk] > top ? z[c * chunk] : top;
    for (int c = 0; c < classes; ++c) {
        const float e = expf(z[c * chunk] - top);
        z[c * chunk] = e;
        sum += e;
    }
    for (int c = 0; c < classes; ++c)
        z[c * chunk] = (z[c * chunk] / sum - (c == label ? 1.0f : 0.0f)) * factor;
}

/* Deltas of the hidden layers of one row, last layer first. Padded units are zero. */
static __device__ void row_backward(const narrow_plan &plan, const float *weights,
                                    const float *act, float *delta, int r)
{
    const int chunk = plan.chunk;
    for (int l = plan.layers; l > 1; --l) {
        const int inputs = plan.width[l - 1], wide = pad4(plan.width[l]);
        const float *from = delta + plan.delta_at[l] * chunk + r;
        const float *a = act + plan.act_at[l - 1] * chunk + r;
        float *to = delta + plan.delta_at[l - 1] * chunk + r;
        for (int k0 = 0; k0 < inputs; k0 += 4) {
            const float *w = weights + plan.weight_at[l] + k0 * wide;
            float s[4] = {};
            for (int j = 0; j < wide; j += 4) {
                const float d0 = from[j * chunk], d1 = from[(j + 1) * chunk],
                            d2 = from[(j + 2) * chunk], d3 = from[(j + 3) * chunk];
                for (int q = 0; q < 4; ++q) {
                    const float4 four = *(const float4 *)(w + q * wide + j);
                    s[q] += d0 * four.x + d1 * four.y + d2 * four.z + d3 * four.w;
                }
            }
            for (int q = 0; q < 4 && k0 + q < inputs; ++q)
                to[(k0 + q) * chunk] =
                    s[q] * act_slope(plan.act[l - 1], a[(k0 + q) * chunk]);
        }
    }
}

/* Sums 16 values over a warp by halving: afterwards lanes 2 i and 2 i + 1 hold the
 * total of value i. */
static __device__ float warp_totals(float v[16])
{
    const int lane = threadIdx.x & 31;
    for (int half = 8; half; half /= 2) {
        const bool upper = lane & (2 * half);
        for (int i = 0; i < half; ++i) {
            const float sent = upper ? v[i] : v[i + half];
            const float kept = upper ? v[i + half] : v[i];
            v[i] = kept + __shfl_xor_sync(0xffffffffu, sent, 2 * half);
        }
    }
    return v[0] + __shfl_xor_sync(0xffffffffu, v[0], 1);
}

/* The gradient of one 4 x 4 tile over the chunk's rows; value 4 p + q of the lanes is
 * that of weight (k0 + p, j0 + q). */
static __device__ float tile_gradient(const float *a, const float *d, int chunk,
                                      int rows)
{
    float sum[16] = {};
    for (int r = threadIdx.x & 31; r < rows; r += 32) {
        const float d0 = d[r], d1 = d[chunk + r], d2 = d[2 * chunk + r],
                    d3 = d[3 * chunk + r];
#pragma unroll
        for (int p = 0; p < 4; ++p) {
            const float one = a[p * chunk + r];
            sum[4 * p] += one * d0;
            sum[4 * p + 1] += one * d1;
            sum[4 * p + 2] += one * d2;
            sum[4 * p + 3] += one * d3;
        }
    }
    return warp_totals(sum);
}

/* done(l, k, j, g) for the gradient g, over the chunk's rows, of each weight (k, j) of
 * each layer, by the lane that has it. */
template <class Done>
static __device__ __forceinline__ void
for_gradients(const narrow_plan &plan, const float *act, const float *delta, int rows,
              Done done)
{
    const int chunk = plan.chunk, lane = threadIdx.x & 31, warps = blockDim.x / 32;
    int l = 1;
    for (int t = threadIdx.x / 32; t < plan.tile_at[plan.layers + 1]; t += warps) {
        while (t >= plan.tile_at[l + 1]) ++l;
        const int across = pad4(plan.width[l]) / 4, tile = t - plan.tile_at[l];
        const int k0 = tile / across * 4, j0 = tile % across * 4;
        const float g = tile_gradient(act + (plan.act_at[l - 1] + k0) * chunk,
                                      delta + (plan.delta_at[l] + j0) * chunk, chunk,
                                      rows);
        const int k = k0 + (lane >> 3), j = j0 + ((lane >> 1) & 3);
        if (!(lane & 1) && k <= plan.width[l - 1] && j < plan.width[l])
            done(l, k, j, g);
    }
}

#endif
