/*
 * test_densities.c - local densities of a backend: LNN against double, statuses, what
 * must not change a value, and the promise that a layer's values depend on the layer
 * alone.
 */
#include "density_run.h"

/* Every value of an LNN of the layer, which has to have one, in the oracle's bound. */
static void check_values(const layer *l, const run *r, double *share)
{
    const oracle_layer of = layer_oracle(l);
    for (int64_t i = 0; i < l->n; i += l->n > 200 ? 13 : 1) {
        double want, allowed;
        CHECK(oracle_lnn(&of, i, &want, &allowed));
        const double used = fabs(r->value[i] - want) / allowed;
        if (r->status[i] != IPL_LOCAL_DONE || !(used <= 1.0))
            fail_msg("n %lld d %lld row %lld: %.12g with status %d, want %.12g within "
                     "%.2g (seed %llu)", (long long)l->n, (long long)oracle_units(&of),
                     (long long)i, r->value[i], r->status[i], want, allowed,
                     (unsigned long long)check_seed());
        if (used > *share) *share = used;
    }
}

static void check_shape(void **state, int64_t n, int64_t d, int64_t second,
                        int32_t classes, double *share)
{
    const layer l = layer_make(n, d, second, classes);
    run r = run_one(check_device(state), &l, IPL_DENSITY_LNN);
    check_values(&l, &r, share);
    run_close(check_device(state), &r);
    layer_free(l);
}

