/*
 * mi_bin.c - the plug-in estimator: entropies of the partition into cells.
 *
 * A backend numbers the cells of every layer and counts how many rows share a cell,
 * and how many share cell and label; algebra.h does the rest.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "mi/mi.h"

enum { BINS_MAX = 65536 };

static ipl_status bin_check(const ipl_mi_options *options)
{
    const double lo = options->bin_lo, hi = options->bin_hi;
    const int64_t least = options->bin_form == IPL_BIN_EDGES ? 2 : 1;
    IPL_REQUIRE((unsigned)options->bin_form < IPL_BIN_FORM_COUNT, "bin form %d",
                (int)options->bin_form);
    if (options->bin_form == IPL_BIN_WIDTH) {
        IPL_REQUIRE((float)options->bin_width >= FLT_MIN &&
                        (float)options->bin_width <= FLT_MAX,
                    "bin width %g: expected a positive float32", options->bin_width);
        return IPL_OK;
    }
    IPL_REQUIRE(options->bins >= least && options->bins <= BINS_MAX,
                "%lld %s: expected %lld to %d", (long long)options->bins,
                least == 2 ? "edges" : "bins", (long long)least, BINS_MAX);
    if (options->bin_form == IPL_BIN_EDGES)
        IPL_REQUIRE(lo < hi && fabs(lo) <= FLT_MAX && fabs(hi) <= FLT_MAX,
                    "edges over [%g, %g]: expected lo < hi", lo, hi);
    return IPL_OK;
}

/* The backend's work for one call, and the host memory that it needs. */
typedef struct {
    ipl_bin_job   *cells;  /* [jobs]                                            */
    int            counts;
    ipl_count_job *count;  /* [counts]: cells of job j at j, then cells with labels
                              of the jobs that have any                         */
    ipl_bins      *bins;   /* [jobs]                                            */
    float         *threshold; /* [jobs][bins]                                   */
    int64_t       *rank;   /* [bins], QUANTILES                                 */
    ipl_share     *share;
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
    free(plan->share);
}

static ipl_status plan_host(const ipl_mi_options *options, int jobs,
                            const ipl_mi_job *job, bin_plan *plan)
{
    const size_t thresholds =
        options->bin_form == IPL_BIN_WIDTH ? 0 : (size_t)options->bins;
    size_t shares = 0;
    plan->counts = jobs;
    for (int j = 0; j < jobs; ++j) {
        plan->counts += job[j].y != NULL;
        shares += (size_t)ipl_shares_max(job[j].t.rows) * (job[j].y ? 2 : 1);
    }
    plan->cells = calloc((size_t)jobs, sizeof *plan->cells);
    plan->count = calloc((size_t)plan->counts, sizeof *plan->count);
    plan->bins = calloc((size_t)jobs, sizeof *plan->bins);
    plan->threshold =
        malloc(((size_t)jobs * thresholds + 1) * sizeof *plan->threshold);
    plan->rank = malloc((thresholds + 1) * sizeof *plan->rank);
    plan->share = malloc(shares * sizeof *plan->share);
    if (!plan->cells || !plan->count || !plan->bins || !plan->threshold ||
        !plan->rank || !plan->share)
        return IPL_FAIL(IPL_E_MEMORY, "bins of %d jobs", jobs);
    for (int j = 0; j < jobs; ++j)
        plan->bins[j] = (ipl_bins){
            .width = (float)options->bin_width,
            .thresholds = (int64_t)thresholds,
            .threshold = plan->threshold + (size_t)j * thresholds,
            .wrap = options->bin_form == IPL_BIN_EDGES,
        };
    return IPL_OK;
}

static void plan_count(bin_plan *plan, int at, int64_t n, const int32_t *a,
                       const int32_t *b, ipl_share **share)
{
    plan->count[at] = (ipl_count_job){.n = n, .a = a, .b = b, .share = *share};
    *share += ipl_shares_max(n);
}

/* Writes the backend's jobs, with addresses in scratch (NULL: only to measure). */
static ipl_status plan_make(ipl_device *dev, const ipl_mi_options *options, int jobs,
                            const ipl_mi_job *job, void *scratch, bin_plan *plan)
{
    const ipl_backend *backend = dev->backend;
    mi_arena arena = {.at = scratch};
    IPL_TRY(plan_host(options, jobs, job, plan));

    int pair = jobs;
    size_t work = 0;
    ipl_share *share = plan->share;
    for (int j = 0; j < jobs; ++j) {
        const ipl_mat t = job[j].t;
        int32_t *cell = job[j].cell;
        if (!cell) cell = mi_take(&arena, (size_t)t.rows * sizeof *cell);
        plan->cells[j] = (ipl_bin_job){
            .n = t.rows, .d = t.cols, .t = t.at, .block = job[j].block_rows,
            .bins = &plan->bins[j], .cell = cell};
        plan_count(plan, j, t.rows, cell, NULL, &share);
        if (job[j].y) plan_count(plan, pair++, t.rows, cell, job[j].y->at, &share);
        if (options->bin_form == IPL_BIN_QUANTILES) {
            const ipl_quantile_job quantiles = {.count = t.rows * t.cols,
                                                .block = job[j].block_rows * t.cols,
                                                .ranks = options->bins};
            const size_t some =
                backend->quantile_scratch_bytes(dev->state, &quantiles);
            work = some > work ? some : work;
        }
    }
    const size_t cells = backend->bin_scratch_bytes(dev->state, jobs, plan->cells);
    const size_t counts =
        backend->count_scratch_bytes(dev->state, plan->counts, plan->count);
    work = cells > work ? cells : work;
    work = counts > work ? counts : work;
    plan->work = mi_take(&arena, work);
    plan->bytes = arena.used;
    return IPL_OK;
}

