/*
 * mi_bin.c - the plug-in estimator: entropies of the partition into cells.
 *
 * A backend numbers the cells of every layer and counts how many rows share a cell, and
 * how many share cell and label, or cell and input; algebra.h does the rest.
 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "mi/mi.h"

/* -- Options ----------------------------------------------------------------------*/

static const char *const forms[] = {
    [IPL_BIN_WIDTH] = "width",
    [IPL_BIN_EDGES] = "edges",
    [IPL_BIN_COUNT] = "count",
    [IPL_BIN_QUANTILES] = "quantiles",
    [IPL_BIN_FORM_COUNT] = NULL,
};
static_assert(sizeof forms / sizeof *forms == IPL_BIN_FORM_COUNT + 1, "a name each");

#define BINS_MAX 65536
#define FIELD(name) .offset = offsetof(ipl_mi_options, name)

static const ipl_option bin_options[] = {
    {.key = "form", .type = IPL_OPTION_CHOICE, FIELD(bin_form), .choices = forms,
     .fallback = "edges",
     .help = "floor(t/width) (2018); fixed edges (2017); equal bins; quantiles"},
    {.key = "edges", .type = IPL_OPTION_INTEGER, FIELD(bin_edges), .min = 2,
     .max = BINS_MAX, .fallback = "30", .help = "form edges: edges over range",
     .flag = "--bin-edges", .value = "N", .form = "edges"},
    {.key = "range", .type = IPL_OPTION_RANGE, FIELD(bin_lo), .min = -1e30, .max = 1e30,
     .fallback = "-1, 1", .help = "form edges: first and last edge", .flag = "--range",
     .value = "LO,HI", .form = "edges"},
    {.key = "width", .type = IPL_OPTION_REAL, FIELD(bin_width), .min = 0, .max = 1e30,
     .above = 1, .fallback = "0.07", .help = "form width: bins floor(t / width)",
     .flag = "--bin-width", .value = "W", .form = "width"},
    {.key = "count", .type = IPL_OPTION_INTEGER, FIELD(bin_count), .min = 1,
     .max = BINS_MAX, .fallback = "30",
     .help = "form count: equal bins over the layer's own range", .flag = "--bin-count",
     .value = "N", .form = "count"},
    {.key = "quantiles", .type = IPL_OPTION_INTEGER, FIELD(bin_quantiles), .min = 1,
     .max = BINS_MAX, .fallback = "30",
     .help = "form quantiles: bins of equal occupation", .flag = "--bin-quantiles",
     .value = "N", .form = "quantiles"},
};

static ipl_status bin_check(const ipl_mi_options *options)
{
    const double lo = options->bin_lo, hi = options->bin_hi;
    const int64_t bins = mi_threshold_count(options);
    const int64_t least = options->bin_form == IPL_BIN_EDGES ? 2 : 1;
    IPL_REQUIRE((unsigned)options->bin_form < IPL_BIN_FORM_COUNT, "bin form %d",
                (int)options->bin_form);
    if (options->bin_form == IPL_BIN_WIDTH) {
        IPL_REQUIRE((float)options->bin_width >= FLT_MIN &&
                        (float)options->bin_width <= FLT_MAX,
                    "bin width %g: expected a positive float32", options->bin_width);
        return IPL_OK;
    }
    IPL_REQUIRE(bins >= least && bins <= BINS_MAX, "%lld %s: expected %lld to %d",
                (long long)bins, least == 2 ? "edges" : "bins", (long long)least,
                BINS_MAX);
    if (options->bin_form == IPL_BIN_EDGES)
        IPL_REQUIRE(lo < hi && fabs(lo) <= FLT_MAX && fabs(hi) <= FLT_MAX,
                    "edges over [%g, %g]: expected lo < hi", lo, hi);
    return IPL_OK;
}

static void bin_describe(const ipl_mi_options *o, char *text, size_t size)
{
    switch (o->bin_form) {
    case IPL_BIN_WIDTH: snprintf(text, size, "width %.4g", o->bin_width); return;
    case IPL_BIN_EDGES:
        snprintf(text, size, "%lld edges over [%.4g, %.4g]", (long long)o->bin_edges,
                 o->bin_lo, o->bin_hi);
        return;
    case IPL_BIN_COUNT:
        snprintf(text, size, "%lld equal bins", (long long)o->bin_count);
        return;
    case IPL_BIN_QUANTILES:
        snprintf(text, size, "%lld quantiles", (long long)o->bin_quantiles);
        return;
    case IPL_BIN_FORM_COUNT: break;
    }
}

