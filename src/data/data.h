/*
 * data.h - what the readers of datasets share.
 *
 * A reader fills name, rows, inputs, classes, x (raw values) and y of a zeroed
 * ipl_dataset, and train_rows where the files themselves tell training rows from
 * test rows (the first ones train), else 0. dataset.c does the rest: limit, labels,
 * split, scale. On failure it frees what the reader left.
 */
#ifndef IPL_DATA_PRIVATE_H
#define IPL_DATA_PRIVATE_H

#include "ipl_data.h"

ipl_status ipl_load_ib(const ipl_data_options *options, ipl_dataset *out);
ipl_status ipl_load_idx(const ipl_data_options *options, ipl_dataset *out);
ipl_status ipl_load_mat(const ipl_data_options *options, ipl_dataset *out);
ipl_status ipl_load_npy(const ipl_data_options *options, ipl_dataset *out);

/* Allocates x[rows][inputs] and y[rows] and sets rows and inputs. E_FORMAT: `what`
 * has no or more than INT32_MAX rows or columns; E_MEMORY. */
ipl_status ipl_dataset_alloc(const char *what, int64_t rows, int64_t inputs,
                             ipl_dataset *out);

/* The same with x[rows][inputs] that is there already: takes *x and sets it to NULL;
 * on failure *x stays the caller's. E_FORMAT also names a value that is not finite. */
ipl_status ipl_dataset_adopt(const char *what, int64_t rows, int64_t inputs, float **x,
                             ipl_dataset *out);

/* From wide to values where float32 holds each value exactly. E_MEMORY. */
ipl_status ipl_array_settle(const char *what, ipl_array *array);

/* From wide or values to integers where all are whole and within int64, and settles
 * the others. E_MEMORY. */
ipl_status ipl_array_settle_labels(const char *what, ipl_array *array);

/* E_FORMAT unless the labels are integers; the text has the first one's place. */
ipl_status ipl_array_expect_integers(const char *what, const ipl_array *array);

/* E_FORMAT: the content that starts with these bytes is of a known other kind; the
 * text says which and how to convert it. */
ipl_status ipl_foreign_check(const char *path, size_t bytes, const unsigned char *at);

/* The last part of a path, without trailing slashes and without `suffix`. */
void ipl_dataset_name(const char *path, const char *suffix, ipl_dataset *out);

#endif
