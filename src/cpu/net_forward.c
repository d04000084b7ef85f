/*
 * net_forward.c - a network's activations over many rows.
 *
 * Threads share fixed blocks of rows. A block's numbers do not depend on the others.
 */
#include <stdlib.h>

#include <omp.h>

#include "cpu/net_forward.h"
#include "cpu/net_wide.h"

/* A caller's blocks of rows are cut into the same blocks here as all rows at once. */
_Static_assert(IPL_NET_FORWARD_ROWS % TINY_CHUNK == 0 &&
                   IPL_NET_FORWARD_ROWS % (WIDE_CHUNK / 2) == 0,
               "blocks of IPL_NET_FORWARD_ROWS are whole blocks");

net_forward net_forward_size(const cpu_state *cpu, const ipl_net_shape *shape,
                             int64_t rows)
{
    const int tiny = net_is_tiny(shape);
    net_forward p = {.k = net_kernels_of(cpu), .shape = shape, .rows = rows};
    p.tiny = tiny;
    p.block = tiny ? TINY_CHUNK : WIDE_CHUNK / 2;
    p.blocks = ceil_div(rows, p.block);
    const int threads = cpu_threads(cpu);
    p.threads = p.blocks < threads ? (int)p.blocks : threads;
    p.work_floats = tiny ? tiny_work_floats(shape)
                         : wide_work_floats(p.k, shape, p.block, 0);
    const int64_t line = CPU_ALIGN / sizeof(float);
    p.work_floats = ceil_div(p.work_floats, line) * line;
    return p;
}

ipl_status net_forward_plan(const cpu_state *cpu, const ipl_net_shape *shape,
                            const float *params, int64_t rows, const float *x,
                            net_forward *out)
{
    net_forward p = net_forward_size(cpu, shape, rows);
    p.params = params;
    p.x = x;
    const size_t bytes = (size_t)(p.work_floats * p.threads) * sizeof(float);
    p.work = aligned_alloc(CPU_ALIGN, bytes);
    if (!p.work) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a forward pass", bytes);
    *out = p;
    return IPL_OK;
}

void net_forward_block(const net_forward *p, int64_t first, int64_t count,
                       float *const *act, float *logits)
{
    float *work = p->work + omp_get_thread_num() * p->work_floats;
    const float *x = p->x + first * p->shape->width[0];
    if (p->tiny)
        p->k->tiny_forward(p->shape, p->params, x, count, work, act, logits);
    else
        wide_forward(p->k, p->shape, p->params, x, count, work, act, logits);
}

/* act[l - 1] + before: where layer l goes. */
static ipl_status forward_one(const cpu_state *cpu, const ipl_net_shape *shape,
                              const float *params, int64_t rows, const float *x,
                              float *const *act, int64_t before)
{
    net_forward p;
    IPL_TRY(net_forward_plan(cpu, shape, params, rows, x, &p));
#pragma omp parallel for schedule(dynamic, 1) num_threads(p.threads) if (p.threads > 1)
    for (int64_t b = 0; b < p.blocks; ++b) {
        const int64_t first = b * p.block;
        const int64_t count = rows - first < p.block ? rows - first : p.block;
        float *at[IPL_NET_LAYERS_MAX];
        for (int l = 0; l < shape->layers; ++l)
            at[l] = act[l] ? act[l] + before + first * shape->width[l + 1] : NULL;
        net_forward_block(&p, first, count, at, NULL);
    }
    free(p.work);
    return IPL_OK;
}

ipl_status cpu_forward(void *state, const ipl_net_shape *shape, int networks,
                       const float *const *params, int64_t rows, const float *x,
                       float *const *act, int64_t apart)
{
    for (int k = 0; k < networks; ++k)
        IPL_TRY(forward_one(state, shape, params[k], rows, x, act, k * apart));
    return IPL_OK;
}
