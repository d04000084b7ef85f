/*
 * test_mi_renyi.c - the matrix-based entropy: limits, an eigenvalue method of its own,
 * identities, and which rows count.
 */
#include "check.h"
#include "layers.h"
#include "oracle_bin.h"

static ipl_mi_options options_of(double alpha, double width, int64_t rows)
{
    ipl_mi_options o = ipl_mi_defaults(IPL_MI_RENYI);
    o.renyi_alpha = alpha;
    o.renyi_width = width;
    o.renyi_rows = rows;
    return o;
}

static int32_t labels_most(int64_t n, const int32_t *y)
{
    int32_t most = 0;
    for (int64_t i = 0; y && i < n; ++i) most = y[i] > most ? y[i] : most;
    return most + 1;
}

/* A layer's point. inputs: values [n][inputs_d], or NULL; x: numbers, or NULL. */
static ipl_mi_point point_of(ipl_device *dev, const ipl_mi_options *o, int64_t n,
                             int64_t d, const float *t, const int32_t *y,
                             const int32_t *x, int64_t inputs_d, const float *inputs)
{
    layer_on layer;
    ipl_mat values = {NULL, n, inputs_d};
    layer_open(dev, n, d, t, labels_most(n, y), y, &layer);
    if (x) CHECK_OK(ipl_labels_create(dev, n, labels_most(n, x), x, &layer.x));
    if (inputs) {
        CHECK_OK(ipl_mat_alloc(dev, n, inputs_d, &values));
        CHECK_OK(ipl_upload(dev, inputs, (size_t)(n * inputs_d) * 4, values.at));
        CHECK_OK(ipl_mi_inputs_create(dev, values, &layer.job.inputs));
    }
    CHECK_OK(layers_estimate(o, 1, &layer));
    ipl_mi_inputs_destroy(layer.job.inputs);
    ipl_free(dev, values.at);
    layer_close(&layer);
    return layer.job.point[0];
}

static void same_bits(const ipl_mi_point *p, const ipl_mi_point *q)
{
    assert_memory_equal(&p->h_t, &q->h_t, sizeof p->h_t);
    assert_memory_equal(&p->i_xt, &q->i_xt, sizeof p->i_xt);
    assert_memory_equal(&p->i_ty, &q->i_ty, sizeof p->i_ty);
    assert_int_equal(p->flags, q->flags);
}

static const double orders[] = {0.3, 1.0, 1.0 + 1e-9, 1.01, 2.0, 7.0, 100.0};
enum { ORDERS = sizeof orders / sizeof *orders };

/* -- Limits ----------------------------------------------------------------------- */

static void widths_at_both_ends_give_all_and_nothing(void **state)
{
    enum { N = 90, D = 4 };
    ipl_device *dev = check_device(state);
    float *t = layer_make(N, D, N, 0.5, check_seed());
    int32_t *y = layer_labels(N, 3, check_seed());
    for (int k = 0; k < ORDERS; ++k) {
        const ipl_mi_options narrow = options_of(orders[k], 1e-5, 500);
        const ipl_mi_options wide = options_of(orders[k], 1e9, 500);
        ipl_mi_point p = point_of(dev, &narrow, N, D, t, y, NULL, 0, NULL);
        CHECK(p.h_t == log(N) && p.i_xt == log(N));
        CHECK(p.flags == IPL_MI_SATURATED && p.cells == -1 && isnan(p.noise_var));
        p = point_of(dev, &wide, N, D, t, y, NULL, 0, NULL);
        CHECK(p.h_t == 0.0 && p.i_xt == 0.0 && p.i_ty == 0.0 && p.flags == 0);
    }
    for (int v = 0; v < N * D; ++v) t[v] = -0.7f; /* no deviation to take for a width */
    const ipl_mi_options rule = options_of(1.0, 0.0, 500);
    const ipl_mi_point p = point_of(dev, &rule, N, D, t, y, NULL, 0, NULL);
    CHECK(p.h_t == 0.0 && p.i_xt == 0.0 && p.i_ty == 0.0);
    test_free(t);
    test_free(y);
}

