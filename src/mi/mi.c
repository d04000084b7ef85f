/*
 * mi.c - the public estimators: checking a call, and handing it to its families.
 */
#include "mi/mi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *mi_job_name(const ipl_mi_job *job, int j, char text[24])
{
    if (job[j].name) return job[j].name;
    snprintf(text, 24, "job %d", j);
    return text;
}

const ipl_labels *mi_repeated_inputs(const ipl_mi_job *job)
{
    const ipl_labels *x = job->x;
    if (!x || !x->start) return x; /* without rows, for its scratch alone */
    for (int32_t c = 0; c < x->classes; ++c)
        if (x->start[c + 1] - x->start[c] > 1) return x;
    return NULL;
}

/* -- Checking ---------------------------------------------------------------------*/

static ipl_status check_groups(const char *name, int64_t rows, const ipl_labels *g,
                               const char *what)
{
    IPL_REQUIRE(!g || g->rows == rows, "%s: %lld rows, but %lld %s", name,
                (long long)rows, (long long)(g ? g->rows : 0), what);
    return IPL_OK;
}

static ipl_status check_job(const ipl_mi_job *job, int j, const mi_estimator *how)
{
    char text[24];
    const char *name = mi_job_name(job, j, text);
    const ipl_mat t = job[j].t;
    IPL_REQUIRE(t.rows >= 2 && t.rows <= how->family.rows_max,
                "%s: %lld rows: %s expects 2 to %lld", name, (long long)t.rows,
                how->family.name, (long long)how->family.rows_max);
    IPL_REQUIRE(t.cols > 0, "%s: %lld units", name, (long long)t.cols);
    IPL_REQUIRE(job[j].block_rows >= 0 && job[j].block_rows % IPL_MI_BLOCK_ROWS == 0,
                "%s: blocks of %lld rows: expected a multiple of %d", name,
                (long long)job[j].block_rows, IPL_MI_BLOCK_ROWS);
    IPL_REQUIRE(job[j].error >= IPL_MI_ERROR_NONE && job[j].error < IPL_MI_ERROR_COUNT,
                "%s: standard errors of kind %d", name, (int)job[j].error);
    const ipl_mi_inputs *inputs = job[j].inputs;
    IPL_REQUIRE(!inputs || inputs->x.rows == t.rows, "%s: %lld rows, but %lld inputs",
                name, (long long)t.rows, (long long)(inputs ? inputs->x.rows : 0));
    IPL_TRY(check_groups(name, t.rows, job[j].y, "labels"));
    return check_groups(name, t.rows, job[j].x, "numbers of inputs");
}

/* Settings of one family are told apart by their names. */
static int is_alike(const ipl_mi_options *a, const ipl_mi_options *b)
{
    return a->estimator == b->estimator &&
           (!*a->setting || !*b->setting || !strcmp(a->setting, b->setting));
}

ipl_status mi_check_options(int estimators, const ipl_mi_options *options)
{
    IPL_REQUIRE(options, "options are NULL");
    IPL_REQUIRE(estimators >= 1 && estimators <= IPL_MI_SETTINGS_MAX,
                "%d estimators: expected 1 to %d", estimators, IPL_MI_SETTINGS_MAX);
    for (int e = 0; e < estimators; ++e) {
        IPL_TRY(ipl_mi_options_check(&options[e]));
        for (int f = 0; f < e; ++f)
            IPL_REQUIRE(!is_alike(&options[e], &options[f]), "estimator %s twice%s%s",
                        ipl_mi_family_of(options[e].estimator)->name,
                        *options[e].setting ? " with setting " : "",
                        options[e].setting);
    }
    return IPL_OK;
}

static ipl_status check_call(ipl_device *dev, int estimators,
                             const ipl_mi_options *options, int jobs,
                             const ipl_mi_job *job)
{
    IPL_REQUIRE(dev && job, "device or jobs are NULL");
    IPL_TRY(mi_check_options(estimators, options));
    IPL_REQUIRE(jobs > 0, "%d jobs", jobs);
    for (int e = 0; e < estimators; ++e) {
        const mi_estimator *how = mi_estimator_of(options[e].estimator);
        for (int j = 0; j < jobs; ++j) IPL_TRY(check_job(job, j, how));
    }
    return IPL_OK;
}

static ipl_status check_finite(int jobs, const ipl_mi_job *job,
                               const ipl_range_job *range)
{
    char text[24];
    for (int j = 0; j < jobs; ++j)
        if (range[j].not_finite)
            return IPL_FAIL(IPL_E_NUMERIC,
                            "%s: %lld of %lld activations are NaN or infinite",
                            mi_job_name(job, j, text), (long long)range[j].not_finite,
                            (long long)range[j].count);
    return IPL_OK;
}

/* -- The call ---------------------------------------------------------------------*/

ipl_status mi_list_ranges(int jobs, const ipl_mi_job *job, ipl_range_job **out)
{
    ipl_range_job *range = malloc((size_t)jobs * sizeof *range);
    if (!range) return IPL_FAIL(IPL_E_MEMORY, "%d jobs", jobs);
    for (int j = 0; j < jobs; ++j)
        range[j] = (ipl_range_job){.count = job[j].t.rows * job[j].t.cols,
                                   .t = job[j].t.at,
                                   .block = job[j].block_rows * job[j].t.cols};
    *out = range;
    return IPL_OK;
}

