/*
 * networks.c - the file of the networks that a run keeps.
 */
#include "plane/networks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"
#include "plane/pack.h"

/* A new layout of the file gets a new number. */
static const char title[16] = "infoplane kept1\n";

typedef struct {
    char     title[16];
    int64_t  floats;
    uint32_t data_crc;
    uint32_t digest; /* of the run                                              */
} header;

typedef struct {
    int64_t  tick;
    uint64_t bytes; /* of the packed parameters                                 */
    uint64_t crc;   /* of tick, bytes and them                                  */
} record;

static uint64_t crc_of(const record *head, const void *packed)
{
    const uLong crc = crc32_z(0, (const Bytef *)head, offsetof(record, crc));
    return crc32_z(crc, packed, (z_size_t)head->bytes);
}

/* Reads exactly so many bytes. E_FORMAT: the file ends before. */
static ipl_status read_at(int fd, const char *path, int64_t at, size_t bytes, void *to)
{
    for (size_t got = 0; got < bytes;) {
        const ssize_t some = pread(fd, (char *)to + got, bytes - got,
                                   (off_t)(at + (int64_t)got));
        if (some < 0 && errno == EINTR) continue;
        if (some < 0) return IPL_FAIL(IPL_E_IO, "%s: read: %s", path, strerror(errno));
        if (!some)
            return IPL_FAIL(IPL_E_FORMAT, "%s: ends at byte %lld, within a record",
                            path, (long long)at + (long long)got);
        got += (size_t)some;
    }
    return IPL_OK;
}

static ipl_status check_header(int fd, const char *path, int64_t floats, header *head)
{
    IPL_TRY(read_at(fd, path, 0, sizeof *head, head));
    if (memcmp(head->title, title, sizeof title))
        return IPL_FAIL(IPL_E_FORMAT, "%s: not networks kept by this version", path);
    if (head->floats != floats)
        return IPL_FAIL(IPL_E_FORMAT, "%s: networks of %lld parameters in all: the "
                        "configuration's have %lld", path, (long long)head->floats,
                        (long long)floats);
    return IPL_OK;
}

/* -- Reading ----------------------------------------------------------------------*/

typedef struct {
    int64_t tick, at; /* where its record begins                                */
} place;

struct ipl_networks {
    int      fd;
    char    *path;
    int64_t  floats;
    uint32_t data_crc, digest, crc;
    place   *held; /* [count] ascending                                         */
    int64_t  count, room;
};

static ipl_status add_place(ipl_networks *n, int64_t tick, int64_t at)
{
    if (n->count && n->held[n->count - 1].tick >= tick)
        return IPL_FAIL(IPL_E_FORMAT, "%s: tick %lld comes after tick %lld", n->path,
                        (long long)tick, (long long)n->held[n->count - 1].tick);
    if (n->count == n->room) {
        const int64_t room = 2 * n->room + 64;
        place *more = realloc(n->held, (size_t)room * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld kept ticks", (long long)room);
        n->held = more;
        n->room = room;
    }
    n->held[n->count++] = (place){tick, at};
    return IPL_OK;
}

static ipl_status find_records(ipl_networks *n)
{
    struct stat about;
    header head;
    if (fstat(n->fd, &about))
        return IPL_FAIL(IPL_E_IO, "%s: %s", n->path, strerror(errno));
    IPL_TRY(check_header(n->fd, n->path, n->floats, &head));
    n->data_crc = head.data_crc;
    n->digest = head.digest;
    const int64_t size = about.st_size;
    for (int64_t at = sizeof head; at < size;) {
        record next;
        IPL_TRY(read_at(n->fd, n->path, at, sizeof next, &next));
        const int64_t left = size - at - (int64_t)sizeof next;
        if (next.bytes > (uint64_t)left)
            return IPL_FAIL(IPL_E_FORMAT, "%s: ends at byte %lld, within the record of "
                            "tick %lld", n->path, (long long)size,
                            (long long)next.tick);
        IPL_TRY(add_place(n, next.tick, at));
        n->crc = (uint32_t)crc32_z(n->crc, (const Bytef *)&next, sizeof next);
        at += (int64_t)(sizeof next + next.bytes);
    }
    return IPL_OK;
}

ipl_status ipl_networks_open(int dir, const char *path, int64_t floats,
                             ipl_networks **out)
{
    ipl_networks *n = calloc(1, sizeof *n);
    if (!n) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for kept networks", sizeof *n);
    ipl_status st = IPL_OK;
    n->floats = floats;
    n->path = strdup(path);
    n->fd = -1;
    if (!n->path) st = IPL_FAIL(IPL_E_MEMORY, "a path");
    if (st == IPL_OK) st = ipl_file_open_read(dir, path, &n->fd);
    if (st == IPL_OK) st = find_records(n);
    if (st == IPL_OK) *out = n;
    else ipl_networks_close(n);
    return st;
}

void ipl_networks_close(ipl_networks *n)
{
    if (!n) return;
    if (n->fd >= 0) close(n->fd);
    free(n->path);
    free(n->held);
    free(n);
}

uint32_t ipl_networks_data_crc(const ipl_networks *n) { return n->data_crc; }

uint32_t ipl_networks_digest(const ipl_networks *n) { return n->digest; }

uint32_t ipl_networks_crc(const ipl_networks *n) { return n->crc; }

int64_t ipl_networks_count(const ipl_networks *n) { return n->count; }

int64_t ipl_networks_tick(const ipl_networks *n, int64_t index)
{
    return n->held[index].tick;
}

int64_t ipl_networks_from(const ipl_networks *n, int64_t tick)
{
    int64_t low = 0, high = n->count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (n->held[middle].tick < tick) low = middle + 1;
        else high = middle;
    }
    return low;
}

