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

#include "data/data.h"

void ipl_targets_free(ipl_targets *targets)
{
    free(targets->y);
    ipl_classes_free(&targets->labels);
    ipl_array_free(&targets->values);
    *targets = (ipl_targets){0};
}

/* -- Classes ----------------------------------------------------------------------*/

/* Whether the file has one axis of values that are not all whole; *row is the first. */
static int has_reals(const char *path, int64_t *row, double *value)
{
    ipl_array read = {0};
    if (ipl_array_read(path, &read) != IPL_OK) return 0;
    const int64_t values = read.rows == 1 || read.cols == 1 ? read.rows * read.cols : 0;
    int64_t v = 0;
    for (; v < values; ++v) {
        const double at = ipl_array_number(&read, v);
        if (at != floor(at)) break;
    }
    *row = v;
    *value = v < values ? ipl_array_number(&read, v) : NAN;
    ipl_array_free(&read);
    return isfinite(*value);
}

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

/* What the reader of labels said stays, unless real values were the reason. */
static ipl_status read_classes(const char *path, int64_t rows, const char *no_label,
                               ipl_targets *out)
{
    char why[512];
    int64_t row;
    double value;
    const ipl_status st = ipl_labels_read(path, rows, no_label, &out->labels);
    if (st == IPL_OK) return take_labels(path, out);
    if (st != IPL_E_FORMAT) return st;
    snprintf(why, sizeof why, "%s", ipl_last_error_text());
    if (!has_reals(path, &row, &value)) return IPL_FAIL(st, "%s", why);
    return IPL_FAIL(st, "%s: row %" PRId64 " is %.9g, a real value and not a class: "
                    "--y-bins N makes classes of such values, --y-values compares them "
                    "as they are", path, row, value);
}

/* -- Real values ------------------------------------------------------------------*/

/* A row vector is a column. */
static ipl_status read_values(const char *path, int64_t rows, ipl_array *out)
{
    IPL_TRY(ipl_array_read(path, out));
    if (out->rows == 1 && out->cols == rows && rows > 1) {
        out->rows = rows;
        out->cols = 1;
    }
    if (out->rows != rows)
        return IPL_FAIL(IPL_E_FORMAT, "%s is %" PRId64 " x %" PRId64 ": expected a "
                        "target for each of the %" PRId64 " rows of the activations",
                        path, out->rows, out->cols, rows);
    for (int64_t v = 0; v < out->rows * out->cols; ++v)
        if (!isfinite(ipl_array_number(out, v)))
            return IPL_FAIL(IPL_E_NUMERIC, "%s: row %" PRId64 ", column %" PRId64
                            " is %g: expected a number", path, v / out->cols,
                            v % out->cols, ipl_array_number(out, v));
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

/* The ranks of the bins that have rows. */
static ipl_status number_bins(const char *path, int64_t n, const double *bin,
                              double *sorted, int32_t *y, int32_t *classes)
{
    int64_t different = 0;
    for (int64_t i = 0; i < n; ++i) sorted[i] = bin[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    for (int64_t i = 0; i < n; ++i)
        if (!different || sorted[i] != sorted[different - 1])
            sorted[different++] = sorted[i];
    if (different > IPL_CLASSES_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " bins have values: expected at "
                        "most %d: wider bins", path, different, IPL_CLASSES_MAX);
    for (int64_t i = 0; i < n; ++i) {
        const double *at = bsearch(&bin[i], sorted, (size_t)different, sizeof *sorted,
                                   by_value);
        y[i] = (int32_t)(at - sorted);
    }
    *classes = (int32_t)different;
    return IPL_OK;
}

static ipl_status make_classes(const char *path, const ipl_target_options *how,
                               ipl_targets *out)
{
    const int64_t n = out->values.rows;
    ipl_status st;
    if (out->values.cols != 1)
        return IPL_FAIL(IPL_E_FORMAT, "%s has %" PRId64 " columns, and bins are made "
                        "of one: --y-values compares them together", path,
                        out->values.cols);
    double *value = malloc((size_t)n * sizeof *value);
    double *sorted = malloc((size_t)n * sizeof *sorted);
    out->y = malloc((size_t)n * sizeof *out->y);
    if (!value || !sorted || !out->y) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s: bins of %" PRId64 " targets", path, n);
        goto done;
    }
    for (int64_t i = 0; i < n; ++i)
        sorted[i] = value[i] = ipl_array_number(&out->values, i);
    if (how->form == IPL_TARGET_BINS) {
        qsort(sorted, (size_t)n, sizeof *sorted, by_value);
        bin_by_count(n, how->bins, sorted, value);
    } else {
        bin_by_width(n, how->width, value);
    }
    st = number_bins(path, n, value, sorted, out->y, &out->classes);
done:
    free(value);
    free(sorted);
    ipl_array_free(&out->values);
    return st;
}

ipl_status ipl_targets_read(const char *path, int64_t rows,
                            const ipl_target_options *how, ipl_targets *out)
{
    ipl_targets made = {0};
    ipl_status st = IPL_OK;
    IPL_REQUIRE(path && rows > 0 && how && out, "targets of %" PRId64
                " rows, or a NULL", rows);
    IPL_REQUIRE((unsigned)how->form < IPL_TARGET_FORM_COUNT, "targets of kind %d",
                (int)how->form);
    IPL_REQUIRE(how->form != IPL_TARGET_BINS ||
                    (how->bins >= 2 && how->bins <= IPL_CLASSES_MAX),
                "%" PRId64 " bins of targets: expected 2 to %d", how->bins,
                IPL_CLASSES_MAX);
    IPL_REQUIRE(how->form != IPL_TARGET_WIDTH ||
                    (how->width > 0.0 && isfinite(how->width)),
                "bins of targets of width %g: expected a positive number", how->width);
    if (how->form == IPL_TARGET_CLASSES) {
        IPL_TRY_DONE(read_classes(path, rows, how->no_label, &made));
    } else {
        IPL_TRY_DONE(read_values(path, rows, &made.values));
        if (how->form != IPL_TARGET_VALUES)
            IPL_TRY_DONE(make_classes(path, how, &made));
    }
    *out = made;
    return IPL_OK;
done:
    ipl_targets_free(&made);
    return st;
}
