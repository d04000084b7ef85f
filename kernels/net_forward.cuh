/*
 * net_forward.cuh - layers of a network from its parameters: net_forward.cu.
 */
#ifndef IPL_NET_FORWARD_CUH
#define IPL_NET_FORWARD_CUH

#include "net_cuda.cuh"

struct net_outputs {
    float *act[NET_MAX + 1]; /* [1..layers], [networks][rows][width] or NULL     */
};

/* Floats of `spare` that ipl_cuda_forward_layers needs, whichever layers are wanted and
 * wherever the caller's arrays lie. */
int64_t ipl_cuda_forward_spare_floats(const net_layout &net, int64_t rows);

/* Queues the layers of networks[..][parameters]; a wide one comes alone. `spare` begins
 * at a multiple of NET_ALIGN floats. */
ipl_status ipl_cuda_forward_layers(ipl_cuda *dev, const net_layout &net,
                                   const net_outputs &out, int networks,
                                   const float *params, int64_t rows, const float *x,
                                   float *spare);

#endif
