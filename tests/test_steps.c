/*
 * test_steps.c - optimisers step by step, replicas, and the cutting of training into
 * calls; the same on every device.
 *
 * From a state that was read, the oracle says where one step leads and how far off
 * float32 may be: the gradient's own bound passed on through the optimiser. Any two
 * devices are then within twice that of each other, which is also asked directly.
 */
#include "net_case.h"
#include "oracle_net.h"

enum { REPLICAS = 2 };

static const char *const shapes[] = {"12, 10-tanh, 7-softplus, 3",
                                     "70, 90-tanh, 11-elu, 5"};

/* Replica r starts from the case's parameters, a little larger. Order: its own. */
static float *start_of(const net_case *c, const ipl_trainer *t)
{
    const int64_t floats = ipl_trainer_state_floats(t);
    float *state = calloc((size_t)floats, sizeof *state);
    for (int r = 0; r < REPLICAS; ++r)
        for (int64_t i = 0; i < c->parameters; ++i)
            state[r * (floats / REPLICAS) + i] =
                c->params[i] * (1.0f + 0.25f * (float)r);
    return state;
}

static ipl_trainer *trainer_of(const net_case *c, const ipl_train_options *options)
{
    ipl_trainer *t;
    CHECK_OK(ipl_trainer_create(c->dev, &c->shape, options, REPLICAS, c->dx, &c->dy,
                                &t));
    float *state = start_of(c, t);
    CHECK_OK(ipl_trainer_write(t, state, 0));
    free(state);
    return t;
}

/* [REPLICAS][count] row numbers; a row may come more than once. */
static int32_t *order_of(const net_case *c, int64_t count)
{
    int32_t *order = malloc((size_t)(REPLICAS * count) * sizeof *order);
    for (int64_t i = 0; i < REPLICAS * count; ++i)
        order[i] = (int32_t)ipl_random_below((ipl_random){check_seed(), 80},
                                             (uint64_t)i, (uint64_t)c->rows);
    return order;
}

/* Gradient at params (float state) over the rows of `order`, with its bound. */
static oracle_values gradient_at(const net_case *c, const float *params, int64_t count,
                                 const int32_t *order)
{
    const int32_t inputs = c->shape.width[0];
    float *x = malloc((size_t)(count * inputs) * sizeof *x);
    int32_t *y = malloc((size_t)count * sizeof *y);
    double *w = malloc((size_t)c->parameters * sizeof *w);
    for (int64_t i = 0; i < c->parameters; ++i) w[i] = params[i];
    for (int64_t i = 0; i < count; ++i) {
        memcpy(x + i * inputs, c->x + order[i] * (int64_t)inputs,
               (size_t)inputs * sizeof *x);
        y[i] = c->y[order[i]];
    }
    oracle_values g = oracle_gradient(&c->shape, w, count, x, y);
    free(x);
    free(y);
    free(w);
    return g;
}

static int is_weight(const ipl_net_shape *shape, int64_t i)
{
    int l = 1;
    while (l < shape->layers && i >= ipl_net_weight_at(shape, l + 1)) ++l;
    return i < ipl_net_bias_at(shape, l);
}

/* Where step number `step` takes w, first, second with gradient g (off by e_g). Every
 * constant is rounded to float32 once and every operation once. */
