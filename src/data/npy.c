/*
 * npy.c - reading NumPy's NPY files.
 *
 * A file is the magic "\x93NUMPY", two version bytes, the length of the header (2
 * bytes in version 1, 4 in versions 2 and 3), the header, and the values. The header
 * is a Python dictionary of the keys descr, fortran_order and shape, in any order
 * and with any white space; source: numpy/lib/format.py, "Format Version 1.0". The
 * values are converted chunk by chunk, so that they are in memory only once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "data/input.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "NPY files are read and written as little endian"
#endif

enum { HEADER_BYTES = 1 << 16, CHUNK_VALUES = 1 << 13 };

typedef enum { INTEGER, UNSIGNED, FLOAT } npy_kind; /* bool reads as UNSIGNED       */

typedef struct {
    npy_kind kind;
    int      bytes; /* of a value: 1, 2, 4, 8                                     */
    int      fortran;
    int      dims;
    int64_t  shape[2];
} npy_header;

/* ---- the header ----------------------------------------------------------------- */

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') ++at;
    return at;
}

/* 'text' or "text", without escapes, into text; NULL when it is not there. */
static const char *read_string(const char *at, size_t size, char *text)
{
    const char quote = *at;
    if (quote != '\'' && quote != '"') return NULL;
    const char *end = strchr(++at, quote);
    if (!end || (size_t)(end - at) >= size) return NULL;
    memcpy(text, at, (size_t)(end - at));
    text[end - at] = 0;
    return end + 1;
}

static ipl_status read_descr(const char *path, const char **at, npy_header *h)
{
    char text[16];
    const char *end = read_string(*at, sizeof text, text);
    if (**at == '[')
        return IPL_FAIL(IPL_E_FORMAT, "%s: records: expected an array of numbers",
                        path);
    if (!end)
        return IPL_FAIL(IPL_E_FORMAT, "%s: unreadable descr in the header: expected "
                        "such as '<f4'", path);
    const char order = text[0], kind = order ? text[1] : 0;
    const char *size = kind ? text + 2 : "";
    if (kind == 'O' || kind == 'V')
        return IPL_FAIL(IPL_E_FORMAT, "%s: type %s holds %s: expected an array of "
                        "numbers", path, text, kind == 'O' ? "objects" : "records");
    if (order == '>')
        return IPL_FAIL(IPL_E_FORMAT, "%s: type %s is big-endian: expected <%c%s",
                        path, text, kind, size);
    const int one_digit = *size && !size[1];
    h->bytes = one_digit ? *size - '0' : 0;
    h->kind = kind == 'f' ? FLOAT : kind == 'i' ? INTEGER : UNSIGNED;
    const int known = kind == 'f'   ? h->bytes == 4 || h->bytes == 8
                      : kind == 'b' ? h->bytes == 1
                                    : (kind == 'i' || kind == 'u') && h->bytes > 0 &&
                                          h->bytes <= 8 && !(h->bytes & (h->bytes - 1));
    if (!known || !(order == '<' || (order == '|' && h->bytes == 1)))
        return IPL_FAIL(IPL_E_FORMAT, "%s: type %s: expected float32, float64, an "
                        "integer or bool, little endian", path, text);
    *at = end;
    return IPL_OK;
}

/* (), (3,), (3, 4) or (3, 4,); the L of Python 2 may follow a number. */
static ipl_status read_shape(const char *path, const char **at, npy_header *h)
{
    const char *here = *at;
    h->dims = 0;
    if (*here++ != '(') goto unreadable;
    for (here = skip_space(here); *here != ')'; here = skip_space(here)) {
        int64_t size = 0;
        if (*here < '0' || *here > '9') goto unreadable;
        for (; *here >= '0' && *here <= '9'; ++here) {
            if (size > (INT64_MAX - 9) / 10)
                return IPL_FAIL(IPL_E_FORMAT, "%s: size of dimension %d is beyond "
                                "2^63", path, h->dims);
            size = 10 * size + (*here - '0');
        }
        if (*here == 'L') ++here;
        here = skip_space(here);
        if (*here == ',') ++here;
        else if (*here != ')') goto unreadable;
        if (h->dims < 2) h->shape[h->dims] = size;
        ++h->dims;
    }
    if (h->dims < 1 || h->dims > 2)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %d dimensions: expected 1 or 2", path,
                        h->dims);
    if (h->dims == 1) h->shape[1] = 1;
    *at = here + 1;
    return IPL_OK;
unreadable:
    return IPL_FAIL(IPL_E_FORMAT, "%s: unreadable shape in the header: expected such "
                    "as (100, 3)", path);
}

static ipl_status read_order(const char *path, const char **at, npy_header *h)
{
    h->fortran = !strncmp(*at, "True", 4);
    if (!h->fortran && strncmp(*at, "False", 5))
        return IPL_FAIL(IPL_E_FORMAT, "%s: unreadable fortran_order in the header: "
                        "expected True or False", path);
    *at += h->fortran ? 4 : 5;
    return IPL_OK;
}

