/*
 * experiment.h - what one run trains and measures: data, networks, where they stand.
 */
#ifndef IPL_EXPERIMENT_H
#define IPL_EXPERIMENT_H

#include "buffer.h"
#include "ipl_plane.h"
#include "plane/measure.h"
#include "plane/networks.h"

typedef struct {
    ipl_device   *dev;       /* measures: has `measured` and its labels          */
    ipl_device   *train_dev; /* trains: has everything else. The same, or another
                                handle of it, that another thread may then use   */
    ipl_config    config; /* its data.path points into itself                    */
    int            estimators;
    ipl_mi_options options[IPL_MI_SETTINGS_MAX]; /* [estimators]                 */
    ipl_net_shape shape;
    ipl_dataset   data;   /* x is freed once it is on the device                 */

    ipl_mat    all;          /* device: the rows in the order of the split       */
    ipl_mat    train, test;  /* parts of it; test.rows may be 0                  */
    ipl_labels train_y, test_y;
    ipl_mat    scored;       /* training rows of the loss: `train`, or a copy    */
    int        scored_copy;
    int64_t    scored_rows;
    ipl_labels scored_y;     /* of a copy                                        */
    uint32_t   data_crc;     /* CRC-32 of inputs, labels and split               */
    ipl_mat    measured;     /* the measured rows: a part of `all`, or a copy    */
    int        measured_copy; /* 1: a copy, of a subset                          */
    int64_t    measured_rows;
    ipl_labels measured_y;
    double     h_x, h_y;     /* ceilings in nats: log n, H(Y) of measured rows   */

    ipl_networks *kept;      /* of another run, which are measured; NULL: it trains */
    ipl_trainer *trainer;    /* NULL: it does not train                          */
    int64_t      parameters; /* of one network                                   */
    int          replicas;
    int64_t      steps;      /* of the optimiser in one epoch                    */
    int64_t      tick, last; /* where the training stands, and where it ends     */

    int64_t  order_epoch;    /* whose order of rows is in `order`; 0: none's     */
    int32_t *order;          /* [replicas][train.rows]                           */
    int32_t *slice;          /* [replicas][batch]: one step's share of it        */
    float   *host_params;    /* [replicas][parameters]                           */
    double  *loss;           /* [replicas]: of an evaluation                     */
    int64_t *correct;        /* [replicas]                                       */
} ipl_experiment;

/* Loads the data into host memory and derives all sizes and options; touches no device.
 * The caller gives it back with ipl_experiment_close, which allows a zeroed struct. */
ipl_status ipl_experiment_load(const ipl_config *config, ipl_experiment *out);

/* Copies the data to the devices and makes the networks of tick 0. */
ipl_status ipl_experiment_open(ipl_experiment *e, ipl_device *dev,
                               ipl_device *train_dev);
void       ipl_experiment_close(ipl_experiment *e);

/* What is measured, on rows with labels y. Of an experiment that is loaded alone the
 * shapes: its inputs are on no device yet. */
ipl_measure_what ipl_experiment_what(const ipl_experiment *e, const ipl_labels *y);

/* Uploads the measured rows, with the inputs, and their labels to another device, whose
 * they are then. The experiment is loaded and not yet open. */
ipl_status ipl_experiment_copy_measured(const ipl_experiment *e, ipl_device *dev,
                                        ipl_mat *x, ipl_labels *y);

/* The rows in host memory are not needed any more. */
void ipl_experiment_drop_rows(ipl_experiment *e);

/* -- describe.c -------------------------------------------------------------------*/

/* Adds lines of "name value": whatever the results of `config` with these data depend
 * on. networks: a CRC-32, or NULL. The section [run] says how the work is done, and may
 * change from one session to the next, but for `keep`. */
void ipl_experiment_describe(const ipl_experiment *e, const char *device,
                             const uint32_t *networks, const ipl_config *config,
                             ipl_buffer *to);

/* Length of the line at the beginning of text[size]. */
int ipl_describe_line(const char *text, size_t size);

/* Goes on in two such texts to the first line that differs; 0: there is none. */
int ipl_describe_differ(const char **was, size_t *was_size, const char **now,
                        size_t *now_size);

/* -- Time goes on -----------------------------------------------------------------*/

/* Trains all replicas for one tick, or goes on to the next one that was kept.
 * stats[replicas][layers], or NULL. */
ipl_status ipl_experiment_advance(ipl_experiment *e, ipl_gradient_stats *stats);

/* Copies the networks, as they stand, to memory of train_dev [replicas][parameters]. */
ipl_status ipl_experiment_snapshot(ipl_experiment *e, float *params);

/* Loss, accuracy and weight norms of the networks of a snapshot (train_dev):
 * row[replicas]; gradients are left. */
ipl_status ipl_experiment_evaluate(ipl_experiment *e, const float *params,
                                   ipl_training_row *row);

#endif
