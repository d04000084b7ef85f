/*
 * test_mi_bin.c - exact values as bins, the correction of the bias, standard errors.
 */
#include "check.h"
#include "layers.h"
#include "oracle_bin.h"

/* -- Exact values ----------------------------------------------------------------- */

/* A layer's point, and its cells where they are wanted; block_rows 0: on the device. */
static ipl_mi_point point_of(ipl_device *dev, const ipl_mi_options *o, int64_t n,
                             int64_t d, float *t, int64_t block_rows, int32_t *cell)
{
    layer_on layer;
    layer_open(dev, n, d, t, 1, NULL, &layer);
    float *const on_device = layer.job.t.at;
    if (block_rows) layer.job.t.at = t;
    layer.job.block_rows = block_rows;
    CHECK_OK(layers_estimate(o, 1, &layer));
    if (cell) layer_cells(&layer, cell);
    layer.job.t.at = on_device;
    layer_close(&layer);
    return layer.job.point[0];
}

/* Every row has one element that is the next float32, in the middle of it. */
static void rows_that_differ_in_one_last_bit_stay_apart(void **state)
{
    enum { N = 64, D = 1024 };
    ipl_device *dev = check_device(state), *weak = layer_weak_device(dev);
    const ipl_mi_options o = bin_options(IPL_BIN_EXACT, 1, 1);
    float *t = test_malloc(N * D * sizeof *t);
    int32_t cell[N];
    for (int v = 0; v < N * D; ++v) t[v] = 0.3f;
    for (int i = 0; i < N; ++i)
        t[i * D + 480 + i / 2] = nextafterf(0.3f, i % 2 ? 1 : 0);
    for (int way = 0; way < 4; ++way) {
        const ipl_mi_point p = point_of(way % 2 ? weak : dev, &o, N, D, t,
                                        way / 2 * IPL_MI_BLOCK_ROWS, cell);
        CHECK(p.cells == N && p.i_xt == log(N) && p.flags & IPL_MI_SATURATED);
        for (int i = 0; i < N; ++i) assert_int_equal(cell[i], i);
    }
    ipl_device_close(weak);
    test_free(t);
}

/* Levels k / 256 are exact: the cells are those of the integers k. */
static void quantised_values_count_like_integers(void **state)
{
    ipl_device *dev = check_device(state), *weak = layer_weak_device(dev);
    const ipl_mi_options o = bin_options(IPL_BIN_EXACT, 1, 1);
    for (int64_t d = 1; d <= 65; d = d * 2 + (d == 4)) {
        const int64_t n = check_size(dev, 3000, 1100);
        float *t = test_malloc((size_t)(n * d) * sizeof *t);
        double *level = test_malloc((size_t)(n * d) * sizeof *level);
        int32_t *got = test_malloc((size_t)n * sizeof *got);
        int32_t *want = test_malloc((size_t)n * sizeof *want);
        for (int64_t v = 0; v < n * d; ++v) {
            const uint64_t at = (uint64_t)(v / d % 700 * 97 + v % d);
            level[v] = (double)ipl_random_below((ipl_random){check_seed(), 905}, at, 5);
            t[v] = (float)(level[v] - 2.0) / 256.0f;
            if (t[v] == 0.0f && v % 3) t[v] = -0.0f;
        }
        const int64_t cells = oracle_cells(n, d, level, want);
        const double h = oracle_entropy(n, want), bound = oracle_entropy_bound(n);
        for (int way = 0; way < 4; ++way) {
            const ipl_mi_point p = point_of(way % 2 ? weak : dev, &o, n, d, t,
                                            way / 2 * IPL_MI_BLOCK_ROWS, got);
            assert_int_equal(p.cells, cells);
            check_within("H of levels", 1, &p.i_xt, &h, &bound);
            assert_memory_equal(got, want, (size_t)n * sizeof *got);
            CHECK(p.outside_share == 0.0);
        }
        test_free(t);
        test_free(level);
        test_free(got);
        test_free(want);
    }
    ipl_device_close(weak);
}

