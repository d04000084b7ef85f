/*
 * test_store.c - snapshots survive the way through memory and file, within bounds.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "files.h"
#include "random.h"
#include "plane/store.h"

enum { FLOATS = 3000, BYTES = FLOATS * (int)sizeof(float) };

static ipl_device *host; /* memory of the host is this device's */
static char directory[FILES_PATH];
static char path[FILES_PATH + 16];

static void make_directory(void **state)
{
    (void)state;
    CHECK_OK(ipl_device_open("cpu", NULL, &host));
    files_make_folder(directory);
    snprintf(path, sizeof path, "%s/snapshots", directory);
}

static ipl_store *open_store(size_t memory_bytes, const char *file)
{
    ipl_store *s;
    const ipl_store_options o = {
        .floats = FLOATS, .dev = host, .memory_bytes = memory_bytes,
        .dir = IPL_FILE_PATH,
        .path = file};
    CHECK_OK(ipl_store_create(&o, &s));
    return s;
}

static void close_store(ipl_store *s)
{
    ipl_store_destroy(s);
    ipl_device_close(host);
    CHECK(access(path, F_OK) != 0); /* the file goes with the store */
    CHECK(rmdir(directory) == 0);
}

/* Weights as they are: small, of both signs, no pattern in the low bits. */
static void fill(int64_t tick, float *w)
{
    const ipl_random r = {check_seed(), (uint64_t)tick};
    for (uint64_t i = 0; i < FLOATS; ++i)
        w[i] = (float)(0.1 * (ipl_random_uniform(r, i) - 0.5));
}

static void put(ipl_store *s, int64_t tick)
{
    float w[FLOATS];
    fill(tick, w);
    CHECK_OK(ipl_store_put(s, tick, host, w));
}

static void expect(ipl_store *s, int64_t tick)
{
    float want[FLOATS], got[FLOATS] = {0};
    fill(tick, want);
    CHECK_OK(ipl_store_get(s, tick, host, got));
    assert_memory_equal(got, want, BYTES);
}

static ipl_store_stats about(ipl_store *s)
{
    ipl_store_stats stats;
    ipl_store_about(s, &stats);
    return stats;
}

static void snapshots_return_with_their_bits(void **state)
{
    make_directory(state);
    ipl_store *s = open_store(5 * BYTES, path);
    static const float odd[FLOATS] = {NAN, INFINITY, -0.0f, 1e-45f, -INFINITY};
    float got[FLOATS];
    for (int64_t t = 0; t < 20; ++t) put(s, 7 * t);
    CHECK_OK(ipl_store_put(s, 3, host, odd)); /* out of order, and in the file */
    for (int64_t t = 19; t >= 0; --t) expect(s, 7 * t);
    CHECK_OK(ipl_store_get(s, 3, host, got));
    assert_memory_equal(got, odd, BYTES);
    CHECK(ipl_store_holds(s, 3) && ipl_store_holds(s, 133) && !ipl_store_holds(s, 4));
    close_store(s);
}

static void the_budget_is_kept(void **state)
{
    make_directory(state);
    ipl_store *s = open_store(5 * BYTES + BYTES / 2, path);
    for (int64_t t = 0; t < 5; ++t) {
        CHECK(!ipl_store_is_full(s));
        put(s, t);
        CHECK(about(s).in_file == 0 && access(path, F_OK) != 0);
    }
    CHECK(ipl_store_is_full(s));
    for (int64_t t = 5; t < 12; ++t) put(s, t);
    CHECK(about(s).in_file == 7 && about(s).memory_bytes == 5 * BYTES);
    ipl_store_drop(s, 2); /* memory is used again before the file is */
    CHECK(!ipl_store_is_full(s));
    put(s, 12);
    CHECK(about(s).in_file == 7 && about(s).memory_peak_bytes == 5 * BYTES);
    for (int64_t t = 0; t <= 12; ++t)
        if (t != 2) expect(s, t);
    CHECK_FAILS(ipl_store_get(s, 2, host, NULL), IPL_E_ARGUMENT, "tick 2: not held");
    close_store(s);
}

