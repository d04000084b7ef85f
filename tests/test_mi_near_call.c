/*
 * test_mi_near_call.c - informations from nearest neighbours: what changes no bit, rows
 * that are left out, and what a call lacks.
 */
#include "near_case.h"

static const ipl_mi_estimator families[] = {IPL_MI_KSG, IPL_MI_MIXED, IPL_MI_MS,
                                            IPL_MI_ROSS};
enum { FAMILIES = sizeof families / sizeof *families }; /* from 1: with I(T;Y) */

static void same_job(const ipl_mi_job *a, const ipl_mi_job *b)
{
    CHECK(a->points == b->points);
    for (int p = 0; p < a->points; ++p) near_same(&a->point[p], &b->point[p]);
}

/* All families on two cases: the same bits. */
static void same_points(ipl_device *dev, const near_case *a, const near_case *b)
{
    for (int f = 0; f < FAMILIES; ++f) {
        ipl_mi_job of_a, of_b;
        near_points(dev, families[f], 4, a, &of_a);
        near_points(dev, families[f], 4, b, &of_b);
        same_job(&of_a, &of_b);
    }
}

/* -- Changes of the values --------------------------------------------------------*/

static void scale(near_case *c, float factor)
{
    for (int64_t v = 0; v < c->n * c->dx; ++v) c->x[v] *= factor;
    for (int64_t v = 0; v < c->n * c->d; ++v) c->t[v] *= factor;
}

static void joint_powers_of_two_change_no_bit(void **state)
{
    static const int exponent[] = {-90, -17, 3, 100};
    ipl_device *dev = check_device(state);
    for (size_t e = 0; e < sizeof exponent / sizeof *exponent; ++e) {
        near_case a = near_make(NEAR_TANH, 120, 3, 4, 3);
        near_case b = near_make(NEAR_TANH, 120, 3, 4, 3);
        scale(&b, ldexpf(1.0f, exponent[e]));
        same_points(dev, &a, &b);
        near_free(&a);
        near_free(&b);
    }
}

/* Shifts and signs leave these exact differences as they are; the dead unit of RELU
 * may be dropped. */
static void shifts_and_signs_change_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    for (near_kind kind = NEAR_RELU; kind <= NEAR_REPEATED; ++kind) {
        near_case a = near_make(kind, 120, 3, 4, 3);
        near_case b = near_make(kind, 120, 3, 4, 3);
        for (int64_t v = 0; v < b.n * b.dx; ++v) b.x[v] = 2.0f - b.x[v];
        for (int64_t v = 0; v < b.n * b.d; ++v)
            b.t[v] = v % 2 ? b.t[v] + 1.0f : -b.t[v];
        same_points(dev, &a, &b);
        near_free(&a);
        near_free(&b);
    }
    near_case a = near_make(NEAR_RELU, 120, 3, 2, 3);
    near_case b = near_make(NEAR_RELU, 120, 3, 2, 3);
    for (int64_t i = 0; i < b.n; ++i) b.t[i] = b.t[2 * i];
    b.d = 1;
    same_points(dev, &a, &b);
    near_free(&a);
    near_free(&b);
}

static void order_of_rows_matters_to_rounding_alone(void **state)
{
    enum { N = 140 };
    ipl_device *dev = check_device(state);
    for (near_kind kind = NEAR_TANH; kind <= NEAR_LATTICE; ++kind) {
        near_case a = near_make(kind, N, 3, 2, 4), b = near_make(kind, N, 3, 2, 4);
        for (int64_t i = 0; i < N; ++i) {
            const int64_t from = (i * 37 + 11) % N;
            memcpy(b.x + i * 3, a.x + from * 3, 3 * sizeof *b.x);
            memcpy(b.t + i * 2, a.t + from * 2, 2 * sizeof *b.t);
            b.y[i] = (a.y[from] + 1) % 4;
        }
        for (int f = 0; f < FAMILIES; ++f) {
            ipl_mi_job of_a, of_b;
            near_points(dev, families[f], 4, &a, &of_a);
            near_points(dev, families[f], 4, &b, &of_b);
            for (int p = 0; p < of_a.points; ++p) {
                /* Of equally far rows, KSG2 takes the first. */
                if (of_a.point[p].flags & IPL_MI_TIES && p == 1) continue;
                near_close_to("i_xt", of_b.point[p].i_xt, of_a.point[p].i_xt, 1e-13);
                near_close_to("i_ty", of_b.point[p].i_ty, of_a.point[p].i_ty, 1e-13);
            }
        }
        near_free(&a);
        near_free(&b);
    }
}

