/*
 * backend.h - the functions a backend provides.
 *
 * src/device.c, src/net and src/mi include it, and the backends; it is not installed.
 * The former have already checked shapes and options, so an entry may trust its
 * arguments and receives plain device addresses. Formulas stand beside the public
 * functions (ipl_device.h, ipl_net.h, ipl_mi.h). Entries are coarse so that each
 * backend may fuse as it likes.
 */
#ifndef IPL_BACKEND_H
#define IPL_BACKEND_H

#include "ipl_bench.h"
#include "ipl_mi.h"
#include "ipl_net.h"
#include "meter.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fixed point of the KDE sums: 1.0 is 2^40, so S_i <= n < 2^20 fits an int64 and
 * integer addition makes the sums independent of order. */
#define IPL_KDE_ONE ((int64_t)1 << 40)

/* Bins as a backend sees them. exact: bin = t itself, 0 and -0 the same. Else with
 * thresholds == 0: bin = floor(t / width) in float32. Else bin = number of threshold[k]
 * <= t (ascending, host memory), and when `wrap` is set, bin 0 is the same bin as the
 * last. */
typedef struct {
    int          exact;
    float        width;
    int64_t      thresholds;
    const float *threshold;
    int          wrap;
} ipl_bins;

/* Out-of-core layers: with block > 0, t is host memory, and the entry streams it
 * through its scratch, `block` rows (of d values; a multiple of IPL_MI_BLOCK_ROWS) or
 * values at a time. The result has the same bits. The CPU backend ignores block. */

/* What a layer's values span; values that are not finite are counted and left out. */
typedef struct {
    int64_t      count;
    const float *t;           /* device, [count]                                */
    int64_t      block;       /* 0, or t is in host memory: values a block      */
    float        lo, hi;      /* out: smallest and largest                      */
    double       sum_squares; /* out: in double, in a fixed order               */
    int64_t      not_finite;  /* out                                            */
} ipl_range_job;

/* The value number rank[q] (from 0, ascending ranks) among count finite values,
 * sorted, as threshold[q]. */
typedef struct {
    int64_t        count;
    const float   *t;         /* device, [count], all finite                    */
    int64_t        block;     /* 0, or t is in host memory: values a block      */
    int64_t        ranks;
    const int64_t *rank;      /* host, [ranks]                                  */
    float         *threshold; /* out: host, [ranks]                             */
} ipl_quantile_job;

/* Values that are rounded in place to the nearest of 2^bits levels, evenly spaced from
 * lo to hi. In double, with r = hi - lo and m = 2^bits - 1:
 *   k = rint((t - lo) (m / r)), ties to the even one;  t = hi where k = m, else
 *   float32(lo + k (r / m))
 * every operation rounded by itself: equal bits on every device. */
typedef struct {
    int64_t count;
    float  *t;      /* device, [count], all finite: in and out                  */
    float   lo, hi; /* smallest and largest of them, lo < hi                    */
    int     bits;   /* 1 to 16                                                  */
} ipl_round_job;

/* Gaussian pair sums of one layer. For each row i in the order of t, in fixed point
 * of IPL_KDE_ONE, with j = i counting exactly one:
 *   sum[0] upper bound, all j     sum[1] upper bound, own class
 *   sum[2] lower bound, all j     sum[3] lower bound, own class
 * and the means over i of their logarithms, taken in a fixed order. */
typedef struct {
    int64_t           n, d;
    const float      *t;           /* device, [n][d], all finite                */
    int64_t           block;       /* 0, or t is in host memory: rows a block   */
    const ipl_labels *y;           /* one class with all rows when there are none */
    double            noise_var;
    int64_t          *sum[4];      /* out: device, [n] each                     */
    double            mean_log[4]; /* out: mean_i log(sum[k][i] / IPL_KDE_ONE)  */
} ipl_kde_job;

