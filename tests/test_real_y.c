/*
 * test_real_y.c - real-valued targets Y: binned to classes, and compared as values.
 */
#include "files.h"
#include "ipl_data.h"
#include "near_case.h"
#include "oracle_bin.h"

/* -- Values -----------------------------------------------------------------------*/

/* n pairs of Gaussians with a correlation rho. */
static ipl_samples_of of(int64_t rows) { return (ipl_samples_of){"T", rows, 0}; }

static void draw_pairs(int64_t n, double rho, uint64_t stream, float *y, float *t)
{
    for (int64_t i = 0; i < n; ++i) {
        const double a = near_normal(stream, i), b = near_normal(stream + 1, i);
        y[i] = (float)a;
        t[i] = (float)(rho * a + sqrt(1.0 - rho * rho) * b);
    }
}

/* The families that compare values. */
static int comparing(int64_t k, ipl_mi_options *o)
{
    int count = 0;
    for (int f = 0; f < IPL_MI_ESTIMATOR_COUNT; ++f) {
        if (!(ipl_mi_family_of((ipl_mi_estimator)f)->needs & IPL_MI_NEEDS_INPUTS))
            continue;
        o[count] = ipl_mi_defaults((ipl_mi_estimator)f);
        if (f != IPL_MI_LGA) o[count].k = k;
        ++count;
    }
    return count;
}

/* -1/2 log(1 - rho^2), by each family that finds it; the bar is mutinfo's for 1000
 * rows, as in test_mi_near_truth.c, and LGA's and LNN's at that number too. */
static void correlated_normals_are_found(void **state)
{
    static const double rho[] = {0.0, 0.6, 0.9};
    ipl_device *dev = check_device(state);
    const int64_t n = check_size(dev, 1000, 150);
    ipl_mi_options o[IPL_MI_ESTIMATOR_COUNT];
    /* Emulated, entropies of neighbours take minutes: KSG, MIXED and MS do. */
    const int count = (int)check_size(dev, comparing(5, o), 3);
    float *y = test_malloc((size_t)n * sizeof *y), *t = test_malloc((size_t)n * 4);
    for (size_t q = 0; q < sizeof rho / sizeof *rho; ++q) {
        const double want = -0.5 * log(1.0 - rho[q] * rho[q]);
        const double bar = (0.07 + 0.05 * want) * sqrt(1000.0 / (double)n);
        draw_pairs(n, rho[q], 840 + 2 * q, y, t);
        ipl_mi_layer layer = {.d = 1, .t = t};
        const ipl_mi_samples samples = {.n = n, .targets_d = 1, .targets = y};
        CHECK_OK(ipl_mi_estimate_host(dev, count, o, &samples, 1, &layer));
        CHECK(layer.points == check_size(dev, 8, 4));
        for (int p = 0; p < layer.points; ++p) {
            const ipl_mi_point *at = &layer.point[p];
            if (at->estimator == IPL_MI_RENYI) {
                CHECK(at->i_ty >= 0.0 && isfinite(at->i_xt)); /* S(T): inputs differ */
                continue;
            }
            check_within(at->name, 1, &at->i_ty, &want, &bar);
            CHECK(isnan(at->i_xt) && !(at->flags & IPL_MI_NO_LABELS));
        }
    }
    test_free(y);
    test_free(t);
}

/* What is computed of Y is what would be computed of X, to the bit. */
static void targets_are_treated_like_inputs(void **state)
{
    enum { N = 150, D = 2, M = 3 };
    ipl_device *dev = check_device(state);
    const int64_t n = check_size(dev, N, 40);
    ipl_mi_options o[IPL_MI_ESTIMATOR_COUNT];
    const int count = comparing(4, o);
    float t[N * D], y[N * M], x[N];
    for (int v = 0; v < N * D; ++v) t[v] = (float)near_normal(850, v);
    for (int v = 0; v < N * M; ++v)
        y[v] = t[v / M * D] + (float)near_normal(851, v);
    for (int i = 0; i < N; ++i) x[i] = (float)near_normal(852, i);
    ipl_mi_layer as_y = {.d = D, .t = t}, as_x = as_y, both = as_y;
    ipl_mi_samples s = {.n = n, .targets_d = M, .targets = y,
                        .error = IPL_MI_ERROR_JACKKNIFE};
    CHECK_OK(ipl_mi_estimate_host(dev, count, o, &s, 1, &as_y));
    s.inputs_d = 1;
    s.inputs = x;
    CHECK_OK(ipl_mi_estimate_host(dev, count, o, &s, 1, &both));
    s = (ipl_mi_samples){.n = n, .inputs_d = M, .inputs = y,
                         .error = IPL_MI_ERROR_JACKKNIFE};
    CHECK_OK(ipl_mi_estimate_host(dev, count, o, &s, 1, &as_x));
    for (int p = 0; p < as_y.points; ++p) {
        const ipl_mi_point *a = &as_y.point[p], *b = &as_x.point[p];
        const ipl_mi_point *c = &both.point[p];
        CHECK(a->i_ty == b->i_xt && a->se_y == b->se_x && a->se_y > 0.0);
        CHECK(c->i_ty == b->i_xt && c->se_y == b->se_x && !(c->i_xt == c->i_ty));
        CHECK(a->h_t == b->h_t || isnan(a->h_t));
    }
}

