/*
 * near_layer.cuh - a job of pairs by their distance as the kernels see it, and who does
 * what with it.
 *
 * Rows are counted in the order of classes (without labels: in their own), so that the
 * others of a row are one run of columns. What leaves the kernels is in the order of t.
 */
#ifndef IPL_NEAR_LAYER_CUH
#define IPL_NEAR_LAYER_CUH

#include "common.cuh"

enum { NEAR_TILE = 64 /* rows, and columns, of a tile */ };

struct near_space {
    const float *t;     /* [n][d] on the device, or NULL                         */
    float       *slots; /* [2][slot_rows][d]: some of the rows, in class order   */
    int32_t      d;
};

/* The k others nearest to a row, so far: keys that ascend, NEAR_NONE behind the last. A
 * key is the bits of D over the number of the other row: as integers they compare
 * first by distance, then by number, and no two of a row are equal. */
typedef unsigned long long near_key;
static const near_key NEAR_NONE = ~0ull;

/* One job; lists and slots are pieces of the call's scratch. */
struct near_layer {
    int32_t        n, spaces, slot_rows;
    near_space     space[2];
    ipl_norm       norm;
    float          unit;
    int32_t        splits;   /* of the columns: blocks that share a tile of rows */
    int32_t        strip;    /* at least so many tiles of columns to a block     */
    int32_t        span;     /* most columns that the rows of a tile may count   */
    const int32_t *label;    /* [n], or NULL: one class                          */
    const int32_t *order;    /* [n], or NULL: rows in their own order            */
    const int32_t *start;    /* [classes + 1]: first row of each class           */

    int32_t   k;             /* 0: a job of counts                               */
    near_key *list;          /* [splits][k][n]                                   */
    float    *distance;      /* [n][k]                                           */
    int32_t  *neighbour;     /* [n][k], or NULL                                  */

    const float *radius;     /* [n]                                              */
    int32_t     *count;      /* [n]                                              */
};

/* The pairs that a launch goes through: rows from `row` and columns from `col` on, to
 * before the ends or n, of which a launch has the blocks from `base` on. Both begin at
 * whole tiles. Of layers in host memory these rows are in the two slots, which begin
 * with `row` and with `col_first`. */
struct near_window {
    int32_t row, row_end, col, col_end, row_slot, col_slot, col_first;
    int64_t base;
};

static const near_window NEAR_WHOLE = {0, INT32_MAX, 0, INT32_MAX, 0, 0, 0, 0};

/* near_select.cu: lists take what is near in a window; then they are joined, and
 * written to distance and neighbour. near_count.cu: counts go up, of rows and columns,
 * for the pairs with the column behind the row. `layer` is on the device, blocks are
 * those of the launch, n_max the largest n. */
ipl_status near_launch_select(ipl_cuda *dev, near_window window, int64_t blocks,
                              int layers, const near_layer *layer);
ipl_status near_launch_join(ipl_cuda *dev, int32_t n_max, int layers,
                            const near_layer *layer);
ipl_status near_launch_count(ipl_cuda *dev, near_window window, int64_t blocks,
                             int layers, const near_layer *layer);

/* Of a window with so many rows. */
static inline int64_t near_blocks(const near_layer *l, int64_t rows)
{
    return ceil_div(rows, NEAR_TILE) * l->splits;
}

/* Units of pairs of a block that has its part of so many columns. */
static inline double near_block_units(const near_layer *l, int64_t columns)
{
    const int64_t split = ceil_div(ceil_div(columns, NEAR_TILE), l->splits);
    const int64_t d = l->space[0].d + (l->spaces > 1 ? l->space[1].d : 0);
    const int64_t tiles = split > l->strip ? split : l->strip;
    return (double)(tiles * NEAR_TILE * NEAR_TILE) * (double)(d + 4);
}

/* near_windows.cu: all pairs of a window, of layers that share launches. */
ipl_status near_run_window(ipl_cuda *dev, near_window window, int layers,
                           const near_layer *on_host, const near_layer *layer);

/* near_host.cu: how many slots of how many rows a job with a space in host memory asks
 * for, and all its pairs; `on_host` is what `layer` points to. */
int64_t    near_slot_rows(const ipl_pairs *pairs);
int        near_slots(const ipl_pairs *pairs);
ipl_status near_run_host(ipl_cuda *dev, const ipl_pairs *pairs,
                         const near_layer *on_host, const near_layer *layer);

#endif
