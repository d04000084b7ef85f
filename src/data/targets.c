/*
 * targets.c - targets Y: classes, or real values, binned to classes or as they are.
 *
 * All is done in double. Classes from bins are numbered in the order of the bins, those
 * without a row left out, so that each class has one.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/classes.h"

void ipl_targets_free(ipl_targets *targets)
{
    free(targets->y);
    ipl_classes_free(&targets->labels);
    ipl_array_free(&targets->values);
    *targets = (ipl_targets){0};
}

/* -- Classes ----------------------------------------------------------------------*/

/* Of the rows that have a class. */
static ipl_status take_labels(const char *path, ipl_targets *out)
{
    const int64_t kept = out->labels.rows - out->labels.unlabelled;
    out->y = malloc((size_t)(kept ? kept : 1) * sizeof *out->y);
    if (!out->y)
        return IPL_FAIL(IPL_E_MEMORY, "%s: %" PRId64 " labels", path, kept);
    ipl_classes_labelled(&out->labels, out->y);
    out->classes = out->labels.classes;
    return IPL_OK;
}

/* -- Real values ------------------------------------------------------------------*/

/* A row vector is a column. */
static ipl_status check_values(const char *what, ipl_samples_of of,
                               const char *no_label, ipl_array *array)
{
    if (array->text)
        return IPL_FAIL(IPL_E_FORMAT, "%s holds words: expected a number for each of "
                        "the %" PRId64 " rows of %s", what, of.rows, of.what);
    if (array->rows == 1 && array->cols == of.rows && of.rows > 1) {
        array->rows = of.rows;
        array->cols = 1;
    }
    if (array->rows != of.rows)
        return IPL_FAIL(IPL_E_FORMAT, "%s is %" PRId64 " x %" PRId64 ": expected a "
                        "target for each of the %" PRId64 " rows of %s%s", what,
                        array->rows, array->cols, of.rows, of.what,
                        array->cols == of.rows ? ": transpose the targets"
                                               : ipl_rows_hint(of, array->rows));
    for (int64_t v = 0; v < array->rows * array->cols; ++v)
        if (!isfinite(ipl_array_number(array, v)) &&
            !ipl_no_label_has_number(no_label, ipl_array_number(array, v)))
            return IPL_FAIL(IPL_E_NUMERIC, "%s: row %" PRId64 ", column %" PRId64
                            " is %g: expected a number", what, v / array->cols,
                            v % array->cols, ipl_array_number(array, v));
    return IPL_OK;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each value's bin, in place: of equal counts, the thresholds being values number
 * floor(k n / bins) of the sorted ones, k = 1 .. bins-1. */
static void bin_by_count(int64_t n, int64_t bins, const double *sorted, double *value)
{
    for (int64_t i = 0; i < n; ++i) {
        int64_t bin = 0;
        for (int64_t left = bins - 1; left > 0;) {
            const int64_t half = (left + 1) / 2, k = bin + half;
            bin += sorted[n / bins * k + n % bins * k / bins] <= value[i] ? half : 0;
            left -= half;
        }
        value[i] = (double)bin;
    }
}

static void bin_by_width(int64_t n, double width, double *value)
{
    for (int64_t i = 0; i < n; ++i) value[i] = floor(value[i] / width);
}

/* The ranks of the bins that have rows, bin[i] being that of row[i]. */
static ipl_status number_bins(const char *what, int64_t n, const int64_t *row,
                              const double *bin, double *sorted, ipl_classes *out)
{
    int64_t different = 0;
    for (int64_t i = 0; i < n; ++i) sorted[i] = bin[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    for (int64_t i = 0; i < n; ++i)
        if (!different || sorted[i] != sorted[different - 1])
            sorted[different++] = sorted[i];
    if (different > IPL_CLASSES_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " bins have values: expected at "
                        "most %d: wider bins", what, different, IPL_CLASSES_MAX);
    for (int64_t i = 0; i < n; ++i) {
        const double *at = bsearch(&bin[i], sorted, (size_t)different, sizeof *sorted,
                                   by_value);
        out->y[row[i]] = (int32_t)(at - sorted);
    }
    out->classes = (int32_t)different;
    return IPL_OK;
}

static ipl_status make_classes(const char *what, const ipl_array *array,
                               const ipl_target_options *how, ipl_classes *out)
{
    ipl_status st = IPL_OK;
    int64_t n = 0;
    double *value = malloc((size_t)out->rows * sizeof *value);
    double *sorted = malloc((size_t)out->rows * sizeof *sorted);
    int64_t *row = malloc((size_t)out->rows * sizeof *row);
    if (!value || !sorted || !row) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s: bins of %" PRId64 " targets", what, out->rows);
        goto done;
    }
    for (int64_t i = 0; i < out->rows; ++i) {
        out->y[i] = IPL_NO_CLASS;
        value[n] = sorted[n] = ipl_array_number(array, i);
        row[n] = i;
        n += !ipl_no_label_has_number(how->no_label, value[n]);
    }
    out->unlabelled = out->rows - n;
    if (!n) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: each target is '%s', which means none", what,
                      how->no_label);
        goto done;
    }
    if (how->form == IPL_TARGET_BINS) {
        qsort(sorted, (size_t)n, sizeof *sorted, by_value);
        bin_by_count(n, how->bins, sorted, value);
    } else {
        bin_by_width(n, how->width, value);
    }
    st = number_bins(what, n, row, value, sorted, out);
