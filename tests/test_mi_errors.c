/*
 * test_mi_errors.c - standard errors: what leaving out tenths of the rows gives.
 */
#include "check.h"
#include "layers.h"
#include "oracle_error.h"
#include "oracle_mi.h"

enum { G = ORACLE_GROUPS };

/* -- Samples ----------------------------------------------------------------------*/

/* Inputs of two normal values, a layer of d noisy functions of them without ties, and
 * what else belongs to n samples. */
typedef struct {
    int64_t  n, d;
    float   *x, *t; /* [n][2], [n][d]                                           */
    int32_t *y, *number; /* [n]: classes, and numbers of inputs that repeat     */
} samples;

static double normal(uint64_t seed, uint64_t stream, int64_t at)
{
    const ipl_random from = {seed, stream};
    const double u = ipl_random_uniform(from, (uint64_t)(2 * at));
    const double v = ipl_random_uniform(from, (uint64_t)(2 * at + 1));
    return sqrt(-2.0 * log(1.0 - u)) * cos(6.283185307179586 * v);
}

static samples samples_make(int64_t n, int64_t d, double share, uint64_t seed)
{
    samples s = {n, d, test_malloc((size_t)(2 * n) * sizeof *s.x),
                 test_malloc((size_t)(n * d) * sizeof *s.t),
                 test_malloc((size_t)n * sizeof *s.y),
                 test_malloc((size_t)n * sizeof *s.number)};
    for (int64_t i = 0; i < 2 * n; ++i) s.x[i] = (float)normal(seed, 1, i);
    for (int64_t i = 0; i < n; ++i) {
        for (int64_t k = 0; k < d; ++k)
            s.t[i * d + k] = (float)(share * s.x[2 * i + k % 2] +
                                     sqrt(1.0 - share * share) *
                                         normal(seed, 2, i * d + k));
        s.y[i] = s.x[2 * i] > 0.0f;
        s.number[i] = (int32_t)(i * 7 % (n / 2 + 1));
    }
    return s;
}

/* What remains of them without the rows whose number mod 10 is g. */
static samples samples_without(int g, const samples *all)
{
    samples s = samples_make(all->n, all->d, 0.0, 1);
    s.n = oracle_without(g, all->n, 2 * sizeof *s.x, all->x, s.x);
    oracle_without(g, all->n, (size_t)s.d * sizeof *s.t, all->t, s.t);
    oracle_without(g, all->n, sizeof *s.y, all->y, s.y);
    oracle_without(g, all->n, sizeof *s.number, all->number, s.number);
    return s;
}

static void samples_free(samples *s)
{
    test_free(s->x);
    test_free(s->t);
    test_free(s->y);
    test_free(s->number);
}

/* Those samples on a device, as a job. */
typedef struct {
    layer_on layer;
    ipl_mat  x;
} samples_on;

static samples_on samples_open(ipl_device *dev, const samples *s, int labels,
                               int numbers, int values)
{
    samples_on on;
    layer_open(dev, s->n, s->d, s->t, 2, labels ? s->y : NULL, &on.layer);
    if (numbers)
        CHECK_OK(ipl_labels_create(dev, s->n, (int32_t)(s->n + 10), s->number,
                                   &on.layer.x));
    on.x = (ipl_mat){0};
    if (!values) return on;
    CHECK_OK(ipl_mat_alloc(dev, s->n, 2, &on.x));
    CHECK_OK(ipl_upload(dev, s->x, (size_t)(2 * s->n) * sizeof *s->x, on.x.at));
    CHECK_OK(ipl_mi_inputs_create(dev, on.x, &on.layer.job.inputs));
    return on;
}

static void samples_close(samples_on *on)
{
    ipl_mi_inputs_destroy(on->layer.job.inputs);
    ipl_free(on->layer.dev, on->x.at);
    layer_close(&on->layer);
}

/* -- Against calls with fewer rows ------------------------------------------------*/

/* Every family but BIN, whose errors have a form of their own. */
static int families(ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT])
{
    int count = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        if (k != IPL_MI_BIN) options[count++] = ipl_mi_defaults((ipl_mi_estimator)k);
    return count;
}

