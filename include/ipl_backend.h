/*
 * ipl_backend.h - the functions a backend provides.
 *
 * Only src/device.c and the backends include this file; it is not installed.
 * device.c, net.c and mi.c have already checked shapes and options, so an entry
 * may trust its arguments and receives plain device addresses. Formulas stand
 * beside the public functions (ipl_device.h, ipl_net.h, ipl_mi.h). Entries are
 * coarse so that each backend may fuse as it likes.
 */
#ifndef IPL_BACKEND_H
#define IPL_BACKEND_H

#include "ipl_mi.h"
#include "ipl_net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fixed point of the KDE sums: 1.0 is 2^40, so S_i <= n < 2^20 fits an int64 and
 * integer addition makes the sums independent of order. */
#define IPL_KDE_ONE ((int64_t)1 << 40)

/* Bins as a backend sees them. thresholds == 0: bin = floor(t / width) in float32.
 * Else bin = number of threshold[k] <= t (ascending, host memory), and when
 * `wrap` is set, bin 0 is the same bin as the last. */
typedef struct {
    float        width;
    int64_t      thresholds;
    const float *threshold;
    int          wrap;
} ipl_bins;

/* Labels as a backend sees them: one class holding all rows when the caller has
 * none. at, order: device; start: host. */
typedef ipl_labels ipl_groups;

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
    ipl_status (*sync)(void *state);

    /* Networks. */
    ipl_status (*trainer_create)(void *state, const ipl_net_shape *shape,
                                 const ipl_train_options *options, int replicas,
                                 int64_t rows, const float *x, const int32_t *y,
                                 void **trainer);
    void       (*trainer_destroy)(void *state, void *trainer);
    ipl_status (*trainer_write)(void *state, void *trainer, const float *values,
                                int64_t steps);
    ipl_status (*trainer_read)(void *state, void *trainer, float *values,
                               int64_t *steps);
    ipl_status (*trainer_snapshot)(void *state, void *trainer, int replica,
                                   float *params);
    ipl_status (*trainer_train)(void *state, void *trainer, int64_t count,
                                const int32_t *order, ipl_gradient_stats *stats);
    ipl_status (*forward)(void *state, const ipl_net_shape *shape,
                          const float *params, int64_t rows, const float *x,
                          float *const *act);
    ipl_status (*evaluate)(void *state, const ipl_net_shape *shape,
                           const float *params, int64_t rows, const float *x,
                           const int32_t *y, double *loss_nats, int64_t *correct);

    /* Information. `scratch` has what the matching _scratch_bytes answered.
     *
     * value_range: smallest and largest of count values, their sum of squares
     * (double, fixed order), how many are not finite (those are left out of the
     * rest). value_quantiles: the k-th smallest of count finite values for each
     * rank[q], ascending ranks, as threshold[q] (host). Both wait. */
    size_t     (*value_scratch_bytes)(void *state, int64_t count, int64_t ranks);
    ipl_status (*value_range)(void *state, int64_t count, const float *t,
                              void *scratch, float *lo, float *hi,
                              double *sum_squares, int64_t *not_finite);
    ipl_status (*value_quantiles)(void *state, int64_t count, const float *t,
                                  int64_t ranks, const int64_t *rank,
                                  void *scratch, float *threshold);

    /* kde_sums: for each row i in the order of t, fixed point of IPL_KDE_ONE:
     *   sum[0] upper bound, all j     sum[1] upper bound, own class
     *   sum[2] lower bound, all j     sum[3] lower bound, own class
     * each device int64 [n]. j = i counts exactly one. */
    size_t     (*kde_scratch_bytes)(void *state, int64_t n, int64_t d,
                                    int32_t classes);
    ipl_status (*kde_sums)(void *state, int64_t n, int64_t d, const float *t,
                           const ipl_groups *y, double noise_var, int full_sums,
                           void *scratch, int64_t *const sum[4]);
    /* log_sums: mean_i log(sum[i] / IPL_KDE_ONE) of n fixed-point sums, each >= 1,
     * for sum[0..3] in one call; fixed order. Waits. */
    ipl_status (*log_sums)(void *state, int64_t n, int64_t *const sum[4],
                           void *scratch, double mean[4]);

    /* bin_cells: cell[i] (device, [n]) in [0, *cells): equal for two rows if and
     * only if they share the bin in every unit. *cells and *outside (values below
     * the first or above the last threshold; 0 for widths) are host. Waits.
     * cell_counts: for each m in [1, n], how many ROWS lie in a (cell_a, cell_b)
     * pair of m rows, in rows_of[m] (host, [n + 1]); cell_b may be NULL. Waits. */
    size_t     (*bin_scratch_bytes)(void *state, int64_t n, int64_t d);
    ipl_status (*bin_cells)(void *state, int64_t n, int64_t d, const float *t,
                            const ipl_bins *bins, void *scratch, int32_t *cell,
                            int64_t *cells, int64_t *outside);
    ipl_status (*cell_counts)(void *state, int64_t n, const int32_t *cell_a,
                              const int32_t *cell_b, void *scratch,
                              int64_t *rows_of);
} ipl_backend;

extern const ipl_backend ipl_backend_cpu;
extern const ipl_backend ipl_backend_cuda; /* in builds with CUDA=1 */

/* The open device, for the files that dispatch (device.c, net.c, mi.c). */
struct ipl_device {
    const ipl_backend *backend;
    void              *state;
    ipl_device_info    about;
};

#ifdef __cplusplus
}
#endif
#endif
