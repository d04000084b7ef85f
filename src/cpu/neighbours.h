/*
 * neighbours.h - how the files of nearest neighbours and counts share the work.
 *
 * A layer's rows are put in an order in which near rows stand together, packed
 * (pairs_pack.h), and swept in blocks of NEAR_ROWS rows against tiles of columns. Each
 * panel of rows and each tile of columns has a box that holds its rows: pairs of boxes
 * too far apart, or entirely within a radius, need no distances.
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include "cpu/pairs_pack.h"

enum {
    NEAR_ROWS = 48,   /* of a block: whole panels and whole tiles of any set       */
    NEAR_PANELS = 12, /* of a block, at most                                       */
    NEAR_UNITS = 16,  /* of a box, at most                                         */
    NEAR_SPAN = 64    /* tiles whose boxes are compared with a block's together    */
};

/* One layer. "Row i" and "column j" are positions in its order. */
typedef struct {
    pairs_layer pairs;
    ipl_norm    norm;
    int32_t    *number; /* [padded]: a row's number among the activations          */
    float      *tie;    /* [padded]: the same, exact below 2^24                    */
    int32_t    *first, *end; /* [padded]: its others stand in [first, end)         */

    int         units; /* of the boxes                                             */
    int64_t     unit[NEAR_UNITS + 1]; /* which these are, ascending; one more while
                                         they are chosen                           */
    float      *key;   /* [units][n]: the coordinates in them, by number           */
    int64_t     tiles, stride;    /* tiles of columns; stride: whole vectors       */
    float      *tile_lo, *tile_hi;   /* [units][stride]                            */
    float      *panel_lo, *panel_hi; /* [panels][units]                            */
} near_layer;

/* No neighbour: infinity's bits and -1. */
#define NEAR_NONE ((uint64_t)0x7f800000 << 32 | UINT32_MAX)

/* Of one thread. A neighbour is its distance's bits and then its number, so that the
 * order of these integers is that of neighbours. */
typedef struct {
    uint64_t list[NEAR_ROWS][IPL_MI_K_MAX];
    float    limit[NEAR_ROWS]; /* what is farther does not count: a row's k-th distance
                                  so far, or its radius; -1 for rows in excess     */
    float    lanes[NEAR_ROWS * PAIRS_LANES_MAX]; /* counts, which floats hold exactly */
    int64_t  whole[NEAR_ROWS]; /* counts of whole tiles                            */
    float    nearest[NEAR_PANELS][NEAR_SPAN]; /* of a pair of boxes                */
    float    farthest[NEAR_PANELS][NEAR_SPAN];
} near_workspace;

typedef struct {
    int64_t lanes, columns, panel; /* of the packing, a tile, a panel              */

    /* The k nearest of the rows [row, row + NEAR_ROWS), ascending, to work->list. */
    void (*lists)(const near_layer *l, int64_t row, int k, near_workspace *work);

    /* Columns within work->limit, each row itself included, to work->whole. */
    void (*counts)(const near_layer *l, int64_t row, near_workspace *work);
} near_kernels;

extern const near_kernels near_kernels_portable, near_kernels_avx2, near_kernels_avx512;

/* neighbours_order.c. The first chooses the boxes' units and fills key; the second
 * fills number, first and end; the third the boxes of a block. */
void near_choose_units(const ipl_pairs *p, near_layer *l);
void near_order(const ipl_pairs *p, const near_kernels *kernels, near_layer *l);
void near_box(const near_kernels *kernels, int64_t row, near_layer *l);

static inline int64_t near_width(const ipl_pairs *p)
{
    return p->space[0].d + (p->spaces == 2 ? p->space[1].d : 0);
}

#endif
