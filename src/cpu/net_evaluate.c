/*
 * net_evaluate.c - loss and accuracy of networks on labelled rows, one by one.
 *
 * Threads share fixed blocks of rows, and sums over blocks are taken in their order.
 */
#include <math.h>
#include <stdlib.h>

#include <omp.h>

#include "cpu/net_forward.h"

size_t cpu_evaluate_bytes(void *state, const ipl_net_shape *shape, int networks,
                          int64_t rows)
{
    (void)networks;
    const net_forward p = net_forward_size(state, shape, rows);
    const int64_t logits = p.block * shape->width[shape->layers];
    return (size_t)(p.threads * (p.work_floats + logits)) * sizeof *p.work +
           (size_t)p.blocks * (sizeof(double) + sizeof(int64_t));
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

static ipl_status evaluate(void *state, const ipl_net_shape *shape, const float *params,
                           int64_t rows, const float *x, const int32_t *y,
                           double *loss_nats, int64_t *correct)
{
    net_forward p;
    IPL_TRY(net_forward_plan(state, shape, params, rows, x, &p));
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
        net_forward_block(&p, first, count, NULL, z);
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

ipl_status cpu_evaluate(void *state, const ipl_net_shape *shape, int networks,
                        const float *params, int64_t rows, const float *x,
                        const int32_t *y, double *loss_nats, int64_t *correct)
{
    const int64_t parameters = ipl_net_parameters(shape);
    for (int k = 0; k < networks; ++k)
        IPL_TRY(evaluate(state, shape, params + k * parameters, rows, x, y,
                         loss_nats + k, correct + k));
    return IPL_OK;
}
