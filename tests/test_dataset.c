/*
 * test_dataset.c - what is done to a set after it is read: limit, labels, split, scale.
 */
#include <limits.h>

#include "check.h"
#include "files.h"
#include "ipl_data.h"

static char folder[FILES_PATH];

static ipl_dataset load(const ipl_data_options *options)
{
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(options, &d));
    return d;
}

/* X.npy and y.npy in the folder, and options that read them. */
static ipl_data_options npy_set(int64_t rows, int64_t cols, const float *x,
                                const int32_t *y)
{
    ipl_data_options options = ipl_data_defaults();
    CHECK_OK(ipl_npy_write_float32(files_path(folder, "X.npy"), rows, cols, x));
    CHECK_OK(ipl_npy_write_int32(files_path(folder, "y.npy"), rows, y));
    options.set = IPL_DATA_NPY;
    options.path = folder;
    return options;
}

/* IDX files of one-pixel images: pixel = 10 * row number, label = row % 3. */
static ipl_data_options idx_set(uint32_t train, uint32_t test)
{
    const uint32_t rows[2] = {train, test};
    ipl_data_options options = ipl_data_defaults();
    for (int p = 0; p < 2; ++p) {
        unsigned char pixel[8], label[8], content[64];
        const uint32_t size[3] = {rows[p], 1, 1};
        for (uint32_t i = 0; i < rows[p]; ++i) {
            pixel[i] = (unsigned char)(10 * (p ? i + train : i));
            label[i] = (unsigned char)(i % 3);
        }
        files_write(files_path(folder, p ? "t10k-images-idx3-ubyte"
                                         : "train-images-idx3-ubyte"),
                    files_idx(0x803, 3, size, rows[p], pixel, content), content);
        files_write(files_path(folder, p ? "t10k-labels-idx1-ubyte"
                                         : "train-labels-idx1-ubyte"),
                    files_idx(0x801, 1, size, rows[p], label, content), content);
    }
    options.set = IPL_DATA_IDX;
    options.path = folder;
    return options;
}

static void check_permutation(const int32_t *order, int64_t count)
{
    char *seen = test_calloc((size_t)count, 1);
    for (int64_t i = 0; i < count; ++i) {
        CHECK(order[i] >= 0 && order[i] < count && !seen[order[i]]);
        seen[order[i]] = 1;
    }
    test_free(seen);
}

static void shuffled_split_is_a_permutation_of_the_seed(void **state)
{
    (void)state;
    ipl_data_options o = ipl_data_defaults();
    o.split = IPL_SPLIT_SHUFFLED;
    o.seed = check_seed();
    ipl_dataset a = load(&o);
    o.label_noise = 0.3; /* the split must not depend on the other random steps      */
    o.random_labels = 1;
    o.scale = IPL_SCALE_STANDARD;
    ipl_dataset b = load(&o);
    o.seed += 1;
    ipl_dataset c = load(&o);
    check_permutation(a.split, 4096);
    check_permutation(c.split, 4096);
    assert_memory_equal(a.split, b.split, 4096 * sizeof *a.split);
    int64_t same = 0, train_low = 0;
    for (int64_t i = 0; i < 4096; ++i) same += a.split[i] == c.split[i];
    CHECK(same < 20); /* Poisson of mean 1                                          */
    for (int64_t i = 0; i < a.train_rows; ++i) train_low += a.split[i] < 2048;
    CHECK(llabs(train_low - a.train_rows / 2) < 70); /* 5 sd of 12.8 + rounding      */
    assert_int_equal(a.train_rows, 3277);
    ipl_dataset_free(&a);
    ipl_dataset_free(&b);
    ipl_dataset_free(&c);
}

