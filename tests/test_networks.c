/*
 * test_networks.c - kept networks survive the way through their file; damage is seen.
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "files.h"
#include "plane/networks.h"
#include "plane/pack.h"
#include "random.h"

enum { FLOATS = 20000, BYTES = FLOATS * (int)sizeof(float) };

static char folder[FILES_PATH];
static char path[FILES_PATH + 16];

static void make_folder(void)
{
    files_make_folder(folder);
    snprintf(path, sizeof path, "%s/networks.bin", folder);
}

static int64_t size_of_file(void)
{
    struct stat about;
    CHECK(stat(path, &about) == 0);
    return (int64_t)about.st_size;
}

/* Weights as they are: small, of both signs, no pattern in the low bits. */
static void fill(int64_t tick, float *w)
{
    const ipl_random r = {check_seed(), (uint64_t)tick};
    for (uint64_t i = 0; i < FLOATS; ++i)
        w[i] = (float)(0.1 * (ipl_random_uniform(r, i) - 0.5));
}

static void add(ipl_keeper *k, int64_t tick)
{
    static float w[FLOATS];
    fill(tick, w);
    CHECK_OK(ipl_keeper_add(k, tick, w));
}

static void expect(const ipl_networks *n, int64_t tick)
{
    static float want[FLOATS], got[FLOATS];
    fill(tick, want);
    memset(got, 0, sizeof got);
    CHECK_OK(ipl_networks_read(n, tick, got));
    assert_memory_equal(got, want, BYTES);
}

/* -- Packing ----------------------------------------------------------------------*/

static ipl_status open_keeper(int64_t floats, uint32_t data_crc, int64_t bytes,
                              int64_t tick, ipl_keeper **k)
{
    const ipl_keeper_options options = {floats, data_crc, 0xd19e57, bytes, tick};
    return ipl_keeper_open(IPL_FILE_PATH, path, &options, k);
}

static size_t pack_and_back(int64_t floats, const float *value)
{
    size_t bytes;
    char *packed = malloc(ipl_pack_bound(floats));
    float *back = malloc((size_t)floats * sizeof *back);
    CHECK(packed && back);
    CHECK_OK(ipl_pack(floats, value, packed, &bytes));
    CHECK(bytes <= ipl_pack_bound(floats));
    CHECK_OK(ipl_unpack(floats, packed, bytes, back));
    assert_memory_equal(back, value, (size_t)floats * sizeof *value);
    CHECK_FAILS(ipl_unpack(floats, packed, bytes - 1, back), IPL_E_FORMAT, "cut off");
    CHECK_FAILS(ipl_unpack(floats + 1, packed, bytes, back), IPL_E_FORMAT, "");
    free(packed);
    free(back);
    return bytes;
}

static void packing_changes_no_bit(void **state)
{
    (void)state;
    static float w[FLOATS];
    static const float odd[] = {0.0f, -0.0f, INFINITY, NAN, 1e-45f, -3.4e38f, 1.0f};
    pack_and_back(sizeof odd / sizeof *odd, odd);
    pack_and_back(1, odd + 4);
    fill(1, w);
    const size_t noise = pack_and_back(FLOATS, w);
    memset(w, 0, sizeof w);
    const size_t zeros = pack_and_back(FLOATS, w);
    printf("# %d bytes of weights in %zu, of zeros in %zu\n", BYTES, noise, zeros);
    CHECK(noise < 0.93 * BYTES && noise > 0.7 * BYTES && zeros < BYTES / 50);
    /* Half of it like noise. */
    fill(2, w);
    for (int i = 0; i < FLOATS / 4; ++i) w[i] = 1.0f;
    pack_and_back(FLOATS, w);
}

/* -- The file ---------------------------------------------------------------------*/

static void networks_return_by_their_ticks(void **state)
{
    (void)state;
    static const int64_t ticks[] = {0, 1, 5, 6, 1000000000000};
    float w[4];
    ipl_keeper *k;
    ipl_networks *n;
    make_folder();
    CHECK_OK(open_keeper(FLOATS, 0xabc, 0, -1, &k));
    for (int t = 0; t < 5; ++t) add(k, ticks[t]);
    CHECK_FAILS(ipl_keeper_add(k, 7, w), IPL_E_ARGUMENT, "tick 7 after tick 1000000");
    CHECK_OK(ipl_keeper_sync(k));
    int64_t bytes;
    CHECK_OK(ipl_keeper_bytes(k, INT64_MAX, &bytes));
    assert_int_equal(bytes, size_of_file());
    ipl_keeper_close(k);
    CHECK_OK(ipl_networks_open(IPL_FILE_PATH, path, FLOATS, &n));
    CHECK(ipl_networks_count(n) == 5 && ipl_networks_data_crc(n) == 0xabc);
    for (int t = 4; t >= 0; --t) {
        CHECK(ipl_networks_tick(n, t) == ticks[t] && ipl_networks_hold(n, ticks[t]));
        expect(n, ticks[t]);
    }
    CHECK(ipl_networks_from(n, 2) == 2 && ipl_networks_from(n, 5) == 2);
    CHECK(ipl_networks_from(n, INT64_MAX) == 5 && !ipl_networks_hold(n, 4));
    CHECK_FAILS(ipl_networks_read(n, 4, w), IPL_E_ARGUMENT, "nearest are 1 and 5");
    ipl_networks_close(n);
    CHECK_FAILS(ipl_networks_open(IPL_FILE_PATH, path, FLOATS + 1, &n), IPL_E_FORMAT,
                "20001");
    files_remove_folder(folder);
    CHECK_FAILS(ipl_networks_open(IPL_FILE_PATH, path, FLOATS, &n), IPL_E_IO,
                "networks.bin");
}

