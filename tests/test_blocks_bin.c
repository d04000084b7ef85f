/*
 * test_blocks_bin.c - layers in host memory, brought to the device in blocks, against
 * the same layers on the device: ranges, quantiles, cells and points, bit for bit.
 */
#include "backend.h"
#include "check.h"
#include "layers.h"
#include "oracle_bin.h"

enum { GUARD = 4096 };

/* Rows a block; 0 is the layer on the device, the last one holds all rows. */
static const int64_t blocks[] = {0, 1024, 2048, 1 << 20};
enum { BLOCKS = sizeof blocks / sizeof *blocks };

static void *to_device(ipl_device *dev, const void *host, size_t bytes)
{
    void *at;
    CHECK_OK(ipl_alloc(dev, bytes, &at));
    CHECK_OK(ipl_upload(dev, host, bytes, at));
    return at;
}

/* Scratch with a guard behind it. */
static char *room(ipl_device *dev, size_t bytes)
{
    char guard[GUARD], *at;
    memset(guard, 0x5a, sizeof guard);
    CHECK_OK(ipl_alloc(dev, bytes + GUARD, (void **)&at));
    CHECK_OK(ipl_upload(dev, guard, GUARD, at + bytes));
    return at;
}

static void room_free(ipl_device *dev, size_t bytes, char *at)
{
    char guard[GUARD];
    CHECK_OK(ipl_download(dev, at + bytes, GUARD, guard));
    for (int g = 0; g < GUARD; ++g) assert_int_equal(guard[g], 0x5a);
    ipl_free(dev, at);
}

/* A layer where a job with such blocks expects it. */
static const float *place(ipl_device *dev, int64_t block, int64_t count, const float *t)
{
    return block ? t : to_device(dev, t, (size_t)count * sizeof *t);
}

static void unplace(ipl_device *dev, int64_t block, const float *t)
{
    if (!block) ipl_free(dev, (void *)t);
}

/* -- Ranges ----------------------------------------------------------------------- */
static void ranges_of(ipl_device *dev, int jobs, ipl_range_job *job)
{
    const size_t bytes = dev->backend->range_scratch_bytes(dev->state, jobs, job);
    char *scratch = room(dev, bytes);
    CHECK_OK(dev->backend->value_range(dev->state, jobs, job, scratch));
    room_free(dev, bytes, scratch);
}

static void same_range(const ipl_range_job *a, const ipl_range_job *b)
{
    assert_memory_equal(&a->lo, &b->lo, sizeof a->lo);
    assert_memory_equal(&a->hi, &b->hi, sizeof a->hi);
    assert_memory_equal(&a->sum_squares, &b->sum_squares, sizeof a->sum_squares);
    assert_int_equal(a->not_finite, b->not_finite);
}

/* Widths whose blocks are less than a run of 32768 values, more, and whole runs. */
static void ranges_have_the_bits_of_resident_layers(void **state)
{
    static const int64_t wide[] = {1, 3, 33, 64, 100};
    ipl_device *dev = check_device(state);
    ipl_range_job mixed[BLOCKS * 5], alone[BLOCKS * 5];
    float *layer[5];
    int jobs = 0;
    for (int w = 0; w < 5; ++w) {
        const int64_t n = 5 * 1024 - 411, count = n * wide[w];
        float *t = layer_make(n, wide[w], 9, 3.0, check_seed() + (uint64_t)w);
        layer[w] = t;
        t[count / 2] = 77.0f; /* the ends are in the middle and in the last block */
        t[count - 1] = -78.0f;
        if (w % 2) t[3] = NAN, t[count - 2] = INFINITY;
        for (int b = 0; b < BLOCKS; ++b, ++jobs) {
            const ipl_range_job job = {.count = count, .block = blocks[b] * wide[w],
                                       .t = place(dev, blocks[b], count, t)};
            mixed[jobs] = alone[jobs] = job;
            ranges_of(dev, 1, &alone[jobs]);
            same_range(&alone[jobs], &alone[w * BLOCKS]);
            CHECK(alone[jobs].hi == 77.0f && alone[jobs].lo == -78.0f);
            CHECK(alone[jobs].not_finite == (w % 2 ? 2 : 0));
        }
    }
    ranges_of(dev, jobs, mixed);
    for (int j = 0; j < jobs; ++j) {
        same_range(&mixed[j], &alone[j]);
        unplace(dev, mixed[j].block, mixed[j].t);
    }
    for (int w = 0; w < 5; ++w) test_free(layer[w]);
}

