/*
 * test_kde_curve.c - pair sums of narrow layers whose rows are mostly far apart, so
 * that a backend may put them in an order of its own and leave most pairs out.
 */
#include "check.h"
#include "kde_check.h"

/* A layer's rows: anywhere in a cube with a side of about 60 noises, in clumps of very
 * unequal size that are all far from each other, or on a line through all units. */
typedef enum { CUBE, CLUMPS, LINE, PLACES } places;

static const double noise_var = 0.01;

static layer far_make(places where, int64_t n, int64_t d, int32_t classes)
{
    layer l = layer_make(NORMAL, n, d, classes);
    const ipl_random r = {check_seed(), 5000 + (uint64_t)(31 * n + d)};
    for (int64_t i = 0; i < n; ++i) {
        const double along = ipl_random_uniform(r, (uint64_t)i);
        const int64_t clump = (int64_t)(20.0 * along * along);
        for (int64_t k = 0; k < d; ++k) {
            float *t = l.t + i * d + k;
            const double any = ipl_random_uniform(r, (uint64_t)(n + i * d + k));
            switch (where) {
            case CUBE: *t = (float)(6.0 * any); break;
            case CLUMPS: *t = 0.1f * *t + (float)(clump * (7 + 5 * k) % 20 * 4); break;
            default: *t = 0.02f * *t + (float)(20.0 * along); break;
            }
        }
    }
    return l;
}

/* -- Against double -------------------------------------------------------------- */

static void check_row(const layer *l, const run *r, const double *value,
                      const double *allowed, int64_t i, int k)
{
    const double got = (double)r->sum[k * l->n + i] / (double)IPL_KDE_ONE;
    const int64_t e = 4 * i + k;
    if (!(fabs(got - value[e]) <= allowed[e]))
        fail_msg("n %lld d %lld: sum[%d][%lld] is %.12g, want %.12g within %.2g "
                 "(seed %llu)", (long long)l->n, (long long)l->d, k, (long long)i, got,
                 value[e], allowed[e], (unsigned long long)check_seed());
}

static void check_sums(ipl_device *dev, const layer *l)
{
    const int64_t n = l->n;
    double *value = malloc((size_t)n * 8 * sizeof *value), *allowed = value + 4 * n;
    run r = run_one(dev, l, noise_var, 0);
    oracle_kde(n, l->d, l->t, l->y, noise_var, 0, value, allowed);
    for (int64_t i = 0; i < n; ++i)
        for (int k = 0; k < 4; ++k) check_row(l, &r, value, allowed, i, k);
    run_close(dev, &r);
    free(value);
}

static void sums_of_far_rows_are_right_at_every_height(void **state)
{
    static const int64_t more[] = {383, 511, 640, 1023, 1024, 1025, 1151, 1153, 1300};
    for (int64_t n = 1; n <= 300; n += n < 40 ? 3 : 23) {
        const layer l = far_make((places)(n % PLACES), n, 3, 2);
        check_sums(check_device(state), &l);
        layer_free(l);
    }
    for (size_t e = 0; e < sizeof more / sizeof *more; ++e) {
        const layer l = far_make((places)(e % PLACES), more[e], 2, 3);
        check_sums(check_device(state), &l);
        layer_free(l);
    }
}

static void sums_of_far_rows_are_right_at_every_width(void **state)
{
    static const int64_t width[] = {1, 2, 5, 17, 32};
    for (int where = 0; where < PLACES; ++where)
        for (size_t w = 0; w < sizeof width / sizeof *width; ++w) {
            const layer l = far_make((places)where, 1100, width[w], 2);
            check_sums(check_device(state), &l);
            layer_free(l);
        }
}

/* One class, as many as rows, runs of 5, classes without rows, one row of its own. */
static void sums_of_far_rows_are_right_for_any_classes(void **state)
{
    for (int kind = 0; kind < 5; ++kind) {
        layer l = far_make(CUBE, 1200, 2, 3);
        l.classes = kind == 0 ? 1 : (int32_t)l.n;
        for (int64_t i = 0; i < l.n; ++i)
            switch (kind) {
            case 0: l.y[i] = 0; break;
            case 1: l.y[i] = (int32_t)(l.n - 1 - i); break;
            case 2: l.y[i] = (int32_t)(i / 5); break;
            case 3: l.y[i] = l.y[i] == 1 ? 700 : 3 * l.y[i]; break;
            default: l.y[i] = i == l.n / 2; break;
            }
        check_sums(check_device(state), &l);
        layer_free(l);
    }
}

/* Ranges that no square of cells fits: all of them 0, some of them 0, one row so far
 * off that the others share a cell, ends whose difference is no float, denormals. */
static void sums_are_right_for_any_range(void **state)
{
    for (int kind = 0; kind < 6; ++kind) {
        layer l = far_make(CUBE, 1100, 3, 2);
        for (int64_t i = 0; i < l.n; ++i) {
            float *t = l.t + 3 * i;
            switch (kind) {
            case 0: t[0] = t[1] = t[2] = 0.25f; break;
            case 1: t[0] = t[2] = -3e8f; break;
            case 2: t[1] = i == 77 ? 1e30f : t[1]; break;
            case 3: t[2] = i % 3 ? 3.4e38f : -3.4e38f; break;
            case 4: t[0] = 1e-43f * t[0], t[1] = t[2] = -0.0f; break;
            default: t[0] = 1e4f + 1e-2f * floorf(t[0]); break;
            }
        }
        check_sums(check_device(state), &l);
        layer_free(l);
    }
}

