/*
 * test_idx.c - IDX files: names, parts, sizes, every kind of damage.
 */
#include "idx_case.h"

static void parts_come_joined_or_apart(void **state)
{
    (void)state;
    for (int gzip = 0; gzip < 2; ++gzip) {
        files_make_folder(folder);
        write_pair("train", gzip, 7, 5, 3, 4);
        write_pair("t10k", !gzip, 4, 5, 3, 3);
        ipl_data_options o = options_of(folder);
        ipl_dataset d = {0};
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.rows, 11);
        assert_int_equal(d.inputs, 15);
        assert_int_equal(d.classes, 4);
        assert_int_equal(d.train_rows, 7);
        check_pair(&d, 0, 7, 4);
        check_pair(&d, 7, 4, 3);
        ipl_dataset_free(&d);

        o.parts = IPL_PARTS_TEST;
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.rows, 4);
        assert_int_equal(d.classes, 3);
        assert_int_equal(d.train_rows, 3); /* 0.8 of 4, rounded                     */
        check_pair(&d, 0, 4, 3);
        ipl_dataset_free(&d);

        o.parts = IPL_PARTS_TRAIN;
        o.train_fraction = 0.5;
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.rows, 7);
        assert_int_equal(d.train_rows, 4);
        check_pair(&d, 0, 7, 4);
        ipl_dataset_free(&d);
        files_remove_folder(folder);
    }
}

static void a_part_that_is_not_asked_for_may_be_missing(void **state)
{
    (void)state;
    files_make_folder(folder);
    write_pair("t10k", 1, 4, 2, 2, 2);
    ipl_data_options o = options_of(folder);
    ipl_dataset d = {0};
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO,
                "no train-images-idx3-ubyte, plain");
    o.parts = IPL_PARTS_TEST;
    CHECK_OK(ipl_dataset_load(&o, &d));
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

static void emnist_names_are_found_by_folder_or_prefix(void **state)
{
    (void)state;
    char path[2 * FILES_PATH];
    ipl_dataset d = {0};
    files_make_folder(folder);
    write_pair("emnist-digits-train", 1, 6, 2, 2, 5);
    write_pair("emnist-digits-test", 1, 3, 2, 2, 5);
    ipl_data_options o = options_of(folder);
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.rows, 9);
    ipl_dataset_free(&d);

    write_pair("emnist-letters-train", 1, 8, 2, 2, 5);
    write_pair("emnist-letters-test", 1, 2, 2, 2, 5);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_ARGUMENT,
                "holds emnist-digits-test-images-idx3-ubyte.gz and "
                "emnist-letters-test-images-idx3-ubyte.gz");
    static const char *const prefix[] = {"emnist-letters", "emnist-letters-"};
    for (int p = 0; p < 2; ++p) {
        snprintf(path, sizeof path, "%s/%s", folder, prefix[p]);
        o.path = path;
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.rows, 10);
        assert_int_equal(d.train_rows, 8);
        assert_string_equal(d.name, prefix[p]);
        ipl_dataset_free(&d);
    }
    snprintf(path, sizeof path, "%s/emnist-balanced", folder);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO,
                "emnist-balanced: neither a folder of IDX files nor what their names");

    write_pair("train", 0, 5, 1, 1, 2); /* MNIST's own names win over prefixes       */
    write_pair("t10k", 0, 5, 1, 1, 2);
    o.path = folder;
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.inputs, 1);
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

