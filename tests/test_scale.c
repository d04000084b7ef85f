/*
 * test_scale.c - inputs are scaled by column or together, in double, then rounded once.
 */
#include "check.h"
#include "files.h"
#include "ipl_data.h"

static char folder[FILES_PATH];

/* X.npy of float64 or float32 and y.npy, and options that read them. */
static ipl_data_options set_of(int rows, int cols, int bytes, const void *x)
{
    char header[128];
    unsigned char content[4096];
    int32_t y[64];
    ipl_data_options options = ipl_data_defaults();
    snprintf(header, sizeof header,
             "{'descr': '<f%d', 'fortran_order': False, 'shape': (%d, %d), }\n", bytes,
             rows, cols);
    files_write(files_path(folder, "X.npy"),
                files_npy(1, header, (size_t)(rows * cols * bytes), x, content),
                content);
    for (int r = 0; r < rows; ++r) y[r] = r % 2;
    CHECK_OK(ipl_npy_write_int32(files_path(folder, "y.npy"), rows, y));
    options.set = IPL_DATA_NPY;
    options.path = folder;
    return options;
}

static ipl_dataset load(const ipl_data_options *options)
{
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(options, &d));
    return d;
}

/* Three columns of unlike size: 0 to 4000, 1 to 3, 5.00 to 5.04. */
static void columns_are_scaled_one_by_one(void **state)
{
    (void)state;
    static const double x[12] = {0,    1, 5.00, 1000, 3, 5.01,
                                 3000, 1, 5.02, 4000, 3, 5.04};
    static const double unit[12] = {0,    0, 0,   0.25, 1, 0.25,
                                    0.75, 0, 0.5, 1,    1, 1};
    /* Of the first three rows: means 4000/3, 5/3, 5.01; deviations sqrt(14e6/9),
     * sqrt(8/9), sqrt(2e-4/3). */
    const double mean[3] = {4000.0 / 3, 5.0 / 3, 5.01};
    const double sd[3] = {sqrt(14e6 / 9), sqrt(8.0 / 9), sqrt(2e-4 / 3)};
    ipl_data_options o = set_of(4, 3, 8, x);
    o.train_fraction = 0.75;
    for (int scale = IPL_SCALE_UNIT; scale <= IPL_SCALE_STANDARD; ++scale) {
        o.scale = (ipl_data_scale)scale;
        ipl_dataset d = load(&o);
        for (int i = 0; i < 12; ++i) {
            const double want = scale == IPL_SCALE_UNIT        ? unit[i]
                                : scale == IPL_SCALE_SYMMETRIC ? 2 * unit[i] - 1
                                                     : (x[i] - mean[i % 3]) / sd[i % 3];
            CHECK(fabs(d.x[i] - want) <= 1.2e-7 * (1.0 + fabs(want)));
        }
        assert_string_equal(d.notes, "");
        ipl_dataset_free(&d);
    }
}

static void all_values_are_scaled_together_by_name(void **state)
{
    (void)state;
    static const float x[6] = {-2.0f, 0.0f, 2.0f, 4.0f, 6.0f, 100.0f};
    ipl_data_options o = set_of(3, 2, 4, x);
    o.train_fraction = 2.0 / 3.0;
    static const ipl_data_scale scale[] = {IPL_SCALE_AUTO, IPL_SCALE_NONE,
                                           IPL_SCALE_UNIT_ALL, IPL_SCALE_SYMMETRIC_ALL,
                                           IPL_SCALE_STANDARD_ALL};
    for (int s = 0; s < 5; ++s) {
        o.scale = scale[s];
        ipl_dataset d = load(&o);
        for (int i = 0; i < 6; ++i) {
            /* The first two rows train: mean 1, variance (9 + 1 + 1 + 9) / 4 = 5.    */
            const double unit = (x[i] + 2.0) / 102.0;
            const double want = s < 2    ? x[i]
                                : s == 2 ? unit
                                : s == 3 ? 2.0 * unit - 1.0
                                         : (x[i] - 1.0) / sqrt(5.0);
            CHECK(fabs(d.x[i] - want) <= 1.2e-7 * (1.0 + fabs(want)));
        }
        ipl_dataset_free(&d);
    }
}