/* -- Classes ----------------------------------------------------------------------*/

/* A class of one row, in the middle of the others, is as if it were not there. I(X;T)
 * knows nothing of classes. */
static void classes_of_one_row_are_left_out(void **state)
{
    enum { N = 120, AT = 47 };
    ipl_device *dev = check_device(state);
    near_case all = near_make(NEAR_LATTICE, N, 2, 3, 3);
    near_case less = near_make(NEAR_LATTICE, N, 2, 3, 3);
    all.y[AT] = 6;
    all.classes = 8; /* 3 to 5 and 7 are empty */
    memmove(less.t + AT * 3, less.t + (AT + 1) * 3, (N - 1 - AT) * 3 * sizeof *less.t);
    memmove(less.y + AT, less.y + AT + 1, (N - 1 - AT) * sizeof *less.y);
    less.n = N - 1;
    for (int f = 1; f < FAMILIES; ++f) {
        const ipl_mi_point p = near_points(dev, families[f], 5, &all, NULL);
        const ipl_mi_point q = near_points(dev, families[f], 5, &less, NULL);
        CHECK(p.i_ty == q.i_ty);
        CHECK(p.flags & IPL_MI_SINGLETONS && !(q.flags & IPL_MI_SINGLETONS));
        all.y[AT] = 0;
        const ipl_mi_point whole = near_points(dev, families[f], 5, &all, NULL);
        CHECK(!memcmp(&whole.i_xt, &p.i_xt, sizeof p.i_xt) || isnan(p.i_xt));
        CHECK(whole.i_ty != p.i_ty && !(whole.flags & IPL_MI_SINGLETONS));
        all.y[AT] = 6;
    }
    CHECK(!(near_points(dev, IPL_MI_KSG, 5, &all, NULL).flags & IPL_MI_SINGLETONS));
    near_free(&all);
    less.n = N;
    near_free(&less);
}

static void classes_of_one_row_alone_are_refused(void **state)
{
    enum { N = 12 };
    ipl_device *dev = check_device(state);
    near_case c = near_make(NEAR_LINEAR, N, 2, 2, N);
    for (int i = 0; i < N; ++i) c.y[i] = i;
    for (int f = 1; f < FAMILIES; ++f) {
        const ipl_mi_point p = near_points(dev, families[f], 3, &c, NULL);
        CHECK(isnan(p.i_ty) && p.refusal == IPL_MI_SMALL_CLASS);
        CHECK(p.flags & IPL_MI_REFUSED && p.flags & IPL_MI_SINGLETONS);
        CHECK(isnan(p.i_xt) == (families[f] == IPL_MI_ROSS));
    }
    near_free(&c);
}

/* A class that has k rows uses the k - 1 others: k and k - 1 give the same. */
static void small_classes_use_all_their_rows(void **state)
{
    enum { N = 90, K = 5 };
    ipl_device *dev = check_device(state);
    near_case c = near_make(NEAR_TANH, N, 2, 2, N / K);
    for (int i = 0; i < N; ++i) c.y[i] = i % (N / K);
    for (int f = 1; f < FAMILIES; ++f) {
        const ipl_mi_point p = near_points(dev, families[f], K - 1, &c, NULL);
        for (int64_t k = K; k < N; k += 11) {
            if (k > IPL_MI_K_MAX) break;
            const ipl_mi_point q = near_points(dev, families[f], k, &c, NULL);
            CHECK(p.i_ty == q.i_ty && !isnan(p.i_ty));
        }
        const ipl_mi_point less = near_points(dev, families[f], K - 2, &c, NULL);
        CHECK(less.i_ty != p.i_ty);
    }
    near_free(&c);
}

static void values_need_their_inputs_and_labels(void **state)
{
    ipl_device *dev = check_device(state);
    near_case c = near_make(NEAR_TANH, 60, 2, 2, 3);
    near_case no_x = c, no_y = c, none = c;
    no_x.x = none.x = NULL;
    no_y.y = none.y = NULL;
    for (int f = 0; f < FAMILIES; ++f) {
        const int ksg = families[f] == IPL_MI_KSG, ross = families[f] == IPL_MI_ROSS;
        const ipl_mi_point all = near_points(dev, families[f], 3, &c, NULL);
        const ipl_mi_point t = near_points(dev, families[f], 3, &no_x, NULL);
        const ipl_mi_point x = near_points(dev, families[f], 3, &no_y, NULL);
        const ipl_mi_point nothing = near_points(dev, families[f], 3, &none, NULL);
        CHECK(isnan(all.i_xt) == ross && isnan(all.i_ty) == ksg && isnan(all.h_t));
        CHECK(isnan(t.i_xt) && (ksg || t.i_ty == all.i_ty));
        CHECK(isnan(x.i_ty) && (ross || x.i_xt == all.i_xt));
        CHECK(isnan(nothing.i_xt) && isnan(nothing.i_ty));
        CHECK(nothing.flags == IPL_MI_NO_LABELS && x.flags & IPL_MI_NO_LABELS);
    }
    near_free(&c);
}

