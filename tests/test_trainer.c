/*
 * test_trainer.c - what a trainer promises about its state and failures.
 */
#include "oracle_net.h"
#include "trainer_case.h"

static void written_states_continue_with_the_same_bits(void **state)
{
    for (int k = 0; k < CASES; ++k)
        for (int o = 0; o < IPL_OPTIMIZER_COUNT; ++o) {
            net_case c = trainer_case_make(check_device(state), k, rows_of[k]);
            const ipl_train_options options = options_of(k, o);
            int64_t steps, resumed_steps;
            ipl_trainer *whole = net_case_trainer(&c, &options), *resumed;
            CHECK_OK(ipl_trainer_train(whole, c.rows, c.order, NULL));
            float *half = net_case_state(whole, &steps);
            CHECK_OK(ipl_trainer_create(c.dev, &c.shape, &options, 1, c.dx, &c.dy,
                                        &resumed));
            CHECK_OK(ipl_trainer_write(resumed, half, steps));
            CHECK_OK(ipl_trainer_train(whole, c.rows, c.order, NULL));
            CHECK_OK(ipl_trainer_train(resumed, c.rows, c.order, NULL));
            float *one = net_case_state(whole, &steps);
            float *two = net_case_state(resumed, &resumed_steps);
            const size_t bytes = (size_t)ipl_trainer_state_floats(whole) * sizeof *one;
            assert_int_equal(ipl_trainer_state_floats(whole), c.parameters * (1 + o));
            assert_int_equal(steps, resumed_steps);
            assert_memory_equal(one, two, bytes);
            CHECK(memcmp(one, half, bytes)); /* it did train */
            free(half);
            free(one);
            free(two);
            ipl_trainer_destroy(whole);
            ipl_trainer_destroy(resumed);
            net_case_free(&c);
        }
}

static void short_last_batches_are_steps_of_their_own(void **state)
{
    for (int k = 0; k < CASES; ++k) {
        net_case c = trainer_case_make(check_device(state), k, 74); /* 32 + 32 + 10 */
        ipl_train_options options = options_of(k, IPL_ADAM);
        options.batch = 32;
        int64_t steps, split_steps;
        ipl_trainer *whole = net_case_trainer(&c, &options);
        ipl_trainer *split = net_case_trainer(&c, &options);
        CHECK_OK(ipl_trainer_train(whole, 74, c.order, NULL));
        CHECK_OK(ipl_trainer_train(split, 32, c.order, NULL));
        CHECK_OK(ipl_trainer_train(split, 32, c.order + 32, NULL));
        CHECK_OK(ipl_trainer_train(split, 10, c.order + 64, NULL));
        float *one = net_case_state(whole, &steps);
        float *two = net_case_state(split, &split_steps);
        assert_int_equal(steps, 3);
        assert_int_equal(split_steps, 3);
        assert_memory_equal(one, two,
                            (size_t)ipl_trainer_state_floats(whole) * sizeof *one);
        free(one);
        free(two);
        ipl_trainer_destroy(whole);
        ipl_trainer_destroy(split);
        net_case_free(&c);
    }
}

/* More calls than have plans of their own on a GPU. */
static void orders_that_come_again_are_trained_as_new_ones(void **state)
{
    enum { ROWS = 74, CALLS = 11 };
    static const int which[CALLS] = {0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0};
    for (int k = 0; k < CASES; k += CASES - 1) { /* tiny and wide */
        net_case c = trainer_case_make(check_device(state), k, ROWS);
        ipl_train_options options = options_of(k, IPL_ADAM);
        options.batch = 32;
        int32_t order[3][ROWS];
        for (int i = 0; i < ROWS; ++i) {
            order[0][i] = order[2][i] = c.order[i];
            order[1][i] = c.order[ROWS - 1 - i];
        }
        ipl_trainer *t = net_case_trainer(&c, &options);
        for (int call = 0; call < CALLS; ++call) {
            const int64_t count = which[call] == 2 ? 40 : ROWS;
            ipl_trainer *once = net_case_trainer(&c, &options);
            int64_t steps, same;
            float *before = net_case_state(t, &steps);
            CHECK_OK(ipl_trainer_write(once, before, steps));
            CHECK_OK(ipl_trainer_train(t, count, order[which[call]], NULL));
            CHECK_OK(ipl_trainer_train(once, count, order[which[call]], NULL));
            float *one = net_case_state(t, &steps), *two = net_case_state(once, &same);
            assert_int_equal(steps, same);
            assert_memory_equal(one, two,
                                (size_t)ipl_trainer_state_floats(t) * sizeof *one);
            free(before);
            free(one);
            free(two);
            ipl_trainer_destroy(once);
        }
        ipl_trainer_destroy(t);
        net_case_free(&c);
    }
}