/* -- Correction ------------------------------------------------------------------- */

typedef struct {
    int64_t  n, d;
    float   *t;
    int32_t *y, *x; /* labels; numbers of inputs, some of which repeat            */
    int32_t  classes;
} sample;

static sample sample_make(int64_t n, int64_t d, int clusters, int32_t classes,
                          uint64_t seed)
{
    sample s = {n, d, layer_make(n, d, clusters, 0.05, seed),
                layer_labels(n, classes, seed), test_malloc((size_t)n * 4), classes};
    for (int64_t i = 0; i < n; ++i) s.x[i] = (int32_t)(i % (n / 3 + 1));
    return s;
}

static void sample_free(sample *s)
{
    test_free(s->t);
    test_free(s->y);
    test_free(s->x);
}

/* The point of all rows but `without` (-1: of all). */
static ipl_mi_point estimate(ipl_device *dev, const ipl_mi_options *o, const sample *s,
                             int inputs, ipl_mi_error error, int64_t without,
                             int32_t *cell)
{
    const size_t rows = (size_t)s->n;
    float *t = test_malloc(rows * (size_t)s->d * sizeof *t);
    int32_t *y = test_malloc(rows * sizeof *y), *x = test_malloc(rows * sizeof *x);
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; ++i) {
        if (i == without) continue;
        memcpy(t + n * s->d, s->t + i * s->d, (size_t)s->d * sizeof *t);
        y[n] = s->y[i];
        x[n++] = s->x[i];
    }
    layer_on layer;
    layer_open(dev, n, s->d, t, s->classes, y, &layer);
    if (inputs) CHECK_OK(ipl_labels_create(dev, n, (int32_t)s->n, x, &layer.x));
    layer.job.error = error;
    CHECK_OK(layers_estimate(o, 1, &layer));
    if (cell) layer_cells(&layer, cell);
    layer_close(&layer);
    test_free(t);
    test_free(y);
    test_free(x);
    return layer.job.point[0];
}

/* Number of different pairs (a, b), by comparing all rows. */
static int64_t pairs_of(int64_t n, const int32_t *a, const int32_t *b)
{
    int64_t pairs = 0;
    for (int64_t i = 0; i < n; ++i) {
        int64_t j = 0;
        while (j < i && (a[i] != a[j] || b[i] != b[j])) ++j;
        pairs += j == i;
    }
    return pairs;
}

static ipl_mi_options corrected(ipl_bin_form form, double width)
{
    ipl_mi_options o = bin_options(form, 30, width);
    CHECK_OK(ipl_mi_options_set(&o, "correction=miller-madow"));
    return o;
}

static void correction_counts_occupied_cells(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < IPL_BIN_FORM_COUNT - 1; ++f)
        for (int inputs = 0; inputs < 2; ++inputs) {
            sample s = sample_make(600, 3, 12, 4, check_seed() + (uint64_t)f);
            int32_t *cell = test_malloc(600 * sizeof *cell);
            for (int i = 0; i < 600; ++i) s.y[i] += s.y[i] >= 2; /* class 2 is empty */
            ++s.classes;
            const ipl_mi_options o = corrected((ipl_bin_form)f, 0.3);
            ipl_mi_options plain = o;
            plain.bin_correction = IPL_BIN_PLUGIN;
            const ipl_mi_point p = estimate(dev, &plain, &s, inputs, 0, -1, cell);
            const ipl_mi_point q = estimate(dev, &o, &s, inputs, 0, -1, NULL);
            const double each = 1.0 / (2.0 * 600.0);
            const double t = (double)pairs_of(600, cell, cell);
            const double y = (double)pairs_of(600, s.y, s.y);
            const double x = (double)pairs_of(600, s.x, s.x);
            const double ty = (double)pairs_of(600, cell, s.y);
            const double tx = (double)pairs_of(600, cell, s.x);
            const double want[3] = {
                p.h_t + (t - 1) * each, p.i_ty + (t + y - ty - 1) * each,
                p.i_xt + (inputs ? t + x - tx - 1 : t - 1) * each};
            const double got[3] = {q.h_t, q.i_ty, q.i_xt};
            const double bound[3] = {1e-14, 1e-14, 1e-14};
            check_within("H(T), I(T;Y), I(X;T)", 3, got, want, bound);
            CHECK(!(p.flags & IPL_MI_NEGATIVE) && q.cells == p.cells);
            CHECK(!(q.flags & IPL_MI_UNCORRECTED));
            CHECK(!(q.flags & IPL_MI_NEGATIVE) == (q.i_ty >= 0 && q.i_xt >= 0));
            sample_free(&s);
            test_free(cell);
        }
}

