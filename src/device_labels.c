/*
 * device_labels.c - classes of samples, on the device and grouped.
 */
#include <stdlib.h>

#include "ipl_device.h"

ipl_status ipl_labels_create(ipl_device *dev, int64_t rows, int32_t classes,
                             const int32_t *y, ipl_labels *out)
{
    IPL_REQUIRE(rows > 0 && rows <= INT32_MAX && classes > 0,
                "labels: %lld rows, %d classes", (long long)rows, classes);
    ipl_status st = IPL_OK;
    ipl_labels made = {.rows = rows, .classes = classes};
    int32_t *order = malloc((size_t)rows * sizeof *order);
    int64_t *next = calloc((size_t)classes + 1, sizeof *next);
    made.start = calloc((size_t)classes + 1, sizeof *made.start);
    if (!order || !next || !made.start) {
        st = IPL_FAIL(IPL_E_MEMORY, "labels of %lld rows", (long long)rows);
        goto done;
    }
    for (int64_t i = 0; i < rows; ++i) {
        if (y[i] < 0 || y[i] >= classes) {
            st = IPL_FAIL(IPL_E_ARGUMENT, "label of row %lld is %d: expected 0 to %d",
                          (long long)i, y[i], classes - 1);
            goto done;
        }
        ++made.start[y[i] + 1];
    }
    for (int32_t c = 0; c < classes; ++c) {
        made.start[c + 1] += made.start[c];
        next[c + 1] = made.start[c + 1];
    }
    for (int64_t i = 0; i < rows; ++i) order[next[y[i]]++] = (int32_t)i;

    const size_t bytes = (size_t)rows * sizeof *order;
    IPL_TRY_DONE(ipl_alloc(dev, bytes, (void **)&made.at));
    IPL_TRY_DONE(ipl_alloc(dev, bytes, (void **)&made.order));
    IPL_TRY_DONE(ipl_upload(dev, y, bytes, made.at));
    IPL_TRY_DONE(ipl_upload(dev, order, bytes, made.order));
    *out = made;
done:
    free(order);
    free(next);
    if (st != IPL_OK) ipl_labels_free(dev, &made);
    return st;
}

void ipl_labels_free(ipl_device *dev, ipl_labels *labels)
{
    ipl_free(dev, labels->at);
    ipl_free(dev, labels->order);
    free(labels->start);
    *labels = (ipl_labels){0};
}
