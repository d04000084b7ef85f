/*
 * test_net.c - what a network's text, offsets and first weights promise.
 */
#include "check.h"
#include "ipl_net.h"

static void texts_come_back_as_they_were_read(void **state)
{
    (void)state;
    static const char *const text[][2] = {
        {"12, 10-tanh, 7-relu, 2", "12, 10-tanh, 7-relu, 2"},
        {" 12 ,10-tanh,7-leaky-relu ,2-softmax", "12, 10-tanh, 7-leaky-relu, 2"},
        {"784,65536-elu,1-softplus,3-sigmoid,4-linear,10",
         "784, 65536-elu, 1-softplus, 3-sigmoid, 4-linear, 10"},
        {"1,2", "1, 2"},
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; ++i) {
        ipl_net_shape shape, again;
        char made[200];
        CHECK_OK(ipl_net_parse(text[i][0], &shape));
        CHECK_OK(ipl_net_format(&shape, sizeof made, made));
        assert_string_equal(made, text[i][1]);
        CHECK_OK(ipl_net_parse(made, &again));
        assert_memory_equal(&shape, &again, sizeof shape);
        CHECK_FAILS(ipl_net_format(&shape, strlen(made), made), IPL_E_ARGUMENT,
                    "layers: the text needs");
    }
}

static void bad_texts_name_the_entry_and_what_was_expected(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "entry 1 is '': expected a width"},
        {"12", "'12' is one entry: expected inputs and classes"},
        {"12,", "entry 2 is '': expected a width"},
        {",2", "entry 1 is '': expected a width"},
        {"12, 10-tanh,, 2", "entry 3 is '': expected a width"},
        {"x, 2", "entry 1 is 'x': expected a width"},
        {"-3, 2", "entry 1 is '-3': expected a width"},
        {"0, 2", "entry 1 is '0': expected a width from 1 to 65536"},
        {"12, 65537-tanh, 2", "entry 2 is '65537-tanh': expected a width from 1"},
        {"12, 99999999999999999999-tanh, 2", "expected a width from 1 to 65536"},
        {"12, 10tanh, 2", "entry 2 is '10tanh': expected '-' and an activation"},
        {"12, 1.5-tanh, 2", "entry 2 is '1.5-tanh': expected '-' and an activation"},
        {"12, 10, 2", "entry 2 is '10': expected an activation for a hidden layer"},
        {"12, 10-, 2", "entry 2 is '10-': expected an activation: linear, tanh"},
        {"12, 10-Tanh, 2", "entry 2 is '10-Tanh': expected an activation: linear"},
        {"12, 10-softmax, 2", "entry 2 is '10-softmax': expected softmax in the last"},
        {"12-tanh, 2", "entry 1 is '12-tanh': expected the number of inputs alone"},
        {"12, 10-tanh, 2-tanh", "the last entry is '2-tanh': expected the number of"},
        {"12, 10-tanh, 1", "the last entry is '1': expected 2 classes or more"},
        {"1,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,"
         "1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,"
         "1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,1-elu,2",
         "entry 34 is '2': expected at most 33 entries"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        ipl_net_shape shape = {.layers = -5};
        CHECK_FAILS(ipl_net_parse(bad[i][0], &shape), IPL_E_FORMAT, bad[i][1]);
        assert_int_equal(shape.layers, -5);
    }
    CHECK_FAILS(ipl_net_parse(NULL, NULL), IPL_E_ARGUMENT, "NULL");
}

static void shapes_that_no_text_makes_are_refused(void **state)
{
    (void)state;
    char text[100];
    ipl_net_shape good, shape;
    CHECK_OK(ipl_net_parse("4, 3-tanh, 2", &good));
    shape = good, shape.layers = 0;
    CHECK_FAILS(ipl_net_format(&shape, 100, text), IPL_E_ARGUMENT, "of 0 layers");
    shape = good, shape.layers = 33;
    CHECK_FAILS(ipl_net_format(&shape, 100, text), IPL_E_ARGUMENT, "of 33 layers");
    shape = good, shape.width[1] = 0;
    CHECK_FAILS(ipl_net_format(&shape, 100, text), IPL_E_ARGUMENT,
                "layer 1 has width 0");
    shape = good, shape.width[2] = 1;
    CHECK_FAILS(ipl_net_format(&shape, 100, text), IPL_E_ARGUMENT,
                "layer 2 has width 1");
    shape = good, shape.act[1] = IPL_ACT_SOFTMAX;
    CHECK_FAILS(ipl_net_format(&shape, 100, text), IPL_E_ARGUMENT, "layer 1 has act");
    shape = good, shape.act[2] = IPL_ACT_TANH;
    CHECK_FAILS(ipl_net_format(&shape, 100, text), IPL_E_ARGUMENT, "layer 2 has act");
}