/* Cells of one layer: cell[i] is equal for two rows if and only if they share the
 * bin in every unit. Cells are numbered in the order of their first rows. */
typedef struct {
    int64_t         n, d;
    const float    *t;       /* device, [n][d], all finite                      */
    int64_t         block;   /* 0, or t is in host memory: rows a block         */
    float           lo, hi;  /* smallest and largest of them: with few bins
                                between, a row's key needs no hash              */
    const ipl_bins *bins;
    int32_t        *cell;    /* out: device, [n], in [0, cells)                 */
    int64_t         cells;   /* out                                             */
    int64_t         outside; /* out: values below the first or above the last
                                threshold (equal to it is inside); 0 without
                                thresholds                                      */
} ipl_bin_job;

/* A multiplicity: `rows` rows lie in cells of exactly `size` rows. */
typedef struct {
    int64_t size;
    int64_t rows;
} ipl_multiplicity;

/* Number of different sizes that can occur among n rows: their sum is at most n. */
static inline int64_t ipl_multiplicities_max(int64_t n)
{
    int64_t k = 0;
    for (int64_t sum = 0; sum + k + 1 <= n; sum += ++k) {}
    return k;
}

/* The multiplicities of cells, or of pairs of cells: one entry for each size that
 * occurs, ascending. Integers, so any order of counting is right. */
typedef struct {
    int64_t        n;
    const int32_t *a;      /* device, [n], values in [0, n)                     */
    const int32_t *b;      /* device, [n], values >= 0, or NULL: a alone        */
    ipl_multiplicity *multiplicity; /* out: host, [ipl_multiplicities_max(n)]   */
    int64_t        multiplicities;  /* out                                      */
} ipl_count_job;

/* -- Pairs by their distance ------------------------------------------------------*/

/* What the rows of one space or two are, and how far apart. The distance D(i,j) is
 * float32, from differences of coordinates times `unit`, of space 0 first, then 1:
 *   MAX     the largest |difference|: the larger one of the two spaces' max norms
 *   EUCLID  the sum of the squared differences, added in the order of the units: D is
 *           the square of the distance
 * D(i,j) = D(j,i), and every entry of a backend gives a pair the same bits: a pair that
 * defines a threshold is on the same side of it everywhere. */
typedef enum { IPL_NORM_MAX, IPL_NORM_EUCLID } ipl_norm;

typedef struct {
    int64_t      d;
    const float *t;       /* [n][d], all finite: device, or host memory           */
    int          on_host; /* 1: in host memory, streamed `block` rows at a time   */
} ipl_space;

typedef struct {
    int64_t           n;
    int               spaces; /* 1 or 2                                         */
    ipl_space         space[2];
    ipl_norm          norm;
    float             unit;   /* a power of two                                 */
    int64_t           block;  /* a multiple of IPL_MI_BLOCK_ROWS where a space is on
                                 the host                                       */
    const ipl_labels *y;      /* i's others are those of its class; NULL: all   */
} ipl_pairs;

/* The k others nearest to each row i, first by D, then by number: distance[i][0 .. k)
 * ascends. Where there are fewer: +infinity and -1. */
typedef struct {
    ipl_pairs pairs;
    int32_t   k;          /* 1 to IPL_MI_K_MAX                                  */
    float    *distance;   /* out: device, [n][k]                                */
    int32_t  *neighbour;  /* out: device, [n][k], or NULL                       */
} ipl_neighbour_job;

/* How many others of each row i have D(i,j) <= radius[i]. Strict counts ask for the
 * next smaller float; a negative radius counts none. */
typedef struct {
    ipl_pairs    pairs;
    const float *radius;  /* device, [n]                                        */
    int32_t     *count;   /* out: device, [n]                                   */
} ipl_radius_job;

