/*
 * test_bin.c - ranges, quantiles, cells and counts of each backend against sorting.
 */
#include "backend.h"
#include "check.h"
#include "layers.h"
#include "oracle_bin.h"

/* -- One backend entry on host data ----------------------------------------------- */
static void *to_device(ipl_device *dev, const void *host, size_t bytes)
{
    void *at;
    CHECK_OK(ipl_alloc(dev, bytes, &at));
    CHECK_OK(ipl_upload(dev, host, bytes, at));
    return at;
}

static void *room(ipl_device *dev, size_t bytes)
{
    void *at;
    CHECK_OK(ipl_alloc(dev, bytes ? bytes : 1, &at));
    return at;
}

static ipl_range_job range_of(ipl_device *dev, int64_t count, const float *t)
{
    ipl_range_job job = {.count = count,
                         .t = to_device(dev, t, (size_t)count * sizeof *t)};
    void *scratch = room(dev, dev->backend->range_scratch_bytes(dev->state, 1, &job));
    CHECK_OK(dev->backend->value_range(dev->state, 1, &job, scratch));
    ipl_free(dev, scratch);
    ipl_free(dev, (void *)job.t);
    return job;
}

/* Codes of n x d values; returns the number of cells. */
static int64_t cells_of(ipl_device *dev, const ipl_bins *bins, int64_t n, int64_t d,
                        const float *t, int32_t *cell, int64_t *outside)
{
    const size_t bytes = ((size_t)n + 2 * LAYER_GUARD) * sizeof *cell;
    const ipl_range_job range = range_of(dev, n * d, t);
    int32_t *guarded = test_malloc(bytes);
    memset(guarded, 0x5a, bytes);
    int32_t *at = to_device(dev, guarded, bytes);
    ipl_bin_job job = {.n = n, .d = d, .lo = range.lo, .hi = range.hi, .bins = bins,
                       .t = to_device(dev, t, (size_t)(n * d) * sizeof *t),
                       .cell = at + LAYER_GUARD};
    void *scratch = room(dev, dev->backend->bin_scratch_bytes(dev->state, 1, &job));
    CHECK_OK(dev->backend->bin_cells(dev->state, 1, &job, scratch));
    CHECK_OK(ipl_download(dev, at, bytes, guarded));
    for (int g = 0; g < LAYER_GUARD; ++g) {
        assert_int_equal(guarded[g], 0x5a5a5a5a);
        assert_int_equal(guarded[LAYER_GUARD + n + g], 0x5a5a5a5a);
    }
    memcpy(cell, guarded + LAYER_GUARD, (size_t)n * sizeof *cell);
    if (outside) *outside = job.outside;
    ipl_free(dev, scratch);
    ipl_free(dev, (void *)job.t);
    ipl_free(dev, at);
    test_free(guarded);
    return job.cells;
}

/* Bins as the oracle sees them, in the form that the backend takes. */
static ipl_bins bins_of(const ipl_mi_options *o, int64_t count, const float *t,
                        float *threshold)
{
    double *edge = test_malloc((size_t)(oracle_number(o) + 1) * sizeof *edge);
    const int64_t edges = oracle_edges(o, count, t, edge);
    for (int64_t k = 0; k < edges; ++k) {
        threshold[k] = (float)edge[k];
        if (threshold[k] < edge[k]) threshold[k] = nextafterf(threshold[k], INFINITY);
    }
    test_free(edge);
    return (ipl_bins){.exact = o->bin_form == IPL_BIN_EXACT,
                      .width = (float)o->bin_width, .thresholds = edges,
                      .threshold = threshold, .wrap = o->bin_form == IPL_BIN_EDGES};
}

