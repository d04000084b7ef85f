/*
 * hdf5_case.h - HDF5 files as h5py, hdf5storage and MATLAB write them, made by HDF5.
 *
 * For tests and fuzz targets.
 */
#ifndef HDF5_CASE_H
#define HDF5_CASE_H

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How the attribute MATLAB_class is stored: not at all (h5py), padded by zeros
 * (hdf5storage), ended by a zero (MATLAB), or of variable length (h5py, from str). */
typedef enum { PLAIN, PADDED, TERMINATED, VARIABLE } hdf5_mark;

static inline void hdf5_must(int fine)
{
    if (!fine) {
        fprintf(stderr, "HDF5 cannot write a test's file\n");
        abort();
    }
}

/* A new file, with MATLAB's header before its HDF5 content if it is to be one. */
static inline hid_t hdf5_create(const char *path, int matlab)
{
    const hid_t how = H5Pcreate(H5P_FILE_CREATE);
    if (matlab) H5Pset_userblock(how, 512);
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, how, H5P_DEFAULT);
    hdf5_must(file >= 0);
    H5Pclose(how);
    return file;
}

static inline void hdf5_close(hid_t file, const char *path, int matlab)
{
    hdf5_must(H5Fclose(file) >= 0);
    if (!matlab) return;
    char header[128];
    memset(header, ' ', 124);
    memcpy(header, "MATLAB 7.3 MAT-file", 19);
    memcpy(header + 124, "\0\2IM", 4);
    FILE *f = fopen(path, "r+b");
    hdf5_must(f && fwrite(header, 1, 128, f) == 128 && !fclose(f));
}

static inline void hdf5_mark_class(hid_t object, const char *class, hdf5_mark mark)
{
    if (mark == PLAIN) return;
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, mark == VARIABLE ? H5T_VARIABLE : strlen(class));
    H5Tset_strpad(type, mark == PADDED ? H5T_STR_NULLPAD : H5T_STR_NULLTERM);
    const hid_t a = H5Acreate2(object, "MATLAB_class", type, space, H5P_DEFAULT,
                               H5P_DEFAULT);
    hdf5_must(H5Awrite(a, type, mark == VARIABLE ? (const void *)&class : class) >= 0);
    H5Aclose(a);
    H5Sclose(space);
    H5Tclose(type);
}

static inline void hdf5_mark_number(hid_t object, const char *name, uint64_t number)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t a = H5Acreate2(object, name, H5T_STD_U64LE, space, H5P_DEFAULT,
                               H5P_DEFAULT);
    hdf5_must(H5Awrite(a, H5T_NATIVE_UINT64, &number) >= 0);
    H5Aclose(a);
    H5Sclose(space);
}

/* A dataset of this type of the file, from values of a type in memory, HDF5's axes. */
static inline void hdf5_put(hid_t at, const char *name, hid_t type, int dims,
                            const hsize_t *size, hid_t from, const void *values,
                            const char *class, hdf5_mark mark)
{
    const hid_t space = dims ? H5Screate_simple(dims, size, NULL)
                             : H5Screate(H5S_SCALAR);
    const hid_t set = H5Dcreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT,
                                 H5P_DEFAULT);
    hdf5_must(set >= 0);
    if (values) hdf5_must(H5Dwrite(set, from, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                   values) >= 0);
    hdf5_mark_class(set, class, mark);
    H5Dclose(set);
    H5Sclose(space);
}

static inline hid_t hdf5_group(hid_t at, const char *name, const char *class,
                               hdf5_mark mark)
{
    const hid_t group = H5Gcreate2(at, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hdf5_must(group >= 0);
    hdf5_mark_class(group, class, mark);
    return group;
}

#endif
