/*
 * bench_layers.c - times the estimators on single layers.
 *
 * Layers rotate through several copies, so that a repeat does not find its data in
 * the last-level cache.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_timing.h"
#include "ipl_mi.h"

enum { COPIES_MAX = 32, CHECK_ROWS = 256, MOMENTS_WIDTH = 20 };
static const int64_t ROTATE_BYTES = (int64_t)256 << 20;

typedef struct {
    bench_context *context;
    ipl_mi_options options;
    ipl_mi_job     job[COPIES_MAX];
    int            copies;
    ipl_labels     y;
    ipl_mat        x;      /* inputs, of families that compare them               */
    ipl_mi_inputs *inputs;
    void          *scratch;
    size_t         scratch_bytes;
} layer_case;

static ipl_status estimate_once(void *user, int turn)
{
    layer_case *c = user;
    return ipl_mi_estimate(c->context->dev, 1, &c->options, 1,
                           &c->job[turn % c->copies], c->scratch, c->scratch_bytes);
}

static void close_case(layer_case *c)
{
    ipl_device *dev = c->context->dev;
    for (int k = 0; k < c->copies; ++k) ipl_free(dev, c->job[k].t.at);
    ipl_mi_inputs_destroy(c->inputs);
    ipl_free(dev, c->x.at);
    ipl_free(dev, c->scratch);
    ipl_labels_free(dev, &c->y);
}

static ipl_status open_case(layer_case *c, const bench_layer *of, int copies)
{
    ipl_device *dev = c->context->dev;
    const size_t bytes = (size_t)(of->n * of->d) * sizeof *of->t;
    IPL_TRY(ipl_labels_create(dev, of->n, 10, of->y, &c->y));
    if (ipl_mi_needs(1, &c->options) & IPL_MI_NEEDS_INPUTS) {
        IPL_TRY(ipl_mat_alloc(dev, of->n, of->d, &c->x));
        IPL_TRY(ipl_upload(dev, of->x, bytes, c->x.at));
        IPL_TRY(ipl_mi_inputs_create(dev, c->x, &c->inputs));
    }
    while (c->copies < copies) {
        ipl_mi_job *job = &c->job[c->copies];
        *job = (ipl_mi_job){.y = &c->y, .inputs = c->inputs};
        IPL_TRY(ipl_mat_alloc(dev, of->n, of->d, &job->t));
        ++c->copies;
        IPL_TRY(ipl_upload(dev, of->t, bytes, job->t.at));
    }
    IPL_TRY(ipl_mi_scratch_bytes(dev, 1, &c->options, 1, c->job, &c->scratch_bytes));
    return ipl_alloc(dev, c->scratch_bytes, &c->scratch);
}

/* Within 1e-5 bits, or plain loops do not define it. Differences of entropies add up
 * d log(rho) in d units, those of the inputs included, and a float32 distance rho is
 * off by up to 2^-22. */
static ipl_status compare(const ipl_mi_point *point, const bench_layer *of,
                          const char *what, double got, double want)
{
    const unsigned needs = ipl_mi_family_of(point->estimator)->needs;
    const int entropies = needs & IPL_MI_NEEDS_INPUTS && isfinite(point->h_t);
    const double distances = entropies ? 2.0 * (double)of->d * 0x1p-22 : 0.0;
    if (isnan(want) || fabs(got - want) <= 1e-5 * log(2.0) + distances) return IPL_OK;
    return IPL_FAIL(IPL_E_NUMERIC,
                    "%s of %lld x %lld: %s is %.9g nats, plain loops give %.9g",
                    point->name, (long long)of->n, (long long)of->d, what, got, want);
}

ipl_status bench_check(bench_context *context, const ipl_mi_options *options,
                       const bench_layer *all)
{
    layer_case c = {.context = context, .options = *options};
    bench_layer of = *all;
    if (of.n > CHECK_ROWS) of.n = CHECK_ROWS;
    const ipl_mi_samples samples = {.n = of.n, .y = of.y, .inputs = of.x,
                                    .inputs_d = of.d};
    ipl_status st = open_case(&c, &of, 1);
    if (st == IPL_OK) st = estimate_once(&c, 0);
    for (int p = 0; st == IPL_OK && p < c.job[0].points; ++p) {
        const ipl_mi_point *point = &c.job[0].point[p];
        double i_xt = NAN, i_ty = NAN;
        st = ipl_mi_plain(options, &samples, of.d, of.t, p, &i_xt, &i_ty);
        if (st == IPL_OK) st = compare(point, &of, "I(X;T)", point->i_xt, i_xt);
        if (st == IPL_OK) st = compare(point, &of, "I(T;Y)", point->i_ty, i_ty);
    }
    close_case(&c);
    return st;
}

