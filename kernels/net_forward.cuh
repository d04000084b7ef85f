/*
 * net_forward.cuh - layers of networks from their parameters: net_forward.cu.
 */
#ifndef IPL_NET_FORWARD_CUH
#define IPL_NET_FORWARD_CUH

#include "net_cuda.cuh"

struct net_outputs {
    float  *act[NET_MAX + 1]; /* [1..layers], of the first network: [rows][width] */
                              /* or NULL                                          */
    int64_t apart;            /* floats from one network's to the next one's      */
};

/* Layers of the networks from `first` on. */
static inline net_outputs net_outputs_from(const net_layout &net,
                                           const net_outputs &out, int first)
{
    net_outputs some = out;
    for (int l = 1; l <= net.layers; ++l)
        if (some.act[l]) some.act[l] += first * out.apart;
    return some;
}

/* Queues the layers of networks with at most NET_TINY_WIDTH units a layer:
 * net_forward_tiny.cu. */
ipl_status ipl_cuda_forward_tiny(ipl_cuda *dev, const net_layout &net,
                                 const net_outputs &out, int networks,
                                 const float *const *params, int64_t rows,
                                 const float *x);

/* Floats of `spare` that ipl_cuda_forward_layers needs, whichever layers are wanted and
 * wherever the caller's arrays lie. */
int64_t ipl_cuda_forward_spare_floats(const net_layout &net, int64_t rows);

/* Queues the layers of the networks; tiny ones share launches. `spare` begins at a
 * multiple of NET_ALIGN floats. */
ipl_status ipl_cuda_forward_layers(ipl_cuda *dev, const net_layout &net,
                                   const net_outputs &out, int networks,
                                   const float *const *params, int64_t rows,
                                   const float *x, float *spare);

#endif
