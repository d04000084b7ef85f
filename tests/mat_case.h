/*
 * mat_case.h - what the tests of MATLAB files share: a small set, written by libmatio.
 */
#ifndef MAT_CASE_H
#define MAT_CASE_H

#ifdef IPL_WITH_MAT
#include <matio.h>
#endif

#include "check.h"
#include "files.h"
#include "ipl_data.h"

enum { ROWS = 5, COLS = 3 };

static char folder[FILES_PATH];

static inline ipl_data_options options_of(const char *path)
{
    ipl_data_options options = ipl_data_defaults();
    options.set = IPL_DATA_MAT;
    options.path = path;
    return options;
}

#ifdef IPL_WITH_MAT
/* Values first, first + 1, .. in MATLAB's order, as one of its numeric classes. */
static inline matvar_t *numbers(const char *name, enum matio_classes class, size_t rows,
                         size_t cols, int first, int modulus)
{
    static const struct { enum matio_types type; int bytes; } how[] = {
        [MAT_C_DOUBLE] = {MAT_T_DOUBLE, 8}, [MAT_C_SINGLE] = {MAT_T_SINGLE, 4},
        [MAT_C_INT8] = {MAT_T_INT8, 1},     [MAT_C_UINT8] = {MAT_T_UINT8, 1},
        [MAT_C_INT16] = {MAT_T_INT16, 2},   [MAT_C_UINT16] = {MAT_T_UINT16, 2},
        [MAT_C_INT32] = {MAT_T_INT32, 4},   [MAT_C_UINT32] = {MAT_T_UINT32, 4},
        [MAT_C_INT64] = {MAT_T_INT64, 8},   [MAT_C_UINT64] = {MAT_T_UINT64, 8}};
    size_t dims[2] = {rows, cols};
    unsigned char values[8 * 64];
    assert_true(rows * cols <= 64);
    for (size_t e = 0; e < rows * cols; ++e) {
        const int64_t whole = first + (int)e % modulus;
        const double real = (double)whole;
        const float single = (float)whole;
        const void *from = class == MAT_C_DOUBLE   ? (const void *)&real
                           : class == MAT_C_SINGLE ? (const void *)&single
                                                   : (const void *)&whole;
        memcpy(values + e * (size_t)how[class].bytes, from, (size_t)how[class].bytes);
    }
    matvar_t *var = Mat_VarCreate(name, class, how[class].type, 2, dims, values, 0);
    assert_non_null(var);
    return var;
}

static inline const char *write_mat(enum mat_ft level, enum matio_compression packing,
                                    matvar_t *f, matvar_t *y)
{
    const char *path = files_path(folder, "set.mat");
    unlink(path);
    mat_t *mat = Mat_CreateVer(path, NULL, level);
    assert_non_null(mat);
    if (f) assert_int_equal(Mat_VarWrite(mat, f, packing), 0);
    if (y) assert_int_equal(Mat_VarWrite(mat, y, packing), 0);
    Mat_VarFree(f);
    Mat_VarFree(y);
    Mat_Close(mat);
    return path;
}

static inline matvar_t *some_inputs(void)
{
    return numbers("F", MAT_C_DOUBLE, ROWS, COLS, 0, 100);
}

static inline matvar_t *some_labels(void)
{
    return numbers("y", MAT_C_DOUBLE, 1, ROWS, 0, 3);
}

/* A struct of one element with two fields, which it owns. */
static inline matvar_t *pair(const char *name, const char *first, matvar_t *a,
                             const char *second, matvar_t *b)
{
    size_t one[2] = {1, 1};
    const char *fields[2] = {first, second};
    matvar_t *made = Mat_VarCreateStruct(name, 2, one, fields, 2);
    Mat_VarSetStructFieldByName(made, first, 0, a);
    Mat_VarSetStructFieldByName(made, second, 0, b);
    return made;
}

/* EMNIST's layout: training images 0 .. 9, test images from 100; two pixels each. */
static inline matvar_t *some_emnist(void)
{
    matvar_t *train = pair("train", "images", numbers("", MAT_C_UINT8, 5, 2, 0, 100),
                           "labels", numbers("", MAT_C_UINT8, 5, 1, 0, 3));
    matvar_t *test = pair("test", "images", numbers("", MAT_C_UINT8, 2, 2, 100, 100),
                          "labels", numbers("", MAT_C_DOUBLE, 2, 1, 2, 4));
    return pair("dataset", "train", train, "test", test);
}

/* F, 5 x 3, with the values 1, 2, 3. */
static inline matvar_t *some_sparse(void)
{
    static mat_uint32_t row[3] = {0, 3, 4}, start[4] = {0, 2, 2, 3};
    static double values[3] = {1, 2, 3};
    static mat_sparse_t s = {3, row, 3, start, 4, 3, values};
    size_t dims[2] = {ROWS, COLS};
    matvar_t *var = Mat_VarCreate("F", MAT_C_SPARSE, MAT_T_DOUBLE, 2, dims, &s,
                                  MAT_F_DONT_COPY_DATA);
    assert_non_null(var);
    return var;
}

/* The set that some_inputs and some_labels make: column c of row r is 5 c + r. */
static inline void check_loaded(const ipl_data_options *o)
{
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(o, &d));
    assert_int_equal(d.rows, ROWS);
    assert_int_equal(d.inputs, COLS);
    assert_int_equal(d.classes, 3);
    for (int r = 0; r < ROWS; ++r) {
        assert_int_equal(d.y[r], r % 3);
        for (int c = 0; c < COLS; ++c)
            CHECK(d.x[r * COLS + c] == (float)(c * ROWS + r));
    }
    ipl_dataset_free(&d);
}

static inline void check_set(const char *path)
{
    const ipl_data_options o = options_of(path);
    check_loaded(&o);
}

static inline void check_refused_as(const ipl_data_options *o, ipl_status status,
                                    const char *words)
{
    ipl_dataset d = {0};
    CHECK_FAILS(ipl_dataset_load(o, &d), status, words);
    CHECK(strstr(ipl_last_error(), "set.mat"));
    assert_null(d.x);
}

static inline void check_refused(const ipl_data_options *o, const char *words)
{
    check_refused_as(o, IPL_E_FORMAT, words);
}

#else

static inline void matlab_files_load(void **state)
{
    (void)state;
    printf("# SKIP MATLAB files: built with MAT=0\n");
    skip();
}
#endif

static inline int mat_main(const char *group, const check_test *tests, size_t count,
                           int argc, char **argv)
{
    files_make_folder(folder);
    const int failed = check_main(group, tests, count, 0, argc, argv);
    files_remove_folder(folder);
    return failed;
}

#endif
