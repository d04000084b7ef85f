/*
 * ipl_mi.h - mutual information between a layer T, the input X, the label Y.
 *
 * A trained network maps X to T without noise, so I(X;T) is only finite once
 * the layer is coarsened. BIN does it by rounding, KDE by imagining Gaussian
 * noise on T. The other families compare the values of X and T, and give what n
 * samples resolve. None touches the training. All results are in nats; divide
 * by log(2) for bits.
 *
 * One formula serves BIN and KDE. With a similarity k(i,j) in [0,1] between
 * samples, S_i = sum_j k(i,j) over all j, and C_i the same over the n_i samples of
 * i's group, i included:
 *
 *   I(T;G) = mean_i [ log(C_i / n_i) - log(S_i / n) ]
 *
 * G is a grouping of the samples: their labels Y, or the identity of their inputs X.
 * Where each input occurs once, I(X;T) = -mean_i log(S_i / n). The formulas of the
 * others are below (KSG, MIXED, MS, ROSS), and in src/mi/mi_NAME.c (KL, LNN, LGA,
 * RENYI).
 *
 *     ipl_mi_layer layer = {.d = 10, .t = activations};        (host, n x 10)
 *     ipl_mi_options kde = ipl_mi_defaults(IPL_MI_KDE);
 *     ipl_mi_options_set(&kde, "noise_var=0.1");
 *     ipl_mi_samples samples = {.n = n, .y = labels};
 *     ipl_mi_estimate_host(dev, 1, &kde, &samples, 1, &layer);
 *     layer.point[0].i_xt ..
 */
#ifndef IPL_MI_H
#define IPL_MI_H

#include "ipl_device.h"
#include "ipl_mi_family.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* -- Points -----------------------------------------------------------------------*/

enum {
    IPL_MI_SATURATED = 1, /* I(X;T) reached its ceiling H(X), log n where each input
                             occurs once: every sample has a cell of its own (KDE:
                             within 1e-6 nats)                                  */
    IPL_MI_OUTSIDE   = 2, /* EDGES: values fell outside [lo, hi]               */
    IPL_MI_NO_LABELS = 4, /* i_ty is NaN: no labels were given                 */
    IPL_MI_TIES      = 8, /* neighbours: distances of 0, or k-th ones that are equal:
                             the estimate is off                                */
    IPL_MI_NEGATIVE  = 16, /* an estimate below 0 is kept as it is               */
    IPL_MI_SINGLETONS = 32, /* classes of one row were left out                  */
    IPL_MI_REFUSED   = 64, /* a value is NaN, and `refusal` says why             */
    IPL_MI_DIMENSION = 128, /* LNN: more than 10 dimensions: no bias constant    */
    IPL_MI_UNCONVERGED = 256, /* LGA: of some rows the best fit was not found    */
    IPL_MI_UNCORRECTED = 512, /* BIN: the correction would lead beyond the ceiling of a
                             value, which is given without                      */
    IPL_MI_FLAG_COUNT = 10
};

/* Why a value is NaN. */
typedef enum {
    IPL_MI_NOT_REFUSED,
    IPL_MI_FEW_ROWS,   /* k neighbours of a row, but not so many other rows      */
    IPL_MI_SMALL_CLASS, /* the same within a class                               */
    IPL_MI_EQUAL_ROWS, /* the k-th neighbour of a row is at distance 0           */
    IPL_MI_CONSTANT,   /* a column is constant                                   */
    IPL_MI_FLAT,       /* neighbours of a row lie in fewer dimensions than the row */
    IPL_MI_ONE_SIDED,  /* neighbours of a row lie far to one side of it          */
    IPL_MI_REFUSAL_COUNT
} ipl_mi_refusal;

/* "a column is constant", without comma or quote; NULL for NOT_REFUSED. */
const char *ipl_mi_refusal_text(ipl_mi_refusal why);

/* "saturated", "outside": the name of flag 1 << number, as tables have it; NULL: it has
 * none. */
const char *ipl_mi_flag_name(int number);

