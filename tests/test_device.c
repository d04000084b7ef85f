/*
 * test_device.c - opening devices, their memory, labels, clock and ceilings.
 */
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "ipl_bench.h"

static void bytes_survive_the_round_trip(void **state)
{
    ipl_device *dev = check_device(state);
    enum { COUNT = 1001 };
    int32_t sent[COUNT], got[COUNT];
    for (int i = 0; i < COUNT; ++i) sent[i] = i * 7919 - 3, got[i] = 0;
    void *at;
    CHECK_OK(ipl_alloc(dev, sizeof sent, &at));
    CHECK_OK(ipl_upload(dev, sent, sizeof sent, at));
    CHECK_OK(ipl_download(dev, at, sizeof got, got));
    ipl_free(dev, at);
    assert_memory_equal(sent, got, sizeof sent);
}

static void empty_requests_are_allowed(void **state)
{
    ipl_device *dev = check_device(state);
    void *at = NULL;
    CHECK_OK(ipl_alloc(dev, 0, &at));
    CHECK_OK(ipl_upload(dev, NULL, 0, at));
    CHECK_OK(ipl_download(dev, at, 0, NULL));
    CHECK_OK(ipl_sync(dev));
    ipl_free(dev, at);
    ipl_free(dev, NULL);
}

static void requests_beyond_memory_say_the_bytes(void **state)
{
    ipl_device *dev = check_device(state);
    void *at = &at;
    CHECK_FAILS(ipl_alloc(dev, (size_t)1 << 60, &at), IPL_E_MEMORY,
                "1152921504606846976");
    assert_ptr_equal(at, &at); /* outputs are written on success only */
    ipl_mat m;
    CHECK_FAILS(ipl_mat_alloc(dev, 0, 3, &m), IPL_E_ARGUMENT, "0 x 3");
    CHECK_FAILS(ipl_mat_alloc(dev, INT64_MAX / 2, 3, &m), IPL_E_ARGUMENT, "matrix");
}

static void a_device_opens_again_and_takes_fewer_threads(void **state)
{
    ipl_device *dev = check_device(state), *again;
    CHECK_OK(ipl_device_open_again(dev, &again));
    CHECK(!strcmp(ipl_device_about(dev)->name, ipl_device_about(again)->name));
    const int threads = ipl_device_about(dev)->threads;
    assert_int_equal(ipl_device_about(again)->threads, threads);
    CHECK_OK(ipl_device_use_threads(again, 1));
    CHECK_OK(ipl_device_use_threads(again, threads));
    if (!strncmp(ipl_device_about(dev)->name, "cpu", 3)) {
        CHECK_FAILS(ipl_device_use_threads(again, 0), IPL_E_ARGUMENT, "0 threads");
        CHECK_FAILS(ipl_device_use_threads(again, threads + 1), IPL_E_ARGUMENT, "1 to");
    }
    ipl_device_close(again);
}

static void devices_name_their_libraries(void **state)
{
    const ipl_device_info *about = ipl_device_about(check_device(state));
    int cuda[2], driver[2], blas[3], end = 0;
    if (!strncmp(about->name, "cpu", 3)) {
        CHECK(!strncmp(about->libraries, "OpenBLAS ", 9));
        return;
    }
    CHECK(sscanf(about->libraries, "CUDA %d.%d, driver %d.%d, cuBLAS %d.%d.%d%n",
                 &cuda[0], &cuda[1], &driver[0], &driver[1], &blas[0], &blas[1],
                 &blas[2], &end) == 7);
    CHECK(!about->libraries[end]);
    /* A driver runs what is not newer than itself, but for minor versions; the three
     * are of one toolkit. */
    CHECK(cuda[0] >= 12 && driver[0] >= cuda[0] && blas[0] == cuda[0]);
}

static void labels_are_grouped_and_stable(void **state)
{
    ipl_device *dev = check_device(state);
    const int32_t y[] = {2, 0, 2, 4, 0, 2};
    const int32_t want_order[] = {1, 4, 0, 2, 5, 3};
    const int64_t want_start[] = {0, 2, 2, 5, 5, 6};
    ipl_labels labels;
    CHECK_OK(ipl_labels_create(dev, 6, 5, y, &labels));
    int32_t order[6], at[6];
    CHECK_OK(ipl_download(dev, labels.order, sizeof order, order));
    CHECK_OK(ipl_download(dev, labels.at, sizeof at, at));
    assert_memory_equal(order, want_order, sizeof order);
    assert_memory_equal(at, y, sizeof y);
    assert_memory_equal(labels.start, want_start, sizeof want_start);
    ipl_labels_free(dev, &labels);
    assert_null(labels.start);
}

