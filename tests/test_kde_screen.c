/*
 * test_kde_screen.c - sums of wide layers with few near pairs, to the bit: they are
 * those of every pair within the limit, whatever a device does to pass by the others.
 */
#include "check.h"
#include "cpu/kde.h"
#include "kde_run.h"
#include "oracle_kde.h"

static int screened_layers; /* that the processor did not give up        */

/* -- The definition, pair by pair ---------------------------------------------- */

/* Squared distance in 16 partial sums: unit u in sum u % 16. */
static float distance_of(const float *a, const float *b, int64_t d)
{
    float s[16] = {0}, t[8];
    for (int64_t u = 0; u < d; ++u) {
        const float e = a[u] - b[u];
        s[u % 16] = fmaf(e, e, s[u % 16]);
    }
    for (int k = 0; k < 8; ++k) t[k] = s[k] + s[k + 8];
    return ((t[0] + t[1]) + (t[2] + t[3])) + ((t[4] + t[5]) + (t[6] + t[7]));
}

static double bits_of_cut(int64_t n) { return ceil(log2((double)n)) + 21.0; }

static float limit_of(int64_t n, double noise_var)
{
    return (float)(bits_of_cut(n) / (M_LOG2E / (8.0 * noise_var)));
}

/* The variance whose limit is about `limit`. */
static double var_of(int64_t n, double limit)
{
    return limit * M_LOG2E / (8.0 * bits_of_cut(n));
}

/* 2^(-scale D) by the polynomial that the devices share. */
static float similarity_of(float D, double noise_var)
{
    const float scale = -(float)(M_LOG2E / (8.0 * noise_var)), magic = 12582912.0f;
    const float r = fmaf(D, scale, magic), f = fmaf(D, scale, magic - r);
    float p = fmaf(0.00132647273f, f, 0.00967151299f);
    p = fmaf(p, f, 0.0555073358f);
    p = fmaf(p, f, 0.240222424f);
    p = fmaf(p, f, 0.693147004f);
    p = fmaf(p, f, 1.0f);
    return ldexpf(p, (int)(r - magic));
}

static int64_t fixed_of(float v) { return llrint((double)v * (double)IPL_KDE_ONE); }

/* sum[4][n] as in ipl_kde_job; returns the share of near pairs. */
static double every_near_pair(const layer *l, double noise_var, int64_t *sum)
{
    const int64_t n = l->n;
    const float limit = limit_of(n, noise_var);
    int64_t near = 0;
    for (int64_t e = 0; e < 4 * n; ++e) sum[e] = IPL_KDE_ONE;
    for (int64_t i = 0; i < n; ++i)
        for (int64_t j = i + 1; j < n; ++j) {
            const float D = distance_of(l->t + i * l->d, l->t + j * l->d, l->d);
            if (!(D <= limit)) continue;
            const float lower = similarity_of(D, noise_var), square = lower * lower;
            const int64_t add[2] = {fixed_of(square * square), fixed_of(lower)};
            ++near;
            for (int k = 0; k < 4; ++k) {
                if (k % 2 && l->y[i] != l->y[j]) continue;
                sum[k * n + i] += add[k / 2];
                sum[k * n + j] += add[k / 2];
            }
        }
    return (double)near / (0.5 * (double)n * (double)(n - 1));
}

static void check_oracle(const char *what, const layer *l, double noise_var,
                         const int64_t *sum)
{
    double *value = malloc((size_t)l->n * 8 * sizeof *value);
    double *allowed = value + 4 * l->n;
    oracle_kde(l->n, l->d, l->t, l->y, noise_var, 0, value, allowed);
    for (int64_t e = 0; e < 4 * l->n; ++e) {
        const double got = (double)sum[e % 4 * l->n + e / 4] / (double)IPL_KDE_ONE;
        if (!(fabs(got - value[e]) <= allowed[e]))
            fail_msg("%s, n %lld d %lld: sum[%lld][%lld] is %.12g, want %.12g within "
                     "%.2g (seed %llu)", what, (long long)l->n, (long long)l->d,
                     (long long)(e % 4), (long long)(e / 4), got, value[e], allowed[e],
                     (unsigned long long)check_seed());
    }
    free(value);
}

