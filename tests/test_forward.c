/*
 * test_forward.c - activations, loss and hits against the float64 oracle.
 *
 * Tiny networks and wide ones take different ways through the CPU backend, so each
 * property is asked of both.
 */
#include <float.h>

#include "net_case.h"
#include "oracle_net.h"

static const char *const hidden[] = {"linear", "tanh", "relu",    "leaky-relu",
                                     "sigmoid", "elu", "softplus"};
enum { HIDDEN = sizeof hidden / sizeof *hidden, GUARD = 64 };

/* Device memory of count floats between bands that must survive. */
typedef struct {
    ipl_device *dev;
    void       *base;
    float      *at; /* device */
    int64_t     count;
} guarded;

static const float band = -12345.5f;

static guarded guarded_make(ipl_device *dev, int64_t count)
{
    guarded g = {.dev = dev, .count = count};
    const size_t bytes = (size_t)(count + 2 * GUARD) * sizeof(float);
    float *fill = malloc(bytes);
    for (int64_t i = 0; i < count + 2 * GUARD; ++i) fill[i] = band;
    CHECK_OK(ipl_alloc(dev, bytes, &g.base));
    CHECK_OK(ipl_upload(dev, fill, bytes, g.base));
    free(fill);
    g.at = (float *)g.base + GUARD;
    return g;
}

/* The content, in double; checks the bands and frees the device memory. */
static double *guarded_take(guarded *g)
{
    const int64_t whole = g->count + 2 * GUARD;
    float *got = malloc((size_t)whole * sizeof *got);
    double *out = malloc((size_t)g->count * sizeof *out);
    CHECK_OK(ipl_download(g->dev, g->base, (size_t)whole * sizeof *got, got));
    for (int64_t i = 0; i < GUARD; ++i)
        CHECK(got[i] == band && got[whole - 1 - i] == band);
    for (int64_t i = 0; i < g->count; ++i) out[i] = got[GUARD + i];
    ipl_free(g->dev, g->base);
    free(got);
    return out;
}

static float *upload_params(const net_case *c)
{
    void *at;
    const size_t bytes = (size_t)c->parameters * sizeof(float);
    CHECK_OK(ipl_alloc(c->dev, bytes, &at));
    CHECK_OK(ipl_upload(c->dev, c->params, bytes, at));
    return at;
}

static void forward_case(net_case c, const char *text)
{
    ipl_device *dev = c.dev;
    const int64_t rows = c.rows;
    float *params = upload_params(&c);
    oracle_pass want = oracle_forward(&c.shape, c.exact, rows, c.x);
    guarded out[IPL_NET_LAYERS_MAX];
    float *act[IPL_NET_LAYERS_MAX];
    for (int l = 1; l <= c.shape.layers; ++l) {
        out[l - 1] = guarded_make(dev, rows * c.shape.width[l]);
        act[l - 1] = out[l - 1].at;
    }
    CHECK_OK(ipl_net_forward(dev, &c.shape, params, c.dx, act));
    for (int l = 1; l <= c.shape.layers; ++l) {
        char what[120];
        double *got = guarded_take(&out[l - 1]);
        snprintf(what, sizeof what, "%s, %lld rows, layer %d", text,
                 (long long)rows, l);
        check_within(what, rows * c.shape.width[l], got, want.t[l].v, want.t[l].e);
        free(got);
    }
    oracle_pass_free(&want);
    ipl_free(dev, params);
    net_case_free(&c);
}

static void forward_and_compare(ipl_device *dev, const char *text, int64_t rows)
{
    forward_case(net_case_make(dev, text, rows), text);
}

static void activations_stay_within_rounding(void **state)
{
    static const int64_t rows[] = {1,  2,  3,   7,   8,   9,   15,  16, 17,
                                   31, 33, 127, 128, 129, 255, 256, 257};
    enum { ROWS = sizeof rows / sizeof *rows };
    for (int a = 0; a < HIDDEN; ++a)
        for (int k = a; k < ROWS; k += HIDDEN) { /* each row count with some f */
            char text[80];
            snprintf(text, sizeof text, "12, 10-%s, 7-%s, 64-%s, 3", hidden[a],
                     hidden[a], hidden[a]);
            forward_and_compare(check_device(state), text, rows[k]);
            snprintf(text, sizeof text, "70, 90-%s, 11-%s, 5", hidden[a], hidden[a]);
            forward_and_compare(check_device(state), text, rows[ROWS - 1 - k]);
        }
}

