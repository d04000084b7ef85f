/*
 * test_dataset.c - what is done to a set after it is read: limit, labels, split, scale.
 */
#include <limits.h>

#include "set_case.h"

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

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    static const struct { ipl_data_options o; const char *words; } bad[] = {
        {{.set = IPL_DATA_SET_COUNT}, "data set 5"},
        {{.set = IPL_DATA_IDX}, "data.path is missing: the folder with the IDX"},
        {{.set = IPL_DATA_NPY, .path = ""}, "data.path is missing: the folder with X."},
        {{.set = IPL_DATA_ARRAYS, .x = "X.npy"},
         "data.path is missing: an npz file, or data.x and data.y"},
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
