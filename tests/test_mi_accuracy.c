/*
 * test_mi_accuracy.c - KL, LNN and LGA on distributions whose information is known.
 *
 * n = 1000. For each distribution the mean over seeds has to be what an independent
 * program found (numpy; means over 3 to 10 seeds), within four standard errors of their
 * difference. Both are off the truth by the estimators' own bias. Runs on the device
 * that "auto" opens: other tests compare devices.
 */
#include "check.h"
#include "entropy_case.h"

enum { ROWS = 1000, SEEDS = 3 };

typedef enum {
    NORMALS,   /* pairs of normals with correlation `by`                          */
    DENSE,     /* normals, each two of them with correlation `by`                 */
    HALF_CUBE, /* NORMALS, each value v as v |v|^(1/2)                            */
    SUMS       /* T = X + by U, X and U uniform                                   */
} kind;

typedef struct {
    kind    is;
    double  by;
    int64_t d;      /* of X, and of T                                             */
    double  truth;  /* nats                                                       */
    double  sd;     /* of one seed                                                */
    double  want[3]; /* KL k = 5, LNN k = 5, LGA k = 20      */
} distribution;

static const distribution distributions[] = {
    {NORMALS, 0.0, 1, 0.0, 0.045, {0.024, -0.036, 0.024}},
    {NORMALS, 0.9, 1, 0.830, 0.042, {0.856, 0.795, 0.818}},
    {NORMALS, 0.9999, 1, 4.259, 0.051, {4.080, 4.035, 4.184}},
    {SUMS, 0.2, 1, 1.709, 0.03, {1.601, 1.593, 1.534}},
    {SUMS, 0.01, 1, 4.610, 0.034, {4.270, 4.310, 4.431}},
    {NORMALS, 0.0, 2, 0.0, 0.05, {0.013, 0.000, -0.057}},
    {DENSE, 0.5, 2, 0.294, 0.05, {0.317, 0.273, 0.244}},
    {NORMALS, 0.9, 3, 2.491, 0.05, {2.126, 2.492, 2.430}},
    {DENSE, 0.5, 3, 0.413, 0.05, {0.351, 0.465, 0.386}},
    {HALF_CUBE, 0.8, 3, 1.532, 0.06, {1.115, 1.258, 1.037}},
    {NORMALS, 0.0, 5, 0.0, 0.05, {-0.301, 0.028, -0.005}},
    {NORMALS, 0.9, 5, 4.152, 0.05, {2.557, 4.109, 4.090}},
    {DENSE, 0.5, 5, 0.593, 0.05, {0.192, 0.597, 0.566}},
};
enum { DISTRIBUTIONS = sizeof distributions / sizeof *distributions };

static float half_cube(float v) { return v * sqrtf(fabsf(v)); }

static void make_dense(entropy_case c, double rho, uint64_t seed)
{
    for (int64_t i = 0; i < c.n; ++i) {
        const double shared = sqrt(rho) * case_normal(seed + 2000, (uint64_t)i);
        for (int64_t u = 0; u < c.d; ++u) {
            float *x = &c.x[i * c.d + u], *t = &c.t[i * c.d + u];
            *x = (float)(sqrt(1.0 - rho) * (double)*x + shared);
            *t = (float)(sqrt(1.0 - rho) * (double)*t + shared);
        }
    }
}

static entropy_case make(const distribution *of, int64_t n, uint64_t seed)
{
    const double rho = of->is == DENSE || of->is == SUMS ? 0.0 : of->by;
    entropy_case c = case_normals(n, of->d, of->d, rho, seed);
    if (of->is == DENSE) make_dense(c, of->by, seed);
    for (int64_t v = 0; v < n * of->d; ++v) {
        if (of->is == HALF_CUBE) {
            c.x[v] = half_cube(c.x[v]);
            c.t[v] = half_cube(c.t[v]);
        } else if (of->is == SUMS) {
            const double x = case_uniform(seed, (uint64_t)v);
            c.x[v] = (float)x;
            c.t[v] = (float)(x + of->by * case_uniform(seed + 1000, (uint64_t)v));
        }
    }
    return c;
}

static double mean_information(ipl_device *dev, const ipl_mi_options *o,
                               const distribution *of, int64_t n)
{
    double mean = 0.0;
    for (int s = 0; s < SEEDS; ++s) {
        entropy_case drawn = make(of, n, check_seed() * 100 + (uint64_t)s);
        mean += case_point(dev, o, &drawn).i_xt / SEEDS;
        case_free(drawn);
    }
    return mean;
}

static void check_family(ipl_mi_estimator estimator, int column, int64_t k)
{
    const ipl_mi_options o = case_options(estimator, k);
    ipl_device *dev;
    CHECK_OK(ipl_device_open("auto", NULL, &dev));
    for (int c = 0; c < DISTRIBUTIONS; ++c) {
        const distribution *of = &distributions[c];
        const double mean = mean_information(dev, &o, of, ROWS);
        const double want = of->want[column], bound = 4.0 * of->sd * sqrt(2.0 / SEEDS);
        printf("# %d %g %d+%d: %.3f, truth %.3f\n", of->is, of->by, (int)of->d,
               (int)of->d, mean, of->truth);
        check_within("information", 1, &mean, &want, &bound);
    }
    ipl_device_close(dev);
}

static void kl_is_as_accurate_as_elsewhere(void **state)
{
    (void)state;
    check_family(IPL_MI_KL, 0, 5);
}

static void lnn_is_as_accurate_as_elsewhere(void **state)
{
    (void)state;
    check_family(IPL_MI_LNN, 1, 5);
}

static void lga_is_as_accurate_as_elsewhere(void **state)
{
    (void)state;
    check_family(IPL_MI_LGA, 2, 20);
}

/* Where the estimators are known to be near the truth. */
static void local_gaussians_find_the_truth(void **state)
{
    static const struct {
        ipl_mi_estimator estimator;
        int64_t          k, n;
        distribution     of;
        double           within;
    } bars[] = {
        {IPL_MI_LGA, 10, 1000, {.by = 0.0, .d = 1, .truth = 0.0}, 0.08},
        {IPL_MI_LGA, 10, 1000, {.by = 0.9, .d = 1, .truth = 0.830}, 0.05},
        {IPL_MI_LGA, 10, 1000, {.by = 0.9999, .d = 1, .truth = 4.259}, 0.2},
        {IPL_MI_LNN, 5, 2000, {.by = 0.0, .d = 5, .truth = 0.0}, 0.05},
        {IPL_MI_LNN, 5, 2000, {DENSE, .by = 0.5, .d = 5, .truth = 0.593}, 0.05},
    };
    (void)state;
    ipl_device *dev;
    CHECK_OK(ipl_device_open("auto", NULL, &dev));
    for (size_t b = 0; b < sizeof bars / sizeof *bars; ++b) {
        const ipl_mi_options o = case_options(bars[b].estimator, bars[b].k);
        const double got = mean_information(dev, &o, &bars[b].of, bars[b].n);
        check_within("information", 1, &got, &bars[b].of.truth, &bars[b].within);
    }
    ipl_device_close(dev);
}

static const check_test tests[] = {
    CHECK_TEST(kl_is_as_accurate_as_elsewhere),
    CHECK_TEST(lnn_is_as_accurate_as_elsewhere),
    CHECK_TEST(lga_is_as_accurate_as_elsewhere),
    CHECK_TEST(local_gaussians_find_the_truth),
};

CHECK_MAIN("mi_accuracy", tests, 0)
