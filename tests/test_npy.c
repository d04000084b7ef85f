/*
 * test_npy.c - NumPy files: every type and order, every kind of damage.
 *
 * The files are written byte by byte here, so that the reader is not tested on what
 * the library's own writer makes, except in the round trips.
 */
#include <signal.h>
#include <sys/resource.h>

#include "check.h"
#include "files.h"
#include "ipl_data.h"

static char folder[FILES_PATH];

/* Writes an NPY file and returns its path. */
static const char *npy(int version, const char *header, size_t bytes,
                       const void *values)
{
    static unsigned char content[1 << 20];
    const char *path = files_path(folder, "t.npy");
    files_write(path, files_npy(version, header, bytes, values, content), content);
    return path;
}

/* 2 x 3, values -1 .. 4, or 0 .. 5 where the type has no sign, as this type. */
static size_t six_values(const char *descr, int fortran, unsigned char *at)
{
    const int bytes = descr[2] - '0';
    const int start = descr[1] == 'u' || descr[1] == 'b' ? 0 : -1;
    for (int e = 0; e < 6; ++e) {
        const int row = fortran ? e % 2 : e / 3, col = fortran ? e / 2 : e % 3;
        const int64_t whole = start + row * 3 + col;
        const float single = (float)whole;
        const double real = (double)whole;
        const void *from = descr[1] != 'f' ? (const void *)&whole
                           : bytes == 4    ? (const void *)&single
                                           : (const void *)&real;
        memcpy(at + e * bytes, from, (size_t)bytes);
    }
    return (size_t)(6 * bytes);
}

static void every_type_and_order_reads_as_values_and_integers(void **state)
{
    (void)state;
    static const char *const type[] = {"<f4", "<f8", "|i1", "<i2", "<i4", "<i8",
                                       "|u1", "<u2", "<u4", "<u8", "<i1", "|b1"};
    for (size_t t = 0; t < sizeof type / sizeof *type; ++t)
        for (int fortran = 0; fortran < 2; ++fortran)
            for (int version = 1; version <= 3; ++version) {
                unsigned char values[48];
                char header[128];
                ipl_array a = {0}, b = {0};
                const size_t bytes = six_values(type[t], fortran, values);
                snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, "
                         "'shape': (2, 3), }\n", type[t], fortran ? "True" : "False");
                const char *path = npy(version, header, bytes, values);
                CHECK_OK(ipl_array_read(path, &a));
                CHECK_OK(ipl_array_read_labels(path, &b));
                assert_int_equal(a.rows, 2);
                assert_int_equal(b.cols, 3);
                assert_int_equal(a.dims, 2);
                assert_null(a.integers);
                assert_null(b.values);
                const int start = type[t][1] == 'u' || type[t][1] == 'b' ? 0 : -1;
                for (int e = 0; e < 6; ++e) {
                    CHECK(a.values[e] == (float)(start + e));
                    CHECK(b.integers[e] == start + e);
                }
                ipl_array_free(&a);
                ipl_array_free(&b);
            }
}

/* What float32 cannot hold stays double, until it is narrowed. */
static void what_float32_cannot_hold_is_wide(void **state)
{
    (void)state;
    static const double values[2][3] = {{1e8 + 1.0, -0.5, 0.1}, {1e8, -0.5, NAN}};
    for (int v = 0; v < 2; ++v) {
        ipl_array a = {0};
        CHECK_OK(ipl_array_read(npy(1, "{'descr': '<f8', 'fortran_order': False, "
                                       "'shape': (3,)}", 24, values[v]), &a));
        CHECK((a.wide != NULL) == (v == 0));
        CHECK((a.values != NULL) == (v == 1));
        if (a.wide) assert_memory_equal(a.wide, values[v], sizeof values[v]);
        CHECK_OK(ipl_array_narrow("a", &a));
        assert_null(a.wide);
        assert_int_equal(a.rounded, v ? 0 : 2);
        CHECK(a.values[0] == 1e8f && a.values[1] == -0.5f);
        ipl_array_free(&a);
    }
}

static void one_dimension_is_one_column(void **state)
{
    (void)state;
    const float values[3] = {1.5f, -2.0f, 1e30f};
    ipl_array a = {0};
    CHECK_OK(ipl_array_read(
        npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 12, values),
        &a));
    assert_int_equal(a.dims, 1);
    assert_int_equal(a.rows, 3);
    assert_int_equal(a.cols, 1);
    assert_memory_equal(a.values, values, sizeof values);
    ipl_array_free(&a);
}

