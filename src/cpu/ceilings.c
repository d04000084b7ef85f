/*
 * ceilings.c - the host's stop-watch and what it can do at best.
 */
#include "cpu/ceilings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu/cpu.h"

static const ceiling_kernels *const kernels[CPU_ISA_COUNT] = {
    [CPU_PORTABLE] = &ceiling_kernels_portable,
#if defined(__x86_64__)
    [CPU_AVX2] = &ceiling_kernels_avx2,
    [CPU_AVX512] = &ceiling_kernels_avx512,
#endif
};

enum { TRIES = 8, ROUNDS = 20000 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* 10^9 results a second of a loop that every thread runs, at best. */
static double best_rate(const cpu_state *state,
                        int64_t (*loop)(int64_t rounds, float *sink))
{
    double best = 0.0;
    for (int try = 0; try < TRIES; ++try) {
        int64_t made = 0;
        const double begin = now_ms();
#pragma omp parallel num_threads(cpu_threads(state)) reduction(+ : made)
        {
            volatile float keep;
            float sink;
            made += loop(ROUNDS, &sink);
            keep = sink;
            (void)keep;
        }
        const double rate = (double)made * 1e-6 / (now_ms() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

/* Larger than any last-level cache this is likely to meet. */
static const int64_t COPY_BYTES = (int64_t)256 << 20;

static double copy_rate(const cpu_state *state, char *from, char *to)
{
    double best = 0.0;
    for (int try = 0; try < TRIES; ++try) {
        const double begin = now_ms();
#pragma omp parallel for num_threads(cpu_threads(state)) schedule(static)
        for (int64_t at = 0; at < COPY_BYTES; at += 1 << 20)
            memcpy(to + at, from + at, 1 << 20);
        const double rate = 2.0 * (double)COPY_BYTES * 1e-6 / (now_ms() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

ipl_status cpu_ceilings(void *opaque, ipl_ceilings *out)
{
    const cpu_state *state = opaque;
    const ceiling_kernels *k = kernels[state->isa];
    char *from = malloc((size_t)COPY_BYTES), *to = malloc((size_t)COPY_BYTES);
    if (!from || !to) {
        free(from);
        free(to);
        return IPL_FAIL(IPL_E_MEMORY, "two buffers of %lld bytes",
                        (long long)COPY_BYTES);
    }
    memset(from, 1, (size_t)COPY_BYTES); /* pages must exist before they are timed */
    memset(to, 2, (size_t)COPY_BYTES);
    out->copy_gb_per_s = copy_rate(state, from, to);
    out->fma_gflop_per_s = 2.0 * best_rate(state, k->fma);
    out->exp2_g_per_s = best_rate(state, k->exp2);
    free(from);
    free(to);
    return IPL_OK;
}

ipl_status cpu_timer_start(void *opaque)
{
    ((cpu_state *)opaque)->timer_ms = now_ms();
    return IPL_OK;
}

ipl_status cpu_timer_stop(void *opaque, double *wall_ms)
{
    *wall_ms = now_ms() - ((cpu_state *)opaque)->timer_ms;
    return IPL_OK;
}
