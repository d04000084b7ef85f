/*
 * quantise.c - activations to few values, evenly spaced over their range.
 *
 * The range of a matrix is known once all of it has been seen, so that a matrix in host
 * memory passes through the device twice: to be seen, and to be rounded.
 */
#include <stdlib.h>

#include "arena.h"
#include "backend.h"

/* What the matrices span, and scratch: `work` for the ranges, `block` of one matrix. */
typedef struct {
    ipl_range_job *range; /* [matrices]                                         */
    void          *work;
    float         *block;
    size_t         bytes;
} quantise_plan;

static ipl_status plan_make(ipl_device *dev, int matrices, const ipl_mat *t,
                            int64_t block_rows, void *scratch, quantise_plan *plan)
{
    int64_t values = 0; /* of the largest block */
    ipl_arena arena = {.base = scratch};
    IPL_REQUIRE(dev && t && matrices >= 1 && block_rows >= 0,
                "device or matrices are NULL, or %d matrices in blocks of %lld rows",
                matrices, (long long)block_rows);
    plan->range = calloc((size_t)matrices, sizeof *plan->range);
    if (!plan->range) return IPL_FAIL(IPL_E_MEMORY, "%d matrices", matrices);
    for (int k = 0; k < matrices; ++k) {
        IPL_REQUIRE(t[k].rows >= 1 && t[k].cols >= 1, "matrix of %lld x %lld",
                    (long long)t[k].rows, (long long)t[k].cols);
        plan->range[k] = (ipl_range_job){.count = t[k].rows * t[k].cols, .t = t[k].at,
                                         .block = block_rows * t[k].cols};
        const int64_t rows = block_rows < t[k].rows ? block_rows : t[k].rows;
        if (rows * t[k].cols > values) values = rows * t[k].cols;
    }
    const size_t work =
        dev->backend->range_scratch_bytes(dev->state, matrices, plan->range);
    plan->block = ipl_arena_take(&arena, values, sizeof *plan->block);
    plan->work = ipl_arena_take(&arena, 1, work);
    plan->bytes = arena.used;
    return IPL_OK;
}

ipl_status ipl_net_quantise_scratch_bytes(ipl_device *dev, int matrices,
                                          const ipl_mat *t, int64_t block_rows,
                                          size_t *bytes)
{
    quantise_plan plan = {0};
    const ipl_status st = plan_make(dev, matrices, t, block_rows, NULL, &plan);
    if (st == IPL_OK) *bytes = plan.bytes;
    free(plan.range);
    return st;
}

/* A matrix in host memory, block by block. */
static ipl_status round_blocks(ipl_device *dev, const ipl_range_job *range, int bits,
                               float *t, float *block)
{
    for (int64_t first = 0; first < range->count; first += range->block) {
        const int64_t left = range->count - first;
        const int64_t count = left < range->block ? left : range->block;
        const size_t bytes = (size_t)count * sizeof *t;
        const ipl_round_job job = {.count = count, .t = block, .lo = range->lo,
                                   .hi = range->hi, .bits = bits};
        IPL_TRY(ipl_upload(dev, t + first, bytes, block));
        IPL_TRY(dev->backend->round_values(dev->state, 1, &job));
        IPL_TRY(ipl_download(dev, block, bytes, t + first));
    }
    return IPL_OK;
}

ipl_status ipl_net_quantise(ipl_device *dev, int bits, int matrices, const ipl_mat *t,
                            int64_t block_rows, void *scratch, size_t scratch_bytes)
{
    ipl_status st;
    int jobs = 0;
    quantise_plan plan = {0};
    ipl_round_job *job = NULL;
    IPL_REQUIRE(bits >= 1 && bits <= IPL_NET_QUANTISE_MAX, "%d bits: expected 1 to %d",
                bits, IPL_NET_QUANTISE_MAX);
    IPL_TRY_DONE(plan_make(dev, matrices, t, block_rows, scratch, &plan));
    if (!scratch || scratch_bytes < plan.bytes) {
        st = IPL_FAIL(IPL_E_ARGUMENT, "%zu bytes of scratch: expected %zu or more",
                      scratch_bytes, plan.bytes);
        goto done;
    }
    job = calloc((size_t)matrices, sizeof *job);
    if (!job) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d matrices", matrices);
        goto done;
    }
    IPL_TRY_DONE(
        dev->backend->value_range(dev->state, matrices, plan.range, plan.work));
    for (int k = 0; k < matrices; ++k) {
        const ipl_range_job *range = &plan.range[k];
        if (range->not_finite || !(range->lo < range->hi)) continue;
        if (block_rows)
            IPL_TRY_DONE(round_blocks(dev, range, bits, t[k].at, plan.block));
        else
            job[jobs++] = (ipl_round_job){.count = range->count, .t = t[k].at,
                                          .lo = range->lo, .hi = range->hi,
                                          .bits = bits};
    }
    if (jobs) IPL_TRY_DONE(dev->backend->round_values(dev->state, jobs, job));
    IPL_TRY_DONE(ipl_sync(dev));
done:
    free(plan.range);
    free(job);
    return st;
}