/* Far clusters of equal rows: the entropy of their shares, of any order. */
static void clusters_have_the_entropy_of_their_shares(void **state)
{
    enum { N = 80 };
    ipl_device *dev = check_device(state);
    for (int part = 10; part <= 40; part += 30) /* of 80 rows: 1/8 and 1/2 */
        for (int k = 0; k < ORDERS; ++k) {
            float t[N];
            int32_t y[N];
            for (int i = 0; i < N; ++i) {
                y[i] = i * 7 % N < part;
                t[i] = y[i] ? 50.0f : -50.0f;
            }
            const ipl_mi_options o = options_of(orders[k], 1.0, 500);
            const ipl_mi_point p = point_of(dev, &o, N, 1, t, y, NULL, 0, NULL);
            const double q = part / (double)N, a = orders[k];
            const double h =
                fabs(a - 1) < 1e-6 ? -q * log(q) - (1 - q) * log(1 - q)
                                   : log(pow(q, a) + pow(1 - q, a)) / (1 - a);
            const double got[3] = {p.h_t, p.i_xt, p.i_ty}, want[3] = {h, h, h};
            const double bound[3] = {3e-9, 3e-9, 3e-9};
            check_within("H of the shares", 3, got, want, bound);
            CHECK(part < 40 || fabs(h - log(2)) < 1e-9);
        }
}

/* -- Against eigenvalues by rotations ---------------------------------------------- */

enum { ROWS = 60 };

/* Jacobi's method, cyclic: a[n][n] becomes diagonal. */
static void rotate_away(int n, double *a)
{
    for (int sweep = 0; sweep < 30; ++sweep)
        for (int p = 0; p < n; ++p)
            for (int q = p + 1; q < n; ++q) {
                if (a[p * n + q] == 0.0) continue;
                const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                const double t = copysign(1.0, theta) /
                                 (fabs(theta) + sqrt(theta * theta + 1));
                const double c = 1 / sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < n; ++k) {
                    const double x = a[k * n + p], y = a[k * n + q];
                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                }
                for (int k = 0; k < n; ++k) {
                    const double x = a[p * n + k], y = a[q * n + k];
                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                }
            }
}

static double oracle_entropy_of(double alpha, int n, const double *k,
                                const double *other)
{
    double a[ROWS * ROWS], sum = 0.0;
    for (int v = 0; v < n * n; ++v) a[v] = k[v] * (other ? other[v] : 1.0) / n;
    rotate_away(n, a);
    for (int i = 0; i < n; ++i) {
        const double l = a[i * n + i];
        if (l > n * DBL_EPSILON)
            sum += alpha == 1.0 ? -l * log(l) : (double)powl((long double)l, alpha);
    }
    return alpha == 1.0 ? sum : log(sum) / (1.0 - alpha);
}

/* width 0: the deviation of the rows, from all pairs, times n^(-1/(4+d)). */
static void oracle_kernel(int n, int d, const float *t, double width, double *k)
{
    double squares = 0.0;
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            double sum = 0.0;
            for (int c = 0; c < d; ++c) {
                const double off = (double)t[i * d + c] - (double)t[j * d + c];
                sum += off * off;
            }
            k[i * n + j] = sum;
            squares += sum;
        }
    if (width == 0.0)
        width = sqrt(squares / (2.0 * n * n)) * pow(n, -1.0 / (4 + d));
    for (int v = 0; v < n * n; ++v) k[v] = exp(-k[v] / (2 * width * width));
}