static void files_that_have_parts_keep_them_when_shuffled(void **state)
{
    (void)state;
    ipl_data_options o = idx_set(6, 4);
    o.split = IPL_SPLIT_SHUFFLED;
    o.scale = IPL_SCALE_NONE;
    int moved = 0;
    for (o.seed = 1; o.seed < 9; ++o.seed) {
        ipl_dataset d = load(&o);
        assert_int_equal(d.train_rows, 6);
        check_permutation(d.split, 10);
        for (int i = 0; i < 10; ++i) {
            CHECK((d.split[i] < 6) == (i < 6));
            CHECK(d.x[i] == 10.0f * (float)i); /* x itself stays in the set's order  */
            moved += d.split[i] != i;
        }
        ipl_dataset_free(&d);
    }
    CHECK(moved > 20);
    o.train_fraction = 0.25; /* an explicit fraction wins                           */
    ipl_dataset d = load(&o);
    assert_int_equal(d.train_rows, 2);
    ipl_dataset_free(&d);
}

static void train_fraction_rounds_and_leaves_a_train_row(void **state)
{
    (void)state;
    static const float x[3] = {1.0f, 2.0f, 3.0f};
    static const int32_t y[3] = {0, 1, 0};
    static const struct { double fraction; int64_t train; } want[] = {
        {0.0, 2}, {0.34, 1}, {0.5, 2}, {0.84, 3}, {1.0, 3}, {0.17, 1}};
    ipl_data_options o = npy_set(3, 1, x, y);
    for (size_t w = 0; w < sizeof want / sizeof *want; ++w) {
        o.train_fraction = want[w].fraction;
        ipl_dataset d = load(&o);
        assert_int_equal(d.train_rows, want[w].train);
        ipl_dataset_free(&d);
    }
    ipl_dataset d = {0};
    o.train_fraction = 0.16;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT,
                "train_fraction 0.16 of the 3 rows");
    assert_null(d.x);
}

static void label_noise_changes_exactly_its_share_to_other_classes(void **state)
{
    (void)state;
    enum { ROWS = 10000, CLASSES = 5 };
    static float x[ROWS];
    static int32_t y[ROWS];
    for (int i = 0; i < ROWS; ++i) y[i] = i % CLASSES;
    ipl_data_options o = npy_set(ROWS, 0, x, y);
    static const double share[] = {0.0, 0.1, 0.37, 1.0};
    for (size_t s = 0; s < sizeof share / sizeof *share; ++s) {
        int changed = 0, step[CLASSES] = {0};
        o.label_noise = share[s];
        o.seed = check_seed();
        ipl_dataset d = load(&o), again = load(&o);
        assert_memory_equal(d.y, again.y, ROWS * sizeof *d.y);
        for (int i = 0; i < ROWS; ++i) {
            CHECK(d.y[i] >= 0 && d.y[i] < CLASSES);
            changed += d.y[i] != y[i];
            ++step[(d.y[i] - y[i] + CLASSES) % CLASSES];
        }
        assert_int_equal(changed, (int)rint(share[s] * ROWS));
        for (int c = 1; c < CLASSES; ++c) { /* each other class equally: 5 sd        */
            const double mean = changed / 4.0;
            CHECK(fabs(step[c] - mean) <= 5.0 * sqrt(mean * 0.75));
        }
        ipl_dataset_free(&d);
        ipl_dataset_free(&again);
    }
    o.label_noise = 0.1; /* the rows that change depend on the seed                  */
    ipl_dataset a = load(&o);
    o.seed += 1;
    ipl_dataset b = load(&o);
    int both = 0;
    for (int i = 0; i < ROWS; ++i) both += a.y[i] != y[i] && b.y[i] != y[i];
    CHECK(both > 50 && both < 150); /* mean 100, sd 9                                */
    ipl_dataset_free(&a);
    ipl_dataset_free(&b);
}

static void random_labels_keep_the_size_of_each_class(void **state)
{
    (void)state;
    ipl_data_options o = ipl_data_defaults();
    ipl_dataset true_set = load(&o);
    o.random_labels = 1;
    o.seed = check_seed();
    ipl_dataset d = load(&o), again = load(&o);
    int ones = 0, same = 0;
    for (int i = 0; i < 4096; ++i) {
        ones += d.y[i];
        same += d.y[i] == true_set.y[i];
    }
    assert_int_equal(ones, 2118);
    CHECK(abs(same - 2050) < 160); /* chance: mean 2050.4, sd 32                     */
    assert_memory_equal(d.y, again.y, 4096 * sizeof *d.y);
    ipl_dataset_free(&true_set);
    ipl_dataset_free(&d);
    ipl_dataset_free(&again);
}

