/*
 * mat_element.c - one element of a MATLAB file of level 5, checked to its last byte.
 *
 * A matrix is elements again: flags, sizes, name, then values, or the matrices of a
 * struct's fields or of a cell array. Each must lie in what holds it, and values must
 * be as many as the sizes say. Compressed content is unpacked on the way and not kept.
 */
#include "data/mat_element.h"

#include <inttypes.h>
#include <string.h>

enum { INT8 = 1, INT32 = 5, UINT32 = 6, MATRIX = 14, COMPRESSED = 15 };
enum { CELL = 1, STRUCT, OBJECT, CHAR, SPARSE, DOUBLE, FUNCTION = 16 };
enum { DIMS_MAX = 32, NAME_BYTES = 64, DEPTH_MAX = 8, PARTS_MAX = 2000 };

uint32_t ipl_mat_word(const mat_file *f, const unsigned char *b)
{
    return f->big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
                               (uint32_t)b[2] << 8 | b[3]
                         : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 |
                               (uint32_t)b[1] << 8 | b[0];
}

ipl_status ipl_mat_take(mat_file *f, const char *what, size_t bytes, void *at)
{
    f->at += bytes;
    return ipl_input_read(f->in, what, bytes, at);
}

/* ---- the content of an element, unpacked where it is packed ---------------------- */

static ipl_status damaged(const mat_file *f, const char *why)
{
    return IPL_FAIL(IPL_E_FORMAT, "%s: damaged compressed variable at byte %" PRIu64
                    ": %s", f->path, f->start, why);
}

/* Up to `bytes` unpacked bytes; fewer only where the stream ends. */
static ipl_status unpack(mat_file *f, size_t bytes, unsigned char *at, size_t *got)
{
    f->z.next_out = at;
    f->z.avail_out = (uInt)bytes;
    while (f->z.avail_out && !f->ended) {
        if (!f->z.avail_in && f->left) {
            const uint64_t most = MAT_PIECE_BYTES;
            const size_t count = (size_t)(f->left < most ? f->left : most);
            IPL_TRY(ipl_mat_take(f, "a compressed variable", count, f->piece));
            f->left -= count;
            f->z.next_in = f->piece;
            f->z.avail_in = (uInt)count;
        }
        const uInt room = f->z.avail_out, fed = f->z.avail_in;
        const int step = inflate(&f->z, Z_NO_FLUSH);
        f->ended = step == Z_STREAM_END;
        if (step == Z_MEM_ERROR)
            return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack", f->path);
        if (step != Z_OK && step != Z_STREAM_END && step != Z_BUF_ERROR)
            return damaged(f, f->z.msg ? f->z.msg : "a preset dictionary");
        if (!f->ended && !f->left && fed == f->z.avail_in && room == f->z.avail_out)
            return damaged(f, "it is cut off");
    }
    *got = bytes - f->z.avail_out;
    return IPL_OK;
}

/* Exactly `bytes` of the content; `at` NULL: they are passed over. */
static ipl_status content(mat_file *f, uint64_t bytes, unsigned char *at)
{
    unsigned char passed[MAT_PIECE_BYTES];
    while (bytes) {
        const size_t count = bytes < MAT_PIECE_BYTES ? (size_t)bytes : MAT_PIECE_BYTES;
        unsigned char *to = at ? at : passed;
        size_t got = count;
        if (f->packed) {
            IPL_TRY(unpack(f, count, to, &got));
            if (got < count) return damaged(f, "it ends early");
        } else {
            if (count > f->left)
                return IPL_FAIL(IPL_E_FORMAT, "%s: variable at byte %" PRIu64 ": its "
                                "parts are longer than it is", f->path, f->start);
            IPL_TRY(ipl_mat_take(f, "a variable", count, to));
            f->left -= count;
        }
        bytes -= count;
        if (at) at += count;
    }
    return IPL_OK;
}

/* ---- a matrix ------------------------------------------------------------------- */

/* What a matrix still has to hold, and what its head says. */
typedef struct {
    uint64_t left; /* bytes                                                       */
    unsigned class, complex;
    uint64_t numbers, cols;
} matrix;

static ipl_status bad_part(const mat_file *f, const char *part)
{
    return IPL_FAIL(IPL_E_FORMAT, "%s: variable at byte %" PRIu64 ": its %s cannot be "
                    "read", f->path, f->start, part);
}

typedef struct {
    uint32_t      type, bytes;
    unsigned char first[NAME_BYTES * 2]; /* the first bytes of the content     */
} element;

