/*
 * test_mi_kde.c - the pairwise bounds: exact cases, entropies in double, identities.
 */
#include "check.h"
#include "layers.h"
#include "oracle_mi.h"

static ipl_mi_options noise(double var)
{
    ipl_mi_options o = ipl_mi_defaults(IPL_MI_KDE);
    o.noise_var = var;
    return o;
}

static void equal_rows_know_exactly_nothing(void **state)
{
    static const int64_t shape[][2] = {
        {2, 1}, {3, 5}, {100, 7}, {1003, 2}, {300, 1024}};
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = noise(0.05);
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s) {
        const int64_t n = shape[s][0], d = shape[s][1];
        float *t = layer_make(n, d, 1, 0.0, check_seed());
        int32_t *y = layer_labels(n, 3, check_seed());
        for (int64_t i = 1; i < n; ++i) memcpy(t + i * d, t, (size_t)d * sizeof *t);
        const ipl_mi_job job = layer_points(dev, &o, n, d, t, 3, y, NULL);
        CHECK(job.points == 2);
        for (int b = 0; b < 2; ++b) {
            CHECK(job.point[b].i_xt == 0.0 && job.point[b].i_ty == 0.0);
            CHECK(job.point[b].flags == 0);
        }
        test_free(t);
        test_free(y);
    }
}

static void far_rows_know_exactly_all(void **state)
{
    static const int64_t sizes[] = {2, 3, 17, 1000, 4099};
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = noise(0.05);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        const int64_t n = sizes[s];
        float *t = test_malloc((size_t)n * 2 * sizeof *t);
        int32_t *y = layer_labels(n, 4, check_seed());
        for (int64_t i = 0; i < 2 * n; ++i) t[i] = (float)(100 * i);
        layer_on layer;
        layer_open(dev, n, 2, t, 4, y, &layer);
        CHECK_OK(layers_estimate(&o, 1, &layer));
        for (int b = 0; b < 2; ++b) {
            const ipl_mi_point p = layer.job.point[b];
            CHECK(p.i_xt == log((double)n) && p.flags == IPL_MI_SATURATED);
            CHECK(p.i_ty == ipl_mi_label_entropy(&layer.y));
        }
        layer_close(&layer);
        test_free(t);
        test_free(y);
    }
}

static void points_match_entropies_of_mixtures(void **state)
{
    static const struct { int64_t n, d; double var; } shape[] = {
        {2, 1, 0.05}, {3, 2, 0.1},   {65, 3, 0.1},    {130, 10, 0.05},
        {200, 5, 1e-3}, {333, 2, 1.0}, {100, 128, 0.1}, {60, 1024, 0.5}};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s) {
        const int64_t n = shape[s].n, d = shape[s].d;
        const ipl_mi_options o = noise(shape[s].var);
        float *t = layer_make(n, d, 7, 0.3, check_seed() + s);
        int32_t *y = layer_labels(n, 4, check_seed());
        for (int64_t i = 0; i < n; ++i) y[i] += y[i] >= 2; /* class 2 is empty */
        const ipl_mi_job job = layer_points(dev, &o, n, d, t, 5, y, NULL);
        const oracle_plane want = oracle_kde_plane(n, d, t, 5, y, shape[s].var);
        for (int b = 0; b < 2; ++b) {
            const ipl_mi_point *p = &job.point[b];
            check_within("h_t", 1, &p->h_t, &want.h_t[b], &want.allowed_x[b]);
            check_within("i_xt", 1, &p->i_xt, &want.i_xt[b], &want.allowed_x[b]);
            check_within("i_ty", 1, &p->i_ty, &want.i_ty[b], &want.allowed_y[b]);
            CHECK(p->noise_var == shape[s].var && p->cells == -1 &&
                  isnan(p->outside_share));
            CHECK(!strcmp(p->name, b ? "kde-lower" : "kde-upper"));
            CHECK(!strcmp(p->bound, b ? "lower" : "upper"));
        }
        CHECK(job.point[1].i_xt <= job.point[0].i_xt);
        test_free(t);
        test_free(y);
    }
}

static void more_noise_never_tells_more(void **state)
{
    enum { N = 300, D = 6 };
    ipl_device *dev = check_device(state);
    float *t = layer_make(N, D, 20, 0.4, check_seed());
    double before[2] = {INFINITY, INFINITY};
    for (double var = 1e-6; var < 1e7; var *= 10.0) {
        const ipl_mi_options o = noise(var);
        const ipl_mi_job job = layer_points(dev, &o, N, D, t, 1, NULL, NULL);
        for (int b = 0; b < 2; ++b) {
            CHECK(job.point[b].i_xt >= 0.0 && job.point[b].i_xt <= log((double)N));
            CHECK(job.point[b].i_xt <= before[b] + 1e-6);
            CHECK(job.point[b].flags & IPL_MI_NO_LABELS && isnan(job.point[b].i_ty));
            before[b] = job.point[b].i_xt;
        }
    }
    CHECK(before[0] < 1e-3);
    test_free(t);
}

