/*
 * classes.c - the labels of files as classes 0 .. C-1.
 *
 * A label is a whole number or a word; one-hot labels are the columns of their ones.
 * Sorted labels become classes in ascending order, whatever gaps they have, so that
 * each class has a row. Only columns of one-hot labels keep their number without one.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/classes.h"
#include "ipl_text.h"

enum { LISTED_MAX = 8, SHOWN_BYTES = 24 };

void ipl_classes_free(ipl_classes *classes)
{
    free(classes->y);
    free(classes->names);
    *classes = (ipl_classes){0};
}

/* -- One label a row --------------------------------------------------------------*/

typedef struct {
    int64_t     whole;
    const char *word; /* NULL: a number                                           */
    int         natural; /* 1: whole has the bits of a uint64_t                   */
    int64_t     row;
} one_label;

static int by_label(const void *a, const void *b)
{
    const one_label *l = a, *r = b;
    if (l->word) return strcmp(l->word, r->word);
    const uint64_t a_bits = (uint64_t)l->whole, b_bits = (uint64_t)r->whole;
    if (l->natural) return (a_bits > b_bits) - (a_bits < b_bits);
    return (l->whole > r->whole) - (l->whole < r->whole);
}

static ipl_status take_label(const label_source *s, int64_t row, one_label *out)
{
    const ipl_array *from = s->labels;
    *out = (one_label){.row = row};
    if (from->text) {
        out->word = from->text + (size_t)row * from->text_bytes;
    } else if (from->integers) {
        out->whole = from->integers[row];
        out->natural = from->naturals;
    } else {
        const double value = ipl_array_number(from, row);
        if (isnan(value))
            return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 " is NaN: expected a "
                            "label for each row", s->what, row);
        if (isfinite(value) && floor(value) != value)
            return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 " is %.15g, a real value "
                            "and not a class: y_bins = N (--y-bins N) makes classes of "
                            "such values, and estimate's --y-values compares them as "
                            "they are", s->what, row, value);
        if (!(value >= -0x1p63 && value < 0x1p63))
            return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 " is %.9g: expected "
                            "whole numbers or words, a class for each row", s->what,
                            row, value);
        out->whole = (int64_t)value;
    }
    return IPL_OK;
}

static void print_number(const one_label *label, char text[32])
{
    if (label->natural) snprintf(text, 32, "%" PRIu64, (uint64_t)label->whole);
    else snprintf(text, 32, "%" PRId64, label->whole);
}

static int is_no_label(const one_label *label, const char *no_label)
{
    char text[32];
    if (!no_label || !*no_label) return 0;
    if (!label->word) print_number(label, text);
    return ipl_no_label_has(no_label, label->word ? label->word : text);
}

/* The name of a class, printable: other bytes as \xNN. Returns its length; `name` may
 * be NULL. */
static size_t put_name(const one_label *label, char *name)
{
    char text[32];
    size_t length = 0;
    if (!label->word) print_number(label, text);
    const char *at = label->word ? label->word : text;
    for (size_t left = strlen(at); left;) {
        const size_t bytes = ipl_text_visible(at, left);
        char escaped[8];
        snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)*at);
        const size_t count = bytes ? bytes : 4, taken = bytes ? bytes : 1;
        if (name) memcpy(name + length, bytes ? at : escaped, count);
        length += count;
        at += taken;
        left -= taken;
    }
    if (name) name[length] = 0;
    return length;
}

/* The names of the classes, whose first labels are given. */
static ipl_status name_classes(const label_source *s, int32_t classes,
                               const one_label *label, const int64_t *first,
                               ipl_classes *out)
{
    size_t bytes = 0;
    for (int32_t c = 0; c < classes; ++c) bytes += put_name(&label[first[c]], NULL) + 1;
    out->names = malloc(bytes);
    if (!out->names)
        return IPL_FAIL(IPL_E_MEMORY, "%s: names of %d classes", s->what, classes);
    char *at = out->names;
    for (int32_t c = 0; c < classes; ++c) at += put_name(&label[first[c]], at) + 1;
    return IPL_OK;
}

