/*
 * array.c - arrays from files, whatever their format: float32 where that is exact.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "data/data.h"

void ipl_array_free(ipl_array *array)
{
    free(array->values);
    free(array->wide);
    free(array->integers);
    free(array->text);
    *array = (ipl_array){0};
}

static int is_exact(double value)
{
    return isnan(value) || (double)(float)value == value;
}

ipl_status ipl_array_narrow(const char *what, ipl_array *array)
{
    const int64_t values = array->rows * array->cols;
    if (!array->wide) return IPL_OK;
    float *made = malloc((size_t)values * sizeof *made);
    if (!made)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %" PRId64 " values", what,
                        values);
    for (int64_t v = 0; v < values; ++v) {
        made[v] = (float)array->wide[v];
        array->rounded += !is_exact(array->wide[v]);
    }
    free(array->wide);
    array->wide = NULL;
    array->values = made;
    return IPL_OK;
}

ipl_status ipl_array_settle(const char *what, ipl_array *array)
{
    const int64_t values = array->rows * array->cols;
    int exact = array->wide != NULL;
    for (int64_t v = 0; v < values && exact; ++v) exact = is_exact(array->wide[v]);
    return exact ? ipl_array_narrow(what, array) : IPL_OK;
}

/* The number in a place, of values or wide. */
static double number_at(const ipl_array *array, int64_t at)
{
    return array->values ? (double)array->values[at] : array->wide[at];
}

ipl_status ipl_array_read_inputs(const char *path, int64_t rows, ipl_array *out)
{
    ipl_array read = {0};
    int64_t   wrong = 0;
    ipl_status st = IPL_OK;
    IPL_REQUIRE(path && out, "the path of the inputs or the result is NULL");
    IPL_TRY(ipl_array_read(path, &read));
    for (int64_t v = 0; v < read.rows * read.cols; ++v)
        wrong += !isfinite(number_at(&read, v));
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
