/*
 * test_npz.c - npz files: every member and kind of damage; gzip; other programs' files.
 */
#include "check.h"
#include "files.h"
#include "ipl_data.h"
#include "zip_case.h"

static char folder[FILES_PATH];
static unsigned char *content; /* of the zip file that is written                  */

static const float  fc1[6] = {1.0f, -2.0f, 3.5f, 4.0f, 5.0f, 6.0f};
static const int64_t labels[3] = {2, 0, 1};
static unsigned char fc1_npy[256], labels_npy[256], large_npy[1 << 17];
static size_t fc1_bytes, labels_bytes, large_bytes;

static void make_arrays(void)
{
    static float large[20000];
    content = malloc(1 << 20);
    if (!content) exit(1);
    for (int k = 0; k < 20000; ++k) large[k] = (float)(k % 100);
    fc1_bytes = files_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': "
                          "(3, 2)}", sizeof fc1, fc1, fc1_npy);
    labels_bytes = files_npy(1, "{'descr': '<i8', 'fortran_order': False, 'shape': "
                             "(3,)}", sizeof labels, labels, labels_npy);
    large_bytes = files_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': "
                            "(20000,)}", sizeof large, large, large_npy);
}

/* "FILE" or "FILE:MEMBER" of the file that is written here. */
static const char *npz_of(const char *member, int parts, const zip_part *part)
{
    static char path[8][2 * FILES_PATH];
    static int next;
    char *at = path[next++ % 8];
    const char *file = files_path(folder, "t.npz");
    files_write(file, zip_make(parts, part, 0, "", content), content);
    snprintf(at, sizeof path[0], "%s%s%s", file, *member ? ":" : "", member);
    return at;
}

static void check_fc1(const char *path)
{
    ipl_array a = {0};
    CHECK_OK(ipl_array_read(path, &a));
    assert_int_equal(a.rows, 3);
    assert_int_equal(a.cols, 2);
    assert_memory_equal(a.values, fc1, sizeof fc1);
    ipl_array_free(&a);
}

static void stored_and_deflated_members_are_read(void **state)
{
    (void)state;
    for (int kind = 0; kind < 8; ++kind) {
        const zip_part part[3] = {
            {.name = "fc1.npy", .bytes = fc1_bytes, .content = fc1_npy,
             .deflated = kind & 1, .zip64 = kind >> 1 & 1},
            {.name = "y.npy", .bytes = labels_bytes, .content = labels_npy,
             .deflated = kind & 1, .zip64 = kind >> 1 & 1},
            {.name = "large.npy", .bytes = large_bytes, .content = large_npy,
             .deflated = kind & 1},
        };
        const char *file = files_path(folder, "t.npz");
        files_write(file, zip_make(3, part, kind >> 2, kind & 2 ? "a comment" : "",
                                   content), content);
        check_fc1(files_path(folder, "t.npz:fc1"));
        check_fc1(files_path(folder, "t.npz:fc1.npy"));
        ipl_array a = {0};
        CHECK_OK(ipl_array_read_labels(files_path(folder, "t.npz:y"), &a));
        assert_memory_equal(a.integers, labels, sizeof labels);
        ipl_array_free(&a);
        CHECK_OK(ipl_array_read(files_path(folder, "t.npz:large"), &a));
        for (int k = 0; k < 20000; ++k) CHECK(a.values[k] == (float)(k % 100));
        ipl_array_free(&a);

        char **name;
        int count;
        CHECK_OK(ipl_npz_members(file, &name, &count));
        assert_int_equal(count, 3);
        assert_string_equal(name[0], "fc1");
        assert_string_equal(name[2], "large");
        free(name);
    }
}

/* The advice is followed. */
static void several_arrays_ask_for_a_name(void **state)
{
    (void)state;
    const zip_part part[2] = {
        {.name = "fc1.npy", .bytes = fc1_bytes, .content = fc1_npy},
        {.name = "y.npy", .bytes = labels_bytes, .content = labels_npy}};
    ipl_array a = {0};
    CHECK_FAILS(ipl_array_read(npz_of("", 2, part), &a), IPL_E_FORMAT,
                "t.npz: holds 2 arrays, fc1, y: name one, as ");
    char advice[FILES_PATH * 2];
    snprintf(advice, sizeof advice, "%s", strstr(ipl_last_error(), ", as ") + 5);
    check_fc1(advice);
    CHECK_FAILS(ipl_array_read(npz_of("fc2", 2, part), &a), IPL_E_FORMAT,
                "t.npz: no array 'fc2': there are fc1, y");
    CHECK_FAILS(ipl_array_read(npz_of("", 2, part), &a), IPL_E_FORMAT, "name one");
    check_fc1(npz_of("", 1, part)); /* the only one needs none                        */

    zip_part many[16];
    char name[16][48];
    for (int p = 0; p < 16; ++p) {
        snprintf(name[p], sizeof name[p], "a_long_name_of_the_layer_%d.npy", p);
        many[p] = part[0];
        many[p].name = name[p];
    }
    CHECK_FAILS(ipl_array_read(npz_of("", 16, many), &a), IPL_E_FORMAT,
                "a_long_name_of_the_layer_6, .. (16 in all): name one");
}

