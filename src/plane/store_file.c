/*
 * store_file.c - writes, checks and reads the records of a snapshot store.
 */
#include "plane/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>

typedef struct {
    uint32_t magic;
    uint32_t crc; /* of tick, bytes and the payload                             */
    int64_t  tick;
    uint64_t bytes; /* of the payload                                           */
} record;

enum { MAGIC = 0x534c5049, SLOT_ALIGN = 4096 };

static size_t raw_bytes(const store_file *file)
{
    return (size_t)file->floats * sizeof(float);
}

void store_file_init(store_file *file, const char *path, int64_t floats)
{
    *file = (store_file){.path = path, .fd = -1, .floats = floats};
    const size_t most = sizeof(record) + compressBound((uLong)raw_bytes(file));
    file->slot_bytes = (most + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
}

void store_file_remove(store_file *file)
{
    free(file->used);
    if (file->fd < 0) return;
    close(file->fd);
    unlink(file->path);
}

ipl_status store_file_take(store_file *file, int64_t *slot)
{
    if (file->fd < 0)
        file->fd = open(file->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->fd < 0)
        return IPL_FAIL(IPL_E_IO, "snapshots: open '%s': %s", file->path,
                        strerror(errno));
    int64_t s = 0;
    while (s < file->slots && file->used[s]) ++s;
    if (s == file->slots) {
        if (s == file->room) {
            const int64_t room = 2 * file->room + 64;
            char *used = realloc(file->used, (size_t)room);
            if (!used)
                return IPL_FAIL(IPL_E_MEMORY, "snapshots: %lld slots", (long long)room);
            file->used = used;
            file->room = room;
        }
        ++file->slots;
    }
    file->used[s] = 1;
    *slot = s;
    return IPL_OK;
}

void store_file_release(store_file *file, int64_t slot)
{
    const int64_t before = file->slots;
    file->used[slot] = 0;
    while (file->slots && !file->used[file->slots - 1]) --file->slots;
    /* A cut that fails leaves a longer file and no wrong result. */
    if (file->slots < before &&
        ftruncate(file->fd, (off_t)file->slots * (off_t)file->slot_bytes) != 0)
        return;
}

static void to_planes(int64_t n, const float *value, unsigned char *plane)
{
    for (int64_t i = 0; i < n; ++i) {
        uint32_t word;
        memcpy(&word, value + i, sizeof word);
        for (int p = 0; p < 4; ++p) plane[p * n + i] = (unsigned char)(word >> 8 * p);
    }
}

static void from_planes(int64_t n, const unsigned char *plane, float *value)
{
    for (int64_t i = 0; i < n; ++i) {
        uint32_t word = 0;
        for (int p = 0; p < 4; ++p) word |= (uint32_t)plane[p * n + i] << 8 * p;
        memcpy(value + i, &word, sizeof word);
    }
}

static uint32_t record_crc(const record *head, const void *payload)
{
    uLong crc = crc32_z(0, (const Bytef *)&head->tick, sizeof head->tick);
    crc = crc32_z(crc, (const Bytef *)&head->bytes, sizeof head->bytes);
    return (uint32_t)crc32_z(crc, payload, head->bytes);
}

static ipl_status write_all(const store_file *file, int64_t slot, const void *from,
                            size_t bytes)
{
    const char *at = from;
    off_t to = (off_t)slot * (off_t)file->slot_bytes;
    for (size_t left = bytes; left;) {
        const ssize_t done = pwrite(file->fd, at, left, to);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0)
            return IPL_FAIL(IPL_E_IO, "snapshots: write %zu bytes to '%s' (%lld held "
                            "there): %s", bytes, file->path, (long long)file->slots - 1,
                            strerror(done ? errno : ENOSPC));
        at += done;
        to += done;
        left -= (size_t)done;
    }
    return IPL_OK;
}

ipl_status store_file_write(const store_file *file, int64_t slot, int64_t tick,
                            const float *snapshot)
{
    ipl_status st = IPL_OK;
    const size_t raw = raw_bytes(file);
    uLongf bytes = compressBound((uLong)raw);
    unsigned char *planes = malloc(raw), *out = malloc(sizeof(record) + bytes);
    if (!planes || !out) {
        st = IPL_FAIL(IPL_E_MEMORY, "%zu bytes to write a snapshot", 2 * raw);
        goto done;
    }
    to_planes(file->floats, snapshot, planes);
    if (compress2(out + sizeof(record), &bytes, planes, (uLong)raw, 1) != Z_OK) {
        st = IPL_FAIL(IPL_E_MEMORY, "zlib's memory for a snapshot");
        goto done;
    }
    record head = {MAGIC, 0, tick, bytes};
    head.crc = record_crc(&head, out + sizeof head);
    memcpy(out, &head, sizeof head);
    IPL_TRY_DONE(write_all(file, slot, out, sizeof head + bytes));
done:
    free(planes);
    free(out);
    return st;
}

/* Reads up to `most` bytes of the slot; *got falls short at the end of the file. */
static ipl_status read_slot(const store_file *file, int64_t slot, size_t most,
                            void *to, size_t *got)
{
    const off_t from = (off_t)slot * (off_t)file->slot_bytes;
    *got = 0;
    while (*got < most) {
        const ssize_t done = pread(file->fd, (char *)to + *got, most - *got,
                                   from + (off_t)*got);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0)
            return IPL_FAIL(IPL_E_IO, "snapshots: read '%s': %s", file->path,
                            strerror(errno));
        if (done == 0) break;
        *got += (size_t)done;
    }
    return IPL_OK;
}

ipl_status store_file_read(const store_file *file, int64_t slot, int64_t tick,
                           float *snapshot)
{
    ipl_status st = IPL_OK;
    const size_t raw = raw_bytes(file);
    unsigned char *in = malloc(file->slot_bytes), *planes = malloc(raw);
    if (!in || !planes) {
        st = IPL_FAIL(IPL_E_MEMORY, "%zu bytes to read a snapshot", 2 * raw);
        goto done;
    }
    size_t got;
    record head = {0};
    uLongf bytes = (uLongf)raw;
    IPL_TRY_DONE(read_slot(file, slot, file->slot_bytes, in, &got));
    if (got >= sizeof head) memcpy(&head, in, sizeof head);
    if (head.magic != MAGIC || head.tick != tick || head.bytes > got - sizeof head ||
        head.crc != record_crc(&head, in + sizeof head) ||
        uncompress(planes, &bytes, in + sizeof head, (uLong)head.bytes) != Z_OK ||
        bytes != raw) {
        st = IPL_FAIL(IPL_E_FORMAT, "snapshots: the record of tick %lld at byte %lld "
                      "of '%s' is damaged", (long long)tick,
                      (long long)slot * (long long)file->slot_bytes, file->path);
        goto done;
    }
    from_planes(file->floats, planes, snapshot);
done:
    free(in);
    free(planes);
    return st;
}
