/*
 * test_local_gauss.c - the densities of local_gauss.h from moments: exact for
 * Gaussians, held to plain matrices and to numpy (golden_local.py), and refusals.
 */
#include "check.h"
#include "local_case.h"

/* -- Gaussians ----------------------------------------------------------------------*/

/* The exact moments of N(mu, sigma) times the kernel: both fits give it back. */
static void gaussians_are_found_exactly(void **state)
{
    (void)state;
    static const int64_t width[] = {1, 2, 3, 7, 20, 64};
    double worst = 0.0;
    for (size_t w = 0; w < 6; ++w)
        for (int hard = 0; hard < 3; ++hard) {
            const int64_t d = width[w], others = 1000;
            double mu[CASE_D_MAX], mean[CASE_D_MAX];
            double *sigma = case_covariance(d, hard ? 0.05 : 0.5, 0.1 * hard, w, mu);
            double *cov = test_malloc((size_t)(d * d) * sizeof *cov);
            const double log_n = case_product(d, mu, sigma, cov, mean);
            const double log_s0 = log_n + 0.5 * (double)d * LOCAL_LOG_2PI + log(1e3);
            double *m = case_pack(d, exp(log_s0), mean, cov);
            const double want = case_minus_log_normal(d, mu, sigma);
            for (int density = 0; density < 2; ++density) {
                ipl_local_status status;
                const double got = case_value(density, d, others, m, &status);
                CHECK(status == IPL_LOCAL_DONE);
                const double error = fabs(got - want) / fmax(1.0, fabs(want));
                if (!(error < 1e-6))
                    fail_msg("d %lld, density %d, case %d: %.12g, want %.12g",
                             (long long)d, density, hard, got, want);
                worst = fmax(worst, error);
            }
            test_free(m), test_free(cov), test_free(sigma);
        }
    printf("# worst relative error %.1e\n", worst);
}

static void lnn_is_its_formula(void **state)
{
    (void)state;
    static const int64_t width[] = {1, 2, 5, 33, 64};
    double worst = 0.0;
    for (size_t w = 0; w < 5; ++w) {
        const int64_t d = width[w], n = 3 * d + 5;
        double *u = case_normals(n, d, w), *cov, mean[CASE_D_MAX];
        for (int64_t e = 0; e < n * d; ++e) u[e] = u[e] / sqrt((double)d) + 0.1;
        double *m = case_moments(n, d, u);
        const double *s2 = m + 1 + d;
        cov = test_malloc((size_t)(d * d) * sizeof *cov);
        for (int64_t a = 0; a < d; ++a) mean[a] = m[1 + a] / m[0];
        for (int64_t a = 0; a < d; ++a)
            for (int64_t b = 0; b <= a; ++b, ++s2)
                cov[a * d + b] = cov[b * d + a] = *s2 / m[0] - mean[a] * mean[b];
        ipl_local_status status;
        const double want = case_minus_log_normal(d, mean, cov) - log(m[0] / 77.0);
        const double got = case_value(IPL_DENSITY_LNN, d, 77, m, &status);
        CHECK(status == IPL_LOCAL_DONE);
        if (!(fabs(got - want) < 1e-9))
            fail_msg("d %lld: %.12g, want %.12g", (long long)d, got, want);
        worst = fmax(worst, fabs(got - want));
        test_free(u), test_free(m), test_free(cov);
    }
    printf("# worst error %.1e nats\n", worst);
}

/* -- numpy --------------------------------------------------------------------------*/

static double *golden_points(const char *shape, int64_t n, int64_t d, uint64_t seed)
{
    double *u = test_malloc((size_t)(n * d) * sizeof *u);
    for (int64_t e = 0; e < n * d; ++e) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        u[e] = ((double)(seed >> 40) / 0x1p23 - 1.0) * 1.5;
    }
    for (int64_t i = 0; i < n; ++i) {
        double *x = u + i * d;
        if (!strcmp(shape, "tilt")) x[0] += 1.25;
        else if (!strcmp(shape, "peak"))
            for (int64_t a = 0; a < d; ++a) x[a] *= fabs(x[a]) * 0.75;
        else if (!strcmp(shape, "thin")) x[0] = x[d - 1] + x[0] / 8.0;
        else CHECK(!strcmp(shape, "cube"));
    }
    return u;
}

static void values_are_those_of_numpy(void **state)
{
    (void)state;
    FILE *file = fopen("tests/golden_local.csv", "r");
    char shape[8], line[200];
    long long d, n, others, seed;
    int lines = 0;
    double want[2], worst[2] = {0.0, 0.0};
    CHECK(file);
    for (; fgets(line, sizeof line, file); ++lines) {
        CHECK(sscanf(line, "%7[^,],%lld,%lld,%lld,%lld,%lf,%lf", shape, &d, &n, &others,
                     &seed, &want[IPL_DENSITY_LNN], &want[IPL_DENSITY_LGA]) == 7);
        double *u = golden_points(shape, n, d, (uint64_t)seed);
        double *m = case_moments(n, d, u);
        for (int density = 0; density < 2; ++density) {
            ipl_local_status status;
            const double got = case_value(density, d, others, m, &status);
            const double error = fabs(got - want[density]);
            CHECK(status == IPL_LOCAL_DONE);
            if (!(error < (density == IPL_DENSITY_LNN ? 1e-11 : 1e-7)))
                fail_msg("%s: density %d is %.12g", line, density, got);
            worst[density] = fmax(worst[density], error);
        }
        test_free(u), test_free(m);
    }
    fclose(file);
    CHECK(lines == 12);
    printf("# worst errors %.1e (LNN), %.1e (LGA) nats\n", worst[0], worst[1]);
}

