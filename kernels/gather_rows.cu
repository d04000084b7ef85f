/*
 * gather_rows.cu - rows of a matrix, by their numbers.
 */
#include "jobs.cuh"

static __global__ void gather(const uint32_t *from, int64_t d, const int32_t *row,
                              int64_t count, uint32_t *to)
{
    const int64_t values = count * d;
    const int64_t stride = (int64_t)gridDim.x * blockDim.x;
    for (int64_t v = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; v < values;
         v += stride)
        to[v] = from[row[v / d] * d + v % d];
}

extern "C" ipl_status ipl_cuda_gather_rows(void *state, const void *from, int64_t d,
                                           const int32_t *row, int64_t count, void *to)
{
    enum { THREADS = 256, BLOCKS_MAX = 4096 };
    ipl_cuda *dev = (ipl_cuda *)state;
    const int64_t blocks = (count * d + THREADS - 1) / THREADS;
    if (!count) return IPL_OK;
    gather<<<(unsigned)(blocks < BLOCKS_MAX ? blocks : BLOCKS_MAX), THREADS, 0,
             dev->stream>>>((const uint32_t *)from, d, row, count, (uint32_t *)to);
    IPL_LAUNCHED(dev, gather);
    return IPL_OK;
}
