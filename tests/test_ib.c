/*
 * test_ib.c - the generated set has the facts of the published file.
 */
#include <zlib.h>

#include "check.h"
#include "ipl_data.h"

static void load_ib(ipl_dataset *d)
{
    const ipl_data_options options = ipl_data_defaults();
    CHECK_OK(ipl_dataset_load(&options, d));
}

static void labels_are_the_published_ones(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    unsigned char label[4096];
    int ones = 0;
    load_ib(&d);
    assert_int_equal(d.rows, 4096);
    assert_int_equal(d.classes, 2);
    assert_string_equal(d.name, "ib");
    for (int i = 0; i < 4096; ++i) ones += label[i] = (unsigned char)d.y[i];
    assert_int_equal(ones, 2118);
    assert_int_equal(crc32(0, label, sizeof label), 0xafdfb145);
    ipl_dataset_free(&d);
}

static void rows_are_binary_numbers_most_significant_bit_first(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    load_ib(&d);
    assert_int_equal(d.inputs, 12);
    for (int i = 0; i < 4096; ++i) {
        int number = 0;
        for (int c = 0; c < 12; ++c) {
            const float value = d.x[i * 12 + c];
            CHECK(value == 0.0f || value == 1.0f);
            number = 2 * number + (int)value;
        }
        assert_int_equal(number, i);
    }
    ipl_dataset_free(&d);
}

/* P(y = 1 | popcount), measured on the published file: none below five bits, then
 * 60, 532 and 732 of 792, 924 and 792 patterns, all from eight bits on. */
static void label_shares_by_bits_set_are_the_published_ones(void **state)
{
    (void)state;
    static const int want[13] = {0, 0, 0, 0, 0, 60, 532, 732, 495, 220, 66, 12, 1};
    int got[13] = {0};
    ipl_dataset d = {0};
    load_ib(&d);
    for (int i = 0; i < 4096; ++i) {
        int bits = 0;
        for (int c = 0; c < 12; ++c) bits += (int)d.x[i * 12 + c];
        got[bits] += d.y[i];
    }
    for (int bits = 0; bits <= 12; ++bits) assert_int_equal(got[bits], want[bits]);
    ipl_dataset_free(&d);
}

static void first_eighty_percent_train_by_default(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    load_ib(&d);
    assert_int_equal(d.train_rows, 3277); /* the 2017 and the 2018 code: 3277 and 819 */
    for (int i = 0; i < 4096; ++i) assert_int_equal(d.split[i], i);
    ipl_dataset_free(&d);
}

static const check_test tests[] = {
    CHECK_TEST(labels_are_the_published_ones),
    CHECK_TEST(rows_are_binary_numbers_most_significant_bit_first),
    CHECK_TEST(label_shares_by_bits_set_are_the_published_ones),
    CHECK_TEST(first_eighty_percent_train_by_default),
};

CHECK_MAIN("ib", tests, 0)