/* -- Quantiles -------------------------------------------------------------------- */
enum { RANKS = 700 };

static void quantiles_of(ipl_device *dev, int64_t n, int64_t d, int64_t block,
                         const float *t, int64_t ranks, const int64_t *rank, float *out)
{
    ipl_quantile_job job = {.count = n * d, .block = block * d, .ranks = ranks};
    const size_t bytes = dev->backend->quantile_scratch_bytes(dev->state, 1, &job);
    char *scratch = room(dev, bytes);
    job.t = place(dev, block, n * d, t);
    job.rank = rank;
    job.threshold = out;
    CHECK_OK(dev->backend->value_quantiles(dev->state, 1, &job, scratch));
    unplace(dev, block, job.t);
    room_free(dev, bytes, scratch);
}

static void quantiles_are_found(ipl_device *dev, int64_t n, int64_t d, const float *t)
{
    const int64_t count = n * d;
    int64_t rank[RANKS];
    float got[RANKS], *sorted = test_malloc((size_t)count * sizeof *sorted);
    memcpy(sorted, t, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, oracle_by_value);
    for (int64_t ranks = 1; ranks <= RANKS; ranks += RANKS - 1)
        for (int b = 0; b < BLOCKS; ++b) {
            for (int64_t q = 0; q < ranks; ++q) rank[q] = (q + 1) * (count - 1) / ranks;
            memset(got, 0xff, sizeof got);
            quantiles_of(dev, n, d, blocks[b], t, ranks, rank, got);
            for (int64_t q = 0; q < ranks; ++q) {
                const float want = sorted[rank[q]] + 0.0f;
                assert_memory_equal(&got[q], &want, sizeof want);
            }
        }
    test_free(sorted);
}

/* Layers of all sizes in one call, one of them from host memory; 700 ranks have so many
 * counters that a GPU takes the layers in groups. */
static void quantiles_do_not_depend_on_company(void **state)
{
    enum { JOBS = 11 };
    ipl_device *dev = check_device(state);
    float *t[JOBS], alone[JOBS][RANKS], got[JOBS][RANKS];
    int64_t rank[JOBS][RANKS];
    ipl_quantile_job job[JOBS];
    for (int j = 0; j < JOBS; ++j) {
        const int64_t count = 1 + 97 * j * j, ranks = j % 4 == 1 ? 3 : RANKS;
        const int64_t block = j == 6 ? 1000 : 0;
        t[j] = layer_make(count, 1, 9, 4.0, check_seed() + (uint64_t)j);
        for (int64_t q = 0; q < ranks; ++q) rank[j][q] = q * (count - 1) / ranks;
        quantiles_of(dev, count, 1, block, t[j], ranks, rank[j], alone[j]);
        job[j] = (ipl_quantile_job){.count = count, .block = block, .ranks = ranks,
                                    .t = place(dev, block, count, t[j]),
                                    .rank = rank[j], .threshold = got[j]};
    }
    const size_t bytes = dev->backend->quantile_scratch_bytes(dev->state, JOBS, job);
    char *scratch = room(dev, bytes);
    CHECK_OK(dev->backend->value_quantiles(dev->state, JOBS, job, scratch));
    room_free(dev, bytes, scratch);
    for (int j = 0; j < JOBS; ++j) {
        assert_memory_equal(got[j], alone[j], (size_t)job[j].ranks * sizeof **got);
        unplace(dev, job[j].block, job[j].t);
        test_free(t[j]);
    }
}

static void quantiles_are_order_statistics_of_all_blocks(void **state)
{
    static const int64_t wide[] = {1, 3, 64};
    ipl_device *dev = check_device(state);
    for (int w = 0; w < 3; ++w) {
        const int64_t n = 3 * 1024 + 7, count = n * wide[w];
        float *t = layer_make(n, wide[w], 9, 4.0, check_seed() + (uint64_t)w);
        for (int64_t i = 0; i < count; i += 5) t[i] = i % 2 ? -0.0f : 0.0f;
        t[7] = FLT_MAX, t[8] = -FLT_MAX, t[count - 9] = 1e-40f, t[count - 11] = -1e-40f;
        quantiles_are_found(dev, n, wide[w], t);
        for (int64_t i = 0; i < count; ++i) t[i] = i % 9 ? -0.25f : 0.125f;
        quantiles_are_found(dev, n, wide[w], t); /* two values, that often */
        for (int64_t i = 0; i < count; ++i) /* only the last digit differs */
            t[i] = 1.0f + 0x1p-23f * (float)(i * 7 % 91);
        quantiles_are_found(dev, n, wide[w], t);
        test_free(t);
    }
}

