/*
 * bin_counts.cu - how many rows share a cell, or a pair of cells.
 *
 *   m_i = number of rows j with (a_j, b_j) = (a_i, b_i);  share = rows of each size m
 *
 * Single cells are below n and count in a table of their own. A pair is a 64-bit key,
 * exact, in an open table with linear probing: a row costs about 1.5 probes of 8 bytes
 * and one addition, where a radix sort would move it in and out 8 times.
 *
 * Launch    A thread a row, then a thread a slot; blockIdx.y counts jobs.
 * Traffic   Random access to 12 bytes for each of 2n to 4n slots: L2 or memory limits.
 *           Lanes of a warp that meet at one counter add once for all of them, so that
 *           a layer in few cells is no slower.
 * Numerics  Integers: no order matters.
 * Limits    n < 2^31.
 */
#include <string.h>

#include "ranks.cuh"
#include "warps.cuh"

enum { THREADS = 256 };

struct count_layer {
    int64_t  n, length;   /* length: n + 1 sizes                                   */
    const int32_t *a, *b; /* [n]; b may be nullptr                                 */
    int64_t  slots;       /* of `count`: n, or those of `key`, a power of two      */
    unsigned long long *key; /* [slots]: pair + 1, 0 where free                    */
    uint32_t *count;      /* [slots]: rows of the cell                             */
    uint32_t *rows_of;    /* [n + 1]: rows whose cell has so many                  */
    int64_t  *block_count, *total;
    ipl_multiplicity *multiplicity; /* [ipl_multiplicities_max(n)]                 */

    __device__ bool marked(int64_t i) const { return rows_of[i] != 0; }
    __device__ void ranked(int64_t i, int64_t rank)
    {
        multiplicity[rank] = {i, rows_of[i]};
    }
};

static __device__ __forceinline__ int64_t slot_of(const count_layer &l, int64_t i)
{
    if (!l.b) return l.a[i];
    const unsigned long long key =
        ((unsigned long long)(uint32_t)l.a[i] << 32 | (uint32_t)l.b[i]) + 1;
    const unsigned long long mask = (unsigned long long)l.slots - 1;
    unsigned long long slot = key * 0x9e3779b97f4a7c15u;
    slot = (slot ^ slot >> 32) & mask;
    for (;; slot = (slot + 1) & mask) {
        unsigned long long other = *(volatile unsigned long long *)(l.key + slot);
        if (!other) other = atomicCAS(l.key + slot, 0ull, key);
        if (!other || other == key) return (int64_t)slot;
    }
}

static __global__ void __launch_bounds__(THREADS)
count_rows(const count_layer *__restrict__ layers, int layer_count)
{
    const int64_t first = (int64_t)blockIdx.x * THREADS, i = first + threadIdx.x;
    for (int j = blockIdx.y; j < layer_count; j += gridDim.y) {
        const count_layer &l = layers[j];
        if (first >= l.n) continue; /* the whole block */
        const int64_t slot = i < l.n ? slot_of(l, i) : -1;
        __syncwarp();
        add_together(l.count, slot, 1u);
    }
}

static __global__ void __launch_bounds__(THREADS)
count_sizes(const count_layer *__restrict__ layers, int layer_count)
{
    const int64_t first = (int64_t)blockIdx.x * THREADS, i = first + threadIdx.x;
    for (int j = blockIdx.y; j < layer_count; j += gridDim.y) {
        const count_layer &l = layers[j];
        if (first >= l.slots) continue;
        const uint32_t size = i < l.slots ? l.count[i] : 0;
        add_together(l.rows_of, size ? (int64_t)size : -1, size);
    }
}

struct count_plan {
    count_layer *layer;  /* device, [jobs]                                      */
    char        *zeros;  /* device: what has to start as 0                      */
    size_t       zero_bytes;
    int64_t     *total;  /* device, [jobs]: different sizes; behind it, for one copy */
    ipl_multiplicity *multiplicity; /* device: of all jobs, one after the other */
    int64_t      total_pairs;       /* room of `total`, two an entry            */
    int64_t      multiplicities, n_max, slots_max;
};

