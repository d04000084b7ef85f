/*
 * quantiles.cu - values at given ranks of a layer's sorted values.
 *
 * Launch    CUB's radix sort of the values, then a thread a rank.
 * Traffic   The sort reads and writes the values a few times (8 bits a pass): memory
 *           limits. It needs twice their bytes as scratch.
 * Numerics  Exact; -0 and +0 are one value, reported as +0.
 */
#include <cub/device/device_radix_sort.cuh>

#include "arena.cuh"

enum { THREADS = 256 };

static __global__ void __launch_bounds__(THREADS)
pick_ranks(const float *__restrict__ sorted, int64_t ranks,
           const int64_t *__restrict__ rank, float *__restrict__ value)
{
    const int64_t q = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (q < ranks) value[q] = sorted[rank[q]] + 0.0f;
}

struct quantile_plan {
    float   *sorted; /* device, [count] */
    float   *value;  /* device, [ranks] */
    int64_t *rank;   /* device, [ranks] */
    char    *work;   /* device: CUB's   */
    size_t   work_bytes;
};

static ipl_status lay_out(ipl_cuda *dev, int64_t count, int64_t ranks, arena *from,
                          quantile_plan *plan)
{
    plan->work_bytes = 0;
    IPL_CUDA(dev, cub::DeviceRadixSort::SortKeys(nullptr, plan->work_bytes,
                                                 (const float *)nullptr,
                                                 (float *)nullptr, count));
    plan->sorted = arena_take<float>(from, count);
    plan->value = arena_take<float>(from, ranks);
    plan->rank = arena_take<int64_t>(from, ranks);
    plan->work = arena_take<char>(from, (int64_t)plan->work_bytes);
    return IPL_OK;
}

/* SIZE_MAX, which no memory has, where the device cannot even be asked. */
extern "C" size_t ipl_cuda_quantile_scratch_bytes(void *state,
                                                  const ipl_quantile_job *job)
{
    ipl_cuda *dev = nullptr;
    quantile_plan plan;
    arena from = {};
    if (ipl_cuda_use(state, &dev) != IPL_OK ||
        lay_out(dev, job->count, job->ranks, &from, &plan) != IPL_OK)
        return SIZE_MAX / 2;
    return from.used;
}

extern "C" ipl_status ipl_cuda_value_quantiles(void *state, const ipl_quantile_job *job,
                                               void *scratch)
{
    const int64_t count = job->count, ranks = job->ranks;
    ipl_cuda *dev = nullptr;
    quantile_plan plan;
    arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(lay_out(dev, count, ranks, &from, &plan));
    IPL_TRY(send(dev, job->rank, ranks, plan.rank));
    IPL_CUDA(dev, cub::DeviceRadixSort::SortKeys(plan.work, plan.work_bytes, job->t,
                                                 plan.sorted, count, 0, 32,
                                                 dev->measure));
    pick_ranks<<<(unsigned)ceil_div(ranks, THREADS), THREADS, 0, dev->measure>>>(
        plan.sorted, ranks, plan.rank, plan.value);
    IPL_LAUNCHED(dev, pick_ranks);
    return ipl_cuda_fetch(dev, plan.value, (size_t)ranks * sizeof(float),
                          job->threshold);
}
