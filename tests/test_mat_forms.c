/*
 * test_mat_forms.c - MATLAB variables that are not plainly rows x inputs.
 */
#include "mat_case.h"

#ifdef IPL_WITH_MAT
static void sparse_matrices_become_full(void **state)
{
    (void)state;
    /* F(1,1) = 1, F(4,1) = 2, F(5,3) = 3, as MATLAB counts. */
    static const float want[ROWS * COLS] = {1, 0, 0, 0, 0, 0, 0, 0,
                                            0, 2, 0, 0, 0, 0, 3};
    static const int level[] = {MAT_FT_MAT5, MAT_FT_MAT73};
    for (int form = 0; form < 3; ++form) {
        const ipl_data_options o = options_of(write_mat(
            (enum mat_ft)level[form == 2],
            form ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE, some_sparse(),
            some_labels()));
        ipl_dataset d = {0};
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.rows, ROWS);
        assert_int_equal(d.inputs, COLS);
        assert_memory_equal(d.x, want, sizeof want);
        ipl_dataset_free(&d);
    }
}

/* An array of doubles 0, 1, .. in MATLAB's order. */
static matvar_t *cube(size_t a, size_t b, size_t c)
{
    double values[64];
    size_t dims[3] = {a, b, c};
    assert_true(a * b * c <= 64);
    for (size_t e = 0; e < a * b * c; ++e) values[e] = (double)e;
    return Mat_VarCreate("F", MAT_C_DOUBLE, MAT_T_DOUBLE, 3, dims, values, 0);
}

/* Row r, input (h, w) of images is number h + 2 w + 6 r in MATLAB's order where images
 * are the last axis of 2 x 3 x 5, and r + 5 h + 10 w where they are the first. */
static void images_are_rows_along_the_first_or_the_last_axis(void **state)
{
    (void)state;
    static const int level[] = {MAT_FT_MAT5, MAT_FT_MAT73};
    for (int form = 0; form < 4; ++form) {
        const int last = form & 1;
        const ipl_data_options o = options_of(write_mat(
            (enum mat_ft)level[form / 2], MAT_COMPRESSION_ZLIB,
            last ? cube(2, 3, 5) : cube(5, 2, 3), some_labels()));
        ipl_dataset d = {0};
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.rows, 5);
        assert_int_equal(d.inputs, 6);
        for (int r = 0; r < 5; ++r)
            for (int h = 0; h < 2; ++h)
                for (int w = 0; w < 3; ++w)
                    CHECK(d.x[r * 6 + h * 3 + w] ==
                          (float)(last ? h + 2 * w + 6 * r : r + 5 * h + 10 * w));
        CHECK(strstr(d.notes, last ? "F is 2 x 3 x 5: its last axis has the rows, each "
                                     "flattened in C order\n"
                                   : "F is 5 x 2 x 3: each row is flattened in C ord"));
        ipl_dataset_free(&d);
    }
}

static void a_key_decides_where_either_axis_may_have_the_rows(void **state)
{
    (void)state;
    ipl_data_options o = options_of(write_mat(MAT_FT_MAT5, MAT_COMPRESSION_ZLIB,
                                              cube(5, 2, 5), some_labels()));
    ipl_dataset d = {0};
    check_refused(&o, "F is 5 x 2 x 5 and y has 5 labels: its rows may be the first or "
                      "the last axis: say which by data.mat_rows");
    o.mat_rows = IPL_MAT_ROWS_FIRST;
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(d.x[1] == 10 && d.x[5] == 5); /* number (0, 0, 1), number (0, 1, 0)        */
    ipl_dataset_free(&d);
    o.mat_rows = IPL_MAT_ROWS_LAST;
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(d.x[1] == 5 && d.x[2] == 1); /* number (0, 1, 0), number (1, 0, 0)         */
    ipl_dataset_free(&d);
    /* A square matrix is rows x inputs unless the key says otherwise. */
    o = options_of(write_mat(MAT_FT_MAT5, MAT_COMPRESSION_ZLIB,
                             numbers("F", MAT_C_DOUBLE, 5, 5, 0, 100), some_labels()));
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(d.x[1] == 5);
    ipl_dataset_free(&d);
    o.mat_rows = IPL_MAT_ROWS_LAST;
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(d.x[1] == 1);
    ipl_dataset_free(&d);
}

static void samples_in_columns_are_found_by_the_number_of_labels(void **state)
{
    (void)state;
    ipl_data_options o = options_of(write_mat(
        MAT_FT_MAT5, MAT_COMPRESSION_ZLIB, numbers("F", MAT_C_DOUBLE, 3, 5, 0, 100),
        some_labels()));
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.rows, 5);
    for (int e = 0; e < 15; ++e) CHECK(d.x[e] == (float)e);
    assert_string_equal(d.notes, "F is 3 x 5: its last axis has the rows\n");
    ipl_dataset_free(&d);
    o.mat_rows = IPL_MAT_ROWS_FIRST;
    check_refused(&o, "F is 3 x 5 and y is 1 x 5: expected one label for each row of "
                      "F, along its first axis");
}

/* A class for each row, in rows or (as of MATLAB's networks) in columns. */
static void one_hot_labels_load_in_rows_and_columns(void **state)
{
    (void)state;
    for (int columns = 0; columns < 2; ++columns) {
        double hot[15] = {0};
        size_t size[2] = {columns ? 3 : 5, columns ? 5 : 3};
        for (int r = 0; r < 5; ++r) hot[columns ? 3 * r + r % 3 : r + 5 * (r % 3)] = 1;
        const ipl_data_options o = options_of(write_mat(
            MAT_FT_MAT5, MAT_COMPRESSION_ZLIB,
            columns ? numbers("F", MAT_C_DOUBLE, 2, 5, 0, 100)
                    : numbers("F", MAT_C_DOUBLE, 5, 2, 0, 100),
            Mat_VarCreate("y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, size, hot, 0)));
        ipl_dataset d = {0};
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.classes, 3);
        for (int r = 0; r < 5; ++r) {
            assert_int_equal(d.y[r], r % 3);
            CHECK(d.x[2 * r] == (float)(columns ? 2 * r : r));
        }
        ipl_dataset_free(&d);
    }
}

static const check_test tests[] = {
    CHECK_TEST(sparse_matrices_become_full),
    CHECK_TEST(images_are_rows_along_the_first_or_the_last_axis),
    CHECK_TEST(a_key_decides_where_either_axis_may_have_the_rows),
    CHECK_TEST(samples_in_columns_are_found_by_the_number_of_labels),
    CHECK_TEST(one_hot_labels_load_in_rows_and_columns),
};

#else
static const check_test tests[] = {CHECK_TEST(matlab_files_load)};
#endif

int main(int argc, char **argv)
{
    return mat_main("mat_forms", tests, sizeof tests / sizeof *tests, argc, argv);
}
