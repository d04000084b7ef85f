/*
 * mi.h - what an estimator provides, and what the estimators share.
 *
 * mi.c checks the call, asks for the range of every layer once, for all families, and
 * refuses what is not finite; each family then turns all jobs of the call into points.
 * To add one: its value of ipl_mi_estimator and its fields of ipl_mi_options
 * (ipl_mi_family.h), one file with an mi_estimator that is named below, and one row in
 * mi_table.c.
 */
#ifndef IPL_MI_PRIVATE_H
#define IPL_MI_PRIVATE_H

#include "backend.h"
#include "mi/algebra.h"

typedef ipl_mi_point mi_points[IPL_MI_POINTS_MAX];

/* The layers of a call, and what is known of them for all families. */
typedef struct {
    ipl_device          *dev;
    int                  jobs;
    const ipl_mi_job    *job;   /* [jobs]                                       */
    const ipl_range_job *range; /* [jobs]; NULL while scratch is measured       */
    void                *scratch; /* device; NULL while it is measured          */
    int                  partition; /* which of a job's partitions gets the cells */
} mi_call;

/* The options of a call: their number, each by itself, and settings of one family by
 * their names. E_ARGUMENT. */
ipl_status mi_check_options(int estimators, const ipl_mi_options *options);

typedef struct {
    ipl_mi_family family;

    /* Of families that share these functions (mi_near.h, mi_entropies.h): their own. */
    const void *how;

    /* E_ARGUMENT for options that it cannot work with. */
    ipl_status (*check)(const ipl_mi_options *options);

    /* "noise variance 0.05" */
    void (*describe)(const ipl_mi_options *options, char *text, size_t size);

    /* Device bytes for these jobs. */
    ipl_status (*scratch_bytes)(const mi_call *call, const ipl_mi_options *options,
                                size_t *bytes);

    /* Fills point[j][0 .. points) of every job, of finite layers, but for what mi.c
     * tells of any point: its names, and the flags NO_LABELS, NEGATIVE and REFUSED. */
    ipl_status (*estimate)(const mi_call *call, const ipl_mi_options *options,
                           mi_points *point);

    /* Sets se_x and se_y of the points just estimated, of jobs that ask for standard
     * errors; scratch is as the estimate left it. NULL: mi_jackknife. */
    ipl_status (*errors)(const mi_call *call, const ipl_mi_options *options,
                         mi_points *point);

    /* ipl_mi_plain */
    ipl_status (*plain)(const ipl_mi_options *options, const ipl_mi_samples *samples,
                        int64_t d, const float *t, int point, double *i_xt,
                        double *i_ty);
} mi_estimator;

extern const mi_estimator mi_bin; /* mi_bin.c */
extern const mi_estimator mi_kde; /* mi_kde.c */
extern const mi_estimator mi_ksg; /* mi_ksg.c */
extern const mi_estimator mi_mixed; /* mi_mixed.c */
extern const mi_estimator mi_ms; /* mi_ms.c */
extern const mi_estimator mi_ross; /* mi_ross.c */
extern const mi_estimator mi_kl; /* mi_kl.c */
extern const mi_estimator mi_lnn; /* mi_lnn.c */
extern const mi_estimator mi_lga; /* mi_lga.c */
extern const mi_estimator mi_renyi; /* mi_renyi.c */

enum { MI_PAIR_ROWS_MAX = 1 << 20 }; /* of families that go through all pairs */

/* The family's estimator. mi_table.c */
const mi_estimator *mi_estimator_of(ipl_mi_estimator estimator);

/* Points without values: NaN and -1 throughout. */
ipl_mi_point mi_point_empty(void);

/* The ranges of the jobs' layers still to be found, which the caller frees. */
ipl_status mi_list_ranges(int jobs, const ipl_mi_job *job, ipl_range_job **out);

/* ipl_mi_estimate_host for layers in float32 and samples without targets, which are
 * checked. mi_host.c */
ipl_status mi_estimate_floats(ipl_device *dev, int estimators,
                              const ipl_mi_options *options,
                              const ipl_mi_samples *samples, int layers,
                              ipl_mi_layer *layer);

/* -- Layers in double, and targets ------------------------------------------------*/

/* The same for all others, in parts that mi_estimate_floats can do. mi_parts.c */
ipl_status mi_estimate_parts(ipl_device *dev, int estimators,
                             const ipl_mi_options *options,
                             const ipl_mi_samples *samples, int layers,
                             ipl_mi_layer *layer);

/* E_NUMERIC where a value of n x d is NaN or infinite: "layer 1: 3 of 1200 activations
 * are NaN or infinite, first in row 7, column 2 (nan)". One of t and wide; `what`:
 * "activations". mi_narrow.c */
ipl_status mi_check_finite(const char *name, const char *what, int64_t n, int64_t d,
                           const float *t, const double *wide);

