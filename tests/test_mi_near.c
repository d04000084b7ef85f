/*
 * test_mi_near.c - informations from nearest neighbours: cases by hand, plain loops,
 * flags and refusals.
 */
#include "mi/mi_near.h"
#include "near_case.h"

static const ipl_mi_estimator families[] = {IPL_MI_KSG, IPL_MI_MIXED, IPL_MI_MS,
                                            IPL_MI_ROSS};
enum { FAMILIES = sizeof families / sizeof *families };
static const double gamma_ = 0.57721566490153286061;
static const double few = 1e-14; /* nats, of sums of some digammas */

static void digamma_has_its_known_values(void **state)
{
    enum { VALUES = 300 };
    (void)state;
    double got[VALUES], want[VALUES], bound[VALUES], harmonic = 0.0;
    near_close_to("psi(1/2)", mi_digamma(0.5), -gamma_ - 2.0 * log(2.0), few);
    near_close_to("psi(1/4)", mi_digamma(0.25),
                  -gamma_ - acos(0.0) - 3.0 * log(2.0), few);
    for (int m = 0; m < VALUES; ++m) {
        got[m] = mi_digamma(m + 1.0);
        want[m] = harmonic - gamma_;
        bound[m] = m < 40 ? 3e-15 : few; /* the last term is 7e-15 at 16 */
        harmonic += 1.0 / (m + 1);
    }
    check_within("psi(m) = sum of 1/j - gamma", VALUES, got, want, bound);
    double x = 1e-2;
    for (int m = 0; m < VALUES; ++m, x *= 1.08) {
        got[m] = mi_digamma(x + 1.0) - mi_digamma(x);
        want[m] = 1.0 / x;
        bound[m] = few * (1.0 + want[m] / 8.0);
    }
    check_within("psi(x + 1) - psi(x)", VALUES, got, want, bound);
}

/* -- By hand ----------------------------------------------------------------------*/

/* One input, and d units. */
static near_case of_values(int64_t n, const float *x, int64_t d, const float *t,
                           const int32_t *y)
{
    near_case c = near_alloc(n, 1, d, 8);
    memcpy(c.x, x, (size_t)n * sizeof *x);
    memcpy(c.t, t, (size_t)(n * d) * sizeof *t);
    memcpy(c.y, y, (size_t)n * sizeof *y);
    return c;
}

/* What a family's point has to be; ksg's second one is given on its own. */
static void expect(ipl_device *dev, ipl_mi_estimator family, int64_t k,
                   const near_case *c, int p, double i_xt, double i_ty, unsigned flags)
{
    ipl_mi_job job;
    near_points(dev, family, k, c, &job);
    const ipl_mi_point *got = &job.point[p];
    near_close_to(got->name, got->i_xt, i_xt, few);
    near_close_to(got->name, got->i_ty, i_ty, few);
    if (got->flags != flags)
        fail_msg("%s: flags %u, expected %u", got->name, got->flags, flags);
    CHECK(job.points == ipl_mi_family_of(family)->points && isnan(got->h_t));
    CHECK(got->cells == -1 && isnan(got->noise_var) && isnan(got->se_x));
    CHECK(got->refusal == IPL_MI_NOT_REFUSED);
}

/* In X and T the nearest other is 1 1 2 4 away, nobody is closer and no second one as
 * far. In the own class it is 1 1 4 4 away, with 0 0 2 0 others closer in T and 1 1 3 1
 * up to there. */
static void rows_on_a_line_are_as_by_hand(void **state)
{
    static const float v[] = {0, 1, 3, 7};
    static const int32_t y[] = {0, 0, 1, 1};
    ipl_device *dev = check_device(state);
    near_case c = of_values(4, v, 1, v, y);
    expect(dev, IPL_MI_KSG, 1, &c, 0, 11.0 / 6, NAN, 0);
    expect(dev, IPL_MI_KSG, 1, &c, 1, 5.0 / 6, NAN, 0);
    expect(dev, IPL_MI_MIXED, 1, &c, 0, log(4.0) + gamma_,
           log(4.0) - 1.0 + gamma_ - 3.0 / 8, 0);
    expect(dev, IPL_MI_MS, 1, &c, 0, 11.0 / 6, 11.0 / 6 - 3.0 / 8, 0);
    expect(dev, IPL_MI_ROSS, 1, &c, 0, NAN, 5.0 / 6 - 3.0 / 8, 0);
    near_free(&c);
}

