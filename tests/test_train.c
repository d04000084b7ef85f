/*
 * test_train.c - gradients, optimisers and training against the float64 oracle.
 *
 * Each property is asked of a tiny network (one fused loop on the CPU) and of a wide
 * one (matrix products).
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

static void one_sgd_step_follows_the_gradient(void **state)
{
    static const int64_t rows[] = {1, 2, 7, 9, 17, 33, 130};
    for (int wide = 0; wide < 2; ++wide)
        for (int a = 0; a < HIDDEN; ++a) {
            char text[80], what[120];
            const int64_t n = rows[(a + 3 * wide) % 7];
            shape_text(text, sizeof text, wide, hidden[a]);
            net_case c = net_case_make(check_device(state), text, n);
            ipl_train_options options = ipl_train_defaults();
            options.learning_rate = 0.5;
            options.batch = 0;
            ipl_trainer *t = net_case_trainer(&c, &options);
            CHECK_OK(ipl_trainer_train(t, n, c.order, NULL));
            int64_t steps;
            float *got = net_case_state(t, &steps);
            assert_int_equal(steps, 1);

            oracle_values g = oracle_gradient(&c.shape, c.exact, n, c.x, c.y);
            double *have = malloc((size_t)c.parameters * sizeof *have);
            for (int64_t i = 0; i < c.parameters; ++i) {
                have[i] = got[i];
                const double size = fabs(c.exact[i]) + 0.5 * fabs(g.v[i]);
                g.v[i] = c.exact[i] - 0.5 * g.v[i];
                g.e[i] = 0.5 * g.e[i] + 3.0 * ORACLE_U * size;
            }
            snprintf(what, sizeof what, "%s, %lld rows", text, (long long)n);
            check_within(what, c.parameters, have, g.v, g.e);
            free(have);
            free(got);
            oracle_release(g);
            ipl_trainer_destroy(t);
            net_case_free(&c);
        }
}

static const check_test tests[] = {
    CHECK_TEST(oracle_gradient_matches_finite_difference),
    CHECK_TEST(one_sgd_step_follows_the_gradient),
};

CHECK_MAIN("train", tests, 1)
