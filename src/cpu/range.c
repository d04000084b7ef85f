/*
 * range.c - smallest and largest value, mean square, and values not finite.
 *
 * Fixed blocks of values are reduced in parallel and combined in their order.
 */
#include <math.h>

#include "arena.h"
#include "cpu/bin.h"

enum { BLOCK_VALUES = 1 << 15 };

static int64_t blocks_of(const ipl_range_job *job)
{
    return ceil_div(job->count, BLOCK_VALUES);
}

size_t cpu_range_scratch_bytes(void *state, int jobs, const ipl_range_job *job)
{
    (void)state;
    ipl_arena arena = {0};
    for (int j = 0; j < jobs; ++j)
        ipl_arena_take(&arena, blocks_of(&job[j]), sizeof(bin_span));
    return arena.used;
}

/* The block again, without the values that are not finite. */
static bin_span finite_span(int64_t count, const float *t, int64_t *not_finite)
{
    bin_span span = {INFINITY, -INFINITY, 0.0};
    for (int64_t i = 0; i < count; ++i) {
        if (!isfinite(t[i])) {
            ++*not_finite;
            continue;
        }
        span.lo = fminf(span.lo, t[i]);
        span.hi = fmaxf(span.hi, t[i]);
        span.squares += (double)t[i] * (double)t[i];
    }
    return span;
}

static void combine(ipl_range_job *job, const bin_span *part)
{
    float lo = INFINITY, hi = -INFINITY;
    job->sum_squares = 0.0;
    job->not_finite = 0;
    for (int64_t b = 0; b < blocks_of(job); ++b) {
        const int64_t at = b * BLOCK_VALUES, left = job->count - at;
        bin_span span = part[b];
        if (!isfinite(span.squares))
            span = finite_span(left < BLOCK_VALUES ? left : BLOCK_VALUES, job->t + at,
                               &job->not_finite);
        lo = fminf(lo, span.lo);
        hi = fmaxf(hi, span.hi);
        job->sum_squares += span.squares;
    }
    job->lo = lo + 0.0f; /* -0 and +0 are one value: report +0 */
    job->hi = hi + 0.0f;
}

ipl_status cpu_value_range(void *state, int jobs, ipl_range_job *job, void *scratch)
{
    const cpu_state *cpu = state;
    const bin_kernels *kernels = bin_kernels_of(cpu);
    ipl_arena arena = {.base = scratch};
    for (int j = 0; j < jobs; ++j) {
        const int64_t blocks = blocks_of(&job[j]), count = job[j].count;
        const float *t = job[j].t;
        bin_span *part = ipl_arena_take(&arena, blocks, sizeof *part);
#pragma omp parallel for num_threads(blocks == 1 ? 1 : cpu_threads(cpu))
        for (int64_t b = 0; b < blocks; ++b) {
            const int64_t at = b * BLOCK_VALUES, left = count - at;
            part[b] = kernels->span(left < BLOCK_VALUES ? left : BLOCK_VALUES, t + at);
        }
        combine(&job[j], part);
    }
    return IPL_OK;
}