/* Beyond a ceiling the value is the plug-in one, each by itself. */
static void correction_ends_at_the_ceilings(void **state)
{
    enum { N = 100 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = corrected(IPL_BIN_EXACT, 1);
    float t[N];
    int32_t y[N];
    for (int i = 0; i < N; ++i) t[i] = (float)i, y[i] = i % 4;
    ipl_mi_point p = layer_points(dev, &o, N, 1, t, 4, y, NULL).point[0];
    CHECK(p.i_xt == log(N) && fabs(p.i_ty - log(4)) < 1e-14);
    CHECK(p.flags == (IPL_MI_SATURATED | IPL_MI_UNCORRECTED));
    t[1] = t[0]; /* nearly all: log N would be passed too, with less */
    p = layer_points(dev, &o, N, 1, t, 4, NULL, NULL).point[0];
    CHECK(p.i_xt < log(N) && p.flags == (IPL_MI_UNCORRECTED | IPL_MI_NO_LABELS));
    for (int i = 0; i < N; ++i) t[i] = (float)(i % 8); /* knows the label */
    p = layer_points(dev, &o, N, 1, t, 4, y, NULL).point[0];
    CHECK(fabs(p.i_ty - log(4)) < 1e-14 && p.flags == IPL_MI_UNCORRECTED);
    CHECK(p.i_xt > log(8) + 6.9 / (2 * N) - 0.001);
    for (int i = 0; i < N; ++i) t[i] = (float)(i / 4 % 5); /* knows nothing */
    p = layer_points(dev, &o, N, 1, t, 4, y, NULL).point[0];
    CHECK(fabs(p.i_ty + 12.0 / (2 * N)) < 1e-14 && p.flags == IPL_MI_NEGATIVE);
}

/* 64 cells of equal probability, 200 rows: the first term is most of the bias. */
static void correction_takes_most_of_the_bias(void **state)
{
    enum { N = 200 };
    ipl_device *dev = check_device(state);
    const int runs = (int)check_size(dev, 40, 8);
    double bias[2] = {0};
    for (int r = 0; r < runs; ++r) {
        int32_t *draw = layer_labels(N, 64, check_seed() + 100 + (uint64_t)r);
        float t[N];
        for (int i = 0; i < N; ++i) t[i] = (float)draw[i];
        for (int c = 0; c < 2; ++c) {
            ipl_mi_options o = corrected(IPL_BIN_EXACT, 1);
            if (!c) o.bin_correction = IPL_BIN_PLUGIN;
            bias[c] += layer_points(dev, &o, N, 1, t, 1, NULL, NULL).point[0].i_xt;
        }
        test_free(draw);
    }
    for (int c = 0; c < 2; ++c) bias[c] = bias[c] / runs - log(64);
    printf("# bias %.4f, corrected %.4f nats\n", bias[0], bias[1]);
    CHECK(bias[0] < -0.13 && fabs(bias[1]) < 0.04);
}

/* -- Standard errors -------------------------------------------------------------- */

static double jackknife(int64_t n, const double *value)
{
    double mean = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; ++i) mean += value[i] / (double)n;
    for (int64_t i = 0; i < n; ++i) squares += (value[i] - mean) * (value[i] - mean);
    return sqrt(squares * (double)(n - 1) / (double)n);
}

