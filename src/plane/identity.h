/*
 * identity.h - which run a file belongs to.
 *
 * What resuming reads carries both: the number, which is drawn when a run begins and
 * is no other run's, and the digest of what the results depend on (run_save.c).
 *
 *   config.ini    the number, as a comment in its first line
 *   run.json      "identity": number and digest
 *   points.log    the number; each record's CRC depends on it and on the record's
 *                 place, so that no record counts elsewhere. Its first record is what
 *                 the digest is of
 *   state.bin     both, its tick, and how long the two other logs were by then
 *   networks.bin  the digest alone: equal runs keep equal bytes. Its records have
 *                 their ticks
 *
 * Tables carry neither: equal configurations give equal bytes. Nor does snapshots.tmp,
 * which only the process reads that made it.
 */
#ifndef IPL_IDENTITY_H
#define IPL_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

typedef struct {
    uint64_t number[2]; /* both 0: not known                                    */
    uint32_t digest;
} ipl_identity;

enum { IPL_IDENTITY_TEXT = 33 }; /* bytes of a number as text */

/* Draws a number. E_IO: the system has no randomness. */
ipl_status ipl_identity_draw(ipl_identity *to);

/* The digest of what a run is. */
uint32_t ipl_identity_digest(const void *text, size_t bytes);

int ipl_identity_is_known(const ipl_identity *of);

/* 1 if both numbers are known, and are not of one run. */
int ipl_identity_differs(const ipl_identity *a, const ipl_identity *b);

/* The number as 32 hexadecimal digits, and back; a text that is not one gives the
 * number that is not known. */
const char *ipl_identity_print(const ipl_identity *of, char text[IPL_IDENTITY_TEXT]);
void        ipl_identity_parse(const char *text, ipl_identity *to);

#endif
