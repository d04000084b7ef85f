/*
 * test_memory.c - what is foretold of a device's memory is what is taken.
 */
#include "plane/memory.h"
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
        double loss[REPLICAS];
        int64_t correct[REPLICAS];
        options.optimizer = IPL_ADAM;
        options.batch = 100;
        CHECK_OK(ipl_trainer_bytes(dev, &c.shape, &options, REPLICAS, ROWS, &training));
        CHECK_OK(ipl_net_evaluate_bytes(dev, &c.shape, REPLICAS, ROWS,
                                        &evaluating));
        CHECK(training >= 3 * REPLICAS * sizeof(float) * (size_t)c.parameters);

        const int64_t before = free_bytes(dev);
        const int64_t own = k ? ipl_device_about(dev)->own_bytes : 0;
        CHECK_OK(ipl_trainer_create(dev, &c.shape, &options, REPLICAS, c.dx, &c.dy,
                                    &t));
        CHECK_OK(ipl_trainer_train(t, ROWS, order, stats));
        const int64_t trains = free_bytes(dev);
        float *params;
        CHECK_OK(ipl_alloc(dev, REPLICAS * (size_t)c.parameters * sizeof *params,
                           (void **)&params));
        CHECK_OK(ipl_trainer_snapshot_all(t, params));
        CHECK_OK(ipl_net_evaluate_all(dev, &c.shape, REPLICAS, params, c.dx, &c.dy,
                                      loss, correct));
        const int64_t evaluates = free_bytes(dev);
        if (!ipl_device_about(dev)->is_host) {
            CHECK(before - trains <= (int64_t)training + own + 8 * PAGE);
            CHECK(before - trains >= (int64_t)training - PAGE);
            CHECK(trains - evaluates <= (int64_t)evaluating + 2 * PAGE);
        }
        ipl_free(dev, params);
        ipl_trainer_destroy(t);
        free(order);
        net_case_free(&c);
    }
}

/* A network of this shape on a handle: what is free then. */
static int64_t free_after(ipl_device *dev, const char *text)
{
    net_case c = net_case_make(dev, text, 5);
    const size_t bytes = (size_t)c.parameters * sizeof(float);
    void *params;
    double loss;
    int64_t correct;
    CHECK_OK(ipl_alloc(dev, bytes, &params));
    CHECK_OK(ipl_upload(dev, c.params, bytes, params));
    CHECK_OK(ipl_net_evaluate(dev, &c.shape, params, c.dx, &c.dy, &loss, &correct));
    const int64_t left = free_bytes(dev);
    ipl_free(dev, params);
    net_case_free(&c);
    return left;
}

static void wide_networks_alone_take_a_handles_own_bytes(void **state)
{
    ipl_device *dev = check_device(state), *other;
    const int64_t own = ipl_device_about(dev)->own_bytes, before = free_bytes(dev);
    if (!own) return; /* the CPU */
    CHECK_OK(ipl_device_open_again(dev, &other));
    CHECK(before - free_after(other, "3, 2") < own);
    CHECK(before - free_after(other, "70, 2") >= own);
    ipl_device_close(other);
}

/* One works after the other, so that they take those bytes once. */
static void handles_share_what_is_idle(void **state)
{
    ipl_device *dev = check_device(state), *other[3];
    const int64_t own = ipl_device_about(dev)->own_bytes;
    if (!own) return;
    const int64_t first = free_after(dev, "70, 2");
    for (int k = 0; k < 3; ++k) {
        CHECK_OK(ipl_device_open_again(dev, &other[k]));
        CHECK(first - free_after(other[k], "70, 2") < own);
    }
    for (int k = 0; k < 3; ++k) ipl_device_close(other[k]);
}

/* -- Ways of measuring ------------------------------------------------------------*/

enum { BLOCK = IPL_NET_FORWARD_ROWS, WAYS = 4 };
static const ipl_measure_way ways[WAYS] = {{2, 0}, {1, 0}, {0, 0}, {0, BLOCK}};

/* Two settings of bins, and noise so small that few pairs count. */
enum { POINTS = 4 };
static int estimators(ipl_mi_options out[IPL_MI_ESTIMATOR_COUNT])
{
    out[0] = out[2] = ipl_mi_defaults(IPL_MI_BIN);
    strcpy(out[0].setting, "30");
    strcpy(out[2].setting, "4");
    out[2].bin_edges = 4;
    out[1] = ipl_mi_defaults(IPL_MI_KDE);
    out[1].noise_var = 1e-4;
    return 3;
}

