/*
 * npy.h - the parts of the reader of NPY files: types, header, values.
 */
#ifndef IPL_NPY_H
#define IPL_NPY_H

#include "data/input.h"
#include "ipl_data.h"

/* bool reads as UNSIGNED; FLOAT of 1 byte is float8 e5m2. */
typedef enum {
    NPY_INTEGER,
    NPY_UNSIGNED,
    NPY_FLOAT,
    NPY_BFLOAT16,
    NPY_E4M3FN, /* float8 without infinities                                       */
    NPY_UCS4,   /* words of bytes / 4 characters, filled up with 0                 */
    NPY_BYTES   /* words of bytes, filled up with 0                                */
} npy_kind;

typedef struct {
    npy_kind kind;
    int      bytes;   /* of a value                                                */
    int      swapped; /* big endian                                                */
} npy_type;

typedef struct {
    npy_type type;
    int      fortran;
    int      dims;
    int64_t  shape[IPL_ARRAY_DIMS_MAX];
    int64_t  rows, cols; /* cols: all axes after the first                         */
} npy_header;

typedef struct {
    double   real;       /* rounded where even double cannot hold it               */
    int64_t  whole;      /* INTEGER                                                */
    uint64_t natural;    /* UNSIGNED                                               */
    int      rounded;
    int      invalid;    /* long double: a pattern that x86 does not write         */
    int      odd_zero;   /* long double: 0 with bytes after it that are not 0      */
} npy_value;

typedef enum { NPY_WORD_DONE, NPY_WORD_NO_CHARACTER, NPY_WORD_ZERO } npy_word;

/* From a descr such as "<f4". E_FORMAT: no numbers or words; says what it is. */
ipl_status ipl_npy_type_read(const char *path, const char *descr, npy_type *out);
int        ipl_npy_type_is_word(npy_type type);

/* 1: float32 holds each value of the type exactly. */
int ipl_npy_type_is_narrow(npy_type type);

/* The value at `at`; types of numbers. */
npy_value ipl_npy_value(npy_type type, const unsigned char *at);

/* The word at `at` as UTF-8, or as the bytes that it is, ended by a 0. `out` has
 * bytes + 1 bytes. NO_CHARACTER: beyond Unicode; ZERO: a character 0 inside. */
npy_word ipl_npy_word(npy_type type, const unsigned char *at, char *out);

/* Reads up to the first value and checks that all of them can be there. */
ipl_status ipl_npy_header_read(const char *path, ipl_input *in, npy_header *out);

/* The whole content of an NPY file. `labels`: as ipl_array_read_labels, else as
 * ipl_array_read. */
ipl_status ipl_npy_read(const char *path, ipl_input *in, int labels, ipl_array *out);

#endif
