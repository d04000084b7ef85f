/*
 * ipl_mi.h - mutual information between a layer T, the input X, the label Y.
 *
 * A trained network maps X to T without noise, so I(X;T) is only finite once
 * the layer is coarsened. The families below do it by rounding (BIN) or by
 * imagining Gaussian noise on T (KDE); neither touches the training. All
 * results are in nats; divide by log(2) for bits.
 *
 * One formula serves all. With a similarity k(i,j) in [0,1] between samples,
 * S_i = sum_j k(i,j) over all j and C_i the same over the n_i samples of i's
 * class, i included:
 *
 *   I(X;T) = -mean_i log(S_i / n)
 *   I(T;Y) =  mean_i [ log(C_i / n_i) - log(S_i / n) ]
 */
#ifndef IPL_MI_H
#define IPL_MI_H

#include "ipl_device.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { IPL_MI_BIN, IPL_MI_KDE, IPL_MI_ESTIMATOR_COUNT } ipl_mi_estimator;

/* How BIN maps a value to a bin; "thresholds" are float32 and a value equal to
 * one lies above it. */
typedef enum {
    IPL_BIN_WIDTH, /* floor(t / width), float32 division (Saxe et al. 2018)    */
    IPL_BIN_EDGES, /* digitize over linspace(lo, hi, bins): `bins` is the number
                      of EDGES; hi and above share the last bin, and so do values
                      below lo, as in the code of Shwartz-Ziv and Tishby (2017)*/
    IPL_BIN_COUNT, /* `bins` equal bins from the layer's smallest to its largest
                      value, the largest in the last bin; constant layer: 1 bin*/
    IPL_BIN_QUANTILES, /* `bins` bins with the layer's own quantiles (all units
                      pooled) as thresholds: sorted value number floor(k M/bins)
                      of M, k = 1 .. bins-1; equal values stay together          */
    IPL_BIN_FORM_COUNT
} ipl_bin_form;

typedef struct {
    ipl_mi_estimator estimator;

    ipl_bin_form bin_form;
    double  bin_width;      /* WIDTH: > 0, activation units                    */
    int64_t bins;           /* EDGES: >= 2; COUNT, QUANTILES: >= 1; <= 65536   */
    double  bin_lo, bin_hi; /* EDGES: lo < hi                                  */

    double  noise_var;      /* KDE: variance of the noise, units squared, > 0  */
    int     noise_relative; /* KDE: 1: noise_var is a share of the layer's mean
                               square, mean over all values of t^2; of a layer of
                               zeros, where any variance serves, noise_var is used */
    int     full_sums;      /* KDE: 1: no early exit (benchmarks); default 0   */
} ipl_mi_options;

/* EDGES with 30 over [-1, 1], width 0.07, noise variance 0.05. */
ipl_mi_options ipl_mi_defaults(ipl_mi_estimator estimator);

enum {
    IPL_MI_SATURATED = 1, /* I(X;T) reached its ceiling log n: every sample has a
                             code of its own (KDE: within 1e-6 nats)           */
    IPL_MI_OUTSIDE   = 2, /* EDGES: values fell outside [lo, hi]               */
    IPL_MI_NO_LABELS = 4  /* i_ty is NaN: no labels were given                 */
};

typedef struct {
    const char *name;  /* "bin", "kde-upper", "kde-lower": the CSV's estimator */
    const char *bound; /* "upper", "lower", or NULL                            */
    double   h_t;      /* BIN: H(T). KDE: differential entropy bound of T + noise:
                          I(X;T) + d/2 (log(2 pi noise_var) + 1)               */
    double   i_xt;     /* in [0, log n]                                        */
    double   i_ty;     /* BIN: in [0, H(Y)]; KDE: a difference of two bounds   */
    double   noise_var;     /* KDE: the variance used, units squared; BIN: 0   */
    int64_t  cells;         /* BIN: number of distinct codes; KDE: 0           */
    double   outside_share; /* EDGES: share of values outside [lo, hi]; else 0 */
    unsigned flags;
} ipl_mi_point;

