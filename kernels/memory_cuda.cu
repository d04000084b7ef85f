/*
 * memory_cuda.cu - memory of the device, copies in order, marks and the watch.
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
    (void)cudaStreamSynchronize(dev->train);
    (void)cudaStreamSynchronize(dev->measure);
    dev->oldest = dev->next;
    (void)cudaFree(at);
    (void)cudaGetLastError(); /* a fault is reported by the next wait or entry */
}

ipl_status ipl_cuda_upload(void *state, const void *host, size_t bytes, void *at)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(ipl_cuda_writes(dev, at, bytes));
    IPL_CUDA(dev, cudaMemcpyAsync(at, host, bytes, cudaMemcpyHostToDevice,
                                  dev->measure));
    return ipl_cuda_wait(dev, dev->measure);
}

/* In the order of calls, as an upload: snapshots on their way from or to the memory
 * come first, and so does training that reads it. */
ipl_status ipl_cuda_copy(void *state, const void *from, size_t bytes, void *to)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(ipl_cuda_reads(dev, from, bytes));
    IPL_TRY(ipl_cuda_writes(dev, to, bytes));
    IPL_CUDA(dev, cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice,
                                  dev->measure));
    return IPL_OK;
}

static ipl_status check_trainers(const ipl_cuda *dev)
{
    for (ipl_cuda_trainer *t = dev->trainers; t; t = ipl_cuda_trainer_next(t))
        IPL_TRY(ipl_cuda_trainer_check(t));
    return IPL_OK;
}

/* What waits for a snapshot waits for the training before it, and tells its end. */
ipl_status ipl_cuda_download(void *state, const void *at, size_t bytes, void *host)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    const unsigned oldest = dev->oldest;
    IPL_TRY(ipl_cuda_reads(dev, at, bytes));
    if (dev->oldest != oldest) {
        IPL_TRY(ipl_cuda_wait(dev, dev->measure));
        IPL_TRY(check_trainers(dev));
    }
    return ipl_cuda_fetch(dev, at, bytes, host);
}

ipl_status ipl_cuda_sync(void *state)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(ipl_cuda_wait(dev, dev->measure));
    IPL_TRY(ipl_cuda_wait(dev, dev->train));
    return check_trainers(dev);
}

/* The event stands for what both streams have queued. */
static ipl_status record(ipl_cuda *dev, cudaEvent_t event)
{
    IPL_CUDA(dev, cudaEventRecord(dev->train_tail, dev->train));
    IPL_CUDA(dev, cudaStreamWaitEvent(dev->measure, dev->train_tail, 0));
    IPL_CUDA(dev, cudaEventRecord(event, dev->measure));
    return IPL_OK;
}

ipl_status ipl_cuda_mark_create(void *state, void **mark)
{
    ipl_cuda *dev = NULL;
    cudaEvent_t event = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    *mark = event;
    return IPL_OK;
}

void ipl_cuda_mark_destroy(void *mark)
{
    if (ipl_fork_lost(IPL_FORK_CUDA)) return;
    (void)cudaEventDestroy((cudaEvent_t)mark);
    (void)cudaGetLastError(); /* a lost context has taken it along */
}

ipl_status ipl_cuda_mark_set(void *state, void *mark)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    return record(dev, (cudaEvent_t)mark);
}

ipl_status ipl_cuda_mark_await(void *state, void *mark)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_CUDA(dev, cudaStreamWaitEvent(dev->train, (cudaEvent_t)mark, 0));
    IPL_CUDA(dev, cudaStreamWaitEvent(dev->measure, (cudaEvent_t)mark, 0));
    return IPL_OK;
}

/* Each stream waits for what the other one has queued, then the watch is read. */
static ipl_status read_watch(ipl_cuda *dev, cudaEvent_t watch)
{
    IPL_TRY(record(dev, watch));
    IPL_CUDA(dev, cudaStreamWaitEvent(dev->train, watch, 0));
    return IPL_OK;
}

ipl_status ipl_cuda_timer_start(void *state)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    return read_watch(dev, dev->timer[0]);
}

ipl_status ipl_cuda_timer_stop(void *state, double *wall_ms)
{
    ipl_cuda *dev = NULL;
    float ms = 0.0f;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(read_watch(dev, dev->timer[1]));
    IPL_TRY(ipl_cuda_wait(dev, dev->measure));
    IPL_CUDA(dev, cudaEventElapsedTime(&ms, dev->timer[0], dev->timer[1]));
    *wall_ms = ms;
    return IPL_OK;
}