/* -- Cells ------------------------------------------------------------------------ */
/* The cells of one layer with each size of blocks, against rows of bins that were
 * sorted. */
static void cells_match(ipl_device *dev, int64_t n, int64_t d, const float *t)
{
    const float width = 0.07f;
    const size_t bytes = (size_t)n * sizeof(int32_t);
    const ipl_bins bins = {.width = width};
    ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
    o.bin_form = IPL_BIN_WIDTH;
    o.bin_width = width;
    double *bin = test_malloc((size_t)(n * d) * sizeof *bin);
    int32_t *want = test_malloc(bytes), *got = test_malloc(bytes);
    oracle_bins(&o, n * d, t, bin);
    const int64_t cells = oracle_cells(n, d, bin, want);

    ipl_bin_job job[BLOCKS];
    for (int b = 0; b < BLOCKS; ++b) {
        job[b] = (ipl_bin_job){.n = n, .d = d, .block = blocks[b], .lo = -1.0f,
                               .hi = 1.0f, .bins = &bins,
                               .t = place(dev, blocks[b], n * d, t)};
        job[b].cell = (int32_t *)room(dev, bytes);
    }
    for (int all = 0; all < 2; ++all) { /* blocks of 1024 alone, then all jobs */
        const int jobs = all ? BLOCKS : 1;
        ipl_bin_job *const some = all ? job : job + 1;
        const size_t need = dev->backend->bin_scratch_bytes(dev->state, jobs, some);
        char *scratch = room(dev, need);
        CHECK_OK(dev->backend->bin_cells(dev->state, jobs, some, scratch));
        room_free(dev, need, scratch);
        for (int j = 0; j < jobs; ++j) {
            CHECK_OK(ipl_download(dev, some[j].cell, bytes, got));
            if (some[j].cells != cells || memcmp(got, want, bytes))
                fail_msg("%lld x %lld, blocks of %lld: %lld cells, expected %lld; or "
                         "wrong numbers", (long long)n, (long long)d,
                         (long long)some[j].block, (long long)some[j].cells,
                         (long long)cells);
            CHECK_OK(ipl_upload(dev, bin, bytes, some[j].cell)); /* not cells */
        }
    }
    for (int b = 0; b < BLOCKS; ++b) {
        unplace(dev, blocks[b], job[b].t);
        room_free(dev, bytes, (char *)job[b].cell);
    }
    test_free(bin);
    test_free(want);
    test_free(got);
}

static const int64_t widths[] = {1, 3, 64, 100};

/* Row i is like row i % kinds. */
static float *layer_of_kinds(int64_t n, int64_t d, int64_t kinds)
{
    float *t = test_malloc((size_t)(n * d) * sizeof *t);
    float *first = layer_make(kinds, d, (int)kinds, 0.0, check_seed());
    for (int64_t i = 0; i < n; ++i)
        memcpy(t + i * d, first + i % kinds * d, (size_t)d * sizeof *t);
    test_free(first);
    return t;
}

/* With many kinds, the first rows that two blocks of 1024 need are more than 1024. */
static void cells_do_not_depend_on_blocks(void **state)
{
    static const int64_t many[] = {3100, 1500}, few[] = {2500, 40};
    ipl_device *dev = check_device(state), *weak_dev = layer_weak_device(dev);
    for (int weak = 0; weak < 2; ++weak)
        for (int w = weak; w < 4; w += 1 + weak) {
            const int64_t *size = weak ? few : many;
            float *t = layer_of_kinds(size[0], widths[w], size[1]);
            cells_match(weak ? weak_dev : dev, size[0], widths[w], t);
            test_free(t);
        }
    ipl_device_close(weak_dev);
}

/* One unit of one row, far from its like: the cell of all others loses just that. */
static void a_row_alone_leaves_its_cell(void **state)
{
    enum { N = 2100, D = 64 };
    ipl_device *dev = check_device(state), *weak = layer_weak_device(dev);
    float *t = test_calloc(N * D, sizeof *t);
    t[1500 * D + 63] = t[2050 * D + 63] = 0.5f;
    t[2051 * D] = 0.5f;
    cells_match(dev, N, D, t);
    cells_match(weak, N, D, t);
    ipl_device_close(weak);
    test_free(t);
}

