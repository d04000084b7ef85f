/*
 * set_labels.h - what may be done to the labels of a set before it is used.
 */
#ifndef IPL_LABELS_H
#define IPL_LABELS_H

#include "ipl_data.h"

/* Permutes the labels among the rows: each class keeps its number of rows, and the
 * labels tell nothing about the inputs any more. E_MEMORY. */
ipl_status ipl_labels_permute(int64_t rows, uint64_t seed, int32_t *y);

/* Gives round(share * rows) rows, drawn without replacement, another class, each of
 * the others being equally likely. E_MEMORY. */
ipl_status ipl_labels_disturb(int64_t rows, int32_t classes, double share,
                              uint64_t seed, int32_t *y);

#endif
