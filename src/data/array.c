/*
 * array.c - arrays from files, whatever their format: float32 where that is exact.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "data/data.h"
#include "data/npy.h"
#include "data/npz.h"

enum { PATH_BYTES = 4096 };

void ipl_array_free(ipl_array *array)
{
    free(array->values);
    free(array->wide);
    free(array->integers);
    free(array->text);
    *array = (ipl_array){0};
}

void ipl_array_shape(const ipl_array *array, char text[IPL_ARRAY_SHAPE_BYTES])
{
    size_t used = 1;
    strcpy(text, "(");
    for (int d = 0; d < array->dims && used < IPL_ARRAY_SHAPE_BYTES - 32; ++d)
        used += (size_t)snprintf(text + used, IPL_ARRAY_SHAPE_BYTES - used,
                                 "%s%" PRId64, d ? ", " : "", array->shape[d]);
    snprintf(text + used, IPL_ARRAY_SHAPE_BYTES - used,
             array->dims == 1 ? ",)" : ")");
}

/* -- From double to float32 or integers -------------------------------------------*/

static int is_exact(double value)
{
    return isnan(value) || (double)(float)value == value;
}

static ipl_status no_memory(const char *what, const ipl_array *array)
{
    return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %" PRId64 " values", what,
                    array->rows * array->cols);
}

ipl_status ipl_array_narrow(const char *what, ipl_array *array)
{
    const int64_t values = array->rows * array->cols;
    int64_t rounded = array->rounded_fit;
    if (!array->wide) return IPL_OK;
    float *made = malloc((size_t)values * sizeof *made);
    if (!made) return no_memory(what, array);
    for (int64_t v = 0; v < values; ++v) {
        made[v] = (float)array->wide[v];
        rounded += !is_exact(array->wide[v]);
        if (isfinite(array->wide[v]) && isinf(made[v])) {
            free(made);
            return IPL_FAIL(IPL_E_NUMERIC, "%s: row %" PRId64 ", column %" PRId64 " is "
                            "%.9g, beyond float32's range of 3.4e38: scale the values",
                            what, v / array->cols, v % array->cols, array->wide[v]);
        }
    }
    free(array->wide);
    array->wide = NULL;
    array->values = made;
    array->rounded = array->rounded_fit = rounded;
    return IPL_OK;
}

ipl_status ipl_array_settle(const char *what, ipl_array *array)
{
    const int64_t values = array->rows * array->cols;
    int exact = array->wide != NULL;
    for (int64_t v = 0; v < values && exact; ++v) exact = is_exact(array->wide[v]);
    return exact ? ipl_array_narrow(what, array) : IPL_OK;
}

double ipl_array_number(const ipl_array *array, int64_t at)
{
    return array->values ? (double)array->values[at]
           : array->wide ? array->wide[at]
           : array->naturals ? (double)(uint64_t)array->integers[at]
                             : (double)array->integers[at];
}

/* 2^63 itself is a double and beyond int64; NaN fails both comparisons. */
static int is_whole(double value)
{
    return value >= -0x1p63 && value < 0x1p63 && (double)(int64_t)value == value;
}

ipl_status ipl_array_settle_labels(const char *what, ipl_array *array)
{
    const int64_t values = array->rows * array->cols;
    int whole = (array->values || array->wide) && !array->rounded;
    for (int64_t v = 0; v < values && whole; ++v)
        whole = is_whole(ipl_array_number(array, v));
    if (!whole) return ipl_array_settle(what, array);
    int64_t *made = malloc((size_t)values * sizeof *made);
    if (!made) return no_memory(what, array);
    for (int64_t v = 0; v < values; ++v) made[v] = (int64_t)ipl_array_number(array, v);
    free(array->values);
    free(array->wide);
    array->values = NULL;
    array->wide = NULL;
    array->integers = made;
    return IPL_OK;
}

/* -- Reading ----------------------------------------------------------------------*/

/* Opens what the path names, and looks at its first bytes. */
static ipl_status open_array(const char *path, ipl_input **in,
                             unsigned char start[INPUT_PEEK_BYTES], size_t *bytes)
{
    char file[PATH_BYTES];
    ipl_status st = IPL_OK;
    const char *member = ipl_npz_split(path, sizeof file, file);
    const char *whole = member ? file : path;
    IPL_TRY(ipl_input_open(whole, in));
    IPL_TRY_DONE(ipl_input_peek(*in, start, bytes));
    const int zip = !ipl_input_is_gzip(*in) && *bytes > 3 &&
                    (!memcmp(start, "PK\3\4", 4) || !memcmp(start, "PK\5\6", 4));
    if (member && !zip) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: is no npz file, and the path names '%s' in "
                      "it: expected %s alone", whole, member, whole);
    } else if (zip) {
        ipl_input_close(*in);
        *in = NULL;
        IPL_TRY_DONE(ipl_npz_open(whole, member, path, in));
        IPL_TRY_DONE(ipl_input_peek(*in, start, bytes));
    }
