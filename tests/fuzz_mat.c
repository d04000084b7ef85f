/*
 * fuzz_mat.c - any bytes as a MATLAB file of level 5: loaded, or refused.
 *
 * Even first byte: the rest is the file. Odd: the rest, cut at a multiple of 8, is two
 * matrix elements, which are compressed correctly into a file, since bytes that are
 * changed after packing fail at the checksum and never reach libmatio.
 *
 * Level 7.3 is left out: there HDF5 reads the file, which is not ours to test.
 */
#include "fuzz.h"

#include <matio.h>

enum { HEADER = 128, CONTENT = 1 << 16 };

static void write_header(unsigned char at[HEADER])
{
    memset(at, ' ', HEADER);
    memcpy(at, "MATLAB 5.0 MAT-file", 19);
    memcpy(at + 124, "\0\1IM", 4);
}

static void seed(const char *corpus, const char *name, enum matio_compression packing,
                 enum matio_classes class, enum matio_types type, void *values)
{
    size_t dims[2] = {4, 2}, row[2] = {1, 4}, bytes;
    static unsigned char label[4] = {0, 1, 1, 0};
    const char *path = files_path(corpus, name);
    mat_t *mat = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    matvar_t *f = Mat_VarCreate("F", class, type, 2, dims, values, 0);
    matvar_t *y = Mat_VarCreate("y", MAT_C_UINT8, MAT_T_UINT8, 2, row, label, 0);
    if (!mat || !f || !y) abort();
    Mat_VarWrite(mat, f, packing);
    Mat_VarWrite(mat, y, packing);
    Mat_VarFree(f);
    Mat_VarFree(y);
    Mat_Close(mat);
    /* The target's own form: a byte of choice before the file. */
    unsigned char *whole = files_read(path, &bytes), *form = malloc(bytes + 1);
    if (!form) abort();
    form[0] = 0;
    memcpy(form + 1, whole, bytes);
    files_write(path, bytes + 1, form);
    if (packing == MAT_COMPRESSION_NONE) { /* elements alone, to be compressed       */
        char other[64];
        snprintf(other, sizeof other, "packed-%s", name);
        /* F's element is its tag and so many bytes as the tag says.                 */
        uint32_t first;
        memcpy(&first, whole + HEADER + 4, 4);
        form[0] = 1;
        form[1] = (unsigned char)((first + 8) / 8);
        memcpy(form + 2, whole + HEADER, bytes - HEADER);
        files_write(files_path(corpus, other), 2 + bytes - HEADER, form);
    }
    free(whole);
    free(form);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static double reals[8] = {0.0, 1.0, -2.5, 1e30};
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (!corpus) return 0;
    seed(corpus, "double", MAT_COMPRESSION_NONE, MAT_C_DOUBLE, MAT_T_DOUBLE, reals);
    seed(corpus, "uint8", MAT_COMPRESSION_NONE, MAT_C_UINT8, MAT_T_UINT8, reals);
    seed(corpus, "int32", MAT_COMPRESSION_ZLIB, MAT_C_INT32, MAT_T_INT32, reals);
    seed(corpus, "single", MAT_COMPRESSION_ZLIB, MAT_C_SINGLE, MAT_T_SINGLE, reals);
    return 0;
}

/* Appends `bytes` as one compressed element; returns the new length. */
static size_t pack(const uint8_t *from, size_t bytes, unsigned char *content,
                   size_t used)
{
    uLongf packed = CONTENT - used - 8;
    if (compress2(content + used + 8, &packed, from, bytes, 1) != Z_OK) abort();
    const uint32_t tag[2] = {15, (uint32_t)packed};
    memcpy(content + used, tag, 8);
    return used + 8 + packed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static unsigned char content[CONTENT];
    size_t length = 0;
    if (bytes < 2 || bytes > CONTENT / 2) return 0;
    if (data[0] & 1) {
        const size_t rest = bytes - 2;
        const size_t first = (size_t)data[1] * 8 < rest ? (size_t)data[1] * 8 : rest;
        write_header(content);
        length = pack(data + 2, first, content, HEADER);
        length = pack(data + 2 + first, rest - first, content, length);
    } else {
        length = bytes - 1;
        memcpy(content, data + 1, length);
        if (length >= HEADER && (content[125] == 2 || content[124] == 2)) return 0;
    }
    char path[64];
    const int at = fuzz_file(content, length, path);
    ipl_dataset d = {0};
    ipl_data_options options = ipl_data_defaults();
    options.set = IPL_DATA_MAT;
    options.path = path;
    if (ipl_dataset_load(&options, &d) == IPL_OK) fuzz_check_set(&d);
    else fuzz_check_refusal(d.x);
    ipl_dataset_free(&d);
    close(at);
    return 0;
}
