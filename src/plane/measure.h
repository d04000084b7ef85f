/*
 * measure.h - snapshots, or activations from elsewhere, to points of the plane.
 */
#ifndef IPL_MEASURE_H
#define IPL_MEASURE_H

#include "ipl_mi.h"
#include "ipl_net.h"

enum { IPL_LAYER_POINTS = IPL_MI_ESTIMATOR_COUNT * IPL_MI_POINTS_MAX };

/* All that is known of one layer of one network, in nats. */
typedef struct {
    int          points;
    ipl_mi_point point[IPL_LAYER_POINTS]; /* in the order of the estimators      */
    double       i_next; /* BIN: I(T_l;T_l+1); NAN for the last layer and without */
} ipl_layer;

typedef struct ipl_measurer ipl_measurer;

/* Measures with these estimators, on rows with labels y (NULL: none), which stays
 * the caller's. Memory grows to what the largest call needs and is reused. */
ipl_status ipl_measurer_create(ipl_device *dev, int estimators,
                               const ipl_mi_options *options, const ipl_labels *y,
                               ipl_measurer **out);
void       ipl_measurer_destroy(ipl_measurer *m);

/* Places t[nets][layers] (device, equal rows) as out[nets][layers], in one call of
 * each estimator for all of them. E_NUMERIC names the layer. */
ipl_status ipl_measure_layers(ipl_measurer *m, int nets, int layers, const ipl_mat *t,
                              ipl_layer *out);

/* Forward pass of params[nets] (device) over x, then as above; several networks at
 * once while their activations stay within 256 MiB. out[nets][shape->layers]. */
ipl_status ipl_measure_networks(ipl_measurer *m, const ipl_net_shape *shape, ipl_mat x,
                                int nets, float *const *params, ipl_layer *out);

#endif
