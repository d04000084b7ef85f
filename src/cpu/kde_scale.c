/*
 * kde_scale.c - what a layer's noise variance makes of distances.
 *
 * A noise variance far from 1 would let squares over- or underflow: then coordinates
 * are multiplied by a power of two when they are packed.
 */
#include "cpu/kde.h"

#include <math.h>

enum { PLAIN_EXPONENT = 40 }; /* scales within 2^-40 .. 2^40 need no help */

static float largest_magnitude(const ipl_kde_job *job)
{
    float most = 0.0f;
    for (int64_t e = 0; e < job->n * job->d; ++e) most = fmaxf(most, fabsf(job->t[e]));
    return most;
}

/* Multiplying the coordinates by 2^k divides the scale by 4^k, and both are exact as
 * long as no coordinate overflows; one that underflows was too small to count. */
static int unit_exponent(const ipl_kde_job *job, double scale)
{
    int k = ilogb(scale);
    if (k >= -PLAIN_EXPONENT && k <= PLAIN_EXPONENT) return 0;
    k /= 2;
    if (k > 0) {
        const float most = largest_magnitude(job);
        const int room = most > 0.0f ? 125 - ilogbf(most) : k;
        if (k > room) k = room;
    }
    return k < -120 ? -120 : k > 120 ? 120 : k;
}

float kde_scale(const ipl_kde_job *job, int full_sums, kde_matrix *m)
{
    const double log2_e = 1.4426950408889634;
    double scale = fmin(log2_e / (8.0 * job->noise_var), 1e300);
    const int k = unit_exponent(job, scale);
    scale = fmin(fmax(ldexp(scale, -2 * k), 0x1p-100), 0x1p100);

    m->scale = (float)scale;
    m->limit = (float)(125.0 / scale);
    m->cut = full_sums ? INFINITY
                       : (float)((ceil(log2((double)job->n)) + KDE_DROP_BITS) / scale);
    return ldexpf(1.0f, k);
}