static void errors_are_those_of_deleting_each_row(void **state)
{
    enum { N = 60 };
    ipl_device *dev = check_device(state);
    const int n = (int)check_size(dev, N, 40);
    for (int way = 0; way < 4; ++way) {
        const int inputs = way & 1;
        sample s = sample_make(n, 2, 9, 3, check_seed() + (uint64_t)way);
        ipl_mi_options o = corrected(IPL_BIN_WIDTH, 0.3);
        if (way & 2) o.bin_correction = IPL_BIN_PLUGIN;
        s.y[7] = 3; /* a class of one row */
        s.classes = 4;
        const ipl_mi_point p =
            estimate(dev, &o, &s, inputs, IPL_MI_ERROR_JACKKNIFE, -1, NULL);
        double i_xt[N], i_ty[N];
        for (int i = 0; i < n; ++i) {
            const ipl_mi_point q = estimate(dev, &o, &s, inputs, 0, i, NULL);
            CHECK(isnan(q.se_x) && isnan(q.se_y) && !(q.flags & IPL_MI_UNCORRECTED));
            i_xt[i] = q.i_xt;
            i_ty[i] = q.i_ty;
        }
        const double got[2] = {p.se_x, p.se_y}, bound[2] = {1e-13, 1e-13};
        const double want[2] = {jackknife(n, i_xt), jackknife(n, i_ty)};
        check_within("standard errors", 2, got, want, bound);
        CHECK(p.se_x > 0.01 && p.se_y > 0.01);
        sample_free(&s);
    }
}

static void errors_change_no_value(void **state)
{
    ipl_device *dev = check_device(state);
    sample s = sample_make(500, 3, 20, 5, check_seed());
    const ipl_mi_options o = bin_options(IPL_BIN_EDGES, 30, 1);
    const ipl_mi_point p = estimate(dev, &o, &s, 1, IPL_MI_ERROR_JACKKNIFE, -1, NULL);
    ipl_mi_point q = estimate(dev, &o, &s, 1, IPL_MI_ERROR_NONE, -1, NULL);
    CHECK(isnan(q.se_x) && isnan(q.se_y) && p.se_x > 0 && p.se_y > 0);
    CHECK(p.i_xt == q.i_xt && p.i_ty == q.i_ty && p.flags == q.flags);
    sample_free(&s);
}

/* Where all cells have one row, or one has all, nothing depends on the sample. */
static void certain_values_have_no_error(void **state)
{
    enum { N = 50 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_EXACT, 1, 1);
    sample s = {N, 1, test_malloc(N * 4), test_malloc(N * 4), test_malloc(N * 4), 2};
    for (int c = 0; c < 2; ++c) {
        for (int i = 0; i < N; ++i)
            s.t[i] = c ? 1.0f : (float)i, s.y[i] = i % 2, s.x[i] = i;
        const ipl_mi_point p =
            estimate(dev, &o, &s, 0, IPL_MI_ERROR_JACKKNIFE, -1, NULL);
        CHECK(p.se_x == 0.0 && p.se_y < 1e-15);
    }
    sample_free(&s);
}

static const check_test tests[] = {
    CHECK_TEST(rows_that_differ_in_one_last_bit_stay_apart),
    CHECK_TEST(quantised_values_count_like_integers),
    CHECK_TEST(correction_counts_occupied_cells),
    CHECK_TEST(correction_ends_at_the_ceilings),
    CHECK_TEST(correction_takes_most_of_the_bias),
    CHECK_TEST(errors_are_those_of_deleting_each_row),
    CHECK_TEST(errors_change_no_value),
    CHECK_TEST(certain_values_have_no_error),
};

CHECK_MAIN("mi_bin", tests, 1)