static void check_sums(const char *what, const layer *l, const int64_t *got,
                       const int64_t *want)
{
    for (int64_t e = 0; e < 4 * l->n; ++e)
        if (got[e] != want[e])
            fail_msg("%s, n %lld d %lld: sum[%lld][%lld] is %lld, not %lld (seed %llu)",
                     what, (long long)l->n, (long long)l->d, (long long)(e / l->n),
                     (long long)(e % l->n), (long long)got[e], (long long)want[e],
                     (unsigned long long)check_seed());
}

/* A processor would not screen layers as small as these by itself. Sums with the tests
 * are those without them, and the definition's where a set fuses multiply and add. */
static void check_cpu_paths(ipl_device *dev, const char *what, const layer *l, run *r,
                            const int64_t *sum)
{
    static const kde_path path[] = {KDE_EVERY_PAIR, KDE_SCREENED};
    const size_t bytes = (size_t)l->n * 4 * sizeof(int64_t);
    const int fuses = strcmp(ipl_device_about(dev)->name, "cpu:portable") != 0;
    int64_t *every = malloc(bytes);
    r->job.y = &r->y;
    for (int p = 0; p < 2; ++p) {
        int screened = 0;
        CHECK_OK(cpu_kde_sums_by(dev->state, path[p], 1, &r->job, &screened));
        run_read(dev, r);
        if (!screened) continue; /* its codes would leave their range */
        ++screened_layers;
        if (fuses) check_sums(what, l, r->sum, sum);
        if (p == 0) memcpy(every, r->sum, bytes);
        else check_sums(what, l, r->sum, every);
    }
    free(every);
}

/* Near pairs are a share between these, so that the layer is screened and not idle. */
static void check_every_pair(ipl_device *dev, const char *what, const layer *l,
                             double noise_var)
{
    int64_t *sum = malloc((size_t)l->n * 4 * sizeof *sum);
    const double share = every_near_pair(l, noise_var, sum);
    if (!(share > 0.0 && share < 0.35))
        fail_msg("%s: %.0f%% of the pairs are near", what, 100.0 * share);
    run r = run_one(dev, l, noise_var, 0);
    if (ipl_device_about(dev)->is_host) check_cpu_paths(dev, what, l, &r, sum);
    else check_sums(what, l, r.sum, sum);
    check_oracle(what, l, noise_var, r.sum);
    run_close(dev, &r);
    free(sum);
}

/* -- Layers ---------------------------------------------------------------------- */

/* Rows around eight centres: about 2 d apart within, 4 d and more else. */
static layer clusters(int64_t n, int64_t d)
{
    layer l = layer_make(NORMAL, n, d, 3);
    for (int64_t i = 0; i < n; ++i)
        for (int64_t u = 0; u < d; ++u)
            l.t[i * d + u] += (float)normal(777, (uint64_t)(i % 8 * d + u));
    return l;
}

/* The variance at which the limit lies in the middle of the distances within. */
static double middle_var(const layer *l) { return var_of(l->n, 2.0 * (double)l->d); }

typedef enum {
    PLAIN, HEAVY_TAILED, CONSTANT_UNITS, DUPLICATE_ROWS, DEAD_UNITS, HUGE_OFFSET,
    FAR_OFFSET, KINDS
} kind;
static const char *const kind_name[] = {"plain", "heavy tails", "constant units",
                                        "duplicate rows", "dead units", "huge offset",
                                        "far offset"};

static layer layer_of_kind(kind k, int64_t n, int64_t d)
{
    layer l = clusters(n, d);
    for (int64_t i = 0; i < n; ++i)
        for (int64_t u = 0; u < d; ++u) {
            float *v = l.t + i * d + u;
            const double z = normal(778, (uint64_t)(i * d + u));
            switch (k) {
            case HEAVY_TAILED:   if (fabs(z) > 2.9) *v += (float)(z * z * z); break;
            case CONSTANT_UNITS: if (u % 3 == 1) *v = 7.25f; break;
            case DUPLICATE_ROWS: if (i % 16 == 8) *v = l.t[(i - 8) * d + u]; break;
            case DEAD_UNITS:     *v = u % 4 ? 0.0f : 2.0f * fmaxf(*v, 0.0f); break;
            case HUGE_OFFSET:    *v += u % 2 ? 3e5f : -1e4f; break;
            /* Where floats are one apart: products with it are off by tens. */
            case FAR_OFFSET:     *v = rintf(8.0f * *v) + (u % 2 ? 1e7f : -3e6f); break;
            default:             break;
            }
        }
    return l;
}

