/*
 * mat_check.c - the frame of MATLAB files, checked before libmatio reads them.
 *
 * A level 5 file is a header of 128 bytes, then elements: a tag of two 32-bit words
 * (type, bytes) and so many bytes, which are a matrix or, compressed, a zlib stream
 * of one. A level 7.3 file has the same header before an HDF5 file. Source: MATLAB
 * "MAT-File Format", R2015b, chapter 1. libmatio 1.5 takes cut-off and damaged
 * elements for shorter ones, and sizes of any number for memory to be asked for.
 */
#include "data/mat_check.h"

#include <hdf5.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data/input.h"

enum { HEADER_BYTES = 128, HDF5_AT = 512, PIECE = 1 << 14, HEAD = 512 };
enum { LEVEL_5 = 0x0100, LEVEL_7_3 = 0x0200, MATRIX = 14, COMPRESSED = 15 };
enum { CELL = 1, OBJECT = 3, DIMS_MAX = 32 };

typedef struct {
    const char *path;
    ipl_input  *in;
    uint64_t    at; /* bytes of the file read so far                             */
    int         big_endian;
} mat_file;

static uint32_t word_at(const mat_file *f, const unsigned char *b)
{
    return f->big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
                               (uint32_t)b[2] << 8 | b[3]
                         : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 |
                               (uint32_t)b[1] << 8 | b[0];
}

static ipl_status take(mat_file *f, const char *what, size_t bytes, void *at)
{
    f->at += bytes;
    return ipl_input_read(f->in, what, bytes, at);
}

static ipl_status read_level(mat_file *f, unsigned *level)
{
    unsigned char header[HEADER_BYTES];
    IPL_TRY(take(f, "the MATLAB header", sizeof header, header));
    const int little = !memcmp(header + 126, "IM", 2);
    f->big_endian = !memcmp(header + 126, "MI", 2);
    *level = f->big_endian ? header[124] << 8 | header[125]
                           : header[125] << 8 | header[124];
    if ((!little && !f->big_endian) || (*level != LEVEL_5 && *level != LEVEL_7_3))
        return IPL_FAIL(IPL_E_FORMAT, "%s: bytes 124 to 127 are %02x %02x %02x %02x: "
                        "expected a MATLAB file of level 5 or 7.3 (00 01 49 4d or 00 "
                        "02 49 4d)", f->path, header[124], header[125],
                        header[126], header[127]);
    return IPL_OK;
}

/* A variable's content, with or without the tag that says it is a matrix. */
typedef struct {
    uint64_t      size; /* bytes                                                  */
    unsigned char head[HEAD + 8];
} content;

static void keep_head(content *c, const unsigned char *piece, size_t bytes)
{
    const size_t room = c->size < sizeof c->head ? sizeof c->head - (size_t)c->size : 0;
    memcpy(c->head + sizeof c->head - room, piece, bytes < room ? bytes : room);
    c->size += bytes;
}

/* Unpacks `bytes` of the file as one zlib stream. */
static ipl_status unpack(mat_file *f, uint64_t bytes, z_stream *z, content *c)
{
    unsigned char packed[PIECE], piece[PIECE];
    const uint64_t start = f->at;
    int step = Z_OK;
    while (bytes && step != Z_STREAM_END) {
        const size_t count = bytes < PIECE ? (size_t)bytes : PIECE;
        IPL_TRY(take(f, "a compressed variable", count, packed));
        bytes -= count;
        z->next_in = packed;
        z->avail_in = (uInt)count;
        do {
            z->next_out = piece;
            z->avail_out = PIECE;
            step = inflate(z, Z_NO_FLUSH);
            keep_head(c, piece, PIECE - z->avail_out);
        } while (step == Z_OK && (z->avail_in || !z->avail_out));
        if (step != Z_OK && step != Z_STREAM_END && step != Z_BUF_ERROR) break;
    }
    if (step == Z_MEM_ERROR)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack", f->path);
    if (step != Z_STREAM_END || bytes || z->avail_in)
        return IPL_FAIL(IPL_E_FORMAT, "%s: damaged compressed variable at byte %" PRIu64
                        ": %s", f->path, start,
                        z->msg                 ? z->msg
                        : step == Z_STREAM_END ? "it ends early"
                                               : "it is cut off");
    return IPL_OK;
}

static ipl_status read_plain(mat_file *f, uint64_t bytes, content *c)
{
    unsigned char piece[PIECE];
    while (bytes) {
        const size_t count = bytes < PIECE ? (size_t)bytes : PIECE;
        IPL_TRY(take(f, "a variable", count, piece));
        keep_head(c, piece, count);
        bytes -= count;
    }
    return IPL_OK;
}

/* The tag of a part of a variable: type, bytes, and where the next part starts. Up to
 * 4 bytes may lie in the tag itself, whose upper half then holds their number. */
static int read_tag(const mat_file *f, const content *c, uint64_t at, uint32_t *type,
                    uint32_t *bytes, uint64_t *next)
{
    if (at + 8 > c->size || at + 8 > HEAD) return 0;
    *type = word_at(f, c->head + at);
    *bytes = word_at(f, c->head + at + 4);
    const uint32_t inside = *type >> 16;
    if (inside) {
        *type &= 0xffff;
        *bytes = inside;
        *next = at + 8;
        return inside <= 4;
    }
    *next = at + 8 + ((uint64_t)*bytes + 7) / 8 * 8;
    return at + 8 + *bytes <= c->size;
}

