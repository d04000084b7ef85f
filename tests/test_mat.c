/*
 * test_mat.c - MATLAB files: classes, variables by name, what is refused.
 *
 * Files are written with libmatio; those that it would not write are in
 * test_mat_layout.c, byte by byte.
 * In a build with MAT=0 the one test left is that of being refused.
 */
#include "mat_case.h"

#ifdef IPL_WITH_MAT
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

/* ---- variables by name -------------------------------------------------------- */

static const char *write_only(enum matio_compression packing, matvar_t *var)
{
    return write_mat(MAT_FT_MAT5, packing, var, NULL);
}

static void variables_are_chosen_by_name(void **state)
{
    (void)state;
    ipl_data_options o = options_of(write_mat(
        MAT_FT_MAT5, MAT_COMPRESSION_ZLIB,
        numbers("X", MAT_C_SINGLE, ROWS, COLS, 0, 100),
        numbers("labels", MAT_C_UINT8, ROWS, 1, 0, 3)));
    o.mat_x = "X";
    o.mat_y = "labels";
    check_loaded(&o);
    o.mat_y = "y";
    check_refused(&o, "no variable y: it has X (5 x 3 single), labels (5 x 1 uint8): "
                      "name one by data.mat_y");
    o.mat_x = "";
    check_refused(&o, "no variable F: it has X (5 x 3 single), labels (5 x 1 uint8): "
                      "name one by data.mat_x");
}

static void fields_of_structs_are_chosen_by_name(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; ++packed) {
        ipl_data_options o = options_of(write_only(
            packed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE,
            pair("set", "F", some_inputs(), "more", pair("more", "a", some_inputs(),
                                                        "y", some_labels()))));
        o.mat_x = "set.F";
        o.mat_y = "set.more.y";
        check_loaded(&o);
        o.mat_x = "set.more";
        check_refused(&o, "set.more is a struct of set.more.a (5 x 3 double), "
                          "set.more.y (1 x 5 double): name a field by data.mat_x");
        o.mat_x = "set.F.a";
        check_refused(&o, "no variable set.F.a");
    }
}

static ipl_data_options emnist(enum mat_ft level)
{
    return options_of(write_mat(level, MAT_COMPRESSION_ZLIB, some_emnist(), NULL));
}

static void emnist_needs_no_names(void **state)
{
    (void)state;
    static const int level[] = {MAT_FT_MAT5, MAT_FT_MAT73};
    for (int l = 0; l < 2; ++l) {
        ipl_data_options o = emnist((enum mat_ft)level[l]);
        ipl_dataset d = {0};
        for (int parts = 0; parts < IPL_PARTS_COUNT; ++parts) {
            const int first = parts == IPL_PARTS_TEST ? 5 : 0;
            const int end = parts == IPL_PARTS_TRAIN ? 5 : 7;
            o.parts = (ipl_data_parts)parts;
            CHECK_OK(ipl_dataset_load(&o, &d));
            assert_int_equal(d.rows, end - first);
            assert_int_equal(d.train_rows, parts == IPL_PARTS_BOTH    ? 5
                                           : parts == IPL_PARTS_TRAIN ? 4 : 2);
            for (int r = first; r < end; ++r) {
                const int at = r - first;
                /* Labels 2 and 3 alone are classes 0 and 1.                         */
                assert_int_equal(d.y[at], r < 5 ? r % 3 : r - (first ? 5 : 3));
                CHECK(d.x[2 * at] == (float)(r < 5 ? r : 100 + r - 5));
                CHECK(d.x[2 * at + 1] == (float)(r < 5 ? 5 + r : 102 + r - 5));
            }
            ipl_dataset_free(&d);
        }
    }
    ipl_data_options o = emnist(MAT_FT_MAT5);
    ipl_dataset d = {0};
    o.scale = IPL_SCALE_UNIT_ALL; /* as of IDX: bytes are of 0 to 255                */
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(d.x[13] == (float)(103 / 255.0));
    ipl_dataset_free(&d);
    o.scale = IPL_SCALE_AUTO;
    /* Names that are given are taken at their word. */
    o.mat_x = "images";
    check_refused(&o, "no variable images: it has dataset.train.images (5 x 2 uint8), "
                      "dataset.train.labels (5 x 1 uint8), dataset.test.images");
    o.mat_x = "dataset.train.images";
    o.mat_y = "dataset.test.labels";
    o.mat_rows = IPL_MAT_ROWS_FIRST;
    check_refused(&o, "dataset.train.images is 5 x 2 and dataset.test.labels is 2 x 1");
}

/* ---- what is refused ---------------------------------------------------------- */

static void refused_as(ipl_status status, matvar_t *f, matvar_t *y, const char *words)
{
    const ipl_data_options o = options_of(
        write_mat(MAT_FT_MAT5, MAT_COMPRESSION_ZLIB, f, y));
    check_refused_as(&o, status, words);
}

