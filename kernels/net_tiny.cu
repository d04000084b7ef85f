/*
 * net_tiny.cu - training of tiny networks: one block a replica, one launch a call.
 *
 * Launch    Grid of `replicas` blocks of 256 threads. A block keeps its replica's
 *           parameters and moments in shared memory for all steps of the call, and
 *           the activations and deltas of `chunk` rows. A thread takes a row forward
 *           and back without a barrier, since it reads no other row's values; then a
 *           warp takes a 4 x 4 tile of a weight matrix, its lanes sharing the rows,
 *           and the lanes that hold the sums update the parameters at once. Two
 *           barriers a chunk of rows.
 * Traffic   Shared memory: a row reads each weight as a broadcast float4, 4
 *           multiply-adds for each activation read; a tile reads 8 floats for 16
 *           multiply-adds. 16 sums over a warp take 16 shuffles by halving, with CUB's
 *           reduction 80. Global memory: x once a row and step, the order, and the
 *           state at both ends of the call. Latency of the layers' chain is the limit.
 * Numerics  Rows of a batch are summed lane by lane (lane i takes rows i, i + 32 ..),
 *           then over lanes as a tree, then over chunks in order: equal input, equal
 *           bits, where shared memory has room for equal chunks. Biases are a weight
 *           row whose activation is 1. A parameter that is not finite is recorded and
 *           stays so.
 * Limits    Widths of at most 64, and shared memory: ipl_cuda_tiny_fits.
 */
#include "net_cuda.cuh"

enum { THREADS = 256, WARPS = THREADS / 32, CHUNK_MAX = 256 };

/* Padded sizes are multiples of 4; addresses in floats (features: times chunk). */
struct tiny_plan {
    int layers, chunk, slots, several; /* several: batches take more than a chunk */
    int weights, features;
    int width[NET_MAX + 1], act[NET_MAX + 1];
    int weight_at[NET_MAX + 1], tile_at[NET_MAX + 2], state_at[NET_MAX + 1];
    int act_at[NET_MAX + 1], delta_at[NET_MAX + 1];
};

struct tiny_job {
    int64_t             parameters, stride, batch, count, steps, first_step;
    const float        *x;
    const int32_t      *y, *order;
    const float2       *scale;
    const net_plan     *plan;
    float              *state;
    double2            *welford;
    unsigned long long *bad;
};

static __host__ __device__ constexpr int pad4(int n) { return (n + 3) & ~3; }