static ipl_status parse_header(const char *path, const char *text, npy_header *h)
{
    static const char *const key[] = {"descr", "fortran_order", "shape"};
    ipl_status (*const value[])(const char *, const char **, npy_header *) = {
        read_descr, read_order, read_shape};
    unsigned seen = 0;
    const char *at = skip_space(text);
    if (*at++ != '{')
        return IPL_FAIL(IPL_E_FORMAT, "%s: the header starts with '%.8s': expected "
                        "'{'", path, text);
    for (at = skip_space(at); *at != '}'; at = skip_space(at)) {
        char name[16];
        size_t k = 0;
        const char *end = read_string(at, sizeof name, name);
        for (; end && k < 3 && strcmp(name, key[k]); ++k) {}
        if (!end || k == 3 || seen >> k & 1)
            return IPL_FAIL(IPL_E_FORMAT, "%s: '%.16s' in the header: expected descr, "
                            "fortran_order and shape once each", path, at);
        seen |= 1u << k;
        at = skip_space(end);
        if (*at++ != ':')
            return IPL_FAIL(IPL_E_FORMAT, "%s: no ':' after '%s' in the header", path,
                            name);
        at = skip_space(at);
        IPL_TRY(value[k](path, &at, h));
        at = skip_space(at);
        if (*at == ',') ++at;
        else if (*at != '}')
            return IPL_FAIL(IPL_E_FORMAT, "%s: '%.8s' after %s in the header: expected "
                            "',' or '}'", path, at, name);
    }
    if (seen != 7)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no %s in the header", path,
                        !(seen & 1) ? key[0] : !(seen & 2) ? key[1] : key[2]);
    if (*skip_space(at + 1))
        return IPL_FAIL(IPL_E_FORMAT, "%s: '%.8s' after the header's '}'", path,
                        skip_space(at + 1));
    return IPL_OK;
}

/* Reads up to the first value and checks that all of them are there. */
static ipl_status read_header(const char *path, ipl_input *in, npy_header *h)
{
    unsigned char fixed[12];
    IPL_TRY(ipl_input_read(in, "the magic string", 6, fixed));
    if (memcmp(fixed, "\x93NUMPY", 6))
        return IPL_FAIL(IPL_E_FORMAT, "%s: starts with bytes %02x %02x: expected an "
                        "NPY file (93 4e 55 4d 50 59)", path, fixed[0], fixed[1]);
    IPL_TRY(ipl_input_read(in, "the version", 2, fixed + 6));
    if (fixed[6] < 1 || fixed[6] > 3 || fixed[7])
        return IPL_FAIL(IPL_E_FORMAT, "%s: NPY version %d.%d: expected 1.0 to 3.0",
                        path, fixed[6], fixed[7]);
    const size_t size = fixed[6] == 1 ? 2 : 4;
    IPL_TRY(ipl_input_read(in, "the header's length", size, fixed + 8));
    uint32_t length = 0;
    for (size_t b = size; b--;) length = length << 8 | fixed[8 + b];
    if (length >= HEADER_BYTES)
        return IPL_FAIL(IPL_E_FORMAT,
                        "%s: a header of %u bytes: expected fewer than %d",
                        path, length, HEADER_BYTES);
    char *text = calloc(length + 1, 1);
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "%s: a header of %u bytes", path, length);
    ipl_status st = ipl_input_read(in, "the header", length, text);
    if (st == IPL_OK) st = parse_header(path, text, h);
    free(text);
    if (st != IPL_OK) return st;

    char claim[64];
    uint64_t bytes = 8 + size + length;
    const uint64_t most = (uint64_t)INT64_MAX / 8 / (uint64_t)h->bytes;
    for (int d = 0; d < h->dims; ++d)
        if (h->shape[d] == 0)
            return IPL_FAIL(IPL_E_FORMAT, "%s: size of dimension %d is 0: expected at "
                            "least 1", path, d);
    if ((uint64_t)h->shape[0] > most / (uint64_t)h->shape[1])
        return IPL_FAIL(IPL_E_FORMAT, "%s: shape (%" PRId64 ", %" PRId64 ") is more "
                        "than a file can hold", path, h->shape[0], h->shape[1]);
    bytes += (uint64_t)h->shape[0] * (uint64_t)h->shape[1] * (uint64_t)h->bytes;
    snprintf(claim, sizeof claim, "%" PRId64 " x %" PRId64 " values of %d bytes",
             h->shape[0], h->shape[1], h->bytes);
    return ipl_input_expect(in, bytes, claim);
}

/* ---- the values ----------------------------------------------------------------- */

/* The k-th value of a chunk. Only one of the three is set, by the kind. */
typedef struct { double real; int64_t whole; uint64_t natural; } npy_value;