enum { IPL_MI_POINTS_MAX = 2, IPL_MI_BLOCK_ROWS = 1024 };

/* One layer to be placed: a snapshot's layer, or activations from elsewhere. Jobs of
 * one call run together, so that many small layers fill a device. */
typedef struct {
    ipl_mat           t;      /* device, n x d activations, n >= 2              */
    int64_t           block_rows; /* 0. Else t.at is host memory, and the device
                                 holds one or two blocks of so many rows: for
                                 layers larger than the device. A multiple of
                                 IPL_MI_BLOCK_ROWS; it changes no bit            */
    const ipl_labels *y;      /* n labels, or NULL: then i_ty is NaN            */
    int32_t          *cell;   /* device, [n], or NULL. BIN writes each row's code
                                 there, in [0, cells): see ipl_mi_between       */
    ipl_mi_point      point[IPL_MI_POINTS_MAX]; /* out: BIN 1; KDE 2, upper first */
    int               points; /* out                                            */
} ipl_mi_job;

/* Device bytes that ipl_mi_estimate wants for these jobs (only shapes and class
 * counts are read). E_ARGUMENT: bad options or shapes. */
ipl_status ipl_mi_scratch_bytes(ipl_device *dev, const ipl_mi_options *options,
                                int jobs, const ipl_mi_job *job, size_t *bytes);

/* How a layer of job->t's shape fits into free_bytes of the device together with the
 * scratch of any one of these estimators: 0 where it can be there as a whole, else the
 * largest block_rows for a layer in host memory. A host's own memory is not counted.
 * E_MEMORY: not even the smallest blocks fit; the text has the bytes. */
ipl_status ipl_mi_fit(ipl_device *dev, int estimators, const ipl_mi_options *options,
                      const ipl_mi_job *job, int64_t free_bytes, int64_t *block_rows);

/*
 * Places layers on the information plane.
 *
 *   scratch  device memory of at least ipl_mi_scratch_bytes; content is lost
 *
 *   BIN        k = 1 if both rows fall into the same cell in every unit, else 0:
 *              the plug-in entropy. I(X;T) = H(T), as H(T|X) = 0
 *   KDE upper  k = exp(-|t_i - t_j|^2 / (2 noise_var))
 *   KDE lower  k = exp(-|t_i - t_j|^2 / (8 noise_var))
 *
 * The KDE kinds bound I(X;T) of the noisy layer; their I(T;Y) is a difference
 * of two bounds and therefore only an estimate. Source: A. Kolchinsky and
 * B. Tracey, Entropy 19(7):361, 2017.
 *
 * Waits for the device. Equal input gives equal bits at any number of threads and
 * in any company of other jobs. E_ARGUMENT: shape or option; E_NUMERIC: a layer
 * holds a NaN or an infinity (the text counts them and names the job); E_MEMORY.
 * On failure no job's results are written.
 */
ipl_status ipl_mi_estimate(ipl_device *dev, const ipl_mi_options *options, int jobs,
                           ipl_mi_job *job, void *scratch, size_t scratch_bytes);

/* I(A;B) = H(A) + H(B) - H(A,B) in nats between two codings of the same n rows,
 * cell numbers as ipl_mi_estimate writes them (device, [n]), for `pairs` pairs:
 * i_ab[p] of cell_a[p] and cell_b[p]. Used for neighbouring layers. Waits. */
ipl_status ipl_mi_between_scratch_bytes(ipl_device *dev, int pairs, int64_t n,
                                        size_t *bytes);
ipl_status ipl_mi_between(ipl_device *dev, int pairs, int64_t n,
                          const int32_t *const *cell_a,
                          const int32_t *const *cell_b, void *scratch,
                          size_t scratch_bytes, double *i_ab);

/* H(Y) in nats of labels (host side; exact plug-in). */
double ipl_mi_label_entropy(const ipl_labels *y);

#ifdef __cplusplus
}
#endif
#endif
