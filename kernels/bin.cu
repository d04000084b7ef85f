/*
 * bin.cu - cells of a layer: rows to hashes, hashes to cells, cells to numbers.
 *
 *   code(t) = bits of t, or of floor(t / width), or the number of thresholds <= t
 *   key_i   = two 64-bit multilinear hashes of row i's codes
 *   cell_i  = cell_j  if and only if the rows' codes are equal in every unit
 *
 * The hash is the pairwise one of UMAC (J. Black et al., CRYPTO 1999, section 3), with
 * units k and k + 32 as pairs. An open table with linear probing holds a row of each
 * cell. It was chosen over a sort by the work: a row costs about 1.5 probes of 4 bytes,
 * where a radix sort of 128-bit keys moves 20 bytes in and out for each of 16 digits,
 * and one launch serves any number of layers.
 *
 * Launch    A warp a row, eight rows a block; blockIdx.y counts layers. Layers in host
 *           memory have their keys and their comparisons from bin_blocks.cu.
 * Traffic   Keys read the layer once: memory limits, at 30 to 40 operations a value.
 *           A row that finds its key in the table is compared with the row there, so
 *           that few cells cost a second pass over the layer, mostly from L2.
 * Numerics  Integers, but for the division, which is rounded to float32 once (div.rn).
 *           Which row stands in the table depends on the schedule; what it is equal to,
 *           each cell's first row and so the numbering, do not.
 * Limits    n < 2^31, thresholds < 2^31.
 */
#include "bin_codes.cuh"
#include "ranks.cuh"

extern "C" {
#include "random.h"
}

enum { ROWS = BIN_ROWS, THREADS = BIN_THREADS };

static __global__ void __launch_bounds__(THREADS)
row_keys(const bin_layer *__restrict__ layers, int layer_count)
{
    const int64_t i = (int64_t)blockIdx.x * ROWS + threadIdx.x / 32;
    for (int j = blockIdx.y; j < layer_count; j += gridDim.y)
        if (layers[j].t && i < layers[j].n) /* the whole warp */
            make_key(layers[j], layers[j].t + i * layers[j].d, i);
}

/* Whether the two rows share every bin; for a whole warp. */
static __device__ __forceinline__ bool rows_equal(const bin_layer &l, int64_t i,
                                                  int64_t j)
{
    const float *a = l.t + i * l.d, *b = l.t + j * l.d;
    for (int64_t k = threadIdx.x % 32; k - threadIdx.x % 32 < l.d; k += 32) {
        const bool differ = k < l.d && code_of(l, a[k]) != code_of(l, b[k]);
        if (__any_sync(~0u, differ)) return false;
    }
    return true;
}

/* The row that owns the slot, which is i if the slot was free. Lane 0 asks. */
static __device__ __forceinline__ uint32_t owner_of(const bin_layer &l, uint64_t slot,
                                                    uint32_t i)
{
    uint32_t owner = 0;
    if (threadIdx.x % 32 == 0) {
        owner = *(volatile uint32_t *)(l.owner + slot);
        if (!owner) owner = atomicCAS(l.owner + slot, 0u, i + 1);
        if (!owner) owner = i + 1;
    }
    return __shfl_sync(~0u, owner, 0) - 1;
}

/* A row on the device is compared at once with the row in the table, which is the
 * cheapest time for it; for rows in host memory the keys decide for now.
 * Blocks a multiprocessor: without the number nvcc 13.0 spills on sm_120. Turing has
 * room for 1024 threads only. */
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define FIND_BLOCKS 4
#else
#define FIND_BLOCKS 5
#endif
static __global__ void __launch_bounds__(THREADS, FIND_BLOCKS)
find_cells(const bin_layer *__restrict__ layers, int layer_count, uint32_t round)
{
    const int64_t i = (int64_t)blockIdx.x * ROWS + threadIdx.x / 32;
    for (int j = blockIdx.y; j < layer_count; j += gridDim.y) {
        const bin_layer &l = layers[j];
        if (i >= l.n) continue;
        const ulonglong2 key = l.key[i];
        if (round_of(key) != round) continue;
        const unsigned long long odd = 0x9e3779b97f4a7c15u;
        unsigned long long slot = (key.x ^ (key.y << 29 | key.y >> 35)) * odd;
        slot = (slot ^ slot >> 32) & l.mask;
        for (;; slot = (slot + 1) & l.mask) {
            const uint32_t owner = owner_of(l, slot, (uint32_t)i);
            if (owner == i) break;
            const ulonglong2 other = l.key[owner];
            if (other.x != key.x || other.y != key.y) continue;
            if (!l.t || rows_equal(l, i, owner)) break;
        }
        if (threadIdx.x % 32) continue;
        const uint32_t early = (uint32_t)(l.n - i);
        l.place[i] = (uint32_t)slot;
        if (*(volatile uint32_t *)(l.early + slot) < early)
            atomicMax(l.early + slot, early);
    }
}

