/*
 * npy_write.c - writing NumPy's NPY files, format 1.0, C order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ipl_data.h"
#include "file.h"

/* The header, padded so that the values start at a multiple of 64 bytes. */
static size_t make_header(const char *descr, int64_t rows, int64_t cols, char at[128])
{
    char shape[48];
    snprintf(shape, sizeof shape,
             cols ? "(%" PRId64 ", %" PRId64 ")" : "(%" PRId64 ",)",
             rows, cols);
    memcpy(at, "\x93NUMPY\x01\x00", 8);
    memset(at + 10, ' ', 118);
    const int used = snprintf(at + 10, 118, "{'descr': '%s', 'fortran_order': False, "
                              "'shape': %s, }", descr, shape);
    at[10 + used] = ' '; /* where snprintf ended the text */
    at[127] = '\n';
    at[8] = 118;
    at[9] = 0;
    return 128;
}

static ipl_status write_array(const char *path, const char *descr, int64_t rows,
                              int64_t cols, const void *values)
{
    char header[128];
    IPL_REQUIRE(path && values, "path or values are NULL");
    IPL_REQUIRE(rows > 0 && cols >= 0 &&
                    (!cols || rows <= INT64_MAX / 4 / cols), /* 4 bytes a value */
                "%s: array of %" PRId64 " x %" PRId64, path, rows, cols);
    const size_t count = (size_t)rows * (size_t)(cols ? cols : 1);
    const ipl_file_part part[2] = {
        {header, make_header(descr, rows, cols, header)}, {values, 4 * count}};
    return ipl_file_replace(IPL_FILE_PATH, path, 2, part);
}

ipl_status ipl_npy_write_float32(const char *path, int64_t rows, int64_t cols,
                                 const float *values)
{
    return write_array(path, "<f4", rows, cols, values);
}

ipl_status ipl_npy_write_int32(const char *path, int64_t rows, const int32_t *values)
{
    return write_array(path, "<i4", rows, 0, values);
}