static void values_stay_within_rounding_at_every_height(void **state)
{
    static const int64_t edge[] = {64, 128, 192, 256, 768, 1024};
    const int64_t most = check_size(check_device(state), 1025, 193);
    double share = 0.0;
    for (int64_t n = 8; n <= 50; n += check_size(check_device(state), 1, 7))
        check_shape(state, n, 2, 0, 0, &share);
    for (size_t e = 0; e < sizeof edge / sizeof *edge; ++e)
        for (int64_t n = edge[e] - 1; n <= edge[e] + 1 && n <= most; ++n)
            check_shape(state, n, 3, 0, 0, &share);
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void values_stay_within_rounding_at_every_width(void **state)
{
    static const int64_t wide[] = {39, 40, 41, 47, 48, 49, 64, 90};
    const int64_t most = check_size(check_device(state), 90, 41);
    const int64_t step = check_size(check_device(state), 1, 6);
    double share = 0.0;
    for (int64_t d = 1; d <= 24; d += step)
        check_shape(state, 4 * d + 20, d, 0, 0, &share);
    for (size_t e = 0; e < sizeof wide / sizeof *wide && wide[e] <= most; ++e)
        check_shape(state, wide[e] * 3, wide[e], 0, 0, &share);
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void values_stay_within_rounding_for_any_classes_and_spaces(void **state)
{
    double share = 0.0;
    for (int32_t classes = 0; classes <= 4; ++classes) {
        const int64_t n = 80 + 10 * classes;
        check_shape(state, n, 2, 0, classes, &share);
        check_shape(state, n, 1, 3, classes, &share);
        check_shape(state, n, 4, 2, classes, &share);
    }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

/* -- Statuses ----------------------------------------------------------------------*/

static void check_status(void **state, const layer *l, int64_t row, int32_t status)
{
    for (int density = 0; density < 2; ++density) {
        run r = run_one(check_device(state), l, density ? IPL_DENSITY_LGA
                                                        : IPL_DENSITY_LNN);
        if (r.status[row] != status)
            fail_msg("row %lld has status %d, expected %d", (long long)row,
                     r.status[row], status);
        CHECK(isnan(r.value[row]));
        run_close(check_device(state), &r);
    }
}

/* A constant unit, a unit that is the double of another, too few others, none at all,
 * and others that are all beyond the last weight. */
static void flat_neighbourhoods_are_singular(void **state)
{
    layer l = layer_make(60, 4, 0, 0);
    for (int64_t i = 0; i < l.n; ++i) l.t[0][i * 4 + 1] = 7.0f;
    check_status(state, &l, 11, IPL_LOCAL_SINGULAR);
    for (int64_t i = 0; i < l.n; ++i) l.t[0][i * 4 + 1] = 2.0f * l.t[0][i * 4 + 3];
    check_status(state, &l, 11, IPL_LOCAL_SINGULAR);
    layer_free(l);

    l = layer_make(60, 4, 0, 2);
    for (int64_t i = 0; i < l.n; ++i) l.y[i] = i % 20 == 3;
    check_status(state, &l, 3, IPL_LOCAL_SINGULAR);
    for (int64_t i = 0; i < l.n; ++i) l.y[i] = i == 5;
    check_status(state, &l, 5, IPL_LOCAL_SINGULAR);
    for (int64_t i = 0; i < l.n; ++i) l.y[i] = 0, l.square[i] = 1e-8f;
    check_status(state, &l, 40, IPL_LOCAL_SINGULAR);
    layer_free(l);
}

/* Seen from a row at distance h, a cluster of width h / 100 has 1/2 mu^T Sigma^-1 mu of
 * about 5000; one of h / 20 about 200. */
static void far_neighbourhoods_are_told(void **state)
{
    layer l = layer_make(60, 2, 0, 0);
    for (int64_t e = 0; e < 2 * l.n; ++e) l.t[0][e] *= 0.01f;
    l.t[0][2 * 9] = 1.0f;
    l.t[0][2 * 9 + 1] = 0.0f;
    for (int64_t i = 0; i < l.n; ++i) l.square[i] = i == 9 ? 1.0f : 1e-4f;
    check_status(state, &l, 9, IPL_LOCAL_FAR);
    for (int64_t i = 0; i < l.n; ++i)
        if (i != 9)
            for (int k = 0; k < 2; ++k) l.t[0][2 * i + k] *= 5.0f;
    run r = run_one(check_device(state), &l, IPL_DENSITY_LNN);
    CHECK(r.status[9] == IPL_LOCAL_DONE && isfinite(r.value[9]));
    run_close(check_device(state), &r);
    layer_free(l);
}

/* -- What changes no value ---------------------------------------------------------*/

/* The values of `l` with rows, and units, in another order, and moved by powers of
 * two, which float does exactly. Each of both is within the oracle's bound. */
static void shifts_and_orders_change_values_by_rounding(void **state)
{
    enum { N = 120, D = 5 };
    layer l = layer_make(N, D, 0, 3), p = layer_make(N, D, 0, 3);
    int32_t order[N];
    for (int64_t e = 0; e < N * D; ++e)
        l.t[0][e] = rintf(l.t[0][e] * 1024.0f) / 1024.0f;
    ipl_random_permutation((ipl_random){check_seed(), 8}, N, order);
    for (int64_t i = 0; i < N; ++i) {
        p.y[i] = l.y[order[i]];
        p.square[i] = l.square[order[i]];
        for (int64_t k = 0; k < D; ++k)
            p.t[0][i * D + k] = l.t[0][order[i] * D + (k + 2) % D] + 64.0f;
    }
    run a = run_one(check_device(state), &l, IPL_DENSITY_LNN);
    run b = run_one(check_device(state), &p, IPL_DENSITY_LNN);
    const oracle_layer of = layer_oracle(&l);
    for (int64_t i = 0; i < N; ++i) {
        double want, allowed;
        CHECK(oracle_lnn(&of, order[i], &want, &allowed));
        CHECK(a.status[order[i]] == b.status[i]);
        CHECK(fabs(b.value[i] - a.value[order[i]]) <= 2.0 * allowed);
    }
    run_close(check_device(state), &a);
    run_close(check_device(state), &b);
    layer_free(l);
    layer_free(p);
}

/* Distances stay, and so do determinants: a rotation by 3-4-5 of values that it takes
 * to floats exactly. */
static void rotations_change_values_by_rounding(void **state)
{
    enum { N = 90, D = 3 };
    layer l = layer_make(N, D, 0, 0), p = layer_make(N, D, 0, 0);
    for (int64_t i = 0; i < N; ++i) {
        float *from = l.t[0] + i * D, *to = p.t[0] + i * D;
        for (int64_t k = 0; k < D; ++k)
            from[k] = 5.0f * rintf(from[k] * 1024.0f) / 1024.0f;
        to[0] = 0.2f * (3.0f * from[0] - 4.0f * from[2]);
        to[2] = 0.2f * (4.0f * from[0] + 3.0f * from[2]);
        for (int k = 0; k < 3; k += 2) to[k] = rintf(to[k] * 1024.0f) / 1024.0f;
        to[1] = -from[1];
        l.square[i] *= 25.0f;
        p.square[i] = l.square[i];
    }
    run a = run_one(check_device(state), &l, IPL_DENSITY_LNN);
    run b = run_one(check_device(state), &p, IPL_DENSITY_LNN);
    const oracle_layer of = layer_oracle(&l);
    for (int64_t i = 0; i < N; ++i) {
        double want, allowed;
        CHECK(oracle_lnn(&of, i, &want, &allowed));
        CHECK(fabs(b.value[i] - a.value[i]) <= 2.0 * allowed);
    }
    run_close(check_device(state), &a);
    run_close(check_device(state), &b);
    layer_free(l);
    layer_free(p);
}

static void unit_changes_no_bit(void **state)
{
    layer l = layer_make(70, 3, 2, 2);
    run a = run_one(check_device(state), &l, IPL_DENSITY_LNN);
    l.unit = 0x1p39f;
    run b = run_one(check_device(state), &l, IPL_DENSITY_LNN);
    check_same(l.n, &a, &b);
    run_close(check_device(state), &a);
    run_close(check_device(state), &b);
    layer_free(l);
}

/* -- A layer's values depend on the layer alone -------------------------------------*/

enum { COMPANY = 5 };

static void company_make(layer l[COMPANY])
{
    static const int64_t n[COMPANY] = {130, 40, 1, 45, 60};
    static const int64_t d[COMPANY] = {2, 6, 3, 1, 12};
    static const int64_t second[COMPANY] = {0, 0, 1, 2, 0};
    for (int q = 0; q < COMPANY; ++q)
        l[q] = layer_make(n[q], d[q], second[q], q % 3);
}

/* All the layers in one call; odd ones by LGA. */
static void company_run(ipl_device *dev, const layer l[COMPANY], run r[COMPANY])
{
    for (int q = 0; q < COMPANY; ++q)
        r[q] = run_open(dev, &l[q], q % 2 ? IPL_DENSITY_LGA : IPL_DENSITY_LNN, 0, 0);
    run_all(dev, COMPANY, r);
}

static void company_end(ipl_device *dev, layer l[COMPANY], run r[COMPANY])
{
    for (int q = 0; q < COMPANY; ++q) {
        run_close(dev, &r[q]);
        if (l) layer_free(l[q]);
    }
}

static void company_and_repetition_change_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    layer l[COMPANY];
    run first[COMPANY], second[COMPANY];
    company_make(l);
    company_run(dev, l, first);
    company_run(dev, l, second);
    for (int q = 0; q < COMPANY; ++q) {
        run alone = run_one(dev, &l[q], first[q].job.density);
        check_same(l[q].n, &first[q], &second[q]);
        check_same(l[q].n, &first[q], &alone);
        run_close(dev, &alone);
    }
    company_end(dev, NULL, second);
    company_end(dev, l, first);
}

static void number_of_threads_changes_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    layer l[COMPANY];
    run given[COMPANY];
    company_make(l);
    company_run(dev, l, given);
    const int step = (int)check_size(dev, 2, 4);
    for (int threads = 1; threads <= 5; threads += step) {
        ipl_device *other;
        const ipl_device_options options = {.threads = threads};
        run r[COMPANY];
        CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &options, &other));
        company_run(other, l, r);
        for (int q = 0; q < COMPANY; ++q) check_same(l[q].n, &given[q], &r[q]);
        company_end(other, NULL, r);
        ipl_device_close(other);
    }
    company_end(dev, l, given);
}

