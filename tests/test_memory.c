/*
 * test_memory.c - what is foretold of a device's memory is what is taken.
 */
#include "net_case.h"

/* What a GPU has left, with no handle that other tests do not have. */
static int64_t free_bytes(ipl_device *dev)
{
    ipl_device *again;
    CHECK_OK(ipl_device_open_again(dev, &again));
    const int64_t bytes = ipl_device_about(again)->free_bytes;
    ipl_device_close(again);
    return bytes;
}

/* Planning relies on it. What a GPU lends in pages may exceed what was asked for. */
static void the_memory_that_is_foretold_is_taken(void **state)
{
    enum { ROWS = 700, REPLICAS = 3, PAGE = 2 << 20 };
    static const char *const shapes[] = {"12, 64-tanh, 7-tanh, 3", "70, 900-tanh, 5"};
    ipl_device *dev = check_device(state);
    for (int k = 0; k < 2; ++k) {
        net_case c = net_case_make(dev, shapes[k], ROWS);
        ipl_train_options options = ipl_train_defaults();
        ipl_gradient_stats stats[REPLICAS * IPL_NET_LAYERS_MAX];
        int32_t *order = calloc(REPLICAS * ROWS, sizeof *order);
        size_t training = 0, evaluating = 0;
        ipl_trainer *t;
        double loss;
        int64_t correct;
        options.optimizer = IPL_ADAM;
        options.batch = 100;
        CHECK_OK(ipl_trainer_bytes(dev, &c.shape, &options, REPLICAS, ROWS, &training));
        CHECK_OK(ipl_net_evaluate_bytes(dev, &c.shape, ROWS, &evaluating));
        CHECK(training >= 3 * REPLICAS * sizeof(float) * (size_t)c.parameters);

        const int64_t before = free_bytes(dev);
        CHECK_OK(ipl_trainer_create(dev, &c.shape, &options, REPLICAS, c.dx, &c.dy, &t));
        CHECK_OK(ipl_trainer_train(t, ROWS, order, stats));
        const int64_t trains = free_bytes(dev);
        float *params;
        CHECK_OK(ipl_alloc(dev, (size_t)c.parameters * sizeof *params, (void **)&params));
        CHECK_OK(ipl_trainer_snapshot(t, 0, params));
        CHECK_OK(ipl_net_evaluate(dev, &c.shape, params, c.dx, &c.dy, &loss, &correct));
        const int64_t evaluates = free_bytes(dev);
        if (!ipl_device_about(dev)->is_host) {
            CHECK(before - trains <= (int64_t)training + 8 * PAGE);
            CHECK(before - trains >= (int64_t)training - PAGE);
            CHECK(trains - evaluates <= (int64_t)evaluating + 2 * PAGE);
        }
        ipl_free(dev, params);
        ipl_trainer_destroy(t);
        free(order);
        net_case_free(&c);
    }
}

static const check_test tests[] = {
    CHECK_TEST(the_memory_that_is_foretold_is_taken),
};

CHECK_MAIN("memory", tests, 1)
