/*
 * test_mi_call.c - several estimators in one call, inputs that repeat, host arrays.
 */
#include "check.h"
#include "layers.h"
#include "oracle_bin.h"
#include "oracle_mi.h"

/* Bit for bit: NaN where the other one is NaN. */
static void same_value(const char *what, double a, double b)
{
    if (memcmp(&a, &b, sizeof a) && !(isnan(a) && isnan(b)))
        fail_msg("%s is %.17g, and %.17g", what, a, b);
}

static void same_point(const ipl_mi_point *a, const ipl_mi_point *b)
{
    CHECK(a->estimator == b->estimator && !strcmp(a->name, b->name));
    CHECK(a->cells == b->cells && a->flags == b->flags);
    same_value("h_t", a->h_t, b->h_t);
    same_value("i_xt", a->i_xt, b->i_xt);
    same_value("i_ty", a->i_ty, b->i_ty);
    same_value("noise_var", a->noise_var, b->noise_var);
    same_value("outside_share", a->outside_share, b->outside_share);
    same_value("se_x", a->se_x, b->se_x);
    same_value("se_y", a->se_y, b->se_y);
    CHECK(a->refusal == b->refusal);
}

static void inputs_open(ipl_device *dev, int64_t n, const int32_t *x, layer_on *layer)
{
    CHECK_OK(ipl_labels_create(dev, n, (int32_t)n, x, &layer->x));
}

/* -- One call for all -------------------------------------------------------------*/

static void all_estimators_in_one_call_equal_calls_of_their_own(void **state)
{
    enum { N = 200, D = 6 };
    ipl_device *dev = check_device(state);
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = layer_families(dev, options);
    float *t = layer_make(N, D, 30, 0.2, check_seed());
    int32_t *y = layer_labels(N, 4, check_seed()),
            *cell = test_malloc(N * sizeof *cell);
    int32_t *alone_cell = test_malloc(N * sizeof *cell);
    layer_on layer;
    layer_open(dev, N, D, t, 4, y, &layer);
    CHECK_OK(layers_estimate_all(count, options, 1, &layer));
    layer_cells(&layer, cell);
    int at = 0;
    for (int e = 0; e < count; ++e) {
        const ipl_mi_family *family = ipl_mi_family_of(options[e].estimator);
        const int cells = (family->needs & IPL_MI_NEEDS_CELLS) != 0;
        const ipl_mi_job alone = layer_points(dev, &options[e], N, D, t, 4, y,
                                              cells ? alone_cell : NULL);
        CHECK(alone.points == family->points);
        for (int p = 0; p < alone.points; ++p)
            same_point(&layer.job.point[at++], &alone.point[p]);
        if (cells) assert_memory_equal(cell, alone_cell, N * sizeof *cell);
    }
    CHECK(layer.job.points == at);
    CHECK_FAILS(layers_estimate_all(2, (ipl_mi_options[]){options[0], options[0]}, 1,
                                    &layer), IPL_E_ARGUMENT, "estimator bin twice");
    layer.job.name = "layer 7";
    t[3] = NAN;
    CHECK_OK(ipl_upload(dev, t, N * D * sizeof *t, layer.job.t.at));
    CHECK_FAILS(layers_estimate_all(count, options, 1, &layer), IPL_E_NUMERIC,
                "layer 7: 1 of 1200 activations are NaN or infinite");
    layer_close(&layer);
    test_free(t);
    test_free(y);
    test_free(cell);
    test_free(alone_cell);
}

/* -- Inputs that repeat -----------------------------------------------------------*/

static void inputs_that_all_differ_change_nothing(void **state)
{
    enum { N = 160, D = 5 };
    ipl_device *dev = check_device(state);
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = layer_families(dev, options);
    float *t = layer_make(N, D, 30, 0.2, check_seed());
    int32_t *y = layer_labels(N, 4, check_seed()), x[N];
    layer_on layer;
    layer_open(dev, N, D, t, 4, y, &layer);
    CHECK_OK(layers_estimate_all(count, options, 1, &layer));
    const ipl_mi_job without = layer.job;
    ipl_random_permutation((ipl_random){check_seed(), 905}, N, x);
    inputs_open(dev, N, x, &layer);
    CHECK_OK(layers_estimate_all(count, options, 1, &layer));
    for (int p = 0; p < without.points; ++p)
        same_point(&layer.job.point[p], &without.point[p]);
    layer_close(&layer);
    test_free(t);
    test_free(y);
}