/* The mean of equal values is off by a rounding, and their deviation is not 0 then. */
static void constant_columns_are_shifted_and_said(void **state)
{
    (void)state;
    double x[20];
    for (int r = 0; r < 10; ++r) x[2 * r] = 0.1, x[2 * r + 1] = r;
    ipl_data_options o = set_of(10, 2, 8, x);
    for (int scale = IPL_SCALE_UNIT; scale <= IPL_SCALE_STANDARD; ++scale) {
        o.scale = (ipl_data_scale)scale;
        ipl_dataset d = load(&o);
        for (int r = 0; r < 10; ++r) CHECK(d.x[2 * r] == 0.0f);
        CHECK(d.x[1] != d.x[3]);
        assert_string_equal(d.notes, scale == IPL_SCALE_STANDARD
            ? "1 of 2 inputs are constant in the training rows: shifted to 0, not "
              "scaled\n"
            : "1 of 2 inputs are constant: shifted to 0, not scaled\n");
        ipl_dataset_free(&d);
    }
    x[18] = 0.6; /* of a row that does not train                                     */
    o = set_of(10, 2, 8, x);
    o.scale = IPL_SCALE_STANDARD;
    ipl_dataset d = load(&o);
    CHECK(d.x[16] == 0.0f && d.x[18] == 0.5f);
    ipl_dataset_free(&d);
}

static void inputs_that_are_all_constant_are_refused(void **state)
{
    (void)state;
    static const double x[6] = {3, 4, 3, 4, 3, 4}, same[6] = {7, 7, 7, 7, 7, 7};
    ipl_dataset d = {0};
    ipl_data_options o = set_of(3, 2, 8, x);
    o.scale = IPL_SCALE_UNIT;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT,
                "each of the 2 inputs of 'ipl-test");
    o.scale = IPL_SCALE_STANDARD;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT,
                "each of the 2 inputs of the training rows of 'ipl-test");
    o = set_of(3, 2, 8, same);
    o.scale = IPL_SCALE_UNIT_ALL;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT,
                "are 7: they cannot be scaled");
    o.scale = IPL_SCALE_STANDARD_ALL;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT,
                "all inputs of the training rows of 'ipl-test");
    assert_null(d.x);
}

/* Seconds of 2023, a second apart: float32 steps by 128 there. */
static void offsets_are_taken_off_in_double(void **state)
{
    (void)state;
    double x[16];
    char words[FILES_PATH + 128];
    for (int i = 0; i < 16; ++i) x[i] = 1.7e9 + i;
    ipl_data_options o = set_of(16, 1, 8, x);
    o.scale = IPL_SCALE_UNIT;
    ipl_dataset d = load(&o);
    for (int i = 0; i < 16; ++i) CHECK(d.x[i] == (float)(i / 15.0));
    assert_string_equal(d.notes, "");
    ipl_dataset_free(&d);
    o.scale = IPL_SCALE_STANDARD;
    o.train_fraction = 1.0;
    d = load(&o); /* deviation: sqrt((16^2 - 1) / 12)                                 */
    for (int i = 0; i < 16; ++i)
        CHECK(fabs(d.x[i] - (i - 7.5) / sqrt(255.0 / 12.0)) < 2e-7);
    ipl_dataset_free(&d);
    o.scale = IPL_SCALE_NONE;
    d = load(&o);
    snprintf(words, sizeof words, "%s: 15 of 16 values differ only beyond float32: "
             "data.scale = standard works in double\n", files_path(folder, "X.npy"));
    for (int i = 0; i < 16; ++i) CHECK(d.x[i] == 1.7e9f);
    assert_string_equal(d.notes, words);
    ipl_dataset_free(&d);
}

