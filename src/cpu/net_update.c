/*
 * net_update.c - the optimiser's step, and gradient statistics.
 *
 * Numerics: an element's step depends on that element alone. Statistics are in double,
 * by Welford's update, so that equal gradients deviate by exactly 0.
 */
#include "cpu/net_update.h"

#include <math.h>

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

/* One step on parameters from .. from + count of a replica's state. */
static void update_span(const cpu_trainer *t, const net_step *step, float decay,
                        const float *grad, float *params, int64_t from, int64_t count)
{
    float *m = step->optimizer == IPL_SGD ? NULL : params + t->parameters + from;
    float *v = step->optimizer == IPL_ADAM ? m + t->parameters : NULL;
    t->k->optimise(step, count, decay, grad + from, params + from, m, v);
}

/* Elements a thread takes at once, when an update is worth sharing. */
enum { UPDATE_BLOCK = 1 << 16 };

void net_take_step(const cpu_trainer *t, int threads, int64_t number, const float *grad,
                   float *params)
{
    const net_step step = step_of(&t->options, number);
    const float decay = (float)t->options.weight_decay;
    if (t->parameters <= UPDATE_BLOCK && decay == 0.0f) {
        update_span(t, &step, 0.0f, grad, params, 0, t->parameters);
        return;
    }
    for (int l = 1; l <= t->shape.layers; ++l) {
        const int64_t from = ipl_net_weight_at(&t->shape, l);
        const int64_t bias = ipl_net_bias_at(&t->shape, l);
        if (threads > 1 && bias - from > UPDATE_BLOCK) {
#pragma omp parallel for schedule(static) num_threads(threads)
            for (int64_t at = from; at < bias; at += UPDATE_BLOCK)
                update_span(t, &step, decay, grad, params, at,
                            bias - at < UPDATE_BLOCK ? bias - at : UPDATE_BLOCK);
        } else {
            update_span(t, &step, decay, grad, params, from, bias - from);
        }
        update_span(t, &step, 0.0f, grad, params, bias, t->shape.width[l]);
    }
}

void net_add_moments(const net_worker *w, int64_t parameters, int64_t b)
{
    for (int64_t i = 0; i < parameters; ++i) {
        const double off = w->grad[i] - w->mean[i];
        w->mean[i] += off / (double)b;
        w->m2[i] += off * (w->grad[i] - w->mean[i]);
    }
}

void net_gradient_stats(const cpu_trainer *t, const net_worker *w, int64_t batches,
                        ipl_gradient_stats *stats)
{
    for (int l = 1; l <= t->shape.layers; ++l) {
        double mean = 0.0, variance = 0.0;
        for (int64_t i = ipl_net_weight_at(&t->shape, l);
             i < ipl_net_bias_at(&t->shape, l); ++i) {
            mean += w->mean[i] * w->mean[i];
            variance += w->m2[i];
        }
        stats[l - 1] = (ipl_gradient_stats){sqrt(mean),
                                            sqrt(variance / (double)batches)};
    }
}
