/*
 * test_mi_accuracy.c - LNN and LGA where they are known to be near the truth. Runs on
 * the device that "auto" opens: other tests compare devices. accuracy.c has more.
 */
#include "check.h"
#include "entropy_case.h"

enum { SEEDS = 3 };

/* d pairs of normals with correlation rho; dense: each two of all values have it. */
typedef struct {
    int     dense;
    double  rho;
    int64_t d;
    double  truth; /* nats */
} distribution;

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
    entropy_case c = case_normals(n, of->d, of->d, of->dense ? 0.0 : of->rho, seed);
    if (of->dense) make_dense(c, of->rho, seed);
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

static void local_gaussians_find_the_truth(void **state)
{
    static const struct {
        ipl_mi_estimator estimator;
        int64_t          k, n;
        distribution     of;
        double           within;
    } bars[] = {
        {IPL_MI_LGA, 10, 1000, {.rho = 0.0, .d = 1, .truth = 0.0}, 0.08},
        {IPL_MI_LGA, 10, 1000, {.rho = 0.9, .d = 1, .truth = 0.830}, 0.05},
        {IPL_MI_LGA, 10, 1000, {.rho = 0.9999, .d = 1, .truth = 4.259}, 0.2},
        {IPL_MI_LNN, 5, 2000, {.rho = 0.0, .d = 5, .truth = 0.0}, 0.05},
        {IPL_MI_LNN, 5, 2000, {.dense = 1, .rho = 0.5, .d = 5, .truth = 0.593}, 0.05},
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

static const check_test tests[] = {CHECK_TEST(local_gaussians_find_the_truth)};

CHECK_MAIN("mi_accuracy", tests, 0)