static void headers_may_differ_in_space_quotes_and_order(void **state)
{
    (void)state;
    static const char *const header[] = {
        "{'shape': (3,), 'fortran_order': False, 'descr': '<f4'}",
        "  {\"shape\":(3L,),\"descr\":\"<f4\",\"fortran_order\":False}   \n",
        "{\n'descr'\t:\r\n'<f4' , 'fortran_order' : False,'shape':( 3 , ) , }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3,)}",
    };
    const float values[3] = {1.0f, 2.0f, 3.0f};
    for (size_t h = 0; h < sizeof header / sizeof *header; ++h) {
        ipl_array a = {0};
        CHECK_OK(ipl_array_read(npy(1, header[h], 12, values), &a));
        assert_memory_equal(a.values, values, sizeof values);
        ipl_array_free(&a);
    }
}

static void orders_agree_over_many_chunks(void **state)
{
    (void)state;
    enum { ROWS = 301, COLS = 67 }; /* no divisor of the reader's chunk             */
    static int32_t c_order[ROWS * COLS], f_order[ROWS * COLS];
    ipl_array c = {0}, f = {0};
    for (int r = 0; r < ROWS; ++r)
        for (int k = 0; k < COLS; ++k)
            c_order[r * COLS + k] = f_order[k * ROWS + r] = 1000 * r + k;
    CHECK_OK(ipl_array_read_labels(
        npy(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (301, 67)}",
            sizeof c_order, c_order), &c));
    CHECK_OK(ipl_array_read_labels(
        npy(1, "{'descr': '<i4', 'fortran_order': True, 'shape': (301, 67)}",
            sizeof f_order, f_order), &f));
    for (int e = 0; e < ROWS * COLS; ++e) {
        CHECK(c.integers[e] == c_order[e]);
        CHECK(f.integers[e] == c_order[e]);
    }
    ipl_array_free(&c);
    ipl_array_free(&f);
}

static void bad_headers_are_named(void **state)
{
    (void)state;
    static const struct { const char *header, *words; } bad[] = {
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}",
         "holds records: expected an array of numbers: save one field, a['a']"},
        {"{'descr': '', 'fortran_order': False, 'shape': (3,)}", "such as <f4"},
        {"{'descr': 4, 'fortran_order': False, 'shape': (3,)}", "unreadable descr"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", "unreadable fortran"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}",
         "a single value without a dimension: expected one for each row: save "
         "np.atleast_1d(a)"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, "
         "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)}",
         "more than 32 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4611686018427387904, "
         "2)}", "shape (3, 4611686018427387904, 2) is more than a file can hold"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
         "unreadable shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3 3)}",
         "unreadable shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 3}", "unreadable shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3", "unreadable shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}",
         "dimension 0 is 0: expected at least 1"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
         "beyond 2^63"},
        {"{'descr': '<f4', 'fortran_order': False, "
         "'shape': (4611686018427387904, 4611686018427387904)}", "a file can hold"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 1000)}",
         "expected 16000000000"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", "has 77 bytes: "
         "expected 81 for shape (4,) of 4 bytes a value"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
         "expected 73 for shape (2,)"},
        {"{'descr': '<f4', 'fortran_order': False}", "no shape in the header"},
        {"{'descr': '<f4', 'shape': (3,)}", "no fortran_order in the header"},
        {"{'shape': (3,), 'fortran_order': False}", "no descr in the header"},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (3,)}", "once each"},
        {"{'descr': '<f4', 'extra': 1, 'shape': (3,)}", "'extra'"},
        {"{'descr': '<f4' 'shape': (3,)}", "expected ',' or '}'"},
        {"{'descr' '<f4'}", "no ':' after 'descr'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} x",
         "after the header"},
        {"('descr', '<f4')", "expected '{'"},
        {"{'descr: '<f4'}", "once each"},
        {"", "expected '{'"},
    };
    const float values[3] = {1.0f, 2.0f, 3.0f};
    ipl_array a = {0};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        const char *path = npy(1, bad[b].header, 12, values);
        CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, bad[b].words);
        CHECK(strstr(ipl_last_error(), "t.npy"));
        assert_null(a.values);
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    const float values[3] = {1.0f, 2.0f, 3.0f};
    const char *path = files_path(folder, "t.npy");
    unsigned char content[256];
    const size_t whole = files_npy(
        2, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 12, values,
        content);
    ipl_array a = {0};
    for (size_t bytes = 0; bytes < whole; ++bytes) {
        files_write(path, bytes, content);
        CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "t.npy");
    }
    content[whole] = 0;
    files_write(path, whole + 1, content);
    CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "expected 79");
    files_write(path, whole, content);
    CHECK_OK(ipl_array_read(path, &a));
    ipl_array_free(&a);
}

