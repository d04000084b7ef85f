/*
 * npz.h - the arrays in an npz file.
 */
#ifndef IPL_NPZ_H
#define IPL_NPZ_H

#include "data/input.h"

/* The part of "FILE:MEMBER" after the ':', with FILE copied to file[bytes]; NULL where
 * the path as a whole is a file, or no start of it is one. */
const char *ipl_npz_split(const char *path, size_t bytes, char *file);

/* Opens a member, or the only one (NULL), of a zip file; messages call it `name`.
 * E_FORMAT: no such member, several, or no npz file; says what there is. */
ipl_status ipl_npz_open(const char *file, const char *member, const char *name,
                        ipl_input **out);

#endif
