/*
 * test_blocks_bin.c - layers in host memory, brought to the device in blocks, against
 * the same layers on the device: ranges, quantiles, cells and points, bit for bit.
 */
#include "check.h"
#include "ipl_backend.h"
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
    const size_t bytes = dev->backend->quantile_scratch_bytes(dev->state, &job);
    char *scratch = room(dev, bytes);
    job.t = place(dev, block, n * d, t);
    job.rank = rank;
    job.threshold = out;
    CHECK_OK(dev->backend->value_quantiles(dev->state, &job, scratch));
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

static const check_test tests[] = {
    CHECK_TEST(ranges_have_the_bits_of_resident_layers),
    CHECK_TEST(quantiles_are_order_statistics_of_all_blocks),
};

CHECK_MAIN("blocks_bin", tests, 1)
