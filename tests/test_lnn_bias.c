/*
 * test_lnn_bias.c - the bias constants of LNN, drawn again from their definition.
 */
#include "check.h"
#include "mi/mi_entropies.h"
#include "random.h"

enum { D_MAX = 3, POINTS_MAX = 8192 };

typedef struct {
    ipl_random from;
    uint64_t   drawn;
} draws;

/* In (0, 1]. */
static double uniform(draws *d)
{
    return 1.0 - ipl_random_uniform(d->from, d->drawn++);
}

static double normal(draws *d)
{
    const double radius = sqrt(-2.0 * log(uniform(d)));
    return radius * cos(6.283185307179586 * uniform(d));
}

static void direction(draws *from, int d, double *xi)
{
    double square = 0.0;
    for (int a = 0; a < d; ++a) {
        xi[a] = normal(from);
        square += xi[a] * xi[a];
    }
    for (int a = 0; a < d; ++a) xi[a] /= sqrt(square);
}

/* log det S and m^T S^-1 m of a symmetric S[d][d], d <= 3, by cofactors. */
static void invert(int d, double s[D_MAX][D_MAX], const double *m, double *log_det,
                   double *form)
{
    for (int a = d; a < D_MAX; ++a) s[a][a] = 1.0;
    double cofactor[D_MAX][D_MAX], det = 0.0;
    for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) {
            const int p = (a + 1) % 3, q = (a + 2) % 3;
            const int u = (b + 1) % 3, v = (b + 2) % 3;
            cofactor[a][b] = s[p][u] * s[q][v] - s[p][v] * s[q][u];
        }
    for (int a = 0; a < 3; ++a) det += s[0][a] * cofactor[0][a];
    *log_det = log(det);
    *form = 0.0;
    for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) *form += m[a] * cofactor[a][b] * m[b] / det;
}

/* One draw of what B is the mean of. Points beyond r = 6 weigh less than 1e-7. */
static double draw(draws *from, int k, int d)
{
    double sum[POINTS_MAX], total = 0.0, s0 = 0.0;
    double s1[D_MAX] = {0}, s2[D_MAX][D_MAX] = {{0}};
    int points = 0;
    do {
        CHECK(points < POINTS_MAX);
        sum[points++] = total -= log(uniform(from));
    } while (points <= k || total < sum[k - 1] * pow(6.0, d));
    for (int j = 0; j < points; ++j) {
        double xi[D_MAX];
        const double r = pow(sum[j] / sum[k - 1], 1.0 / d), w = exp(-0.5 * r * r);
        direction(from, d, xi);
        s0 += w;
        for (int a = 0; a < d; ++a) {
            s1[a] += w * r * xi[a];
            for (int b = 0; b < d; ++b) s2[a][b] += w * r * xi[a] * r * xi[b];
        }
    }
    double log_det, form;
    for (int a = 0; a < d; ++a) s1[a] /= s0;
    for (int a = 0; a < d; ++a)
        for (int b = 0; b < d; ++b) s2[a][b] = s2[a][b] / s0 - s1[a] * s1[b];
    invert(d, s2, s1, &log_det, &form);
    return log(sum[k - 1]) - mi_log_ball(d) + 0.5 * d * log(6.283185307179586) -
           log(s0) + 0.5 * log_det + 0.5 * form;
}

/* Within four standard errors of a Monte Carlo of so many draws. */
static void check_bias(int k, int d, int count)
{
    draws from = {{check_seed(), 9000 + (uint64_t)(k * 16 + d)}, 0};
    double mean = 0.0, squares = 0.0;
    for (int i = 0; i < count; ++i) {
        const double value = draw(&from, k, d), off = value - mean;
        mean += off / (i + 1);
        squares += off * (value - mean);
    }
    const double got = mi_lnn_bias(k, d), bound = 4.0 * sqrt(squares) / count;
    printf("# k %d d %d: %.5f, drawn %.5f +- %.5f\n", k, d, got, mean, bound / 4.0);
    check_within("bias", 1, &got, &mean, &bound);
}

static void constants_are_those_of_their_definition(void **state)
{
    (void)state;
    for (int k = 4; k <= 8; ++k) check_bias(k, 1, 40000);
    check_bias(5, 2, 15000);
    check_bias(8, 2, 15000);
    check_bias(20, 1, 20000);
    check_bias(6, 3, 2000);
}

static void constants_between_listed_ones_are_drawn_too(void **state)
{
    (void)state;
    static const int k[] = {11, 15, 30, 64};
    for (int c = 0; c < 4; ++c) check_bias(k[c], 1, 10000);
    check_bias(15, 2, 3000);
    check_bias(40, 2, 1000);
}

static void constants_fall_towards_zero(void **state)
{
    (void)state;
    for (int64_t d = 1; d <= 10; ++d)
        for (int64_t k = 5; k < IPL_MI_K_MAX; ++k) {
            const double step = mi_lnn_bias(k + 1, d) - mi_lnn_bias(k, d);
            CHECK(mi_lnn_bias(k, d) < 0.0 && step >= -2e-4);
        }
    CHECK(mi_lnn_bias(5, 11) == 0.0 && mi_lnn_bias(64, 4096) == 0.0);
}

static const check_test tests[] = {
    CHECK_TEST(constants_are_those_of_their_definition),
    CHECK_TEST(constants_between_listed_ones_are_drawn_too),
    CHECK_TEST(constants_fall_towards_zero),
};

CHECK_MAIN("lnn_bias", tests, 0)
