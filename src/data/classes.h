/*
 * classes.h - what the readers of labels share: notes, and labels that mean none.
 */
#ifndef IPL_DATA_CLASSES_H
#define IPL_DATA_CLASSES_H

#include "data/data.h"

/* The labels, and what messages call them. */
typedef struct {
    const char      *what, *of;
    const ipl_array *labels;
    int64_t          rows;
} label_source;

/* Adds to the note. */
__attribute__((format(printf, 2, 3)))
void ipl_classes_note(ipl_classes *out, const char *format, ...);

/* The columns of the ones, to out->y[rows] and classes. E_FORMAT: not one-hot. */
ipl_status ipl_classes_one_hot(const label_source *s, ipl_classes *out);

/* Whether the list of labels that mean none, divided by commas, has this text. */
int ipl_no_label_has(const char *no_label, const char *text);

/* The same of a number: a whole one, or NaN as "nan". */
int ipl_no_label_has_number(const char *no_label, double value);

/* Adds to the note how many rows have no label, where no_label is given. */
void ipl_no_label_note(ipl_classes *classes, const char *no_label);

#endif
