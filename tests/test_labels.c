/*
 * test_labels.c - labels of any kind become classes 0 .. C-1, and the note says which.
 */
#include "check.h"
#include "files.h"
#include "ipl_data.h"

/* Labels of whole numbers, rows x cols. */
static ipl_array numbers(int64_t rows, int64_t cols, const int64_t *label)
{
    return (ipl_array){.rows = rows, .cols = cols, .dims = 2, .shape = {rows, cols},
                       .integers = (int64_t *)label};
}

static ipl_array reals(int64_t rows, int64_t cols, const double *label)
{
    return (ipl_array){.rows = rows, .cols = cols, .dims = 2, .shape = {rows, cols},
                       .wide = (double *)label};
}

static ipl_array words(int64_t rows, size_t bytes, const char *label)
{
    return (ipl_array){.rows = rows, .cols = 1, .dims = 1, .shape = {rows},
                       .text = (char *)label, .text_bytes = bytes};
}

static ipl_samples_of of(int64_t rows) { return (ipl_samples_of){"X", rows, 6}; }

static ipl_classes make(const ipl_array *labels, int64_t rows, const char *no_label)
{
    ipl_classes made = {0};
    CHECK_OK(ipl_labels_from_array("y", of(rows), labels, no_label, &made));
    assert_int_equal(made.rows, rows);
    return made;
}

/* Expects these classes, this note and these names ("": none), and frees them. */
static void expect(ipl_classes made, int32_t classes, const int32_t *y,
                   const char *names, const char *note)
{
    char joined[512] = "";
    const char *name = made.names;
    assert_int_equal(made.classes, classes);
    for (int64_t r = 0; r < made.rows; ++r) assert_int_equal(made.y[r], y[r]);
    for (int32_t c = 0; name && c < classes; ++c, name += strlen(name) + 1) {
        if (c) strcat(joined, "|");
        strcat(joined, name);
    }
    assert_string_equal(joined, names);
    assert_string_equal(made.note, note);
    ipl_classes_free(&made);
    assert_null(made.y);
}

static void labels_from_nought_stay_and_nothing_is_said(void **state)
{
    (void)state;
    static const int64_t label[6] = {2, 0, 1, 1, 0, 2};
    static const double whole[6] = {2, 0, 1, 1, 0, 2};
    static const int32_t y[6] = {2, 0, 1, 1, 0, 2};
    ipl_array a = numbers(6, 1, label), row = numbers(1, 6, label);
    ipl_array b = reals(6, 1, whole);
    expect(make(&a, 6, NULL), 3, y, "", "");
    expect(make(&row, 6, ""), 3, y, "", "");
    expect(make(&b, 6, NULL), 3, y, "", "");
    static const int64_t one[1] = {0};
    ipl_array single = numbers(1, 1, one);
    expect(make(&single, 1, NULL), 1, y + 1, "", "");
}

static void other_numbers_become_classes_in_ascending_order(void **state)
{
    (void)state;
    static const struct {
        int64_t label[4];
        int32_t classes, y[4];
        const char *names, *note;
    } want[] = {
        {{1, -1, -1, 1}, 2, {1, 0, 0, 1}, "-1|1", "labels -1, 1 are classes 0, 1"},
        {{3, 1, 2, 1}, 3, {2, 0, 1, 0}, "1|2|3", "labels 1, 2, 3 are classes 0, 1, 2"},
        {{3, 0, 2, 0}, 3, {2, 0, 1, 0}, "0|2|3", "labels 0, 2, 3 are classes 0, 1, 2"},
        {{7, 7, 7, 7}, 1, {0, 0, 0, 0}, "7", "label 7 is class 0"},
        {{INT64_MAX, INT64_MIN, 0, 0}, 3, {2, 0, 1, 1},
         "-9223372036854775808|0|9223372036854775807",
         "labels -9223372036854775808, 0, 9223372036854775807 are classes 0, 1, 2"},
        {{1, -1, 0, 1}, 3, {2, 0, 1, 2}, "-1|0|1",
         "labels -1, 0, 1 are classes 0, 1, 2 (if -1 means no label, no_label = -1 or "
         "--no-label -1 leaves its rows out)"},
    };
    for (size_t w = 0; w < sizeof want / sizeof *want; ++w) {
        const ipl_array a = numbers(4, 1, want[w].label);
        expect(make(&a, 4, NULL), want[w].classes, want[w].y, want[w].names,
               want[w].note);
    }
}

