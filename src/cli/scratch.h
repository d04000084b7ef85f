/*
 * scratch.h - a folder for runs whose results nobody keeps.
 */
#ifndef CLI_SCRATCH_H
#define CLI_SCRATCH_H

#include "ipl_status.h"

enum { SCRATCH_PATH = 128 };

/* In TMPDIR, or /tmp. E_IO. */
ipl_status cli_scratch_make(char folder[SCRATCH_PATH]);

/* Removes it with all that it has. */
void cli_scratch_remove(const char *folder);

#endif