/* One space or both in host memory, whole and in blocks, with classes that end in
 * them. */
static void blocks_change_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    const int64_t n = check_size(dev, 2600, 1040), block = IPL_MI_BLOCK_ROWS;
    const struct {
        int64_t n, second;
        int32_t classes;
        int     hosts;
    } of[] = {{90, 0, 0, 1}, {90, 1, 3, 3}, {n, 0, 0, 1}, {n, 1, 3, 2}, {n, 1, 3, 3}};
    for (size_t q = 0; q < sizeof of / sizeof *of; ++q) {
        const layer l = layer_make(of[q].n, 1, of[q].second, of[q].classes);
        run whole = run_one(dev, &l, IPL_DENSITY_LNN);
        run r = run_open(dev, &l, IPL_DENSITY_LNN, block, of[q].hosts);
        run_all(dev, 1, &r);
        check_same(l.n, &whole, &r);
        run_close(dev, &r);
        run_close(dev, &whole);
        layer_free(l);
    }
}

/* Of matrices in one tile and in several, and of a layer that comes in blocks. */
static void length_of_launches_changes_no_bit(void **state)
{
    static const struct { int64_t n, d, block; } of[] = {
        {70, 2, 0}, {100, 45, 0}, {1100, 1, IPL_MI_BLOCK_ROWS}};
    ipl_device *dev = check_device(state), *small = check_small_launches(dev);
    for (size_t q = 0; q < sizeof of / sizeof *of; ++q) {
        const layer l = layer_make(of[q].n, of[q].d, 0, q % 2 * 2);
        run whole = run_one(dev, &l, IPL_DENSITY_LNN);
        run r = run_open(small, &l, IPL_DENSITY_LNN, of[q].block, of[q].block != 0);
        run_all(small, 1, &r);
        check_same(l.n, &whole, &r);
        run_close(small, &r);
        run_close(dev, &whole);
        layer_free(l);
    }
    ipl_device_close(small);
}

static const check_test tests[] = {
    CHECK_TEST(values_stay_within_rounding_at_every_height),
    CHECK_TEST(values_stay_within_rounding_at_every_width),
    CHECK_TEST(values_stay_within_rounding_for_any_classes_and_spaces),
    CHECK_TEST(flat_neighbourhoods_are_singular),
    CHECK_TEST(far_neighbourhoods_are_told),
    CHECK_TEST(shifts_and_orders_change_values_by_rounding),
    CHECK_TEST(rotations_change_values_by_rounding),
    CHECK_TEST(unit_changes_no_bit),
    CHECK_TEST(company_and_repetition_change_no_bit),
    CHECK_TEST(number_of_threads_changes_no_bit),
    CHECK_TEST(blocks_change_no_bit),
    CHECK_TEST(length_of_launches_changes_no_bit),
};

CHECK_MAIN("densities", tests, 1)
