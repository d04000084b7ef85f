/*
 * jobs.cuh - what entries with lists of jobs share: typed pieces of their scratch,
 * arrays on the host, copies to the device, grids, windows of long launches.
 */
#ifndef IPL_JOBS_CUH
#define IPL_JOBS_CUH

#include <math.h>
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

/* A display stands still while a launch runs, and no launch can be stopped: work that
 * grows with the pairs of rows is launched in windows of at most so many units of
 * pairs, a tenth of a second of float operations. */
#define LAUNCH_UNITS 200000000000.0

/* Blocks of a window, of so many units each. */
static inline int64_t window_blocks(const ipl_cuda *dev, double units)
{
    return dev->small_launches ? 3 : (int64_t)fmax(1.0, LAUNCH_UNITS / units);
}

static inline int64_t windows_of(const ipl_cuda *dev, int64_t blocks, double units)
{
    return ceil_div(blocks, window_blocks(dev, units));
}

/* Tells the meter of windows to come; 0, and tells nothing, of a single one: it is over
 * soon. */
static inline int expect_windows(ipl_cuda *dev, int64_t windows)
{
    if (windows > 1) ipl_meter_more(&dev->meter, windows);
    return windows > 1;
}

/* launch(base, some) for all blocks; counts: the meter expects the windows. */
template <class Launch>
static ipl_status launch_windows(ipl_cuda *dev, int counts, int64_t blocks,
                                 double units, Launch launch)
{
    const int64_t most = window_blocks(dev, units);
    for (int64_t base = 0; base < blocks; base += most) {
        IPL_TRY(launch(base, blocks - base < most ? blocks - base : most));
        if (counts) IPL_TRY(ipl_cuda_meter_step(dev));
    }
    return IPL_OK;
}

#endif
