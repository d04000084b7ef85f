/*
 * range.cu - smallest and largest value, sum of squares, and values not finite.
 *
 * Launch    A block of 256 threads for each run of 32768 values; blockIdx.y counts
 *           jobs. A second kernel joins a job's runs in one block. A layer in host
 *           memory comes in whole runs, as many as a block of the job holds or one,
 *           and has a launch for each: its runs are those of a layer on the device.
 * Traffic   Reads each value once. Memory limits, or on GPUs with few double units
 *           those: two operations a value; for host memory, the bus.
 * Numerics  Squares and their sums are in double, where they are exact and cannot
 *           overflow; a thread adds every 256th value of its run, and the rest is a
 *           fixed tree: equal input, equal bits, whatever the schedule.
 */
#include "host_rows.cuh"
#include "jobs.cuh"
#include "reduce.cuh"

enum { THREADS = 256, RUN = 32768 };

struct span {
    float   lo, hi;
    double  squares;
    int64_t not_finite;
};

struct range_layer {
    int64_t      count;
    const float *t;    /* nullptr: in host memory */
    span        *part; /* [ceil_div(count, RUN)]  */
};

struct join {
    __device__ span operator()(const span &a, const span &b) const
    {
        return {fminf(a.lo, b.lo), fmaxf(a.hi, b.hi), a.squares + b.squares,
                a.not_finite + b.not_finite};
    }
};

/* part[run] of a layer; for a whole block. */
static __device__ void span_run(const range_layer &l, int64_t run)
{
    const int64_t from = run * RUN;
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
    mine = block_reduce<THREADS>(mine, join());
    if (threadIdx.x == 0) l.part[run] = mine;
}

/* The layers that are on the device. */
static __global__ void __launch_bounds__(THREADS)
span_layers(const range_layer *__restrict__ layers, int layer_count)
{
    for (int j = blockIdx.y; j < layer_count; j += gridDim.y) {
        const range_layer l = layers[j];
        if (l.t && (int64_t)blockIdx.x * RUN < l.count) span_run(l, blockIdx.x);
    }
}

/* Some runs of a layer: their values, and where their spans go. */
static __global__ void __launch_bounds__(THREADS)
span_runs(const __grid_constant__ range_layer some)
{
    span_run(some, blockIdx.x);
}

static __global__ void __launch_bounds__(THREADS)
join_runs(const range_layer *__restrict__ layers, span *__restrict__ out)
{
    const range_layer l = layers[blockIdx.x];
    const int64_t runs = (l.count + RUN - 1) / RUN;
    span mine = {INFINITY, -INFINITY, 0.0, 0};
    for (int64_t r = threadIdx.x; r < runs; r += THREADS)
        mine = join()(mine, l.part[r]);
    mine = block_reduce<THREADS>(mine, join());
    if (threadIdx.x == 0) out[blockIdx.x] = mine;
}

struct range_plan {
    range_layer *layer;  /* device, [jobs]                                    */
    span        *out;    /* device, [jobs]                                    */
    float       *values; /* device: what is here of a layer in host memory    */
    int64_t      runs_max; /* of the layers on the device                     */
};

/* Values that are sent at a time. */
static int64_t values_a_time(const ipl_range_job *job)
{
    const int64_t whole = job->block < RUN ? RUN : job->block / RUN * RUN;
    return whole < job->count ? whole : job->count;
}

static range_plan lay_out(int jobs, const ipl_range_job *job, ipl_arena *from,
                          range_layer *layer)
{
    range_plan plan = {};
    int64_t values = 0;
    plan.layer = arena_take<range_layer>(from, jobs);
    plan.out = arena_take<span>(from, jobs);
    for (int j = 0; j < jobs; ++j) {
        const bool here = job[j].block == 0;
        const int64_t runs = ceil_div(job[j].count, RUN);
        const int64_t some = here ? 0 : values_a_time(job + j);
        span *part = arena_take<span>(from, runs);
        plan.runs_max = here && runs > plan.runs_max ? runs : plan.runs_max;
        values = some > values ? some : values;
        if (layer) layer[j] = {job[j].count, here ? job[j].t : nullptr, part};
    }
    plan.values = arena_take<float>(from, values);
    return plan;
}

extern "C" size_t ipl_cuda_range_scratch_bytes(void *state, int jobs,
                                               const ipl_range_job *job)
{
    ipl_arena from = {};
    (void)state;
    lay_out(jobs, job, &from, nullptr);
    return from.used;
}

/* Queues a layer in host memory. */
static ipl_status span_blocks(ipl_cuda *dev, const ipl_range_job *job, span *part,
                              float *values)
{
    const int64_t most = values_a_time(job);
    host_rows from = {};
    IPL_TRY(host_rows_open(dev, job->t, 1, &from));
    for (int64_t first = 0; first < job->count; first += most) {
        const int64_t left = job->count - first, count = left < most ? left : most;
        IPL_TRY(host_rows_send_run(&from, first, count, values));
        span_runs<<<(unsigned)ceil_div(count, RUN), THREADS, 0, dev->stream>>>(
            {count, values, part + first / RUN});
        IPL_LAUNCHED(dev, span_runs);
    }
    return IPL_OK;
}

extern "C" ipl_status ipl_cuda_value_range(void *state, int jobs, ipl_range_job *job,
                                           void *scratch)
{
    ipl_cuda *dev = nullptr;
    ipl_arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    host_array<range_layer> layer(jobs);
    host_array<span> out(jobs);
    if (!layer.at || !out.at)
        return IPL_FAIL(IPL_E_MEMORY, "ranges of %d layers", jobs);
    const range_plan plan = lay_out(jobs, job, &from, layer.at);
    IPL_TRY(send(dev, layer.at, jobs, plan.layer));
    if (plan.runs_max) {
        const dim3 grid = grid_of(plan.runs_max, jobs);
        span_layers<<<grid, THREADS, 0, dev->stream>>>(plan.layer, jobs);
        IPL_LAUNCHED(dev, span_layers);
    }
    for (int j = 0; j < jobs; ++j)
        if (job[j].block)
            IPL_TRY(span_blocks(dev, job + j, layer.at[j].part, plan.values));
    join_runs<<<(unsigned)jobs, THREADS, 0, dev->stream>>>(plan.layer, plan.out);
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
