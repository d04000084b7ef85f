/*
 * oracle_kde.h - Gaussian pair sums by definition, in double, and how far a float
 * implementation may be from them.
 */
#ifndef ORACLE_KDE_H
#define ORACLE_KDE_H

#include <math.h>
#include <stdint.h>

/* For row i and sum[0..3] as in ipl_kde_job (upper all, upper own, lower all, lower
 * own), divided by IPL_KDE_ONE: value[4 * i + k], and allowed[4 * i + k], the
 * largest error of
 *
 *   D         differences, squares and d additions, each rounded to float: relative
 *             (d + 2) e, with e = 2^-24; two more for its scale; it changes a
 *             similarity s = exp(-D / c) by s D / c times that
 *   s         4 e for the exponential; the upper bound may be the fourth power of
 *             the lower: 18 e
 *   sums      72 e: at most so many float additions in a row
 *   fixed     2^-41 each time that a float sum becomes fixed point: every 16 rows or
 *             more and once for each row of up to 8 vectors, or for each pair
 *   dropped   n similarities below 2^-(ceil(log2 n) + 21), unless full_sums
 */
static inline void oracle_kde_row(int64_t n, int64_t d, const float *t,
                                  const int32_t *y, double noise_var, int full_sums,
                                  int64_t i, double value[4], double allowed[4])
{
    const double e = 0x1p-24;
    const double fixed = ((double)n + 8.0) * 0x1p-41;
    const double dropped = full_sums ? 0.0 : 0x1p-21;
    double sum[4] = {0}, from_distance[4] = {0};
    for (int64_t j = 0; j < n; ++j) {
        double distance = 0.0;
        for (int64_t k = 0; k < d; ++k) {
            const double difference = (double)t[i * d + k] - (double)t[j * d + k];
            distance += difference * difference;
        }
        for (int s = 0; s < 4; ++s) {
            if (s % 2 && y[i] != y[j]) continue;
            const double exponent = distance / ((s < 2 ? 2.0 : 8.0) * noise_var);
            const double similarity = exp(-exponent);
            sum[s] += similarity;
            if (similarity > 0.0) from_distance[s] += similarity * exponent;
        }
    }
    for (int s = 0; s < 4; ++s) {
        value[s] = sum[s];
        allowed[s] = e * ((double)(d + 4) * from_distance[s] + (72.0 + 18.0) * sum[s]) +
                     fixed + dropped;
    }
}

static inline void oracle_kde(int64_t n, int64_t d, const float *t, const int32_t *y,
                              double noise_var, int full_sums, double *value,
                              double *allowed)
{
    for (int64_t i = 0; i < n; ++i)
        oracle_kde_row(n, d, t, y, noise_var, full_sums, i, value + 4 * i,
                       allowed + 4 * i);
}

/* The means over i of log(value[4 * i + k]), and what the sums' errors may do to
 * them. */
static inline void oracle_mean_log(int64_t n, const double *value,
                                   const double *allowed, double mean[4],
                                   double mean_allowed[4])
{
    for (int s = 0; s < 4; ++s) {
        mean[s] = mean_allowed[s] = 0.0;
        for (int64_t i = 0; i < n; ++i) {
            mean[s] += log(value[4 * i + s]);
            mean_allowed[s] += -log1p(-allowed[4 * i + s] / value[4 * i + s]);
        }
        mean[s] /= (double)n;
        mean_allowed[s] = mean_allowed[s] / (double)n + 1e-13;
    }
}

#endif
