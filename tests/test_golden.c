/*
 * test_golden.c - the published estimators, as numpy computes them (golden.py).
 *
 * Each line of golden.csv names a layer, made here again by the same generator, and
 * what numpy found: binnings to 1e-12 bits, with the cell of every row; the KDE bounds
 * (float64, direct differences) to 1e-5 bits; matrix-based entropies to 1e-9 bits.
 * Runs in the project's root.
 */
#include <zlib.h>

#include "check.h"
#include "layers.h"

typedef struct {
    char     family[16], estimator[16];
    int64_t  n, d, seed;
    int32_t  classes;
    double   parameter, i_xt, i_ty;
    int64_t  cells;
    unsigned crc;
} golden;

static int64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)(*state >> 40);
}

/* The k-th edge as numpy.linspace(-1, 1, 30) has it, or a multiple of the width, in
 * float32, or the float32 next to that. */
static float at_bound(int64_t word)
{
    const int64_t k = word % 30;
    const double edge = k == 29 ? 1.0 : (double)k * (2.0 / 29.0) - 1.0;
    const float multiple = (float)(word % 41 - 20) * 0.07f;
    const float at = word / 64 % 2 ? (float)edge : multiple;
    const int64_t side = word / 128 % 3;
    return side == 2 ? at : nextafterf(at, side == 0 ? 9.0f : -9.0f);
}

static void fill(const golden *g, float *t, int32_t *y)
{
    uint64_t state = (uint64_t)g->seed;
    const int64_t values = g->n * g->d;
    int64_t *word = test_malloc((size_t)values * sizeof *word);
    for (int64_t i = 0; i < values; ++i) word[i] = draw(&state);
    for (int64_t i = 0; i < g->n; ++i) y[i] = (int32_t)(draw(&state) % g->classes);
    for (int64_t i = 0; i < values; ++i) {
        const double w = (double)word[i];
        const int bit = y[i / g->d] >> (i % g->d % 3) & 1;
        if (!strcmp(g->family, "spread")) t[i] = (float)(w / 0x1p23 - 1.0);
        else if (!strcmp(g->family, "grid")) t[i] = (float)(word[i] % 33 - 16) / 16.0f;
        else if (!strcmp(g->family, "saturated"))
            t[i] = (float)fmin(fmax(w / 0x1p20 - 8.0, -1.0), 1.0);
        else if (!strcmp(g->family, "relu")) t[i] = (float)fmax(w / 0x1p21 - 4.0, 0.0);
        else if (!strcmp(g->family, "clusters")) t[i] = (float)(bit - 0.5 + w / 0x1p28);
        else if (!strcmp(g->family, "bounds")) t[i] = at_bound(word[i]);
        else fail_msg("golden.csv: family '%s'", g->family);
    }
    test_free(word);
}

static void compare(ipl_device *dev, const golden *g)
{
    const int kde = !strncmp(g->estimator, "kde", 3);
    const int renyi = !strcmp(g->estimator, "renyi"), cells = !kde && !renyi;
    ipl_mi_options o = ipl_mi_defaults(kde     ? IPL_MI_KDE
                                       : renyi ? IPL_MI_RENYI
                                               : IPL_MI_BIN);
    o.renyi_alpha = g->parameter;
    o.renyi_rows = 150;
    o.noise_var = g->parameter;
    o.bin_width = g->parameter;
    o.bin_edges = (int64_t)g->parameter;
    o.bin_form = !strcmp(g->estimator, "edges")   ? IPL_BIN_EDGES
                 : !strcmp(g->estimator, "exact") ? IPL_BIN_EXACT
                                                  : IPL_BIN_WIDTH;
    if (strstr(g->estimator, "-mm")) o.bin_correction = IPL_BIN_MILLER_MADOW;

    float *t = test_malloc((size_t)(g->n * g->d) * sizeof *t);
    int32_t *y = test_malloc((size_t)g->n * sizeof *y);
    int32_t *cell = test_malloc((size_t)g->n * sizeof *cell);
    fill(g, t, y);
    const ipl_mi_job job = layer_points(dev, &o, g->n, g->d, t, g->classes, y, cell);
    const ipl_mi_point *p = &job.point[!strcmp(g->estimator, "kde-lower")];
    const double got[2] = {p->i_xt / log(2.0), p->i_ty / log(2.0)};
    const double want[2] = {g->i_xt, g->i_ty};
    const double most = kde ? 1e-5 : renyi ? 1e-9 : 1e-12, bound[2] = {most, most};
    const size_t bytes = (size_t)g->n * sizeof *cell;
    const unsigned crc =
        cells ? (unsigned)crc32(0, (const Bytef *)cell, (uInt)bytes) : 0;
    if (p->cells != (cells ? g->cells : -1) || crc != g->crc)
        fail_msg("%s %lld x %lld, %s: %lld cells, CRC-32 %08x; numpy %lld, %08x",
                 g->family, (long long)g->n, (long long)g->d, g->estimator,
                 (long long)p->cells, crc, (long long)g->cells, g->crc);
    check_within(g->estimator, 2, got, want, bound);
    test_free(t);
    test_free(y);
    test_free(cell);
}

static void points_are_those_of_numpy(void **state)
{
    char header[128];
    int lines = 0;
    golden g;
    FILE *file = fopen("tests/golden.csv", "r");
    CHECK(file && fgets(header, sizeof header, file));
    for (;; ++lines) {
        long long n, d, seed, cells;
        const int fields =
            fscanf(file, " %15[^,],%lld,%lld,%d,%lld,%15[^,],%lf,%lf,%lf,%lld,%x",
                   g.family, &n, &d, &g.classes, &seed, g.estimator, &g.parameter,
                   &g.i_xt, &g.i_ty, &cells, &g.crc);
        if (fields == EOF) break;
        assert_int_equal(fields, 11);
        g.n = n, g.d = d, g.seed = seed, g.cells = cells;
        compare(check_device(state), &g);
    }
    fclose(file);
    CHECK(lines > 50);
}

static const check_test tests[] = {
    CHECK_TEST(points_are_those_of_numpy),
};

CHECK_MAIN("golden", tests, 1)
