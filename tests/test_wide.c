/*
 * test_wide.c - activations in double: differences that an offset does not touch,
 * layers in company, what is left, what is refused. test_wide_bins.c has the bins.
 */
#include "near_case.h"
#include "oracle_bin.h"

enum { N = 120, D = 3 };

/* Multiples of 2^-12 in [-4, 4): with an offset of up to 2^40 they are still exact in
 * double, and without one in float32. */
static double step_at(uint64_t stream, int64_t at)
{
    return floor(near_uniform(stream, at) * 32768.0) / 4096.0 - 4.0;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void same_value(const char *what, double a, double b)
{
    if (memcmp(&a, &b, sizeof a) && !(isnan(a) && isnan(b)))
        fail_msg("%s: %.17g and %.17g", what, a, b);
}

static void same_point(const ipl_mi_point *a, const ipl_mi_point *b)
{
    CHECK(!strcmp(a->name, b->name) && a->cells == b->cells);
    CHECK(a->flags == b->flags && a->refusal == b->refusal);
    same_value(a->name, a->h_t, b->h_t);
    same_value(a->name, a->i_xt, b->i_xt);
    same_value(a->name, a->i_ty, b->i_ty);
    same_value(a->name, a->noise_var, b->noise_var);
    same_value(a->name, a->outside_share, b->outside_share);
    same_value(a->name, a->se_x, b->se_x);
    same_value(a->name, a->se_y, b->se_y);
}

/* -- Differences ------------------------------------------------------------------*/

/* All families, with standard errors, at k = 5. */
static int all_families(ipl_mi_options *o)
{
    int count = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        o[count] = ipl_mi_defaults((ipl_mi_estimator)k);
        if (k != IPL_MI_BIN && k != IPL_MI_KDE && k != IPL_MI_RENYI) o[count].k = 5;
        ++count;
    }
    return count;
}

/* The offset is exact in double, and so is what is left without the median: the points
 * have the bits of a layer in float32 that never had an offset. */
static void offsets_leave_no_trace(void **state)
{
    static const double offset[] = {1e7, 1e8, 1e12};
    ipl_device *dev = check_device(state);
    ipl_mi_options o[IPL_MI_ESTIMATOR_COUNT];
    const int count = (int)check_size(dev, all_families(o), 4); /* emulated: few */
    float centred[N * D], x[N];
    double wide[N * D], column[N];
    int32_t *y = layer_labels(N, 3, check_seed());
    for (int i = 0; i < N; ++i) x[i] = (float)step_at(821, i);
    ipl_mi_samples samples = {.n = N, .y = y, .inputs_d = 1, .inputs = x};
    for (size_t q = 0; q < sizeof offset / sizeof *offset; ++q) {
        samples.error = q ? IPL_MI_ERROR_NONE : IPL_MI_ERROR_JACKKNIFE;
        for (int c = 0; c < D; ++c) {
            for (int i = 0; i < N; ++i)
                column[i] = wide[i * D + c] =
                    offset[q] * (c + 1) + step_at(820, i * D + c);
            qsort(column, N, sizeof *column, by_value);
            for (int i = 0; i < N; ++i)
                centred[i * D + c] = (float)(wide[i * D + c] - column[N / 2]);
        }
        ipl_mi_layer a = {.d = D, .wide = wide}, b = {.d = D, .t = centred};
        CHECK_OK(ipl_mi_estimate_host(dev, count - 1, o + 1, &samples, 1, &a));
        CHECK_OK(ipl_mi_estimate_host(dev, count - 1, o + 1, &samples, 1, &b));
        CHECK(a.points == b.points && a.points > check_size(dev, 8, 3));
        CHECK(a.merged == 0);
        for (int p = 0; p < a.points; ++p) same_point(&a.point[p], &b.point[p]);
    }
    test_free(y);
}

/* A share of the mean square is that of the values as they are. */
static void relative_noise_sees_the_offset(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_mi_options o[2] = {ipl_mi_defaults(IPL_MI_KDE), ipl_mi_defaults(IPL_MI_MIXED)};
    double wide[N], squares = 0.0;
    float plain[N];
    for (int i = 0; i < N; ++i) {
        wide[i] = 1e8 + step_at(822, i);
        plain[i] = (float)step_at(822, i);
        squares += wide[i] * wide[i] / N;
    }
    o[0].noise_relative = 1;
    o[0].noise_var = 2e-17;
    ipl_mi_layer layer[2] = {{.d = 1, .t = plain}, {.d = 1, .wide = wide}};
    const ipl_mi_samples samples = {.n = N};
    CHECK_OK(ipl_mi_estimate_host(dev, 2, o, &samples, 2, layer));
    ipl_mi_options fixed = ipl_mi_defaults(IPL_MI_KDE);
    fixed.noise_var = layer[1].point[0].noise_var;
    CHECK(fabs(fixed.noise_var / (2e-17 * squares) - 1.0) < 1e-13);
    CHECK(layer[0].point[0].noise_var < 1e-14);
    CHECK(layer[1].points == 3 && !strcmp(layer[1].point[2].name, "mixed"));
    double want[2], unused;
    const double bound = 2e-5;
    const ipl_mi_samples whole = {.n = N};
    for (int p = 0; p < 2; ++p) {
        CHECK_OK(ipl_mi_plain(&fixed, &whole, 1, plain, p, &want[p], &unused));
        check_within("kde at an offset", 1, &layer[1].point[p].i_xt, &want[p], &bound);
    }
}

