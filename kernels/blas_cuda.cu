/*
 * blas_cuda.cu - cuBLAS handles and their workspaces, as many as work at once.
 *
 * A handle takes time to make and 32 MiB, and most handles of a device multiply for a
 * small part of their time. They share a pool for each GPU: a device gets the one that
 * it had last, else one whose products are done, and only else a new one. So nobody
 * waits for another's products, and a device has one at most. No bit depends on which:
 * all have the same settings, and workspaces of one size and alignment. The pool is
 * emptied when the last device on its GPU closes.
 *
 * A handle's stream and workspace are one device's while it is lent. It is no longer
 * when all that asked for it have given it back, a trainer with its end: the graphs
 * that it captured use that workspace.
 */
#include "common.cuh"

#include <pthread.h>
#include <stdlib.h>

enum { WORKSPACE_BYTES = IPL_CUDA_BLAS_BYTES };

struct ipl_cuda_blas {
    ipl_cuda_blas  *next;
    int             index; /* of the GPU                                     */
    int             lent;
    const ipl_cuda *user;  /* who has it, or had it last; not to be followed */
    cublasHandle_t  handle;
    void           *workspace; /* fixed, so that products repeat their bits  */
    cudaEvent_t     done;      /* what the last user queued                  */
};

static ipl_cuda_blas  *pool;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;

static void destroy(ipl_cuda_blas *blas)
{
    if (blas->handle) (void)cublasDestroy(blas->handle);
    if (blas->done) (void)cudaEventDestroy(blas->done);
    (void)cudaFree(blas->workspace);
    (void)cudaGetLastError();
    free(blas);
}

static ipl_status fill(ipl_cuda *dev, ipl_cuda_blas *blas)
{
    IPL_TRY(ipl_cuda_alloc(dev, WORKSPACE_BYTES, "cuBLAS", &blas->workspace));
    IPL_CUDA(dev, cudaEventCreateWithFlags(&blas->done, cudaEventDisableTiming));
    IPL_CUBLAS(cublasCreate(&blas->handle));
    return IPL_OK;
}

static ipl_status make(ipl_cuda *dev, ipl_cuda_blas **out)
{
    ipl_cuda_blas *blas = (ipl_cuda_blas *)calloc(1, sizeof *blas);
    if (!blas) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for cuBLAS", sizeof *blas);
    const ipl_status st = fill(dev, blas);
    if (st != IPL_OK) {
        destroy(blas);
        return st;
    }
    blas->index = dev->index;
    blas->user = dev;
    blas->lent = 1;
    pthread_mutex_lock(&pool_lock);
    blas->next = pool;
    pool = blas;
    pthread_mutex_unlock(&pool_lock);
    *out = blas;
    return IPL_OK;
}

/* One that is there and free, or NULL. */
static ipl_cuda_blas *take(const ipl_cuda *dev)
{
    ipl_cuda_blas *found = NULL;
    pthread_mutex_lock(&pool_lock);
    for (ipl_cuda_blas *one = pool; one; one = one->next) {
        if (one->index != dev->index || one->lent) continue;
        if (one->user == dev) { /* the stream keeps the order */
            found = one;
            break;
        }
        if (!found && cudaEventQuery(one->done) == cudaSuccess) found = one;
    }
    if (found) {
        found->lent = 1;
        found->user = dev;
    }
    pthread_mutex_unlock(&pool_lock);
    (void)cudaGetLastError(); /* an event that is not ready counts as an error */
    return found;
}

/* Its stream may end before it is taken again. */
static void put_back(ipl_cuda *dev)
{
    (void)cublasSetStream(dev->lent->handle, NULL);
    pthread_mutex_lock(&pool_lock);
    dev->lent->lent = 0;
    pthread_mutex_unlock(&pool_lock);
    dev->lent = NULL;
    dev->blas = NULL;
}

ipl_status ipl_cuda_bind_blas(ipl_cuda *dev)
{
    IPL_CUBLAS(cublasSetMathMode(dev->blas, dev->allow_tf32 ? CUBLAS_TF32_TENSOR_OP_MATH
                                                            : CUBLAS_DEFAULT_MATH));
    IPL_CUBLAS(cublasSetStream(dev->blas, dev->stream));
    /* After the stream, which resets it. A pool that grew with the use would let
     * cuBLAS choose another algorithm, and other bits, the second time. */
    IPL_CUBLAS(cublasSetWorkspace(dev->blas, dev->lent->workspace, WORKSPACE_BYTES));
    return IPL_OK;
}

ipl_status ipl_cuda_use_blas(ipl_cuda *dev)
{
    if (!dev->lent) {
        dev->lent = take(dev);
        if (!dev->lent) IPL_TRY(make(dev, &dev->lent));
        dev->blas = dev->lent->handle;
        const ipl_status st = ipl_cuda_bind_blas(dev);
        if (st != IPL_OK) {
            put_back(dev);
            return st;
        }
    }
    ++dev->blas_uses;
    return IPL_OK;
}

ipl_status ipl_cuda_give_blas(ipl_cuda *dev)
{
    if (--dev->blas_uses) return IPL_OK;
    IPL_CUDA(dev, cudaEventRecord(dev->lent->done, dev->stream));
    put_back(dev);
    return IPL_OK;
}

void ipl_cuda_close_blas(ipl_cuda *dev)
{
    if (dev->lent) put_back(dev);
}

void ipl_cuda_empty_blas(int index)
{
    pthread_mutex_lock(&pool_lock);
    for (ipl_cuda_blas **at = &pool; *at;) {
        ipl_cuda_blas *one = *at;
        if (one->index != index) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        destroy(one);
    }
    pthread_mutex_unlock(&pool_lock);
}