static void points_match_eigenvalues_by_rotations(void **state)
{
    static const double alphas[] = {0.5, 1.0, 1.05, 2.0, 5.0};
    ipl_device *dev = check_device(state);
    for (int d = 1; d <= 21; d += 10)
        for (int a = 0; a < 5; ++a)
            for (int fixed = 0; fixed < 2; ++fixed) {
                const uint64_t seed = check_seed() + (uint64_t)d;
                float *t = layer_make(ROWS, d, 9, 0.9, seed);
                float *x = layer_make(ROWS, 3, 20, 0.9, seed + 1);
                int32_t *y = layer_labels(ROWS, 4, seed);
                double k_t[ROWS * ROWS], k_x[ROWS * ROWS], k_y[ROWS * ROWS];
                const double width = fixed ? 0.4 * d : 0.0, order = alphas[a];
                oracle_kernel(ROWS, d, t, width, k_t);
                oracle_kernel(ROWS, 3, x, 0.0, k_x);
                for (int v = 0; v < ROWS * ROWS; ++v)
                    k_y[v] = y[v / ROWS] == y[v % ROWS];
                const double h_t = oracle_entropy_of(order, ROWS, k_t, NULL);
                const double want[3] = {
                    h_t,
                    h_t + oracle_entropy_of(order, ROWS, k_x, NULL) -
                        oracle_entropy_of(order, ROWS, k_t, k_x),
                    h_t + oracle_entropy_of(order, ROWS, k_y, NULL) -
                        oracle_entropy_of(order, ROWS, k_t, k_y)};
                const ipl_mi_options o = options_of(order, width, 500);
                const ipl_mi_point p = point_of(dev, &o, ROWS, d, t, y, NULL, 3, x);
                const double got[3] = {p.h_t, p.i_xt, p.i_ty};
                const double most = order < 1 ? 1e-6 : 1e-11; /* of tiny eigenvalues */
                const double bound[3] = {most, most, most};
                check_within("S(T), I(X;T), I(T;Y)", 3, got, want, bound);
                test_free(t);
                test_free(x);
                test_free(y);
            }
}

/* -- Identities ------------------------------------------------------------------- */

static void information_is_symmetric_and_below_its_entropies(void **state)
{
    enum { N = 120 };
    ipl_device *dev = check_device(state);
    float *a = layer_make(N, 3, 10, 0.9, check_seed());
    float *b = layer_make(N, 7, 10, 0.9, check_seed() + 1);
    int32_t *y = layer_labels(N, 5, check_seed());
    for (int k = 0; k < ORDERS; ++k) {
        const ipl_mi_options o = options_of(orders[k], 0.0, 500);
        const ipl_mi_point ab = point_of(dev, &o, N, 3, a, y, NULL, 7, b);
        const ipl_mi_point ba = point_of(dev, &o, N, 7, b, y, NULL, 3, a);
        const double most = orders[k] < 1 ? 1e-6 : 1e-11;
        check_within("I(B;A)", 1, &ba.i_xt, &ab.i_xt, &most);
        CHECK(ab.i_xt > 0.1 && ab.i_xt <= fmin(ab.h_t, ba.h_t) + 1e-9);
        double share[5] = {0}, h_y = 0.0;
        for (int i = 0; i < N; ++i) share[y[i]] += 1.0 / N;
        for (int c = 0; c < 5; ++c) h_y -= share[c] * log(share[c]);
        if (orders[k] == 1.0) CHECK(ab.i_ty >= 0.0 && ab.i_ty <= h_y + 1e-9);
    }
    test_free(a);
    test_free(b);
    test_free(y);
}

