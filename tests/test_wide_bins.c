/*
 * test_wide_bins.c - activations in double fall into the bins of a float64 computation.
 */
#include "near_case.h"
#include "oracle_bin.h"

enum { N = 120, D = 3 };

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Bins of doubles by the words of ipl_mi.h: numpy.floor, numpy.digitize, and no
 * rounding to float32. Returns how many values are outside the edges. */
static int64_t bins_of(const ipl_mi_options *o, int64_t count, const double *t,
                       double *bin)
{
    const int64_t number = oracle_number(o);
    double *sorted = test_malloc((size_t)count * sizeof *sorted);
    double *edge = test_malloc((size_t)(number + 1) * sizeof *edge);
    int64_t edges = 0, outside = 0;
    memcpy(sorted, t, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    const double lo = sorted[0], hi = sorted[count - 1];
    if (o->bin_form == IPL_BIN_EDGES) { /* numpy.linspace(lo, hi, edges) */
        const double step = (o->bin_hi - o->bin_lo) / (double)(number - 1);
        for (; edges < number - 1; ++edges)
            edge[edges] = (double)edges * step + o->bin_lo;
        edge[edges++] = o->bin_hi;
    }
    for (int64_t k = 1; k < number && o->bin_form == IPL_BIN_COUNT; ++k)
        edge[edges++] = (double)k * ((hi - lo) / (double)number) + lo;
    for (int64_t k = 1; k < number && o->bin_form == IPL_BIN_QUANTILES; ++k)
        edge[edges++] = sorted[k * count / number];
    for (int64_t v = 0; v < count; ++v) {
        int64_t above = 0;
        for (int64_t k = 0; k < edges; ++k) above += t[v] >= edge[k];
        bin[v] = o->bin_form == IPL_BIN_EXACT   ? t[v] + 0.0
                 : o->bin_form == IPL_BIN_WIDTH ? floor(t[v] / o->bin_width) + 0.0
                 : o->bin_form == IPL_BIN_EDGES && !above ? (double)edges
                                                          : (double)above;
        if (o->bin_form == IPL_BIN_EDGES)
            outside += t[v] < o->bin_lo || t[v] > o->bin_hi;
    }
    test_free(sorted);
    test_free(edge);
    return outside;
}

/* One layer of n x d against the oracle. */
static void check_bins(ipl_device *dev, const ipl_mi_options *o, int64_t n, int64_t d,
                       const double *t)
{
    double *bin = test_malloc((size_t)(n * d) * sizeof *bin);
    int32_t *cell = test_malloc((size_t)n * sizeof *cell);
    int32_t *pair = test_malloc((size_t)n * sizeof *pair);
    int32_t *y = layer_labels(n, 4, check_seed());
    const int64_t outside = bins_of(o, n * d, t, bin);
    const int64_t cells = oracle_cells(n, d, bin, cell);
    double *both = test_malloc((size_t)(2 * n) * sizeof *both);
    double *label = test_malloc((size_t)n * sizeof *label);
    for (int64_t i = 0; i < n; ++i) {
        both[2 * i] = cell[i];
        both[2 * i + 1] = label[i] = y[i];
    }
    const double h_t = oracle_entropy(n, cell), bound = oracle_entropy_bound(n);
    oracle_cells(n, 1, label, pair);
    double i_ty = h_t + oracle_entropy(n, pair);
    oracle_cells(n, 2, both, pair);
    i_ty -= oracle_entropy(n, pair);

    ipl_mi_layer layer = {.d = d, .wide = t, .merged = 9};
    const ipl_mi_samples samples = {.n = n, .y = y};
    CHECK_OK(ipl_mi_estimate_host(dev, 1, o, &samples, 1, &layer));
    const ipl_mi_point *p = &layer.point[0];
    CHECK(layer.points == 1 && layer.merged == 0 && !strcmp(p->name, "bin"));
    assert_int_equal(p->cells, cells);
    check_within("H(T) in double", 1, &p->i_xt, &h_t, &bound);
    check_within("I(T;Y) in double", 1, &p->i_ty, &i_ty, &bound);
    CHECK(p->outside_share == (double)outside / (double)(n * d));
    CHECK(!(p->flags & IPL_MI_OUTSIDE) == !outside);
    CHECK(!(p->flags & IPL_MI_SATURATED) == (cells < n));
    test_free(bin);
    test_free(both);
    test_free(label);
    test_free(cell);
    test_free(pair);
    test_free(y);
}

static void bins_are_those_of_float64(void **state)
{
    static const double offset[] = {0.0, 1e7, 1e8, 1e12, -3e15};
    ipl_device *dev = check_device(state);
    double t[N * D];
    for (size_t q = 0; q < sizeof offset / sizeof *offset; ++q) {
        for (int v = 0; v < N * D; ++v) t[v] = offset[q] + near_normal(810, v);
        for (int form = 0; form < IPL_BIN_FORM_COUNT; ++form) {
            ipl_mi_options o = bin_options((ipl_bin_form)form, 12, 0.7);
            o.bin_lo = offset[q] - 1.0;
            o.bin_hi = offset[q] + 1.5;
            check_bins(dev, &o, N, D, t);
        }
    }
}

/* Columns of very unlike place and size: COUNT has one range for all of them, so that a
 * shift of each column would change its bins. */
static void columns_share_one_range(void **state)
{
    static const double at[D] = {1e9, 5.0, 0.0}, size[D] = {1.0, 1e-3, 1e6};
    ipl_device *dev = check_device(state);
    double t[N * D];
    for (int v = 0; v < N * D; ++v)
        t[v] = at[v % D] + size[v % D] * near_normal(811, v);
    for (int form = 0; form < IPL_BIN_FORM_COUNT; ++form) {
        ipl_mi_options o = bin_options((ipl_bin_form)form, 5000, 1e-4);
        o.bin_lo = 0.0;
        o.bin_hi = 1e9;
        check_bins(dev, &o, N, D, t);
    }
}

/* Values on the edges, and next to them: a quotient that float32 rounds up, edges that
 * it does not hold. */
static void values_on_edges_lie_above_them(void **state)
{
    enum { ROWS = 60 };
    ipl_device *dev = check_device(state);
    double t[ROWS];
    for (int i = 0; i < ROWS; ++i) {
        const double edge = (double)(i / 3) * 0.1;
        t[i] = i % 3 == 1 ? nextafter(edge, -1.0) : i % 3 ? nextafter(edge, 9.0) : edge;
    }
    for (int form = 0; form < IPL_BIN_FORM_COUNT; ++form) {
        ipl_mi_options o = bin_options((ipl_bin_form)form, 20, 0.1);
        o.bin_lo = 0.0;
        o.bin_hi = 1.9;
        check_bins(dev, &o, ROWS, 1, t);
    }
}

/* floor(v / 1) of values 2^24 and more apart: float32 would join neighbours. 1e300 is a
 * value like any other. */
static void bins_far_apart_stay_apart(void **state)
{
    enum { ROWS = 40 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options width = bin_options(IPL_BIN_WIDTH, 1, 1.0);
    const ipl_mi_options exact = bin_options(IPL_BIN_EXACT, 1, 1.0);
    double t[ROWS];
    for (int i = 0; i < ROWS; ++i) t[i] = 1e15 * (i / 4) + (double)(i % 4 / 2);
    check_bins(dev, &width, ROWS, 1, t);
    check_bins(dev, &exact, ROWS, 1, t);
    t[7] = 1e300;
    t[8] = -1e300;
    for (int form = 0; form < IPL_BIN_FORM_COUNT; ++form) {
        const ipl_mi_options o = bin_options((ipl_bin_form)form, 7, 1.0);
        check_bins(dev, &o, ROWS, 1, t);
    }
}

/* Seconds since 1970, 464 different ones: in float32 29 are left. */
static void unix_times_are_told_apart(void **state)
{
    enum { TIMES = 464, ROWS = 2 * TIMES };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_EXACT, 1, 1.0);
    double t[ROWS];
    for (int i = 0; i < ROWS; ++i) t[i] = 1.7e9 + 8.0 * (i % TIMES);
    ipl_mi_layer layer = {.d = 1, .wide = t};
    const ipl_mi_samples samples = {.n = ROWS};
    CHECK_OK(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer));
    const double want = log(TIMES), bound = oracle_entropy_bound(ROWS);
    check_within("H of times", 1, &layer.point[0].h_t, &want, &bound);
    assert_int_equal(layer.point[0].cells, TIMES);
}

static const check_test tests[] = {
    CHECK_TEST(bins_are_those_of_float64),
    CHECK_TEST(columns_share_one_range),
    CHECK_TEST(values_on_edges_lie_above_them),
    CHECK_TEST(bins_far_apart_stay_apart),
    CHECK_TEST(unix_times_are_told_apart),
};
CHECK_MAIN("wide bins", tests, 1)