static void weights_and_biases_lie_one_after_the_other(void **state)
{
    (void)state;
    ipl_net_shape shape;
    CHECK_OK(ipl_net_parse("12, 10-tanh, 7-relu, 2", &shape));
    assert_int_equal(ipl_net_weight_at(&shape, 1), 0);
    assert_int_equal(ipl_net_bias_at(&shape, 1), 120);
    assert_int_equal(ipl_net_weight_at(&shape, 2), 130);
    assert_int_equal(ipl_net_bias_at(&shape, 2), 200);
    assert_int_equal(ipl_net_weight_at(&shape, 3), 207);
    assert_int_equal(ipl_net_bias_at(&shape, 3), 221);
    assert_int_equal(ipl_net_parameters(&shape), 223);
    CHECK_OK(ipl_net_parse("65536, 65536-relu, 2", &shape)); /* past 2^32 */
    assert_int_equal(ipl_net_weight_at(&shape, 2), (int64_t)65537 * 65536);
}

/* Layers 1 and 2 of 200-300-100: what each distribution's deviation and largest value
 * have to be. cut: deviation of a normal that is cut at 2 of its own. */
static void first_weights_follow_their_distribution(void **state)
{
    (void)state;
    const double cut = 0.8796256610342398;
    static const double n_in[3] = {0, 200, 300}, n_out[3] = {0, 300, 100};
    ipl_net_shape shape;
    CHECK_OK(ipl_net_parse("200, 300-tanh, 100", &shape));
    float *w = test_malloc((size_t)ipl_net_parameters(&shape) * sizeof *w);
    for (int init = 0; init < IPL_INIT_COUNT; ++init) {
        CHECK_OK(ipl_net_init(&shape, (ipl_init)init, check_seed(), w));
        for (int l = 1; l <= 2; ++l) {
            double sd = 0.0, limit = 0.0;
            const double glorot = sqrt(2.0 / (n_in[l] + n_out[l]));
            switch ((ipl_init)init) {
            case IPL_INIT_TRUNCATED_NORMAL:
                sd = cut / sqrt(n_in[l]), limit = 2.0 / sqrt(n_in[l]);
                break;
            case IPL_INIT_TRUNCATED_NORMAL_UNITS:
                sd = l == 2 ? glorot : cut / sqrt(n_out[l]);
                limit = l == 2 ? sqrt(3.0) * glorot : 2.0 / sqrt(n_out[l]);
                break;
            case IPL_INIT_GLOROT: sd = glorot, limit = sqrt(3.0) * glorot; break;
            case IPL_INIT_GLOROT_NORMAL: sd = glorot, limit = 2.0 * glorot / cut; break;
            case IPL_INIT_HE:
                sd = sqrt(2.0 / n_in[l]), limit = 2.0 * sd / cut;
                break;
            default: fail_msg("initialisation %d has no row in this test", init);
            }
            const int64_t at = ipl_net_weight_at(&shape, l);
            const int64_t bias = ipl_net_bias_at(&shape, l);
            double sum = 0.0, squares = 0.0, fourth = 0.0, most = 0.0;
            for (int64_t i = at; i < bias; ++i) {
                const double z = w[i] / sd;
                sum += z, squares += z * z, fourth += z * z * z * z;
                most = fmax(most, fabs((double)w[i]));
            }
            /* five standard errors: of a mean 1 / sqrt(n); of a variance at most
             * sqrt(2 / n), as all of these have a kurtosis below 3 */
            const double n = (double)(bias - at);
            CHECK(fabs(sum / n) < 5.0 / sqrt(n));
            CHECK(fabs(squares / n - 1.0) < 5.0 * sqrt(2.0 / n));
            CHECK(most <= limit * (1.0 + 1e-6) && most > 0.99 * limit);
            /* kurtosis: 1.8 for a uniform, 2.365 for a normal cut at 2; its standard
             * error here is below 0.02 */
            const double kurtosis = limit < 1.8 * sd ? 1.8 : 2.365;
            CHECK(fabs(fourth / n - kurtosis) < 0.1);
            for (int32_t o = 0; o < shape.width[l]; ++o)
                CHECK(w[bias + o] == 0.0f);
        }
    }
    test_free(w);
}

