/*
 * net_forward.cu - activations of all layers, on the device.
 *
 * Networks with at most 64 units a layer share the launches of net_forward_tiny.cu. Of
 * others the layers that have a wide input or output go through cuBLAS and
 * net_layers.cu, in chunks of a fixed number of rows, on aligned operands, a network
 * after the other; narrow layers above them go through net_forward_tiny.cu.
 *
 * Numerics  cuBLAS sums in an order fixed by shape, library and GPU. Equal input, equal
 *           bits; NaN stays.
 */
#include "net_forward.cuh"

/* Room for layers that cannot be made in place: 256 MiB. */
static const int64_t SPARE_FLOATS = (int64_t)1 << 26;

static int last_wanted(const net_layout &net, const net_outputs &out)
{
    int last = net.layers;
    while (last > 0 && !out.act[last]) --last;
    return last;
}

static int widest_of(const net_layout &net)
{
    int widest = 1;
    for (int l = 0; l <= net.layers; ++l)
        if (net.width[l] > widest) widest = net.width[l];
    return widest;
}

/* Rows of one product. cuBLAS chooses its kernel, and so the bits, by the shape: this
 * depends on the network alone and divides IPL_NET_FORWARD_ROWS, so that all rows or
 * blocks of them, with any layers wanted, are the same products. At least NET_ALIGN. */
static int64_t chunk_rows(const net_layout &net)
{
    int64_t chunk = IPL_NET_FORWARD_ROWS;
    while (2 * chunk * widest_of(net) > SPARE_FLOATS) chunk /= 2;
    return chunk;
}

/* What a product takes or makes elsewhere than at a multiple of NET_ALIGN floats goes
 * through here: rows of two layers in turn (the inputs are layer 0), and the weights.
 * Their copies cost 8 bytes a weight, little beside the products; padded parameters
 * would be another format of states, snapshots and files. */
struct wide_spare {
    int64_t layer, floats; /* of one layer's rows; of all */
    int64_t weights_at[NET_MAX + 1];
};

static wide_spare spare_of(const net_layout &net, int64_t rows)
{
    wide_spare spare = {};
    const int64_t chunk = chunk_rows(net);
    spare.layer = net_whole((rows < chunk ? rows : chunk) * widest_of(net));
    spare.floats = 2 * spare.layer;
    for (int l = 1; l <= net.layers; ++l) {
        spare.weights_at[l] = spare.floats;
        spare.floats += net_whole((int64_t)net.width[l - 1] * net.width[l]);
    }
    return spare;
}

int64_t ipl_cuda_forward_spare_floats(const net_layout &net, int64_t rows)
{
    return ipl_cuda_net_is_tiny(&net) ? 0 : spare_of(net, rows).floats;
}

static ipl_status copy(ipl_cuda *dev, const float *from, int64_t floats, float *to)
{
    IPL_CUDA(dev, cudaMemcpyAsync(to, from, sizeof *to * (size_t)floats,
                                  cudaMemcpyDeviceToDevice, dev->stream));
    return IPL_OK;
}

/* *at <- a place with the same values that cuBLAS may have: `room`, if need be. */
static ipl_status align(ipl_cuda *dev, int64_t floats, float *room, const float **at)
{
    if (net_lies(*at, 0)) return IPL_OK;
    IPL_TRY(copy(dev, *at, floats, room));
    *at = room;
    return IPL_OK;
}

/* to (rows x units) = in (rows x inputs) weights, row-major. */
static ipl_status multiply(ipl_cuda *dev, int rows, int units, int inputs,
                           const float *in, const float *weights, float *to)
{
    const float one = 1.0f, zero = 0.0f;
    if (!net_lies(in, 0) || !net_lies(weights, 0) || !net_lies(to, 0))
        return net_misplaced("cublasSgemm", rows, units, inputs);
    IPL_CUBLAS(cublasSgemm(dev->blas, CUBLAS_OP_N, CUBLAS_OP_N, units, rows, inputs,
                           &one, weights, units, in, inputs, &zero, to, units));
    dev->kernel = "cublasSgemm";
    return IPL_OK;
}