static __global__ void __launch_bounds__(THREADS)
write_cells(const bin_layer *__restrict__ layers, int layer_count)
{
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    for (int j = blockIdx.y; j < layer_count; j += gridDim.y)
        if (i < layers[j].n)
            layers[j].cell[i] = (int32_t)layers[j].owner[layers[j].place[i]];
}

/* -- The call ------------------------------------------------------------------- */

/* The scratch of a call and the layers in it. */
struct bin_plan {
    bin_layer *layer;   /* device, [jobs]                          */
    char      *zeros;   /* device: what has to start as 0          */
    size_t     zero_bytes;
    int64_t   *result;  /* device, [3][jobs]: outside, cells, differing */
    uint32_t  *mix;     /* device, [2][mix_words]                  */
    float     *threshold; /* device, [thresholds]: those of all jobs */
    int64_t    mix_words, n_max, thresholds;
    int64_t    here_max; /* most rows of a layer on the device     */
    float     *rows;    /* device, with `with`: of bin_blocks      */
    int32_t   *with;
};

static bin_plan lay_out(int jobs, const ipl_bin_job *job, ipl_arena *from,
                        bin_layer *layer)
{
    bin_plan plan = {};
    plan.layer = arena_take<bin_layer>(from, jobs);
    const size_t zeros_at = from->used;
    plan.zeros = from->base + zeros_at;
    plan.result = arena_take<int64_t>(from, 3 * jobs);
    int64_t room = 0, values = 0;
    for (int j = 0; j < jobs; ++j) {
        bin_layer l = {};
        int64_t slots = 2;
        while (slots < 2 * job[j].n) slots *= 2;
        l.mask = (uint64_t)slots - 1;
        l.owner = arena_take<uint32_t>(from, slots);
        l.early = arena_take<uint32_t>(from, slots);
        l.mix_words = ceil_div(job[j].d, 64) * 64;
        plan.mix_words = l.mix_words > plan.mix_words ? l.mix_words : plan.mix_words;
        plan.n_max = job[j].n > plan.n_max ? job[j].n : plan.n_max;
        plan.thresholds += job[j].bins->thresholds;
        if (layer) layer[j] = l;
        if (!job[j].block && job[j].n > plan.here_max) plan.here_max = job[j].n;
        if (!job[j].block) continue;
        const int64_t most = bin_room(job + j);
        room = most > room ? most : room;
        values = 2 * most * job[j].d > values ? 2 * most * job[j].d : values;
    }
    plan.zero_bytes = from->used - zeros_at;
    plan.mix = arena_take<uint32_t>(from, 2 * plan.mix_words);
    plan.threshold = arena_take<float>(from, plan.thresholds);
    plan.rows = arena_take<float>(from, values);
    plan.with = arena_take<int32_t>(from, room);
    for (int j = 0; j < jobs; ++j) {
        bin_layer unused, *l = layer ? layer + j : &unused;
        l->key = arena_take<ulonglong2>(from, job[j].n);
        l->place = arena_take<uint32_t>(from, job[j].n);
        l->block_count = arena_take<int64_t>(from, rank_blocks(job[j].n));
    }
    return plan;
}

extern "C" size_t ipl_cuda_bin_scratch_bytes(void *state, int jobs,
                                             const ipl_bin_job *job)
{
    ipl_arena from = {};
    (void)state;
    lay_out(jobs, job, &from, nullptr);
    return from.used;
}

static void fill_in(const ipl_cuda *dev, const ipl_bin_job *job, bin_layer *l)
{
    const ipl_bins *bins = job->bins;
    l->n = l->length = job->n;
    l->d = job->d;
    l->t = job->block ? nullptr : job->t;
    l->cell = job->cell;
    l->exact = bins->exact;
    l->width = bins->width;
    l->thresholds = bins->thresholds;
    l->wrap = bins->wrap;
    const int64_t last = bins->thresholds - 1;
    l->look_outside = bins->thresholds && (job->lo < bins->threshold[0] ||
                                           job->hi > bins->threshold[last]);
    l->weak = dev->weak_hashes;
}

