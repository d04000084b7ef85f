/*
 * npy_set.c - a dataset from two NumPy files: X.npy, rows x inputs, and y.npy.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/data.h"

ipl_status ipl_load_npy(const ipl_data_options *options, ipl_dataset *out)
{
    char x_path[4096], y_path[4096];
    ipl_array x = {0}, y = {0};
    ipl_status st = IPL_OK;
    const int length = snprintf(x_path, sizeof x_path, "%s/X.npy", options->path);
    if (length >= (int)sizeof x_path)
        return IPL_FAIL(IPL_E_ARGUMENT, "the path of the set is longer than %zu bytes",
                        sizeof x_path - 7);
    snprintf(y_path, sizeof y_path, "%s/y.npy", options->path);
    IPL_TRY_DONE(ipl_array_read_labels(y_path, &y));
    if (y.cols != 1) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " columns: expected one label a row",
                      y_path, y.cols);
        goto done;
    }
    IPL_TRY_DONE(ipl_array_expect_integers(y_path, &y));
    IPL_TRY_DONE(ipl_array_read(x_path, &x));
    IPL_TRY_DONE(ipl_array_narrow(x_path, &x));
    if (x.rows != y.rows) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " rows, but %s: %" PRId64 " labels: "
                      "expected the same number", x_path, x.rows, y_path, y.rows);
        goto done;
    }
    IPL_TRY_DONE(ipl_dataset_adopt(x_path, x.rows, x.cols, &x.values, out));
    ipl_dataset_name(options->path, "", out);
    IPL_TRY_DONE(ipl_labels_from_integers(y_path, y.rows, y.integers, out->y,
                                          &out->classes));
done:
    ipl_array_free(&x);
    ipl_array_free(&y);
    return st;
}
