/*
 * test_mi_entropies.c - KL, LNN and LGA: their definitions, company, memory, threads.
 */
#include "backend.h"
#include "check.h"
#include "entropy_case.h"

typedef struct {
    ipl_mi_estimator estimator;
    int64_t          k, n, d_x, d;
} shape;

static const shape shapes[] = {
    {IPL_MI_KL, 5, 200, 2, 3},  {IPL_MI_KL, 1, 65, 1, 1},  {IPL_MI_KL, 64, 66, 3, 2},
    {IPL_MI_KL, 3, 130, 40, 7}, {IPL_MI_KL, 4, 60, 1, 70},
    {IPL_MI_LNN, 5, 200, 2, 3}, {IPL_MI_LNN, 4, 65, 1, 1}, {IPL_MI_LNN, 64, 66, 3, 2},
    {IPL_MI_LNN, 12, 130, 8, 7}, {IPL_MI_LGA, 20, 70, 2, 3}, {IPL_MI_LGA, 4, 40, 1, 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* What rounding to float32 may add to an entropy of d units: a squared distance is off
 * by d + 4 roundings at most, its logarithm counts d / 2 times. */
static double rounding(int64_t d)
{
    return 0.5 * (double)d * (double)(d + 4) * 0x1p-24 + 1e-12 * (double)d;
}

static void points_are_those_of_their_definitions(void **state)
{
    ipl_device *dev = check_device(state);
    for (int s = 0; s < SHAPES; ++s) {
        const shape *is = &shapes[s];
        const ipl_mi_options o = case_options(is->estimator, is->k);
        entropy_case c = case_curved(is->n, is->d_x, is->d, check_seed() + (uint64_t)s);
        const int small = is->n / 2 <= is->k + 10;
        case_label(&c, small ? 1 : 2, check_seed());
        const ipl_mi_samples samples = {.n = c.n, .y = c.y, .inputs_d = c.d_x,
                                        .inputs = c.x};
        const ipl_mi_point got = case_point(dev, &o, &c);
        double i_xt, i_ty;
        CHECK_OK(ipl_mi_plain(&o, &samples, c.d, c.t, 0, &i_xt, &i_ty));
        const double bound_x = rounding(c.d_x) + rounding(c.d) + rounding(c.d_x + c.d);
        const double bound_y = 2.0 * rounding(c.d);
        check_within("i_xt", 1, &got.i_xt, &i_xt, &bound_x);
        check_within("i_ty", 1, &got.i_ty, &i_ty, &bound_y);
        CHECK(isfinite(got.h_t) && isnan(got.noise_var) && got.cells == -1);
        CHECK(!(got.flags & (IPL_MI_REFUSED | IPL_MI_NO_LABELS)) && !got.refusal);
        CHECK(!strcmp(got.name, ipl_mi_family_of(is->estimator)->name) && !got.bound);
        if (small) CHECK(got.i_ty == 0.0); /* one class */
        case_free(c);
    }
}

/* The joint distances are those of the larger side, and neither overflow nor vanish. */
static void inputs_may_be_far_larger_or_smaller_than_layers(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < 2; ++f)
        for (int power = -60; power <= 60; power += 120) {
            const ipl_mi_options o = ipl_mi_defaults(families[f]);
            entropy_case c = case_curved(80, 2, 2, check_seed());
            for (int64_t v = 0; v < c.n * c.d_x; ++v) c.x[v] = ldexpf(c.x[v], power);
            const ipl_mi_samples samples = {.n = c.n, .inputs_d = 2, .inputs = c.x};
            const ipl_mi_point got = case_point(dev, &o, &c);
            const double bound = 4.0 * rounding(4);
            double i_xt, i_ty;
            CHECK_OK(ipl_mi_plain(&o, &samples, c.d, c.t, 0, &i_xt, &i_ty));
            check_within("i_xt", 1, &got.i_xt, &i_xt, &bound);
            case_free(c);
        }
}

/* Classes, blocks, the inputs' entropies that are kept, other jobs: no bit changes. */
static void points_do_not_depend_on_company_or_memory(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f) {
        const int64_t n = check_size(dev, 1100, families[f] == IPL_MI_KL ? 1030 : 100);
        const ipl_mi_options o = ipl_mi_defaults(families[f]);
        entropy_case c = case_curved(n, 2, 3, check_seed());
        case_label(&c, 3, check_seed());
        const ipl_mi_point alone = case_point(dev, &o, &c);
        case_on on[2];
        layer_on pair[2];
        for (int l = 0; l < 2; ++l) case_open(dev, &c, &on[l]);
        for (int run = 0; run < 2; ++run) {
            float *on_device = on[1].layer.job.t.at;
            pair[0] = on[0].layer;
            pair[1] = on[1].layer;
            pair[0].job.inputs = pair[1].job.inputs = on[0].inputs;
            pair[1].job.t.at = c.t;
            pair[1].job.block_rows = IPL_MI_BLOCK_ROWS;
            CHECK_OK(layers_estimate(&o, 2, pair));
            on[1].layer.job.t.at = on_device;
            for (int l = 0; l < 2; ++l) {
                const ipl_mi_point p = pair[l].job.point[0];
                CHECK(p.i_xt == alone.i_xt && p.i_ty == alone.i_ty);
                CHECK(p.h_t == alone.h_t && p.flags == alone.flags);
            }
        }
        for (int l = 0; l < 2; ++l) case_close(&on[l]);
        case_free(c);
    }
}