static void cells_match(ipl_device *dev, const ipl_mi_options *o, int64_t n, int64_t d,
                        const float *t)
{
    double *bin = test_malloc((size_t)(n * d) * sizeof *bin);
    float *threshold = test_malloc((size_t)(oracle_number(o) + 1) * sizeof *threshold);
    int32_t *want = test_malloc((size_t)n * sizeof *want);
    int32_t *got = test_malloc((size_t)n * sizeof *got);
    const ipl_bins bins = bins_of(o, n * d, t, threshold);
    oracle_bins(o, n * d, t, bin);
    const int64_t cells = oracle_cells(n, d, bin, want);
    const int64_t mine = cells_of(dev, &bins, n, d, t, got, NULL);
    if (mine != cells || memcmp(got, want, (size_t)n * sizeof *got))
        fail_msg("form %d, %lld x %lld: %lld cells, expected %lld; or wrong numbers",
                 (int)o->bin_form, (long long)n, (long long)d, (long long)mine,
                 (long long)cells);
    test_free(bin);
    test_free(threshold);
    test_free(want);
    test_free(got);
}

/* -- Range and quantiles -------------------------------------------------------- */
static void range_finds_ends_squares_and_what_is_not_finite(void **state)
{
    static const int64_t sizes[] = {1,  2,     7,     15,    16,    17,
                                    33, 32767, 32768, 32769, 100001};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        const int64_t count = sizes[s];
        float *t = layer_make(count, 1, 5, 3.0, check_seed() + s);
        t[count / 3] = 3.5f;
        t[count - 1] = count > 1 ? -7.25f : 3.5f;
        double squares = 0.0;
        for (int64_t i = 0; i < count; ++i) squares += (double)t[i] * t[i];
        ipl_range_job got = range_of(dev, count, t);
        const double bound = 2.0 * (double)count * DBL_EPSILON * squares;
        CHECK(got.lo == (count > 1 ? -7.25f : 3.5f) && got.hi == 3.5f);
        CHECK(got.not_finite == 0);
        check_within("sum of squares", 1, &got.sum_squares, &squares, &bound);

        if (count >= 7) {
            t[0] = NAN;
            t[3] = -INFINITY;
            t[count - 2] = INFINITY;
            got = range_of(dev, count, t);
            CHECK(got.not_finite == 3 && got.lo == -7.25f && got.hi == 3.5f);
        }
        test_free(t);
    }
}

static void range_has_no_negative_zero(void **state)
{
    const float t[3] = {-0.0f, 0.0f, -0.0f};
    const ipl_range_job got = range_of(check_device(state), 3, t);
    CHECK(got.lo == 0.0f && !signbit(got.lo) && !signbit(got.hi));
}

static void quantiles_are_order_statistics(void **state)
{
    static const int64_t sizes[] = {1, 2, 3, 100, 4096, 70001};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        const int64_t count = sizes[s], ranks = count < 301 ? count : 301;
        float *t = layer_make(count, 1, 9, 4.0, check_seed() + s);
        for (int64_t i = 0; i < count; i += 5) t[i] = i % 2 ? -0.0f : 0.0f;
        if (count > 90) t[7] = 1e30f, t[8] = -1e30f, t[9] = 1e-40f, t[11] = -1e-40f;
        float *sorted = test_malloc((size_t)count * sizeof *sorted);
        memcpy(sorted, t, (size_t)count * sizeof *sorted);
        qsort(sorted, (size_t)count, sizeof *sorted, oracle_by_value);

        int64_t rank[301];
        float got[301];
        for (int64_t q = 0; q < ranks; ++q)
            rank[q] = ranks == 1 ? 0 : q * (count - 1) / (ranks - 1);
        void *at = to_device(dev, t, (size_t)count * sizeof *t);
        const ipl_quantile_job job = {
            .count = count, .t = at, .ranks = ranks, .rank = rank, .threshold = got};
        void *scratch =
            room(dev, dev->backend->quantile_scratch_bytes(dev->state, 1, &job));
        CHECK_OK(dev->backend->value_quantiles(dev->state, 1, &job, scratch));
        for (int64_t q = 0; q < ranks; ++q)
            if (got[q] != sorted[rank[q]] || (got[q] == 0.0f && signbit(got[q])))
                fail_msg("value %lld of %lld: %.9g, expected %.9g", (long long)rank[q],
                         (long long)count, got[q], sorted[rank[q]]);
        ipl_free(dev, at);
        ipl_free(dev, scratch);
        test_free(t);
        test_free(sorted);
    }
}

