/*
 * test_moments.c - the local moments of the CPU backend, in each of its instruction
 * sets, against double, exact cases, and the promise that a row's moments depend on its
 * layer and its bandwidth alone.
 */
#include "arena.h"
#include "cpu/moments.h"
#include "density_run.h"

/* A layer packed for the device's kernels; NULL kernels: not a device of the CPU. */
typedef struct {
    const moments_kernels *kernels;
    moments_layer          packed;
    ipl_labels             y;
    ipl_device            *dev;
    void                  *memory, *work;
    float                 *square; /* in the packed order */
} packed;

static packed pack(ipl_device *dev, const layer *l)
{
    packed p = {.dev = dev};
    if (strcmp(dev->backend->name, "cpu")) return p;
    ipl_pairs pairs = {.n = l->n, .spaces = l->d[1] ? 2 : 1, .unit = l->unit,
                       .space = {{l->d[0], l->t[0], 0}, {l->d[1], l->t[1], 0}},
                       .norm = IPL_NORM_EUCLID};
    if (l->classes) {
        CHECK_OK(ipl_labels_create(dev, l->n, l->classes, l->y, &p.y));
        pairs.y = &p.y;
    }
    ipl_arena arena = {0};
    p.kernels = moments_kernels_of(((const cpu_state *)dev->state)->isa);
    moments_lay_out(p.kernels, &pairs, &arena, &p.packed);
    CHECK_OK(ipl_alloc(dev, arena.used, &p.memory));
    arena = (ipl_arena){.base = p.memory};
    moments_lay_out(p.kernels, &pairs, &arena, &p.packed);
    const int64_t half = p.packed.padded / 2 / MOMENTS_PACK * MOMENTS_PACK;
    moments_pack(&pairs, half, p.packed.padded, p.kernels, &p.packed);
    moments_pack(&pairs, 0, half, p.kernels, &p.packed);
    CHECK_OK(ipl_alloc(dev, p.kernels->work_bytes(p.packed.d), &p.work));
    p.square = malloc((size_t)l->n * sizeof *p.square);
    for (int64_t i = 0; i < l->n; ++i) 
        p.square[i] = l->square[p.packed.order[i]] * l->unit * l->unit;
    return p;
}

static void unpack(packed *p)
{
    ipl_free(p->dev, p->memory);
    ipl_free(p->dev, p->work);
    ipl_labels_free(p->dev, &p->y);
    free(p->square);
}

/* Moments of `count` packed rows; the caller frees. */
static double *moments_of(const packed *p, int64_t first, int64_t count)
{
    const size_t size = (size_t)(count * local_moments(p->packed.d));
    double *moments = malloc((size + 1) * sizeof *moments);
    moments[size] = 42.0;
    p->kernels->rows(&p->packed, first, count, p->square + first, p->work, moments);
    CHECK(moments[size] == 42.0);
    return moments;
}

/* Every entry of every step-th row; the largest share of its bound is kept. */
static void check_oracle(ipl_device *dev, const layer *l, int64_t step, double *share)
{
    const oracle_layer of = layer_oracle(l);
    const int64_t d = oracle_units(&of), size = oracle_moments(d);
    packed p = pack(dev, l);
    if (!p.kernels) return;
    double *got = moments_of(&p, 0, l->n);
    double *want = malloc((size_t)(2 * size) * sizeof *want), *allowed = want + size;
    for (int64_t i = 0; i < l->n; i += step) {
        oracle_row(&of, p.packed.order[i], want, allowed);
        for (int64_t e = 0; e < size; ++e) {
            const double error = fabs(got[i * size + e] - want[e]);
            const double used = error == 0.0 ? 0.0 : error / allowed[e];
            if (!(used <= 1.0))
                fail_msg("n %lld d %lld row %lld entry %lld: %.12g, want %.12g within "
                         "%.2g (seed %llu)", (long long)l->n, (long long)d,
                         (long long)i, (long long)e, got[i * size + e], want[e],
                         allowed[e], (unsigned long long)check_seed());
            if (used > *share) *share = used;
        }
    }
    free(got);
    free(want);
    unpack(&p);
}

static void check_shape(void **state, int64_t n, int64_t d, int64_t second,
                        int32_t classes, double *share)
{
    const layer l = layer_make(n, d, second, classes);
    check_oracle(check_device(state), &l, n > 200 ? 29 : 1, share);
    layer_free(l);
}

