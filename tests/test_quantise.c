/*
 * test_quantise.c - activations rounded to few levels, and information that is then
 * exact.
 */
#include "net_case.h"
#include "oracle_bin.h"
#include "plane/measure.h"
#include "plane_case.h"

/* -- Rounding --------------------------------------------------------------------- */

/* Rounds host matrices, on the device or through it block by block. */
static void quantise(ipl_device *dev, int bits, int matrices, int64_t (*shape)[2],
                     float *const *t, int64_t block_rows)
{
    enum { GUARD = 4096, MOST = 100 };
    ipl_mat at[MOST];
    size_t bytes;
    char guard[GUARD], after[GUARD], *scratch;
    CHECK(matrices <= MOST);
    for (int k = 0; k < matrices; ++k) {
        const int64_t n = shape[k][0], d = shape[k][1];
        at[k] = (ipl_mat){t[k], n, d};
        if (block_rows) continue;
        CHECK_OK(ipl_mat_alloc(dev, n, d, &at[k]));
        CHECK_OK(ipl_upload(dev, t[k], (size_t)(n * d) * sizeof **t, at[k].at));
    }
    CHECK_OK(ipl_net_quantise_scratch_bytes(dev, matrices, at, block_rows, &bytes));
    CHECK_OK(ipl_alloc(dev, bytes + GUARD, (void **)&scratch));
    memset(guard, 0x5a, GUARD);
    CHECK_OK(ipl_upload(dev, guard, GUARD, scratch + bytes));
    CHECK_FAILS(ipl_net_quantise(dev, bits, matrices, at, block_rows, scratch,
                                 bytes - 1), IPL_E_ARGUMENT, "bytes of scratch");
    CHECK_OK(ipl_net_quantise(dev, bits, matrices, at, block_rows, scratch, bytes));
    CHECK_OK(ipl_download(dev, scratch + bytes, GUARD, after));
    assert_memory_equal(guard, after, GUARD);
    ipl_free(dev, scratch);
    for (int k = 0; k < matrices && !block_rows; ++k) {
        const size_t values = (size_t)(shape[k][0] * shape[k][1]);
        CHECK_OK(ipl_download(dev, at[k].at, values * sizeof **t, t[k]));
        ipl_free(dev, at[k].at);
    }
}

/* The k-th of 2^bits levels. */
static float level(float lo, float hi, int bits, int64_t k)
{
    const int64_t most = ((int64_t)1 << bits) - 1;
    const long double step = ((long double)hi - (long double)lo) / (long double)most;
    return k == most ? hi : (float)((long double)lo + (long double)k * step);
}

/* The nearest level, as the oracle finds it: long double, no reciprocal. */
static float nearest(float lo, float hi, int bits, float t)
{
    const long double most = (long double)(((int64_t)1 << bits) - 1);
    const long double range = (long double)hi - (long double)lo;
    const long double above = (long double)t - (long double)lo;
    return level(lo, hi, bits, llrintl(above * most / range));
}

static float *spread(int64_t values, float lo, float hi, uint64_t stream)
{
    float *t = test_malloc((size_t)values * sizeof *t);
    const ipl_random r = {check_seed(), stream};
    for (int64_t v = 0; v < values; ++v) {
        const double u = ipl_random_uniform(r, (uint64_t)v);
        t[v] = (float)((double)lo + u * ((double)hi - (double)lo));
    }
    t[values / 3] = lo;
    t[values - 1] = hi;
    return t;
}

static const float ranges[][2] = {{-1, 1},     {0, 3.7f},         {-0.3f, 0.2f},
                                  {0, 1e-44f}, {-3e38f, 3e38f},   {-1e30f, 1e-30f},
                                  {5, 6},      {1000, 1000.001f}, {-7e-40f, 2e-38f}};
enum { RANGES = sizeof ranges / sizeof *ranges };

/* Equal to the oracle; a value halfway between two levels may be on either side, by the
 * rounding of its quotient. Twice is once. */
