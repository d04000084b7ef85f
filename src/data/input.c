/*
 * input.c - reading plain files, gzip files and members of zip files, with every
 * failure named.
 *
 * gzip goes through inflate and not through gzread: gzread accepts plain files and
 * ignores what follows the compressed data, and here that is an error.
 */
#include "data/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "file.h"

/* Deflate shrinks by this at most. */
enum { BUFFER_BYTES = 1 << 16, GZIP_WINDOW = 15 + 16, RAW_WINDOW = -15, SHRINK = 1032 };

typedef enum { PLAIN, GZIP, DEFLATE } packing;

struct ipl_input {
    const char *path;
    FILE       *file;
    packing     packed;
    int         is_part;
    uint64_t    file_bytes; /* of the file, or of the part in it                    */
    uint64_t    left;       /* of these, not yet read                               */
    uint64_t    bytes;      /* content: part; PLAIN                                 */
    uint32_t    crc_want, crc;
    uint64_t    at;         /* content bytes handed out so far                      */
    uint64_t    unpacked;   /* and the ones in `ahead`                              */
    int         inflating;  /* z is initialised                                     */
    int         finished;   /* the packed data ended as it should                   */
    z_stream    z;
    size_t      ahead_bytes, ahead_at;
    unsigned char ahead[INPUT_PEEK_BYTES];
    unsigned char buffer[BUFFER_BYTES];
};

static ipl_status open_file(const char *path, const char *name, ipl_input **out)
{
    struct stat about;
    FILE *file = NULL;
    IPL_TRY(ipl_file_stream(path, &file));
    if (fstat(fileno(file), &about) || about.st_size == 0) {
        fclose(file);
        return IPL_FAIL(IPL_E_FORMAT, "%s: the file is empty", path);
    }
    ipl_input *in = calloc(1, sizeof *in);
    if (!in) {
        fclose(file);
        return IPL_FAIL(IPL_E_MEMORY, "%s: %zu bytes to read it", path, sizeof *in);
    }
    in->path = name;
    in->file = file;
    in->file_bytes = in->left = in->bytes = (uint64_t)about.st_size;
    *out = in;
    return IPL_OK;
}

static ipl_status start(ipl_input *in, packing packed, ipl_input **out)
{
    in->packed = packed;
    if (packed != PLAIN &&
        inflateInit2(&in->z, packed == GZIP ? GZIP_WINDOW : RAW_WINDOW) != Z_OK) {
        const ipl_status st = IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack",
                                       in->path);
        ipl_input_close(in);
        return st;
    }
    in->inflating = packed != PLAIN;
    *out = in;
    return IPL_OK;
}

ipl_status ipl_input_open(const char *path, ipl_input **out)
{
    ipl_input *in = NULL;
    IPL_TRY(open_file(path, path, &in));
    const int first = fgetc(in->file), second = fgetc(in->file);
    if (ferror(in->file)) {
        const ipl_status st = IPL_FAIL(IPL_E_IO, "%s: %s", in->path, strerror(errno));
        ipl_input_close(in);
        return st;
    }
    rewind(in->file);
    return start(in, first == 0x1f && second == 0x8b ? GZIP : PLAIN, out);
}

ipl_status ipl_input_open_part(const char *path, const char *name,
                               const ipl_input_part *part, ipl_input **out)
{
    ipl_input *in = NULL;
    ipl_status st = IPL_OK;
    IPL_TRY(open_file(path, name, &in));
    const uint64_t most = part->deflated ? part->bytes / SHRINK : part->bytes;
    if (part->start > in->file_bytes ||
        part->packed_bytes > in->file_bytes - part->start ||
        (part->deflated ? most > part->packed_bytes : most != part->packed_bytes))
        st = IPL_FAIL(IPL_E_FORMAT, "%s: damaged: %llu bytes at byte %llu of the file "
                      "cannot hold its %llu bytes", name,
                      (unsigned long long)part->packed_bytes,
                      (unsigned long long)part->start, (unsigned long long)part->bytes);
    else if (fseeko(in->file, (off_t)part->start, SEEK_SET))
        st = IPL_FAIL(IPL_E_IO, "%s: %s", name, strerror(errno));
    if (st != IPL_OK) {
        ipl_input_close(in);
        return st;
    }
    in->is_part = 1;
    in->file_bytes = in->left = part->packed_bytes;
    in->bytes = part->bytes;
    in->crc_want = part->crc;
    return start(in, part->deflated ? DEFLATE : PLAIN, out);
}

void ipl_input_close(ipl_input *in)
{
    if (!in) return;
    if (in->inflating) inflateEnd(&in->z);
    fclose(in->file);
    free(in);
}

/* Bytes of the file itself; fewer than asked only at the end of the file or part. */
static ipl_status read_file(ipl_input *in, size_t bytes, unsigned char *at, size_t *got)
{
    const size_t most = bytes < in->left ? bytes : (size_t)in->left;
    *got = fread(at, 1, most, in->file);
    in->left -= *got;
    if (*got < most && ferror(in->file))
        return IPL_FAIL(IPL_E_IO, "%s: %s", in->path, strerror(errno));
    return IPL_OK;
}

