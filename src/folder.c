/*
 * folder.c - the names in a folder, with a failure to read them all.
 */
#include "folder.h"

#include <errno.h>
#include <string.h>

const char *ipl_folder_next(DIR *dir, const char *path, ipl_status *st)
{
    const struct dirent *next;
    errno = 0;
    do next = readdir(dir);
    while (next && (!strcmp(next->d_name, ".") || !strcmp(next->d_name, "..")));
    if (!next && errno) *st = IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    return next ? next->d_name : NULL;
}
