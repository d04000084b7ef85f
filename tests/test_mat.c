/*
 * test_mat.c - MATLAB files: classes, forms, every kind of damage.
 *
 * Files are written with libmatio; those that libmatio would not write are made from
 * its files by changing bytes.
 * In a build with MAT=0 the one test left is that of being refused.
 */
#ifdef IPL_WITH_MAT
#include <matio.h>
#endif

#include "check.h"
#include "files.h"
#include "ipl_data.h"

enum { ROWS = 5, COLS = 3 };

static char folder[FILES_PATH];

static ipl_data_options options_of(const char *path)
{
    ipl_data_options options = ipl_data_defaults();
    options.set = IPL_DATA_MAT;
    options.path = path;
    return options;
}

#ifdef IPL_WITH_MAT
/* Values first, first + 1, .. in MATLAB's order, as one of its numeric classes. */
static matvar_t *numbers(const char *name, enum matio_classes class, size_t rows,
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

static const char *write_mat(enum mat_ft level, enum matio_compression packing,
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

static matvar_t *some_inputs(void)
{
    return numbers("F", MAT_C_DOUBLE, ROWS, COLS, 0, 100);
}

static matvar_t *some_labels(void)
{
    return numbers("y", MAT_C_DOUBLE, 1, ROWS, 0, 3);
}

static void check_set(const char *path)
{
    const ipl_data_options o = options_of(path);
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_string_equal(d.name, "set");
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

static void every_numeric_class_level_and_packing_loads(void **state)
{
    (void)state;
    static const enum mat_ft level[] = {MAT_FT_MAT5, MAT_FT_MAT73};
    for (int class = MAT_C_DOUBLE; class <= MAT_C_UINT64; ++class)
        for (int l = 0; l < 2; ++l)
            for (int packed = 0; packed < 2; ++packed)
                check_set(write_mat(
                    level[l], packed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE,
                    numbers("F", (enum matio_classes)class, ROWS, COLS, 0, 100),
                    numbers("y", (enum matio_classes)class, 1, ROWS, 0, 3)));
}

static void labels_may_be_a_row_or_a_column(void **state)
{
    (void)state;
    check_set(write_mat(MAT_FT_MAT5, MAT_COMPRESSION_ZLIB, some_inputs(),
                        numbers("y", MAT_C_UINT8, ROWS, 1, 0, 3)));
    check_set(write_mat(MAT_FT_MAT5, MAT_COMPRESSION_ZLIB, some_inputs(),
                        numbers("y", MAT_C_UINT8, 1, ROWS, 0, 3)));
}

/* Appends a word, most significant byte first. */
static size_t put_word(unsigned char *at, size_t used, uint32_t word)
{
    for (int b = 0; b < 4; ++b) at[used + b] = (unsigned char)(word >> (24 - 8 * b));
    return used + 4;
}

/* A matrix of doubles 0, 1, .. modulo `modulus`, written big-endian by hand. */
static size_t put_matrix(unsigned char *at, size_t used, char name, uint32_t rows,
                         uint32_t cols, uint32_t modulus)
{
    const uint32_t words[] = {14, 48 + 8 * rows * cols, 6, 8, 6, 0, 5, 8, rows, cols,
                              1u << 16 | 1, (uint32_t)name << 24, 9, 8 * rows * cols};
    for (size_t w = 0; w < sizeof words / sizeof *words; ++w)
        used = put_word(at, used, words[w]);
    for (uint32_t e = 0; e < rows * cols; ++e) {
        const double value = e % modulus;
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        used = put_word(at, used, (uint32_t)(bits >> 32));
        used = put_word(at, used, (uint32_t)bits);
    }
    return used;
}

static void big_endian_files_load(void **state)
{
    (void)state;
    const char *path = files_path(folder, "set.mat");
    unsigned char content[1024];
    memset(content, ' ', 124);
    memcpy(content, "MATLAB 5.0 MAT-file", 19);
    memcpy(content + 124, "\1\0MI", 4);
    size_t used = put_matrix(content, 128, 'F', ROWS, COLS, 100);
    used = put_matrix(content, used, 'y', 1, ROWS, 3);
    files_write(path, used, content);
    check_set(path);
}

static void refused(matvar_t *f, matvar_t *y, const char *words)
{
    const ipl_data_options o = options_of(
        write_mat(MAT_FT_MAT5, MAT_COMPRESSION_ZLIB, f, y));
    ipl_dataset d = {0};
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, words);
    CHECK(strstr(ipl_last_error(), "set.mat"));
    assert_null(d.x);
}

static void wrong_variables_are_named(void **state)
{
    (void)state;
    size_t one[2] = {1, 5}, three[3] = {5, 3, 2};
    double part[10] = {0}, half[5] = {0, 1, 0.5, 1, 0}, nan[15] = {0};
    mat_complex_split_t complex_part = {part, part};
    size_t five_three[2] = {5, 3};
    refused(NULL, some_labels(), "no variable F");
    refused(some_inputs(), NULL, "no variable y");
    refused(Mat_VarCreate("F", MAT_C_CHAR, MAT_T_UTF8, 2, one, "words", 0),
            some_labels(), "F is not numeric: expected a full matrix of real numbers");
    refused(Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, &complex_part,
                          MAT_F_COMPLEX), some_labels(), "F is complex");
    refused(Mat_VarCreateStruct("F", 2, one, NULL, 0), some_labels(),
            "at byte 128 is a cell array, struct or object: exp");
    double cube[30] = {0};
    refused(Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 3, three, cube, 0),
            some_labels(), "F has 3 dimensions: expected 2");
    refused(numbers("F", MAT_C_UINT8, 0, 3, 0, 2), some_labels(), "F is 0 x 3");
    refused(some_inputs(), numbers("y", MAT_C_UINT8, 1, 4, 0, 2),
            "y is 1 x 4: expected a label for each of the 5 rows of /tmp/");
    refused(some_inputs(), numbers("y", MAT_C_UINT8, 5, 2, 0, 3),
            "y is 5 x 2 and not one-hot");
    refused(some_inputs(), Mat_VarCreate("y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, half,
                                         0),
            "y: row 2 is 0.5: expected whole numbers or words");
    nan[7] = NAN; /* column 1, row 2                                                */
    refused(Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, five_three, nan, 0),
            some_labels(), "F: row 2, column 1 is nan: expected finite");
    nan[7] = 1e39;
    refused(Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, five_three, nan, 0),
            some_labels(), "F: row 2, column 1 is 1e+39: above the 3.4e+38 that float");
    half[2] = INFINITY;
    refused(some_inputs(), Mat_VarCreate("y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, half,
                                         0),
            "y: row 2 is inf");
}