/* -- Points ----------------------------------------------------------------------- */
static void same_point(const ipl_mi_job *a, const ipl_mi_job *b)
{
    const ipl_mi_point *p = a->point, *q = b->point;
    assert_int_equal(a->points, 1);
    assert_int_equal(b->points, 1);
    assert_memory_equal(&p->h_t, &q->h_t, sizeof p->h_t);
    assert_memory_equal(&p->i_xt, &q->i_xt, sizeof p->i_xt);
    assert_memory_equal(&p->i_ty, &q->i_ty, sizeof p->i_ty);
    assert_memory_equal(&p->outside_share, &q->outside_share, sizeof p->outside_share);
    assert_int_equal(p->cells, q->cells);
    assert_int_equal(p->flags, q->flags);
}

static void estimate(ipl_device *dev, const ipl_mi_options *o, int jobs,
                     ipl_mi_job *job)
{
    size_t bytes = 0;
    CHECK_OK(ipl_mi_scratch_bytes(dev, 1, o, jobs, job, &bytes));
    char *scratch = room(dev, bytes);
    CHECK_OK(ipl_mi_estimate(dev, 1, o, jobs, job, scratch, bytes));
    room_free(dev, bytes, scratch);
}

/* Edges leave some values outside, which every block has to count once. */
static void points_have_the_bits_of_resident_layers(void **state)
{
    enum { N = 2100 };
    ipl_device *dev = check_device(state);
    int32_t *label = layer_labels(N, 3, check_seed());
    ipl_labels y;
    CHECK_OK(ipl_labels_create(dev, N, 3, label, &y));
    for (int w = 0; w < 4; ++w) {
        float *t = layer_make(N, widths[w], 700, 0.01, check_seed() + (uint64_t)w);
        for (int64_t i = 0; i < N; i += 100) t[i * widths[w]] = 1.5f;
        for (int form = 0; form < IPL_BIN_FORM_COUNT; ++form) {
            if ((w + form) % check_size(dev, 1, 3)) continue;
            ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
            ipl_mi_job mixed[BLOCKS], alone;
            o.bin_form = (ipl_bin_form)form;
            for (int b = 0; b < BLOCKS; ++b)
                mixed[b] = (ipl_mi_job){
                    .t = {(float *)place(dev, blocks[b], N * widths[w], t), N,
                          widths[w]},
                    .block_rows = blocks[b], .y = &y};
            alone = mixed[1];
            estimate(dev, &o, 1, &alone);
            estimate(dev, &o, BLOCKS, mixed);
            same_point(&alone, &mixed[0]);
            for (int b = 0; b < BLOCKS; ++b) {
                same_point(&mixed[b], &mixed[0]);
                unplace(dev, blocks[b], mixed[b].t.at);
            }
            const int64_t outside = llround(mixed[0].point->outside_share *
                                            (double)(N * widths[w]));
            assert_int_equal(outside, form == IPL_BIN_EDGES ? N / 100 : 0);
            CHECK(mixed[0].point->cells > 3 && mixed[0].point->i_ty > 0.0);
        }
        test_free(t);
    }
    ipl_labels_free(dev, &y);
    test_free(label);
}

static void blocks_that_are_not_finite_are_reported(void **state)
{
    enum { N = 2500, D = 3 };
    ipl_device *dev = check_device(state);
    ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
    float *t = layer_make(N, D, 9, 0.1, check_seed());
    t[N * D - 1] = NAN;
    size_t bytes;
    ipl_mi_job job = {.t = {t, N, D}, .block_rows = 1024};
    CHECK_OK(ipl_mi_scratch_bytes(dev, 1, &o, 1, &job, &bytes));
    char *scratch = room(dev, bytes);
    CHECK_FAILS(ipl_mi_estimate(dev, 1, &o, 1, &job, scratch, bytes), IPL_E_NUMERIC,
                "job 0: 1 of 7500 activations");
    room_free(dev, bytes, scratch);
    test_free(t);
}

static const check_test tests[] = {
    CHECK_TEST(ranges_have_the_bits_of_resident_layers),
    CHECK_TEST(quantiles_are_order_statistics_of_all_blocks),
    CHECK_TEST(quantiles_do_not_depend_on_company),
    CHECK_TEST(cells_do_not_depend_on_blocks),
    CHECK_TEST(a_row_alone_leaves_its_cell),
    CHECK_TEST(points_have_the_bits_of_resident_layers),
    CHECK_TEST(blocks_that_are_not_finite_are_reported),
};

CHECK_MAIN("blocks_bin", tests, 1)
