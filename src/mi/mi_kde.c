/*
 * mi_kde.c - the pairwise bounds: from mean logarithms to points.
 *
 * The backend's sums count j = i as exactly one and every other pair as at most one,
 * so 0 <= mean_i log S_i <= log n, and C_i <= S_i gives I(T;Y) <= H(Y): the ceilings
 * hold up to the rounding of the mean.
 *
 * One pass over the pairs has one grouping. A job whose inputs repeat is therefore
 * summed twice: by labels, and by inputs.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "mi/mi.h"

static const double saturated_within = 1e-6; /* nats */

/* -- Options ----------------------------------------------------------------------*/

static const ipl_option kde_options[] = {
    {.key = "noise_var", .type = IPL_OPTION_REAL,
     .offset = offsetof(ipl_mi_options, noise_var), .min = 0, .max = 1e30, .above = 1,
     .fallback = "0.05",
     .help = "variance of the noise, in squared units of the activations",
     .flag = "--noise-var", .value = "V"},
    {.key = "noise_relative", .type = IPL_OPTION_CHOICE,
     .offset = offsetof(ipl_mi_options, noise_relative), .choice = ipl_option_no_yes,
     .fallback = "no", .help = "noise_var is a share of the layer's mean square",
     .flag = "--noise-relative"},
};

static ipl_status kde_check(const ipl_mi_options *options)
{
    IPL_REQUIRE(options->noise_var > 0.0 && isfinite(options->noise_var),
                "noise variance %g: expected a positive number", options->noise_var);
    return IPL_OK;
}

static void kde_describe(const ipl_mi_options *options, char *text, size_t size)
{
    if (options->noise_relative)
        snprintf(text, size, "variance %.4g × mean square", options->noise_var);
    else
        snprintf(text, size, "noise variance %.4g", options->noise_var);
}

/* -- What a backend gets to do ----------------------------------------------------*/