static void files_that_are_no_matlab_files_are_refused(void **state)
{
    (void)state;
    const char *path = files_path(folder, "set.mat");
    ipl_data_options o = options_of("/no/such.mat");
    ipl_dataset d = {0};
    unsigned char bytes[1024] = {0};
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "/no/such.mat: No such file");
    o.path = path;
    files_write(path, 0, bytes);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "the file is empty");
    files_write(path, 127, bytes);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "inside the MATLAB header");
    files_write(path, 128, bytes);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "bytes 124 to 127 are 00 00 00 00: expected a MATLAB file of level 5");
    memcpy(bytes + 124, "\0\1IM\16\0\0\0\10\0\0\0", 12); /* header of a matrix only  */
    files_write(path, 144, bytes);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "set.mat");
    bytes[128] = 3; /* a bare element                                                */
    files_write(path, 144, bytes);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "element of type 3 at byte 128");
    memcpy(bytes + 124, "\0\2IM", 4);
    files_write(path, 1024, bytes);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "expected the HDF5 signature");
    memcpy(bytes + 512, "\x89HDF\r\n\x1a\n", 8);
    files_write(path, 1024, bytes);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "its HDF5 content is damaged or cut off");
}

static void sizes_that_the_file_cannot_hold_are_not_allocated(void **state)
{
    (void)state;
    static const uint32_t claim[2] = {40000, 50000}; /* 16 GB of doubles            */
    size_t bytes;
    const char *path = write_mat(MAT_FT_MAT5, MAT_COMPRESSION_NONE, some_inputs(),
                                 some_labels());
    unsigned char *content = files_read(path, &bytes);
    const ipl_data_options o = options_of(path);
    ipl_dataset d = {0};
    memcpy(content + 160, claim, sizeof claim); /* header, three tags, flags          */
    files_write(path, bytes, content);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "F is 40000 x 50000: expected 1 to ");
    free(content);
}

