/*
 * net_narrow.cu - the last layers of a wide network, forward and back in one launch.
 *
 * A product of few columns takes cuBLAS as long as its launch, and a layer of training
 * needs three, with two kernels between them. Here a block takes DELTA_ROWS rows from
 * the first narrow layer's product to that layer's deltas; net_wide.cu multiplies what
 * is below. Five layers with four narrow ones (784-1024-20-20-20-10) are 10 launches a
 * step in place of 26.
 *
 * Launch    A block of 256 threads for each DELTA_ROWS rows (.x) and replica (.y). Few
 *           rows a block: a row's way through the layers is one thread's, and many
 *           multiprocessors go it side by side.
 * Traffic   Reads z and writes the deltas in its place, reads the layers' parameters
 *           and writes a gradient of them; the rest is shared memory (net_narrow.cuh).
 *           Latency of the layers' chain is the limit.
 * Numerics  Sums over a block's rows as in net_narrow.cuh; net_update.cu adds blocks in
 *           order. No sum depends on how many replicas there are.
 * Limits    Widths of at most 64, and shared memory: ipl_cuda_narrow_from.
 */
#include "net_narrow.cuh"

enum { THREADS = 256 };

static __global__ void __launch_bounds__(THREADS)
narrow_rows(const __grid_constant__ narrow_plan plan,
            const __grid_constant__ narrow_job job)
{
    extern __shared__ float4 shared[];
    float *weights = (float *)shared, *act = weights + plan.weights;
    float *delta = act + plan.delta_at[0] * plan.chunk;
    const net_rows &which = job.which;
    const int64_t first = (int64_t)blockIdx.x * plan.chunk;
    const int rows = (int)min((int64_t)plan.chunk, which.rows - first);
    const int units = plan.width[1];
    float *z = job.z + blockIdx.y * job.z_stride + first * units;

    copy_part(plan, weights, job.state + blockIdx.y * job.stride + plan.base, false);
    clear_features(plan, act);
    for (int r = threadIdx.x; r < rows; r += THREADS) {
        const int64_t at = which.plan->done * which.batch + which.first + first + r;
        const int label = job.y[which.order[blockIdx.y * which.count + at]];
        float *values = values_of(plan, act, delta, 1) + r;
        for (int j = 0; j < units; ++j) values[j * plan.chunk] = z[r * units + j];
        row_forward(plan, weights, act, delta, r);
        row_softmax(plan, delta, r, label, job.factor);
        row_backward(plan, weights, act, delta, r);
        for (int j = 0; j < units; ++j)
            z[r * units + j] = delta[(plan.delta_at[1] + j) * plan.chunk + r];
    }
    __syncthreads();
    float *part = job.part + blockIdx.y * job.part_stride + blockIdx.x * job.sums;
    for_gradients(plan, act, delta, rows, [&](int l, int k, int j, float g) {
        float *to = part + plan.state_at[l] + k * plan.width[l] + j;
        *to = job.adds ? *to + g : g;
    });
}

static size_t shared_bytes(const narrow_plan &plan)
{
    return sizeof(float) * ((size_t)plan.weights + (size_t)plan.features * plan.chunk);
}

ipl_status ipl_cuda_narrow_open(ipl_cuda *dev)
{
    IPL_CUDA(dev, cudaFuncSetAttribute(narrow_rows,
                                       cudaFuncAttributeMaxDynamicSharedMemorySize,
                                       (int)dev->smem_bytes));
    return IPL_OK;
}

int ipl_cuda_narrow_from(const ipl_cuda *dev, const net_layout *layout)
{
    int from = layout->layers + 1;
    while (from > 1 && layout->width[from - 1] <= NET_TINY_WIDTH &&
           shared_bytes(narrow_lay_out(layout, from - 1, DELTA_ROWS)) <=
               dev->smem_bytes)
        --from;
    return from;
}

ipl_status ipl_cuda_narrow_rows(ipl_cuda *dev, const net_layout *layout, int from,
                                int replicas, const narrow_job *job)
{
    const narrow_plan plan = narrow_lay_out(layout, from, DELTA_ROWS);
    const dim3 grid((unsigned)ceil_div(job->which.rows, DELTA_ROWS), replicas);
    narrow_rows<<<grid, THREADS, shared_bytes(plan), dev->stream>>>(plan, *job);
    IPL_LAUNCHED(dev, narrow_rows);
    return IPL_OK;
}
