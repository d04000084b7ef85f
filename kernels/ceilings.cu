/*
 * ceilings.cu - what this GPU can do at best: copies, multiply-adds, exponentials.
 *
 * Launch    As many blocks of 256 threads as the multiprocessors hold at once, so that
 *           no tail is measured.
 * Traffic   Copies go through the runtime's device-to-device copy, of buffers larger
 *           than any L2. The other two touch memory once, at the end.
 * Numerics  Chains converge, so that neither overflow nor denormals are timed. The
 *           result is stored only if it is a value that it cannot have.
 */
#include <string.h>

#include "common.cuh"

enum { THREADS = 256, CHAINS = 8, ROUNDS = 8192, TRIES = 8 };

static __global__ void __launch_bounds__(THREADS) fma_chains(int rounds, float *sink)
{
    float chain[CHAINS];
    for (int c = 0; c < CHAINS; ++c) chain[c] = (float)(c + threadIdx.x);
    for (int r = 0; r < rounds; ++r)
        for (int c = 0; c < CHAINS; ++c) chain[c] = __fmaf_rn(chain[c], 0.5f, 0.5f);
    float sum = 0.0f;
    for (int c = 0; c < CHAINS; ++c) sum += chain[c];
    if (sum == -1.0f) *sink = sum;
}

static __global__ void __launch_bounds__(THREADS) exp2_chains(int rounds, float *sink)
{
    float chain[CHAINS];
    for (int c = 0; c < CHAINS; ++c) chain[c] = -(float)(c + threadIdx.x) * 0.01f;
    for (int r = 0; r < rounds; ++r)
        for (int c = 0; c < CHAINS; ++c)
            asm volatile("ex2.approx.ftz.f32 %0, %0;" : "+f"(chain[c]));
    float sum = 0.0f;
    for (int c = 0; c < CHAINS; ++c) sum += chain[c];
    if (sum == -1.0f) *sink = sum;
}

/* One thing to be timed: a kernel of chains, or, where there is none, a copy. */
typedef struct {
    void      (*kernel)(int rounds, float *sink);
    int         blocks, rounds;
    const void *from;
    void       *to;
    size_t      bytes;
} ceiling_work;

/* Milliseconds at best; the first of the tries only warms up. */
static ipl_status best_ms(ipl_cuda *dev, const ceiling_work *work, double *out)
{
    double best = 0.0;
    for (int attempt = 0; attempt <= TRIES; ++attempt) {
        float ms;
        IPL_CUDA(dev, cudaEventRecord(dev->timer[0], dev->stream));
        if (work->kernel) {
            work->kernel<<<work->blocks, THREADS, 0, dev->stream>>>(work->rounds,
                                                                     (float *)work->to);
            IPL_LAUNCHED(dev, ceilings);
        } else {
            IPL_CUDA(dev, cudaMemcpyAsync(work->to, work->from, work->bytes,
                                          cudaMemcpyDeviceToDevice, dev->stream));
        }
        IPL_CUDA(dev, cudaEventRecord(dev->timer[1], dev->stream));
        IPL_TRY(ipl_cuda_wait(dev));
        IPL_CUDA(dev, cudaEventElapsedTime(&ms, dev->timer[0], dev->timer[1]));
        if (attempt == 1 || (attempt > 1 && ms < best)) best = ms;
    }
    *out = best;
    return IPL_OK;
}

/* 10^9 results a second. */
static ipl_status chain_rate(ipl_cuda *dev, void (*kernel)(int, float *), void *sink,
                             int rounds, double *g_per_s)
{
    int blocks_each = 0;
    double ms;
    IPL_CUDA(dev, cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks_each, kernel,
                                                                THREADS, 0));
    const int blocks = blocks_each * dev->sm_count;
    const ceiling_work work = {kernel, blocks, rounds, NULL, sink, 0};
    IPL_TRY(best_ms(dev, &work, &ms));
    const int64_t made = (int64_t)work.blocks * (THREADS * CHAINS) * rounds;
    *g_per_s = (double)made / ms * 1e-6;
    return IPL_OK;
}

static ipl_status measure(ipl_cuda *dev, const ceiling_work *copy, int rounds,
                          ipl_ceilings *out)
{
    double ms, fma_g_per_s;
    IPL_TRY(best_ms(dev, copy, &ms));
    out->copy_gb_per_s = 2.0 * (double)copy->bytes / ms * 1e-6;
    IPL_TRY(chain_rate(dev, fma_chains, copy->to, rounds, &fma_g_per_s));
    out->fma_gflop_per_s = 2.0 * fma_g_per_s;
    return chain_rate(dev, exp2_chains, copy->to, rounds, &out->exp2_g_per_s);
}

extern "C" ipl_status ipl_cuda_ceilings(void *state, ipl_ceilings *out)
{
    ipl_cuda *dev;
    IPL_TRY(ipl_cuda_use(state, &dev));
    cudaDeviceProp about;
    IPL_CUDA(dev, cudaGetDeviceProperties(&about, dev->index));
    /* An emulated GPU names itself so; it has no ceilings worth the wait. */
    const int emulated = strstr(about.name, "emulation") != NULL;
    ipl_ceilings made;
    void *from = NULL, *to = NULL;
    const size_t bytes = (size_t)(emulated ? 1 : 512) << 20;
    ipl_status st = ipl_cuda_alloc(dev, bytes, "copy ceiling", &from);
    if (st == IPL_OK) st = ipl_cuda_alloc(dev, bytes, "copy ceiling", &to);
    if (st == IPL_OK) {
        const ceiling_work copy = {NULL, 0, 0, from, to, bytes};
        st = measure(dev, &copy, emulated ? 1 : ROUNDS, &made);
    }
    if (st == IPL_OK) *out = made;
    cudaFree(from);
    cudaFree(to);
    return st;
}
