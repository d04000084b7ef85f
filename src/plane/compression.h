/*
 * compression.h - by how much I(X;T) of a layer falls from its largest value.
 *
 * An accumulator, fed with the rows of plane.csv and training.csv in the order of their
 * ticks. It keeps one state for each seed, layer and estimator, at any number of ticks.
 */
#ifndef IPL_COMPRESSION_H
#define IPL_COMPRESSION_H

#include "ipl_plane.h"

typedef struct ipl_compression ipl_compression;

ipl_status ipl_compression_create(ipl_compression **out);
void       ipl_compression_destroy(ipl_compression *c);

/* I(X;T) in bits of a layer (from 1) by the estimator of this name, which outlives the
 * accumulator. A value that is not finite is passed over. E_MEMORY. */
ipl_status ipl_compression_point(ipl_compression *c, int64_t seed, int64_t tick,
                                 int layer, const char *name, double i_xt_bits);

/* A layer's gradient (see ipl_gradient_stats). A ratio of NaN, or of 0 to 0, is passed
 * over. E_MEMORY. */
ipl_status ipl_compression_gradient(ipl_compression *c, int64_t seed, int64_t tick,
                                    int layer, ipl_gradient_stats gradient);

/* A row for each seed, layer and estimator, sorted by seed and layer; estimators are in
 * the order in which they came first. *rows is the caller's to free. E_MEMORY. */
ipl_status ipl_compression_rows(ipl_compression *c, ipl_compression_row **rows,
                                int64_t *count);

/* -- compression_file.c -----------------------------------------------------------*/

extern const char ipl_compression_name[]; /* "compression.csv"                    */

/* Replaces the table by these rows, in one step. E_IO, E_MEMORY. */
ipl_status ipl_compression_write(int dir, const char *path, int64_t count,
                                 const ipl_compression_row *row);

#endif
