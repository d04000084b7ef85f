/*
 * audit_matrix.c - a layer in double: singular values, product, activation.
 */
#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "plane/audit.h"

/* LAPACK, which OpenBLAS contains; the length of the text comes last, as gfortran's. */
extern void dgesdd_(const char *vectors, const int *m, const int *n, double *a,
                    const int *lda, double *s, double *u, const int *ldu, double *vt,
                    const int *ldvt, double *work, const int *lwork, int *iwork,
                    int *info, size_t vectors_length);

/* With more threads OpenBLAS adds in another order. */
static void one_thread(void)
{
    if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
}

/* -- Singular values --------------------------------------------------------------*/

/* Singular values s[min(m, n)], largest first, of a[m][n] or its transpose, which have
 * the same; a is lost. */
static ipl_status singular_values(int m, int n, double *a, double *s)
{
    const int least = m < n ? m : n, one = 1, ask = -1;
    int info = 0, *iwork = malloc(8 * (size_t)least * sizeof *iwork);
    double best = 0.0, none = 0.0, *work = NULL;
    if (!iwork) goto no_memory;
    one_thread();
    dgesdd_("N", &n, &m, a, &n, s, &none, &one, &none, &one, &best, &ask, iwork, &info,
            1);
    const int lwork = (int)best;
    work = malloc((size_t)lwork * sizeof *work);
    if (!work) goto no_memory;
    dgesdd_("N", &n, &m, a, &n, s, &none, &one, &none, &one, work, &lwork, iwork, &info,
            1);
    free(work);
    free(iwork);
    if (info)
        return IPL_FAIL(IPL_E_NUMERIC, "no singular values of a matrix of %d x %d (%d)",
                        m, n, info);
    return IPL_OK;
no_memory:
    free(work);
    free(iwork);
    return IPL_FAIL(IPL_E_MEMORY, "singular values of %d x %d", m, n);
}

ipl_status audit_matrix(const float *w, int layer, ipl_audit_layer *out)
{
    const int m = out->inputs, n = out->units, least = m < n ? m : n;
    const size_t size = (size_t)m * (size_t)n;
    double *a = malloc(size * sizeof *a), *s = malloc((size_t)least * sizeof *s);
    ipl_status st = IPL_OK;
    if (!a || !s) {
        st = IPL_FAIL(IPL_E_MEMORY, "layer %d: weights %d x %d in double", layer, m, n);
        goto done;
    }
    for (size_t k = 0; k < size; ++k) {
        a[k] = w[k];
        if (isfinite(a[k])) continue;
        st = IPL_FAIL(IPL_E_NUMERIC, "layer %d: weight of input %lld and unit %lld is "
                      "%g", layer, (long long)(k / (size_t)n),
                      (long long)(k % (size_t)n), a[k]);
        goto done;
    }
    IPL_TRY_DONE(singular_values(m, n, a, s));
    out->s_max = s[0];
    out->s_min = s[least - 1];
    out->rank_tolerance = (double)(m > n ? m : n) * DBL_EPSILON * s[0];
    out->condition = s[least - 1] > 0.0 ? s[0] / s[least - 1] : INFINITY;
    out->rank = 0;
    for (int k = 0; k < least; ++k) out->rank += s[k] > out->rank_tolerance;
done:
    free(a);
    free(s);
    return st;
}

/* -- Product and activation -------------------------------------------------------*/

void audit_product(int64_t rows, int64_t inputs, int64_t units, const double *d,
                   const double *w, const double *b, double *z)
{
    for (int64_t i = 0; i < rows; ++i)
        for (int64_t u = 0; u < units; ++u) z[i * units + u] = b[u];
    one_thread();
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)units,
                (int)inputs, 1.0, d, (int)inputs, w, (int)units, 1.0, z, (int)units);
}

static double act_of(ipl_act act, double z)
{
    switch (act) {
    case IPL_ACT_TANH: return tanh(z);
    case IPL_ACT_RELU: return fmax(z, 0.0);
    case IPL_ACT_LEAKY_RELU: return fmax(z, 0.01 * z);
    case IPL_ACT_SIGMOID: return z < 0 ? exp(z) / (1 + exp(z)) : 1 / (1 + exp(-z));
    case IPL_ACT_ELU: return z > 0 ? z : expm1(z);
    case IPL_ACT_SOFTPLUS: return fmax(z, 0.0) + log1p(exp(-fabs(z)));
    case IPL_ACT_LINEAR:
    case IPL_ACT_SOFTMAX:
    case IPL_ACT_COUNT: break;
    }
    return z;
}

static void softmax(int64_t units, double *z)
{
    double top = z[0], sum = 0.0;
    for (int64_t u = 1; u < units; ++u) top = fmax(top, z[u]);
    for (int64_t u = 0; u < units; ++u) sum += z[u] = exp(z[u] - top);
    for (int64_t u = 0; u < units; ++u) z[u] /= sum;
}

void audit_activate(ipl_act act, int64_t rows, int64_t units, double *z)
{
    for (int64_t i = 0; i < rows && act == IPL_ACT_SOFTMAX; ++i)
        softmax(units, z + i * units);
    for (int64_t k = 0; k < rows * units; ++k)
        z[k] = act_of(act, z[k]) + 0.0; /* -0 + 0 is 0 */
}

int audit_ends(ipl_act act, float end[2])
{
    static const struct { int count; float end[2]; } of[IPL_ACT_COUNT] = {
        [IPL_ACT_TANH] = {2, {-1, 1}},   [IPL_ACT_SIGMOID] = {2, {0, 1}},
        [IPL_ACT_SOFTMAX] = {2, {0, 1}}, [IPL_ACT_ELU] = {1, {-1, -1}},
        [IPL_ACT_SOFTPLUS] = {1, {0, 0}}};
    end[0] = of[act].end[0];
    end[1] = of[act].end[1];
    return of[act].count;
}
