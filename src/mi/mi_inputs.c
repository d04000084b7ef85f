/*
 * mi_inputs.c - the inputs as values, and spaces of layers and inputs for a backend.
 */
#include <math.h>
#include <stdlib.h>

#include "mi/mi.h"

ipl_status ipl_mi_inputs_create(ipl_device *dev, ipl_mat x, ipl_mi_inputs **out)
{
    void *scratch = NULL;
    IPL_REQUIRE(dev && x.rows >= 2 && x.cols >= 1 && out,
                "inputs of %lld x %lld values", (long long)x.rows, (long long)x.cols);
    ipl_mi_inputs *made = calloc(1, sizeof *made);
    if (!made) return IPL_FAIL(IPL_E_MEMORY, "inputs");
    made->x = x;
    if (!x.at) {
        *out = made;
        return IPL_OK;
    }
    ipl_range_job range = {.count = x.rows * x.cols, .t = x.at};
    ipl_status st = ipl_alloc(
        dev, dev->backend->range_scratch_bytes(dev->state, 1, &range) + 1, &scratch);
    if (st == IPL_OK) st = dev->backend->value_range(dev->state, 1, &range, scratch);
    if (st == IPL_OK && range.not_finite)
        st = IPL_FAIL(IPL_E_NUMERIC, "inputs: %lld of %lld values are NaN or infinite",
                      (long long)range.not_finite, (long long)range.count);
    ipl_free(dev, scratch);
    made->lo = range.lo;
    made->hi = range.hi;
    if (st == IPL_OK) *out = made;
    else free(made);
    return st;
}

void ipl_mi_inputs_destroy(ipl_mi_inputs *inputs) { free(inputs); }

float mi_unit(float lo, float hi)
{
    int exponent;
    const float largest = fmaxf(fabsf(lo), fabsf(hi));
    if (!(largest > 0.0f)) return 1.0f;
    frexpf(largest, &exponent); /* largest in [2^(e - 1), 2^e) */
    const int shift = 40 - exponent;
    return ldexpf(1.0f, shift < -120 ? -120 : shift > 120 ? 120 : shift);
}

float mi_unit_both(const ipl_range_job *t, const ipl_mi_inputs *x)
{
    return mi_unit(fminf(t->lo, x->lo), fmaxf(t->hi, x->hi));
}

ipl_space mi_space_t(const ipl_mi_job *job)
{
    return (ipl_space){job->t.cols, job->t.at, job->block_rows > 0};
}

ipl_space mi_space_x(const ipl_mi_job *job)
{
    return (ipl_space){job->inputs->x.cols, job->inputs->x.at, 0};
}
