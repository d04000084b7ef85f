/*
 * test_kde_blocks.c - pair sums of layers in host memory, bit for bit those of the same
 * layers on the device, for any size of the blocks that they are brought in.
 */
#include "check.h"
#include "kde_run.h"

enum { ROWS = IPL_MI_BLOCK_ROWS };

/* The layer's sums in blocks of two sizes, which may be more than n, and without. */
static void check_blocks(ipl_device *dev, const layer *l, double noise_var,
                         int full_sums)
{
    run whole = run_one(dev, l, noise_var, full_sums);
    for (int64_t block = ROWS; block <= 2 * ROWS; block += ROWS) {
        run r = run_open_block(dev, l, noise_var, block);
        run_all(dev, 1, &r, full_sums);
        if (memcmp(r.sum, whole.sum, (size_t)l->n * 4 * sizeof(int64_t)))
            fail_msg("n %lld d %lld full %d: other sums in blocks of %lld (seed %llu)",
                     (long long)l->n, (long long)l->d, full_sums, (long long)block,
                     (unsigned long long)check_seed());
        check_same(&r, &whole);
        run_close(dev, &r);
    }
    run_close(dev, &whole);
}

/* Rows of all classes in any order; the last block is of 1, 52, 76 or ROWS rows. */
static void blocks_change_no_bit_of_narrow_layers(void **state)
{
    static const int64_t shape[][2] = {{1025, 1}, {2048, 3}, {2100, 3}, {1100, 20},
                                       {1100, 32}};
    for (int s = 0; s < 5; ++s) {
        const layer l = layer_make(NORMAL, shape[s][0], shape[s][1], 5);
        check_blocks(check_device(state), &l, fitting_var(l.d), s & 1);
        layer_free(l);
    }
}

static void blocks_change_no_bit_of_wide_layers(void **state)
{
    static const int64_t shape[][2] = {{1025, 36}, {2100, 33}, {1100, 100}};
    for (int s = 0; s < 3; ++s) {
        const layer l = layer_make(NORMAL, shape[s][0], shape[s][1], 5);
        check_blocks(check_device(state), &l, fitting_var(l.d), s & 1);
        layer_free(l);
    }
}

/* Classes far apart, so that most tiles are skipped by their boxes or left early. */
static void blocks_change_no_bit_of_what_is_left_out(void **state)
{
    static const struct { family f; int64_t emulated, d; } of[] = {
        {COLLAPSED, 1100, 3},   {RELU, 1100, 20}, {COLLAPSED, 4200, 40},
        {SATURATED, 1500, 100}, {RELU, 1100, 784}};
    for (int s = 0; s < 5; ++s) {
        const int64_t n = check_size(check_device(state), 5200, of[s].emulated);
        const layer l = layer_make(of[s].f, n, of[s].d, 20);
        check_blocks(check_device(state), &l, 0.01, 0);
        layer_free(l);
    }
}

/* One class, a class a row, and classes that no row has. */
static void blocks_change_no_bit_for_any_classes(void **state)
{
    for (int kind = 0; kind < 3; ++kind)
        for (int64_t d = 4; d <= 40; d += 36) {
            layer l = layer_make(NORMAL, 1300, d, 3);
            for (int64_t i = 0; i < l.n; ++i)
                switch (kind) {
                case 0: l.y[i] = 0, l.classes = 1; break;
                case 1:
                    l.y[i] = (int32_t)(l.n - 1 - i), l.classes = (int32_t)l.n;
                    break;
                case 2: l.y[i] = l.y[i] == 1 ? 3 : l.y[i], l.classes = 6; break;
                }
            check_blocks(check_device(state), &l, fitting_var(d), 0);
            layer_free(l);
        }
}

/* Noise so small or large that the values get another unit, by their largest. */
static void blocks_change_no_bit_in_any_unit(void **state)
{
    for (int64_t d = 4; d <= 40; d += 36)
        for (double unit = 1e-17; unit < 1e18; unit *= 1e34) {
            layer l = layer_make(NORMAL, 1100, d, 3);
            for (int64_t e = 0; e < l.n * d; ++e) l.t[e] *= (float)unit;
            check_blocks(check_device(state), &l, fitting_var(d) * unit * unit, 0);
            layer_free(l);
        }
}

