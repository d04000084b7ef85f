/*
 * reduce.cuh - CUB's reductions of warps and blocks, a line each.
 *
 * Scans, selections, sorts, reductions and counts of the backend come from CUB, or the
 * file says why not. Votes are not among them: ballot and __syncthreads_count are one
 * instruction. CUB's headers add some 3 s to the build of a file, which else takes
 * 1.2 s. near_count.cu, net_layers.cu, pairs_pack.cu and pairs_wide.cuh save few lines
 * by it: with them a whole build would take a fifth longer than without CUB.
 *
 * Numerics  The order of a sum is fixed by CUB's version and the number of threads.
 */
#ifndef IPL_REDUCE_CUH
#define IPL_REDUCE_CUH

#include <cub/block/block_reduce.cuh>
#include <cub/warp/warp_reduce.cuh>

/* `op` over each LANES lanes, for the first of them. For whole warps. */
template <int LANES, class T, class Op>
static __device__ __forceinline__ T warp_reduce(T v, Op op)
{
    __shared__ typename cub::WarpReduce<T, LANES>::TempStorage none; /* registers do */
    return cub::WarpReduce<T, LANES>(none).Reduce(v, op);
}

template <int LANES, class T> static __device__ __forceinline__ T warp_sum(T v)
{
    return warp_reduce<LANES>(v, cuda::std::plus<>{});
}

/* `op` over a block of THREADS, for its thread 0. Begins with a barrier. */
template <int THREADS, class T, class Op>
static __device__ __forceinline__ T block_reduce(T v, Op op)
{
    __shared__ typename cub::BlockReduce<T, THREADS>::TempStorage temp;
    __syncthreads(); /* a block may come here more than once */
    return cub::BlockReduce<T, THREADS>(temp).Reduce(v, op);
}

template <int THREADS, class T> static __device__ __forceinline__ T block_sum(T v)
{
    return block_reduce<THREADS>(v, cuda::std::plus<>{});
}

#endif
