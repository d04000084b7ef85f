/*
 * audit.h - what the files of the audit share: a network with its inputs, and cells.
 *
 * A cell is a set of rows of one value. Cells have numbers 0, 1, .. in the order of
 * their first rows.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "ipl_audit.h"

/* What is audited; all of it in host memory. */
typedef struct {
    char           source[256], note[256];
    int64_t        tick, seed;
    int64_t        rows;
    float         *x;      /* [rows][width[0]]                                  */
    ipl_net_shape  shape;  /* but that act[L] is any                            */
    float         *params; /* as ipl_net.h lays them out                        */
    float         *t[IPL_NET_LAYERS_MAX]; /* [rows][width[l]]; NULL: computed   */
    const ipl_mi_options *bin, *kde; /* of the configuration; NULL: none        */
    ipl_config     config;           /* what these two point into               */
} audit_network;

void audit_network_free(audit_network *a);

/* audit_source.c: the three ways to a network. The caller frees *out. */
ipl_status audit_from_config(ipl_device *dev, const ipl_config *config, int64_t seed,
                             audit_network *out);
ipl_status audit_from_run(ipl_device *dev, const char *dir, int64_t tick, int64_t seed,
                          audit_network *out);
ipl_status audit_from_npy(const ipl_audit_files *files, audit_network *out);

/* -- audit_cells.c ----------------------------------------------------------------*/

/* Numbers the cells of rows of `bytes` bytes (a multiple of 4) that are compared bit by
 * bit: cell[rows] and how many there are. E_MEMORY. */
ipl_status audit_cells(int64_t rows, size_t bytes, const void *values, int32_t *cell,
                       int64_t *cells);

/* first[cells]: the first row of each cell. */
void audit_first_rows(int64_t rows, const int32_t *cell, int64_t *first);

/* Pairs of rows that are equal in all of label[labels][rows], among those with
 * only[row] != 0; only NULL: all. E_MEMORY. */
ipl_status audit_pairs(int64_t rows, int labels, const int32_t *const *label,
                       const char *only, int64_t *pairs);

/* H(X|cell) in nats: sum over cells of (C / n) log C, less the same over the m inputs,
 * which occur weight[m] times. Exactly 0 where each input has a cell of its own.
 * E_MEMORY. */
ipl_status audit_h_given(int64_t m, const int64_t *weight, const int32_t *cell,
                         int64_t cells, double *nats);

/* -- audit_matrix.c ---------------------------------------------------------------*/

/* The fields of W_l: rank, tolerance, singular values, condition. */
ipl_status audit_matrix(const float *w, int layer, ipl_audit_layer *out);

/* z = d W + b for d[rows][inputs]. */
void audit_product(int64_t rows, int64_t inputs, int64_t units, const double *d,
                   const double *w, const double *b, double *z);

/* z <- f(z), row by row; -0 becomes 0. */
void audit_activate(ipl_act act, int64_t rows, int64_t units, double *z);

/* The finite ends of f's range: how many, and which. */
int audit_ends(ipl_act act, float end[2]);

/* -- audit_layer.c ----------------------------------------------------------------*/

/* The double chain, as it stands after a layer. */
typedef struct {
    int64_t  m;       /* inputs                                                 */
    int64_t  values;  /* distinct rows                                          */
    double  *d;       /* [values][width]                                        */
    int32_t *product; /* [m]: the cell of z_l                                   */
    int32_t *out;     /* [m]: the cell of D_l, a row of d                       */
} audit_chain;

/* The distinct inputs, and what the layers before have done with them. */
typedef struct {
    int64_t        n, m;
    int64_t        width;  /* of an input                                       */
    float         *x;      /* [m][width], -0 made 0                             */
    int32_t       *input;  /* [n]: which input a row of the data is             */
    int64_t       *first;  /* [m]: the row of the audited data                  */
    int64_t       *weight; /* [m]: how often it occurs                          */
    double         h_x;    /* nats                                              */
    audit_chain    exact;
    int32_t       *before; /* [m]: the cell of T_(l-1)                          */
    int32_t       *cell;   /* [m]: the cell of T_l                              */
    int64_t        cells;  /* of T_l                                            */
} audit_state;

ipl_status audit_start(const audit_network *a, audit_state *s);
void       audit_state_free(audit_state *s);

/* Takes both chains through layer l; t[m][units] is T_l, whose -0 are made 0. */
ipl_status audit_layer(const audit_network *a, int l, float *t, audit_state *s,
                       ipl_audit_layer *out);

/* -- audit_causes.c ---------------------------------------------------------------*/

/* The pairs of out: counts by cause, and examples. double_before[m]: the cell of
 * D_(l-1). */
ipl_status audit_causes(const audit_state *s, const int32_t *double_before, ipl_act act,
                        const float *t, ipl_audit_layer *out);

/* -- audit_sweep.c ----------------------------------------------------------------*/

typedef enum { AUDIT_MANTISSA, AUDIT_WIDTH } audit_kind;
typedef struct {
    audit_kind kind;
    double     resolution; /* bits, or the width of a bin                       */
    double     i_xt;       /* nats                                              */
    int64_t    cells;
} audit_step;

enum { AUDIT_MANTISSA_BITS = 23, AUDIT_HALVINGS = 40 };
enum { AUDIT_STEPS = AUDIT_MANTISSA_BITS + AUDIT_HALVINGS + 1 };

/* step[AUDIT_STEPS], of which *steps are set, and the fields of resolution and of
 * marks of out. */
ipl_status audit_sweep(const audit_network *a, const audit_state *s, int32_t units,
                       const float *t, audit_step *step, int *steps,
                       ipl_audit_layer *out);

/* -- audit_files.c ----------------------------------------------------------------*/

/* Makes the folder and replaces its three files. step[l][steps[l]]. */
ipl_status audit_write(const char *out, ipl_device *dev,
                       const ipl_audit_report *report, const int *steps,
                       audit_step (*step)[AUDIT_STEPS]);

#endif
