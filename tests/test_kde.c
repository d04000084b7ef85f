/*
 * test_kde.c - the pair sums of a backend against double, exact cases, and the
 * promise that a layer's sums depend on the layer alone.
 */
#include "check.h"
#include "kde_check.h"

/* -- Against the oracle -------------------------------------------------------- */

static void sums_stay_within_rounding_at_every_height(void **state)
{
    static const int64_t edge[] = {64, 96, 128, 192, 256, 384, 512, 768, 896, 1536};
    double share = 0.0;
    for (int64_t n = 1; n <= 50; ++n) {
        const layer l = layer_make(NORMAL, n, 5, 3);
        check_oracle(check_device(state), &l, fitting_var(5), 0, &share);
        layer_free(l);
    }
    for (size_t e = 0; e < sizeof edge / sizeof *edge; ++e)
        for (int64_t n = edge[e] - 1; n <= edge[e] + 1; ++n) {
            const layer l = layer_make(NORMAL, n, 5, 4);
            check_oracle(check_device(state), &l, fitting_var(5), 0, &share);
            layer_free(l);
        }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void sums_stay_within_rounding_at_every_width(void **state)
{
    static const int64_t wide[] = {63,  64,  65,  127, 128, 129, 143, 144,
                                   145, 255, 256, 257, 784, 1024};
    double share = 0.0;
    for (int full = 0; full < 2; ++full) {
        for (int64_t d = 1; d <= 40; ++d) {
            const layer l = layer_make(NORMAL, 83, d, 3);
            check_oracle(check_device(state), &l, fitting_var(d), full, &share);
            layer_free(l);
        }
        for (size_t e = 0; e < sizeof wide / sizeof *wide; ++e) {
            const layer l = layer_make(NORMAL, 150, wide[e], 3);
            check_oracle(check_device(state), &l, fitting_var(wide[e]), full, &share);
            layer_free(l);
        }
    }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void means_are_right_to_5e_6_bits_on_every_family(void **state)
{
    static const int64_t width[] = {2, 20, 128, 1024};
    double share = 0.0, worst = 0.0;
    for (int f = SPREAD; f < FAMILIES; ++f)
        for (size_t w = 0; w < sizeof width / sizeof *width; ++w)
            for (int small = 0; small < 2; ++small) {
                const layer l = layer_make(f, 300, width[w], 10);
                const double error = check_oracle(check_device(state), &l,
                                                  small ? 1e-3 : 0.1, 0, &share);
                if (error > 5e-6) /* a chain of 1024 additions, on some devices */
                    fail_msg("%s, d %lld, var %g: %.2g bits", family_name[f],
                             (long long)width[w], small ? 1e-3 : 0.1, error);
                worst = fmax(worst, error);
                layer_free(l);
            }
    printf("# worst mean %.1e bits, %.0f%% of the allowed rounding\n", worst,
           100.0 * share);
}

static void early_exit_costs_less_than_1e_6_bits(void **state)
{
    double worst = 0.0;
    for (int f = SPREAD; f < FAMILIES; ++f)
        for (int64_t d = 100; d <= 1000; d += 900) {
            const int64_t n = check_size(check_device(state), 1500, 300);
            const layer l = layer_make(f, n, d, 10);
            run cut = run_one(check_device(state), &l, 0.1, 0);
            run full = run_one(check_device(state), &l, 0.1, 1);
            for (int k = 0; k < 4; ++k) {
                const double lost = full.job.mean_log[k] - cut.job.mean_log[k];
                CHECK(fabs(lost) / log(2.0) <= 1e-6);
                worst = fmax(worst, fabs(lost) / log(2.0));
            }
            run_close(check_device(state), &cut);
            run_close(check_device(state), &full);
            layer_free(l);
        }
    printf("# at most %.1e bits\n", worst);
}

/* -- Exact cases --------------------------------------------------------------- */

static void check_exact(ipl_device *dev, const layer *l, double noise_var,
                        int full_sums, const int64_t *all, const int64_t *own)
{
    run r = run_one(dev, l, noise_var, full_sums);
    for (int64_t i = 0; i < l->n; ++i) {
        CHECK(r.sum[0 * l->n + i] == all[i] * IPL_KDE_ONE);
        CHECK(r.sum[1 * l->n + i] == own[i] * IPL_KDE_ONE);
        CHECK(r.sum[2 * l->n + i] == all[i] * IPL_KDE_ONE);
        CHECK(r.sum[3 * l->n + i] == own[i] * IPL_KDE_ONE);
    }
    run_close(dev, &r);
}

/* Expects 1 for pairs of equal rows and 0 for all others, exactly. */
static void check_equal_or_far(ipl_device *dev, const layer *l, double noise_var)
{
    int64_t *all = calloc((size_t)l->n, sizeof *all);
    int64_t *own = calloc((size_t)l->n, sizeof *own);
    const size_t bytes = (size_t)l->d * sizeof(float);
    for (int64_t i = 0; i < l->n; ++i)
        for (int64_t j = 0; j < l->n; ++j) {
            if (memcmp(l->t + i * l->d, l->t + j * l->d, bytes)) continue;
            ++all[i];
            own[i] += l->y[i] == l->y[j];
        }
    check_exact(dev, l, noise_var, 0, all, own);
    check_exact(dev, l, noise_var, 1, all, own);
    free(all);
    free(own);
}

static void equal_rows_count_exactly(void **state)
{
    static const int64_t n[] = {2, 23, 130, 800}, d[] = {1, 7, 33, 200};
    for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) {
            layer l = layer_make(NORMAL, n[a], d[b], 3);
            for (int64_t i = 1; i < l.n; ++i)
                memcpy(l.t + i * l.d, l.t, (size_t)l.d * sizeof(float));
            check_equal_or_far(check_device(state), &l, 0.1);
            layer_free(l);
        }
}

static void far_rows_count_only_themselves(void **state)
{
    static const int64_t n[] = {2, 23, 130, 800}, d[] = {1, 7, 33, 200};
    for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) {
            layer l = layer_make(NORMAL, n[a], d[b], 3);
            for (int64_t i = 0; i < l.n; ++i)
                l.t[i * l.d + l.d - 1] = 100.0f * (float)i;
            check_equal_or_far(check_device(state), &l, 0.1);
            layer_free(l);
        }
}

