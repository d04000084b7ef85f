/*
 * test_mi.c - plug-in estimates, what layers share, and calls that are refused.
 */
#include "check.h"
#include "ipl_data.h"
#include "layers.h"
#include "oracle_bin.h"

/* The 4096 patterns of 12 bits, most significant first, as floats 0 and 1. */
static float *patterns(int64_t d)
{
    float *t = test_malloc((size_t)(4096 * d) * sizeof *t);
    for (int64_t r = 0; r < 4096; ++r)
        for (int64_t k = 0; k < d; ++k) t[r * d + k] = (float)(r >> (11 - k) & 1);
    return t;
}

/* -- Exact cases ------------------------------------------------------------------ */
static void leading_bits_of_the_input_give_so_many_bits(void **state)
{
    ipl_device *dev = check_device(state);
    static const ipl_bin_form forms[] = {IPL_BIN_WIDTH, IPL_BIN_EDGES, IPL_BIN_COUNT};
    for (int f = 0; f < 3; ++f)
        for (int64_t bits = 1; bits <= 12; ++bits) {
            const ipl_mi_options o = bin_options(forms[f], 30, 0.07);
            float *t = patterns(bits);
            int32_t *y = test_malloc(4096 * sizeof *y), *cell = test_malloc(4096 * 4);
            for (int r = 0; r < 4096; ++r) y[r] = r >> 11;
            const ipl_mi_job job = layer_points(dev, &o, 4096, bits, t, 2, y, cell);
            const ipl_mi_point p = job.point[0];
            CHECK(job.points == 1 && !strcmp(p.name, "bin") && !p.bound);
            CHECK(p.i_xt / log(2.0) == (double)bits && p.h_t == p.i_xt);
            CHECK(p.i_ty == log(2.0)); /* the label is the first bit */
            CHECK(p.cells == (int64_t)1 << bits && isnan(p.noise_var));
            CHECK(p.flags == (bits == 12 ? IPL_MI_SATURATED : 0u));
            for (int r = 0; r < 4096; ++r) assert_int_equal(cell[r], r >> (12 - bits));
            test_free(t);
            test_free(y);
            test_free(cell);
        }
}

/* The generated set of the 2017 paper: H(X) = 12 bits, I(X;Y) = H(Y) with 2118 of 4096
 * labels 1, and what the number of set bits alone tells of the label. */
static void facts_of_the_generated_set(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_data_options options = ipl_data_defaults();
    const ipl_mi_options o = bin_options(IPL_BIN_WIDTH, 1, 1.0);
    ipl_dataset set;
    CHECK_OK(ipl_dataset_load(&options, &set));
    const ipl_mi_point x =
        layer_points(dev, &o, set.rows, set.inputs, set.x, 2, set.y, NULL).point[0];
    float *bits = test_calloc((size_t)set.rows, sizeof *bits);
    for (int64_t i = 0; i < set.rows * set.inputs; ++i)
        bits[i / set.inputs] += set.x[i];
    const ipl_mi_point sum =
        layer_points(dev, &o, set.rows, 1, bits, 2, set.y, NULL).point[0];

    const double p = 2118.0 / 4096.0, one = log(2.0);
    const double h_y = -(p * log(p) + (1.0 - p) * log(1.0 - p)) / one;
    CHECK(x.i_xt / one == 12.0 && x.flags == IPL_MI_SATURATED);
    CHECK(fabs(x.i_ty / one - h_y) < 1e-15 && fabs(h_y - 0.99916) < 5e-6);
    CHECK(sum.cells == 13 && fabs(sum.i_ty / one - 0.6276) < 5e-5);
    ipl_dataset_free(&set);
    test_free(bits);
}

