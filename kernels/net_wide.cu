/*
 * net_wide.cu - training of wide networks: cuBLAS over all replicas, in CUDA graphs.
 *
 * A step gathers the rows, multiplies forward, and comes back through the gradient of
 * each layer; the last layers, where narrow, are one launch (net_narrow.cu). Batches
 * that would need too much memory are taken in blocks of rows whose gradients add up.
 * The steps of a call are cut into pieces of at most PIECE_STEPS; a piece that comes
 * again is captured as a graph and replayed, its place in the order being read from
 * device memory. The first time it runs directly: cuBLAS then loads what it needs,
 * which a capture does not allow.
 *
 * Products are row-major; cuBLAS sees their transposes, so the operands change places.
 * All entries of a product are summed by cuBLAS in an order fixed by shape, library and
 * GPU (own workspace, one stream, no atomics): equal input, equal bits.
 */
#include "net_update.cuh"

#include <stdlib.h>
#include <string.h>

enum { PIECE_STEPS = 256, GRAPHS = 8 };
/* Activations of a block of rows take at most about this much (1 GiB). */
static const int64_t BLOCK_FLOATS = (int64_t)1 << 28;

/* A piece of a call: `steps` steps, the last of `tail` rows when tail > 0. */
struct net_piece {
    int64_t count, steps, tail;
    int     stats;
};

struct net_graph {
    net_piece       piece;
    cudaGraphExec_t exec; /* NULL: has run directly once */
    unsigned        used; /* when last, for replacement  */
};

struct ipl_cuda_wide {
    int64_t  block_rows; /* the batch, or a multiple of DELTA_ROWS              */
    int      narrow;       /* layers from here on are net_narrow.cu's           */
    int      top;          /* the last one that cuBLAS multiplies               */
    int      parts;        /* DELTA_ROWS in a block of rows                     */
    int64_t  sums;         /* of a part; those of layer l start at sum_at[l]    */
    int64_t  sum_at[NET_MAX + 1];
    float   *memory;          /* holds all of the following                     */
    float   *act[NET_MAX + 1]; /* [replicas][rows_stride]; top: its deltas         */
    float   *delta[2];        /* hidden layers' deltas, in turn                 */
    float   *gradient;        /* [replicas][net_whole(parameters)]              */
    float   *part;            /* [replicas][parts][sums]                        */
    net_graph graph[GRAPHS];
    unsigned  clock;
    int       uses_blas;
};

/* Floats from one replica's rows of a layer to the next one's. */
static int64_t rows_stride(const ipl_cuda_wide *w, int width)
{
    return net_whole(w->block_rows * width);
}

/* Places the buffers in `memory`, or counts their floats when it is NULL. */
static int64_t place(const ipl_cuda_trainer *t, ipl_cuda_wide *w, float *memory)
{
    const net_layout *layout = &t->layout;
    const int64_t replicas = t->replicas;
    int64_t used = 0;
    int hidden = 1;
    for (int l = 0; l <= w->top; ++l) {
        w->act[l] = memory + used;
        used += replicas * rows_stride(w, layout->width[l]);
        if (l && l < w->top && layout->width[l] > hidden)
            hidden = layout->width[l];
    }
    for (int d = 0; d < 2; ++d) {
        w->delta[d] = memory + used;
        used += replicas * rows_stride(w, hidden);
    }
    w->gradient = memory + used;
    used += replicas * net_whole(t->parameters);
    w->part = memory + used;
    used += net_whole(replicas * w->parts * w->sums);
    return used;
}

