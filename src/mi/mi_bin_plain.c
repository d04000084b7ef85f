/*
 * mi_bin_plain.c - the plug-in estimator by its definition, in plain loops.
 */
#include <math.h>
#include <stdlib.h>

#include "mi/mi_bin.h"

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The thresholds of n x d values. `sorted` has room for all of them. */
static void plain_thresholds(const ipl_mi_options *options, int64_t values,
                             const float *t, float *sorted, float *threshold)
{
    for (int64_t i = 0; i < values; ++i) sorted[i] = t[i];
    qsort(sorted, (size_t)values, sizeof *sorted, by_value);
    if (options->bin_form != IPL_BIN_QUANTILES) {
        mi_thresholds(options, sorted[0], sorted[values - 1], threshold);
        return;
    }
    const int64_t bins = options->bin_quantiles;
    for (int64_t k = 0; k < bins; ++k)
        threshold[k] = sorted[values / bins * k + values % bins * k / bins];
}

static double plain_bin(const ipl_mi_options *options, const float *threshold,
                        float value)
{
    const int64_t count = mi_threshold_count(options);
    if (options->bin_form == IPL_BIN_EXACT) return value;
    if (!count) return floorf(value / (float)options->bin_width);
    int64_t bin = 0;
    while (bin < count && threshold[bin] <= value) ++bin;
    return options->bin_form == IPL_BIN_EDGES && !bin ? (double)count : (double)bin;
}

ipl_status bin_plain(const ipl_mi_options *options, const ipl_mi_samples *samples,
                     int64_t d, const float *t, int point, double *i_xt, double *i_ty)
{
    const int64_t n = samples->n;
    *i_ty = NAN;
    (void)point;
    ipl_status st = IPL_OK;
    double sum_log = 0.0, cells = 0.0;
    float  *sorted = malloc((size_t)(n * d) * sizeof *sorted);
    float  *threshold = malloc((size_t)(mi_threshold_count(options) + 1) *
                               sizeof(float));
    double *bin = malloc((size_t)(n * d) * sizeof *bin);
    if (!sorted || !threshold || !bin) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld x %lld bins", (long long)n, (long long)d);
        goto done;
    }
    plain_thresholds(options, n * d, t, sorted, threshold);
    for (int64_t v = 0; v < n * d; ++v) bin[v] = plain_bin(options, threshold, t[v]);
    for (int64_t i = 0; i < n; ++i) {
        int64_t same = 0;
        for (int64_t j = 0; j < n; ++j) {
            int64_t k = 0;
            while (k < d && bin[i * d + k] == bin[j * d + k]) ++k;
            same += k == d;
        }
        sum_log += log((double)same / (double)n);
        cells += 1.0 / (double)same;
    }
    *i_xt = -sum_log / (double)n;
    const double corrected = *i_xt + (rint(cells) - 1.0) / (2.0 * (double)n);
    if (options->bin_correction == IPL_BIN_MILLER_MADOW && corrected <= log((double)n))
        *i_xt = corrected;
done:
    free(sorted);
    free(threshold);
    free(bin);
    return st;
}