static void memory_alone_is_a_hard_limit(void **state)
{
    make_directory(state);
    ipl_store *s = open_store(2 * BYTES, NULL);
    float w[FLOATS] = {0};
    put(s, 0);
    put(s, 1);
    CHECK_FAILS(ipl_store_put(s, 2, host, w), IPL_E_MEMORY, "24000 of 24000");
    CHECK_FAILS(ipl_store_put(s, 1, host, w), IPL_E_ARGUMENT, "tick 1: held already");
    ipl_store_drop(s, 0);
    put(s, 2);
    expect(s, 1);
    close_store(s);
}

static void the_file_does_not_grow_with_the_ticks(void **state)
{
    make_directory(state);
    enum { WINDOW = 8, TICKS = 10000 };
    ipl_store *s = open_store(2 * BYTES, path);
    const ipl_random r = {check_seed(), 1};
    int64_t held[WINDOW], count = 0;
    for (int64_t t = 0; t < TICKS; ++t) {
        if (count == WINDOW) { /* a random one goes, so that the file gets holes */
            const int64_t one = (int64_t)ipl_random_below(r, (uint64_t)t, WINDOW);
            if (t % 100 == 0) expect(s, held[one]);
            ipl_store_drop(s, held[one]);
            held[one] = held[--count];
        }
        put(s, t);
        held[count++] = t;
    }
    const ipl_store_stats now = about(s);
    CHECK(now.held == WINDOW && now.held_peak == WINDOW && now.spilled > TICKS / 2);
    CHECK(now.file_peak_bytes <= (size_t)WINDOW * 2 * BYTES);
    struct stat on_disk;
    CHECK(stat(path, &on_disk) == 0 && (size_t)on_disk.st_size <= now.file_bytes);
    while (count) expect(s, held[--count]);
    printf("# %d ticks: at most %lld held, file at most %zu bytes\n", TICKS,
           (long long)now.held_peak, now.file_peak_bytes);
    close_store(s);
}

static int is_even(void *user, int64_t tick)
{
    ++*(int64_t *)user;
    return tick % 2 == 0;
}

static void a_sweep_drops_what_nobody_wants(void **state)
{
    make_directory(state);
    ipl_store *s = open_store(3 * BYTES, path);
    int64_t asked = 0;
    for (int64_t t = 0; t < 11; ++t) put(s, t);
    ipl_store_sweep(s, is_even, &asked);
    CHECK(asked == 11 && about(s).held == 6);
    for (int64_t t = 0; t < 11; ++t) {
        CHECK(ipl_store_holds(s, t) == (t % 2 == 0));
        if (t % 2 == 0) expect(s, t);
        ipl_store_drop(s, t);
    }
    CHECK(about(s).held == 0 && about(s).memory_bytes == 0);
    CHECK(about(s).file_bytes == 0); /* emptied, and cut */
    struct stat on_disk;
    CHECK(stat(path, &on_disk) == 0 && on_disk.st_size == 0);
    close_store(s);
}

