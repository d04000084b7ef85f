/*
 * test_idx_types.c - IDX files of each element type, by many names, with any labels.
 */
#include "idx_case.h"

/* Four values of each type, as they are in a file and as they are. */
static void elements_of_each_type_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        int bytes;
        unsigned char content[32];
        float value[4];
    } want[] = {
        {0x08, 1, "\0\x7f\x80\xff", {0, 127, 128, 255}},
        {0x09, 1, "\0\x7f\x80\xff", {0, 127, -128, -1}},
        {0x0b, 2, "\0\0\x7f\xff\x80\0\xff\xfe", {0, 32767, -32768, -2}},
        {0x0c, 4, "\0\0\0\1\0\1\0\0\x80\0\0\0\xff\xff\xff\xfe",
         {1, 65536, -2147483648.0f, -2}},
        {0x0d, 4, "\x3f\x80\0\0\xbf\0\0\0\0\0\0\0\x41\x20\0\0",
         {1, -0.5f, 0, 10}},
        {0x0e, 8, "\x3f\xf0\0\0\0\0\0\0\xbf\xe0\0\0\0\0\0\0"
                  "\0\0\0\0\0\0\0\0\x40\x24\0\0\0\0\0\0", {1, -0.5f, 0, 10}},
    };
    static const uint32_t size[4] = {2, 1, 2, 1}, two = 2;
    unsigned char c[64];
    ipl_dataset d = {0};
    files_make_folder(folder);
    ipl_data_options o = options_of(folder);
    o.parts = IPL_PARTS_TRAIN;
    files_write(files_path(folder, "train-labels.idx1-ubyte"),
                files_idx(0x801, 1, &two, 2, "\0\1", c), c);
    for (size_t w = 0; w < sizeof want / sizeof *want; ++w)
        for (int dims = 2; dims <= 4; ++dims) {
            uint32_t shape[4] = {2, dims == 2 ? 2 : 1, 2, 1};
            if (dims == 4) memcpy(shape, size, sizeof shape);
            files_write(files_path(folder, "train-images.idx3-ubyte"),
                        files_idx(want[w].type << 8 | (uint32_t)dims, dims, shape,
                                  (size_t)(4 * want[w].bytes), want[w].content, c), c);
            CHECK_OK(ipl_dataset_load(&o, &d));
            assert_int_equal(d.inputs, 2);
            for (int i = 0; i < 4; ++i) CHECK(d.x[i] == want[w].value[i]);
            ipl_dataset_free(&d);
        }
    files_remove_folder(folder);
}

/* An int of 2^24 + 1 is no float32; scaled by itself it is one. */
static void wide_elements_are_scaled_in_double(void **state)
{
    (void)state;
    static const uint32_t size[2] = {3, 1};
    unsigned char c[64];
    ipl_dataset d = {0};
    files_make_folder(folder);
    ipl_data_options o = options_of(folder);
    o.parts = IPL_PARTS_TRAIN;
    files_write(files_path(folder, "train-images-idx2-int"),
                files_idx(0xc02, 2, size, 12, "\1\0\0\0\1\0\0\1\1\0\0\2", c), c);
    files_write(files_path(folder, "train-labels-idx1-ubyte"),
                files_idx(0x801, 1, size, 3, "\0\1\1", c), c);
    o.scale = IPL_SCALE_AUTO; /* to [0, 1], as pixels                                 */
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(d.x[0] == 0.0f && d.x[1] == 0.5f && d.x[2] == 1.0f);
    assert_string_equal(d.notes, "");
    ipl_dataset_free(&d);
    o.scale = IPL_SCALE_NONE;
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(strstr(d.notes, "train-images-idx2-int: 1 of 3 values differ only beyond"));
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

/* MNIST as some programs unpack it, beside the packed files. */
static void dotted_names_are_found(void **state)
{
    (void)state;
    static const char *const kind[] = {"train-images", "train-labels", "t10k-images",
                                       "t10k-labels"};
    ipl_dataset d = {0};
    files_make_folder(folder);
    write_pair("train", 0, 7, 2, 3, 4);
    write_pair("t10k", 0, 4, 2, 3, 4);
    for (int k = 0; k < 4; ++k) {
        char from[64], to[64];
        snprintf(from, sizeof from, "%s-idx%d-ubyte", kind[k], k % 2 ? 1 : 3);
        snprintf(to, sizeof to, "%s.idx%d-ubyte", kind[k], k % 2 ? 1 : 3);
        CHECK(!rename(files_path(folder, from), files_path(folder, to)));
    }
    const ipl_data_options o = options_of(folder);
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.train_rows, 7);
    check_pair(&d, 0, 7, 4);
    check_pair(&d, 7, 4, 4);
    ipl_dataset_free(&d);
    write_pair("train", 1, 9, 2, 3, 4); /* a plain file comes before its packed one  */
    write_pair("train", 0, 8, 2, 3, 4);
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.train_rows, 8);
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