/* A call of layers on the device and layers in host memory, of one width and of
 * many. */
static void company_changes_no_bit_of_layers_in_blocks(void **state)
{
    enum { COMPANY = 9 };
    static const int64_t shape[COMPANY][3] = {
        {1500, 3, ROWS}, {900, 3, 0},     {1100, 40, ROWS}, {600, 40, 0},  {700, 20, 0},
        {1600, 60, ROWS}, {2, 50, ROWS},  {1, 1, 3 * ROWS}, {1100, 3, 2 * ROWS}};
    ipl_device *dev = check_device(state);
    layer l[COMPANY];
    run r[COMPANY];
    for (int j = 0; j < COMPANY; ++j) {
        l[j] = layer_make(NORMAL, shape[j][0], shape[j][1], 4);
        r[j] = run_open_block(dev, &l[j], fitting_var(l[j].d), shape[j][2]);
    }
    run_all(dev, COMPANY, r, 0);
    for (int j = 0; j < COMPANY; ++j) {
        run alone = run_one(dev, &l[j], fitting_var(l[j].d), 0);
        check_same(&r[j], &alone);
        run_close(dev, &alone);
        run_close(dev, &r[j]);
        layer_free(l[j]);
    }
}

/* On the CPU their scratch is more than caches hold, and no call has as much. */
static void many_layers_have_the_bits_of_each_alone(void **state)
{
    enum { LAYERS = 64, OTHER = 7 };
    ipl_device *dev = check_device(state);
    const layer small = layer_make(NORMAL, 600, 2, 3);
    const layer other = layer_make(NORMAL, 600, 3, 3);
    run r[LAYERS];
    run alone[] = {run_one(dev, &small, 0.1, 0), run_one(dev, &other, 0.1, 0)};
    ipl_kde_job job[LAYERS];
    for (int j = 0; j < LAYERS; ++j) {
        r[j] = run_open(dev, j % OTHER ? &small : &other, 0.1);
        job[j] = r[j].job;
        job[j].y = &r[j].y;
    }
    size_t sum = 0;
    for (int j = 0; j < LAYERS; ++j)
        sum += dev->backend->kde_scratch_bytes(dev->state, 1, job + j);
    if (ipl_device_about(dev)->is_host)
        CHECK(dev->backend->kde_scratch_bytes(dev->state, LAYERS, job) < sum * 3 / 4);
    run_all(dev, LAYERS, r, 0);
    for (int j = 0; j < LAYERS; ++j) {
        check_same(&r[j], &alone[!(j % OTHER)]);
        run_close(dev, &r[j]);
    }
    for (int k = 0; k < 2; ++k) run_close(dev, &alone[k]);
    layer_free(small);
    layer_free(other);
}

/* Beyond what a layer on the device needs: two blocks and a number for each row. */
static void scratch_holds_two_blocks_and_not_the_layer(void **state)
{
    static const int64_t width[] = {3, 32, 33, 10000};
    const int64_t n = 1000000, block = 4 * ROWS;
    ipl_device *dev = check_device(state);
    for (int w = 0; w < 4; ++w) {
        const ipl_labels y = {.rows = n, .classes = 1};
        ipl_kde_job job = {.n = n, .d = width[w], .y = &y, .noise_var = 0.1};
        const size_t whole = dev->backend->kde_scratch_bytes(dev->state, 1, &job);
        job.block = block;
        const size_t some = dev->backend->kde_scratch_bytes(dev->state, 1, &job);
        CHECK(some <= whole + (size_t)(2 * block * job.d + n) * sizeof(float) + 4096);
    }
}

static const check_test tests[] = {
    CHECK_TEST(blocks_change_no_bit_of_narrow_layers),
    CHECK_TEST(blocks_change_no_bit_of_wide_layers),
    CHECK_TEST(blocks_change_no_bit_of_what_is_left_out),
    CHECK_TEST(blocks_change_no_bit_for_any_classes),
    CHECK_TEST(blocks_change_no_bit_in_any_unit),
    CHECK_TEST(company_changes_no_bit_of_layers_in_blocks),
    CHECK_TEST(many_layers_have_the_bits_of_each_alone),
    CHECK_TEST(scratch_holds_two_blocks_and_not_the_layer),
};

CHECK_MAIN("kde_blocks", tests, 1)
