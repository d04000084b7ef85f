/*
 * test_golden_near.c - informations from nearest neighbours, as numpy computes them
 * (golden_near.py).
 *
 * Each line of golden_near.csv names inputs, a layer and labels, made here again by the
 * same generator, and what numpy found. The counts are the same, so that the values
 * agree to the rounding of their sums. Runs in the project's root.
 */
#include "near_case.h"

typedef struct {
    char    family[16], point[16];
    int64_t n, dx, d, seed, k;
    int32_t classes;
    double  i_xt, i_ty;
    int     ties;
} golden;

static double draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 40);
}

static double activation(const golden *g, int64_t unit, double x, double noise)
{
    const double t = x * 0.5 + noise * 0.25;
    if (!strcmp(g->family, "free")) return noise;
    if (!strcmp(g->family, "lattice")) return floor(4.0 * t) / 4.0;
    if (!strcmp(g->family, "saturated")) return fmin(fmax(16.0 * t, -1.0), 1.0);
    if (!strcmp(g->family, "relu")) return unit == 1 ? 0.0 : fmax(t, 0.0);
    if (!strcmp(g->family, "constant")) return 0.5;
    if (strcmp(g->family, "plain") && strcmp(g->family, "twice"))
        fail_msg("golden_near.csv: family '%s'", g->family);
    return t;
}

/* Rows of "twice": each second one is that before it. */
static void repeat_rows(near_case *c)
{
    for (int64_t i = 1; i < c->n; i += 2) {
        memcpy(c->x + i * c->dx, c->x + (i - 1) * c->dx, (size_t)c->dx * sizeof *c->x);
        memcpy(c->t + i * c->d, c->t + (i - 1) * c->d, (size_t)c->d * sizeof *c->t);
        c->y[i] = c->y[i - 1];
    }
}

static near_case make(const golden *g)
{
    const int lattice = !strcmp(g->family, "lattice");
    uint64_t state = (uint64_t)g->seed;
    near_case c = near_alloc(g->n, g->dx, g->d, g->classes + 1);
    for (int64_t v = 0; v < g->n * g->dx; ++v)
        c.x[v] = (float)(draw(&state) / 0x1p23 - 1.0);
    for (int64_t v = 0; v < g->n * g->d; ++v) {
        const double x = (double)c.x[v / g->d * g->dx + v % g->d % g->dx];
        c.t[v] = (float)activation(g, v % g->d, x, draw(&state) / 0x1p23 - 1.0);
    }
    for (int64_t v = 0; lattice && v < g->n * g->dx; ++v)
        c.x[v] = floorf(4.0f * c.x[v]) / 4.0f;
    for (int64_t i = 0; i < g->n; ++i) {
        const int64_t word = (int64_t)draw(&state);
        const double share = ((double)c.x[i * g->dx] + 1.0) / 2.0;
        c.y[i] = word % 8 ? (int32_t)floor(share * g->classes)
                          : (int32_t)(word / 8 % g->classes);
    }
    if (!strcmp(g->family, "free")) c.y[17] = g->classes;
    if (!strcmp(g->family, "twice")) repeat_rows(&c);
    return c;
}

static void compare(ipl_device *dev, const golden *g)
{
    ipl_mi_estimator family;
    ipl_mi_job job;
    CHECK_OK(ipl_mi_point_named(g->point, &family, NULL));
    near_case c = make(g);
    near_points(dev, family, g->k, &c, &job);
    const ipl_mi_point *p = &job.point[!strcmp(g->point, "ksg2")];
    CHECK(!strcmp(p->name, g->point));
    near_close_to(g->point, p->i_xt, g->i_xt, 1e-12);
    near_close_to(g->point, p->i_ty, g->i_ty, 1e-12);
    if (g->ties != !!(p->flags & IPL_MI_TIES))
        fail_msg("%s %s: flags %u, numpy's ties %d", g->family, g->point, p->flags,
                 g->ties);
    near_free(&c);
}

static void points_are_those_of_numpy(void **state)
{
    char header[128];
    int lines = 0;
    golden g;
    FILE *file = fopen("tests/golden_near.csv", "r");
    CHECK(file && fgets(header, sizeof header, file));
    for (;; ++lines) {
        long long n, dx, d, seed, k;
        const int fields =
            fscanf(file, " %15[^,],%lld,%lld,%lld,%d,%lld,%15[^,],%lld,%lf,%lf,%d",
                   g.family, &n, &dx, &d, &g.classes, &seed, g.point, &k, &g.i_xt,
                   &g.i_ty, &g.ties);
        if (fields == EOF) break;
        assert_int_equal(fields, 11);
        g.n = n, g.dx = dx, g.d = d, g.seed = seed, g.k = k;
        compare(check_device(state), &g);
    }
    fclose(file);
    CHECK(lines == 100);
}

static const check_test tests[] = {
    CHECK_TEST(points_are_those_of_numpy),
};

CHECK_MAIN("golden_near", tests, 1)