/* Cut anywhere, or with one byte changed, a file is refused, or (where the change is
 * in the comment at its start, a name or a value) still gives a whole set; it never
 * does worse. Compressed variables have a checksum, so there nothing passes. */
static void damage_anywhere_is_survived(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; ++packed) {
        size_t bytes;
        const char *path = write_mat(
            MAT_FT_MAT5, packed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE,
            some_inputs(), some_labels());
        unsigned char *whole = files_read(path, &bytes);
        const ipl_data_options o = options_of(path);
        ipl_dataset d = {0};
        for (size_t cut = 0; cut < bytes; ++cut) {
            files_write(path, cut, whole);
            CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "set.mat");
        }
        for (size_t at = 0; at < bytes; ++at) {
            whole[at] ^= 0x55;
            files_write(path, bytes, whole);
            whole[at] ^= 0x55;
            if (ipl_dataset_load(&o, &d) == IPL_OK) {
                CHECK(!packed || at < 124);
                ipl_dataset_free(&d);
            } else {
                CHECK(strstr(ipl_last_error(), "set.mat"));
            }
        }
        free(whole);
    }
}

static void a_cut_file_of_level_7_3_is_refused(void **state)
{
    (void)state;
    size_t bytes;
    const char *path = write_mat(MAT_FT_MAT73, MAT_COMPRESSION_NONE, some_inputs(),
                                 some_labels());
    unsigned char *whole = files_read(path, &bytes);
    const ipl_data_options o = options_of(path);
    ipl_dataset d = {0};
    for (size_t cut = 0; cut < bytes; cut += 61) {
        files_write(path, cut, whole);
        CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "set.mat");
    }
    free(whole);
}

static const check_test tests[] = {
    CHECK_TEST(every_numeric_class_level_and_packing_loads),
    CHECK_TEST(labels_may_be_a_row_or_a_column),
    CHECK_TEST(big_endian_files_load),
    CHECK_TEST(wrong_variables_are_named),
    CHECK_TEST(files_that_are_no_matlab_files_are_refused),
    CHECK_TEST(sizes_that_the_file_cannot_hold_are_not_allocated),
    CHECK_TEST(damage_anywhere_is_survived),
    CHECK_TEST(a_cut_file_of_level_7_3_is_refused),
};

#else

static void without_libmatio_the_text_says_how_to_get_it(void **state)
{
    (void)state;
    const ipl_data_options o = options_of(files_path(folder, "set.mat"));
    ipl_dataset d = {0};
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_UNSUPPORTED,
                "set.mat: this build reads no MATLAB files: install libmatio-dev");
}

static void matlab_files_load(void **state)
{
    (void)state;
    printf("# SKIP MATLAB files: built with MAT=0\n");
    skip();
}

static const check_test tests[] = {
    CHECK_TEST(without_libmatio_the_text_says_how_to_get_it),
    CHECK_TEST(matlab_files_load),
};
#endif

int main(int argc, char **argv)
{
    files_make_folder(folder);
    const int failed = check_main("mat", tests, sizeof tests / sizeof *tests, 0, argc,
                                  argv);
    files_remove_folder(folder);
    return failed;
}