static void refused(matvar_t *f, matvar_t *y, const char *words)
{
    refused_as(IPL_E_FORMAT, f, y, words);
}

static void variables_without_real_numbers_are_named(void **state)
{
    (void)state;
    size_t one[2] = {1, 5};
    double part[10] = {0};
    mat_complex_split_t complex_part = {part, part};
    refused(Mat_VarCreate("F", MAT_C_CHAR, MAT_T_UTF8, 2, one, "words", 0),
            some_labels(),
            "F is 1 x 5 char: expected real numbers: save double(..)");
    refused(some_inputs(), Mat_VarCreate("y", MAT_C_CHAR, MAT_T_UTF8, 2, one, "words",
                                         0),
            "y is 1 x 5 char: expected real numbers: save [~, ~, y] = unique(.., 'row");
    refused(Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, &complex_part,
                          MAT_F_COMPLEX), some_labels(),
            "F is 1 x 5 complex double: expected real numbers: save [real(..) ima");
    refused(Mat_VarCreateStruct("F", 2, one, NULL, 0), some_labels(),
            "F is 1 x 5 struct array: expected real numbers: save its numbers as");
    matvar_t *cells[5];
    for (int c = 0; c < 5; ++c) cells[c] = numbers("", MAT_C_UINT8, 1, 1, c, 100);
    refused(some_inputs(), Mat_VarCreate("y", MAT_C_CELL, MAT_T_CELL, 2, one, cells, 0),
            "y is 1 x 5 cell array: expected real numbers: save [~, ~, y] = uniq");
}

static void wrong_variables_are_named(void **state)
{
    (void)state;
    size_t one[2] = {1, 5};
    double half[5] = {0, 1, 0.5, 1, 0}, nan[15] = {0};
    size_t five_three[2] = {5, 3};
    refused(NULL, some_labels(), "no variable F: it has y (1 x 5 double): name one by");
    refused(some_inputs(), NULL, "no variable y");
    refused(numbers("F", MAT_C_UINT8, 0, 3, 0, 2), some_labels(),
            "F is 0 x 3: expected at least one value");
    refused(some_inputs(), numbers("y", MAT_C_UINT8, 1, 4, 0, 2),
            "F is 5 x 3 and y is 1 x 4: expected one label for each row of F");
    refused(some_inputs(), numbers("y", MAT_C_UINT8, 5, 2, 0, 3),
            "y is 5 x 2 and not one-hot");
    refused(some_inputs(), Mat_VarCreate("y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, half,
                                         0),
            "y: row 2 is 0.5, a real value and not a class");
    nan[7] = NAN; /* column 1, row 2                                                */
    refused_as(IPL_E_NUMERIC,
               Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, five_three, nan, 0),
               some_labels(), "F: 1 of 15 values are NaN or infinite, first in row 2, "
               "column 1 (nan)");
    nan[7] = 1e39;
    refused(Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, five_three, nan, 0),
            some_labels(), "F: row 2, column 1 is 1e+39: above the 3.4e+38 that float");
    half[2] = INFINITY;
    refused(some_inputs(), Mat_VarCreate("y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, one, half,
                                         0),
            "y: row 2 is inf");
}

/* More variables than a line can have: the first, and how many there are beside. */
static void a_long_list_of_variables_is_cut(void **state)
{
    (void)state;
    const char *path = files_path(folder, "set.mat");
    mat_t *mat = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    for (int v = 0; v < 30; ++v) {
        char name[16];
        snprintf(name, sizeof name, "v%d", v);
        matvar_t *var = numbers(name, MAT_C_UINT8, 2, 2, 0, 9);
        assert_int_equal(Mat_VarWrite(mat, var, MAT_COMPRESSION_NONE), 0);
        Mat_VarFree(var);
    }
    Mat_Close(mat);
    const ipl_data_options o = options_of(path);
    check_refused(&o, "v11 (2 x 2 uint8) and 18 more: name one by data.mat_x");
}

static const check_test tests[] = {
    CHECK_TEST(every_numeric_class_level_and_packing_loads),
    CHECK_TEST(labels_may_be_a_row_or_a_column),
    CHECK_TEST(variables_are_chosen_by_name),
    CHECK_TEST(fields_of_structs_are_chosen_by_name),
    CHECK_TEST(emnist_needs_no_names),
    CHECK_TEST(variables_without_real_numbers_are_named),
    CHECK_TEST(wrong_variables_are_named),
    CHECK_TEST(a_long_list_of_variables_is_cut),
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

static const check_test tests[] = {
    CHECK_TEST(without_libmatio_the_text_says_how_to_get_it),
    CHECK_TEST(matlab_files_load),
};
#endif

int main(int argc, char **argv)
{
    return mat_main("mat", tests, sizeof tests / sizeof *tests, argc, argv);
}
