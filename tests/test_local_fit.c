/*
 * test_local_fit.c - fits of local_fit.h: their gradient, and the equations that hold
 * at a maximum, checked with plain matrices in the row's own coordinates.
 */
#include "check.h"
#include "local_case.h"

typedef struct {
    local_shape shape;
    local_fit   fit;
    double     *moments, *work;
} fitted;

static ipl_local_status fit_open(int64_t n, int64_t d, int64_t others, const double *u,
                                 fitted *f)
{
    const local_team alone = {1};
    f->moments = case_moments(n, d, u);
    f->work = test_malloc((size_t)local_gauss_doubles(IPL_DENSITY_LGA, d) *
                          sizeof *f->work);
    double *work = f->work;
    f->shape.u = local_take(&work, local_triangle(d));
    f->shape.mean = local_take(&work, d);
    const ipl_local_status st = local_shape_of(alone, d, f->moments, work, &f->shape);
    if (st) return st;
    return local_fit_shape(alone, d, log(f->moments[0] / (double)others), &f->shape,
                           work, &f->fit);
}

static void fit_close(fitted *f)
{
    test_free(f->moments);
    test_free(f->work);
}

static void gradient_matches_finite_differences(void **state)
{
    (void)state;
    const local_team alone = {1};
    double worst = 0.0;
    for (int kind = 0; kind < CASE_KINDS; ++kind)
        for (int64_t d = 1; d <= 5; ++d) {
            double *u = case_points(kind, 60, d, 1);
            fitted f;
            fit_open(60, d, 90, u, &f);
            const int64_t n = f.fit.unknowns;
            double *noise = case_normals(1, n, 5), at[CASE_D_MAX], g[CASE_D_MAX];
            for (int64_t e = 0; e < n; ++e) at[e] = f.fit.x[e] + 0.3 * noise[e];
            local_objective(alone, &f.fit, at, g);
            for (int64_t e = 0; e < n; ++e) {
                const double x = at[e], step = 1e-5;
                at[e] = x + step;
                const double up = local_objective(alone, &f.fit, at, f.fit.gradient);
                at[e] = x - step;
                const double down = local_objective(alone, &f.fit, at, f.fit.gradient);
                at[e] = x;
                const double error = fabs((up - down) / (2.0 * step) - g[e]);
                if (!(error < 1e-6 * (1.0 + fabs(g[e]))))
                    fail_msg("kind %d, d %lld, unknown %lld: %.9g, differences %.9g",
                             kind, (long long)d, (long long)e, g[e],
                             (up - down) / (2.0 * step));
                worst = fmax(worst, error / (1.0 + fabs(g[e])));
            }
            fit_close(&f);
            test_free(noise), test_free(u);
        }
    printf("# worst relative difference %.1e\n", worst);
}

/* mu [d] and sigma [d][d] of a fit, in units of h. */
static void fit_gaussian(const fitted *f, double *mu, double *sigma)
{
    const int64_t d = f->fit.d;
    double t[CASE_D_MAX * CASE_D_MAX] = {0}, q[CASE_D_MAX];
    for (int64_t i = 0; i < d; ++i)
        for (int64_t j = i; j < d; ++j) {
            const double x = f->fit.x[d + local_at(d, i, j)];
            t[i * d + j] = i == j ? exp(x) : x;
        }
    case_invert(d, t); /* y = T^-1 (q + normal), u = m + U^T y */
    case_times(d, t, f->fit.x, q);
    for (int64_t i = 0; i < d; ++i) {
        mu[i] = f->moments[1 + i] / f->moments[0];
        for (int64_t k = 0; k <= i; ++k)
            mu[i] += f->shape.u[local_at(d, k, i)] * q[k];
    }
    double *root = test_calloc((size_t)(d * d), sizeof *root); /* U^T T^-1 */
    for (int64_t i = 0; i < d; ++i)
        for (int64_t k = 0; k <= i; ++k)
            for (int64_t j = 0; j < d; ++j)
                root[i * d + j] += f->shape.u[local_at(d, k, i)] * t[k * d + j];
    for (int64_t i = 0; i < d; ++i)
        for (int64_t j = 0; j < d; ++j)
            sigma[i * d + j] = case_dot(d, root + i * d, root + j * d);
    test_free(root);
}

/* At a maximum K0 (m - mu) = n (nu - mu) and K0 (C + (m - mu)(m - mu)^T - Sigma) =
 * n (V + (nu - mu)(nu - mu)^T - Sigma): as shares of what cancels. */
