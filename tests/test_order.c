/*
 * test_order.c - calls on a device take effect in the order they were made.
 *
 * Training returns before it is done, and one handle of a device may measure an epoch
 * while another one trains the next. What follows reads or overwrites memory that
 * queued work uses; each result is compared, bit for bit, with one for which everything
 * was waited for.
 */
#include "net_case.h"

enum { ROWS = 60, BATCH = 16 };

static const char *const shapes[] = {"12, 10-tanh, 7-tanh, 3",
                                     "70, 90-tanh, 11-tanh, 5"};

typedef struct {
    net_case     c;
    ipl_trainer *t;
    size_t       param_bytes, act_bytes;
    float       *act; /* device: activations of layer 1 */
} scene;

static ipl_train_options momentum(void)
{
    ipl_train_options options = ipl_train_defaults();
    options.optimizer = IPL_MOMENTUM;
    options.learning_rate = 0.1;
    options.batch = BATCH;
    return options;
}

static scene scene_make(ipl_device *dev, const char *text)
{
    scene s = {.c = net_case_make(dev, text, ROWS)};
    const ipl_train_options options = momentum();
    s.t = net_case_trainer(&s.c, &options);
    s.param_bytes = (size_t)s.c.parameters * sizeof(float);
    s.act_bytes = (size_t)(ROWS * s.c.shape.width[1]) * sizeof(float);
    CHECK_OK(ipl_alloc(dev, s.act_bytes, (void **)&s.act));
    return s;
}

static void scene_free(scene *s)
{
    ipl_free(s->c.dev, s->act);
    ipl_trainer_destroy(s->t);
    net_case_free(&s->c);
}

static void train(scene *s)
{
    CHECK_OK(ipl_trainer_train(s->t, ROWS, s->c.order, NULL));
}

static void *fetched(ipl_device *dev, const void *at, size_t bytes)
{
    void *host = malloc(bytes);
    CHECK_OK(ipl_download(dev, at, bytes, host));
    return host;
}

/* Layer 1 with these parameters (device), into s->act; does not wait. */
static void forward(scene *s, const float *params)
{
    float *act[IPL_NET_LAYERS_MAX] = {s->act};
    CHECK_OK(ipl_net_forward(s->c.dev, &s->c.shape, params, s->c.dx, act));
}

/* Layer 1 after `calls` calls, everything waited for. */
static float *layer_after(ipl_device *dev, const char *text, int calls)
{
    scene s = scene_make(dev, text);
    float *params;
    int64_t steps;
    CHECK_OK(ipl_alloc(dev, s.param_bytes, (void **)&params));
    for (int call = 0; call < calls; ++call) {
        train(&s);
        CHECK_OK(ipl_sync(dev));
    }
    float *state = net_case_state(s.t, &steps);
    CHECK_OK(ipl_upload(dev, state, s.param_bytes, params));
    forward(&s, params);
    CHECK_OK(ipl_sync(dev));
    float *layer = fetched(dev, s.act, s.act_bytes);
    free(state);
    ipl_free(dev, params);
    scene_free(&s);
    return layer;
}

static void snapshots_are_of_their_moment(void **state)
{
    ipl_device *dev = check_device(state);
    enum { EPOCHS = 5 };
    for (int k = 0; k < 2; ++k) {
        scene s = scene_make(dev, shapes[k]);
        float *params[EPOCHS];
        for (int e = 0; e < EPOCHS; ++e)
            CHECK_OK(ipl_alloc(dev, s.param_bytes, (void **)&params[e]));
        for (int e = 0; e < EPOCHS; ++e) {
            train(&s);
            CHECK_OK(ipl_trainer_snapshot(s.t, 0, params[e]));
        }
        for (int e = 0; e < EPOCHS; e += 2) {
            forward(&s, params[e]);
            float *got = fetched(dev, s.act, s.act_bytes);
            float *want = layer_after(dev, shapes[k], e + 1);
            assert_memory_equal(got, want, s.act_bytes);
            free(got);
            free(want);
        }
        for (int e = 0; e < EPOCHS; ++e) ipl_free(dev, params[e]);
        scene_free(&s);
    }
}

/* One buffer for all epochs: a snapshot must not overtake the forward pass that still
 * reads the one before it, and 40 of them must not exhaust anything. */