/* Two values that X, T and Y share: 2 others are equal to each row. */
static void equal_rows_are_as_by_hand(void **state)
{
    static const float v[] = {0, 1, 0, 1, 0, 1};
    static const int32_t y[] = {0, 1, 0, 1, 0, 1};
    ipl_device *dev = check_device(state);
    near_case c = of_values(6, v, 1, v, y);
    const double mixed = log(6.0) - (3.0 / 2 - gamma_);
    const double ms = 1.0 / 2 + 1.0 / 3 + 1.0 / 4 + 1.0 / 5;
    for (int64_t k = 1; k <= 2; ++k) { /* the second one is equal too */
        expect(dev, IPL_MI_MIXED, k, &c, 0, mixed, mixed, 0);
        expect(dev, IPL_MI_MS, k, &c, 0, ms, ms, 0);
        expect(dev, IPL_MI_ROSS, k, &c, 0, NAN, 47.0 / 60 - (k == 1 ? 1.0 : 0.0),
               IPL_MI_TIES | (k == 1 ? IPL_MI_NEGATIVE : 0u));
        expect(dev, IPL_MI_KSG, k, &c, 0,
               137.0 / 60 + (k == 2 ? 1.0 : 0.0), NAN, IPL_MI_TIES);
    }
    near_free(&c);
}

/* Each row of an even line has a neighbour on both sides, the outer ones but one. T is
 * constant. */
static void tied_distances_are_as_by_hand(void **state)
{
    static const float x[] = {0, 1, 2, 3}, t[] = {5, 5, 5, 5};
    static const int32_t y[] = {0, 0, 0, 0};
    ipl_device *dev = check_device(state);
    near_case c = of_values(4, x, 1, t, y);
    ipl_mi_job job;
    expect(dev, IPL_MI_MS, 1, &c, 0, 1.0 / 3, 1.0 / 3, 0);
    expect(dev, IPL_MI_MIXED, 1, &c, 0, log(4.0) - 11.0 / 6 + gamma_,
           log(4.0) - 11.0 / 6 + gamma_, IPL_MI_TIES);
    near_points(dev, IPL_MI_KSG, 1, &c, &job);
    near_close_to("ksg1", job.point[0].i_xt, 0.0, few);
    CHECK(!(job.point[0].flags & IPL_MI_TIES) && job.point[1].flags & IPL_MI_TIES);
    /* psi(1) - 1 + psi(4) - <psi(1, 2, 2, 1)> - psi(3) */
    near_close_to("ksg2", job.point[1].i_xt, -1.0 + 1.0 / 3 - 1.0 / 2, few);
    CHECK(job.point[1].flags & IPL_MI_NEGATIVE);
    near_free(&c);
}

/* Rows (0,0) and (3,3) are nearer to each other than (4,0) in the max norm only. */
static void ross_is_euclidean(void **state)
{
    static const float t[] = {0, 0, 3, 3, 4, 0, 4, -10}, x[] = {0, 0, 0, 0};
    static const int32_t y[] = {0, 0, 1, 1};
    near_case c = of_values(4, x, 2, t, y);
    expect(check_device(state), IPL_MI_ROSS, 1, &c, 0, NAN, 5.0 / 6 - 7.0 / 8,
           IPL_MI_NEGATIVE);
    near_free(&c);
}

/* -- Plain loops ------------------------------------------------------------------*/

/* Float32 differences of these layers are exact, and so is each count of the max norm.
 * Else a count or two may be off by one where distances are equal to rounding. */