/* Nine rows are equal in Y and T, or in Y alone: what KSG flags and entropies refuse of
 * inputs, they do of targets. */
static void flags_and_refusals_are_those_of_inputs(void **state)
{
    enum { N = 60 };
    const unsigned about_x = IPL_MI_SATURATED | IPL_MI_NO_LABELS;
    ipl_device *dev = check_device(state);
    ipl_mi_options o[IPL_MI_ESTIMATOR_COUNT];
    const int count = comparing(4, o);
    float t[N], y[N];
    unsigned seen = 0;
    draw_pairs(N, 0.3, 854, y, t);
    for (int both = 0; both < 2; ++both) {
        for (int i = 0; i < 9; ++i) y[i] = 0.0f;
        for (int i = 0; i < 9 && both; ++i) t[i] = 0.0f;
        ipl_mi_layer as_y = {.d = 1, .t = t}, as_x = as_y;
        const ipl_mi_samples of_y = {.n = N, .targets_d = 1, .targets = y};
        const ipl_mi_samples of_x = {.n = N, .inputs_d = 1, .inputs = y};
        CHECK_OK(ipl_mi_estimate_host(dev, count, o, &of_y, 1, &as_y));
        CHECK_OK(ipl_mi_estimate_host(dev, count, o, &of_x, 1, &as_x));
        for (int p = 0; p < as_y.points; ++p) {
            const ipl_mi_point *a = &as_y.point[p], *b = &as_x.point[p];
            CHECK((a->flags & ~about_x) == (b->flags & ~about_x));
            CHECK(!(a->flags & IPL_MI_NO_LABELS) && a->refusal == b->refusal);
            seen |= a->flags;
        }
    }
    CHECK(seen & IPL_MI_TIES && seen & IPL_MI_REFUSED);
}

static void families_of_classes_have_no_value(void **state)
{
    enum { N = 40 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o[] = {ipl_mi_defaults(IPL_MI_BIN), ipl_mi_defaults(IPL_MI_MS),
                                ipl_mi_defaults(IPL_MI_KDE),
                                ipl_mi_defaults(IPL_MI_ROSS)};
    float t[N], y[N];
    draw_pairs(N, 0.5, 860, y, t);
    ipl_mi_layer layer = {.d = 1, .t = t}, plain = layer;
    const ipl_mi_samples s = {.n = N, .targets_d = 1, .targets = y}, none = {.n = N};
    CHECK_OK(ipl_mi_estimate_host(dev, 4, o, &s, 1, &layer));
    CHECK_OK(ipl_mi_estimate_host(dev, 4, o, &none, 1, &plain));
    CHECK(layer.points == 5 && isfinite(layer.point[1].i_ty));
    for (int p = 0; p < 5; ++p) {
        if (p == 1) continue;
        CHECK(isnan(layer.point[p].i_ty) && layer.point[p].flags & IPL_MI_NO_LABELS);
        CHECK(!memcmp(&layer.point[p].i_xt, &plain.point[p].i_xt, sizeof(double)));
    }
}

static void wrong_targets_are_named(void **state)
{
    enum { N = 40 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = ipl_mi_defaults(IPL_MI_MS);
    float t[N], y[N];
    int32_t classes[N] = {0};
    draw_pairs(N, 0.5, 870, y, t);
    ipl_mi_layer layer = {.d = 1, .t = t};
    ipl_mi_samples s = {.n = N, .targets = y};
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &s, 1, &layer), IPL_E_ARGUMENT,
                "targets of 0 values");
    s.targets_d = 1;
    s.y = classes;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &s, 1, &layer), IPL_E_ARGUMENT,
                "labels and targets");
    s.y = NULL;
    y[3] = NAN;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &s, 1, &layer), IPL_E_NUMERIC,
                "targets: 1 of 40 values are NaN or infinite, first in row 3");
}

