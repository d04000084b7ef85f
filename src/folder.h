/*
 * folder.h - the names in a folder, with a failure to read them all.
 */
#ifndef IPL_FOLDER_H
#define IPL_FOLDER_H

#include <dirent.h>

#include "ipl_status.h"

/* The next name but for . and .., or NULL: at the end, or after a failure, of which *st
 * then tells (E_IO). `path` is for the message. */
const char *ipl_folder_next(DIR *dir, const char *path, ipl_status *st);

#endif
