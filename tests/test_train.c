/*
 * test_train.c - gradients, optimisers and training against the float64 oracle.
 *
 * Each property is asked of a tiny network (one fused loop on the CPU) and of a wide
 * one (matrix products), whose inputs may be mostly zero.
 */
#include "net_case.h"
#include "oracle_net.h"

static const char *const hidden[] = {"linear", "tanh", "relu",    "leaky-relu",
                                     "sigmoid", "elu", "softplus"};
enum { HIDDEN = sizeof hidden / sizeof *hidden };

static void shape_text(char *text, size_t size, int wide, const char *act)
{
    snprintf(text, size, wide ? "70, 90-%s, 11-%s, 5" : "12, 10-%s, 7-%s, 3", act, act);
}

static void oracle_gradient_matches_finite_difference(void **state)
{
    for (int a = 0; a < HIDDEN; ++a) {
        char text[80];
        shape_text(text, sizeof text, 0, hidden[a]);
        net_case c = net_case_make(check_device(state), text, 9);
        oracle_values g = oracle_gradient(&c.shape, c.exact, c.rows, c.x, c.y);
        for (int64_t i = 0; i < c.parameters; ++i) {
            const double keep = c.exact[i], h = 1e-6;
            c.exact[i] = keep + h;
            const double up = oracle_loss(&c.shape, c.exact, c.rows, c.x, c.y, NULL);
            c.exact[i] = keep - h;
            const double down = oracle_loss(&c.shape, c.exact, c.rows, c.x, c.y, NULL);
            c.exact[i] = keep;
            /* rounding 1e-16 / h, truncation h^2 times a third derivative of order 1 */
            if (!(fabs((up - down) / (2.0 * h) - g.v[i]) < 1e-9))
                fail_msg("%s, parameter %lld: slope %.12g, gradient %.12g", hidden[a],
                         (long long)i, (up - down) / (2.0 * h), g.v[i]);
        }
        oracle_release(g);
        net_case_free(&c);
    }
}

/* The state after one full-batch step follows the oracle's gradient. */
static void step_case(net_case c, const char *text, int64_t batch)
{
    const double rate = 0.5;
    const int64_t n = c.rows;
    char what[120];
    ipl_train_options options = ipl_train_defaults();
    options.learning_rate = rate;
    options.batch = batch;
    ipl_trainer *t = net_case_trainer(&c, &options);
    CHECK_OK(ipl_trainer_train(t, n, c.order, NULL));
    int64_t steps;
    float *got = net_case_state(t, &steps);
    assert_int_equal(steps, 1);

    oracle_values g = oracle_gradient(&c.shape, c.exact, n, c.x, c.y);
    double *have = malloc((size_t)c.parameters * sizeof *have);
    for (int64_t i = 0; i < c.parameters; ++i) {
        have[i] = got[i];
        const double size = fabs(c.exact[i]) + rate * fabs(g.v[i]);
        g.v[i] = c.exact[i] - rate * g.v[i];
        g.e[i] = rate * g.e[i] + 3.0 * ORACLE_U * size;
    }
    snprintf(what, sizeof what, "%s, %lld rows", text, (long long)n);
    check_within(what, c.parameters, have, g.v, g.e);
    free(have);
    free(got);
    oracle_release(g);
    ipl_trainer_destroy(t);
    net_case_free(&c);
}

static void step_and_compare(ipl_device *dev, const char *text, int64_t n,
                             int64_t batch)
{
    step_case(net_case_make(dev, text, n), text, batch);
}

static void one_sgd_step_follows_the_gradient(void **state)
{
    static const int64_t rows[] = {1, 2, 7, 9, 17, 33, 130};
    for (int wide = 0; wide < 2; ++wide)
        for (int a = 0; a < HIDDEN; ++a) {
            char text[80];
            shape_text(text, sizeof text, wide, hidden[a]);
            step_and_compare(check_device(state), text, rows[(a + 3 * wide) % 7], 0);
        }
}