/* -- Tests ----------------------------------------------------------------------- */

static void sums_are_those_of_every_near_pair(void **state)
{
    static const int64_t shape[][2] = {{12, 40},  {130, 33}, {127, 64},  {128, 300},
                                       {300, 65}, {129, 97}, {257, 130}};
    for (int k = 0; k < KINDS; ++k)
        for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s) {
            const layer l = layer_of_kind(k, shape[s][0], shape[s][1]);
            const double var = middle_var(&l);
            check_every_pair(check_device(state), kind_name[k], &l,
                             k == DEAD_UNITS       ? 0.2 * var
                             : k == CONSTANT_UNITS ? 0.67 * var
                             : k == FAR_OFFSET     ? 64.0 * var
                                                   : var);
            layer_free(l);
        }
}

/* One row far out makes the steps of all others coarse: what rounding moves them is no
 * longer small against their distances. */
static void an_outlier_hides_no_near_pair(void **state)
{
    static const float out[] = {20.0f, 60.0f, 200.0f, 600.0f, 1e4f, 1e6f};
    for (int o = 0; o < 6; ++o) {
        layer l = clusters(200, 170);
        for (int64_t u = 0; u < l.d; ++u) l.t[77 * l.d + u] = u % 2 ? out[o] : -out[o];
        check_every_pair(check_device(state), "outlier", &l, middle_var(&l));
        layer_free(l);
    }
}

/* The worst that rounding to codes can do: codes are whole numbers here, and in every
 * unit the rows of a pair are rounded away from each other, by 0.49 each. The pairs are
 * just within the limit and far from each other. */
static void rounding_apart_hides_no_near_pair(void **state)
{
    enum { PAIRS = 60, N = 2 * PAIRS + 2, APART = 3 };
    for (int64_t d = 36; d <= 324; d += 144) {
        layer l = layer_make(NORMAL, N, d, 4);
        const ipl_random sign = {check_seed(), 4100 + (uint64_t)d};
        for (int64_t i = 0; i < N; ++i)
            for (int64_t u = 0; u < d; ++u) {
                const uint64_t e = (uint64_t)(i / 2 * d + u);
                const float at = ipl_random_below(sign, e, 2) ? 40.0f : -40.0f;
                const float one = i % 2 ? at + APART + 0.51f : at + 0.49f;
                const float end = i % 2 ? -127.0f : 127.0f; /* a code is 1 wide */
                l.t[i * d + u] = i < 2 * PAIRS ? one : end;
            }
        const float D = distance_of(l.t, l.t + d, d);
        check_every_pair(check_device(state), "rounded apart", &l,
                         var_of(N, 1.0001 * (double)D));
        layer_free(l);
    }
}

/* Pairs whose distances are the floats around the limit; pairs are far apart. */
static void the_limit_is_sharp(void **state)
{
    enum { PAIRS = 24, N = 2 * PAIRS + 100, D = 3 + N };
    const double var = 0.1;
    const float limit = limit_of(N, var), far = 2.0f * sqrtf(limit);
    const float ulp = nextafterf(limit, INFINITY) - limit;
    int below = 0, at = 0, above = 0;
    layer l = layer_make(NORMAL, N, D, 4);
    memset(l.t, 0, N * D * sizeof *l.t);
    for (int64_t i = 0; i < N; ++i) {
        const int64_t pair = i < 2 * PAIRS ? i / 2 : i;
        float *t = l.t + i * D;
        t[3 + pair] = far;
        if (i >= 2 * PAIRS || i % 2 == 0) continue;
        t[0] = sqrtf(limit);
        while (t[0] * t[0] > limit) t[0] = nextafterf(t[0], 0.0f);
        t[1] = sqrtf((float)pair * 0.25f * ulp);
        const float D2 = distance_of(t - D, t, D);
        below += D2 == nextafterf(limit, 0.0f);
        at    += D2 == limit;
        above += D2 == nextafterf(limit, INFINITY);
    }
    CHECK(below && at && above);
    check_every_pair(check_device(state), "at the limit", &l, var);
    layer_free(l);
}

