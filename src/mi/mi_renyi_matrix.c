/*
 * mi_renyi_matrix.c - kernel matrices of a few rows, and the entropies of their
 * eigenvalues, in double.
 */
#include <cblas.h>
#include <float.h>
#include <math.h>

#include "mi/mi_renyi.h"

/* LAPACK, which OpenBLAS contains; lengths of the texts come last, as gfortran's. */
extern void dsyev_(const char *vectors, const char *part, const int *n, double *a,
                   const int *lda, double *values, double *work, const int *lwork,
                   int *info, size_t vectors_length, size_t part_length);

/* Smaller deviations of an entropy from an end of its range are rounding. */
static const double rounding = 1e-9;

double renyi_width(int64_t m, int64_t d, const float *a)
{
    double squares = 0.0;
    for (int64_t k = 0; k < d; ++k) {
        double mean = 0.0;
        for (int64_t i = 0; i < m; ++i) mean += (double)a[i * d + k] / (double)m;
        for (int64_t i = 0; i < m; ++i) {
            const double off = (double)a[i * d + k] - mean;
            squares += off * off / (double)m;
        }
    }
    const double width = sqrt(squares) * pow((double)m, -1.0 / (4.0 + (double)d));
    return width > 0.0 ? width : 1.0;
}

/* In eight sums, which a compiler may keep in vectors without changing a bit. */
static double square_distance(int64_t d, const float *a, const float *b)
{
    enum { SUMS = 8 };
    double sum[SUMS] = {0.0};
    int64_t k = 0;
    for (; k + SUMS <= d; k += SUMS)
        for (int s = 0; s < SUMS; ++s) {
            const double off = (double)a[k + s] - (double)b[k + s];
            sum[s] += off * off;
        }
    for (int s = 0; k < d; ++k, ++s) {
        const double off = (double)a[k] - (double)b[k];
        sum[s] += off * off;
    }
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) +
           ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

void renyi_gaussian(int64_t m, int64_t d, const float *a, double width, double *k)
{
    const double scale = -0.5 / (width * width);
    for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j <= i; ++j)
            k[i * m + j] = k[j * m + i] =
                exp(scale * square_distance(d, a + i * d, a + j * d));
}

void renyi_groups(int64_t m, const int32_t *group, double *k)
{
    for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < m; ++j) k[i * m + j] = group[i] == group[j];
}

/* -- Entropies --------------------------------------------------------------------*/

/* The matrix, its eigenvalues, and what dsyev works with. */
int64_t renyi_work(int64_t m) { return m * m + m + 66 * m; }

/* Near order 1, where the quotient of the definition is 0 / 0: with e = alpha - 1 and
 * sum lambda = 1, sum lambda^alpha = 1 + e sum lambda (lambda^e - 1) / e. */
static double entropy_near_one(double e, double least, int64_t m, const double *lambda)
{
    double sum = 0.0;
    for (int64_t i = 0; i < m; ++i) {
        if (lambda[i] <= least) continue;
        const double x = log(lambda[i]);
        sum += lambda[i] * (e == 0.0 ? x : expm1(e * x) / e);
    }
    return e == 0.0 ? -sum : -log1p(e * sum) / e;
}

/* Relative to the largest term, as all of them may be too small for a double. */
static double entropy_of(double alpha, int64_t m, const double *lambda)
{
    const double least = (double)m * DBL_EPSILON, largest = lambda[m - 1];
    double sum = 0.0;
    if (fabs(alpha - 1.0) < 0.1)
        return entropy_near_one(alpha - 1.0, least, m, lambda);
    for (int64_t i = 0; i < m; ++i)
        if (lambda[i] > least) sum += pow(lambda[i] / largest, alpha);
    return (alpha * log(largest) + log(sum)) / (1.0 - alpha);
}

ipl_status renyi_entropy(double alpha, int64_t m, const double *k, const double *other,
                         double *work, double *out)
{
    const int n = (int)m, lwork = 66 * (int)m;
    int info = 0;
    double *a = work, *lambda = a + m * m;
    for (int64_t i = 0; i < m * m; ++i)
        a[i] = k[i] * (other ? other[i] : 1.0) / (double)m;
    /* With more threads OpenBLAS adds in another order. */
    if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
    dsyev_("N", "L", &n, a, &n, lambda, lambda + m, &lwork, &info, 1, 1);
    if (info)
        return IPL_FAIL(IPL_E_NUMERIC, "no eigenvalues of a kernel of %lld rows (%d)",
                        (long long)m, info);
    *out = entropy_of(alpha, m, lambda);
    return mi_clamp("kernel", "entropy", 0.0, log((double)m), rounding, out);
}
