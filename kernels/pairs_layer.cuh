/*
 * pairs_layer.cuh - a layer as the kernels that go through all pairs of its rows see
 * it: rows in the order of classes, in whole tiles, and what bounds their distances.
 */
#ifndef IPL_PAIRS_LAYER_CUH
#define IPL_PAIRS_LAYER_CUH

#include "common.cuh"

enum {
    PAIRS_SMALL_TILE = 128, /* rows of a tile of a packed layer                  */
    PAIRS_SMALL_BOX = 32,   /* of which so many share a box                      */
    PAIRS_WIDE_TILE = 64,   /* rows of a tile of a wide one                      */
    PAIRS_BOX_MAX = 512     /* units that a bounding box covers                  */
};

/* The arrays are pieces of a call's scratch, but for the first four. */
struct pairs_layer {
    int32_t n, d, tiles;
    int32_t width;            /* d rounded up, or 0: too wide to be packed       */
    int32_t box_units;
    float   unit;             /* values are multiplied by it: a power of two     */
    const float   *t;         /* [n][d], or slots with some of the rows          */
    const int32_t *order;     /* [n] rows sorted by class                        */
    int32_t       *curve;     /* [n] the same along a curve, or NULL: by order   */
    const int32_t *place;     /* [n] where in t they are: order, unless slots    */
    const int32_t *label;     /* [n] class of each row                           */
    int32_t *sorted_class;    /* [tiles * TILE], only the first n are used       */
    float   *packed;          /* [width][tiles * TILE] sorted rows, unit first   */
    float   *box_lo, *box_hi; /* [tiles or boxes of packed rows][box_units]      */
};

/* A table of layers on the device, `stride` bytes apart: an entry of it may say more of
 * a layer behind its pairs_layer. */
struct pairs_table {
    const char *at;
    int         stride, layers;
};

/* pairs_pack.cu: before the pairs, for rows first .. first + rows - 1 in class order,
 * whole tiles. gather: their classes, and of layers with a width the packed rows and
 * boxes; again: only of those with a curve, along it. boxes: those of layers without a
 * width. */
ipl_status pairs_launch_gather(ipl_cuda *dev, int again, int32_t first, int32_t rows,
                               pairs_table table);
ipl_status pairs_launch_boxes(ipl_cuda *dev, int32_t first, int32_t rows,
                              pairs_table table);

#endif