/* Local densities, EUCLID only. With the bandwidth h_i = sqrt(square[i]),
 * u_j = (x_j - x_i) / h_i, w_j = exp(-|u_j|^2 / 2) over the others j of row i, N of
 * them, and the moments S0 = sum w_j, S1 = sum w_j u_j, S2 = sum w_j u_j u_j^T:
 *   LNN  mu = S1/S0, Sigma = S2/S0 - mu mu^T;
 *        value = -log S0 + log N + d/2 log(2 pi) + 1/2 log det Sigma
 *                + 1/2 mu^T Sigma^-1 mu
 *   LGA  value = -log N(0; mu*, Sigma*), which maximise the local likelihood of
 *        local_fit.h
 * both in units of h: -log f(x_i) = value + d log h_i. Row i has no value (NaN) but a
 * status where it cannot be trusted. */
typedef enum { IPL_DENSITY_LNN, IPL_DENSITY_LGA } ipl_density;
typedef enum {
    IPL_LOCAL_DONE,
    IPL_LOCAL_SINGULAR,   /* Sigma of the moments, scaled to a unit diagonal, has an
                             eigenvalue below 1e-9                              */
    IPL_LOCAL_FAR,        /* 1/2 mu^T Sigma^-1 mu > 1000                        */
    IPL_LOCAL_UNCONVERGED, /* LGA; `value` is where the best start ended         */
    IPL_LOCAL_COUNT
} ipl_local_status;

typedef struct {
    ipl_pairs    pairs;
    ipl_density  density;
    const float *square;  /* device, [n]: h_i^2 as D has it, > 0                */
    double      *value;   /* out: device, [n], nats                             */
    int32_t     *status;  /* out: device, [n]                                   */
} ipl_density_job;

