/*
 * kde_check.h - a backend's pair sums against the oracle.
 */
#ifndef KDE_CHECK_H
#define KDE_CHECK_H

#include "kde_run.h"
#include "oracle_kde.h"

/* Share of the allowed error that the worst entry uses; fails above 1. Returns the
 * worst error of the four means in bits. */
static inline double check_oracle(ipl_device *dev, const layer *l, double noise_var,
                                  int full_sums, double *share)
{
    const int64_t n = l->n;
    double *value = malloc((size_t)n * 12 * sizeof *value);
    double *allowed = value + 4 * n, *got = value + 8 * n, worst = 0.0;
    double mean[4], mean_allowed[4];
    run r = run_one(dev, l, noise_var, full_sums);
    oracle_kde(n, l->d, l->t, l->y, noise_var, full_sums, value, allowed);
    oracle_mean_log(n, value, allowed, mean, mean_allowed);
    for (int64_t i = 0; i < n; ++i)
        for (int k = 0; k < 4; ++k) {
            const int64_t e = 4 * i + k;
            got[e] = (double)r.sum[k * n + i] / (double)IPL_KDE_ONE;
            const double used = fabs(got[e] - value[e]) / allowed[e];
            if (!(used <= 1.0))
                fail_msg("n %lld d %lld var %g: sum[%d][%lld] is %.12g, want %.12g "
                         "within %.2g (seed %llu)", (long long)n, (long long)l->d,
                         noise_var, k, (long long)i, got[e], value[e], allowed[e],
                         (unsigned long long)check_seed());
            if (used > *share) *share = used;
        }
    for (int k = 0; k < 4; ++k) {
        const double error = fabs(r.job.mean_log[k] - mean[k]);
        if (!(error <= mean_allowed[k]))
            fail_msg("n %lld d %lld: mean_log[%d] is %.12g, want %.12g within %.2g",
                     (long long)n, (long long)l->d, k, r.job.mean_log[k], mean[k],
                     mean_allowed[k]);
        if (error / log(2.0) > worst) worst = error / log(2.0);
    }
    run_close(dev, &r);
    free(value);
    return worst;
}

/* The layer with its rows in another order has the same sums, up to rounding. */
static inline void check_permuted(ipl_device *dev, const layer *l, double noise_var)
{
    const int64_t n = l->n, d = l->d;
    int32_t *order = malloc((size_t)n * sizeof *order);
    double *value = malloc((size_t)n * 8 * sizeof *value), *allowed = value + 4 * n;
    layer p = layer_make(NORMAL, n, d, l->classes);
    ipl_random_permutation((ipl_random){check_seed(), 9}, n, order);
    for (int64_t i = 0; i < n; ++i) {
        p.y[i] = l->y[order[i]];
        memcpy(p.t + i * d, l->t + order[i] * d, (size_t)d * sizeof(float));
    }
    oracle_kde(n, d, l->t, l->y, noise_var, 0, value, allowed);
    run a = run_one(dev, l, noise_var, 0), b = run_one(dev, &p, noise_var, 0);
    for (int64_t i = 0; i < n; ++i)
        for (int k = 0; k < 4; ++k) {
            const int64_t apart = b.sum[k * n + i] - a.sum[k * n + order[i]];
            CHECK(fabs((double)apart) <=
                  2.0 * allowed[4 * order[i] + k] * (double)IPL_KDE_ONE);
        }
    run_close(dev, &a);
    run_close(dev, &b);
    layer_free(p);
    free(value);
    free(order);
}

#endif