/* The parts before the values must be there and of sane sizes: flags, dimensions,
 * name. Containers are refused, as their parts would have to be checked as well. */
static ipl_status check_head(const mat_file *f, const content *c, uint64_t start)
{
    uint32_t type, bytes;
    uint64_t at = 0, next;
    const char *bad = "array flags";
    if (!read_tag(f, c, at, &type, &bytes, &next) || type != 6 || bytes != 8) goto fail;
    const unsigned class = word_at(f, c->head + 8) & 0xff;
    bad = "dimensions";
    at = next;
    if (!read_tag(f, c, at, &type, &bytes, &next) || type != 5 || bytes < 8 ||
        bytes > 4 * DIMS_MAX || bytes % 4)
        goto fail;
    bad = "name";
    at = next;
    if (!read_tag(f, c, at, &type, &bytes, &next) || type != 1 || next > HEAD)
        goto fail;
    if (class >= CELL && class <= OBJECT)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the variable at byte %" PRIu64 " is a cell "
                        "array, struct or object: expected numeric variables; save F "
                        "and y alone", f->path, start);
    return IPL_OK;
fail:
    return IPL_FAIL(IPL_E_FORMAT, "%s: variable at byte %" PRIu64 ": its %s cannot be "
                    "read", f->path, start, bad);
}

static ipl_status check_element(mat_file *f, const unsigned char tag[8], uint64_t *size)
{
    const uint32_t type = word_at(f, tag), bytes = word_at(f, tag + 4);
    const uint64_t start = f->at - 8;
    content c = {0};
    if (type != MATRIX && type != COMPRESSED)
        return IPL_FAIL(IPL_E_FORMAT, "%s: element of type %u at byte %" PRIu64 ": "
                        "expected a matrix (14) or a compressed one (15)", f->path,
                        type, start);
    if (type == MATRIX) {
        IPL_TRY(read_plain(f, bytes, &c));
    } else {
        z_stream z = {0};
        if (inflateInit(&z) != Z_OK)
            return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack", f->path);
        const ipl_status st = unpack(f, bytes, &z, &c);
        inflateEnd(&z);
        if (st != IPL_OK) return st;
        if (c.size < 8 || word_at(f, c.head) != MATRIX ||
            word_at(f, c.head + 4) != c.size - 8)
            return IPL_FAIL(IPL_E_FORMAT, "%s: compressed variable at byte %" PRIu64
                            ": expected a matrix of %" PRIu64 " bytes", f->path, start,
                            c.size < 8 ? 0 : c.size - 8);
        memmove(c.head, c.head + 8, HEAD);
        c.size -= 8;
    }
    *size = c.size;
    return check_head(f, &c, start);
}

static ipl_status check_elements(mat_file *f, uint64_t file_bytes, uint64_t *most)
{
    *most = 0;
    while (f->at < file_bytes) {
        unsigned char tag[8];
        uint64_t size;
        IPL_TRY(take(f, "the tag of a variable", sizeof tag, tag));
        IPL_TRY(check_element(f, tag, &size));
        if (size > *most) *most = size;
    }
    return IPL_OK;
}

static ipl_status check_hdf5(mat_file *f)
{
    unsigned char gap[HDF5_AT - HEADER_BYTES], magic[8];
    IPL_TRY(take(f, "the gap before HDF5", sizeof gap, gap));
    IPL_TRY(take(f, "the HDF5 signature", sizeof magic, magic));
    if (memcmp(magic, "\x89HDF\r\n\x1a\n", sizeof magic))
        return IPL_FAIL(IPL_E_FORMAT, "%s: bytes 512 and 513 are %02x %02x: expected "
                        "the HDF5 signature of a file of level 7.3 (89 48 44 46 ..)",
                        f->path, magic[0], magic[1]);
    /* libmatio goes on with a file that HDF5 refuses, as if it were empty. */
    const hid_t opened = H5Fopen(f->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (opened < 0)
        return IPL_FAIL(IPL_E_FORMAT, "%s: its HDF5 content is damaged or cut off: "
                        "expected a whole file of level 7.3", f->path);
    H5Fclose(opened);
    return IPL_OK;
}

ipl_status ipl_mat_check(const char *path, uint64_t *values_most)
{
    mat_file f = {.path = path};
    unsigned level;
    ipl_status st = IPL_OK;
    IPL_TRY(ipl_input_open(path, &f.in));
    if (ipl_input_is_gzip(f.in)) { /* libmatio reads the file itself               */
        st = IPL_FAIL(IPL_E_FORMAT, "%s: is a gzip file: unpack it with gunzip", path);
        goto done;
    }
    const uint64_t bytes = ipl_input_bytes(f.in);
    IPL_TRY_DONE(read_level(&f, &level));
    if (level == LEVEL_7_3) {
        st = check_hdf5(&f);
        *values_most = bytes * 1032; /* deflate, which MATLAB uses, shrinks by this */
    } else {
        st = check_elements(&f, bytes, values_most);
    }
done:
    ipl_input_close(f.in);
    return st;
}
