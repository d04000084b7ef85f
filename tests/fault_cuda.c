/*
 * fault_cuda.c - calls of CUDA and cuBLAS that fail: the part of fault.c for them.
 *
 *   IPL_TEST_FAULT=NAME:N:ERROR        the N-th call of NAME, from 1, returns the error
 *                                      (cudaError_t or cublasStatus_t), once
 *   IPL_TEST_FAULT=NAME:N:ERROR:lost   and so does every CUDA call from then on, and
 *                                      cuBLAS answers EXECUTION_FAILED, until
 *                                      cudaDeviceReset: as after a fault in a kernel
 *
 *   IPL_TEST_FAULT_DEVICE=N            calls count, and fail, on this device alone
 *
 * A call that fails does nothing. Who uses a stream, event, handle or memory of before
 * a reset is ended with a message: a real driver may crash there, or not. It has to
 * stand before the CUDA libraries in LD_PRELOAD. C, with the headers' own declarations,
 * so that the compiler compares every signature.
 */
#define _GNU_SOURCE
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

enum { HANDLES = 1 << 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int is_lost; /* not 0: the error that all calls answer                     */
static _Thread_local int latest; /* what cudaGetLastError tells, once            */
static _Thread_local int current; /* the device                                  */

/* What was made and is not yet given back; `dead` since a reset. */
static struct { const void *at; int dead, device; } handles[HANDLES];
static int handle_count;

/* The error of this call, or 0; `if_lost` is what this library says on a lost
 * device. */
static int fault(const char *name, int if_lost)
{
    const char *only = getenv("IPL_TEST_FAULT_DEVICE");
    if (only && current != atoi(only)) return 0;
    int lost = 0, error = fault_of_call(name, 0, &lost);
    if (error && !if_lost) latest = error;
    pthread_mutex_lock(&lock);
    if (error && lost) is_lost = error;
    if (is_lost) error = if_lost ? if_lost : is_lost;
    pthread_mutex_unlock(&lock);
    return error;
}

static void made(const void *at)
{
    pthread_mutex_lock(&lock);
    if (handle_count < HANDLES) {
        handles[handle_count].at = at;
        handles[handle_count].device = current;
        handles[handle_count++].dead = 0;
    }
    pthread_mutex_unlock(&lock);
}

static void used(const char *name, const void *at, int gone)
{
    pthread_mutex_lock(&lock);
    for (int h = handle_count - 1; h >= 0; --h) {
        if (handles[h].at != at) continue;
        if (handles[h].dead) {
            fprintf(stderr, "fault: %s uses what a reset destroyed\n", name);
            abort();
        }
        if (gone) handles[h] = handles[--handle_count];
        break;
    }
    pthread_mutex_unlock(&lock);
}

/* The backend is an object that the program loads, and so are CUDA's libraries: their
 * names are not among those of the program. */
static void *next(const char *name)
{
    static const char *const library[] = {"cudart", "cublas"};
    void *at = dlsym(RTLD_NEXT, name);
    for (int k = 0; !at && k < 2; ++k) {
        char file[32];
        snprintf(file, sizeof file, "lib%s.so.%d", library[k], CUDART_VERSION / 1000);
        void *loaded = dlopen(file, RTLD_NOW | RTLD_NOLOAD);
        if (loaded) at = dlsym(loaded, name);
    }
    return at ? at : fault_next(name);
}

/* text is the symbol, which a header may have given another name in C. */
#define TEXT(name) TEXT_OF(name)
#define TEXT_OF(name) #name
#define CALL(type, name, if_lost, parameters, arguments, before, after)        \
    type name parameters                                                       \
    {                                                                          \
        static __typeof__(name) *real;                                         \
        const int error_ = fault(TEXT(name), if_lost);                         \
        if (error_) return (type)error_;                                       \
        before;                                                                \
        if (!real) *(void **)&real = next(TEXT(name));                         \
        const type st_ = real arguments;                                       \
        if (!st_) { after; }                                                   \
        return st_;                                                            \
    }
#define NOTHING (void)0
#define CUDA(name, parameters, arguments)                                      \
    CALL(cudaError_t, name, 0, parameters, arguments, NOTHING, NOTHING)
#define CUDA_MAKES(name, parameters, arguments, at)                            \
    CALL(cudaError_t, name, 0, parameters, arguments, NOTHING, made(at))
#define CUDA_USES(name, parameters, arguments, at, gone)                       \
    CALL(cudaError_t, name, 0, parameters, arguments, used(TEXT(name), at, gone),\
         NOTHING)
#define BLAS(name, parameters, arguments, before, after)                       \
    CALL(cublasStatus_t, name, CUBLAS_STATUS_EXECUTION_FAILED, parameters, arguments, \
         before, after)

static int take_latest(void)
{
    const int error = latest;
    latest = 0;
    return error;
}

/* -- Devices ---------------------------------------------------------------------- */

cudaError_t cudaDeviceReset(void)
{
    static __typeof__(cudaDeviceReset) *real;
    pthread_mutex_lock(&lock);
    for (int h = 0; h < handle_count; ++h)
        if (handles[h].device == current) handles[h].dead = 1;
    is_lost = 0;
    pthread_mutex_unlock(&lock);
    if (!real) *(void **)&real = next("cudaDeviceReset");
    return real();
}

CUDA(cudaGetDeviceCount, (int *count), (count))

cudaError_t cudaSetDevice(int device)
{
    static __typeof__(cudaSetDevice) *real;
    current = device; /* before the fault: it is this device's */
    const int error = fault("cudaSetDevice", 0);
    if (error) return (cudaError_t)error;
    if (!real) *(void **)&real = next("cudaSetDevice");
    return real(device);
}

CUDA(cudaGetDeviceProperties, (struct cudaDeviceProp *prop, int device), (prop, device))
CUDA(cudaDeviceGetStreamPriorityRange, (int *low, int *high), (low, high))
CUDA(cudaDeviceSynchronize, (void), ())
CALL(cudaError_t, cudaPeekAtLastError, 0, (void), (),
     if (latest) return (cudaError_t)latest, NOTHING)
CALL(cudaError_t, cudaGetLastError, 0, (void), (),
     if (latest) return (cudaError_t)take_latest(), NOTHING)
CUDA(cudaMemGetInfo, (size_t *left, size_t *all), (left, all))

/* -- Memory ----------------------------------------------------------------------- */

CUDA_MAKES(cudaMalloc, (void **at, size_t bytes), (at, bytes), *at)
CUDA_MAKES(cudaMallocHost, (void **at, size_t bytes), (at, bytes), *at)
CUDA_USES(cudaFree, (void *at), (at), at, 1)
CUDA_USES(cudaFreeHost, (void *at), (at), at, 1)
CUDA(cudaMemcpyAsync, (void *to, const void *from, size_t bytes,
     enum cudaMemcpyKind kind, cudaStream_t stream), (to, from, bytes, kind, stream))
CUDA(cudaMemsetAsync, (void *at, int value, size_t bytes, cudaStream_t stream),
     (at, value, bytes, stream))

/* -- Streams and events ----------------------------------------------------------- */

CUDA_MAKES(cudaStreamCreateWithPriority,
           (cudaStream_t *stream, unsigned flags, int level), (stream, flags, level),
           *stream)
CUDA_USES(cudaStreamDestroy, (cudaStream_t stream), (stream), stream, 1)
CUDA_USES(cudaStreamSynchronize, (cudaStream_t stream), (stream), stream, 0)
CUDA_USES(cudaLaunchHostFunc, (cudaStream_t stream, cudaHostFn_t call, void *data),
          (stream, call, data), stream, 0)
CUDA_USES(cudaStreamWaitEvent, (cudaStream_t stream, cudaEvent_t event, unsigned flags),
          (stream, event, flags), event, 0)
CUDA_MAKES(cudaEventCreate, (cudaEvent_t *event), (event), *event)
CUDA_MAKES(cudaEventCreateWithFlags, (cudaEvent_t *event, unsigned flags),
           (event, flags), *event)
CUDA_USES(cudaEventDestroy, (cudaEvent_t event), (event), event, 1)
CUDA_USES(cudaEventRecord, (cudaEvent_t event, cudaStream_t stream), (event, stream),
          event, 0)
CUDA_USES(cudaEventSynchronize, (cudaEvent_t event), (event), event, 0)
CUDA(cudaEventElapsedTime, (float *ms, cudaEvent_t begin, cudaEvent_t end),
     (ms, begin, end))

/* -- Kernels and graphs ----------------------------------------------------------- */

CUDA(cudaFuncSetAttribute, (const void *kernel, enum cudaFuncAttribute what, int value),
     (kernel, what, value))
CUDA(cudaLaunchKernel, (const void *kernel, dim3 grid, dim3 block, void **arguments,
     size_t shared_bytes, cudaStream_t stream),
     (kernel, grid, block, arguments, shared_bytes, stream))
CUDA(cudaStreamBeginCapture, (cudaStream_t stream, enum cudaStreamCaptureMode mode),
     (stream, mode))

/* A capture ends in any case, so that none is left behind. */
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    static __typeof__(cudaStreamEndCapture) *real;
    const int error = fault("cudaStreamEndCapture", 0);
    if (!real) *(void **)&real = next("cudaStreamEndCapture");
    const cudaError_t st = real(stream, graph);
    return error ? (cudaError_t)error : st;
}

