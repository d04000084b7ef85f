/*
 * net_update.h - what ends a step of training: net_update.c.
 */
#ifndef NET_UPDATE_H
#define NET_UPDATE_H

#include "cpu/net_cpu.h"

/* Takes step number `step`, counted from 1, on a replica's state. */
void net_take_step(const cpu_trainer *t, int threads, int64_t step, const float *grad,
                   float *params);

/* Adds the b-th gradient of a call (from 1) to the worker's running moments. */
void net_add_moments(const net_worker *w, int64_t parameters, int64_t b);

/* stats[layers] from the worker's moments after so many batches. */
void net_gradient_stats(const cpu_trainer *t, const net_worker *w, int64_t batches,
                        ipl_gradient_stats *stats);

#endif
