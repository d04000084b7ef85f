/*
 * mi_kde.c - the pairwise bounds: from mean logarithms to points.
 *
 * The backend's sums count j = i as exactly one and every other pair as at most one,
 * so 0 <= mean_i log S_i <= log n, and C_i <= S_i gives I(T;Y) <= H(Y): the ceilings
 * hold up to the rounding of the mean.
 */
#include <math.h>
#include <stdlib.h>

#include "mi/mi.h"

static const double saturated_within = 1e-6; /* nats */

static ipl_status kde_check(const ipl_mi_options *options)
{
    IPL_REQUIRE(options->noise_var > 0.0 && isfinite(options->noise_var),
                "noise variance %g: expected a positive number", options->noise_var);
    return IPL_OK;
}

typedef struct {
    ipl_kde_job *sums;   /* [jobs]                                              */
    ipl_labels  *whole;  /* [jobs]: one class, for the jobs without labels      */
    int64_t    (*start)[2];
    int64_t      most;   /* rows of the largest job without labels              */
    int32_t     *zero, *row; /* device, [most]: the class and the number of a row */
    void        *work;   /* device: the backend's own scratch                   */
    size_t       bytes;  /* device: all of it                                   */
} kde_plan;

static void plan_free(kde_plan *plan)
{
    free(plan->sums);
    free(plan->whole);
    free(plan->start);
}

static ipl_status plan_make(ipl_device *dev, const ipl_mi_options *options, int jobs,
                            const ipl_mi_job *job, void *scratch, kde_plan *plan)
{
    mi_arena arena = {.at = scratch};
    plan->sums = calloc((size_t)jobs, sizeof *plan->sums);
    plan->whole = calloc((size_t)jobs, sizeof *plan->whole);
    plan->start = calloc((size_t)jobs, sizeof *plan->start);
    if (!plan->sums || !plan->whole || !plan->start)
        return IPL_FAIL(IPL_E_MEMORY, "pair sums of %d jobs", jobs);

    for (int j = 0; j < jobs; ++j)
        if (!job[j].y && job[j].t.rows > plan->most) plan->most = job[j].t.rows;
    plan->zero = mi_take(&arena, (size_t)plan->most * sizeof *plan->zero);
    plan->row = mi_take(&arena, (size_t)plan->most * sizeof *plan->row);
    for (int j = 0; j < jobs; ++j) {
        const ipl_mat t = job[j].t;
        plan->start[j][1] = t.rows;
        plan->whole[j] = (ipl_labels){.rows = t.rows, .classes = 1, .at = plan->zero,
                                      .order = plan->row, .start = plan->start[j]};
        plan->sums[j] = (ipl_kde_job){.n = t.rows, .d = t.cols, .t = t.at,
                                      .block = job[j].block_rows,
                                      .y = job[j].y ? job[j].y : &plan->whole[j],
                                      .noise_var = options->noise_var};
        for (int k = 0; k < 4; ++k)
            plan->sums[j].sum[k] = mi_take(&arena, (size_t)t.rows * sizeof(int64_t));
    }
    plan->work = mi_take(
        &arena, dev->backend->kde_scratch_bytes(dev->state, jobs, plan->sums));
    plan->bytes = arena.used;
    return IPL_OK;
}

static ipl_status kde_scratch_bytes(ipl_device *dev, const ipl_mi_options *options,
                                    int jobs, const ipl_mi_job *job, size_t *bytes)
{
    kde_plan plan = {0};
    const ipl_status st = plan_make(dev, options, jobs, job, NULL, &plan);
    if (st == IPL_OK) *bytes = plan.bytes;
    plan_free(&plan);
    return st;
}

/* Writes the one class of the jobs without labels, piece by piece so that no array
 * of n is needed on the host. */