static void constant_layer_knows_nothing(void **state)
{
    enum { N = 100, D = 5 };
    ipl_device *dev = check_device(state);
    int32_t *y = layer_labels(N, 3, check_seed());
    float t[N * D];
    for (int i = 0; i < N * D; ++i) t[i] = 0.3f;
    for (int f = 0; f < IPL_BIN_FORM_COUNT; ++f) {
        const ipl_mi_options o = bin_options((ipl_bin_form)f, 30, 0.07);
        const ipl_mi_point p = layer_points(dev, &o, N, D, t, 3, y, NULL).point[0];
        CHECK(p.i_xt == 0.0 && p.i_ty == 0.0 && p.cells == 1 && p.flags == 0);
    }
    test_free(y);
}

static void entropy_of_a_known_multinomial(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_WIDTH, 1, 1.0);
    float t[64];
    for (int i = 0; i < 64; ++i) t[i] = i < 32 ? 0 : i < 48 ? 1 : i < 56 ? 2 : i;
    /* p = 1/2, 1/4, 1/8 and eight times 1/64: H = 1/2 + 2/4 + 3/8 + 6/8 bits */
    const ipl_mi_point p = layer_points(dev, &o, 64, 1, t, 1, NULL, NULL).point[0];
    const double got = p.i_xt / log(2.0), want = 2.125, bound = 8 * DBL_EPSILON;
    check_within("H in bits", 1, &got, &want, &bound);
    CHECK(isnan(p.i_ty) && p.flags == IPL_MI_NO_LABELS && p.cells == 11);
}

static void largest_value_lies_in_the_last_bin(void **state)
{
    ipl_device *dev = check_device(state);
    const float t[5] = {0.0f, 0.999f, 1.0f, 0.5f, 0.25f};
    const ipl_mi_options o = bin_options(IPL_BIN_COUNT, 4, 1);
    int32_t cell[5];
    layer_points(dev, &o, 5, 1, t, 1, NULL, cell);
    CHECK(cell[1] == cell[2] && cell[0] != cell[4] && cell[3] != cell[1]);
}

static void edges_treat_their_ends_as_the_2017_code_does(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_EDGES, 30, 1); /* over [-1, 1] */
    const float t[7] = {-1.0f, nextafterf(-1, -2), 1.0f, 2.0f, 0.99f, -9.0f, 0.0f};
    int32_t cell[7];
    const ipl_mi_point p = layer_points(dev, &o, 7, 1, t, 1, NULL, cell).point[0];
    CHECK(cell[0] != cell[1] && cell[4] != cell[2] && cell[6] != cell[0]);
    CHECK(cell[1] == cell[2] && cell[2] == cell[3] && cell[3] == cell[5]);
    CHECK(p.outside_share == 3.0 / 7.0 && p.flags & IPL_MI_OUTSIDE);
}

static void quantile_bins_hold_equal_shares(void **state)
{
    enum { N = 1000 };
    ipl_device *dev = check_device(state);
    float t[N];
    int32_t order[N], cell[N];
    ipl_random_permutation((ipl_random){check_seed(), 904}, N, order);
    for (int i = 0; i < N; ++i) t[i] = expf((float)order[i] / 100.0f);
    const ipl_mi_options o = bin_options(IPL_BIN_QUANTILES, 8, 1);
    const ipl_mi_point p = layer_points(dev, &o, N, 1, t, 1, NULL, cell).point[0];
    CHECK(p.cells == 8 && fabs(p.i_xt - log(8.0)) < 8 * DBL_EPSILON);
}

