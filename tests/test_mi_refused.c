/*
 * test_mi_refused.c - what KL, LNN and LGA refuse, and what stays known.
 */
#include "backend.h"
#include "check.h"
#include "entropy_case.h"
#include "mi/mi_entropies.h"

enum { ROWS = 90, K = 5 };

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
    for (int f = 0; f < families_on(dev); ++f) {
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
    for (int f = 0; f < families_on(dev); ++f)
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
    for (int f = 0; f < families_on(dev); ++f)
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
    for (int f = 0; f < families_on(dev); ++f) {
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
    for (int f = 0; f < families_on(dev); ++f) {
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
    for (int f = 0; f < families_on(dev); ++f) {
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

static int is_local(int f) { return families[f] != IPL_MI_KL; }

/* A layer that is the inputs doubled: flat together, though neither is alone. */
static void flat_layers_are_refused(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f) {
        const ipl_mi_options o = case_options(families[f], K);
        entropy_case c = case_curved(ROWS, 2, 2, check_seed());
        case_label(&c, 2, check_seed());
        for (int64_t v = 0; v < ROWS * 2; ++v) c.t[v] = 2.0f * c.x[v];
        const ipl_mi_point both = case_point(dev, &o, &c);
        CHECK(isfinite(both.h_t) && isfinite(both.i_ty));
        CHECK(isnan(both.i_xt) == is_local(f));
        check_refused(&both, is_local(f) ? IPL_MI_FLAT : IPL_MI_NOT_REFUSED);
        case_free(c);

        c = case_curved(ROWS, 2, 3, check_seed());
        for (int64_t i = 0; i < ROWS; ++i) c.t[3 * i + 2] = c.t[3 * i] - c.t[3 * i + 1];
        const ipl_mi_point plane = case_point(dev, &o, &c);
        if (is_local(f)) check_all_refused(&plane, IPL_MI_FLAT);
        else check_refused(&plane, IPL_MI_NOT_REFUSED);
        case_free(c);

        c = case_curved(40, 2, 70, check_seed()); /* more units than rows */
        const ipl_mi_point wide = case_point(dev, &o, &c);
        if (is_local(f)) check_all_refused(&wide, IPL_MI_FLAT);
        else CHECK(!wide.refusal && isfinite(wide.h_t) && isfinite(wide.i_xt));
        case_free(c);
    }
}

/* One row far from all others, which are close together. */
static void one_sided_neighbourhoods_are_refused(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f) {
        const ipl_mi_options o = case_options(families[f], K);
        entropy_case c = case_curved(ROWS, 1, 1, check_seed());
        c.t[57] = 1000.0f;
        const ipl_mi_point p = case_point(dev, &o, &c);
        if (is_local(f)) check_all_refused(&p, IPL_MI_ONE_SIDED);
        else check_refused(&p, IPL_MI_NOT_REFUSED);
        case_free(c);
    }
}

static void constant_inputs_take_only_their_information(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f)
        for (int last = 0; last < 2; ++last) { /* 1: all but the last row */
            const ipl_mi_options o = case_options(families[f], K);
            entropy_case c = case_curved(ROWS, 3, 2, check_seed());
            for (int64_t i = 0; i < ROWS; ++i) c.x[3 * i + 1] = -7.5f;
            if (last) c.x[3 * ROWS - 2] = -7.0f;
            const ipl_mi_point p = case_point(dev, &o, &c);
            CHECK(isfinite(p.h_t) && isnan(p.i_xt) == is_local(f));
            check_refused(&p, !is_local(f) ? IPL_MI_NOT_REFUSED
                              : last       ? IPL_MI_FLAT
                                           : IPL_MI_CONSTANT);
            case_free(c);
        }
}

static void constant_columns_are_found(void **state)
{
    static const int64_t shape[][2] = {
        {2, 1}, {1000, 5}, {9000, 3}, {40, 20000}, {20000, 1}};
    ipl_device *dev = check_device(state);
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s) {
        const int64_t n = shape[s][0], d = shape[s][1], column = d / 2;
        const int64_t other[] = {0, 1, n / 2, n - 1, n}; /* the row that differs */
        void *at;
        float *t = layer_make(n, d, 3, 0.5, check_seed());
        CHECK_OK(ipl_alloc(dev, (size_t)(n * d) * sizeof *t, &at));
        for (int64_t i = 0; i < n; ++i) t[i * d] = (float)i;
        for (int64_t c = 0; c < d; ++c) t[(n - 1) * d + c] = 7.0f; /* varies */
        for (size_t o = 0; o < sizeof other / sizeof *other; ++o) {
            int constant[2] = {-1, -1};
            for (int64_t i = 0; i < n; ++i)
                t[i * d + column] = i == other[o] ? 1e-30f : i % 2 ? 0.0f : -0.0f;
            CHECK_OK(ipl_upload(dev, t, (size_t)(n * d) * sizeof *t, at));
            CHECK_OK(mi_constant_column(dev, n, d, at, 0, &constant[0]));
            CHECK_OK(mi_constant_column(dev, n, d, t, 1, &constant[1]));
            CHECK(constant[0] == (other[o] == n) && constant[1] == constant[0]);
        }
        ipl_free(dev, at);
        test_free(t);
    }
}

