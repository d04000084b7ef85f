/*
 * plot_data.h - a run directory, read back and averaged over its seeds.
 */
#ifndef PLOT_DATA_H
#define PLOT_DATA_H

#include "ipl_mi.h"
#include "ipl_net.h"

enum { PLOT_ESTIMATORS_MAX = IPL_MI_LAYER_POINTS, PLOT_X = 0, PLOT_Y = 1 };

/* One estimator's layer at one tick: I(X;T) and I(T;Y) in bits. */
typedef struct {
    double  mean[2]; /* over the seeds                                           */
    double  bar[2];  /* their deviation; of one seed the standard error that was
                        estimated, 0 where there is none                         */
    int64_t tick;
    int     layer, estimator;
    int     estimates; /* one a seed; of them saturated, and outside fixed bins   */
    int     saturated, outside;
    int     refusal;   /* the ipl_mi_refusal of a seed that has no values         */
} plot_point;

/* Columns of training.csv behind seed and epoch. Those from PLOT_LAYERS on have
 * one for each layer: column c of layer l is value[PLOT_LAYERS + c * layers + l - 1] */
enum { PLOT_LOSS = 0, PLOT_ACCURACY = 2, PLOT_LAYERS = 4 };
enum { PLOT_NORM, PLOT_MEAN, PLOT_DEVIATION, PLOT_LAYER_COLUMNS };

/* One tick of training.csv, mean over the seeds. */
typedef struct {
    int64_t tick;
    double  value[PLOT_LAYERS + PLOT_LAYER_COLUMNS * IPL_NET_LAYERS_MAX];
} plot_training;

typedef struct {
    char    name[64];      /* ipl_plot_name_runs: "tanh"                          */
    char    source[256];   /* data set or folder                                 */
    char    tick[16];      /* "epoch", "step"                                    */
    int64_t rows;          /* measured                                           */
    int     seeds, layers;
    int     bars;          /* 1: of several seeds; 2: standard errors of one; 0: none */
    char    layer[IPL_NET_LAYERS_MAX][96];    /* "10-tanh", "fc1 (128)"          */
    char    layer_name[IPL_NET_LAYERS_MAX][64]; /* "" : its number                */
    char    hidden[IPL_NET_LAYERS_MAX];       /* 1: is not drawn                 */
    int     estimators;
    char    estimator[PLOT_ESTIMATORS_MAX][IPL_MI_NAME_TEXT]; /* as in plane.csv */
    char    options[PLOT_ESTIMATORS_MAX][96];   /* "noise variance 0.05"         */
    double  ceiling[2];    /* log2 n, H(Y) in bits; NAN: not known               */
    int64_t last;          /* largest tick in either table                       */

    int64_t        points;
    plot_point    *point;  /* by estimator, layer, tick                          */
    int64_t        trainings;
    plot_training *training; /* by tick; none for activations from elsewhere     */
} plot_data;

/* E_IO, E_FORMAT: file, line and what was expected. */
ipl_status ipl_plot_read(const char *dir, plot_data *out);
void       ipl_plot_free(plot_data *data);

/* The estimator's number: a name that is new gets the next one. -1: too many. */
int ipl_plot_estimator(plot_data *d, const char *name, size_t length);

#endif