/* Values whose differences, squares or sums leave float's range: equal or far. */
static void huge_values_give_zero_and_not_nan(void **state)
{
    static const float huge[] = {1e19f, 1e30f, 1.5e38f, 3.4e38f};
    for (int h = 0; h < 4; ++h)
        for (int64_t d = 1; d <= 201; d += 40) {
            layer l = layer_make(NORMAL, 131, d, 3);
            for (int64_t e = 0; e < l.n * d; ++e)
                l.t[e] = (float)(e * 7 % 5 - 2) / 2.0f * huge[h];
            check_equal_or_far(check_device(state), &l, 0.05);
            layer_free(l);
        }
}

/* A noise variance in proportion to the activations makes any unit as good as any. */
static void unit_of_the_activations_does_not_matter(void **state)
{
    static const double unit[] = {1e-30, 1e-17, 1e-3, 1e3, 1e17, 1e30};
    double share = 0.0;
    for (int u = 0; u < 6; ++u) {
        layer l = layer_make(NORMAL, 90, 6, 3);
        for (int64_t e = 0; e < l.n * l.d; ++e) l.t[e] *= (float)unit[u];
        check_oracle(check_device(state), &l, fitting_var(6) * unit[u] * unit[u], 0,
                     &share);
        layer_free(l);
    }
}

static void variance_at_the_ends_of_its_range_is_right(void **state)
{
    layer l = layer_make(NORMAL, 50, 3, 2);
    memcpy(l.t + 3, l.t, 3 * sizeof(float));
    check_equal_or_far(check_device(state), &l, 1e-300);
    check_equal_or_far(check_device(state), &l, 1e-30);
    double share = 0.0;
    check_oracle(check_device(state), &l, 1e30, 0, &share);
    check_oracle(check_device(state), &l, 1e300, 0, &share);
    layer_free(l);
}

/* -- Classes ------------------------------------------------------------------- */