static void snapshots_are_the_parameters_of_one_replica(void **state)
{
    net_case c = net_case_make(check_device(state), text[0], 50);
    ipl_train_options options = options_of(0, IPL_MOMENTUM);
    ipl_trainer *t;
    CHECK_OK(ipl_trainer_create(c.dev, &c.shape, &options, 3, c.dx, &c.dy, &t));
    const int64_t floats = ipl_trainer_state_floats(t);
    float *values = malloc((size_t)floats * sizeof *values);
    for (int64_t i = 0; i < floats; ++i) values[i] = (float)i;
    CHECK_OK(ipl_trainer_write(t, values, 7));
    void *params;
    const size_t bytes = (size_t)c.parameters * sizeof(float);
    CHECK_OK(ipl_alloc(c.dev, bytes, &params));
    for (int r = 0; r < 3; ++r) {
        float *got = malloc(bytes);
        CHECK_OK(ipl_trainer_snapshot(t, r, params));
        CHECK_OK(ipl_download(c.dev, params, bytes, got));
        assert_memory_equal(got, values + r * floats / 3, bytes);
        free(got);
    }
    CHECK_FAILS(ipl_trainer_snapshot(t, 3, params), IPL_E_ARGUMENT,
                "replica 3: expected 0 to 2");
    void *all;
    float *got = malloc(3 * bytes);
    CHECK_OK(ipl_alloc(c.dev, 3 * bytes, &all));
    CHECK_OK(ipl_trainer_snapshot_all(t, all));
    CHECK_OK(ipl_download(c.dev, all, 3 * bytes, got));
    for (int r = 0; r < 3; ++r)
        assert_memory_equal(got + r * c.parameters, values + r * floats / 3, bytes);
    ipl_free(c.dev, all);
    free(got);
    ipl_free(c.dev, params);
    free(values);
    ipl_trainer_destroy(t);
    net_case_free(&c);
}

/* Two calls of training from the values of the replicas, in place. */
static void train_from(net_case *c, const ipl_train_options *options, int replicas,
                       int64_t count, const int32_t *order, float *values)
{
    ipl_trainer *t;
    int64_t steps;
    CHECK_OK(ipl_trainer_create(c->dev, &c->shape, options, replicas, c->dx, &c->dy,
                                &t));
    CHECK_OK(ipl_trainer_write(t, values, 3));
    CHECK_OK(ipl_trainer_train(t, count, order, NULL));
    CHECK_OK(ipl_trainer_train(t, count, order, NULL));
    CHECK_OK(ipl_trainer_read(t, values, &steps));
    CHECK(steps == 3 + 2 * ((count + options->batch - 1) / options->batch));
    ipl_trainer_destroy(t);
}

/* More of them than the device has threads, in one step and in several. */
static void replicas_train_as_they_do_alone(void **state)
{
    enum { REPLICAS = 5, ROWS = 90 };
    for (int64_t count = 20; count <= ROWS; count += 35) {
        net_case c = net_case_make(check_device(state), text[0], ROWS);
        ipl_train_options options = options_of(0, IPL_ADAM);
        options.batch = 10;
        const int64_t floats = 3 * c.parameters;
        float *together = malloc((size_t)(REPLICAS * floats) * sizeof *together);
        float *alone = malloc((size_t)(REPLICAS * floats) * sizeof *alone);
        int32_t order[REPLICAS * ROWS];
        for (int64_t i = 0; i < REPLICAS * floats; ++i)
            together[i] = alone[i] = i % floats < c.parameters ? 0.01f * (float)(i % 97)
                                                               : 0.0f;
        for (int64_t i = 0; i < REPLICAS * count; ++i)
            order[i] = (int32_t)(i * 37 % ROWS);
        train_from(&c, &options, REPLICAS, count, order, together);
        for (int r = 0; r < REPLICAS; ++r)
            train_from(&c, &options, 1, count, order + r * count, alone + r * floats);
        assert_memory_equal(together, alone,
                            (size_t)(REPLICAS * floats) * sizeof *alone);
        free(together);
        free(alone);
        net_case_free(&c);
    }
}

/* Gradient statistics of batches whose gradients the oracle knows: the rate is so
 * small that the parameters stay where they are. */