/* -- What a backend gets to do ----------------------------------------------------*/

/* The backend's work for one call, and the host memory that it needs. */
typedef struct {
    ipl_bin_job   *cells;  /* [jobs]                                            */
    int            counts;
    ipl_count_job *count;  /* [counts]: cells of job j at j; then of each job, where it
                              has them, cells with labels, and cells with inputs */
    ipl_bins      *bins;   /* [jobs]                                            */
    float         *threshold; /* [jobs][thresholds]                             */
    int64_t       *rank;   /* [thresholds], QUANTILES                           */
    ipl_multiplicity     *multiplicity;
    void          *work;   /* device: the backend's own scratch                 */
    size_t         bytes;  /* device: all of it                                 */
} bin_plan;

static void plan_free(bin_plan *plan)
{
    free(plan->cells);
    free(plan->count);
    free(plan->bins);
    free(plan->threshold);
    free(plan->rank);
    free(plan->multiplicity);
}

static ipl_status plan_host(const mi_call *call, const ipl_mi_options *options,
                            bin_plan *plan)
{
    const size_t thresholds = (size_t)mi_threshold_count(options);
    const size_t jobs = (size_t)call->jobs;
    size_t multiplicities = 0;
    plan->counts = 0;
    for (int j = 0; j < call->jobs; ++j) {
        const int counts = 1 + (call->job[j].y != NULL) +
                           (mi_repeated_inputs(&call->job[j]) != NULL);
        plan->counts += counts;
        multiplicities +=
            (size_t)ipl_multiplicities_max(call->job[j].t.rows) * (size_t)counts;
    }
    plan->cells = calloc(jobs, sizeof *plan->cells);
    plan->count = calloc((size_t)plan->counts, sizeof *plan->count);
    plan->bins = calloc(jobs, sizeof *plan->bins);
    plan->threshold = malloc((jobs * thresholds + 1) * sizeof *plan->threshold);
    plan->rank = malloc((thresholds + 1) * sizeof *plan->rank);
    plan->multiplicity = malloc(multiplicities * sizeof *plan->multiplicity);
    if (!plan->cells || !plan->count || !plan->bins || !plan->threshold ||
        !plan->rank || !plan->multiplicity)
        return IPL_FAIL(IPL_E_MEMORY, "bins of %d jobs", call->jobs);
    for (size_t j = 0; j < jobs; ++j)
        plan->bins[j] = (ipl_bins){
            .width = (float)options->bin_width,
            .thresholds = (int64_t)thresholds,
            .threshold = plan->threshold + j * thresholds,
            .wrap = options->bin_form == IPL_BIN_EDGES,
        };
    return IPL_OK;
}

static void plan_count(bin_plan *plan, int at, int64_t n, const int32_t *a,
                       const int32_t *b, ipl_multiplicity **multiplicity)
{
    plan->count[at] =
        (ipl_count_job){.n = n, .a = a, .b = b, .multiplicity = *multiplicity};
    *multiplicity += ipl_multiplicities_max(n);
}

/* The scratch that a backend wants at most at one time. */
static size_t work_bytes(const mi_call *call, const ipl_mi_options *options,
                         const bin_plan *plan)
{
    const ipl_backend *backend = call->dev->backend;
    void *state = call->dev->state;
    size_t most = backend->bin_scratch_bytes(state, call->jobs, plan->cells);
    const size_t counts = backend->count_scratch_bytes(state, plan->counts,
                                                       plan->count);
    most = counts > most ? counts : most;
    for (int j = 0; j < call->jobs && options->bin_form == IPL_BIN_QUANTILES; ++j) {
        const ipl_mat t = call->job[j].t;
        const ipl_quantile_job quantiles = {.count = t.rows * t.cols,
                                            .block = call->job[j].block_rows * t.cols,
                                            .ranks = options->bin_quantiles};
        const size_t some = backend->quantile_scratch_bytes(state, &quantiles);
        most = some > most ? some : most;
    }
    return most;
}

