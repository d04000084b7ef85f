/*
 * mi_bins.c - where one bin ends and the next begins.
 *
 * Edges are computed in double exactly as numpy.linspace does it, because the
 * published binning is numpy.digitize over such edges. A backend compares in
 * float32: the smallest float32 not below an edge separates the same values, since
 * t >= edge and t >= round_up(edge) are one question for every float32 t.
 */
#include <math.h>

#include "mi/mi.h"

static float round_up(double edge)
{
    const float near = (float)edge;
    return (double)near < edge ? nextafterf(near, INFINITY) : near;
}

int64_t mi_threshold_count(const ipl_mi_options *options)
{
    switch (options->bin_form) {
    case IPL_BIN_EDGES: return options->bin_edges;
    case IPL_BIN_COUNT: return options->bin_count;
    case IPL_BIN_QUANTILES: return options->bin_quantiles;
    case IPL_BIN_WIDTH:
    case IPL_BIN_EXACT:
    case IPL_BIN_FORM_COUNT: break;
    }
    return 0;
}

double mi_edge(const ipl_mi_options *options, double lowest, double highest, int64_t k)
{
    const int edges = options->bin_form == IPL_BIN_EDGES;
    const int64_t count = mi_threshold_count(options);
    const double lo = edges ? options->bin_lo : lowest;
    const double hi = edges ? options->bin_hi : highest;
    /* COUNT leaves its last edge out, so that the largest value has no bin of its
     * own; a constant layer has all thresholds at that one value. */
    const int64_t parts = edges ? count - 1 : count;
    const double step = (hi - lo) / (double)parts;
    return edges && k == count - 1 ? hi : (double)k * step + lo;
}

void mi_thresholds(const ipl_mi_options *options, float lo, float hi, float *threshold)
{
    const int64_t count = mi_threshold_count(options);
    for (int64_t k = 0; k < count; ++k)
        threshold[k] = round_up(mi_edge(options, lo, hi, k));
}

void mi_ranks(int64_t count, int64_t bins, int64_t *rank)
{
    for (int64_t k = 0; k < bins; ++k)
        rank[k] = count / bins * k + count % bins * k / bins;
}