static void gradient_statistics_follow_the_oracle(void **state)
{
    enum { BATCHES = 3, BATCH = 30 };
    for (int k = 0; k < CASES; ++k) {
        net_case c = trainer_case_make(check_device(state), k, BATCHES * BATCH);
        ipl_train_options options = ipl_train_defaults();
        options.learning_rate = 1e-30;
        options.weight_decay = 0.5; /* is not part of the gradient that is reported */
        options.batch = BATCH;
        ipl_gradient_stats stats[3];
        ipl_trainer *t = net_case_trainer(&c, &options);
        CHECK_OK(ipl_trainer_train(t, c.rows, c.order, stats));

        oracle_values g[BATCHES];
        const int32_t inputs = c.shape.width[0];
        for (int b = 0; b < BATCHES; ++b)
            g[b] = oracle_gradient(&c.shape, c.exact, BATCH, c.x + b * BATCH * inputs,
                                   c.y + b * BATCH);
        for (int l = 1; l <= c.shape.layers; ++l) {
            double mean = 0.0, variance = 0.0, error = 0.0;
            for (int64_t i = ipl_net_weight_at(&c.shape, l);
                 i < ipl_net_bias_at(&c.shape, l); ++i) {
                double m = 0.0, e = 0.0;
                for (int b = 0; b < BATCHES; ++b) {
                    m += g[b].v[i] / BATCHES;
                    e = fmax(e, g[b].e[i]);
                }
                for (int b = 0; b < BATCHES; ++b)
                    variance += (g[b].v[i] - m) * (g[b].v[i] - m) / BATCHES;
                mean += m * m;
                error += e * e;
            }
            /* Norms of vectors that are off by e each are off by |e| at most; a
             * deviation, by 2 |e|, since the mean moves too. */
            const double got[2] = {stats[l - 1].mean, stats[l - 1].deviation};
            const double want[2] = {sqrt(mean), sqrt(variance)};
            const double bound[2] = {sqrt(error) + 1e-12, 2.0 * sqrt(error) + 1e-12};
            check_within("mean and deviation", 2, got, want, bound);
        }
        for (int b = 0; b < BATCHES; ++b) oracle_release(g[b]);
        ipl_trainer_destroy(t);
        net_case_free(&c);
    }
}

static void training_learns_to_count_bits(void **state)
{
    static const char *const nets[] = {"12, 10-tanh, 7-tanh, 5-tanh, 2",
                                       "12, 80-relu, 2"};
    for (int k = 0; k < 2; ++k) {
        net_case c = net_case_make(check_device(state), nets[k], 1024);
        for (int64_t r = 0; r < c.rows; ++r) {
            const int64_t pattern = r * 4 + r % 4;
            int bits = 0;
            for (int i = 0; i < 12; ++i) {
                const int bit = pattern >> i & 1;
                c.x[r * 12 + i] = bit ? 1.0f : -1.0f;
                bits += bit;
            }
            c.y[r] = bits > 6;
        }
        ipl_labels y;
        CHECK_OK(ipl_upload(c.dev, c.x, (size_t)(c.rows * 12) * sizeof *c.x, c.dx.at));
        CHECK_OK(ipl_labels_create(c.dev, c.rows, 2, c.y, &y));
        ipl_train_options options = ipl_train_defaults();
        options.optimizer = IPL_ADAM;
        options.learning_rate = 0.01;
        options.batch = 64;
        ipl_trainer *t;
        CHECK_OK(ipl_trainer_create(c.dev, &c.shape, &options, 1, c.dx, &y, &t));
        float *start = calloc((size_t)ipl_trainer_state_floats(t), sizeof *start);
        CHECK_OK(ipl_net_init(&c.shape, IPL_INIT_GLOROT, 1, start));
        CHECK_OK(ipl_trainer_write(t, start, 0));
        void *params;
        double before, after;
        int64_t correct;
        CHECK_OK(ipl_alloc(c.dev, (size_t)c.parameters * sizeof(float), &params));
        CHECK_OK(ipl_trainer_snapshot(t, 0, params));
        CHECK_OK(ipl_net_evaluate(c.dev, &c.shape, params, c.dx, &y, &before,
                                  &correct));
        for (int64_t epoch = 0; epoch < 20; ++epoch) {
            ipl_net_shuffle(c.rows, 1, epoch, c.order);
            CHECK_OK(ipl_trainer_train(t, c.rows, c.order, NULL));
        }
        CHECK_OK(ipl_trainer_snapshot(t, 0, params));
        CHECK_OK(ipl_net_evaluate(c.dev, &c.shape, params, c.dx, &y, &after, &correct));
        CHECK(before > 0.4 && after < 0.1);
        CHECK(correct > 1000);
        ipl_free(c.dev, params);
        ipl_labels_free(c.dev, &y);
        ipl_trainer_destroy(t);
        free(start);
        net_case_free(&c);
    }
}

