/*
 * pairs_pack.h - the rows of a layer, packed for tiles of pairs.
 *
 * Rows are sorted by class and packed in groups of one vector: one coordinate of a
 * group is one vector, so that a group serves as columns of a tile as it lies, and
 * as rows by broadcasting single lanes. Units are packed PAIRS_CHUNK at a time, all
 * rows of one chunk before the next one, so that what is worked on together is one
 * piece of memory.
 */
#ifndef PAIRS_PACK_H
#define PAIRS_PACK_H

#include "cpu/cpu.h"

enum {
    PAIRS_CHUNK = 128,    /* units that are packed and worked on together       */
    PAIRS_LANES_MAX = 16
};

/* One layer, packed. Row i below is row order[i] of the layer. */
typedef struct {
    int64_t n, d;
    int64_t padded;   /* n rounded up to whole tiles; the rows in excess repeat
                         the last one and are masked                            */
    float  *rows;     /* of units k, k + 1, .. of a chunk, at rows[padded * k]:
                         [padded / lanes][units of the chunk][lanes]            */
    float  *position; /* [padded]: i, and -1 for rows in excess                 */
    float  *class_of; /* [padded]: where its class begins: ascending            */
} pairs_layer;

/* Packs rows order[from .. to) of t, multiplied by `factor`, to the arrays of `out`,
 * whose geometry is set: whole groups of `lanes`. `order` has the classes' rows where
 * y->order has them. */
void pairs_pack(const float *t, const ipl_labels *y, const int32_t *order, float factor,
                int64_t lanes, int64_t from, int64_t to, const pairs_layer *out);

/* Packs the units of all spaces side by side: row i becomes row order[i], times factor.
 * Whole groups of `lanes`; rows in excess of n repeat the last one. */
void pairs_pack_rows(int spaces, const ipl_space *space, const int32_t *order,
                     float factor, int64_t lanes, int64_t from, int64_t to,
                     const pairs_layer *out);

#endif