static void values_go_to_the_nearest_level(void **state)
{
    static const int many[] = {1, 2, 3, 8, 15, 16};
    ipl_device *dev = check_device(state);
    int64_t shape[1][2] = {{check_size(dev, 9001, 401), 3}};
    const int64_t values = shape[0][0] * 3;
    for (int r = 0; r < RANGES; ++r)
        for (int b = 0; b < 6; ++b) {
            const float lo = ranges[r][0], hi = ranges[r][1];
            const double step = ((double)hi - (double)lo) / ((1 << many[b]) - 1.0);
            float *t = spread(values, lo, hi, 906);
            float *first = spread(values, lo, hi, 906);
            quantise(dev, many[b], 1, shape, &t, 0);
            CHECK(t[values / 3] == lo && t[values - 1] == hi);
            for (int64_t v = 0; v < values; ++v) {
                const float want = nearest(lo, hi, many[b], first[v]);
                const double far = fabs((double)t[v] - (double)first[v]);
                if (t[v] == want) continue;
                if (fabs(far - step / 2) > 1e-9 * step ||
                    t[v] != nearest(lo, hi, many[b], t[v]))
                    fail_msg("[%g, %g], %d bits: %.9g becomes %.9g, not %.9g", lo, hi,
                             many[b], first[v], t[v], want);
            }
            memcpy(first, t, (size_t)values * sizeof *t);
            quantise(dev, many[b], 1, shape, &t, 0);
            assert_memory_equal(t, first, (size_t)values * sizeof *t);
            test_free(t);
            test_free(first);
        }
}

/* 0, 1/4 .. 1 on the levels 0, 1/3, 2/3, 1; the middle goes to the even level 2. */
static void ties_go_to_the_even_level(void **state)
{
    float t[5] = {0.0f, 0.25f, 0.5f, 0.75f, 1.0f}, *at = t;
    float u[4] = {-0.0f, 3.0f, 1.5f, 0.5f}, *of = u; /* levels 0 .. 3 */
    int64_t five[1][2] = {{5, 1}}, four[1][2] = {{2, 2}};
    quantise(check_device(state), 2, 1, five, &at, 0);
    CHECK(t[0] == 0 && t[1] == (float)(1.0 / 3.0) && t[2] == (float)(2.0 / 3.0));
    CHECK(t[3] == (float)(2.0 / 3.0) && t[4] == 1.0f);
    quantise(check_device(state), 2, 1, four, &of, 0);
    CHECK(u[0] == 0 && !signbit(u[0]) && u[1] == 3 && u[2] == 2 && u[3] == 0);
}

static void a_matrix_without_a_range_stays_as_it_is(void **state)
{
    float one[4] = {0.3f, 0.3f, 0.3f, 0.3f}, zero[2] = {0.0f, -0.0f};
    float bad[4] = {0.1f, NAN, 0.4f, 0.9f}, far[4] = {0.1f, INFINITY, 0.4f, 0.9f};
    float *t[4] = {one, zero, bad, far}, all[14], after[14];
    int64_t shape[4][2] = {{2, 2}, {2, 1}, {4, 1}, {1, 4}};
    for (int block = 0; block < 2; ++block) {
        int at = 0;
        for (int k = 0; k < 4; ++k)
            for (int v = 0; v < shape[k][0] * shape[k][1]; ++v) all[at++] = t[k][v];
        quantise(check_device(state), 3, 4, shape, t, block * 1024);
        at = 0;
        for (int k = 0; k < 4; ++k)
            for (int v = 0; v < shape[k][0] * shape[k][1]; ++v) after[at++] = t[k][v];
        assert_memory_equal(all, after, sizeof all);
    }
}

