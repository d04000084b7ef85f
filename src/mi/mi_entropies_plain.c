/*
 * mi_entropies_plain.c - differences of entropies by their definitions, in float64.
 *
 * Plain loops, and nothing of a backend. NaN where an entropy cannot be computed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "local_gauss.h"
#include "mi/mi_entropies.h"

/* Rows of one space or two, side by side. */
typedef struct {
    int64_t        n, d;
    double        *at; /* [n][d]                                                */
    const int32_t *y;  /* NULL: one class                                       */
} plain_rows;

static int is_other(const plain_rows *r, int64_t i, int64_t j)
{
    return j != i && (!r->y || r->y[j] == r->y[i]);
}

static double squared(const plain_rows *r, int64_t i, int64_t j)
{
    double sum = 0.0;
    for (int64_t c = 0; c < r->d; ++c) {
        const double difference = r->at[j * r->d + c] - r->at[i * r->d + c];
        sum += difference * difference;
    }
    return sum;
}

/* The k-th smallest squared distance of row i, and its number of others. */
static double kth_square(const plain_rows *r, int64_t i, int64_t k, int64_t *others)
{
    double nearest[IPL_MI_K_MAX];
    for (int64_t m = 0; m < k; ++m) nearest[m] = INFINITY;
    *others = 0;
    for (int64_t j = 0; j < r->n; ++j) {
        if (!is_other(r, i, j)) continue;
        const double square = squared(r, i, j);
        int64_t m = k;
        for (++*others; m > 0 && square < nearest[m - 1]; --m)
            if (m < k) nearest[m] = nearest[m - 1];
        if (m < k) nearest[m] = square;
    }
    return nearest[k - 1];
}

/* S0, S1 and S2 (full) of row i's others with bandwidth h. */
static void moments(const plain_rows *r, int64_t i, double h, double *s0, double *s1,
                    double *s2)
{
    const int64_t d = r->d;
    *s0 = 0.0;
    memset(s1, 0, (size_t)d * sizeof *s1);
    memset(s2, 0, (size_t)(d * d) * sizeof *s2);
    for (int64_t j = 0; j < r->n; ++j) {
        if (!is_other(r, i, j)) continue;
        const double *from = r->at + i * d, *to = r->at + j * d;
        const double w = exp(-0.5 * squared(r, i, j) / (h * h));
        *s0 += w;
        for (int64_t a = 0; a < d; ++a) {
            const double wu = w * (to[a] - from[a]) / h;
            s1[a] += wu;
            for (int64_t b = 0; b < d; ++b) s2[a * d + b] += wu * (to[b] - from[b]) / h;
        }
    }
}

/* log det A and v^T A^-1 v of a positive definite A[d][d], whose lower triangle becomes
 * its Cholesky factor, and v the solution of L z = v. */
static void solve(int64_t d, double *a, double *v, double *log_det, double *form)
{
    *log_det = *form = 0.0;
    for (int64_t c = 0; c < d; ++c) {
        for (int64_t b = 0; b <= c; ++b) {
            double sum = a[c * d + b];
            for (int64_t m = 0; m < b; ++m) sum -= a[c * d + m] * a[b * d + m];
            a[c * d + b] = b < c ? sum / a[b * d + b] : sqrt(sum);
        }
        for (int64_t m = 0; m < c; ++m) v[c] -= a[c * d + m] * v[m];
        v[c] /= a[c * d + c];
        *log_det += 2.0 * log(a[c * d + c]);
        *form += v[c] * v[c];
    }
}

/* -log f(x_i) - d log h of LNN. */
static double lnn_value(const plain_rows *r, int64_t i, double h, int64_t others,
                        double *work)
{
    const int64_t d = r->d;
    const double two_pi = 6.283185307179586476925;
    double s0, log_det, form, *mu = work, *sigma = work + d;
    moments(r, i, h, &s0, mu, sigma);
    for (int64_t a = 0; a < d; ++a) mu[a] /= s0;
    for (int64_t a = 0; a < d; ++a)
        for (int64_t b = 0; b < d; ++b)
            sigma[a * d + b] = sigma[a * d + b] / s0 - mu[a] * mu[b];
    solve(d, sigma, mu, &log_det, &form);
    return log((double)others) - log(s0) +
           0.5 * ((double)d * log(two_pi) + log_det + form);
}