/* The content decides, whatever the names say. */
static void names_need_not_say_gzip(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    files_make_folder(folder);
    write_pair("train", 1, 20, 4, 4, 2);
    write_pair("t10k", 0, 3, 4, 4, 2);
    static const char *const from[] = {"train-images-idx3-ubyte.gz",
                                       "t10k-images-idx3-ubyte"};
    static const char *const to[] = {"train-images-idx3-ubyte",
                                     "t10k-images-idx3-ubyte.gz"};
    for (int f = 0; f < 2; ++f)
        CHECK(!rename(files_path(folder, from[f]), files_path(folder, to[f])));
    const ipl_data_options o = options_of(folder);
    CHECK_OK(ipl_dataset_load(&o, &d));
    check_pair(&d, 0, 20, 2);
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

/* Writes one of the four files anew and expects loading to fail with `words`. */
static void refused_with(const char *file, int gzip, size_t bytes, const void *content,
                         const char *words)
{
    const char *path = files_path(folder, file);
    size_t kept_bytes;
    unsigned char *kept = files_read(path, &kept_bytes);
    ipl_data_options o = options_of(folder);
    ipl_dataset d = {0};
    (gzip ? files_write_gzip : files_write)(path, bytes, content);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, words);
    CHECK(strstr(ipl_last_error(), file));
    assert_null(d.x);
    files_write(path, kept_bytes, kept);
    free(kept);
}

