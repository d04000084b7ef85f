/*
 * local_gauss.h - the density at one row from its local moments: LNN and LGA.
 *
 * Both backends include this file, so that they take the same steps, by a team of
 * threads for each row (local_team.h).
 *
 * The row is the origin, its bandwidth h the unit. With the kernel
 * K(u) = (2 pi)^(-d/2) exp(-|u|^2/2) and the moments of src/backend.h, of N others:
 * K0 = (2 pi)^(-d/2) S0/N, mean m = S1/S0, covariance C = S2/S0 - m m^T.
 *
 * LNN  the Gaussian of any mass whose product with K has these moments, in closed form
 *      (Gao, Oh, Viswanath 2016, order 2, with sums over all others).
 * LGA  the Gaussian of mass 1 that fits best: local_fit.h.
 */
#ifndef IPL_LOCAL_GAUSS_H
#define IPL_LOCAL_GAUSS_H

#include "local_fit.h"

/* Doubles that local_gauss works in. */
static inline LOCAL_HOST_TOO int64_t local_gauss_doubles(ipl_density density, int64_t d)
{
    const int64_t fit = density == IPL_DENSITY_LGA ? local_fit_doubles(d) : 0;
    return local_triangle(d) + d + (fit > 3 * d ? fit : 3 * d);
}

/* Means and deviations of the units, and the inverses of these. 0: a variance is not
 * positive, or so small beside the mean's square that it may be rounding. */
LOCAL_FN int local_scales(local_team team, int64_t d, const double *moments,
                          double *mean, double *scale, double *inverse)
{
    const double s0 = moments[0], *s1 = moments + 1, *s2 = moments + 1 + d;
    int bad = 0;
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) {
        const double square = s2[local_triangle(i) + i] / s0;
        mean[i] = s1[i] / s0;
        const double variance = square - mean[i] * mean[i];
        bad |= !(variance > 1e-12 * square);
        scale[i] = sqrt(variance);
        inverse[i] = 1.0 / scale[i];
    }
    return !(local_max(team, bad) > 0.0);
}

/* Correlations of the local covariance, with 1 - shift on the diagonal. */
LOCAL_FN void local_correlations(local_team team, int64_t d, const double *moments,
                                 const double *mean, const double *inverse,
                                 double shift, double *a)
{
    const double share = 1.0 / moments[0], *s2 = moments + 1 + d;
    local_barrier(team);
    LOCAL_SHARE(team, j, 0, d) {
        const double *row = s2 + local_triangle(j);
        for (int64_t i = 0; i < j; ++i)
            a[local_at(d, i, j)] =
                (row[i] * share - mean[i] * mean[j]) * (inverse[i] * inverse[j]);
        a[local_at(d, j, j)] = 1.0 - shift;
    }
}

/* The shape of the moments, or why there is none. work: [3 d]. */
LOCAL_FN ipl_local_status local_shape_of(local_team team, int64_t d,
                                         const double *moments, double *work,
                                         local_shape *shape)
{
    const double smallest = 1e-9, farthest = 1000.0;
    double *scale = work, *mean = work + d, *inverse = work + 2 * d, log_det = 0.0;
    if (!(moments[0] > 0.0) || !isfinite(moments[0]) ||
        !local_scales(team, d, moments, mean, scale, inverse))
        return IPL_LOCAL_SINGULAR;
    /* With the shift a factor exists where no eigenvalue is below `smallest`. */
    for (int shifted = 1; shifted >= 0; --shifted) {
        local_correlations(team, d, moments, mean, inverse, shifted * smallest,
                           shape->u);
        if (!local_cholesky(team, d, DBL_MIN, shape->u)) return IPL_LOCAL_SINGULAR;
    }
    LOCAL_SHARE(team, i, 0, d) {
        double *row = shape->u + local_at(d, i, 0);
        for (int64_t j = i; j < d; ++j) row[j] *= scale[j];
        log_det += log(row[i]);
    }
    local_solve(team, d, shape->u, mean, shape->mean);
    shape->log_root_det = local_sum(team, log_det);
    shape->half_square = 0.5 * local_dot(team, d, shape->mean, shape->mean);
    return shape->half_square <= farthest ? IPL_LOCAL_DONE : IPL_LOCAL_FAR;
}

/* Value and status (src/backend.h) of a row of d units from its moments (in the order
 * of local_moments) over `others` others; work: local_gauss_doubles. Each thread of the
 * team gets both. */
LOCAL_FN double local_gauss(local_team team, ipl_density density, int64_t d,
                            int64_t others, const double *moments, double *work,
                            ipl_local_status *status)
{
    local_shape shape;
    shape.u = local_take(&work, local_triangle(d));
    shape.mean = local_take(&work, d);
    *status = local_shape_of(team, d, moments, work, &shape);
    if (*status != IPL_LOCAL_DONE) return NAN;
    const double log_share = log(moments[0] / (double)others);
    if (density == IPL_DENSITY_LGA) {
        local_fit fit;
        *status = local_fit_shape(team, d, log_share, &shape, work, &fit);
        return fit.value;
    }
    return -log_share + 0.5 * (double)d * LOCAL_LOG_2PI + shape.log_root_det +
           shape.half_square;
}

#endif
