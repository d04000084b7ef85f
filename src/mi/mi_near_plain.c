/*
 * mi_near_plain.c - informations from nearest neighbours by plain loops in float64.
 */
#include <math.h>
#include <stdlib.h>

#include "mi/mi_near.h"

double mi_near_kth(int64_t others, const double *a, const double *t, int64_t k)
{
    double best[IPL_MI_K_MAX];
    for (int64_t j = 0, have = 0; j < others; ++j) {
        const double distance = fmax(a[j], t[j]);
        if (have == k && distance >= best[k - 1]) continue;
        int64_t m = have < k ? have++ : k - 1;
        for (; m > 0 && best[m - 1] > distance; --m) best[m] = best[m - 1];
        best[m] = distance;
    }
    return best[k - 1];
}

int64_t mi_near_less(int64_t others, const double *a, double than)
{
    int64_t count = 0;
    for (int64_t j = 0; j < others; ++j) count += a[j] < than;
    return count;
}

int64_t mi_near_up_to(int64_t others, const double *a, double to)
{
    int64_t count = 0;
    for (int64_t j = 0; j < others; ++j) count += a[j] <= to;
    return count;
}

/* EUCLID: its square. */
static double distance(ipl_norm norm, int64_t d, const float *a, const float *b)
{
    double largest = 0.0, squares = 0.0;
    for (int64_t u = 0; u < d; ++u) {
        const double difference = (double)a[u] - (double)b[u];
        largest = fmax(largest, fabs(difference));
        squares += difference * difference;
    }
    return norm == IPL_NORM_MAX ? largest : squares;
}

static int64_t class_rows(const ipl_mi_samples *samples, int64_t i)
{
    int64_t rows = 0;
    for (int64_t j = 0; j < samples->n; ++j) rows += samples->y[j] == samples->y[i];
    return rows;
}

/* Mean over the kept rows, with the inputs, or the labels, as the first space. */
static double mean(const mi_near *how, const ipl_mi_samples *samples, int by_label,
                   int64_t k, int64_t d, const float *t, const int64_t *rows,
                   int point, double *a, double *b)
{
    double sum = 0.0;
    int64_t kept = 0;
    for (int64_t i = 0; i < samples->n; ++i) {
        int64_t others = 0;
        if (rows[i] < 2) continue;
        for (int64_t j = 0; j < samples->n; ++j) {
            if (j == i || rows[j] < 2) continue;
            a[others] = by_label ? samples->y[j] == samples->y[i] ? 0.0 : INFINITY
                                 : distance(how->norm, samples->inputs_d,
                                            samples->inputs + i * samples->inputs_d,
                                            samples->inputs + j * samples->inputs_d);
            b[others++] = distance(how->norm, d, t + i * d, t + j * d);
        }
        sum += how->point[point].plain(others, a, b, k < rows[i] ? k : rows[i] - 1);
        ++kept;
    }
    return kept ? sum / (double)kept : NAN;
}

ipl_status mi_near_plain(const ipl_mi_options *options, const ipl_mi_samples *samples,
                         int64_t d, const float *t, int point, double *i_xt,
                         double *i_ty)
{
    const mi_near *how = mi_estimator_of(options->estimator)->how;
    ipl_status st = IPL_OK;
    const int64_t n = samples->n;
    double *a = malloc((size_t)n * sizeof *a), *b = malloc((size_t)n * sizeof *b);
    int64_t *rows = malloc((size_t)n * sizeof *rows);
    *i_xt = *i_ty = NAN;
    if (!a || !b || !rows) {
        st = IPL_FAIL(IPL_E_MEMORY, "plain loops over %lld rows", (long long)n);
        goto done;
    }
    if (options->k >= n) goto done;
    for (int64_t i = 0; i < n; ++i) rows[i] = n;
    if (how->inputs && samples->inputs)
        *i_xt = mean(how, samples, 0, options->k, d, t, rows, point, a, b);
    if (!how->labels || !samples->y) goto done;
    for (int64_t i = 0; i < n; ++i) rows[i] = class_rows(samples, i);
    *i_ty = mean(how, samples, 1, options->k, d, t, rows, point, a, b);
done:
    free(a);
    free(b);
    free(rows);
    return st;
}