static void wrong_content_is_named(void **state)
{
    (void)state;
    static const char train[] = "train-images-idx3-ubyte", test[] =
        "t10k-images-idx3-ubyte.gz", label[] = "train-labels-idx1-ubyte",
        test_label[] = "t10k-labels-idx1-ubyte.gz";
    const uint32_t size[3] = {3, 2, 2}, more[3] = {4, 2, 2}, zero[3] = {3, 0, 2};
    const uint32_t wide[3] = {3, 2, 4}, absurd[3] = {3, 60000, 60000};
    const uint32_t beyond[3] = {3, 0x80000000u, 2};
    unsigned char c[64] = {0};
    static const unsigned char pixels[32];
    files_make_folder(folder);
    write_pair("train", 0, 3, 2, 2, 2);
    write_pair("t10k", 1, 3, 2, 2, 2);

    refused_with(train, 0, files_idx(0x801, 1, size, 3, pixels, c), c,
                 "1 dimension, and images have 2 to 4: these are labels: swap the two");
    refused_with(label, 0, files_idx(0x803, 3, size, 12, pixels, c), c,
                 "3 dimensions, and labels have 1 to 2: these are images: swap the");
    refused_with(train, 0, files_idx(0x805, 3, size, 12, pixels, c), c,
                 "5 dimensions, and images have 2 to 4");
    refused_with(train, 0, files_idx(0xa03, 3, size, 12, pixels, c), c,
                 "elements of type 0a: expected 08 ubyte, 09 byte, 0b short, 0c int,");
    refused_with(train, 0, files_idx(0x89504e47, 3, size, 12, pixels, c), c,
                 "starts with bytes 89 50: expected an IDX file (00 00)");
    refused_with(train, 0, files_idx(0x803, 3, zero, 12, pixels, c), c,
                 "size of dimension 1 is 0: expected 1 to 2147483647");
    refused_with(train, 0, files_idx(0x803, 3, beyond, 12, pixels, c), c,
                 "size of dimension 1 is 2147483648");
    refused_with(train, 0, files_idx(0x803, 3, more, 16, pixels, c), c,
                 "4 images, but");
    refused_with(label, 0, files_idx(0x801, 1, more, 4, pixels, c), c, "4 labels");
    refused_with(test, 1, files_idx(0x803, 3, wide, 24, pixels, c), c,
                 "images of 4 values, but");
    refused_with(train, 0, files_idx(0x803, 3, absurd, 12, pixels, c), c,
                 "rows of more than 268435455 values");
    refused_with(train, 0, files_idx(0x803, 3, size, 11, pixels, c), c,
                 "has 27 bytes: expected 28 for 3 images of 2 x 2");
    refused_with(train, 0, files_idx(0x803, 3, size, 13, pixels, c), c,
                 "has 29 bytes: expected 28");
    refused_with(train, 0, 2, c, "ends at byte 2 inside the magic number");
    refused_with(train, 0, 9, (files_idx(0x803, 3, size, 12, pixels, c), c),
                 "ends at byte 9 inside the sizes: expected it to reach byte 16");
    refused_with(train, 0, 0, c, "the file is empty");
    refused_with(test, 1, files_idx(0x803, 3, size, 11, pixels, c), c,
                 "ends at byte 27 inside the pixels: expected it to reach byte 28");
    refused_with(test, 1, files_idx(0x803, 3, size, 13, pixels, c), c,
                 "goes on after byte 28");
    refused_with(test_label, 1, files_idx(0x801, 1, size, 2, pixels, c), c,
                 "ends at byte 10 inside the labels: expected it to reach byte 11");
    refused_with(test_label, 1, files_idx(0x801, 1, size, 4, pixels, c), c,
                 "goes on after byte 11");
    refused_with(test, 0, 0, c, "the file is empty");

    ipl_dataset d = {0}; /* the files are whole again                               */
    const ipl_data_options o = options_of(folder);
    CHECK_OK(ipl_dataset_load(&o, &d));
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

static void a_claim_beyond_what_gzip_can_hold_is_not_allocated(void **state)
{
    (void)state;
    const uint32_t size[3] = {2000000000, 1000, 1000};
    unsigned char c[64] = {0};
    files_make_folder(folder);
    write_pair("train", 1, 3, 2, 2, 2);
    write_pair("t10k", 1, 3, 2, 2, 2);
    files_write_gzip(files_path(folder, "train-labels-idx1-ubyte.gz"),
                     files_idx(0x801, 1, size, 3, "abc", c), c);
    refused_with("train-images-idx3-ubyte.gz", 1,
                 files_idx(0x803, 3, size, 12, "123456789012", c), c,
                 "of gzip cannot hold the 2000000000000016 bytes of 2000000000 images");
    files_remove_folder(folder);
}

static void damaged_gzip_is_refused_wherever_it_is_damaged(void **state)
{
    (void)state;
    size_t bytes;
    files_make_folder(folder);
    write_pair("train", 1, 20, 4, 4, 2);
    write_pair("t10k", 1, 3, 4, 4, 2);
    static const char file[] = "train-images-idx3-ubyte.gz";
    unsigned char *whole = files_read(files_path(folder, file), &bytes);
    unsigned char *c = malloc(2 * bytes + 1);
    assert_non_null(c);
    for (size_t cut = 1; cut < bytes; ++cut) /* truncated                            */
        refused_with(file, 0, cut, whole, cut == 1 ? "ends at byte 1" : "cut off");
    for (size_t at = 10; at < bytes; ++at) { /* one bit in data, CRC or length       */
        memcpy(c, whole, bytes);
        c[at] ^= 0x10;
        refused_with(file, 0, bytes, c, "train-images");
    }
    memcpy(c, whole, bytes);
    c[bytes] = 7;
    refused_with(file, 0, bytes + 1, c, "goes on after its gzip data: expected it to");
    c[bytes] = 0x1f;
    refused_with(file, 0, bytes + 1, c, "cut off (336 bytes unpacked so far)");
    memcpy(c + bytes, whole, bytes); /* a second member: too much content            */
    refused_with(file, 0, 2 * bytes, c, "goes on after byte 336");
    free(c);
    free(whole);
    files_remove_folder(folder);
}

static void gzip_of_several_members_is_one_file(void **state)
{
    (void)state;
    size_t bytes;
    ipl_dataset d = {0};
    files_make_folder(folder);
    write_pair("train", 0, 20, 4, 4, 2);
    write_pair("t10k", 0, 3, 4, 4, 2);
    const char *plain = files_path(folder, "train-images-idx3-ubyte");
    unsigned char *content = files_read(plain, &bytes), *first, *second;
    size_t first_bytes, second_bytes;
    unlink(plain);
    const char *path = files_path(folder, "train-images-idx3-ubyte.gz");
    files_write_gzip(path, 100, content);
    first = files_read(path, &first_bytes);
    files_write_gzip(path, bytes - 100, content + 100);
    second = files_read(path, &second_bytes);
    first = realloc(first, first_bytes + second_bytes);
    assert_non_null(first);
    memcpy(first + first_bytes, second, second_bytes);
    files_write(path, first_bytes + second_bytes, first);
    const ipl_data_options o = options_of(folder);
    CHECK_OK(ipl_dataset_load(&o, &d));
    check_pair(&d, 0, 20, 2);
    ipl_dataset_free(&d);
    free(content);
    free(first);
    free(second);
    files_remove_folder(folder);
}

static void missing_files_are_named(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    ipl_data_options o = options_of("/no/such/folder");
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "/no/such/folder: neither");
    files_make_folder(folder);
    o.path = folder;
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "no IDX images: expected train-im");
    write_pair("train", 0, 3, 2, 2, 2);
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "no t10k-images-idx3-ubyte, plain");
    write_pair("t10k", 0, 3, 2, 2, 2);
    unlink(files_path(folder, "t10k-labels-idx1-ubyte"));
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "no t10k-labels-idx1-ubyte, plain");
    CHECK(!mkdir(files_path(folder, "t10k-labels-idx1-ubyte"), 0700));
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_IO, "a directory: expected");
    rmdir(files_path(folder, "t10k-labels-idx1-ubyte"));
    files_remove_folder(folder);
}