static void many_labels_are_told_by_their_ends(void **state)
{
    (void)state;
    int64_t label[40];
    ipl_array a = numbers(40, 1, label);
    ipl_classes made;
    for (int i = 0; i < 40; ++i) label[i] = 1 + i % 10;
    made = make(&a, 40, NULL);
    assert_string_equal(made.note, "labels 1 to 10 are classes 0 to 9");
    for (int i = 0; i < 40; ++i) assert_int_equal(made.y[i], i % 10);
    ipl_classes_free(&made);
    for (int i = 0; i < 40; ++i) label[i] = 70000 + 100000 * (i % 10);
    made = make(&a, 40, NULL);
    assert_string_equal(made.note, "10 labels, 70000 to 970000, are classes 0 to 9 in "
                                   "this order");
    ipl_classes_free(&made);
    for (int i = 0; i < 40; ++i) label[i] = -i;
    made = make(&a, 40, NULL);
    assert_string_equal(made.note, "labels -39 to 0 are classes 0 to 39; each of the "
                                   "40 rows is a class of its own");
    assert_int_equal(made.y[0], 39);
    ipl_classes_free(&made);
}

static void words_become_classes_with_printable_names(void **state)
{
    (void)state;
    static const char label[4][8] = {"dog", "cat", "dog", "ape"};
    static const int32_t y[4] = {2, 1, 2, 0};
    const ipl_array a = words(4, 8, label[0]);
    expect(make(&a, 4, NULL), 3, y, "ape|cat|dog",
           "labels ape, cat, dog are classes 0, 1, 2");
    static const char odd[4][8] = {"\x1b[2J", "Z\xc3\xbcrich", "\xff", "\xc2\x9b"};
    static const int32_t odd_y[4] = {0, 1, 3, 2};
    const ipl_array b = words(4, 8, odd[0]);
    expect(make(&b, 4, NULL), 4, odd_y, "\\x1b[2J|Z\xc3\xbcrich|\\xc2\\x9b|\\xff",
           "labels \\x1b[2J, Z\xc3\xbcrich, \\xc2\\x9b, \\xff are classes 0, 1, 2, 3; "
           "each of the 4 rows is a class of its own");
    static const char lengthy[2][64] = {
        "a word of more than the 24 bytes that a line shows", "b"};
    static const int32_t both[2] = {0, 1};
    const ipl_array c = words(2, 64, lengthy[0]);
    expect(make(&c, 2, NULL), 2, both,
           "a word of more than the 24 bytes that a line shows|b",
           "labels a word of more than the .., b are classes 0, 1");
    /* The numbers of words are words: in the order of their bytes. */
    static const char digits[3][4] = {"9", "10", "9"};
    static const int32_t digit_y[3] = {1, 0, 1};
    const ipl_array d = words(3, 4, digits[0]);
    expect(make(&d, 3, NULL), 2, digit_y, "10|9", "labels 10, 9 are classes 0, 1");
}

static void one_hot_labels_are_their_columns(void **state)
{
    (void)state;
    static const int64_t hot[12] = {0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0};
    static const double real[12] = {0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0};
    static const int32_t y[4] = {2, 0, 2, 0};
    static const char note[] = "one-hot labels: columns 0 to 2 are the classes";
    const ipl_array a = numbers(4, 3, hot), b = reals(4, 3, real);
    expect(make(&a, 4, NULL), 3, y, "", note);
    expect(make(&b, 4, NULL), 3, y, "", note);
}