/* A name for a line of text: long ones end in "..". */
static void shorten(const char *name, char text[SHOWN_BYTES + 4])
{
    size_t length = strlen(name);
    const int cut = length > SHOWN_BYTES;
    if (cut) length = SHOWN_BYTES;
    while (cut && length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) --length;
    snprintf(text, SHOWN_BYTES + 4, "%.*s%s", (int)length, name, cut ? ".." : "");
}

/* "labels -1, 1 are classes 0, 1", or the first and the last of many. */
static void describe(int whole, const int64_t *end_value, ipl_classes *out)
{
    char text[SHOWN_BYTES + 4], last[SHOWN_BYTES + 4];
    const char *name = out->names;
    const int32_t classes = out->classes;
    if (classes <= LISTED_MAX) {
        ipl_classes_note(out, "label%s ", classes > 1 ? "s" : "");
        for (int32_t c = 0; c < classes; ++c, name += strlen(name) + 1) {
            shorten(name, text);
            ipl_classes_note(out, "%s%s", c ? ", " : "", text);
        }
        ipl_classes_note(out, classes > 1 ? " are classes " : " is class ");
        for (int32_t c = 0; c < classes; ++c)
            ipl_classes_note(out, "%s%d", c ? ", " : "", c);
        return;
    }
    shorten(name, text);
    for (int32_t c = 1; c < classes; ++c) name += strlen(name) + 1;
    shorten(name, last);
    const uint64_t span = (uint64_t)end_value[1] - (uint64_t)end_value[0];
    const int dense = whole && span == (uint64_t)classes - 1;
    if (dense)
        ipl_classes_note(out, "labels %s to %s are classes 0 to %d", text, last,
                         classes - 1);
    else
        ipl_classes_note(out, "%d labels, %s to %s, are classes 0 to %d in this order",
                         classes, text, last, classes - 1);
}

/* Numbers the sorted labels; first[c] is where class c begins. */
static ipl_status number_classes(const label_source *s, int64_t count,
                                 const one_label *label, int64_t *first,
                                 ipl_classes *out)
{
    int64_t classes = 0;
    for (int64_t i = 0; i < count; ++i) {
        if (i && !by_label(&label[i - 1], &label[i])) {
            out->y[label[i].row] = (int32_t)classes - 1;
            continue;
        }
        if (classes < IPL_CLASSES_MAX) first[classes] = i;
        out->y[label[i].row] = (int32_t)classes++;
    }
    if (classes > IPL_CLASSES_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " different labels in %" PRId64
                        " rows: expected at most %d classes", s->what, classes, count,
                        IPL_CLASSES_MAX);
    out->classes = (int32_t)classes;
    return IPL_OK;
}

static void note_classes(const label_source *s, int64_t count, const one_label *label,
                         const int64_t *first, int32_t classes, ipl_classes *out)
{
    const int whole = !label->word;
    const int64_t end_value[2] = {label[0].whole, label[first[classes - 1]].whole};
    if (out->names) describe(whole, end_value, out);
    if (whole && !label->natural && classes > 2 && end_value[0] == -1 &&
        label[first[1]].whole == 0 && !out->unlabelled)
        ipl_classes_note(out, " (if -1 means no label, no_label = -1 or --no-label -1 "
                         "leaves its rows out)");
    if (classes == count && count > 2)
        ipl_classes_note(out, "%seach of the %" PRId64 " rows is a class of its own",
                         *out->note ? "; " : "", s->rows - out->unlabelled);
}