/* The constants of LNN end with 10 units. */
static void many_dimensions_are_flagged(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f)
        for (int64_t d = 9; d <= 11; ++d) {
            const ipl_mi_options o = case_options(families[f], K);
            const unsigned flag = families[f] == IPL_MI_LNN ? IPL_MI_DIMENSION : 0;
            entropy_case c = case_normals(60, 1, d, 0.3, check_seed());
            const ipl_mi_point with_x = case_point(dev, &o, &c);
            CHECK((with_x.flags & IPL_MI_DIMENSION) == (d + 1 > 10 ? flag : 0));
            const ipl_mi_point alone =
                layer_points(dev, &o, c.n, d, c.t, 1, NULL, NULL).point[0];
            CHECK((alone.flags & IPL_MI_DIMENSION) == (d > 10 ? flag : 0));
            case_free(c);
        }
}

/* -- A backend that answers what the test wants -----------------------------------*/

static struct {
    const ipl_backend *real;
    ipl_device        *dev;
    int32_t            status; /* of the last row of each job                     */
    int                neighbours, densities; /* jobs of the last call            */
} answer;

static ipl_device answer_device(ipl_device *dev, ipl_backend *table)
{
    ipl_device made = *dev;
    answer.real = dev->backend;
    answer.dev = dev;
    answer.neighbours = answer.densities = 0;
    *table = *dev->backend;
    made.backend = table;
    return made;
}

static ipl_status marked_densities(void *state, int jobs, ipl_density_job *job,
                                   void *scratch)
{
    const ipl_status st = answer.real->local_densities(state, jobs, job, scratch);
    answer.densities = jobs;
    for (int q = 0; q < jobs && st == IPL_OK; ++q)
        CHECK_OK(ipl_upload(answer.dev, &answer.status, sizeof answer.status,
                            job[q].status + job[q].pairs.n - 1));
    return st;
}

static void statuses_of_rows_become_flags_and_refusals(void **state)
{
    static const ipl_mi_refusal why[IPL_LOCAL_COUNT] = {
        [IPL_LOCAL_SINGULAR] = IPL_MI_FLAT, [IPL_LOCAL_FAR] = IPL_MI_ONE_SIDED};
    ipl_device *dev = check_device(state);
    ipl_backend table;
    ipl_device marked = answer_device(dev, &table);
    table.local_densities = marked_densities;
    const ipl_mi_options o = case_options(IPL_MI_LNN, K);
    entropy_case c = case_curved(ROWS, 2, 2, check_seed());
    case_label(&c, 2, check_seed());
    const ipl_mi_point real = case_point(dev, &o, &c);
    CHECK(!(real.flags & IPL_MI_UNCONVERGED));
    for (int32_t s = 0; s < IPL_LOCAL_COUNT; ++s) {
        answer.status = s;
        const ipl_mi_point p = case_point(&marked, &o, &c);
        CHECK(answer.densities == 4);
        CHECK(!!(p.flags & IPL_MI_UNCONVERGED) == (s == IPL_LOCAL_UNCONVERGED));
        if (why[s]) check_all_refused(&p, why[s]);
        else CHECK(p.i_xt == real.i_xt && p.i_ty == real.i_ty && p.h_t == real.h_t);
    }
    case_free(c);
}

static ipl_status counted_neighbours(void *state, int jobs, ipl_neighbour_job *job,
                                     void *scratch)
{
    answer.neighbours = jobs;
    return answer.real->nearest_neighbours(state, jobs, job, scratch);
}

static ipl_status counted_densities(void *state, int jobs, ipl_density_job *job,
                                    void *scratch)
{
    answer.densities = jobs;
    return answer.real->local_densities(state, jobs, job, scratch);
}

/* Of a refused layer only H(X) is still found; of refused inputs, H(T) and H(T|Y). */
static void nothing_is_computed_in_vain(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_backend table;
    ipl_device counting = answer_device(dev, &table);
    table.nearest_neighbours = counted_neighbours;
    table.local_densities = counted_densities;
    const ipl_mi_options o = case_options(IPL_MI_LNN, K);
    entropy_case c = case_curved(ROWS, 1, 1, check_seed());
    case_label(&c, 2, check_seed());
    case_point(&counting, &o, &c);
    CHECK(answer.neighbours == 4 && answer.densities == 4);
    for (int to = 0; to < K; ++to) copy_row(&c, c.t, 70, to);
    case_point(&counting, &o, &c);
    CHECK(answer.neighbours == 4 && answer.densities == 1);
    for (int to = 0; to < ROWS; ++to) copy_row(&c, c.t, 70, to);
    case_point(&counting, &o, &c);
    CHECK(answer.neighbours == 1 && answer.densities == 1);
    case_free(c);

    c = case_curved(ROWS, 1, 1, check_seed());
    case_label(&c, 2, check_seed());
    for (int to = 0; to < K; ++to) copy_row(&c, c.x, 70, to);
    case_point(&counting, &o, &c);
    CHECK(answer.neighbours == 4 && answer.densities == 2);
    case_free(c);
}

static const check_test tests[] = {
    CHECK_TEST(k_others_are_needed),
    CHECK_TEST(small_classes_take_only_their_information),
    CHECK_TEST(rows_equal_to_k_others_refuse_all),
    CHECK_TEST(equal_inputs_take_only_their_information),
    CHECK_TEST(refusals_are_each_layers_own),
    CHECK_TEST(saturated_and_dead_layers_are_refused_or_finite),
    CHECK_TEST(flat_layers_are_refused),
    CHECK_TEST(one_sided_neighbourhoods_are_refused),
    CHECK_TEST(constant_inputs_take_only_their_information),
    CHECK_TEST(constant_columns_are_found),
    CHECK_TEST(many_dimensions_are_flagged),
    CHECK_TEST(nothing_is_computed_in_vain),
    CHECK_TEST(statuses_of_rows_become_flags_and_refusals),
};

CHECK_MAIN("mi_refused", tests, 1)
