/*
 * mi_bin.c - the plug-in estimator: entropies of the partition into cells.
 *
 * A backend numbers the cells of every layer and counts how many rows share a cell, and
 * how many share cell and label, or cell and input; mi_bin_point.c does the rest.
 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "mi/mi_bin.h"

/* -- Options ----------------------------------------------------------------------*/

static const char *const forms[] = {
    [IPL_BIN_WIDTH] = "width",
    [IPL_BIN_EDGES] = "edges",
    [IPL_BIN_COUNT] = "count",
    [IPL_BIN_QUANTILES] = "quantiles",
    [IPL_BIN_EXACT] = "exact",
    [IPL_BIN_FORM_COUNT] = NULL,
};
static_assert(sizeof forms / sizeof *forms == IPL_BIN_FORM_COUNT + 1, "a name each");

static const char *const corrections[] = {
    [IPL_BIN_PLUGIN] = "none",
    [IPL_BIN_MILLER_MADOW] = "miller-madow",
    [IPL_BIN_CORRECTION_COUNT] = NULL,
};
static_assert(sizeof corrections / sizeof *corrections == IPL_BIN_CORRECTION_COUNT + 1,
              "a name each");

#define BINS_MAX 65536
#define FIELD(name) .offset = offsetof(ipl_mi_options, name)

static const ipl_option bin_options[] = {
    {.key = "form", .type = IPL_OPTION_CHOICE, FIELD(bin_form), .choices = forms,
     .fallback = "edges",
     .help = "floor(t/width) (2018); edges (2017); equal bins; quantiles; each value, "
             "for quantised layers",
     .flag = "--bin-exact",
     .flag_help = "each value is a bin of its own, for quantised layers",
     .form = "exact"},
    {.key = "edges", .type = IPL_OPTION_INTEGER, FIELD(bin_edges), .min = 2,
     .max = BINS_MAX, .fallback = "30",
     .help = "form edges: edges over range; a value on an edge lies above it",
     .flag = "--bin-edges", .value = "N", .form = "edges"},
    {.key = "range", .type = IPL_OPTION_RANGE, FIELD(bin_lo), .min = -1e30, .max = 1e30,
     .fallback = "-1, 1", .help = "form edges: first and last edge", .flag = "--range",
     .value = "LO,HI", .form = "edges"},
    {.key = "width", .type = IPL_OPTION_REAL, FIELD(bin_width), .min = 0, .max = 1e30,
     .above = 1, .fallback = "0.07",
     .help = "form width: bins floor(t / width), divided in float32: a value on an "
             "edge lies above it, or below where t / width rounds down; quantised "
             "layers lose values so and need form exact",
     .flag = "--bin-width", .value = "W", .form = "width"},
    {.key = "count", .type = IPL_OPTION_INTEGER, FIELD(bin_count), .min = 1,
     .max = BINS_MAX, .fallback = "30",
     .help = "form count: equal bins over the layer's own range; a value on an edge "
             "lies above it, the largest in the last bin",
     .flag = "--bin-count", .value = "N", .form = "count"},
    {.key = "quantiles", .type = IPL_OPTION_INTEGER, FIELD(bin_quantiles), .min = 1,
     .max = BINS_MAX, .fallback = "30",
     .help = "form quantiles: bins of equal occupation", .flag = "--bin-quantiles",
     .value = "N", .form = "quantiles"},
    {.key = "correction", .type = IPL_OPTION_CHOICE, FIELD(bin_correction),
     .choices = corrections, .fallback = "none",
     .help = "miller-madow adds (cells - 1) / 2n to each entropy of n rows",
     .flag = "--bin-correction", .value = "NAME"},
};

static ipl_status bin_check(const ipl_mi_options *options)
{
    const double lo = options->bin_lo, hi = options->bin_hi;
    const int64_t bins = mi_threshold_count(options);
    const int64_t least = options->bin_form == IPL_BIN_EDGES ? 2 : 1;
    IPL_REQUIRE((unsigned)options->bin_form < IPL_BIN_FORM_COUNT, "bin form %d",
                (int)options->bin_form);
    IPL_REQUIRE((unsigned)options->bin_correction < IPL_BIN_CORRECTION_COUNT,
                "bin correction %d", (int)options->bin_correction);
    if (options->bin_form == IPL_BIN_EXACT) return IPL_OK;
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

static void describe_form(const ipl_mi_options *o, char *text, size_t size)
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
    case IPL_BIN_EXACT: snprintf(text, size, "exact values"); return;
    case IPL_BIN_FORM_COUNT: break;
    }
}