static void edges_of_shapes_and_batches_follow_the_gradient(void **state)
{
    static const char *const text[] = {
        "1, 2", "1, 1-tanh, 2", "64, 64-tanh, 64", "65, 2", "3, 2-elu, 65",
        "2, 66-tanh, 1-tanh, 2", "5, 3-tanh, 3-tanh, 3-tanh, 3-tanh, 3-tanh, 4"};
    for (size_t i = 0; i < sizeof text / sizeof *text; ++i)
        step_and_compare(check_device(state), text[i], 20, 20);
    /* Around a chunk of a tiny network, in groups, and in chunks of a wide one. */
    static const int64_t rows[] = {255, 257, 511, 512, 513, 2049, 4500};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        step_and_compare(check_device(state), "5, 4-tanh, 3", rows[i], 0);
    /* 224 rows are the chunk that the shared memory of a GPU of 9.0 has room for. */
    step_and_compare(check_device(state), "40, 40-tanh, 40-tanh, 3", 240, 0);
    step_and_compare(check_device(state), "66, 9-tanh, 3", 513, 5000);
    step_and_compare(check_device(state), "66, 9-tanh, 3", 1100, 1100);
}

/* Panels and blocks that are whole, by one more or less; batches of several chunks. */
static void inputs_with_zeros_follow_the_gradient(void **state)
{
    static const char *const text[] = {
        "1, 128-tanh, 3", "47, 127-tanh, 5-elu, 3", "48, 128-relu, 3",
        "49, 129-tanh, 9-tanh, 3", "200, 300-elu, 3"};
    static const int64_t rows[] = {2, 33, 191, 192, 193, 513, 1100};
    for (size_t i = 0; i < sizeof text / sizeof *text; ++i)
        for (size_t r = i % 2; r < sizeof rows / sizeof *rows; r += 2)
            step_case(net_case_make_sparse(check_device(state), text[i], rows[r]),
                      text[i], 0);
}

/* One input, two classes, one row x = 1 of class 0, all parameters a, -a, from 0 on:
 * the logits differ by 4 a, and the gradient of w_0 and b_0 is g = 1 / (1 + exp(-4 a))
 * - 1, of w_1 and b_1 it is -g. Rate 0.1. By hand:
 *
 *   SGD       a = 0 + 0.1 0.5                                       = 0.05
 *             g(0.05) = -0.450166003, a = 0.05 + 0.0450166003       = 0.0950166003
 *             g = -0.406110882,       a                             = 0.135627688
 *   MOMENTUM  m = 0.9 0 + 0.05,                   a = 0.05
 *             m = 0.9 0.05 + 0.0450166003 = 0.0900166003, a         = 0.1400166003
 *             g = -0.363532096, m = 0.117368150,  a                 = 0.257384750
 *   ADAM      m = 0.1 -0.5 = -0.05, v = 0.001 0.25 = 2.5e-4; corrected -0.5 and 0.25:
 *             a = 0.1 0.5 / (0.5 + 1e-8)                            = 0.099999998
 *             g = -0.401312342, m = -0.085131234, v = 4.10801596e-4,
 *             corrected by 0.19 and 0.001999: -0.448059, 0.205504, a = 0.198838386
 *             g = -0.311020317, m = -0.107720142, v = 5.07124432e-4, a = 0.295468790
 */