/* -- Invariance ---------------------------------------------------------------------*/

/* Products of the points with a matrix without skew: reflections. */
static void reflect(int64_t n, int64_t d, double *u, uint64_t stream)
{
    double *axis = case_normals(1, d, stream);
    const double square = case_dot(d, axis, axis);
    for (int64_t i = 0; i < n; ++i) {
        const double along = 2.0 * case_dot(d, axis, u + i * d) / square;
        for (int64_t a = 0; a < d; ++a) u[i * d + a] -= along * axis[a];
    }
    test_free(axis);
}

static void rotations_change_no_value(void **state)
{
    (void)state;
    double worst = 0.0;
    for (int kind = 0; kind < 4; ++kind)
        for (int64_t d = 2; d <= 10; d += 4) {
            const int64_t n = 10 * d + 10;
            double *u = case_points(kind, n, d, 3), value[2][2];
            for (int turned = 0; turned < 2; ++turned) {
                if (turned) reflect(n, d, u, 50), reflect(n, d, u, 51);
                double *m = case_moments(n, d, u);
                for (int density = 0; density < 2; ++density) {
                    ipl_local_status status;
                    value[turned][density] = case_value(density, d, n, m, &status);
                    CHECK(status == IPL_LOCAL_DONE);
                }
                test_free(m);
            }
            for (int density = 0; density < 2; ++density) {
                const double off = fabs(value[1][density] - value[0][density]);
                if (!(off < (density == IPL_DENSITY_LNN ? 1e-10 : 1e-6)))
                    fail_msg("kind %d, d %lld, density %d: %.2g", kind, (long long)d,
                             density, off);
                worst = fmax(worst, off);
            }
            test_free(u);
        }
    printf("# worst change %.1e nats\n", worst);
}

/* -- What has no value --------------------------------------------------------------*/

static void check_refused(const char *what, int64_t d, const double *m,
                          ipl_local_status want)
{
    for (int density = 0; density < 2; ++density) {
        ipl_local_status status;
        const double value = case_value(density, d, 10, m, &status);
        if (status != want || !isnan(value) != (want == IPL_LOCAL_DONE))
            fail_msg("%s, density %d: status %d, value %g", what, density, status,
                     value);
    }
}

static void flat_shapes_are_singular(void **state)
{
    (void)state;
    for (int64_t d = 1; d <= 9; d += 4) {
        double *u = case_normals(d + 1, d, 1); /* d + 1 points span d dimensions */
        double *enough = case_moments(d + 1, d, u), *few = case_moments(d, d, u);
        check_refused("d + 1 points", d, enough, IPL_LOCAL_DONE);
        check_refused("d points", d, few, IPL_LOCAL_SINGULAR);
        for (int64_t i = 0; i <= d; ++i) u[i * d] = 0.25;
        double *constant = case_moments(d + 1, d, u);
        check_refused("a constant unit", d, constant, IPL_LOCAL_SINGULAR);
        test_free(u), test_free(enough), test_free(few), test_free(constant);
    }
}

/* The limit is on the correlations: scales do not matter. */
static void smallest_eigenvalue_decides(void **state)
{
    (void)state;
    static const double scale[] = {1.0, 1e-6, 1e-12};
    const double mean[2] = {0.0, 0.0};
    for (int s = 0; s < 3; ++s)
        for (int below = 0; below < 2; ++below) {
            const double rho = 1.0 - (below ? 0.9e-9 : 1.1e-9), c = scale[s];
            const double cov[4] = {0.5, 0.5 * c * rho, 0.5 * c * rho, 0.5 * c * c};
            double *m = case_pack(2, 1.0, mean, cov);
            check_refused("a pair of units", 2, m,
                          below ? IPL_LOCAL_SINGULAR : IPL_LOCAL_DONE);
            test_free(m);
        }
}

static void one_sided_shapes_are_far(void **state)
{
    (void)state;
    for (int64_t d = 1; d <= 6; d += 5)
        for (int beyond = 0; beyond < 2; ++beyond) {
            double mean[6] = {0}, cov[36] = {0};
            for (int64_t i = 0; i < d; ++i) cov[i * d + i] = 1e-4;
            mean[d - 1] = 1e-2 * sqrt(beyond ? 2002.0 : 1998.0);
            double *m = case_pack(d, 3.0, mean, cov);
            check_refused("a distant cluster", d, m,
                          beyond ? IPL_LOCAL_FAR : IPL_LOCAL_DONE);
            test_free(m);
        }
}

static void nothing_near_is_singular(void **state)
{
    (void)state;
    static const double s0[] = {0.0, -1.0, NAN, INFINITY};
    double m[6] = {0.0, 0.1, 0.2, 1.0, 0.0, 1.0};
    for (int k = 0; k < 4; ++k) {
        m[0] = s0[k];
        check_refused("sum of weights", 2, m, IPL_LOCAL_SINGULAR);
    }
    m[0] = 1.0, m[3] = NAN;
    check_refused("a second moment", 2, m, IPL_LOCAL_SINGULAR);
    m[3] = 1.0, m[1] = INFINITY;
    check_refused("a first moment", 2, m, IPL_LOCAL_SINGULAR);
}

static const check_test tests[] = {
    CHECK_TEST(gaussians_are_found_exactly),
    CHECK_TEST(lnn_is_its_formula),
    CHECK_TEST(values_are_those_of_numpy),
    CHECK_TEST(rotations_change_no_value),
    CHECK_TEST(flat_shapes_are_singular),
    CHECK_TEST(smallest_eigenvalue_decides),
    CHECK_TEST(one_sided_shapes_are_far),
    CHECK_TEST(nothing_near_is_singular),
};

CHECK_MAIN("local_gauss", tests, 0)