static void pixels_scale_by_255_whatever_their_range(void **state)
{
    (void)state;
    ipl_data_options o = idx_set(6, 4); /* pixels 0 .. 90                           */
    static const ipl_data_scale scale[] = {IPL_SCALE_AUTO, IPL_SCALE_UNIT_ALL,
                                           IPL_SCALE_SYMMETRIC_ALL, IPL_SCALE_NONE};
    for (int s = 0; s < 4; ++s) {
        o.scale = scale[s];
        ipl_dataset d = load(&o);
        for (int i = 0; i < 10; ++i) {
            const float pixel = 10.0f * (float)i, unit = pixel / 255.0f;
            const float want = s < 2 ? unit : s == 2 ? 2.0f * unit - 1.0f : pixel;
            CHECK(d.x[i] == want); /* as NumPy's float32 division, bit for bit       */
        }
        ipl_dataset_free(&d);
    }
}

static void limit_keeps_the_first_rows_or_a_random_subset(void **state)
{
    (void)state;
    ipl_data_options o = ipl_data_defaults();
    o.limit = 500;
    ipl_dataset d = load(&o);
    assert_int_equal(d.rows, 500);
    assert_int_equal(d.train_rows, 400);
    assert_int_equal(d.classes, 2); /* of the whole set, not of the rows kept        */
    for (int c = 0; c < 12; ++c)
        CHECK(d.x[499 * 12 + c] == (float)(499 >> (11 - c) & 1));
    ipl_dataset_free(&d);

    o.split = IPL_SPLIT_SHUFFLED;
    o.seed = check_seed();
    ipl_dataset all = {0};
    const ipl_data_options whole = ipl_data_defaults();
    CHECK_OK(ipl_dataset_load(&whole, &all));
    d = load(&o);
    int last = -1, high = 0;
    for (int i = 0; i < 500; ++i) { /* ascending: the set's own order                */
        int row = 0;
        for (int c = 0; c < 12; ++c) row = 2 * row + (int)d.x[i * 12 + c];
        CHECK(row > last);
        assert_int_equal(d.y[i], all.y[row]);
        high += row >= 2048;
        last = row;
    }
    CHECK(abs(high - 250) < 55); /* 5 sd of 11                                      */
    ipl_dataset_free(&d);
    ipl_dataset_free(&all);

    o = idx_set(6, 4); /* a limit of 5 keeps 3 and 2                                */
    o.limit = 5;
    o.scale = IPL_SCALE_NONE;
    static const float kept[5] = {0.0f, 10.0f, 20.0f, 60.0f, 70.0f};
    d = load(&o);
    assert_int_equal(d.rows, 5);
    assert_int_equal(d.train_rows, 3);
    assert_memory_equal(d.x, kept, sizeof kept);
    ipl_dataset_free(&d);
    o.limit = 1;
    d = load(&o);
    assert_int_equal(d.train_rows, 1);
    ipl_dataset_free(&d);
    o.limit = 1000;
    d = load(&o);
    assert_int_equal(d.rows, 10);
    ipl_dataset_free(&d);
    o = idx_set(1, 7); /* a share of 0.25 rows: one row has to train                 */
    o.limit = 2;
    d = load(&o);
    assert_int_equal(d.rows, 2);
    assert_int_equal(d.train_rows, 1);
    ipl_dataset_free(&d);
}