/* -- Against the oracle ------------------------------------------------------- */
static void points_match_sorted_rows(void **state)
{
    static const int64_t shape[][2] = {{2, 1},   {3, 4},    {17, 3},   {64, 9},
                                       {500, 2}, {1000, 7}, {900, 33}, {300, 1024}};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s)
        for (int f = 0; f < IPL_BIN_FORM_COUNT; ++f) {
            const int64_t n = shape[s][0], d = shape[s][1];
            const ipl_mi_options o = bin_options((ipl_bin_form)f, 30, 0.07);
            float *t = layer_make(n, d, 20, 0.05, check_seed() + s);
            int32_t *y = layer_labels(n, 5, check_seed());
            int32_t *got = test_malloc((size_t)n * sizeof *got);
            int32_t *want = test_malloc((size_t)n * sizeof *want);
            for (int64_t i = 0; i < n; ++i) y[i] += y[i] >= 2; /* class 2 is empty */
            const ipl_mi_point p = layer_points(dev, &o, n, d, t, 6, y, got).point[0];
            const oracle_point best = oracle_bin(&o, n, d, t, 6, y, want);
            const double mine[2] = {p.i_xt, p.i_ty}, right[2] = {best.h_t, best.i_ty};
            const double bound[2] = {best.bound, best.bound};
            check_within("H(T), I(T;Y)", 2, mine, right, bound);
            assert_int_equal(p.cells, best.cells);
            assert_memory_equal(got, want, (size_t)n * sizeof *got);
            CHECK(p.i_ty >= 0.0 && p.i_ty <= best.h_y + best.bound);
            test_free(t);
            test_free(y);
            test_free(got);
            test_free(want);
        }
}

static void classes_of_one_row_make_the_label_the_input(void **state)
{
    enum { N = 50 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_WIDTH, 1, 0.3);
    float *t = layer_make(N, 2, 9, 0.1, check_seed());
    int32_t y[N];
    for (int i = 0; i < N; ++i) y[i] = N - 1 - i;
    const ipl_mi_point p = layer_points(dev, &o, N, 2, t, N, y, NULL).point[0];
    CHECK(p.i_ty == p.i_xt && p.i_xt > 0.0);
    test_free(t);
}

static void label_entropy_is_that_of_a_layer_of_labels(void **state)
{
    enum { N = 777 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_WIDTH, 1, 1.0);
    int32_t *y = layer_labels(N, 40, check_seed());
    float t[N];
    layer_on layer;
    for (int i = 0; i < N; ++i) t[i] = (float)y[i];
    layer_open(dev, N, 1, t, 45, y, &layer);
    CHECK_OK(layers_estimate(&o, 1, &layer));
    const double h_y = ipl_mi_label_entropy(&layer.y);
    CHECK(layer.job.point[0].i_xt == h_y && layer.job.point[0].i_ty == h_y);
    layer_close(&layer);
    test_free(y);
}

/* -- Calls ------------------------------------------------------------------------ */
static void several_layers_in_one_call_equal_single_calls(void **state)
{
    enum { LAYERS = 6 };
    ipl_device *dev = check_device(state);
    static const int64_t shape[LAYERS][2] = {{4096, 10}, {4096, 3}, {100, 50},
                                             {2, 1},     {4096, 2}, {333, 200}};
    for (int f = 0; f < IPL_BIN_FORM_COUNT; ++f) {
        const ipl_mi_options o = bin_options((ipl_bin_form)f, 30, 0.07);
        layer_on layer[LAYERS];
        ipl_mi_point alone[LAYERS];
        for (int l = 0; l < LAYERS; ++l) {
            const int64_t n = shape[l][0], d = shape[l][1];
            float *t = layer_make(n, d, 70, 0.03, check_seed() + (uint64_t)l);
            int32_t *y = l % 3 ? layer_labels(n, 4, check_seed()) : NULL;
            alone[l] = layer_points(dev, &o, n, d, t, 4, y, NULL).point[0];
            layer_open(dev, n, d, t, 4, y, &layer[l]);
            test_free(t);
            if (y) test_free(y);
        }
        CHECK_OK(layers_estimate(&o, LAYERS, layer));
        for (int l = 0; l < LAYERS; ++l) {
            const ipl_mi_point p = layer[l].job.point[0];
            CHECK(p.i_xt == alone[l].i_xt && p.cells == alone[l].cells);
            CHECK(p.i_ty == alone[l].i_ty || (isnan(p.i_ty) && l % 3 == 0));
            layer_close(&layer[l]);
        }
    }
}