static void rows_of_no_label_are_left_out_when_asked(void **state)
{
    (void)state;
    static const int64_t label[5] = {1, -1, 0, -1, 1};
    static const int32_t y[5] = {1, IPL_NO_CLASS, 0, IPL_NO_CLASS, 1};
    const ipl_array a = numbers(5, 1, label);
    expect(make(&a, 5, "-1"), 2, y, "", "2 of 5 rows are labelled -1 and left out");
    static const int32_t all[5] = {2, 0, 1, 0, 2};
    expect(make(&a, 5, "-2"), 3, all, "-1|0|1",
           "labels -1, 0, 1 are classes 0, 1, 2 (if -1 means no label, no_label = -1 "
           "or --no-label -1 leaves its rows out); no row is labelled -2");
    static const int32_t two[5] = {0, IPL_NO_CLASS, IPL_NO_CLASS, IPL_NO_CLASS, 0};
    expect(make(&a, 5, "0,-1"), 1, two, "1", "label 1 is class 0; 3 of 5 rows are "
           "labelled one of 0,-1 and left out");
    float reals[3] = {NAN, 1.0f, 0.0f};
    static const int32_t reals_y[3] = {IPL_NO_CLASS, 1, 0};
    const ipl_array c = {.rows = 3, .cols = 1, .dims = 1, .shape = {3},
                        .values = reals};
    expect(make(&c, 3, "nan"), 2, reals_y, "", "1 of 3 rows are labelled nan and left "
           "out");
    static const char word[3][8] = {"cat", "?", "dog"};
    static const int32_t word_y[3] = {0, IPL_NO_CLASS, 1};
    const ipl_array b = words(3, 8, word[0]);
    expect(make(&b, 3, "?"), 2, word_y, "cat|dog",
           "labels cat, dog are classes 0, 1; 1 of 3 rows are labelled ? and left out");

    float *value = malloc(10 * sizeof *value);
    int32_t left[3];
    assert_non_null(value);
    for (int i = 0; i < 10; ++i) value[i] = (float)i;
    ipl_array t = {.rows = 5, .cols = 2, .dims = 2, .shape = {5, 2}, .values = value};
    ipl_classes made = make(&a, 5, "-1");
    assert_int_equal(made.unlabelled, 2);
    CHECK_OK(ipl_array_keep_labelled("t", &made, &t));
    ipl_classes_labelled(&made, left);
    static const float kept[6] = {0, 1, 4, 5, 8, 9};
    static const int32_t kept_y[3] = {1, 0, 1};
    assert_int_equal(t.rows, 3);
    assert_memory_equal(t.values, kept, sizeof kept);
    assert_memory_equal(left, kept_y, sizeof kept_y);
    /* What goes may have anything; of what stays the file's row is named. */
    t = (ipl_array){.rows = 5, .cols = 2, .dims = 2, .shape = {5, 2}, .values = value};
    value[3] = NAN;
    value[9] = INFINITY;
    CHECK_FAILS(ipl_array_keep_labelled("t", &made, &t), IPL_E_NUMERIC,
                "1 of 10 values are NaN or infinite, first in row 4, column 1 (inf)");
    t.rows = 4;
    CHECK_FAILS(ipl_array_keep_labelled("t", &made, &t), IPL_E_ARGUMENT,
                "4 rows: expected 5");
    ipl_classes_free(&made);
    ipl_array_free(&t);
}

