/*
 * mat_check.h - is a file what MATLAB writes, before libmatio believes it?
 */
#ifndef IPL_MAT_CHECK_H
#define IPL_MAT_CHECK_H

#include <stdint.h>

#include "ipl_status.h"

/* Checks the header of a MATLAB file, and for level 5 that its parts fill it and
 * unpack without an error. values_most: more numbers than this cannot be in one
 * variable of the file. E_IO, E_FORMAT: file, place, value and what was expected. */
ipl_status ipl_mat_check(const char *path, uint64_t *values_most);

#endif
