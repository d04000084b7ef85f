/*
 * mi_jackknife.c - standard errors: a family once more, without a tenth of the rows.
 *
 * Each group of rows is left out in turn. What remains of the activations, of the
 * labels, of the numbers of the inputs and of their values becomes a call of its own,
 * whose values are those of a call with only these rows, to rounding.
 *
 * Rows are gathered where they lie: layers and inputs of the device on the device, a
 * layer in host memory there. Jobs that share labels or inputs share the copies.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "mi/mi.h"

enum { G = MI_GROUPS };

typedef struct {
    const ipl_labels *whole;
    int32_t          *order; /* host, [rows]: whole->order                      */
    ipl_labels        rest;  /* at and order in the scratch, start on the host  */
} rest_labels;

typedef struct {
    ipl_mi_inputs *whole;
    ipl_mi_inputs  rest; /* x in the scratch                                    */
} rest_inputs;

/* The jobs that ask, without one group. */
typedef struct {
    const mi_call *call;
    int            jobs, labels, inputs; /* how many                            */
    int           *number; /* [jobs]: in the call                               */
    char         (*name)[24];
    ipl_mi_job    *job;    /* [jobs]                                            */
    rest_labels   *label;  /* [labels]                                          */
    rest_inputs   *input;  /* [inputs]                                          */
    int64_t        most;   /* rows of the largest job                           */
    int32_t       *row;    /* device, [most]: numbers of the rows that remain   */
    int32_t       *host_row; /* [most]                                          */
    void          *work;   /* device: the family's scratch                      */
    size_t         bytes;  /* device: all of it                                 */
} rest_plan;

static int asks(const ipl_mi_job *job)
{
    return job->error == IPL_MI_ERROR_JACKKNIFE && job->t.rows >= G;
}

/* Rows of n that remain without group g, and the most of any group. */
static int64_t rows_left(int64_t n, int g) { return n - (n - g + G - 1) / G; }
static int64_t rows_left_most(int64_t n) { return n - n / G; }

/* -- The plan ---------------------------------------------------------------------*/

static void plan_free(rest_plan *plan)
{
    for (int k = 0; k < plan->labels; ++k) {
        free(plan->label[k].order);
        free(plan->label[k].rest.start);
    }
    for (int k = 0; k < plan->jobs; ++k)
        if (plan->job[k].block_rows) free(plan->job[k].t.at);
    free(plan->number);
    free(plan->name);
    free(plan->job);
    free(plan->label);
    free(plan->input);
    free(plan->host_row);
}

/* The place of these labels in the plan, once for all jobs that have them. */
static const ipl_labels *add_labels(rest_plan *plan, const ipl_labels *whole)
{
    int k = 0;
    if (!whole) return NULL;
    while (k < plan->labels && plan->label[k].whole != whole) ++k;
    if (k == plan->labels) plan->label[plan->labels++].whole = whole;
    return &plan->label[k].rest;
}

static ipl_mi_inputs *add_inputs(rest_plan *plan, ipl_mi_inputs *whole)
{
    int k = 0;
    if (!whole) return NULL;
    while (k < plan->inputs && plan->input[k].whole != whole) ++k;
    if (k == plan->inputs) plan->input[plan->inputs++].whole = whole;
    return &plan->input[k].rest;
}

static void add_job(rest_plan *plan, int j)
{
    const ipl_mi_job *job = &plan->call->job[j];
    const int k = plan->jobs++;
    plan->number[k] = j;
    plan->job[k] = (ipl_mi_job){
        .name = mi_job_name(plan->call->job, j, plan->name[k]), .t = job->t,
        .block_rows = job->block_rows, .y = add_labels(plan, job->y),
        .x = add_labels(plan, mi_repeated_inputs(job)),
        .inputs = add_inputs(plan, job->inputs)};
    plan->job[k].t.at = NULL;
    if (job->t.rows > plan->most) plan->most = job->t.rows;
}