/* Bytes for inflate into the buffer; 0 at the end. */
static ipl_status refill(ipl_input *in, int *more)
{
    size_t got;
    IPL_TRY(read_file(in, BUFFER_BYTES, in->buffer, &got));
    in->z.next_in = in->buffer;
    in->z.avail_in = (uInt)got;
    *more = got > 0;
    return IPL_OK;
}

/* One step of inflate towards z.avail_out bytes. */
static ipl_status inflate_step(ipl_input *in)
{
    int more = 1;
    const char *kind = in->packed == GZIP ? "gzip" : "deflated";
    if (!in->z.avail_in) IPL_TRY(refill(in, &more));
    if (!more)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the %s data is cut off (%llu bytes "
                        "unpacked so far)", in->path, kind,
                        (unsigned long long)in->unpacked);
    const int step = inflate(&in->z, Z_NO_FLUSH);
    if (step == Z_STREAM_END) {
        /* A gzip file may be several members one after the other. */
        if (!in->z.avail_in) IPL_TRY(refill(in, &more));
        in->finished = !more;
        if (more && (in->packed == DEFLATE || *in->z.next_in != 0x1f))
            return IPL_FAIL(IPL_E_FORMAT, "%s: goes on after its %s data: expected it "
                            "to end there", in->path, kind);
        if (more) inflateReset(&in->z);
    } else if (step == Z_MEM_ERROR) {
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack", in->path);
    } else if (step != Z_OK && step != Z_BUF_ERROR) {
        return IPL_FAIL(IPL_E_FORMAT, "%s: damaged %s data after %llu unpacked "
                        "bytes: %s", in->path, kind, (unsigned long long)in->unpacked,
                        in->z.msg ? in->z.msg : "a preset dictionary");
    }
    return IPL_OK;
}

static ipl_status read_content(ipl_input *in, size_t bytes, unsigned char *at,
                               size_t *got)
{
    *got = 0;
    if (in->packed == PLAIN) {
        IPL_TRY(read_file(in, bytes, at, got));
        in->unpacked += *got;
    }
    while (in->packed != PLAIN && *got < bytes && !in->finished) {
        const size_t left = bytes - *got;
        const uInt room = left < BUFFER_BYTES ? (uInt)left : BUFFER_BYTES;
        in->z.next_out = at + *got;
        in->z.avail_out = room;
        const ipl_status st = inflate_step(in);
        *got += room - in->z.avail_out;
        in->unpacked += room - in->z.avail_out;
        if (st != IPL_OK) return st;
    }
    if (in->is_part) in->crc = (uint32_t)crc32_z(in->crc, at, *got);
    return IPL_OK;
}

ipl_status ipl_input_some(ipl_input *in, size_t bytes, void *at, size_t *got)
{
    const size_t kept = in->ahead_bytes - in->ahead_at;
    const size_t first = kept < bytes ? kept : bytes;
    memcpy(at, in->ahead + in->ahead_at, first);
    in->ahead_at += first;
    const ipl_status st =
        read_content(in, bytes - first, (unsigned char *)at + first, got);
    *got += first;
    in->at += *got;
    return st;
}

ipl_status ipl_input_peek(ipl_input *in, unsigned char at[INPUT_PEEK_BYTES],
                          size_t *got)
{
    if (!in->at && !in->ahead_bytes)
        IPL_TRY(read_content(in, INPUT_PEEK_BYTES, in->ahead, &in->ahead_bytes));
    memcpy(at, in->ahead, in->ahead_bytes);
    *got = in->ahead_bytes;
    return IPL_OK;
}

ipl_status ipl_input_read(ipl_input *in, const char *what, size_t bytes, void *at)
{
    size_t got;
    const uint64_t begin = in->at;
    IPL_TRY(ipl_input_some(in, bytes, at, &got));
    if (got == bytes) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: ends at byte %llu inside %s: expected it to "
                    "reach byte %llu", in->path, (unsigned long long)in->at, what,
                    (unsigned long long)(begin + bytes));
}

ipl_status ipl_input_end(ipl_input *in)
{
    unsigned char extra;
    size_t got;
    const uint64_t end = in->at;
    IPL_TRY(ipl_input_some(in, 1, &extra, &got));
    if (got)
        return IPL_FAIL(IPL_E_FORMAT, "%s: goes on after byte %llu: expected it to end "
                        "there", in->path, (unsigned long long)end);
    if (in->is_part && in->crc != in->crc_want)
        return IPL_FAIL(IPL_E_FORMAT, "%s: damaged: its checksum is %08x: expected "
                        "%08x", in->path, in->crc, in->crc_want);
    return IPL_OK;
}

uint64_t ipl_input_bytes(const ipl_input *in) { return in->file_bytes; }

int ipl_input_is_gzip(const ipl_input *in) { return in->packed == GZIP; }

ipl_status ipl_input_expect(const ipl_input *in, uint64_t bytes, const char *what)
{
    if (in->packed != GZIP && bytes != in->bytes)
        return IPL_FAIL(IPL_E_FORMAT, "%s: has %llu bytes: expected %llu for %s",
                        in->path, (unsigned long long)in->bytes,
                        (unsigned long long)bytes, what);
    if (in->packed == GZIP && bytes / SHRINK > in->file_bytes)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %llu bytes of gzip cannot hold the %llu "
                        "bytes of %s", in->path, (unsigned long long)in->file_bytes,
                        (unsigned long long)bytes, what);
    return IPL_OK;
}
