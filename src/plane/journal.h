/*
 * journal.h - what a run has found out, on disk before it is needed again.
 *
 * A journal is a file that only grows, by records: type, tick and some bytes, with a
 * CRC-32. A process that is killed leaves at most one torn record at the end, a
 * machine that loses power perhaps more; both are cut off when the journal is opened
 * again. Damage in front of a place that was once known to be on disk (`durable`)
 * is not explained by either, and is an error.
 *
 * Records are in the byte order of the machine: a run directory is resumed where it
 * was made.
 */
#ifndef IPL_JOURNAL_H
#define IPL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

typedef struct ipl_journal ipl_journal;

/* Gets each record of a journal that is opened, in order. A failure ends the
 * opening with that status. */
typedef ipl_status (*ipl_journal_reader)(void *user, uint32_t type, int64_t tick,
                                         const void *payload, size_t bytes);

/* Opens or makes the file and hands its records to `reader` (NULL: nobody). E_IO;
 * E_FORMAT: not a journal of this version, or damaged before byte `durable`. */
ipl_status ipl_journal_open(const char *path, int64_t durable,
                            ipl_journal_reader reader, void *user, ipl_journal **out);
void       ipl_journal_close(ipl_journal *j);

/* Adds a record; a record that did not fit is taken back. E_IO. */
ipl_status ipl_journal_append(ipl_journal *j, uint32_t type, int64_t tick,
                              const void *payload, size_t bytes);

/* Waits until all records are on disk. E_IO. */
ipl_status ipl_journal_sync(ipl_journal *j);

/* 1 if a torn record was cut off when the journal was opened. */
int ipl_journal_was_torn(const ipl_journal *j);

/* Length of the file with its complete records. */
int64_t ipl_journal_bytes(const ipl_journal *j);

#endif
