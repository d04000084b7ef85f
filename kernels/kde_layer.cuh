/*
 * kde_layer.cuh - a layer as the KDE kernels see it, and who does what with it.
 */
#ifndef IPL_KDE_LAYER_CUH
#define IPL_KDE_LAYER_CUH

#include "arena.h"
#include "pairs_layer.cuh"

enum { KDE_OWN, KDE_CROSS };   /* where a pair's term goes          */
enum { KDE_LOWER, KDE_UPPER }; /* exp(-d2 / (8 var)), its 4th power */
enum { KDE_STRIP_MAX = 16 };
enum {
    KDE_SCREEN_TILE = 128, /* rows of a tile of codes                            */
    KDE_CHUNK = 32,        /* units of a row that lie side by side               */
    KDE_SAMPLES = 2048     /* pairs of rows that are looked at before the choice */
};

/* What decides between the two kernels of a wide layer; both are functions of its
 * values. */
struct kde_choice {
    double  half_range; /* the largest of a unit's values, from its middle         */
    int32_t near;       /* of the KDE_SAMPLES pairs: within the limit              */
    int32_t unused;
};

/* Rows of a wide layer as integers, for kde_screen.cu, which says what they prove. */
struct kde_codes {
    uint32_t   *ends;   /* [2][d] keys of -smallest and largest (kde_codes.cu)     */
    float      *middle; /* [d]                                                     */
    kde_choice *choice;
    uint4      *code;   /* [tiles][chunks][TILE][2], or tiles of the slots         */
    int2       *bound;  /* [tiles * TILE] by class: (N - R^2) / 2, R               */
    int32_t     chunks; /* of KDE_CHUNK units                                      */
    int32_t     slots;  /* 1: a row's code is where `place` says                   */
};

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
    int32_t  screened;        /* 1: wide, and kde_screen.cu does it              */
    kde_codes codes;          /* of a wide layer                                 */
};

/* Rows in whole tiles of codes. */
static __host__ __device__ __forceinline__ int64_t kde_coded_rows(int64_t n)
{
    return (n + KDE_SCREEN_TILE - 1) / KDE_SCREEN_TILE * KDE_SCREEN_TILE;
}

/* Pair number p < KDE_SAMPLES of the sample of n rows of t: spread evenly over all
 * pairs, by the fractional parts of multiples of two irrational numbers. */
static __host__ __device__ __forceinline__ void kde_sample(int p, int32_t n, int *i,
                                                           int *j)
{
    const uint32_t x = (uint32_t)(p + 1) * 3242174889u;
    const uint32_t y = (uint32_t)(p + 1) * 2447445414u;
    *i = (int)((uint64_t)x * (uint32_t)n >> 32);
    *j = (int)((uint64_t)y * (uint32_t)n >> 32);
    if (*i == *j) *j = *j + 1 < n ? *j + 1 : 0;
}

static inline pairs_table kde_table(const kde_layer *layer, int layers)
{
    return {(const char *)layer, (int)sizeof *layer, layers};
}

/* The pairs of a launch: rows row .. row + rows - 1 with rows col .. col + cols - 1, or
 * with rows = 0 the pairs among the latter. {}: all pairs of each layer. */
struct kde_window {
    int32_t row, rows, col, cols;
};

/* kde_small.cu: blocks base .. base + blocks - 1. kde_finish.cu. `layer` is on the
 * device. */
ipl_status kde_launch_small(ipl_cuda *dev, int width, int64_t base, int64_t blocks,
                            int layers, const kde_layer *layer);
ipl_status kde_launch_finish(ipl_cuda *dev, int32_t n_max, int layers,
                             const kde_layer *layer, double *mean_log);
int64_t    kde_finish_blocks(int64_t n);

/* kde_wide.cu and kde_screen.cu: blocks base .. base + blocks - 1 of the window. */
ipl_status kde_launch_wide(ipl_cuda *dev, kde_window window, int64_t base,
                           int64_t blocks, int layers, const kde_layer *layer);
ipl_status kde_launch_screen(ipl_cuda *dev, kde_window window, int64_t base,
                             int64_t blocks, int layers, const kde_layer *layer);

/* kde_codes.cu, for rows first .. first + rows - 1 in class order of each layer. ends:
 * begin at 0; middles: from the ends of all rows. sample: with `pairs` all of them of
 * each layer, else pairs that lie in t side by side. codes: whole tiles. */
ipl_status kde_launch_ends(ipl_cuda *dev, int32_t first, int32_t rows, int32_t d_max,
                           int layers, const kde_layer *layer);
ipl_status kde_launch_middles(ipl_cuda *dev, int layers, const kde_layer *layer);
ipl_status kde_launch_sample(ipl_cuda *dev, int32_t side_by_side, int layers,
                             const kde_layer *layer);
ipl_status kde_launch_codes(ipl_cuda *dev, int32_t first, int32_t rows, int layers,
                            const kde_layer *layer);

/* kde_choose.cu: the scratch of a wide job's codes; which kernel a layer gets; the
 * pairs of wide layers on the device (puts those of one kernel side by side, in job_of
 * as well; waits), or of a window of one. `on_host` is what `layer` points to. */
void       kde_take_codes(const ipl_kde_job *job, ipl_arena *from, kde_layer *l);
int        kde_screens(const kde_layer *l, const kde_choice *choice);
ipl_status kde_run_wide(ipl_cuda *dev, int full_sums, int layers, kde_layer *on_host,
                        int *job_of, kde_layer *layer);
ipl_status kde_run_window(ipl_cuda *dev, kde_window window, int layers,
                          kde_layer *on_host, kde_layer *layer);

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
                          int full_sums, kde_layer *on_host, kde_layer *layer);

#endif
