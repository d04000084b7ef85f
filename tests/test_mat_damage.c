/*
 * test_mat_damage.c - files that are no MATLAB files, or are damaged.
 */
#include "mat_case.h"

#ifdef IPL_WITH_MAT
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
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT,
                "no HDF5 signature at byte 512");
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
                "its sizes ask for 2000000000 values, it has 15");
    free(content);
}

/* Cut at every `step` bytes, or with one changed, a file is refused, or (where the
 * change is in the comment at its start, a name or a value) still gives a whole set; it
 * never does worse. Compressed variables have a checksum, so there nothing passes. */
static void damage_bytes(const char *path, int packed, size_t step)
{
    size_t bytes;
    unsigned char *whole = files_read(path, &bytes);
    ipl_data_options o = options_of(path);
    ipl_dataset d = {0};
    for (size_t cut = 0; cut < bytes; cut += step) {
        files_write(path, cut, whole);
        CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_FORMAT, "set.mat");
    }
    for (size_t at = 0; at < bytes; at += step) {
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

static void damage_anywhere_is_survived(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; ++packed) {
        const enum matio_compression packing =
            packed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE;
        damage_bytes(write_mat(MAT_FT_MAT5, packing, some_inputs(), some_labels()),
                     packed, 1);
        damage_bytes(write_mat(MAT_FT_MAT5, packing, some_sparse(), some_labels()),
                     packed, 3);
        damage_bytes(write_mat(MAT_FT_MAT5, packing, some_emnist(), NULL), packed, 5);
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
    CHECK_TEST(files_that_are_no_matlab_files_are_refused),
    CHECK_TEST(sizes_that_the_file_cannot_hold_are_not_allocated),
    CHECK_TEST(damage_anywhere_is_survived),
    CHECK_TEST(a_cut_file_of_level_7_3_is_refused),
};

#else
static const check_test tests[] = {CHECK_TEST(matlab_files_load)};
#endif

int main(int argc, char **argv)
{
    return mat_main("mat_damage", tests, sizeof tests / sizeof *tests, argc, argv);
}
