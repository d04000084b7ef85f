/*
 * net_evaluate.cu - loss and accuracy of networks on labelled rows.
 *
 * Launch    The outputs come from net_forward.cu, without the softmax, in chunks of
 *           rows: of tiny networks many at a time, of wide ones each by itself.
 *           row_losses: a warp a row, 512 rows a block, blockIdx.y counts networks;
 *           add_losses: a block a network adds the blocks' parts.
 * Traffic   Reads each output twice from cache; small beside the forward pass.
 * Numerics  The loss of a row is log(sum exp(z - top)) - (z_y - top): the sum in float,
 *           the rest in double. Rows, warps and blocks are added in double in an order
 *           fixed by the number of rows. A loss that is not finite is E_NUMERIC. Equal
 *           outputs: the first class counts as the network's answer.
 */
#include <cub/thread/thread_operators.cuh>

#include "jobs.cuh"
#include "net_forward.cuh"
#include "reduce.cuh"

enum { THREADS = 256, WARPS = THREADS / 32, BLOCK_ROWS = 64 * WARPS };
/* Outputs held at once: 128 MiB, in whole blocks of rows. */
static const int64_t OUTPUT_FLOATS = (int64_t)1 << 25;

struct loss_part {
    double  loss;
    int64_t correct;
};

/* The sum of a block's parts, for thread 0. */
static __device__ __forceinline__ loss_part add_parts(loss_part mine)
{
    return {block_sum<THREADS>(mine.loss), block_sum<THREADS>(mine.correct)};
}

static __global__ void __launch_bounds__(THREADS)
row_losses(int64_t rows, int classes, const float *__restrict__ z,
           const int32_t *__restrict__ y, int64_t parts, loss_part *part)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    loss_part mine = {0.0, 0};
    z += blockIdx.y * rows * classes;
    for (int64_t r = (int64_t)blockIdx.x * BLOCK_ROWS + warp;
         r < min(rows, ((int64_t)blockIdx.x + 1) * BLOCK_ROWS); r += WARPS) {
        const float *row = z + r * classes;
        cub::KeyValuePair<int, float> top = {classes, -INFINITY};
        float sum = 0.0f;
        for (int c = lane; c < classes; c += 32)
            if (row[c] > top.value) top = {c, row[c]};
        top = warp_reduce<32>(top, cub::ArgMax());
        const float most = __shfl_sync(~0u, top.value, 0);
        for (int c = lane; c < classes; c += 32) sum += expf(row[c] - most);
        sum = warp_sum<32>(sum);
        if (lane) continue;
        mine.loss += log((double)sum) - ((double)row[y[r]] - (double)most);
        mine.correct += top.key == y[r];
    }
    mine = add_parts(mine);
    if (!threadIdx.x) part[blockIdx.y * parts + blockIdx.x] = mine;
}

/* sum[network] <- the sum of its parts. */
static __global__ void __launch_bounds__(THREADS)
add_losses(int64_t parts, const loss_part *__restrict__ part,
           loss_part *__restrict__ sum)
{
    loss_part mine = {0.0, 0};
    part += blockIdx.x * parts;
    for (int64_t p = threadIdx.x; p < parts; p += THREADS) {
        mine.loss += part[p].loss;
        mine.correct += part[p].correct;
    }
    mine = add_parts(mine);
    if (!threadIdx.x) sum[blockIdx.x] = mine;
}

/* The rows of an evaluation in chunks, and the scratch for one of them. */
struct evaluation {
    net_layout net;
    int        classes;
    int        together; /* networks at a time                                   */
    int64_t    chunk, parts;
    int64_t    spare_at, parts_at; /* floats, behind the outputs */
    size_t     bytes;
};