static void optimisers_take_the_steps_worked_by_hand(void **state)
{
    static const double want[IPL_OPTIMIZER_COUNT][3] = {
        {0.05, 0.0950166003, 0.135627688},
        {0.05, 0.1400166003, 0.257384750},
        {0.099999998, 0.198838386, 0.295468790}};
    static const double moments[IPL_OPTIMIZER_COUNT][2] = {
        {0.0, 0.0}, {0.117368150, 0.0}, {-0.107720142, 5.07124432e-4}};
    for (int o = 0; o < IPL_OPTIMIZER_COUNT; ++o) {
        net_case c = net_case_make(check_device(state), "1, 2", 1);
        c.x[0] = 1.0f, c.y[0] = 0;
        ipl_labels y;
        CHECK_OK(ipl_upload(c.dev, c.x, sizeof *c.x, c.dx.at));
        CHECK_OK(ipl_labels_create(c.dev, 1, 2, c.y, &y));
        ipl_train_options options = ipl_train_defaults();
        options.optimizer = (ipl_optimizer)o;
        options.learning_rate = 0.1;
        ipl_trainer *t;
        CHECK_OK(ipl_trainer_create(c.dev, &c.shape, &options, 1, c.dx, &y, &t));
        for (int step = 0; step < 3; ++step) {
            int64_t steps;
            CHECK_OK(ipl_trainer_train(t, 1, c.order, NULL));
            float *got = net_case_state(t, &steps);
            assert_int_equal(steps, step + 1);
            for (int i = 0; i < 4; ++i) /* w_0, w_1, b_0, b_1 */
                CHECK(fabs(got[i] - (i % 2 ? -1 : 1) * want[o][step]) < 1e-7);
            for (int slot = 0; slot < o && step == 2; ++slot)
                for (int i = 0; i < 4; ++i) {
                    const double sign = slot == 0 && i % 2 ? -1.0 : 1.0;
                    CHECK(fabs(got[4 * (slot + 1) + i] - sign * moments[o][slot]) <
                          1e-6 * fabs(moments[o][slot]));
                }
            free(got);
        }
        ipl_trainer_destroy(t);
        ipl_labels_free(c.dev, &y);
        net_case_free(&c);
    }
}

/* The same network from w = +-0.2, b = 0 with weight decay 0.5, rate 0.1, SGD:
 *   g = 1 / (1 + exp(-0.4)) - 1 = -0.401312340
 *   w = 0.2 - 0.1 (g + 0.1) = 0.230131234,  b = 0.0401312340 (biases do not decay)
 *   g = -0.368065477,  w = 0.230131234 - 0.1 (g + 0.115065617) = 0.255431220,
 *   b = 0.076937782 */
static void weights_decay_and_biases_do_not(void **state)
{
    net_case c = net_case_make(check_device(state), "1, 2", 1);
    const int32_t zero = 0;
    ipl_labels y;
    c.x[0] = 1.0f;
    c.params[0] = 0.2f, c.params[1] = -0.2f, c.params[2] = c.params[3] = 0.0f;
    CHECK_OK(ipl_upload(c.dev, c.x, sizeof *c.x, c.dx.at));
    CHECK_OK(ipl_labels_create(c.dev, 1, 2, &zero, &y));
    ipl_labels_free(c.dev, &c.dy);
    c.dy = y;
    ipl_train_options options = ipl_train_defaults();
    options.learning_rate = 0.1;
    options.weight_decay = 0.5;
    ipl_trainer *t = net_case_trainer(&c, &options);
    static const double want[2][2] = {{0.230131234, 0.040131234},
                                      {0.255431220, 0.076937782}};
    for (int step = 0; step < 2; ++step) {
        int64_t steps;
        CHECK_OK(ipl_trainer_train(t, 1, c.order, NULL));
        float *got = net_case_state(t, &steps);
        CHECK(fabs(got[0] - want[step][0]) < 1e-7);
        CHECK(fabs(got[1] + want[step][0]) < 1e-7);
        CHECK(fabs(got[2] - want[step][1]) < 1e-7);
        CHECK(fabs(got[3] + want[step][1]) < 1e-7);
        free(got);
    }
    ipl_trainer_destroy(t);
    net_case_free(&c);
}

static const check_test tests[] = {
    CHECK_TEST(oracle_gradient_matches_finite_difference),
    CHECK_TEST(one_sgd_step_follows_the_gradient),
    CHECK_TEST(edges_of_shapes_and_batches_follow_the_gradient),
    CHECK_TEST(inputs_with_zeros_follow_the_gradient),
    CHECK_TEST(optimisers_take_the_steps_worked_by_hand),
    CHECK_TEST(weights_decay_and_biases_do_not),
};

CHECK_MAIN("train", tests, 1)