static void exploding_parameters_are_reported(void **state)
{
    for (int k = 0; k < CASES; ++k) {
        net_case c = trainer_case_make(check_device(state), k, 64);
        ipl_train_options options = options_of(k, IPL_SGD);
        options.learning_rate = 1e38;
        ipl_trainer *t = net_case_trainer(&c, &options);
        float *values = malloc((size_t)c.parameters * sizeof *values);
        int64_t steps;
        ipl_status st = IPL_OK;
        for (int call = 0; call < 10 && st == IPL_OK; ++call)
            st = ipl_trainer_train(t, c.rows, c.order, NULL);
        if (st == IPL_OK) st = ipl_trainer_read(t, values, &steps); /* waits */
        CHECK_FAILS(st, IPL_E_NUMERIC, "parameters that are not finite after");
        CHECK_FAILS(st, IPL_E_NUMERIC, "layer ");
        free(values);
        ipl_trainer_destroy(t);
        net_case_free(&c);
    }
}

static void bad_arguments_are_named(void **state)
{
    net_case c = net_case_make(check_device(state), text[0], 20);
    const ipl_train_options good = ipl_train_defaults();
    ipl_train_options bad;
    ipl_trainer *t = NULL;
    ipl_net_shape other;
#define REFUSED(change, words)                                                  \
    do {                                                                        \
        bad = good;                                                             \
        change;                                                                 \
        CHECK_FAILS(ipl_trainer_create(c.dev, &c.shape, &bad, 1, c.dx, &c.dy, &t), \
                    IPL_E_ARGUMENT, words);                                     \
        CHECK(!t);                                                              \
    } while (0)
    REFUSED(bad.learning_rate = 0.0, "learning rate 0");
    REFUSED(bad.learning_rate = NAN, "learning rate nan");
    REFUSED(bad.optimizer = IPL_OPTIMIZER_COUNT, "optimizer 3");
    REFUSED((bad.optimizer = IPL_MOMENTUM, bad.momentum = 1.0), "momentum 1");
    REFUSED((bad.optimizer = IPL_ADAM, bad.beta2 = 1.0), "beta2 1");
    REFUSED((bad.optimizer = IPL_ADAM, bad.epsilon = 0.0), "epsilon 0");
    REFUSED(bad.weight_decay = -1.0, "weight decay -1");
    REFUSED(bad.batch = -1, "batch -1");
#undef REFUSED
    CHECK_FAILS(ipl_trainer_create(c.dev, &c.shape, &good, 0, c.dx, &c.dy, &t),
                IPL_E_ARGUMENT, "0 replicas");
    CHECK_OK(ipl_net_parse("11, 3", &other));
    CHECK_FAILS(ipl_trainer_create(c.dev, &other, &good, 1, c.dx, &c.dy, &t),
                IPL_E_ARGUMENT, "inputs of 20 x 12: the network expects rows of 11");
    CHECK_OK(ipl_net_parse("12, 2", &other));
    CHECK_FAILS(ipl_trainer_create(c.dev, &other, &good, 1, c.dx, &c.dy, &t),
                IPL_E_ARGUMENT, "labels of 3 classes: the network tells 2 apart");
    ipl_mat fewer = c.dx;
    fewer.rows = 19;
    CHECK_FAILS(ipl_trainer_create(c.dev, &c.shape, &good, 1, fewer, &c.dy, &t),
                IPL_E_ARGUMENT, "20 labels for 19 rows");
    CHECK_OK(ipl_trainer_create(c.dev, &c.shape, &good, 2, c.dx, &c.dy, &t));
    int32_t order[6] = {0, 1, 2, 3, 20, 5};
    CHECK_FAILS(ipl_trainer_train(t, 3, order, NULL), IPL_E_ARGUMENT,
                "order of replica 1 names row 20 at place 1: expected 0 to 19");
    order[4] = -1;
    CHECK_FAILS(ipl_trainer_train(t, 3, order, NULL), IPL_E_ARGUMENT, "names row -1");
    CHECK_FAILS(ipl_trainer_train(t, 0, order, NULL), IPL_E_ARGUMENT, "on 0 rows");
    ipl_trainer_destroy(t);
    ipl_trainer_destroy(NULL);
    net_case_free(&c);
}

static const check_test tests[] = {
    CHECK_TEST(written_states_continue_with_the_same_bits),
    CHECK_TEST(short_last_batches_are_steps_of_their_own),
    CHECK_TEST(orders_that_come_again_are_trained_as_new_ones),
    CHECK_TEST(snapshots_are_the_parameters_of_one_replica),
    CHECK_TEST(replicas_train_as_they_do_alone),
    CHECK_TEST(gradient_statistics_follow_the_oracle),
    CHECK_TEST(training_learns_to_count_bits),
    CHECK_TEST(exploding_parameters_are_reported),
    CHECK_TEST(bad_arguments_are_named),
};

CHECK_MAIN("trainer", tests, 1)