/* -- Cells ------------------------------------------------------------------------ */
static void cells_are_equal_where_all_bins_are(void **state)
{
    static const int64_t rows[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 700};
    ipl_device *dev = check_device(state);
    const ipl_mi_options forms[] = {
        bin_options(IPL_BIN_WIDTH, 1, 0.07),   bin_options(IPL_BIN_WIDTH, 1, 0.5),
        bin_options(IPL_BIN_WIDTH, 1, 1e-7),   bin_options(IPL_BIN_WIDTH, 1, 100.0),
        bin_options(IPL_BIN_EDGES, 30, 0.07),  bin_options(IPL_BIN_EDGES, 2, 0.07),
        bin_options(IPL_BIN_COUNT, 4, 0.07),   bin_options(IPL_BIN_COUNT, 33, 0.07),
        bin_options(IPL_BIN_QUANTILES, 3, 1),  bin_options(IPL_BIN_COUNT, 1000, 1),
        bin_options(IPL_BIN_EXACT, 1, 1),
    };
    for (size_t f = 0; f < sizeof forms / sizeof *forms; ++f) {
        for (int64_t d = 1; d <= 40; ++d) {
            float *t = layer_make(rows[d % 14], d, 3, 0.02, check_seed() + (uint64_t)d);
            cells_match(dev, &forms[f], rows[d % 14], d, t);
            test_free(t);
        }
        for (size_t r = 0; r < sizeof rows / sizeof *rows; ++r) {
            float *t = layer_make(rows[r], 11, 4, 0.05, check_seed() + r);
            cells_match(dev, &forms[f], rows[r], 11, t);
            test_free(t);
        }
        static const int64_t wide[][2] = {{40, 1024}, {9, 2047}, {9, 2048}, {7, 5001}};
        for (size_t w = 0; w < sizeof wide / sizeof *wide; ++w) {
            const int64_t n = wide[w][0], d = wide[w][1];
            float *t = layer_make(n, d, 3, 0.0, check_seed());
            for (int64_t i = 3; i < n; ++i) /* without the exceptions of layer_make */
                memcpy(t + i * d, t + i % 3 * d, (size_t)d * sizeof *t);
            cells_match(dev, &forms[f], n, d, t);
            test_free(t);
        }
    }
}

static void one_element_keeps_wide_rows_apart(void **state)
{
    enum { N = 64, D = 1024 };
    ipl_device *dev = check_device(state);
    const ipl_bins bins = {.width = 0.07f};
    float *t = test_calloc(N * D, sizeof *t);
    int32_t cell[N];
    for (int i = 0; i < N; ++i) t[i * D + 480 + i] = i % 2 ? 0.5f : 0.0f;
    CHECK(cells_of(dev, &bins, N, D, t, cell, NULL) == 1 + N / 2);
    for (int i = 0; i < N; ++i) assert_int_equal(cell[i], i % 2 ? 1 + i / 2 : 0);
    test_free(t);
}

static void zeros_of_both_signs_are_one_bin(void **state)
{
    ipl_device *dev = check_device(state);
    int32_t cell[6];
    const float near[6] = {-0.0f, 0.0f, 0.05f, -0.05f, 1e-45f, -1e-45f};
    const float far[6] = {-0.0f, 0.0f, 3e9f, -0.05f, 0.0f, -3e9f};
    const ipl_bins width = {.width = 0.07f};
    const float zero = 0.0f;
    const ipl_bins threshold = {.thresholds = 1, .threshold = &zero};
    cells_of(dev, &width, 6, 1, near, cell, NULL);
    CHECK(cell[0] == cell[1] && cell[1] == cell[2] && cell[2] == cell[4]);
    CHECK(cell[3] == cell[5] && cell[3] != cell[0]);
    CHECK(cells_of(dev, &width, 6, 1, far, cell, NULL) == 4);
    CHECK(cell[0] == cell[1] && cell[1] == cell[4]);
    const ipl_bins exact = {.exact = 1};
    CHECK(cells_of(dev, &exact, 6, 1, near, cell, NULL) == 5);
    CHECK(cell[0] == cell[1] && cell[4] != cell[1] && cell[5] != cell[4]);
    CHECK(cells_of(dev, &threshold, 6, 1, near, cell, NULL) == 2);
    CHECK(cell[0] == cell[1] && cell[3] == cell[5]);
}

