/*
 * net_state.cu - what goes into a trainer and comes out: states, snapshots, the flag.
 */
#include "net_cuda.cuh"

ipl_cuda_trainer *ipl_cuda_trainer_next(const ipl_cuda_trainer *t) { return t->next; }

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
                                    dev->stream));
    IPL_CUDA(dev, cudaMemsetAsync(t->bad, 0xff, sizeof *t->bad, dev->stream));
    IPL_TRY(ipl_cuda_wait(dev));
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
    IPL_TRY(ipl_cuda_wait(dev));
    IPL_TRY(ipl_cuda_trainer_check(t));
    const size_t bytes = packed_bytes(t);
    IPL_CUDA(dev, cudaMemcpy2DAsync(values, bytes, t->state, sizeof(float) * t->stride,
                                    bytes, t->replicas, cudaMemcpyDeviceToHost,
                                    dev->stream));
    IPL_TRY(ipl_cuda_wait(dev));
    *steps = t->steps;
    return IPL_OK;
}

ipl_status ipl_cuda_trainer_snapshot(void *state, void *trainer, int replica,
                                     float *params)
{
    ipl_cuda *dev = NULL;
    const ipl_cuda_trainer *t = (const ipl_cuda_trainer *)trainer;
    IPL_TRY(ipl_cuda_use(state, &dev));
    const size_t bytes = sizeof(float) * (size_t)t->parameters;
    IPL_CUDA(dev, cudaMemcpyAsync(params, t->state + replica * t->stride, bytes,
                                  cudaMemcpyDeviceToDevice, dev->stream));
    return IPL_OK;
}
