/*
 * ipl_audit.h - where a network loses information on its input, and why.
 *
 *     ipl_audit_report report;
 *     ipl_audit_config(dev, &config, IPL_AUDIT_FIRST_SEED, "audit", &report);
 *     ipl_plot("audit", IPL_PLOT_AUDIT, "audit/audit.svg");          (ipl_plot.h)
 *
 * With fixed weights T is a function of X, so I(X;T) = H(X) - H(X|T), and H(X|T) is not
 * 0 if and only if two inputs of the data have one value of T. Two rows are equal if
 * their bits are, 0 and -0 being the same. What is counted are the m distinct inputs
 * among the n rows; an input that occurs c times has the probability c / n.
 *
 * Two chains of values start from the inputs x, which are float32:
 *
 *   double   z_l = D_(l-1) W_l + b_l and D_l = f_l(z_l), D_0 = x, on the host in
 *            float64, never rounded to float32: OpenBLAS's dgemm, libm's functions.
 *            Equal rows are multiplied once, so what has met stays together.
 *   float32  T_l, T_0 = x: the device's own ipl_net_forward over the distinct inputs,
 *            or given values. A device may sum rows at the end of a product in another
 *            order: where inputs repeat, a run's own T may differ in its last bits.
 *
 * A pair of inputs meets in layer l of a chain if it differs in layer l-1 and is equal
 * in layer l. Its cause, in either chain, is the first stage of the double chain where
 * it is equal: RANK, their z_l are; ACTIVATION, their D_l are; else ROUNDING, which is
 * float32's alone. Double rounds as well: z that differ in exact arithmetic by less
 * than a last place count as equal, tanh(20) and tanh(21) meet in ACTIVATION, and z
 * that are equal in exact arithmetic may differ, unless sums are exact.
 *
 * Entropies are in nats here and in bits in files.
 */
#ifndef IPL_AUDIT_H
#define IPL_AUDIT_H

#include "ipl_config.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef enum {
    IPL_CAUSE_RANK, IPL_CAUSE_ACTIVATION, IPL_CAUSE_ROUNDING, IPL_CAUSE_COUNT
} ipl_audit_cause;

/* "rank", "activation", "rounding"; NULL outside the enum. */
const char *ipl_audit_cause_name(ipl_audit_cause cause);

/* A pair of inputs that meets in a layer's float32. */
typedef struct {
    int64_t         row[2];   /* of the audited rows, from 0                    */
    double          distance; /* of the inputs, Euclidean                       */
    ipl_audit_cause cause;
} ipl_audit_pair;

enum { IPL_AUDIT_EXAMPLES = 2 * IPL_CAUSE_COUNT };

typedef struct {
    char    name[24];  /* "10-tanh"                                             */
    int32_t inputs, units;

    /* W_l, inputs x units, by its singular values s (LAPACK's dgesdd, double):
     * rank = number of s > rank_tolerance = max(inputs, units) 2^-52 s_max. */
    int32_t rank;
    double  rank_tolerance, s_max, s_min;
    double  condition; /* s_max / s_min; INFINITY where s_min is 0              */

    /* Units by their float32 values on the distinct inputs; a unit is in the first
     * class that holds. */
    int32_t dead;      /* 0 for each input                                      */
    int32_t constant;  /* one other value for each input                        */
    int32_t saturated; /* exactly at an end of its range for half of the inputs or
                          more: tanh -1, 1; sigmoid and softmax 0, 1; elu -1;
                          softplus 0; the others have no end                    */
    double  saturated_share; /* of all values of the layer, at such an end      */

    /* Distinct rows: double chain before the layer, after the product, after the
     * activation; float32 chain before and after the layer. */
    int64_t double_in, double_product, double_out;
    int64_t float_in, float_out;

    /* Pairs of inputs that meet in this layer, by cause. */
    int64_t double_pairs[IPL_CAUSE_COUNT]; /* ROUNDING: 0                       */
    int64_t float_pairs[IPL_CAUSE_COUNT];
    int64_t saturated_pairs; /* of float_pairs[ROUNDING], those of inputs whose cell
                                of T_l holds only inputs that differ, in double, in
                                no other units than those with T_l at an end    */

    double i_xt_double, h_x_given_t_double; /* nats, of D_l                     */
    double i_xt, h_x_given_t;               /* nats, of T_l                     */

    /* The coarsest resolution from which on I(X;T) is what float32 has. */
    int    mantissa_bits; /* 1 to 23, kept of each value                        */
    double bin_width;     /* NAN: not by 2^-40 of the range; a constant layer   */

    /* Where the configuration's estimators stand, in units of the activations; NAN: not
     * configured, or a bin form without a width. */
    double mark_bin;   /* width, or distance of edges                           */
    double mark_noise; /* deviation of the noise of KDE                         */

    int            examples;
    ipl_audit_pair example[IPL_AUDIT_EXAMPLES]; /* up to two of each cause      */
} ipl_audit_layer;