typedef struct {
    const char *name; /* "cpu", "cuda": the part of a device name before ':'   */

    /* Life and memory. `variant` is what follows ':' in the name, or NULL; the
     * index-th variant's name is written by `variant_name` (E_ARGUMENT past the
     * last one). `about` comes filled with zeros. */
    ipl_status (*variant_name)(int index, char *name, size_t size);
    ipl_status (*open)(const char *variant, const ipl_device_options *options,
                       ipl_device_info *about, void **state);
    void       (*close)(void *state);
    ipl_status (*alloc)(void *state, size_t bytes, void **at);
    void       (*release)(void *state, void *at);
    ipl_status (*upload)(void *state, const void *host, size_t bytes, void *at);
    ipl_status (*download)(void *state, const void *at, size_t bytes, void *host);
    ipl_status (*copy)(void *state, const void *from, size_t bytes, void *to);
    ipl_status (*sync)(void *state);
    ipl_status (*event_create)(void *state, void **event);
    void       (*event_destroy)(void *event);
    ipl_status (*event_record)(void *state, void *event);
    ipl_status (*event_wait)(void *state, void *event);
    void       (*use_threads)(void *state, int threads); /* NULL: no choice     */
    ipl_status (*free_bytes)(void *state, int64_t *bytes); /* now                 */
    ipl_meter *(*meter)(void *state); /* of the pass that is made now           */

    /* Measuring the device itself: ipl_bench.h. */
    ipl_status (*ceilings)(void *state, ipl_ceilings *out);
    ipl_status (*timer_start)(void *state);
    ipl_status (*timer_stop)(void *state, double *wall_ms);

    /* Networks. trainer_bytes: device memory that trainer_create and calls of up to
     * `rows` rows take, statistics included; evaluate_bytes: what evaluate takes, and
     * forward, of one network, for a call of their own. Networks evaluated together
     * have the bits of each alone. */
    size_t     (*trainer_bytes)(void *state, const ipl_net_shape *shape,
                                const ipl_train_options *options, int replicas,
                                int64_t rows);
    size_t     (*evaluate_bytes)(void *state, const ipl_net_shape *shape, int networks,
                                 int64_t rows);
    ipl_status (*trainer_create)(void *state, const ipl_net_shape *shape,
                                 const ipl_train_options *options, int replicas,
                                 int64_t rows, const float *x, const int32_t *y,
                                 void **trainer);
    void       (*trainer_destroy)(void *state, void *trainer);
    ipl_status (*trainer_write)(void *state, void *trainer, const float *values,
                                int64_t steps);
    ipl_status (*trainer_read)(void *state, void *trainer, float *values,
                               int64_t *steps);
    ipl_status (*trainer_snapshot)(void *state, void *trainer, int first, int count,
                                   float *params);
    ipl_status (*trainer_train)(void *state, void *trainer, int64_t count,
                                const int32_t *order, ipl_gradient_stats *stats);
    /* params[networks]; layer l of network k to act[l - 1] + k * apart. */
    ipl_status (*forward)(void *state, const ipl_net_shape *shape, int networks,
                          const float *const *params, int64_t rows, const float *x,
                          float *const *act, int64_t apart);
    ipl_status (*evaluate)(void *state, const ipl_net_shape *shape, int networks,
                           const float *params, int64_t rows, const float *x,
                           const int32_t *y, double *loss_nats, int64_t *correct);

    /* Information. `scratch` has what the matching _scratch_bytes answered.
     *
     * A call takes several jobs, works on them together, and waits; a job's result
     * does not depend on its company. */
    size_t     (*range_scratch_bytes)(void *state, int jobs, const ipl_range_job *job);
    ipl_status (*value_range)(void *state, int jobs, ipl_range_job *job,
                              void *scratch);
    size_t     (*quantile_scratch_bytes)(void *state, int jobs,
                                         const ipl_quantile_job *job);
    ipl_status (*value_quantiles)(void *state, int jobs, const ipl_quantile_job *job,
                                  void *scratch);
    ipl_status (*round_values)(void *state, int jobs, const ipl_round_job *job);
    size_t     (*kde_scratch_bytes)(void *state, int jobs, const ipl_kde_job *job);
    ipl_status (*kde_sums)(void *state, int jobs, ipl_kde_job *job, int full_sums,
                           void *scratch);
    size_t     (*bin_scratch_bytes)(void *state, int jobs, const ipl_bin_job *job);
    ipl_status (*bin_cells)(void *state, int jobs, ipl_bin_job *job, void *scratch);
    size_t     (*count_scratch_bytes)(void *state, int jobs, const ipl_count_job *job);
    ipl_status (*cell_counts)(void *state, int jobs, ipl_count_job *job,
                              void *scratch);
    size_t     (*neighbour_scratch_bytes)(void *state, int jobs,
                                          const ipl_neighbour_job *job);
    ipl_status (*nearest_neighbours)(void *state, int jobs, ipl_neighbour_job *job,
                                     void *scratch);
    size_t     (*radius_scratch_bytes)(void *state, int jobs,
                                       const ipl_radius_job *job);
    ipl_status (*radius_counts)(void *state, int jobs, ipl_radius_job *job,
                                void *scratch);
    size_t     (*density_scratch_bytes)(void *state, int jobs,
                                        const ipl_density_job *job);
    ipl_status (*local_densities)(void *state, int jobs, ipl_density_job *job,
                                  void *scratch);
    /* to[i] = from[row[i]], rows of d values of 4 bytes; row: device, [count]. */
    ipl_status (*gather_rows)(void *state, const void *from, int64_t d,
                              const int32_t *row, int64_t count, void *to);
} ipl_backend;

extern const ipl_backend ipl_backend_cpu;

/* CUDA's, linked (cuda_linked.c) or loaded (cuda_plugin.c). E_UNSUPPORTED: it is
 * neither, and why. */
ipl_status ipl_cuda_backend(const ipl_backend **out);

/* The open device, for the files that dispatch: device.c, src/net, src/mi. */
struct ipl_device {
    const ipl_backend *backend;
    void              *state;
    ipl_device_info    about;
    ipl_device_options options; /* as it was opened with                        */
};

#ifdef __cplusplus
}
#endif
#endif
