/*
 * npy_types.c - the types of NPY files, each converted without an error.
 *
 * NumPy names its types by byte order, kind and size, "<f4". The packages of Python
 * that add types (ml_dtypes, which JAX and TensorFlow use) are saved so: bfloat16 as
 * "<V2", which NumPy itself never writes (its records are "|V2"); float8 e5m2 as
 * "<f1"; all other types of one byte as "<V1", which does not tell them apart.
 *
 * Numerics: float16, bfloat16 and float8 have integers times powers of two, which
 * float32 holds, subnormal ones too. x86's long double has 64 bits of mantissa; what
 * double rounds is marked.
 */
#include "data/npy.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_BYTES_MAX = 1 << 20, VALUE_BYTES_MAX = 16 };

/* -- Which type -------------------------------------------------------------------*/

static ipl_status refuse(const char *path, const char *descr)
{
    static const struct { const char *start, *what; } known[] = {
        {"|O", "holds Python objects: save numbers, a.astype('float32'), or words, "
               "a.astype(str)"},
        {"|V2", "holds records of 2 bytes, as bfloat16 that has lost its name: save "
                "a.view(ml_dtypes.bfloat16).astype('float32')"},
        {"|V1", "holds records of 1 byte, which do not say what they are: save "
                "a.view(ml_dtypes.float8_e4m3fn).astype('float32'), or what it was"},
        {"<V1", "is a float8 or int4, which the file does not tell apart: save "
                "a.astype('float32')"},
        {">V1", "is a float8 or int4, which the file does not tell apart: save "
                "a.astype('float32')"},
        {"|V", "holds records: save one field, a['NAME']"},
        {"<c", "is complex: save its real part, a.real, or its size, abs(a)"},
        {">c", "is complex: save its real part, a.real, or its size, abs(a)"},
        {"<M8", "holds dates: save numbers, a.astype('int64')"},
        {"<m8", "holds times: save numbers, a.astype('int64')"},
        {"<f16", "is a long double of x86, which this machine has not: save "
                 "a.astype('float64')"},
        {"<f12", "is a long double of x86, which this machine has not: save "
                 "a.astype('float64')"},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; ++k) {
        const size_t length = strlen(known[k].start);
        const int digit = known[k].start[length - 1] <= '9'; /* V1 is not V12         */
        if (!strncmp(descr, known[k].start, length) &&
            !(digit && descr[length] >= '0' && descr[length] <= '9'))
            return IPL_FAIL(IPL_E_FORMAT, "%s: type %s %s", path, descr,
                            known[k].what);
    }
    return IPL_FAIL(IPL_E_FORMAT, "%s: type '%s': expected a type of numbers, such as "
                    "<f4", path, descr);
}

static int known_size(npy_kind kind, char letter, long size)
{
    const int has_long_double = LDBL_MANT_DIG == 64;
    if (kind == NPY_UCS4 || kind == NPY_BYTES)
        return size >= 1 && size <= WORD_BYTES_MAX / 4;
    if (kind == NPY_FLOAT && (size == 12 || size == 16)) return has_long_double;
    if (letter == 'b') return size == 1;
    return size == 1 || size == 2 || size == 4 || size == 8;
}

ipl_status ipl_npy_type_read(const char *path, const char *descr, npy_type *out)
{
    static const struct { const char *name; npy_type type; } named[] = {
        {"bfloat16", {NPY_BFLOAT16, 2, 0}},     {"<V2", {NPY_BFLOAT16, 2, 0}},
        {">V2", {NPY_BFLOAT16, 2, 1}},          {"float8_e4m3fn", {NPY_E4M3FN, 1, 0}},
        {"float8_e5m2", {NPY_FLOAT, 1, 0}},
    };
    static const char letters[] = "iubfUS";
    static const npy_kind kinds[] = {NPY_INTEGER, NPY_UNSIGNED, NPY_UNSIGNED,
                                     NPY_FLOAT,   NPY_UCS4,     NPY_BYTES};
    for (size_t k = 0; k < sizeof named / sizeof *named; ++k)
        if (!strcmp(descr, named[k].name)) {
            *out = named[k].type;
            return IPL_OK;
        }
    const char order = descr[0], letter = order ? descr[1] : 0;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (!found || !strchr("<>|", order) || descr[2] < '0' || descr[2] > '9')
        return refuse(path, descr);
    char *end;
    const long size = strtol(descr + 2, &end, 10);
    const npy_kind kind = kinds[found - letters];
    const int one_byte = kind == NPY_BYTES || size == 1;
    if (*end || !known_size(kind, letter, size) ||
        (order == '|' && (!one_byte || kind == NPY_UCS4)))
        return refuse(path, descr);
    *out = (npy_type){kind, (int)(kind == NPY_UCS4 ? 4 * size : size), order == '>'};
    return IPL_OK;
}

int ipl_npy_type_is_word(npy_type type)
{
    return type.kind == NPY_UCS4 || type.kind == NPY_BYTES;
}

int ipl_npy_type_is_narrow(npy_type type)
{
    if (type.kind == NPY_INTEGER || type.kind == NPY_UNSIGNED) return type.bytes <= 2;
    return type.bytes <= 4;
}

