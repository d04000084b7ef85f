/*
 * net_evaluate.cu - loss and accuracy of a network on labelled rows.
 *
 * Launch    The outputs come from net_forward.cu, without the softmax, in chunks of
 *           rows. row_losses: a warp a row, 512 rows a block; add_losses: one block
 *           adds the blocks' parts.
 * Traffic   Reads each output twice from cache; small beside the forward pass.
 * Numerics  The loss of a row is log(sum exp(z - top)) - (z_y - top): the sum in float,
 *           the rest in double. Rows, warps and blocks are added in double in an order
 *           fixed by the number of rows. A loss that is not finite is E_NUMERIC. Equal
 *           outputs: the first class counts as the network's answer.
 */
#include "net_forward.cuh"

enum { THREADS = 256, WARPS = THREADS / 32, BLOCK_ROWS = 64 * WARPS };
/* Outputs held at once: 128 MiB, in whole blocks of rows. */
static const int64_t OUTPUT_FLOATS = (int64_t)1 << 25;

struct loss_part {
    double  loss;
    int64_t correct;
};

/* The largest value of a warp and the first index that has it. */
static __device__ void warp_argmax(float *top, int *at)
{
    for (int half = 16; half; half /= 2) {
        const float v = __shfl_xor_sync(0xffffffffu, *top, half);
        const int i = __shfl_xor_sync(0xffffffffu, *at, half);
        if (v > *top || (v == *top && i < *at)) *top = v, *at = i;
    }
}

static __global__ void __launch_bounds__(THREADS)
row_losses(int64_t rows, int classes, const float *__restrict__ z,
           const int32_t *__restrict__ y, loss_part *part)
{
    __shared__ loss_part sums[WARPS];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    loss_part mine = {0.0, 0};
    for (int64_t r = (int64_t)blockIdx.x * BLOCK_ROWS + warp;
         r < min(rows, ((int64_t)blockIdx.x + 1) * BLOCK_ROWS); r += WARPS) {
        const float *row = z + r * classes;
        float top = -INFINITY, sum = 0.0f;
        int at = classes;
        for (int c = lane; c < classes; c += 32)
            if (row[c] > top) top = row[c], at = c;
        warp_argmax(&top, &at);
        for (int c = lane; c < classes; c += 32) sum += expf(row[c] - top);
        for (int half = 16; half; half /= 2)
            sum += __shfl_xor_sync(0xffffffffu, sum, half);
        mine.loss += log((double)sum) - ((double)row[y[r]] - (double)top);
        mine.correct += at == y[r];
    }
    if (!lane) sums[warp] = mine;
    __syncthreads();
    if (threadIdx.x) return;
    for (int w = 1; w < WARPS; ++w) {
        mine.loss += sums[w].loss;
        mine.correct += sums[w].correct;
    }
    part[blockIdx.x] = mine;
}

/* part[0] <- the sum of all parts. One block. */
static __global__ void __launch_bounds__(THREADS)
add_losses(int64_t parts, loss_part *part)
{
    __shared__ loss_part sums[THREADS];
    loss_part mine = {0.0, 0};
    for (int64_t p = threadIdx.x; p < parts; p += THREADS) {
        mine.loss += part[p].loss;
        mine.correct += part[p].correct;
    }
    sums[threadIdx.x] = mine;
    __syncthreads();
    for (int half = THREADS / 2; half; half /= 2) {
        if (threadIdx.x < half) {
            sums[threadIdx.x].loss += sums[threadIdx.x + half].loss;
            sums[threadIdx.x].correct += sums[threadIdx.x + half].correct;
        }
        __syncthreads();
    }
    if (!threadIdx.x) part[0] = sums[0];
}

/* The rows of an evaluation in chunks, and the scratch for one of them. */
struct evaluation {
    net_layout net;
    int        classes;
    int64_t    chunk, parts;
    int64_t    spare_at, parts_at; /* floats, behind the outputs */
    size_t     bytes;
};

static evaluation plan_of(const ipl_net_shape *shape, int64_t rows)
{
    evaluation plan = {ipl_cuda_net_layout(shape)};
    net_layout *net = &plan.net;
    net->act[net->layers] = IPL_ACT_LINEAR;
    plan.classes = net->width[net->layers];
    /* A power of two: whole blocks of rows, and whole products of net_forward.cu. */
    int64_t most = BLOCK_ROWS;
    while (2 * most * plan.classes <= OUTPUT_FLOATS) most *= 2;
    plan.chunk = rows < most ? rows : most;
    plan.parts = ceil_div(rows, BLOCK_ROWS);

    plan.spare_at = net_whole(plan.chunk * plan.classes);
    plan.parts_at = plan.spare_at + ipl_cuda_forward_spare_floats(*net, plan.chunk);
    plan.bytes = sizeof(float) * (size_t)plan.parts_at +
                 sizeof(loss_part) * (size_t)plan.parts;
    return plan;
}

size_t ipl_cuda_evaluate_bytes(void *state, const ipl_net_shape *shape, int64_t rows)
{
    (void)state;
    return plan_of(shape, rows).bytes;
}

ipl_status ipl_cuda_evaluate(void *state, const ipl_net_shape *shape,
                             const float *params, int64_t rows, const float *x,
                             const int32_t *y, double *loss_nats, int64_t *correct)
{
    ipl_cuda *dev = NULL;
    void *scratch = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    const evaluation plan = plan_of(shape, rows);
    const net_layout &net = plan.net;
    const int64_t chunk = plan.chunk, parts = plan.parts;
    const int classes = plan.classes;
    IPL_TRY(ipl_cuda_scratch(dev, plan.bytes, &scratch));
    net_outputs out = {};
    float *const outputs = out.act[net.layers] = (float *)scratch;
    loss_part *part = (loss_part *)(outputs + plan.parts_at);

    for (int64_t first = 0; first < rows; first += chunk) {
        const int64_t count = rows - first < chunk ? rows - first : chunk;
        IPL_TRY(ipl_cuda_forward_layers(dev, net, out, params, count,
                                        x + first * net.width[0],
                                        outputs + plan.spare_at));
        row_losses<<<(unsigned)ceil_div(count, BLOCK_ROWS), THREADS, 0, dev->stream>>>(
            count, classes, outputs, y + first, part + first / BLOCK_ROWS);
        IPL_LAUNCHED(dev, row_losses);
    }
    add_losses<<<1, THREADS, 0, dev->stream>>>(parts, part);
    IPL_LAUNCHED(dev, add_losses);
    loss_part sum;
    IPL_TRY(ipl_cuda_fetch(dev, part, sizeof sum, &sum));
    if (!isfinite(sum.loss))
        return IPL_FAIL(IPL_E_NUMERIC, "the loss over %lld rows is %g", (long long)rows,
                        sum.loss);
    *loss_nats = sum.loss / (double)rows;
    *correct = sum.correct;
    return IPL_OK;
}
