/*
 * net_state.cu - what goes into a trainer and comes out: states, snapshots, the flag.
 */
#include "net_cuda.cuh"

ipl_cuda_trainer *ipl_cuda_trainer_next(const ipl_cuda_trainer *t) { return t->next; }

int ipl_cuda_trainer_uses(const ipl_cuda_trainer *t, const void *at, size_t bytes)
{
    const char *from = (const char *)at, *to = from + bytes;
    const char *x = (const char *)t->x, *y = (const char *)t->y;
    const size_t x_bytes = sizeof(float) * (size_t)(t->rows * t->layout.width[0]);
    const size_t y_bytes = sizeof *t->y * (size_t)t->rows;
    return (from < x + x_bytes && x < to) || (from < y + y_bytes && y < to);
}

/* Reads the copy of the flag that came with the latest finished call. */
ipl_status ipl_cuda_trainer_check(ipl_cuda_trainer *t)
{
    const unsigned long long bad = *(volatile unsigned long long *)t->bad_seen;
    if (bad == NET_NO_BAD) return IPL_OK;
    return IPL_FAIL(IPL_E_NUMERIC,
                    "layer %llu of replica %llu has parameters that are not finite "
                    "after %llu steps", bad & 0xff, bad >> 8 & 0xffff, bad >> 24);
}

/* One replica's state is packed on the host and `stride` floats long on the device. */
static size_t packed_bytes(const ipl_cuda_trainer *t)
{
    return sizeof(float) * (size_t)((1 + t->slots) * t->parameters);
}

ipl_status ipl_cuda_trainer_write(void *state, void *trainer, const float *values,
                                  int64_t steps)
{
    ipl_cuda *dev = NULL;
    ipl_cuda_trainer *t = (ipl_cuda_trainer *)trainer;
    IPL_TRY(ipl_cuda_use(state, &dev));
    const size_t bytes = packed_bytes(t);
    IPL_CUDA(dev, cudaMemcpy2DAsync(t->state, sizeof(float) * t->stride, values, bytes,
                                    bytes, t->replicas, cudaMemcpyHostToDevice,
                                    dev->train));
    IPL_CUDA(dev, cudaMemsetAsync(t->bad, 0xff, sizeof *t->bad, dev->train));
    IPL_TRY(ipl_cuda_wait(dev, dev->train));
    *t->bad_seen = NET_NO_BAD;
    t->steps = steps;
    return IPL_OK;
}

ipl_status ipl_cuda_trainer_read(void *state, void *trainer, float *values,
                                 int64_t *steps)
{
    ipl_cuda *dev = NULL;
    ipl_cuda_trainer *t = (ipl_cuda_trainer *)trainer;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(ipl_cuda_wait(dev, dev->train));
    IPL_TRY(ipl_cuda_trainer_check(t));
    const size_t bytes = packed_bytes(t);
    IPL_CUDA(dev, cudaMemcpy2DAsync(values, bytes, t->state, sizeof(float) * t->stride,
                                    bytes, t->replicas, cudaMemcpyDeviceToHost,
                                    dev->train));
    IPL_TRY(ipl_cuda_wait(dev, dev->train));
    *steps = t->steps;
    return IPL_OK;
}

ipl_status ipl_cuda_trainer_snapshot(void *state, void *trainer, int replica,
                                     float *params)
{
    ipl_cuda *dev = NULL;
    const ipl_cuda_trainer *t = (const ipl_cuda_trainer *)trainer;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(ipl_cuda_train_begins(dev));
    const size_t bytes = sizeof(float) * (size_t)t->parameters;
    IPL_CUDA(dev, cudaMemcpyAsync(params, t->state + replica * t->stride, bytes,
                                  cudaMemcpyDeviceToDevice, dev->train));
    return ipl_cuda_snapshot_queued(dev, params, bytes);
}
