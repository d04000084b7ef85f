/*
 * kde_layer.cuh - a layer as the KDE kernels see it, and who does what with it.
 */
#ifndef IPL_KDE_LAYER_CUH
#define IPL_KDE_LAYER_CUH

#include "common.cuh"

enum { KDE_OWN, KDE_CROSS };                  /* where a pair's term goes          */
enum { KDE_LOWER, KDE_UPPER };                /* exp(-d2 / (8 var)), its 4th power */
enum { KDE_SMALL_TILE = 128, KDE_WIDE_TILE = 64, KDE_STRIP_MAX = 16,
       KDE_BOX_MAX = 512 };                   /* units that a bounding box covers  */

/* One job as the kernels see it; the arrays are the job's part of the scratch. */
struct kde_layer {
    int32_t n, d, tiles, strip; /* a block sweeps `strip` column tiles (small d) */
    int32_t box_units, width;   /* width: d rounded up, or 0 for wide layers     */
    int64_t first_block;        /* blocks of the layers before it in the launch  */
    const float   *t;           /* [n][d]                                        */
    const int32_t *order;       /* [n] rows sorted by class                      */
    const int32_t *label;       /* [n] class of each row                         */
    int32_t *sorted_class;      /* [tiles * TILE], only the first n are used     */
    float   *packed;            /* [width][tiles * TILE] sorted rows, unit first */
    float   *box_lo, *box_hi;   /* [tiles][box_units]                            */
    unsigned long long *part;   /* [own, cross][lower, upper][tiles * TILE]      */
    double  *logs;              /* [blocks of finish_sums][4]                    */
    int64_t *sum[4];            /* as in ipl_kde_job                             */
    float    unit;              /* values are multiplied by it: a power of two   */
    float    scale;             /* exponent base 2 of LOWER = scale * d2, < 0    */
    float    limit;             /* beyond this d2 a pair is negligible           */
};

/* kde_small.cu, kde_wide.cu, kde_rows.cu; `layer` is on the device. */
ipl_status kde_launch_small(ipl_cuda *dev, int width, int64_t blocks, int layers,
                            const kde_layer *layer);
ipl_status kde_launch_wide(ipl_cuda *dev, int64_t blocks, int layers,
                           const kde_layer *layer);
ipl_status kde_launch_gather(ipl_cuda *dev, int tiles_max, int layers,
                             const kde_layer *layer);
ipl_status kde_launch_finish(ipl_cuda *dev, int32_t n_max, int layers,
                             const kde_layer *layer, double *mean_log);
int64_t    kde_finish_blocks(int64_t n);

/* kde_scale.cu: the scratch of kde_scale, and unit, scale and limit of a layer. */
size_t     kde_scale_bytes(void *state, const ipl_kde_job *job);
ipl_status kde_scale(void *state, const ipl_kde_job *job, int full_sums, void *scratch,
                     kde_layer *layer);

#endif
