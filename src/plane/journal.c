/*
 * journal.c - appends records, and finds the good ones again.
 */
#include "plane/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"

/* A new layout of records gets a new number. */
static const char title[16] = "infoplane log 7\n";

typedef struct {
    char     title[16];
    uint64_t number[2]; /* of the run                                           */
} header;

typedef struct {
    uint32_t crc; /* of the run's number, the record's place, and all that follows */
    uint32_t type;
    int64_t  tick;
    uint64_t bytes;
} record;

struct ipl_journal {
    int      dir, fd; /* fd -1: there is no file yet                            */
    char    *path;
    ipl_identity of;
    int      is_new; /* 1: the header is still to be written                    */
    int64_t  good;   /* bytes of complete records                               */
    int64_t  size;   /* of the file, as far as it is known                      */
    int      torn;   /* 1: it ended in a part of a record                       */
    char    *text;   /* [room]: a record being written                          */
    size_t   room;
};

static uint32_t crc_of(const ipl_journal *j, int64_t at, const record *head,
                       const void *payload)
{
    const size_t skip = offsetof(record, type);
    uLong crc = crc32_z(0, (const Bytef *)j->of.number, sizeof j->of.number);
    crc = crc32_z(crc, (const Bytef *)&at, sizeof at);
    crc = crc32_z(crc, (const Bytef *)head + skip, sizeof *head - skip);
    return (uint32_t)crc32_z(crc, payload, (z_size_t)head->bytes);
}

/* -- Opening ----------------------------------------------------------------------*/

/* 1 if there are only zeros, as where a file was made longer and power was lost. */
static int is_blank(const char *text, size_t size)
{
    while (size && !text[size - 1]) --size;
    return !size;
}

/* A file that was not yet begun is as good as none. */
static ipl_status read_header(ipl_journal *j)
{
    header head = {"", {0, 0}};
    char *text;
    IPL_TRY(ipl_file_read_open(j->fd, j->path, &text, &j->size));
    const size_t size = (size_t)j->size;
    const size_t begin = size < sizeof head ? size : sizeof head;
    const size_t named = size < sizeof title ? size : sizeof title;
    memcpy(&head, text, begin);
    const int blank = is_blank(text, begin);
    free(text);
    if (!blank && memcmp(head.title, title, named))
        return IPL_FAIL(IPL_E_FORMAT, "%s: not the log of a run by this version",
                        j->path);
    j->is_new = blank || begin < sizeof head;
    if (!j->is_new) memcpy(j->of.number, head.number, sizeof head.number);
    return IPL_OK;
}

ipl_status ipl_journal_open(int dir, const char *path, const ipl_identity *of,
                            ipl_journal **out)
{
    ipl_status st = IPL_OK;
    ipl_journal *j = calloc(1, sizeof *j);
    if (!j) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a log", sizeof *j);
    j->dir = dir;
    j->fd = -1;
    j->is_new = 1;
    j->good = sizeof(header);
    if (of) j->of = *of;
    if (!(j->path = strdup(path))) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s", path);
        goto done;
    }
    if (!of) IPL_TRY_DONE(ipl_file_open_read(dir, path, &j->fd));
    else if (ipl_file_is_there(dir, path))
        IPL_TRY_DONE(ipl_file_open(dir, path, O_RDWR, &j->fd));
    if (j->fd >= 0) IPL_TRY_DONE(read_header(j));
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

const ipl_identity *ipl_journal_of(const ipl_journal *j) { return &j->of; }

/* -- Reading ----------------------------------------------------------------------*/

/* Hands on the good records of text[size] and sets j->good to where they end. */
static ipl_status scan(ipl_journal *j, const char *text, int64_t size,
                       ipl_journal_reader reader, void *user)
{
    int64_t at = (int64_t)sizeof(header);
    while (size - at >= (int64_t)sizeof(record)) {
        record head;
        memcpy(&head, text + at, sizeof head);
        const char *payload = text + at + sizeof head;
        const int64_t left = size - at - (int64_t)sizeof head;
        if (head.bytes > (uint64_t)left || head.crc != crc_of(j, at, &head, payload))
            break;
        IPL_TRY(reader(user, head.type, head.tick, payload, (size_t)head.bytes));
        at += (int64_t)(sizeof head + head.bytes);
    }
    j->good = at;
    j->torn = size > at;
    return IPL_OK;
}

ipl_status ipl_journal_read(ipl_journal *j, ipl_journal_reader reader, void *user)
{
    char *text;
    if (j->is_new) return IPL_OK;
    IPL_TRY(ipl_file_read_open(j->fd, j->path, &text, &j->size));
    const ipl_status st = scan(j, text, j->size, reader, user);
    free(text);
    return st;
}

ipl_status ipl_journal_must_have(const ipl_journal *j, int64_t bytes)
{
    if (j->is_new)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %lld bytes, %lld were safely written",
                        j->path, (long long)j->size, (long long)bytes);
    if (j->good < bytes)
        return IPL_FAIL(IPL_E_FORMAT, "%s: damaged at byte %lld, before byte %lld that "
                        "was safely written", j->path, (long long)j->good,
                        (long long)bytes);
    return IPL_OK;
}

/* -- Writing ----------------------------------------------------------------------*/

/* Before the first record: the header, and nothing behind the good records. */
static ipl_status make_ready(ipl_journal *j)
{
    header head;
    if (j->fd < 0) IPL_TRY(ipl_file_make(j->dir, j->path, &j->fd));
    if (j->size > j->good && ftruncate(j->fd, j->good))
        return IPL_FAIL(IPL_E_IO, "%s: cut a torn record: %s", j->path,
                        strerror(errno));
    if (j->is_new) {
        memcpy(head.title, title, sizeof title);
        memcpy(head.number, j->of.number, sizeof head.number);
        IPL_TRY(ipl_file_write_at(j->fd, j->path, &head, sizeof head, 0));
    }
    j->is_new = 0;
    j->size = j->good;
    return IPL_OK;
}

ipl_status ipl_journal_append(ipl_journal *j, uint32_t type, int64_t tick,
                              const void *payload, size_t bytes)
{
    record head = {0, type, tick, bytes};
    const size_t whole = sizeof head + bytes;
    if (j->is_new || j->size > j->good) IPL_TRY(make_ready(j));
    head.crc = crc_of(j, j->good, &head, payload);
    if (whole > j->room) {
        char *text = realloc(j->text, whole);
        if (!text) return IPL_FAIL(IPL_E_MEMORY, "%s: %zu bytes", j->path, whole);
        j->text = text;
        j->room = whole;
    }
    memcpy(j->text, &head, sizeof head);
    memcpy(j->text + sizeof head, payload, bytes);
    const ipl_status st = ipl_file_write_at(j->fd, j->path, j->text, whole, j->good);
    if (st == IPL_OK) j->size = j->good += (int64_t)whole;
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
