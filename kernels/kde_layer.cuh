/*
 * kde_layer.cuh - a layer as the KDE kernels see it, and who does what with it.
 */
#ifndef IPL_KDE_LAYER_CUH
#define IPL_KDE_LAYER_CUH

#include "pairs_layer.cuh"

enum { KDE_OWN, KDE_CROSS };   /* where a pair's term goes          */
enum { KDE_LOWER, KDE_UPPER }; /* exp(-d2 / (8 var)), its 4th power */
enum { KDE_STRIP_MAX = 16 };

/* One job as the kernels see it; the arrays are the job's part of the scratch. */
struct kde_layer {
    pairs_layer pairs;        /* first: a table of these is a pairs_table        */
    int64_t first_block;      /* blocks of the layers before it in the launch    */
    unsigned long long *part; /* [own, cross][lower, upper][tiles * TILE]        */
    double  *logs;            /* [blocks of finish_sums][4]                      */
    int64_t *sum[4];          /* as in ipl_kde_job                               */
    int32_t  strip;           /* a block sweeps so many column tiles (small d)   */
    float    scale;           /* exponent base 2 of LOWER = scale * d2, < 0      */
    float    limit;           /* beyond this d2 a pair is negligible             */
};

static inline pairs_table kde_table(const kde_layer *layer, int layers)
{
    return {(const char *)layer, (int)sizeof *layer, layers};
}

/* The tiles of a launch of kde_wide.cu: those of `rows` tiles from `row` on with the
 * columns from `col` on, or with rows = 0 the triangle from (row, col) on. */
struct kde_window {
    int32_t row, col, rows;
};

/* kde_small.cu: blocks base .. base + blocks - 1. kde_wide.cu, kde_finish.cu. `layer`
 * is on the device. */
ipl_status kde_launch_small(ipl_cuda *dev, int width, int64_t base, int64_t blocks,
                            int layers, const kde_layer *layer);
ipl_status kde_launch_wide(ipl_cuda *dev, kde_window window, int64_t blocks, int layers,
                           const kde_layer *layer);
ipl_status kde_launch_finish(ipl_cuda *dev, int32_t n_max, int layers,
                             const kde_layer *layer, double *mean_log);
int64_t    kde_finish_blocks(int64_t n);

/* kde_order.cu: whether rows of this shape are put along a curve; the scratch for doing
 * it to so many rows, needed no longer than that; doing it to the layers that have a
 * curve, once all are packed in the order of classes. Their curves are pieces of
 * `curve`, which has the rows of all of them. */
int        kde_has_curve(int64_t n, int64_t d);
size_t     kde_order_bytes(int layers, int64_t rows);
ipl_status kde_launch_order(ipl_cuda *dev, int32_t n_max, int64_t rows, int layers,
                            const kde_layer *layer, void *scratch, int32_t *curve);

/* kde_scale.cu: the scratch of kde_scale, and a layer's pairs.unit, scale, limit. */
size_t     kde_scale_bytes(void *state, const ipl_kde_job *job);
ipl_status kde_scale(void *state, const ipl_kde_job *job, int full_sums, void *scratch,
                     kde_layer *layer);

/* kde_blocks.cu: rows of the slots that a job in host memory asks for, and all that
 * needs its values. Of a narrow layer that is packing, and again along its curve, and
 * the pairs are still to do. `on_host` is what `layer` points to. Waits. */
int64_t    kde_slot_rows(const ipl_kde_job *job, int wide);
ipl_status kde_run_blocks(ipl_cuda *dev, int again, const ipl_kde_job *job,
                          const kde_layer *on_host, const kde_layer *layer);

#endif
