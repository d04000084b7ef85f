/*
 * test_audit.c - networks whose losses are known: which inputs meet, where and why.
 */
#include "audit_case.h"
#include "net_case.h"

/* -- Nothing is lost --------------------------------------------------------------*/

static void a_permutation_loses_nothing(void **state)
{
    static const float w[16] = {0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0};
    float *x = audit_case_bits(4);
    audit_case *c = audit_case_start(check_device(state), 16, 4, x);
    audit_case_layer(c, 4, IPL_ACT_LINEAR, w, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    expect_rows(a, 16, 16, 16, 16, 16);
    expect_pairs(a, 0, 0, 0, 0, 0, 0);
    expect_lost(&c->report, a, 0, 0);
    CHECK(a->rank == 4 && a->s_max == 1 && a->s_min == 1 && a->condition == 1);
    CHECK(!a->dead && !a->constant && !a->saturated && !a->examples);
    CHECK(fabs(c->report.h_x - log(16.0)) < 1e-15 && c->report.inputs == 16);
    audit_case_end(c);
    free(x);
}

/* x = 4 bits; z = plus and minus the number they are, exact in every sum; then back. */
static void an_injective_chain_loses_nothing(void **state)
{
    static const float number[8] = {1, -1, 2, -2, 4, -4, 8, -8}, zero[2] = {0, 0};
    static const float spread[6] = {3, 1, 2, 1, 1, 1}, one[3] = {1, 1, 1};
    static const float sum[3] = {1, 1, 1};
    float *x = audit_case_bits(4);
    audit_case *c = audit_case_start(check_device(state), 16, 4, x);
    audit_case_layer(c, 2, IPL_ACT_LEAKY_RELU, number, zero);
    audit_case_layer(c, 3, IPL_ACT_LINEAR, spread, one);
    audit_case_layer(c, 1, IPL_ACT_RELU, sum, one);
    const ipl_audit_layer *a = audit_case_audit(c, 3);
    for (int l = 0; l < 3; ++l) {
        expect_rows(a + l - 2, 16, 16, 16, 16, 16);
        expect_pairs(a + l - 2, 0, 0, 0, 0, 0, 0);
        expect_lost(&c->report, a + l - 2, 0, 0);
    }
    CHECK(a[-2].rank == 1 && a[-1].rank == 2 && a[0].rank == 1);
    audit_case_end(c);
    free(x);
}

/* The theorem: with W of rank `inputs` and an injective activation no two inputs meet,
 * whatever the data, and I(X;T) = H(X). */
static void injective_layers_lose_nothing_on_any_data(void **state)
{
    static const ipl_act act[] = {IPL_ACT_LINEAR,     IPL_ACT_TANH, IPL_ACT_SIGMOID,
                                  IPL_ACT_LEAKY_RELU, IPL_ACT_ELU,  IPL_ACT_SOFTPLUS};
    enum { ROWS = 500 };
    ipl_device *dev = check_device(state);
    for (int trial = 0; trial < 6; ++trial) {
        const int32_t inputs = 1 + trial, units = inputs + trial % 3;
        const ipl_random r = {check_seed(), 990 + (uint64_t)trial};
        float x[ROWS * 6], w[6 * 8], b[8];
        /* Every third row is the one before with the next float32 of each value. */
        for (int k = 0; k < ROWS * inputs; ++k)
            x[k] = k / inputs % 3 == 2 ? nextafterf(x[k - inputs], 9.0f)
                                       : (float)net_case_normal(r, (uint64_t)k);
        for (int k = 0; k < inputs * units; ++k)
            w[k] = (float)net_case_normal(r, 100000 + (uint64_t)k);
        for (int k = 0; k < units; ++k)
            b[k] = (float)net_case_normal(r, 200000 + (uint64_t)k);
        audit_case *c = audit_case_start(dev, ROWS, inputs, x);
        audit_case_layer(c, units, act[trial], w, b);
        const ipl_audit_layer *a = audit_case_audit(c, 1);
        CHECK(a->rank == inputs && c->report.inputs == ROWS);
        CHECK(a->double_product == ROWS && a->double_out == ROWS);
        CHECK(a->i_xt_double == c->report.h_x && a->h_x_given_t_double == 0);
        CHECK(a->float_pairs[IPL_CAUSE_RANK] + a->float_pairs[IPL_CAUSE_ACTIVATION] ==
              0);
        audit_case_end(c);
    }
}

/* -- The causes -------------------------------------------------------------------*/

/* T is the first two of four bits, twice: four cells of four inputs. */
static void a_rank_deficient_matrix_loses_by_rank(void **state)
{
    static const float w[16] = {1, 0, 1, 0, 0, 1, 0, 1};
    float *x = audit_case_bits(4);
    audit_case *c = audit_case_start(check_device(state), 16, 4, x);
    audit_case_layer(c, 4, IPL_ACT_TANH, w, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    expect_rows(a, 16, 4, 4, 16, 4);
    expect_pairs(a, 24, 0, 24, 0, 0, 0);
    expect_lost(&c->report, a, 2, 2);
    CHECK(a->rank == 2 && a->condition > 1e15 && a->examples == 2);
    for (int e = 0; e < a->examples; ++e) {
        const ipl_audit_pair *p = &a->example[e];
        const int64_t differ = p->row[0] ^ p->row[1]; /* in the bits that W drops */
        CHECK(p->cause == IPL_CAUSE_RANK && differ && !(differ & 3));
        CHECK(p->distance == sqrt((double)(differ >> 2 & 1) + (double)(differ >> 3)));
    }
    audit_case_end(c);
    free(x);
}

/* z = -1 .. -16, all of which ReLU makes 0. The next layer has one value to keep. */
static void a_dead_relu_layer_loses_all(void **state)
{
    static const float w[8] = {-1, -1, -2, -2, -4, -4, -8, -8}, b[2] = {-1, -1};
    static const float next[2] = {1, 1}, half[1] = {0.5f};
    float *x = audit_case_bits(4);
    audit_case *c = audit_case_start(check_device(state), 16, 4, x);
    audit_case_layer(c, 2, IPL_ACT_RELU, w, b);
    audit_case_layer(c, 1, IPL_ACT_LINEAR, next, half);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    expect_rows(a, 16, 16, 1, 16, 1);
    expect_pairs(a, 0, 120, 0, 120, 0, 0);
    expect_lost(&c->report, a, 4, 4);
    CHECK(a->dead == 2 && !a->constant && isnan(a->bin_width));
    expect_rows(a + 1, 1, 1, 1, 1, 1);
    expect_pairs(a + 1, 0, 0, 0, 0, 0, 0);
    expect_lost(&c->report, a + 1, 4, 4);
    CHECK(!a[1].dead && a[1].constant == 1 && !a[1].examples);
    audit_case_end(c);
    free(x);
}

/* tanh is 1 in float32 from 10 on, on any device, and in double from 20 on: of the 20
 * inputs 12 meet in float32, 3 of them in double. */
static void saturating_tanh_meets_in_float32(void **state)
{
    static const float x[20] = {0,  1,  2,  3,  4,  5,  6,  7,  10, 11,
                                12, 13, 14, 15, 16, 17, 18, 20, 21, 25};
    static const float one[1] = {1};
    audit_case *c = audit_case_start(check_device(state), 20, 1, x);
    audit_case_layer(c, 1, IPL_ACT_TANH, one, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    expect_rows(a, 20, 20, 18, 20, 9);
    expect_pairs(a, 0, 3, 0, 3, 63, 63);
    expect_lost(&c->report, a, 0.15 * log2(3.0), 0.6 * log2(12.0));
    CHECK(a->saturated == 1 && a->saturated_share == 0.6 && a->examples == 4);
    CHECK(a->example[0].cause == IPL_CAUSE_ROUNDING && a->example[0].row[0] == 8 &&
          a->example[0].row[1] == 9 && a->example[0].distance == 1);
    CHECK(a->example[3].cause == IPL_CAUSE_ACTIVATION && a->example[2].row[0] == 17);
    audit_case_end(c);
}

/* 1 + 2^-25 is 1 in float32. Its neighbour in a unit that is saturated does not make
 * that a loss by saturation. */
static void rounding_alone_is_not_saturation(void **state)
{
    static const float x[6] = {0, 20, 0x1p-25f, 20, 1, 20};
    static const float w[4] = {1, 0, 0, 1}, b[2] = {1, 0};
    audit_case *c = audit_case_start(check_device(state), 3, 2, x);
    audit_case_layer(c, 2, IPL_ACT_LINEAR, w, b);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    expect_rows(a, 3, 3, 3, 3, 2);
    expect_pairs(a, 0, 0, 0, 0, 1, 0);
    expect_lost(&c->report, a, 0, 2.0 / 3.0);
    CHECK(a->constant == 1 && a->examples == 1);
    CHECK(a->example[0].distance == 0x1p-25 && a->example[0].row[1] == 1);
    audit_case_end(c);
}

/* Softmax is the same for z and z + 1; of three classes that is a rank lost by the
 * activation and not by W. */
static void softmax_loses_what_all_classes_share(void **state)
{
    static const float x[6] = {0, 0, 1, 1, 0, 1}, w[6] = {1, 1, 1, 0, 1, 2};
    static const float swap[4] = {1, 0, 0, 1};
    audit_case *c = audit_case_start(check_device(state), 3, 2, x);
    audit_case_layer(c, 2, IPL_ACT_LINEAR, swap, NULL);
    audit_case_layer(c, 3, IPL_ACT_SOFTMAX, w, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 2);
    expect_rows(a, 3, 3, 2, 3, 2); /* (0,0): 0 0 0; (1,1): 1 2 3; (0,1): 0 1 2 */
    expect_pairs(a, 0, 1, 0, 1, 0, 0);
    audit_case_end(c);
}

/* The probability of an input counts, not its row: 0 three times, 1, 2. */
static void repeated_inputs_have_their_weight(void **state)
{
    static const float x[5] = {0, 1, -0.0f, 2, 0}, minus[1] = {-1}, one[1] = {1};
    audit_case *c = audit_case_start(check_device(state), 5, 1, x);
    audit_case_layer(c, 1, IPL_ACT_RELU, minus, one); /* 1, 0, 0 */
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    const double h_x = log(5.0) - 0.6 * log(3.0);
    CHECK(c->report.rows == 5 && c->report.inputs == 3);
    CHECK(fabs(c->report.h_x - h_x) < 1e-15);
    expect_rows(a, 3, 3, 2, 3, 2);
    expect_lost(&c->report, a, 0.4, 0.4);
    CHECK(a->example[0].row[0] == 1 && a->example[0].row[1] == 3);
    audit_case_end(c);
}

/* What met in layer 1 is not counted again, and what meets in layer 2 is new. */
static void each_pair_meets_once(void **state)
{
    static const float first[9] = {1, 0, 0, 0, 1, 0}, second[3] = {1, 0, 0};
    float *x = audit_case_bits(3);
    audit_case *c = audit_case_start(check_device(state), 8, 3, x);
    audit_case_layer(c, 3, IPL_ACT_LINEAR, first, NULL);
    audit_case_layer(c, 1, IPL_ACT_LINEAR, second, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    expect_rows(a, 8, 4, 4, 8, 4);
    expect_pairs(a, 4, 0, 4, 0, 0, 0);
    expect_rows(a + 1, 4, 2, 2, 4, 2);
    expect_pairs(a + 1, 8, 0, 8, 0, 0, 0); /* 2 C(4,2) - 4 */
    audit_case_end(c);
    free(x);
}

/* -- Matrices ---------------------------------------------------------------------*/

static void random_matrices_have_full_rank(void **state)
{
    static const int32_t shape[][2] = {{1, 1}, {3, 7}, {7, 3}, {12, 10}, {40, 40}};
    ipl_device *dev = check_device(state);
    for (int k = 0; k < 5; ++k) {
        const int32_t m = shape[k][0], n = shape[k][1], full = m < n ? m : n;
        float *w = malloc((size_t)(m * n) * sizeof *w), x[80] = {0};
        for (int v = 0; v < m * n; ++v)
            w[v] = (float)net_case_normal((ipl_random){check_seed(), 980}, (uint64_t)v);
        x[0] = 1;
        audit_case *c = audit_case_start(dev, 2, m, x);
        audit_case_layer(c, n, IPL_ACT_LINEAR, w, NULL);
        const ipl_audit_layer *a = audit_case_audit(c, 1);
        CHECK(a->rank == full && a->s_max >= a->s_min && a->s_min > 0);
        CHECK(a->condition == a->s_max / a->s_min);
        CHECK(a->rank_tolerance == (m > n ? m : n) * 0x1p-52 * a->s_max);
        /* One column is another: one rank less. */
        if (n > 1 && n <= m) {
            for (int i = 0; i < m; ++i) w[i * n] = w[i * n + 1];
            c->files.weights[0] = audit_case_file(c, m, n, w);
            CHECK(audit_case_audit(c, 1)->rank == full - 1);
        }
        audit_case_end(c);
        free(w);
    }
}

/* Diagonal matrices tell their singular values; integers of rank 2 as 5 x 4. */
static void ranks_and_conditions_are_known_ones(void **state)
{
    static const float diagonal[12] = {4, 0, 0, 0, 0, -0.5f, 0, 0, 0, 0, 2, 0};
    static const float zero[6] = {0};
    float two[20], x[10] = {0, 0, 0, 1, 1};
    for (int i = 0; i < 5; ++i)
        for (int j = 0; j < 4; ++j)
            two[4 * i + j] = (float)((i + 1) * (j + 2) + (i - 3) * (3 * j - 1));
    ipl_device *dev = check_device(state);
    audit_case *c = audit_case_start(dev, 2, 3, x);
    audit_case_layer(c, 4, IPL_ACT_LINEAR, diagonal, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    CHECK(a->rank == 3 && a->s_max == 4 && a->s_min == 0.5 && a->condition == 8);
    audit_case_end(c);
    c = audit_case_start(dev, 2, 5, x);
    audit_case_layer(c, 4, IPL_ACT_LINEAR, two, NULL);
    CHECK(audit_case_audit(c, 1)->rank == 2);
    audit_case_end(c);
    c = audit_case_start(dev, 2, 3, x);
    audit_case_layer(c, 2, IPL_ACT_LINEAR, zero, NULL);
    a = audit_case_audit(c, 1);
    CHECK(a->rank == 0 && a->s_max == 0 && isinf(a->condition) && a->dead == 2);
    audit_case_end(c);
}

static const check_test tests[] = {
    CHECK_TEST(a_permutation_loses_nothing),
    CHECK_TEST(an_injective_chain_loses_nothing),
    CHECK_TEST(injective_layers_lose_nothing_on_any_data),
    CHECK_TEST(a_rank_deficient_matrix_loses_by_rank),
    CHECK_TEST(a_dead_relu_layer_loses_all),
    CHECK_TEST(saturating_tanh_meets_in_float32),
    CHECK_TEST(rounding_alone_is_not_saturation),
    CHECK_TEST(softmax_loses_what_all_classes_share),
    CHECK_TEST(repeated_inputs_have_their_weight),
    CHECK_TEST(each_pair_meets_once),
    CHECK_TEST(random_matrices_have_full_rank),
    CHECK_TEST(ranks_and_conditions_are_known_ones),
};

CHECK_MAIN("audit", tests, 1)
