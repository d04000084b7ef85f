/*
 * local_case.h - points around a row, their moments, and a Gaussian in plain matrices.
 */
#ifndef LOCAL_CASE_H
#define LOCAL_CASE_H

#include "check.h"
#include "local_gauss.h"
#include "random.h"

enum { CASE_D_MAX = 64 };

/* Rows of n points of d units, of any use as normals: Box and Muller. */
static inline double *case_normals(int64_t n, int64_t d, uint64_t stream)
{
    const ipl_random r = {check_seed(), 7000 + stream};
    double *u = test_malloc((size_t)(n * d) * sizeof *u);
    for (int64_t e = 0; e < n * d; ++e) {
        const double a = 1.0 - ipl_random_uniform(r, 2 * (uint64_t)e);
        const double b = ipl_random_uniform(r, 2 * (uint64_t)e + 1);
        u[e] = sqrt(-2.0 * log(a)) * cos(2.0 * 3.14159265358979323846 * b);
    }
    return u;
}

/* Points as layers have them around a row: kinds 0 to 4. */
enum { CASE_KINDS = 5 };
static inline double *case_points(int kind, int64_t n, int64_t d, uint64_t stream)
{
    double *u = case_normals(n, d, 100 * (uint64_t)kind + stream);
    for (int64_t i = 0; i < n; ++i)
        for (int64_t a = 0; a < d; ++a) {
            double *x = &u[i * d + a];
            if (kind == 1) *x = *x * *x * *x;            /* heavy tails          */
            if (kind == 2) *x = tanh(2.0 * *x) - 0.9;    /* near saturation      */
            if (kind == 3) *x = i % 3 ? 0.01 * *x : *x + 2.0; /* two clusters     */
            if (kind == 4 && a) *x = u[i * d] + 1e-3 * *x; /* near a line        */
        }
    for (int64_t e = 0; e < n * d; ++e) u[e] /= sqrt((double)d);
    return u;
}

/* S0, S1 and the lower triangle of S2. */
static inline double *case_moments(int64_t n, int64_t d, const double *u)
{
    double *m = test_calloc((size_t)local_moments(d), sizeof *m);
    for (int64_t j = 0; j < n; ++j) {
        const double *x = u + j * d;
        double square = 0.0, *s2 = m + 1 + d;
        for (int64_t a = 0; a < d; ++a) square += x[a] * x[a];
        const double w = exp(-0.5 * square);
        m[0] += w;
        for (int64_t a = 0; a < d; ++a) m[1 + a] += w * x[a];
        for (int64_t a = 0; a < d; ++a)
            for (int64_t b = 0; b <= a; ++b) *s2++ += w * x[a] * x[b];
    }
    return m;
}

/* The moments of S0, a mean and a covariance [d][d]. */
static inline double *case_pack(int64_t d, double s0, const double *mean,
                                const double *cov)
{
    double *m = test_malloc((size_t)local_moments(d) * sizeof *m), *to = m + 1 + d;
    m[0] = s0;
    for (int64_t a = 0; a < d; ++a) m[1 + a] = s0 * mean[a];
    for (int64_t a = 0; a < d; ++a)
        for (int64_t b = 0; b <= a; ++b)
            *to++ = s0 * (cov[a * d + b] + mean[a] * mean[b]);
    return m;
}

static inline double case_value(ipl_density density, int64_t d, int64_t others,
                                const double *moments, ipl_local_status *status)
{
    const local_team alone = {1};
    const size_t count = (size_t)local_gauss_doubles(density, d);
    double *work = test_malloc(count * sizeof *work); /* cmocka guards its ends */
    const double value = local_gauss(alone, density, d, others, moments, work, status);
    test_free(work);
    return value;
}

