/*
 * quantiles.cu - values at given ranks by counting digits, without a sort.
 *
 * The bits of a float, with the lower half of the line turned over, order as the
 * values do. They are read as digits of 12, 12 and 8 bits. The first pass counts the
 * leading digit of all values; then each wanted rank goes down to the bucket it lies
 * in; the next two passes look only at values in wanted buckets. A bucket of a level
 * is a node, numbered in ascending order, and its children are found in a table. The
 * layers of a call are taken in groups, and the host waits once a group.
 *
 * Launch    Counting: threads stride over the values of layer blockIdx.y, eight blocks
 *           of 256 a multiprocessor at most. A layer in host memory comes in the job's
 *           blocks, once a level, by launches of its own. descend: a block a layer,
 *           through its nodes in turn.
 * Traffic   Reads the values once a level: memory limits, or the bus. The 4096 counters
 *           of the first level are in shared memory, which serves equal values at one
 *           a cycle. Those below are in the scratch, where lanes of a warp that meet at
 *           one counter add once for all of them. 12 bytes a value: CUB's radix sort
 *           moves 36 and needs the layer on the device; its histograms of more than 256
 *           bins count in global memory, and of 256 there would be a level more.
 * Numerics  Exact; integers are counted, so no order matters. -0 and +0 are one value,
 *           reported as +0.
 * Limits    ranks < 2^23.
 */
#include <string.h>

#include "host_rows.cuh"
#include "jobs.cuh"
#include "quantile_digits.cuh"

enum { VALUES = 16 * THREADS, BLOCKS_SM = 8 }; /* values of a block; blocks */
enum { GROUP_BYTES = 64 << 20 /* of counters, or one layer's */ };