/* EMNIST digits has 280,000 rows; smaller images keep this test short. */
static void rows_of_emnist_load(void **state)
{
    (void)state;
    ipl_dataset d = {0};
    files_make_folder(folder);
    write_pair("emnist-digits-train", 1, 240000, 2, 2, 10);
    write_pair("emnist-digits-test", 1, 40000, 2, 2, 10);
    const ipl_data_options o = options_of(folder);
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.rows, 280000);
    assert_int_equal(d.train_rows, 240000);
    check_pair(&d, 0, 240000, 10);
    check_pair(&d, 240000, 40000, 10);
    ipl_dataset_free(&d);
    files_remove_folder(folder);
}

static void fashion_mnist_of_the_package_loads(void **state)
{
    (void)state;
    static const char path[] = "/usr/share/datasets/fashion-mnist";
    if (access(path, F_OK)) {
        printf("# SKIP %s: Debian package dataset-fashion-mnist\n", path);
        skip();
    }
    ipl_dataset d = {0};
    ipl_data_options o = ipl_data_defaults();
    o.set = IPL_DATA_IDX;
    o.path = path;
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_string_equal(d.name, "fashion-mnist");
    assert_int_equal(d.rows, 70000);
    assert_int_equal(d.inputs, 784);
    assert_int_equal(d.classes, 10);
    assert_int_equal(d.train_rows, 60000);
    int rows_of[10] = {0};
    for (int i = 0; i < 70000; ++i) ++rows_of[d.y[i]];
    for (int c = 0; c < 10; ++c) assert_int_equal(rows_of[c], 7000);
    float low = d.x[0], high = d.x[0];
    for (int64_t i = 0; i < d.rows * d.inputs; ++i) {
        if (d.x[i] < low) low = d.x[i];
        if (d.x[i] > high) high = d.x[i];
    }
    CHECK(low == 0.0f && high == 1.0f);
    ipl_dataset_free(&d);
}

static const check_test tests[] = {
    CHECK_TEST(parts_come_joined_or_apart),
    CHECK_TEST(a_part_that_is_not_asked_for_may_be_missing),
    CHECK_TEST(emnist_names_are_found_by_folder_or_prefix),
    CHECK_TEST(wrong_content_is_named),
    CHECK_TEST(a_claim_beyond_what_gzip_can_hold_is_not_allocated),
    CHECK_TEST(damaged_gzip_is_refused_wherever_it_is_damaged),
    CHECK_TEST(names_need_not_say_gzip),
    CHECK_TEST(gzip_of_several_members_is_one_file),
    CHECK_TEST(missing_files_are_named),
    CHECK_TEST(rows_of_emnist_load),
    CHECK_TEST(fashion_mnist_of_the_package_loads),
};

CHECK_MAIN("idx", tests, 0)
