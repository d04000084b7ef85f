/*
 * memory_cuda.cu - memory of the device, copies in order, events and the watch.
 *
 * The contract of every entry stands in ipl_device.h.
 */
#include "common.cuh"
#include "fork.h"

ipl_status ipl_cuda_alloc_bytes(void *state, size_t bytes, void **at)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    return ipl_cuda_alloc(dev, bytes, "the caller", at);
}

/* Waits: queued work may still use the memory. */
void ipl_cuda_release(void *state, void *at)
{
    ipl_cuda *dev = (ipl_cuda *)state;
    if (ipl_fork_lost(IPL_FORK_CUDA)) return;
    (void)cudaSetDevice(dev->index);
    (void)cudaStreamSynchronize(dev->stream);
    (void)cudaFree(at);
    (void)cudaGetLastError(); /* a fault is reported by the next wait or entry */
}

ipl_status ipl_cuda_upload(void *state, const void *host, size_t bytes, void *at)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaMemcpyAsync(at, host, bytes, cudaMemcpyHostToDevice,
                                  dev->stream));
    return ipl_cuda_wait(dev);
}

ipl_status ipl_cuda_copy(void *state, const void *from, size_t bytes, void *to)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice,
                                  dev->stream));
    return IPL_OK;
}

static ipl_status check_trainers(const ipl_cuda *dev)
{
    for (ipl_cuda_trainer *t = dev->trainers; t; t = ipl_cuda_trainer_next(t))
        IPL_TRY(ipl_cuda_trainer_check(t));
    return IPL_OK;
}

/* It waits for the training before it, and tells how that ended. */
ipl_status ipl_cuda_download(void *state, const void *at, size_t bytes, void *host)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(ipl_cuda_fetch(dev, at, bytes, host));
    return check_trainers(dev);
}

ipl_status ipl_cuda_sync(void *state)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(ipl_cuda_wait(dev));
    return check_trainers(dev);
}

ipl_status ipl_cuda_free_bytes(void *state, int64_t *bytes)
{
    ipl_cuda *dev = NULL;
    size_t free_bytes = 0, all_bytes = 0;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaMemGetInfo(&free_bytes, &all_bytes));
    *bytes = (int64_t)free_bytes;
    return IPL_OK;
}

ipl_status ipl_cuda_event_create(void *state, void **event)
{
    ipl_cuda *dev = NULL;
    cudaEvent_t made = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaEventCreateWithFlags(&made, cudaEventDisableTiming));
    *event = made;
    return IPL_OK;
}

void ipl_cuda_event_destroy(void *event)
{
    if (ipl_fork_lost(IPL_FORK_CUDA)) return;
    (void)cudaEventDestroy((cudaEvent_t)event);
    (void)cudaGetLastError(); /* a lost context has taken it along */
}

ipl_status ipl_cuda_event_record(void *state, void *event)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaEventRecord((cudaEvent_t)event, dev->stream));
    return IPL_OK;
}

ipl_status ipl_cuda_event_wait(void *state, void *event)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaStreamWaitEvent(dev->stream, (cudaEvent_t)event, 0));
    return IPL_OK;
}

ipl_status ipl_cuda_timer_start(void *state)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaEventRecord(dev->timer[0], dev->stream));
    return IPL_OK;
}

ipl_status ipl_cuda_timer_stop(void *state, double *wall_ms)
{
    ipl_cuda *dev = NULL;
    float ms = 0.0f;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaEventRecord(dev->timer[1], dev->stream));
    IPL_TRY(ipl_cuda_wait(dev));
    IPL_CUDA(dev, cudaEventElapsedTime(&ms, dev->timer[0], dev->timer[1]));
    *wall_ms = ms;
    return IPL_OK;
}