static void shapes_at_the_edges_stay_within_rounding(void **state)
{
    static const char *const text[] = {
        "1, 2", "1, 1-tanh, 2", "64, 64-relu, 64", "65, 2", "3, 2-elu, 65",
        "2, 66-tanh, 1-relu, 2", "5, 3-tanh, 3-tanh, 3-tanh, 3-tanh, 3-tanh, 3-tanh, 4",
        "300, 257-sigmoid, 513-tanh, 9"};
    for (size_t i = 0; i < sizeof text / sizeof *text; ++i) {
        forward_and_compare(check_device(state), text[i], 5);
        forward_and_compare(check_device(state), text[i], 130);
    }
}

static void inputs_with_zeros_stay_within_rounding(void **state)
{
    static const char *const text[] = {"1, 128-tanh, 3", "47, 127-tanh, 5-elu, 3",
                                       "49, 129-relu, 9-tanh, 3", "200, 300-elu, 3"};
    for (size_t i = 0; i < sizeof text / sizeof *text; ++i) {
        forward_case(net_case_make_sparse(check_device(state), text[i], 5), text[i]);
        forward_case(net_case_make_sparse(check_device(state), text[i], 600), text[i]);
    }
}

static void layers_that_are_not_wanted_change_nothing(void **state)
{
    static const char *const text[] = {"12, 10-tanh, 7-tanh, 3",
                                       "70, 90-tanh, 20-elu, 3"};
    for (int k = 0; k < 2; ++k) {
        net_case c = net_case_make(check_device(state), text[k], 37);
        float *params = upload_params(&c);
        double *got[2];
        for (int all = 0; all < 2; ++all) {
            guarded out[3];
            float *act[3] = {0};
            for (int l = 0; l < 3; ++l) {
                out[l] = guarded_make(c.dev, 37 * c.shape.width[l + 1]);
                if (all || l == 1) act[l] = out[l].at;
            }
            CHECK_OK(ipl_net_forward(c.dev, &c.shape, params, c.dx, act));
            got[all] = guarded_take(&out[1]);
            free(guarded_take(&out[0]));
            free(guarded_take(&out[2]));
        }
        assert_memory_equal(got[0], got[1], 37 * c.shape.width[2] * sizeof **got);
        free(got[0]);
        free(got[1]);
        ipl_free(c.dev, params);
        net_case_free(&c);
    }
}

/* cuBLAS may choose its kernel by where operands lie, and a GPU's loads their widths:
 * parameters, inputs and layers are moved by some floats in turn. */
static void bits_do_not_depend_on_where_arrays_lie(void **state)
{
    enum { ROWS = 37, LAYERS = 3, PLACES = 5 };
    static const int place[PLACES][3] = {{0, 0, 0}, {1, 0, 0}, {0, 2, 0}, {0, 0, 1},
                                         {3, 1, 2}};
    static const char *const text[] = {"12, 10-tanh, 7-tanh, 3",
                                       "71, 90-tanh, 21-elu, 3"};
    for (int k = 0; k < 2; ++k) {
        net_case c = net_case_make(check_device(state), text[k], ROWS);
        const size_t x_bytes = (size_t)(ROWS * c.shape.width[0]) * sizeof(float);
        double *want[LAYERS];
        for (int p = 0; p < PLACES; ++p) {
            guarded params = guarded_make(c.dev, c.parameters + 4);
            guarded x = guarded_make(c.dev, ROWS * c.shape.width[0] + 4), out[LAYERS];
            float *act[LAYERS];
            params.at += place[p][0], x.at += place[p][1];
            CHECK_OK(ipl_upload(c.dev, c.params,
                                (size_t)c.parameters * sizeof(float), params.at));
            CHECK_OK(ipl_upload(c.dev, c.x, x_bytes, x.at));
            for (int l = 0; l < LAYERS; ++l) {
                out[l] = guarded_make(c.dev, ROWS * c.shape.width[l + 1] + 4);
                act[l] = out[l].at + place[p][2];
            }
            const ipl_mat rows = {x.at, ROWS, c.shape.width[0]};
            CHECK_OK(ipl_net_forward(c.dev, &c.shape, params.at, rows, act));
            for (int l = 0; l < LAYERS; ++l) {
                double *got = guarded_take(&out[l]);
                const size_t values = (size_t)(ROWS * c.shape.width[l + 1]);
                if (!p) want[l] = got;
                else assert_memory_equal(got + place[p][2], want[l],
                                         values * sizeof *got);
                if (p) free(got);
                if (p == PLACES - 1) free(want[l]);
            }
            free(guarded_take(&params));
            free(guarded_take(&x));
        }
        net_case_free(&c);
    }
}

