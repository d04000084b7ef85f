/*
 * local_gauss.h - the density at one row from its local moments: LNN and LGA.
 *
 * Both backends include this file, so that they take the same steps. A row is the work
 * of a team of threads: on the CPU one thread, in kernels those of a warp or a block,
 * whose includer defines local_team and the five functions below before it includes.
 *
 * The row is the origin, its bandwidth h the unit. With the kernel
 * K(u) = (2 pi)^(-d/2) exp(-|u|^2/2) and the moments of src/backend.h, of N others:
 * K0 = (2 pi)^(-d/2) S0/N, mean m = S1/S0, covariance C = S2/S0 - m m^T.
 *
 * LNN (Gao, Oh, Viswanath 2016, order 2): the Gaussian of any mass whose product with K
 *     has these moments: closed form.
 * LGA (Gao, Ver Steeg, Galstyan 2015): the Gaussian of mass 1 with the largest
 *     L = (1/N) sum_j K(u_j) log N(u_j; mu, Sigma) - integral of K(u) N(u; mu, Sigma),
 *     an optimisation in d + d(d+1)/2 unknowns.
 *
 * A triangle is upper, by rows: entry (i, j >= i) at local_at(d, i, j).
 */
#ifndef IPL_LOCAL_GAUSS_H
#define IPL_LOCAL_GAUSS_H

#include <float.h>
#include <math.h>

#include "backend.h"

#ifdef __CUDACC__
#define LOCAL_HOST_TOO __host__ __device__
#define LOCAL_FN static __device__
#else
#define LOCAL_HOST_TOO
#define LOCAL_FN static inline
typedef struct { int threads; } local_team;
LOCAL_FN int    local_rank(local_team t) { return (void)t, 0; }
LOCAL_FN int    local_size(local_team t) { return (void)t, 1; }
LOCAL_FN void   local_barrier(local_team t) { (void)t; }
/* Over the team's threads, the same bits for each of them. */
LOCAL_FN double local_sum(local_team t, double v) { return (void)t, v; }
LOCAL_FN double local_max(local_team t, double v) { return (void)t, v; }
#endif

enum {
    LOCAL_HISTORY = 12,    /* steps that L-BFGS remembers                        */
    LOCAL_STEPS_MAX = 500, /* of one start                                      */
    LOCAL_STARTS = 3
};

#define LOCAL_LOG_2PI 1.8378770664093454836

static inline LOCAL_HOST_TOO int64_t local_triangle(int64_t d)
{
    return d * (d + 1) / 2;
}

/* Doubles of the moments of a row of d units: S0, S1[d], and the lower triangle of S2 by
 * rows, which has the order of an upper triangle by columns. */
static inline LOCAL_HOST_TOO int64_t local_moments(int64_t d)
{
    return 1 + d + local_triangle(d);
}

/* Doubles that local_gauss works in. */
static inline LOCAL_HOST_TOO int64_t local_gauss_doubles(ipl_density density, int64_t d)
{
    const int64_t unknowns = d + local_triangle(d);
    if (density == IPL_DENSITY_LNN) return 3 * d + local_triangle(d);
    return 2 * d + 5 * local_triangle(d) + (5 + 2 * LOCAL_HISTORY) * unknowns;
}

LOCAL_FN int64_t local_at(int64_t d, int64_t i, int64_t j)
{
    return i * (2 * d - i - 1) / 2 + j;
}

/* The loop of a team's thread over what the team shares. */
#define LOCAL_SHARE(team, i, from, to)                                         \
    for (int64_t i = (from) + local_rank(team); i < (to); i += local_size(team))

/* -- Triangles ----------------------------------------------------------------------*/