int ipl_networks_hold(const ipl_networks *n, int64_t tick)
{
    const int64_t at = ipl_networks_from(n, tick);
    return at < n->count && n->held[at].tick == tick;
}

ipl_status ipl_networks_must_hold(const ipl_networks *n, int64_t tick)
{
    const int64_t at = ipl_networks_from(n, tick);
    if (at < n->count && n->held[at].tick == tick) return IPL_OK;
    if (!n->count)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: no networks were kept", n->path);
    const place *low = n->held + (at ? at - 1 : 0);
    const place *high = n->held + (at < n->count ? at : n->count - 1);
    return IPL_FAIL(IPL_E_ARGUMENT, "%s: the networks of tick %lld were not kept; of "
                    "%lld kept ticks the nearest are %lld and %lld", n->path,
                    (long long)tick, (long long)n->count, (long long)low->tick,
                    (long long)high->tick);
}

ipl_status ipl_networks_read(const ipl_networks *n, int64_t tick, float *params)
{
    IPL_TRY(ipl_networks_must_hold(n, tick));
    record head;
    const int64_t from = n->held[ipl_networks_from(n, tick)].at;
    IPL_TRY(read_at(n->fd, n->path, from, sizeof head, &head));
    char *packed = malloc(head.bytes ? head.bytes : 1);
    if (!packed)
        return IPL_FAIL(IPL_E_MEMORY, "%llu bytes of a kept network",
                        (unsigned long long)head.bytes);
    ipl_status st = read_at(n->fd, n->path, from + (int64_t)sizeof head, head.bytes,
                            packed);
    if (st == IPL_OK && crc_of(&head, packed) != head.crc)
        st = IPL_FAIL(IPL_E_FORMAT, "%s: the record of tick %lld at byte %lld is "
                      "damaged", n->path, (long long)tick, (long long)from);
    if (st == IPL_OK) st = ipl_unpack(n->floats, packed, head.bytes, params);
    free(packed);
    return st;
}

/* -- Writing ----------------------------------------------------------------------*/

struct ipl_keeper {
    int     fd;
    char   *path;
    int64_t floats;
    int64_t good; /* bytes of complete records                                  */
    int64_t last; /* tick                                                       */
    int64_t mark, marked; /* where the record of this tick ends; -1: the header  */
    char   *room; /* a record being written                                     */
};

/* 1 if the file already has networks: those of which run, is then told too. */
static int has_begun(int fd, const char *path, header *head)
{
    return read_at(fd, path, 0, sizeof *head, head) == IPL_OK &&
           !memcmp(head->title, title, sizeof title);
}

static ipl_status check_run(const ipl_keeper *k, const header *head,
                            const ipl_keeper_options *o)
{
    if (head->digest != o->digest)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: networks of another run (its digest is "
                        "%08x, this run's %08x)", k->path, (unsigned)head->digest,
                        (unsigned)o->digest);
    if (head->data_crc == o->data_crc) return IPL_OK;
    return IPL_FAIL(IPL_E_ARGUMENT, "%s: networks of other data (CRC-32 %08x, this "
                    "run's %08x)", k->path, (unsigned)head->data_crc,
                    (unsigned)o->data_crc);
}

static ipl_status begin_file(ipl_keeper *k, const ipl_keeper_options *o)
{
    header head;
    if (has_begun(k->fd, k->path, &head)) IPL_TRY(check_run(k, &head, o));
    head = (header){"", k->floats, o->data_crc, o->digest};
    memcpy(head.title, title, sizeof title);
    if (ftruncate(k->fd, 0))
        return IPL_FAIL(IPL_E_IO, "%s: %s", k->path, strerror(errno));
    k->good = sizeof head;
    return ipl_file_write_at(k->fd, k->path, &head, sizeof head, 0);
}

/* Moves the mark behind the record of `tick`, or of the last one before it. */
static ipl_status move_mark(ipl_keeper *k, int64_t tick)
{
    while (k->mark < k->good) {
        record next;
        IPL_TRY(read_at(k->fd, k->path, k->mark, sizeof next, &next));
        if (next.tick > tick) return IPL_OK;
        if (next.bytes > (uint64_t)(k->good - k->mark) || next.tick <= k->marked)
            return IPL_FAIL(IPL_E_FORMAT, "%s: damaged at byte %lld", k->path,
                            (long long)k->mark);
        k->marked = next.tick;
        k->mark += (int64_t)(sizeof next + next.bytes);
    }
    return IPL_OK;
}

