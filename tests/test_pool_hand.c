/*
 * test_pool_hand.c - pooled networks by hand, and the walk that they are compared with.
 */
#include "file.h"
#include "plane/pool_networks.h"
#include "plane_case.h"

static char folder[FILES_PATH];

static const char *dir_of(const char *name) { return files_path(folder, name); }

/* Four rows of the 12-bit set, numbers 0 to 3, through one linear unit: the last bit in
 * one network, the one before it in the other. Pooled: T is 0 and 1 in half of the rows
 * each, H(T) = 1 bit; rows 0 and 3 give one value twice, rows 1 and 2 both values:
 * H(T|X) = 1/2 bit. */
static void two_networks_by_hand(void **state)
{
    ipl_device *dev = check_device(state);
    static const char *const lines[] = {
        "net.layers=12, 1-linear, 2", "data.limit=4", "data.train_fraction=0.5",
        "train.epochs=1", "train.replicas=2", "measure.estimators=bin",
        "bin.form=exact", "pool.windows=0", "pool.over=replicas", "pool.controls=no",
        NULL};
    ipl_experiment e;
    ipl_pool *pool;
    ipl_keeper *keeper;
    ipl_networks *kept;
    ipl_layer layer[2];
    const ipl_config c = config_of(lines);
    float params[2][12 + 1 + 2 + 2] = {{0}}; /* W_1, b_1, W_2, b_2 of both */
    params[0][11] = 1.0f;
    params[1][10] = 1.0f;
    files_make_folder(folder);
    CHECK_OK(ipl_keeper_open(IPL_FILE_PATH, dir_of("networks.bin"),
                             &(ipl_keeper_options){.floats = 2 * 17, .tick = -1},
                             &keeper));
    CHECK_OK(ipl_keeper_add(keeper, 0, params[0]));
    ipl_keeper_close(keeper);
    CHECK_OK(ipl_networks_open(IPL_FILE_PATH, dir_of("networks.bin"), 2 * 17, &kept));
    CHECK_OK(ipl_experiment_load(&c, &e));
    CHECK_OK(ipl_pool_create(&e, &pool));
    CHECK_OK(ipl_experiment_open(&e, dev, dev));
    assert_int_equal(ipl_pool_units(pool), 2);
    const ipl_pool_unit unit = ipl_pool_unit_at(pool, 0);
    CHECK(unit.layer == 1 && unit.sizes == 2 && unit.k[0] == 1 && unit.k[1] == 2);
    for (int s = 0; s < 2; ++s)
        CHECK_OK(ipl_pool_measure(pool, kept, 0, s, layer + s));
    const double bit = log(2.0);
    CHECK(fabs(layer[0].point[0].h_t - bit) < 1e-12);
    CHECK(fabs(layer[0].point[0].i_xt - bit) < 1e-12);
    CHECK(fabs(layer[1].point[0].h_t - bit) < 1e-12);
    CHECK(fabs(layer[1].point[0].i_xt - 0.5 * bit) < 1e-12);
    ipl_pool_destroy(pool);
    ipl_experiment_close(&e);
    ipl_networks_close(kept);
    files_remove_folder(folder);
}

static void walks_have_the_measured_steps(void **state)
{
    (void)state;
    enum { P = 40 * 30 + 30 + 30 * 2 + 2, COUNT = 41 };
    ipl_net_shape shape;
    double deviation[4], again[4];
    static float w[COUNT][P], walk[COUNT][P];
    CHECK_OK(ipl_net_parse("40, 30-tanh, 2", &shape));
    assert_int_equal(ipl_net_parameters(&shape), P);
    /* Steps of +-3 in W_1, 1 in b_1 (drift counts as well), none in W_2, 4 in b_2. */
    for (int k = 1; k < COUNT; ++k)
        for (int i = 0; i < P; ++i)
            w[k][i] = w[k - 1][i] + (i < 1200          ? (k + i) % 2 ? 3.0f : -3.0f
                                     : i < 1230        ? 1.0f
                                     : i < P - 2       ? 0.0f
                                                       : 4.0f);
    pool_steps(&shape, COUNT, w[0], deviation);
    assert_true(deviation[0] == 3.0 && deviation[1] == 1.0 && deviation[2] == 0.0 &&
                deviation[3] == 4.0);
    for (int i = 0; i < P; ++i) walk[0][i] = (float)i;
    pool_walk(&shape, deviation, check_seed(), 2, COUNT, walk[0]);
    pool_steps(&shape, COUNT, walk[0], again);
    /* Of m steps the deviation is off by less than 5 / sqrt(2 m) of itself. */
    const double steps[] = {1200.0 * (COUNT - 1), 30.0 * (COUNT - 1), 1,
                            2.0 * (COUNT - 1)};
    for (int part = 0; part < 4; ++part)
        CHECK(fabs(again[part] - deviation[part]) <=
              5.0 / sqrt(2.0 * steps[part]) * deviation[part]);
    CHECK(again[2] == 0.0 && walk[COUNT - 1][1230] == 1230.0f);
    /* Without a drift: the mean of m steps is below 5 / sqrt(m). */
    double mean = 0.0;
    for (int i = 0; i < 1200; ++i) mean += (walk[COUNT - 1][i] - walk[0][i]) / steps[0];
    CHECK(fabs(mean) < 5.0 * 3.0 / sqrt(steps[0]));
    static float other[COUNT][P];
    memcpy(other[0], walk[0], sizeof other[0]);
    pool_walk(&shape, deviation, check_seed(), 2, COUNT, other[0]);
    assert_memory_equal(other, walk, sizeof walk);
    pool_walk(&shape, deviation, check_seed(), 1, COUNT, other[0]);
    CHECK(memcmp(other[1], walk[1], sizeof other[1]));
}

static const check_test tests[] = {
    CHECK_TEST(two_networks_by_hand),
    CHECK_TEST(walks_have_the_measured_steps),
};

CHECK_MAIN("pool_hand", tests, 1)