/* A = U^T U in place. Pivots below `least` are raised to it; returns 1 where none is. */
LOCAL_FN int local_cholesky(local_team team, int64_t d, double least, double *a)
{
    int as_it_is = 1;
    for (int64_t k = 0; k < d; ++k) {
        double *row = a + local_at(d, k, 0);
        local_barrier(team);
        const double pivot = row[k] >= least ? row[k] : least;
        as_it_is &= row[k] >= least;
        const double root = sqrt(pivot);
        local_barrier(team);
        LOCAL_SHARE(team, j, k, d) row[j] = j == k ? root : row[j] / root;
        local_barrier(team);
        LOCAL_SHARE(team, i, k + 1, d) {
            double *to = a + local_at(d, i, 0);
            for (int64_t j = i; j < d; ++j) to[j] -= row[i] * row[j];
        }
    }
    local_barrier(team);
    return as_it_is;
}

/* out = U^-T v; v is used up. */
LOCAL_FN void local_solve(local_team team, int64_t d, const double *u, double *v,
                          double *out)
{
    for (int64_t k = 0; k < d; ++k) {
        const double *row = u + local_at(d, k, 0);
        local_barrier(team);
        const double value = v[k] / row[k];
        LOCAL_SHARE(team, i, k + 1, d) v[i] -= row[i] * value;
        if (local_rank(team) == 0) out[k] = value;
    }
    local_barrier(team);
}

/* -- Moments ------------------------------------------------------------------------*/

typedef struct {
    double *u;    /* C = U^T U                                                     */
    double *mean; /* U^-T m: the mean where the covariance is the identity         */
    double  log_root_det; /* 1/2 log det C                                        */
    double  half_square;  /* 1/2 m^T C^-1 m                                       */
} local_shape;

/* The correlations of the local covariance, less `shift` on the diagonal; scale[i] is
 * the deviation of unit i. 0: a variance is not positive. */
LOCAL_FN int local_correlations(local_team team, int64_t d, const double *moments,
                                double shift, double *scale, double *a)
{
    const double s0 = moments[0], *s1 = moments + 1, *s2 = moments + 1 + d;
    double least = INFINITY;
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) {
        const double mean = s1[i] / s0;
        const double variance = s2[local_triangle(i) + i] / s0 - mean * mean;
        least = variance > 0.0 ? fmin(least, variance) : 0.0;
        scale[i] = sqrt(variance);
    }
    if (!(-local_max(team, -least) > 0.0)) return 0;
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) for (int64_t j = i; j < d; ++j) {
        const double s = s2[local_triangle(j) + i] / s0 - s1[i] / s0 * (s1[j] / s0);
        a[local_at(d, i, j)] = i == j ? 1.0 - shift : s / (scale[i] * scale[j]);
    }
    return 1;
}

/* The shape of the moments, or why there is none. work: [2 d]. */
LOCAL_FN ipl_local_status local_shape_of(local_team team, int64_t d,
                                         const double *moments, double *work,
                                         local_shape *shape)
{
    const double smallest = 1e-9, farthest = 1000.0;
    double *scale = work, *mean = work + d, log_det = 0.0, square = 0.0;
    if (!(moments[0] > 0.0) || !isfinite(moments[0])) return IPL_LOCAL_SINGULAR;
    for (int shifted = 1; shifted >= 0; --shifted)
        if (!local_correlations(team, d, moments, shifted * smallest, scale, shape->u) ||
            !local_cholesky(team, d, DBL_MIN, shape->u))
            return IPL_LOCAL_SINGULAR;
    LOCAL_SHARE(team, i, 0, d) {
        double *row = shape->u + local_at(d, i, 0);
        for (int64_t j = i; j < d; ++j) row[j] *= scale[j];
        mean[i] = moments[1 + i] / moments[0];
        log_det += log(row[i]);
    }
    local_solve(team, d, shape->u, mean, shape->mean);
    LOCAL_SHARE(team, i, 0, d) square += shape->mean[i] * shape->mean[i];
    shape->log_root_det = local_sum(team, log_det);
    shape->half_square = 0.5 * local_sum(team, square);
    return shape->half_square <= farthest ? IPL_LOCAL_DONE : IPL_LOCAL_FAR;
}