static void bin_describe(const ipl_mi_options *o, char *text, size_t size)
{
    char form[80] = "";
    describe_form(o, form, sizeof form);
    snprintf(text, size, "%s%s", form,
             o->bin_correction == IPL_BIN_MILLER_MADOW ? ", Miller–Madow" : "");
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
    int64_t       *rank;   /* [jobs][thresholds], QUANTILES                     */
    ipl_quantile_job *quantiles; /* [jobs], QUANTILES                           */
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
    free(plan->quantiles);
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
    plan->rank = malloc((jobs * thresholds + 1) * sizeof *plan->rank);
    plan->quantiles = calloc(jobs, sizeof *plan->quantiles);
    plan->multiplicity = malloc(multiplicities * sizeof *plan->multiplicity);
    if (!plan->cells || !plan->count || !plan->bins || !plan->threshold ||
        !plan->rank || !plan->quantiles || !plan->multiplicity)
        return IPL_FAIL(IPL_E_MEMORY, "bins of %d jobs", call->jobs);
    for (size_t j = 0; j < jobs; ++j)
        plan->bins[j] = (ipl_bins){
            .exact = options->bin_form == IPL_BIN_EXACT,
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
    if (options->bin_form == IPL_BIN_QUANTILES) {
        const size_t some = backend->quantile_scratch_bytes(state, call->jobs,
                                                            plan->quantiles);
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
        int32_t *cell = job->cell ? job->cell + call->partition * t.rows : NULL;
        if (!cell) cell = ipl_arena_take(&arena, t.rows, sizeof *cell);
        plan->cells[j] = (ipl_bin_job){
            .n = t.rows, .d = t.cols, .t = t.at, .block = job->block_rows,
            .bins = &plan->bins[j], .cell = cell};
        plan->quantiles[j] = (ipl_quantile_job){
            .count = t.rows * t.cols, .block = job->block_rows * t.cols, .t = t.at,
            .ranks = options->bin_quantiles};
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
            int64_t *rank = plan->rank + (int64_t)j * plan->bins[j].thresholds;
            mi_ranks(range->count, options->bin_quantiles, rank);
            plan->quantiles[j].rank = rank;
            plan->quantiles[j].threshold = threshold;
        } else if (plan->bins[j].thresholds) {
            mi_thresholds(options, range->lo, range->hi, threshold);
        }
    }
    if (options->bin_form == IPL_BIN_QUANTILES)
        IPL_TRY(backend->value_quantiles(call->dev->state, call->jobs, plan->quantiles,
                                         plan->work));
    return IPL_OK;
}

/* -- The call ---------------------------------------------------------------------*/

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
        IPL_TRY_DONE(bin_point(mi_job_name(call->job, j, text), job,
                               options->bin_correction, &plan.cells[j], &plan.count[j],
                               split, &point[j][0]));
        split += (job->y != NULL) + (mi_repeated_inputs(job) != NULL);
    }
done:
    plan_free(&plan);
    return st;
}

/* The cells are still where the estimate left them. */
static ipl_status bin_errors(const mi_call *call, const ipl_mi_options *options,
                             mi_points *point)
{
    ipl_status st;
    bin_plan plan = {0};
    IPL_TRY_DONE(plan_make(call, options, &plan));
    for (int j = 0; j < call->jobs; ++j)
        if (call->job[j].error == IPL_MI_ERROR_JACKKNIFE)
            IPL_TRY_DONE(bin_standard_errors(call->dev, &call->job[j],
                                             options->bin_correction,
                                             plan.cells[j].cell, &point[j][0]));
done:
    plan_free(&plan);
    return st;
}

const mi_estimator mi_bin = {
    .family = {.name = "bin",
               .summary = "plug-in entropy of binned activations",
               .coarser = "coarser bins",
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
    .errors = bin_errors,
    .plain = bin_plain,
};
