/*
 * test_replicas.c - trainers with several replicas, and on several threads.
 */
#include "oracle_net.h"
#include "trainer_case.h"

/* States after two epochs of `replicas` replicas that start from seeds first, first+1,
 * ... in orders of their own. */
static float *train_replicas(const net_case *c, int k, ipl_optimizer optimizer,
                             int first, int replicas, ipl_gradient_stats *stats)
{
    ipl_trainer *t;
    ipl_train_options options = options_of(k, optimizer);
    CHECK_OK(ipl_trainer_create(c->dev, &c->shape, &options, replicas, c->dx, &c->dy,
                                &t));
    const int64_t floats = ipl_trainer_state_floats(t), each = floats / replicas;
    float *values = calloc((size_t)floats, sizeof *values);
    int32_t *order = malloc((size_t)(replicas * c->rows) * sizeof *order);
    for (int r = 0; r < replicas; ++r)
        CHECK_OK(ipl_net_init(&c->shape, IPL_INIT_HE, (uint64_t)(first + r),
                              values + r * each));
    CHECK_OK(ipl_trainer_write(t, values, 0));
    for (int64_t epoch = 0; epoch < 2; ++epoch) {
        for (int r = 0; r < replicas; ++r)
            ipl_net_shuffle(c->rows, (uint64_t)(first + r), epoch, order + r * c->rows);
        CHECK_OK(ipl_trainer_train(t, c->rows, order, stats));
    }
    int64_t steps;
    free(values);
    values = net_case_state(t, &steps);
    ipl_trainer_destroy(t);
    free(order);
    return values;
}

/* For the products of one replica cuBLAS may take another kernel than for many, which
 * adds in another order. The emulator has one, unless it is told to act like that. */
static int may_add_in_another_order(ipl_device *dev, int k)
{
    return (k == 1 || k >= SPARSE_CASE) &&
           !strncmp(ipl_device_about(dev)->name, "cuda", 4) &&
           check_size(dev, 1, getenv("CUDAEMU_ALIGN_BLAS") != NULL);
}

/* Equal, or alike as two orders of adding are: rounding in sums of up to 1000 terms,
 * the longest of this network, grows like sqrt(1000) * 2^-24 of the magnitudes, in
 * either of the two, and so in each of four steps. Two codes of the CPU use 2 % of it;
 * a value of another replica is off by about 1. */
static void check_alike(int exact, int64_t count, const float *one, const float *other)
{
    const double share = 4.0 * 2.0 * sqrt(1000.0) * ORACLE_U;
    double largest = 0.0;
    if (exact) assert_memory_equal(one, other, (size_t)count * sizeof *one);
    for (int64_t i = 0; i < count; ++i) largest = fmax(largest, fabs((double)one[i]));
    for (int64_t i = 0; i < count; ++i)
        CHECK(fabs((double)one[i] - (double)other[i]) <= share * largest);
}

/* With momentum where bits may differ: where a gradient is 0 but for rounding, Adam
 * makes a whole step of it. */
static void replicas_do_not_notice_their_company(void **state)
{
    enum { REPLICAS = 5 };
    for (int k = 0; k < CASES; ++k) {
        net_case c = trainer_case_make(check_device(state), k, rows_of[k]);
        const int exact = !may_add_in_another_order(c.dev, k);
        const ipl_optimizer optimizer = exact ? IPL_ADAM : IPL_MOMENTUM;
        const int64_t blocks = 1 + (int)optimizer; /* parameters, moments */
        const int replicas = (int)check_size(c.dev, REPLICAS, 2);
        ipl_gradient_stats together_stats[REPLICAS * 3], alone_stats[3];
        float *together =
            train_replicas(&c, k, optimizer, 10, replicas, together_stats);
        for (int r = 0; r < replicas; ++r) {
            float *alone = train_replicas(&c, k, optimizer, 10 + r, 1, alone_stats);
            const float *mine = together + r * blocks * c.parameters;
            for (int64_t b = 0; b < blocks; ++b)
                check_alike(exact, c.parameters, alone + b * c.parameters,
                            mine + b * c.parameters);
            if (exact)
                assert_memory_equal(alone_stats, together_stats + 3 * r,
                                    sizeof alone_stats);
            for (int l = 0; l < 3; ++l) {
                const ipl_gradient_stats *one = alone_stats + l;
                const ipl_gradient_stats *other = together_stats + 3 * r + l;
                const float values[2][2] = {{(float)one->mean, (float)one->deviation},
                                            {(float)other->mean,
                                             (float)other->deviation}};
                check_alike(exact, 2, values[0], values[1]);
            }
            free(alone);
        }
        free(together);
        net_case_free(&c);
    }
}

static void bits_do_not_depend_on_threads_or_luck(void **state)
{
    for (int k = 0; k < CASES; ++k) {
        float *states[3], *acts[3];
        double loss[3];
        ipl_gradient_stats stats[3][3];
        int64_t floats = 0, values = 0;
        for (int run = 0; run < 3; ++run) { /* 1 thread, 2 threads, 2 again */
            ipl_device *dev;
            const ipl_device_options options = {.threads = run ? 2 : 1};
            CHECK_OK(ipl_device_open(ipl_device_about(check_device(state))->name,
                                     &options, &dev));
            net_case c = trainer_case_make(dev, k, k < 2 ? check_size(dev, 700, 300)
                                                         : rows_of[k]);
            states[run] = train_replicas(&c, k, IPL_ADAM, 3, 1, stats[run]);
            floats = 3 * c.parameters;

            void *params, *act;
            int64_t correct;
            values = c.rows * c.shape.width[1];
            CHECK_OK(ipl_alloc(dev, (size_t)c.parameters * sizeof(float), &params));
            CHECK_OK(ipl_alloc(dev, (size_t)values * sizeof(float), &act));
            CHECK_OK(ipl_upload(dev, states[run], (size_t)c.parameters * sizeof(float),
                                params));
            float *layer[3] = {act, NULL, NULL};
            CHECK_OK(ipl_net_forward(dev, &c.shape, params, c.dx, layer));
            acts[run] = malloc((size_t)values * sizeof(float));
            CHECK_OK(ipl_download(dev, act, (size_t)values * sizeof(float), acts[run]));
            CHECK_OK(ipl_net_evaluate(dev, &c.shape, params, c.dx, &c.dy, &loss[run],
                                      &correct));
            ipl_free(dev, params);
            ipl_free(dev, act);
            net_case_free(&c);
            ipl_device_close(dev);
        }
        for (int run = 1; run < 3; ++run) {
            assert_memory_equal(states[run], states[0], (size_t)floats * sizeof(float));
            assert_memory_equal(acts[run], acts[0], (size_t)values * sizeof(float));
            assert_memory_equal(&loss[run], &loss[0], sizeof *loss);
            assert_memory_equal(stats[run], stats[0], sizeof *stats);
        }
        for (int run = 0; run < 3; ++run) {
            free(states[run]);
            free(acts[run]);
        }
    }
}

static const check_test tests[] = {
    CHECK_TEST(replicas_do_not_notice_their_company),
    CHECK_TEST(bits_do_not_depend_on_threads_or_luck),
};

CHECK_MAIN("replicas", tests, 1)
