/*
 * mi_renyi.c - matrix-based Renyi entropy.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "mi/mi.h"

static const ipl_option renyi_options[] = {
    {.key = "alpha", .type = IPL_OPTION_REAL,
     .offset = offsetof(ipl_mi_options, renyi_alpha), .min = 0, .max = 100, .above = 1,
     .fallback = "1", .help = "order; 1: the limit, von Neumann's entropy",
     .flag = "--renyi-alpha", .value = "A"},
    {.key = "width", .type = IPL_OPTION_REAL,
     .offset = offsetof(ipl_mi_options, renyi_width), .min = 0, .max = 1e30,
     .fallback = "0", .help = "of the Gaussian kernel, in units of the activations",
     .flag = "--renyi-width", .value = "W"},
    {.key = "rows", .type = IPL_OPTION_INTEGER,
     .offset = offsetof(ipl_mi_options, renyi_rows), .min = 2, .max = 10000,
     .fallback = "500", .help = "at most so many rows, evenly spaced",
     .flag = "--renyi-rows", .value = "N"},
};

static ipl_status renyi_check(const ipl_mi_options *options)
{
    (void)options;
    return IPL_OK;
}

static void renyi_describe(const ipl_mi_options *options, char *text, size_t size)
{
    snprintf(text, size, "alpha %.4g", options->renyi_alpha);
}

static ipl_status renyi_scratch_bytes(const mi_call *call, const ipl_mi_options *options,
                                    size_t *bytes)
{
    (void)call;
    (void)options;
    *bytes = 1;
    return IPL_OK;
}

static ipl_status renyi_estimate(const mi_call *call, const ipl_mi_options *options,
                               mi_points *point)
{
    (void)options;
    for (int j = 0; j < call->jobs; ++j)
        for (int p = 0; p < 1; ++p) point[j][p] = mi_point_empty();
    return IPL_OK;
}

static ipl_status renyi_plain(const ipl_mi_options *options,
                            const ipl_mi_samples *samples, int64_t d, const float *t,
                            int point, double *i_xt, double *i_ty)
{
    (void)options;
    (void)samples;
    (void)d;
    (void)t;
    (void)point;
    *i_xt = *i_ty = NAN;
    return IPL_OK;
}

const mi_estimator mi_renyi = {
    .family = {.name = "renyi",
               .summary = "matrix-based Renyi entropy of a subset of rows",
               .points = 1,
               .point = {{.name = "renyi", .title = "Rényi"}},
               .options = sizeof renyi_options / sizeof *renyi_options,
               .option = renyi_options,
               .needs = IPL_MI_NEEDS_INPUTS,
               .rows_max = INT32_MAX},
    .check = renyi_check,
    .describe = renyi_describe,
    .scratch_bytes = renyi_scratch_bytes,
    .estimate = renyi_estimate,
    .plain = renyi_plain,
};
