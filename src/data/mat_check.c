/*
 * mat_check.c - the frame of MATLAB files, checked before a library reads them.
 *
 * A level 5 file is a header of 128 bytes, then elements: a tag of two 32-bit words
 * (type, bytes) and so many bytes, which are a matrix or, compressed, a zlib stream
 * of one (mat_element.c). A level 7.3 file has the same header before an HDF5 file.
 * Source: MATLAB "MAT-File Format", R2015b, chapter 1. libmatio 1.5 takes cut-off and
 * damaged elements for shorter ones, sizes of any number for memory to be asked for,
 * and keeps an unpacker for each part of a compressed container.
 */
#include "data/mat_check.h"

#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "data/mat_element.h"

enum { HEADER_BYTES = 128, HDF5_AT = 512, LEVEL_5 = 0x0100, LEVEL_7_3 = 0x0200 };

static int is_hdf5(const unsigned char *at)
{
    return !memcmp(at, "\x89HDF\r\n\x1a\n", 8);
}

/* Level 4: words of a type (M0PT, in decimal digits), rows, columns, 0 or 1 for
 * complex, and the length of the name, which follows with a zero at its end. */
static int is_level4(mat_file *f, const unsigned char *header, size_t bytes)
{
    for (f->big_endian = 0; bytes > 21 && f->big_endian < 2; ++f->big_endian) {
        const uint32_t type = ipl_mat_word(f, header);
        const uint32_t name = ipl_mat_word(f, header + 16);
        if (type < 5000 && type / 100 % 10 == 0 && type % 10 < 3 &&
            ipl_mat_word(f, header + 12) < 2 && name > 1 && name < bytes - 20 &&
            header[20] && !header[20 + name - 1])
            return 1;
    }
    return 0;
}

/* What else a user may take for a MATLAB file of today. */
static ipl_status refuse_header(mat_file *f, const unsigned char *header, size_t bytes)
{
    if (bytes > 20 && !memcmp(header, "# Created by Octave", 19))
        return IPL_FAIL(IPL_E_FORMAT, "%s: is in Octave's text format: save it as a "
                        "MATLAB file, save -v7 FILE F y", f->path);
    if (is_level4(f, header, bytes))
        return IPL_FAIL(IPL_E_FORMAT, "%s: is a MATLAB file of level 4: load it and "
                        "save it anew, save('FILE', 'F', 'y', '-v7')", f->path);
    if (bytes > 4 && !memcmp(header, "PK\3\4", 4))
        return IPL_FAIL(IPL_E_FORMAT, "%s: is a zip or npz file: set = arrays reads "
                        "npz", f->path);
    if (memcmp(header, "MATLAB", 6))
        IPL_TRY(ipl_foreign_check(f->path, bytes, header));
    if (bytes < HEADER_BYTES)
        return IPL_FAIL(IPL_E_FORMAT, "%s: ends at byte %zu inside the MATLAB header: "
                        "expected it to reach byte %d", f->path, bytes, HEADER_BYTES);
    return IPL_FAIL(IPL_E_FORMAT, "%s: bytes 124 to 127 are %02x %02x %02x %02x: "
                    "expected a MATLAB file of level 5 or 7.3 (00 01 49 4d or 00 02 49 "
                    "4d), or HDF5", f->path, header[124], header[125], header[126],
                    header[127]);
}

static ipl_status check_file(mat_file *f, int *hdf5)
{
    unsigned char header[HDF5_AT + 8] = {0};
    const uint64_t bytes = ipl_input_bytes(f->in);
    const size_t first = bytes < HEADER_BYTES ? (size_t)bytes : HEADER_BYTES;
    IPL_TRY(ipl_mat_take(f, "the MATLAB header", first, header));
    *hdf5 = is_hdf5(header);
    if (*hdf5) return IPL_OK;
    if (first < HEADER_BYTES) return refuse_header(f, header, first);
    const int little = !memcmp(header + 126, "IM", 2);
    f->big_endian = !memcmp(header + 126, "MI", 2);
    const unsigned level = f->big_endian ? header[124] << 8 | header[125]
                                         : header[125] << 8 | header[124];
    const int matlab = little || f->big_endian;
    if (matlab && level == LEVEL_5) {
        while (f->at < bytes) IPL_TRY(ipl_mat_check_element(f));
        return IPL_OK;
    }
    /* HDF5 begins behind a block for the user, which MATLAB fills by its header. */
    if (bytes >= HDF5_AT + 8) {
        IPL_TRY(ipl_mat_take(f, "the gap before HDF5", sizeof header - HEADER_BYTES,
                     header + HEADER_BYTES));
        *hdf5 = is_hdf5(header + HDF5_AT);
        if (*hdf5) return IPL_OK;
    }
    if (matlab && level == LEVEL_7_3)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no HDF5 signature at byte 512 (89 48 44 46 "
                        "..): a file of level 7.3 that is damaged or cut off", f->path);
    return refuse_header(f, header, first);
}

ipl_status ipl_mat_check(const char *path, int *hdf5)
{
    mat_file *f = calloc(1, sizeof *f);
    if (!f) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", path);
    ipl_status st = IPL_OK;
    f->path = path;
    IPL_TRY_DONE(ipl_input_open(path, &f->in));
    if (ipl_input_is_gzip(f->in)) { /* the libraries read the file itself        */
        st = IPL_FAIL(IPL_E_FORMAT, "%s: is a gzip file: unpack it with gunzip", path);
        goto done;
    }
    st = check_file(f, hdf5);
done:
    ipl_input_close(f->in);
    free(f);
    return st;
}