/* The bytes of a file of these ticks, to be freed. */
static char *bytes_of(const int64_t *tick, int count)
{
    ipl_keeper *k;
    CHECK_OK(open_keeper(FLOATS, 1, 0, -1, &k));
    for (int t = 0; t < count; ++t) add(k, tick[t]);
    ipl_keeper_close(k);
    return files_text(folder, "networks.bin");
}

static void a_keeper_goes_on_behind_its_tick(void **state)
{
    (void)state;
    static const int64_t ticks[] = {0, 3, 4, 9};
    int64_t ends[11];
    ipl_keeper *k;
    make_folder();
    CHECK_OK(open_keeper(FLOATS, 1, 0, -1, &k));
    for (int64_t t = 0; t <= 10; ++t) { /* records behind a tick do not count */
        for (int i = 0; i < 4; ++i)
            if (ticks[i] == (t ? t + 1 : 0)) add(k, ticks[i]);
        CHECK_OK(ipl_keeper_bytes(k, t, ends + t));
    }
    ipl_keeper_close(k);
    CHECK(ends[0] == ends[2] && ends[2] < ends[3] && ends[3] < ends[4]);
    CHECK(ends[4] == ends[8] && ends[8] < ends[9] && ends[9] == ends[10]);
    char *whole = files_text(folder, "networks.bin");
    const int64_t size = size_of_file();
    assert_int_equal(ends[10], size);
    for (int64_t from = -1; from <= 10; ++from) {
        CHECK_OK(open_keeper(FLOATS, 1, from < 0 ? 0 : ends[from], from, &k));
        for (int t = 0; t < 4; ++t)
            if (ticks[t] > from) add(k, ticks[t]);
        ipl_keeper_close(k);
        char *again = files_text(folder, "networks.bin");
        CHECK(size_of_file() == size);
        assert_memory_equal(again, whole, (size_t)size);
        free(again);
    }
    CHECK_FAILS(open_keeper(FLOATS, 1, size + 1, 9, &k), IPL_E_FORMAT,
                "safely written");
    CHECK_FAILS(open_keeper(FLOATS, 1, size - 8, 9, &k), IPL_E_FORMAT,
                "damaged");
    CHECK_FAILS(open_keeper(FLOATS, 1, size, 4, &k), IPL_E_FORMAT,
                "safely written");
    CHECK_FAILS(open_keeper(FLOATS - 1, 1, size, 9, &k), IPL_E_FORMAT,
                "19999");
    free(whole);
    files_remove_folder(folder);
}

static void damage_is_seen(void **state)
{
    (void)state;
    static const int64_t ticks[] = {0, 3};
    static float w[FLOATS];
    ipl_networks *n;
    make_folder();
    char *whole = bytes_of(ticks, 2);
    const size_t size = (size_t)size_of_file();
    const ipl_random r = {check_seed(), 5};
    for (uint64_t i = 0; i < 60; ++i) {
        const size_t at = (size_t)ipl_random_below(r, i, (uint64_t)size);
        if (at >= 24 && at < 32) continue; /* data and run, for its user */
        whole[at] ^= (char)(1 << i % 8);
        files_write(path, size, whole);
        whole[at] ^= (char)(1 << i % 8);
        ipl_status st = ipl_networks_open(IPL_FILE_PATH, path, FLOATS, &n);
        if (st != IPL_OK) {
            CHECK(st == IPL_E_FORMAT);
            continue;
        }
        for (int64_t k = 0; st == IPL_OK && k < ipl_networks_count(n); ++k)
            st = ipl_networks_read(n, ipl_networks_tick(n, k), w);
        CHECK(st == IPL_E_FORMAT);
        ipl_networks_close(n);
    }
    for (size_t cut = 1; cut < 40; cut += 7) {
        files_write(path, size - cut, whole);
        CHECK_FAILS(ipl_networks_open(IPL_FILE_PATH, path, FLOATS, &n), IPL_E_FORMAT,
                    "ends at byte");
    }
    files_write(path, 10, whole);
    CHECK_FAILS(ipl_networks_open(IPL_FILE_PATH, path, FLOATS, &n), IPL_E_FORMAT,
                "ends at byte 10");
    free(whole);
    files_remove_folder(folder);
}

static void a_full_disk_takes_the_record_back(void **state)
{
    (void)state;
    struct rlimit whole, cut;
    static float w[FLOATS];
    ipl_keeper *k;
    ipl_networks *n;
    signal(SIGXFSZ, SIG_IGN);
    make_folder();
    CHECK_OK(open_keeper(FLOATS, 1, 0, -1, &k));
    add(k, 0);
    int64_t good;
    CHECK_OK(ipl_keeper_bytes(k, 0, &good));
    CHECK(getrlimit(RLIMIT_FSIZE, &whole) == 0);
    cut = whole;
    cut.rlim_cur = (rlim_t)good + 1000;
    CHECK(setrlimit(RLIMIT_FSIZE, &cut) == 0);
    fill(1, w);
    const ipl_status st = ipl_keeper_add(k, 1, w);
    CHECK(setrlimit(RLIMIT_FSIZE, &whole) == 0);
    CHECK(st == IPL_E_IO && size_of_file() == good);
    add(k, 1);
    ipl_keeper_close(k);
    CHECK_OK(ipl_networks_open(IPL_FILE_PATH, path, FLOATS, &n));
    expect(n, 0);
    expect(n, 1);
    ipl_networks_close(n);
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(packing_changes_no_bit),
    CHECK_TEST(networks_return_by_their_ticks),
    CHECK_TEST(a_keeper_goes_on_behind_its_tick),
    CHECK_TEST(damage_is_seen),
    CHECK_TEST(a_full_disk_takes_the_record_back),
};

CHECK_MAIN("networks", tests, 0)
