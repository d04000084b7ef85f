/*
 * test_kd_order.c - rows in k-d order: none lost, halves told apart, ties and NaN, the
 * same order on all sets.
 */
#include "check.h"
#include "cpu/cpu.h"
#include "cpu/kd_order.h"
#include "random.h"

enum { ROWS = 300, DIMS = 3, GUARD_ROW = -7 };

typedef enum { SPREAD, EQUAL, SATURATED, NOT_FINITE, KINDS } kind;

static float value(kind of, uint64_t index)
{
    const ipl_random r = {check_seed(), 40 + (uint64_t)of};
    const float x = (float)ipl_random_uniform(r, 2 * index);
    const uint64_t other = ipl_random_below(r, 2 * index + 1, 4);
    switch (of) {
    case EQUAL:      return 1.0f;
    case SATURATED:  return other ? 1.0f : x;
    case NOT_FINITE: return other > 1 ? 3e38f : other ? INFINITY : NAN;
    default:         return x;
    }
}

/* What partitions on each set that this processor has. */
static int parts_here(cpu_kd_part *part[CPU_ISA_COUNT])
{
    int count = 0;
    part[count++] = cpu_kd_part_portable;
#if defined(__x86_64__)
    cpu_kd_part *const other[] = {cpu_kd_part_avx2, cpu_kd_part_avx512};
    const char *const name[] = {"cpu:avx2", "cpu:avx512"};
    for (int s = 0; s < 2; ++s) {
        ipl_device *dev;
        if (ipl_device_open(name[s], NULL, &dev) != IPL_OK) continue;
        ipl_device_close(dev);
        part[count++] = other[s];
    }
#endif
    return count;
}

/* Whether the halves of a stretch can be told apart by one coordinate, and so on. */
static int is_split(const float *z, int64_t leaf, int64_t phase, const int32_t *at,
                    int64_t count)
{
    if (phase + count <= leaf) return 1;
    for (int64_t half = leaf - phase; half < count; half += leaf)
        for (int k = 0; k < DIMS; ++k) {
            float low = -INFINITY, high = INFINITY;
            for (int64_t e = 0; e < half; ++e) low = fmaxf(low, z[at[e] * DIMS + k]);
            for (int64_t e = half; e < count; ++e)
                high = fminf(high, z[at[e] * DIMS + k]);
            if (low <= high && is_split(z, leaf, phase, at, half) &&
                is_split(z, leaf, 0, at + half, count - half))
                return 1;
        }
    return 0;
}

static void check_order(kind of, int64_t n, int64_t leaf, int64_t phase)
{
    float z[ROWS * DIMS];
    int32_t at[ROWS + 2], again[ROWS + 2], seen[ROWS] = {0};
    cpu_kd_key work[2 * ROWS + 1];
    cpu_kd_part *part[CPU_ISA_COUNT];
    const int parts = parts_here(part);
    for (int64_t e = 0; e < n * DIMS; ++e) z[e] = value(of, (uint64_t)e);
    for (int64_t i = 0; i < n; ++i) at[1 + i] = (int32_t)(n - 1 - i);
    at[0] = at[n + 1] = GUARD_ROW;
    memcpy(again, at, sizeof at);
    work[2 * n].row = GUARD_ROW;
    cpu_kd_order(part[0], z, DIMS, DIMS, leaf, phase, at + 1, n, work);
    for (int s = 0; s < parts; ++s) {
        for (int64_t i = 0; i < n; ++i) again[1 + i] = (int32_t)(n - 1 - i);
        cpu_kd_order(part[s], z, DIMS, DIMS, leaf, phase, again + 1, n, work);
        CHECK(!memcmp(at, again, (size_t)(n + 2) * sizeof *at));
    }
    CHECK(work[2 * n].row == GUARD_ROW);
    CHECK(at[0] == GUARD_ROW && at[n + 1] == GUARD_ROW);
    for (int64_t i = 0; i < n; ++i) {
        CHECK(at[1 + i] >= 0 && at[1 + i] < n);
        CHECK(!seen[at[1 + i]]++);
    }
    if (of != NOT_FINITE) CHECK(is_split(z, leaf, phase, at + 1, n));
}

static void every_row_is_in_the_order_once(void **state)
{
    (void)state;
    for (int of = 0; of < KINDS; ++of)
        for (int64_t n = 1; n <= 70; ++n)
            for (int64_t phase = 0; phase < 16; phase += 3)
                check_order(of, n, 16, phase);
}

static void halves_are_told_apart_by_a_coordinate(void **state)
{
    (void)state;
    for (int of = 0; of < KINDS; ++of)
        for (int64_t leaf = 4; leaf <= 64; leaf *= 4) {
            check_order(of, ROWS, leaf, 0);
            check_order(of, ROWS - 1, leaf, leaf - 1);
        }
}

/* A plain order would have each leaf in all four corners. */
static void leaves_of_four_corners_lie_in_one(void **state)
{
    (void)state;
    float z[64 * 2];
    int32_t at[64];
    cpu_kd_key work[2 * 64];
    for (int32_t i = 0; i < 64; ++i) {
        z[2 * i] = 1000.0f * (float)(i & 1) + (float)i;
        z[2 * i + 1] = 900.0f * (float)(i >> 1 & 1);
        at[i] = i;
    }
    cpu_kd_order(cpu_kd_part_portable, z, 2, 2, 16, 0, at, 64, work);
    for (int i = 0; i < 64; ++i) CHECK((at[i] & 3) == (at[i / 16 * 16] & 3));
}

static const check_test tests[] = {
    CHECK_TEST(every_row_is_in_the_order_once),
    CHECK_TEST(halves_are_told_apart_by_a_coordinate),
    CHECK_TEST(leaves_of_four_corners_lie_in_one),
};

CHECK_MAIN("kd_order", tests, 0)
