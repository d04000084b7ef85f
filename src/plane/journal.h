/*
 * journal.h - what a run has found out, on disk before it is needed again.
 *
 * A journal is a file that only grows, by records: type, tick and some bytes, with a
 * CRC-32. A process that is killed leaves at most one torn record at the end, a
 * machine that loses power perhaps more; neither counts when the journal is opened
 * again. Damage in front of a place that was once known to be on disk is not
 * explained by either, and is an error (ipl_journal_must_have).
 *
 * The file begins with the number of its run, and each record counts only in that run
 * and at its place. Opening and reading change nothing: what is torn is cut off before
 * the next record is added.
 *
 * Records are in the byte order of the machine: a run directory is resumed where it
 * was made.
 */
#ifndef IPL_JOURNAL_H
#define IPL_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"
#include "plane/identity.h"

typedef struct ipl_journal ipl_journal;

/* Gets each record of a journal, in order. A failure ends the reading with that
 * status. */
typedef ipl_status (*ipl_journal_reader)(void *user, uint32_t type, int64_t tick,
                                         const void *payload, size_t bytes);

/* Opens the file (file.h, for dir and path), which has its own number; where there is
 * none, the first record makes one, of the run `of`. NULL: it is there, and only to be
 * read. E_IO; E_FORMAT: not a journal of this version. */
ipl_status ipl_journal_open(int dir, const char *path, const ipl_identity *of,
                            ipl_journal **out);
void       ipl_journal_close(ipl_journal *j);

/* The number of its run; the digest is the caller's. */
const ipl_identity *ipl_journal_of(const ipl_journal *j);

/* Hands the records to `reader`: once, before any is added. */
ipl_status ipl_journal_read(ipl_journal *j, ipl_journal_reader reader, void *user);

/* E_FORMAT: the good records end before this byte, which was safely written. */
ipl_status ipl_journal_must_have(const ipl_journal *j, int64_t bytes);

/* Adds a record; a record that did not fit is taken back. E_IO. */
ipl_status ipl_journal_append(ipl_journal *j, uint32_t type, int64_t tick,
                              const void *payload, size_t bytes);

/* Waits until all records are on disk. E_IO. */
ipl_status ipl_journal_sync(ipl_journal *j);

/* 1 if it ended in a torn record when it was read. */
int ipl_journal_was_torn(const ipl_journal *j);

/* Length of the file with its complete records. */
int64_t ipl_journal_bytes(const ipl_journal *j);

#endif
