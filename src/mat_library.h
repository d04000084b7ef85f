/*
 * mat_library.h - which library reads MATLAB files, if the build has one.
 */
#ifndef IPL_MAT_LIBRARY_H
#define IPL_MAT_LIBRARY_H

#include <stddef.h>

/* Writes libmatio's version, or "" in a build with MAT=0. */
void ipl_mat_library(size_t size, char *version);

#endif