static void a_layer_that_is_not_finite_is_refused(void **state)
{
    enum { N = 40, D = 7 };
    ipl_device *dev = check_device(state);
    for (int e = 0; e < IPL_MI_ESTIMATOR_COUNT; ++e) {
        const ipl_mi_options o = ipl_mi_defaults((ipl_mi_estimator)e);
        layer_on layer[2];
        float *t = layer_make(N, D, 3, 0.5, check_seed());
        layer_open(dev, N, D, t, 1, NULL, &layer[0]);
        t[N * D - 1] = NAN;
        t[5] = -INFINITY;
        layer_open(dev, N, D, t, 1, NULL, &layer[1]);
        layer[0].job.points = 99;
        CHECK_FAILS(layers_estimate(&o, 2, layer), IPL_E_NUMERIC,
                    "job 1: 2 of 280 activations are NaN or infinite");
        CHECK(layer[0].job.points == 99);
        layer_close(&layer[0]);
        layer_close(&layer[1]);
        test_free(t);
    }
}

static ipl_mi_options edges(int64_t bins, double lo, double hi)
{
    ipl_mi_options o = bin_options(IPL_BIN_EDGES, bins, 1);
    o.bin_lo = lo;
    o.bin_hi = hi;
    return o;
}

static ipl_mi_options noise(double var)
{
    ipl_mi_options o = ipl_mi_defaults(IPL_MI_KDE);
    o.noise_var = var;
    return o;
}

static void wrong_arguments_are_named(void **state)
{
    enum { N = 10 };
    ipl_device *dev = check_device(state);
    float t[N] = {0};
    int32_t y[N] = {0};
    char scratch[8];
    layer_on layer;
    size_t bytes;
    const ipl_mi_options good = ipl_mi_defaults(IPL_MI_BIN);
    const struct { ipl_mi_options o; const char *words; } wrong[] = {
        {bin_options(IPL_BIN_WIDTH, 1, 0.0), "bin width 0"},
        {bin_options(IPL_BIN_WIDTH, 1, NAN), "bin width nan"},
        {bin_options(IPL_BIN_WIDTH, 1, 1e-60), "bin width 1e-60"},
        {bin_options(IPL_BIN_COUNT, 0, 1), "0 bins: expected 1 to 65536"},
        {bin_options(IPL_BIN_QUANTILES, 70000, 1), "70000 bins"},
        {bin_options(IPL_BIN_FORM_COUNT, 30, 1), "bin form 5"},
        {edges(1, -1, 1), "1 edges: expected 2 to 65536"},
        {edges(30, 1, 1), "[1, 1]: expected lo < hi"},
        {edges(30, 1, NAN), "nan]"},
        {noise(0.0), "noise variance 0"},
        {noise(INFINITY), "noise variance inf"},
        {ipl_mi_defaults(IPL_MI_ESTIMATOR_COUNT), "estimator"},
    };
    layer_open(dev, N, 1, t, 1, y, &layer);
    ipl_mi_job job = layer_job(&layer);
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; ++w)
        CHECK_FAILS(ipl_mi_scratch_bytes(dev, 1, &wrong[w].o, 1, &job, &bytes),
                    IPL_E_ARGUMENT, wrong[w].words);

    const struct { int64_t rows, cols; const char *words; } shape[] = {
        {1, 1, "job 0: 1 rows: bin expects 2"},
        {9, 1, "job 0: 9 rows, but 10 labels"},
        {N, 0, "job 0: 0 units"},
    };
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s) {
        job.t.rows = shape[s].rows;
        job.t.cols = shape[s].cols;
        CHECK_FAILS(ipl_mi_scratch_bytes(dev, 1, &good, 1, &job, &bytes),
                    IPL_E_ARGUMENT, shape[s].words);
    }
    job = layer_job(&layer);
    CHECK_FAILS(ipl_mi_estimate(dev, 1, &good, 1, &job, scratch, sizeof scratch),
                IPL_E_ARGUMENT, "8 bytes of scratch: expected");
    CHECK_FAILS(ipl_mi_scratch_bytes(dev, 1, &good, 0, &job, &bytes), IPL_E_ARGUMENT,
                "0 jobs");
    layer_close(&layer);
}