/* `nets` networks, in this way; also what it took of a device that is no host. */
static void measure(const net_case *c, const ipl_measure_way *way, int nets,
                    ipl_mi_error error, int quantise, ipl_layer *out)
{
    enum { PAGES = 8 * (2 << 20) };
    ipl_device *dev = c->dev;
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = estimators(options);
    const size_t one = (size_t)c->parameters * sizeof(float);
    ipl_measurer *m;
    float *params[2];
    size_t foretold;
    for (int k = 0; k < 2; ++k) {
        CHECK_OK(ipl_alloc(dev, one, (void **)&params[k]));
        CHECK_OK(ipl_upload(dev, c->params, one, params[k]));
    }
    CHECK_OK(ipl_upload(dev, c->params, one / 2, params[1] + one / 8));
    const ipl_measure_what what = {count, options, &c->dy, c->dx, error, quantise};
    CHECK_OK(ipl_measure_bytes(dev, &what, &c->shape, c->rows, way, &foretold));
    CHECK_OK(ipl_measurer_create(dev, &what, &m));
    const int64_t before = free_bytes(dev);
    CHECK_OK(ipl_measure_networks(m, way, &c->shape, c->dx, nets, params, out));
    if (!ipl_device_about(dev)->is_host)
        CHECK(before - free_bytes(dev) <= (int64_t)foretold + PAGES);
    ipl_measurer_destroy(m);
    ipl_free(dev, params[0]);
    ipl_free(dev, params[1]);
}

static void check_ways(ipl_device *dev, const char *text, int64_t rows, int nets,
                       ipl_mi_error error, int quantise)
{
    net_case c = net_case_make(dev, text, rows);
    const size_t bytes = 2 * (size_t)c.shape.layers * sizeof(ipl_layer);
    ipl_layer *want = calloc(1, bytes), *got = calloc(1, bytes);
    measure(&c, &ways[0], 2, error, quantise, want);
    for (int w = 1; w < WAYS; ++w) {
        measure(&c, &ways[w], nets, error, quantise, got);
        for (int j = 0; j < nets * c.shape.layers; ++j) {
            CHECK(got[j].points == POINTS && want[j].points == POINTS);
            for (int p = 0; p < POINTS; ++p) {
                const ipl_mi_point *a = &got[j].point[p], *b = &want[j].point[p];
                CHECK(a->i_xt == b->i_xt && a->i_ty == b->i_ty);
                assert_memory_equal(&a->i_next, &b->i_next, sizeof(double));
                CHECK(isfinite(b->se_x) == (int)error);
                if (error) CHECK(a->se_x == b->se_x && a->se_y == b->se_y);
            }
        }
    }
    const int last = c.shape.layers - 1; /* two networks they are */
    CHECK(want[0].point[0].i_next != want[0].point[3].i_next);
    CHECK(want[last].point[0].i_xt != want[2 * last + 1].point[0].i_xt);
    free(want);
    free(got);
    net_case_free(&c);
}

static void every_way_of_measuring_gives_the_same_bits(void **state)
{
    static const char *const shapes[] = {"12, 5-tanh, 3", "6, 70-relu, 3"};
    ipl_device *dev = check_device(state);
    /* The second shape has layers of both kinds, and is rounded before it is measured;
     * one network will do for slow devices. */
    const int all = (int)check_size(dev, 2, 1);
    const int64_t rows = BLOCK + check_size(dev, 1500, 90);
    for (int k = 2 - all; k < 2; ++k)
        check_ways(dev, shapes[k], rows, all, IPL_MI_ERROR_NONE, k ? 5 : 0);
}

static void every_way_of_measuring_gives_the_same_errors(void **state)
{
    ipl_device *dev = check_device(state);
    check_ways(dev, "4, 3-tanh, 2", check_size(dev, BLOCK + 1500, 150), 1,
               IPL_MI_ERROR_JACKKNIFE, 0);
}

/* -- The plan ---------------------------------------------------------------------*/

static ipl_experiment loaded(const char *layers)
{
    ipl_experiment e;
    ipl_config config;
    char text[IPL_CONFIG_TEXT];
    ipl_config_defaults(&config);
    snprintf(text, sizeof text, "net.layers=%s", layers);
    CHECK_OK(ipl_config_set(&config, text));
    CHECK_OK(ipl_config_set(&config, "train.replicas=8"));
    CHECK_OK(ipl_experiment_load(&config, &e));
    e.data.rows = e.measured_rows = 30000; /* a plan asks for no more */
    e.data.train_rows = e.scored_rows = 24000;
    return e;
}

/* Less and less memory: the ways come one after the other, each within what there is,
 * until nothing is left to spare. */