/* Writes the backend's jobs, with addresses in scratch (NULL: only to measure). */
static ipl_status plan_make(const mi_call *call, const ipl_mi_options *options,
                            bin_plan *plan)
{
    ipl_arena arena = {.base = call->scratch};
    IPL_TRY(plan_host(call, options, plan));

    int pair = call->jobs;
    ipl_multiplicity *multiplicity = plan->multiplicity;
    for (int j = 0; j < call->jobs; ++j) {
        const ipl_mi_job *job = &call->job[j];
        const ipl_mat t = job->t;
        int32_t *cell = job->cell;
        if (!cell) cell = ipl_arena_take(&arena, t.rows, sizeof *cell);
        plan->cells[j] = (ipl_bin_job){
            .n = t.rows, .d = t.cols, .t = t.at, .block = job->block_rows,
            .bins = &plan->bins[j], .cell = cell};
        plan_count(plan, j, t.rows, cell, NULL, &multiplicity);
        if (job->y) plan_count(plan, pair++, t.rows, cell, job->y->at, &multiplicity);
        const ipl_labels *x = mi_repeated_inputs(job);
        if (x) plan_count(plan, pair++, t.rows, cell, x->at, &multiplicity);
    }
    plan->work = ipl_arena_take(&arena, 1, work_bytes(call, options, plan));
    plan->bytes = arena.used;
    return IPL_OK;
}

static ipl_status bin_scratch_bytes(const mi_call *call, const ipl_mi_options *options,
                                    size_t *bytes)
{
    bin_plan plan = {0};
    const ipl_status st = plan_make(call, options, &plan);
    if (st == IPL_OK) *bytes = plan.bytes;
    plan_free(&plan);
    return st;
}

/* Fills in what depends on the data: the layer's range and its thresholds. */
static ipl_status place_bins(const mi_call *call, const ipl_mi_options *options,
                             bin_plan *plan)
{
    const ipl_backend *backend = call->dev->backend;
    for (int j = 0; j < call->jobs; ++j) {
        const ipl_range_job *range = &call->range[j];
        float *threshold = plan->threshold + (int64_t)j * plan->bins[j].thresholds;
        plan->cells[j].lo = range->lo;
        plan->cells[j].hi = range->hi;
        if (options->bin_form == IPL_BIN_QUANTILES) {
            mi_ranks(range->count, options->bin_quantiles, plan->rank);
            const ipl_quantile_job quantiles = {
                .count = range->count, .t = range->t, .block = range->block,
                .ranks = options->bin_quantiles, .rank = plan->rank,
                .threshold = threshold};
            IPL_TRY(backend->value_quantiles(call->dev->state, &quantiles, plan->work));
        } else if (options->bin_form != IPL_BIN_WIDTH) {
            mi_thresholds(options, range->lo, range->hi, threshold);
        }
    }
    return IPL_OK;
}

/* -- Points -----------------------------------------------------------------------*/

/* I(T;G) from the sizes of the cells split by group; in [0, min(H(T), H(G))]. */
static ipl_status group_information(const char *name, const char *what, int64_t n,
                                    double h_t, const ipl_labels *g,
                                    const ipl_count_job *split, double *out)
{
    const double h_g = ipl_mi_label_entropy(g);
    const double rounding = mi_rounding(3 * ipl_multiplicities_max(n), log((double)n));
    *out = mi_mutual(h_t, h_g,
                     mi_entropy(n, split->multiplicities, split->multiplicity));
    return mi_clamp(name, what, 0.0, fmin(h_t, h_g), rounding, out);
}

/* One point from the sizes of the cells: `alone`, and split by labels and inputs. */
static ipl_status bin_point(const char *name, const ipl_mi_job *job,
                            const ipl_bin_job *cells, const ipl_count_job *alone,
                            const ipl_count_job *split, ipl_mi_point *out)
{
    const int64_t n = cells->n;
    const double top = log((double)n);
    const double rounding = mi_rounding(3 * ipl_multiplicities_max(n), top);
    *out = mi_point_empty();
    out->h_t = mi_entropy(n, alone->multiplicities, alone->multiplicity);
    IPL_TRY(mi_clamp(name, "H(T)", 0.0, top, rounding, &out->h_t));
    if (job->y)
        IPL_TRY(group_information(name, "I(T;Y)", n, out->h_t, job->y, split++,
                                  &out->i_ty));
    out->i_xt = out->h_t; /* H(T|X) = 0 */
    int saturated = cells->cells == n;
    const ipl_labels *x = mi_repeated_inputs(job);
    if (x) {
        IPL_TRY(group_information(name, "I(X;T)", n, out->h_t, x, split, &out->i_xt));
        saturated = out->i_xt == ipl_mi_label_entropy(x);
    }
    out->cells = cells->cells;
    out->outside_share = (double)cells->outside / (double)(n * cells->d);
    out->flags = (saturated ? IPL_MI_SATURATED : 0u) |
                 (cells->outside ? IPL_MI_OUTSIDE : 0u);
    return IPL_OK;
}

