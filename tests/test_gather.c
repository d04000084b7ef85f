/*
 * test_gather.c - rows by their numbers: every bit of them, in any order and number,
 * and nothing else.
 */
#include "backend.h"
#include "check.h"
#include "random.h"

enum { GUARD = 64 }; /* words around the output that must survive */

static uint32_t word(uint64_t stream, uint64_t at)
{
    const ipl_random r = {check_seed(), stream};
    return (uint32_t)ipl_random_below(r, at, (uint64_t)1 << 32);
}

static void *upload(ipl_device *dev, const void *from, int64_t words)
{
    const size_t bytes = (size_t)words * sizeof(uint32_t);
    void *at;
    CHECK_OK(ipl_alloc(dev, bytes + 4, &at));
    CHECK_OK(ipl_upload(dev, from, bytes, at));
    return at;
}

/* Gathers `count` rows of a matrix of rows x d words, which hold any bits: NaN,
 * infinities and denormal numbers too. */
static void check_gather(ipl_device *dev, int64_t rows, int64_t d, int64_t count,
                         const int32_t *row)
{
    const int64_t all = count * d + 2 * GUARD;
    uint32_t *from = test_malloc((size_t)(rows * d) * sizeof *from);
    uint32_t *want = test_malloc((size_t)all * sizeof *want);
    uint32_t *got = test_malloc((size_t)all * sizeof *got);
    for (int64_t v = 0; v < rows * d; ++v) from[v] = word(1, (uint64_t)v);
    for (int64_t v = 0; v < all; ++v) want[v] = 0x5a5a5a5a;
    void *from_at = upload(dev, from, rows * d), *row_at = upload(dev, row, count);
    void *to_at = upload(dev, want, all);
    for (int64_t i = 0; i < count; ++i)
        memcpy(want + GUARD + i * d, from + row[i] * d, (size_t)d * sizeof *from);

    CHECK_OK(dev->backend->gather_rows(dev->state, from_at, d, row_at, count,
                                       (uint32_t *)to_at + GUARD));
    CHECK_OK(ipl_download(dev, to_at, (size_t)all * sizeof *got, got));
    for (int64_t v = 0; v < all; ++v)
        if (got[v] != want[v])
            fail_msg("%lld of %lld rows of %lld: word %lld is %08x, not %08x (seed "
                     "%llu)", (long long)count, (long long)rows, (long long)d,
                     (long long)(v - GUARD), got[v], want[v],
                     (unsigned long long)check_seed());
    ipl_free(dev, from_at);
    ipl_free(dev, row_at);
    ipl_free(dev, to_at);
    test_free(from);
    test_free(want);
    test_free(got);
}

/* Rows that come never, once and often, the first and the last among them. */
static void rows_come_in_the_order_of_their_numbers(void **state)
{
    static const int64_t shape[][3] = {{1, 1, 1},   {5, 1, 9},    {300, 3, 257},
                                       {7, 33, 40}, {40, 784, 11}, {2, 2048, 3}};
    for (int s = 0; s < 6; ++s) {
        const int64_t rows = shape[s][0], count = shape[s][2];
        int32_t *row = test_malloc((size_t)count * sizeof *row);
        for (int64_t i = 0; i < count; ++i)
            row[i] = (int32_t)(word(2, (uint64_t)i) % (uint64_t)rows);
        row[0] = (int32_t)rows - 1;
        row[count - 1] = 0;
        check_gather(check_device(state), rows, shape[s][1], count, row);
        test_free(row);
    }
}

static void no_rows_touch_nothing(void **state)
{
    const int32_t none = 0;
    check_gather(check_device(state), 3, 5, 0, &none);
}

/* More values than a launch has threads. */
static void many_rows_all_come(void **state)
{
    const int64_t rows = 1000, d = 64;
    const int64_t count = check_size(check_device(state), 40000, 17000);
    int32_t *row = test_malloc((size_t)count * sizeof *row);
    for (int64_t i = 0; i < count; ++i) row[i] = (int32_t)((i * 7919 + 3) % rows);
    check_gather(check_device(state), rows, d, count, row);
    test_free(row);
}

static const check_test tests[] = {
    CHECK_TEST(rows_come_in_the_order_of_their_numbers),
    CHECK_TEST(no_rows_touch_nothing),
    CHECK_TEST(many_rows_all_come),
};

CHECK_MAIN("gather", tests, 1)
