/*
 * mat.c - a dataset from a MATLAB file: F, rows x inputs, and y, one label a row.
 *
 * libmatio reads the file. What it would take on trust is checked before: that the
 * file is of level 5 or 7.3 and as long as its parts say, and that the sizes of F
 * and y can come from a file of this length. Its messages become ours.
 */
#include <hdf5.h>
#include <inttypes.h>
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "data/mat_check.h"
#include "mat_library.h"

/* libmatio's latest complaint; its log function is one for all threads. */
static _Thread_local char complaint[160];

static void keep_complaint(int level, char *text)
{
    (void)level;
    snprintf(complaint, sizeof complaint, ": %.150s", text);
    complaint[strcspn(complaint, "\n")] = 0;
}

void ipl_mat_library(size_t size, char *version)
{
    int major, minor, release;
    Mat_GetLibraryVersion(&major, &minor, &release);
    snprintf(version, size, "%d.%d.%d", major, minor, release);
}

/* Values of any numeric class, as libmatio leaves them in memory. */
static double number_at(const matvar_t *var, int64_t i)
{
    const void *data = var->data;
    switch (var->class_type) {
    case MAT_C_DOUBLE: return ((const double *)data)[i];
    case MAT_C_SINGLE: return (double)((const float *)data)[i];
    case MAT_C_INT8:   return (double)((const int8_t *)data)[i];
    case MAT_C_UINT8:  return (double)((const uint8_t *)data)[i];
    case MAT_C_INT16:  return (double)((const int16_t *)data)[i];
    case MAT_C_UINT16: return (double)((const uint16_t *)data)[i];
    case MAT_C_INT32:  return (double)((const int32_t *)data)[i];
    case MAT_C_UINT32: return (double)((const uint32_t *)data)[i];
    case MAT_C_INT64:  return (double)((const int64_t *)data)[i];
    default:           return (double)((const uint64_t *)data)[i];
    }
}

/* Reads one variable: a real numeric matrix of a size that the file can hold. */
static ipl_status read_variable(const char *path, mat_t *mat, const char *name,
                                uint64_t values_most, matvar_t **out)
{
    complaint[0] = 0;
    matvar_t *var = Mat_VarReadInfo(mat, name);
    if (!var)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no variable %s%s", path, name, complaint);
    *out = var; /* the caller frees it in any case */
    if (var->class_type < MAT_C_DOUBLE || var->class_type > MAT_C_UINT64 ||
        var->isComplex)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is %s: expected a full matrix of real "
                        "numbers", path, name,
                        var->isComplex ? "complex" : "not numeric");
    if (var->rank != 2 || !var->dims)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s has %d dimensions: expected 2", path,
                        name, var->rank);
    const uint64_t rows = var->dims[0], cols = var->dims[1];
    if (!rows || !cols || rows > values_most / cols)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is %" PRIu64 " x %" PRIu64 ": expected 1 "
                        "to %" PRIu64 " values in a file of this length", path, name,
                        rows, cols, values_most);
    if (Mat_VarReadDataAll(mat, var) || !var->data ||
        var->nbytes != rows * cols * Mat_SizeOfClass(var->class_type))
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s cannot be read%s", path, name, complaint);
    return IPL_OK;
}

/* A variable is column-major; an array is row-major. */
static ipl_status take(const char *path, const char *name, const matvar_t *var,
                       char what[IPL_WHAT_BYTES], ipl_array *out)
{
    const int64_t rows = (int64_t)var->dims[0], cols = (int64_t)var->dims[1];
    snprintf(what, IPL_WHAT_BYTES, "%s: %s", path, name);
    *out = (ipl_array){.rows = rows, .cols = cols, .dims = 2, .shape = {rows, cols}};
    out->wide = malloc((size_t)rows * (size_t)cols * sizeof *out->wide);
    if (!out->wide)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %" PRId64 " x %" PRId64, what,
                        rows, cols);
    for (int64_t c = 0; c < cols; ++c)
        for (int64_t r = 0; r < rows; ++r)
            out->wide[r * cols + c] = number_at(var, c * rows + r);
    return ipl_array_settle(what, out);
}

static ipl_status read_set(const char *path, ipl_raw_set *out)
{
    uint64_t values_most;
    ipl_status st = IPL_OK;
    matvar_t *f = NULL, *y = NULL;
    IPL_TRY(ipl_mat_check(path, &values_most));
    complaint[0] = 0;
    mat_t *mat = Mat_Open(path, MAT_ACC_RDONLY);
    if (!mat)
        return IPL_FAIL(IPL_E_FORMAT, "%s: not a readable MATLAB file%s", path,
                        complaint);
    IPL_TRY_DONE(read_variable(path, mat, "F", values_most, &f));
    IPL_TRY_DONE(take(path, "F", f, out->x_what, &out->x));
    IPL_TRY_DONE(read_variable(path, mat, "y", values_most, &y));
    IPL_TRY_DONE(take(path, "y", y, out->y_what, &out->y));
    ipl_dataset_name(path, ".mat", out->name);
done:
    Mat_VarFree(f);
    Mat_VarFree(y);
    Mat_Close(mat);
    return st;
}

ipl_status ipl_load_mat(const ipl_data_options *options, ipl_raw_set *out)
{
    H5E_auto2_t print;
    void *print_data;
    Mat_LogInitFunc("infoplane", keep_complaint);
    /* HDF5, which is behind level 7.3, prints its errors unless told not to. */
    H5Eget_auto2(H5E_DEFAULT, &print, &print_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const ipl_status st = read_set(options->path, out);
    H5Eset_auto2(H5E_DEFAULT, print, print_data);
    return st;
}
