/*
 * range.cu - smallest and largest value, sum of squares, and values not finite.
 *
 * Launch    A block of 256 threads for each run of 32768 values; blockIdx.y counts
 *           jobs. A second kernel joins a job's runs in one block.
 * Traffic   Reads each value once. Memory limits, or on GPUs with few double units
 *           those: two operations a value.
 * Numerics  Squares and their sums are in double, where they are exact and cannot
 *           overflow; a thread adds every 256th value of its run, and the rest is a
 *           fixed tree: equal input, equal bits, whatever the schedule.
 */
#include "arena.cuh"

enum { THREADS = 256, RUN = 32768 };

struct span {
    float   lo, hi;
    double  squares;
    int64_t not_finite;
};

struct range_layer {
    int64_t      count;
    const float *t;
    span        *part; /* [ceil_div(count, RUN)] */
};

static __device__ __forceinline__ span join(span a, span b)
{
    return {fminf(a.lo, b.lo), fmaxf(a.hi, b.hi), a.squares + b.squares,
            a.not_finite + b.not_finite};
}

/* The spans of all threads joined, for thread 0. */
static __device__ span join_block(span mine)
{
    __shared__ span warp[THREADS / 32];
    for (int step = 16; step; step /= 2) {
        span other;
        other.lo = __shfl_down_sync(~0u, mine.lo, step);
        other.hi = __shfl_down_sync(~0u, mine.hi, step);
        other.squares = __shfl_down_sync(~0u, mine.squares, step);
        other.not_finite = __shfl_down_sync(~0u, mine.not_finite, step);
        mine = join(mine, other);
    }
    __syncthreads(); /* a block may come here more than once */
    if (threadIdx.x % 32 == 0) warp[threadIdx.x / 32] = mine;
    __syncthreads();
    if (threadIdx.x == 0)
        for (int w = 1; w < THREADS / 32; ++w) mine = join(mine, warp[w]);
    return mine;
}

static __global__ void __launch_bounds__(THREADS)
span_runs(const range_layer *__restrict__ layers, int layer_count)
{
    for (int j = blockIdx.y; j < layer_count; j += gridDim.y) {
        const range_layer l = layers[j];
        const int64_t from = (int64_t)blockIdx.x * RUN;
        if (from >= l.count) continue; /* the whole block */
        const int64_t to = from + RUN < l.count ? from + RUN : l.count;
        span mine = {INFINITY, -INFINITY, 0.0, 0};
#pragma unroll 4
        for (int64_t i = from + threadIdx.x; i < to; i += THREADS) {
            const float x = l.t[i];
            const bool finite = isfinite(x);
            mine.lo = fminf(mine.lo, finite ? x : INFINITY);
            mine.hi = fmaxf(mine.hi, finite ? x : -INFINITY);
            mine.squares += finite ? (double)x * (double)x : 0.0;
            mine.not_finite += !finite;
        }
        mine = join_block(mine);
        if (threadIdx.x == 0) l.part[blockIdx.x] = mine;
    }
}

static __global__ void __launch_bounds__(THREADS)
join_runs(const range_layer *__restrict__ layers, span *__restrict__ out)
{
    const range_layer l = layers[blockIdx.x];
    const int64_t runs = (l.count + RUN - 1) / RUN;
    span mine = {INFINITY, -INFINITY, 0.0, 0};
    for (int64_t r = threadIdx.x; r < runs; r += THREADS) mine = join(mine, l.part[r]);
    mine = join_block(mine);
    if (threadIdx.x == 0) out[blockIdx.x] = mine;
}

struct range_plan {
    range_layer *layer; /* device, [jobs] */
    span        *out;   /* device, [jobs] */
    int64_t      runs_max;
};

static range_plan lay_out(int jobs, const ipl_range_job *job, arena *from,
                          range_layer *layer)
{
    range_plan plan = {};
    plan.layer = arena_take<range_layer>(from, jobs);
    plan.out = arena_take<span>(from, jobs);
    for (int j = 0; j < jobs; ++j) {
        const int64_t runs = ceil_div(job[j].count, RUN);
        span *part = arena_take<span>(from, runs);
        plan.runs_max = runs > plan.runs_max ? runs : plan.runs_max;
        if (layer) layer[j] = {job[j].count, job[j].t, part};
    }
    return plan;
}

extern "C" size_t ipl_cuda_range_scratch_bytes(void *state, int jobs,
                                               const ipl_range_job *job)
{
    arena from = {};
    (void)state;
    lay_out(jobs, job, &from, nullptr);
    return from.used;
}

extern "C" ipl_status ipl_cuda_value_range(void *state, int jobs, ipl_range_job *job,
                                           void *scratch)
{
    ipl_cuda *dev = nullptr;
    arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    host_array<range_layer> layer(jobs);
    host_array<span> out(jobs);
    if (!layer.at || !out.at)
        return IPL_FAIL(IPL_E_MEMORY, "ranges of %d layers", jobs);
    const range_plan plan = lay_out(jobs, job, &from, layer.at);
    IPL_TRY(send(dev, layer.at, jobs, plan.layer));
    const dim3 grid = grid_of(plan.runs_max, jobs);
    span_runs<<<grid, THREADS, 0, dev->measure>>>(plan.layer, jobs);
    IPL_LAUNCHED(dev, span_runs);
    join_runs<<<(unsigned)jobs, THREADS, 0, dev->measure>>>(plan.layer, plan.out);
    IPL_LAUNCHED(dev, join_runs);
    IPL_TRY(ipl_cuda_fetch(dev, plan.out, (size_t)jobs * sizeof *out.at, out.at));
    for (int j = 0; j < jobs; ++j) {
        job[j].lo = out.at[j].lo + 0.0f; /* -0 and +0 are one value: report +0 */
        job[j].hi = out.at[j].hi + 0.0f;
        job[j].sum_squares = out.at[j].squares;
        job[j].not_finite = out.at[j].not_finite;
    }
    return IPL_OK;
}
