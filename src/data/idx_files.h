/*
 * idx_files.h - which files of a folder are an IDX set.
 */
#ifndef IPL_IDX_FILES_H
#define IPL_IDX_FILES_H

#include "ipl_status.h"

enum { IDX_PATH_BYTES = 4096, IDX_PREFIX_BYTES = 256 };
typedef enum { IDX_TRAIN, IDX_TEST } idx_part_kind;
typedef enum { IDX_IMAGES, IDX_LABELS } idx_file_kind;

/* Splits the path of a set into its folder and what its files' names start with. E_IO:
 * there is no such set; E_ARGUMENT: the folder holds several, or the path is too
 * long. */
ipl_status ipl_idx_find_set(const char *path, char folder[IDX_PATH_BYTES],
                            char prefix[IDX_PREFIX_BYTES]);

/* The file of a part: the first one in the order of bytes, so that a plain file comes
 * before its .gz. E_IO: none. */
ipl_status ipl_idx_find_file(const char *folder, const char *prefix, idx_part_kind part,
                             idx_file_kind kind, char path[IDX_PATH_BYTES]);

#endif