static void near_value(const char *name, double got, oracle_error_of want)
{
    if (!(fabs(got - want.value) <= want.bound) && !(isnan(got) && isnan(want.value)))
        fail_msg("%s: the error is %.12g, expected %.12g within %.2g", name, got,
                 want.value, want.bound);
}

/* The errors of all points, from ten calls with the remaining rows alone. */
static void expect_errors(ipl_device *dev, const samples *s, int labels, int numbers,
                          int values, const ipl_mi_job *got)
{
    double theta[IPL_MI_LAYER_POINTS][2][G];
    const double exact[G] = {0};
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = families(options);
    for (int g = 0; g < G; ++g) {
        samples rest = samples_without(g, s);
        samples_on on = samples_open(dev, &rest, labels, numbers, values);
        CHECK_OK(layers_estimate_all(count, options, 1, &on.layer));
        CHECK(on.layer.job.points == got->points);
        for (int p = 0; p < got->points; ++p) {
            theta[p][0][g] = on.layer.job.point[p].i_xt;
            theta[p][1][g] = on.layer.job.point[p].i_ty;
        }
        samples_close(&on);
        samples_free(&rest);
    }
    for (int p = 0; p < got->points; ++p) {
        near_value(got->point[p].name, got->point[p].se_x,
                   oracle_error(theta[p][0], exact));
        near_value(got->point[p].name, got->point[p].se_y,
                   oracle_error(theta[p][1], exact));
    }
}

static void same_errors(const ipl_mi_job *a, const ipl_mi_job *b)
{
    CHECK(a->points == b->points);
    for (int p = 0; p < a->points; ++p) {
        const ipl_mi_point *x = &a->point[p], *y = &b->point[p];
        CHECK(x->se_x == y->se_x || (isnan(x->se_x) && isnan(y->se_x)));
        CHECK(x->se_y == y->se_y || (isnan(x->se_y) && isnan(y->se_y)));
    }
}

/* Jobs of several sizes, with and without labels, numbers and values of inputs; the
 * second call finds what the first one has kept of the inputs. */
static void errors_are_those_of_calls_without_the_rows(void **state)
{
    enum { JOBS = 3 };
    static const int64_t rows[JOBS] = {63, 50, 47}, units[JOBS] = {2, 1, 3};
    ipl_device *dev = check_device(state);
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = families(options);
    samples s[JOBS];
    samples_on on[JOBS];
    layer_on layer[JOBS];
    for (int j = 0; j < JOBS; ++j) {
        s[j] = samples_make(rows[j], units[j], 0.6, check_seed() + (uint64_t)j);
        on[j] = samples_open(dev, &s[j], j != 1, j == 0, j != 2);
        on[j].layer.job.error = IPL_MI_ERROR_JACKKNIFE;
        layer[j] = on[j].layer;
    }
    CHECK_OK(layers_estimate_all(count, options, JOBS, layer));
    for (int j = 0; j < JOBS; ++j)
        expect_errors(dev, &s[j], j != 1, j == 0, j != 2, &layer[j].job);
    CHECK(layer[0].job.point[0].se_x > 0 && layer[0].job.point[0].se_y > 0);
    CHECK(layer[1].job.point[0].se_x > 0 && isnan(layer[1].job.point[0].se_y));
    ipl_mi_job first[JOBS];
    for (int j = 0; j < JOBS; ++j) first[j] = layer[j].job;
    CHECK_OK(layers_estimate_all(count, options, JOBS, layer));
    for (int j = 0; j < JOBS; ++j) same_errors(&first[j], &layer[j].job);
    for (int j = 0; j < JOBS; ++j) {
        samples_close(&on[j]);
        samples_free(&s[j]);
    }
}

