/*
 * test_csv.c - text files: delimiters, names, quotes, labels, and each way to be wrong.
 */
#include <locale.h>

#include "check.h"
#include "files.h"
#include "ipl_data.h"

static char folder[FILES_PATH];

static const char *csv(const char *text)
{
    const char *path = files_path(folder, "t.csv");
    files_write(path, strlen(text), text);
    return path;
}

static double value_of(const ipl_array *a, int64_t at)
{
    return a->values ? (double)a->values[at] : a->wide[at];
}

static void every_form_of_a_table_is_read(void **state)
{
    (void)state;
    static const char *const form[] = {
        "1,2,3\n-4,5.5,6e2\n",
        "1;2;3\n-4;5.5;6e2",
        "1\t2\t3\n-4\t5.5\t6e2\n",
        "1 2 3\n-4 5.5 6e2\n",
        "  1.0   2  3\n -4 5.5  600 \n",
        "1,2,3\r\n-4,5.5,6e2\r\n",
        "a,b,c\n1,2,3\n-4,5.5,6e2\n",
        "\"a, b\",b,\"c \"\"x\"\"\"\n1,2,3\n-4,5.5,6e2\n",
        "\"a; b\",b,c\n1,2,3\n-4,5.5,6e2\n",
        "a b c\n1 2 3\n-4 5.5 6e2\n",
        "# made by numpy.savetxt\n# a,b,c\n1,2,3\n-4,5.5,6e2\n",
        "\xef\xbb\xbf" "a,b,c\n1,2,3\n-4,5.5,6e2\n\n\n",
        " 1 , +2 ,3.\n-4,\t5.5,.6e+3\n",
        "\"1\",\"2\",\"3\"\n\"-4\",\"5.5\",\"6E2\"\n",
    };
    static const double want[6] = {1, 2, 3, -4, 5.5, 600};
    for (size_t f = 0; f < sizeof form / sizeof *form; ++f)
        for (int labels = 0; labels < 2; ++labels) {
            ipl_array a = {0};
            const char *path = csv(form[f]);
            CHECK_OK((labels ? ipl_array_read_labels : ipl_array_read)(path, &a));
            assert_int_equal(a.rows, 2);
            assert_int_equal(a.cols, 3);
            assert_int_equal(a.dims, 2);
            assert_int_equal(a.rounded, 0);
            for (int v = 0; v < 6; ++v) CHECK(value_of(&a, v) == want[v]);
            ipl_array_free(&a);
        }
}

static void rows_that_count_are_rows_among_integers(void **state)
{
    (void)state;
    static const char *const form[] = {"0,1,2\n3,4,5\n", "0.0,1,2\n3,4.5,5\n",
                                       "0,1,2\n", "0\n1.5\n"};
    static const int rows[] = {2, 2, 1, 2};
    for (int f = 0; f < 4; ++f) {
        ipl_array a = {0};
        CHECK_OK(ipl_array_read(csv(form[f]), &a));
        assert_int_equal(a.rows, rows[f]);
        CHECK(a.values[0] == 0.0f);
        ipl_array_free(&a);
    }
}

static void numbers_are_exact_doubles(void **state)
{
    (void)state;
    ipl_array a = {0};
    CHECK_OK(ipl_array_read(csv("0.1\n-0\nnan\n-inf\n1e308\n9007199254740993\n"
                                "4.9e-324\nInfinity\n-9223372036854775807\n"), &a));
    assert_int_equal(a.dims, 1);
    assert_int_equal(a.rows, 9);
    assert_non_null(a.wide);
    CHECK(a.wide[0] == 0.1 && signbit(a.wide[1]) && isnan(a.wide[2]));
    CHECK(a.wide[3] == -INFINITY && a.wide[4] == 1e308 && a.wide[5] == 0x1p53);
    CHECK(a.wide[6] == 0x1p-1074 && a.wide[7] == INFINITY && a.wide[8] == -0x1p63);
    assert_int_equal(a.rounded, 2); /* the whole numbers that double rounds           */
    ipl_array_free(&a);
    CHECK_OK(ipl_array_read(csv("1.5,2\n3,1.00000001490116119384765625e-1"), &a));
    assert_non_null(a.values); /* 0.1f as numpy.savetxt writes it                     */
    CHECK(a.values[3] == 0.1f);
    ipl_array_free(&a);
}

