/*
 * net_update.cuh - the last kernels of a step of training: net_update.cu.
 */
#ifndef IPL_NET_UPDATE_CUH
#define IPL_NET_UPDATE_CUH

#include "net_cuda.cuh"

/* One step of all replicas. Step plan->done + step; gradients of the weights packed
 * like the parameters, net_whole(parameters) to a replica; those of the biases, and of
 * the weights of layers above `top`, as `parts` sums over blocks of rows,
 * [replica][part][sum], `sums` in all layers together. */
struct net_update {
    const net_plan     *plan;
    const float2       *scale;
    int64_t             step, parameters, stride, part_stride;
    int                 top, slots, parts;
    int64_t             sums;
    int64_t             sum_at[NET_MAX + 1];
    const float        *gradient, *part;
    float              *state;
    double2            *welford;
    unsigned long long *bad;
};
ipl_status ipl_cuda_take_step(ipl_cuda_trainer *t, const net_update *job);

/* plan->done += steps, in the stream's order. */
ipl_status ipl_cuda_advance(ipl_cuda_trainer *t, net_plan *plan, int64_t steps);

/* t->stats from t->welford after so many steps. */
ipl_status ipl_cuda_gradient_stats(ipl_cuda_trainer *t, int64_t steps);

#endif