/* Each sample K times: I(X;T) is that of the samples, not of the copies, for families
 * that know inputs by their numbers. */
static void copies_of_samples_tell_nothing_new(void **state)
{
    enum { M = 100, K = 4, N = M * K, D = 3 };
    ipl_device *dev = check_device(state);
    int checked = 0;
    for (int e = 0; e < IPL_MI_ESTIMATOR_COUNT; ++e) {
        const ipl_mi_options o = ipl_mi_defaults((ipl_mi_estimator)e);
        if (ipl_mi_family_of(o.estimator)->needs & IPL_MI_NEEDS_INPUTS) continue;
        float *t = layer_make(M, D, 40, 0.3, check_seed()), copies[N * D];
        int32_t x[N];
        layer_on layer;
        for (int i = 0; i < N; ++i) {
            x[i] = i * 7 % M;
            memcpy(copies + i * D, t + x[i] * D, D * sizeof *t);
        }
        const ipl_mi_job once = layer_points(dev, &o, M, D, t, 1, NULL, NULL);
        layer_open(dev, N, D, copies, 1, NULL, &layer);
        inputs_open(dev, N, x, &layer);
        CHECK_OK(layers_estimate(&o, 1, &layer));
        for (int p = 0; p < once.points; ++p) {
            const double bound = 1e-6;
            if (isnan(once.point[p].i_xt)) { /* I(X;T) of values, or none at all */
                CHECK(isnan(layer.job.point[p].i_xt));
                continue;
            }
            ++checked;
            check_within("I(X;T)", 1, &layer.job.point[p].i_xt, &once.point[p].i_xt,
                         &bound);
            CHECK(layer.job.point[p].i_xt <= log((double)M));
        }
        layer_close(&layer);
        test_free(t);
    }
    CHECK(checked >= 3); /* bin and both bounds of kde */
}

/* I(T;G) is one formula: with the inputs as groups it is what the oracles give where
 * the same groups are labels. */
static void repeated_inputs_match_the_oracles(void **state)
{
    static const int64_t shape[][2] = {{60, 1}, {210, 3}, {300, 40}};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s) {
        const int64_t n = shape[s][0], d = shape[s][1];
        const int32_t inputs = (int32_t)n / 3;
        ipl_mi_options o[2] = {ipl_mi_defaults(IPL_MI_BIN),
                               ipl_mi_defaults(IPL_MI_KDE)};
        float *t = layer_make(n, d, 50, 0.4, check_seed() + s);
        int32_t *y = layer_labels(n, 3, check_seed()), *x = layer_labels(n, inputs, 9);
        int32_t *cell = test_malloc((size_t)n * sizeof *cell);
        layer_on layer;
        layer_open(dev, n, d, t, 3, y, &layer);
        inputs_open(dev, n, x, &layer);
        CHECK_OK(layers_estimate_all(2, o, 1, &layer));
        const ipl_mi_point *p = layer.job.point;

        const oracle_point bin = oracle_bin(&o[0], n, d, t, inputs, x, cell);
        const double got[2] = {p[0].i_xt, p[0].h_t}, want[2] = {bin.i_ty, bin.h_t};
        const double bound[2] = {bin.bound, bin.bound};
        check_within("bin: I(X;T), H(T)", 2, got, want, bound);
        CHECK(p[0].i_xt < p[0].h_t);
        const oracle_plane by_x = oracle_kde_plane(n, d, t, inputs, x, o[1].noise_var);
        const oracle_plane by_y = oracle_kde_plane(n, d, t, 3, y, o[1].noise_var);
        for (int b = 0; b < 2; ++b) {
            check_within("kde: I(X;T)", 1, &p[1 + b].i_xt, &by_x.i_ty[b],
                         &by_x.allowed_y[b]);
            check_within("kde: I(T;Y)", 1, &p[1 + b].i_ty, &by_y.i_ty[b],
                         &by_y.allowed_y[b]);
            check_within("kde: h_t", 1, &p[1 + b].h_t, &by_y.h_t[b],
                         &by_y.allowed_x[b]);
        }
        layer_close(&layer);
        test_free(t);
        test_free(y);
        test_free(x);
        test_free(cell);
    }
}

/* -- Host arrays ------------------------------------------------------------------*/