/* A field that a family does not define is NaN, cells -1. */
typedef struct {
    ipl_mi_estimator estimator;
    char     name[IPL_MI_NAME_TEXT]; /* "bin", "kde-upper@0.01": the CSV's estimator */
    const char *bound; /* "upper", "lower", or NULL                            */
    double   h_t;      /* BIN: H(T). KDE: differential entropy bound of T + noise:
                          -mean_i log(S_i / n) + d/2 (log(2 pi noise_var) + 1) */
    double   i_xt;     /* in [0, H(X)]; H(X) = log n where each input occurs once.
                          KDE with repeated inputs: a difference of two bounds */
    double   i_ty;     /* BIN: in [0, H(Y)]; KDE: a difference of two bounds   */
    double   noise_var;     /* KDE: the variance used, units squared           */
    int64_t  cells;         /* BIN: number of distinct cells                   */
    double   outside_share; /* BIN: share of values outside [lo, hi]; 0 where the
                               form has no such range                          */
    double   se_x, se_y; /* standard errors of i_xt and i_ty, where asked for   */
    double   i_next; /* BIN, of layers in a row: I(T;T') of this layer's cells and the
                        next one's; NaN for the last layer                      */
    ipl_mi_refusal refusal; /* the first one that was met                       */
    unsigned flags;
} ipl_mi_point;

/* A value as tables and JSON have it: 9 digits, which tell all float32 apart; "0" also
 * for -0, "" for NaN. */
enum { IPL_MI_VALUE_TEXT = 32 };
const char *ipl_mi_print(double value, char text[IPL_MI_VALUE_TEXT]);

enum {
    IPL_MI_LAYER_POINTS = (int)IPL_MI_SETTINGS_MAX * (int)IPL_MI_POINTS_MAX,
    IPL_MI_BLOCK_ROWS = 1024,
    IPL_MI_CLASSES_MAX = 65536
};

/* Standard errors. BIN: delete-one jackknife. All others: delete-group jackknife with
 * 10 groups, a row's number mod 10: 10 further estimates. With theta_g, the value
 * without group g, se^2 = 9/10 sum_g (theta_g - mean theta)^2. NaN: the value or one of
 * the theta_g is NaN, or there are fewer than 10 rows (not BIN). */
typedef enum {
    IPL_MI_ERROR_NONE,
    IPL_MI_ERROR_JACKKNIFE,
    IPL_MI_ERROR_COUNT
} ipl_mi_error;

/* The inputs as values, on a device: see ipl_mi_inputs_create. */
typedef struct ipl_mi_inputs ipl_mi_inputs;

/* The samples of layers, in host memory. */
typedef struct {
    int64_t        n;
    const int32_t *y;  /* [n]: class of each sample, in [0, IPL_MI_CLASSES_MAX); NULL:
                          i_ty is NaN                                           */
    const int32_t *x;  /* [n]: number of each sample's input, in [0, n); NULL: all
                          differ                                                */
    int64_t        inputs_d;
    const float   *inputs; /* [n][inputs_d]: the inputs as values, or NULL: I(X;T) of
                          families that compare them is NaN                     */
    ipl_mi_inputs *kept; /* instead of inputs: on the device already, so that several
                          calls share them and H(X)                             */
    int64_t        targets_d;
    const float   *targets; /* [n][targets_d]: a Y of real values, instead of y; NULL:
                          none. Read by ipl_mi_estimate_host alone              */
    ipl_mi_error   error;
} ipl_mi_samples;

/* -- Nearest neighbours -----------------------------------------------------------*/

/*
 * KSG, MIXED and MS compare the values of X and T: two rows are max(|x|, |t|) apart, in
 * max norms over the units, and rho is the distance of a row's k-th nearest other.
 * MIXED and MS also give I(T;Y), where rows of one class are |t| apart and others
 * infinitely far; ROSS gives that alone, in the Euclidean norm. <> is the mean over n
 * rows:
 *
 *   KSG1   psi(k) + psi(n) - <psi(nx + 1) + psi(nt + 1)>  others closer than rho
 *   KSG2   psi(k) - 1/k + psi(n) - <psi(nx) + psi(nt)>    others up to the farthest of
 *                                     the k neighbours, in X and in T by themselves
 *   MIXED  <psi(k) + log n - psi(nx) - psi(nt)>  rows closer than rho, the row itself
 *                                     too; rho = 0: k, nx, nt are the equal rows
 *   MS     psi(n) + <psi(k') - psi(nx) - psi(nt)>  others up to rho, k' of both
 *   ROSS   psi(n) - <psi(ny)> + <psi(k)> - <psi(nt)>  ny rows of the class, nt others
 *                                     up to rho
 *
 * In a class of k rows or fewer, all others are the neighbours. Classes of one row are
 * left out and flagged. Values are not clipped: with few rows they fall below 0, and on
 * classes that are apart I(T;Y) exceeds H(Y), by less than 2 classes / n.
 *
 * Sources: Kraskov, Stoegbauer, Grassberger, Physical Review E 69:066138, 2004; Gao,
 * Kannan, Oh, Viswanath, NIPS 2017, as in their program; Mesner, Shalizi, IEEE Trans.
 * Inf. Theory 67(1), 2021; Ross, PLoS ONE 9(2):e87357, 2014.
 */