static ipl_status time_case(bench_context *context, const ipl_mi_options *options,
                            int64_t n, int64_t d, bench_row *row)
{
    ipl_status st = IPL_OK;
    layer_case c = {.context = context, .options = *options};
    const int64_t bytes = n * d * (int64_t)sizeof(float);
    const int64_t wanted = context->small ? 1 : 1 + ROTATE_BYTES / bytes;
    const bench_layer of = {n, d, malloc((size_t)bytes), malloc((size_t)bytes),
                            malloc((size_t)n * sizeof *of.y)};
    if (!of.t || !of.x || !of.y) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld x %lld activations", (long long)n,
                      (long long)d);
        goto done;
    }
    bench_activations(n, d, of.t, of.y);
    bench_inputs(n, d, of.x);
    IPL_TRY_DONE(bench_check(context, options, &of));
    IPL_TRY_DONE(open_case(&c, &of, (int)(wanted < COPIES_MAX ? wanted : COPIES_MAX)));
    IPL_TRY_DONE(bench_time(context, estimate_once, &c, row));
    row->n = n;
    row->d = d;
done:
    close_case(&c);
    free(of.t);
    free(of.x);
    free(of.y);
    return st;
}

static const int64_t rows_large[] = {4096, 10000}, rows_small[] = {256, 512};
static const int64_t widths_large[] = {2, 3, 5, 10, 20, 128, 784, 1024};
static const int64_t widths_small[] = {2, 3, 10, 64};

/* Pair sums in full are compared with the ceiling of multiply-adds: d of them a pair.
 * With early exit the time depends on the data, and no ceiling applies. */
static void judge_pairs(const bench_context *context, bench_row *row)
{
    const double pairs = 0.5 * (double)row->n * (double)(row->n - 1);
    row->gflop_per_s = pairs * 2.0 * (double)row->d / row->median_ms * 1e-6;
    row->ceiling = "fma";
    row->share_of_ceiling = row->gflop_per_s / context->ceilings.fma_gflop_per_s;
}

/* Cells read the layer once: the copy ceiling counts reading and writing. */
static void judge_cells(const bench_context *context, bench_row *row)
{
    row->gb_per_s = (double)(row->n * row->d) * sizeof(float) / row->median_ms * 1e-6;
    row->ceiling = "copy";
    row->share_of_ceiling = row->gb_per_s / context->ceilings.copy_gb_per_s;
}

/* One family with its standard options; where it has an early exit, also without. */
static ipl_status family_row(bench_context *context, ipl_mi_estimator estimator,
                             int full, int64_t n, int64_t d)
{
    const ipl_mi_family *family = ipl_mi_family_of(estimator);
    ipl_mi_options options = ipl_mi_defaults(estimator);
    bench_row row = {.ceiling = ""};
    snprintf(row.what, sizeof row.what, "%s%s", family->name, full ? "-full" : "");
    options.full_sums = full;
    IPL_TRY(time_case(context, &options, n, d, &row));
    if (full) judge_pairs(context, &row);
    if (family->needs & IPL_MI_NEEDS_CELLS) judge_cells(context, &row);
    context->report(context->user, &row);
    return IPL_OK;
}

ipl_status bench_family(bench_context *context, ipl_mi_estimator estimator)
{
    const ipl_mi_family *family = ipl_mi_family_of(estimator);
    const int has_full = family->full_sums;
    const int64_t *rows = context->small ? rows_small : rows_large;
    const int64_t *widths = context->small ? widths_small : widths_large;
    const size_t width_count = context->small
                                   ? sizeof widths_small / sizeof *widths_small
                                   : sizeof widths_large / sizeof *widths_large;
    for (int r = 0; r < 2; ++r)
        for (size_t w = 0; w < width_count; ++w) {
            /* Wider layers would take minutes a call. */
            if (family->needs & IPL_MI_NEEDS_MOMENTS && widths[w] > MOMENTS_WIDTH)
                continue;
            for (int full = has_full; full >= 0; --full)
                IPL_TRY(family_row(context, estimator, full, rows[r], widths[w]));
        }
    return IPL_OK;
}