/* Two places with a box each, 20 bits apart where 33 is the limit: what a row of the
 * first gets from the second is several times the rounding that it may have. More rows
 * stand far from all others on the same line, so that leaving out pays, and other axes
 * than the units show the whole distance. */
static void rows_within_the_limit_are_not_left_out(void **state)
{
    enum { HERE = 32, THERE = HERE + 1024, N = THERE + 1500 };
    static const int64_t width[] = {3, 13, 20, 32};
    for (size_t w = 0; w < sizeof width / sizeof *width; ++w) {
        const int64_t d = width[w];
        layer l = layer_make(NORMAL, N, d, 2);
        const double apart = sqrt(20.0 * log(2.0) * 8.0 * noise_var / (double)d);
        for (int64_t i = 0; i < N; ++i) {
            l.y[i] = i >= HERE;
            const double at = i < THERE ? apart : 4.0 * (double)(i - THERE + 1);
            for (int64_t k = 0; k < d; ++k) l.t[d * i + k] = l.y[i] ? (float)at : 0.0f;
        }
        check_sums(check_device(state), &l);
        layer_free(l);
    }
}

/* -- Against all pairs ------------------------------------------------------------ */

/* What is left out of a row is less than 2^-21; the sums round otherwise as well. */
static void what_is_left_out_is_below_the_bound(void **state)
{
    for (int where = 0; where < PLACES; ++where) {
        const layer l = far_make((places)where, 1200, 4, 3);
        double *value = malloc((size_t)l.n * 8 * sizeof *value);
        double *rounding = value + 4 * l.n;
        run cut = run_one(check_device(state), &l, noise_var, 0);
        run full = run_one(check_device(state), &l, noise_var, 1);
        oracle_kde(l.n, l.d, l.t, l.y, noise_var, 1, value, rounding);
        for (int64_t i = 0; i < l.n; ++i)
            for (int k = 0; k < 4; ++k) {
                const int64_t lost = full.sum[k * l.n + i] - cut.sum[k * l.n + i];
                const double by = (double)lost / (double)IPL_KDE_ONE;
                const double apart = 2.0 * rounding[4 * i + k];
                CHECK(by <= 0x1p-21 + apart && by >= -apart);
            }
        run_close(check_device(state), &cut);
        run_close(check_device(state), &full);
        free(value);
        layer_free(l);
    }
}

/* -- A layer's sums depend on the layer alone -------------------------------------- */

static void permuted_far_rows_have_the_permuted_sums(void **state)
{
    for (int where = 0; where < PLACES; ++where) {
        const layer l = far_make((places)where, 1100, 3, 4);
        check_permuted(check_device(state), &l, noise_var);
        layer_free(l);
    }
}

enum { COMPANY = 9 };

/* Layers that are worth an order and others, some of one width and in host memory; of
 * the two wide ones the first has few near pairs, the last has no others. */
static void company_make(layer l[COMPANY], int64_t block[COMPANY])
{
    static const int64_t shape[COMPANY][3] = {
        {1100, 3, 0}, {1300, 3, IPL_MI_BLOCK_ROWS}, {1023, 3, 0}, {1024, 1, 0},
        {1500, 8, 0}, {1100, 40, 0}, {2100, 8, 2 * IPL_MI_BLOCK_ROWS}, {5, 8, 0},
        {1200, 40, 0}};
    for (int j = 0; j < COMPANY; ++j) {
        l[j] = far_make((places)(j % PLACES), shape[j][0], shape[j][1], 1 + j);
        block[j] = shape[j][2];
    }
    for (int64_t i = 9; i < l[4].n; i += 2) /* equal rows of all classes */
        memcpy(l[4].t + i * 8, l[4].t + (i % 7) * 8, 8 * sizeof(float));
    for (int64_t e = 0; e < l[8].n * l[8].d; ++e) l[8].t[e] *= 0.01f;
}

/* On `other` all layers in one call, on `dev` each alone. */
static void check_company(ipl_device *dev, ipl_device *other)
{
    layer l[COMPANY];
    int64_t block[COMPANY];
    run r[COMPANY];
    company_make(l, block);
    for (int j = 0; j < COMPANY; ++j)
        r[j] = run_open_block(other, &l[j], noise_var, block[j]);
    run_all(other, COMPANY, r, 0);
    for (int j = 0; j < COMPANY; ++j) {
        run alone = run_one(dev, &l[j], noise_var, 0);
        check_same(&r[j], &alone);
        run_close(dev, &alone);
        run_close(other, &r[j]);
        layer_free(l[j]);
    }
}

static void company_changes_no_bit_of_far_rows(void **state)
{
    check_company(check_device(state), check_device(state));
}

static void length_of_launches_changes_no_bit(void **state)
{
    ipl_device *small = check_small_launches(check_device(state));
    check_company(check_device(state), small);
    ipl_device_close(small);
}

static const check_test tests[] = {
    CHECK_TEST(sums_of_far_rows_are_right_at_every_height),
    CHECK_TEST(sums_of_far_rows_are_right_at_every_width),
    CHECK_TEST(sums_of_far_rows_are_right_for_any_classes),
    CHECK_TEST(sums_are_right_for_any_range),
    CHECK_TEST(rows_within_the_limit_are_not_left_out),
    CHECK_TEST(what_is_left_out_is_below_the_bound),
    CHECK_TEST(permuted_far_rows_have_the_permuted_sums),
    CHECK_TEST(company_changes_no_bit_of_far_rows),
    CHECK_TEST(length_of_launches_changes_no_bit),
};

CHECK_MAIN("kde_curve", tests, 1)