/* -- Layers in host memory --------------------------------------------------------*/

typedef struct {
    const char  *name; /* for errors: "layer 3"; NULL: its number               */
    int64_t      d;
    const float *t;    /* host, n x d activations; or                           */
    const double *wide; /* the same in double: just one of both                  */
    int64_t      merged; /* out: values that differ only beyond float32, see
                            ipl_mi_narrow; 0 of t, and where BIN alone is asked  */
    int          points; /* out                                                 */
    ipl_mi_point point[IPL_MI_LAYER_POINTS]; /* out: in the order of estimators */
} ipl_mi_layer;

/*
 * Places layers of the same n samples on the information plane, in nats. The call
 * shares out the device's memory itself: all layers at once where they fit, else one
 * after the other, else in blocks of rows. No way changes a bit.
 *
 *   options  [estimators], as ipl_mi_estimate's
 *
 * Activations in double: BIN finds the bins in double on the host, with edges, widths
 * and quantiles that are not rounded, so that the cells are those of a float64
 * computation; `exact` tells doubles apart. All others depend on differences of values
 * alone and get ipl_mi_narrow's; a share of the mean square is that of the doubles.
 *
 * Targets: families that compare the inputs' values give I(T;Y) as they give I(X;T),
 * with the targets in place of the inputs; `flags` and `refusal` are of both. I(T;Y) of
 * the other families is NaN.
 *
 * The formulas are ipl_mi_estimate's. Waits. E_ARGUMENT, E_NUMERIC: as there, with row
 * and column of the first value that is NaN or infinite, or that float32 cannot reach
 * (wide; not BIN); E_UNSUPPORTED: wide, and 2^24 bins or more in one column; E_MEMORY:
 * not even the smallest blocks fit. On failure no result is written.
 */
ipl_status ipl_mi_estimate_host(ipl_device *dev, int estimators,
                                const ipl_mi_options *options,
                                const ipl_mi_samples *samples, int layers,
                                ipl_mi_layer *layer);

/* Doubles wide[n][d] as float32 t[n][d], for whoever depends on differences within a
 * column alone. From each column its median is taken off first, in double, or nothing:
 * whichever disturbs the gaps between the column's neighbouring values less. Columns
 * that float32 holds as they are stay so.
 *
 * *merged counts the values whose float32 is that of another value of their column,
 * although the two differ in double. They differ only beyond float32.
 *
 * E_NUMERIC: a NaN, an infinity, or a value beyond float32's range even so; the text
 * has `name`, and row and column of the first one, from 0. E_MEMORY. */
ipl_status ipl_mi_narrow(const char *name, int64_t n, int64_t d, const double *wide,
                         float *t, int64_t *merged);

/* -- Layers on the device ---------------------------------------------------------*/

/* The inputs as values: what stays the same from one call to the next, entropies of X
 * included. A matrix on the device, n x d, which must outlive it; x.at NULL: a shape
 * alone, for ipl_mi_scratch_bytes. One thread at a time may use it. E_NUMERIC: a NaN or
 * an infinity. Waits. */
ipl_status ipl_mi_inputs_create(ipl_device *dev, ipl_mat x, ipl_mi_inputs **out);
void       ipl_mi_inputs_destroy(ipl_mi_inputs *inputs); /* NULL is allowed */

/* One layer to be placed. Jobs of one call run together, so that many small layers fill
 * a device. */
typedef struct {
    const char       *name;   /* for errors: "layer 3"; NULL: "job" and its number */
    ipl_mat           t;      /* device, n x d activations, n >= 2              */
    int64_t           block_rows; /* > 0: t.at is host memory, and the call streams it
                                 through its scratch, block_rows rows at a time; a
                                 multiple of IPL_MI_BLOCK_ROWS. It changes no bit */
    const ipl_labels *y;      /* n labels, or NULL: then i_ty is NaN            */
    const ipl_labels *x;      /* numbers of n inputs, or NULL: all differ       */
    ipl_mi_inputs    *inputs; /* of the same n rows, or NULL: I(X;T) of families that
                                 compare values is NaN                          */
    ipl_mi_error      error;
    int32_t          *cell;   /* device, [ipl_mi_partitions][n], or NULL. Each family of
                                 cells writes each row's to its own, in [0, cells):
                                 see ipl_mi_between                             */
    int               points; /* out                                            */
    ipl_mi_point      point[IPL_MI_LAYER_POINTS]; /* out: in the order of estimators;
                                 KDE: upper first                               */
} ipl_mi_job;

