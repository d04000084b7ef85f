/*
 * mat_hdf5_kind.c - what a dataset or group of an HDF5 file is to MATLAB.
 *
 * MATLAB, and writers that mean MATLAB (hdf5storage), mark a variable by its attribute
 * MATLAB_class and store it column by column: HDF5 then has the axes in reverse. A
 * dataset without the attribute, as h5py writes it, has its axes and values as HDF5
 * has them, row by row. A struct is a group; a sparse matrix is a group of data, ir
 * and jc with its number of rows as the attribute MATLAB_sparse. How the text of an
 * attribute is padded does not matter here, other than to libmatio 1.5.
 * Source: hdf5storage's "Storage Format" and what MATLAB R2015b writes.
 */
#include "data/mat_hdf5.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- attributes --------------------------------------------------------------- */

int ipl_mat_class(hid_t object, size_t size, char *text)
{
    if (H5Aexists(object, "MATLAB_class") <= 0) return 0;
    int found = 0;
    const hid_t a = H5Aopen(object, "MATLAB_class", H5P_DEFAULT), type = H5Aget_type(a);
    const hid_t space = H5Aget_space(a);
    const size_t bytes = H5Tget_size(type);
    if (H5Sget_simple_extent_npoints(space) != 1 || H5Tget_class(type) != H5T_STRING) {
        found = 0;
    } else if (H5Tis_variable_str(type) > 0) {
        char *held = NULL;
        found = H5Aread(a, type, &held) >= 0 && held;
        if (found) snprintf(text, size, "%s", held);
        H5free_memory(held);
    } else if (bytes < size) {
        found = H5Aread(a, type, text) >= 0;
        text[found ? bytes : 0] = 0;
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(a);
    return found;
}

static int number_attribute(hid_t object, const char *name, uint64_t *number)
{
    if (H5Aexists(object, name) <= 0) return 0;
    const hid_t a = H5Aopen(object, name, H5P_DEFAULT), space = H5Aget_space(a);
    const int found = H5Sget_simple_extent_npoints(space) == 1 &&
                      H5Aread(a, H5T_NATIVE_UINT64, number) >= 0;
    H5Sclose(space);
    H5Aclose(a);
    return found;
}

/* ---- what a variable is ------------------------------------------------------- */

/* The type of a dataset's numbers in memory; 0: they are no real numbers. */
int ipl_mat_number_of(hid_t type, mat_number *number)
{
    const H5T_class_t class = H5Tget_class(type);
    if (class == H5T_ENUM) { /* h5py's bool                                        */
        const hid_t super = H5Tget_super(type);
        const int known = super >= 0 && H5Tget_class(super) != H5T_ENUM &&
                          ipl_mat_number_of(super, number);
        H5Tclose(super);
        return known;
    }
    const size_t bytes = H5Tget_size(type);
    if (class == H5T_FLOAT) {
        *number = bytes <= 4 ? MAT_SINGLE : bytes == 8 ? MAT_DOUBLE : MAT_LONG_DOUBLE;
        return bytes >= 1;
    }
    const int natural = H5Tget_sign(type) == H5T_SGN_NONE;
    *number = bytes == 1   ? natural ? MAT_UINT8 : MAT_INT8
              : bytes == 2 ? natural ? MAT_UINT16 : MAT_INT16
              : bytes <= 4 ? natural ? MAT_UINT32 : MAT_INT32
                           : natural ? MAT_UINT64 : MAT_INT64;
    return class == H5T_INTEGER && bytes >= 1 && bytes <= 8;
}

/* Without MATLAB_class: what the dataset's type is. */
static void name_type(hid_t type, mat_variable *v)
{
    static const char *const names[] = {
        [MAT_INT8] = "int8", [MAT_UINT8] = "uint8", [MAT_INT16] = "int16",
        [MAT_UINT16] = "uint16", [MAT_INT32] = "int32", [MAT_UINT32] = "uint32",
        [MAT_INT64] = "int64", [MAT_UINT64] = "uint64", [MAT_SINGLE] = "single",
        [MAT_DOUBLE] = "double", [MAT_LONG_DOUBLE] = "long double"};
    const H5T_class_t class = H5Tget_class(type);
    mat_number number;
    const char *kind = ipl_mat_number_of(type, &number) ? names[number]
                       : class == H5T_STRING    ? "text"
                       : class == H5T_COMPOUND  ? "compound"
                       : class == H5T_REFERENCE ? "references"
                                                : "of another type";
    snprintf(v->kind, sizeof v->kind, "%s", kind);
    if (class == H5T_STRING) v->form = MAT_TEXT;
}

static int is_complex(hid_t type)
{
    if (H5Tget_class(type) != H5T_COMPOUND || H5Tget_nmembers(type) != 2) return 0;
    char *first = H5Tget_member_name(type, 0);
    const int complex = first && (!strcmp(first, "real") || !strcmp(first, "r"));
    H5free_memory(first);
    return complex;
}

/* The sizes, in MATLAB's order where MATLAB wrote them. An empty variable of MATLAB
 * has its sizes as its values. */
static void read_shape(hid_t set, int by_matlab, mat_variable *v)
{
    hsize_t size[H5S_MAX_RANK];
    uint64_t empty = 0, sizes[IPL_ARRAY_DIMS_MAX];
    const hid_t space = H5Dget_space(set);
    int dims = H5Sget_simple_extent_dims(space, size, NULL);
    if (by_matlab && number_attribute(set, "MATLAB_empty", &empty) && empty &&
        dims == 1 && size[0] <= IPL_ARRAY_DIMS_MAX &&
        H5Dread(set, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, sizes) >= 0) {
        dims = (int)size[0];
        memcpy(v->shape, sizes, (size_t)dims * sizeof *sizes);
    } else {
        for (int d = 0; d < dims; ++d)
            v->shape[d] = size[by_matlab ? dims - 1 - d : d];
        if (dims == 0) v->shape[dims++] = 1; /* a scalar                           */
    }
    v->dims = dims < 0 ? 0 : dims;
    H5Sclose(space);
}

void ipl_mat_is_outside(mat_variable *v)
{
    v->form = MAT_OUTSIDE;
    snprintf(v->kind, sizeof v->kind, "of another file");
}

void ipl_mat_describe_set(hid_t set, mat_variable *v)
{
    char class[MAT_KIND_BYTES - 16];
    mat_number number;
    if (!ipl_mat_is_within(set)) {
        ipl_mat_is_outside(v);
        return;
    }
    const hid_t type = H5Dget_type(set);
    const int by_matlab = ipl_mat_class(set, sizeof class, class);
    v->by_rows = !by_matlab;
    v->form = MAT_OTHER;
    read_shape(set, by_matlab, v);
    if (is_complex(type)) {
        v->form = MAT_COMPLEX;
        snprintf(v->kind, sizeof v->kind, "complex %s", by_matlab ? class : "");
        if (!by_matlab) v->kind[7] = 0;
    } else if (!by_matlab) {
        name_type(type, v);
        if (ipl_mat_number_of(type, &number)) v->form = MAT_FULL;
    } else {
        static const char *const numeric[] = {
            "double", "single", "logical", "int8",  "uint8",  "int16",
            "uint16", "int32",  "uint32",  "int64", "uint64", NULL};
        int k = 0;
        while (numeric[k] && strcmp(class, numeric[k])) ++k;
        if (!strcmp(class, "char")) v->form = MAT_TEXT;
        else if (!strcmp(class, "cell")) v->form = MAT_CELL;
        else if (numeric[k] && ipl_mat_number_of(type, &number)) v->form = MAT_FULL;
        snprintf(v->kind, sizeof v->kind, "%s%s", class,
                 v->form == MAT_CELL ? " array" : "");
    }
    H5Tclose(type);
}

/* Columns of a sparse matrix: those that jc has starts of, less one. */
int ipl_mat_describe_sparse(hid_t group, hid_t within, mat_variable *v)
{
    char class[MAT_KIND_BYTES - 24] = "";
    uint64_t rows;
    if (!number_attribute(group, "MATLAB_sparse", &rows)) return 0;
    const hid_t jc = H5Dopen2(group, "jc", within);
    const hid_t space = ipl_mat_is_within(jc) ? H5Dget_space(jc) : H5I_INVALID_HID;
    const hssize_t starts = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    H5Dclose(jc);
    ipl_mat_class(group, sizeof class, class);
    int complex = 0;
    if (H5Lexists(group, "data", within) > 0) { /* not in a matrix of zeros     */
        const hid_t data = H5Dopen2(group, "data", within);
        const hid_t type = H5Dget_type(data);
        complex = is_complex(type);
        H5Tclose(type);
        H5Dclose(data);
    }
    v->form = complex ? MAT_COMPLEX : MAT_SPARSE;
    v->dims = 2;
    v->shape[0] = rows;
    v->shape[1] = starts > 0 ? (uint64_t)starts - 1 : 0;
    snprintf(v->kind, sizeof v->kind, "sparse %s%s", complex ? "complex " : "", class);
    return 1;
}