/* -- The local likelihood -------------------------------------------------------------
 *
 * Where the local covariance is the identity (u = U^T y), the kernel is
 * exp(-y^T G y / 2) with G = U U^T. Unknowns are the upper triangle T, in which
 * Sigma^-1 = T^T T, with the logarithms of its diagonal, and z = T mu: then
 *
 *     L/K0 = -|T|^2/2 - |T m - z|^2/2 + log det T - r + constants,
 *
 * where r = (integral of K N)/K0 and m = shape.mean: all but r is concave. A flat or a
 * tilted density, whose mu and Sigma are huge, has a small T and a z of order one.
 * K N has the covariance V = (T^T T + G)^-1 and the mean nu = V T^T z, and
 *
 *     dL/dz   = K0 [(T m - z) - r (T nu - z)]
 *     dL/dT   = K0 [(1 - r) T^-T - T (1 + m m^T) + z m^T + r (T V + T nu nu^T - z nu^T)]
 *
 * in the upper triangle. L-BFGS (Nocedal 1980) minimises -L/K0. */
typedef struct {
    int64_t d, unknowns;  /* z[d], then T with logarithms on its diagonal          */
    double  log_share;    /* log (S0/N)                                         */
    const double *m;      /* [d]                                                  */
    double *g, *t, *b, *tv; /* triangles: G, T, B with V^-1 = B^T B, and T V      */
    double *nu;           /* [d]                                                  */
} local_likelihood;

/* t, and b = T^T T + G before it is factored. */
LOCAL_FN void local_precision(local_team team, const local_likelihood *l,
                              const double *x)
{
    const int64_t d = l->d;
    LOCAL_SHARE(team, k, 0, d) {
        const double *from = x + d + local_at(d, k, 0);
        double *row = l->t + local_at(d, k, 0);
        row[k] = exp(from[k]);
        for (int64_t j = k + 1; j < d; ++j) row[j] = from[j];
    }
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) {
        double *to = l->b + local_at(d, i, 0);
        const double *g = l->g + local_at(d, i, 0);
        for (int64_t j = i; j < d; ++j) to[j] = g[j];
        for (int64_t k = 0; k <= i; ++k) {
            const double *row = l->t + local_at(d, k, 0), factor = row[i];
            for (int64_t j = i; j < d; ++j) to[j] += factor * row[j];
        }
    }
}

/* row B^-1 in place; it begins with unit `first`. */
LOCAL_FN void local_divide(int64_t d, int64_t first, const double *b, double *row)
{
    for (int64_t l = first; l < d; ++l) {
        const double *from = b + local_at(d, l, 0), value = row[l] / from[l];
        row[l] = value;
        for (int64_t j = l + 1; j < d; ++j) row[j] -= value * from[j];
    }
}

/* row B^-T in place, of its units from `first` on. */
LOCAL_FN void local_divide_transposed(int64_t d, int64_t first, const double *b,
                                      double *row)
{
    for (int64_t j = d - 1; j >= first; --j) {
        const double *from = b + local_at(d, j, 0);
        double part[4] = {row[j], 0.0, 0.0, 0.0}; /* sums that do not wait */
        int64_t l = j + 1;
        for (; l + 4 <= d; l += 4)
            for (int e = 0; e < 4; ++e) part[e] -= row[l + e] * from[l + e];
        for (; l < d; ++l) part[0] -= row[l] * from[l];
        row[j] = (part[0] + part[1] + (part[2] + part[3])) / from[j];
    }
}

/* T V, nu, and r. */
LOCAL_FN double local_mass(local_team team, const local_likelihood *l, const double *x)
{
    const int64_t d = l->d;
    double log_n = 0.0;
    LOCAL_SHARE(team, k, 0, d) {
        double *row = l->tv + local_at(d, k, 0);
        const double *t = l->t + local_at(d, k, 0);
        for (int64_t j = k; j < d; ++j) row[j] = t[j];
        local_divide(d, k, l->b, row);
    }
    local_barrier(team);
    LOCAL_SHARE(team, j, 0, d) {
        double sum = 0.0;
        for (int64_t k = 0; k <= j; ++k) sum += l->tv[local_at(d, k, j)] * x[k];
        l->nu[j] = sum; /* of B nu, until it is divided */
        log_n += x[d + local_at(d, j, j)] - log(l->b[local_at(d, j, j)]) +
                 0.5 * (sum * sum - x[j] * x[j]);
    }
    log_n = local_sum(team, log_n);
    local_barrier(team);
    LOCAL_SHARE(team, k, 0, d + 1)
        if (k == d) local_divide_transposed(d, 0, l->b, l->nu);
        else local_divide_transposed(d, k, l->b, l->tv + local_at(d, k, 0));
    local_barrier(team);
    return exp(log_n - l->log_share);
}