/* Of all records: what is damaged is told while the training can still be repeated. */
static ipl_status check_records(const ipl_keeper *k, int64_t bytes)
{
    for (int64_t at = sizeof(header); at < bytes;) {
        record head;
        IPL_TRY(read_at(k->fd, k->path, at, sizeof head, &head));
        const int64_t behind = at + (int64_t)sizeof head;
        const int fits = behind <= bytes && head.bytes <= (uint64_t)(bytes - behind) &&
                         head.bytes <= ipl_pack_bound(k->floats);
        if (fits) IPL_TRY(read_at(k->fd, k->path, behind, head.bytes, k->room));
        if (!fits || crc_of(&head, k->room) != head.crc)
            return IPL_FAIL(IPL_E_FORMAT, "%s: damaged behind byte %lld", k->path,
                            (long long)at);
        at = behind + (int64_t)head.bytes;
    }
    return IPL_OK;
}

static ipl_status go_on_behind(ipl_keeper *k, const ipl_keeper_options *o)
{
    header head;
    struct stat about;
    const int64_t bytes = o->bytes;
    IPL_TRY(check_header(k->fd, k->path, k->floats, &head));
    IPL_TRY(check_run(k, &head, o));
    if (fstat(k->fd, &about))
        return IPL_FAIL(IPL_E_IO, "%s: %s", k->path, strerror(errno));
    if (about.st_size < bytes)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %lld bytes, %lld were safely written",
                        k->path, (long long)about.st_size, (long long)bytes);
    IPL_TRY(check_records(k, bytes));
    k->good = bytes;
    IPL_TRY(move_mark(k, o->tick));
    if (k->mark != bytes)
        return IPL_FAIL(IPL_E_FORMAT, "%s: damaged at byte %lld, before byte %lld that "
                        "was safely written", k->path, (long long)k->mark,
                        (long long)bytes);
    k->last = k->marked;
    if (ftruncate(k->fd, bytes))
        return IPL_FAIL(IPL_E_IO, "%s: %s", k->path, strerror(errno));
    return IPL_OK;
}

ipl_status ipl_keeper_open(int dir, const char *path, const ipl_keeper_options *o,
                           ipl_keeper **out)
{
    ipl_keeper *k = calloc(1, sizeof *k);
    if (!k) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes to keep networks", sizeof *k);
    const size_t most = sizeof(record) + ipl_pack_bound(o->floats);
    ipl_status st = IPL_OK;
    k->floats = o->floats;
    k->last = k->marked = -1;
    k->mark = sizeof(header);
    k->fd = -1;
    k->path = strdup(path);
    k->room = malloc(most);
    if (!k->path || !k->room)
        st = IPL_FAIL(IPL_E_MEMORY, "%zu bytes to keep networks", most);
    if (st == IPL_OK)
        st = ipl_file_open(dir, path, o->bytes ? O_RDWR : O_RDWR | O_CREAT, &k->fd);
    if (st == IPL_OK) st = o->bytes ? go_on_behind(k, o) : begin_file(k, o);
    if (st == IPL_OK) *out = k;
    else ipl_keeper_close(k);
    return st;
}

void ipl_keeper_close(ipl_keeper *k)
{
    if (!k) return;
    if (k->fd >= 0) close(k->fd);
    free(k->path);
    free(k->room);
    free(k);
}

ipl_status ipl_keeper_add(ipl_keeper *k, int64_t tick, const float *params)
{
    size_t bytes;
    IPL_REQUIRE(tick > k->last, "%s: tick %lld after tick %lld", k->path,
                (long long)tick, (long long)k->last);
    IPL_TRY(ipl_pack(k->floats, params, k->room + sizeof(record), &bytes));
    record head = {.tick = tick, .bytes = bytes};
    head.crc = crc_of(&head, k->room + sizeof head);
    memcpy(k->room, &head, sizeof head);
    const ipl_status st = ipl_file_write_at(k->fd, k->path, k->room,
                                            sizeof head + bytes, k->good);
    if (st == IPL_OK) {
        k->good += (int64_t)(sizeof head + bytes);
        k->last = tick;
    }
    /* What a failed write left behind would be overwritten or cut off later. */
    else if (ftruncate(k->fd, k->good)) return st;
    return st;
}

ipl_status ipl_keeper_sync(ipl_keeper *k)
{
    if (fsync(k->fd))
        return IPL_FAIL(IPL_E_IO, "%s: sync: %s", k->path, strerror(errno));
    return IPL_OK;
}

ipl_status ipl_keeper_bytes(ipl_keeper *k, int64_t tick, int64_t *bytes)
{
    IPL_TRY(move_mark(k, tick));
    *bytes = k->mark;
    return IPL_OK;
}