static void host_arrays_have_the_points_of_the_device(void **state)
{
    enum { N = 320, LAYERS = 3 };
    ipl_device *dev = check_device(state);
    const int64_t width[LAYERS] = {9, 2, check_size(dev, 70, 34)};
    int compared = 0;
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = layer_families(dev, options);
    int32_t *y = layer_labels(N, 5, check_seed()), *x = layer_labels(N, N / 2, 8);
    ipl_mi_layer host[LAYERS];
    layer_on layer[LAYERS];
    float *t[LAYERS];
    for (int l = 0; l < LAYERS; ++l) {
        float *made = layer_make(N, width[l], 60, 0.1, check_seed() + (uint64_t)l);
        /* From elsewhere, values lie at any address of a float. */
        t[l] = test_malloc((size_t)(N * width[l] + 1) * sizeof *made);
        memcpy(t[l] + 1, made, (size_t)(N * width[l]) * sizeof *made);
        host[l] = (ipl_mi_layer){.d = width[l], .t = t[l] + 1};
        layer_open(dev, N, width[l], made, 5, y, &layer[l]);
        inputs_open(dev, N, x, &layer[l]);
        test_free(made);
    }
    float *inputs = test_malloc((3 * N + 1) * sizeof *inputs);
    float *made = layer_make(N, 3, 200, 0.9, check_seed() + 9);
    ipl_mat kept;
    ipl_mi_inputs *values;
    memcpy(inputs + 1, made, 3 * N * sizeof *made);
    CHECK_OK(ipl_mat_alloc(dev, N, 3, &kept));
    CHECK_OK(ipl_upload(dev, made, 3 * N * sizeof *made, kept.at));
    CHECK_OK(ipl_mi_inputs_create(dev, kept, &values));
    test_free(made);
    for (int l = 0; l < LAYERS; ++l) layer[l].job.inputs = values;
    CHECK_OK(layers_estimate_all(count, options, LAYERS, layer));
    const ipl_mi_samples samples = {.n = N, .y = y, .x = x, .inputs_d = 3,
                                    .inputs = inputs + 1};
    CHECK_OK(ipl_mi_estimate_host(dev, count, options, &samples, LAYERS, host));
    int32_t *cell[2] = {test_malloc(N * sizeof **cell), test_malloc(N * sizeof **cell)};
    layer_cells(&layer[0], cell[0]);
    for (int l = 0; l < LAYERS; ++l) {
        CHECK(host[l].points == layer[l].job.points);
        for (int p = 0; p < host[l].points; ++p) {
            const ipl_mi_family *family = ipl_mi_family_of(host[l].point[p].estimator);
            same_point(&host[l].point[p], &layer[l].job.point[p]);
            compared += family->needs & IPL_MI_NEEDS_INPUTS &&
                        isfinite(host[l].point[p].i_xt);
        }
        if (l + 1 == LAYERS) break;
        layer_cells(&layer[l + 1], cell[(l + 1) % 2]);
        int32_t both[N];
        for (int i = 0; i < N; ++i) both[i] = cell[0][i] * N + cell[1][i];
        /* H(A) + H(B) - H(A,B), the pairs numbered as cells are. */
        int32_t pair[N];
        for (int i = 0, pairs = 0; i < N; ++i) {
            int j = 0;
            while (both[j] != both[i]) ++j;
            pair[i] = j == i ? pairs++ : pair[j];
        }
        const double want = oracle_entropy(N, cell[0]) + oracle_entropy(N, cell[1]) -
                            oracle_entropy(N, pair);
        const double bound = oracle_entropy_bound(N);
        check_within("I(T;T')", 1, &host[l].point[0].i_next, &want, &bound);
    }
    CHECK(isnan(host[LAYERS - 1].point[0].i_next) && compared >= LAYERS);
    /* Inputs that the caller keeps give the same. */
    const ipl_mi_samples again = {.n = N, .y = y, .x = x, .kept = values};
    CHECK_OK(ipl_mi_estimate_host(dev, count, options, &again, LAYERS, host));
    for (int l = 0; l < LAYERS; ++l)
        for (int p = 0; p < host[l].points; ++p)
            same_point(&host[l].point[p], &layer[l].job.point[p]);
    ipl_mi_inputs_destroy(values);
    ipl_free(dev, kept.at);
    test_free(inputs);
    for (int l = 0; l < LAYERS; ++l) {
        layer_close(&layer[l]);
        test_free(t[l]);
    }
    test_free(cell[0]);
    test_free(cell[1]);
    test_free(y);
    test_free(x);
}