/* Values that are codes themselves, with no rounding to hide behind: a product that is
 * too small by a few hundred of half a million drops a near pair. Each row has its
 * negative, so that one of two products is too small whatever is wrong. */
static void products_of_the_screen_are_exact(void **state)
{
    enum { N = 260 };
    for (int64_t d = 33; d <= 161; d += 32) {
        layer l = layer_make(NORMAL, N, d, 2);
        const ipl_random r = {check_seed(), 4000 + (uint64_t)d};
        for (int64_t i = 0; i < N; ++i)
            for (int64_t u = 0; u < d; ++u) {
                const int64_t e = i / 2 * d + u;
                const int q = (int)ipl_random_below(r, (uint64_t)e, 255) - 127;
                l.t[i * d + u] = (float)(e == 0 ? 127 : i % 2 ? -q : q);
            }
        l.t[0] = -127.0f;
        const double spread = 2.0 * 127.0 * 128.0 / 3.0;
        check_every_pair(check_device(state), "integers", &l,
                         var_of(N, (double)d * spread * 0.88));
        layer_free(l);
    }
}

/* Screened, dense and narrow layers in one call: each as if alone. */
static void company_changes_no_bit_of_screened_layers(void **state)
{
    enum { COMPANY = 6 };
    static const int64_t n[COMPANY] = {150, 300, 90, 200, 129, 260};
    static const int64_t d[COMPANY] = {40, 70, 5, 33, 200, 34};
    ipl_device *dev = check_device(state);
    layer l[COMPANY];
    run r[COMPANY];
    for (int j = 0; j < COMPANY; ++j) {
        l[j] = clusters(n[j], d[j]);
        /* The odd ones have all pairs near. */
        r[j] = run_open(dev, &l[j], (j % 2 ? 8.0 : 1.0) * middle_var(&l[j]));
    }
    run_all(dev, COMPANY, r, 0);
    for (int j = 0; j < COMPANY; ++j) {
        run alone = run_one(dev, &l[j], r[j].job.noise_var, 0);
        check_same(&r[j], &alone);
        run_close(dev, &alone);
        run_close(dev, &r[j]);
        layer_free(l[j]);
    }
}

/* A layer that a processor screens by itself: at any number of threads as each pair
 * by itself. */
static void threads_change_no_bit_of_a_screened_layer(void **state)
{
    ipl_device *dev = check_device(state);
    if (!ipl_device_about(dev)->is_host) return;
    const layer l = clusters(1200, 200);
    const double var = 0.5 * middle_var(&l);
    run every = run_open(dev, &l, var);
    int screened = 0;
    every.job.y = &every.y;
    CHECK_OK(cpu_kde_sums_by(dev->state, KDE_EVERY_PAIR, 1, &every.job, &screened));
    run_read(dev, &every);
    for (int threads = 1; threads <= 3; ++threads) {
        ipl_device *other;
        const ipl_device_options options = {.threads = threads};
        CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &options, &other));
        run r = run_open(other, &l, var);
        r.job.y = &r.y;
        CHECK_OK(cpu_kde_sums_by(other->state, KDE_CHOOSE, 1, &r.job, &screened));
        run_read(other, &r);
        CHECK(screened);
        check_same(&every, &r);
        run_close(other, &r);
        ipl_device_close(other);
    }
    run_close(dev, &every);
    layer_free(l);
    CHECK(screened_layers > 100); /* of this file's, with each set */
}

static const check_test tests[] = {
    CHECK_TEST(sums_are_those_of_every_near_pair),
    CHECK_TEST(an_outlier_hides_no_near_pair),
    CHECK_TEST(rounding_apart_hides_no_near_pair),
    CHECK_TEST(the_limit_is_sharp),
    CHECK_TEST(products_of_the_screen_are_exact),
    CHECK_TEST(company_changes_no_bit_of_screened_layers),
    CHECK_TEST(threads_change_no_bit_of_a_screened_layer),
};

CHECK_MAIN("kde_screen", tests, 1)