/* -- Files ------------------------------------------------------------------------*/

static const float six[6] = {0.5f, 0.125f, 0.125f, 0.875f, 0.75f, 0.25f};

static void write_six(const char *f)
{
    CHECK_OK(ipl_npy_write_float32(files_path(f, "y.npy"), 6, 1, six));
}

static void bins_are_those_by_hand(void **state)
{
    /* Sorted: .125 .125 .25 .5 .75 .875. Three bins begin at numbers 2 and 4, four at
     * numbers 1, 3 and 4: the first one, with nothing below .125, is empty. */
    static const struct { ipl_target_options how; int32_t classes, y[6]; } kind[] = {
        {{IPL_TARGET_BINS, 3, 0, NULL}, 3, {1, 0, 0, 2, 2, 1}},
        {{IPL_TARGET_BINS, 2, 0, NULL}, 2, {1, 0, 0, 1, 1, 0}},
        {{IPL_TARGET_BINS, 4, 0, NULL}, 3, {1, 0, 0, 2, 2, 0}},
        {{IPL_TARGET_BINS, 60, 0, NULL}, 5, {2, 0, 0, 4, 3, 1}},
        {{IPL_TARGET_WIDTH, 0, 0.25, NULL}, 4, {2, 0, 0, 3, 3, 1}},
        {{IPL_TARGET_WIDTH, 0, 9.0, NULL}, 1, {0}},
    };
    char f[FILES_PATH];
    ipl_targets out;
    (void)state;
    files_make_folder(f);
    write_six(f);
    for (size_t q = 0; q < sizeof kind / sizeof *kind; ++q) {
        CHECK_OK(ipl_targets_read(files_path(f, "y.npy"), of(6), &kind[q].how, &out));
        CHECK(!out.values.values && !out.values.wide);
        assert_int_equal(out.classes, kind[q].classes);
        assert_memory_equal(out.y, kind[q].y, sizeof kind[q].y);
        ipl_targets_free(&out);
    }
    files_remove_folder(f);
}

/* An offset that float32 does not hold: bins are made in double. */
static void bins_of_targets_are_made_in_double(void **state)
{
    static const ipl_target_options how[] = {{.form = IPL_TARGET_BINS, .bins = 3},
                                             {.form = IPL_TARGET_WIDTH, .width = 0.25},
                                             {.form = IPL_TARGET_VALUES}};
    char f[FILES_PATH];
    unsigned char file[512];
    double shifted[6];
    ipl_targets out, plain;
    (void)state;
    files_make_folder(f);
    write_six(f);
    for (int i = 0; i < 6; ++i) shifted[i] = (double)six[i] + 1e9;
    const size_t bytes = files_npy(
        1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 6), }",
        sizeof shifted, shifted, file);
    files_write(files_path(f, "far.npy"), bytes, file);
    for (int q = 0; q < 3; ++q) {
        CHECK_OK(ipl_targets_read(files_path(f, "y.npy"), of(6), &how[q], &plain));
        CHECK_OK(ipl_targets_read(files_path(f, "far.npy"), of(6), &how[q], &out));
        if (q < 2) assert_memory_equal(out.y, plain.y, sizeof(int32_t) * 6);
        else {
            CHECK(!out.y && out.values.rows == 6 && out.values.cols == 1);
            assert_memory_equal(plain.values.values, six, sizeof six);
            assert_memory_equal(out.values.wide, shifted, sizeof shifted);
        }
        ipl_targets_free(&out);
        ipl_targets_free(&plain);
    }
    files_remove_folder(f);
}

