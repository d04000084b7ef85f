/*
 * host_layers.h - layers of networks over the measured rows, in host memory.
 *
 * They pass through the device in blocks of rows, so that only the host must hold one.
 */
#ifndef IPL_HOST_LAYERS_H
#define IPL_HOST_LAYERS_H

#include "plane/experiment.h"

typedef struct {
    const ipl_experiment *e; /* open                                            */
    int64_t block_rows;      /* on the device at once                           */
    float  *params;          /* device, [parameters]                            */
    float  *block;           /* device, [block_rows][widest layer]              */
} host_layers;

/* Units of the widest layer, inputs left out. */
int32_t host_layers_widest(const ipl_net_shape *shape);

/* E_MEMORY. Closing allows a zeroed struct and one that did not open. */
ipl_status host_layers_open(const ipl_experiment *e, host_layers *out);
void       host_layers_close(host_layers *h);

/* Layer 1 .. of the network params[parameters] (host) to t[measured rows][units].
 * Waits. */
ipl_status host_layers_forward(const host_layers *h, const float *params, int layer,
                               float *t);

/* Rounds t[rows][units] as one matrix, where net.quantise says so. Waits. */
ipl_status host_layers_quantise(const host_layers *h, int64_t rows, int64_t units,
                                float *t);

#endif
