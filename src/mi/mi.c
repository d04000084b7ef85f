/*
 * mi.c - the public estimators: checking a call, and handing it to its family.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mi/mi.h"

static const mi_estimator *const estimators[IPL_MI_ESTIMATOR_COUNT] = {
    [IPL_MI_BIN] = &mi_bin,
    [IPL_MI_KDE] = &mi_kde,
};

ipl_mi_options ipl_mi_defaults(ipl_mi_estimator estimator)
{
    return (ipl_mi_options){.estimator = estimator,
                            .bin_form = IPL_BIN_EDGES,
                            .bin_width = 0.07,
                            .bins = 30,
                            .bin_lo = -1.0,
                            .bin_hi = 1.0,
                            .noise_var = 0.05};
}

static ipl_status check_call(ipl_device *dev, const ipl_mi_options *options, int jobs,
                             const ipl_mi_job *job)
{
    IPL_REQUIRE(dev && options && job, "device, options or jobs are NULL");
    IPL_REQUIRE((unsigned)options->estimator < IPL_MI_ESTIMATOR_COUNT, "estimator %d",
                (int)options->estimator);
    IPL_REQUIRE(jobs > 0, "%d jobs", jobs);
    const mi_estimator *how = estimators[options->estimator];
    IPL_TRY(how->check(options));
    for (int j = 0; j < jobs; ++j) {
        const ipl_mat t = job[j].t;
        const ipl_labels *y = job[j].y;
        IPL_REQUIRE(t.rows >= 2 && t.rows <= how->rows_max,
                    "job %d: %lld rows: %s expects 2 to %lld", j, (long long)t.rows,
                    how->name, (long long)how->rows_max);
        IPL_REQUIRE(t.cols > 0, "job %d: %lld units", j, (long long)t.cols);
        IPL_REQUIRE(job[j].block_rows >= 0 && job[j].block_rows % IPL_MI_BLOCK_ROWS == 0,
                    "job %d: blocks of %lld rows: expected a multiple of %d", j,
                    (long long)job[j].block_rows, IPL_MI_BLOCK_ROWS);
        IPL_REQUIRE(!y || y->rows == t.rows, "job %d: %lld rows, but %lld labels", j,
                    (long long)t.rows, (long long)(y ? y->rows : 0));
    }
    return IPL_OK;
}

static void list_ranges(int jobs, const ipl_mi_job *job, ipl_range_job *range)
{
    for (int j = 0; j < jobs; ++j)
        range[j] = (ipl_range_job){.count = job[j].t.rows * job[j].t.cols,
                                   .t = job[j].t.at,
                                   .block = job[j].block_rows * job[j].t.cols};
}

ipl_status ipl_mi_scratch_bytes(ipl_device *dev, const ipl_mi_options *options,
                                int jobs, const ipl_mi_job *job, size_t *bytes)
{
    size_t own = 0;
    IPL_TRY(check_call(dev, options, jobs, job));
    ipl_range_job *range = malloc((size_t)jobs * sizeof *range);
    if (!range) return IPL_FAIL(IPL_E_MEMORY, "%d jobs", jobs);
    list_ranges(jobs, job, range);
    const size_t ranges = dev->backend->range_scratch_bytes(dev->state, jobs, range);
    free(range);
    const mi_estimator *how = estimators[options->estimator];
    IPL_TRY(how->scratch_bytes(dev, options, jobs, job, &own));
    *bytes = own > ranges ? own : ranges;
    return IPL_OK;
}

static ipl_status check_finite(int jobs, const ipl_range_job *range)
{
    for (int j = 0; j < jobs; ++j)
        if (range[j].not_finite)
            return IPL_FAIL(IPL_E_NUMERIC,
                            "job %d: %lld of %lld activations are NaN or infinite", j,
                            (long long)range[j].not_finite, (long long)range[j].count);
    return IPL_OK;
}

ipl_status ipl_mi_estimate(ipl_device *dev, const ipl_mi_options *options, int jobs,
                           ipl_mi_job *job, void *scratch, size_t scratch_bytes)
{
    ipl_status st;
    size_t needed = 0;
    IPL_TRY(ipl_mi_scratch_bytes(dev, options, jobs, job, &needed));
    for (int j = 0; j < jobs; ++j)
        IPL_REQUIRE(job[j].t.at, "job %d: no activations", j);
    IPL_REQUIRE(scratch && scratch_bytes >= needed,
                "%zu bytes of scratch: expected %zu or more", scratch_bytes, needed);

    const mi_estimator *how = estimators[options->estimator];
    ipl_range_job *range = malloc((size_t)jobs * sizeof *range);
    mi_points *point = calloc((size_t)jobs, sizeof *point);
    if (!range || !point) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d jobs", jobs);
        goto done;
    }
    list_ranges(jobs, job, range);
    IPL_TRY_DONE(dev->backend->value_range(dev->state, jobs, range, scratch));
    IPL_TRY_DONE(check_finite(jobs, range));
    IPL_TRY_DONE(how->estimate(dev, options, jobs, job, range, scratch, point));
    for (int j = 0; j < jobs; ++j) {
        memcpy(job[j].point, point[j], sizeof point[j]);
        job[j].points = how->points;
    }
done:
    free(range);
    free(point);
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
        ipl_share share = {.size = INT64_MAX};
        for (int32_t c = 0; c < y->classes; ++c) {
            const int64_t rows = y->start[c + 1] - y->start[c];
            if (rows > size && rows < share.size) share = (ipl_share){.size = rows};
            if (rows == share.size) share.rows += rows;
        }
        if (share.size == INT64_MAX) return h;
        h += mi_entropy(y->rows, 1, &share);
        size = share.size;
    }
}