static void what_is_no_npy_file_is_refused(void **state)
{
    (void)state;
    ipl_array a = {0};
    const char *path = files_path(folder, "t.npy");
    CHECK_FAILS(ipl_array_read(files_path(folder, "absent.npy"), &a), IPL_E_IO,
                "No such file");
    CHECK_FAILS(ipl_array_read(folder, &a), IPL_E_IO, folder);
    files_write(path, 0, "");
    CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "the file is empty");
    files_write(path, 12, "PK\3\4 a zip\n\n");
    CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "a zip file that is cut off");
    files_write_gzip(path, 12, "PK\3\4 a zip\n\n");
    CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "unpack it with gunzip");
    files_write(path, 12, "\2\3 any bytes");
    CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT,
                "starts with bytes 02 03: expected an NPY, npz or CSV file");
    files_write(path, 12, "\x93NUMPY\4\0\4\0{}");
    CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "NPY version 4.0");
    files_write(path, 12, "\x93NUMPY\2\0\0\0\0\x7f");
    CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT,
                "header of 2130706432 byte");
    CHECK_FAILS(ipl_array_read(NULL, &a), IPL_E_ARGUMENT, "NULL");
}

/* Labels are integers only where all are; the others stay what they are. */
static void values_may_be_nan_but_integers_must_be_whole(void **state)
{
    (void)state;
    static const double bad[] = {0.5, 1e300, -1e300, NAN, INFINITY, 0x1p63};
    static const char header[] =
        "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2)}";
    ipl_array a = {0};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        const double values[4] = {1.0, 2.0, bad[b], 4.0}; /* row 0, column 1        */
        CHECK_OK(ipl_array_read_labels(npy(1, header, 32, values), &a));
        assert_null(a.integers);
        const double got = a.values ? (double)a.values[1] : a.wide[1];
        CHECK(got == bad[b] || isnan(bad[b]));
        ipl_array_free(&a);
        ipl_classes y = {0};
        CHECK_FAILS(ipl_labels_read(npy(1, header, 32, values),
                                    (ipl_samples_of){"T", 2, 0}, NULL, &y),
                    IPL_E_FORMAT, "is 2 x 2 and not one-hot");
    }
    const double values[4] = {1.0, NAN, -INFINITY, -0x1p63};
    CHECK_OK(ipl_array_read(npy(1, header, 32, values), &a));
    CHECK(isnan(a.values[2]) && isinf(a.values[1]));
    ipl_array_free(&a);
    const double edge[4] = {-0x1p63, 0x1p62, 0.0, -0.0};
    CHECK_OK(ipl_array_read_labels(npy(1, header, 32, edge), &a));
    CHECK(a.integers[0] == INT64_MIN && a.integers[2] == (int64_t)1 << 62);
    ipl_array_free(&a);
}

/* All of uint64: ascending, each by its own name. */
static void natural_labels_have_64_bits(void **state)
{
    (void)state;
    static const char header[] =
        "{'descr': '<u8', 'fortran_order': False, 'shape': (4,)}";
    const uint64_t large[4] = {UINT64_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, 0};
    static const int32_t want[4] = {3, 1, 2, 0};
    static const char names[] = "0\0" "9223372036854775807\0" "9223372036854775808\0"
                                "18446744073709551615";
    const ipl_samples_of of = {"T", 4, 0};
    ipl_classes y = {0};
    CHECK_OK(ipl_labels_read(npy(1, header, 32, large), of, NULL, &y));
    assert_memory_equal(y.y, want, sizeof want);
    assert_memory_equal(y.names, names, sizeof names);
    ipl_classes_free(&y);
    CHECK_OK(ipl_labels_read(npy(1, header, 32, large), of, "18446744073709551615",
                             &y));
    assert_int_equal(y.unlabelled, 1);
    CHECK(y.y[0] == IPL_NO_CLASS);
    ipl_classes_free(&y);
}

