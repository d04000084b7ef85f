/*
 * mat_values.c - from the numbers of a MATLAB variable to an array of rows.
 *
 * MATLAB's arrays have the first axis fastest, ours the last. The place of a number
 * follows from the strides of the axes, for any number of axes and either axis of
 * samples. The result is float32 where that holds each value, else double.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/mat_file.h"
#include "host_memory.h"

ipl_status ipl_mat_add(const char *path, mat_list *list, const mat_variable *within,
                       char separator, const char *name, int *index)
{
    char full[MAT_NAME_BYTES];
    const int length = within ? snprintf(full, sizeof full, "%s%c%s", within->name,
                                         separator, name)
                              : snprintf(full, sizeof full, "%s", name);
    if (length >= (int)sizeof full)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the name %.40s.. is longer than %d bytes: "
                        "save the variable with a shorter one", path, full,
                        MAT_NAME_BYTES - 1);
    if (list->count == MAT_VARIABLES_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: more than %d variables and fields: save "
                        "inputs and labels alone", path, MAT_VARIABLES_MAX);
    if (list->count == list->room) {
        const int room = list->room ? 2 * list->room : 16;
        mat_variable *at = realloc(list->at, (size_t)room * sizeof *at);
        if (!at)
            return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %d variables", path, room);
        list->at = at;
        list->room = room;
    }
    *index = list->count++;
    list->at[*index] = (mat_variable){.form = MAT_OTHER};
    memcpy(list->at[*index].name, full, (size_t)length + 1);
    return IPL_OK;
}

size_t ipl_mat_bytes(mat_number number)
{
    static const size_t bytes[] = {
        [MAT_INT8] = 1, [MAT_UINT8] = 1, [MAT_INT16] = 2, [MAT_UINT16] = 2,
        [MAT_INT32] = 4, [MAT_UINT32] = 4, [MAT_INT64] = 8, [MAT_UINT64] = 8,
        [MAT_SINGLE] = 4, [MAT_DOUBLE] = 8, [MAT_LONG_DOUBLE] = sizeof(long double)};
    return bytes[number];
}

void ipl_mat_values_free(mat_values *values)
{
    free(values->owned);
    free(values->row);
    free(values->start);
    *values = (mat_values){0};
}

/* A long double holds each value of each type. */
static long double number_at(const mat_values *v, uint64_t i)
{
    const void *value = v->value;
    switch (v->number) {
    case MAT_INT8:   return (long double)((const int8_t *)value)[i];
    case MAT_UINT8:  return (long double)((const uint8_t *)value)[i];
    case MAT_INT16:  return (long double)((const int16_t *)value)[i];
    case MAT_UINT16: return (long double)((const uint16_t *)value)[i];
    case MAT_INT32:  return (long double)((const int32_t *)value)[i];
    case MAT_UINT32: return (long double)((const uint32_t *)value)[i];
    case MAT_INT64:  return (long double)((const int64_t *)value)[i];
    case MAT_UINT64: return (long double)((const uint64_t *)value)[i];
    case MAT_SINGLE: return (long double)((const float *)value)[i];
    case MAT_DOUBLE: return (long double)((const double *)value)[i];
    default:         return ((const long double *)value)[i];
    }
}

static int is_whole(long double value)
{
    /* 2^63 itself is beyond int64; NaN fails both comparisons. */
    return value >= -0x1p63L && value < 0x1p63L &&
           (long double)(int64_t)value == value;
}

/* ---- what the result is made of ----------------------------------------------- */

static ipl_status allocate(const char *what, const mat_values *v, int labels,
                           ipl_array *out)
{
    int whole = labels, narrow = 1;
    const int small = ipl_mat_bytes(v->number) <= 2 || v->number == MAT_SINGLE;
    /* float32 holds any small number. */
    const uint64_t seen = small && !labels ? 0 : v->count;
    for (uint64_t i = 0; i < seen && (whole || narrow); ++i) {
        const long double value = number_at(v, i);
        whole = whole && is_whole(value);
        narrow = narrow && (isnan(value) || (long double)(float)value == value);
    }
    const size_t count = (size_t)out->rows * (size_t)out->cols;
    const size_t each = !whole && narrow ? sizeof *out->values : sizeof *out->wide;
    /* Linux promises memory that it does not have. A sparse matrix may ask for any. */
    const uint64_t have = (uint64_t)ipl_host_memory_now().all;
    void *made = count <= have / each ? calloc(count, each) : NULL;
    if (!made)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %zu bytes, %" PRId64 " x %"
                        PRId64 " full values", what, count * each, out->rows,
                        out->cols);
    if (whole) out->integers = made;
    else if (narrow) out->values = made;
    else out->wide = made;
    return IPL_OK;
}