static ipl_status plan_jobs(const mi_call *call, rest_plan *plan)
{
    const size_t jobs = (size_t)call->jobs;
    plan->call = call;
    plan->number = malloc(jobs * sizeof *plan->number);
    plan->name = malloc(jobs * sizeof *plan->name);
    plan->job = calloc(jobs, sizeof *plan->job);
    plan->label = calloc(2 * jobs, sizeof *plan->label);
    plan->input = calloc(jobs, sizeof *plan->input);
    if (!plan->number || !plan->name || !plan->job || !plan->label || !plan->input)
        return IPL_FAIL(IPL_E_MEMORY, "standard errors of %d jobs", call->jobs);
    for (int j = 0; j < call->jobs; ++j)
        if (asks(&call->job[j])) add_job(plan, j);
    return IPL_OK;
}

/* Shapes without group g, and the H(X) that is known of these rows. */
static void plan_group(rest_plan *plan, int g)
{
    for (int k = 0; k < plan->labels; ++k) {
        ipl_labels *rest = &plan->label[k].rest;
        rest->rows = rows_left(plan->label[k].whole->rows, g);
        rest->classes = plan->label[k].whole->classes;
    }
    for (int k = 0; k < plan->inputs; ++k) {
        const ipl_mi_inputs *whole = plan->input[k].whole;
        ipl_mi_inputs *rest = &plan->input[k].rest;
        float *at = rest->x.at;
        *rest = *whole;
        rest->x = (ipl_mat){at, rows_left(whole->x.rows, g), whole->x.cols};
        rest->group = 1 + g;
    }
    for (int k = 0; k < plan->jobs; ++k)
        plan->job[k].t.rows = rows_left(plan->call->job[plan->number[k]].t.rows, g);
}

/* What the family and the ranges want, at most over the groups. */
static ipl_status plan_work(rest_plan *plan, const ipl_mi_options *options,
                            size_t *most)
{
    ipl_device *dev = plan->call->dev;
    const mi_estimator *how = mi_estimator_of(options->estimator);
    const mi_call call = {.dev = dev, .jobs = plan->jobs, .job = plan->job};
    ipl_range_job *range = NULL;
    *most = 0;
    for (int g = 0; g < G; ++g) {
        size_t own = 0;
        plan_group(plan, g);
        IPL_TRY(mi_list_ranges(plan->jobs, plan->job, &range));
        const size_t ranges = dev->backend->range_scratch_bytes(dev->state, plan->jobs,
                                                                range);
        free(range);
        IPL_TRY(how->scratch_bytes(&call, options, &own));
        if (ranges > own) own = ranges;
        if (own > *most) *most = own;
    }
    return IPL_OK;
}

static ipl_status plan_make(const mi_call *call, const ipl_mi_options *options,
                            rest_plan *plan)
{
    ipl_arena arena = {.base = call->scratch};
    size_t work;
    IPL_TRY(plan_jobs(call, plan));
    if (!plan->jobs) return IPL_OK;
    plan->row = ipl_arena_take(&arena, plan->most, sizeof *plan->row);
    for (int k = 0; k < plan->labels; ++k) {
        const int64_t rows = rows_left_most(plan->label[k].whole->rows);
        ipl_labels *rest = &plan->label[k].rest;
        rest->at = ipl_arena_take(&arena, rows, sizeof *rest->at);
        rest->order = ipl_arena_take(&arena, rows, sizeof *rest->order);
    }
    for (int k = 0; k < plan->inputs; ++k) {
        const ipl_mat x = plan->input[k].whole->x;
        plan->input[k].rest.x.at =
            ipl_arena_take(&arena, rows_left_most(x.rows) * x.cols, sizeof *x.at);
    }
    for (int k = 0; k < plan->jobs; ++k) {
        const ipl_mat t = plan->job[k].t;
        if (plan->job[k].block_rows) continue;
        plan->job[k].t.at =
            ipl_arena_take(&arena, rows_left_most(t.rows) * t.cols, sizeof *t.at);
    }
    IPL_TRY(plan_work(plan, options, &work));
    plan->work = ipl_arena_take(&arena, (int64_t)work, 1);
    plan->bytes = arena.used;
    return IPL_OK;
}