/* -- Between layers --------------------------------------------------------------- */
static double between(ipl_device *dev, int64_t n, const int32_t *a, const int32_t *b)
{
    const size_t size = (size_t)n * sizeof *a;
    void *at[2], *scratch;
    size_t bytes;
    double i_ab = NAN;
    CHECK_OK(ipl_alloc(dev, size, &at[0]));
    CHECK_OK(ipl_alloc(dev, size, &at[1]));
    CHECK_OK(ipl_upload(dev, a, size, at[0]));
    CHECK_OK(ipl_upload(dev, b, size, at[1]));
    CHECK_OK(ipl_mi_between_scratch_bytes(dev, 1, n, &bytes));
    CHECK_OK(ipl_alloc(dev, bytes, &scratch));
    const int32_t *const cell_a[1] = {at[0]}, *const cell_b[1] = {at[1]};
    CHECK_OK(ipl_mi_between(dev, 1, n, cell_a, cell_b, scratch, bytes, &i_ab));
    ipl_free(dev, at[0]);
    ipl_free(dev, at[1]);
    ipl_free(dev, scratch);
    return i_ab;
}

static void between_obeys_its_identities(void **state)
{
    enum { N = 2000 };
    ipl_device *dev = check_device(state);
    int32_t *a = layer_labels(N, 600, check_seed()), *b = layer_labels(N, 30, 7);
    int32_t one[N] = {0}, coarse[N], both[N];
    for (int i = 0; i < N; ++i) {
        coarse[i] = a[i] / 7;                    /* a function of a */
        both[i] = (a[i] * 30 + b[i]) % 1999;     /* knows something of each */
    }
    const double bound = oracle_entropy_bound(N);
    const double h_a = between(dev, N, a, a);
    const double h_coarse = between(dev, N, coarse, coarse);
    CHECK(fabs(h_a - oracle_entropy(N, a)) <= bound);
    CHECK(between(dev, N, a, one) == 0.0 && between(dev, N, one, one) == 0.0);
    CHECK(between(dev, N, a, coarse) == h_coarse);
    CHECK(between(dev, N, a, b) == between(dev, N, b, a));
    CHECK(between(dev, N, both, coarse) == between(dev, N, coarse, both));
    /* Data processing: both -> a -> coarse is a chain. */
    CHECK(between(dev, N, both, coarse) <= between(dev, N, both, a) + bound);
    test_free(a);
    test_free(b);
}

static void between_cells_and_labels_is_the_estimate(void **state)
{
    enum { N = 3000, D = 6 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_WIDTH, 1, 0.05);
    float *t = layer_make(N, D, 200, 0.1, check_seed());
    int32_t *y = layer_labels(N, 10, check_seed()), cell[N];
    const ipl_mi_point p = layer_points(dev, &o, N, D, t, 10, y, cell).point[0];
    CHECK(between(dev, N, cell, y) == p.i_ty);
    CHECK(between(dev, N, cell, cell) == p.i_xt);
    test_free(t);
    test_free(y);
}

static const check_test tests[] = {
    CHECK_TEST(leading_bits_of_the_input_give_so_many_bits),
    CHECK_TEST(facts_of_the_generated_set),
    CHECK_TEST(constant_layer_knows_nothing),
    CHECK_TEST(entropy_of_a_known_multinomial),
    CHECK_TEST(largest_value_lies_in_the_last_bin),
    CHECK_TEST(edges_treat_their_ends_as_the_2017_code_does),
    CHECK_TEST(quantile_bins_hold_equal_shares),
    CHECK_TEST(points_match_sorted_rows),
    CHECK_TEST(classes_of_one_row_make_the_label_the_input),
    CHECK_TEST(label_entropy_is_that_of_a_layer_of_labels),
    CHECK_TEST(several_layers_in_one_call_equal_single_calls),
    CHECK_TEST(a_layer_that_is_not_finite_is_refused),
    CHECK_TEST(wrong_arguments_are_named),
    CHECK_TEST(between_obeys_its_identities),
    CHECK_TEST(between_cells_and_labels_is_the_estimate),
};

CHECK_MAIN("mi", tests, 1)
