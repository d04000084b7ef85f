/*
 * net_tiny.cu - training of tiny networks: one block a replica, one launch a call.
 *
 * Launch    Grid of `replicas` blocks. A block keeps its replica's parameters and
 *           moments in shared memory for all steps of the call, and the activations and
 *           deltas of `chunk` rows (net_narrow.cuh). 256 threads where a chunk has at
 *           most as many rows, else 512. Two barriers a chunk of rows.
 * Traffic   Shared memory: net_narrow.cuh. Global memory: x once a row and step, the
 *           order, and the state at both ends of the call. Latency of the layers' chain
 *           is the limit.
 * Numerics  Rows of a chunk as in net_narrow.cuh, then over chunks in order: equal
 *           input, equal bits, where shared memory has room for equal chunks. A
 *           parameter that is not finite is recorded and stays so.
 * Limits    Widths of at most 64, and shared memory: ipl_cuda_tiny_fits.
 *
 * Widths are not compiled in. In the sm_90 code an input of four units takes 8.3 to 9
 * instructions, of which 6 are loads and multiply-adds, and a row of a tile 34, of
 * which 24 are: at most a third of the work would go, where latency counts, and each
 * shape would be a kernel of some 3,500 instructions.
 */
#include "net_narrow.cuh"

enum { FEW = 256, MANY = 512, CHUNK_MAX = 512 }; /* threads; rows */

struct tiny_job {
    int                 slots, several; /* several: batches take more than a chunk */
    int64_t             parameters, stride, batch, count, steps, first_step;
    const float        *x;
    const int32_t      *y, *order;
    const float2       *scale;
    const net_plan     *plan;
    float              *state;
    double2            *welford;
    unsigned long long *bad;
};

/* Gradients over this chunk, added up over the chunks of a batch; the last chunk takes
 * the step. */
static __device__ void chunk_step(const narrow_plan &plan, const net_rule &rule,
                                  const tiny_job &job, const float *act,
                                  const float *delta, float *weights, int rows,
                                  int64_t step, bool begins, bool ends)
{
    float *first = weights + plan.weights, *second = first + plan.weights;
    float *sum = weights + (1 + job.slots) * plan.weights;
    for_gradients(plan, act, delta, rows, [&](int l, int k, int j, float g) {
        const int at = plan.weight_at[l] + k * pad4(plan.width[l]) + j;
        if (job.several) {
            if (!begins) g += sum[at];
            if (!ends) {
                sum[at] = g;
                return;
            }
        }
        const bool weight = k < plan.width[l - 1];
        if (weight && job.welford)
            add_to_moments(&job.welford[blockIdx.x * job.parameters + plan.state_at[l] +
                                        k * plan.width[l] + j], step + 1, g);
        if (weight) g += rule.decay * weights[at];
        const float w = rule_step(rule, job.scale[step], weights[at], g, first + at,
                                  second + at);
        weights[at] = w;
        mark_if_bad(w, job.bad, job.plan->first_step + step + 1, blockIdx.x, l);
    });
}

/* Shared memory leaves room for one or two blocks, so registers need not be saved. */
static __global__ void __launch_bounds__(MANY, 1)
train_tiny(const __grid_constant__ narrow_plan plan,
           const __grid_constant__ net_rule rule, const __grid_constant__ tiny_job job)
{
    extern __shared__ float4 shared[];
    float *weights = (float *)shared;
    float *act = weights + (1 + job.slots + job.several) * plan.weights;
    float *delta = act + plan.delta_at[0] * plan.chunk;
    float *state = job.state + blockIdx.x * job.stride;
    const int32_t *order = job.order + blockIdx.x * job.count;

    for (int s = 0; s <= job.slots; ++s)
        copy_part(plan, weights + s * plan.weights, state + s * job.parameters, false);
    clear_features(plan, act);

    for (int64_t step = 0; step < job.steps; ++step) {
        const int64_t from = step * job.batch;
        const int64_t batch = min(job.batch, job.count - from);
        const float factor = 1.0f / (float)batch;
        for (int64_t done = 0; done < batch; done += plan.chunk) {
            const int rows = (int)min((int64_t)plan.chunk, batch - done);
            for (int r = threadIdx.x; r < rows; r += blockDim.x) {
                const int64_t row = order[from + done + r];
                const float *x = job.x + row * plan.width[0];
                for (int k = 0; k < plan.width[0]; ++k) act[k * plan.chunk + r] = x[k];
                row_forward(plan, weights, act, delta, r);
                row_softmax(plan, delta, r, job.y[row], factor);
                row_backward(plan, weights, act, delta, r);
            }
            __syncthreads();
            chunk_step(plan, rule, job, act, delta, weights, rows, step, done == 0,
                       done + rows == batch);
            __syncthreads();
        }
    }

    for (int s = 0; s <= job.slots; ++s)
        copy_part(plan, weights + s * plan.weights, state + s * job.parameters, true);
}

/* The largest chunk of whole warps that fits, of no more than the batch's rows; 0
 * bytes: none does. It depends on the trainer and the GPU's shared memory alone, and
 * not on how calls cut the training. */
static size_t best_layout(const ipl_cuda *dev, const net_layout *layout, int slots,
                          int64_t batch, narrow_plan *plan)
{
    for (int chunk = CHUNK_MAX; chunk; chunk -= 32) {
        if (chunk - 32 >= batch) continue;
        *plan = narrow_lay_out(layout, 0, chunk);
        const size_t matrices = 1 + slots + (batch > chunk);
        const size_t bytes = sizeof(float) * (matrices * (size_t)plan->weights +
                                              (size_t)plan->features * chunk);
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
    narrow_plan plan;
    return ipl_cuda_net_is_tiny(layout) &&
           best_layout(dev, layout, slots, batch, &plan) > 0;
}

ipl_status ipl_cuda_tiny_train(ipl_cuda_trainer *t, const net_call *call)
{
    narrow_plan plan;
    const size_t bytes = best_layout(t->dev, &t->layout, t->slots, t->batch, &plan);
    tiny_job job = {};
    job.slots = t->slots;
    job.several = t->batch > plan.chunk;
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
    const int threads = plan.chunk > FEW ? MANY : FEW;
    train_tiny<<<(unsigned)t->replicas, threads, bytes, t->dev->stream>>>(plan, t->rule,
                                                                         job);
    IPL_LAUNCHED(t->dev, train_tiny);
    return IPL_OK;
}
