/*
 * set_labels.c - class labels: permuted, disturbed.
 */
#include "data/set_labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "random.h"

/* A permutation of the rows from one stream of the seed; the caller frees it. */
static ipl_status draw_order(int64_t rows, ipl_random from, int32_t **order)
{
    *order = malloc((size_t)rows * sizeof **order);
    if (!*order)
        return IPL_FAIL(IPL_E_MEMORY, "the order of %" PRId64 " labels", rows);
    ipl_random_permutation(from, rows, *order);
    return IPL_OK;
}

ipl_status ipl_labels_permute(int64_t rows, uint64_t seed, int32_t *y)
{
    int32_t *order;
    IPL_TRY(draw_order(rows, (ipl_random){seed, IPL_STREAM_RANDOM_LABELS}, &order));
    /* order[i] becomes the label that row i gets, so that y can be written after. */
    for (int64_t i = 0; i < rows; ++i) order[i] = y[order[i]];
    for (int64_t i = 0; i < rows; ++i) y[i] = order[i];
    free(order);
    return IPL_OK;
}

ipl_status ipl_labels_disturb(int64_t rows, int32_t classes, double share,
                              uint64_t seed, int32_t *y)
{
    int32_t *order;
    const int64_t count = (int64_t)rint(share * (double)rows);
    IPL_TRY(draw_order(rows, (ipl_random){seed, IPL_STREAM_LABEL_NOISE}, &order));
    /* A sub-stream: the permutation has used the draws of the stream itself. */
    const ipl_random from = {seed, IPL_STREAM_LABEL_NOISE | (uint64_t)1 << 32};
    for (int64_t i = 0; i < count; ++i) {
        int32_t *label = &y[order[i]];
        const int32_t step =
            1 + (int32_t)ipl_random_below(from, (uint64_t)i, (uint64_t)classes - 1);
        *label = (int32_t)(((int64_t)*label + step) % classes);
    }
    free(order);
    return IPL_OK;
}