static void the_plan_adapts_to_the_memory(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_experiment e = loaded("12, 512-tanh, 500-tanh, 2");
    const int host = ipl_device_about(dev)->is_host;
    int seen[6] = {0}, last = 0;
    ipl_memory m;
    for (e.config.device_mib = 2000; last < 5; e.config.device_mib -= 1) {
        CHECK(e.config.device_mib > 0);
        if (ipl_memory_share(&e, dev, (int64_t)64 << 30, &m) != IPL_OK) {
            CHECK(strstr(ipl_last_error(), "the run takes "));
            last = 5;
        } else {
            const int way =
                m.block_rows ? 4 : !m.nets ? 3 : m.nets == 1 ? 2 : m.workers == 1;
            CHECK(m.total_bytes <= m.free_bytes &&
                  m.free_bytes == e.config.device_mib << 20);
            CHECK(m.total_bytes == m.data_bytes + m.training_bytes + m.measuring_bytes);
            CHECK(m.total_bytes + m.snapshot_bytes <= m.free_bytes);
            CHECK(m.block_rows % BLOCK == 0 && m.ticks >= 1);
            CHECK(way >= last);
            last = way;
        }
        ++seen[last];
    }
    printf("# MiB in two workers %d, one %d, one network %d, one layer %d, blocks %d\n",
           seen[0], seen[1], seen[2], seen[3], seen[4]);
    CHECK(host ? !seen[0] && !seen[4] : seen[0] && seen[4]);
    CHECK(seen[1] && seen[2] && seen[3]);
    ipl_experiment_close(&e);
}

/* Of repeated inputs kde goes over the pairs twice, and one copy of the layer serves
 * both: 20 networks of 10,000 rows and 1024 units then need less than 2 GiB. */
static void repeated_inputs_take_no_second_copy(void **state)
{
    ipl_device *dev = check_device(state);
    enum { ROWS = 200000, UNITS = 1024 };
    const ipl_mi_options kde = ipl_mi_defaults(IPL_MI_KDE);
    const ipl_labels y = {.rows = ROWS, .classes = 10};
    const ipl_labels x = {.rows = ROWS, .classes = 10000};
    ipl_mi_job job = {.t = {NULL, ROWS, UNITS}, .y = &y};
    size_t once, twice;
    CHECK_OK(ipl_mi_scratch_bytes(dev, 1, &kde, 1, &job, &once));
    job.x = &x;
    CHECK_OK(ipl_mi_scratch_bytes(dev, 1, &kde, 1, &job, &twice));
    printf("# %zu MiB, with repeated inputs %zu MiB\n", once >> 20, twice >> 20);
    CHECK(twice < once + ((size_t)64 << 20));
    if (ipl_device_about(dev)->is_host)
        CHECK(twice + (size_t)ROWS * UNITS * sizeof(float) < (size_t)15 << 27);
}

/* Every setting of bins has cells of its own, for I(T;T'). */
static void each_setting_of_bins_has_room_for_its_cells(void **state)
{
    enum { ROWS = 3000 };
    ipl_device *dev = check_device(state);
    net_case c = net_case_make(dev, "12, 5-tanh, 4-tanh, 3", ROWS);
    ipl_mi_options options[3];
    size_t one = 0, bytes;
    for (int s = 0; s < 3; ++s) {
        options[s] = ipl_mi_defaults(IPL_MI_BIN);
        snprintf(options[s].setting, sizeof options[s].setting, "%d", s);
        const ipl_measure_what what = {s + 1, options, &c.dy, c.dx, 0, 0};
        CHECK_OK(ipl_measure_bytes(dev, &what, &c.shape, ROWS, &ways[0], &bytes));
        if (!s) one = bytes;
        CHECK(bytes == one + (size_t)(2 * s * 3 * ROWS) * sizeof(int32_t));
    }
    net_case_free(&c);
}

static const check_test tests[] = {
    CHECK_TEST(wide_networks_alone_take_a_handles_own_bytes),
    CHECK_TEST(handles_share_what_is_idle),
    CHECK_TEST(the_memory_that_is_foretold_is_taken),
    CHECK_TEST(every_way_of_measuring_gives_the_same_bits),
    CHECK_TEST(every_way_of_measuring_gives_the_same_errors),
    CHECK_TEST(the_plan_adapts_to_the_memory),
    CHECK_TEST(repeated_inputs_take_no_second_copy),
    CHECK_TEST(each_setting_of_bins_has_room_for_its_cells),
};

CHECK_MAIN("memory", tests, 1)
