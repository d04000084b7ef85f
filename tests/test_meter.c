/*
 * test_meter.c - who waits for an estimate can ask how far its passes are, and end it.
 */
#include <pthread.h>
#include <sched.h>

#include "check.h"
#include "ipl_mi.h"
#include "random.h"

enum { D = 6 };

typedef struct {
    const ipl_device *dev;
    int               ends;   /* atomic                                          */
    int64_t           between; /* times that a pass was seen in its middle       */
    int64_t           wrong;
} watcher;

static void *watch(void *user)
{
    watcher *w = user;
    while (!__atomic_load_n(&w->ends, __ATOMIC_ACQUIRE)) {
        int64_t done, all;
        ipl_device_progress(w->dev, &done, &all);
        w->wrong += done < 0 || done > all;
        w->between += done > 0 && done < all;
        sched_yield();
    }
    return NULL;
}

static ipl_status estimate(ipl_device *dev, ipl_mi_estimator which, int64_t n,
                           const float *t)
{
    const ipl_mi_options options = ipl_mi_defaults(which);
    const ipl_mi_samples samples = {.n = n, .inputs_d = D, .inputs = t};
    ipl_mi_layer layer = {.d = D, .t = t};
    return ipl_mi_estimate_host(dev, 1, &options, &samples, 1, &layer);
}

static float *make_layer(int64_t n)
{
    const ipl_random from = {5, 1};
    float *t = test_calloc((size_t)(n * D), sizeof *t);
    for (int64_t k = 0; k < n * D; ++k)
        t[k] = (float)ipl_random_uniform(from, (uint64_t)k);
    return t;
}

static void expect_middle(ipl_device *dev, ipl_mi_estimator which, int64_t n)
{
    watcher w = {.dev = dev};
    pthread_t thread;
    int64_t done, all;
    float *t = make_layer(n);
    ipl_device_progress(dev, &done, &all);
    CHECK(done == 0 && all == 0);
    assert_int_equal(pthread_create(&thread, NULL, watch, &w), 0);
    for (int tries = 0; tries < 20 && !w.between; ++tries)
        CHECK_OK(estimate(dev, which, n, t));
    __atomic_store_n(&w.ends, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    CHECK(w.between > 0);
    CHECK(w.wrong == 0);
    ipl_device_progress(dev, &done, &all); /* nothing is left of it */
    CHECK(done == 0 && all == 0);
    test_free(t);
}

/* On a GPU launches are cut here as long ones are. */
static void a_pass_is_seen_in_its_middle(void **state)
{
    ipl_device *dev = check_device(state), *other = check_small_launches(dev);
    expect_middle(other, IPL_MI_KDE, check_size(dev, 12000, 400));
    expect_middle(other, IPL_MI_KSG, check_size(dev, 4000, 400));
    expect_middle(other, IPL_MI_LNN, check_size(dev, 2000, 100));
    ipl_device_close(other);
}

/* -- The end ----------------------------------------------------------------------*/

typedef struct {
    ipl_device *dev;
    int         ends; /* atomic                                                 */
    int64_t     left; /* pieces of the pass that was stopped                    */
} stopper;

/* Stops the first pass that has begun. */
static void *stop_pass(void *user)
{
    stopper *s = user;
    while (!__atomic_load_n(&s->ends, __ATOMIC_ACQUIRE)) {
        int64_t done, all;
        ipl_device_progress(s->dev, &done, &all);
        if (done > 0 && done < all / 2) {
            ipl_device_stop(s->dev);
            s->left = all - done;
            break;
        }
        sched_yield();
    }
    return NULL;
}

/* A pass that is stopped has no result. The thread may come late: several tries. */
static void expect_end(ipl_device *dev, ipl_mi_estimator which, int64_t n)
{
    float *t = make_layer(n);
    int stopped = 0;
    for (int tries = 0; tries < 200 && !stopped; ++tries) {
        stopper s = {0};
        pthread_t thread;
        CHECK_OK(ipl_device_open_again(dev, &s.dev));
        assert_int_equal(pthread_create(&thread, NULL, stop_pass, &s), 0);
        const ipl_status st = estimate(s.dev, which, n, t);
        __atomic_store_n(&s.ends, 1, __ATOMIC_RELEASE);
        pthread_join(thread, NULL);
        if (s.left) CHECK_FAILS(st, IPL_E_STOPPED, "the device was stopped");
        else CHECK_OK(st);
        stopped = s.left > 0;
        ipl_device_close(s.dev);
    }
    CHECK(stopped);
    test_free(t);
}

static void a_stopped_pass_ends(void **state)
{
    ipl_device *dev = check_device(state);
    if (!ipl_device_about(dev)->is_host) skip(); /* no launch can be stopped */
    expect_end(dev, IPL_MI_KDE, 12000);
    expect_end(dev, IPL_MI_KSG, 4000);
    expect_end(dev, IPL_MI_LNN, 2000);
}

/* Each family, those without such passes too; other handles go on. */
static void a_stopped_handle_makes_no_estimate(void **state)
{
    enum { N = 40 };
    ipl_device *dev = check_device(state), *other;
    float *t = make_layer(N);
    CHECK_OK(ipl_device_open_again(dev, &other));
    ipl_device_stop(other);
    for (int e = 0; e < IPL_MI_ESTIMATOR_COUNT; ++e) {
        CHECK_FAILS(estimate(other, (ipl_mi_estimator)e, N, t), IPL_E_STOPPED,
                    "stopped");
        CHECK_OK(estimate(dev, (ipl_mi_estimator)e, N, t));
    }
    ipl_device_close(other);
    test_free(t);
}

static const check_test tests[] = {
    CHECK_TEST(a_pass_is_seen_in_its_middle),
    CHECK_TEST(a_stopped_pass_ends),
    CHECK_TEST(a_stopped_handle_makes_no_estimate),
};

CHECK_MAIN("meter", tests, 1)