ipl_status ipl_cuda_bin_find(ipl_cuda *dev, const bin_layer *layers, int layer_count,
                             int64_t n_max, uint32_t round)
{
    const dim3 rows = grid_of(ceil_div(n_max, ROWS), layer_count);
    find_cells<<<rows, THREADS, 0, dev->stream>>>(layers, layer_count, round);
    IPL_LAUNCHED(dev, find_cells);
    return IPL_OK;
}

static ipl_status queue(ipl_cuda *dev, int jobs, const ipl_bin_job *job,
                        const bin_plan *plan)
{
    bin_blocks b = {.rows = plan->rows, .with = plan->with};
    if (plan->here_max) {
        const dim3 rows = grid_of(ceil_div(plan->here_max, ROWS), jobs);
        row_keys<<<rows, THREADS, 0, dev->stream>>>(plan->layer, jobs);
        IPL_LAUNCHED(dev, row_keys);
    }
    for (int found = 0; found < 2; ++found) {
        for (int j = 0; j < jobs; ++j) {
            b.job = job + j;
            b.layer = plan->layer + j;
            b.differing = (unsigned long long *)plan->result + 2 * jobs + j;
            b.room = bin_room(job + j);
            if (job[j].block && !found) IPL_TRY(ipl_cuda_bin_keys(dev, &b));
            if (job[j].block && found) IPL_TRY(ipl_cuda_bin_part(dev, &b));
        }
        if (!found) IPL_TRY(ipl_cuda_bin_find(dev, plan->layer, jobs, plan->n_max, 0));
    }
    IPL_TRY(launch_ranks(dev, plan->n_max, jobs, plan->layer));
    const dim3 runs = grid_of(ceil_div(plan->n_max, THREADS), jobs);
    write_cells<<<runs, THREADS, 0, dev->stream>>>(plan->layer, jobs);
    IPL_LAUNCHED(dev, write_cells);
    return IPL_OK;
}

extern "C" ipl_status ipl_cuda_bin_cells(void *state, int jobs, ipl_bin_job *job,
                                         void *scratch)
{
    ipl_cuda *dev = nullptr;
    ipl_arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    host_array<bin_layer> layer(jobs);
    host_array<int64_t> result(2 * jobs);
    if (!layer.at || !result.at)
        return IPL_FAIL(IPL_E_MEMORY, "bins of %d layers", jobs);
    const bin_plan plan = lay_out(jobs, job, &from, layer.at);
    host_array<uint32_t> mix(2 * plan.mix_words);
    if (!mix.at) return IPL_FAIL(IPL_E_MEMORY, "hashes of %lld units",
                                 (long long)plan.mix_words);
    host_array<float> threshold(plan.thresholds);
    if (!threshold.at) return IPL_FAIL(IPL_E_MEMORY, "%lld thresholds",
                                       (long long)plan.thresholds);
    for (int64_t w = 0; w < 2 * plan.mix_words; w += 4)
        ipl_random_block({0, IPL_STREAM_ROW_HASH}, (uint64_t)w / 4, mix.at + w);

    IPL_CUDA(dev, cudaMemsetAsync(plan.zeros, 0, plan.zero_bytes, dev->stream));
    IPL_TRY(send(dev, mix.at, 2 * plan.mix_words, plan.mix));
    int64_t at = 0;
    for (int j = 0; j < jobs; ++j) {
        bin_layer *l = layer.at + j;
        fill_in(dev, job + j, l);
        l->mix = plan.mix;
        l->outside = (unsigned long long *)plan.result + j;
        l->total = plan.result + jobs + j;
        l->differing = (unsigned long long *)plan.result + 2 * jobs + j;
        l->threshold = plan.threshold + at;
        for (int64_t k = 0; k < l->thresholds; ++k)
            threshold.at[at++] = job[j].bins->threshold[k];
    }
    if (at) IPL_TRY(send(dev, threshold.at, at, plan.threshold));
    IPL_TRY(send(dev, layer.at, jobs, plan.layer));
    IPL_TRY(queue(dev, jobs, job, &plan));
    IPL_TRY(ipl_cuda_fetch(dev, plan.result, 2 * (size_t)jobs * sizeof *result.at,
                           result.at));
    for (int j = 0; j < jobs; ++j) {
        job[j].outside = result.at[j];
        job[j].cells = result.at[jobs + j];
    }
    return IPL_OK;
}
