/*
 * mat_hdf5.h - what a dataset or group of an HDF5 file is to MATLAB.
 */
#ifndef IPL_MAT_HDF5_H
#define IPL_MAT_HDF5_H

#include <hdf5.h>

#include "data/mat_file.h"

/* The attribute MATLAB_class; 0 where there is none. */
int ipl_mat_class(hid_t object, size_t size, char *text);

/* The type of numbers in memory for a type of the file; 0: no real numbers. */
int ipl_mat_number_of(hid_t type, mat_number *number);

/* Fill kind, form and sizes of a variable. 0: the group is no sparse matrix. */
void ipl_mat_is_outside(mat_variable *v);
void ipl_mat_describe_set(hid_t set, mat_variable *v);
int  ipl_mat_describe_sparse(hid_t group, hid_t within, mat_variable *v);

/* How to open what a name in a file leads to, unless it leads to another file. The
 * caller closes it. */
hid_t ipl_mat_within(void);

/* Whether the dataset's values are in its file. */
int ipl_mat_is_within(hid_t set);

/* The first filter of the dataset that is none of HDF5's own; 0: there is none. */
int ipl_mat_foreign_filter(hid_t set);

#endif