/* Eight numbers a row, of which the first is the class. */
static void qmnist_is_read_with_its_label_matrix(void **state)
{
    (void)state;
    static const uint32_t size[2] = {3, 8};
    unsigned char row[3 * 32] = {0}, c[128];
    ipl_dataset d = {0};
    char words[2 * FILES_PATH];
    files_make_folder(folder);
    write_pair("qmnist-train", 1, 3, 2, 2, 3);
    write_pair("qmnist-test", 0, 3, 2, 2, 3);
    for (int r = 0; r < 3; ++r)
        for (int k = 0; k < 8; ++k)
            row[32 * r + 4 * k + 3] = (unsigned char)(k ? 100 * k + r : 2 - r);
    unlink(files_path(folder, "qmnist-train-labels-idx1-ubyte.gz"));
    unlink(files_path(folder, "qmnist-test-labels-idx1-ubyte"));
    files_write_gzip(files_path(folder, "qmnist-train-labels-idx2-int.gz"),
                     files_idx(0xc02, 2, size, sizeof row, row, c), c);
    files_write(files_path(folder, "qmnist-test-labels-idx2-int"),
                files_idx(0xc02, 2, size, sizeof row, row, c), c);
    const ipl_data_options o = options_of(folder);
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.rows, 6);
    assert_int_equal(d.classes, 3);
    for (int r = 0; r < 6; ++r) assert_int_equal(d.y[r], 2 - r % 3);
    snprintf(words, sizeof words, "%s: 8 numbers a row, as in QMNIST: the first one is "
             "the class\n", files_path(folder, "qmnist-train-labels-idx2-int.gz"));
    assert_string_equal(d.notes, words);
    ipl_dataset_free(&d);
    unlink(files_path(folder, "qmnist-test-labels-idx2-int"));
    files_write(files_path(folder, "qmnist-test-labels-idx2-ubyte"),
                files_idx(0x802, 2, size, 24, row, c), c); /* eight bytes beside them */
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "expected the same size");
    unlink(files_path(folder, "qmnist-test-labels-idx2-ubyte"));
    write_pair("qmnist-test", 0, 3, 2, 2, 3); /* one number each                     */
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "labels of 8 values, but");
    files_remove_folder(folder);
}

static void one_hot_and_other_labels_of_idx_are_classes(void **state)
{
    (void)state;
    static const uint32_t size[2] = {3, 2};
    unsigned char c[64];
    ipl_dataset d = {0};
    files_make_folder(folder);
    write_pair("train", 0, 3, 2, 2, 2);
    ipl_data_options o = options_of(folder);
    o.parts = IPL_PARTS_TRAIN;
    files_write(files_path(folder, "train-labels-idx1-ubyte"),
                files_idx(0x802, 2, size, 6, "\0\1\1\0\0\1", c), c);
    CHECK_OK(ipl_dataset_load(&o, &d));
    CHECK(d.y[0] == 1 && d.y[1] == 0 && d.y[2] == 1);
    assert_string_equal(d.notes, "one-hot labels: columns 0 to 1 are the classes\n");
    ipl_dataset_free(&d);
    files_write(files_path(folder, "train-labels-idx1-ubyte"), /* EMNIST letters     */
                files_idx(0x801, 1, size, 3, "\2\1\2", c), c);
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.classes, 2);
    assert_string_equal(d.notes, "labels 1, 2 are classes 0, 1\n");
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

static void missing_sets_name_what_brings_them(void **state)
{
    (void)state;
    static const char *const want[][2] = {
        {"/no/such/mnist", "start with: data/fetch_mnist.sh brings MNIST"},
        {"/no/fashion-mnist", "Debian's package dataset-fashion-mnist brings Fash"},
        {"/no/emnist-digits", "start with: NIST's page of EMNIST has the archive"},
    };
    ipl_dataset d = {0};
    for (int w = 0; w < 3; ++w) {
        const ipl_data_options o = options_of(want[w][0]);
        CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, want[w][1]);
    }
}

static const check_test tests[] = {
    CHECK_TEST(elements_of_each_type_are_read_exactly),
    CHECK_TEST(wide_elements_are_scaled_in_double),
    CHECK_TEST(dotted_names_are_found),
    CHECK_TEST(qmnist_is_read_with_its_label_matrix),
    CHECK_TEST(one_hot_and_other_labels_of_idx_are_classes),
    CHECK_TEST(missing_sets_name_what_brings_them),
};

CHECK_MAIN("idx_types", tests, 0)