static void jobs_of_a_call_may_have_inputs_of_their_own(void **state)
{
    enum { JOBS = 3 };
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = ipl_mi_defaults(IPL_MI_KL);
    entropy_case c[JOBS];
    case_on on[JOBS];
    layer_on layer[JOBS];
    for (int j = 0; j < JOBS; ++j) {
        c[j] = case_curved(100 - 10 * j, 1 + j, 2, check_seed() + (uint64_t)j);
        case_open(dev, &c[j], &on[j]);
        layer[j] = on[j].layer;
    }
    layer[1].job.inputs = NULL;
    CHECK_OK(layers_estimate(&o, JOBS, layer));
    CHECK(isnan(layer[1].job.point[0].i_xt));
    for (int j = 0; j < JOBS; ++j) {
        const ipl_mi_point alone = case_point(dev, &o, &c[j]);
        CHECK(j == 1 || layer[j].job.point[0].i_xt == alone.i_xt);
        CHECK(layer[j].job.point[0].h_t == alone.h_t);
        case_close(&on[j]);
        case_free(c[j]);
    }
}

static struct {
    const ipl_backend *real;
    int                jobs; /* of the last call                                 */
} asked;

static ipl_status counted_neighbours(void *state, int jobs, ipl_neighbour_job *job,
                                     void *scratch)
{
    asked.jobs = jobs;
    return asked.real->nearest_neighbours(state, jobs, job, scratch);
}

/* H(X) is found once for each family and k: one job less for the backend. */
static void entropies_of_inputs_are_kept_with_their_k(void **state)
{
    static const struct { ipl_mi_estimator family; int64_t k; int known; } calls[] = {
        {IPL_MI_KL, 3, 0},  {IPL_MI_KL, 3, 1}, {IPL_MI_KL, 4, 0},  {IPL_MI_KL, 3, 1},
        {IPL_MI_LNN, 4, 0}, {IPL_MI_KL, 4, 1}, {IPL_MI_LNN, 4, 1}, {IPL_MI_KL, 5, 0}};
    ipl_device *dev = check_device(state), counting = *dev;
    ipl_backend table = *dev->backend;
    asked.real = dev->backend;
    table.nearest_neighbours = counted_neighbours;
    counting.backend = &table;
    entropy_case c = case_curved(100, 2, 2, check_seed());
    case_on on;
    case_open(&counting, &c, &on);
    for (size_t run = 0; run < sizeof calls / sizeof *calls; ++run) {
        const ipl_mi_options o = case_options(calls[run].family, calls[run].k);
        CHECK_OK(layers_estimate(&o, 1, &on.layer));
        CHECK(asked.jobs == 3 - calls[run].known);
        CHECK(on.layer.job.point[0].i_xt == case_point(dev, &o, &c).i_xt);
    }
    /* More than are kept: the last one makes way, to be found anew. */
    for (int64_t k = 10; k <= 10 + IPL_MI_SETTINGS_MAX; ++k) {
        const ipl_mi_estimator last = k < 10 + IPL_MI_SETTINGS_MAX ? IPL_MI_KL
                                                                   : IPL_MI_LNN;
        const ipl_mi_options o = case_options(last, last == IPL_MI_KL ? k : k - 1);
        CHECK_OK(layers_estimate(&o, 1, &on.layer));
        CHECK(asked.jobs == 3);
        CHECK(on.layer.job.point[0].i_xt == case_point(dev, &o, &c).i_xt);
    }
    case_close(&on);
    case_free(c);
}

