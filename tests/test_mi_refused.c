/*
 * test_mi_refused.c - what KL, LNN and LGA refuse, and what stays known.
 */
#include "check.h"
#include "entropy_case.h"

enum { ROWS = 120 };
static const ipl_mi_estimator families[] = {IPL_MI_KL};
enum { FAMILIES = sizeof families / sizeof *families, K = 5 };

static void check_refused(const ipl_mi_point *p, ipl_mi_refusal why)
{
    if (p->refusal != why)
        fail_msg("refused: %s, expected: %s", ipl_mi_refusal_text(p->refusal),
                 ipl_mi_refusal_text(why));
    CHECK(!!(p->flags & IPL_MI_REFUSED) == (why != IPL_MI_NOT_REFUSED));
}

static void check_all_refused(const ipl_mi_point *p, ipl_mi_refusal why)
{
    check_refused(p, why);
    CHECK(isnan(p->h_t) && isnan(p->i_xt) && isnan(p->i_ty));
}

static void copy_row(const entropy_case *c, float *rows, int64_t from, int64_t to)
{
    const int64_t d = rows == c->x ? c->d_x : c->d;
    memcpy(rows + to * d, rows + from * d, (size_t)d * sizeof *rows);
}

static void k_others_are_needed(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < FAMILIES; ++f) {
        const ipl_mi_options o = case_options(families[f], K);
        entropy_case few = case_curved(K, 1, 1, check_seed());
        case_label(&few, 2, check_seed());
        const ipl_mi_point p = case_point(dev, &o, &few);
        check_all_refused(&p, IPL_MI_FEW_ROWS);
        case_free(few);
        entropy_case enough = case_curved(K + 1, 1, 1, check_seed());
        const ipl_mi_point q = case_point(dev, &o, &enough);
        check_refused(&q, IPL_MI_NOT_REFUSED);
        CHECK(isfinite(q.h_t) && isfinite(q.i_xt));
        case_free(enough);
    }
}

/* A class of one row has no entropy either. Empty classes do not matter. */
static void small_classes_take_only_their_information(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < FAMILIES; ++f)
        for (int rows = 1; rows <= K + 1; rows += rows == 1 ? K - 1 : 1) {
            const ipl_mi_options o = case_options(families[f], K);
            entropy_case c = case_curved(ROWS, 2, 2, check_seed());
            const ipl_mi_point whole = case_point(dev, &o, &c);
            case_label(&c, 4, check_seed());
            for (int i = 0; i < ROWS; ++i) c.y[i] = i < rows ? 3 : i % 2;
            const ipl_mi_point p = case_point(dev, &o, &c);
            check_refused(&p, rows <= K ? IPL_MI_SMALL_CLASS : IPL_MI_NOT_REFUSED);
            CHECK(isnan(p.i_ty) == (rows <= K));
            CHECK(p.i_xt == whole.i_xt && p.h_t == whole.h_t);
            case_free(c);
        }
}

static void rows_equal_to_k_others_refuse_all(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < FAMILIES; ++f)
        for (int copies = K - 1; copies <= K; ++copies) {
            const ipl_mi_options o = case_options(families[f], K);
            entropy_case c = case_curved(ROWS, 2, 2, check_seed());
            case_label(&c, 2, check_seed());
            for (int to = 0; to < copies; ++to) copy_row(&c, c.t, 70, 10 + to);
            const ipl_mi_point p = case_point(dev, &o, &c);
            if (copies == K) check_all_refused(&p, IPL_MI_EQUAL_ROWS);
            else check_refused(&p, IPL_MI_NOT_REFUSED);
            case_free(c);
        }
}

/* Whether H(X) is new or known from an earlier call. */
static void equal_inputs_take_only_their_information(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < FAMILIES; ++f) {
        const ipl_mi_options o = case_options(families[f], K);
        entropy_case c = case_curved(ROWS, 2, 2, check_seed());
        case_label(&c, 2, check_seed());
        const ipl_mi_point whole = case_point(dev, &o, &c);
        for (int to = 0; to < K; ++to) copy_row(&c, c.x, 70, 10 + to);
        case_on on;
        case_open(dev, &c, &on);
        for (int run = 0; run < 2; ++run) {
            CHECK_OK(layers_estimate(&o, 1, &on.layer));
            const ipl_mi_point p = on.layer.job.point[0];
            check_refused(&p, IPL_MI_EQUAL_ROWS);
            CHECK(isnan(p.i_xt) && p.i_ty == whole.i_ty && p.h_t == whole.h_t);
        }
        case_close(&on);
        case_free(c);
    }
}

/* One refused layer beside another that is not. */
static void refusals_are_each_layers_own(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < FAMILIES; ++f) {
        const ipl_mi_options o = case_options(families[f], K);
        entropy_case good = case_curved(ROWS, 2, 2, check_seed()), bad = good;
        bad.t = test_calloc((size_t)(ROWS * bad.d), sizeof *bad.t);
        const ipl_mi_point alone = case_point(dev, &o, &good);
        case_on on[2];
        case_open(dev, &bad, &on[0]);
        case_open(dev, &good, &on[1]);
        layer_on pair[2] = {on[0].layer, on[1].layer};
        pair[1].job.inputs = on[0].inputs;
        CHECK_OK(layers_estimate(&o, 2, pair));
        CHECK(pair[0].job.point[0].flags & IPL_MI_REFUSED);
        CHECK(isnan(pair[0].job.point[0].h_t));
        check_refused(&pair[1].job.point[0], IPL_MI_NOT_REFUSED);
        CHECK(pair[1].job.point[0].i_xt == alone.i_xt);
        for (int l = 0; l < 2; ++l) case_close(&on[l]);
        test_free(bad.t);
        case_free(good);
    }
}

/* As networks have them: most rows at the ends of tanh, dead units of ReLU. */
static void saturated_and_dead_layers_are_refused_or_finite(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < FAMILIES; ++f) {
        const ipl_mi_options o = case_options(families[f], K);
        entropy_case c = case_curved(ROWS, 2, 4, check_seed());
        case_label(&c, 2, check_seed());
        for (int64_t v = 0; v < ROWS * c.d; ++v) c.t[v] = tanhf(400.0f * c.t[v]);
        const ipl_mi_point saturated = case_point(dev, &o, &c);
        check_all_refused(&saturated, IPL_MI_EQUAL_ROWS);
        case_free(c);

        c = case_curved(ROWS, 2, 4, check_seed());
        for (int64_t v = 0; v < ROWS * c.d; ++v)
            if (v % c.d == 1) c.t[v] = v % 3 ? 0.0f : -0.0f; /* a dead unit */
        const ipl_mi_point dead = case_point(dev, &o, &c);
        if (families[f] == IPL_MI_KL) CHECK(isfinite(dead.i_xt) && !dead.refusal);
        else check_all_refused(&dead, IPL_MI_CONSTANT);
        case_free(c);
    }
}

static const check_test tests[] = {
    CHECK_TEST(k_others_are_needed),
    CHECK_TEST(small_classes_take_only_their_information),
    CHECK_TEST(rows_equal_to_k_others_refuse_all),
    CHECK_TEST(equal_inputs_take_only_their_information),
    CHECK_TEST(refusals_are_each_layers_own),
    CHECK_TEST(saturated_and_dead_layers_are_refused_or_finite),
};

CHECK_MAIN("mi_refused", tests, 1)