static void relative_noise_is_a_share_of_the_mean_square(void **state)
{
    enum { N = 256, D = 4 };
    ipl_device *dev = check_device(state);
    float *t = layer_make(N, D, 20, 0.4, check_seed());
    double squares = 0.0;
    for (int i = 0; i < N * D; ++i) squares += (double)t[i] * (double)t[i];
    ipl_mi_options o = noise(0.2);
    o.noise_relative = 1;
    const ipl_mi_point share = layer_points(dev, &o, N, D, t, 1, NULL, NULL).point[0];
    const double want = 0.2 * squares / (N * D), bound = 1e-12 * want;
    check_within("variance", 1, &share.noise_var, &want, &bound);
    o = noise(share.noise_var);
    const ipl_mi_point same = layer_points(dev, &o, N, D, t, 1, NULL, NULL).point[0];
    CHECK(same.i_xt == share.i_xt && same.h_t == share.h_t);

    memset(t, 0, N * D * sizeof *t);
    o = noise(0.2);
    o.noise_relative = 1;
    const ipl_mi_point zero = layer_points(dev, &o, N, D, t, 1, NULL, NULL).point[0];
    CHECK(zero.i_xt == 0.0 && zero.noise_var == 0.2);
    t[0] = 1e-30f;
    o.noise_var = 1e-300;
    layer_on layer;
    layer_open(dev, N, D, t, 1, NULL, &layer);
    CHECK_FAILS(layers_estimate(&o, 1, &layer), IPL_E_NUMERIC,
                "job 0: noise variance 0");
    layer_close(&layer);
    test_free(t);
}

static void several_layers_in_one_call_equal_single_calls(void **state)
{
    enum { LAYERS = 5 };
    ipl_device *dev = check_device(state);
    static const int64_t shape[LAYERS][2] = {
        {700, 10}, {700, 3}, {100, 50}, {2, 1}, {333, 200}};
    const ipl_mi_options o = noise(0.05);
    layer_on layer[LAYERS];
    ipl_mi_job alone[LAYERS];
    for (int l = 0; l < LAYERS; ++l) {
        const int64_t n = shape[l][0], d = shape[l][1];
        float *t = layer_make(n, d, 70, 0.03, check_seed() + (uint64_t)l);
        int32_t *y = l % 3 ? layer_labels(n, 4, check_seed()) : NULL;
        alone[l] = layer_points(dev, &o, n, d, t, 4, y, NULL);
        layer_open(dev, n, d, t, 4, y, &layer[l]);
        test_free(t);
        if (y) test_free(y);
    }
    CHECK_OK(layers_estimate(&o, LAYERS, layer));
    for (int l = 0; l < LAYERS; ++l) {
        for (int b = 0; b < 2; ++b) {
            const ipl_mi_point p = layer[l].job.point[b], q = alone[l].point[b];
            CHECK(p.i_xt == q.i_xt && p.h_t == q.h_t);
            CHECK(l % 3 ? p.i_ty == q.i_ty : isnan(p.i_ty) && isnan(q.i_ty));
        }
        layer_close(&layer[l]);
    }
}

static void layers_in_host_memory_have_the_same_points(void **state)
{
    enum { N = 1100 };
    ipl_device *dev = check_device(state);
    for (int64_t d = 5; d <= 40; d += 35)
        for (int relative = 0; relative < 2; ++relative) {
            ipl_mi_options o = noise(relative ? 0.1 : 0.05);
            o.noise_relative = relative;
            float *t = layer_make(N, d, 40, 0.2, check_seed());
            int32_t *y = layer_labels(N, 10, check_seed());
            const ipl_mi_job whole = layer_points(dev, &o, N, d, t, 10, y, NULL);
            layer_on layer;
            layer_open(dev, N, d, t, 10, y, &layer);
            float *on_device = layer.job.t.at;
            layer.job.t.at = t;
            layer.job.block_rows = IPL_MI_BLOCK_ROWS;
            CHECK_OK(layers_estimate(&o, 1, &layer));
            for (int b = 0; b < 2; ++b) {
                const ipl_mi_point p = layer.job.point[b], q = whole.point[b];
                CHECK(p.i_xt == q.i_xt && p.i_ty == q.i_ty && p.h_t == q.h_t);
            }
            layer.job.t.at = on_device;
            layer_close(&layer);
            test_free(t);
            test_free(y);
        }
}

static void points_repeat_at_any_number_of_threads(void **state)
{
    enum { N = 600, D = 30 };
    ipl_device *dev = check_device(state), *other;
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = layer_families(dev, options);
    const ipl_device_options one = {.threads = 1};
    float *t = layer_make(N, D, 40, 0.2, check_seed());
    int32_t *y = layer_labels(N, 10, check_seed());
    CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &one, &other));
    for (int e = 0; e < count; ++e) {
        const ipl_mi_options o = options[e];
        const ipl_mi_job first = layer_points(dev, &o, N, D, t, 10, y, NULL);
        for (int run = 0; run < 2; ++run) {
            ipl_device *on = run ? dev : other;
            const ipl_mi_job job = layer_points(on, &o, N, D, t, 10, y, NULL);
            for (int p = 0; p < first.points; ++p) {
                const ipl_mi_point *a = &job.point[p], *b = &first.point[p];
                CHECK(!memcmp(&a->i_xt, &b->i_xt, sizeof a->i_xt));
                CHECK(!memcmp(&a->i_ty, &b->i_ty, sizeof a->i_ty));
            }
        }
    }
    ipl_device_close(other);
    test_free(t);
    test_free(y);
}

static const check_test tests[] = {
    CHECK_TEST(equal_rows_know_exactly_nothing),
    CHECK_TEST(far_rows_know_exactly_all),
    CHECK_TEST(points_match_entropies_of_mixtures),
    CHECK_TEST(more_noise_never_tells_more),
    CHECK_TEST(relative_noise_is_a_share_of_the_mean_square),
    CHECK_TEST(several_layers_in_one_call_equal_single_calls),
    CHECK_TEST(layers_in_host_memory_have_the_same_points),
    CHECK_TEST(points_repeat_at_any_number_of_threads),
};

CHECK_MAIN("mi_kde", tests, 1)
