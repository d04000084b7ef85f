/*
 * test_density_fits.c - LGA by the entry local_densities of each backend, against
 * local_gauss.h on float64 moments.
 */
#include "check.h"
#include "density_run.h"
#include "local_case.h"

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The others of row i less row i, [others][d]. */
static double *others_of(const layer *l, int64_t i, int64_t *others)
{
    const int64_t d = l->d[0];
    double *u = test_malloc((size_t)(l->n * d) * sizeof *u);
    *others = 0;
    for (int64_t j = 0; j < l->n; ++j) {
        if (j == i || (l->classes && l->y[j] != l->y[i])) continue;
        for (int64_t a = 0; a < d; ++a)
            u[*others * d + a] = (double)l->t[0][j * d + a] -
                                 (double)l->t[0][i * d + a];
        ++*others;
    }
    return u;
}

/* The points of local_case.h as rows; h is the distance to the k-th other. */
static layer kind_make(int kind, int64_t n, int64_t d, int32_t classes, int k)
{
    layer l = layer_make(n, d, 0, classes);
    double *u = case_points(kind, n, d, 20);
    double *square = test_malloc((size_t)n * sizeof *square);
    for (int64_t e = 0; e < n * d; ++e) l.t[0][e] = (float)u[e];
    test_free(u);
    for (int64_t i = 0; i < n; ++i) {
        int64_t others;
        u = others_of(&l, i, &others);
        for (int64_t j = 0; j < others; ++j)
            square[j] = case_dot(d, u + j * d, u + j * d);
        qsort(square, (size_t)others, sizeof *square, ascending);
        l.square[i] = (float)square[k - 1];
        test_free(u);
    }
    test_free(square);
    return l;
}

static double wanted(const layer *l, int64_t i, ipl_local_status *status)
{
    const int64_t d = l->d[0];
    int64_t others;
    double *u = others_of(l, i, &others);
    for (int64_t e = 0; e < others * d; ++e) u[e] /= sqrt((double)l->square[i]);
    double *m = case_moments(others, d, u);
    const double value = case_value(IPL_DENSITY_LGA, d, others, m, status);
    test_free(m), test_free(u);
    return value;
}

/* Rows 0, step, ..: weights that are off by 1e-6 reach a value through the condition of
 * the fit. Returns the worst error. */
static double check_rows(const layer *l, const run *r, int64_t step)
{
    double worst = 0.0;
    for (int64_t i = 0; i < l->n; i += step) {
        ipl_local_status status;
        const double want = wanted(l, i, &status), off = fabs(r->value[i] - want);
        const int refused = status == IPL_LOCAL_SINGULAR || status == IPL_LOCAL_FAR;
        if (r->status[i] != (int32_t)status || (refused ? !isnan(r->value[i])
                                                        : !(off < 2e-3)))
            fail_msg("d %lld, row %lld: %.9g (status %d), want %.9g (%d)",
                     (long long)l->d[0], (long long)i, r->value[i], r->status[i], want,
                     status);
        if (!refused) worst = fmax(worst, off);
    }
    return worst;
}

static void fits_are_those_of_double_precision(void **state)
{
    static const int64_t width[] = {1, 2, 5, 20, 32, 33};
    ipl_device *dev = check_device(state);
    const int emulated = (int)check_size(dev, 0, 1);
    double worst = 0.0;
    for (int kind = 0; kind < (emulated ? 1 : CASE_KINDS); ++kind)
        for (size_t w = 0; w < 6; ++w) {
            const int64_t n = emulated ? width[w] + 12 : 6 * width[w] + 100;
            layer l = kind_make(kind, n, width[w], (int32_t)(w % 3), 8);
            run r = run_one(dev, &l, IPL_DENSITY_LGA);
            worst = fmax(worst, check_rows(&l, &r, emulated ? 1 : 5));
            run_close(dev, &r);
            layer_free(l);
        }
    printf("# off by %.1e nats at most\n", worst);
}

static const check_test tests[] = {
    CHECK_TEST(fits_are_those_of_double_precision),
};

CHECK_MAIN("density_fits", tests, 1)