/* Errors cost no bit of the values, and only the jobs that ask have them. */
static void errors_are_for_those_who_ask(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = families(options);
    samples s = samples_make(40, 2, 0.6, check_seed());
    samples few = samples_make(G - 1, 2, 0.6, check_seed());
    samples_on on = samples_open(dev, &s, 1, 0, 1);
    samples_on small = samples_open(dev, &few, 1, 0, 1);
    layer_on layer[3] = {on.layer, on.layer, small.layer};
    layer[0].job.error = layer[2].job.error = IPL_MI_ERROR_JACKKNIFE;
    CHECK_OK(layers_estimate_all(count, options, 3, layer));
    for (int p = 0; p < layer[0].job.points; ++p) {
        const ipl_mi_point *with = &layer[0].job.point[p];
        const ipl_mi_point *without = &layer[1].job.point[p];
        CHECK(!memcmp(&with->i_xt, &without->i_xt, 2 * sizeof(double)));
        CHECK(isnan(without->se_x) && isnan(without->se_y));
        CHECK(isnan(with->se_x) == isnan(with->i_xt));
        CHECK(isnan(with->se_y) == isnan(with->i_ty));
        CHECK(isnan(layer[2].job.point[p].se_x)); /* fewer rows than groups */
    }
    CHECK(layer[0].job.point[0].se_x > 0);
    samples_close(&on);
    samples_close(&small);
    samples_free(&s);
    samples_free(&few);
}

/* -- Against oracles --------------------------------------------------------------*/

static void errors_of_noise_match_the_oracle(void **state)
{
    static const int64_t shape[][2] = {{30, 1}, {57, 3}, {100, 2}};
    ipl_device *dev = check_device(state);
    ipl_mi_options o = ipl_mi_defaults(IPL_MI_KDE);
    o.noise_relative = 1; /* of the rows that remain */
    for (size_t k = 0; k < sizeof shape / sizeof *shape; ++k) {
        samples s = samples_make(shape[k][0], shape[k][1], 0.5, check_seed() + k);
        samples_on on = samples_open(dev, &s, 1, 0, 0);
        double theta[2][2][G], allowed[2][2][G];
        on.layer.job.error = IPL_MI_ERROR_JACKKNIFE;
        CHECK_OK(layers_estimate(&o, 1, &on.layer));
        for (int g = 0; g < G; ++g) {
            samples rest = samples_without(g, &s);
            double squares = 0.0;
            for (int64_t v = 0; v < rest.n * s.d; ++v)
                squares += (double)rest.t[v] * (double)rest.t[v];
            const oracle_plane plane =
                oracle_kde_plane(rest.n, s.d, rest.t, 2, rest.y,
                                 o.noise_var * squares / (double)(rest.n * s.d));
            for (int b = 0; b < 2; ++b) {
                theta[b][0][g] = plane.i_xt[b];
                theta[b][1][g] = plane.i_ty[b];
                allowed[b][0][g] = plane.allowed_x[b];
                allowed[b][1][g] = plane.allowed_y[b];
            }
            samples_free(&rest);
        }
        for (int b = 0; b < 2; ++b) {
            const ipl_mi_point *p = &on.layer.job.point[b];
            const oracle_error_of x = oracle_error(theta[b][0], allowed[b][0]);
            const oracle_error_of y = oracle_error(theta[b][1], allowed[b][1]);
            check_within("se_x", 1, &p->se_x, &x.value, &x.bound);
            check_within("se_y", 1, &p->se_y, &y.value, &y.bound);
        }
        samples_close(&on);
        samples_free(&s);
    }
}

/* -- The same bits ----------------------------------------------------------------*/