/* BIN's bins of a layer, numbered from 0 within each column, to code[n][d]: its cells
 * are those of the codes with bins of width 1. *outside: values outside the edges.
 * Bins of a layer in float32 are those that backends find. mi_wide_bins.c */
ipl_status mi_wide_bins(const ipl_mi_options *options, int64_t n,
                        const ipl_mi_layer *layer, float *code, int64_t *outside);

/* How a job is called in errors: its name, or "job 3". */
const char *mi_job_name(const ipl_mi_job *job, int j, char text[24]);

/* The job's inputs where any of them occurs more than once; NULL where all differ,
 * which gives the bits of a job without. */
const ipl_labels *mi_repeated_inputs(const ipl_mi_job *job);

/* How a layer of job->t's shape fits into free_bytes of the device together with the
 * scratch of these estimators: 0 where it can be there as a whole, else the largest
 * block_rows for a layer in host memory. A host's own memory is not counted. E_MEMORY:
 * not even the smallest blocks fit; the text has the bytes. mi_fit.c */
ipl_status mi_fit(ipl_device *dev, int estimators, const ipl_mi_options *options,
                  const ipl_mi_job *job, int64_t free_bytes, int64_t *block_rows);

/* -- Families of k neighbours: mi_k.c ---------------------------------------------*/

/* Their one option: 1 to IPL_MI_K_MAX, 5 by itself. A family with other limits has a
 * row of its own. */
extern const ipl_option mi_k_option;

/* E_ARGUMENT: k is outside the limits of the family's row. */
ipl_status mi_k_check(const ipl_mi_options *options);
void       mi_k_describe(const ipl_mi_options *options, char *text, size_t size);

/* psi(x) = d/dx log Gamma(x), x > 0, to a few units of rounding. mi_digamma.c */
double mi_digamma(double x);

/* -- Standard errors --------------------------------------------------------------*/

/* Leave-one-group-out copies of the rows: without those whose number mod MI_GROUPS is
 * the group's. */
enum { MI_GROUPS = 10 };

/* Device bytes that mi_jackknife takes for the jobs that ask for standard errors, the
 * family's own for them included; 0: none asks. mi_jackknife.c */
ipl_status mi_jackknife_bytes(const mi_call *call, const ipl_mi_options *options,
                              size_t *bytes);

/* Delete-group jackknife: with theta_g, the family's value without group g,
 *   se^2 = (G - 1) / G sum_g (theta_g - mean theta)^2,   G = MI_GROUPS.
 * Fills se_x and se_y of the jobs that ask. NaN: fewer than G rows, or the value or
 * one of the theta_g is not defined. Needs call->range and call->scratch.
 * Source: M. Quenouille, Biometrika 43:353, 1956; J. Tukey, 1958. */
ipl_status mi_jackknife(const mi_call *call, const ipl_mi_options *options,
                        mi_points *point);

/* -- Pairs by their distance ------------------------------------------------------*/

/* H(X) of a family that takes differences of entropies. */
typedef struct {
    int            known;
    ipl_mi_estimator estimator;
    int64_t        k;
    double         h_x; /* NaN: refused                                         */
    ipl_mi_refusal refusal;
    unsigned       flags;
} mi_input_entropy;

/* The inputs as values. */
struct ipl_mi_inputs {
    ipl_mat x;      /* device                                                  */
    float   lo, hi; /* smallest and largest value                              */
    int     group;  /* 0: all rows; 1 + g: a copy whose x is without group g */
    mi_input_entropy entropy[1 + MI_GROUPS][IPL_MI_SETTINGS_MAX]; /* [group]      */
};

/* A power of two that brings the largest of these magnitudes into [2^39, 2^40): squares
 * of differences neither overflow nor vanish. 1 where all are 0. mi_inputs.c */
float mi_unit(float lo, float hi);

/* The spaces of a layer and of its inputs, and the unit of both together. */
ipl_space mi_space_t(const ipl_mi_job *job);
ipl_space mi_space_x(const ipl_mi_job *job);
float     mi_unit_both(const ipl_range_job *t, const ipl_mi_inputs *x);

/* Number of thresholds of the form; 0 for WIDTH and EXACT. mi_bins.c */
int64_t mi_threshold_count(const ipl_mi_options *options);

/* Thresholds of a layer whose values span [lo, hi], ascending, for the forms that have
 * them: EDGES and COUNT, written to threshold[mi_threshold_count]. mi_bins.c */
void mi_thresholds(const ipl_mi_options *options, float lo, float hi, float *threshold);

/* Edge number k of these forms as it is in double. mi_bins.c */
double mi_edge(const ipl_mi_options *options, double lo, double hi, int64_t k);

/* Ranks of QUANTILES: rank[k] = floor(k count / bins), k = 0 .. bins-1. mi_bins.c */
void mi_ranks(int64_t count, int64_t bins, int64_t *rank);

#endif