/* Device bytes that ipl_mi_estimate wants for these jobs (only shapes and numbers of
 * classes are read). E_ARGUMENT: bad options or shapes. */
ipl_status ipl_mi_scratch_bytes(ipl_device *dev, int estimators,
                                const ipl_mi_options *options, int jobs,
                                const ipl_mi_job *job, size_t *bytes);

/*
 * Places layers on the information plane, with all estimators in one call: what they
 * need of a layer is computed once.
 *
 *   options  [estimators], at most IPL_MI_SETTINGS_MAX; several of one family have a
 *            `setting` each
 *   scratch  device memory of at least ipl_mi_scratch_bytes; content is lost
 *
 *   BIN        k = 1 if both rows fall into the same cell in every unit, else 0:
 *              the plug-in entropy; bin_correction adds to it
 *   KDE upper  k = exp(-|t_i - t_j|^2 / (2 noise_var))
 *   KDE lower  k = exp(-|t_i - t_j|^2 / (8 noise_var))
 *
 *   I(X;T) = H(T) - H(T|X), the formula above with the inputs as groups; each input
 *   once (x NULL): H(T|X) = 0 for BIN, and H(noise) for KDE.
 *
 * The KDE kinds bound H(T) of the noisy layer, and so I(X;T) where each input occurs
 * once; their I(T;Y) is a difference of two bounds and therefore only an estimate.
 * Source: A. Kolchinsky and B. Tracey, Entropy 19(7):361, 2017.
 *
 * Waits for the device. Equal input gives equal bits at any number of threads and in
 * any company of other jobs and estimators. E_ARGUMENT: shape or option; E_NUMERIC: a
 * layer holds a NaN or an infinity (the text counts them and names the job); E_MEMORY.
 * On failure no job's results are written.
 */
ipl_status ipl_mi_estimate(ipl_device *dev, int estimators,
                           const ipl_mi_options *options, int jobs, ipl_mi_job *job,
                           void *scratch, size_t scratch_bytes);

/* I(A;B) = H(A) + H(B) - H(A,B) in nats between two partitions of the same n rows,
 * cells as ipl_mi_estimate writes them (device, [n]), for `pairs` pairs:
 * i_ab[p] of cell_a[p] and cell_b[p]. Used for neighbouring layers. Waits. */
ipl_status ipl_mi_between_scratch_bytes(ipl_device *dev, int pairs, int64_t n,
                                        size_t *bytes);
ipl_status ipl_mi_between(ipl_device *dev, int pairs, int64_t n,
                          const int32_t *const *cell_a,
                          const int32_t *const *cell_b, void *scratch,
                          size_t scratch_bytes, double *i_ab);

/* The same for the layers of networks: cell[nets][layers][partitions][n] (device), and
 * i_next[nets][layers][partitions] is I(T_l;T_l+1), NaN for each last layer. Scratch:
 * as for nets * (layers - 1) pairs. */
ipl_status ipl_mi_between_layers(ipl_device *dev, int nets, int layers, int partitions,
                                 int64_t n, const int32_t *cell, void *scratch,
                                 size_t scratch_bytes, double *i_next);

/* Gives the points of a layer that have cells their i_next, [partitions]. */
void ipl_mi_set_next(int points, ipl_mi_point *point, const double *i_next);

/* H(Y) in nats of labels (host side; exact plug-in). */
double ipl_mi_label_entropy(const ipl_labels *y);

/* I(X;T) and I(T;Y) in nats of a family's point by its definition: plain float64 loops
 * over n x d host values, each input once (samples->x, kept and error are not read).
 * NaN: not defined, and I(T;Y) of BIN and KDE. n^2 d operations, LNN and LGA n^2 d^2,
 * RENYI rows^3. Benchmarks check devices with it before they time them. E_ARGUMENT:
 * options; E_MEMORY. */
ipl_status ipl_mi_plain(const ipl_mi_options *options, const ipl_mi_samples *samples,
                        int64_t d, const float *t, int point, double *i_xt,
                        double *i_ty);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
