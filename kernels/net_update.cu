/*
 * net_update.cu - the optimiser's step of wide networks, and gradient statistics.
 *
 * Launch    take_step: blockIdx.y is the layer, .z the replica, threads stride over
 *           the layer's parameters. gradient_stats: a block of 256 threads for each
 *           layer (.x) and replica (.y).
 * Traffic   A step reads gradient, parameter and moments and writes all but the
 *           first: 12 bytes a parameter (SGD), 20 (momentum), 28 (Adam); 32 more
 *           when statistics are wanted. Memory bandwidth is the limit.
 * Numerics  A gradient that comes in parts is their sum in order. Statistics are in
 *           double, by Welford's update, so that equal gradients deviate by exactly
 *           0; a thread adds its share in turn, then a tree over the block.
 */
#include "net_update.cuh"
#include "reduce.cuh"

enum { THREADS = 256, BLOCKS_MAX = 1024 };

static __global__ void __launch_bounds__(THREADS)
take_step(const __grid_constant__ net_layout layout,
          const __grid_constant__ net_rule rule, const __grid_constant__ net_update job)
{
    const int l = 1 + blockIdx.y, replica = blockIdx.z;
    const int64_t at = layout.at[l], size = layout.at[l + 1] - at;
    const int64_t weights = (int64_t)layout.width[l - 1] * layout.width[l];
    const int64_t whole = l <= job.top ? weights : 0; /* gradients that are no parts */
    const int64_t step = job.plan->done + job.step;
    const float2 scale = job.scale[step];
    float *state = job.state + replica * job.stride + at;
    const float *gradient = job.gradient + replica * net_whole(job.parameters) + at;
    const float *part = job.part + replica * job.part_stride + job.sum_at[l];

    for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < size;
         i += (int64_t)gridDim.x * THREADS) {
        float g = 0.0f, first = 0.0f, second = 0.0f;
        const float old = state[i];
        if (i < whole) g = gradient[i];
        else
            for (int p = 0; p < job.parts; ++p) g += part[p * job.sums + (i - whole)];
        if (i < weights) {
            if (job.welford)
                add_to_moments(job.welford + replica * job.parameters + at + i,
                               step + 1, g);
            g += rule.decay * old;
        }
        float *moment = state + job.parameters + i;
        if (job.slots > 0) first = moment[0];
        if (job.slots > 1) second = moment[job.parameters];
        const float w = rule_step(rule, scale, old, g, &first, &second);
        state[i] = w;
        if (job.slots > 0) moment[0] = first;
        if (job.slots > 1) moment[job.parameters] = second;
        mark_if_bad(w, job.bad, job.plan->first_step + step + 1, replica, l);
    }
}

static __global__ void advance(net_plan *plan, int64_t steps) { plan->done += steps; }

static __global__ void __launch_bounds__(THREADS)
gradient_stats(const __grid_constant__ net_layout layout, const double2 *welford,
               int64_t steps, ipl_gradient_stats *stats)
{
    const int l = 1 + blockIdx.x, t = threadIdx.x;
    const int64_t weights = (int64_t)layout.width[l - 1] * layout.width[l];
    const int64_t parameters = layout.at[layout.layers + 1];
    const double2 *of = welford + blockIdx.y * parameters + layout.at[l];
    double m = 0.0, s = 0.0;
    for (int64_t i = t; i < weights; i += THREADS) {
        m += of[i].x * of[i].x;
        s += of[i].y;
    }
    m = block_sum<THREADS>(m);
    s = block_sum<THREADS>(s);
    if (t) return;
    ipl_gradient_stats *out = &stats[blockIdx.y * layout.layers + blockIdx.x];
    out->mean = sqrt(m);
    out->deviation = sqrt(s / (double)steps);
}

ipl_status ipl_cuda_take_step(ipl_cuda_trainer *t, const net_update *job)
{
    int64_t largest = 0;
    for (int l = 1; l <= t->layout.layers; ++l) {
        const int64_t size = t->layout.at[l + 1] - t->layout.at[l];
        if (size > largest) largest = size;
    }
    const int64_t blocks = ceil_div(largest, THREADS);
    const dim3 grid((unsigned)(blocks < BLOCKS_MAX ? blocks : BLOCKS_MAX),
                    t->layout.layers, t->replicas);
    take_step<<<grid, THREADS, 0, t->dev->stream>>>(t->layout, t->rule, *job);
    IPL_LAUNCHED(t->dev, take_step);
    return IPL_OK;
}

ipl_status ipl_cuda_advance(ipl_cuda_trainer *t, net_plan *plan, int64_t steps)
{
    advance<<<1, 1, 0, t->dev->stream>>>(plan, steps);
    IPL_LAUNCHED(t->dev, advance);
    return IPL_OK;
}

ipl_status ipl_cuda_gradient_stats(ipl_cuda_trainer *t, int64_t steps)
{
    gradient_stats<<<dim3(t->layout.layers, t->replicas), THREADS, 0, t->dev->stream>>>(
        t->layout, t->welford, steps, t->stats);
    IPL_LAUNCHED(t->dev, gradient_stats);
    return IPL_OK;
}