/* All but memory. */
static void size_up(const ipl_cuda_trainer *t, ipl_cuda_wide *w)
{
    const net_layout *net = &t->layout;
    int64_t widths = net->width[0];
    w->narrow = ipl_cuda_narrow_from(t->dev, net);
    w->top = w->narrow <= net->layers ? w->narrow : net->layers;
    for (int l = 1; l <= net->layers; ++l) {
        w->sum_at[l] = w->sums;
        w->sums += l > w->top ? net->at[l + 1] - net->at[l] : net->width[l];
        if (l <= w->top) widths += 2 * net->width[l];
    }
    const int64_t fit = BLOCK_FLOATS / (widths * t->replicas);
    const int64_t room = fit / DELTA_ROWS * DELTA_ROWS;
    const int64_t data = ceil_div(t->rows, DELTA_ROWS) * DELTA_ROWS;
    w->block_rows = room < DELTA_ROWS ? DELTA_ROWS : room < data ? room : data;
    if (w->block_rows > t->batch) w->block_rows = t->batch;
    w->parts = (int)ceil_div(w->block_rows, DELTA_ROWS);
}

size_t ipl_cuda_wide_bytes(const ipl_cuda_trainer *t)
{
    ipl_cuda_wide w = {};
    size_up(t, &w);
    return sizeof(float) * (size_t)place(t, &w, NULL);
}

ipl_status ipl_cuda_wide_create(ipl_cuda_trainer *t)
{
    ipl_cuda_wide *w = (ipl_cuda_wide *)calloc(1, sizeof *w);
    if (!w) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a trainer", sizeof *w);
    t->wide = w;
    size_up(t, w);
    void *memory = NULL;
    const size_t bytes = sizeof(float) * (size_t)place(t, w, NULL);
    IPL_TRY(ipl_cuda_use_blas(t->dev));
    w->uses_blas = 1;
    IPL_TRY(ipl_cuda_alloc(t->dev, bytes, "activations and gradients", &memory));
    w->memory = (float *)memory;
    place(t, w, w->memory);
    return IPL_OK;
}

void ipl_cuda_wide_forget(ipl_cuda_trainer *t)
{
    for (net_graph &one : t->wide->graph) {
        if (one.exec) (void)cudaGraphExecDestroy(one.exec);
        one = net_graph{};
    }
}

void ipl_cuda_wide_destroy(ipl_cuda_trainer *t)
{
    if (!t->wide) return;
    ipl_cuda_wide_forget(t);
    if (t->wide->uses_blas) (void)ipl_cuda_give_blas(t->dev);
    (void)cudaFree(t->wide->memory);
    free(t->wide);
    t->wide = NULL;
}

/* C (m x n) = op(A) (m x k) op(B) (k x n) + beta C for each replica, row-major. */
struct product {
    int          m, n, k;
    const float *a;
    bool         a_transposed;
    int64_t      a_stride;
    const float *b;
    bool         b_transposed;
    int64_t      b_stride;
    float        beta;
    float       *c;
    int64_t      c_stride;
};

/* Parameters and gradients of layer l lie packed, behind those of the layers before. */
static bool lies_as_planned(const ipl_cuda_trainer *t, int l, const float *at,
                            int64_t stride)
{
    return stride % NET_ALIGN == 0 &&
           (net_lies(at, 0) || net_lies(at, t->layout.at[l]));
}

static ipl_status multiply(ipl_cuda_trainer *t, int l, const product &p)
{
    const float one = 1.0f;
    if (!lies_as_planned(t, l, p.a, p.a_stride) ||
        !lies_as_planned(t, l, p.b, p.b_stride) ||
        !lies_as_planned(t, l, p.c, p.c_stride))
        return net_misplaced("cublasSgemmStridedBatched", p.m, p.n, p.k);
    IPL_CUBLAS(cublasSgemmStridedBatched(
        t->dev->blas, p.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
        p.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, p.n, p.m, p.k, &one, p.b,
        p.b_transposed ? p.k : p.n, p.b_stride, p.a, p.a_transposed ? p.m : p.k,
        p.a_stride, &p.beta, p.c, p.n, p.c_stride, t->replicas));
    t->dev->kernel = "cublasSgemmStridedBatched";
    return IPL_OK;
}