static void names_with_colons_and_folders_are_found(void **state)
{
    (void)state;
    const zip_part part[4] = {
        {.name = "acts/", .content = ""},
        {.name = "acts/fc1.npy", .bytes = fc1_bytes, .content = fc1_npy},
        {.name = "layer:0", .bytes = fc1_bytes, .content = fc1_npy},
        {.name = "notes.txt", .bytes = 4, .content = "\2\3\4\5"}};
    char **name;
    int count;
    ipl_array a = {0};
    CHECK_OK(ipl_npz_members(npz_of("", 4, part), &name, &count));
    assert_int_equal(count, 3); /* a folder holds nothing; all else is named          */
    assert_string_equal(name[0], "acts/fc1");
    assert_string_equal(name[1], "layer:0");
    assert_string_equal(name[2], "notes.txt");
    free(name);
    check_fc1(npz_of("acts/fc1", 4, part));
    check_fc1(npz_of("layer:0", 4, part));
    CHECK_FAILS(ipl_array_read(npz_of("notes.txt", 4, part), &a), IPL_E_FORMAT,
                "t.npz:notes.txt: starts with bytes 02 03: expected an NPY");

    const char *odd = files_path(folder, "t.npz:fc1"); /* a file of this name    */
    files_write(odd, labels_bytes, labels_npy);
    CHECK_OK(ipl_array_read_labels(odd, &a));
    CHECK(a.integers[0] == 2);
    ipl_array_free(&a);
    CHECK(!unlink(odd));
    const zip_part one = part[1]; /* the longest start that is a file                 */
    const size_t bytes = zip_make(1, &one, 0, "", content);
    files_write(files_path(folder, "o"), labels_bytes, labels_npy);
    files_write(files_path(folder, "o:x.npz"), bytes, content);
    check_fc1(files_path(folder, "o:x.npz:acts/fc1"));
    files_write(files_path(folder, "a.npy"), fc1_bytes, fc1_npy);
    CHECK_FAILS(ipl_array_read(files_path(folder, "a.npy:fc1"), &a), IPL_E_FORMAT,
                "a.npy: is no npz file, and the path names 'fc1' in it");
    CHECK_FAILS(ipl_array_read(files_path(folder, "no.npz:fc1"), &a), IPL_E_IO,
                "no.npz:fc1: No such file");
}

static void many_members_need_no_zip64(void **state)
{
    (void)state;
    enum { COUNT = 65535, ENTRY = 46 + 9 }; /* the most of 16 bits  */
    const zip_part part = {.name = "00000.npy", .bytes = fc1_bytes, .content = fc1_npy};
    const char *path = files_path(folder, "t.npz");
    const size_t bytes = zip_make(1, &part, 0, "", content);
    const size_t start = bytes - 22 - ENTRY, end = start + (size_t)COUNT * ENTRY;
    unsigned char *large = malloc(end + 22);
    assert_non_null(large);
    memcpy(large, content, bytes);
    memcpy(large + end, content + bytes - 22, 22);
    for (int m = 0; m < COUNT; ++m) { /* all at one place, by other names        */
        unsigned char *entry = large + start + (size_t)m * ENTRY;
        char name[16];
        memmove(entry, content + start, ENTRY);
        snprintf(name, sizeof name, "%05d.npy", m);
        memcpy(entry + 46, name, 9);
    }
    zip_put(zip_put(zip_put(large + end + 8, 2, COUNT), 2, COUNT), 4, end - start);
    files_write(path, end + 22, large);
    free(large);
    char **name;
    int count;
    CHECK_OK(ipl_npz_members(path, &name, &count));
    assert_int_equal(count, COUNT);
    assert_string_equal(name[COUNT - 1], "65534");
    free(name);
    check_fc1(files_path(folder, "t.npz:65534"));
}