/* Layer 1 is wanted of all rows only. */
static void blocks_of_rows_have_the_bits_of_all_rows(void **state)
{
    static const char *const text[] = {"12, 10-tanh, 7-relu, 3",
                                       "70, 90-tanh, 20-elu, 66-relu, 3"};
    ipl_device *dev = check_device(state);
    const int64_t rows = 2 * IPL_NET_FORWARD_ROWS + check_size(dev, 700, 37);
    for (int k = 0; k < 2; ++k) {
        net_case c = net_case_make(dev, text[k], rows);
        const int layers = c.shape.layers, inputs = c.shape.width[0];
        float *params = upload_params(&c);
        guarded out[2][4];
        for (int p = 0; p < 2 * layers; ++p)
            out[p / layers][p % layers] =
                guarded_make(dev, rows * c.shape.width[1 + p % layers]);
        for (int part = 0; part < 2; ++part) {
            const int64_t block = part ? IPL_NET_FORWARD_ROWS : rows;
            for (int64_t first = 0; first < rows; first += block) {
                const int64_t count = rows - first < block ? rows - first : block;
                float *act[4] = {NULL};
                for (int l = part; l < layers; ++l)
                    act[l] = out[part][l].at + first * c.shape.width[l + 1];
                const ipl_mat x = {c.dx.at + first * inputs, count, inputs};
                CHECK_OK(ipl_net_forward(dev, &c.shape, params, x, act));
            }
        }
        for (int l = 0; l < layers; ++l) {
            double *all = guarded_take(&out[0][l]), *blocks = guarded_take(&out[1][l]);
            if (l)
                assert_memory_equal(all, blocks, (size_t)rows *
                                    (size_t)c.shape.width[l + 1] * sizeof *all);
            free(all);
            free(blocks);
        }
        ipl_free(dev, params);
        net_case_free(&c);
    }
}

/* f of single numbers: a network of one input with weight 1 and bias 0 hands z = x to
 * its units. Every 4099th float32 bit pattern, and the special ones. */
static int64_t all_sizes(float *x, int64_t most, uint64_t stride)
{
    static const float special[] = {0.0f, -0.0f, FLT_MIN, -FLT_MIN, FLT_MAX, -FLT_MAX,
                                    8.7f, 9.02f, -9.02f, 87.0f, -87.0f, 88.8f, -88.8f,
                                    -104.0f, 1e-3f, -1e-3f, 0.5f, -0.5f};
    int64_t n = 0;
    for (size_t i = 0; i < sizeof special / sizeof *special; ++i) x[n++] = special[i];
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32 && n < most; bits += stride) {
        const uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        if (isfinite(value) && fabsf(value) >= FLT_MIN) x[n++] = value;
    }
    return n;
}