/* A part of a matrix: type, bytes, content, of which the first bytes are kept. Up to 4
 * bytes may lie in the tag itself, whose upper half then holds their number. */
static ipl_status read_part(mat_file *f, matrix *m, const char *name, element *e)
{
    unsigned char tag[8];
    if (m->left < 8) return bad_part(f, name);
    IPL_TRY(content(f, 8, tag));
    m->left -= 8;
    *e = (element){.type = ipl_mat_word(f, tag), .bytes = ipl_mat_word(f, tag + 4)};
    if (e->type >> 16) {
        e->bytes = e->type >> 16;
        e->type &= 0xffff;
        memcpy(e->first, tag + 4, 4);
        return e->bytes <= 4 ? IPL_OK : bad_part(f, name);
    }
    if (e->bytes > m->left) return bad_part(f, name);
    const uint64_t kept = e->bytes < sizeof e->first ? e->bytes : sizeof e->first;
    const uint64_t whole = ((uint64_t)e->bytes + 7) / 8 * 8;
    const uint64_t used = whole < m->left ? whole : m->left; /* the last one may end */
    IPL_TRY(content(f, kept, e->first));
    m->left -= used;
    return content(f, used - kept, NULL);
}

static ipl_status check_matrix(mat_file *f, uint64_t bytes, int depth);

/* The matrices of a cell array or of a struct's fields. */
static ipl_status check_inside(mat_file *f, matrix *m, uint64_t count, int depth)
{
    unsigned char tag[8];
    if (count > (uint64_t)(PARTS_MAX - f->parts) || depth == DEPTH_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the variable at byte %" PRIu64 " is a %s of "
                        "more than %d parts: save inputs and labels alone", f->path,
                        f->start, m->class == CELL ? "cell array" : "struct or object",
                        depth == DEPTH_MAX ? depth : PARTS_MAX);
    f->parts += (int)count;
    for (uint64_t k = 0; k < count; ++k) {
        if (m->left < 8) return bad_part(f, "content");
        IPL_TRY(content(f, 8, tag));
        const uint32_t size = ipl_mat_word(f, tag + 4);
        m->left -= 8;
        if (ipl_mat_word(f, tag) != MATRIX || size > m->left)
            return bad_part(f, "content");
        m->left -= size;
        IPL_TRY(check_matrix(f, size, depth + 1));
    }
    return IPL_OK;
}

static ipl_status check_struct(mat_file *f, matrix *m, int depth)
{
    element e;
    if (m->class == OBJECT) IPL_TRY(read_part(f, m, "class name", &e));
    IPL_TRY(read_part(f, m, "length of field names", &e));
    const uint32_t length = ipl_mat_word(f, e.first);
    if (e.type != INT32 || e.bytes != 4 || !length || length > NAME_BYTES)
        return bad_part(f, "length of field names");
    IPL_TRY(read_part(f, m, "field names", &e));
    const uint64_t fields = e.bytes / length;
    if (e.type != INT8 || e.bytes % length || (fields && m->numbers > UINT32_MAX))
        return bad_part(f, "field names");
    return check_inside(f, m, fields * m->numbers, depth);
}

