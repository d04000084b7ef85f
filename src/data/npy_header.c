/*
 * npy_header.c - what an NPY file says of its values.
 *
 * A file is the magic "\x93NUMPY", two version bytes, the length of the header (2
 * bytes in version 1, 4 in versions 2 and 3), the header, and the values. The header
 * is a Python dictionary of the keys descr, fortran_order and shape, in any order
 * and with any white space; source: numpy/lib/format.py, "Format Version 1.0".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/npy.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "NPY files are read and written as little endian"
#endif

enum { HEADER_BYTES = 1 << 16 };

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

/* [('a', '<f4'), ...]: the first field's name is good advice. */
static ipl_status refuse_records(const char *path, const char *at)
{
    char field[64] = "NAME";
    for (++at; *at == ' ' || *at == '('; ++at) {}
    read_string(at, sizeof field, field);
    return IPL_FAIL(IPL_E_FORMAT, "%s: holds records: expected an array of numbers: "
                    "save one field, a['%s']", path, field);
}

static ipl_status read_descr(const char *path, const char **at, npy_header *h)
{
    char text[32];
    const char *end = read_string(*at, sizeof text, text);
    if (**at == '[') return refuse_records(path, *at);
    if (!end)
        return IPL_FAIL(IPL_E_FORMAT, "%s: unreadable descr in the header: expected "
                        "such as '<f4'", path);
    *at = end;
    return ipl_npy_type_read(path, text, &h->type);
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
        if (h->dims == IPL_ARRAY_DIMS_MAX)
            return IPL_FAIL(IPL_E_FORMAT, "%s: more than %d dimensions", path,
                            IPL_ARRAY_DIMS_MAX);
        h->shape[h->dims++] = size;
    }
    if (!h->dims)
        return IPL_FAIL(IPL_E_FORMAT, "%s: a single value without a dimension: "
                        "expected one for each row: save np.atleast_1d(a)", path);
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

/* Rows and columns, and whether the file can hold them. */
static ipl_status check_shape(const char *path, const ipl_input *in, uint64_t start,
                              npy_header *h)
{
    char shape[IPL_ARRAY_SHAPE_BYTES], claim[IPL_ARRAY_SHAPE_BYTES + 40];
    ipl_array named = {.dims = h->dims};
    memcpy(named.shape, h->shape, sizeof named.shape);
    ipl_array_shape(&named, shape);
    uint64_t values = 1, most = (uint64_t)INT64_MAX / 8 / (uint64_t)h->type.bytes;
    for (int d = 0; d < h->dims; ++d)
        if (h->shape[d] == 0)
            return IPL_FAIL(IPL_E_FORMAT, "%s: size of dimension %d is 0: expected at "
                            "least 1", path, d);
    for (int d = 0; d < h->dims; ++d) {
        if ((uint64_t)h->shape[d] > most / values)
            return IPL_FAIL(IPL_E_FORMAT, "%s: shape %s is more than a file can hold",
                            path, shape);
        values *= (uint64_t)h->shape[d];
    }
    h->rows = h->shape[0];
    h->cols = (int64_t)values / h->rows;
    snprintf(claim, sizeof claim, "shape %s of %d bytes a value", shape,
             h->type.bytes);
    return ipl_input_expect(in, start + values * (uint64_t)h->type.bytes, claim);
}

ipl_status ipl_npy_header_read(const char *path, ipl_input *in, npy_header *out)
{
    unsigned char fixed[12];
    npy_header h = {.dims = 0};
    IPL_TRY(ipl_input_read(in, "the magic string", 6, fixed));
    IPL_TRY(ipl_input_read(in, "the version", 2, fixed + 6));
    if (fixed[6] < 1 || fixed[6] > 3 || fixed[7])
        return IPL_FAIL(IPL_E_FORMAT, "%s: NPY version %d.%d: expected 1.0 to 3.0",
                        path, fixed[6], fixed[7]);
    const size_t size = fixed[6] == 1 ? 2 : 4;
    IPL_TRY(ipl_input_read(in, "the header's length", size, fixed + 8));
    uint32_t length = 0;
    for (size_t b = size; b--;) length = length << 8 | fixed[8 + b];
    if (length >= HEADER_BYTES)
        return IPL_FAIL(IPL_E_FORMAT, "%s: a header of %u bytes: expected fewer than "
                        "%d", path, length, HEADER_BYTES);
    char *text = calloc(length + 1, 1);
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "%s: a header of %u bytes", path, length);
    ipl_status st = ipl_input_read(in, "the header", length, text);
    if (st == IPL_OK) st = parse_header(path, text, &h);
    free(text);
    if (st == IPL_OK) st = check_shape(path, in, 8 + size + length, &h);
    if (st == IPL_OK) *out = h;
    return st;
}