static void put(ipl_array *out, int64_t place, long double value)
{
    if (out->integers) {
        out->integers[place] = (int64_t)value;
    } else if (out->values) {
        out->values[place] = (float)value;
    } else {
        out->wide[place] = (double)value;
        out->rounded += !isnan(value) && (long double)(double)value != value;
    }
}

/* ---- places ------------------------------------------------------------------- */

static void place_full(const mat_variable *var, const mat_values *v, int axis,
                       ipl_array *out)
{
    uint64_t stride[IPL_ARRAY_DIMS_MAX], at[IPL_ARRAY_DIMS_MAX] = {0}, step = 1;
    for (int k = 0; k < var->dims; ++k) {
        const int d = var->by_rows ? var->dims - 1 - k : k;
        stride[d] = step;
        step *= var->shape[d];
    }
    for (int64_t col = 0; col < out->cols; ++col) {
        uint64_t from = 0;
        for (int d = 0; d < var->dims; ++d) from += at[d] * stride[d];
        for (int64_t row = 0; row < out->rows; ++row)
            put(out, row * out->cols + col,
                number_at(v, from + (uint64_t)row * stride[axis]));
        /* The next column: the last axis but that of the rows runs fastest. */
        for (int d = var->dims - 1; d >= 0; --d) {
            if (d == axis) continue;
            if (++at[d] < var->shape[d]) break;
            at[d] = 0;
        }
    }
}

static ipl_status place_sparse(const char *what, const mat_variable *var,
                               const mat_values *v, int axis, ipl_array *out)
{
    const int64_t rows = (int64_t)var->shape[0], cols = (int64_t)var->shape[1];
    if (v->start[0] || v->start[cols] != (int64_t)v->count) goto damaged;
    for (int64_t c = 0; c < cols; ++c) {
        if (v->start[c] > v->start[c + 1]) goto damaged;
        if (v->start[c + 1] > (int64_t)v->count) goto damaged;
        for (int64_t k = v->start[c]; k < v->start[c + 1]; ++k) {
            const int64_t r = v->row[k];
            if (r < 0 || r >= rows || (k > v->start[c] && r <= v->row[k - 1]))
                goto damaged;
            put(out, axis ? c * rows + r : r * cols + c,
                number_at(v, (uint64_t)k));
        }
    }
    return IPL_OK;
damaged:
    return IPL_FAIL(IPL_E_FORMAT, "%s: the places of its sparse values are damaged: "
                    "save it as full(..)", what);
}

ipl_status ipl_mat_array(const char *what, const mat_variable *var,
                         const mat_values *values, int axis, int labels, ipl_array *out)
{
    ipl_array made = {.rows = (int64_t)var->shape[axis], .cols = 1};
    ipl_status st = IPL_OK;
    made.shape[made.dims++] = made.rows;
    for (int d = 0; d < var->dims; ++d)
        if (d != axis) {
            made.shape[made.dims++] = (int64_t)var->shape[d];
            made.cols *= (int64_t)var->shape[d];
        }
    IPL_TRY_DONE(allocate(what, values, labels, &made));
    if (var->form == MAT_SPARSE)
        IPL_TRY_DONE(place_sparse(what, var, values, axis, &made));
    else place_full(var, values, axis, &made);
    *out = made;
done:
    if (st != IPL_OK) ipl_array_free(&made);
    return st;
}

ipl_status ipl_mat_join(const char *path, ipl_array *a, const ipl_array *b)
{
    if (a->cols != b->cols)
        return IPL_FAIL(IPL_E_FORMAT, "%s: training rows of %" PRId64 " values and "
                        "test rows of %" PRId64 ": expected the same number", path,
                        a->cols, b->cols);
    const int64_t first = a->rows * a->cols, more = b->rows * b->cols;
    const int whole = a->integers && b->integers, narrow = a->values && b->values;
    ipl_array sum = *a;
    sum.rows = sum.shape[0] = a->rows + b->rows;
    sum.rounded += b->rounded;
    sum.integers = NULL, sum.values = NULL, sum.wide = NULL;
    const size_t each = narrow ? sizeof *sum.values : sizeof *sum.wide;
    void *made = malloc((size_t)(first + more) * each);
    if (!made)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %" PRId64 " rows of %" PRId64
                        " values", path, sum.rows, sum.cols);
    if (whole) sum.integers = made;
    else if (narrow) sum.values = made;
    else sum.wide = made;
    for (int64_t i = 0; i < first + more; ++i) {
        const ipl_array *from = i < first ? a : b;
        const int64_t at = i < first ? i : i - first;
        put(&sum, i, from->integers ? (long double)from->integers[at]
                     : from->values ? (long double)from->values[at]
                                    : (long double)from->wide[at]);
    }
    ipl_array_free(a);
    *a = sum;
    return IPL_OK;
}