typedef struct {
    char    source[256]; /* data set or file of inputs                          */
    char    note[256];   /* what the caller shall know, or ""                   */
    int64_t tick, seed;  /* of the network; -1: from files                      */
    int64_t rows;        /* n                                                   */
    int64_t inputs;      /* m: distinct ones                                    */
    double  h_x;         /* nats                                                */
    int     layers;
    ipl_audit_layer layer[IPL_NET_LAYERS_MAX];
} ipl_audit_report;

/*
 * Each call audits one network and writes to the folder `out`, which is made where it
 * is missing (NULL: writes nothing), replacing
 *
 *   audit.csv        a row for each layer
 *   audit_sweep.csv  layer,kind,resolution,i_xt_bits,cells: I(X;T) of the float32 chain
 *                    with `mantissa` 1 .. 23 bits of each value kept (to nearest, ties
 *                    to even), and in bins floor(t / w) of `width` w = 2^-k of the
 *                    layer's range, k = 0, 1, .. until nothing is lost that float32
 *                    keeps, or k = 40; a constant layer has no widths
 *   audit.json       the report, and the examples
 *
 * Host memory holds two layers in double; nothing is n x n. Waits. `report` may be
 * NULL. E_NUMERIC: a value is NaN or infinite, or no singular values were found; the
 * text names the layer. E_IO: a file. E_MEMORY.
 */

enum { IPL_AUDIT_FIRST_SEED = -1, IPL_AUDIT_LAST_TICK = -1 };

/* The untrained network of a configuration, tick 0, on the rows that it measures.
 * `seed` is one of its replicas'. Measured activations are audited without [net]
 * quantise; report->note says so. E_ARGUMENT: config, seed; else as the data. */
ipl_status ipl_audit_config(ipl_device *dev, const ipl_config *config, int64_t seed,
                            const char *out, ipl_audit_report *report);

/* A network that a finished run in `dir` kept (run.keep), IPL_AUDIT_LAST_TICK: the last
 * one; as above. E_ARGUMENT: seed; a tick that was not kept; a run that has not
 * finished or kept no networks; other data than it trained on. E_IO, E_FORMAT: its
 * files. */
ipl_status ipl_audit_run(ipl_device *dev, const char *dir, int64_t tick, int64_t seed,
                         const char *out, ipl_audit_report *report);

/* A network of another program, in NPY files. Values are float32; report->note counts
 * those that had to be rounded to it. */
typedef struct {
    const char *x; /* n x inputs                                                */
    int         layers;
    const char *weights[IPL_NET_LAYERS_MAX]; /* [layers]: W_l, inputs x units   */
    const char *biases[IPL_NET_LAYERS_MAX];  /* b_l; all NULL: 0                */
    ipl_act     act[IPL_NET_LAYERS_MAX];     /* SOFTMAX: last layer only        */
    const char *t[IPL_NET_LAYERS_MAX]; /* T_l, n x units; all NULL: the device
                                          computes them                         */
} ipl_audit_files;

/* E_ARGUMENT: layers, activations. E_IO, E_FORMAT: a file; shapes that do not fit each
 * other; rows of T that differ though their inputs are equal. */
ipl_status ipl_audit_npy(ipl_device *dev, const ipl_audit_files *files,
                         const char *out, ipl_audit_report *report);

/* A layer's object of audit.json, in one line, which the caller frees. E_ARGUMENT: no
 * such layer; E_MEMORY. */
ipl_status ipl_audit_json(const ipl_audit_report *report, int layer, char **text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