static void written_arrays_read_back_the_same(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static float values[COUNT];
    static int32_t whole[COUNT];
    for (int i = 0; i < COUNT; ++i) values[i] = (float)i / 7.0f, whole[i] = i - 5000;
    const char *path = files_path(folder, "out.npy");
    static const int64_t shape[][2] = {{COUNT, 0}, {COUNT / 2, 2}, {2, COUNT / 2}, {1,
                                                                                    1}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; ++s) {
        ipl_array a = {0};
        const int64_t cols = shape[s][1] ? shape[s][1] : 1;
        CHECK_OK(ipl_npy_write_float32(path, shape[s][0], shape[s][1], values));
        CHECK_OK(ipl_array_read(path, &a));
        assert_int_equal(a.rows, shape[s][0]);
        assert_int_equal(a.cols, cols);
        assert_int_equal(a.dims, shape[s][1] ? 2 : 1);
        assert_memory_equal(a.values, values, (size_t)(a.rows * cols) * sizeof *values);
        ipl_array_free(&a);
    }
    ipl_array b = {0};
    CHECK_OK(ipl_npy_write_int32(path, COUNT, whole)); /* replaces the file         */
    CHECK_OK(ipl_array_read_labels(path, &b));
    assert_int_equal(b.rows, COUNT);
    assert_int_equal(b.dims, 1);
    for (int i = 0; i < COUNT; ++i) CHECK(b.integers[i] == whole[i]);
    ipl_array_free(&b);

    size_t bytes;
    unsigned char *content = files_read(path, &bytes);
    assert_int_equal(bytes, 128 + 4 * COUNT); /* values start at a multiple of 64    */
    assert_int_equal(content[127], '\n');
    free(content);
}

static void a_write_that_fails_leaves_what_was_there(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    static float values[COUNT];
    static const float before[2] = {1.0f, 2.0f};
    const char *path = files_path(folder, "kept.npy");
    CHECK_OK(ipl_npy_write_float32(path, 2, 0, before));
    const int files = files_count(folder);

    /* A limit on the size of files stands for a disk that gets full half way. */
    struct rlimit limit, tight;
    CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
    tight = limit;
    tight.rlim_cur = 65536;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(!setrlimit(RLIMIT_FSIZE, &tight));
    const ipl_status st = ipl_npy_write_float32(path, COUNT, 0, values);
    CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
    assert_int_equal(st, IPL_E_IO);
    CHECK(strstr(ipl_last_error(), "kept.npy.new: write: File too large"));
    assert_int_equal(files_count(folder), files); /* no temporary file stays         */

    ipl_array a = {0};
    CHECK_OK(ipl_array_read(path, &a));
    assert_memory_equal(a.values, before, sizeof before);
    ipl_array_free(&a);
    CHECK_FAILS(ipl_npy_write_float32(files_path(folder, "no/such.npy"), 2, 0, before),
                IPL_E_IO, "such.npy.new: open: No such file");
    CHECK_FAILS(ipl_npy_write_float32(path, 0, 0, before), IPL_E_ARGUMENT, "0 x 0");
}

static void written_files_have_usual_permissions(void **state)
{
    (void)state;
    const float value = 1.0f;
    const char *path = files_path(folder, "mode.npy");
    struct stat about;
    const mode_t mask = umask(027);
    CHECK_OK(ipl_npy_write_float32(path, 1, 0, &value));
    umask(mask);
    CHECK(!stat(path, &about));
    assert_int_equal(about.st_mode & 0777, 0640);
}

static const check_test tests[] = {
    CHECK_TEST(every_type_and_order_reads_as_values_and_integers),
    CHECK_TEST(what_float32_cannot_hold_is_wide),
    CHECK_TEST(one_dimension_is_one_column),
    CHECK_TEST(headers_may_differ_in_space_quotes_and_order),
    CHECK_TEST(orders_agree_over_many_chunks),
    CHECK_TEST(bad_headers_are_named),
    CHECK_TEST(a_file_cut_anywhere_is_refused),
    CHECK_TEST(what_is_no_npy_file_is_refused),
    CHECK_TEST(values_may_be_nan_but_integers_must_be_whole),
    CHECK_TEST(natural_labels_have_64_bits),
    CHECK_TEST(written_arrays_read_back_the_same),
    CHECK_TEST(a_write_that_fails_leaves_what_was_there),
    CHECK_TEST(written_files_have_usual_permissions),
};

int main(int argc, char **argv)
{
    files_make_folder(folder);
    const int failed = check_main("npy", tests, sizeof tests / sizeof *tests, 0, argc,
                                  argv);
    files_remove_folder(folder);
    return failed;
}
