/*
 * fuzz_mat.c - any bytes as a MATLAB file of level 5: loaded, or refused.
 *
 * Bits of the first byte: 1: the rest, cut at a multiple of 8, is two matrix elements,
 * which are compressed correctly into a file, since bytes that are changed after
 * packing fail at the checksum and never reach libmatio; else the rest is the file.
 * 2: inputs and labels are fields of the struct `s`. 4: rows are the last axis.
 */
#include "fuzz.h"

#include <matio.h>

enum { HEADER = 128, CONTENT = 1 << 16 };
enum { PACKED = 1, FIELDS = 2, LAST = 4 };

static void write_header(unsigned char at[HEADER])
{
    memset(at, ' ', HEADER);
    memcpy(at, "MATLAB 5.0 MAT-file", 19);
    memcpy(at + 124, "\0\1IM", 4);
}

/* A file of one or two variables, which it frees, in the target's own form. */
static void seed(const char *corpus, const char *name, enum matio_compression packing,
                 int choice, matvar_t *first, matvar_t *second)
{
    size_t bytes;
    const char *path = files_path(corpus, name);
    mat_t *mat = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    if (!mat || !first) abort();
    Mat_VarWrite(mat, first, packing);
    if (second) Mat_VarWrite(mat, second, packing);
    Mat_VarFree(first);
    Mat_VarFree(second);
    Mat_Close(mat);
    unsigned char *whole = files_read(path, &bytes), *form = malloc(bytes + 1);
    if (!form) abort();
    form[0] = (unsigned char)choice;
    memcpy(form + 1, whole, bytes);
    files_write(path, bytes + 1, form);
    if (packing == MAT_COMPRESSION_NONE) { /* elements alone, to be compressed       */
        char other[64];
        uint32_t length; /* of the first element, behind its tag                     */
        snprintf(other, sizeof other, "packed-%s", name);
        memcpy(&length, whole + HEADER + 4, 4);
        form[0] = (unsigned char)(choice | PACKED);
        form[1] = (unsigned char)((length + 8) / 8);
        memcpy(form + 2, whole + HEADER, bytes - HEADER);
        files_write(files_path(corpus, other), 2 + bytes - HEADER, form);
    }
    free(whole);
    free(form);
}

static matvar_t *inputs(enum matio_classes class, enum matio_types type)
{
    static double reals[8] = {0.0, 1.0, -2.5, 1e30};
    size_t dims[2] = {4, 2};
    return Mat_VarCreate("F", class, type, 2, dims, reals, 0);
}

static matvar_t *labels(void)
{
    static unsigned char label[4] = {0, 1, 1, 0};
    size_t row[2] = {1, 4};
    return Mat_VarCreate("y", MAT_C_UINT8, MAT_T_UINT8, 2, row, label, 0);
}

static matvar_t *pair(const char *name, matvar_t *f, matvar_t *y)
{
    static const char *fields[2] = {"F", "y"};
    size_t one[2] = {1, 1};
    matvar_t *made = Mat_VarCreateStruct(name, 2, one, fields, 2);
    Mat_VarSetStructFieldByName(made, "F", 0, f);
    Mat_VarSetStructFieldByName(made, "y", 0, y);
    return made;
}

static void seed_forms(const char *corpus)
{
    static mat_uint32_t row[2] = {0, 3}, start[3] = {0, 1, 2};
    static double values[12] = {1.0, -2.0};
    static mat_sparse_t s = {2, row, 2, start, 3, 2, values};
    size_t dims[2] = {4, 2}, cube[3] = {2, 1, 4}, one[2] = {1, 1};
    seed(corpus, "sparse", MAT_COMPRESSION_NONE, 0,
         Mat_VarCreate("F", MAT_C_SPARSE, MAT_T_DOUBLE, 2, dims, &s,
                       MAT_F_DONT_COPY_DATA), labels());
    seed(corpus, "cube", MAT_COMPRESSION_NONE, LAST,
         Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 3, cube, values, 0), labels());
    seed(corpus, "struct", MAT_COMPRESSION_NONE, FIELDS,
         pair("s", inputs(MAT_C_INT16, MAT_T_INT16), labels()), NULL);
    seed(corpus, "nested", MAT_COMPRESSION_NONE, FIELDS,
         pair("s", inputs(MAT_C_SINGLE, MAT_T_SINGLE),
              pair("", labels(), inputs(MAT_C_INT8, MAT_T_INT8))), NULL);
    matvar_t *cell[1] = {labels()};
    seed(corpus, "cell", MAT_COMPRESSION_NONE, 0,
         Mat_VarCreate("c", MAT_C_CELL, MAT_T_CELL, 2, one, cell, 0), labels());
    mat_complex_split_t complex = {values, values};
    seed(corpus, "complex", MAT_COMPRESSION_NONE, 0,
         Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, &complex,
                       MAT_F_COMPLEX), labels());
    seed(corpus, "char", MAT_COMPRESSION_NONE, 0, labels(),
         Mat_VarCreate("F", MAT_C_CHAR, MAT_T_UTF8, 2, one, "w", 0));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (!corpus) return 0;
    seed(corpus, "double", MAT_COMPRESSION_NONE, 0, inputs(MAT_C_DOUBLE, MAT_T_DOUBLE),
         labels());
    seed(corpus, "uint8", MAT_COMPRESSION_NONE, 0, inputs(MAT_C_UINT8, MAT_T_UINT8),
         labels());
    seed(corpus, "int32", MAT_COMPRESSION_ZLIB, 0, inputs(MAT_C_INT32, MAT_T_INT32),
         labels());
    seed(corpus, "single", MAT_COMPRESSION_ZLIB, 0, inputs(MAT_C_SINGLE, MAT_T_SINGLE),
         labels());
    seed_forms(corpus);
    return 0;
}

/* Appends `bytes` as one compressed element; returns the new length. */
static size_t pack(const uint8_t *from, size_t bytes, unsigned char *content,
                   size_t used)
{
    if (!bytes) return used;
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
    if (data[0] & PACKED) {
        const size_t rest = bytes - 2;
        const size_t first = (size_t)data[1] * 8 < rest ? (size_t)data[1] * 8 : rest;
        write_header(content);
        length = pack(data + 2, first, content, HEADER);
        length = pack(data + 2 + first, rest - first, content, length);
    } else {
        length = bytes - 1;
        memcpy(content, data + 1, length);
        /* HDF5 reads the other levels, and its own faults are not ours to find.      */
        if (memmem(content, length, "\x89HDF", 4)) return 0;
    }
    char path[64];
    const int at = fuzz_file(content, length, path);
    ipl_dataset d = {0};
    ipl_data_options options = ipl_data_defaults();
    options.set = IPL_DATA_MAT;
    options.path = path;
    if (data[0] & FIELDS) {
        options.mat_x = "s.F";
        options.mat_y = "s.y";
    }
    if (data[0] & LAST) options.mat_rows = IPL_MAT_ROWS_LAST;
    if (ipl_dataset_load(&options, &d) == IPL_OK) fuzz_check_set(&d);
    else fuzz_check_refusal(d.x);
    ipl_dataset_free(&d);
    close(at);
    return 0;
}
