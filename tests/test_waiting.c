/*
 * test_waiting.c - threads of a device that have nothing to do leave the processor.
 *
 * Processor time does not grow with what else the machine does, so the test holds on a
 * busy one. A thread of libgomp that spins before it sleeps takes 3 to 14 ms.
 */
#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "ipl_mi.h"
#include "layers.h"

enum { ROWS = 1500, UNITS = 4, REST_US = 40000, TRIES = 3 };

static double spent_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static ipl_device *two_threads(void)
{
    ipl_device *dev;
    const ipl_device_options options = {.threads = 2};
    CHECK_OK(ipl_device_open("cpu", &options, &dev));
    return dev;
}

/* Pair sums, which both threads share. */
static void work(ipl_device *dev, const float *t)
{
    const ipl_mi_options kde = ipl_mi_defaults(IPL_MI_KDE);
    const ipl_mi_samples samples = {.n = ROWS};
    ipl_mi_layer layer = {.d = UNITS, .t = t};
    CHECK_OK(ipl_mi_estimate_host(dev, 1, &kde, &samples, 1, &layer));
}

static void idle_threads_leave_the_processor(void **state)
{
    (void)state;
    /* Then the user has said how to wait. */
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")) skip();
    ipl_device *dev = two_threads();
    float *t = layer_make(ROWS, UNITS, 3, 1.0, check_seed());
    double least = INFINITY;
    for (int k = 0; k < TRIES; ++k) {
        work(dev, t);
        const double begin = spent_ms();
        usleep(REST_US);
        least = fmin(least, spent_ms() - begin);
    }
    printf("# %d ms after a call took %.3f ms of processor time\n", REST_US / 1000,
           least);
    CHECK(least < 1.0);
    test_free(t);
    ipl_device_close(dev);
}

static int threads_of_this_process(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return 0;
    while (readdir(tasks)) ++count;
    closedir(tasks);
    return count;
}

static void a_second_device_needs_no_more_sleepers(void **state)
{
    (void)state;
    ipl_device *dev[8];
    dev[0] = two_threads();
    const int before = threads_of_this_process();
    for (int k = 1; k < 8; ++k) dev[k] = two_threads();
    CHECK(threads_of_this_process() == before);
    for (int k = 0; k < 8; ++k) ipl_device_close(dev[k]);
}

/* Nor do OpenBLAS's threads come back, which spin for 100 ms and then sleep. */
static void a_second_device_brings_no_thread_back(void **state)
{
    (void)state;
    ipl_device *first = two_threads();
    const int before = threads_of_this_process();
    double begin = spent_ms();
    ipl_device *second = two_threads();
    usleep(REST_US);
    const double spent = spent_ms() - begin;
    CHECK(threads_of_this_process() == before);
    printf("# %d ms after a second open took %.3f ms of processor time\n",
           REST_US / 1000, spent);
    CHECK(spent < 10.0);
    ipl_device_close(first);
    ipl_device_close(second);
}

static const check_test tests[] = {
    CHECK_TEST(a_second_device_brings_no_thread_back), /* before there are more */
    CHECK_TEST(idle_threads_leave_the_processor),
    CHECK_TEST(a_second_device_needs_no_more_sleepers),
};

CHECK_MAIN("waiting", tests, 0)