static void activation_functions_are_right_to_some_ulps(void **state)
{
    enum { MOST = 1100000 };
    ipl_device *dev = check_device(state);
    float *x = malloc(MOST * sizeof *x);
    double *want = malloc(MOST * sizeof *want), *bound = malloc(MOST * sizeof *bound);
    const int64_t n = all_sizes(x, MOST, (uint64_t)check_size(dev, 4099, 400009));
    ipl_mat dx;
    CHECK_OK(ipl_mat_alloc(dev, n, 1, &dx));
    CHECK_OK(ipl_upload(dev, x, (size_t)n * sizeof *x, dx.at));
    for (int wide = 0; wide < 2; ++wide)
        for (int a = 0; a < HIDDEN; ++a) {
            char text[80];
            ipl_net_shape shape;
            snprintf(text, sizeof text, wide ? "1, 1-%s, 65" : "1, 1-%s, 2", hidden[a]);
            CHECK_OK(ipl_net_parse(text, &shape));
            float *params = calloc((size_t)ipl_net_parameters(&shape), sizeof *params);
            const size_t bytes = (size_t)ipl_net_parameters(&shape) * sizeof *params;
            void *dp;
            params[0] = 1.0f;
            CHECK_OK(ipl_alloc(dev, bytes, &dp));
            CHECK_OK(ipl_upload(dev, params, bytes, dp));
            guarded out = guarded_make(dev, n);
            float *act[2] = {out.at, NULL};
            CHECK_OK(ipl_net_forward(dev, &shape, dp, dx, act));
            double *got = guarded_take(&out);
            for (int64_t i = 0; i < n; ++i) {
                want[i] = oracle_act(shape.act[1], x[i]);
                bound[i] = ORACLE_ACT_ULPS * 0x1p-23 * fabs(want[i]) + ORACLE_TINY;
                /* 1 - tanh 8.4 is 1.7 ulp: from there on 1 is within 2 ulp. */
                if (shape.act[1] == IPL_ACT_TANH) {
                    CHECK(fabs(got[i]) <= 1.0);
                    CHECK(fabs(x[i]) > 8.4 || fabs(got[i]) < 1.0);
                    CHECK(fabs(x[i]) < 9.02 || fabs(got[i]) == 1.0);
                }
                if (shape.act[1] == IPL_ACT_SIGMOID) CHECK(got[i] <= 1.0);
                const int odd = shape.act[1] == IPL_ACT_ELU ||
                                shape.act[1] == IPL_ACT_TANH;
                CHECK(!odd || x[i] != 0.0f || got[i] == 0.0);
            }
            check_within(text, n, got, want, bound);
            free(got);
            free(params);
            ipl_free(dev, dp);
        }
    ipl_free(dev, dx.at);
    free(x);
    free(want);
    free(bound);
}

static void loss_and_hits_follow_the_oracle(void **state)
{
    static const char *const text[] = {"12, 10-tanh, 7-relu, 3",
                                       "70, 90-tanh, 11-elu, 5", "6, 80"};
    static const int64_t rows[] = {1, 40, 300};
    for (int k = 0; k < 9; ++k) {
        net_case c = net_case_make(check_device(state), text[k % 3], rows[k / 3]);
        float *params = upload_params(&c);
        double loss, error;
        int64_t correct, least = 0, most = 0;
        CHECK_OK(ipl_net_evaluate(c.dev, &c.shape, params, c.dx, &c.dy, &loss,
                                  &correct));
        const double want = oracle_loss(&c.shape, c.exact, c.rows, c.x, c.y, &error);
        check_within("loss", 1, &loss, &want, &error);

        oracle_pass p = oracle_forward(&c.shape, c.exact, c.rows, c.x);
        const int layers = c.shape.layers, classes = c.shape.width[layers];
        for (int64_t r = 0; r < c.rows; ++r) { /* surely right, perhaps right */
            const double *z = p.z[layers].v + r * classes;
            const double *e = p.z[layers].e + r * classes;
            int sure = 1, perhaps = 1;
            for (int o = 0; o < classes; ++o) {
                if (o == c.y[r]) continue;
                sure &= z[c.y[r]] - e[c.y[r]] > z[o] + e[o];
                perhaps &= z[c.y[r]] + e[c.y[r]] >= z[o] - e[o];
            }
            least += sure, most += perhaps;
        }
        CHECK(correct >= least && correct <= most && most - least <= 2);
        oracle_pass_free(&p);
        ipl_free(c.dev, params);
        net_case_free(&c);
    }
}

static void the_first_among_equal_outputs_counts(void **state)
{
    static const char *const text[] = {"2, 3", "2, 66"};
    for (int wide = 0; wide < 2; ++wide) {
        net_case c = net_case_make(check_device(state), text[wide], 30);
        memset(c.params, 0, (size_t)c.parameters * sizeof *c.params);
        float *params = upload_params(&c);
        double loss;
        int64_t correct, zeros = 0;
        for (int64_t r = 0; r < c.rows; ++r) zeros += c.y[r] == 0;
        CHECK_OK(ipl_net_evaluate(c.dev, &c.shape, params, c.dx, &c.dy, &loss,
                                  &correct));
        assert_int_equal(correct, zeros);
        CHECK(fabs(loss - log(wide ? 66.0 : 3.0)) < 1e-12);
        ipl_free(c.dev, params);
        net_case_free(&c);
    }
}

/* Cross-entropy from logits: a class that is 200 nats behind costs 200 nats, although
 * its float32 probability is 0. */