static void values_outside_the_thresholds_are_counted(void **state)
{
    enum { N = 5000, D = 3 };
    ipl_device *dev = check_device(state);
    const float threshold[3] = {-1.0f, 0.0f, 1.0f};
    const ipl_bins wrap = {.thresholds = 3, .threshold = threshold, .wrap = 1};
    float *t = layer_make(N, D, 3, 0.5, check_seed());
    int32_t *cell = test_malloc(N * sizeof *cell);
    int64_t outside = -1;
    cells_of(dev, &wrap, N, D, t, cell, &outside);
    CHECK(outside == 0); /* -1 and 1 themselves are inside */
    for (int k = 0; k < 9; ++k) t[k * 1000] = k % 2 ? nextafterf(1, 2) : -1.5f;
    cells_of(dev, &wrap, N, D, t, cell, &outside);
    CHECK(outside == 9);

    const float few[3] = {-2.0f, 1.0f, 3.0f}; /* below the first is the last bin */
    CHECK(cells_of(dev, &wrap, 3, 1, few, cell, &outside) == 1 && outside == 2);
    test_free(t);
    test_free(cell);
}

static void rows_of_equal_hash_stay_apart(void **state)
{
    enum { D = 33 };
    const int64_t n = check_size(check_device(state), 3000, 400);
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = bin_options(IPL_BIN_WIDTH, 1, 0.07);
    const ipl_mi_options exact = bin_options(IPL_BIN_EXACT, 1, 1);
    float *t = layer_make(n, D, 100, 0.0, check_seed());
    ipl_device *weak = layer_weak_device(dev);
    cells_match(weak, &o, n, D, t);
    cells_match(weak, &o, n, 3, t);
    cells_match(weak, &exact, n, D, t);
    cells_match(weak, &exact, n, 3, t);
    cells_match(dev, &o, n, D, t);
    ipl_device_close(weak);
    test_free(t);
}

static void cells_repeat_at_any_number_of_threads(void **state)
{
    enum { N = 20000, D = 20 };
    ipl_device *dev = check_device(state), *other;
    const ipl_device_options one = {.threads = 1};
    const ipl_bins bins = {.width = 0.07f};
    float *t = layer_make(N, D, 5000, 0.0, check_seed());
    int32_t *cell[3];
    double squares[3];
    CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &one, &other));
    for (int run = 0; run < 3; ++run) {
        cell[run] = test_malloc(N * sizeof **cell);
        cells_of(run ? dev : other, &bins, N, D, t, cell[run], NULL);
        squares[run] = range_of(run ? dev : other, N * D, t).sum_squares;
    }
    ipl_device_close(other);
    for (int run = 1; run < 3; ++run) {
        assert_memory_equal(cell[0], cell[run], N * sizeof **cell);
        assert_memory_equal(&squares[0], &squares[run], sizeof *squares);
    }
    for (int run = 0; run < 3; ++run) test_free(cell[run]);
    test_free(t);
}

/* -- Counts ----------------------------------------------------------------------- */
static int64_t counts_of(ipl_device *dev, int64_t n, const int32_t *a,
                         const int32_t *b, ipl_multiplicity *multiplicity)
{
    const size_t bytes = (size_t)n * sizeof *a;
    ipl_count_job job = {.n = n, .a = to_device(dev, a, bytes),
                         .b = b ? to_device(dev, b, bytes) : NULL,
                         .multiplicity = multiplicity};
    void *scratch = room(dev, dev->backend->count_scratch_bytes(dev->state, 1, &job));
    CHECK_OK(dev->backend->cell_counts(dev->state, 1, &job, scratch));
    ipl_free(dev, scratch);
    ipl_free(dev, (void *)job.a);
    if (b) ipl_free(dev, (void *)job.b);
    return job.multiplicities;
}

