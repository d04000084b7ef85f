/*
 * kde_scale.cu - what a layer's noise variance makes of distances.
 *
 * A noise variance far from 1 would let squares over- or underflow: then the values are
 * multiplied by a power of two on their way in.
 */
#include <math.h>

#include "kde_layer.cuh"

enum {
    PLAIN_EXPONENT = 40, /* scales within 2^-40 .. 2^40 need no help             */
    DROP_BITS = 21       /* n pairs dropped at 2^-(log2 n + 21) lose 7e-7 bits    */
};

static double scale_of(const ipl_kde_job *job)
{
    return fmin(M_LOG2E / (8.0 * job->noise_var), 1e300);
}

/* Multiplying the values by 2^k divides the scale by 4^k, and both are exact as long
 * as no value overflows; one that underflows was too small to count. `largest` is that
 * of their magnitudes, which only a small variance asks for. */
static int unit_exponent(const ipl_kde_job *job, float largest)
{
    int k = ilogb(scale_of(job));
    if (k >= -PLAIN_EXPONENT && k <= PLAIN_EXPONENT) return 0;
    k /= 2;
    if (k > 0 && largest > 0.0f && k > 125 - ilogbf(largest)) k = 125 - ilogbf(largest);
    return k < -120 ? -120 : k > 120 ? 120 : k;
}

static ipl_range_job range_of(const ipl_kde_job *job)
{
    ipl_range_job range = {};
    range.count = job->n * job->d;
    range.t = job->t;
    range.block = job->block * job->d;
    return range;
}

size_t kde_scale_bytes(void *state, const ipl_kde_job *job)
{
    const ipl_range_job range = range_of(job);
    return ipl_cuda_range_scratch_bytes(state, 1, &range);
}

static ipl_status largest_of(void *state, const ipl_kde_job *job, void *scratch,
                             float *largest)
{
    *largest = 0.0f;
    if (ilogb(scale_of(job)) <= PLAIN_EXPONENT) return IPL_OK;
    ipl_range_job range = range_of(job);
    IPL_TRY(ipl_cuda_value_range(state, 1, &range, scratch));
    *largest = fmaxf(fabsf(range.lo), fabsf(range.hi));
    return IPL_OK;
}

ipl_status kde_scale(void *state, const ipl_kde_job *job, int full_sums, void *scratch,
                     kde_layer *layer)
{
    float largest;
    IPL_TRY(largest_of(state, job, scratch, &largest));
    const int k = unit_exponent(job, largest);
    const double scale = fmin(fmax(ldexp(scale_of(job), -2 * k), 0x1p-100), 0x1p100);
    const double cut = ceil(log2((double)job->n)) + (double)DROP_BITS;
    layer->pairs.unit = ldexpf(1.0f, k);
    layer->scale = -(float)scale;
    layer->limit = full_sums ? INFINITY : (float)(cut / scale);
    return IPL_OK;
}
