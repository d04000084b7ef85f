/*
 * npy_set.c - a dataset from two NumPy files: X.npy, rows x inputs, and y.npy; and
 * inputs alone.
 */
#include <inttypes.h>
#include <math.h>
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
    IPL_TRY_DONE(ipl_npy_read_integers(y_path, &y));
    if (y.cols != 1) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " columns: expected one label a row",
                      y_path, y.cols);
        goto done;
    }
    IPL_TRY_DONE(ipl_npy_read_values(x_path, &x));
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

ipl_status ipl_npy_read_inputs(const char *path, int64_t rows, ipl_array *out)
{
    ipl_array read = {0};
    int64_t   wrong = 0;
    ipl_status st = IPL_OK;
    IPL_REQUIRE(path && out, "the path of the inputs or the result is NULL");
    IPL_TRY(ipl_npy_read_values(path, &read));
    for (int64_t v = 0; v < read.rows * read.cols; ++v)
        wrong += !isfinite(read.values[v]);
    if (read.rows != rows)
        st = IPL_FAIL(IPL_E_FORMAT, "%s has %" PRId64 " rows: expected an input for "
                      "each of the %" PRId64 " rows of the activations", path,
                      read.rows, rows);
    else if (wrong)
        st = IPL_FAIL(IPL_E_NUMERIC, "%s: %" PRId64 " of %" PRId64 " values are NaN or "
                      "infinite", path, wrong, read.rows * read.cols);
    if (st == IPL_OK) *out = read;
    else ipl_array_free(&read);
    return st;
}
