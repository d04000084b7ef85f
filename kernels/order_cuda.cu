/*
 * order_cuda.cu - errors of the CUDA libraries, waiting, memory.
 *
 * The contract of every function stands in common.cuh.
 */
#include "common.cuh"
#include "fork.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Faults that leave the context unusable: no later call on it can succeed, and of most
 * of them NVIDIA says that the process must be ended. */
static int takes_the_context(cudaError_t error)
{
    switch ((int)error) {
    case 226: /* cudaErrorContained, and below TensorMemoryLeak: names of CUDA 13 */
    case 721:
    case cudaErrorExternalDevice:
    case cudaErrorMpsClientTerminated:
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorIllegalInstruction:
    case cudaErrorHardwareStackError:
    case cudaErrorAssert:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContextIsDestroyed:
    case cudaErrorDevicesUnavailable:
    case cudaErrorUnknown: return 1;
    default: return 0;
    }
}

/* The library's state beside the error line, src/fork.c and the pool of blas_cuda.cu: a
 * GPU's context is the process's, all devices that are open on it share it, and giving
 * it up destroys what they hold. */
enum { GPUS_MAX = 64 };
static struct {
    int open, lost;
} contexts[GPUS_MAX];
static pthread_mutex_t contexts_lock = PTHREAD_MUTEX_INITIALIZER;

void ipl_cuda_context_join(const ipl_cuda *dev)
{
    if (dev->index >= GPUS_MAX) return; /* beyond, what is lost stays so */
    pthread_mutex_lock(&contexts_lock);
    ++contexts[dev->index].open;
    pthread_mutex_unlock(&contexts_lock);
}

void ipl_cuda_context_leave(const ipl_cuda *dev)
{
    if (dev->index >= GPUS_MAX) return;
    pthread_mutex_lock(&contexts_lock);
    if (dev->lost[0]) contexts[dev->index].lost = 1;
    if (!--contexts[dev->index].open) {
        ipl_cuda_empty_blas(dev->index);
        if (contexts[dev->index].lost) (void)cudaDeviceReset();
        contexts[dev->index].lost = 0;
    }
    pthread_mutex_unlock(&contexts_lock);
}

/* A call without its arguments. */
static int name_length(const char *call) { return (int)strcspn(call, "("); }

ipl_status ipl_cuda_failed(ipl_cuda *dev, cudaError_t error, const char *call,
                           const char *file, int line)
{
    const int lost = takes_the_context(error);
    (void)cudaGetLastError(); /* the next call starts clean */
    if (lost && dev && !dev->lost[0])
        snprintf(dev->lost, sizeof dev->lost, "%s, at or before kernel %s",
                 cudaGetErrorString(error), dev->kernel ? dev->kernel : "(none)");
    return ipl_fail(error == cudaErrorMemoryAllocation ? IPL_E_MEMORY : IPL_E_DEVICE,
                    file, line, "%.*s: %s (%s); the latest kernel is %s%s",
                    name_length(call), call, cudaGetErrorString(error),
                    cudaGetErrorName(error), dev && dev->kernel ? dev->kernel : "none",
                    lost ? "; go on in a new process" : "");
}

ipl_status ipl_cublas_failed(cublasStatus_t status, const char *call,
                             const char *file, int line)
{
    return ipl_fail(status == CUBLAS_STATUS_ALLOC_FAILED ? IPL_E_MEMORY : IPL_E_DEVICE,
                    file, line, "%.*s: %s (%s)", name_length(call), call,
                    cublasGetStatusString(status), cublasGetStatusName(status));
}

ipl_status ipl_cuda_launched(ipl_cuda *dev, const char *kernel, const char *file,
                             int line)
{
    dev->kernel = kernel;
    cudaError_t error = cudaGetLastError();
    if (error == cudaSuccess && dev->debug_sync) error = cudaDeviceSynchronize();
    if (error == cudaSuccess) return IPL_OK;
    return ipl_cuda_failed(dev, error, kernel, file, line);
}

ipl_status ipl_cuda_not_forked(void)
{
    if (!ipl_fork_lost(IPL_FORK_CUDA)) return IPL_OK;
    return IPL_FAIL(IPL_E_DEVICE,
                    "CUDA does not survive fork, and this process was forked by one "
                    "that had found a GPU: fork before that, or start a program "
                    "with exec");
}

ipl_status ipl_cuda_use(void *state, ipl_cuda **dev)
{
    ipl_cuda *const own = (ipl_cuda *)state;
    IPL_TRY(ipl_cuda_not_forked());
    if (own->lost[0])
        return IPL_FAIL(IPL_E_DEVICE, "cuda:%d is lost, go on in a new process: %s",
                        own->index, own->lost);
    IPL_CUDA(own, cudaSetDevice(own->index));
    *dev = own;
    return IPL_OK;
}

ipl_status ipl_cuda_wait(ipl_cuda *dev)
{
    IPL_CUDA(dev, cudaStreamSynchronize(dev->stream));
    return IPL_OK;
}

ipl_status ipl_cuda_fetch(ipl_cuda *dev, const void *at, size_t bytes, void *host)
{
    IPL_CUDA(dev, cudaMemcpyAsync(host, at, bytes, cudaMemcpyDeviceToHost,
                                  dev->stream));
    return ipl_cuda_wait(dev);
}

ipl_status ipl_cuda_alloc(ipl_cuda *dev, size_t bytes, const char *use, void **at)
{
    void *made = NULL;
    const cudaError_t error = cudaMalloc(&made, bytes);
    if (error == cudaSuccess) {
        *at = made;
        return IPL_OK;
    }
    if (error != cudaErrorMemoryAllocation)
        return ipl_cuda_failed(dev, error, "cudaMalloc", __FILE__, __LINE__);
    (void)cudaGetLastError();
    size_t free_bytes = 0, all_bytes = 0;
    IPL_CUDA(dev, cudaMemGetInfo(&free_bytes, &all_bytes));
    return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for %s: cuda:%d has %zu of %zu free",
                    bytes, use, dev->index, free_bytes, all_bytes);
}

ipl_status ipl_cuda_scratch(ipl_cuda *dev, size_t bytes, void **at)
{
    if (bytes > dev->scratch_bytes) {
        IPL_TRY(ipl_cuda_wait(dev));
        (void)cudaFree(dev->scratch);
        dev->scratch = NULL;
        dev->scratch_bytes = 0;
        IPL_TRY(ipl_cuda_alloc(dev, bytes, "scratch of the device", &dev->scratch));
        dev->scratch_bytes = bytes;
    }
    *at = dev->scratch;
    return IPL_OK;
}

/* -- How far ---------------------------------------------------------------------- */

ipl_meter *ipl_cuda_meter(void *state)
{
    return &((ipl_cuda *)state)->meter;
}

static void CUDART_CB step(void *meter) { ipl_meter_step((ipl_meter *)meter); }

ipl_status ipl_cuda_meter_step(ipl_cuda *dev)
{
    IPL_CUDA(dev, cudaLaunchHostFunc(dev->stream, step, &dev->meter));
    return IPL_OK;
}
