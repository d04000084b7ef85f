/*
 * arena.cuh - dividing the scratch of a call, and lists for the device.
 *
 * An entry lays out its scratch twice by the same code: with base == nullptr to count
 * the bytes, and for the work itself.
 */
#ifndef IPL_ARENA_CUH
#define IPL_ARENA_CUH

#include <stdlib.h>

#include "common.cuh"

enum { ARENA_ALIGN = 256, GRID_Y_MAX = 65535 };

struct arena {
    char  *base; /* device, or nullptr */
    size_t used; /* bytes              */
};

template <class T> static T *arena_take(arena *from, int64_t count)
{
    T *at = from->base ? (T *)(from->base + from->used) : nullptr;
    const size_t bytes = (size_t)count * sizeof(T);
    from->used += (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    return at;
}

/* A host array that is freed with its scope; .at is nullptr where memory ran out. */
template <class T> struct host_array {
    T *at;
    explicit host_array(int64_t count)
        : at((T *)calloc((size_t)count + 1, sizeof(T))) {}
    ~host_array() { free(at); }
    host_array(const host_array &) = delete;
    host_array &operator=(const host_array &) = delete;
};

/* Queues count * sizeof(T) bytes from the host; `from` may be freed after the entry's
 * next wait. */
template <class T>
static ipl_status send(ipl_cuda *dev, const T *from, int64_t count, T *to)
{
    const size_t bytes = (size_t)count * sizeof(T);
    IPL_CUDA(dev, cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice,
                                  dev->measure));
    return IPL_OK;
}

/* Jobs are counted by blockIdx.y, which strides over them. */
static inline dim3 grid_of(int64_t blocks, int64_t jobs)
{
    return dim3((unsigned)blocks, (unsigned)(jobs < GRID_Y_MAX ? jobs : GRID_Y_MAX));
}

#endif