static void oracle_step(const ipl_train_options *o, int64_t step, int decays, double g,
                        double e_g, double value[3], double error[3])
{
    const double u = ORACLE_U, decay = decays ? o->weight_decay * value[0] : 0.0;
    e_g += 3.0 * u * (fabs(g) + fabs(decay));
    g += decay;
    const double rate = o->learning_rate;
    double moved = rate * g, e_moved = rate * (e_g + 3.0 * u * fabs(g));
    if (o->optimizer == IPL_MOMENTUM) {
        const double kept = o->momentum * value[1];
        value[1] = kept - moved;
        error[1] = e_moved + 4.0 * u * (fabs(kept) + fabs(moved));
        moved = -value[1], e_moved = error[1];
    } else if (o->optimizer == IPL_ADAM) {
        const double c1 = 1.0 / (1.0 - pow(o->beta1, (double)step));
        const double c2 = 1.0 / (1.0 - pow(o->beta2, (double)step));
        const double kept = o->beta1 * value[1], fresh = (1.0 - o->beta1) * g;
        value[1] = kept + fresh;
        error[1] = (1.0 - o->beta1) * e_g + 4.0 * u * (fabs(kept) + fabs(fresh));
        value[2] = o->beta2 * value[2] + (1.0 - o->beta2) * g * g;
        error[2] = (1.0 - o->beta2) * (2.0 * fabs(g) + e_g) * e_g + 6.0 * u * value[2] +
                   ORACLE_TINY;
        const double s = c2 * value[2], e_s = c2 * error[2] + 4.0 * u * s;
        const double e_root = e_s / (sqrt(s) + sqrt(fmax(0.0, s - e_s)) + 1e-300);
        const double below = sqrt(s) + o->epsilon;
        const double e_below = fmin(e_root, sqrt(e_s)) + 3.0 * u * below;
        const double above = rate * c1 * value[1];
        const double e_above = rate * c1 * (error[1] + 4.0 * u * fabs(value[1]));
        moved = above / below;
        /* An Adam step is never longer than rate (1 - beta1) / sqrt(1 - beta2). */
        const double most = 2.1 * rate * (1.0 - o->beta1) / sqrt(1.0 - o->beta2);
        e_moved = most;
        if (below > e_below)
            e_moved = fmin(most, (e_above + fabs(moved) * e_below) / (below - e_below) +
                                     2.0 * u * fabs(moved));
    }
    error[0] = e_moved + 2.0 * u * (fabs(value[0]) + fabs(moved) + e_moved);
    value[0] -= moved;
}

/* One more step of every replica from `state`: want and bound of the next state. */
static void oracle_state(const net_case *c, const ipl_train_options *o, int64_t step,
                         int slots, const float *state, int64_t count,
                         const int32_t *order, double *want, double *bound)
{
    const int64_t n = c->parameters, each = n * (1 + slots);
    for (int r = 0; r < REPLICAS; ++r) {
        const float *from = state + r * each;
        oracle_values g = gradient_at(c, from, count, order + r * count);
        for (int64_t i = 0; i < n; ++i) {
            double value[3] = {0}, error[3] = {0};
            for (int s = 0; s <= slots; ++s) value[s] = from[s * n + i];
            oracle_step(o, step, is_weight(&c->shape, i), g.v[i], g.e[i], value, error);
            for (int s = 0; s <= slots; ++s) {
                want[r * each + s * n + i] = value[s];
                bound[r * each + s * n + i] = error[s];
            }
        }
        oracle_release(g);
    }
}

static ipl_train_options options_of(int optimizer)
{
    ipl_train_options options = ipl_train_defaults();
    options.optimizer = (ipl_optimizer)optimizer;
    options.learning_rate = optimizer == IPL_ADAM ? 0.01 : 0.2;
    options.weight_decay = 0.01;
    return options;
}

/* Three steps of `count` rows each, every one from the state before it. */
static void follow(ipl_device *dev, const char *text, int64_t rows, int64_t count,
                   int64_t batch, int optimizer)
{
    net_case c = net_case_make(dev, text, rows);
    ipl_train_options options = options_of(optimizer);
    options.batch = batch;
    ipl_trainer *t = trainer_of(&c, &options);
    const int64_t floats = ipl_trainer_state_floats(t);
    int32_t *order = order_of(&c, count);
    double *got = malloc((size_t)floats * sizeof *got);
    double *want = malloc((size_t)floats * sizeof *want);
    double *bound = malloc((size_t)floats * sizeof *bound);
    int64_t steps;
    float *state = net_case_state(t, &steps);
    for (int64_t step = 1; step <= 3; ++step) {
        oracle_state(&c, &options, step, optimizer, state, count, order, want, bound);
        free(state);
        CHECK_OK(ipl_trainer_train(t, count, order, NULL));
        state = net_case_state(t, &steps);
        assert_int_equal(steps, step);
        for (int64_t i = 0; i < floats; ++i) got[i] = state[i];
        char what[120];
        snprintf(what, sizeof what, "%s, optimizer %d, step %d", text, optimizer,
                 (int)step);
        check_within(what, floats, got, want, bound);
    }
    free(state);
    free(order);
    free(got);
    free(want);
    free(bound);
    ipl_trainer_destroy(t);
    net_case_free(&c);
}