static ipl_status bin_scratch_bytes(ipl_device *dev, const ipl_mi_options *options,
                                    int jobs, const ipl_mi_job *job, size_t *bytes)
{
    bin_plan plan = {0};
    const ipl_status st = plan_make(dev, options, jobs, job, NULL, &plan);
    if (st == IPL_OK) *bytes = plan.bytes;
    plan_free(&plan);
    return st;
}

/* Fills in what depends on the data: the layer's range and its thresholds. */
static ipl_status place_bins(ipl_device *dev, const ipl_mi_options *options, int jobs,
                             const ipl_range_job *range, bin_plan *plan)
{
    for (int j = 0; j < jobs; ++j) {
        float *threshold = plan->threshold + (int64_t)j * plan->bins[j].thresholds;
        plan->cells[j].lo = range[j].lo;
        plan->cells[j].hi = range[j].hi;
        if (options->bin_form == IPL_BIN_QUANTILES) {
            mi_ranks(range[j].count, options->bins, plan->rank);
            const ipl_quantile_job quantiles = {
                .count = range[j].count, .t = range[j].t, .block = range[j].block,
                .ranks = options->bins, .rank = plan->rank, .threshold = threshold};
            IPL_TRY(dev->backend->value_quantiles(dev->state, &quantiles, plan->work));
        } else if (options->bin_form != IPL_BIN_WIDTH) {
            mi_thresholds(options, &range[j], threshold);
        }
    }
    return IPL_OK;
}

/* One point from the sizes of the cells, and of the cells split by label. */
static ipl_status bin_point(const ipl_mi_options *options, int j, const ipl_mi_job *job,
                            const ipl_bin_job *cells, const ipl_count_job *alone,
                            const ipl_count_job *split, ipl_mi_point *out)
{
    const int64_t n = cells->n;
    const double top = log((double)n);
    const double rounding = mi_rounding(3 * ipl_shares_max(n), top);
    double h_t = mi_entropy(n, alone->shares, alone->share), i_ty = NAN;
    IPL_TRY(mi_land("job", j, "H(T)", 0.0, top, rounding, &h_t));
    if (job->y) {
        const double h_y = ipl_mi_label_entropy(job->y);
        i_ty = mi_mutual(h_t, h_y, mi_entropy(n, split->shares, split->share));
        IPL_TRY(mi_land("job", j, "I(T;Y)", 0.0, fmin(h_t, h_y), rounding, &i_ty));
    }
    *out = (ipl_mi_point){
        .name = "bin", .h_t = h_t, .i_xt = h_t, .i_ty = i_ty, .cells = cells->cells};
    if (options->bin_form == IPL_BIN_EDGES)
        out->outside_share = (double)cells->outside / (double)(n * cells->d);
    out->flags = (cells->cells == n ? IPL_MI_SATURATED : 0u) |
                 (out->outside_share > 0.0 ? IPL_MI_OUTSIDE : 0u) |
                 (job->y ? 0u : IPL_MI_NO_LABELS);
    return IPL_OK;
}

static ipl_status bin_estimate(ipl_device *dev, const ipl_mi_options *options,
                               int jobs, const ipl_mi_job *job,
                               const ipl_range_job *range, void *scratch,
                               mi_points *point)
{
    ipl_status st;
    bin_plan plan = {0};
    IPL_TRY_DONE(plan_make(dev, options, jobs, job, scratch, &plan));
    IPL_TRY_DONE(place_bins(dev, options, jobs, range, &plan));
    IPL_TRY_DONE(dev->backend->bin_cells(dev->state, jobs, plan.cells, plan.work));
    IPL_TRY_DONE(
        dev->backend->cell_counts(dev->state, plan.counts, plan.count, plan.work));
    for (int j = 0, pair = jobs; j < jobs; ++j)
        IPL_TRY_DONE(bin_point(options, j, &job[j], &plan.cells[j], &plan.count[j],
                               job[j].y ? &plan.count[pair++] : NULL, &point[j][0]));
done:
    plan_free(&plan);
    return st;
}

const mi_estimator mi_bin = {.name = "bin",
                             .points = 1,
                             .rows_max = INT32_MAX,
                             .check = bin_check,
                             .scratch_bytes = bin_scratch_bytes,
                             .estimate = bin_estimate};