typedef struct {
    int          count;  /* of sums: one for each job, one more where inputs repeat */
    ipl_kde_job *sums;   /* [count]: of job j at j, then by inputs              */
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

static ipl_status plan_host(const mi_call *call, kde_plan *plan)
{
    const size_t jobs = (size_t)call->jobs;
    plan->count = call->jobs;
    for (int j = 0; j < call->jobs; ++j) {
        const ipl_mi_job *job = &call->job[j];
        plan->count += mi_repeated_inputs(job) != NULL;
        if (!job->y && job->t.rows > plan->most) plan->most = job->t.rows;
    }
    plan->sums = calloc((size_t)plan->count, sizeof *plan->sums);
    plan->whole = calloc(jobs, sizeof *plan->whole);
    plan->start = calloc(jobs, sizeof *plan->start);
    if (!plan->sums || !plan->whole || !plan->start)
        return IPL_FAIL(IPL_E_MEMORY, "pair sums of %d jobs", call->jobs);
    return IPL_OK;
}

static void plan_sums(const ipl_mi_job *job, const ipl_labels *groups, ipl_arena *arena,
                      ipl_kde_job *sums)
{
    const ipl_mat t = job->t;
    *sums = (ipl_kde_job){.n = t.rows, .d = t.cols, .t = t.at,
                          .block = job->block_rows, .y = groups};
    for (int k = 0; k < 4; ++k)
        sums->sum[k] = ipl_arena_take(arena, t.rows, sizeof(int64_t));
}

/* Of both calls, which take turns: each may hold a copy of the layers. */
static size_t work_bytes(const mi_call *call, const kde_plan *plan)
{
    const ipl_backend *backend = call->dev->backend;
    const int by_input = plan->count - call->jobs;
    const size_t first =
        backend->kde_scratch_bytes(call->dev->state, call->jobs, plan->sums);
    if (!by_input) return first;
    const size_t second = backend->kde_scratch_bytes(call->dev->state, by_input,
                                                     plan->sums + call->jobs);
    return first > second ? first : second;
}

/* By labels, then by inputs where these repeat. */
static ipl_status find_sums(const mi_call *call, const ipl_mi_options *options,
                            const kde_plan *plan)
{
    const ipl_backend *backend = call->dev->backend;
    const int by_input = plan->count - call->jobs;
    IPL_TRY(backend->kde_sums(call->dev->state, call->jobs, plan->sums,
                              options->full_sums, plan->work));
    if (!by_input) return IPL_OK;
    return backend->kde_sums(call->dev->state, by_input, plan->sums + call->jobs,
                             options->full_sums, plan->work);
}

static ipl_status plan_make(const mi_call *call, kde_plan *plan)
{
    ipl_arena arena = {.base = call->scratch};
    IPL_TRY(plan_host(call, plan));
    plan->zero = ipl_arena_take(&arena, plan->most, sizeof *plan->zero);
    plan->row = ipl_arena_take(&arena, plan->most, sizeof *plan->row);
    for (int j = 0, by_input = call->jobs; j < call->jobs; ++j) {
        const ipl_mi_job *job = &call->job[j];
        const int64_t n = job->t.rows;
        plan->start[j][1] = n;
        plan->whole[j] = (ipl_labels){.rows = n, .classes = 1, .at = plan->zero,
                                      .order = plan->row, .start = plan->start[j]};
        plan_sums(job, job->y ? job->y : &plan->whole[j], &arena, &plan->sums[j]);
        const ipl_labels *x = mi_repeated_inputs(job);
        if (x) plan_sums(job, x, &arena, &plan->sums[by_input++]);
    }
    plan->work = ipl_arena_take(&arena, 1, work_bytes(call, plan));
    plan->bytes = arena.used;
    return IPL_OK;
}

static ipl_status kde_scratch_bytes(const mi_call *call, const ipl_mi_options *options,
                                    size_t *bytes)
{
    (void)options;
    kde_plan plan = {0};
    const ipl_status st = plan_make(call, &plan);
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
static ipl_status noise_of(const ipl_mi_options *options, const char *name,
                           const ipl_range_job *range, double *noise_var)
{
    double var = options->noise_var;
    if (options->noise_relative && range->sum_squares > 0.0)
        var *= range->sum_squares / (double)range->count;
    if (!(var > 0.0 && isfinite(var)))
        return IPL_FAIL(IPL_E_NUMERIC,
                        "%s: noise variance %g, %g of the mean square %g",
                        name, var, options->noise_var,
                        range->sum_squares / (double)range->count);
    *noise_var = var;
    return IPL_OK;
}

static ipl_status set_noise(const mi_call *call, const ipl_mi_options *options,
                            kde_plan *plan)
{
    for (int j = 0, by_input = call->jobs; j < call->jobs; ++j) {
        char text[24];
        double *var = &plan->sums[j].noise_var;
        IPL_TRY(noise_of(options, mi_job_name(call->job, j, text), &call->range[j],
                         var));
        if (mi_repeated_inputs(&call->job[j])) plan->sums[by_input++].noise_var = *var;
    }
    return IPL_OK;
}

/* -- Points -----------------------------------------------------------------------*/

/* I(T;G) of one bound, a difference of two: at most H(G), and 0 where rounding alone
 * parts them. */
static ipl_status group_information(const char *name, const char *what,
                                    const ipl_labels *g, const ipl_kde_job *sums,
                                    int bound, double *out)
{
    const double top = log((double)sums->n), rounding = mi_rounding(sums->n, top);
    const double all = sums->mean_log[2 * bound], own = sums->mean_log[2 * bound + 1];
    const double h_g = ipl_mi_label_entropy(g);
    *out = h_g + (own - all);
    IPL_TRY(mi_clamp(name, what, -top, h_g, rounding, out));
    if (fabs(*out) <= rounding) *out = 0.0;
    return IPL_OK;
}

/* Both points of a job; bound 0 is the upper. `by_input` counts where inputs repeat. */
static ipl_status kde_point(const char *name, const ipl_mi_job *job,
                            const ipl_kde_job *sums, const ipl_kde_job *by_input,
                            ipl_mi_point *point)
{
    const double pi = 3.14159265358979323846;
    const double top = log((double)sums->n), rounding = mi_rounding(sums->n, top);
    const ipl_labels *x = mi_repeated_inputs(job);
    for (int b = 0; b < 2; ++b) {
        ipl_mi_point *to = &point[b];
        double ceiling = top;
        *to = mi_point_empty();
        to->i_xt = top - sums->mean_log[2 * b];
        IPL_TRY(mi_clamp(name, "I(X;T)", 0.0, top, rounding, &to->i_xt));
        to->h_t = to->i_xt +
                  0.5 * (double)sums->d * (log(2.0 * pi * sums->noise_var) + 1);
        if (job->y)
            IPL_TRY(group_information(name, "I(T;Y)", job->y, sums, b, &to->i_ty));
        if (x) {
            ceiling = ipl_mi_label_entropy(x);
            IPL_TRY(group_information(name, "I(X;T)", x, by_input, b, &to->i_xt));
        }
        to->noise_var = sums->noise_var;
        to->flags = to->i_xt >= ceiling - saturated_within ? IPL_MI_SATURATED : 0u;
    }
    return IPL_OK;
}

static ipl_status kde_estimate(const mi_call *call, const ipl_mi_options *options,
                               mi_points *point)
{
    ipl_device *dev = call->dev;
    ipl_status st;
    kde_plan plan = {0};
    IPL_TRY_DONE(plan_make(call, &plan));
    IPL_TRY_DONE(write_whole(dev, &plan));
    IPL_TRY_DONE(set_noise(call, options, &plan));
    IPL_TRY_DONE(find_sums(call, options, &plan));
    const ipl_kde_job *by_input = plan.sums + call->jobs;
    for (int j = 0; j < call->jobs; ++j) {
        char text[24];
        const ipl_mi_job *job = &call->job[j];
        IPL_TRY_DONE(kde_point(mi_job_name(call->job, j, text), job, &plan.sums[j],
                               by_input, point[j]));
        by_input += mi_repeated_inputs(job) != NULL;
    }
done:
    plan_free(&plan);
    return st;
}

/* -- The definition ---------------------------------------------------------------*/

static ipl_status kde_plain(const ipl_mi_options *options,
                            const ipl_mi_samples *samples, int64_t d, const float *t,
                            int point, double *i_xt, double *i_ty)
{
    const int64_t n = samples->n;
    *i_ty = NAN;
    ipl_range_job range = {.count = n * d};
    double sum_log = 0.0, var = 0.0;
    for (int64_t v = 0; v < n * d; ++v)
        range.sum_squares += (double)t[v] * (double)t[v];
    IPL_TRY(noise_of(options, "values", &range, &var));
    const double scale = (point == 0 ? 2.0 : 8.0) * var;
    for (int64_t i = 0; i < n; ++i) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; ++j) {
            double squares = 0.0;
            for (int64_t k = 0; k < d; ++k) {
                const double diff = (double)t[i * d + k] - (double)t[j * d + k];
                squares += diff * diff;
            }
            sum += exp(-squares / scale);
        }
        sum_log += log(sum / (double)n);
    }
    *i_xt = -sum_log / (double)n;
    return IPL_OK;
}

const mi_estimator mi_kde = {
    .family = {.name = "kde",
               .summary = "pairwise bounds of the layer with Gaussian noise",
               .coarser = "more noise",
               .points = 2,
               .point = {{"kde-upper", "kde upper bound", "upper"},
                         {"kde-lower", "kde lower bound", "lower"}},
               .options = sizeof kde_options / sizeof *kde_options,
               .option = kde_options,
               .full_sums = 1,
               .standard = 1,
               .rows_max = 1 << 20}, /* S_i in fixed point */
    .check = kde_check,
    .describe = kde_describe,
    .scratch_bytes = kde_scratch_bytes,
    .estimate = kde_estimate,
    .plain = kde_plain,
};