static void npy_sets_that_do_not_fit_are_named(void **state)
{
    (void)state;
    static const float x[6] = {1.0f, 2.0f, 3.0f, NAN, 5.0f, 6.0f};
    static const int32_t y[4] = {0, 1, -1, 7};
    ipl_data_options o = npy_set(3, 2, x, y);
    ipl_dataset d = {0};
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "X.npy: row 1, column 1 is nan: expected finite");
    o = npy_set(3, 1, x, y);
    CHECK_OK(ipl_npy_write_int32(files_path(folder, "y.npy"), 2, y));
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "y.npy is 2 x 1: expected a label for each of the 3 rows of /tmp/ipl-");
    unlink(files_path(folder, "y.npy"));
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "y.npy: No such file or "
                "directory: set = arrays takes files of other names, as data.x and");
    assert_null(d.x);
}

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

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    static const struct { ipl_data_options o; const char *words; } bad[] = {
        {{.set = IPL_DATA_SET_COUNT}, "data set 5"},
        {{.set = IPL_DATA_IDX}, "needs a path"},
        {{.set = IPL_DATA_NPY, .path = ""}, "needs a path"},
        {{.set = IPL_DATA_ARRAYS, .x = "X.npy"}, "needs a path, or x and y"},
        {{.set = IPL_DATA_NPY, .path = ".", .y = "y.npy"}, "of set = arrays only"},
        {{.parts = IPL_PARTS_COUNT}, "parts 3"},
        {{.split = IPL_SPLIT_COUNT}, "split 2"},
        {{.scale = IPL_SCALE_COUNT}, "scale 8"},
        {{.train_fraction = 1.5}, "train_fraction 1.5"},
        {{.train_fraction = -0.1}, "train_fraction -0.1"},
        {{.train_fraction = NAN}, "train_fraction nan"},
        {{.label_noise = 1.01}, "label_noise 1.01"},
        {{.label_noise = NAN}, "label_noise nan"},
        {{.limit = -1}, "limit -1"},
    };
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b)
        CHECK_FAILS(ipl_dataset_load(&bad[b].o, &d), IPL_E_ARGUMENT, bad[b].words);
    CHECK_FAILS(ipl_dataset_load(NULL, &d), IPL_E_ARGUMENT, "NULL");

    static const float x[2] = {1.0f, 2.0f};
    static const int32_t y[2] = {0, 0};
    ipl_data_options o = npy_set(2, 1, x, y);
    o.label_noise = 0.5;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT, "has one class only");
    ipl_dataset_free(&d); /* allowed on a zeroed struct                              */
}

static void names_come_from_the_path(void **state)
{
    (void)state;
    static const float x[2] = {1.0f, 2.0f};
    static const int32_t y[2] = {0, 1};
    char path[2 * FILES_PATH];
    ipl_data_options o = npy_set(2, 1, x, y);
    snprintf(path, sizeof path, "%s///", folder);
    o.path = path;
    ipl_dataset d = load(&o);
    assert_string_equal(d.name, strrchr(folder, '/') + 1);
    ipl_dataset_free(&d);
}

static const check_test tests[] = {
    CHECK_TEST(shuffled_split_is_a_permutation_of_the_seed),
    CHECK_TEST(files_that_have_parts_keep_them_when_shuffled),
    CHECK_TEST(train_fraction_rounds_and_leaves_a_train_row),
    CHECK_TEST(label_noise_changes_exactly_its_share_to_other_classes),
    CHECK_TEST(random_labels_keep_the_size_of_each_class),
    CHECK_TEST(pixels_scale_by_255_whatever_their_range),
    CHECK_TEST(limit_keeps_the_first_rows_or_a_random_subset),
    CHECK_TEST(npy_sets_that_do_not_fit_are_named),
    CHECK_TEST(rows_without_a_label_go_before_all_else),
    CHECK_TEST(classes_without_rows_are_said),
    CHECK_TEST(further_axes_are_inputs_and_said),
    CHECK_TEST(arrays_come_from_any_files),
    CHECK_TEST(options_out_of_range_are_refused),
    CHECK_TEST(names_come_from_the_path),
};

int main(int argc, char **argv)
{
    files_make_folder(folder);
    const int failed =
        check_main("dataset", tests, sizeof tests / sizeof *tests, 0, argc, argv);
    files_remove_folder(folder);
    return failed;
}