static ipl_status bin_estimate(const mi_call *call, const ipl_mi_options *options,
                               mi_points *point)
{
    const ipl_backend *backend = call->dev->backend;
    void *state = call->dev->state;
    ipl_status st;
    bin_plan plan = {0};
    IPL_TRY_DONE(plan_make(call, options, &plan));
    IPL_TRY_DONE(place_bins(call, options, &plan));
    IPL_TRY_DONE(backend->bin_cells(state, call->jobs, plan.cells, plan.work));
    IPL_TRY_DONE(backend->cell_counts(state, plan.counts, plan.count, plan.work));
    const ipl_count_job *split = plan.count + call->jobs;
    for (int j = 0; j < call->jobs; ++j) {
        char text[24];
        const ipl_mi_job *job = &call->job[j];
        if (options->bin_form != IPL_BIN_EDGES) plan.cells[j].outside = 0;
        IPL_TRY_DONE(bin_point(mi_job_name(call->job, j, text), job, &plan.cells[j],
                               &plan.count[j], split, &point[j][0]));
        split += (job->y != NULL) + (mi_repeated_inputs(job) != NULL);
    }
done:
    plan_free(&plan);
    return st;
}

/* -- The definition ---------------------------------------------------------------*/

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The thresholds of n x d values. `sorted` has room for all of them. */
static void plain_thresholds(const ipl_mi_options *options, int64_t values,
                             const float *t, float *sorted, float *threshold)
{
    for (int64_t i = 0; i < values; ++i) sorted[i] = t[i];
    qsort(sorted, (size_t)values, sizeof *sorted, by_value);
    if (options->bin_form != IPL_BIN_QUANTILES) {
        mi_thresholds(options, sorted[0], sorted[values - 1], threshold);
        return;
    }
    const int64_t bins = options->bin_quantiles;
    for (int64_t k = 0; k < bins; ++k)
        threshold[k] = sorted[values / bins * k + values % bins * k / bins];
}

static double plain_bin(const ipl_mi_options *options, const float *threshold,
                        float value)
{
    const int64_t count = mi_threshold_count(options);
    if (!count) return floorf(value / (float)options->bin_width);
    int64_t bin = 0;
    while (bin < count && threshold[bin] <= value) ++bin;
    return options->bin_form == IPL_BIN_EDGES && !bin ? (double)count : (double)bin;
}

static ipl_status bin_plain(const ipl_mi_options *options,
                            const ipl_mi_samples *samples, int64_t d, const float *t,
                            int point, double *i_xt, double *i_ty)
{
    const int64_t n = samples->n;
    *i_ty = NAN;
    (void)point;
    ipl_status st = IPL_OK;
    double sum_log = 0.0;
    float  *sorted = malloc((size_t)(n * d) * sizeof *sorted);
    float  *threshold = malloc((size_t)(mi_threshold_count(options) + 1) *
                               sizeof(float));
    double *bin = malloc((size_t)(n * d) * sizeof *bin);
    if (!sorted || !threshold || !bin) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld x %lld bins", (long long)n, (long long)d);
        goto done;
    }
    plain_thresholds(options, n * d, t, sorted, threshold);
    for (int64_t v = 0; v < n * d; ++v) bin[v] = plain_bin(options, threshold, t[v]);
    for (int64_t i = 0; i < n; ++i) {
        int64_t same = 0;
        for (int64_t j = 0; j < n; ++j) {
            int64_t k = 0;
            while (k < d && bin[i * d + k] == bin[j * d + k]) ++k;
            same += k == d;
        }
        sum_log += log((double)same / (double)n);
    }
    *i_xt = -sum_log / (double)n;
done:
    free(sorted);
    free(threshold);
    free(bin);
    return st;
}

const mi_estimator mi_bin = {
    .family = {.name = "bin",
               .summary = "plug-in entropy of binned activations",
               .points = 1,
               .point = {{.name = "bin", .title = "bin"}},
               .options = sizeof bin_options / sizeof *bin_options,
               .option = bin_options,
               .needs = IPL_MI_NEEDS_CELLS,
               .standard = 1,
               .rows_max = INT32_MAX},
    .check = bin_check,
    .describe = bin_describe,
    .scratch_bytes = bin_scratch_bytes,
    .estimate = bin_estimate,
    .plain = bin_plain,
};
