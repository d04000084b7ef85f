/*
 * net_update.h - what ends a step of training: net_update.c.
 */
#ifndef NET_UPDATE_H
#define NET_UPDATE_H

#include "cpu/net_cpu.h"

/* A step of the optimiser on a replica's state, and the statistics of its gradient. */
typedef struct {
    const cpu_trainer *t;
    const net_worker  *w;
    float             *params;
    net_step           step;
    int64_t            batch; /* number of this one in the call, from 1; 0: statistics
                                 are not wanted                                  */
} net_update;

net_update net_update_begin(const cpu_trainer *t, const net_worker *w, float *params,
                            int64_t batch, int with_stats);

/* Takes the step for weights at .. at + count of one layer, whose gradient is `grad`; a
 * wide_taker: `on` is a net_update. */
void net_update_take(void *on, int64_t share, int64_t at, int64_t count,
                     const float *grad);

/* Takes it for all others, from the worker's grad: where `given`, the weights of the
 * first layer have been taken. */
void net_update_end(const net_update *u, int threads, int given);

/* What a layer's shares need at most, of w->share. */
int64_t net_update_shares(const net_kernels *k, const ipl_net_shape *shape);

/* stats[layers] from the worker's moments after so many batches. */
void net_gradient_stats(const cpu_trainer *t, const net_worker *w, int64_t batches,
                        ipl_gradient_stats *stats);

#endif
