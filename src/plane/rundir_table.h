/*
 * rundir_table.h - a table of a run directory, which grows by whole flushes.
 *
 * Private to rundir.c. A resumed run writes its tables anew, from what it knows. Until
 * the new one has what the old one has, it stands beside it as NAME.new; so whatever
 * happens, a table that was there does not get shorter.
 */
#ifndef IPL_RUNDIR_TABLE_H
#define IPL_RUNDIR_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

typedef struct {
    int         dir;    /* the open folder, and what it is called               */
    const char *folder;
    const char *name;
    int         fd;     /* -1: not open                                         */
    int64_t     good;   /* bytes of complete rows in the file                   */
    int64_t     before; /* bytes of the old file; -1: the new one has its name  */
    char       *text;   /* rows still to be written                             */
    size_t      used, size;
} rundir_table;

/* Adds to a row, in memory. */
ipl_status table_add(rundir_table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A comma and a number, or a comma alone for what is not known. */
ipl_status table_add_real(rundir_table *t, double value);

/* Makes the file. E_IO. */
ipl_status table_open(rundir_table *t);

/* Writes what was added; is_whole: nothing is missing that may be in the old file. */
ipl_status table_flush(rundir_table *t, int is_whole);

/* Gives the file its name, whatever the old one has, and waits for the disk. */
ipl_status table_settle(rundir_table *t);

/* Closes it; a file that did not get its name goes. May be called again. */
void table_close(rundir_table *t);

#endif