static void optimisers_step_as_their_formulas_say(void **state)
{
    for (int s = 0; s < 2; ++s)
        for (int optimizer = 0; optimizer < IPL_OPTIMIZER_COUNT; ++optimizer)
            follow(check_device(state), shapes[s], 50, 33, 33, optimizer);
}

/* 600 rows from 40: more than any device works on at once. */
static void long_batches_add_up_over_blocks_of_rows(void **state)
{
    for (int s = 0; s < 2; ++s)
        follow(check_device(state), shapes[s], 40, 600, 0, IPL_SGD);
}

/* Narrow layers, but more of them than a GPU's block holds. */
static void deep_networks_step_as_their_formulas_say(void **state)
{
    follow(check_device(state),
           "64, 64-tanh, 64-relu, 64-tanh, 64-tanh, 64-elu, 64-tanh, 9", 20, 9, 9,
           IPL_ADAM);
}

static void steps_agree_with_the_cpu(void **state)
{
    ipl_device *dev[2] = {check_device(state), NULL};
    CHECK_OK(ipl_device_open("cpu:portable", NULL, &dev[1]));
    for (int s = 0; s < 2; ++s) {
        enum { COUNT = 33 };
        const ipl_train_options options = options_of(IPL_ADAM);
        net_case c[2];
        ipl_trainer *t[2];
        float *from, *got[2];
        int64_t steps;
        for (int d = 0; d < 2; ++d) {
            c[d] = net_case_make(dev[d], shapes[s], 50);
            t[d] = trainer_of(&c[d], &options);
        }
        const int64_t floats = ipl_trainer_state_floats(t[0]);
        int32_t *order = order_of(&c[0], COUNT);
        double *at[4];
        for (int a = 0; a < 4; ++a) at[a] = malloc((size_t)floats * sizeof *at[a]);
        for (int64_t step = 1; step <= 3; ++step) {
            from = net_case_state(t[0], &steps);
            CHECK_OK(ipl_trainer_write(t[1], from, steps));
            oracle_state(&c[0], &options, step, 2, from, COUNT, order, at[0], at[1]);
            free(from);
            for (int d = 0; d < 2; ++d) {
                CHECK_OK(ipl_trainer_train(t[d], COUNT, order, NULL));
                got[d] = net_case_state(t[d], &steps);
                for (int64_t i = 0; i < floats; ++i) at[2 + d][i] = got[d][i];
                free(got[d]);
            }
            for (int64_t i = 0; i < floats; ++i) at[1][i] *= 2.0;
            check_within(shapes[s], floats, at[2], at[3], at[1]);
        }
        for (int a = 0; a < 4; ++a) free(at[a]);
        free(order);
        for (int d = 0; d < 2; ++d) {
            ipl_trainer_destroy(t[d]);
            net_case_free(&c[d]);
        }
    }
    ipl_device_close(dev[1]);
}

/* The state after `calls` calls over `order`, cut into pieces of `piece` rows a
 * replica; with statistics in the second call when they are wanted. */
static float *trained(const net_case *c, const ipl_train_options *options, int calls,
                      int64_t count, const int32_t *order, int64_t piece,
                      int with_stats)
{
    ipl_trainer *t = trainer_of(c, options);
    int32_t *part = malloc((size_t)(REPLICAS * piece) * sizeof *part);
    ipl_gradient_stats stats[REPLICAS * IPL_NET_LAYERS_MAX];
    for (int call = 0; call < calls; ++call)
        for (int64_t from = 0; from < count; from += piece) {
            const int64_t rows = count - from < piece ? count - from : piece;
            for (int r = 0; r < REPLICAS; ++r)
                memcpy(part + r * rows, order + r * count + from,
                       (size_t)rows * sizeof *part);
            CHECK_OK(ipl_trainer_train(t, rows, part,
                                       with_stats && call == 1 ? stats : NULL));
        }
    int64_t steps;
    float *state = net_case_state(t, &steps);
    assert_int_equal(steps, calls * ((count + options->batch - 1) / options->batch));
    free(part);
    ipl_trainer_destroy(t);
    return state;
}

