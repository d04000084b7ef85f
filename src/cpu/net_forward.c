/*
 * net_forward.c - a network's activations, loss and hits over many rows.
 *
 * Threads share fixed blocks of rows. A block's numbers do not depend on the others,
 * and sums over blocks are taken in their order.
 */
#include <math.h>
#include <stdlib.h>

#include <omp.h>

#include "cpu/net_cpu.h"
#include "cpu/net_wide.h"

/* A caller's blocks of rows are cut into the same blocks here as all rows at once. */
_Static_assert(IPL_NET_FORWARD_ROWS % TINY_CHUNK == 0 &&
                   IPL_NET_FORWARD_ROWS % (WIDE_CHUNK / 2) == 0,
               "blocks of IPL_NET_FORWARD_ROWS are whole blocks");

typedef struct {
    const net_kernels   *k;
    const ipl_net_shape *shape;
    const float         *params, *x;
    int64_t              rows, block, blocks;
    int                  tiny, threads;
    int64_t              work_floats; /* a thread */
    float               *work;
} forward_plan;

/* All but memory and data. */
static forward_plan size_up(const cpu_state *cpu, const ipl_net_shape *shape,
                            int64_t rows)
{
    const int tiny = net_is_tiny(shape);
    forward_plan p = {.k = net_kernels_of(cpu), .shape = shape, .rows = rows, .tiny = tiny};
    p.block = tiny ? TINY_CHUNK : WIDE_CHUNK / 2;
    p.blocks = ceil_div(rows, p.block);
    const int threads = cpu_threads(cpu);
    p.threads = p.blocks < threads ? (int)p.blocks : threads;
    p.work_floats = tiny ? tiny_work_floats(shape)
                         : wide_work_floats(shape, p.block, 0);
    const int64_t line = CPU_ALIGN / sizeof(float);
    p.work_floats = ceil_div(p.work_floats, line) * line;
    return p;
}

size_t cpu_evaluate_bytes(void *state, const ipl_net_shape *shape, int64_t rows)
{
    const forward_plan p = size_up(state, shape, rows);
    const int64_t logits = p.block * shape->width[shape->layers];
    return (size_t)(p.threads * (p.work_floats + logits)) * sizeof *p.work +
           (size_t)p.blocks * (sizeof(double) + sizeof(int64_t));
}

static ipl_status plan(const cpu_state *cpu, const ipl_net_shape *shape,
                       const float *params, int64_t rows, const float *x,
                       forward_plan *out)
{
    forward_plan p = size_up(cpu, shape, rows);
    p.params = params;
    p.x = x;
    const size_t bytes = (size_t)(p.work_floats * p.threads) * sizeof(float);
    p.work = aligned_alloc(CPU_ALIGN, bytes);
    if (!p.work) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a forward pass", bytes);
    *out = p;
    return IPL_OK;
}

static void forward_block(const forward_plan *p, int64_t first, int64_t count,
                          float *work, float *const *act, float *logits)
{
    const float *x = p->x + first * p->shape->width[0];
    if (p->tiny)
        p->k->tiny_forward(p->shape, p->params, x, count, work, act, logits);
    else
        wide_forward(p->k, p->shape, p->params, x, count, work, act, logits);
}

ipl_status cpu_forward(void *state, const ipl_net_shape *shape, const float *params,
                       int64_t rows, const float *x, float *const *act)
{
    forward_plan p;
    IPL_TRY(plan(state, shape, params, rows, x, &p));
#pragma omp parallel for schedule(dynamic, 1) num_threads(p.threads) if (p.threads > 1)
    for (int64_t b = 0; b < p.blocks; ++b) {
        const int64_t first = b * p.block;
        const int64_t count = rows - first < p.block ? rows - first : p.block;
        float *at[IPL_NET_LAYERS_MAX];
        for (int l = 0; l < shape->layers; ++l)
            at[l] = act[l] ? act[l] + first * shape->width[l + 1] : NULL;
        forward_block(&p, first, count, p.work + omp_get_thread_num() * p.work_floats,
                      at, NULL);
    }
    free(p.work);
    return IPL_OK;
}

/* Cross-entropy in nats from logits, without a probability that could round to 0. */
static double row_loss(const float *z, int32_t classes, int32_t label, int *hit)
{
    int32_t top = 0;
    double sum = 0.0;
    for (int32_t c = 1; c < classes; ++c)
        if (z[c] > z[top]) top = c;
    for (int32_t c = 0; c < classes; ++c) sum += exp((double)z[c] - z[top]);
    *hit = top == label;
    return log(sum) - ((double)z[label] - z[top]);
}

ipl_status cpu_evaluate(void *state, const ipl_net_shape *shape, const float *params,
                        int64_t rows, const float *x, const int32_t *y,
                        double *loss_nats, int64_t *correct)
{
    forward_plan p;
    IPL_TRY(plan(state, shape, params, rows, x, &p));
    const int32_t classes = shape->width[shape->layers];
    const int64_t logits_floats = p.block * classes;
    ipl_status st = IPL_OK;
    double *loss = malloc((size_t)p.blocks * sizeof *loss), sum = 0.0;
    int64_t *hits = malloc((size_t)p.blocks * sizeof *hits), hit_sum = 0;
    float *logits = malloc((size_t)(p.threads * logits_floats) * sizeof *logits);
    if (!loss || !hits || !logits) {
        st = IPL_FAIL(IPL_E_MEMORY, "evaluation of %lld rows", (long long)rows);
        goto done;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(p.threads) if (p.threads > 1)
    for (int64_t b = 0; b < p.blocks; ++b) {
        const int64_t first = b * p.block;
        const int64_t count = rows - first < p.block ? rows - first : p.block;
        float *z = logits + omp_get_thread_num() * logits_floats;
        forward_block(&p, first, count, p.work + omp_get_thread_num() * p.work_floats,
                      NULL, z);
        loss[b] = 0.0, hits[b] = 0;
        for (int64_t r = 0; r < count; ++r) {
            int hit;
            loss[b] += row_loss(z + r * classes, classes, y[first + r], &hit);
            hits[b] += hit;
        }
    }
    for (int64_t b = 0; b < p.blocks; ++b) sum += loss[b], hit_sum += hits[b];
    if (!isfinite(sum)) {
        st = IPL_FAIL(IPL_E_NUMERIC, "the loss over %lld rows is %g", (long long)rows,
                      sum);
        goto done;
    }
    *loss_nats = sum / (double)rows;
    *correct = hit_sum;
done:
    free(loss);
    free(hits);
    free(logits);
    free(p.work);
    return st;
}
