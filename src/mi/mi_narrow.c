/*
 * mi_narrow.c - doubles to float32 for families that compare values.
 *
 * These depend on differences within a column alone, so that a shift of a column
 * changes nothing, and float32 is finest near 0. Two shifts are tried: none, and the
 * column's median. The median is a value of the column: where most values are close to
 * it the subtraction is exact (Sterbenz), and a few values far away do not spoil it, as
 * they would a mean or the middle of the range. None is the better one where a column
 * spans orders of magnitude around 0.
 *
 * What counts is how much of the gaps between neighbouring values survives, since a
 * neighbour's distance is made of them:
 *
 *   E(shift) = sum over neighbouring different values a < b of
 *              min(1, |(f(b) - f(a)) - (b - a)| / (b - a)),   f(v) = float32(v - shift)
 *
 * No shift wins a draw: a column that float32 holds exactly keeps its bits. Sorting,
 * n log n a column, is all that takes time.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "mi/mi.h"

ipl_status mi_check_finite(const char *name, const char *what, int64_t n, int64_t d,
                           const float *t, const double *wide)
{
    int64_t wrong = 0, first = 0;
    for (int64_t v = n * d - 1; v >= 0; --v)
        if (!isfinite(t ? (double)t[v] : wide[v])) {
            ++wrong;
            first = v;
        }
    if (!wrong) return IPL_OK;
    const double value = t ? (double)t[first] : wide[first];
    return IPL_FAIL(IPL_E_NUMERIC,
                    "%s: %lld of %lld %s are NaN or infinite, first in row %lld, "
                    "column %lld (%s)", name, (long long)wrong, (long long)(n * d),
                    what, (long long)(first / d), (long long)(first % d),
                    isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int holds(double value) { return (double)(float)value == value; }

/* E of a shift; infinite where float32 does not reach a value. */
static double disturbance(int64_t n, const double *sorted, double shift)
{
    double sum = 0.0;
    if (fabs(sorted[0] - shift) > FLT_MAX || fabs(sorted[n - 1] - shift) > FLT_MAX)
        return INFINITY;
    for (int64_t i = 1; i < n; ++i) {
        const double gap = sorted[i] - sorted[i - 1];
        if (gap == 0.0) continue;
        const double kept = (double)(float)(sorted[i] - shift) -
                            (double)(float)(sorted[i - 1] - shift);
        sum += fmin(1.0, fabs(kept - gap) / gap);
    }
    return sum;
}

/* Values in stretches that have one float32 but several doubles. */
static int64_t count_merged(int64_t n, const double *sorted, double shift)
{
    int64_t merged = 0;
    for (int64_t first = 0, next; first < n; first = next) {
        const float one = (float)(sorted[first] - shift);
        next = first + 1;
        while (next < n && (float)(sorted[next] - shift) == one) ++next;
        if (sorted[next - 1] != sorted[first]) merged += next - first;
    }
    return merged;
}

/* Of a column that float32 does not hold. Infinite: it reaches no such values. */
static double choose_shift(int64_t n, double *sorted, int64_t *merged)
{
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    const double median = sorted[n / 2];
    const double as_it_is = disturbance(n, sorted, 0.0);
    const double centred = disturbance(n, sorted, median);
    if (isinf(as_it_is) && isinf(centred)) return INFINITY;
    const double shift = centred < as_it_is ? median : 0.0;
    *merged += count_merged(n, sorted, shift);
    return shift;
}

static ipl_status too_large(const char *name, int64_t n, int64_t d, int64_t column,
                            const double *wide)
{
    int64_t row = 0, wrong = 0;
    for (int64_t i = n - 1; i >= 0; --i)
        if (fabs(wide[i * d + column]) > FLT_MAX) {
            row = i;
            ++wrong;
        }
    return IPL_FAIL(IPL_E_NUMERIC,
                    "%s: %lld of %lld values of column %lld are beyond float32's range,"
                    " first in row %lld (%.6g)", name, (long long)wrong, (long long)n,
                    (long long)column, (long long)row, wide[row * d + column]);
}

static ipl_status narrow_columns(const char *name, int64_t n, int64_t d,
                                 const double *wide, double *sorted, float *t,
                                 int64_t *merged)
{
    for (int64_t c = 0; c < d; ++c) {
        double shift = 0.0;
        int held = 1;
        for (int64_t i = 0; i < n; ++i) {
            sorted[i] = wide[i * d + c];
            held &= holds(sorted[i]);
        }
        if (!held) shift = choose_shift(n, sorted, merged);
        if (isinf(shift)) return too_large(name, n, d, c, wide);
        for (int64_t i = 0; i < n; ++i) t[i * d + c] = (float)(wide[i * d + c] - shift);
    }
    return IPL_OK;
}

ipl_status ipl_mi_narrow(const char *name, int64_t n, int64_t d, const double *wide,
                         float *t, int64_t *merged)
{
    IPL_REQUIRE(name && n > 0 && d > 0 && d <= INT64_MAX / 8 / n && wide && t && merged,
                "%lld x %lld doubles, or a NULL", (long long)n, (long long)d);
    IPL_TRY(mi_check_finite(name, "values", n, d, NULL, wide));
    double *sorted = malloc((size_t)n * sizeof *sorted);
    if (!sorted) return IPL_FAIL(IPL_E_MEMORY, "%s: a column of %lld values", name,
                                 (long long)n);
    int64_t count = 0;
    const ipl_status st = narrow_columns(name, n, d, wide, sorted, t, &count);
    free(sorted);
    if (st == IPL_OK) *merged = count;
    return st;
}
