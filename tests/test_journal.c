/*
 * test_journal.c - what a run writes for its resuming: log, training state, lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "files.h"
#include "plane/checkpoint.h"
#include "file.h"
#include "plane/journal.h"
#include "random.h"

static char directory[FILES_PATH];
static char path[FILES_PATH + 8];

static void make_directory(void)
{
    files_make_folder(directory);
    snprintf(path, sizeof path, "%s/file", directory);
}

static void remove_directory(void)
{
    CHECK(unlink(path) == 0 && rmdir(directory) == 0); /* and nothing else is there */
}

static int64_t size_of(const char *file)
{
    struct stat about;
    CHECK(stat(file, &about) == 0);
    return (int64_t)about.st_size;
}

/* The i-th record of these tests: of 0 to 96 bytes. */
static size_t content(int64_t i, unsigned char *bytes)
{
    const ipl_random r = {check_seed(), (uint64_t)i};
    const size_t count = (size_t)ipl_random_below(r, 99, 97);
    for (size_t b = 0; b < count; ++b)
        bytes[b] = (unsigned char)ipl_random_word(r, b);
    return count;
}

typedef struct {
    int64_t seen, wrong;
    int64_t ends[64]; /* where the records end in the file                      */
    int     torn;
} tally;

static ipl_status count_record(void *user, uint32_t type, int64_t tick,
                               const void *payload, size_t bytes)
{
    tally *t = user;
    unsigned char want[128];
    const size_t length = content(t->seen, want);
    t->wrong += type != (uint32_t)(t->seen % 3) || tick != t->seen * 5 ||
                bytes != length || memcmp(payload, want, length) != 0;
    ++t->seen;
    return IPL_OK;
}

static const ipl_identity own = {{0x123456789abcdef, 42}, 7};

static ipl_status ignore(void *user, uint32_t type, int64_t tick, const void *payload,
                         size_t bytes)
{
    (void)user, (void)type, (void)tick, (void)payload, (void)bytes;
    return IPL_OK;
}

static ipl_status append(ipl_journal *j, int64_t i)
{
    unsigned char bytes[128];
    const size_t length = content(i, bytes);
    return ipl_journal_append(j, (uint32_t)(i % 3), i * 5, bytes, length);
}

/* Opens the file and adds records until there are `until`. Returns how many it had. */
static int64_t extend(int64_t until, tally *t)
{
    ipl_journal *j;
    t->seen = t->wrong = 0;
    CHECK_OK(ipl_journal_open(IPL_FILE_PATH, path, &own, &j));
    CHECK_OK(ipl_journal_read(j, count_record, t));
    CHECK(t->wrong == 0);
    const int64_t had = t->seen;
    t->torn = ipl_journal_was_torn(j);
    for (int64_t i = had; i < until; ++i) {
        CHECK_OK(append(j, i));
        t->ends[i] = ipl_journal_bytes(j);
        assert_int_equal(size_of(path), t->ends[i]);
    }
    CHECK_OK(ipl_journal_sync(j));
    ipl_journal_close(j);
    return had;
}

static void a_torn_record_is_dropped_at_every_byte(void **state)
{
    (void)state;
    make_directory();
    enum { RECORDS = 20, TITLE = 32 };
    tally t;
    char *whole, *again;
    int64_t size, after;
    CHECK(extend(RECORDS, &t) == 0);
    CHECK(extend(RECORDS, &t) == RECORDS);
    CHECK_OK(ipl_file_read(IPL_FILE_PATH, path, &whole, &size));
    for (int64_t cut = 0; cut < size; ++cut) {
        int64_t complete = 0;
        while (complete < RECORDS && t.ends[complete] <= cut) ++complete;
        CHECK(truncate(path, cut) == 0);
        const int whole_records =
            cut <= TITLE || (complete ? t.ends[complete - 1] : TITLE) == cut;
        assert_int_equal(extend(RECORDS, &t), complete);
        CHECK(t.torn == !whole_records);
        /* as if nothing had been */
        CHECK_OK(ipl_file_read(IPL_FILE_PATH, path, &again, &after));
        assert_int_equal(after, size);
        assert_memory_equal(again, whole, (size_t)size);
        free(again);
    }
    free(whole);
    remove_directory();
}

