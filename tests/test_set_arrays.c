/*
 * test_set_arrays.c - sets of two arrays: their shapes, their labels, and what is said.
 */
#include "set_case.h"

/* Labels of any kind, in the order of the steps: rows without one go first. */
static void rows_without_a_label_go_before_all_else(void **state)
{
    (void)state;
    static const float x[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const int32_t y[5] = {9, -1, 3, -1, 9}, left[3] = {1, 0, 1};
    static const float kept[6] = {0, 1, 4, 5, 8, 9};
    ipl_data_options o = npy_set(5, 2, x, y);
    o.no_label = "-1";
    o.train_fraction = 0.67;
    ipl_dataset d = load(&o);
    assert_int_equal(d.rows, 3);
    assert_int_equal(d.train_rows, 2);
    assert_int_equal(d.classes, 2);
    assert_memory_equal(d.x, kept, sizeof kept);
    assert_memory_equal(d.y, left, sizeof left);
    assert_memory_equal(d.class_names, "3\0" "9", 4);
    assert_string_equal(d.notes, "labels 3, 9 are classes 0, 1; 2 of 5 rows are "
                                 "labelled -1 and left out\n");
    ipl_dataset_free(&d);
    o.limit = 2;
    d = load(&o);
    assert_int_equal(d.rows, 2);
    assert_memory_equal(d.x, kept, 4 * sizeof *kept);
    ipl_dataset_free(&d);

    o = idx_set(6, 4); /* labels 0 1 2 0 1 2, 0 1 2 0: each part keeps its own       */
    o.no_label = "0";
    o.scale = IPL_SCALE_NONE;
    d = load(&o);
    assert_int_equal(d.rows, 6);
    assert_int_equal(d.train_rows, 4);
    CHECK(d.x[3] == 50.0f && d.x[4] == 70.0f);
    ipl_dataset_free(&d);
    o = idx_set(1, 4); /* the one row that trains has label 0                        */
    o.no_label = "0";
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "no row that trains has a label");
    o = idx_set(6, 4);
    d = load(&o);
    assert_int_equal(d.train_rows, 6);
    assert_null(d.class_names);
    assert_string_equal(d.notes, "");
    ipl_dataset_free(&d);
}

/* As of a table whose last column is to be learnt, and not known of each row. */
static void real_values_are_binned_to_classes(void **state)
{
    (void)state;
    static const float x[10] = {0, 1, NAN, 3, 4, 5, 6, 7, 8, 9};
    static const float y[5] = {0.5f, NAN, -3.0f, 2.5f, 0.25f};
    static const int32_t none[5] = {0}, binned[4] = {1, 0, 1, 0};
    ipl_data_options o = npy_set(5, 2, x, none);
    char file[FILES_PATH + 64];
    snprintf(file, sizeof file, "%s/y.npy", o.path);
    CHECK_OK(ipl_npy_write_float32(file, 5, 0, y));
    ipl_dataset d = {0};
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "row 0 is 0.5, a real value and not a class: y_bins = N");
    o.y_bins = 2; /* as advised */
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_NUMERIC,
                "y.npy: row 1, column 0 is nan");
    o.no_label = "nan";
    d = load(&o);
    assert_int_equal(d.rows, 4);
    assert_int_equal(d.classes, 2);
    assert_memory_equal(d.y, binned, sizeof binned);
    CHECK(d.x[2] == 4.0f);
    assert_string_equal(d.notes, "real values in 2 bins of equal counts are 2 classes; "
                                 "1 of 5 rows are labelled nan and left out\n");
    ipl_dataset_free(&d);
    o.y_bins = 1;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT, "y_bins 1: expected 0");
}

static void classes_without_rows_are_said(void **state)
{
    (void)state;
    static const float x[4] = {0, 1, 2, 3};
    static const int32_t y[4] = {0, 1, 2, 2};
    ipl_data_options o = npy_set(4, 1, x, y);
    o.limit = 2;
    ipl_dataset d = load(&o);
    assert_int_equal(d.classes, 3);
    assert_string_equal(d.notes, "class 2 has no rows\n");
    ipl_dataset_free(&d);
    o.limit = 1;
    o.train_fraction = 1.0;
    d = load(&o);
    assert_string_equal(d.notes, "2 of 3 classes have no rows, of 1 in all\n");
    ipl_dataset_free(&d);
}