/* The same of LGA, whose optimisation is the one of the devices. */
static double lga_value(const plain_rows *r, int64_t i, double h, int64_t others,
                        double *work)
{
    const int64_t d = r->d;
    ipl_local_status status;
    double *packed = work, *s2 = packed + 1 + d;
    double *full = packed + local_moments(d), *rest = full + d * d;
    moments(r, i, h, packed, packed + 1, full);
    for (int64_t a = 0; a < d; ++a)
        for (int64_t b = 0; b <= a; ++b) *s2++ = full[a * d + b];
    return local_gauss((local_team){1}, IPL_DENSITY_LGA, d, others, packed, rest,
                       &status);
}

static int64_t work_doubles(const mi_entropies *how, int64_t d)
{
    if (!how->local) return 0;
    return local_moments(d) + d * d + local_gauss_doubles(how->density, d);
}

static ipl_status entropy_of(const mi_entropies *how, int64_t k, const plain_rows *r,
                             double *h)
{
    const int64_t d = r->d;
    double sum = 0.0;
    double *work = malloc((size_t)(work_doubles(how, d) + 1) * sizeof *work);
    if (!work)
        return IPL_FAIL(IPL_E_MEMORY, "moments of %lld units", (long long)d);
    for (int64_t i = 0; i < r->n; ++i) {
        int64_t others;
        const double rho = sqrt(kth_square(r, i, k, &others));
        if (!(rho > 0.0) || others < k) sum = NAN;
        if (isnan(sum)) break;
        sum += (double)d * log(rho);
        if (how->local && how->density == IPL_DENSITY_LNN)
            sum += lnn_value(r, i, rho, others, work);
        if (how->local && how->density == IPL_DENSITY_LGA)
            sum += lga_value(r, i, rho, others, work);
        if (how->constant) sum += how->constant(k, d, others + 1);
    }
    free(work);
    *h = sum / (double)r->n;
    return IPL_OK;
}

/* Puts `from` at units first .. of the rows. */
static void put(plain_rows *r, int64_t first, int64_t d, const float *from)
{
    for (int64_t i = 0; i < r->n; ++i)
        for (int64_t c = 0; c < d; ++c)
            r->at[i * r->d + first + c] = (double)from[i * d + c];
}

ipl_status mi_entropies_plain(const ipl_mi_options *options,
                              const ipl_mi_samples *samples, int64_t d, const float *t,
                              int point, double *i_xt, double *i_ty)
{
    (void)point;
    const mi_entropies *how = mi_estimator_of(options->estimator)->how;
    ipl_status st;
    double h_t, h_x = NAN, h_xt = NAN, h_t_y = NAN;
    const int64_t n = samples->n, k = options->k;
    const int64_t d_x = samples->inputs ? samples->inputs_d : 0;
    plain_rows r = {.n = n, .at = malloc((size_t)(n * (d_x + d)) * sizeof *r.at)};
    if (!r.at) return IPL_FAIL(IPL_E_MEMORY, "%lld rows", (long long)n);
    put(&r, 0, r.d = d, t);
    IPL_TRY_DONE(entropy_of(how, k, &r, &h_t));
    r.y = samples->y;
    if (r.y) IPL_TRY_DONE(entropy_of(how, k, &r, &h_t_y));
    r.y = NULL;
    if (d_x) {
        put(&r, 0, r.d = d_x, samples->inputs);
        IPL_TRY_DONE(entropy_of(how, k, &r, &h_x));
        r.d = d_x + d;
        put(&r, 0, d_x, samples->inputs);
        put(&r, d_x, d, t);
        IPL_TRY_DONE(entropy_of(how, k, &r, &h_xt));
    }
    *i_xt = h_x + h_t - h_xt;
    *i_ty = h_t - h_t_y;
done:
    free(r.at);
    return st;
}
