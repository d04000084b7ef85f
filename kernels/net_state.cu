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

static int64_t packed_floats(const ipl_cuda_trainer *t)
{
    return (1 + t->slots) * t->parameters;
}

/* States, packed on the host and `stride` floats long on the device. A replica at a
 * time: one copy in two dimensions has pitches of at most 2^31 - 1 bytes, which is 178
 * million parameters with Adam. */
static ipl_status copy_states(const ipl_cuda_trainer *t, float *to, int64_t to_stride,
                              const float *from, int64_t from_stride,
                              cudaMemcpyKind kind)
{
    const size_t bytes = sizeof *to * (size_t)packed_floats(t);
    for (int64_t r = 0; r < t->replicas; ++r)
        IPL_CUDA(t->dev, cudaMemcpyAsync(to + r * to_stride, from + r * from_stride,
                                         bytes, kind, t->dev->stream));
    return IPL_OK;
}

ipl_status ipl_cuda_trainer_write(void *state, void *trainer, const float *values,
                                  int64_t steps)
{
    ipl_cuda *dev = NULL;
    ipl_cuda_trainer *t = (ipl_cuda_trainer *)trainer;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_TRY(copy_states(t, t->state, t->stride, values, packed_floats(t),
                        cudaMemcpyHostToDevice));
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
    IPL_TRY(copy_states(t, values, packed_floats(t), t->state, t->stride,
                        cudaMemcpyDeviceToHost));
    IPL_TRY(ipl_cuda_wait(dev));
    *steps = t->steps;
    return IPL_OK;
}

ipl_status ipl_cuda_trainer_snapshot(void *state, void *trainer, int first, int count,
                                     float *params)
{
    ipl_cuda *dev = NULL;
    const ipl_cuda_trainer *t = (const ipl_cuda_trainer *)trainer;
    IPL_TRY(ipl_cuda_use(state, &dev));
    const size_t bytes = sizeof(float) * (size_t)t->parameters;
    const size_t pitch = sizeof(float) * (size_t)t->stride;
    if (pitch <= INT32_MAX) { /* CUDA takes no larger one */
        IPL_CUDA(dev, cudaMemcpy2DAsync(params, bytes, t->state + first * t->stride,
                                        pitch, bytes, count, cudaMemcpyDeviceToDevice,
                                        dev->stream));
        return IPL_OK;
    }
    for (int r = 0; r < count; ++r)
        IPL_CUDA(dev, cudaMemcpyAsync(params + r * t->parameters,
                                      t->state + (first + r) * t->stride, bytes,
                                      cudaMemcpyDeviceToDevice, dev->stream));
    return IPL_OK;
}
