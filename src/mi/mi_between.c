/*
 * mi_between.c - the information between two partitions of the same rows.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mi/mi.h"

enum { COUNTS = 3 }; /* of a pair: A, B, and both */

static ipl_status list_counts(ipl_device *dev, int pairs, int64_t n,
                              ipl_count_job **out)
{
    IPL_REQUIRE(dev && pairs > 0 && n >= 2 && n <= INT32_MAX,
                "%d pairs of partitions of %lld rows", pairs, (long long)n);
    ipl_count_job *count = calloc(COUNTS * (size_t)pairs, sizeof *count);
    if (!count) return IPL_FAIL(IPL_E_MEMORY, "%d pairs of partitions", pairs);
    for (int c = 0; c < COUNTS * pairs; ++c) count[c].n = n;
    *out = count;
    return IPL_OK;
}

ipl_status ipl_mi_between_scratch_bytes(ipl_device *dev, int pairs, int64_t n,
                                        size_t *bytes)
{
    ipl_count_job *count = NULL;
    IPL_TRY(list_counts(dev, pairs, n, &count));
    *bytes = dev->backend->count_scratch_bytes(dev->state, COUNTS * pairs, count);
    free(count);
    return IPL_OK;
}

static ipl_status check_call(int pairs, const int32_t *const *cell_a,
                             const int32_t *const *cell_b, size_t needed,
                             const void *scratch, size_t scratch_bytes)
{
    IPL_REQUIRE(cell_a && cell_b, "cells are NULL");
    for (int p = 0; p < pairs; ++p)
        IPL_REQUIRE(cell_a[p] && cell_b[p], "pair %d: cells are NULL", p);
    IPL_REQUIRE(scratch && scratch_bytes >= needed,
                "%zu bytes of scratch: expected %zu or more", scratch_bytes, needed);
    return IPL_OK;
}

ipl_status ipl_mi_between(ipl_device *dev, int pairs, int64_t n,
                          const int32_t *const *cell_a,
                          const int32_t *const *cell_b, void *scratch,
                          size_t scratch_bytes, double *i_ab)
{
    size_t needed = 0;
    ipl_count_job *count = NULL;
    IPL_TRY(ipl_mi_between_scratch_bytes(dev, pairs, n, &needed));
    IPL_TRY(check_call(pairs, cell_a, cell_b, needed, scratch, scratch_bytes));
    IPL_TRY(list_counts(dev, pairs, n, &count));

    ipl_status st;
    const int64_t multiplicities = ipl_multiplicities_max(n);
    const double rounding = mi_rounding(COUNTS * multiplicities, log((double)n));
    double *result = malloc((size_t)pairs * sizeof *result);
    ipl_multiplicity *multiplicity =
        malloc(COUNTS * (size_t)(pairs * multiplicities) * sizeof *multiplicity);
    if (!result || !multiplicity) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d pairs of partitions", pairs);
        goto done;
    }
    for (int c = 0; c < COUNTS * pairs; ++c) {
        const int32_t *a = cell_a[c / COUNTS], *b = cell_b[c / COUNTS];
        count[c].a = c % COUNTS == 1 ? b : a;
        count[c].b = c % COUNTS == 2 ? b : NULL;
        count[c].multiplicity = multiplicity + c * multiplicities;
    }
    IPL_TRY_DONE(dev->backend->cell_counts(dev->state, COUNTS * pairs, count, scratch));
    for (int p = 0; p < pairs; ++p) {
        char name[24];
        double h[COUNTS];
        for (int k = 0; k < COUNTS; ++k) {
            const ipl_count_job *c = &count[p * COUNTS + k];
            h[k] = mi_entropy(n, c->multiplicities, c->multiplicity);
        }
        result[p] = mi_mutual(h[0], h[1], h[2]);
        snprintf(name, sizeof name, "pair %d", p);
        IPL_TRY_DONE(
            mi_clamp(name, "I(A;B)", 0.0, fmin(h[0], h[1]), rounding, &result[p]));
    }
    for (int p = 0; p < pairs; ++p) i_ab[p] = result[p];
done:
    free(count);
    free(result);
    free(multiplicity);
    return st;
}

/* One partition of each layer: those of neighbours are `stride` apart. */
static ipl_status between_neighbours(ipl_device *dev, int nets, int layers, int stride,
                                     int64_t n, const int32_t *cell, void *scratch,
                                     size_t scratch_bytes, double *i_next)
{
    const int pairs = nets * (layers - 1);
    ipl_status st = IPL_OK;
    const int32_t **side = malloc(2 * (size_t)(pairs + 1) * sizeof *side);
    double *i_ab = malloc((size_t)(pairs + 1) * sizeof *i_ab);
    if (!side || !i_ab) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d pairs of layers", pairs);
        goto done;
    }
    for (int p = 0; p < pairs; ++p) {
        side[p] = cell + (p / (layers - 1) * layers + p % (layers - 1)) * stride * n;
        side[pairs + p] = side[p] + stride * n;
    }
    if (pairs)
        IPL_TRY_DONE(ipl_mi_between(dev, pairs, n, side, side + pairs, scratch,
                                    scratch_bytes, i_ab));
    for (int k = 0, p = 0; k < nets * layers; ++k)
        i_next[k * stride] = (k + 1) % layers ? i_ab[p++] : NAN;
done:
    free(side);
    free(i_ab);
    return st;
}

void ipl_mi_set_next(int points, ipl_mi_point *point, const double *i_next)
{
    for (int p = 0; p < points; ++p)
        if (point[p].cells >= 0) point[p].i_next = *i_next++;
}

ipl_status ipl_mi_between_layers(ipl_device *dev, int nets, int layers, int partitions,
                                 int64_t n, const int32_t *cell, void *scratch,
                                 size_t scratch_bytes, double *i_next)
{
    IPL_REQUIRE(nets >= 1 && layers >= 1 && partitions >= 1 && cell && i_next,
                "%d networks of %d layers, or a NULL", nets, layers);
    for (int p = 0; p < partitions; ++p)
        IPL_TRY(between_neighbours(dev, nets, layers, partitions, n, cell + p * n,
                                   scratch, scratch_bytes, i_next + p));
    return IPL_OK;
}