done:
    if (st == IPL_OK) return st;
    ipl_input_close(*in);
    *in = NULL;
    return st;
}

static ipl_status read_content(const char *path, ipl_input *in, size_t bytes,
                               const unsigned char *start, int labels, ipl_array *out)
{
    IPL_TRY(ipl_foreign_check(path, bytes, start));
    if (bytes >= 6 && !memcmp(start, "\x93NUMPY", 6))
        return ipl_npy_read(path, in, labels, out);
    if (ipl_csv_is_text(bytes, start)) return ipl_csv_read(path, in, labels, out);
    if (!bytes) return IPL_FAIL(IPL_E_FORMAT, "%s: holds nothing", path);
    return IPL_FAIL(IPL_E_FORMAT, "%s: starts with bytes %02x %02x: expected an NPY, "
                    "npz or CSV file", path, start[0], bytes > 1 ? start[1] : 0);
}

static ipl_status read_array(const char *path, int labels, ipl_array *out)
{
    unsigned char start[INPUT_PEEK_BYTES];
    size_t bytes;
    ipl_array made = {0};
    ipl_input *in = NULL;
    ipl_status st = IPL_OK;
    IPL_REQUIRE(path && out, "path or result is NULL");
    IPL_TRY(open_array(path, &in, start, &bytes));
    IPL_TRY_DONE(read_content(path, in, bytes, start, labels, &made));
    IPL_TRY_DONE(labels ? ipl_array_settle_labels(path, &made)
                        : ipl_array_settle(path, &made));
    *out = made;
done:
    ipl_input_close(in);
    if (st != IPL_OK) ipl_array_free(&made);
    return st;
}

ipl_status ipl_array_read(const char *path, ipl_array *out)
{
    return read_array(path, 0, out);
}

ipl_status ipl_array_read_labels(const char *path, ipl_array *out)
{
    return read_array(path, 1, out);
}

/* What mends another number of rows than the samples have. */
const char *ipl_rows_hint(ipl_samples_of of, int64_t had)
{
    return had == of.cols && had != of.rows
               ? ": a row is a sample, and they seem to be transposed"
               : "";
}

/* Rows without a class are not looked at (classes NULL: all have one). */
static ipl_status check_finite(const char *what, const ipl_classes *classes,
                               const ipl_array *array)
{
    const int64_t cols = array->cols, values = array->rows * cols;
    int64_t wrong = 0, first = 0;
    for (int64_t v = 0; v < values; ++v) {
        if (classes && classes->y[v / cols] == IPL_NO_CLASS) continue;
        if (!isfinite(ipl_array_number(array, v)) && !wrong++) first = v;
    }
    if (!wrong) return IPL_OK;
    return IPL_FAIL(IPL_E_NUMERIC, "%s: %" PRId64 " of %" PRId64 " values are NaN or "
                    "infinite, first in row %" PRId64 ", column %" PRId64 " (%g)", what,
                    wrong, values, first / cols, first % cols,
                    ipl_array_number(array, first));
}

ipl_status ipl_array_keep_labelled(const char *what, const ipl_classes *classes,
                                   ipl_array *array)
{
    IPL_REQUIRE(classes && array && array->rows == classes->rows,
                "%" PRId64 " rows: expected %" PRId64, array ? array->rows : 0,
                classes ? classes->rows : 0);
    IPL_TRY(check_finite(what, classes, array));
    const size_t cols = (size_t)array->cols;
    int64_t kept = 0;
    for (int64_t r = 0; r < classes->rows; ++r) {
        if (classes->y[r] == IPL_NO_CLASS) continue;
        const size_t to = (size_t)kept++ * cols, from = (size_t)r * cols;
        if (array->values)
            memmove(array->values + to, array->values + from, cols * sizeof(float));
        else
            memmove(array->wide + to, array->wide + from, cols * sizeof(double));
    }
    array->rows = array->shape[0] = kept;
    return IPL_OK;
}

ipl_status ipl_array_read_inputs(const char *path, ipl_samples_of of,
                                 const ipl_classes *classes, ipl_array *out)
{
    ipl_array read = {0};
    ipl_status st = IPL_OK;
    IPL_REQUIRE(path && of.what && out, "the path of the inputs or the result is NULL");
    IPL_REQUIRE(!classes || classes->rows == of.rows, "%" PRId64 " labels of %" PRId64
                " rows", classes ? classes->rows : 0, of.rows);
    IPL_TRY(ipl_array_read(path, &read));
    if (read.rows != of.rows) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s has %" PRId64 " rows: expected an input for "
                      "each of the %" PRId64 " rows of %s%s", path, read.rows, of.rows,
                      of.what, read.cols == of.rows ? ": transpose it"
                                                    : ipl_rows_hint(of, read.rows));
        goto done;
    }
    st = classes ? ipl_array_keep_labelled(path, classes, &read)
                 : check_finite(path, NULL, &read);
done:
    if (st == IPL_OK) *out = read;
    else ipl_array_free(&read);
    return st;
}
