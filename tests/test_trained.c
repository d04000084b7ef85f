/*
 * test_trained.c - the networks that benchmarks train: those of the shipped presets.
 */
#include "check.h"
#include "cli/bench_trained.h"

/* Of keys that decide what a layer looks like and how it is estimated. */
static int decides(const ipl_config_key *key)
{
    static const char *const sections[] = {"data", "net", "bin", "kde"};
    static const char *const keys[] = {"optimizer", "learning_rate", "batch", "shuffle",
                                       "seed", "weight_decay", "estimators", "rows"};
    for (size_t k = 0; k < sizeof sections / sizeof *sections; ++k)
        if (!strcmp(key->section, sections[k])) return 1;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; ++k)
        if (!strcmp(key->key, keys[k])) return 1;
    return 0;
}

static void settings_are_those_of_the_preset(void **state)
{
    (void)state;
    for (int p = 0; p < TRAINED_PRESETS; ++p) {
        ipl_config shipped, ours;
        char path[100];
        int compared = 0;
        snprintf(path, sizeof path, "configs/%s.ini", trained_presets[p].name);
        CHECK_OK(ipl_config_read(path, &shipped));
        CHECK_OK(trained_config(p, &ours));
        for (int k = 0; k < ipl_config_keys(); ++k) {
            ipl_config_key a, b;
            CHECK_OK(ipl_config_key_at(&shipped, k, &a));
            CHECK_OK(ipl_config_key_at(&ours, k, &b));
            if (!decides(&a)) continue;
            ++compared;
            if (strcmp(a.value, b.value))
                fail_msg("%s: [%s] %s is %s, and %s in the benchmarks", path, a.section,
                         a.key, a.value, b.value);
        }
        CHECK(compared > 20);
    }
}

/* Unit u of layer 1 of the row, by definition. */
static double first_layer(const trained *net, int64_t row, int u, const float *params)
{
    const int32_t inputs = net->shape.width[0], units = net->shape.width[1];
    double z = params[ipl_net_bias_at(&net->shape, 1) + u];
    for (int k = 0; k < inputs; ++k)
        z += (double)net->x.at[row * inputs + k] *
             (double)params[ipl_net_weight_at(&net->shape, 1) + k * units + u];
    return tanh(z);
}

static void layers_are_those_of_the_trained_network(void **state)
{
    enum { ROWS = 512, EPOCHS = 30 };
    ipl_device *dev = check_device(state);
    trained net;
    double loss[2];
    int64_t correct;
    if (!ipl_device_about(dev)->is_host) skip();
    CHECK_OK(trained_open(dev, 0, ROWS, &net));
    CHECK(net.data.rows == ROWS && net.shape.layers == 6);
    for (int late = 0; late < 2; ++late) {
        CHECK_OK(trained_until(&net, late * EPOCHS));
        CHECK(net.epoch == late * EPOCHS);
        CHECK_OK(trained_layers(&net, TRAINED_MEASURED));
        CHECK(net.rows == ROWS && net.t[0].cols == 10 && net.t[5].cols == 2);
        for (int64_t i = 0; i < ROWS; i += 37)
            for (int u = 0; u < 10; ++u)
                CHECK(fabs((double)net.t[0].at[i * 10 + u] -
                           first_layer(&net, i, u, net.params)) < 1e-5);
        for (int64_t i = 0; i < ROWS; ++i) CHECK(net.y[i] == net.labels.at[i]);
        CHECK_OK(ipl_net_evaluate(dev, &net.shape, net.params, net.x, &net.labels,
                                  &loss[late], &correct));
    }
    CHECK(loss[1] < loss[0]);
    CHECK_OK(trained_layers(&net, TRAINED_TRAINING));
    CHECK(net.rows == net.data.train_rows && net.rows < ROWS);
    trained_close(&net);
}

/* As a run trains: all rows in each epoch, in the order that ipl_net_shuffle says. */
static void epochs_are_those_of_a_run(void **state)
{
    enum { ROWS = 1000 };
    ipl_device *dev = check_device(state);
    const int64_t epochs = check_size(dev, 7, 2);
    trained net;
    int32_t order[ROWS];
    int64_t steps;
    CHECK_OK(trained_open(dev, 1, ROWS, &net));
    CHECK_OK(trained_until(&net, epochs));
    const int64_t floats = ipl_trainer_state_floats(net.trainer);
    float *values = test_malloc((size_t)floats * sizeof *values);
    CHECK_OK(ipl_trainer_read(net.trainer, values, &steps));
    CHECK(net.data.train_rows == 800 && steps == epochs * 4); /* batches of 256 */
    ipl_net_shuffle(800, 1, epochs, order);
    assert_memory_equal(net.order, order, 800 * sizeof *order);
    test_free(values);
    trained_close(&net);
}

static const check_test tests[] = {
    CHECK_TEST(settings_are_those_of_the_preset),
    CHECK_TEST(layers_are_those_of_the_trained_network),
    CHECK_TEST(epochs_are_those_of_a_run),
};
CHECK_MAIN("trained", tests, 1)