static void labels_out_of_range_name_row_and_value(void **state)
{
    ipl_device *dev = check_device(state);
    const int32_t y[] = {0, 1, 3, 1}, negative[] = {0, -1};
    ipl_labels labels;
    CHECK_FAILS(ipl_labels_create(dev, 4, 3, y, &labels), IPL_E_ARGUMENT, "row 2 is 3");
    CHECK_FAILS(ipl_labels_create(dev, 2, 3, negative, &labels), IPL_E_ARGUMENT,
                "row 1 is -1");
}

static void about_names_the_device(void **state)
{
    const ipl_device_info *about = ipl_device_about(check_device(state));
    CHECK(strchr(about->name, ':'));
    CHECK(about->description[0] && about->threads > 0);
    CHECK(about->memory_bytes >= about->free_bytes && about->free_bytes > 0);
    ipl_device *again;
    CHECK_OK(ipl_device_open(about->name, NULL, &again));
    assert_string_equal(ipl_device_about(again)->name, about->name);
    ipl_device_close(again);
}

static void unknown_names_say_what_was_expected(void **state)
{
    (void)state;
    ipl_device *dev = NULL;
    CHECK_FAILS(ipl_device_open("gpu", NULL, &dev), IPL_E_ARGUMENT, "expected auto");
    CHECK_FAILS(ipl_device_open("cpu:sse9", NULL, &dev), IPL_E_ARGUMENT, "portable");
    const ipl_device_options minus = {.threads = -1};
    CHECK_FAILS(ipl_device_open("cpu", &minus, &dev), IPL_E_ARGUMENT, "threads -1");
    assert_null(dev);
    char name[32];
    CHECK_FAILS(ipl_device_name(ipl_device_count(), name, sizeof name), IPL_E_ARGUMENT,
                "device");
}

static void auto_always_opens_something(void **state)
{
    (void)state;
    ipl_device *dev;
    CHECK_OK(ipl_device_open("auto", NULL, &dev));
    const ipl_device_info *about = ipl_device_about(dev);
    /* A GPU; or a reason why not; or there is none, and no word of it. */
    int there = !access("/dev/nvidia0", F_OK) || !access("/proc/driver/nvidia", F_OK);
    char name[32];
    for (int d = 0; ipl_device_name(d, name, sizeof name) == IPL_OK; ++d)
        there |= !strncmp(name, "cuda:", 5);
    const int told = about->note[0] != '\0';
    CHECK(told == (there && strncmp(about->name, "cuda:", 5) != 0));
    ipl_device_close(dev);
}

static void the_watch_measures_at_least_a_sleep(void **state)
{
    ipl_device *dev = check_device(state);
    if (strncmp(ipl_device_about(dev)->name, "cpu", 3)) skip(); /* no sleep on a GPU */
    double wall_ms = 0.0;
    CHECK_OK(ipl_timer_start(dev));
    const struct timespec nap = {0, 20000000};
    nanosleep(&nap, NULL);
    CHECK_OK(ipl_timer_stop(dev, &wall_ms));
    CHECK(wall_ms >= 19.9 && wall_ms < 5000.0);
}

static const check_test tests[] = {
    CHECK_TEST(bytes_survive_the_round_trip),
    CHECK_TEST(empty_requests_are_allowed),
    CHECK_TEST(requests_beyond_memory_say_the_bytes),
    CHECK_TEST(a_device_opens_again_and_takes_fewer_threads),
    CHECK_TEST(devices_name_their_libraries),
    CHECK_TEST(labels_are_grouped_and_stable),
    CHECK_TEST(labels_out_of_range_name_row_and_value),
    CHECK_TEST(about_names_the_device),
    CHECK_TEST(unknown_names_say_what_was_expected),
    CHECK_TEST(auto_always_opens_something),
    CHECK_TEST(the_watch_measures_at_least_a_sleep),
};

CHECK_MAIN("device", tests, 1)