/* T says in which quarter Y is: with as many bins I(T;Y) is log 4, with two log 2. */
static void binned_targets_give_information_by_counting(void **state)
{
    enum { N = 64 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_EXACT, 1, 1.0);
    const double bound = oracle_entropy_bound(N);
    char f[FILES_PATH];
    float y[N], t[N];
    files_make_folder(f);
    for (int i = 0; i < N; ++i) {
        y[i] = (float)(i * 37 % N) + 0.5f;
        t[i] = floorf(y[i] / (N / 4.0f));
    }
    CHECK_OK(ipl_npy_write_float32(files_path(f, "y.npy"), N, 1, y));
    for (int bins = 2; bins <= 64; bins *= 2) {
        const ipl_target_options how = {.form = IPL_TARGET_BINS, .bins = bins};
        ipl_targets targets;
        CHECK_OK(ipl_targets_read(files_path(f, "y.npy"), of(N), &how, &targets));
        assert_int_equal(targets.classes, bins);
        ipl_mi_layer layer = {.d = 1, .t = t};
        const ipl_mi_samples s = {.n = N, .y = targets.y};
        CHECK_OK(ipl_mi_estimate_host(dev, 1, &o, &s, 1, &layer));
        const double want = log(bins < 4 ? bins : 4);
        check_within("I(T;Y) of bins", 1, &layer.point[0].i_ty, &want, &bound);
        ipl_targets_free(&targets);
    }
    files_remove_folder(f);
}

static void wrong_target_files_are_named(void **state)
{
    static const ipl_target_options classes = {0};
    ipl_target_options bins = {.form = IPL_TARGET_BINS, .bins = 2}, values = bins;
    char f[FILES_PATH];
    float two[6];
    ipl_targets out = {0};
    (void)state;
    values.form = IPL_TARGET_VALUES;
    files_make_folder(f);
    write_six(f);
    memcpy(two, six, sizeof two);
    const char *const y = files_path(f, "y.npy"), *const pair = files_path(f, "p.npy");
    CHECK_FAILS(ipl_targets_read(y, of(6), &classes, &out), IPL_E_FORMAT,
                "y.npy: row 0 is 0.5, a real value and not a class: y_bins = N "
                "(--y-bins N) makes classes of such values, and estimate's --y-values "
                "compares them as they are");
    CHECK_FAILS(ipl_targets_read(y, of(5), &values, &out), IPL_E_FORMAT,
                "y.npy is 6 x 1: expected a target for each of the 5 rows");
    CHECK_OK(ipl_npy_write_float32(pair, 3, 2, two));
    CHECK_FAILS(ipl_targets_read(pair, of(3), &bins, &out), IPL_E_FORMAT,
                "p.npy has 2 columns, and bins are made of one: estimate's --y-values");
    CHECK_OK(ipl_targets_read(pair, of(3), &values, &out)); /* as advised */
    CHECK(out.values.cols == 2);
    ipl_targets_free(&out);
    two[0] = NAN; /* no value: what the reader of labels says of it stays */
    CHECK_OK(ipl_npy_write_float32(pair, 6, 1, two));
    CHECK(ipl_targets_read(pair, of(6), &classes, &out) == IPL_E_FORMAT);
    CHECK(!strstr(ipl_last_error(), "--y-bins"));
    /* Targets that are missing are left out where that is asked for. */
    static const ipl_target_options known = {.form = IPL_TARGET_BINS, .bins = 5,
                                             .no_label = "7,nan"};
    CHECK_OK(ipl_targets_read(pair, of(6), &known, &out));
    CHECK(out.classes == 4 && out.labels.unlabelled == 1);
    CHECK(out.labels.y[0] == IPL_NO_CLASS && out.y[0] == out.labels.y[1]);
    ipl_targets_free(&out);
    two[3] = INFINITY;
    two[0] = six[0];
    CHECK_OK(ipl_npy_write_float32(pair, 3, 2, two));
    CHECK_FAILS(ipl_targets_read(pair, of(3), &values, &out), IPL_E_NUMERIC,
                "p.npy: row 1, column 1 is inf: expected a number");
    bins.bins = 1;
    CHECK_FAILS(ipl_targets_read(y, of(6), &bins, &out), IPL_E_ARGUMENT,
                "1 bins of targets: expected 2 to 65536");
    bins.form = IPL_TARGET_WIDTH;
    CHECK_FAILS(ipl_targets_read(y, of(6), &bins, &out), IPL_E_ARGUMENT,
                "bins of targets of width 0: expected a positive number");
    CHECK(!out.y && !out.values.values);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(correlated_normals_are_found),
    CHECK_TEST(targets_are_treated_like_inputs),
    CHECK_TEST(flags_and_refusals_are_those_of_inputs),
    CHECK_TEST(families_of_classes_have_no_value),
    CHECK_TEST(wrong_targets_are_named),
    CHECK_TEST(bins_are_those_by_hand),
    CHECK_TEST(bins_of_targets_are_made_in_double),
    CHECK_TEST(binned_targets_give_information_by_counting),
    CHECK_TEST(wrong_target_files_are_named),
};
CHECK_MAIN("real y", tests, 1)