CUDA(cudaGraphInstantiate, (cudaGraphExec_t *exec, cudaGraph_t graph,
     unsigned long long flags), (exec, graph, flags))
CUDA(cudaGraphLaunch, (cudaGraphExec_t exec, cudaStream_t stream), (exec, stream))
CUDA(cudaGraphDestroy, (cudaGraph_t graph), (graph))
CUDA(cudaGraphExecDestroy, (cudaGraphExec_t exec), (exec))

/* What <<<>>> calls since CUDA 13; its header is not one for C. */
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block,
                               void **arguments, size_t shared_bytes,
                               cudaStream_t stream);
CUDA(__cudaLaunchKernel, (cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments,
     size_t shared_bytes, cudaStream_t stream),
     (kernel, grid, block, arguments, shared_bytes, stream))

/* -- cuBLAS ----------------------------------------------------------------------- */

BLAS(cublasCreate, (cublasHandle_t *handle), (handle), NOTHING, made(*handle))
BLAS(cublasDestroy, (cublasHandle_t handle), (handle), used("cublasDestroy", handle, 1),
     NOTHING)
BLAS(cublasSetStream, (cublasHandle_t handle, cudaStream_t stream), (handle, stream),
     used("cublasSetStream", handle, 0), NOTHING)
BLAS(cublasSgemm, (cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb,
     int m, int n, int k, const float *alpha, const float *a, int lda, const float *b,
     int ldb, const float *beta, float *c, int ldc),
     (handle, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc),
     used("cublasSgemm", handle, 0), NOTHING)
BLAS(cublasSgemmStridedBatched, (cublasHandle_t handle, cublasOperation_t ta,
     cublasOperation_t tb, int m, int n, int k, const float *alpha, const float *a,
     int lda, long long a_stride, const float *b, int ldb, long long b_stride,
     const float *beta, float *c, int ldc, long long c_stride, int count),
     (handle, ta, tb, m, n, k, alpha, a, lda, a_stride, b, ldb, b_stride, beta, c, ldc,
      c_stride, count),
     used("cublasSgemmStridedBatched", handle, 0), NOTHING)