static void sure_mistakes_cost_what_the_logits_say(void **state)
{
    net_case c = net_case_make(check_device(state), "1, 2", 1);
    float *params = c.params;
    params[0] = params[1] = params[3] = 0.0f, params[2] = 200.0f;
    double loss;
    int64_t correct;
    for (int32_t y = 0; y < 2; ++y) {
        float *dp = upload_params(&c);
        ipl_labels labels;
        CHECK_OK(ipl_labels_create(c.dev, 1, 2, &y, &labels));
        CHECK_OK(ipl_net_evaluate(c.dev, &c.shape, dp, c.dx, &labels, &loss, &correct));
        CHECK(fabs(loss - (y ? 200.0 : 0.0)) < 1e-12);
        assert_int_equal(correct, !y);
        ipl_labels_free(c.dev, &labels);
        ipl_free(c.dev, dp);
    }
    net_case_free(&c);
}

/* Also where not all fit together. */
static void networks_evaluated_together_have_the_bits_of_each(void **state)
{
    enum { NETWORKS = 3 };
    static const char *const text[] = {"3, 5-tanh, 3", "70, 5-tanh, 3"};
    ipl_device *small = check_small_launches(check_device(state));
    for (int k = 0; k < 4; ++k) {
        ipl_device *dev = k < 2 ? check_device(state) : small;
        net_case c = net_case_make(dev, text[k % 2], 700);
        const size_t bytes = (size_t)c.parameters * sizeof(float);
        double loss[NETWORKS], alone;
        int64_t correct[NETWORKS], hits;
        void *params;
        CHECK_OK(ipl_alloc(dev, NETWORKS * bytes, &params));
        for (int q = 0; q < NETWORKS; ++q) {
            for (int64_t i = 0; i < c.parameters; ++i) c.params[i] *= q - 0.5f;
            CHECK_OK(ipl_upload(dev, c.params, bytes, (char *)params + q * bytes));
        }
        CHECK_OK(ipl_net_evaluate_all(dev, &c.shape, NETWORKS, params, c.dx, &c.dy,
                                      loss, correct));
        for (int q = 0; q < NETWORKS; ++q) {
            CHECK_OK(ipl_net_evaluate(dev, &c.shape,
                                      (float *)params + q * c.parameters, c.dx, &c.dy,
                                      &alone, &hits));
            CHECK(loss[q] == alone && correct[q] == hits);
            CHECK(!q || loss[q] != loss[q - 1]);
        }
        ipl_free(dev, params);
        net_case_free(&c);
    }
    ipl_device_close(small);
}

static void losses_that_are_not_finite_are_reported(void **state)
{
    static const char *const text[] = {"3, 4-linear, 2", "70, 4-linear, 2"};
    for (int wide = 0; wide < 2; ++wide) {
        net_case c = net_case_make(check_device(state), text[wide], 5);
        for (int64_t i = 0; i < c.parameters; ++i) c.params[i] *= 3e38f;
        float *params = upload_params(&c);
        double loss = -1.0;
        int64_t correct = -1;
        CHECK_FAILS(ipl_net_evaluate(c.dev, &c.shape, params, c.dx, &c.dy, &loss,
                                     &correct),
                    IPL_E_NUMERIC, "loss over 5 rows");
        CHECK(loss == -1.0 && correct == -1);
        ipl_free(c.dev, params);
        net_case_free(&c);
    }
}

static const check_test tests[] = {
    CHECK_TEST(activations_stay_within_rounding),
    CHECK_TEST(shapes_at_the_edges_stay_within_rounding),
    CHECK_TEST(inputs_with_zeros_stay_within_rounding),
    CHECK_TEST(layers_that_are_not_wanted_change_nothing),
    CHECK_TEST(bits_do_not_depend_on_where_arrays_lie),
    CHECK_TEST(blocks_of_rows_have_the_bits_of_all_rows),
    CHECK_TEST(activation_functions_are_right_to_some_ulps),
    CHECK_TEST(loss_and_hits_follow_the_oracle),
    CHECK_TEST(the_first_among_equal_outputs_counts),
    CHECK_TEST(sure_mistakes_cost_what_the_logits_say),
    CHECK_TEST(networks_evaluated_together_have_the_bits_of_each),
    CHECK_TEST(losses_that_are_not_finite_are_reported),
};

CHECK_MAIN("forward", tests, 1)