static void seeds_and_layers_draw_different_weights(void **state)
{
    (void)state;
    enum { SIDE = 64, COUNT = SIDE * SIDE };
    ipl_net_shape shape;
    CHECK_OK(ipl_net_parse("64, 64-tanh, 64-tanh, 64", &shape));
    const size_t size = (size_t)ipl_net_parameters(&shape);
    float *one = test_malloc(size * sizeof *one);
    float *two = test_malloc(size * sizeof *two);
    CHECK_OK(ipl_net_init(&shape, IPL_INIT_GLOROT, 1, one));
    CHECK_OK(ipl_net_init(&shape, IPL_INIT_GLOROT, 1, two));
    assert_memory_equal(one, two, size * sizeof *one);
    CHECK_OK(ipl_net_init(&shape, IPL_INIT_GLOROT, 2, two));
    /* Correlations of independent draws are within 5 / sqrt(4096). */
    const float *series[4] = {one, two, one + ipl_net_weight_at(&shape, 2),
                              one + ipl_net_weight_at(&shape, 3)};
    for (int a = 0; a < 4; ++a)
        for (int b = a; b < 4; ++b) {
            double ab = 0.0, aa = 0.0, bb = 0.0;
            for (int i = 0; i < COUNT; ++i) {
                ab += (double)series[a][i] * series[b][i];
                aa += (double)series[a][i] * series[a][i];
                bb += (double)series[b][i] * series[b][i];
            }
            const double correlation = ab / sqrt(aa * bb);
            CHECK(a == b ? correlation > 0.999 : fabs(correlation) < 5.0 / SIDE);
        }
    CHECK_FAILS(ipl_net_init(&shape, IPL_INIT_COUNT, 1, one), IPL_E_ARGUMENT,
                "initialisation 5 of 5");
    test_free(one);
    test_free(two);
}

static void epochs_and_seeds_order_rows_differently(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    static int32_t order[4][ROWS];
    const struct { uint64_t seed; int64_t epoch; } of[4] = {
        {1, 0}, {1, 1}, {2, 0}, {1, UINT32_MAX}};
    for (int k = 0; k < 4; ++k) {
        char seen[ROWS] = {0};
        ipl_net_shuffle(ROWS, of[k].seed, of[k].epoch, order[k]);
        for (int i = 0; i < ROWS; ++i) {
            assert_in_range(order[k][i], 0, ROWS - 1);
            CHECK(!seen[order[k][i]]++);
        }
        for (int before = 0; before < k; ++before) {
            int same = 0; /* Poisson with mean 1: 20 has p = 1e-19 */
            for (int i = 0; i < ROWS; ++i) same += order[k][i] == order[before][i];
            CHECK(same < 20);
        }
    }
    int32_t again[ROWS], one = 7;
    ipl_net_shuffle(ROWS, 1, 1, again);
    assert_memory_equal(again, order[1], sizeof again);
    ipl_net_shuffle(1, 1, 1, &one);
    assert_int_equal(one, 0);
}

static const check_test tests[] = {
    CHECK_TEST(texts_come_back_as_they_were_read),
    CHECK_TEST(bad_texts_name_the_entry_and_what_was_expected),
    CHECK_TEST(shapes_that_no_text_makes_are_refused),
    CHECK_TEST(weights_and_biases_lie_one_after_the_other),
    CHECK_TEST(first_weights_follow_their_distribution),
    CHECK_TEST(seeds_and_layers_draw_different_weights),
    CHECK_TEST(epochs_and_seeds_order_rows_differently),
};

CHECK_MAIN("net", tests, 0)
