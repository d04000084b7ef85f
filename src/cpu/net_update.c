/*
 * net_update.c - the optimiser's step, and gradient statistics.
 *
 * Numerics: an element's step depends on that element alone. Statistics are in double,
 * by Welford's update, so that equal gradients deviate by exactly 0. Of a layer's
 * squared deviations only the sum is kept: by shares, cut by the shape alone and added
 * in their order.
 *
 * Traffic: a parameter's mean is 16 bytes to read and write, four times its step's;
 * therefore its square has no sum of its own.
 */
#include "cpu/net_update.h"

#include <math.h>
#include <string.h>

#include "cpu/net_wide.h"

/* The scalars of a step. */
static net_step step_of(const ipl_train_options *o, int64_t step)
{
    return (net_step){
        .optimizer = o->optimizer,
        .rate = (float)o->learning_rate,
        .momentum = (float)o->momentum,
        .beta1 = (float)o->beta1,
        .beta2 = (float)o->beta2,
        .epsilon = (float)o->epsilon,
        .rest1 = (float)(1.0 - o->beta1),
        .rest2 = (float)(1.0 - o->beta2),
        .rate_m = (float)(o->learning_rate / (1.0 - pow(o->beta1, (double)step))),
        .scale_v = (float)(1.0 / (1.0 - pow(o->beta2, (double)step))),
    };
}

net_update net_update_begin(const cpu_trainer *t, const net_worker *w, float *params,
                            int64_t batch, int with_stats)
{
    const net_update u = {.t = t, .w = w, .params = params,
                          .batch = with_stats ? batch : 0,
                          .step = step_of(&t->options, t->steps + batch)};
    if (with_stats) memset(w->share, 0, (size_t)t->shares * sizeof *w->share);
    return u;
}

/* One step on parameters at .. at + count, whose gradient is `grad`. */
static void update_span(const net_update *u, float decay, int64_t at, int64_t count,
                        const float *grad)
{
    const cpu_trainer *t = u->t;
    float *to = u->params + at;
    float *m = u->step.optimizer == IPL_SGD ? NULL : to + t->parameters;
    float *v = u->step.optimizer == IPL_ADAM ? m + t->parameters : NULL;
    t->k->optimise(&u->step, count, decay, grad, to, m, v);
}

void net_update_take(void *on, int64_t share, int64_t at, int64_t count,
                     const float *grad)
{
    const net_update *u = on;
    if (u->batch)
        u->w->share[share] += u->t->k->add_moments(count, u->batch, grad,
                                                   u->w->mean + at);
    update_span(u, (float)u->t->options.weight_decay, at, count, grad);
}

/* Elements of a share: what a thread takes at once, when an update is worth sharing. */
enum { UPDATE_BLOCK = 1 << 16 };

int64_t net_update_shares(const net_kernels *k, const ipl_net_shape *shape)
{
    int64_t most = wide_shares(k, shape);
    for (int l = 1; l <= shape->layers; ++l) {
        const int64_t weights = (int64_t)shape->width[l - 1] * shape->width[l];
        const int64_t blocks = ceil_div(weights, UPDATE_BLOCK);
        if (blocks > most) most = blocks;
    }
    return most;
}

/* Adds the shares of layer l to its spread. */
static void add_shares(const net_update *u, int l)
{
    for (int64_t s = 0; s < u->t->shares; ++s) u->w->spread[l - 1] += u->w->share[s];
    memset(u->w->share, 0, (size_t)u->t->shares * sizeof *u->w->share);
}

static void take_block(const net_update *u, int64_t from, int64_t end, int64_t block)
{
    const int64_t at = from + block * UPDATE_BLOCK, left = end - at;
    net_update_take((void *)u, block, at, left < UPDATE_BLOCK ? left : UPDATE_BLOCK,
                    u->w->grad + at);
}

void net_update_end(const net_update *u, int threads, int given)
{
    const cpu_trainer *t = u->t;
    if (t->parameters <= UPDATE_BLOCK && t->options.weight_decay == 0.0 && !u->batch &&
        !given) {
        update_span(u, 0.0f, 0, t->parameters, u->w->grad);
        return;
    }
    for (int l = 1; l <= t->shape.layers; ++l) {
        const int64_t from = ipl_net_weight_at(&t->shape, l);
        const int64_t bias = ipl_net_bias_at(&t->shape, l);
        const int64_t left = given && l == 1 ? 0 : bias - from;
        const int64_t blocks = ceil_div(left, UPDATE_BLOCK);
        if (threads > 1 && blocks > 1) {
#pragma omp parallel for schedule(static) num_threads(threads)
            for (int64_t b = 0; b < blocks; ++b) take_block(u, from, bias, b);
        } else {
            for (int64_t b = 0; b < blocks; ++b) take_block(u, from, bias, b);
        }
        if (u->batch) add_shares(u, l);
        update_span(u, 0.0f, bias, t->shape.width[l], u->w->grad + bias);
    }
}

void net_gradient_stats(const cpu_trainer *t, const net_worker *w, int64_t batches,
                        ipl_gradient_stats *stats)
{
    for (int l = 1; l <= t->shape.layers; ++l) {
        double mean = 0.0;
        for (int64_t i = ipl_net_weight_at(&t->shape, l);
             i < ipl_net_bias_at(&t->shape, l); ++i)
            mean += w->mean[i] * w->mean[i];
        stats[l - 1] = (ipl_gradient_stats){
            sqrt(mean), sqrt(w->spread[l - 1] / (double)batches)};
    }
}
