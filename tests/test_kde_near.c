/*
 * test_kde_near.c - pair sums of narrow layers of which most pairs are far: what is
 * left out, in what order rows are summed, and rows that lie on a line.
 */
#include "check.h"
#include "kde_check.h"

/* Rows around `clusters` places, each far from the next for noise_var below. */
enum { CLUSTERS = 7 };
static const double small_var = 2e-3;

static layer clustered(int64_t n, int64_t d, int32_t classes)
{
    layer l = layer_make(NORMAL, n, d, classes);
    for (int64_t i = 0; i < n; ++i)
        for (int64_t k = 0; k < d; ++k) {
            const double centre = normal(7, (uint64_t)(i % CLUSTERS * d + k));
            l.t[i * d + k] = (float)tanh(centre + 0.1 * l.t[i * d + k]);
        }
    return l;
}

static void sums_of_clusters_are_right_at_every_height(void **state)
{
    static const int64_t edge[] = {128, 200, 384, 768};
    double share = 0.0;
    for (int64_t n = 1; n <= 50; ++n) {
        const layer l = clustered(n, 3, 3);
        check_oracle(check_device(state), &l, small_var, 0, &share);
        layer_free(l);
    }
    for (size_t e = 0; e < sizeof edge / sizeof *edge; ++e)
        for (int64_t n = edge[e] - 1; n <= edge[e] + 1; ++n) {
            const layer l = clustered(n, 3, 3);
            check_oracle(check_device(state), &l, small_var, 0, &share);
            layer_free(l);
        }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void sums_of_clusters_are_right_at_every_width(void **state)
{
    double share = 0.0;
    for (int64_t d = 1; d <= 33; ++d) {
        const layer l = clustered(300, d, 3);
        check_oracle(check_device(state), &l, small_var, 0, &share);
        layer_free(l);
    }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void sums_of_clusters_are_right_for_any_classes(void **state)
{
    double share = 0.0;
    for (int kind = 0; kind < 5; ++kind)
        for (int64_t n = 30; n <= 610; n += 290) {
            layer l = clustered(n, 4, 3);
            for (int64_t i = 0; i < n; ++i)
                switch (kind) {
                case 0: l.y[i] = 0, l.classes = 1; break;
                case 1: l.y[i] = l.y[i] == 1 ? 3 : l.y[i], l.classes = 6; break;
                case 2: l.y[i] = (int32_t)(n - 1 - i), l.classes = (int32_t)n; break;
                case 3: l.y[i] = (int32_t)(i / 5), l.classes = (int32_t)n; break;
                case 4: l.y[i] = i == n / 2, l.classes = 2; break;
                }
            check_oracle(check_device(state), &l, small_var, 0, &share);
            layer_free(l);
        }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

/* Units that are constant or nearly always at an end, equal rows, a far row, and levels
 * large against the spread. */
static void sums_are_right_on_awkward_layers(void **state)
{
    double share = 0.0;
    for (int kind = 0; kind < 5; ++kind)
        for (int64_t d = 3; d <= 20; d += 17) {
            layer l = clustered(400, d, 3);
            for (int64_t i = 0; i < l.n; ++i)
                for (int64_t k = 0; k < d; ++k) {
                    float *t = &l.t[i * d + k];
                    switch (kind) {
                    case 0: if (k) *t = 0.25f; break;
                    case 1: *t = *t > 0.3f ? 1.0f : *t < -0.3f ? -1.0f : *t; break;
                    case 2: *t = l.t[i % 40 * d + k]; break;
                    case 3: if (i == 200) *t = 1e6f; break;
                    case 4: *t += 4096.0f; break;
                    }
                }
            check_oracle(check_device(state), &l, small_var, 0, &share);
            layer_free(l);
        }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void what_is_left_out_is_below_the_bound(void **state)
{
    double most = 0.0;
    for (int64_t d = 2; d <= 32; d += 6) {
        const int64_t n = check_size(check_device(state), 1200, 600);
        const layer l = clustered(n, d, 4);
        run cut = run_one(check_device(state), &l, small_var, 0);
        run full = run_one(check_device(state), &l, small_var, 1);
        for (int64_t e = 0; e < 4 * n; ++e) {
            const double sum = (double)full.sum[e] / (double)IPL_KDE_ONE;
            const double lost = sum - (double)cut.sum[e] / (double)IPL_KDE_ONE;
            CHECK(fabs(lost) <= 0x1p-24 * (1.0 + 144.0 * sum)); /* and the rounding */
        }
        for (int k = 0; k < 4; ++k) {
            const double lost = full.job.mean_log[k] - cut.job.mean_log[k];
            CHECK(fabs(lost) / log(2.0) <= 1e-6);
            most = fmax(most, fabs(lost) / log(2.0));
        }
        run_close(check_device(state), &cut);
        run_close(check_device(state), &full);
        layer_free(l);
    }
    printf("# at most %.1e bits\n", most);
}

/* -- On a line ------------------------------------------------------------------- */

/* Softmax of two classes, or its first unit: between two ends and near both. The noise
 * is such that the way along the line is the cheaper one. */
enum { LINE_ROWS = 1300 };
static const double line_var = 0.02;

static layer line_make(int64_t n, int64_t d, int32_t classes, double steep)
{
    layer l = layer_make(NORMAL, n, d, classes);
    for (int64_t i = 0; i < n; ++i) {
        const double z = steep * (normal(8, (uint64_t)i) + (l.y[i] ? 1.0 : -1.0));
        l.t[i * d] = (float)(1.0 / (1.0 + exp(-z)));
        if (d == 2) l.t[i * d + 1] = (float)(1.0 / (1.0 + exp(z)));
    }
    return l;
}

static void sums_on_a_line_are_right(void **state)
{
    double share = 0.0;
    for (int64_t d = 1; d <= 2; ++d)
        for (double steep = 0.01; steep < 20.0; steep *= 30.0)
            for (int32_t classes = 1; classes <= 2; ++classes) {
                const layer l = line_make(LINE_ROWS, d, classes, steep);
                const double worst = check_oracle(check_device(state), &l, line_var,
                                                  0, &share);
                CHECK(worst <= 1e-6);
                layer_free(l);
            }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

/* Beside a line, or on one with too many places: no shortcut may be taken. */
static void sums_beside_a_line_are_right(void **state)
{
    double share = 0.0;
    for (int kind = 0; kind < 3; ++kind) {
        layer l = line_make(LINE_ROWS, 2, 2, 2.0);
        for (int64_t i = 0; i < l.n; ++i) {
            if (kind == 0) l.t[2 * i] += 0.01f * (float)(i % 7);
            if (kind == 1) l.t[2 * i + 1] = i ? 1.0f - l.t[2 * i] : 0.9f;
            if (kind == 2) l.t[2 * i] *= 300.0f, l.t[2 * i + 1] = -l.t[2 * i];
        }
        check_oracle(check_device(state), &l, line_var, 0, &share);
        layer_free(l);
    }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

/* -- A layer's sums depend on the layer alone -------------------------------------- */

enum { COMPANY = 6 };

static void company_make(layer l[COMPANY])
{
    static const int64_t n[COMPANY] = {1100, 900, LINE_ROWS, 300, LINE_ROWS, 700};
    static const int64_t d[COMPANY] = {3, 20, 2, 5, 1, 32};
    for (int j = 0; j < COMPANY; ++j)
        l[j] = d[j] <= 2 ? line_make(n[j], d[j], 2, 2.0) : clustered(n[j], d[j], 4);
}

static void company_run(ipl_device *dev, int from, int to, const layer l[COMPANY],
                        run r[COMPANY])
{
    for (int j = from; j < to; ++j) 
        r[j] = run_open(dev, &l[j], l[j].d <= 2 ? line_var : small_var);
    run_all(dev, to - from, r + from, 0);
}

static void threads_and_company_change_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    layer l[COMPANY];
    run given[COMPANY], r[COMPANY];
    company_make(l);
    company_run(dev, 0, COMPANY, l, given);
    for (int threads = 1; threads <= 4; ++threads) {
        ipl_device *other;
        const ipl_device_options options = {.threads = threads};
        CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &options, &other));
        if (threads % 2) company_run(other, 0, COMPANY, l, r);
        else for (int j = 0; j < COMPANY; ++j) company_run(other, j, j + 1, l, r);
        for (int j = 0; j < COMPANY; ++j) {
            check_same(&given[j], &r[j]);
            run_close(other, &r[j]);
        }
        ipl_device_close(other);
    }
    for (int j = 0; j < COMPANY; ++j) {
        run_close(dev, &given[j]);
        layer_free(l[j]);
    }
}

static void permuted_rows_have_the_permuted_sums(void **state)
{
    const layer line = line_make(LINE_ROWS, 2, 2, 2.0);
    const layer near = clustered(LINE_ROWS, 5, 5);
    check_permuted(check_device(state), &line, line_var);
    check_permuted(check_device(state), &near, small_var);
    layer_free(line);
    layer_free(near);
}

static const check_test tests[] = {
    CHECK_TEST(sums_of_clusters_are_right_at_every_height),
    CHECK_TEST(sums_of_clusters_are_right_at_every_width),
    CHECK_TEST(sums_of_clusters_are_right_for_any_classes),
    CHECK_TEST(sums_are_right_on_awkward_layers),
    CHECK_TEST(what_is_left_out_is_below_the_bound),
    CHECK_TEST(sums_on_a_line_are_right),
    CHECK_TEST(sums_beside_a_line_are_right),
    CHECK_TEST(threads_and_company_change_no_bit),
    CHECK_TEST(permuted_rows_have_the_permuted_sums),
};

CHECK_MAIN("kde_near", tests, 1)
