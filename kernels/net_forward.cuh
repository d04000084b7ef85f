/*
 * net_forward.cuh - layers of a network from its parameters: net_forward.cu.
 */
#ifndef IPL_NET_FORWARD_CUH
#define IPL_NET_FORWARD_CUH

#include "net_cuda.cuh"

struct net_outputs {
    float *act[NET_MAX + 1]; /* [1..layers], [rows][width]; NULL: not wanted */
};

/* Floats of `spare` that ipl_cuda_forward_layers needs. */
int64_t ipl_cuda_forward_spare_floats(const net_layout &net, const net_outputs &out,
                                      int64_t rows);

/* Queues the layers. */
ipl_status ipl_cuda_forward_layers(ipl_cuda *dev, const net_layout &net,
                                   const net_outputs &out, const float *params,
                                   int64_t rows, const float *x, float *spare);

#endif