/* -L/K0 at x, without its constants, and its gradient; infinite where it overflows. */
LOCAL_FN double local_objective(local_team team, const local_likelihood *l,
                                const double *x, double *gradient)
{
    const int64_t d = l->d;
    double value = 0.0;
    local_barrier(team);
    local_precision(team, l, x);
    local_cholesky(team, d, DBL_MIN, l->b);
    const double r = local_mass(team, l, x);
    LOCAL_SHARE(team, k, 0, d) {
        const double *t = l->t + local_at(d, k, 0), *tv = l->tv + local_at(d, k, 0);
        double *to = gradient + d + local_at(d, k, 0);
        double at_m = -x[k], at_nu = -x[k], squares = 0.0;
        for (int64_t j = k; j < d; ++j) {
            at_m += t[j] * l->m[j];
            at_nu += t[j] * l->nu[j];
            squares += t[j] * t[j];
        }
        for (int64_t j = k; j < d; ++j)
            to[j] = t[j] + at_m * l->m[j] - r * (tv[j] + at_nu * l->nu[j]);
        to[k] = to[k] * t[k] - (1.0 - r);
        gradient[k] = r * at_nu - at_m;
        value += 0.5 * (squares + at_m * at_m) - x[d + local_at(d, k, k)];
    }
    value = local_sum(team, value) + r;
    local_barrier(team);
    return isfinite(value) ? value : INFINITY;
}

/* -- L-BFGS -------------------------------------------------------------------------*/

LOCAL_FN double local_dot(local_team team, int64_t count, const double *a,
                          const double *b)
{
    double sum = 0.0;
    LOCAL_SHARE(team, e, 0, count) sum += a[e] * b[e];
    return local_sum(team, sum);
}

LOCAL_FN double local_largest(local_team team, int64_t count, const double *a)
{
    double largest = 0.0;
    LOCAL_SHARE(team, e, 0, count) largest = fmax(largest, fabs(a[e]));
    return local_max(team, largest);
}

typedef struct {
    double *x, *g, *x_next, *g_next, *step; /* [unknowns]                         */
    double *s, *y;                          /* [LOCAL_HISTORY][unknowns]          */
    double  value, slope;                   /* at x; along step                   */
    double  curvature[LOCAL_HISTORY];       /* s y of each pair                   */
    int     pairs;                          /* so far; number p is at p % HISTORY */
} local_search;

/* step = -H g with the inverse Hessian H of the remembered pairs. */
LOCAL_FN void local_direction(local_team team, int64_t count, local_search *w)
{
    const int oldest = w->pairs > LOCAL_HISTORY ? w->pairs - LOCAL_HISTORY : 0;
    double alpha[LOCAL_HISTORY];
    LOCAL_SHARE(team, e, 0, count) w->step[e] = -w->g[e];
    for (int p = w->pairs - 1; p >= oldest; --p) {
        const int at = p % LOCAL_HISTORY;
        const double *s = w->s + at * count, *y = w->y + at * count;
        const double factor = local_dot(team, count, s, w->step) / w->curvature[at];
        LOCAL_SHARE(team, e, 0, count) w->step[e] -= factor * y[e];
        alpha[at] = factor;
    }
    if (w->pairs > 0) {
        const int at = (w->pairs - 1) % LOCAL_HISTORY;
        const double *y = w->y + at * count;
        const double scale = w->curvature[at] / local_dot(team, count, y, y);
        LOCAL_SHARE(team, e, 0, count) w->step[e] *= scale;
    }
    for (int p = oldest; p < w->pairs; ++p) {
        const int at = p % LOCAL_HISTORY;
        const double *s = w->s + at * count, *y = w->y + at * count;
        const double beta = local_dot(team, count, y, w->step) / w->curvature[at];
        LOCAL_SHARE(team, e, 0, count) w->step[e] += (alpha[at] - beta) * s[e];
    }
    w->slope = local_dot(team, count, w->step, w->g);
}

