/*
 * quantiles.cu - values at given ranks by counting digits, without a sort.
 *
 * The bits of a float, with the lower half of the line turned over, order as the
 * values do. They are read as digits of 12, 12 and 8 bits. The first pass counts the
 * leading digit of all values; the host finds in which of its buckets each wanted rank
 * lies; the next two passes look only at values in wanted buckets. A bucket of a level
 * is a node, numbered in ascending order, and its children are found in a table.
 *
 * Launch    Threads stride over the values, eight blocks of 256 a multiprocessor at
 *           most. A layer in host memory comes in the job's blocks, once a level.
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
#include "warps.cuh"

enum { LEVELS = 3, THREADS = 256, VALUES = 16 * THREADS, BLOCKS_SM = 8 };
enum { FIRST_CELLS = 4096 };

static const int digit_bits[LEVELS] = {12, 12, 8}, shift_of[LEVELS] = {20, 8, 0};

typedef unsigned long long counter; /* what atomicAdd takes of 64 bits */

static __device__ __forceinline__ uint32_t order_of(float value)
{
    const uint32_t bits = __float_as_uint(value + 0.0f); /* -0 is +0 */
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

static float value_of(uint32_t order)
{
    const uint32_t bits = order ^ (order >> 31 ? 0x80000000u : 0xffffffffu);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A block has fewer than 2^32 values, so that its own counters need no more bits. */
static __global__ void __launch_bounds__(THREADS)
count_first(int64_t values, const float *__restrict__ t, counter *__restrict__ count)
{
    __shared__ uint32_t own[FIRST_CELLS];
    for (int c = threadIdx.x; c < FIRST_CELLS; c += THREADS) own[c] = 0;
    __syncthreads();
    const int64_t step = (int64_t)gridDim.x * THREADS;
#pragma unroll 4
    for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < values; i += step)
        atomicAdd(own + (order_of(t[i]) >> 20), 1u);
    __syncthreads();
    for (int c = threadIdx.x; c < FIRST_CELLS; c += THREADS)
        if (own[c]) atomicAdd(count + c, (counter)own[c]);
}

/* child0, child1: [nodes][4096] of the first two levels, the node below or -1. */
template <int LEVEL> static __global__ void __launch_bounds__(THREADS)
count_below(int64_t values, const float *__restrict__ t,
            const int32_t *__restrict__ child0, const int32_t *__restrict__ child1,
            counter *__restrict__ count)
{
    const int64_t step = (int64_t)gridDim.x * THREADS;
    for (int64_t from = (int64_t)blockIdx.x * THREADS; from < values; from += step) {
        const int64_t i = from + threadIdx.x;
        int cell = -1;
        if (i < values) {
            const uint32_t order = order_of(t[i]);
            int node = child0[order >> 20];
            if (node >= 0) cell = node << 12 | (int)(order >> 8 & 4095);
            if (LEVEL == 2 && cell >= 0) {
                node = child1[cell];
                cell = node < 0 ? -1 : node << 8 | (int)(order & 255);
            }
        }
        if (__any_sync(~0u, cell >= 0)) add_together(count, cell, (counter)1);
    }
}

/* -- The call ------------------------------------------------------------------- */

/* Part of the scratch. */
struct quantile_plan {
    float   *values; /* what is here of a layer in host memory            */
    counter *count;  /* [nodes][2^digit_bits] of the level                */
    int32_t *child[LEVELS - 1];
    int64_t  values_a_time, cells_max;
};

/* What the host knows of the ranks. */
struct descent {
    int64_t   ranks;
    int64_t  *rank;  /* [ranks]: what is left of it below its node              */
    int32_t  *node;  /* [ranks]: its node at this level                         */
    uint32_t *order; /* [ranks]: its value's digits as far as they are known    */
    counter  *count; /* [cells_max]: of the level                               */
    int32_t  *child; /* [cells_max]: of the level                               */
};

/* A node holds a rank, so there are no more of them than ranks or values. */
static int64_t cells_of(const ipl_quantile_job *job, int level)
{
    int64_t nodes = level == 0 ? 1 : level == 1 ? FIRST_CELLS : job->ranks;
    nodes = job->ranks < nodes ? job->ranks : nodes;
    nodes = job->count < nodes ? job->count : nodes;
    return nodes << digit_bits[level];
}

static quantile_plan lay_out(const ipl_quantile_job *job, ipl_arena *from)
{
    quantile_plan plan = {};
    for (int level = 0; level < LEVELS; ++level) {
        const int64_t cells = cells_of(job, level);
        plan.cells_max = cells > plan.cells_max ? cells : plan.cells_max;
        if (level < LEVELS - 1) plan.child[level] = arena_take<int32_t>(from, cells);
    }
    plan.count = arena_take<counter>(from, plan.cells_max);
    const int64_t block = job->block && job->block < job->count ? job->block
                                                                : job->count;
    plan.values_a_time = block;
    plan.values = arena_take<float>(from, job->block ? block : 0);
    return plan;
}

extern "C" size_t ipl_cuda_quantile_scratch_bytes(void *state,
                                                  const ipl_quantile_job *job)
{
    ipl_arena from = {};
    (void)state;
    lay_out(job, &from);
    return from.used;
}

static ipl_status count_some(ipl_cuda *dev, const quantile_plan *plan, int level,
                             int64_t values, const float *t)
{
    const int64_t wanted = ceil_div(values, VALUES), most = BLOCKS_SM * dev->sm_count;
    const unsigned grid = (unsigned)(wanted < most ? wanted : most);
    if (level == 0) {
        count_first<<<grid, THREADS, 0, dev->stream>>>(values, t, plan->count);
        IPL_LAUNCHED(dev, count_first);
        return IPL_OK;
    }
    const auto kernel = level == 1 ? count_below<1> : count_below<2>;
    kernel<<<grid, THREADS, 0, dev->stream>>>(values, t, plan->child[0],
                                               plan->child[1], plan->count);
    IPL_LAUNCHED(dev, count_below);
    return IPL_OK;
}

/* Counts the digits of a level below `nodes` nodes, and fetches the counts. */
static ipl_status count_level(ipl_cuda *dev, const ipl_quantile_job *job,
                              const quantile_plan *plan, host_rows *from, int level,
                              int64_t nodes, counter *count)
{
    const size_t bytes = ((size_t)nodes << digit_bits[level]) * sizeof *count;
    IPL_CUDA(dev, cudaMemsetAsync(plan->count, 0, bytes, dev->stream));
    for (int64_t first = 0; first < job->count; first += plan->values_a_time) {
        const int64_t left = job->count - first;
        const int64_t some = left < plan->values_a_time ? left : plan->values_a_time;
        if (job->block) IPL_TRY(host_rows_send_run(from, first, some, plan->values));
        IPL_TRY(count_some(dev, plan, level, some,
                           job->block ? plan->values : job->t + first));
    }
    return ipl_cuda_fetch(dev, plan->count, bytes, count);
}

/* Moves every rank one level down and returns the number of nodes there. Ranks ascend,
 * so those that share a child follow each other, and children are numbered as they are
 * met. */
static int32_t descend(descent *s, int level, int64_t nodes)
{
    int32_t below_nodes = 0;
    int64_t cell = 0, below = 0; /* values of this node in digits before the cell */
    for (int64_t k = 0; k < nodes << digit_bits[level]; ++k) s->child[k] = -1;
    for (int64_t q = 0; q < s->ranks; ++q) {
        const int64_t start = (int64_t)s->node[q] << digit_bits[level];
        if (cell < start) cell = start, below = 0;
        while (s->rank[q] >= below + (int64_t)s->count[cell])
            below += (int64_t)s->count[cell++];
        s->rank[q] -= below;
        s->order[q] |= (uint32_t)(cell - start) << shift_of[level];
        if (s->child[cell] < 0) s->child[cell] = below_nodes++;
        s->node[q] = s->child[cell];
    }
    return below_nodes;
}

extern "C" ipl_status ipl_cuda_value_quantiles(void *state, const ipl_quantile_job *job,
                                               void *scratch)
{
    ipl_cuda *dev = nullptr;
    ipl_arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    const quantile_plan plan = lay_out(job, &from);
    host_array<int64_t> rank(job->ranks);
    host_array<int32_t> node(job->ranks), child(plan.cells_max);
    host_array<uint32_t> order(job->ranks);
    host_array<counter> count(plan.cells_max);
    if (!rank.at || !node.at || !child.at || !order.at || !count.at)
        return IPL_FAIL(IPL_E_MEMORY, "%lld ranks", (long long)job->ranks);
    memcpy(rank.at, job->rank, (size_t)job->ranks * sizeof *rank.at);
    descent s = {job->ranks, rank.at, node.at, order.at, count.at, child.at};
    host_rows host = {};
    if (job->block) IPL_TRY(host_rows_open(dev, job->t, 1, &host));
    int64_t nodes = 1;
    for (int level = 0; level < LEVELS; ++level) {
        IPL_TRY(count_level(dev, job, &plan, &host, level, nodes, s.count));
        const int32_t below = descend(&s, level, nodes);
        if (level < LEVELS - 1) /* the next level's fetch has waited for this */
            IPL_TRY(send(dev, s.child, nodes << digit_bits[level], plan.child[level]));
        nodes = below;
    }
    for (int64_t q = 0; q < job->ranks; ++q) job->threshold[q] = value_of(s.order[q]);
    return IPL_OK;
}
