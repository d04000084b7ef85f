/*
 * gather_rows.cu - rows of a matrix, by their numbers.
 *
 * Launch    Blocks of 256 threads; `lanes` of them, a power of two, share a row.
 * Traffic   8 bytes a value: memory limits.
 * Numerics  Words are copied, whatever they hold.
 */
#include "jobs.cuh"

enum { THREADS = 256, BLOCKS_MAX = 4096 };

static __global__ void __launch_bounds__(THREADS)
gather(const uint32_t *__restrict__ from, int64_t d, const int32_t *__restrict__ row,
       int64_t count, int lanes, uint32_t *__restrict__ to)
{
    const int rows = THREADS / lanes, lane = (int)threadIdx.x % lanes;
    int64_t i = (int64_t)blockIdx.x * rows + (int)threadIdx.x / lanes;
    for (; i < count; i += (int64_t)gridDim.x * rows)
        for (int64_t k = lane; k < d; k += lanes) to[i * d + k] = from[row[i] * d + k];
}

extern "C" ipl_status ipl_cuda_gather_rows(void *state, const void *from, int64_t d,
                                           const int32_t *row, int64_t count, void *to)
{
    ipl_cuda *dev = nullptr;
    int lanes = 1;
    IPL_TRY(ipl_cuda_use(state, &dev));
    if (!count) return IPL_OK;
    while (lanes < d && lanes < THREADS) lanes *= 2;
    const int64_t blocks = ceil_div(count, THREADS / lanes);
    gather<<<(unsigned)(blocks < BLOCKS_MAX ? blocks : BLOCKS_MAX), THREADS, 0,
             dev->stream>>>((const uint32_t *)from, d, row, count, lanes,
                            (uint32_t *)to);
    IPL_LAUNCHED(dev, gather);
    return IPL_OK;
}