static double equations_off(const fitted *f, int64_t others, double *value)
{
    const int64_t d = f->fit.d;
    double mu[CASE_D_MAX], nu[CASE_D_MAX], worst = 0.0;
    double *sigma = test_malloc((size_t)(d * d) * sizeof *sigma);
    double *v = test_malloc((size_t)(d * d) * sizeof *v);
    fit_gaussian(f, mu, sigma);
    *value = case_minus_log_normal(d, mu, sigma);
    const double r = exp(case_product(d, mu, sigma, v, nu) +
                         0.5 * (double)d * LOCAL_LOG_2PI -
                         log(f->moments[0] / (double)others));
    const double *s2 = f->moments + 1 + d;
    for (int64_t a = 0; a < d; ++a)
        for (int64_t b = 0; b <= a; ++b, ++s2) {
            const double s0 = f->moments[0], *s1 = f->moments + 1;
            const double m[2] = {s1[a] / s0, s1[b] / s0}, mua = mu[a], mub = mu[b];
            const double data = *s2 / s0 - m[0] * mub - m[1] * mua + mua * mub;
            const double model = v[a * d + b] + (nu[a] - mua) * (nu[b] - mub);
            const double scale = sqrt(sigma[a * d + a] * sigma[b * d + b]);
            const double off = data - r * model - (1.0 - r) * sigma[a * d + b];
            worst = fmax(worst, fabs(off) / scale);
            if (a == b)
                worst = fmax(worst, fabs(m[0] - mua - r * (nu[a] - mua)) / sqrt(scale));
        }
    test_free(v), test_free(sigma);
    return worst;
}

static void fits_are_maxima(void **state)
{
    (void)state;
    static const int64_t width[] = {1, 2, 3, 5, 10, 20};
    static const int64_t share[] = {1, 3, 50};
    double worst = 0.0;
    int fits = 0;
    for (int kind = 0; kind < CASE_KINDS; ++kind)
        for (size_t w = 0; w < 6; ++w)
            for (int s = 0; s < 3; ++s) {
                const int64_t d = width[w], n = 12 * d + 20, others = n * share[s];
                double *u = case_points(kind, n, d, 2 + w), value;
                fitted f;
                const ipl_local_status st = fit_open(n, d, others, u, &f);
                if (st) fail_msg("kind %d, d %lld, share 1/%lld: status %d", kind,
                                 (long long)d, (long long)share[s], st);
                const double off = equations_off(&f, others, &value);
                if (!(off < 1e-5))
                    fail_msg("kind %d, d %lld, share 1/%lld: off by %.2g", kind,
                             (long long)d, (long long)share[s], off);
                if (!(fabs(value - f.fit.value) < 1e-6 * (1.0 + fabs(value))))
                    fail_msg("kind %d, d %lld: value %.12g, of mu and Sigma %.12g",
                             kind, (long long)d, f.fit.value, value);
                worst = fmax(worst, off), ++fits;
                fit_close(&f);
                test_free(u);
            }
    printf("# %d fits, equations off by %.1e at most\n", fits, worst);
}

/* Each start of its own ends in a maximum, mostly the same. */
static void every_start_finds_a_maximum(void **state)
{
    (void)state;
    const local_team alone = {1};
    for (int kind = 0; kind < CASE_KINDS; ++kind)
        for (int64_t d = 1; d <= 9; d += 2) {
            double *u = case_points(kind, 8 * d + 20, d, 9);
            fitted f;
            CHECK(fit_open(8 * d + 20, d, 200, u, &f) == IPL_LOCAL_DONE);
            const double value = f.fit.value, objective = f.fit.objective;
            for (int start = 0; start < LOCAL_STARTS; ++start) {
                local_start(alone, start, &f.fit);
                CHECK(local_minimise(alone, &f.fit));
                CHECK(fabs(f.fit.objective - objective) < 1e-2);
                CHECK(fabs(local_value(alone, &f.fit) - value) < 0.1);
            }
            fit_close(&f);
            test_free(u);
        }
}

/* -- Extremes -----------------------------------------------------------------------*/

/* One point in 10^13 has the shape, or all of 10^30 points: still a density. */
static void extreme_shares_have_values(void **state)
{
    (void)state;
    static const double s0[] = {1e-12, 1e-6, 1e-3, 1e3, 1e12, 1e30};
    for (int64_t d = 1; d <= 8; d += 7)
        for (int k = 0; k < 6; ++k) {
            double mean[CASE_D_MAX];
            double *cov = case_covariance(d, 0.5, 0.1, 8, mean);
            for (int64_t e = 0; e < d * d; ++e) cov[e] *= 0.3;
            double *m = case_pack(d, s0[k], mean, cov);
            ipl_local_status status;
            const double value = case_value(IPL_DENSITY_LGA, d, 10, m, &status);
            if (status != IPL_LOCAL_DONE || !isfinite(value))
                fail_msg("S0 %g, d %lld: status %d, value %g", s0[k], (long long)d,
                         status, value);
            test_free(m), test_free(cov);
        }
}

/* So small a share overflows the mass at every start. */
static void what_fails_has_a_value_and_a_flag(void **state)
{
    (void)state;
    const double mean[2] = {0.1, 0.2}, cov[4] = {0.1, 0.0, 0.0, 0.2};
    double *m = case_pack(2, 1e-300, mean, cov);
    ipl_local_status status;
    CHECK(isfinite(case_value(IPL_DENSITY_LGA, 2, 10, m, &status)));
    CHECK(status == IPL_LOCAL_UNCONVERGED);
    test_free(m);
}

static const check_test tests[] = {
    CHECK_TEST(gradient_matches_finite_differences),
    CHECK_TEST(fits_are_maxima),
    CHECK_TEST(every_start_finds_a_maximum),
    CHECK_TEST(extreme_shares_have_values),
    CHECK_TEST(what_fails_has_a_value_and_a_flag),
};

CHECK_MAIN("local_fit", tests, 0)
