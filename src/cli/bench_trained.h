/*
 * bench_trained.h - layers of really trained networks: what a benchmark shall measure.
 *
 * Made-up activations flatter: they lie in tight clusters, as no first hidden layer
 * does. These come from the shipped presets, trained for a few epochs when they are
 * asked for; the same bits at any number of threads.
 */
#ifndef BENCH_TRAINED_H
#define BENCH_TRAINED_H

#include "ipl_config.h"

enum { TRAINED_PRESETS = 4, TRAINED_EPOCHS = 3 };

/* A preset of configs/, and the epochs whose networks are looked at, ascending. */
typedef struct {
    const char *name; /* "ib-tanh": configs/ib-tanh.ini                         */
    int64_t     epoch[TRAINED_EPOCHS];
} trained_preset;
extern const trained_preset trained_presets[TRAINED_PRESETS];

/* Data, network, training and estimators of a preset, for a program that has no files:
 * a test compares them with configs/. */
ipl_status trained_config(int preset, ipl_config *config);

typedef enum {
    TRAINED_MEASURED, /* the rows that the preset measures                      */
    TRAINED_TRAINING  /* those that it trains with: 60,000 of Fashion-MNIST     */
} trained_rows;

typedef struct {
    ipl_device   *dev;
    ipl_config    config;
    ipl_dataset   data;
    ipl_net_shape shape;
    ipl_mat       all;   /* device: rows in the order of the split              */
    ipl_labels    train_y;
    ipl_trainer  *trainer;
    int32_t      *order; /* [training rows]                                     */
    int32_t      *all_y; /* host: of the rows of `all`                          */
    int64_t       epoch; /* where the training stands                           */
    float        *params;
    /* What trained_layers made: t[0] is layer 1, on the device. */
    int64_t  rows;
    int32_t *y;       /* host, [rows]: a part of all_y                          */
    ipl_mat  x;       /* device: their inputs, a part of `all`                  */
    ipl_labels labels;
    ipl_mat  t[IPL_NET_LAYERS_MAX];
} trained;

/* Loads the data, at most `limit` rows of it (0: all), and draws the first weights.
 * E_IO: the data set is not installed. On failure nothing is left to close. */
ipl_status trained_open(ipl_device *dev, int preset, int64_t limit, trained *out);
void       trained_close(trained *net);

/* Trains until this epoch, which must not lie behind. */
ipl_status trained_until(trained *net, int64_t epoch);

/* Activations of all layers as the network stands, until the next call or _close. */
ipl_status trained_layers(trained *net, trained_rows which);

/* The forward pass of trained_layers once more; does not wait. */
ipl_status trained_forward(trained *net);

#endif