/* The n x n definition: how many rows share row i's pair. */
static int64_t count_slowly(int64_t n, const int32_t *a, const int32_t *b,
                            ipl_multiplicity *multiplicity)
{
    int64_t *rows_of = test_calloc((size_t)n + 1, sizeof *rows_of), multiplicities = 0;
    for (int64_t i = 0; i < n; ++i) {
        int64_t same = 0;
        for (int64_t j = 0; j < n; ++j) same += a[i] == a[j] && (!b || b[i] == b[j]);
        ++rows_of[same];
    }
    for (int64_t m = 1; m <= n; ++m)
        if (rows_of[m])
            multiplicity[multiplicities++] = (ipl_multiplicity){m, rows_of[m]};
    test_free(rows_of);
    return multiplicities;
}

static void counts_are_those_of_all_pairs_of_rows(void **state)
{
    static const int64_t sizes[] = {1, 2, 3, 6, 10, 33, 700, 1500};
    /* A second cell: none; few pairs, or more than the rows; it need not be small. */
    static const int32_t large[] = {0, 2, 7, 8, 12, 15, INT32_MAX};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        const int64_t n = sizes[s];
        int32_t *a = layer_labels(n, (int32_t)(n + 3) / 4, check_seed() + s);
        int32_t *b = layer_labels(n, 3, check_seed() + 50 + s);
        if (n == 10) /* every size that fits occurs: 1 + 2 + 3 + 4 */
            for (int i = 0; i < 10; ++i) a[i] = i < 1 ? 0 : i < 3 ? 1 : i < 6 ? 2 : 3;
        for (size_t k = 0; k < sizeof large / sizeof *large; ++k) {
            const int64_t most = ipl_multiplicities_max(n);
            ipl_multiplicity *got = test_malloc((size_t)most * sizeof *got);
            ipl_multiplicity *want = test_malloc((size_t)(n + 1) * sizeof *want);
            const int32_t *second = large[k] ? b : NULL;
            b[n / 2] = large[k];
            const int64_t multiplicities = count_slowly(n, a, second, want);
            assert_int_equal(counts_of(dev, n, a, second, got), multiplicities);
            assert_true(multiplicities <= most &&
                        (n != 10 || large[k] || multiplicities == most));
            assert_memory_equal(got, want, (size_t)multiplicities * sizeof *got);
            test_free(got), test_free(want);
        }
        test_free(a), test_free(b);
    }
}

static void counts_do_not_depend_on_the_order_of_rows(void **state)
{
    enum { N = 5000 };
    ipl_device *dev = check_device(state);
    int32_t *a = layer_labels(N, 900, check_seed()), *b = layer_labels(N, 4, 3);
    int32_t a2[N], b2[N], order[N];
    ipl_multiplicity multiplicity[2][100];
    ipl_random_permutation((ipl_random){check_seed(), 903}, N, order);
    for (int i = 0; i < N; ++i) a2[i] = a[order[i]], b2[i] = b[order[i]];
    const int64_t multiplicities = counts_of(dev, N, a, b, multiplicity[0]);
    assert_int_equal(counts_of(dev, N, a2, b2, multiplicity[1]), multiplicities);
    assert_memory_equal(multiplicity[0], multiplicity[1],
                        (size_t)multiplicities * sizeof **multiplicity);
    test_free(a);
    test_free(b);
}

static const check_test tests[] = {
    CHECK_TEST(range_finds_ends_squares_and_what_is_not_finite),
    CHECK_TEST(range_has_no_negative_zero),
    CHECK_TEST(quantiles_are_order_statistics),
    CHECK_TEST(cells_are_equal_where_all_bins_are),
    CHECK_TEST(one_element_keeps_wide_rows_apart),
    CHECK_TEST(zeros_of_both_signs_are_one_bin),
    CHECK_TEST(values_outside_the_thresholds_are_counted),
    CHECK_TEST(rows_of_equal_hash_stay_apart),
    CHECK_TEST(cells_repeat_at_any_number_of_threads),
    CHECK_TEST(counts_are_those_of_all_pairs_of_rows),
    CHECK_TEST(counts_do_not_depend_on_the_order_of_rows),
};

CHECK_MAIN("bin", tests, 1)