static void lies_of_the_directory_are_refused(void **state)
{
    (void)state;
    const zip_part good = {.name = "a.npy", .bytes = fc1_bytes, .content = fc1_npy};
    struct { zip_part part; const char *words; } bad[20];
    int count = 0;
    for (int b = 0; b < 20; ++b) bad[b].part = good;
#define BAD(what, text) (bad[count].part.what, bad[count++].words = text)
    BAD(crc_off = 1, "t.npz: damaged: its checksum is");
    BAD(bytes_off = 1, "cannot hold its");
    BAD(packed_off = 1, "cannot hold its");
    BAD(header_off = 1, "a member is not where its directory says");
    BAD(header_off = 1 << 20, "a member lies outside of it");
    BAD(method = 14, "a.npy is packed by method 14: expected deflate: save it by");
    BAD(method = 8, "deflated data");
    BAD(flags = 1, "a.npy is encrypted");
    bad[count].part.deflated = 1, BAD(crc_off = 1, "damaged: its checksum is");
    bad[count].part.deflated = 1, BAD(bytes_off = 1, "has 92 bytes: expected 91 for");
    bad[count].part.deflated = 1, BAD(packed_off = -1, "data is cut off");
    bad[count].part.deflated = 1, BAD(packed_off = 1, "goes on after its deflated");
    bad[count].part.deflated = 1, BAD(method = 12, "packed by method 12");
    bad[count].part.zip64 = 1, BAD(bytes_off = INT64_C(1) << 40, "cannot hold its");
    bad[count].part.zip64 = bad[count].part.deflated = 1;
    BAD(bytes_off = INT64_C(1) << 40, "cannot hold its 10995");
    bad[count].part.zip64 = 1, BAD(header_off = INT64_MAX, "lies outside of it");
#undef BAD
    for (int b = 0; b < count; ++b) {
        ipl_array a = {0};
        CHECK_FAILS(ipl_array_read(npz_of("", 1, &bad[b].part), &a), IPL_E_FORMAT,
                    bad[b].words);
        assert_null(a.values);
    }
    /* Deflated data goes on with what would be another member of a gzip file. */
    const zip_part whole = {.name = "a.npy", .bytes = fc1_bytes, .content = fc1_npy,
                            .deflated = 1};
    unsigned char more[512];
    const size_t packed = zip_pack(&whole, more);
    more[packed] = 0x1f;
    const zip_part longer = {.name = "a.npy", .bytes = packed + 1, .content = more,
                             .method = 8,
                             .bytes_off = (int64_t)fc1_bytes - (int64_t)packed - 1};
    ipl_array b = {0};
    CHECK_FAILS(ipl_array_read(npz_of("", 1, &longer), &b), IPL_E_FORMAT,
                "goes on after its deflated data");
    const zip_part twice[2] = {good, good};
    ipl_array a = {0};
    CHECK_FAILS(ipl_array_read(npz_of("a", 2, twice), &a), IPL_E_FORMAT,
                "holds a.npy twice");
    CHECK_FAILS(ipl_array_read(npz_of("", 0, &good), &a), IPL_E_FORMAT,
                "a zip file that holds nothing");
}

/* Whatever byte is wrong, the values are right or refused. */
static void no_damage_changes_a_value(void **state)
{
    (void)state;
    unsigned char changed[1024];
    const char *path = files_path(folder, "t.npz");
    for (int kind = 0; kind < 2; ++kind) {
        const zip_part part = {.name = "a.npy", .bytes = fc1_bytes, .content = fc1_npy,
                               .deflated = kind, .zip64 = kind};
        const size_t bytes = zip_make(1, &part, kind, "", content);
        assert_true(bytes < sizeof changed);
        for (size_t at = 0; at < bytes; ++at) {
            ipl_array a = {0};
            memcpy(changed, content, bytes);
            changed[at] ^= (unsigned char)(1 << at % 8);
            files_write(path, bytes, changed);
            if (ipl_array_read(path, &a) == IPL_OK)
                assert_memory_equal(a.values, fc1, sizeof fc1);
            else CHECK(strstr(ipl_last_error(), "t.npz"));
            ipl_array_free(&a);
            files_write(path, at, content); /* cut off                               */
            CHECK(ipl_array_read(path, &a) != IPL_OK);
        }
    }
}