ipl_status mi_jackknife_bytes(const mi_call *call, const ipl_mi_options *options,
                              size_t *bytes)
{
    rest_plan plan = {0};
    const ipl_status st = plan_make(call, options, &plan);
    if (st == IPL_OK) *bytes = plan.bytes;
    plan_free(&plan);
    return st;
}

/* -- Without a group --------------------------------------------------------------*/

/* Host memory for what is the same for all groups. */
static ipl_status open_host(rest_plan *plan)
{
    ipl_device *dev = plan->call->dev;
    plan->host_row = malloc((size_t)plan->most * sizeof *plan->host_row);
    if (!plan->host_row)
        return IPL_FAIL(IPL_E_MEMORY, "%lld rows", (long long)plan->most);
    for (int k = 0; k < plan->labels; ++k) {
        rest_labels *l = &plan->label[k];
        const size_t bytes = (size_t)l->whole->rows * sizeof *l->order;
        l->order = malloc(bytes);
        l->rest.start = calloc((size_t)l->whole->classes + 1, sizeof *l->rest.start);
        if (!l->order || !l->rest.start)
            return IPL_FAIL(IPL_E_MEMORY, "labels of %zu bytes", bytes);
        IPL_TRY(ipl_download(dev, l->whole->order, bytes, l->order));
    }
    for (int k = 0; k < plan->jobs; ++k) {
        ipl_mat *t = &plan->job[k].t;
        const int64_t rows = plan->call->job[plan->number[k]].t.rows;
        if (!plan->job[k].block_rows) continue;
        t->at = malloc((size_t)(rows_left_most(rows) * t->cols) * sizeof *t->at);
        if (!t->at)
            return IPL_FAIL(IPL_E_MEMORY, "%s: a copy of %lld x %lld values",
                            plan->job[k].name, (long long)rows, (long long)t->cols);
    }
    return IPL_OK;
}

/* The numbers of the remaining rows, ascending: of a job with fewer rows than the
 * largest they are the first ones. */
static ipl_status list_rows(rest_plan *plan, int g)
{
    int64_t count = 0;
    for (int64_t i = 0; i < plan->most; ++i)
        if (i % G != g) plan->host_row[count++] = (int32_t)i;
    return ipl_upload(plan->call->dev, plan->host_row,
                      (size_t)count * sizeof *plan->row, plan->row);
}

/* Row r is number r - r/G - (r mod G > g) of those that remain. */
static ipl_status gather_labels(rest_plan *plan, rest_labels *l, int g)
{
    ipl_device *dev = plan->call->dev;
    const ipl_labels *whole = l->whole;
    ipl_labels *rest = &l->rest;
    int32_t *order = malloc((size_t)rest->rows * sizeof *order);
    int64_t count = 0;
    if (!order) return IPL_FAIL(IPL_E_MEMORY, "%lld labels", (long long)rest->rows);
    for (int32_t c = 0; c < whole->classes; ++c) {
        for (int64_t i = whole->start[c]; i < whole->start[c + 1]; ++i) {
            const int32_t r = l->order[i];
            if (r % G != g) order[count++] = r - r / G - (r % G > g);
        }
        rest->start[c + 1] = count;
    }
    ipl_status st = ipl_upload(dev, order, (size_t)count * sizeof *order, rest->order);
    free(order);
    if (st == IPL_OK)
        st = dev->backend->gather_rows(dev->state, whole->at, 1, plan->row, rest->rows,
                                       rest->at);
    return st;
}

static ipl_status gather_layer(rest_plan *plan, int k)
{
    ipl_device *dev = plan->call->dev;
    const ipl_mat from = plan->call->job[plan->number[k]].t, to = plan->job[k].t;
    const size_t line = (size_t)to.cols * sizeof *to.at;
    if (!plan->job[k].block_rows)
        return dev->backend->gather_rows(dev->state, from.at, from.cols, plan->row,
                                         to.rows, to.at);
    for (int64_t i = 0; i < to.rows; ++i)
        memcpy(to.at + i * to.cols, from.at + plan->host_row[i] * from.cols, line);
    return IPL_OK;
}