/* Many matrices together, alone in blocks, and on the portable host. */
static void the_way_changes_no_bit(void **state)
{
    enum { MATRICES = 70 };
    ipl_device *dev = check_device(state), *host;
    int64_t shape[MATRICES][2];
    float *t[MATRICES], *again[MATRICES], *blocks[MATRICES];
    CHECK_OK(ipl_device_open("cpu:portable", NULL, &host));
    for (int k = 0; k < MATRICES; ++k) {
        const float lo = -1.0f - (float)k, hi = 0.5f + (float)k * 0.37f;
        shape[k][0] = k == 3 ? check_size(dev, 70000, 3000) : 20 + k;
        shape[k][1] = 1 + k % 5;
        const int64_t values = shape[k][0] * shape[k][1];
        t[k] = spread(values, lo, hi, 910 + (uint64_t)k);
        again[k] = spread(values, lo, hi, 910 + (uint64_t)k);
        blocks[k] = spread(values, lo, hi, 910 + (uint64_t)k);
    }
    quantise(dev, 6, MATRICES, shape, t, 0);
    quantise(host, 6, MATRICES, shape, again, 0);
    quantise(dev, 6, MATRICES, shape, blocks, 1024);
    for (int k = 0; k < MATRICES; ++k) {
        const size_t bytes = (size_t)(shape[k][0] * shape[k][1]) * sizeof **t;
        assert_memory_equal(t[k], again[k], bytes);
        assert_memory_equal(t[k], blocks[k], bytes);
        test_free(t[k]);
        test_free(again[k]);
        test_free(blocks[k]);
    }
    ipl_device_close(host);
}

static void wrong_arguments_are_named(void **state)
{
    ipl_device *dev = check_device(state);
    float t[4] = {0};
    size_t bytes;
    const ipl_mat good = {t, 2, 2}, bad = {t, 0, 2};
    CHECK_FAILS(ipl_net_quantise(dev, 0, 1, &good, 0, t, 9999), IPL_E_ARGUMENT,
                "0 bits: expected 1 to 16");
    CHECK_FAILS(ipl_net_quantise(dev, 17, 1, &good, 0, t, 9999), IPL_E_ARGUMENT,
                "17 bits: expected 1 to 16");
    CHECK_FAILS(ipl_net_quantise_scratch_bytes(dev, 1, &bad, 0, &bytes), IPL_E_ARGUMENT,
                "matrix of 0 x 2");
    CHECK_FAILS(ipl_net_quantise_scratch_bytes(dev, 0, &good, 0, &bytes),
                IPL_E_ARGUMENT, "0 matrices");
}

/* -- Networks --------------------------------------------------------------------- */

/* Points of a network, rounded to `bits`, in a way. */
static void measure(const net_case *c, int bits, const ipl_measure_way *way,
                    ipl_layer *out)
{
    ipl_measurer *m;
    void *params;
    const ipl_mi_options o = {.estimator = IPL_MI_BIN, .bin_form = IPL_BIN_EXACT};
    const size_t bytes = (size_t)c->parameters * sizeof(float);
    CHECK_OK(ipl_alloc(c->dev, bytes, &params));
    CHECK_OK(ipl_upload(c->dev, c->params, bytes, params));
    const ipl_measure_what what = {.estimators = 1, .options = &o, .y = &c->dy,
                                   .quantise = bits};
    CHECK_OK(ipl_measurer_create(c->dev, &what, &m));
    float *const each[1] = {params};
    CHECK_OK(ipl_measure_networks(m, way, &c->shape, c->dx, 1, each, out));
    ipl_measurer_destroy(m);
    ipl_free(c->dev, params);
}

/* The activations of all layers, to act[l - 1][rows][width]. */
static void forward(const net_case *c, float **act)
{
    void *params;
    float *at[IPL_NET_LAYERS_MAX];
    const size_t bytes = (size_t)c->parameters * sizeof(float);
    CHECK_OK(ipl_alloc(c->dev, bytes, &params));
    CHECK_OK(ipl_upload(c->dev, c->params, bytes, params));
    for (int l = 1; l <= c->shape.layers; ++l)
        CHECK_OK(ipl_alloc(c->dev, (size_t)(c->rows * c->shape.width[l]) * 4,
                           (void **)&at[l - 1]));
    CHECK_OK(ipl_net_forward(c->dev, &c->shape, params, c->dx, at));
    for (int l = 1; l <= c->shape.layers; ++l) {
        const size_t size = (size_t)(c->rows * c->shape.width[l]) * sizeof **act;
        act[l - 1] = test_malloc(size);
        CHECK_OK(ipl_download(c->dev, at[l - 1], size, act[l - 1]));
        ipl_free(c->dev, at[l - 1]);
    }
    ipl_free(c->dev, params);
}