static npy_value value_at(const npy_header *h, const unsigned char *chunk, int64_t k)
{
    const unsigned char *at = chunk + k * h->bytes;
    npy_value v = {0.0, 0, 0};
    if (h->kind == FLOAT && h->bytes == 4) {
        float f;
        memcpy(&f, at, 4);
        v.real = f;
    } else if (h->kind == FLOAT) {
        memcpy(&v.real, at, 8);
    } else {
        memcpy(&v.natural, at, (size_t)h->bytes); /* little endian: low bytes first */
        const int unused = 64 - 8 * h->bytes;
        /* An arithmetic shift spreads the sign; compilers of interest all do so. */
        v.whole = (int64_t)(v.natural << unused) >> unused;
    }
    return v;
}

static ipl_status to_integer(const char *path, const npy_header *h, npy_value v,
                             int64_t row, int64_t col, int64_t *out)
{
    if (h->kind == FLOAT) {
        /* 2^63 itself is a double and beyond int64; NaN fails both comparisons. */
        if (!(v.real >= -0x1p63 && v.real < 0x1p63) ||
            (double)(int64_t)v.real != v.real)
            return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 ", column %" PRId64 " is "
                            "%.9g: expected whole numbers", path, row, col, v.real);
        *out = (int64_t)v.real;
    } else if (h->kind == UNSIGNED) {
        if (v.natural > INT64_MAX)
            return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 ", column %" PRId64 " is "
                            "%" PRIu64 ": expected less than 2^63", path, row, col,
                            v.natural);
        *out = (int64_t)v.natural;
    } else {
        *out = v.whole;
    }
    return IPL_OK;
}

/* Counts in *rounded what double cannot hold. A long double holds all 64 bits. */
static double to_double(const npy_header *h, npy_value v, int64_t *rounded)
{
    if (h->kind == FLOAT) return v.real;
    const double near = h->kind == INTEGER ? (double)v.whole : (double)v.natural;
    const long double exact = h->kind == INTEGER ? (long double)v.whole
                                                 : (long double)v.natural;
    *rounded += (long double)near != exact;
    return near;
}

/* Values in the file's order go to their places in C order. */
static ipl_status read_values(const char *path, ipl_input *in, const npy_header *h,
                              ipl_array *out)
{
    unsigned char chunk[CHUNK_VALUES * 8];
    const int64_t rows = out->rows, cols = out->cols, total = rows * cols;
    if (out->values && !h->fortran)
        return ipl_input_read(in, "the values", (size_t)total * 4, out->values);
    for (int64_t at = 0; at < total; at += CHUNK_VALUES) {
        const int64_t count = total - at < CHUNK_VALUES ? total - at : CHUNK_VALUES;
        IPL_TRY(ipl_input_read(in, "the values", (size_t)(count * h->bytes), chunk));
        for (int64_t k = 0; k < count; ++k) {
            const int64_t e = at + k;
            const int64_t row = h->fortran ? e % rows : e / cols;
            const int64_t col = h->fortran ? e / rows : e % cols;
            const int64_t place = row * cols + col;
            const npy_value v = value_at(h, chunk, k);
            if (out->integers)
                IPL_TRY(to_integer(path, h, v, row, col, &out->integers[place]));
            else if (out->wide) out->wide[place] = to_double(h, v, &out->rounded);
            else out->values[place] = (float)v.real;
        }
    }
    return IPL_OK; /* the header's check has seen that nothing follows */
}

static ipl_status read_array(const char *path, int integers, ipl_array *out)
{
    npy_header h = {0};
    ipl_array made = {0};
    ipl_input *in = NULL;
    ipl_status st = IPL_OK;
    IPL_REQUIRE(path && out, "path or result is NULL");
    IPL_TRY(ipl_input_open(path, 0, &in));
    IPL_TRY_DONE(read_header(path, in, &h));
    made.rows = h.shape[0];
    made.cols = h.shape[1];
    made.dims = h.dims;
    for (int d = 0; d < h.dims; ++d) made.shape[d] = h.shape[d];
    const size_t values = (size_t)made.rows * (size_t)made.cols;
    if (integers) made.integers = malloc(values * sizeof *made.integers);
    else if (h.kind == FLOAT && h.bytes == 4)
        made.values = malloc(values * sizeof *made.values);
    else made.wide = malloc(values * sizeof *made.wide);
    if (!made.integers && !made.values && !made.wide) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %zu values", path, values);
        goto done;
    }
    IPL_TRY_DONE(read_values(path, in, &h, &made));
    IPL_TRY_DONE(ipl_array_settle(path, &made));
    *out = made;
done:
    ipl_input_close(in);
    if (st != IPL_OK) ipl_array_free(&made);
    return st;
}

ipl_status ipl_array_read(const char *path, ipl_array *out)
{
    return read_array(path, 0, out);
}

ipl_status ipl_array_read_labels(const char *path, ipl_array *out)
{
    return read_array(path, 1, out);
}