static double allowed(near_kind kind, ipl_mi_estimator family, int64_t n, int64_t k)
{
    const int exact = kind != NEAR_TANH && family != IPL_MI_ROSS;
    return exact || kind == NEAR_LATTICE ? 1e-12 : 2.0 / (double)(n * k);
}

static void points_are_those_of_plain_loops(void **state)
{
    static const int64_t shape[][4] = { /* n, dx, d, k */
        {2, 1, 1, 1}, {7, 2, 1, 3}, {130, 1, 3, 5}, {129, 12, 10, 4}, {100, 3, 70, 1},
        {131, 2, 2, 64}};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s)
        for (near_kind kind = 0; kind < NEAR_KINDS; ++kind) {
            const int64_t n = shape[s][0], k = shape[s][3];
            near_case c = near_make(kind, n, shape[s][1], shape[s][2], 3);
            const ipl_mi_samples samples = {
                .n = n, .y = c.y, .inputs_d = c.dx, .inputs = c.x};
            for (int f = 0; f < FAMILIES; ++f) {
                ipl_mi_job job;
                const ipl_mi_options o = near_options(families[f], k);
                const double bound = allowed(kind, families[f], n, k);
                near_points(dev, families[f], k, &c, &job);
                for (int p = 0; p < job.points; ++p) {
                    double i_xt, i_ty;
                    CHECK_OK(ipl_mi_plain(&o, &samples, c.d, c.t, p, &i_xt, &i_ty));
                    near_close_to(job.point[p].name, job.point[p].i_xt, i_xt, bound);
                    near_close_to(job.point[p].name, job.point[p].i_ty, i_ty, bound);
                }
            }
            near_free(&c);
        }
}

/* One unit serves both: neither side overflows where the other is small. */
static void inputs_and_layers_differ_in_size(void **state)
{
    ipl_device *dev = check_device(state);
    for (int large_t = 0; large_t < 2; ++large_t) {
        near_case c = near_make(NEAR_LINEAR, 100, 2, 2, 3);
        float *large = large_t ? c.t : c.x;
        for (int64_t v = 0; v < 2 * c.n; ++v) large[v] *= 0x1p90f;
        const ipl_mi_samples samples = {.n = c.n, .inputs_d = c.dx, .inputs = c.x};
        for (int f = 0; f < FAMILIES; ++f) {
            double i_xt, i_ty;
            const ipl_mi_options o = near_options(families[f], 5);
            const ipl_mi_point p = near_points(dev, families[f], 5, &c, NULL);
            CHECK_OK(ipl_mi_plain(&o, &samples, c.d, c.t, 0, &i_xt, &i_ty));
            near_close_to(p.name, p.i_xt, i_xt, 1e-12);
        }
        near_free(&c);
    }
}

/* -- Flags ------------------------------------------------------------------------*/

static void flags_of(ipl_device *dev, const near_case *c, int64_t k, unsigned flag,
                     const char *expected)
{
    char got[64] = "";
    for (int f = 0; f < FAMILIES; ++f) {
        ipl_mi_job job;
        near_points(dev, families[f], k, c, &job);
        for (int p = 0; p < job.points; ++p) {
            if (!(job.point[p].flags & flag)) continue;
            if (*got) strcat(got, " ");
            strcat(got, job.point[p].name);
        }
    }
    if (strcmp(got, expected))
        fail_msg("flag %u: of '%s', expected '%s'", flag, got, expected);
}

