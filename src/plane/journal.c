/*
 * journal.c - appends records, and finds the good ones again.
 */
#include "plane/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"

/* The first bytes of the file; a new layout of records gets a new number. */
static const char title[16] = "infoplane log 6\n";

typedef struct {
    uint32_t crc; /* of all that follows                                        */
    uint32_t type;
    int64_t  tick;
    uint64_t bytes;
} record;

struct ipl_journal {
    int      fd;
    char    *path;
    int64_t  good; /* bytes of complete records                                 */
    int      torn; /* 1: it ended in a part of a record                         */
    char    *text; /* [size]: a record being written                            */
    size_t   size;
};

static uint32_t crc_of(const record *head, const void *payload)
{
    const size_t skip = offsetof(record, type);
    const uLong crc = crc32_z(0, (const Bytef *)head + skip, sizeof *head - skip);
    return (uint32_t)crc32_z(crc, payload, (z_size_t)head->bytes);
}

/* Hands on the good records of text[size] and sets j->good to where they end. */
static ipl_status scan(ipl_journal *j, const char *text, int64_t size, int64_t durable,
                       ipl_journal_reader reader, void *user)
{
    int64_t at = (int64_t)sizeof title;
    while (size - at >= (int64_t)sizeof(record)) {
        record head;
        memcpy(&head, text + at, sizeof head);
        const char *payload = text + at + sizeof head;
        const int64_t left = size - at - (int64_t)sizeof head;
        if (head.bytes > (uint64_t)left || head.crc != crc_of(&head, payload)) break;
        if (reader)
            IPL_TRY(reader(user, head.type, head.tick, payload, (size_t)head.bytes));
        at += (int64_t)(sizeof head + head.bytes);
    }
    if (at < durable)
        return IPL_FAIL(IPL_E_FORMAT, "%s: damaged at byte %lld, before byte %lld that "
                        "was safely written", j->path, (long long)at,
                        (long long)durable);
    j->good = at;
    return IPL_OK;
}

static ipl_status load(ipl_journal *j, int64_t durable, ipl_journal_reader reader,
                       void *user)
{
    ipl_status st = IPL_OK;
    char   *text = NULL;
    int64_t size;
    IPL_TRY_DONE(ipl_file_read(j->path, &text, &size));
    const size_t begin = size < (int64_t)sizeof title ? (size_t)size : sizeof title;
    if (memcmp(text, title, begin)) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: not the log of a run by this version",
                      j->path);
        goto done;
    }
    if (begin == sizeof title) {
        IPL_TRY_DONE(scan(j, text, size, durable, reader, user));
    } else if (durable) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %lld bytes, %lld were safely written", j->path,
                      (long long)size, (long long)durable);
        goto done;
    }
    if (j->good == 0) { /* new, or torn in its first bytes */
        IPL_TRY_DONE(ipl_file_write_at(j->fd, j->path, title, sizeof title, 0));
        j->good = sizeof title;
    }
    j->torn = size > j->good;
    if (j->torn && ftruncate(j->fd, j->good))
        st = IPL_FAIL(IPL_E_IO, "%s: cut a torn record: %s", j->path, strerror(errno));
done:
    free(text);
    return st;
}

ipl_status ipl_journal_open(const char *path, int64_t durable,
                            ipl_journal_reader reader, void *user, ipl_journal **out)
{
    ipl_status st = IPL_OK;
    ipl_journal *j = calloc(1, sizeof *j);
    if (!j) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a log", sizeof *j);
    j->path = strdup(path);
    j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (!j->path || j->fd < 0) {
        st = IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
        goto done;
    }
    IPL_TRY_DONE(load(j, durable, reader, user));
    *out = j;
done:
    if (st != IPL_OK) ipl_journal_close(j);
    return st;
}

void ipl_journal_close(ipl_journal *j)
{
    if (!j) return;
    if (j->fd >= 0) close(j->fd);
    free(j->path);
    free(j->text);
    free(j);
}

ipl_status ipl_journal_append(ipl_journal *j, uint32_t type, int64_t tick,
                              const void *payload, size_t bytes)
{
    record head = {0, type, tick, bytes};
    const size_t whole = sizeof head + bytes;
    head.crc = crc_of(&head, payload);
    if (whole > j->size) {
        char *text = realloc(j->text, whole);
        if (!text) return IPL_FAIL(IPL_E_MEMORY, "%s: %zu bytes", j->path, whole);
        j->text = text;
        j->size = whole;
    }
    memcpy(j->text, &head, sizeof head);
    memcpy(j->text + sizeof head, payload, bytes);
    const ipl_status st = ipl_file_write_at(j->fd, j->path, j->text, whole, j->good);
    if (st == IPL_OK) j->good += (int64_t)whole;
    /* What a failed write left behind would be overwritten or cut off later. */
    else if (ftruncate(j->fd, j->good)) return st;
    return st;
}

ipl_status ipl_journal_sync(ipl_journal *j)
{
    if (fsync(j->fd))
        return IPL_FAIL(IPL_E_IO, "%s: sync: %s", j->path, strerror(errno));
    return IPL_OK;
}

int ipl_journal_was_torn(const ipl_journal *j) { return j->torn; }

int64_t ipl_journal_bytes(const ipl_journal *j) { return j->good; }
