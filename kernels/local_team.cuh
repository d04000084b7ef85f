/*
 * local_team.cuh - teams of threads for src/local_gauss.h: a warp, or a block.
 *
 * All threads need a sum. A butterfly gives it to them in 10 shuffles of 32 bits; CUB
 * gives it to one, and 2 more would hand it out.
 */
#ifndef IPL_LOCAL_TEAM_CUH
#define IPL_LOCAL_TEAM_CUH

enum { LOCAL_BLOCK_WARPS = 4 };

/* size is 32: a warp; else a block of LOCAL_BLOCK_WARPS warps with `part` in shared
 * memory, one double a warp. */
struct local_team {
    int     rank, size;
    double *part;
};

static __device__ __forceinline__ int local_rank(local_team t) { return t.rank; }
static __device__ __forceinline__ int local_size(local_team t) { return t.size; }

static __device__ __forceinline__ void local_barrier(local_team t)
{
    if (t.size == 32) __syncwarp();
    else __syncthreads();
}

/* All values of a block's warps at each of its threads, by `part`. */
static __device__ __forceinline__ void local_share_parts(local_team t, double v)
{
    __syncthreads(); /* before the last values go */
    if (t.rank % 32 == 0) t.part[t.rank / 32] = v;
    __syncthreads();
}

static __device__ double local_sum(local_team t, double v)
{
    for (int step = 16; step; step /= 2) v += __shfl_xor_sync(~0u, v, step);
    if (t.size == 32) return v;
    local_share_parts(t, v);
    v = 0.0;
    for (int w = 0; w < LOCAL_BLOCK_WARPS; ++w) v += t.part[w];
    return v;
}

static __device__ double local_max(local_team t, double v)
{
    for (int step = 16; step; step /= 2) v = fmax(v, __shfl_xor_sync(~0u, v, step));
    if (t.size == 32) return v;
    local_share_parts(t, v);
    for (int w = 0; w < LOCAL_BLOCK_WARPS; ++w) v = fmax(v, t.part[w]);
    return v;
}

#endif