/* Length of the step at which the value has fallen enough and the slope has too (weak
 * Wolfe conditions, by bisection): it exists, for the value is smooth and bounded
 * below. Leaves x_next, g_next; returns the value there, or infinity. */
LOCAL_FN double local_line(local_team team, const local_likelihood *l, local_search *w,
                           double length)
{
    const double noise = 1e-15 * (fabs(w->value) + 1.0);
    double low = 0.0, high = INFINITY;
    for (int tries = 0; tries < 60; ++tries) {
        LOCAL_SHARE(team, e, 0, l->unknowns)
            w->x_next[e] = w->x[e] + length * w->step[e];
        const double value = local_objective(team, l, w->x_next, w->g_next);
        if (!(value <= w->value + 1e-4 * length * w->slope + noise)) high = length;
        else if (local_dot(team, l->unknowns, w->step, w->g_next) < 0.9 * w->slope)
            low = length;
        else return value;
        length = isfinite(high) ? 0.5 * (low + high) : 2.0 * length;
    }
    return INFINITY;
}

/* Remembers the step to x_next and goes there. */
LOCAL_FN void local_advance(local_team team, int64_t count, double value,
                            local_search *w)
{
    const int at = w->pairs % LOCAL_HISTORY;
    double *s = w->s + at * count, *y = w->y + at * count;
    LOCAL_SHARE(team, e, 0, count) {
        s[e] = w->x_next[e] - w->x[e];
        y[e] = w->g_next[e] - w->g[e];
        w->x[e] = w->x_next[e];
        w->g[e] = w->g_next[e];
    }
    w->value = value;
    w->curvature[at] = local_dot(team, count, s, y);
    if (w->curvature[at] > 0.0) ++w->pairs;
}

/* From x to a minimum: 1 where no component of the gradient is above 1e-6. */
LOCAL_FN int local_minimise(local_team team, const local_likelihood *l, local_search *w)
{
    const double accepted = 1e-6, longest = 2.0;
    w->pairs = 0;
    w->value = local_objective(team, l, w->x, w->g);
    for (int step = 0; step < LOCAL_STEPS_MAX && isfinite(w->value); ++step) {
        if (local_largest(team, l->unknowns, w->g) < accepted) return 1;
        local_direction(team, l->unknowns, w);
        if (!(w->slope < 0.0)) return 0;
        const double largest = local_largest(team, l->unknowns, w->step);
        const double first = w->pairs ? 1.0 : 0.25;
        const double value = local_line(team, l, w, fmin(first, longest / largest));
        if (!isfinite(value)) return 0;
        local_advance(team, l->unknowns, value, w);
    }
    return 0;
}

/* -- LNN and LGA --------------------------------------------------------------------*/

/* Start 0: Sigma^-1 = 1 - G, whose product with the kernel has the local moments, with
 * pivots not below 0.1. Start 1: the local moments. Start 2: a wide Gaussian. */
LOCAL_FN void local_start(local_team team, int start, const local_likelihood *l,
                          double *x)
{
    const int64_t d = l->d;
    const double diagonal = start == 2 ? 0.1 : 1.0;
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) {
        double *row = l->t + local_at(d, i, 0);
        const double *g = l->g + local_at(d, i, 0);
        for (int64_t j = i; j < d; ++j)
            row[j] = (i == j) * diagonal - (start == 0 ? g[j] : 0.0);
        l->nu[i] = start == 2 ? 0.0 : l->m[i];
    }
    if (start == 0) local_cholesky(team, d, 0.1, l->t);
    local_solve(team, d, l->t, l->nu, x);
    LOCAL_SHARE(team, i, 0, d) {
        const double *row = l->t + local_at(d, i, 0);
        double *to = x + d + local_at(d, i, 0);
        to[i] = log(row[i]);
        for (int64_t j = i + 1; j < d; ++j) to[j] = row[j];
    }
}

