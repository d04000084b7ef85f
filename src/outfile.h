/*
 * outfile.h - a file that appears whole or not at all.
 *
 * Bytes go to a temporary file beside the wanted one, which takes its name once
 * everything is on the disk. A full disk or a killed process leaves what was there.
 */
#ifndef IPL_OUTFILE_H
#define IPL_OUTFILE_H

#include <stdio.h>

#include "ipl_status.h"

typedef struct {
    FILE *file;      /* write here; errors may be left to the commit              */
    char *path;
    char *temporary;
} ipl_outfile;

/* E_IO with the system's reason; E_MEMORY. */
ipl_status ipl_outfile_open(const char *path, ipl_outfile *out);

/* Puts the file in its place, replacing what was there, and closes it. E_IO with
 * the reason of the first failure since the opening; nothing stays behind then. */
ipl_status ipl_outfile_commit(ipl_outfile *out);

/* Gives the file up. Allowed on a zeroed struct and after a commit. */
void ipl_outfile_discard(ipl_outfile *out);

#endif