/* -- Calls ------------------------------------------------------------------------*/

/* Jobs that need counts in their joint space, or leave rows out, beside some that do
 * not; two lack inputs or labels. */
static void company_changes_no_bit(void **state)
{
    enum { JOBS = 6 };
    static const int64_t shape[JOBS][2] = {{130, 4}, {64, 1}, {2, 3}, {99, 7}, {50, 2},
                                           {77, 2}};
    static const near_kind kind[JOBS] = {NEAR_TANH, NEAR_LATTICE, NEAR_TANH, NEAR_RELU,
                                         NEAR_LINEAR, NEAR_SATURATED};
    ipl_device *dev = check_device(state);
    for (int f = 0; f < FAMILIES; ++f) {
        const ipl_mi_options o = near_options(families[f], 5);
        near_on on[JOBS];
        layer_on layer[JOBS];
        ipl_mi_job alone[JOBS];
        for (int j = 0; j < JOBS; ++j) {
            near_case c = near_make(kind[j], shape[j][0], 3, shape[j][1], 4);
            if (j == 4) c.y[5] = 3;
            if (j == 4) scale(&c, 0x1p100f); /* needs a unit of its own */
            near_case given = c;
            if (j == 3) given.x = NULL;
            if (j == 5) given.y = NULL;
            near_points(dev, families[f], 5, &given, &alone[j]);
            near_open(dev, &given, &on[j]);
            layer[j] = on[j].layer;
            near_free(&c);
        }
        CHECK_OK(layers_estimate(&o, JOBS, layer));
        for (int j = 0; j < JOBS; ++j) {
            same_job(&layer[j].job, &alone[j]);
            near_close(&on[j]);
        }
    }
}

static void layers_in_host_memory_have_the_same_points(void **state)
{
    ipl_device *dev = check_device(state);
    const int64_t n = check_size(dev, IPL_MI_BLOCK_ROWS + 70, 100);
    for (near_kind kind = NEAR_TANH; kind <= NEAR_RELU; ++kind) {
        near_case c = near_make(kind, n, 3, 4, 3);
        c.y[n / 2] = 3; /* is left out */
        c.classes = 4;
        for (int f = 0; f < FAMILIES; ++f) {
            const ipl_mi_options o = near_options(families[f], 5);
            near_on on;
            ipl_mi_job whole;
            near_points(dev, families[f], 5, &c, &whole);
            near_open(dev, &c, &on);
            float *on_device = on.layer.job.t.at;
            on.layer.job.t.at = c.t;
            on.layer.job.block_rows = IPL_MI_BLOCK_ROWS;
            CHECK_OK(layers_estimate(&o, 1, &on.layer));
            same_job(&on.layer.job, &whole);
            on.layer.job.t.at = on_device;
            near_close(&on);
        }
        near_free(&c);
    }
}

static void threads_change_no_bit(void **state)
{
    ipl_device *dev = check_device(state), *other;
    const ipl_device_options one = {.threads = 1};
    CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &one, &other));
    near_case c = near_make(NEAR_TANH, check_size(dev, 600, 90), 3, 5, 4);
    for (int f = 0; f < FAMILIES; ++f) {
        ipl_mi_job a, b;
        near_points(dev, families[f], 5, &c, &a);
        near_points(other, families[f], 5, &c, &b);
        same_job(&a, &b);
    }
    near_free(&c);
    ipl_device_close(other);
}

static const check_test tests[] = {
    CHECK_TEST(joint_powers_of_two_change_no_bit),
    CHECK_TEST(shifts_and_signs_change_no_bit),
    CHECK_TEST(order_of_rows_matters_to_rounding_alone),
    CHECK_TEST(classes_of_one_row_are_left_out),
    CHECK_TEST(classes_of_one_row_alone_are_refused),
    CHECK_TEST(small_classes_use_all_their_rows),
    CHECK_TEST(values_need_their_inputs_and_labels),
    CHECK_TEST(company_changes_no_bit),
    CHECK_TEST(layers_in_host_memory_have_the_same_points),
    CHECK_TEST(threads_change_no_bit),
};

CHECK_MAIN("mi_near_call", tests, 1)