static void the_locale_of_the_process_does_not_matter(void **state)
{
    (void)state;
    static const char *const comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C"};
    ipl_array a = {0};
    int k = 0;
    while (!setlocale(LC_NUMERIC, comma[k])) ++k; /* C: none of them is installed     */
    const char before = localeconv()->decimal_point[0];
    CHECK_OK(ipl_array_read(csv("1.5;2.25\n3;4\n"), &a));
    CHECK(a.values[0] == 1.5f && a.values[1] == 2.25f);
    CHECK(localeconv()->decimal_point[0] == before);
    ipl_array_free(&a);
    CHECK_FAILS(ipl_array_read(csv("1;1\n1,5;2\n"), &a), IPL_E_FORMAT,
                "line 2, column 1: '1,5' is no number: expected a point before");
    setlocale(LC_NUMERIC, "C");
}

static void labels_are_integers_numbers_or_words(void **state)
{
    (void)state;
    ipl_array a = {0};
    CHECK_OK(ipl_array_read_labels(csv("label\n3\n-1\n3.0\n9007199254740993\n"), &a));
    assert_int_equal(a.rows, 4);
    CHECK(a.integers[1] == -1 && a.integers[2] == 3);
    CHECK(a.integers[3] == (INT64_C(1) << 53) + 1);
    ipl_array_free(&a);
    CHECK_OK(ipl_array_read_labels(csv("1\n2.5\n"), &a));
    CHECK(!a.integers && a.values[1] == 2.5f);
    ipl_array_free(&a);

    static const struct {
        const char *text;
        int         rows;
        const char *first, *last;
    } w[] = {
        {"cat\ndog\ncat\n", 3, "cat", "cat"},
        {"species\ncat\ndog\ncat\n", 3, "cat", "cat"},
        {"New York\nOslo\nNew York\n", 3, "New York", "New York"},
        {"\"say \"\"a\"\"\"\nb\n\"say \"\"a\"\"\"\nb\n", 4, "say \"a\"", "b"},
        {"\"1\"\nb\n\"1\"", 3, "1", "1"},
    };
    for (size_t k = 0; k < sizeof w / sizeof *w; ++k) {
        CHECK_OK(ipl_array_read_labels(csv(w[k].text), &a));
        assert_int_equal(a.rows, w[k].rows);
        assert_int_equal(a.cols, 1);
        assert_string_equal(a.text, w[k].first);
        assert_string_equal(a.text + (size_t)(a.rows - 1) * a.text_bytes, w[k].last);
        ipl_array_free(&a);
    }
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct { const char *text, *words; } bad[] = {
        {"1,2\n3\n", "line 2 has 1 fields: expected 2 as in line 1"},
        {"a,b\n1,2\n3,4,5\n", "line 3 has 3 fields: expected 2 as in line 1"},
        {"1,2\n3,\n", "line 2, column 2: '' is empty: expected a number"},
        {"1,2\n3,x\n", "line 2, column 2: 'x' is no number"},
        {"1,x\n3,4\n", "line 1, column 2: 'x' is no number"},
        {"1,2\n\n3,4\n", "line 2 is empty"},
        {"1,2\n3,1e999\n", "line 2, column 2: '1e999' is beyond the range of double"},
        {"1,2\n3,0x10\n", "'0x10' is no number"},
        {"1,2\n3,1_000\n", "'1_000' is no number"},
        {"1,2\n3,1 000\n", "'1 000' is no number"},
        {"1,2\n3,4.5.6\n", "'4.5.6' is no number"},
        {"1,2\n3,nan(1)\n", "'nan(1)' is no number"},
        {"1,2\n\"3,4\n", "line 2, column 1: a quote that is not closed"},
        {"1,2\n\"3\"x,4\n", "line 2, column 1: a quote that is not closed"},
        {",a,b\n0,1,2\n", "line 1, column 1 is empty: save the table without row "
                          "numbers, in pandas index=False"},
        {"0,1,2\n5,0.5,3\n", "line 1 counts the columns and the next has other "
                             "numbers: save it without, in pandas header=False"},
        {"1.000000000000000000e+00,2.000000000000000000e+00\n3.00000000000000000000,"
         "\33[31m\n", "line 2: a byte 1b: expected text"},
        {"1,\33[31m2\n", "line 1: a byte 1b: expected text"},
        {"\1\2\3\4\n", "starts with bytes 01 02: expected an NPY, npz or CSV"},
        {"# nothing\n", "a text without a row of numbers"},
        {"x\n", "'x' is no number"},
    };
    ipl_array a = {0};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        CHECK_FAILS(ipl_array_read(csv(bad[b].text), &a), IPL_E_FORMAT, bad[b].words);
        CHECK(strstr(ipl_last_error(), "t.csv: "));
    }
    static const struct { const char *text, *words; } label[] = {
        {"1\n2\nl\n", "line 1, column 1: '1' is a number, and others are words: write "
                      "it in quotes if it is a word"},
        {"cat\nnan\ncat\n", "line 2, column 1: 'nan' is a number"},
        {"cat\n\"\"\ncat\n", "line 2, column 1: '' is empty: expected a label"},
        {"99999999999999999999\n", "'99999999999999999999' is beyond 2^63"},
        {"1,cat\n2,dog\n", "line 1, column 2: 'cat' is no number"},
    };
    for (size_t b = 0; b < sizeof label / sizeof *label; ++b)
        CHECK_FAILS(ipl_array_read_labels(csv(label[b].text), &a), IPL_E_FORMAT,
                    label[b].words);
    files_write(files_path(folder, "t.csv"), 8, "1,2\n\0,4\n");
    CHECK_FAILS(ipl_array_read(files_path(folder, "t.csv"), &a), IPL_E_FORMAT,
                "starts with bytes 31 2c");
}