/* -log N(0; mu, Sigma) in units of h. */
LOCAL_FN double local_value(local_team team, const local_likelihood *l,
                            const local_shape *shape, const double *x)
{
    double sum = 0.0;
    LOCAL_SHARE(team, i, 0, l->d)
        sum += 0.5 * x[i] * x[i] - x[l->d + local_at(l->d, i, i)];
    return local_sum(team, sum) + shape->log_root_det +
           0.5 * (double)l->d * LOCAL_LOG_2PI;
}

LOCAL_FN double *local_take(double **work, int64_t count)
{
    double *at = *work;
    *work += count;
    return at;
}

/* G = U U^T. */
LOCAL_FN void local_kernel(local_team team, int64_t d, const double *u, double *g)
{
    LOCAL_SHARE(team, i, 0, d) for (int64_t j = i; j < d; ++j) {
        const double *a = u + local_at(d, i, 0), *b = u + local_at(d, j, 0);
        double sum = 0.0;
        for (int64_t k = j; k < d; ++k) sum += a[k] * b[k];
        g[local_at(d, i, j)] = sum;
    }
}

/* The value of LGA from the shape; `fitted` gets the unknowns of the best fit. */
LOCAL_FN double local_fit(local_team team, int64_t d, double share,
                          const local_shape *shape, double *work,
                          local_likelihood *l, local_search *w,
                          ipl_local_status *status)
{
    const int64_t triangle = local_triangle(d), n = d + triangle;
    double best = INFINITY, value = NAN;
    *l = (local_likelihood){.d = d, .unknowns = n};
    l->m = shape->mean;
    l->log_share = log(share);
    l->g = local_take(&work, triangle);
    l->t = local_take(&work, triangle);
    l->b = local_take(&work, triangle);
    l->tv = local_take(&work, triangle);
    l->nu = local_take(&work, d);
    w->x = local_take(&work, n);
    w->g = local_take(&work, n);
    w->x_next = local_take(&work, n);
    w->g_next = local_take(&work, n);
    w->step = local_take(&work, n);
    w->s = local_take(&work, LOCAL_HISTORY * n);
    w->y = local_take(&work, LOCAL_HISTORY * n);
    local_kernel(team, d, shape->u, l->g);
    *status = IPL_LOCAL_UNCONVERGED;
    for (int start = 0; start < LOCAL_STARTS && *status; ++start) {
        local_start(team, start, l, w->x);
        if (local_minimise(team, l, w)) *status = IPL_LOCAL_DONE;
        if (*status == IPL_LOCAL_DONE || w->value < best) {
            best = w->value;
            value = local_value(team, l, shape, w->x);
        }
    }
    return value;
}

/* Value and status (src/backend.h) of a row of d units from its moments (the order of
 * local_moments) over `others` others, by the whole team; work: local_gauss_doubles. */
LOCAL_FN double local_gauss(local_team team, ipl_density density, int64_t d,
                            int64_t others, const double *moments, double *work,
                            ipl_local_status *status)
{
    local_shape shape;
    local_likelihood l;
    local_search w;
    shape.u = local_take(&work, local_triangle(d));
    shape.mean = local_take(&work, d);
    *status = local_shape_of(team, d, moments, work, &shape);
    if (*status != IPL_LOCAL_DONE) return NAN;
    const double share = moments[0] / (double)others;
    if (density == IPL_DENSITY_LGA)
        return local_fit(team, d, share, &shape, work, &l, &w, status);
    return -log(share) + 0.5 * (double)d * LOCAL_LOG_2PI + shape.log_root_det +
           shape.half_square;
}

#endif