/* -- Numbers ----------------------------------------------------------------------*/

/* 2^exponent, of a normal float32. */
static float power_of_two(int exponent)
{
    const uint32_t bits = (uint32_t)(exponent + 127) << 23;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static float from_float16(uint32_t code)
{
    const uint32_t exponent = code >> 10 & 31, fraction = code & 1023;
    const float sign = code >> 15 ? -1.0f : 1.0f;
    if (exponent == 31) return fraction ? NAN : sign * INFINITY;
    if (!exponent) return sign * (float)fraction * power_of_two(-24);
    return sign * (float)(1024 + fraction) * power_of_two((int)exponent - 25);
}

static float from_e4m3fn(uint32_t code)
{
    const uint32_t exponent = code >> 3 & 15, fraction = code & 7;
    const float sign = code >> 7 ? -1.0f : 1.0f;
    if (exponent == 15 && fraction == 7) return NAN;
    if (!exponent) return sign * (float)fraction * power_of_two(-9);
    return sign * (float)(8 + fraction) * power_of_two((int)exponent - 10);
}

/* x86 sets the top bit of the mantissa of all but 0 and subnormal numbers. In another
 * machine's long double, of 113 bits, that bit and the ten bytes mean other things. */
static npy_value from_long_double(const unsigned char *at, int bytes)
{
    npy_value v = {.real = 0.0};
    long double exact = 0.0L;
    const int exponent = at[8] | (at[9] & 127) << 8;
    uint64_t mantissa;
    memcpy(&mantissa, at, 8);
    v.invalid = (exponent != 0) != (int)(mantissa >> 63);
    if (v.invalid) return v;
    memcpy(&exact, at, 10 < sizeof exact ? 10 : sizeof exact);
    v.real = (double)exact;
    v.rounded = !isnan(v.real) && (long double)v.real != exact;
    for (int b = 10; b < bytes && !exponent && !mantissa; ++b) v.odd_zero |= at[b] != 0;
    return v;
}

static double from_float(npy_type type, const unsigned char *at)
{
    uint32_t code = 0;
    float single;
    double real;
    if (type.bytes == 8) {
        memcpy(&real, at, 8);
        return real;
    }
    memcpy(&code, at, (size_t)type.bytes);
    if (type.kind == NPY_E4M3FN) return from_e4m3fn(code);
    if (type.bytes == 1) return from_float16(code << 8); /* e5m2: its upper byte     */
    if (type.kind == NPY_FLOAT && type.bytes == 2) return from_float16(code);
    if (type.kind == NPY_BFLOAT16) code <<= 16;          /* float32's upper half     */
    memcpy(&single, &code, 4);
    return single;
}

npy_value ipl_npy_value(npy_type type, const unsigned char *at)
{
    unsigned char turned[VALUE_BYTES_MAX];
    npy_value v = {.real = 0.0};
    for (int b = 0; type.swapped && b < type.bytes; ++b)
        turned[b] = at[type.bytes - 1 - b];
    if (type.swapped) at = turned;
    if (type.kind == NPY_INTEGER || type.kind == NPY_UNSIGNED) {
        memcpy(&v.natural, at, (size_t)type.bytes); /* little endian: low bytes first */
        const int unused = 64 - 8 * type.bytes;
        /* An arithmetic shift spreads the sign; compilers of interest all do so. */
        v.whole = (int64_t)(v.natural << unused) >> unused;
        /* 2^64 and 2^63 are doubles that do not convert back. */
        const int is_signed = type.kind == NPY_INTEGER;
        v.real = is_signed ? (double)v.whole : (double)v.natural;
        v.rounded = is_signed ? v.real >= 0x1p63 || (int64_t)v.real != v.whole
                              : v.real >= 0x1p64 || (uint64_t)v.real != v.natural;
    } else if (type.bytes > 8) {
        v = from_long_double(at, type.bytes);
    } else {
        v.real = from_float(type, at);
    }
    return v;
}

/* -- Words ------------------------------------------------------------------------*/

static int utf8(uint32_t code, char out[4])
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    const int bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int b = bytes - 1; b > 0; --b, code >>= 6)
        out[b] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[bytes] | code);
    return bytes;
}

npy_word ipl_npy_word(npy_type type, const unsigned char *at, char *out)
{
    const int wide = type.kind == NPY_UCS4, step = wide ? 4 : 1;
    int ended = 0;
    for (int b = 0; b < type.bytes; b += step) {
        uint32_t code = at[b];
        for (int k = 1; k < step; ++k) code |= (uint32_t)at[b + k] << 8 * k;
        if (type.swapped && wide)
            code = code >> 24 | (code >> 8 & 0xff00) | (code & 0xff00) << 8 |
                   code << 24;
        if (code > 0x10ffff || (wide && code >= 0xd800 && code < 0xe000))
            return NPY_WORD_NO_CHARACTER;
        if (code && ended) return NPY_WORD_ZERO;
        ended |= !code;
        if (ended) continue;
        if (wide) out += utf8(code, out);
        else *out++ = (char)code;
    }
    *out = 0;
    return NPY_WORD_DONE;
}
