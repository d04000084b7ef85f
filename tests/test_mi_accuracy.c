/*
 * test_mi_accuracy.c - KL, LNN and LGA on distributions whose information is known.
 *
 * n = 1000. For each distribution the mean over seeds has to be what an independent
 * program found (numpy; means over 3 to 10 seeds), within four standard errors of their
 * difference. Both are off the truth by the estimators' own bias.
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

static void check_family(ipl_device *dev, ipl_mi_estimator estimator, int column,
                         int64_t k)
{
    const ipl_mi_options o = case_options(estimator, k);
    for (int c = 0; c < DISTRIBUTIONS; ++c) {
        const distribution *of = &distributions[c];
        double mean = 0.0, squares = 0.0;
        for (int s = 0; s < SEEDS; ++s) {
            entropy_case drawn = make(of, ROWS, check_seed() * 100 + (uint64_t)s);
            const double got = case_point(dev, &o, &drawn).i_xt;
            mean += got / SEEDS;
            squares += got * got / SEEDS;
            case_free(drawn);
        }
        printf("# %d %g %d+%d: %.3f +- %.3f, truth %.3f, want %.3f\n", of->is, of->by,
               (int)of->d, (int)of->d, mean, sqrt(squares - mean * mean), of->truth,
               of->want[column]);
        const double want = of->want[column];
        const double bound = 4.0 * of->sd * sqrt(2.0 / SEEDS);
        check_within("information", 1, &mean, &want, &bound);
    }
}

static void kl_is_as_accurate_as_published(void **state)
{
    check_family(check_device(state), IPL_MI_KL, 0, 5);
}

static const check_test tests[] = {
    CHECK_TEST(kl_is_as_accurate_as_published),
};

CHECK_MAIN("mi_accuracy", tests, 1)
