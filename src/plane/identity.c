/*
 * identity.c - numbers of runs: drawn, compared, written, read.
 */
#include "plane/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <zlib.h>

ipl_status ipl_identity_draw(ipl_identity *to)
{
    ssize_t got;
    do got = getrandom(to->number, sizeof to->number, 0);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof to->number) return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "the number of a run: %s", strerror(errno));
}

uint32_t ipl_identity_digest(const void *text, size_t bytes)
{
    return (uint32_t)crc32_z(0, text, bytes);
}

int ipl_identity_is_known(const ipl_identity *of)
{
    return of->number[0] || of->number[1];
}

int ipl_identity_differs(const ipl_identity *a, const ipl_identity *b)
{
    return ipl_identity_is_known(a) && ipl_identity_is_known(b) &&
           memcmp(a->number, b->number, sizeof a->number) != 0;
}

const char *ipl_identity_print(const ipl_identity *of, char text[IPL_IDENTITY_TEXT])
{
    snprintf(text, IPL_IDENTITY_TEXT, "%016" PRIx64 "%016" PRIx64, of->number[0],
             of->number[1]);
    return text;
}

void ipl_identity_parse(const char *text, ipl_identity *to)
{
    ipl_identity read;
    to->number[0] = to->number[1] = 0;
    if (strspn(text, "0123456789abcdef") == IPL_IDENTITY_TEXT - 1 &&
        sscanf(text, "%16" SCNx64 "%16" SCNx64, read.number, read.number + 1) == 2)
        memcpy(to->number, read.number, sizeof to->number);
}