static void damage_in_what_was_safe_is_an_error(void **state)
{
    (void)state;
    make_directory();
    enum { RECORDS = 12 };
    tally t;
    char *whole;
    int64_t size;
    extend(RECORDS, &t);
    CHECK_OK(ipl_file_read(IPL_FILE_PATH, path, &whole, &size));
    for (int64_t at = 0; at < size; ++at) {
        const char bad = (char)(whole[at] ^ (1 << at % 8));
        ipl_journal *j = NULL;
        const int fd = open(path, O_WRONLY);
        CHECK(fd >= 0 && pwrite(fd, &bad, 1, at) == 1);
        ipl_status st = ipl_journal_open(IPL_FILE_PATH, path, &own, &j);
        if (st == IPL_OK) st = ipl_journal_read(j, ignore, NULL);
        if (st == IPL_OK) st = ipl_journal_must_have(j, size);
        CHECK(st == IPL_E_FORMAT && strstr(ipl_last_error(), path));
        ipl_journal_close(j);
        CHECK(size_of(path) == size); /* it is left for others to look at */
        CHECK(pwrite(fd, whole + at, 1, at) == 1);
        close(fd);
    }
    CHECK(extend(RECORDS, &t) == RECORDS);
    free(whole);
    remove_directory();
}

/* A record counts in its run and at its place, and nowhere else. */
static void a_record_counts_at_its_place(void **state)
{
    (void)state;
    make_directory();
    enum { RECORDS = 6, TITLE = 32 };
    tally t;
    char *whole;
    int64_t size;
    extend(RECORDS, &t);
    CHECK_OK(ipl_file_read(IPL_FILE_PATH, path, &whole, &size));
    int fd = open(path, O_WRONLY); /* all once more behind them */
    CHECK(fd >= 0 && pwrite(fd, whole + TITLE, (size_t)(size - TITLE), size) > 0);
    close(fd);
    CHECK(extend(RECORDS, &t) == RECORDS && t.torn);
    fd = open(path, O_WRONLY); /* in a file of another run */
    CHECK(fd >= 0 && pwrite(fd, "another", 7, 16) == 7);
    close(fd);
    CHECK(extend(0, &t) == 0 && t.torn);
    free(whole);
    remove_directory();
}

static void a_full_disk_takes_back_half_a_record(void **state)
{
    (void)state;
    make_directory();
    tally t = {0};
    ipl_journal *j;
    struct rlimit whole, cut;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &whole) == 0);
    CHECK_OK(ipl_journal_open(IPL_FILE_PATH, path, &own, &j));
    for (int64_t i = 0; i < 7; ++i) CHECK_OK(append(j, i));
    const int64_t good = ipl_journal_bytes(j);
    cut = whole;
    cut.rlim_cur = (rlim_t)good + 20;
    CHECK(setrlimit(RLIMIT_FSIZE, &cut) == 0);
    CHECK_FAILS(append(j, 7), IPL_E_IO, strerror(EFBIG));
    CHECK(size_of(path) == good && ipl_journal_bytes(j) == good);
    CHECK(setrlimit(RLIMIT_FSIZE, &whole) == 0);
    CHECK_OK(append(j, 7)); /* room again: the same journal goes on */
    ipl_journal_close(j);
    CHECK(extend(8, &t) == 8);
    remove_directory();
}

static ipl_status refuse(void *user, uint32_t type, int64_t tick, const void *payload,
                         size_t bytes)
{
    (void)user, (void)type, (void)payload, (void)bytes;
    return IPL_FAIL(IPL_E_UNSUPPORTED, "record of tick %lld", (long long)tick);
}

static void a_reader_may_refuse(void **state)
{
    (void)state;
    make_directory();
    tally t;
    ipl_journal *j = NULL;
    extend(3, &t);
    CHECK_OK(ipl_journal_open(IPL_FILE_PATH, path, &own, &j));
    CHECK_FAILS(ipl_journal_read(j, refuse, NULL), IPL_E_UNSUPPORTED, "tick 0");
    ipl_journal_close(j);
    CHECK(extend(3, &t) == 3);
    const int fd = open(path, O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, "some other file", 15, 0) == 15);
    close(fd);
    j = NULL;
    CHECK_FAILS(ipl_journal_open(IPL_FILE_PATH, path, &own, &j), IPL_E_FORMAT,
                "not the log");
    CHECK(!j);
    remove_directory();
}