/* A layer in host memory is gathered there. */
static void blocks_of_rows_have_the_same_errors(void **state)
{
    enum { N = IPL_MI_BLOCK_ROWS + 60 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o[2] = {ipl_mi_defaults(IPL_MI_KDE),
                                 ipl_mi_defaults(IPL_MI_MIXED)};
    const int count = (int)check_size(dev, 2, 1);
    samples s = samples_make(N, 1, 0.7, check_seed());
    samples_on on = samples_open(dev, &s, 1, 0, 1);
    on.layer.job.error = IPL_MI_ERROR_JACKKNIFE;
    CHECK_OK(layers_estimate_all(count, o, 1, &on.layer));
    const ipl_mi_job whole = on.layer.job;
    CHECK(whole.point[0].se_x > 0);
    on.layer.job.block_rows = IPL_MI_BLOCK_ROWS;
    on.layer.job.t.at = s.t;
    CHECK_OK(layers_estimate_all(count, o, 1, &on.layer));
    same_errors(&whole, &on.layer.job);
    on.layer.job.t.at = whole.t.at;
    samples_close(&on);
    samples_free(&s);
}

static void errors_do_not_depend_on_threads(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    const int count = families(options);
    if (!ipl_device_about(dev)->is_host) skip(); /* the caller has no choice */
    samples s = samples_make(90, 3, 0.6, check_seed());
    ipl_mi_job made[2];
    for (int threads = 1; threads <= 2; ++threads) {
        CHECK_OK(ipl_device_use_threads(dev, threads));
        samples_on on = samples_open(dev, &s, 1, 1, 1);
        on.layer.job.error = IPL_MI_ERROR_JACKKNIFE;
        CHECK_OK(layers_estimate_all(count, options, 1, &on.layer));
        made[threads - 1] = on.layer.job;
        samples_close(&on);
    }
    same_errors(&made[0], &made[1]);
    samples_free(&s);
}

/* -- What they mean ---------------------------------------------------------------*/

/* Over many samples, the errors are about as large as the values' own spread: within a
 * factor of 2. */
static void errors_are_near_the_spread(void **state)
{
    enum { N = 200, SEEDS = 30, POINTS = 4 };
    ipl_device *dev = check_device(state);
    char first[32];
    CHECK_OK(ipl_device_name(0, first, sizeof first));
    if (strcmp(ipl_device_about(dev)->name, first)) skip(); /* one device tells */
    const ipl_mi_options o[] = {ipl_mi_defaults(IPL_MI_KDE),
                                ipl_mi_defaults(IPL_MI_KSG)};
    double sum[POINTS][2] = {{0}}, squares[POINTS][2] = {{0}}, error[POINTS][2] = {{0}};
    for (int seed = 0; seed < SEEDS; ++seed) {
        samples s = samples_make(N, 1, 0.8, check_seed() * 1000 + (uint64_t)seed);
        samples_on on = samples_open(dev, &s, 1, 0, 1);
        on.layer.job.error = IPL_MI_ERROR_JACKKNIFE;
        CHECK_OK(layers_estimate_all(2, o, 1, &on.layer));
        for (int p = 0; p < POINTS; ++p) {
            const ipl_mi_point *at = &on.layer.job.point[p];
            const double value[2] = {at->i_xt, at->i_ty}, se[2] = {at->se_x, at->se_y};
            for (int v = 0; v < 2; ++v) {
                sum[p][v] += value[v];
                squares[p][v] += value[v] * value[v];
                error[p][v] += se[v];
            }
        }
        samples_close(&on);
        samples_free(&s);
    }
    for (int p = 0; p < POINTS; ++p)
        for (int v = 0; v < 2; ++v) {
            const double mean = sum[p][v] / SEEDS;
            const double spread = sqrt(squares[p][v] / SEEDS - mean * mean);
            const double ratio = error[p][v] / SEEDS / spread;
            if (p >= 2 && v) { /* ksg knows no labels */
                CHECK(isnan(ratio));
                continue;
            }
            printf("# point %d, %s: error %.4f, spread %.4f\n", p,
                   v ? "I(T;Y)" : "I(X;T)", error[p][v] / SEEDS, spread);
            CHECK(ratio > 0.5 && ratio < 2.0);
        }
}

static const check_test tests[] = {
    CHECK_TEST(errors_are_those_of_calls_without_the_rows),
    CHECK_TEST(errors_are_for_those_who_ask),
    CHECK_TEST(errors_of_noise_match_the_oracle),
    CHECK_TEST(blocks_of_rows_have_the_same_errors),
    CHECK_TEST(errors_do_not_depend_on_threads),
    CHECK_TEST(errors_are_near_the_spread),
};

CHECK_MAIN("mi_errors", tests, 1)