static void snapshot_memory_may_be_used_again(void **state)
{
    ipl_device *dev = check_device(state);
    for (int k = 0; k < 2; ++k) {
        scene s = scene_make(dev, shapes[k]);
        float *params;
        CHECK_OK(ipl_alloc(dev, s.param_bytes, (void **)&params));
        CHECK_OK(ipl_upload(dev, s.c.params, s.param_bytes, params));
        train(&s);
        forward(&s, params);
        for (int again = 0; again < 40; ++again)
            CHECK_OK(ipl_trainer_snapshot(s.t, 0, params));
        int64_t steps;
        free(net_case_state(s.t, &steps)); /* the training side is done first */
        float *got = fetched(dev, s.act, s.act_bytes);
        float *want = layer_after(dev, shapes[k], 0);
        assert_memory_equal(got, want, s.act_bytes);
        free(got);
        free(want);
        train(&s);
        CHECK_OK(ipl_trainer_snapshot(s.t, 0, params));
        forward(&s, params);
        got = fetched(dev, s.act, s.act_bytes);
        want = layer_after(dev, shapes[k], 2);
        assert_memory_equal(got, want, s.act_bytes);
        free(got);
        free(want);
        ipl_free(dev, params);
        scene_free(&s);
    }
}

static void uploads_wait_for_training_that_reads(void **state)
{
    ipl_device *dev = check_device(state);
    for (int k = 0; k < 2; ++k) {
        scene waits = scene_make(dev, shapes[k]), queues = scene_make(dev, shapes[k]);
        const size_t x_bytes = (size_t)(ROWS * waits.c.shape.width[0]) * sizeof(float);
        const size_t y_bytes = ROWS * sizeof(int32_t);
        float *no_x = calloc(1, x_bytes);
        int32_t *no_y = calloc(1, y_bytes);
        int64_t steps;
        train(&waits);
        train(&queues);
        CHECK_OK(ipl_upload(dev, no_x, x_bytes, queues.c.dx.at));
        CHECK_OK(ipl_upload(dev, no_y, y_bytes, queues.c.dy.at));
        float *want = net_case_state(waits.t, &steps);
        float *got = net_case_state(queues.t, &steps);
        assert_memory_equal(got, want, 2 * waits.param_bytes);
        free(no_x);
        free(no_y);
        free(want);
        free(got);
        scene_free(&waits);
        scene_free(&queues);
    }
}

/* A network trained on another one's layer, which is still being computed. */
static void training_waits_for_the_layer_that_it_reads(void **state)
{
    ipl_device *dev = check_device(state);
    float *trained[2];
    for (int queued = 0; queued < 2; ++queued) {
        scene s = scene_make(dev, shapes[1]);
        const ipl_train_options options = momentum();
        ipl_net_shape next;
        ipl_trainer *t;
        float *params;
        int64_t steps;
        CHECK_OK(ipl_net_parse("90, 20-relu, 5", &next));
        CHECK_OK(ipl_alloc(dev, s.param_bytes, (void **)&params));
        const ipl_mat layer = {s.act, ROWS, 90};
        CHECK_OK(ipl_trainer_create(dev, &next, &options, 1, layer, &s.c.dy, &t));
        const int64_t floats = ipl_trainer_state_floats(t);
        float *start = calloc((size_t)floats, sizeof *start);
        CHECK_OK(ipl_net_init(&next, IPL_INIT_HE, 4, start));
        CHECK_OK(ipl_trainer_write(t, start, 0));
        train(&s);
        CHECK_OK(ipl_trainer_snapshot(s.t, 0, params));
        forward(&s, params);
        if (!queued) CHECK_OK(ipl_sync(dev));
        CHECK_OK(ipl_trainer_train(t, ROWS, s.c.order, NULL));
        trained[queued] = net_case_state(t, &steps);
        if (queued)
            assert_memory_equal(trained[0], trained[1], (size_t)floats * sizeof *start);
        free(start);
        ipl_trainer_destroy(t);
        ipl_free(dev, params);
        scene_free(&s);
    }
    free(trained[0]);
    free(trained[1]);
}

/* More calls than a device keeps under way; the order may be reused at once. */
static void many_calls_may_be_queued(void **state)
{
    enum { CALLS = 11 };
    ipl_device *dev = check_device(state);
    for (int k = 0; k < 2; ++k) {
        float *got[2];
        int64_t steps;
        size_t bytes = 0;
        for (int waits = 0; waits < 2; ++waits) {
            scene s = scene_make(dev, shapes[k]);
            int32_t order[ROWS];
            bytes = 2 * s.param_bytes;
            for (int call = 0; call < CALLS; ++call) {
                ipl_net_shuffle(ROWS, 5, call, order);
                CHECK_OK(ipl_trainer_train(s.t, ROWS - call, order, NULL));
                if (waits) CHECK_OK(ipl_sync(dev));
            }
            memset(order, 0x7f, sizeof order);
            got[waits] = net_case_state(s.t, &steps);
            scene_free(&s);
        }
        assert_memory_equal(got[0], got[1], bytes);
        free(got[0]);
        free(got[1]);
    }
}

