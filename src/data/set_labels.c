/*
 * set_labels.c - class labels: from integers, permuted, disturbed.
 */
#include "data/set_labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "data/data.h"
#include "random.h"

enum { CLASSES_MAX = 65536 };

ipl_status ipl_labels_from_integers(const char *what, int64_t rows,
                                    const int64_t *integers, int32_t *y,
                                    int32_t *classes)
{
    int64_t most = 0;
    IPL_REQUIRE(what && rows > 0 && integers && y && classes, "labels of %" PRId64
                " rows, or a NULL", rows);
    for (int64_t i = 0; i < rows; ++i) {
        if (integers[i] < 0 || integers[i] >= CLASSES_MAX)
            return IPL_FAIL(IPL_E_FORMAT, "%s: label of row %" PRId64 " is %" PRId64
                            ": expected 0 to %d", what, i, integers[i],
                            CLASSES_MAX - 1);
        if (integers[i] > most) most = integers[i];
    }
    for (int64_t i = 0; i < rows; ++i) y[i] = (int32_t)integers[i];
    *classes = (int32_t)most + 1;
    return IPL_OK;
}

ipl_status ipl_npy_read_labels(const char *path, int64_t rows, int32_t **y,
                               int32_t *classes)
{
    IPL_REQUIRE(path && rows > 0 && y && classes, "labels of %" PRId64
                " rows, or a NULL", rows);
    ipl_array read = {0};
    IPL_TRY(ipl_array_read_labels(path, &read));
    ipl_status st = IPL_OK;
    int32_t *made = NULL;
    if (read.rows != rows || read.cols != 1) {
        st = IPL_FAIL(IPL_E_FORMAT,
                      "%s is %" PRId64 " x %" PRId64 ": expected a class for "
                      "each of the %" PRId64 " rows of the activations",
                      path, read.rows, read.cols, rows);
        goto done;
    }
    IPL_TRY_DONE(ipl_array_expect_integers(path, &read));
    made = malloc((size_t)rows * sizeof *made);
    if (!made) {
        st = IPL_FAIL(IPL_E_MEMORY, "%" PRId64 " labels", rows);
        goto done;
    }
    IPL_TRY_DONE(ipl_labels_from_integers(path, rows, read.integers, made, classes));
    *y = made;
    made = NULL;
done:
    free(made);
    ipl_array_free(&read);
    return st;
}

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
