/*
 * ipl_mi_family.h - the table of estimators: their points and options.
 *
 * An estimator is one row. Configurations, flags, files, captions and benchmarks come
 * from it; nobody else lists the families.
 */
#ifndef IPL_MI_FAMILY_H
#define IPL_MI_FAMILY_H

#include <stdint.h>

#include "ipl_option.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef enum {
    IPL_MI_BIN,
    IPL_MI_KDE,
    IPL_MI_KSG,
    IPL_MI_MIXED,
    IPL_MI_MS,
    IPL_MI_ROSS,
    IPL_MI_KL,
    IPL_MI_LNN,
    IPL_MI_LGA,
    IPL_MI_RENYI,
    IPL_MI_ESTIMATOR_COUNT
} ipl_mi_estimator;

/* How BIN maps a value to a bin; "thresholds" are float32 and a value equal to
 * one lies above it. Of a layer in double all is in double. */
typedef enum {
    IPL_BIN_WIDTH, /* floor(t / width), float32 division (Saxe et al. 2018)    */
    IPL_BIN_EDGES, /* digitize over linspace(lo, hi, edges): hi and above share the
                      last bin, and so do values below lo, as in the code of
                      Shwartz-Ziv and Tishby (2017)                             */
    IPL_BIN_COUNT, /* equal bins from the layer's smallest to its largest value, the
                      largest in the last bin; constant layer: 1 bin            */
    IPL_BIN_QUANTILES, /* bins with the layer's own quantiles (all units pooled) as
                      thresholds: sorted value number floor(k M/bins) of M,
                      k = 1 .. bins-1; equal values stay together               */
    IPL_BIN_EXACT, /* each value is a bin of its own, 0 and -0 the same           */
    IPL_BIN_FORM_COUNT
} ipl_bin_form;

/* What BIN adds to the plug-in entropies. */
typedef enum {
    IPL_BIN_PLUGIN, /* nothing                                                    */
    IPL_BIN_MILLER_MADOW, /* (cells - 1) / 2n to each entropy, cells being those that
                      have a row (Miller 1955); a value that this would lift beyond
                      its ceiling stays as it is, with IPL_MI_UNCORRECTED         */
    IPL_BIN_CORRECTION_COUNT
} ipl_bin_correction;

/* Options of one family; those of the others are ignored. */
typedef struct {
    ipl_mi_estimator estimator;

    ipl_bin_form bin_form;
    double  bin_width;      /* WIDTH: > 0, activation units                    */
    int64_t bin_edges;      /* EDGES: their number, 2 to 65536                 */
    double  bin_lo, bin_hi; /* EDGES: the first and the last one, lo < hi      */
    int64_t bin_count;      /* COUNT: bins, 1 to 65536                         */
    int64_t bin_quantiles;  /* QUANTILES: bins, 1 to 65536                     */

    double  noise_var;      /* KDE: variance of the noise, units squared, > 0  */
    int     noise_relative; /* KDE: 1: noise_var is a share of the layer's mean
                               square, mean over all values of t^2; of a layer of
                               zeros, where any variance serves, noise_var is used */
    ipl_bin_correction bin_correction;

    int64_t k;              /* KSG to LGA: neighbours, 1 to IPL_MI_K_MAX        */

    double  renyi_alpha;    /* RENYI: order, > 0; 1: the limit                  */
    double  renyi_width;    /* RENYI: of the Gaussian kernel, in units of the
                               activations; 0: the rule of its source           */
    int64_t renyi_rows;     /* RENYI: at most so many rows, evenly spaced       */

    int     full_sums;      /* KDE: 1: no early exit (benchmarks); no key, default 0 */
} ipl_mi_options;

enum {
    IPL_MI_POINTS_MAX = 2, /* of one family                                     */
    IPL_MI_K_MAX = 64      /* neighbours                                        */
};

/* What a family computes of a layer, beside its range, which each call asks for. */
enum {
    IPL_MI_NEEDS_CELLS = 1, /* which samples are equal once rounded             */
    IPL_MI_NEEDS_INPUTS = 2, /* the values of the inputs, for I(X;T)            */
    IPL_MI_NEEDS_MOMENTS = 4 /* second moments of all pairs: n^2 d^2 operations */
};

/* A family, as files, flags, captions and tables know it. */
typedef struct {
    const char *name;    /* "kde": the section of its options, and its choice   */
    const char *summary; /* one line                                            */
    const char *coarser; /* "wider bins": what brings I(X;T) below its ceiling; NULL */
    int         points;  /* of one layer                                        */
    struct {
        const char *name;  /* "kde-upper": in plane.csv                         */
        const char *title; /* "kde upper bound": over a panel                   */
        const char *bound; /* "upper", "lower", or NULL: an estimate            */
    } point[IPL_MI_POINTS_MAX];
    int         options;
    const ipl_option *option; /* [options]: fields of ipl_mi_options            */
    unsigned    needs;        /* IPL_MI_NEEDS_...                               */
    int         full_sums;    /* 1: options.full_sums switches its early exit off */
    int         standard;     /* 1: estimated where nobody chooses              */
    int64_t     rows_max;     /* largest layer                                  */
} ipl_mi_family;

/* The row of a family; NULL outside the enum. ipl_mi_family_named gives -1 for an
 * unknown name, ipl_mi_family_name NULL past the last number. */
const ipl_mi_family *ipl_mi_family_of(ipl_mi_estimator estimator);
int         ipl_mi_family_named(const char *name);
const char *ipl_mi_family_name(int number);

/* The families that are estimated where nobody chooses: "bin, kde". */
void ipl_mi_standard(char *text, size_t size);

/* All points of all families in order: the name of number 0, 1, .., NULL past the last
 * one, and the family and title of a name (E_ARGUMENT: unknown). */
const char *ipl_mi_point_name(int number);
ipl_status  ipl_mi_point_named(const char *name, ipl_mi_estimator *estimator,
                               const char **title);

/* What these estimators need together. */
unsigned ipl_mi_needs(int estimators, const ipl_mi_options *options);

/* The fallbacks of the family's options. */
ipl_mi_options ipl_mi_defaults(ipl_mi_estimator estimator);

/* "noise_var=0.1": sets one option of options->estimator. E_ARGUMENT: no such key, or
 * not a value; the text has the keys, or what was expected. */
ipl_status ipl_mi_options_set(ipl_mi_options *options, const char *text);

/* E_ARGUMENT: options that do not fit each other. */
ipl_status ipl_mi_options_check(const ipl_mi_options *options);

/* For captions: "noise variance 0.05", "30 edges over [-1, 1]". */
void ipl_mi_describe(const ipl_mi_options *options, char *text, size_t size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