static void a_training_state_returns_with_its_bits(void **state)
{
    (void)state;
    make_directory();
    enum { FLOATS = 1000 };
    float values[FLOATS], got[FLOATS];
    for (int i = 0; i < FLOATS; ++i) values[i] = (float)i / 3.0f;
    values[7] = NAN;
    ipl_checkpoint read = {.floats = FLOATS, .values = got, .of = own};
    CHECK_OK(ipl_checkpoint_read(IPL_FILE_PATH, path, &read));
    CHECK(read.tick == -1); /* none yet */
    for (int64_t tick = 1; tick < 4; ++tick) {
        CHECK_OK(ipl_checkpoint_write(
            IPL_FILE_PATH, path,
            &(ipl_checkpoint){tick, 9 * tick, 77, 78, FLOATS, values, own}));
        CHECK_OK(ipl_checkpoint_read(IPL_FILE_PATH, path, &read));
        CHECK(read.tick == tick && read.steps == 9 * tick && read.journal_bytes == 77 &&
              read.kept_bytes == 78);
        assert_memory_equal(got, values, sizeof values);
    }
    read.floats = FLOATS - 1;
    CHECK_FAILS(ipl_checkpoint_read(IPL_FILE_PATH, path, &read), IPL_E_FORMAT,
                "expected");
    read.floats = FLOATS;
    const int64_t size = size_of(path);
    for (int64_t at = 0; at < size; at += at < 64 ? 1 : 37) {
        char byte = 0;
        const int fd = open(path, O_RDWR);
        CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
        byte ^= (char)(1 << at % 8);
        CHECK(pwrite(fd, &byte, 1, at) == 1);
        CHECK_FAILS(ipl_checkpoint_read(IPL_FILE_PATH, path, &read), IPL_E_FORMAT,
                    path);
        byte ^= (char)(1 << at % 8);
        CHECK(pwrite(fd, &byte, 1, at) == 1);
        close(fd);
    }
    CHECK(truncate(path, size - 1) == 0);
    CHECK_FAILS(ipl_checkpoint_read(IPL_FILE_PATH, path, &read), IPL_E_FORMAT,
                "damaged");
    remove_directory();
}

static void a_failed_replacement_leaves_the_old_file(void **state)
{
    (void)state;
    make_directory();
    enum { FLOATS = 5000 };
    static float values[FLOATS];
    struct rlimit whole, cut;
    signal(SIGXFSZ, SIG_IGN);
    CHECK_OK(ipl_checkpoint_write(IPL_FILE_PATH, path,
                                  &(ipl_checkpoint){1, 1, 0, 0, FLOATS, values, own}));
    CHECK(getrlimit(RLIMIT_FSIZE, &whole) == 0);
    cut = whole;
    cut.rlim_cur = 4096;
    CHECK(setrlimit(RLIMIT_FSIZE, &cut) == 0);
    const ipl_checkpoint second = {2, 2, 0, 0, FLOATS, values, own};
    CHECK_FAILS(ipl_checkpoint_write(IPL_FILE_PATH, path, &second),
                IPL_E_IO, strerror(EFBIG));
    CHECK(setrlimit(RLIMIT_FSIZE, &whole) == 0);
    ipl_checkpoint read = {.floats = FLOATS, .values = values, .of = own};
    CHECK_OK(ipl_checkpoint_read(IPL_FILE_PATH, path, &read));
    CHECK(read.tick == 1);
    remove_directory(); /* no half file beside it */
}

static void a_lock_keeps_another_process_out(void **state)
{
    (void)state;
    make_directory();
    int fd, status, ready[2], hold[2];
    char byte = 0;
    CHECK(pipe(ready) == 0 && pipe(hold) == 0);
    const pid_t child = fork();
    if (child == 0) {
        const int bad = ipl_file_lock(IPL_FILE_PATH, path, &fd) != IPL_OK ||
                        write(ready[1], &byte, 1) != 1 || read(hold[0], &byte, 1) != 1;
        _exit(bad);
    }
    char who[32];
    snprintf(who, sizeof who, "process %ld", (long)child);
    CHECK(read(ready[0], &byte, 1) == 1);
    CHECK_FAILS(ipl_file_lock(IPL_FILE_PATH, path, &fd), IPL_E_UNSUPPORTED, who);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    /* the lock goes with its owner */
    CHECK_OK(ipl_file_lock(IPL_FILE_PATH, path, &fd));
    ipl_file_unlock(fd);
    for (int p = 0; p < 2; ++p) close(ready[p]), close(hold[p]);
    remove_directory();
}

static const check_test tests[] = {
    CHECK_TEST(a_torn_record_is_dropped_at_every_byte),
    CHECK_TEST(damage_in_what_was_safe_is_an_error),
    CHECK_TEST(a_record_counts_at_its_place),
    CHECK_TEST(a_full_disk_takes_back_half_a_record),
    CHECK_TEST(a_reader_may_refuse),
    CHECK_TEST(a_training_state_returns_with_its_bits),
    CHECK_TEST(a_failed_replacement_leaves_the_old_file),
    CHECK_TEST(a_lock_keeps_another_process_out),
};

CHECK_MAIN("journal", tests, 0)