/* Twice as far apart, in the rule's width, is the same. */
static void the_rules_width_scales_with_the_layer(void **state)
{
    enum { N = 100, D = 5 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = options_of(1.0, 0.0, 500);
    float *t = layer_make(N, D, 10, 0.9, check_seed());
    const ipl_mi_point p = point_of(dev, &o, N, D, t, NULL, NULL, 0, NULL);
    for (int v = 0; v < N * D; ++v) t[v] *= 0x1p-70f;
    const ipl_mi_point q = point_of(dev, &o, N, D, t, NULL, NULL, 0, NULL);
    same_bits(&p, &q);
    CHECK(p.flags == IPL_MI_NO_LABELS && p.i_xt == p.h_t && isnan(p.i_ty));
    test_free(t);
}

static void repeated_inputs_are_groups(void **state)
{
    enum { N = 100, D = 5 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = options_of(2.0, 0.0, 500);
    float *t = layer_make(N, D, 10, 0.9, check_seed());
    int32_t g[N], each[N];
    for (int i = 0; i < N; ++i) g[i] = i % 30, each[i] = N - 1 - i;
    const ipl_mi_point p = point_of(dev, &o, N, D, t, g, g, 0, NULL);
    const ipl_mi_point q = point_of(dev, &o, N, D, t, g, each, 0, NULL);
    CHECK(p.i_xt == p.i_ty && p.i_ty == q.i_ty && p.i_xt < p.h_t);
    CHECK(q.i_xt == q.h_t && q.h_t == p.h_t);
    test_free(t);
}

/* -- Rows ------------------------------------------------------------------------- */

/* Evenly spaced rows, of a layer on the device or in blocks from host memory, alone or
 * in company, are a layer of their own. */
static void a_subset_is_estimated_as_if_alone(void **state)
{
    enum { N = 2500, M = 70, D = 9, LAYERS = 4 };
    ipl_device *dev = check_device(state), *host;
    const ipl_mi_options o = options_of(1.0, 0.0, M);
    float *t = layer_make(N, D, 40, 0.9, check_seed()), few[M * D];
    int32_t *y = layer_labels(N, 4, check_seed()), few_y[M];
    for (int k = 0; k < M; ++k) {
        const int row = k * N / M;
        memcpy(few + k * D, t + row * D, D * sizeof *t);
        few_y[k] = y[row];
    }
    const ipl_mi_point want = point_of(dev, &o, M, D, few, few_y, NULL, 0, NULL);
    CHECK_OK(ipl_device_open("cpu:portable", NULL, &host));
    const ipl_mi_point there = point_of(host, &o, M, D, few, few_y, NULL, 0, NULL);
    ipl_device_close(host);
    same_bits(&want, &there);

    layer_on layer[LAYERS];
    layer_open(dev, N, D, t, 4, y, &layer[0]);
    layer_open(dev, M, D, few, 4, few_y, &layer[1]);
    layer_open(dev, N, 2, t, 4, y, &layer[2]);
    layer_open(dev, N, D, t, 4, y, &layer[3]);
    float *const on_device = layer[3].job.t.at;
    layer[3].job.t.at = t;
    layer[3].job.block_rows = IPL_MI_BLOCK_ROWS;
    CHECK_OK(layers_estimate(&o, LAYERS, layer));
    same_bits(&layer[0].job.point[0], &want);
    same_bits(&layer[1].job.point[0], &want);
    same_bits(&layer[3].job.point[0], &want);
    CHECK(layer[2].job.point[0].h_t != want.h_t && want.i_ty > 0.0);
    layer[3].job.t.at = on_device;
    for (int l = 0; l < LAYERS; ++l) layer_close(&layer[l]);
    test_free(t);
    test_free(y);
}

static void wrong_options_are_named(void **state)
{
    const struct { ipl_mi_options o; const char *words; } wrong[] = {
        {options_of(0.0, 0.0, 500), "order 0: expected"},
        {options_of(NAN, 0.0, 500), "order nan"},
        {options_of(1.0, 1e-40, 500), "kernel width 1e-40: expected 0 or"},
        {options_of(1.0, INFINITY, 500), "kernel width inf"},
        {options_of(1.0, 0.0, 1), "1 rows: expected 2 to 10000"},
    };
    (void)state;
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; ++w)
        CHECK_FAILS(ipl_mi_options_check(&wrong[w].o), IPL_E_ARGUMENT, wrong[w].words);
}

static const check_test tests[] = {
    CHECK_TEST(widths_at_both_ends_give_all_and_nothing),
    CHECK_TEST(clusters_have_the_entropy_of_their_shares),
    CHECK_TEST(points_match_eigenvalues_by_rotations),
    CHECK_TEST(information_is_symmetric_and_below_its_entropies),
    CHECK_TEST(the_rules_width_scales_with_the_layer),
    CHECK_TEST(repeated_inputs_are_groups),
    CHECK_TEST(a_subset_is_estimated_as_if_alone),
    CHECK_TEST(wrong_options_are_named),
};

CHECK_MAIN("mi_renyi", tests, 1)
