/*
 * mi_bins.c - where one bin ends and the next begins.
 *
 * Edges are computed in double exactly as numpy.linspace does it, because the
 * published binning is numpy.digitize over such edges. A backend compares in
 * float32: the smallest float32 not below an edge separates the same values, since
 * t >= edge and t >= round_up(edge) are one question for every float32 t.
 */
#include "mi/mi.h"

#include <math.h>

static float round_up(double edge)
{
    const float near = (float)edge;
    return (double)near < edge ? nextafterf(near, INFINITY) : near;
}

void mi_thresholds(const ipl_mi_options *options, const ipl_range_job *range,
                   float *threshold)
{
    const int edges = options->bin_form == IPL_BIN_EDGES;
    const double lo = edges ? options->bin_lo : (double)range->lo;
    const double hi = edges ? options->bin_hi : (double)range->hi;
    /* COUNT leaves its last edge out, so that the largest value has no bin of its
     * own; a constant layer has all thresholds at that one value. */
    const int64_t parts = edges ? options->bins - 1 : options->bins;
    const double step = (hi - lo) / (double)parts;
    for (int64_t k = 0; k < options->bins; ++k)
        threshold[k] = round_up((double)k * step + lo);
    if (edges) threshold[options->bins - 1] = round_up(hi);
}

void mi_ranks(int64_t count, int64_t bins, int64_t *rank)
{
    for (int64_t k = 0; k < bins; ++k)
        rank[k] = count / bins * k + count % bins * k / bins;
}