/* -- Company ----------------------------------------------------------------------*/

/* Layers in float32 have the bits that they have alone, in every form of bins. The
 * second one has values that bins in double would place elsewhere: 0.7f / 0.1f is 7,
 * and 0.1f is on the edge 0.1. */
static void layers_in_float32_keep_their_bits(void **state)
{
    static const float edgy[] = {0.7f, 0.65f, 0.75f, 0.1f, 0.05f, 0.15f, -0.3f};
    ipl_device *dev = check_device(state);
    ipl_mi_options o[IPL_MI_ESTIMATOR_COUNT];
    /* Emulated, entropies of neighbours take minutes: the first three families do. */
    const int count = (int)check_size(dev, all_families(o), 3);
    float *t = layer_make(N, D, 9, 0.4, check_seed()), x[N], on_edges[N];
    double wide[N];
    int32_t *y = layer_labels(N, 3, check_seed());
    for (int i = 0; i < N; ++i) {
        x[i] = (float)near_normal(830, i);
        wide[i] = 1e8 + near_normal(831, i);
        on_edges[i] = edgy[i * 5 % 7];
    }
    ipl_mi_samples samples = {.n = N, .y = y, .inputs_d = 1, .inputs = x};
    for (int form = 0; form < IPL_BIN_FORM_COUNT; ++form) {
        samples.error = form ? IPL_MI_ERROR_NONE : IPL_MI_ERROR_JACKKNIFE;
        o[0] = bin_options((ipl_bin_form)form, 9, 0.1);
        o[0].bin_lo = -0.7;
        o[0].bin_hi = 0.1;
        o[0].bin_correction = form % 2 ? IPL_BIN_MILLER_MADOW : IPL_BIN_PLUGIN;
        ipl_mi_layer alone[2] = {{.d = D, .t = t}, {.d = 1, .t = on_edges}};
        ipl_mi_layer layer[3] = {alone[0], alone[1], {.d = 1, .wide = wide}};
        CHECK_OK(ipl_mi_estimate_host(dev, count, o, &samples, 2, alone));
        CHECK_OK(ipl_mi_estimate_host(dev, count, o, &samples, 3, layer));
        for (int l = 0; l < 2; ++l) {
            CHECK(alone[l].points == layer[l].points);
            for (int p = 0; p < alone[l].points; ++p)
                same_point(&alone[l].point[p], &layer[l].point[p]);
        }
        same_value("i_next", alone[0].point[0].i_next, layer[0].point[0].i_next);
        CHECK(layer[1].point[0].i_next >= 0.0 && isnan(layer[2].point[0].i_next));
    }
    test_free(t);
    test_free(y);
}

/* T' has T's cells: I(T;T') = H(T), though one is in float32 and one in double. */
static void neighbours_share_cells(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_COUNT, 6, 1.0);
    float t[N];
    double wide[N];
    for (int i = 0; i < N; ++i) {
        t[i] = (float)step_at(832, i);
        wide[i] = 1e12 + (double)t[i];
    }
    ipl_mi_layer layer[2] = {{.d = 1, .t = t}, {.d = 1, .wide = wide}};
    const ipl_mi_samples samples = {.n = N};
    CHECK_OK(ipl_mi_estimate_host(dev, 1, &o, &samples, 2, layer));
    const double bound = oracle_entropy_bound(N);
    check_within("I(T;T')", 1, &layer[0].point[0].i_next, &layer[1].point[0].h_t,
                 &bound);
    CHECK(layer[0].point[0].cells == 6);
}

/* Doubles that float32 holds: nothing is moved. */
static void exact_doubles_have_the_bits_of_float32(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_mi_options o[IPL_MI_ESTIMATOR_COUNT];
    const int count = (int)check_size(dev, all_families(o), 4); /* emulated: few */
    float *t = layer_make(N, D, 9, 0.4, check_seed() + 1);
    double wide[N * D];
    for (int v = 0; v < N * D; ++v) wide[v] = t[v];
    ipl_mi_layer a = {.d = D, .wide = wide}, b = {.d = D, .t = t};
    const ipl_mi_samples samples = {.n = N};
    CHECK_OK(ipl_mi_estimate_host(dev, count, o, &samples, 1, &a));
    CHECK_OK(ipl_mi_estimate_host(dev, count, o, &samples, 1, &b));
    for (int p = 0; p < a.points; ++p) same_point(&a.point[p], &b.point[p]);
    test_free(t);
}