static evaluation plan_of(const ipl_cuda *dev, const ipl_net_shape *shape, int networks,
                          int64_t rows)
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
    const int64_t floats = plan.chunk * plan.classes;
    const int64_t fit = dev->small_launches ? 2 : OUTPUT_FLOATS / floats;
    const bool one = fit < 1 || !ipl_cuda_net_is_tiny(net);
    plan.together = one ? 1 : fit < networks ? (int)fit : networks;

    plan.spare_at = net_whole(plan.together * floats);
    plan.parts_at = plan.spare_at + ipl_cuda_forward_spare_floats(*net, plan.chunk);
    plan.bytes = sizeof(float) * (size_t)plan.parts_at +
                 sizeof(loss_part) * (size_t)(networks * (1 + plan.parts));
    return plan;
}

size_t ipl_cuda_evaluate_bytes(void *state, const ipl_net_shape *shape, int networks,
                               int64_t rows)
{
    return plan_of((const ipl_cuda *)state, shape, networks, rows).bytes;
}

/* Queues sum[networks]; scratch: outputs of a chunk, room for net_forward.cu, sums and
 * parts. */
static ipl_status sum_losses(ipl_cuda *dev, const evaluation &plan, int networks,
                             const float *params, int64_t rows, const float *x,
                             const int32_t *y, float *scratch, loss_part *sum)
{
    float *const z = scratch;
    loss_part *const part = sum + networks;
    const net_layout &net = plan.net;
    const int64_t parts = plan.parts, parameters = net.at[net.layers + 1];
    net_outputs out = {};
    host_array<const float *> at(networks);
    if (!at.at) return IPL_FAIL(IPL_E_MEMORY, "addresses of %d networks", networks);
    for (int k = 0; k < networks; ++k) at.at[k] = params + k * parameters;
    out.act[net.layers] = z;
    for (int64_t first = 0; first < rows; first += plan.chunk) {
        const int64_t count = rows - first < plan.chunk ? rows - first : plan.chunk;
        out.apart = count * plan.classes;
        for (int k = 0; k < networks; k += plan.together) {
            const int left = networks - k, some = left < plan.together ? left
                                                                       : plan.together;
            IPL_TRY(ipl_cuda_forward_layers(dev, net, out, some, at.at + k, count,
                                            x + first * net.width[0],
                                            scratch + plan.spare_at));
            const dim3 grid((unsigned)ceil_div(count, BLOCK_ROWS), some);
            row_losses<<<grid, THREADS, 0, dev->stream>>>(
                count, plan.classes, z, y + first, parts,
                part + k * parts + first / BLOCK_ROWS);
            IPL_LAUNCHED(dev, row_losses);
        }
    }
    add_losses<<<networks, THREADS, 0, dev->stream>>>(parts, part, sum);
    IPL_LAUNCHED(dev, add_losses);
    return IPL_OK;
}

ipl_status ipl_cuda_evaluate(void *state, const ipl_net_shape *shape, int networks,
                             const float *params, int64_t rows, const float *x,
                             const int32_t *y, double *loss_nats, int64_t *correct)
{
    ipl_cuda *dev = NULL;
    void *scratch = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_REQUIRE(networks <= REPLICAS_MAX,
                "%d networks: a GPU evaluates up to %d at once", networks,
                REPLICAS_MAX);
    const evaluation plan = plan_of(dev, shape, networks, rows);
    host_array<loss_part> got(networks);
    if (!got.at) return IPL_FAIL(IPL_E_MEMORY, "losses of %d networks", networks);
    IPL_TRY(ipl_cuda_scratch(dev, plan.bytes, &scratch));
    loss_part *sum = (loss_part *)((float *)scratch + plan.parts_at);
    IPL_TRY(sum_losses(dev, plan, networks, params, rows, x, y, (float *)scratch, sum));
    IPL_TRY(ipl_cuda_fetch(dev, sum, (size_t)networks * sizeof *sum, got.at));
    for (int k = 0; k < networks; ++k) {
        if (!isfinite(got.at[k].loss))
            return IPL_FAIL(IPL_E_NUMERIC, "the loss over %lld rows is %g",
                            (long long)rows, got.at[k].loss);
        loss_nats[k] = got.at[k].loss / (double)rows;
        correct[k] = got.at[k].correct;
    }
    return IPL_OK;
}
