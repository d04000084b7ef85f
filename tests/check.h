/*
 * check.h - cmocka with a table of properties that runs on every device.
 *
 *   build/.../test_mi                 all tests on all devices
 *   build/.../test_mi kde             names that contain "kde"
 *   IPL_TEST_DEVICES=cpu:avx2,cuda:0  only these devices
 *   IPL_TEST_NEED=cuda                a missing GPU is a failure and not a skip
 *   IPL_TEST_SEED=7                   other random data
 *
 * A test is `void name(void **state)`; check_device(state) is the device it has
 * to use. Output is TAP; a filter that matches nothing fails.
 */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipl_device.h"

typedef struct {
    const char      *name;
    CMUnitTestFunction run;
} check_test;

#define CHECK_TEST(property) {#property, property}

/* cmocka's assertions do not return, so these two name the place and the reason. */
#define CHECK(holds)                                                           \
    do {                                                                       \
        if (!(holds)) fail_msg("%s:%d: %s", __FILE__, __LINE__, #holds);       \
    } while (0)

#define CHECK_OK(call)                                                         \
    do {                                                                       \
        if ((call) != IPL_OK)                                                  \
            fail_msg("%s:%d: %s: %s", __FILE__, __LINE__, #call,               \
                     ipl_last_error());                                        \
    } while (0)

/* The call must fail with this status and a text that contains `words`. */
#define CHECK_FAILS(call, status, words)                                       \
    do {                                                                       \
        const ipl_status got_ = (call);                                        \
        if (got_ != (status) || !strstr(ipl_last_error(), (words)))            \
            fail_msg("%s:%d: %s gave %s '%s', expected %s with '%s'", __FILE__, \
                     __LINE__, #call, ipl_status_name(got_), ipl_last_error(), \
                     ipl_status_name(status), (words));                        \
    } while (0)

static inline ipl_device *check_device(void **state) { return *state; }

/* The device opened again, with launches of a few blocks: IPL_TEST_SMALL_LAUNCHES. */
static inline ipl_device *check_small_launches(ipl_device *dev)
{
    ipl_device *small;
    setenv("IPL_TEST_SMALL_LAUNCHES", "1", 1);
    const ipl_status st = ipl_device_open_again(dev, &small);
    unsetenv("IPL_TEST_SMALL_LAUNCHES");
    assert_int_equal(st, IPL_OK);
    return small;
}

/* A size that the device can carry: `emulated` where its name says that its arithmetic
 * is emulated, hundreds of times slower than a device's, else `size`. */
static inline int64_t check_size(ipl_device *dev, int64_t size, int64_t emulated)
{
    return strstr(ipl_device_about(dev)->description, "emulat") ? emulated : size;
}

/* Seed of the random data of a test; printed when a test fails. */
static inline uint64_t check_seed(void)
{
    const char *text = getenv("IPL_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

/* Every |got - want| must stay below the oracle's own bound for that entry.
 * NaN fails. Prints how much of its bound the worst entry used. */
static inline void check_within(const char *what, int64_t n, const double *got,
                                const double *want, const double *bound)
{
    int64_t worst = 0;
    double  used  = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        const double error = fabs(got[i] - want[i]);
        double share = error == 0.0 ? 0.0 : error / bound[i];
        if (isnan(share)) share = INFINITY; /* else a later entry hides it */
        if (share > used) worst = i, used = share;
    }
    if (used > 1.0)
        fail_msg("%s[%lld]: got %.9g, want %.9g within %.2g (seed %llu)", what,
                 (long long)worst, got[worst], want[worst], bound[worst],
                 (unsigned long long)check_seed());
    printf("# %s: %.0f%% of the allowed rounding\n", what, 100.0 * used);
}

enum { CHECK_TESTS_MAX = 1024 };

static inline int check_named(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ',') && (!at[length] || at[length] == ','))
            return 1;
    return 0;
}

/* Adds the tests whose names hold `filter`, with `dev` (NULL: host only). */
static inline size_t check_add(struct CMUnitTest *out, size_t used,
                               const check_test *tests, size_t count,
                               const char *filter, const char *where, ipl_device *dev)
{
    static char names[CHECK_TESTS_MAX][160];
    for (size_t t = 0; t < count; ++t) {
        if (filter && !strstr(tests[t].name, filter)) continue;
        if (used == CHECK_TESTS_MAX) {
            printf("Bail out! more than %d tests\n", CHECK_TESTS_MAX);
            exit(1);
        }
        snprintf(names[used], sizeof names[used], "%s %s", tests[t].name, where);
        out[used] = (struct CMUnitTest){names[used], tests[t].run, NULL, NULL, dev};
        ++used;
    }
    return used;
}

/* Runs the table once on each device of this machine (or on the host alone when
 * per_device is 0). Returns the exit status of main. */
static inline int check_main(const char *group, const check_test *tests, size_t count,
                             int per_device, int argc, char **argv)
{
    static struct CMUnitTest all[CHECK_TESTS_MAX];
    ipl_device *open[16] = {0};
    size_t used = 0, opened = 0;
    const char *filter = argc > 1 ? argv[1] : NULL;
    const char *only = getenv("IPL_TEST_DEVICES"), *need = getenv("IPL_TEST_NEED");
    int needed = need != NULL && per_device;

    if (!per_device) used = check_add(all, used, tests, count, filter, "host", NULL);
    for (int d = 0; per_device && d < ipl_device_count() && opened < 16; ++d) {
        char name[32];
        ipl_device_options options = {.threads = 2};
        if (ipl_device_name(d, name, sizeof name) != IPL_OK) continue;
        if (only && !check_named(only, name)) continue;
        if (ipl_device_open(name, &options, &open[opened]) != IPL_OK) {
            printf("# SKIP %s: %s\n", name, ipl_last_error());
            continue;
        }
        if (need && !strncmp(name, need, strlen(need))) needed = 0;
        used = check_add(all, used, tests, count, filter, name, open[opened++]);
    }
    if (needed || !used) {
        printf("1..1\nnot ok 1 - %s: %s\n", group,
               needed ? "the device that IPL_TEST_NEED names is missing"
                      : "the filter matches no test");
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const int failed = _cmocka_run_group_tests(group, all, used, NULL, NULL);
    while (opened) ipl_device_close(open[--opened]);
    return failed != 0;
}

#define CHECK_MAIN(group, tests, per_device)                                   \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        return check_main(group, tests, sizeof tests / sizeof *tests,          \
                          per_device, argc, argv);                             \
    }

#endif
