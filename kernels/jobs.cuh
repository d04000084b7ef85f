/*
 * jobs.cuh - what entries with lists of jobs share: typed pieces of their scratch,
 * arrays on the host, copies to the device, grids.
 */
#ifndef IPL_JOBS_CUH
#define IPL_JOBS_CUH

#include <stdlib.h>

#include "arena.h"
#include "common.cuh"

enum { GRID_Y_MAX = 65535 };

template <class T> static T *arena_take(ipl_arena *from, int64_t count)
{
    return (T *)ipl_arena_take(from, count, sizeof(T));
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
                                  dev->stream));
    return IPL_OK;
}

/* Jobs are counted by blockIdx.y, which strides over them. */
static inline dim3 grid_of(int64_t blocks, int64_t jobs)
{
    return dim3((unsigned)blocks, (unsigned)(jobs < GRID_Y_MAX ? jobs : GRID_Y_MAX));
}

#endif