/* Of a set in double, the first rows, some by chance, and those with a label. */
static void rows_are_left_out_in_double(void **state)
{
    (void)state;
    double x[32];
    for (int r = 0; r < 16; ++r) x[2 * r] = 0.1 * r, x[2 * r + 1] = 0.1 * r * r;
    ipl_data_options o = set_of(16, 2, 8, x);
    for (int way = 0; way < 3; ++way) {
        int last = -1;
        o.limit = way < 2 ? 8 : 0;
        o.split = way == 1 ? IPL_SPLIT_SHUFFLED : IPL_SPLIT_ORDERED;
        o.no_label = way == 2 ? "1" : NULL; /* odd rows                               */
        o.seed = check_seed();
        ipl_dataset d = load(&o);
        assert_int_equal(d.rows, 8);
        for (int k = 0; k < 8; ++k) {
            const int r = (int)lrintf(10.0f * d.x[2 * k]);
            CHECK(r > last && r < 16 && (way == 1 || r == (way ? 2 * k : k)));
            CHECK(d.x[2 * k] == (float)x[2 * r]);
            CHECK(d.x[2 * k + 1] == (float)x[2 * r + 1]);
            last = r;
        }
        ipl_dataset_free(&d);
    }
}

/* Equal values are equal before and after, as 0 and -0 are. */
static void only_values_that_fall_together_are_counted(void **state)
{
    (void)state;
    static const double x[8] = {0.1,         0.1,  0.1 + 1e-12, -0.0,
                                0.1 - 1e-12, 0.0,  0.5,         0.1};
    ipl_data_options o = set_of(4, 2, 8, x);
    ipl_dataset d = load(&o);
    CHECK(strstr(d.notes, "X.npy: 2 of 8 values differ only beyond float32"));
    ipl_dataset_free(&d);
    o.scale = IPL_SCALE_UNIT; /* 0, 2.5e-12 and 5e-12 differ                          */
    d = load(&o);
    CHECK(d.x[0] != d.x[2] && d.x[3] == 0.0f && d.x[5] == 0.0f);
    assert_string_equal(d.notes, "");
    ipl_dataset_free(&d);
}

static void numbers_beyond_float32_are_scaled_or_named(void **state)
{
    (void)state;
    static const double x[4] = {1e300, 1, -1e300, 2};
    static const double ends[4] = {1.7e308, 1, -1.7e308, 2};
    static const double late[4] = {0, 1, 1e-10, 1e300};
    ipl_dataset d = {0};
    ipl_data_options o = set_of(2, 2, 8, x);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "X.npy: row 0, column 0 is 1e+300: above the 3.4e+38 that float32 can "
                "hold: data.scale = unit brings it within");
    o.scale = IPL_SCALE_UNIT; /* as the line says                                     */
    d = load(&o);
    CHECK(d.x[0] == 1.0f && d.x[2] == 0.0f && d.x[1] == 0.0f && d.x[3] == 1.0f);
    ipl_dataset_free(&d);
    o = set_of(2, 2, 8, ends);
    o.scale = IPL_SCALE_UNIT;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "X.npy: -1.7e+308 to 1.7e+308 is a range that double cannot scale");
    o = set_of(4, 1, 8, late); /* a test row that lies far out                       */
    o.scale = IPL_SCALE_STANDARD;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "row 3, column 0 is 1e+300: above the 3.4e+38 that float32 can hold, "
                "scaled too");
    assert_null(d.x);
}

static const check_test tests[] = {
    CHECK_TEST(columns_are_scaled_one_by_one),
    CHECK_TEST(all_values_are_scaled_together_by_name),
    CHECK_TEST(constant_columns_are_shifted_and_said),
    CHECK_TEST(inputs_that_are_all_constant_are_refused),
    CHECK_TEST(offsets_are_taken_off_in_double),
    CHECK_TEST(rows_are_left_out_in_double),
    CHECK_TEST(only_values_that_fall_together_are_counted),
    CHECK_TEST(numbers_beyond_float32_are_scaled_or_named),
};

int main(int argc, char **argv)
{
    files_make_folder(folder);
    const int failed =
        check_main("scale", tests, sizeof tests / sizeof *tests, 0, argc, argv);
    files_remove_folder(folder);
    return failed;
}
