/*
 * pool_networks.h - the networks that a pool stacks, and its controls.
 */
#ifndef IPL_POOL_NETWORKS_H
#define IPL_POOL_NETWORKS_H

#include "plane/pool.h"

/* The deviation of one step in each part of a network (the weights and the biases of
 * each layer, in turn): sqrt of the mean square of the differences of consecutive
 * networks, params[count][parameters]. deviation[2 layers]. */
void pool_steps(const ipl_net_shape *shape, int64_t count, const float *params,
                double *deviation);

/* A walk from walk[0][parameters] on, of count networks in all. The draws depend on the
 * seed, the window and their place in the walk. */
void pool_walk(const ipl_net_shape *shape, const double *deviation, uint64_t seed,
               int window, int64_t count, float *walk);

/* The order in which samples are exchanged in the number-th network of a window. */
void pool_shuffle(uint64_t seed, int window, int64_t number, int64_t rows,
                  int32_t *order);

#endif