static ipl_status write_whole(ipl_device *dev, const kde_plan *plan)
{
    enum { PIECE = 4096 };
    const int32_t zero[PIECE] = {0};
    int32_t row[PIECE];
    for (int64_t at = 0; at < plan->most; at += PIECE) {
        const int64_t left = plan->most - at;
        const size_t bytes = (size_t)(left < PIECE ? left : PIECE) * sizeof *row;
        for (int i = 0; i < PIECE; ++i) row[i] = (int32_t)(at + i);
        IPL_TRY(ipl_upload(dev, zero, bytes, plan->zero + at));
        IPL_TRY(ipl_upload(dev, row, bytes, plan->row + at));
    }
    return IPL_OK;
}

/* Variance of the noise of one layer. Where every value is 0 a share of the mean
 * square would be 0 too; as all distances are 0, any variance gives the same sums. */
static ipl_status noise_of(const ipl_mi_options *options, int j,
                           const ipl_range_job *range, double *noise_var)
{
    double var = options->noise_var;
    if (options->noise_relative && range->sum_squares > 0.0)
        var *= range->sum_squares / (double)range->count;
    if (!(var > 0.0 && isfinite(var)))
        return IPL_FAIL(IPL_E_NUMERIC,
                        "job %d: noise variance %g, %g of the mean square %g", j, var,
                        options->noise_var, range->sum_squares / (double)range->count);
    *noise_var = var;
    return IPL_OK;
}

/* Both points of one job; bound 0 is the upper. */
static ipl_status kde_point(int j, const ipl_mi_job *job, const ipl_kde_job *sums,
                            ipl_mi_point *point)
{
    static const char *const name[2] = {"kde-upper", "kde-lower"};
    static const char *const bound[2] = {"upper", "lower"};
    const double pi = 3.14159265358979323846;
    const double top = log((double)sums->n), rounding = mi_rounding(sums->n, top);
    for (int b = 0; b < 2; ++b) {
        const double all = sums->mean_log[2 * b], own = sums->mean_log[2 * b + 1];
        double i_xt = top - all, i_ty = NAN;
        IPL_TRY(mi_land("job", j, "I(X;T)", 0.0, top, rounding, &i_xt));
        if (job->y) {
            const double h_y = ipl_mi_label_entropy(job->y);
            i_ty = h_y + (own - all);
            IPL_TRY(mi_land("job", j, "I(T;Y)", -top, h_y, rounding, &i_ty));
            if (fabs(i_ty) <= rounding) i_ty = 0.0;
        }
        point[b] = (ipl_mi_point){
            .name = name[b], .bound = bound[b], .i_xt = i_xt, .i_ty = i_ty,
            .h_t = i_xt + 0.5 * (double)sums->d * (log(2.0 * pi * sums->noise_var) + 1),
            .noise_var = sums->noise_var,
            .flags = (i_xt >= top - saturated_within ? IPL_MI_SATURATED : 0u) |
                     (job->y ? 0u : IPL_MI_NO_LABELS)};
    }
    return IPL_OK;
}

static ipl_status kde_estimate(ipl_device *dev, const ipl_mi_options *options,
                               int jobs, const ipl_mi_job *job,
                               const ipl_range_job *range, void *scratch,
                               mi_points *point)
{
    ipl_status st;
    kde_plan plan = {0};
    IPL_TRY_DONE(plan_make(dev, options, jobs, job, scratch, &plan));
    IPL_TRY_DONE(write_whole(dev, &plan));
    for (int j = 0; j < jobs; ++j)
        IPL_TRY_DONE(noise_of(options, j, &range[j], &plan.sums[j].noise_var));
    IPL_TRY_DONE(dev->backend->kde_sums(dev->state, jobs, plan.sums,
                                        options->full_sums, plan.work));
    for (int j = 0; j < jobs; ++j)
        IPL_TRY_DONE(kde_point(j, &job[j], &plan.sums[j], point[j]));
done:
    plan_free(&plan);
    return st;
}

const mi_estimator mi_kde = {.name = "kde",
                             .points = 2,
                             .rows_max = 1 << 20, /* S_i in fixed point */
                             .check = kde_check,
                             .scratch_bytes = kde_scratch_bytes,
                             .estimate = kde_estimate};
