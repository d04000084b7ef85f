/*
 * data.h - what the readers of datasets share.
 *
 * A reader fills a zeroed ipl_raw_set with the arrays of its files. dataset.c does the
 * rest: classes, rows without a label, limit, random labels, split, scale; it frees
 * what the reader left, also on failure.
 */
#ifndef IPL_DATA_PRIVATE_H
#define IPL_DATA_PRIVATE_H

#include "ipl_data.h"

enum { IPL_WHAT_BYTES = 4224, IPL_CLASSES_MAX = 65536 };

typedef struct {
    char      name[64];    /* of the set                                         */
    char      x_what[IPL_WHAT_BYTES], y_what[IPL_WHAT_BYTES]; /* in messages: a
                              file, or "FILE: F"                                 */
    ipl_array x;           /* values or wide, as they are in the file            */
    ipl_array y;           /* integers, values, wide or text; any shape of labels */
    int64_t   train_rows;  /* where the files tell training rows (the first ones)
                              from test rows, else 0                             */
    int       bytes;       /* x are bytes: their range is 0 to 255               */
    char      notes[IPL_NOTES_BYTES];
} ipl_raw_set;

ipl_status ipl_load_ib(const ipl_data_options *options, ipl_raw_set *out);
ipl_status ipl_load_idx(const ipl_data_options *options, ipl_raw_set *out);
ipl_status ipl_load_mat(const ipl_data_options *options, ipl_raw_set *out);
ipl_status ipl_load_npy(const ipl_data_options *options, ipl_raw_set *out);
ipl_status ipl_load_arrays(const ipl_data_options *options, ipl_raw_set *out);

/* From wide to values where float32 holds each value exactly. E_MEMORY. */
ipl_status ipl_array_settle(const char *what, ipl_array *array);

/* From wide or values to integers where all are whole and within int64, and settles
 * the others. E_MEMORY. */
ipl_status ipl_array_settle_labels(const char *what, ipl_array *array);

/* E_FORMAT: the content that starts with these bytes is of a known other kind; the
 * text says which and how to convert it. */
ipl_status ipl_foreign_check(const char *path, size_t bytes, const unsigned char *at);

/* The number in a place: of values, wide or integers. */
double ipl_array_number(const ipl_array *array, int64_t at);

/* The end of a message on a wrong number of rows: ": .. transposed", or "". */
const char *ipl_rows_hint(ipl_samples_of of, int64_t had);

/* The last part of a path, without trailing slashes and without `suffix`. */
void ipl_dataset_name(const char *path, const char *suffix, char name[64]);

#endif