static ipl_status from_column(const label_source *s, const char *no_label,
                              ipl_classes *out)
{
    ipl_status st = IPL_OK;
    int64_t count = 0;
    if (s->labels->rounded)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " labels are numbers beyond 2^53, "
                        "which double cannot tell apart: expected smaller ones, or "
                        "words", s->what, s->labels->rounded);
    one_label *label = malloc((size_t)s->rows * sizeof *label);
    int64_t *first = malloc(IPL_CLASSES_MAX * sizeof *first);
    if (!label || !first) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s: %" PRId64 " labels", s->what, s->rows);
        goto done;
    }
    for (int64_t r = 0; r < s->rows; ++r) {
        out->y[r] = IPL_NO_CLASS;
        if (!s->labels->text && !s->labels->integers &&
            ipl_no_label_has_number(no_label, ipl_array_number(s->labels, r)))
            continue; /* NaN, which is no label */
        IPL_TRY_DONE(take_label(s, r, &label[count]));
        count += !is_no_label(&label[count], no_label);
    }
    out->unlabelled = s->rows - count;
    if (!count) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: each label is '%s', which means no label",
                      s->what, no_label);
        goto done;
    }
    qsort(label, (size_t)count, sizeof *label, by_label);
    IPL_TRY_DONE(number_classes(s, count, label, first, out));
    const int32_t classes = out->classes;
    if (label[0].word || label[0].whole != 0 ||
        label[first[classes - 1]].whole != classes - 1)
        IPL_TRY_DONE(name_classes(s, classes, label, first, out));
    note_classes(s, count, label, first, classes, out);
done:
    free(label);
    free(first);
    return st;
}

/* -- The public functions ---------------------------------------------------------*/

ipl_status ipl_labels_from_array(const char *what, ipl_samples_of of,
                                 const ipl_array *labels, const char *no_label,
                                 ipl_classes *out)
{
    const int64_t rows = of.rows;
    IPL_REQUIRE(what && of.what && rows > 0 && labels && out, "labels of %" PRId64
                " rows, or a NULL", rows);
    const label_source s = {what, of.what, labels, rows};
    const int64_t had = labels->rows, cols = labels->cols;
    const int column = (had == rows && cols == 1) || (had == 1 && cols == rows);
    if (!column && had != rows)
        return IPL_FAIL(IPL_E_FORMAT, "%s is %" PRId64 " x %" PRId64 ": expected a "
                        "label for each of the %" PRId64 " rows of %s%s", what, had,
                        cols, rows, of.what,
                        cols == rows ? ": transpose the labels"
                                     : ipl_rows_hint(of, cols == 1 ? had
                                                         : had == 1 ? cols : 0));
    if (!column && no_label && *no_label)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no_label '%s' is for a column of labels, "
                        "and this is one-hot, %" PRId64 " x %" PRId64, what, no_label,
                        had, cols);
    ipl_classes made = {.rows = rows, .y = malloc((size_t)rows * sizeof *made.y)};
    if (!made.y) return IPL_FAIL(IPL_E_MEMORY, "%s: %" PRId64 " classes", what, rows);
    const ipl_status st = column ? from_column(&s, no_label, &made)
                                 : ipl_classes_one_hot(&s, &made);
    if (st == IPL_OK) {
        ipl_no_label_note(&made, no_label);
        *out = made;
    } else {
        ipl_classes_free(&made);
    }
    return st;
}

ipl_status ipl_labels_read(const char *path, ipl_samples_of of, const char *no_label,
                           ipl_classes *out)
{
    ipl_array read = {0};
    IPL_REQUIRE(path && out, "path or result is NULL");
    IPL_TRY(ipl_array_read_labels(path, &read));
    const ipl_status st = ipl_labels_from_array(path, of, &read, no_label, out);
    ipl_array_free(&read);
    return st;
}

void ipl_classes_labelled(const ipl_classes *classes, int32_t *y)
{
    int64_t kept = 0;
    for (int64_t r = 0; r < classes->rows; ++r)
        if (classes->y[r] != IPL_NO_CLASS) y[kept++] = classes->y[r];
}