static void flip(off_t at, int bit)
{
    unsigned char byte = 0;
    const int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= (unsigned char)(1 << bit);
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

static void every_damaged_bit_is_noticed(void **state)
{
    make_directory(state);
    ipl_store *s = open_store(0, path);
    float w[FLOATS];
    put(s, 5);
    struct stat on_disk;
    CHECK(stat(path, &on_disk) == 0);
    const ipl_random r = {check_seed(), 2};
    for (uint64_t i = 0; i < 400; ++i) { /* each header byte, then anywhere */
        const uint64_t size = (uint64_t)on_disk.st_size;
        const off_t at = (off_t)(i < 24 ? i : ipl_random_below(r, i, size));
        flip(at, (int)(i % 8));
        CHECK_FAILS(ipl_store_get(s, 5, host, w), IPL_E_FORMAT, "tick 5 at byte 0");
        flip(at, (int)(i % 8));
    }
    expect(s, 5);
    CHECK(truncate(path, on_disk.st_size - 1) == 0);
    CHECK_FAILS(ipl_store_get(s, 5, host, w), IPL_E_FORMAT, "damaged");
    CHECK(truncate(path, 0) == 0);
    CHECK_FAILS(ipl_store_get(s, 5, host, w), IPL_E_FORMAT, "damaged");
    close_store(s);
}

static void a_full_disk_is_an_error_and_loses_nothing(void **state)
{
    make_directory(state);
    ipl_store *s = open_store(BYTES, path);
    float w[FLOATS];
    struct rlimit whole, cut;
    CHECK(getrlimit(RLIMIT_FSIZE, &whole) == 0);
    signal(SIGXFSZ, SIG_IGN);
    for (int64_t t = 0; t < 4; ++t) put(s, t);
    cut = whole;
    cut.rlim_cur = about(s).file_bytes + BYTES / 2;
    CHECK(setrlimit(RLIMIT_FSIZE, &cut) == 0);
    fill(4, w);
    for (int again = 0; again < 3; ++again)
        CHECK_FAILS(ipl_store_put(s, 4, host, w), IPL_E_IO, strerror(EFBIG));
    CHECK(!ipl_store_holds(s, 4) && about(s).held == 4);
    for (int64_t t = 0; t < 4; ++t) expect(s, t);
    ipl_store_drop(s, 2); /* its slot takes the record */
    put(s, 4);
    expect(s, 4);
    CHECK(setrlimit(RLIMIT_FSIZE, &whole) == 0);
    put(s, 5);
    expect(s, 5);
    close_store(s);
}

static void a_file_that_cannot_be_made_is_named(void **state)
{
    make_directory(state);
    ipl_store *s = open_store(0, "/nowhere/snapshots");
    float w[FLOATS] = {0};
    CHECK_FAILS(ipl_store_put(s, 0, host, w), IPL_E_IO, "/nowhere/snapshots: open");
    CHECK(about(s).held == 0 && about(s).in_file == 0);
    close_store(s);
}

/* One trainer puts, three measurers read, and what was read thrice is dropped. */
typedef struct {
    ipl_store *store;
    int64_t    ticks, wrong;
    int        reads[600];
    int64_t    made; /* ticks [0, made) are there                               */
    pthread_mutex_t lock;
    pthread_cond_t  more;
} shared_work;

static void *read_all(void *user)
{
    shared_work *w = user;
    ipl_device *own;
    if (ipl_device_open_again(host, &own) != IPL_OK) abort();
    for (int64_t t = 0; t < w->ticks; ++t) {
        float want[FLOATS], got[FLOATS];
        pthread_mutex_lock(&w->lock);
        while (w->made <= t) pthread_cond_wait(&w->more, &w->lock);
        pthread_mutex_unlock(&w->lock);
        fill(t, want);
        const int bad = ipl_store_get(w->store, t, own, got) != IPL_OK ||
                        memcmp(got, want, BYTES) != 0;
        pthread_mutex_lock(&w->lock);
        w->wrong += bad;
        const int last = ++w->reads[t] == 3;
        pthread_mutex_unlock(&w->lock);
        if (last) ipl_store_drop(w->store, t);
    }
    ipl_device_close(own);
    return NULL;
}

static void threads_share_a_store(void **state)
{
    make_directory(state);
    static shared_work w;
    w = (shared_work){.store = open_store(4 * BYTES, path), .ticks = 600,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .more = PTHREAD_COND_INITIALIZER};
    pthread_t reader[3];
    for (int i = 0; i < 3; ++i)
        CHECK(pthread_create(&reader[i], NULL, read_all, &w) == 0);
    for (int64_t t = 0; t < w.ticks; ++t) {
        put(w.store, t);
        pthread_mutex_lock(&w.lock);
        w.made = t + 1;
        pthread_cond_broadcast(&w.more);
        pthread_mutex_unlock(&w.lock);
    }
    for (int i = 0; i < 3; ++i) pthread_join(reader[i], NULL);
    CHECK(w.wrong == 0);
    const ipl_store_stats now = about(w.store);
    CHECK(now.held == 0 && now.memory_bytes == 0 && now.file_bytes == 0);
    close_store(w.store);
}

static const check_test tests[] = {
    CHECK_TEST(snapshots_return_with_their_bits),
    CHECK_TEST(the_budget_is_kept),
    CHECK_TEST(memory_alone_is_a_hard_limit),
    CHECK_TEST(the_file_does_not_grow_with_the_ticks),
    CHECK_TEST(a_sweep_drops_what_nobody_wants),
    CHECK_TEST(every_damaged_bit_is_noticed),
    CHECK_TEST(a_full_disk_is_an_error_and_loses_nothing),
    CHECK_TEST(a_file_that_cannot_be_made_is_named),
    CHECK_TEST(threads_share_a_store),
};

CHECK_MAIN("store", tests, 0)