static void ties_are_flagged_where_an_estimate_is_off(void **state)
{
    enum { N = 150 };
    ipl_device *dev = check_device(state);
    near_case c = near_alloc(N, 2, 2, 3);
    for (int64_t i = 0; i < 2 * N; ++i) {
        c.x[i] = (float)near_normal(710, i);
        c.t[i] = (float)near_normal(711, i);
        c.y[i / 2] = (int32_t)(i / 2 % 3);
    }
    flags_of(dev, &c, 5, IPL_MI_TIES, "");
    flags_of(dev, &c, 64, IPL_MI_TIES, "");
    /* A constant layer: no neighbour is away in T, and equal rows are MIXED's case. */
    for (int64_t i = 0; i < N; ++i) c.t[2 * i] = c.t[2 * i + 1] = 1.0f;
    flags_of(dev, &c, 5, IPL_MI_TIES, "ksg2 ross");
    near_free(&c);

    c = near_make(NEAR_REPEATED, N, 3, 2, 3);
    flags_of(dev, &c, 2, IPL_MI_TIES, "ksg1 ksg2 ross");
    flags_of(dev, &c, 3, IPL_MI_TIES, "ksg2 mixed");
    near_free(&c);
    c = near_make(NEAR_LATTICE, N, 2, 2, 3);
    flags_of(dev, &c, 5, IPL_MI_TIES, "ksg1 ksg2 mixed ross");
    near_free(&c);
}

static void negative_values_are_kept_and_flagged(void **state)
{
    enum { N = 60 };
    ipl_device *dev = check_device(state);
    near_case c = near_alloc(N, 1, 1, 2);
    int negative = 0, positive = 0;
    for (int64_t s = 0; s < 8; ++s) { /* independent ones: of either sign */
        for (int64_t i = 0; i < N; ++i) {
            c.x[i] = (float)near_normal(720, s * N + i);
            c.t[i] = (float)near_normal(721, s * N + i);
            c.y[i] = near_uniform(722, s * N + i) < 0.5;
        }
        for (int f = 0; f < FAMILIES; ++f) {
            const ipl_mi_point p = near_points(dev, families[f], 5, &c, NULL);
            const int below = p.i_xt < 0.0 || p.i_ty < 0.0;
            CHECK(below == !!(p.flags & IPL_MI_NEGATIVE));
            negative += below;
            positive += !below;
        }
    }
    CHECK(negative > 4 && positive > 2);
    near_free(&c);
}

static void too_few_rows_are_refused(void **state)
{
    enum { N = 6 };
    ipl_device *dev = check_device(state);
    near_case c = near_make(NEAR_LINEAR, N, 2, 2, 2);
    for (int f = 0; f < FAMILIES; ++f) {
        const ipl_mi_estimator family = families[f];
        const ipl_mi_point most = near_points(dev, family, N - 1, &c, NULL);
        CHECK(!(most.flags & IPL_MI_REFUSED) && most.refusal == IPL_MI_NOT_REFUSED);
        CHECK(!isnan(most.i_xt) || !isnan(most.i_ty));
        for (int64_t k = N; k <= IPL_MI_K_MAX; k += IPL_MI_K_MAX - N) {
            const ipl_mi_point p = near_points(dev, family, k, &c, NULL);
            CHECK(p.flags == IPL_MI_REFUSED && p.refusal == IPL_MI_FEW_ROWS);
            CHECK(isnan(p.i_xt) && isnan(p.i_ty));
        }
        ipl_mi_options o = near_options(family, 0);
        CHECK_FAILS(ipl_mi_options_check(&o), IPL_E_ARGUMENT, "k is 0");
        o.k = IPL_MI_K_MAX + 1;
        CHECK_FAILS(ipl_mi_options_check(&o), IPL_E_ARGUMENT, "k is 65");
    }
    near_free(&c);
}

static const check_test tests[] = {
    CHECK_TEST(digamma_has_its_known_values),
    CHECK_TEST(rows_on_a_line_are_as_by_hand),
    CHECK_TEST(equal_rows_are_as_by_hand),
    CHECK_TEST(tied_distances_are_as_by_hand),
    CHECK_TEST(ross_is_euclidean),
    CHECK_TEST(points_are_those_of_plain_loops),
    CHECK_TEST(inputs_and_layers_differ_in_size),
    CHECK_TEST(ties_are_flagged_where_an_estimate_is_off),
    CHECK_TEST(negative_values_are_kept_and_flagged),
    CHECK_TEST(too_few_rows_are_refused),
};

CHECK_MAIN("mi_near", tests, 1)