/* One after the other, ranges and families use the same scratch. */
ipl_status ipl_mi_scratch_bytes(ipl_device *dev, int estimators,
                                const ipl_mi_options *options, int jobs,
                                const ipl_mi_job *job, size_t *bytes)
{
    ipl_range_job *range = NULL;
    IPL_TRY(check_call(dev, estimators, options, jobs, job));
    IPL_TRY(mi_list_ranges(jobs, job, &range));
    size_t most = dev->backend->range_scratch_bytes(dev->state, jobs, range);
    free(range);
    const mi_call call = {.dev = dev, .jobs = jobs, .job = job};
    for (int e = 0; e < estimators; ++e) {
        const mi_estimator *how = mi_estimator_of(options[e].estimator);
        size_t own = 0, errors = 0;
        IPL_TRY(how->scratch_bytes(&call, &options[e], &own));
        if (!how->errors) IPL_TRY(mi_jackknife_bytes(&call, &options[e], &errors));
        if (errors > own) own = errors;
        most = own > most ? own : most;
    }
    *bytes = most;
    return IPL_OK;
}

static int asks_errors(const mi_call *call)
{
    for (int j = 0; j < call->jobs; ++j)
        if (call->job[j].error == IPL_MI_ERROR_JACKKNIFE) return 1;
    return 0;
}

/* What the family's row and the values themselves say of a point. */
static void finish_point(const ipl_mi_options *options, int p, const ipl_mi_job *job,
                         ipl_mi_point *point)
{
    point->estimator = options->estimator;
    point->bound = mi_estimator_of(options->estimator)->family.point[p].bound;
    ipl_mi_name_point(options, p, point->name);
    if (!job->y) point->flags |= IPL_MI_NO_LABELS;
    if (point->i_xt < 0.0 || point->i_ty < 0.0) point->flags |= IPL_MI_NEGATIVE;
    if (point->refusal != IPL_MI_NOT_REFUSED) point->flags |= IPL_MI_REFUSED;
}

/* One family's points of every job, to where they stand in a job: from `first` on. */
static ipl_status estimate(const mi_call *call, const ipl_mi_options *options,
                           mi_points *made, int first, ipl_mi_point *all)
{
    const mi_estimator *how = mi_estimator_of(options->estimator);
    IPL_TRY(ipl_meter_check(call->dev->backend->meter(call->dev->state)));
    IPL_TRY(how->estimate(call, options, made));
    if (asks_errors(call))
        IPL_TRY((how->errors ? how->errors : mi_jackknife)(call, options, made));
    for (int j = 0; j < call->jobs; ++j)
        for (int p = 0; p < how->family.points; ++p) {
            ipl_mi_point *to = &all[j * IPL_MI_LAYER_POINTS + first + p];
            *to = made[j][p];
            finish_point(options, p, &call->job[j], to);
        }
    return IPL_OK;
}

ipl_status ipl_mi_estimate(ipl_device *dev, int estimators,
                           const ipl_mi_options *options, int jobs, ipl_mi_job *job,
                           void *scratch, size_t scratch_bytes)
{
    ipl_status st = IPL_OK;
    size_t needed = 0;
    char text[24];
    IPL_TRY(ipl_mi_scratch_bytes(dev, estimators, options, jobs, job, &needed));
    for (int j = 0; j < jobs; ++j)
        IPL_REQUIRE(job[j].t.at, "%s: no activations", mi_job_name(job, j, text));
    for (int j = 0; j < jobs; ++j)
        IPL_REQUIRE(!job[j].inputs || job[j].inputs->x.at, "%s: inputs without values",
                    mi_job_name(job, j, text));
    IPL_REQUIRE(scratch && scratch_bytes >= needed,
                "%zu bytes of scratch: expected %zu or more", scratch_bytes, needed);

    int points = 0;
    ipl_range_job *range = NULL;
    mi_points *made = calloc((size_t)jobs, sizeof *made);
    ipl_mi_point *all = calloc((size_t)jobs * IPL_MI_LAYER_POINTS, sizeof *all);
    if (!made || !all) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d jobs", jobs);
        goto done;
    }
    IPL_TRY_DONE(mi_list_ranges(jobs, job, &range));
    IPL_TRY_DONE(dev->backend->value_range(dev->state, jobs, range, scratch));
    IPL_TRY_DONE(check_finite(jobs, job, range));
    mi_call call = {dev, jobs, job, range, scratch, 0};
    for (int e = 0; e < estimators; ++e) {
        call.partition = ipl_mi_partitions(e, options);
        IPL_TRY_DONE(estimate(&call, &options[e], made, points, all));
        points += ipl_mi_family_of(options[e].estimator)->points;
    }
    for (int j = 0; j < jobs; ++j) {
        job[j].points = points;
        memcpy(job[j].point, all + j * IPL_MI_LAYER_POINTS,
               (size_t)points * sizeof *all);
    }
done:
    free(range);
    free(made);
    free(all);
    return st;
}

double ipl_mi_label_entropy(const ipl_labels *y)
{
    double h = 0.0;
    int64_t size = 0;
    /* The next larger class size, and how many rows are in classes of that size:
     * the order and grouping of mi_entropy, so that H(Y) has the bits of H(T) where
     * the partitions are the same. */
    for (;;) {
        ipl_multiplicity next = {.size = INT64_MAX};
        for (int32_t c = 0; c < y->classes; ++c) {
            const int64_t rows = y->start[c + 1] - y->start[c];
            if (rows > size && rows < next.size)
                next = (ipl_multiplicity){.size = rows};
            if (rows == next.size) next.rows += rows;
        }
        if (next.size == INT64_MAX) return h;
        h += mi_entropy(y->rows, 1, &next);
        size = next.size;
    }
}