/* The layers above `top`, whose values, `in`, are narrow too. */
static ipl_status narrow_tail(ipl_cuda *dev, const net_layout &net,
                              const net_outputs &out, int top, const float *params,
                              int64_t first, int64_t count, const float *in)
{
    net_layout tail = {};
    net_outputs some = {};
    const int64_t base = net.at[top + 1];
    tail.layers = net.layers - top;
    for (int l = 0; l <= tail.layers; ++l) {
        tail.width[l] = net.width[top + l];
        tail.act[l] = net.act[top + l];
        if (l) tail.at[l] = net.at[top + l] - base;
        if (l && out.act[top + l])
            some.act[l] = out.act[top + l] + first * tail.width[l];
    }
    params += base;
    return ipl_cuda_forward_tiny(dev, tail, some, 1, &params, count, in);
}

static ipl_status wide(ipl_cuda *dev, const net_layout &net, const net_outputs &out,
                       const float *params, int64_t rows, const float *x, float *room)
{
    const int wanted_last = last_wanted(net, out);
    int top = net.layers; /* the last that cuBLAS multiplies, if it is wanted */
    while (top > 1 && net.width[top - 1] <= NET_TINY_WIDTH &&
           net.width[top] <= NET_TINY_WIDTH)
        --top;
    const int last = wanted_last < top ? wanted_last : top;
    const int64_t chunk = chunk_rows(net);
    const wide_spare spare = spare_of(net, rows);
    const float *weights[NET_MAX + 1];
    for (int l = 1; l <= last; ++l) {
        weights[l] = params + net.at[l];
        IPL_TRY(align(dev, (int64_t)net.width[l - 1] * net.width[l],
                      room + spare.weights_at[l], &weights[l]));
    }
    for (int64_t first = 0; first < rows; first += chunk) {
        const int64_t count = rows - first < chunk ? rows - first : chunk;
        const float *in = x + first * net.width[0];
        IPL_TRY(align(dev, count * net.width[0], room, &in));
        for (int l = 1; l <= last; ++l) {
            const int inputs = net.width[l - 1], units = net.width[l];
            const float *bias = params + net.at[l] + (int64_t)inputs * units;
            float *wanted = out.act[l] ? out.act[l] + first * units : NULL;
            float *to = wanted && net_lies(wanted, 0) ? wanted
                                                      : room + (l & 1) * spare.layer;
            IPL_TRY(multiply(dev, (int)count, units, inputs, in, weights[l], to));
            if (net.act[l] == IPL_ACT_SOFTMAX)
                IPL_TRY(ipl_cuda_bias_softmax(dev, count, units, bias, to));
            else
                IPL_TRY(ipl_cuda_bias_act(dev, 1, count, units, net.act[l],
                                          bias, 0, to, 0));
            if (wanted && wanted != to) IPL_TRY(copy(dev, to, count * units, wanted));
            in = to;
        }
        if (wanted_last > top)
            IPL_TRY(narrow_tail(dev, net, out, top, params, first, count, in));
    }
    return IPL_OK;
}

ipl_status ipl_cuda_forward_layers(ipl_cuda *dev, const net_layout &net,
                                   const net_outputs &out, int networks,
                                   const float *const *params, int64_t rows,
                                   const float *x, float *spare)
{
    if (ipl_cuda_net_is_tiny(&net))
        return ipl_cuda_forward_tiny(dev, net, out, networks, params, rows, x);
    IPL_TRY(ipl_cuda_use_blas(dev));
    for (int k = 0; k < networks; ++k)
        IPL_TRY(wide(dev, net, net_outputs_from(net, out, k), params[k], rows, x,
                     spare));
    return ipl_cuda_give_blas(dev);
}

ipl_status ipl_cuda_forward(void *state, const ipl_net_shape *shape, int networks,
                            const float *const *params, int64_t rows, const float *x,
                            float *const *act, int64_t apart)
{
    ipl_cuda *dev = NULL;
    void *spare = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    const net_layout net = ipl_cuda_net_layout(shape);
    net_outputs out = {};
    out.apart = apart;
    for (int l = 1; l <= net.layers; ++l) out.act[l] = act[l - 1];
    const int64_t floats = ipl_cuda_forward_spare_floats(net, rows);
    IPL_TRY(ipl_cuda_scratch(dev, sizeof(float) * (size_t)floats, &spare));
    return ipl_cuda_forward_layers(dev, net, out, networks, params, rows, x,
                                   (float *)spare);
}
