/*
 * points.h - what a run finds out: the points of a layer, and a row of the training.
 */
#ifndef IPL_POINTS_H
#define IPL_POINTS_H

#include "ipl_mi.h"
#include "ipl_net.h"

/* All that is known of one layer of one network, in nats. */
typedef struct {
    int          points;
    ipl_mi_point point[IPL_MI_LAYER_POINTS]; /* in the order of the estimators   */
} ipl_layer;

/* The networks of one seed at one tick; NaN: not known. */
typedef struct {
    double loss_train_nats, loss_test_nats, accuracy_train, accuracy_test;
    double weight_norm[IPL_NET_LAYERS_MAX]; /* 2-norm of W_l, without biases      */
    ipl_gradient_stats gradient[IPL_NET_LAYERS_MAX];
} ipl_training_row;

#endif