/* n x 2 x 1 x 3 images, as frameworks save them. */
static void further_axes_are_inputs_and_said(void **state)
{
    (void)state;
    static const char header[] =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 1, 3), }\n";
    static const float x[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const int32_t y[2] = {0, 1};
    char words[FILES_PATH + 64];
    unsigned char content[256];
    ipl_data_options o = npy_set(2, 1, x, y);
    const char *path = files_path(folder, "X.npy");
    files_write(path, files_npy(1, header, sizeof x, x, content), content);
    ipl_dataset d = load(&o);
    assert_int_equal(d.inputs, 6);
    assert_memory_equal(d.x, x, sizeof x);
    snprintf(words, sizeof words, "%s: (2, 2, 1, 3) values are 6 inputs a row\n",
             path);
    assert_string_equal(d.notes, words);
    ipl_dataset_free(&d);
}

static void arrays_come_from_any_files(void **state)
{
    (void)state;
    static const float x[4] = {1, 2, 3, 4};
    static const int32_t y[2] = {1, 0};
    ipl_data_options o = ipl_data_defaults();
    ipl_dataset d = {0};
    CHECK_OK(ipl_npy_write_float32(files_path(folder, "inputs.npy"), 2, 2, x));
    CHECK_OK(ipl_npy_write_int32(files_path(folder, "classes.npy"), 2, y));
    o.set = IPL_DATA_ARRAYS;
    o.path = folder;
    o.x = "inputs.npy";
    o.y = files_path(folder, "classes.npy"); /* absolute: not in the folder          */
    d = load(&o);
    assert_int_equal(d.inputs, 2);
    assert_memory_equal(d.x, x, sizeof x);
    assert_memory_equal(d.y, y, sizeof y);
    assert_string_equal(d.name, strrchr(folder, '/') + 1);
    ipl_dataset_free(&d);
    o.path = NULL;
    o.x = files_path(folder, "inputs.npy");
    d = load(&o);
    assert_memory_equal(d.x, x, sizeof x);
    assert_string_equal(d.name, "inputs.npy");
    ipl_dataset_free(&d);
    o.x = NULL;
    o.path = "/no/such.npz";
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT, "/no/such.npz: no file: "
                "expected an npz file with X and y, or data.x and data.y to name");
}

static void npy_sets_that_do_not_fit_are_named(void **state)
{
    (void)state;
    static const float x[6] = {1.0f, 2.0f, 3.0f, NAN, 5.0f, 6.0f};
    static const int32_t y[4] = {0, 1, -1, 7};
    ipl_data_options o = npy_set(3, 2, x, y);
    ipl_dataset d = {0};
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_NUMERIC,
                "X.npy: 1 of 6 values are NaN or infinite, first in row 1, column 1");
    o = npy_set(3, 1, x, y);
    CHECK_OK(ipl_npy_write_int32(files_path(folder, "y.npy"), 2, y));
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "y.npy is 2 x 1: expected a label for each of the 3 rows of /tmp/ipl-");
    unlink(files_path(folder, "y.npy"));
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "y.npy: No such file or "
                "directory: set = arrays takes files of other names, as data.x and");
    assert_null(d.x);
}

static const check_test tests[] = {
    CHECK_TEST(rows_without_a_label_go_before_all_else),
    CHECK_TEST(real_values_are_binned_to_classes),
    CHECK_TEST(classes_without_rows_are_said),
    CHECK_TEST(further_axes_are_inputs_and_said),
    CHECK_TEST(arrays_come_from_any_files),
    CHECK_TEST(npy_sets_that_do_not_fit_are_named),
};

int main(int argc, char **argv)
{
    files_make_folder(folder);
    const int failed =
        check_main("set_arrays", tests, sizeof tests / sizeof *tests, 0, argc, argv);
    files_remove_folder(folder);
    return failed;
}
