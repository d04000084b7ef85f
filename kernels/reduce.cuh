/*
 * reduce.cuh - CUB's reductions of warps and blocks, a line each.
 *
 * Scans, selections, sorts, reductions and counts of the backend come from CUB, or the
 * file says why not. Votes are not among them: ballot and __syncthreads_count are one
 * instruction. near_count.cu, net_layers.cu, pairs_pack.cu and pairs_wide.cuh save few
 * lines by it: with them a whole build would take a fifth longer than without CUB.
 * That is the reading of headers: an empty file takes 0.6 s of processor time, with
 * <cuda/functional>, which all of CUB includes, 2.7 s, with warp_reduce.cuh alone 3.8 s
 * and with both of these 3.9 s, as with block_scan.cuh (CUDA 13, sm_90). Of that ptxas
 * takes 0.03 s, so a smaller choice of headers saves nothing.
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