/* What cannot be classes says what it is, and what to do. */
static void what_are_no_classes_is_named(void **state)
{
    (void)state;
    static const double soft[6] = {0.25, 0.75, 1.0, 0.0, 0.5, 0.5};
    static const double half[6] = {0.0, 0.5, 1.0, NAN, 0.0, 1.0};
    static const double pixels[6] = {0.0, 255.0, 3.0, 7.0, 0.0, 1.0};
    static const double twice[6] = {0.0, 1.0, 1.0, 1.0, 0.0, 1.0};
    static const double none[6] = {0.0, 1.0, 1.0, 0.0, 0.0, 0.0};
    static const int64_t minus[3] = {-1, -1, -1};
    static const struct {
        int64_t rows, had, cols;
        const double *label;
        const char *words;
    } bad[] = {
        {3, 3, 2, soft, "y holds probabilities, 3 x 2, whose rows sum to 1: expected "
                        "classes: save the most probable one of each row, as numpy's "
                        "argmax(axis=1) gives it"},
        {3, 3, 2, twice, "y: row 1 has 2 ones: one-hot labels have exactly one in e"},
        {3, 3, 2, none, "y: row 2 has 0 ones"},
        {3, 3, 2, pixels, "y is 3 x 2 and not one-hot: expected one label for each of "
                          "the 3 rows of X"},
        {6, 6, 1, half, "y: row 1 is 0.5, a real value and not a class: y_bins = N"},
        {3, 3, 1, half + 3, "y: row 0 is NaN: expected a label for each row"},
        {5, 6, 1, pixels, "y is 6 x 1: expected a label for each of the 5 rows of X: "
                         "a row is a sample, and they seem to be transposed"},
        {5, 1, 6, pixels, "rows of X: a row is a sample"},
        {2, 3, 2, twice, "y is 3 x 2: expected a label for each of the 2 rows of X: "
                         "transpose the labels"},
    };
    ipl_classes made = {0};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        const ipl_array a = reals(bad[b].had, bad[b].cols, bad[b].label);
        CHECK_FAILS(ipl_labels_from_array("y", of(bad[b].rows), &a, NULL, &made),
                    IPL_E_FORMAT, bad[b].words);
        assert_null(made.y);
    }
    const ipl_array a = numbers(3, 1, minus);
    CHECK_FAILS(ipl_labels_from_array("y", of(3), &a, "-1", &made), IPL_E_FORMAT,
                "y: each label is '-1', which means no label");
    CHECK_FAILS(ipl_labels_from_array("y", of(0), &a, NULL, &made), IPL_E_ARGUMENT,
                "labels of 0 rows");
}

static void more_classes_than_65536_are_refused(void **state)
{
    (void)state;
    enum { MOST = 65536 };
    int64_t *label = test_calloc(MOST + 1, sizeof *label);
    ipl_classes made = {0};
    for (int i = 0; i <= MOST; ++i) label[i] = 3 * i;
    ipl_array a = numbers(MOST + 1, 1, label);
    CHECK_FAILS(ipl_labels_from_array("y", of(MOST + 1), &a, NULL, &made),
                IPL_E_FORMAT, "65537 different labels in 65537 rows: expected at most");
    a.rows = MOST;
    CHECK_OK(ipl_labels_from_array("y", of(MOST), &a, NULL, &made));
    assert_int_equal(made.classes, MOST);
    assert_int_equal(made.y[MOST - 1], MOST - 1);
    ipl_classes_free(&made);
    test_free(label);
}

static void labels_are_read_from_files(void **state)
{
    (void)state;
    char folder[FILES_PATH];
    static const int32_t label[3] = {5, -5, 5};
    static const int32_t y[3] = {1, 0, 1};
    ipl_classes made = {0};
    files_make_folder(folder);
    const char *path = files_path(folder, "y.npy");
    CHECK_OK(ipl_npy_write_int32(path, 3, label));
    CHECK_OK(ipl_labels_read(path, of(3), NULL, &made));
    expect(made, 2, y, "-5|5", "labels -5, 5 are classes 0, 1");
    CHECK_FAILS(ipl_labels_read(path, of(4), NULL, &made), IPL_E_FORMAT,
                "y.npy is 3 x 1: expected a label for each of the 4 rows of X");
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(labels_from_nought_stay_and_nothing_is_said),
    CHECK_TEST(other_numbers_become_classes_in_ascending_order),
    CHECK_TEST(many_labels_are_told_by_their_ends),
    CHECK_TEST(words_become_classes_with_printable_names),
    CHECK_TEST(one_hot_labels_are_their_columns),
    CHECK_TEST(rows_of_no_label_are_left_out_when_asked),
    CHECK_TEST(what_are_no_classes_is_named),
    CHECK_TEST(more_classes_than_65536_are_refused),
    CHECK_TEST(labels_are_read_from_files),
};

CHECK_MAIN("labels", tests, 0)