/* Forward and back for one block of rows of a step; gradients are added to those of
 * the blocks before it. `factor` is 1 / rows of the step. */
static ipl_status block_of_rows(ipl_cuda_trainer *t, const net_rows &which, int adds,
                                float factor)
{
    const ipl_cuda_wide *w = t->wide;
    const net_layout *net = &t->layout;
    const int top = w->top, rows = (int)which.rows;
    const int64_t part_stride = w->parts * w->sums;
    const float beta = adds ? 1.0f : 0.0f;
    const auto stride = [&](int l) { return rows_stride(w, net->width[l]); };
    const auto weights = [&](int l) { return t->state + net->at[l]; };
    const auto biases = [&](int l) {
        return weights(l) + (int64_t)net->width[l - 1] * net->width[l];
    };

    IPL_TRY(ipl_cuda_gather(t->dev, t->replicas, which, net->width[0], t->x,
                            w->act[0], stride(0)));
    for (int l = 1; l <= top; ++l) {
        IPL_TRY(multiply(t, l, {rows, net->width[l], net->width[l - 1],
                                w->act[l - 1], false, stride(l - 1),
                                weights(l), false, t->stride, 0.0f, w->act[l],
                                stride(l)}));
        if (l < top)
            IPL_TRY(ipl_cuda_bias_act(t->dev, t->replicas, rows, net->width[l],
                                      net->act[l], biases(l), t->stride, w->act[l],
                                      stride(l)));
    }
    float *delta = w->act[top];
    if (w->narrow == top) {
        const narrow_job job = {which, t->y, factor, adds, t->state, delta,
                                w->part + w->sum_at[top], t->stride, stride(top),
                                part_stride, w->sums};
        IPL_TRY(ipl_cuda_narrow_rows(t->dev, net, top, t->replicas, &job));
    } else {
        IPL_TRY(ipl_cuda_softmax_delta(t->dev, t->replicas, which, net->width[top],
                                       t->y, factor, biases(top), t->stride, delta,
                                       stride(top)));
    }
    for (int l = top; l >= 1; --l) {
        const int inputs = net->width[l - 1], units = net->width[l];
        if (l != w->narrow)
            IPL_TRY(ipl_cuda_delta_sums(t->dev, t->replicas, rows, units, net->act[l],
                                        l < top ? w->act[l] : NULL, delta, stride(l),
                                        adds, w->part + w->sum_at[l], part_stride,
                                        w->sums));
        IPL_TRY(multiply(t, l, {inputs, units, rows, w->act[l - 1], true,
                                stride(l - 1), delta, false, stride(l), beta,
                                w->gradient + net->at[l], net_whole(t->parameters)}));
        if (l == 1) break;
        float *below = w->delta[l & 1];
        IPL_TRY(multiply(t, l, {rows, inputs, units, delta, false, stride(l),
                                weights(l), true, t->stride, 0.0f, below,
                                stride(l - 1)}));
        delta = below;
    }
    return IPL_OK;
}

/* Queues the steps of a piece. */
static ipl_status queue_piece(ipl_cuda_trainer *t, const net_call *call,
                              const net_piece &piece)
{
    const ipl_cuda_wide *w = t->wide;
    net_update update = {};
    update.plan = call->plan;
    update.scale = call->scale;
    update.parameters = t->parameters;
    update.stride = t->stride;
    update.part_stride = w->parts * w->sums;
    update.top = w->top;
    update.slots = t->slots;
    update.sums = w->sums;
    memcpy(update.sum_at, w->sum_at, sizeof update.sum_at);
    update.gradient = w->gradient;
    update.part = w->part;
    update.state = t->state;
    update.welford = call->welford;
    update.bad = t->bad;
    for (int64_t s = 0; s < piece.steps; ++s) {
        const bool tail = piece.tail && s + 1 == piece.steps;
        const int64_t rows = tail ? piece.tail : call->batch;
        for (int64_t done = 0; done < rows; done += w->block_rows) {
            const int64_t left = rows - done;
            const net_rows which = {call->plan,   call->order, call->count,
                                    call->batch,  s * call->batch + done,
                                    left < w->block_rows ? left : w->block_rows};
            IPL_TRY(block_of_rows(t, which, done > 0, 1.0f / (float)rows));
        }
        update.step = s;
        update.parts = (int)ceil_div(rows < w->block_rows ? rows : w->block_rows,
                                     DELTA_ROWS);
        IPL_TRY(ipl_cuda_take_step(t, &update));
    }
    return ipl_cuda_advance(t, call->plan, piece.steps);
}