static void sums_stay_within_rounding_for_any_classes(void **state)
{
    double share = 0.0;
    for (int kind = 0; kind < 5; ++kind)
        for (int64_t n = 30; n <= 900; n += 290) {
            layer l = layer_make(NORMAL, n, 4, 3);
            for (int64_t i = 0; i < n; ++i)
                switch (kind) {
                case 0: l.y[i] = 0, l.classes = 1; break;
                case 1: l.y[i] = l.y[i] == 1 ? 3 : l.y[i], l.classes = 6; break;
                case 2: l.y[i] = (int32_t)(n - 1 - i), l.classes = (int32_t)n; break;
                case 3: l.y[i] = (int32_t)(i / 5), l.classes = (int32_t)n; break;
                case 4: l.y[i] = i == n / 2, l.classes = 2; break;
                }
            check_oracle(check_device(state), &l, fitting_var(4), 0, &share);
            layer_free(l);
        }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void own_class_is_all_or_one_exactly(void **state)
{
    layer l = layer_make(NORMAL, 333, 6, 1);
    run one = run_one(check_device(state), &l, 1.0, 0);
    CHECK(!memcmp(one.sum, one.sum + l.n, (size_t)l.n * sizeof(int64_t)));
    CHECK(!memcmp(one.sum + 2 * l.n, one.sum + 3 * l.n, (size_t)l.n * sizeof(int64_t)));
    run_close(check_device(state), &one);

    for (int64_t i = 0; i < l.n; ++i) l.y[i] = (int32_t)i;
    l.classes = (int32_t)l.n;
    run each = run_one(check_device(state), &l, 1.0, 0);
    for (int64_t i = 0; i < l.n; ++i)
        CHECK(each.sum[l.n + i] == IPL_KDE_ONE && each.sum[3 * l.n + i] == IPL_KDE_ONE);
    CHECK(each.job.mean_log[1] == 0.0 && each.job.mean_log[3] == 0.0);
    run_close(check_device(state), &each);
    layer_free(l);
}

/* -- A layer's sums depend on the layer alone ---------------------------------- */

enum { COMPANY = 7 };

static void company_make(layer l[COMPANY])
{
    static const int64_t n[COMPANY] = {1000, 77, 2, 770, 1, 300, 500};
    static const int64_t d[COMPANY] = {3, 20, 5, 140, 1, 40, 1};
    for (int j = 0; j < COMPANY; ++j) l[j] = layer_make(NORMAL, n[j], d[j], 4);
}

/* All the layers in one call on `dev`. */
static void company_run(ipl_device *dev, const layer l[COMPANY], run r[COMPANY])
{
    for (int j = 0; j < COMPANY; ++j) r[j] = run_open(dev, &l[j], fitting_var(l[j].d));
    run_all(dev, COMPANY, r, 0);
}

static void company_end(ipl_device *dev, layer l[COMPANY], run r[COMPANY])
{
    for (int j = 0; j < COMPANY; ++j) {
        if (r) run_close(dev, &r[j]);
        if (l) layer_free(l[j]);
    }
}

static void company_and_repetition_change_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    layer l[COMPANY];
    run first[COMPANY], second[COMPANY];
    company_make(l);
    company_run(dev, l, first);
    company_run(dev, l, second);
    for (int j = 0; j < COMPANY; ++j) {
        run alone = run_one(dev, &l[j], fitting_var(l[j].d), 0);
        check_same(&first[j], &second[j]);
        check_same(&first[j], &alone);
        run_close(dev, &alone);
    }
    company_end(dev, NULL, second);
    company_end(dev, l, first);
}

static void number_of_threads_changes_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    layer l[COMPANY];
    run given[COMPANY];
    company_make(l);
    company_run(dev, l, given);
    for (int threads = 1; threads <= 5; threads += 2) {
        ipl_device *other;
        const ipl_device_options options = {.threads = threads};
        run r[COMPANY];
        CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &options, &other));
        company_run(other, l, r);
        for (int j = 0; j < COMPANY; ++j) check_same(&given[j], &r[j]);
        company_end(other, NULL, r);
        ipl_device_close(other);
    }
    company_end(dev, l, given);
}

static void permuted_rows_have_the_permuted_sums(void **state)
{
    const layer l = layer_make(NORMAL, 400, 9, 5);
    check_permuted(check_device(state), &l, fitting_var(9));
    layer_free(l);
}

static const check_test tests[] = {
    CHECK_TEST(sums_stay_within_rounding_at_every_height),
    CHECK_TEST(sums_stay_within_rounding_at_every_width),
    CHECK_TEST(sums_stay_within_rounding_for_any_classes),
    CHECK_TEST(means_are_right_to_5e_6_bits_on_every_family),
    CHECK_TEST(early_exit_costs_less_than_1e_6_bits),
    CHECK_TEST(equal_rows_count_exactly),
    CHECK_TEST(far_rows_count_only_themselves),
    CHECK_TEST(huge_values_give_zero_and_not_nan),
    CHECK_TEST(unit_of_the_activations_does_not_matter),
    CHECK_TEST(variance_at_the_ends_of_its_range_is_right),
    CHECK_TEST(own_class_is_all_or_one_exactly),
    CHECK_TEST(company_and_repetition_change_no_bit),
    CHECK_TEST(number_of_threads_changes_no_bit),
    CHECK_TEST(permuted_rows_have_the_permuted_sums),
};

CHECK_MAIN("kde", tests, 1)
