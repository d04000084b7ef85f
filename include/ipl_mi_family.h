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

enum {
    IPL_MI_POINTS_MAX = 2, /* of one family                                     */
    IPL_MI_K_MAX = 64,     /* neighbours                                        */
    IPL_MI_SETTINGS_MAX = 32, /* options of a call, one family's or several's   */
    IPL_MI_SETTING_TEXT = 16, /* bytes of a setting's name, its end included    */
    IPL_MI_NAME_TEXT = 32     /* and of a point's                               */
};

/* Options of one family; those of the others are ignored. */
typedef struct {
    ipl_mi_estimator estimator;
    char setting[IPL_MI_SETTING_TEXT]; /* "0.01": one of several of its family, whose
                                          points are named kde-upper@0.01; "": alone */

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
    const char *coarser; /* "coarser bins": what lowers a saturated I(X;T); NULL   */
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
 * one, and the family and title of a name, with a setting or without (E_ARGUMENT:
 * unknown). */
const char *ipl_mi_point_name(int number);
ipl_status  ipl_mi_point_named(const char *name, ipl_mi_estimator *estimator,
                               const char **title);

/* The name of a point of these options: "kde-upper", or "kde-upper@0.01" with a
 * setting. */
const char *ipl_mi_name_point(const ipl_mi_options *options, int point,
                              char text[IPL_MI_NAME_TEXT]);

/* 1: the point's name is `name`, or that with a setting. */
int ipl_mi_is_point(const char *point, const char *name);

/* What these estimators need together, and how many of them have cells. */
unsigned ipl_mi_needs(int estimators, const ipl_mi_options *options);
int      ipl_mi_partitions(int estimators, const ipl_mi_options *options);

/* The fallbacks of the family's options. */
ipl_mi_options ipl_mi_defaults(ipl_mi_estimator estimator);

/* "noise_var=0.1": sets one option of options->estimator. E_ARGUMENT: no such key, or
 * not a value; the text has the keys, or what was expected. */
ipl_status ipl_mi_options_set(ipl_mi_options *options, const char *text);

/* -- Lists of values ---------------------------------------------------------------*/

/* One option of a family with several values: "noise_var", "1e-3, 0.01". */
typedef struct {
    const ipl_option *option; /* of the family's row; NULL: none has a list      */
    char              values[IPL_OPTION_TEXT_MAX];
} ipl_mi_sweep;

/* 1: the option may have a list: it is a number. */
int ipl_mi_may_sweep(const ipl_option *option);

/* Sets an option from text: one value goes to base and ends a list of this option, a
 * list to the sweep and its first value to base. E_ARGUMENT: not values, two that are
 * equal, or another option has a list already. */
ipl_status ipl_mi_sweep_set(const ipl_option *option, const char *text,
                            ipl_mi_options *base, ipl_mi_sweep *sweep);

/* The settings of a family: base, or of a list one for each value, named as it was
 * typed. out[room]. E_ARGUMENT: more than `room`, or the list is of another form than
 * the one chosen. */
ipl_status ipl_mi_sweep_options(const ipl_mi_options *base, const ipl_mi_sweep *sweep,
                                int room, ipl_mi_options *out, int *count);

/* E_ARGUMENT: options that do not fit each other. */
ipl_status ipl_mi_options_check(const ipl_mi_options *options);

/* For captions: "noise variance 0.05", "30 edges over [-1, 1]". */
void ipl_mi_describe(const ipl_mi_options *options, char *text, size_t size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