static ipl_status capture(ipl_cuda_trainer *t, const net_call *call, net_graph *graph)
{
    ipl_cuda *dev = t->dev;
    cudaGraph_t made = NULL;
    /* Nothing here is unsafe to capture, and other threads may do what they want. */
    IPL_CUDA(dev, cudaStreamBeginCapture(dev->stream, cudaStreamCaptureModeRelaxed));
    const ipl_status st = queue_piece(t, call, graph->piece);
    const cudaError_t ended = cudaStreamEndCapture(dev->stream, &made);
    if (st == IPL_OK && ended == cudaSuccess) {
        const cudaError_t error = cudaGraphInstantiate(&graph->exec, made, 0);
        (void)cudaGraphDestroy(made);
        if (error == cudaSuccess) return IPL_OK;
        return ipl_cuda_failed(dev, error, "cudaGraphInstantiate", __FILE__, __LINE__);
    }
    if (made) (void)cudaGraphDestroy(made);
    IPL_TRY(st);
    return ipl_cuda_failed(dev, ended, "cudaStreamEndCapture", __FILE__, __LINE__);
}

/* The piece's entry, new or known; a new one takes the place of the oldest. */
static ipl_status graph_of(ipl_cuda_trainer *t, const net_piece &piece, net_graph **out,
                           bool *known)
{
    ipl_cuda_wide *w = t->wide;
    net_graph *found = NULL, *oldest = &w->graph[0];
    for (net_graph &one : w->graph) {
        const net_piece &p = one.piece;
        if (p.count == piece.count && p.steps == piece.steps && p.tail == piece.tail &&
            p.stats == piece.stats)
            found = &one;
        if (one.used < oldest->used) oldest = &one;
    }
    *known = found != NULL;
    if (!found) {
        found = oldest;
        if (found->exec) { /* it may still run */
            IPL_TRY(ipl_cuda_wait(t->dev));
            IPL_CUDA(t->dev, cudaGraphExecDestroy(found->exec));
        }
        *found = net_graph{piece, NULL, 0};
    }
    found->used = ++w->clock;
    *out = found;
    return IPL_OK;
}

static ipl_status run_piece(ipl_cuda_trainer *t, const net_call *call,
                            const net_piece &piece)
{
    net_graph *graph = NULL;
    bool known = false;
    IPL_TRY(graph_of(t, piece, &graph, &known));
    if (!known || t->dev->debug_sync) return queue_piece(t, call, piece);
    if (!graph->exec) IPL_TRY(capture(t, call, graph));
    IPL_CUDA(t->dev, cudaGraphLaunch(graph->exec, t->dev->stream));
    return IPL_OK;
}

ipl_status ipl_cuda_wide_train(ipl_cuda_trainer *t, const net_call *call)
{
    const int64_t tail = call->count % call->batch, full = call->count / call->batch;
    const int stats = call->welford != NULL;
    for (int64_t done = 0; done < call->steps;) {
        net_piece piece = {call->count, PIECE_STEPS, 0, stats};
        if (full - done < PIECE_STEPS) {
            piece.steps = call->steps - done;
            piece.tail = tail;
        }
        IPL_TRY(run_piece(t, call, piece));
        done += piece.steps;
    }
    return IPL_OK;
}