/* What a layer tells apart is what its levels tell apart, counted by sorting them. */
static void quantised_networks_are_counted_exactly(void **state)
{
    static const ipl_measure_way ways[] = {{1, 0}, {0, 0}, {0, IPL_NET_FORWARD_ROWS}};
    ipl_device *dev = check_device(state);
    const int64_t n = IPL_NET_FORWARD_ROWS + check_size(dev, 900, 50);
    net_case c = net_case_make(dev, "6, 9-tanh, 4-relu, 2-linear, 3", n);
    float *act[IPL_NET_LAYERS_MAX];
    forward(&c, act);
    const ipl_mi_options exact = {.bin_form = IPL_BIN_EXACT};
    int32_t *cell = test_malloc((size_t)n * sizeof *cell);
    for (int bits = 2; bits <= 8; bits += 3) {
        ipl_layer got[3][4];
        for (int w = 0; w < 3; ++w) measure(&c, bits, &ways[w], got[w]);
        for (int l = 1; l <= c.shape.layers; ++l) {
            const int64_t d = c.shape.width[l];
            float *t = test_malloc((size_t)(n * d) * sizeof *t);
            float lo = act[l - 1][0], hi = lo;
            for (int64_t v = 0; v < n * d; ++v) {
                lo = fminf(lo, act[l - 1][v]);
                hi = fmaxf(hi, act[l - 1][v]);
            }
            for (int64_t v = 0; v < n * d; ++v)
                t[v] = nearest(lo, hi, bits, act[l - 1][v]);
            const oracle_point best =
                oracle_bin(&exact, n, d, t, c.shape.width[4], c.y, cell);
            for (int w = 0; w < 3; ++w) {
                const ipl_mi_point *p = got[w][l - 1].point;
                const double mine[2] = {p->i_xt, p->i_ty};
                const double want[2] = {best.h_t, best.i_ty};
                const double bound[2] = {best.bound, best.bound};
                assert_int_equal(p->cells, best.cells);
                check_within("I(X;T), I(T;Y)", 2, mine, want, bound);
                CHECK(p->i_xt == got[0][l - 1].point->i_xt);
                CHECK(best.cells < n || bits > 2); /* it did round */
            }
            test_free(t);
        }
    }
    for (int l = 1; l <= c.shape.layers; ++l) test_free(act[l - 1]);
    test_free(cell);
    net_case_free(&c);
}

/* With one bit a unit has two values, so that no layer tells more than its units. */
static void a_run_with_one_bit_has_few_cells(void **state)
{
    static const char *const set[] = {
        "net.layers=12, 5-tanh, 3-relu, 2", "net.quantise=1", "train.epochs=3",
        "data.limit=300", "bin.form=exact", "measure.estimators=bin", NULL};
    ipl_device *dev = check_device(state);
    const ipl_config config = config_of(set);
    char f[FILES_PATH];
    files_make_folder(f);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "run"), NULL, NULL, NULL));
    char *text = files_text(f, "run/plane.csv");
    const char *at = first_row(text);
    int rows = 0, layer, length;
    double i_xt;
    while (sscanf(at, "%*d,%*d,%d,bin,%lf,%*f%n", &layer, &i_xt, &length) == 2) {
        static const double units[] = {5, 3, 2};
        CHECK(layer >= 1 && layer <= 3 && i_xt > 0 && i_xt <= units[layer - 1]);
        at += length;
        at += strcspn(at, "\n") + 1;
        ++rows;
    }
    CHECK(rows == 3 * 4);
    free(text);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(values_go_to_the_nearest_level),
    CHECK_TEST(ties_go_to_the_even_level),
    CHECK_TEST(a_matrix_without_a_range_stays_as_it_is),
    CHECK_TEST(the_way_changes_no_bit),
    CHECK_TEST(wrong_arguments_are_named),
    CHECK_TEST(quantised_networks_are_counted_exactly),
    CHECK_TEST(a_run_with_one_bit_has_few_cells),
};

CHECK_MAIN("quantise", tests, 1)
