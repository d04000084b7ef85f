/*
 * pack.c - planes of bytes, through zlib where that pays.
 */
#include "plane/pack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    PLANES = sizeof(float),
    PROBE = 1 << 14 /* bytes of a plane that tell whether it compresses          */
};

size_t ipl_pack_bound(int64_t floats)
{
    return PLANES * (sizeof(uint64_t) + (size_t)compressBound((uLong)floats));
}

static void take_plane(int64_t floats, const float *value, int p, unsigned char *plane)
{
    for (int64_t i = 0; i < floats; ++i) {
        uint32_t word;
        memcpy(&word, value + i, sizeof word);
        plane[i] = (unsigned char)(word >> 8 * p);
    }
}

static void add_plane(int64_t floats, const unsigned char *plane, int p, float *value)
{
    for (int64_t i = 0; i < floats; ++i) {
        uint32_t word = 0;
        if (p) memcpy(&word, value + i, sizeof word);
        word |= (uint32_t)plane[i] << 8 * p;
        memcpy(value + i, &word, sizeof word);
    }
}

/* Compresses size bytes to `out`, whose size is in *bytes. *bytes is `size` where that
 * saves less than a 32nd: the plane itself is then to be kept. */
static ipl_status squeeze(const unsigned char *plane, size_t size, unsigned char *out,
                          uLongf *bytes)
{
    if (compress2(out, bytes, plane, (uLong)size, 1) != Z_OK)
        return IPL_FAIL(IPL_E_MEMORY, "zlib's memory for %zu bytes", size);
    if (*bytes > size - size / 32) *bytes = (uLongf)size;
    return IPL_OK;
}

static ipl_status pack_plane(const unsigned char *plane, size_t size,
                             unsigned char *out, uint64_t *used)
{
    uLongf bytes = compressBound((uLong)size);
    if (size > 4 * PROBE) {
        uLongf some = bytes;
        IPL_TRY(squeeze(plane + size / 2, PROBE, out, &some));
        if (some == PROBE) bytes = (uLongf)size;
    }
    if (bytes != size) IPL_TRY(squeeze(plane, size, out, &bytes));
    if (bytes == size) memcpy(out, plane, size);
    *used = bytes;
    return IPL_OK;
}

ipl_status ipl_pack(int64_t floats, const float *value, void *out, size_t *bytes)
{
    unsigned char *plane = malloc((size_t)floats), *to = out;
    if (!plane)
        return IPL_FAIL(IPL_E_MEMORY, "%lld bytes to pack a network",
                        (long long)floats);
    ipl_status st = IPL_OK;
    for (int p = 0; p < PLANES; ++p) {
        uint64_t used;
        take_plane(floats, value, p, plane);
        IPL_TRY_DONE(pack_plane(plane, (size_t)floats, to + sizeof used, &used));
        memcpy(to, &used, sizeof used);
        to += sizeof used + used;
    }
    *bytes = (size_t)(to - (unsigned char *)out);
done:
    free(plane);
    return st;
}

/* The next plane of a packed snapshot: its bytes in `from`, or unpacked to `room`. */
static ipl_status next_plane(size_t size, const unsigned char **from, size_t *left,
                             unsigned char *room, const unsigned char **plane)
{
    uint64_t used;
    uLongf bytes = (uLongf)size;
    if (*left < sizeof used) return IPL_FAIL(IPL_E_FORMAT, "a network is cut off");
    memcpy(&used, *from, sizeof used);
    *from += sizeof used;
    *left -= sizeof used;
    if (used > *left) return IPL_FAIL(IPL_E_FORMAT, "a network is cut off");
    *plane = *from;
    *from += used;
    *left -= used;
    if (used == size) return IPL_OK;
    const int done = uncompress(room, &bytes, *plane, (uLong)used);
    if (done == Z_MEM_ERROR)
        return IPL_FAIL(IPL_E_MEMORY, "zlib's memory for %zu bytes", size);
    if (done != Z_OK || bytes != size)
        return IPL_FAIL(IPL_E_FORMAT, "a network does not unpack to %zu floats", size);
    *plane = room;
    return IPL_OK;
}

ipl_status ipl_unpack(int64_t floats, const void *from, size_t bytes, float *value)
{
    const unsigned char *at = from, *plane = NULL;
    unsigned char *room = malloc((size_t)floats);
    if (!room)
        return IPL_FAIL(IPL_E_MEMORY, "%lld bytes to unpack a network",
                        (long long)floats);
    ipl_status st = IPL_OK;
    for (int p = 0; p < PLANES; ++p) {
        IPL_TRY_DONE(next_plane((size_t)floats, &at, &bytes, room, &plane));
        add_plane(floats, plane, p, value);
    }
    if (bytes)
        st = IPL_FAIL(IPL_E_FORMAT, "a network has %zu bytes too many", bytes);
done:
    free(room);
    return st;
}
