/*
 * mat_check.h - is a file what MATLAB writes, before a library believes it?
 */
#ifndef IPL_MAT_CHECK_H
#define IPL_MAT_CHECK_H

#include "ipl_status.h"

/* *hdf5 1: an HDF5 file, with MATLAB's header of level 7.3 or not, for HDF5 to check.
 * 0: a MATLAB file of level 5, whose parts fill it, unpack without an error and hold
 * as many values as their sizes say. E_IO, E_FORMAT: file, place, value and what was
 * expected. */
ipl_status ipl_mat_check(const char *path, int *hdf5);

#endif