/* a [d][d] becomes its inverse; returns log |det a|. Gauss-Jordan with pivots. */
static inline double case_invert(int64_t d, double *a)
{
    double log_det = 0.0, *inverse = test_calloc((size_t)(d * d), sizeof *inverse);
    for (int64_t i = 0; i < d; ++i) inverse[i * d + i] = 1.0;
    for (int64_t k = 0; k < d; ++k) {
        int64_t best = k;
        for (int64_t i = k; i < d; ++i)
            if (fabs(a[i * d + k]) > fabs(a[best * d + k])) best = i;
        for (int64_t j = 0; j < d; ++j) {
            const double x = a[k * d + j], y = inverse[k * d + j];
            a[k * d + j] = a[best * d + j], a[best * d + j] = x;
            inverse[k * d + j] = inverse[best * d + j], inverse[best * d + j] = y;
        }
        const double pivot = a[k * d + k];
        log_det += log(fabs(pivot));
        for (int64_t j = 0; j < d; ++j)
            a[k * d + j] /= pivot, inverse[k * d + j] /= pivot;
        for (int64_t i = 0; i < d; ++i) {
            const double factor = a[i * d + k];
            if (i == k) continue;
            for (int64_t j = 0; j < d; ++j) {
                a[i * d + j] -= factor * a[k * d + j];
                inverse[i * d + j] -= factor * inverse[k * d + j];
            }
        }
    }
    memcpy(a, inverse, (size_t)(d * d) * sizeof *a);
    test_free(inverse);
    return log_det;
}

/* out = a v, [d][d] times [d]. */
static inline void case_times(int64_t d, const double *a, const double *v, double *out)
{
    for (int64_t i = 0; i < d; ++i) {
        out[i] = 0.0;
        for (int64_t j = 0; j < d; ++j) out[i] += a[i * d + j] * v[j];
    }
}

static inline double case_dot(int64_t d, const double *a, const double *b)
{
    double sum = 0.0;
    for (int64_t i = 0; i < d; ++i) sum += a[i] * b[i];
    return sum;
}

/* -log N(0; mean, cov). */
static inline double case_minus_log_normal(int64_t d, const double *mean,
                                           const double *cov)
{
    double *inverse = test_malloc((size_t)(d * d) * sizeof *inverse), at[CASE_D_MAX];
    memcpy(inverse, cov, (size_t)(d * d) * sizeof *inverse);
    const double log_det = case_invert(d, inverse);
    case_times(d, inverse, mean, at);
    test_free(inverse);
    return 0.5 * ((double)d * LOCAL_LOG_2PI + log_det + case_dot(d, mean, at));
}

/* What the kernel leaves of N(mu, sigma): its covariance (sigma^-1 + 1)^-1, its mean,
 * and the logarithm of the integral of K N = N(0; mu, sigma + 1). */
static inline double case_product(int64_t d, const double *mu, const double *sigma,
                                  double *cov, double *mean)
{
    double *wide = test_malloc((size_t)(d * d) * sizeof *wide), pull[CASE_D_MAX];
    memcpy(cov, sigma, (size_t)(d * d) * sizeof *cov);
    case_invert(d, cov);
    case_times(d, cov, mu, pull);
    for (int64_t i = 0; i < d; ++i) cov[i * d + i] += 1.0;
    case_invert(d, cov);
    case_times(d, cov, pull, mean);
    memcpy(wide, sigma, (size_t)(d * d) * sizeof *wide);
    for (int64_t i = 0; i < d; ++i) wide[i * d + i] += 1.0;
    const double log_n = -case_minus_log_normal(d, mu, wide);
    test_free(wide);
    return log_n;
}

/* A covariance [d][d] with deviations from `low` to 1, and a mean of about `far`. */
static inline double *case_covariance(int64_t d, double low, double far,
                                      uint64_t stream, double *mean)
{
    double *z = case_normals(2 * d + 3, d, stream), *cov;
    cov = test_calloc((size_t)(d * d), sizeof *cov);
    for (int64_t i = 0; i < d; ++i) mean[i] = far * z[i];
    for (int64_t j = 1; j < 2 * d + 3; ++j)
        for (int64_t a = 0; a < d; ++a)
            for (int64_t b = 0; b < d; ++b) {
                const double share = d > 1 ? 1.0 / (double)(d - 1) : 0.0;
                const double scale = pow(low, (double)(a + b) * share);
                cov[a * d + b] += scale * z[j * d + a] * z[j * d + b] / (double)(2 * d);
            }
    test_free(z);
    return cov;
}

#endif
