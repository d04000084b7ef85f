/*
 * ranks.cuh - numbers what is marked, in order, for many jobs at once.
 *
 * A job type J has these on the device:
 *
 *   int64_t  length;                     elements to look at
 *   int64_t *block_count;                [rank_blocks(length)]
 *   int64_t *total;                      the number of all marks is written there
 *   bool     marked(int64_t i) const;    for 0 <= i < length
 *   void     ranked(int64_t i, int64_t rank);  called for each marked i
 *
 * Launch    Blocks of 256 threads own 1024 elements; blockIdx.y counts jobs. A first
 *           kernel counts marks, a second adds the counts up, a third hands out ranks.
 *           CUB's device-wide selection takes two launches an array: a hundred layers
 *           would take two hundred, where three serve them all.
 * Traffic   `marked` is asked twice for each element: memory limits.
 * Numerics  Integers: ranks follow the order of elements, whatever the schedule.
 */
#ifndef IPL_RANKS_CUH
#define IPL_RANKS_CUH

#include <cub/block/block_scan.cuh>

#include "jobs.cuh"

enum { RANK_THREADS = 256, RANK_RUN = 1024 };

static inline __host__ __device__ int64_t rank_blocks(int64_t length)
{
    return (length + RANK_RUN - 1) / RANK_RUN;
}

template <class J> static __global__ void __launch_bounds__(RANK_THREADS)
count_marks(const J *__restrict__ jobs, int job_count)
{
    for (int j = blockIdx.y; j < job_count; j += gridDim.y) {
        const J &job = jobs[j];
        const int64_t from = (int64_t)blockIdx.x * RANK_RUN;
        if (from >= job.length) continue; /* the whole block */
        int marks = 0;
        for (int u = 0; u < RANK_RUN / RANK_THREADS; ++u) {
            const int64_t i = from + u * RANK_THREADS + threadIdx.x;
            marks += __syncthreads_count(i < job.length && job.marked(i));
        }
        if (threadIdx.x == 0) job.block_count[blockIdx.x] = marks;
    }
}

/* block_count becomes the number of marks before each block. One block a job. */
template <class J> static __global__ void __launch_bounds__(RANK_THREADS)
add_up_marks(const J *__restrict__ jobs)
{
    __shared__ cub::BlockScan<int64_t, RANK_THREADS>::TempStorage temp;
    const J &job = jobs[blockIdx.x];
    int64_t sum = 0;
    for (int64_t from = 0; from < rank_blocks(job.length); from += RANK_THREADS) {
        const int64_t b = from + threadIdx.x;
        const bool there = b < rank_blocks(job.length);
        int64_t before, all;
        __syncthreads(); /* temp is written again */
        cub::BlockScan<int64_t, RANK_THREADS>(temp).ExclusiveSum(
            there ? job.block_count[b] : 0, before, all);
        if (there) job.block_count[b] = sum + before;
        sum += all;
    }
    if (threadIdx.x == 0) *job.total = sum;
}

template <class J> static __global__ void __launch_bounds__(RANK_THREADS)
hand_out_ranks(J *__restrict__ jobs, int job_count)
{
    __shared__ cub::BlockScan<int, RANK_THREADS>::TempStorage temp;
    for (int j = blockIdx.y; j < job_count; j += gridDim.y) {
        J &job = jobs[j];
        const int64_t from = (int64_t)blockIdx.x * RANK_RUN;
        if (from >= job.length) continue;
        int64_t rank = job.block_count[blockIdx.x];
        for (int u = 0; u < RANK_RUN / RANK_THREADS; ++u) {
            const int64_t i = from + u * RANK_THREADS + threadIdx.x;
            const int mark = i < job.length && job.marked(i);
            int before, all;
            __syncthreads(); /* temp is written again */
            cub::BlockScan<int, RANK_THREADS>(temp).ExclusiveSum(mark, before, all);
            if (mark) job.ranked(i, rank + before);
            rank += all;
        }
    }
}

/* `jobs` is on the device; length_max is that of the longest. */
template <class J>
static ipl_status launch_ranks(ipl_cuda *dev, int64_t length_max, int job_count,
                               J *jobs)
{
    const dim3 grid = grid_of(rank_blocks(length_max), job_count);
    count_marks<J><<<grid, RANK_THREADS, 0, dev->stream>>>(jobs, job_count);
    IPL_LAUNCHED(dev, count_marks);
    add_up_marks<J><<<(unsigned)job_count, RANK_THREADS, 0, dev->stream>>>(jobs);
    IPL_LAUNCHED(dev, add_up_marks);
    hand_out_ranks<J><<<grid, RANK_THREADS, 0, dev->stream>>>(jobs, job_count);
    IPL_LAUNCHED(dev, hand_out_ranks);
    return IPL_OK;
}

#endif