/* Values of one of the types of numbers: as many as the sizes say. */
static ipl_status check_values(mat_file *f, matrix *m, uint64_t count, const char *part)
{
    static const unsigned char bytes[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
    element e;
    IPL_TRY(read_part(f, m, part, &e));
    const uint64_t each = e.type < sizeof bytes ? bytes[e.type] : 0;
    if (!each || e.bytes % each) return bad_part(f, part);
    if (e.bytes / each != count)
        return IPL_FAIL(IPL_E_FORMAT, "%s: variable at byte %" PRIu64 ": its sizes ask "
                        "for %" PRIu64 " values, it has %" PRIu64, f->path, f->start,
                        count, e.bytes / each);
    return IPL_OK;
}

static ipl_status check_sparse(mat_file *f, matrix *m)
{
    element e;
    IPL_TRY(read_part(f, m, "rows of values", &e));
    if ((e.type != INT32 && e.type != UINT32) || e.bytes % 4)
        return bad_part(f, "rows of values");
    IPL_TRY(read_part(f, m, "starts of columns", &e));
    if ((e.type != INT32 && e.type != UINT32) || e.bytes != 4 * (m->cols + 1))
        return bad_part(f, "starts of columns");
    for (unsigned part = 0; part <= m->complex && m->left; ++part)
        IPL_TRY(read_part(f, m, "values", &e));
    return IPL_OK;
}

static ipl_status read_sizes(mat_file *f, matrix *m)
{
    element e;
    IPL_TRY(read_part(f, m, "dimensions", &e));
    if (e.type != INT32 || e.bytes < 8 || e.bytes > 4 * DIMS_MAX || e.bytes % 4)
        return bad_part(f, "dimensions");
    m->numbers = 1;
    for (uint32_t d = 0; d < e.bytes / 4; ++d) {
        const uint32_t size = ipl_mat_word(f, e.first + 4 * d);
        if (size > INT32_MAX || (size && m->numbers > INT64_MAX / 16 / size))
            return bad_part(f, "dimensions");
        m->numbers *= size;
        if (d == 1) m->cols = size;
    }
    return IPL_OK;
}

static ipl_status check_matrix(mat_file *f, uint64_t bytes, int depth)
{
    matrix m = {.left = bytes};
    element e;
    if (!bytes && depth) return IPL_OK; /* an empty part of a container            */
    IPL_TRY(read_part(f, &m, "array flags", &e));
    if (e.type != UINT32 || e.bytes != 8) return bad_part(f, "array flags");
    const uint32_t flags = ipl_mat_word(f, e.first);
    m.class = flags & 0xff;
    m.complex = flags >> 11 & 1;
    if (m.class >= FUNCTION)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the variable at byte %" PRIu64 " holds a "
                        "table, string, object or function: save inputs and labels "
                        "alone", f->path, f->start);
    IPL_TRY(read_sizes(f, &m));
    IPL_TRY(read_part(f, &m, "name", &e));
    if (e.type != INT8 || e.bytes >= NAME_BYTES) return bad_part(f, "name");
    if (m.class == CELL) {
        IPL_TRY(check_inside(f, &m, m.numbers, depth));
    } else if (m.class == STRUCT || m.class == OBJECT) {
        IPL_TRY(check_struct(f, &m, depth));
    } else if (m.class == SPARSE) {
        IPL_TRY(check_sparse(f, &m));
    } else if (m.class >= DOUBLE) {
        IPL_TRY(check_values(f, &m, m.numbers, "values"));
        if (m.complex) IPL_TRY(check_values(f, &m, m.numbers, "imaginary parts"));
    } else if (m.class == CHAR) {
        IPL_TRY(content(f, m.left, NULL));
        m.left = 0;
    }
    return m.left ? bad_part(f, "end") : IPL_OK;
}

/* ---- the element -------------------------------------------------------------- */

static ipl_status check_packed(mat_file *f)
{
    unsigned char tag[8], extra;
    size_t got = 0;
    IPL_TRY(content(f, sizeof tag, tag));
    if (ipl_mat_word(f, tag) != MATRIX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: compressed variable at byte %" PRIu64 ": "
                        "type %u: expected a matrix (14)", f->path, f->start,
                        ipl_mat_word(f, tag));
    IPL_TRY(check_matrix(f, ipl_mat_word(f, tag + 4), 0));
    IPL_TRY(unpack(f, 1, &extra, &got));
    if (got || f->left || f->z.avail_in)
        return damaged(f, got ? "it goes on after its matrix" : "it ends early");
    return IPL_OK;
}

ipl_status ipl_mat_check_element(mat_file *f)
{
    unsigned char tag[8];
    IPL_TRY(ipl_mat_take(f, "the tag of a variable", sizeof tag, tag));
    const uint32_t type = ipl_mat_word(f, tag);
    f->start = f->at - 8;
    f->left = ipl_mat_word(f, tag + 4);
    f->packed = type == COMPRESSED;
    f->ended = 0;
    if (type != MATRIX && type != COMPRESSED)
        return IPL_FAIL(IPL_E_FORMAT, "%s: element of type %u at byte %" PRIu64 ": "
                        "expected a matrix (14) or a compressed one (15)", f->path,
                        type, f->start);
    if (f->left > ipl_input_bytes(f->in) - f->at)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the variable at byte %" PRIu64 " has %"
                        PRIu64 " bytes of the file's last %" PRIu64 ": the file is cut "
                        "off or damaged", f->path, f->start, f->left,
                        ipl_input_bytes(f->in) - f->at);
    if (!f->packed) return check_matrix(f, f->left, 0);
    f->z = (z_stream){0};
    if (inflateInit(&f->z) != Z_OK)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to unpack", f->path);
    const ipl_status st = check_packed(f);
    inflateEnd(&f->z);
    return st;
}