static void without_inputs_or_labels_the_rest_is_known(void **state)
{
    ipl_device *dev = check_device(state);
    entropy_case c = case_curved(100, 2, 2, check_seed());
    case_label(&c, 3, check_seed());
    for (int f = 0; f < families_on(dev); ++f) {
        const ipl_mi_options o = case_options(families[f], 5);
        const ipl_mi_point all = case_point(dev, &o, &c);
        const ipl_mi_point no_x =
            layer_points(dev, &o, c.n, c.d, c.t, c.classes, c.y, NULL).point[0];
        CHECK(isnan(no_x.i_xt) && no_x.i_ty == all.i_ty && no_x.h_t == all.h_t);
        CHECK(!(no_x.flags & IPL_MI_REFUSED));
        int32_t *y = c.y;
        c.y = NULL;
        const ipl_mi_point no_y = case_point(dev, &o, &c);
        CHECK(isnan(no_y.i_ty) && no_y.i_xt == all.i_xt && no_y.h_t == all.h_t);
        CHECK(no_y.flags & IPL_MI_NO_LABELS && !(no_y.flags & IPL_MI_REFUSED));
        c.y = y;
    }
    case_free(c);
}

static void points_repeat_at_any_number_of_threads(void **state)
{
    ipl_device *dev = check_device(state), *other;
    const ipl_device_options one = {.threads = 1};
    CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &one, &other));
    entropy_case c = case_curved(check_size(dev, 300, 150), 2, 3, check_seed());
    case_label(&c, 4, check_seed());
    for (int f = 0; f < families_on(dev); ++f) {
        const ipl_mi_options o = case_options(families[f], 7);
        const ipl_mi_point p = case_point(dev, &o, &c), q = case_point(other, &o, &c);
        CHECK(p.i_xt == q.i_xt && p.i_ty == q.i_ty && p.h_t == q.h_t);
    }
    case_free(c);
    ipl_device_close(other);
}

/* As of a backend that splits three jobs among more threads than four. */
static size_t scratch_of_three(void *state, int jobs, const ipl_neighbour_job *job)
{
    const size_t bytes = asked.real->neighbour_scratch_bytes(state, jobs, job);
    return jobs == 3 ? bytes + (1 << 20) : bytes;
}

static void jobs_that_want_more_scratch_go_one_by_one(void **state)
{
    ipl_device *dev = check_device(state), counting = *dev;
    ipl_backend table = *dev->backend;
    asked.real = dev->backend;
    table.nearest_neighbours = counted_neighbours;
    table.neighbour_scratch_bytes = scratch_of_three;
    counting.backend = &table;
    const ipl_mi_options o = case_options(IPL_MI_LNN, 5);
    entropy_case c = case_curved(80, 2, 2, check_seed());
    case_label(&c, 2, check_seed());
    const ipl_mi_point alone = case_point(dev, &o, &c);
    case_on on;
    case_open(&counting, &c, &on);
    for (int run = 0; run < 2; ++run) { /* then H(X) is known */
        CHECK_OK(layers_estimate(&o, 1, &on.layer));
        const ipl_mi_point p = on.layer.job.point[0];
        CHECK(asked.jobs == (run ? 1 : 4));
        CHECK(p.i_xt == alone.i_xt && p.i_ty == alone.i_ty && p.h_t == alone.h_t);
    }
    case_close(&on);
    case_free(c);
}

static void too_many_units_are_named(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_mi_job job = {.name = "wide", .t = {NULL, 10, 8193}};
    const ipl_mi_options lnn = ipl_mi_defaults(IPL_MI_LNN);
    const ipl_mi_options kl = ipl_mi_defaults(IPL_MI_KL);
    size_t bytes;
    CHECK_FAILS(ipl_mi_scratch_bytes(dev, 1, &lnn, 1, &job, &bytes), IPL_E_ARGUMENT,
                "wide: 8193 units");
    CHECK_OK(ipl_mi_scratch_bytes(dev, 1, &kl, 1, &job, &bytes));
}

static const check_test tests[] = {
    CHECK_TEST(too_many_units_are_named),
    CHECK_TEST(points_are_those_of_their_definitions),
    CHECK_TEST(inputs_may_be_far_larger_or_smaller_than_layers),
    CHECK_TEST(points_do_not_depend_on_company_or_memory),
    CHECK_TEST(jobs_of_a_call_may_have_inputs_of_their_own),
    CHECK_TEST(entropies_of_inputs_are_kept_with_their_k),
    CHECK_TEST(without_inputs_or_labels_the_rest_is_known),
    CHECK_TEST(jobs_that_want_more_scratch_go_one_by_one),
    CHECK_TEST(points_repeat_at_any_number_of_threads),
};

CHECK_MAIN("mi_entropies", tests, 1)