/* One handle trains, another one measures: the snapshot is made before it is read, and
 * it is read before the next one takes its place. */
static void events_order_the_handles_of_a_device(void **state)
{
    enum { EPOCHS = 3 };
    ipl_device *dev = check_device(state), *other;
    CHECK_OK(ipl_device_open_again(dev, &other));
    for (int k = 0; k < 2; ++k) {
        scene s = scene_make(dev, shapes[k]);
        ipl_event *made, *read;
        float *params, *act[EPOCHS];
        CHECK_OK(ipl_event_create(dev, &made));
        CHECK_OK(ipl_event_create(other, &read));
        CHECK_OK(ipl_event_wait(dev, read)); /* never recorded: nothing to wait for */
        CHECK_OK(ipl_alloc(dev, s.param_bytes, (void **)&params));
        for (int e = 0; e < EPOCHS; ++e) {
            CHECK_OK(ipl_alloc(other, s.act_bytes, (void **)&act[e]));
            train(&s);
            CHECK_OK(ipl_event_wait(dev, read));
            CHECK_OK(ipl_trainer_snapshot(s.t, 0, params));
            CHECK_OK(ipl_event_record(dev, made));
            CHECK_OK(ipl_event_wait(other, made));
            float *layers[IPL_NET_LAYERS_MAX] = {act[e]};
            CHECK_OK(ipl_net_forward(other, &s.c.shape, params, s.c.dx, layers));
            CHECK_OK(ipl_event_record(other, read));
        }
        for (int e = 0; e < EPOCHS; ++e) {
            float *got = fetched(other, act[e], s.act_bytes);
            float *want = layer_after(dev, shapes[k], e + 1);
            assert_memory_equal(got, want, s.act_bytes);
            free(got);
            free(want);
            ipl_free(other, act[e]);
        }
        ipl_event_destroy(made);
        ipl_event_destroy(read);
        ipl_free(dev, params);
        scene_free(&s);
    }
    ipl_device_close(other);
}

static void divergence_is_told_at_the_next_wait(void **state)
{
    ipl_device *dev = check_device(state);
    for (int k = 0; k < 2; ++k) {
        scene s = scene_make(dev, shapes[k]);
        float *start = calloc(2, s.param_bytes);
        memcpy(start, s.c.params, s.param_bytes);
        start[3] = 3e38f;
        start[4] = -3e38f;
        start[s.c.parameters + 3] = 3e38f; /* its momentum: one step is too far */
        CHECK_OK(ipl_trainer_write(s.t, start, 0));
        ipl_status st = ipl_trainer_train(s.t, ROWS, s.c.order, NULL);
        if (st == IPL_OK && k == 0) st = ipl_sync(dev);
        if (st == IPL_OK) { /* a snapshot of it is such a wait, too */
            float *params, *host = malloc(s.param_bytes);
            CHECK_OK(ipl_alloc(dev, s.param_bytes, (void **)&params));
            CHECK_OK(ipl_trainer_snapshot(s.t, 0, params));
            st = ipl_download(dev, params, s.param_bytes, host);
            free(host);
            ipl_free(dev, params);
        }
        assert_int_equal(st, IPL_E_NUMERIC);
        CHECK(strstr(ipl_last_error(), "replica 0"));

        memset(start, 0, 2 * s.param_bytes);
        memcpy(start, s.c.params, s.param_bytes);
        CHECK_OK(ipl_trainer_write(s.t, start, 0));
        train(&s);
        CHECK_OK(ipl_sync(dev));
        free(start);
        scene_free(&s);
    }
}

static const check_test tests[] = {
    CHECK_TEST(snapshots_are_of_their_moment),
    CHECK_TEST(snapshot_memory_may_be_used_again),
    CHECK_TEST(uploads_wait_for_training_that_reads),
    CHECK_TEST(training_waits_for_the_layer_that_it_reads),
    CHECK_TEST(many_calls_may_be_queued),
    CHECK_TEST(events_order_the_handles_of_a_device),
    CHECK_TEST(divergence_is_told_at_the_next_wait),
};

CHECK_MAIN("order", tests, 1)
