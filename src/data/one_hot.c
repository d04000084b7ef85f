/*
 * one_hot.c - one-hot labels: the columns of their ones; and what looks like them.
 */
#include <inttypes.h>
#include <math.h>

#include "data/classes.h"

/* The columns that are 1 in a row of noughts and ones; -1: it has another value. */
static int64_t ones_of(const label_source *s, int64_t row, int64_t *column)
{
    int64_t ones = 0;
    for (int64_t c = 0; c < s->labels->cols; ++c) {
        const double value = ipl_array_number(s->labels, row * s->labels->cols + c);
        if (value != 0.0 && value != 1.0) return -1;
        if (value == 1.0) *column = c, ++ones;
    }
    return ones;
}

/* Whether each row is of [0, 1] and sums to 1, as far as float16 can tell. */
static int are_probabilities(const label_source *s)
{
    for (int64_t r = 0; r < s->rows; ++r) {
        double sum = 0.0;
        for (int64_t c = 0; c < s->labels->cols; ++c) {
            const double value = ipl_array_number(s->labels, r * s->labels->cols + c);
            if (!(value >= 0.0 && value <= 1.0)) return 0;
            sum += value;
        }
        if (fabs(sum - 1.0) > 4e-3) return 0;
    }
    return 1;
}

static ipl_status not_one_hot(const label_source *s, int64_t row, int64_t ones)
{
    if (are_probabilities(s))
        return IPL_FAIL(IPL_E_FORMAT, "%s holds probabilities, %" PRId64 " x %" PRId64
                        ", whose rows sum to 1: expected classes: save the most "
                        "probable one of each row, as numpy's argmax(axis=1) gives it",
                        s->what, s->rows, s->labels->cols);
    if (ones >= 0)
        return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 " has %" PRId64 " ones: "
                        "one-hot labels have exactly one in each row", s->what, row,
                        ones);
    return IPL_FAIL(IPL_E_FORMAT, "%s is %" PRId64 " x %" PRId64 " and not one-hot: "
                    "expected one label for each of the %" PRId64 " rows of %s",
                    s->what, s->rows, s->labels->cols, s->rows, s->of);
}

ipl_status ipl_classes_one_hot(const label_source *s, ipl_classes *out)
{
    if (s->labels->text)
        return IPL_FAIL(IPL_E_FORMAT, "%s has %" PRId64 " columns of words: expected "
                        "one label a row", s->what, s->labels->cols);
    for (int64_t r = 0; r < s->rows; ++r) {
        int64_t column = 0;
        const int64_t ones = ones_of(s, r, &column);
        if (ones != 1) return not_one_hot(s, r, ones);
        out->y[r] = (int32_t)column;
    }
    if (s->labels->cols > IPL_CLASSES_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " columns: expected at most %d "
                        "classes", s->what, s->labels->cols, IPL_CLASSES_MAX);
    out->classes = (int32_t)s->labels->cols;
    ipl_classes_note(out, "one-hot labels: columns 0 to %d are the classes",
                     out->classes - 1);
    return IPL_OK;
}
