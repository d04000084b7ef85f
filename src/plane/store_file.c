/*
 * store_file.c - writes, checks and reads the records of a snapshot store.
 */
#include "plane/store_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"
#include "plane/pack.h"

typedef struct {
    uint32_t magic;
    uint32_t crc; /* of tick, bytes and the payload                             */
    int64_t  tick;
    uint64_t bytes; /* of the payload                                           */
} record;

enum { MAGIC = 0x534c5049, SLOT_ALIGN = 4096 };

void store_file_init(store_file *file, int dir, const char *path, int64_t floats)
{
    *file = (store_file){.dir = dir, .path = path, .fd = -1, .floats = floats};
    const size_t most = sizeof(record) + ipl_pack_bound(file->floats);
    file->slot_bytes = (most + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
}

void store_file_remove(store_file *file)
{
    free(file->used);
    if (file->fd < 0) return;
    close(file->fd);
    ipl_file_remove(file->dir, file->path);
}

ipl_status store_file_take(store_file *file, int64_t *slot)
{
    if (file->fd < 0) IPL_TRY(ipl_file_make(file->dir, file->path, &file->fd));
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
    const size_t most = sizeof(record) + ipl_pack_bound(file->floats);
    unsigned char *out = malloc(most);
    if (!out) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes to write a snapshot", most);
    size_t bytes;
    IPL_TRY_DONE(ipl_pack(file->floats, snapshot, out + sizeof(record), &bytes));
    record head = {MAGIC, 0, tick, bytes};
    head.crc = record_crc(&head, out + sizeof head);
    memcpy(out, &head, sizeof head);
    IPL_TRY_DONE(write_all(file, slot, out, sizeof head + bytes));
done:
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
    unsigned char *in = malloc(file->slot_bytes);
    if (!in)
        return IPL_FAIL(IPL_E_MEMORY, "%zu bytes to read a snapshot", file->slot_bytes);
    size_t got;
    record head = {0};
    IPL_TRY_DONE(read_slot(file, slot, file->slot_bytes, in, &got));
    if (got >= sizeof head) memcpy(&head, in, sizeof head);
    if (head.magic != MAGIC || head.tick != tick || head.bytes > got - sizeof head ||
        head.crc != record_crc(&head, in + sizeof head))
        st = IPL_FAIL(IPL_E_FORMAT, "snapshots: the record of tick %lld at byte %lld "
                      "of '%s' is damaged", (long long)tick,
                      (long long)slot * (long long)file->slot_bytes, file->path);
    else
        st = ipl_unpack(file->floats, in + sizeof head, head.bytes, snapshot);
done:
    free(in);
    return st;
}