/* -- What is left -----------------------------------------------------------------*/

/* 1, 1 + e and 1 + e: three values of the first column are one float32, whether the
 * median, 2, is taken off or not; 1e10 + 1 of the second is one of two only without. */
static void merged_values_are_counted(void **state)
{
    enum { ROWS = 6 };
    ipl_device *dev = check_device(state);
    const double e = ldexp(1.0, -40), a[ROWS] = {1 + e, 2, 1, 1e10, 3, 1 + e};
    const double b[ROWS] = {1e10, 1e10 + 1, 1e10 + 4, 1e10 + 2, 1e10 + 5, 1e10 + 3};
    double wide[2 * ROWS];
    float t[2 * ROWS];
    int64_t merged = -1;
    (void)dev;
    for (int i = 0; i < ROWS; ++i) {
        wide[2 * i] = a[i];
        wide[2 * i + 1] = b[i];
    }
    CHECK_OK(ipl_mi_narrow("t", ROWS, 2, wide, t, &merged));
    assert_int_equal(merged, 3);
    for (int i = 0; i < ROWS; ++i)
        CHECK(t[2 * i] == (float)a[i] && t[2 * i + 1] == (float)(b[i] - (1e10 + 3)));
    ipl_mi_layer layer = {.d = 2, .wide = wide};
    const ipl_mi_options o[2] = {bin_options(IPL_BIN_EXACT, 1, 1.0),
                                 ipl_mi_defaults(IPL_MI_KDE)};
    const ipl_mi_samples samples = {.n = ROWS};
    CHECK_OK(ipl_mi_estimate_host(dev, 2, o, &samples, 1, &layer));
    assert_int_equal(layer.merged, 3);
    assert_int_equal(layer.point[0].cells, 6);
    CHECK_OK(ipl_mi_estimate_host(dev, 1, o, &samples, 1, &layer));
    assert_int_equal(layer.merged, 0); /* BIN has them apart */
}

/* Orders of magnitude around 0: a shift would join the small ones. */
static void small_gaps_around_0_survive(void **state)
{
    enum { ROWS = 50 };
    double wide[ROWS];
    float t[ROWS];
    int64_t merged = -1;
    (void)state;
    for (int i = 0; i < ROWS; ++i) wide[i] = pow(3.0, i - 25);
    CHECK_OK(ipl_mi_narrow("t", ROWS, 1, wide, t, &merged));
    assert_int_equal(merged, 0);
    for (int i = 0; i < ROWS; ++i) CHECK(t[i] == (float)wide[i]);
}

static void wrong_values_are_named(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_mi_options kde = ipl_mi_defaults(IPL_MI_KDE);
    ipl_mi_options bin = bin_options(IPL_BIN_COUNT, 4, 1.0);
    double wide[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    float t[8] = {0};
    ipl_mi_layer layer = {.name = "t.npy", .d = 2, .wide = wide, .points = 99};
    const ipl_mi_samples samples = {.n = 4};
    wide[5] = wide[6] = NAN;
    for (int e = 0; e < 2; ++e)
        CHECK_FAILS(ipl_mi_estimate_host(dev, 1, e ? &bin : &kde, &samples, 1, &layer),
                    IPL_E_NUMERIC, "t.npy: 2 of 8 activations are NaN or infinite, "
                    "first in row 2, column 1 (nan)");
    wide[6] = 1e300;
    wide[5] = 6;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &kde, &samples, 1, &layer), IPL_E_NUMERIC,
                "t.npy: 1 of 4 values of column 0 are beyond float32's range, first in "
                "row 3 (1e+300): the estimator bin takes them in double");
    wide[5] = wide[6] = 1e308; /* the advice is good, and has an end */
    CHECK_OK(ipl_mi_estimate_host(dev, 1, &bin, &samples, 1, &layer));
    wide[5] = -1e308;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &bin, &samples, 1, &layer), IPL_E_NUMERIC,
                "t.npy: the range from -1e+308 to 1e+308 is beyond float64's");
    layer.t = t;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &bin, &samples, 1, &layer), IPL_E_ARGUMENT,
                "layer 1: activations in float32 and in double");
    layer.wide = NULL;
    t[3] = -INFINITY;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &bin, &samples, 1, &layer), IPL_E_NUMERIC,
                "t.npy: 1 of 8 activations are NaN or infinite, first in row 1, column "
                "1 (-inf)");
}

static const check_test tests[] = {
    CHECK_TEST(offsets_leave_no_trace),
    CHECK_TEST(relative_noise_sees_the_offset),
    CHECK_TEST(layers_in_float32_keep_their_bits),
    CHECK_TEST(neighbours_share_cells),
    CHECK_TEST(exact_doubles_have_the_bits_of_float32),
    CHECK_TEST(merged_values_are_counted),
    CHECK_TEST(small_gaps_around_0_survive),
    CHECK_TEST(wrong_values_are_named),
};
CHECK_MAIN("wide", tests, 1)