/* A row through the layers: activations act[unit][row]; outputs' deltas at the end. */
static __device__ void row_forward(const tiny_plan &plan, const float *weights,
                                   float *act, float *delta, int r)
{
    const int chunk = plan.chunk;
    for (int l = 1; l <= plan.layers; ++l) {
        const int inputs = plan.width[l - 1], units = plan.width[l], wide = pad4(units);
        const float *in = act + plan.act_at[l - 1] * chunk + r;
        float *out = (l < plan.layers ? act + plan.act_at[l] * chunk
                                      : delta + plan.delta_at[l] * chunk) + r;
        for (int j0 = 0; j0 < units; j0 += 4) {
            const float *w = weights + plan.weight_at[l] + j0;
            float z[4] = {};
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
static __device__ void row_softmax(const tiny_plan &plan, float *delta, int r,
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
static __device__ void row_backward(const tiny_plan &plan, const float *weights,
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

/* Moves the padded matrices of a state part (parameters or a moment) in or out. */
static __device__ void copy_part(const tiny_plan &plan, float *padded, float *packed,
                                 bool out)
{
    for (int l = 1; l <= plan.layers; ++l) {
        const int units = plan.width[l], wide = pad4(units);
        const int size = pad4(plan.width[l - 1] + 1) * wide;
        for (int e = threadIdx.x; e < size; e += THREADS) {
            const int k = e / wide, j = e % wide;
            const bool real = k <= plan.width[l - 1] && j < units;
            float *at = packed + plan.state_at[l] + k * units + j;
            if (!out) padded[plan.weight_at[l] + e] = real ? *at : 0.0f;
            else if (real) *at = padded[plan.weight_at[l] + e];
        }
    }
}

/* Gradients of all tiles over this chunk, added up over the chunks of a batch; the
 * last chunk takes the step. */
static __device__ void tiles_step(const tiny_plan &plan, const net_rule &rule,
                                  const tiny_job &job, const float *act,
                                  const float *delta, float *weights, int rows,
                                  int64_t step, bool begins, bool ends)
{
    const int chunk = plan.chunk, lane = threadIdx.x & 31;
    float *first = weights + plan.weights, *second = first + plan.weights;
    float *sum = weights + (1 + plan.slots) * plan.weights;
    int l = 1;
    for (int t = threadIdx.x / 32; t < plan.tile_at[plan.layers + 1]; t += WARPS) {
        while (t >= plan.tile_at[l + 1]) ++l;
        const int inputs = plan.width[l - 1], units = plan.width[l], wide = pad4(units);
        const int across = wide / 4, tile = t - plan.tile_at[l];
        const int k0 = tile / across * 4, j0 = tile % across * 4;
        float g = tile_gradient(act + (plan.act_at[l - 1] + k0) * chunk,
                                delta + (plan.delta_at[l] + j0) * chunk, chunk, rows);
        const int k = k0 + (lane >> 3), j = j0 + ((lane >> 1) & 3);
        if ((lane & 1) || k > inputs || j >= units) continue;

        const int at = plan.weight_at[l] + k * wide + j;
        if (plan.several) {
            if (!begins) g += sum[at];
            if (!ends) {
                sum[at] = g;
                continue;
            }
        }
        const bool weight = k < inputs;
        if (weight && job.welford)
            add_to_moments(&job.welford[blockIdx.x * job.parameters + plan.state_at[l] +
                                        k * units + j], step + 1, g);
        if (weight) g += rule.decay * weights[at];
        const float w = rule_step(rule, job.scale[step], weights[at], g, first + at,
                                  second + at);
        weights[at] = w;
        mark_if_bad(w, job.bad, job.plan->first_step + step + 1, blockIdx.x,
                    l);
    }
}

/* Shared memory leaves room for one or two blocks, so registers need not be saved. */
static __global__ void __launch_bounds__(THREADS, 1)
train_tiny(const __grid_constant__ tiny_plan plan,
           const __grid_constant__ net_rule rule, const __grid_constant__ tiny_job job)
{
    extern __shared__ float4 shared[];
    float *weights = (float *)shared;
    float *act = weights + (1 + plan.slots + plan.several) * plan.weights;
    float *delta = act + plan.delta_at[0] * plan.chunk;
    float *state = job.state + blockIdx.x * job.stride;
    const int32_t *order = job.order + blockIdx.x * job.count;

    for (int s = 0; s <= plan.slots; ++s)
        copy_part(plan, weights + s * plan.weights, state + s * job.parameters, false);
    for (int e = threadIdx.x; e < plan.features * plan.chunk; e += THREADS)
        act[e] = 0.0f;
    __syncthreads();
    for (int l = 0; l < plan.layers; ++l) /* the input of the biases */
        for (int r = threadIdx.x; r < plan.chunk; r += THREADS)
            act[(plan.act_at[l] + plan.width[l]) * plan.chunk + r] = 1.0f;
    __syncthreads();

    for (int64_t step = 0; step < job.steps; ++step) {
        const int64_t from = step * job.batch;
        const int64_t batch = min(job.batch, job.count - from);
        const float factor = 1.0f / (float)batch;
        for (int64_t done = 0; done < batch; done += plan.chunk) {
            const int rows = (int)min((int64_t)plan.chunk, batch - done);
            for (int r = threadIdx.x; r < rows; r += THREADS) {
                const int64_t row = order[from + done + r];
                const float *x = job.x + row * plan.width[0];
                for (int k = 0; k < plan.width[0]; ++k) act[k * plan.chunk + r] = x[k];
                row_forward(plan, weights, act, delta, r);
                row_softmax(plan, delta, r, job.y[row], factor);
                row_backward(plan, weights, act, delta, r);
            }
            __syncthreads();
            tiles_step(plan, rule, job, act, delta, weights, rows, step, done == 0,
                       done + rows == batch);
            __syncthreads();
        }
    }

    for (int s = 0; s <= plan.slots; ++s)
        copy_part(plan, weights + s * plan.weights, state + s * job.parameters, true);
}

/* Lays shared memory out for this chunk; returns its bytes. */
static size_t lay_out(const net_layout *layout, int slots, int64_t batch, int chunk,
                      tiny_plan *plan)
{
    *plan = tiny_plan{};
    plan->layers = layout->layers;
    plan->chunk = chunk;
    plan->slots = slots;
    plan->several = batch > chunk;
    int features = 0;
    for (int l = 0; l <= layout->layers; ++l) {
        plan->width[l] = layout->width[l];
        plan->act[l] = layout->act[l];
        plan->act_at[l] = features;
        if (l < layout->layers) features += pad4(layout->width[l] + 1);
    }
    plan->delta_at[0] = features; /* where the deltas as a whole start */
    int deltas = 0;
    plan->tile_at[1] = 0;
    for (int l = 1; l <= layout->layers; ++l) {
        const int wide = pad4(layout->width[l]), high = pad4(layout->width[l - 1] + 1);
        plan->delta_at[l] = deltas;
        deltas += wide;
        plan->state_at[l] = (int)layout->at[l];
        plan->weight_at[l] = plan->weights;
        plan->weights += high * wide;
        plan->tile_at[l + 1] = plan->tile_at[l] + high / 4 * (wide / 4);
    }
    plan->features = features + deltas;
    return sizeof(float) * ((size_t)(1 + slots + plan->several) * plan->weights +
                            (size_t)plan->features * chunk);
}

/* The largest chunk of whole warps that fits, of no more than the batch's rows; 0
 * bytes: none does. It depends on the trainer and the GPU's shared memory alone, and
 * not on how calls cut the training. */
static size_t best_layout(const ipl_cuda *dev, const net_layout *layout, int slots,
                          int64_t batch, tiny_plan *plan)
{
    for (int chunk = CHUNK_MAX; chunk; chunk -= 32) {
        if (chunk - 32 >= batch) continue;
        const size_t bytes = lay_out(layout, slots, batch, chunk, plan);
        if (bytes <= dev->smem_bytes) return bytes;
    }
    return 0;
}

ipl_status ipl_cuda_tiny_open(ipl_cuda *dev)
{
    IPL_CUDA(dev, cudaFuncSetAttribute(train_tiny,
                                       cudaFuncAttributeMaxDynamicSharedMemorySize,
                                       (int)dev->smem_bytes));
    return IPL_OK;
}

int ipl_cuda_tiny_fits(const ipl_cuda *dev, const net_layout *layout, int slots,
                       int64_t batch)
{
    tiny_plan plan;
    return ipl_cuda_net_is_tiny(layout) &&
           best_layout(dev, layout, slots, batch, &plan) > 0;
}

ipl_status ipl_cuda_tiny_train(ipl_cuda_trainer *t, const net_call *call)
{
    tiny_plan plan;
    const size_t bytes = best_layout(t->dev, &t->layout, t->slots, t->batch, &plan);
    tiny_job job = {};
    job.parameters = t->parameters;
    job.stride = t->stride;
    job.batch = call->batch;
    job.count = call->count;
    job.steps = call->steps;
    job.x = t->x;
    job.y = t->y;
    job.order = call->order;
    job.scale = call->scale;
    job.plan = call->plan;
    job.state = t->state;
    job.welford = call->welford;
    job.bad = t->bad;
    train_tiny<<<(unsigned)t->replicas, THREADS, bytes, t->dev->stream>>>(plan, t->rule,
                                                                         job);
    IPL_LAUNCHED(t->dev, train_tiny);
    return IPL_OK;
}
