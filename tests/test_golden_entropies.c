/*
 * test_golden_entropies.c - KL and LNN as numpy computes them (golden_entropies.py).
 *
 * Each line of golden_entropies.csv names inputs, a layer and labels, made here again
 * by the same generator, and what numpy found in float64. Runs in the project's root.
 */
#include "check.h"
#include "entropy_case.h"

typedef struct {
    char    family[16], estimator[16];
    int64_t n, d_x, d, seed, k;
    int32_t classes;
    double  h_t, i_xt, i_ty;
} golden;

static int64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)(*state >> 40);
}

static double unit_draw(uint64_t *state) { return (double)draw(state) / 0x1p23 - 1.0; }

static double activation(const golden *g, double copy, double noise, int32_t y,
                         int64_t unit)
{
    if (!strcmp(g->family, "free")) return noise;
    if (!strcmp(g->family, "bent")) return copy * copy + noise * 0x1p-5;
    if (!strcmp(g->family, "thin")) return copy + noise * 0x1p-12;
    if (!strcmp(g->family, "classes")) return (y >> unit % 2) % 2 * 0.75 + noise;
    if (!strcmp(g->family, "scales")) return ldexp(copy + noise, 3 * (int)unit);
    fail_msg("golden_entropies.csv: family '%s'", g->family);
    return NAN;
}

static entropy_case fill(const golden *g)
{
    uint64_t state = (uint64_t)g->seed;
    entropy_case c = case_alloc(g->n, g->d_x, g->d);
    double *noise = test_malloc((size_t)(g->n * g->d) * sizeof *noise);
    c.classes = g->classes;
    c.y = test_malloc((size_t)g->n * sizeof *c.y);
    for (int64_t v = 0; v < g->n * g->d_x; ++v) c.x[v] = (float)unit_draw(&state);
    for (int64_t v = 0; v < g->n * g->d; ++v) noise[v] = unit_draw(&state);
    for (int64_t i = 0; i < g->n; ++i) c.y[i] = (int32_t)(draw(&state) % g->classes);
    for (int64_t v = 0; v < g->n * g->d; ++v) {
        const int64_t i = v / g->d, unit = v % g->d;
        const double copy = (double)c.x[i * g->d_x + unit % g->d_x];
        c.t[v] = (float)activation(g, copy, noise[v], c.y[i], unit);
    }
    test_free(noise);
    return c;
}

static void compare(ipl_device *dev, const golden *g)
{
    const ipl_mi_estimator estimator =
        (ipl_mi_estimator)ipl_mi_family_named(g->estimator);
    const ipl_mi_options o = case_options(estimator, g->k);
    entropy_case c = fill(g);
    const ipl_mi_point p = case_point(dev, &o, &c);
    const double got[3] = {p.h_t, p.i_xt, p.i_ty};
    const double want[3] = {g->h_t, g->i_xt, g->i_ty};
    const double most = 1e-6 * (double)(g->d + g->d_x), bound[3] = {most, most, most};
    CHECK(!(p.flags & IPL_MI_REFUSED));
    CHECK(!!(p.flags & IPL_MI_NEGATIVE) == (g->i_xt < 0.0 || g->i_ty < 0.0));
    check_within(g->family, 3, got, want, bound);
    case_free(c);
}

static void entropies_are_those_of_numpy(void **state)
{
    char header[128];
    int lines = 0;
    golden g;
    FILE *file = fopen("tests/golden_entropies.csv", "r");
    CHECK(file && fgets(header, sizeof header, file));
    for (;; ++lines) {
        long long n, d_x, d, seed, k;
        const int fields = fscanf(file, " %15[^,],%lld,%lld,%lld,%d,%lld,%15[^,],%lld,"
                                        "%lf,%lf,%lf", g.family, &n, &d_x, &d,
                                  &g.classes, &seed, g.estimator, &k, &g.h_t, &g.i_xt,
                                  &g.i_ty);
        if (fields == EOF) break;
        assert_int_equal(fields, 11);
        g.n = n, g.d_x = d_x, g.d = d, g.seed = seed, g.k = k;
        compare(check_device(state), &g);
    }
    fclose(file);
    CHECK(lines >= 27);
}

static const check_test tests[] = {
    CHECK_TEST(entropies_are_those_of_numpy),
};

CHECK_MAIN("golden_entropies", tests, 1)