static ipl_status gather_group(rest_plan *plan, int g)
{
    ipl_device *dev = plan->call->dev;
    plan_group(plan, g);
    IPL_TRY(list_rows(plan, g));
    for (int k = 0; k < plan->labels; ++k)
        IPL_TRY(gather_labels(plan, &plan->label[k], g));
    for (int k = 0; k < plan->inputs; ++k) {
        const ipl_mat from = plan->input[k].whole->x, to = plan->input[k].rest.x;
        IPL_TRY(dev->backend->gather_rows(dev->state, from.at, from.cols, plan->row,
                                          to.rows, to.at));
    }
    for (int k = 0; k < plan->jobs; ++k) IPL_TRY(gather_layer(plan, k));
    return IPL_OK;
}

/* The family's points of all jobs without group g. */
static ipl_status estimate_group(rest_plan *plan, const ipl_mi_options *options, int g,
                                 mi_points *point)
{
    ipl_device *dev = plan->call->dev;
    ipl_range_job *range = NULL;
    IPL_TRY(gather_group(plan, g));
    IPL_TRY(mi_list_ranges(plan->jobs, plan->job, &range));
    ipl_status st = dev->backend->value_range(dev->state, plan->jobs, range,
                                              plan->work);
    const mi_call call = {dev, plan->jobs, plan->job, range, plan->work, 0};
    if (st == IPL_OK)
        st = mi_estimator_of(options->estimator)->estimate(&call, options, point);
    free(range);
    for (int k = 0; k < plan->inputs && st == IPL_OK; ++k)
        memcpy(plan->input[k].whole->entropy[1 + g], plan->input[k].rest.entropy[1 + g],
               sizeof *plan->input[k].rest.entropy);
    return st;
}

/* -- The errors -------------------------------------------------------------------*/

/* NaN where any theta is. */
static double error_of(const double *theta)
{
    double sum = 0.0, squares = 0.0;
    for (int g = 0; g < G; ++g) sum += theta[g];
    for (int g = 0; g < G; ++g)
        squares += (theta[g] - sum / G) * (theta[g] - sum / G);
    return sqrt((G - 1.0) / G * squares);
}

static void set_errors(mi_points *theta, int jobs, int points, int k,
                       ipl_mi_point *point)
{
    for (int p = 0; p < points; ++p) {
        double x[G], y[G];
        for (int g = 0; g < G; ++g) {
            x[g] = theta[g * jobs + k][p].i_xt;
            y[g] = theta[g * jobs + k][p].i_ty;
        }
        point[p].se_x = isnan(point[p].i_xt) ? NAN : error_of(x);
        point[p].se_y = isnan(point[p].i_ty) ? NAN : error_of(y);
    }
}

ipl_status mi_jackknife(const mi_call *call, const ipl_mi_options *options,
                        mi_points *point)
{
    ipl_status st;
    rest_plan plan = {0};
    mi_points *theta = NULL; /* [G][jobs] */
    IPL_TRY_DONE(plan_make(call, options, &plan));
    if (!plan.jobs) goto done;
    theta = calloc((size_t)G * (size_t)plan.jobs, sizeof *theta);
    if (!theta) {
        st = IPL_FAIL(IPL_E_MEMORY, "standard errors of %d jobs", plan.jobs);
        goto done;
    }
    IPL_TRY_DONE(open_host(&plan));
    for (int g = 0; g < G; ++g)
        IPL_TRY_DONE(estimate_group(&plan, options, g, theta + g * plan.jobs));
    const int points = ipl_mi_family_of(options->estimator)->points;
    for (int k = 0; k < plan.jobs; ++k)
        set_errors(theta, plan.jobs, points, k, point[plan.number[k]]);
done:
    plan_free(&plan);
    free(theta);
    return st;
}
