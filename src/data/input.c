/*
 * input.c - reading plain and gzip files, with every failure named.
 *
 * gzip goes through inflate and not through gzread: gzread accepts plain files and
 * ignores what follows the compressed data, and here both are errors.
 */
#include "data/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { BUFFER_BYTES = 1 << 16, GZIP_WINDOW = 15 + 16 };

struct ipl_input {
    const char *path;
    FILE       *file;
    uint64_t    file_bytes;
    uint64_t    at;       /* content bytes handed out so far                    */
    int         gzip;
    int         inflating; /* z is initialised                                  */
    int         finished;  /* gzip: the last member ended, its checksum was right*/
    z_stream    z;
    unsigned char buffer[BUFFER_BYTES];
};

static ipl_status check_kind(ipl_input *in)
{
    const int first = fgetc(in->file), second = fgetc(in->file);
    const int is_gzip = first == 0x1f && second == 0x8b;
    rewind(in->file);
    if (in->gzip && !is_gzip)
        return IPL_FAIL(IPL_E_FORMAT, "%s: starts with bytes %02x %02x: expected gzip "
                        "(1f 8b)", in->path, first & 255, second & 255);
    if (!in->gzip && is_gzip)
        return IPL_FAIL(IPL_E_FORMAT, "%s: is a gzip file: its name must end in .gz",
                        in->path);
    if (in->gzip && inflateInit2(&in->z, GZIP_WINDOW) != Z_OK)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack", in->path);
    in->inflating = in->gzip;
    return IPL_OK;
}

ipl_status ipl_input_open(const char *path, int gzip, ipl_input **out)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &about)) {
        const int reason = errno;
        if (file) fclose(file);
        return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(reason));
    }
    if (!S_ISREG(about.st_mode) || about.st_size == 0) {
        fclose(file);
        return S_ISREG(about.st_mode)
                   ? IPL_FAIL(IPL_E_FORMAT, "%s: the file is empty", path)
                   : IPL_FAIL(IPL_E_IO, "%s: not a regular file", path);
    }
    ipl_input *in = calloc(1, sizeof *in);
    if (!in) {
        fclose(file);
        return IPL_FAIL(IPL_E_MEMORY, "%s: %zu bytes to read it", path, sizeof *in);
    }
    in->path = path;
    in->file = file;
    in->file_bytes = (uint64_t)about.st_size;
    in->gzip = gzip;
    const ipl_status st = check_kind(in);
    if (st != IPL_OK) ipl_input_close(in);
    else *out = in;
    return st;
}

void ipl_input_close(ipl_input *in)
{
    if (!in) return;
    if (in->inflating) inflateEnd(&in->z);
    fclose(in->file);
    free(in);
}

/* Bytes of the file itself into the buffer of inflate; 0 at the end of the file. */
static ipl_status refill(ipl_input *in, int *more)
{
    const size_t got = fread(in->buffer, 1, BUFFER_BYTES, in->file);
    if (!got && ferror(in->file))
        return IPL_FAIL(IPL_E_IO, "%s: %s", in->path, strerror(errno));
    in->z.next_in = in->buffer;
    in->z.avail_in = (uInt)got;
    *more = got > 0;
    return IPL_OK;
}

/* One step of inflate towards z.avail_out bytes. */
static ipl_status inflate_step(ipl_input *in)
{
    int more = 1;
    if (!in->z.avail_in) IPL_TRY(refill(in, &more));
    if (!more)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the gzip data is cut off (%llu bytes "
                        "unpacked so far)", in->path, (unsigned long long)in->at);
    const int step = inflate(&in->z, Z_NO_FLUSH);
    if (step == Z_STREAM_END) {
        /* A gzip file may be several members one after the other. */
        if (!in->z.avail_in) IPL_TRY(refill(in, &more));
        in->finished = !more;
        if (more && *in->z.next_in != 0x1f)
            return IPL_FAIL(IPL_E_FORMAT, "%s: goes on after its gzip data: expected "
                            "it to end there", in->path);
        if (more) inflateReset(&in->z);
    } else if (step == Z_MEM_ERROR) {
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack", in->path);
    } else if (step != Z_OK && step != Z_BUF_ERROR) {
        return IPL_FAIL(IPL_E_FORMAT, "%s: damaged gzip data after %llu unpacked "
                        "bytes: %s", in->path, (unsigned long long)in->at,
                        in->z.msg ? in->z.msg : "a preset dictionary");
    }
    return IPL_OK;
}

/* Up to `bytes` of content; fewer only at its end. */
static ipl_status read_some(ipl_input *in, size_t bytes, unsigned char *at, size_t *got)
{
    *got = 0;
    if (!in->gzip) {
        *got = fread(at, 1, bytes, in->file);
        in->at += *got;
        if (*got < bytes && ferror(in->file))
            return IPL_FAIL(IPL_E_IO, "%s: %s", in->path, strerror(errno));
        return IPL_OK;
    }
    while (*got < bytes && !in->finished) {
        const size_t left = bytes - *got;
        const uInt room = left < BUFFER_BYTES ? (uInt)left : BUFFER_BYTES;
        in->z.next_out = at + *got;
        in->z.avail_out = room;
        const ipl_status st = inflate_step(in);
        *got += room - in->z.avail_out;
        in->at += room - in->z.avail_out;
        if (st != IPL_OK) return st;
    }
    return IPL_OK;
}

ipl_status ipl_input_read(ipl_input *in, const char *what, size_t bytes, void *at)
{
    size_t got;
    const uint64_t start = in->at;
    IPL_TRY(read_some(in, bytes, at, &got));
    if (got == bytes) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: ends at byte %llu inside %s: expected it to "
                    "reach byte %llu", in->path, (unsigned long long)in->at, what,
                    (unsigned long long)(start + bytes));
}

ipl_status ipl_input_end(ipl_input *in)
{
    unsigned char extra;
    size_t got;
    const uint64_t end = in->at;
    IPL_TRY(read_some(in, 1, &extra, &got));
    if (!got) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: goes on after byte %llu: expected it to end "
                    "there", in->path, (unsigned long long)end);
}

uint64_t ipl_input_bytes(const ipl_input *in) { return in->file_bytes; }

ipl_status ipl_input_expect(const ipl_input *in, uint64_t bytes, const char *what)
{
    if (!in->gzip && bytes != in->file_bytes)
        return IPL_FAIL(IPL_E_FORMAT, "%s: has %llu bytes: expected %llu for %s",
                        in->path, (unsigned long long)in->file_bytes,
                        (unsigned long long)bytes, what);
    if (in->gzip && bytes / 1032 > in->file_bytes)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %llu bytes of gzip cannot hold the %llu "
                        "bytes of %s", in->path, (unsigned long long)in->file_bytes,
                        (unsigned long long)bytes, what);
    return IPL_OK;
}