static void other_zip_files_are_named(void **state)
{
    (void)state;
    static const struct { const char *name, *words; } other[] = {
        {"archive/data.pkl", "is a PyTorch file (a zip with data.pkl): save its "
                             "tensor: numpy.save('NEW.npy', torch.load('"},
        {"model.weights.h5", "is a Keras model"},
        {"[Content_Types].xml", "is an office document: save the sheet as CSV"},
    };
    for (int k = 0; k < 3; ++k) {
        const zip_part part = {.name = other[k].name, .bytes = 4, .content = "abcd"};
        char **name;
        int count;
        ipl_array a = {0};
        CHECK_FAILS(ipl_array_read(npz_of("", 1, &part), &a), IPL_E_FORMAT,
                    other[k].words);
        CHECK_FAILS(ipl_array_read(npz_of("fc1", 1, &part), &a), IPL_E_FORMAT,
                    other[k].words);
        CHECK_FAILS(ipl_npz_members(npz_of("", 1, &part), &name, &count), IPL_E_FORMAT,
                    other[k].words);
    }
    unsigned char object[128];
    const size_t bytes = files_npy(1, "{'descr': '|O', 'fortran_order': False, "
                                   "'shape': (1,)}", 4, "\x80\x04K.", object);
    const zip_part part = {.name = "a.npy", .bytes = bytes, .content = object};
    ipl_array a = {0};
    CHECK_FAILS(ipl_array_read(npz_of("a", 1, &part), &a), IPL_E_FORMAT,
                "t.npz:a: type |O holds Python objects");
}

static void files_of_other_programs_are_named(void **state)
{
    (void)state;
    static const struct { size_t bytes; const char *start, *words; } other[] = {
        {8, "\x89HDF\r\n\x1a\n", "is an HDF5 file: save an array of it in Python: "
                                 "numpy.save('NEW.npy', h5py.File('"},
        {30, "MATLAB 5.0 MAT-file, Platform:", "scipy.io.loadmat('"},
        {30, "MATLAB 7.3 MAT-file, Platform:", "is a MATLAB file of level 7.3"},
        {14, "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", "a PyTorch file"},
        {6, "\x80\x04\x95\1\0\0", "is a pickle of Python"},
        {12, "\x40\0\0\0\0\0\0\0{\"a\"", "is a safetensors file"},
        {4, "PAR1", "pandas.read_parquet('"},
        {8, "\x89PNG\r\n\x1a\n", "is a PNG image"},
        {6, "\xfd" "7zXZ\0", "is an xz file: unpack it with xz -d"},
        {8, "\0\0\x08\x03\0\0\0\1", "is an IDX file: name its folder as the data set"},
        {27, "-----BEGIN CERTIFICATE-----", "is a PEM file"},
        {20, "<!DOCTYPE html><html", "is a page of HTML"},
        {30, "version https://git-lfs.github", "fetch it with git lfs pull"},
    };
    for (size_t k = 0; k < sizeof other / sizeof *other; ++k) {
        ipl_array a = {0};
        const char *path = files_path(folder, "t.npy");
        files_write(path, other[k].bytes, other[k].start);
        CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, other[k].words);
        CHECK(strstr(ipl_last_error(), "t.npy: is a"));
    }
}

static void gzip_is_known_by_its_content(void **state)
{
    (void)state;
    unsigned char both[1024];
    size_t first, second;
    const char *path = files_path(folder, "t.npy"); /* without .gz                   */
    files_write_gzip(path, fc1_bytes, fc1_npy);
    check_fc1(path);
    files_write_gzip(path, 40, fc1_npy); /* several gzip members are one file         */
    unsigned char *part = files_read(path, &first);
    memcpy(both, part, first);
    free(part);
    files_write_gzip(path, fc1_bytes - 40, fc1_npy + 40);
    part = files_read(path, &second);
    memcpy(both + first, part, second);
    free(part);
    files_write(path, first + second, both);
    check_fc1(path);
    ipl_array a = {0};
    for (size_t at = 10; at < first + second; ++at) { /* damage and cuts             */
        both[at] ^= 4;
        files_write(path, first + second, both);
        if (ipl_array_read(path, &a) == IPL_OK) /* time and system are not checked    */
            assert_memory_equal(a.values, fc1, sizeof fc1);
        ipl_array_free(&a);
        both[at] ^= 4;
        files_write(path, at, both);
        CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "t.npy");
    }
}

static const check_test tests[] = {
    CHECK_TEST(stored_and_deflated_members_are_read),
    CHECK_TEST(several_arrays_ask_for_a_name),
    CHECK_TEST(names_with_colons_and_folders_are_found),
    CHECK_TEST(many_members_need_no_zip64),
    CHECK_TEST(lies_of_the_directory_are_refused),
    CHECK_TEST(no_damage_changes_a_value),
    CHECK_TEST(other_zip_files_are_named),
    CHECK_TEST(files_of_other_programs_are_named),
    CHECK_TEST(gzip_is_known_by_its_content),
};

int main(int argc, char **argv)
{
    files_make_folder(folder);
    make_arrays();
    const int failed = check_main("npz", tests, sizeof tests / sizeof *tests, 0, argc,
                                  argv);
    files_remove_folder(folder);
    free(content);
    return failed;
}
