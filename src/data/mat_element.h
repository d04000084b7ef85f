/*
 * mat_element.h - one element of a MATLAB file of level 5, checked to its last byte.
 */
#ifndef IPL_MAT_ELEMENT_H
#define IPL_MAT_ELEMENT_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "data/input.h"

enum { MAT_PIECE_BYTES = 1 << 14 };

typedef struct {
    const char *path;
    ipl_input  *in;
    uint64_t    at; /* bytes of the file read so far                              */
    int         big_endian;
    int         parts; /* matrices inside of containers so far                    */
    /* The element that is being read. */
    uint64_t start, left; /* its place; bytes of it in the file still unread      */
    int      packed, ended;
    z_stream z;
    unsigned char piece[MAT_PIECE_BYTES];
} mat_file;

/* A 32-bit word in the file's order of bytes. */
uint32_t ipl_mat_word(const mat_file *f, const unsigned char *bytes);

/* The next bytes of the file. E_FORMAT: it ends inside `what`. */
ipl_status ipl_mat_take(mat_file *f, const char *what, size_t bytes, void *at);

/* Reads the element that is next in the file. E_FORMAT: what of it is not as MATLAB
 * writes it, or is of a class that libmatio is not trusted with. */
ipl_status ipl_mat_check_element(mat_file *f);

#endif