done:
    free(value);
    free(sorted);
    free(row);
    return st;
}

static ipl_status check_how(const ipl_target_options *how)
{
    IPL_REQUIRE((unsigned)how->form < IPL_TARGET_FORM_COUNT, "targets of kind %d",
                (int)how->form);
    IPL_REQUIRE(how->form != IPL_TARGET_BINS ||
                    (how->bins >= 2 && how->bins <= IPL_CLASSES_MAX),
                "%" PRId64 " bins of targets: expected 2 to %d", how->bins,
                IPL_CLASSES_MAX);
    IPL_REQUIRE(how->form != IPL_TARGET_WIDTH ||
                    (how->width > 0.0 && isfinite(how->width)),
                "bins of targets of width %g: expected a positive number", how->width);
    return IPL_OK;
}

ipl_status ipl_classes_of_values(const char *what, ipl_samples_of of, ipl_array *array,
                                 const ipl_target_options *how, ipl_classes *out)
{
    IPL_TRY(check_how(how));
    IPL_TRY(check_values(what, of, how->no_label, array));
    if (array->cols != 1)
        return IPL_FAIL(IPL_E_FORMAT, "%s has %" PRId64 " columns, and bins are made "
                        "of one: estimate's --y-values compares them together", what,
                        array->cols);
    ipl_classes made = {.rows = of.rows, .y = malloc((size_t)of.rows * sizeof *made.y)};
    if (!made.y)
        return IPL_FAIL(IPL_E_MEMORY, "%s: %" PRId64 " classes", what, of.rows);
    const ipl_status st = make_classes(what, array, how, &made);
    if (st != IPL_OK) {
        ipl_classes_free(&made);
        return st;
    }
    if (how->form == IPL_TARGET_BINS)
        snprintf(made.note, sizeof made.note, "real values in %" PRId64 " bins of "
                 "equal counts are %d classes", how->bins, made.classes);
    else
        snprintf(made.note, sizeof made.note, "real values in bins of width %g are %d "
                 "classes", how->width, made.classes);
    ipl_no_label_note(&made, how->no_label);
    *out = made;
    return IPL_OK;
}

ipl_status ipl_targets_read(const char *path, ipl_samples_of of,
                            const ipl_target_options *how, ipl_targets *out)
{
    ipl_targets made = {0};
    ipl_array read = {0};
    ipl_status st = IPL_OK;
    IPL_REQUIRE(path && of.what && of.rows > 0 && how && out, "targets of %" PRId64
                " rows, or a NULL", of.rows);
    IPL_TRY(check_how(how));
    if (how->form == IPL_TARGET_CLASSES) {
        IPL_TRY_DONE(ipl_labels_read(path, of, how->no_label, &made.labels));
    } else {
        IPL_TRY_DONE(ipl_array_read(path, &read));
        if (how->form == IPL_TARGET_VALUES) {
            IPL_TRY_DONE(check_values(path, of, NULL, &read));
            made.values = read;
            read = (ipl_array){0};
        } else {
            IPL_TRY_DONE(ipl_classes_of_values(path, of, &read, how, &made.labels));
        }
    }
    if (how->form != IPL_TARGET_VALUES) IPL_TRY_DONE(take_labels(path, &made));
    *out = made;
done:
    ipl_array_free(&read);
    if (st != IPL_OK) ipl_targets_free(&made);
    return st;
}