/* Four epochs in four calls, and step by step: a device may prepare a call that it has
 * seen before, and must not forget where it is. */
static void training_may_be_cut_between_any_two_steps(void **state)
{
    enum { CALLS = 4, BATCH = 8, COUNT = 5 * BATCH + 3 };
    for (int s = 0; s < 2; ++s) {
        net_case c = net_case_make(check_device(state), shapes[s], 50);
        ipl_train_options options = options_of(IPL_ADAM);
        options.batch = BATCH;
        int32_t *order = order_of(&c, COUNT);
        float *whole = trained(&c, &options, CALLS, COUNT, order, COUNT, 0);
        float *steps = trained(&c, &options, CALLS, COUNT, order, BATCH, 0);
        float *stats = trained(&c, &options, CALLS, COUNT, order, COUNT, 1);
        const size_t bytes = (size_t)(REPLICAS * 3 * c.parameters) * sizeof *whole;
        assert_memory_equal(whole, steps, bytes);
        assert_memory_equal(whole, stats, bytes);
        free(whole);
        free(steps);
        free(stats);
        free(order);
        net_case_free(&c);
    }
}

/* 530 steps: more than a device puts into one piece of work. */
static void calls_of_many_steps_are_the_sum_of_short_ones(void **state)
{
    enum { COUNT = 2 * 530 - 1, PIECE = 2 * 53 };
    net_case c = net_case_make(check_device(state), "3, 65-relu, 2", 20);
    ipl_train_options options = options_of(IPL_MOMENTUM);
    options.learning_rate = 0.01;
    options.batch = 2;
    int32_t *order = order_of(&c, COUNT);
    float *whole = trained(&c, &options, 1, COUNT, order, COUNT, 0);
    float *pieces = trained(&c, &options, 1, COUNT, order, PIECE, 0);
    assert_memory_equal(whole, pieces,
                        (size_t)(REPLICAS * 2 * c.parameters) * sizeof *whole);
    free(whole);
    free(pieces);
    free(order);
    net_case_free(&c);
}

static void replicas_do_not_see_each_other(void **state)
{
    enum { COUNT = 40 };
    for (int s = 0; s < 2; ++s) {
        net_case c = net_case_make(check_device(state), shapes[s], 50);
        ipl_train_options options = options_of(IPL_MOMENTUM);
        options.batch = 16;
        int32_t *order = order_of(&c, COUNT);
        float *got[2];
        for (int changed = 0; changed < 2; ++changed) {
            ipl_trainer *t = trainer_of(&c, &options);
            float *start = start_of(&c, t);
            const int64_t each = 2 * c.parameters;
            if (changed) start[each] += 1.0f;
            CHECK_OK(ipl_trainer_write(t, start, 0));
            free(start);
            for (int e = 0; e < 3; ++e)
                CHECK_OK(ipl_trainer_train(t, COUNT, order, NULL));
            int64_t steps;
            got[changed] = net_case_state(t, &steps);
            ipl_trainer_destroy(t);
        }
        const size_t bytes = (size_t)(2 * c.parameters) * sizeof(float);
        assert_memory_equal(got[0], got[1], bytes);
        CHECK(memcmp(got[0] + 2 * c.parameters, got[1] + 2 * c.parameters, bytes));
        free(got[0]);
        free(got[1]);
        free(order);
        net_case_free(&c);
    }
}

static const check_test tests[] = {
    CHECK_TEST(optimisers_step_as_their_formulas_say),
    CHECK_TEST(long_batches_add_up_over_blocks_of_rows),
    CHECK_TEST(deep_networks_step_as_their_formulas_say),
    CHECK_TEST(steps_agree_with_the_cpu),
    CHECK_TEST(training_may_be_cut_between_any_two_steps),
    CHECK_TEST(calls_of_many_steps_are_the_sum_of_short_ones),
    CHECK_TEST(replicas_do_not_see_each_other),
};

CHECK_MAIN("steps", tests, 1)
