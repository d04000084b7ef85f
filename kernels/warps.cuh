/*
 * warps.cuh - what the lanes of a warp do together. For whole warps.
 *
 * Not CUB, which would sort the lanes: to match them is one instruction.
 */
#ifndef IPL_WARPS_CUH
#define IPL_WARPS_CUH

/* at[slot] += v, once for all lanes that have the same slot and v; lanes without
 * anything to add pass slot -1. */
template <class T, class S>
static __device__ __forceinline__ void add_together(T *at, S slot, T v)
{
    const unsigned same = __match_any_sync(~0u, slot);
    if (slot >= 0 && threadIdx.x % 32 == (unsigned)__ffs((int)same) - 1)
        atomicAdd(at + slot, v * (T)__popc(same));
}

#endif