static void moments_stay_within_rounding_at_every_height(void **state)
{
    static const int64_t edge[] = {128, 192, 384, 768, 816, 1536, 1600};
    double share = 0.0;
    for (int64_t n = 1; n <= 100; ++n) check_shape(state, n, 3, 0, 0, &share);
    for (size_t e = 0; e < sizeof edge / sizeof *edge; ++e)
        for (int64_t n = edge[e] - 1; n <= edge[e] + 1; ++n)
            check_shape(state, n, 5, 0, 0, &share);
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void moments_stay_within_rounding_at_every_width(void **state)
{
    static const int64_t wide[] = {63, 64, 65, 127, 128, 129, 143, 256, 300};
    double share = 0.0;
    for (int64_t d = 1; d <= 52; ++d) check_shape(state, 83, d, 0, 0, &share);
    for (size_t e = 0; e < sizeof wide / sizeof *wide; ++e)
        check_shape(state, 37, wide[e], 0, 0, &share);
    check_shape(state, 530, 70, 0, 0, &share);
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static void moments_stay_within_rounding_for_any_classes_and_spaces(void **state)
{
    double share = 0.0;
    for (int32_t classes = 0; classes <= 90; classes += classes < 5 ? 1 : 17) {
        check_shape(state, 90, 4, 0, classes, &share);
        check_shape(state, 1700, 2, 3, classes, &share);
        check_shape(state, 60, 126, 5, classes, &share);
    }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

/* Any rows at once: their own class only, other spans and panels, other company. */
static void rows_at_once_change_no_bit(void **state)
{
    static const int64_t n[] = {40, 1000, 300}, d[] = {9, 3, 61};
    for (int q = 0; q < 3; ++q)
        for (int32_t classes = 0; classes <= 4; classes += 4) {
            const layer l = layer_make(n[q], d[q], 0, classes);
            packed p = pack(check_device(state), &l);
            const size_t bytes = (size_t)local_moments(d[q]) * sizeof(double);
            double *all = p.kernels ? moments_of(&p, 0, l.n) : NULL;
            for (int64_t first = 0; all && first < l.n; first += 7)
                for (int64_t count = 1; count <= 11 && first + count <= l.n;
                     count += 5) {
                    double *some = moments_of(&p, first, count);
                    CHECK(!memcmp(some, all + first * local_moments(d[q]),
                                  (size_t)count * bytes));
                    free(some);
                }
            free(all);
            if (p.kernels) unpack(&p);
            layer_free(l);
        }
}

/* Equal rows weigh 1 and add nothing else; rows beyond the last weight add nothing. */
static void equal_and_far_rows_are_exact(void **state)
{
    static const int64_t d[] = {1, 2, 7, 8, 50, 140};
    for (int q = 0; q < 6; ++q) {
        layer l = layer_make(97, d[q], 0, 0);
        for (int64_t i = 0; i < l.n; ++i)
            for (int64_t k = 0; k < d[q]; ++k)
                l.t[0][i * d[q] + k] = 1000.0f * (float)(i % 3) + (float)k;
        packed p = pack(check_device(state), &l);
        double *got = p.kernels ? moments_of(&p, 0, l.n) : NULL;
        for (int64_t i = 0; got && i < l.n; ++i) {
            const double *row = got + i * local_moments(d[q]);
            CHECK(row[0] == (i % 3 ? 31.0 : 32.0));
            for (int64_t e = 1; e < local_moments(d[q]); ++e) CHECK(row[e] == 0.0);
        }
        free(got);
        if (p.kernels) unpack(&p);
        layer_free(l);
    }
}

/* Bandwidths at the ends of what units allow: all far, all near, a square below
 * 2^-126. */
static void any_bandwidth_gives_finite_moments(void **state)
{
    static const float square[] = {1e-45f, 1e-38f, 1e-10f, 1e10f, 1e30f};
    double share = 0.0;
    for (int q = 0; q < 5; ++q)
        for (int64_t d = 2; d <= 60; d += 58) {
            layer l = layer_make(101, d, 0, 0);
            for (int64_t k = 0; k < d; ++k) l.t[0][7 * d + k] = l.t[0][9 * d + k];
            for (int64_t i = 0; i < l.n; ++i) l.square[i] = square[q];
            check_oracle(check_device(state), &l, 1, &share);
            layer_free(l);
        }
    printf("# %.0f%% of the allowed rounding\n", 100.0 * share);
}

static double lone_weight(ipl_device *dev, int64_t d, double log2_w)
{
    layer l = layer_make(2, d, 0, 0);
    memset(l.t[0], 0, (size_t)(2 * d) * sizeof(float));
    l.square[0] = l.square[1] = 1.0f;
    l.t[0][d - 1] = (float)sqrt(-2.0 * log2_w * log(2.0));
    packed p = pack(dev, &l);
    double *got = p.kernels ? moments_of(&p, 0, 2) : NULL;
    const double w = got ? got[0] / exp2(log2_w) : 1.0;
    if (got) CHECK(got[0] == got[local_moments(d)]);
    free(got);
    if (p.kernels) unpack(&p);
    layer_free(l);
    return p.kernels ? w : log2_w > -100.0;
}

static void weights_count_down_to_2_to_the_minus_100(void **state)
{
    static const int64_t d[] = {1, 5, 40, 200};
    for (int q = 0; q < 4; ++q) {
        CHECK(fabs(lone_weight(check_device(state), d[q], -60.0) - 1.0) < 1e-4);
        CHECK(fabs(lone_weight(check_device(state), d[q], -99.9) - 1.0) < 1e-4);
        CHECK(lone_weight(check_device(state), d[q], -100.1) == 0.0);
        CHECK(lone_weight(check_device(state), d[q], -1000.0) == 0.0);
    }
}

static void unit_changes_no_bit(void **state)
{
    for (int64_t d = 3; d <= 60; d += 57) {
        layer l = layer_make(130, d, 2, 2);
        const size_t bytes = (size_t)(130 * local_moments(d + 2)) * sizeof(double);
        packed p = pack(check_device(state), &l);
        double *one = p.kernels ? moments_of(&p, 0, l.n) : NULL;
        if (p.kernels) unpack(&p);
        l.unit = 0x1p39f;
        p = pack(check_device(state), &l);
        double *other = p.kernels ? moments_of(&p, 0, l.n) : NULL;
        if (one) CHECK(!memcmp(one, other, bytes));
        if (p.kernels) unpack(&p);
        free(one);
        free(other);
        layer_free(l);
    }
}

/* Columns in a plane of many units: S2 has no negative eigenvalue beyond rounding, so
 * that it has a factor once 1e-14 of its trace is added. */
static void second_moments_are_semidefinite(void **state)
{
    enum { D = 12 };
    layer l = layer_make(400, D, 0, 0);
    for (int64_t i = 0; i < l.n; ++i)
        for (int64_t k = 2; k < D; ++k)
            l.t[0][i * D + k] = l.t[0][i * D + k % 2] * (k % 3 ? 0.5f : -2.0f);
    packed p = pack(check_device(state), &l);
    double *got = p.kernels ? moments_of(&p, 0, l.n) : NULL;
    for (int64_t i = 0; got && i < l.n; ++i) {
        double c[D * D], inverse[D * D], log_det, trace = 0.0;
        const double *row = got + i * local_moments(D);
        for (int64_t a = 0; a < D; ++a) trace += oracle_second(D, row, a, a);
        for (int64_t a = 0; a < D; ++a)
            for (int64_t b = 0; b < D; ++b)
                c[a * D + b] = oracle_second(D, row, a, b) + (a == b) * 1e-14 * trace;
        CHECK(oracle_invert(D, c, inverse, &log_det));
    }
    free(got);
    if (p.kernels) unpack(&p);
    layer_free(l);
}

static const check_test tests[] = {
    CHECK_TEST(moments_stay_within_rounding_at_every_height),
    CHECK_TEST(moments_stay_within_rounding_at_every_width),
    CHECK_TEST(moments_stay_within_rounding_for_any_classes_and_spaces),
    CHECK_TEST(rows_at_once_change_no_bit),
    CHECK_TEST(equal_and_far_rows_are_exact),
    CHECK_TEST(any_bandwidth_gives_finite_moments),
    CHECK_TEST(weights_count_down_to_2_to_the_minus_100),
    CHECK_TEST(unit_changes_no_bit),
    CHECK_TEST(second_moments_are_semidefinite),
};

CHECK_MAIN("moments", tests, 1)