static void long_tables_are_read_whole_packed_or_not(void **state)
{
    (void)state;
    enum { ROWS = 30000 };
    static char text[ROWS * 24];
    size_t used = 0;
    for (int r = 0; r < ROWS; ++r)
        used += (size_t)sprintf(text + used, "%d,%d.5\n", r, -r);
    for (int packed = 0; packed < 2; ++packed) {
        ipl_array a = {0};
        const char *path = files_path(folder, "long.txt"); /* any name               */
        (packed ? files_write_gzip : files_write)(path, used, text);
        CHECK_OK(ipl_array_read(path, &a));
        assert_int_equal(a.rows, ROWS);
        for (int r = 0; r < ROWS; ++r)
            CHECK(a.values[2 * r] == (float)r &&
                  a.values[2 * r + 1] == (r ? -(float)r - 0.5f : 0.5f));
        ipl_array_free(&a);
    }
}

static const check_test tests[] = {
    CHECK_TEST(every_form_of_a_table_is_read),
    CHECK_TEST(rows_that_count_are_rows_among_integers),
    CHECK_TEST(numbers_are_exact_doubles),
    CHECK_TEST(the_locale_of_the_process_does_not_matter),
    CHECK_TEST(labels_are_integers_numbers_or_words),
    CHECK_TEST(what_is_wrong_is_named_with_its_place),
    CHECK_TEST(long_tables_are_read_whole_packed_or_not),
};

int main(int argc, char **argv)
{
    files_make_folder(folder);
    const int failed = check_main("csv", tests, sizeof tests / sizeof *tests, 0, argc,
                                  argv);
    files_remove_folder(folder);
    return failed;
}
