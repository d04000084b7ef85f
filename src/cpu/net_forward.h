/*
 * net_forward.h - rows through a network, in blocks: net_forward.c.
 */
#ifndef NET_FORWARD_H
#define NET_FORWARD_H

#include "cpu/net_cpu.h"

typedef struct {
    const net_kernels   *k;
    const ipl_net_shape *shape;
    const float         *params, *x;
    int64_t              rows, block, blocks;
    int                  tiny, threads;
    int64_t              work_floats; /* a thread */
    float               *work;
} net_forward;

/* All but memory and data. */
net_forward net_forward_size(const cpu_state *cpu, const ipl_net_shape *shape,
                             int64_t rows);

/* With them; the caller frees out->work. E_MEMORY. */
ipl_status net_forward_plan(const cpu_state *cpu, const ipl_net_shape *shape,
                            const float *params, int64_t rows, const float *x,
                            net_forward *out);

/* Rows first .. first + count - 1, a block, in the work of the calling thread. act and
 * logits as in net_kernels.tiny_forward. */
void net_forward_block(const net_forward *p, int64_t first, int64_t count,
                       float *const *act, float *logits);

#endif
