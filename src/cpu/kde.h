/*
 * kde.h - how kde.c and the pair kernels share the work.
 *
 * The rows of a layer are sorted by class and packed in groups of one vector: one
 * coordinate of a group is one vector, so that a group serves as columns of a tile
 * as it lies, and as rows by broadcasting single lanes. Units are packed KDE_CHUNK
 * at a time, all rows of one chunk before the next one, so that what is worked on
 * together is one piece of memory. The upper triangle of the pairs is cut into
 * blocks of KDE_ROWS x KDE_SPAN; one call does a block.
 */
#ifndef KDE_H
#define KDE_H

#include "cpu/cpu.h"

enum {
    KDE_ROWS = 128,     /* of a block: a column's float sum has that many terms */
    KDE_SPAN = 768,     /* columns of a block: a multiple of KDE_ROWS and of the
                           widest tile                                          */
    KDE_CHUNK = 128,    /* units that are packed and worked on together         */
    KDE_LANES_MAX = 16
};

/* The sums that a pair goes to: both bounds, if the classes agree or differ. */
enum {
    KDE_LOWER_WITHIN,
    KDE_UPPER_WITHIN,
    KDE_LOWER_ACROSS,
    KDE_UPPER_ACROSS,
    KDE_SUMS
};

/* One layer, packed. Row i below is row order[i] of the layer. */
typedef struct {
    int64_t      n, d;
    int64_t      padded;   /* n rounded up to whole tiles; the rows in excess
                              repeat the last one and are masked                */
    const float *rows;     /* of units k, k + 1, .. of a chunk, at rows[padded * k]:
                              [padded / lanes][units of the chunk][lanes]       */
    const float *position; /* [padded]: i, and -1 for rows in excess            */
    const float *class_of; /* [padded]: rank of the class, ascending            */
    float        scale;    /* lower bound: 2^(-scale * squared distance)        */
    float        limit;    /* distances are cut to this: 2^-125                 */
    float        cut;      /* a tile may be dropped when all are beyond this    */
} kde_matrix;

/* What one thread adds to: row sums of one block, column sums of one span of
 * columns, in fixed point; and room for the kernel. */
typedef struct {
    int64_t row[KDE_SUMS][KDE_ROWS];
    int64_t column[KDE_SUMS][KDE_SPAN];
    float   lane_sum[KDE_SUMS][KDE_ROWS * KDE_LANES_MAX];
    float   partial[KDE_ROWS * KDE_LANES_MAX * 3];
} kde_workspace;

typedef struct {
    int64_t lanes;   /* of the packing                                          */
    int64_t columns; /* of a tile; divides KDE_SPAN                             */

    /* Adds the pairs i < j of rows [row, row + KDE_ROWS) with columns [column,
     * column + KDE_SPAN) to work->row and work->column. */
    void (*block)(const kde_matrix *m, int64_t row, int64_t column,
                  kde_workspace *work);
} kde_kernels;

extern const kde_kernels kde_kernels_portable, kde_kernels_avx2, kde_kernels_avx512;

#endif