static void wrong_host_arrays_are_named(void **state)
{
    enum { N = 10 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
    const ipl_mi_options ksg = ipl_mi_defaults(IPL_MI_KSG);
    float t[N] = {0}, inputs[N] = {0};
    int32_t good[N] = {0}, low[N] = {0, -1}, high[N] = {0, 0, N};
    ipl_mi_layer layer = {.name = "t.npy", .d = 1, .t = t, .points = 99};
    ipl_mi_samples samples = {.n = 1};
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "t.npy: 1 samples");
    samples = (ipl_mi_samples){.n = N, .y = low};
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "label of row 1 is -1");
    low[1] = IPL_MI_CLASSES_MAX;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "label of row 1 is 65536: expected 0 to 65535");
    samples = (ipl_mi_samples){.n = N, .y = good, .x = high};
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "input of row 2 is 10: expected 0 to 9");
    samples.x = NULL;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 0, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "0 estimators");
    CHECK_FAILS(ipl_mi_estimate_host(dev, 99, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "99 estimators");
    samples.error = IPL_MI_ERROR_COUNT;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "t.npy: standard errors of kind 2");
    samples.error = IPL_MI_ERROR_NONE;
    samples.inputs = inputs;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &ksg, &samples, 1, &layer), IPL_E_ARGUMENT,
                "inputs of 0 values");
    samples.inputs_d = 1;
    inputs[3] = NAN;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &ksg, &samples, 1, &layer), IPL_E_NUMERIC,
                "inputs: 1 of 10 values are NaN or infinite");
    t[4] = INFINITY;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_NUMERIC,
                "t.npy: 1 of 10 activations");
    layer.name = NULL;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_NUMERIC,
                "layer 1: 1 of 10 activations");
    layer.t = NULL;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &o, &samples, 1, &layer), IPL_E_ARGUMENT,
                "layer 1: no activations");
    CHECK(layer.points == 99);
}

/* Inputs that are kept, or part of a job, belong to the rows of the layer. */
static void inputs_of_other_rows_are_refused(void **state)
{
    enum { N = 12, D = 2 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options ksg = ipl_mi_defaults(IPL_MI_KSG);
    float *t = layer_make(N, D, 5, 0.3, check_seed());
    ipl_mi_layer layer = {.d = D, .t = t};
    layer_on on;
    layer_open(dev, N, D, t, 1, NULL, &on);
    ipl_mi_inputs *fewer, *shape;
    CHECK_OK(ipl_mi_inputs_create(dev, (ipl_mat){on.job.t.at, N - 1, D}, &fewer));
    ipl_mi_samples samples = {.n = N, .kept = fewer};
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &ksg, &samples, 1, &layer), IPL_E_ARGUMENT,
                "layer 1: 12 rows, but 11 inputs");
    samples.inputs = t;
    samples.inputs_d = D;
    CHECK_FAILS(ipl_mi_estimate_host(dev, 1, &ksg, &samples, 1, &layer), IPL_E_ARGUMENT,
                "inputs are given twice");
    CHECK_OK(ipl_mi_inputs_create(dev, (ipl_mat){NULL, N, D}, &shape));
    on.job.inputs = shape; /* a shape alone, for scratch */
    CHECK_FAILS(layers_estimate(&ksg, 1, &on), IPL_E_ARGUMENT, "inputs without values");
    CHECK_FAILS(ipl_mi_inputs_create(dev, (ipl_mat){NULL, N, 0}, &shape),
                IPL_E_ARGUMENT, "inputs of 12 x 0 values");
    ipl_mi_inputs_destroy(fewer);
    ipl_mi_inputs_destroy(on.job.inputs);
    layer_close(&on);
    test_free(t);
}

static const check_test tests[] = {
    CHECK_TEST(all_estimators_in_one_call_equal_calls_of_their_own),
    CHECK_TEST(inputs_that_all_differ_change_nothing),
    CHECK_TEST(copies_of_samples_tell_nothing_new),
    CHECK_TEST(repeated_inputs_match_the_oracles),
    CHECK_TEST(host_arrays_have_the_points_of_the_device),
    CHECK_TEST(wrong_host_arrays_are_named),
    CHECK_TEST(inputs_of_other_rows_are_refused),
};

CHECK_MAIN("mi_call", tests, 1)
