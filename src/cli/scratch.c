/*
 * scratch.c - a folder for runs whose results nobody keeps.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "cli/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ipl_status cli_scratch_make(char folder[SCRATCH_PATH])
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, SCRATCH_PATH, "%.100s/infoplane-XXXXXX",
             base && *base ? base : "/tmp");
    if (mkdtemp(folder)) return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
}

static int remove_one(const char *path, const struct stat *about, int kind,
                      struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

void cli_scratch_remove(const char *folder)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
