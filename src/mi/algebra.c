/*
 * algebra.c - entropies from counts, and ceilings that hold.
 */
#include "mi/algebra.h"

#include <float.h>
#include <math.h>

double mi_entropy(int64_t n, int64_t multiplicities,
                  const ipl_multiplicity *multiplicity)
{
    double h = 0.0;
    for (int64_t s = 0; s < multiplicities; ++s)
        h += (double)multiplicity[s].rows / (double)n *
             log((double)n / (double)multiplicity[s].size);
    return h;
}

double mi_mutual(double h_a, double h_b, double h_ab)
{
    return fmin(h_a, h_b) + (fmax(h_a, h_b) - h_ab);
}

double mi_rounding(int64_t terms, double top)
{
    return (double)(terms + 8) * DBL_EPSILON * top;
}

ipl_status mi_clamp(const char *name, const char *what, double floor, double ceiling,
                    double rounding, double *value)
{
    if (!(*value >= floor - rounding && *value <= ceiling + rounding))
        return IPL_FAIL(IPL_E_NUMERIC,
                        "%s: %s is %.17g nats, expected %.17g to %.17g", name, what,
                        *value, floor, ceiling);
    if (*value < floor + rounding) *value = floor;
    if (*value > ceiling - rounding) *value = ceiling;
    return IPL_OK;
}