/* Pairs are provided for whether there is a `b` or not: the caller may not know yet. */
static count_plan lay_out(int jobs, const ipl_count_job *job, ipl_arena *from,
                          count_layer *layer)
{
    count_plan plan = {};
    plan.layer = arena_take<count_layer>(from, jobs);
    const size_t zeros_at = from->used;
    plan.zeros = from->base + zeros_at;
    for (int j = 0; j < jobs; ++j) {
        count_layer unused, *l = layer ? layer + j : &unused;
        int64_t slots = 2;
        while (slots < 2 * job[j].n) slots *= 2;
        l->key = arena_take<unsigned long long>(from, slots);
        l->count = arena_take<uint32_t>(from, slots);
        l->rows_of = arena_take<uint32_t>(from, job[j].n + 1);
        l->slots = job[j].b ? slots : job[j].n;
        plan.n_max = job[j].n > plan.n_max ? job[j].n : plan.n_max;
        plan.slots_max = l->slots > plan.slots_max ? l->slots : plan.slots_max;
        plan.multiplicities += ipl_multiplicities_max(job[j].n);
    }
    plan.zero_bytes = from->used - zeros_at;
    static_assert(sizeof(ipl_multiplicity) == 2 * sizeof(int64_t), "two totals");
    plan.total_pairs = ceil_div(jobs, 2);
    plan.multiplicity = arena_take<ipl_multiplicity>(
        from, plan.total_pairs + plan.multiplicities);
    plan.total = (int64_t *)plan.multiplicity;
    plan.multiplicity += plan.total_pairs;
    ipl_multiplicity *multiplicity = plan.multiplicity;
    for (int j = 0; j < jobs; ++j) {
        int64_t *block_count = arena_take<int64_t>(from, rank_blocks(job[j].n + 1));
        if (!layer) continue;
        layer[j].n = job[j].n;
        layer[j].length = job[j].n + 1;
        layer[j].a = job[j].a;
        layer[j].b = job[j].b;
        layer[j].block_count = block_count;
        layer[j].total = plan.total + j;
        layer[j].multiplicity = multiplicity;
        multiplicity += ipl_multiplicities_max(job[j].n);
    }
    return plan;
}

extern "C" size_t ipl_cuda_count_scratch_bytes(void *state, int jobs,
                                               const ipl_count_job *job)
{
    ipl_arena from = {};
    (void)state;
    lay_out(jobs, job, &from, nullptr);
    return from.used;
}

extern "C" ipl_status ipl_cuda_cell_counts(void *state, int jobs, ipl_count_job *job,
                                           void *scratch)
{
    ipl_cuda *dev = nullptr;
    ipl_arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    host_array<count_layer> layer(jobs);
    if (!layer.at) return IPL_FAIL(IPL_E_MEMORY, "%d counts", jobs);
    const count_plan plan = lay_out(jobs, job, &from, layer.at);
    host_array<ipl_multiplicity> found(plan.total_pairs + plan.multiplicities);
    if (!found.at) return IPL_FAIL(IPL_E_MEMORY, "%d counts", jobs);

    IPL_CUDA(dev, cudaMemsetAsync(plan.zeros, 0, plan.zero_bytes, dev->stream));
    IPL_TRY(send(dev, layer.at, jobs, plan.layer));
    const dim3 rows = grid_of(ceil_div(plan.n_max, THREADS), jobs);
    count_rows<<<rows, THREADS, 0, dev->stream>>>(plan.layer, jobs);
    IPL_LAUNCHED(dev, count_rows);
    const dim3 slots = grid_of(ceil_div(plan.slots_max, THREADS), jobs);
    count_sizes<<<slots, THREADS, 0, dev->stream>>>(plan.layer, jobs);
    IPL_LAUNCHED(dev, count_sizes);
    IPL_TRY(launch_ranks(dev, plan.n_max + 1, jobs, plan.layer));
    const size_t entries = (size_t)(plan.total_pairs + plan.multiplicities);
    IPL_TRY(ipl_cuda_fetch(dev, plan.total, entries * sizeof *found.at, found.at));
    const int64_t *total = (const int64_t *)found.at;
    const ipl_multiplicity *at = found.at + plan.total_pairs;
    for (int j = 0; j < jobs; ++j) {
        job[j].multiplicities = total[j];
        memcpy(job[j].multiplicity, at, (size_t)total[j] * sizeof *at);
        at += ipl_multiplicities_max(job[j].n);
    }
    return IPL_OK;
}