static float value_of(uint32_t order)
{
    const uint32_t bits = order ^ (order >> 31 ? 0x80000000u : 0xffffffffu);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* -- The call ------------------------------------------------------------------- */

/* Parts of the scratch; those of a group's layers follow each other in each. */
struct quantile_plan {
    quantile_layer *layer;
    float          *values; /* what is here of a layer in host memory              */
    counter        *count;
    int32_t        *child[LEVELS - 1];
    int64_t        *rank;
    int32_t        *node, *cell;
    uint32_t       *order;
    int64_t         cells[LEVELS], count_cells, ranks;
};

/* A node holds a rank, so there are no more of them than ranks or values. */
static int64_t cells_of(const ipl_quantile_job *job, int level)
{
    int64_t nodes = level == 0 ? 1 : level == 1 ? FIRST_CELLS : job->ranks;
    nodes = job->ranks < nodes ? job->ranks : nodes;
    nodes = job->count < nodes ? job->count : nodes;
    return nodes << digit_bits(level);
}

static int64_t counters_of(const ipl_quantile_job *job)
{
    int64_t most = 0;
    for (int level = 0; level < LEVELS; ++level)
        if (cells_of(job, level) > most) most = cells_of(job, level);
    return most;
}

static int64_t values_a_time(const ipl_quantile_job *job)
{
    return job->block && job->block < job->count ? job->block : job->count;
}

/* How many of the jobs make the next group. */
static int group_of(int jobs, const ipl_quantile_job *job)
{
    int64_t counters = counters_of(job);
    int some = 1;
    while (some < jobs && some < GRID_Y_MAX) {
        counters += counters_of(job + some);
        if (counters * (int64_t)sizeof(counter) > GROUP_BYTES) break;
        ++some;
    }
    return some;
}

static quantile_plan lay_out(int jobs, const ipl_quantile_job *job, ipl_arena *from)
{
    quantile_plan plan = {};
    int64_t block = 0;
    for (int j = 0; j < jobs; ++j) {
        for (int level = 0; level < LEVELS; ++level)
            plan.cells[level] += cells_of(job + j, level);
        plan.count_cells += counters_of(job + j);
        plan.ranks += job[j].ranks;
        if (job[j].block && values_a_time(job + j) > block)
            block = values_a_time(job + j);
    }
    plan.layer = arena_take<quantile_layer>(from, jobs);
    plan.values = arena_take<float>(from, block);
    plan.count = arena_take<counter>(from, plan.count_cells);
    for (int level = 0; level < LEVELS - 1; ++level)
        plan.child[level] = arena_take<int32_t>(from, plan.cells[level]);
    plan.rank = arena_take<int64_t>(from, plan.ranks);
    plan.node = arena_take<int32_t>(from, plan.ranks);
    plan.cell = arena_take<int32_t>(from, plan.ranks);
    plan.order = arena_take<uint32_t>(from, plan.ranks);
    return plan;
}

extern "C" size_t ipl_cuda_quantile_scratch_bytes(void *state, int jobs,
                                                  const ipl_quantile_job *job)
{
    size_t most = 0;
    (void)state;
    for (int first = 0, some; first < jobs; first += some) {
        ipl_arena from = {};
        some = group_of(jobs - first, job + first);
        lay_out(some, job + first, &from);
        if (from.used > most) most = from.used;
    }
    return most;
}

/* The group's layers and ranks, to the device; `layer` and `rank` stay until the next
 * wait. */
static ipl_status send_layers(ipl_cuda *dev, const quantile_plan *plan, int jobs,
                              const ipl_quantile_job *job, quantile_layer *layer,
                              int64_t *rank)
{
    quantile_layer next = {};
    next.count = plan->count;
    memcpy(next.child, plan->child, sizeof next.child);
    next.rank = plan->rank;
    next.node = plan->node;
    next.cell = plan->cell;
    next.order = plan->order;
    for (int j = 0; j < jobs; ++j) {
        const int64_t ranks = job[j].ranks;
        next.values = job[j].count;
        next.ranks = ranks;
        next.t = job[j].block ? plan->values : job[j].t;
        layer[j] = next;
        memcpy(rank, job[j].rank, (size_t)ranks * sizeof *rank);
        rank += ranks;
        next.count += counters_of(job + j);
        for (int level = 0; level < LEVELS - 1; ++level)
            next.child[level] += cells_of(job + j, level);
        next.rank += ranks;
        next.node += ranks;
        next.cell += ranks;
        next.order += ranks;
    }
    IPL_TRY(send(dev, layer, jobs, plan->layer));
    return send(dev, rank - plan->ranks, plan->ranks, plan->rank);
}

/* Counts digits of layers first .. first + jobs - 1. */
static ipl_status count_some(ipl_cuda *dev, const quantile_plan *plan, int level,
                             int first, int jobs, int64_t values, int64_t some)
{
    const int64_t wanted = ceil_div(values, VALUES), most = BLOCKS_SM * dev->sm_count;
    const dim3 grid((unsigned)(wanted < most ? wanted : most), jobs);
    const auto kernel = level == 0 ? count_first : level == 1 ? count_below<1>
                                                              : count_below<2>;
    kernel<<<grid, THREADS, 0, dev->stream>>>(plan->layer + first, some);
    IPL_LAUNCHED(dev, count_digits);
    return IPL_OK;
}

/* The same, of a layer in host memory. */
static ipl_status count_host(ipl_cuda *dev, const quantile_plan *plan, int level,
                             int j, const ipl_quantile_job *job)
{
    host_rows from = {};
    IPL_TRY(host_rows_open(dev, job->t, 1, &from));
    const int64_t most = values_a_time(job);
    for (int64_t first = 0; first < job->count; first += most) {
        const int64_t left = job->count - first, some = left < most ? left : most;
        IPL_TRY(host_rows_send_run(&from, first, some, plan->values));
        IPL_TRY(count_some(dev, plan, level, j, 1, some, some));
    }
    return IPL_OK;
}

/* Layers on the device that follow each other are counted together. */
static ipl_status count_level(ipl_cuda *dev, const quantile_plan *plan, int level,
                              int jobs, const ipl_quantile_job *job)
{
    IPL_CUDA(dev, cudaMemsetAsync(plan->count, 0,
                                  (size_t)plan->count_cells * sizeof *plan->count,
                                  dev->stream));
    for (int first = 0; first < jobs;) {
        int64_t values = 0;
        int end = first;
        for (; end < jobs && !job[end].block; ++end)
            if (job[end].count > values) values = job[end].count;
        if (end > first)
            IPL_TRY(count_some(dev, plan, level, first, end - first, values, 0));
        if (end < jobs) IPL_TRY(count_host(dev, plan, level, end, job + end));
        first = end + 1;
    }
    return IPL_OK;
}

static ipl_status find_group(ipl_cuda *dev, int jobs, const ipl_quantile_job *job,
                             void *scratch)
{
    ipl_arena from = {(char *)scratch, 0};
    const quantile_plan plan = lay_out(jobs, job, &from);
    host_array<quantile_layer> layer(jobs);
    host_array<int64_t> rank(plan.ranks);
    host_array<uint32_t> order(plan.ranks);
    if (!layer.at || !rank.at || !order.at)
        return IPL_FAIL(IPL_E_MEMORY, "%lld ranks", (long long)plan.ranks);
    IPL_TRY(send_layers(dev, &plan, jobs, job, layer.at, rank.at));
    const size_t bytes = (size_t)plan.ranks * sizeof *plan.order;
    IPL_CUDA(dev, cudaMemsetAsync(plan.node, 0, bytes, dev->stream));
    IPL_CUDA(dev, cudaMemsetAsync(plan.order, 0, bytes, dev->stream));
    for (int level = 0; level < LEVELS; ++level) {
        IPL_TRY(count_level(dev, &plan, level, jobs, job));
        if (level < LEVELS - 1)
            IPL_CUDA(dev, cudaMemsetAsync(plan.child[level], 0xff,
                                          (size_t)plan.cells[level] *
                                              sizeof *plan.child[level], dev->stream));
        const auto kernel = level == 0 ? descend<0> : level == 1 ? descend<1>
                                                                 : descend<2>;
        kernel<<<jobs, THREADS, 0, dev->stream>>>(plan.layer);
        IPL_LAUNCHED(dev, descend);
    }
    IPL_TRY(ipl_cuda_fetch(dev, plan.order, bytes, order.at));
    const uint32_t *at = order.at;
    for (int j = 0; j < jobs; ++j)
        for (int64_t q = 0; q < job[j].ranks; ++q)
            job[j].threshold[q] = value_of(*at++);
    return IPL_OK;
}

extern "C" ipl_status ipl_cuda_value_quantiles(void *state, int jobs,
                                               const ipl_quantile_job *job,
                                               void *scratch)
{
    ipl_cuda *dev = nullptr;
    IPL_TRY(ipl_cuda_use(state, &dev));
    for (int first = 0, some; first < jobs; first += some) {
        some = group_of(jobs - first, job + first);
        IPL_TRY(find_group(dev, some, job + first, scratch));
    }
    return IPL_OK;
}
