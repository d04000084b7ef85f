/*
 * mat_file.h - a MATLAB or HDF5 file as a list of variables and their numbers.
 *
 * libmatio reads level 5 (mat_level5.c), HDF5 all others (mat_hdf5.c). What follows
 * knows neither: mat.c chooses variables, mat_values.c makes arrays of them.
 */
#ifndef IPL_MAT_FILE_H
#define IPL_MAT_FILE_H

#include "ipl_data.h"

enum { MAT_NAME_BYTES = 256, MAT_KIND_BYTES = 48, MAT_VARIABLES_MAX = 10000 };

typedef enum {
    MAT_FULL,   /* a full array of real numbers                                   */
    MAT_SPARSE, /* a sparse matrix of real numbers                                */
    MAT_STRUCT, /* its fields are variables of their own                          */
    MAT_COMPLEX,
    MAT_CELL,
    MAT_TEXT,
    MAT_OUTSIDE, /* a link to another file, or kept in one                         */
    MAT_OTHER
} mat_form;

/* A variable, or a field of a struct, "dataset.train.images". */
typedef struct {
    char     name[MAT_NAME_BYTES]; /* parts by '.', in HDF5 by '/'                */
    char     kind[MAT_KIND_BYTES]; /* as MATLAB calls it, "sparse double"         */
    mat_form form;
    int      dims;
    uint64_t shape[IPL_ARRAY_DIMS_MAX]; /* in the order of its writer             */
    int      by_rows; /* values have the last axis fastest, not as MATLAB the first*/
    void    *part;    /* the reader's                                             */
} mat_variable;

typedef struct {
    mat_variable *at;
    int           count, room;
} mat_list;

typedef enum {
    MAT_INT8, MAT_UINT8, MAT_INT16, MAT_UINT16, MAT_INT32, MAT_UINT32, MAT_INT64,
    MAT_UINT64, MAT_SINGLE, MAT_DOUBLE, MAT_LONG_DOUBLE
} mat_number;

/* The numbers of a variable, or of a sparse one those that are stored: column c has
 * those from start[c] to start[c + 1], in the rows row[k], ascending. */
typedef struct {
    mat_number  number;
    uint64_t    count;
    const void *value;
    void       *owned; /* what `value` points to, unless it is the reader's        */
    int64_t    *row, *start;
} mat_values;

/* open lists the variables; the file stays open, and `value` of its numbers valid,
 * until close, which accepts NULL. E_FORMAT, E_MEMORY. */
typedef struct {
    ipl_status (*open)(const char *path, mat_list *list, void **file);
    ipl_status (*read)(void *file, const char *path, const mat_variable *variable,
                       mat_values *out);
    void (*close)(void *file);
} mat_reader;

extern const mat_reader ipl_mat_level5, ipl_mat_hdf5;

/* A new variable at the end of a list, with this name after that of its struct (or
 * NULL) and a separator. E_FORMAT: too long a name, too many variables; E_MEMORY. */
ipl_status ipl_mat_add(const char *path, mat_list *list, const mat_variable *within,
                       char separator, const char *name, int *index);

/* Bytes of one number. */
size_t ipl_mat_bytes(mat_number number);

void ipl_mat_values_free(mat_values *values);

/* Rows along one axis of the variable, the other axes flattened in C order to columns.
 * A sparse matrix becomes full. labels: whole numbers become integers. `what` is the
 * variable in messages. E_FORMAT, E_MEMORY. */
ipl_status ipl_mat_array(const char *what, const mat_variable *variable,
                         const mat_values *values, int axis, int labels,
                         ipl_array *out);

/* Appends the rows of b to a. E_FORMAT: rows of another length; E_MEMORY. */
ipl_status ipl_mat_join(const char *path, ipl_array *a, const ipl_array *b);

#endif
