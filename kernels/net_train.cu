/*
 * net_train.cu - trainers: their memory, the plan of a call, and what may be asked.
 *
 * A call of trainer_train writes its plan (Adam's corrections and the order of rows)
 * to one of a few pinned buffers, from which the stream copies it; the caller may go on
 * and queue the next call. An order that did not change stays on the device, and in the
 * buffer that it came from. Only when all buffers are under way does it wait for the
 * oldest, and looks at the flag of non-finite parameters while there.
 */
#include "net_update.cuh"
#include "fork.h"

#include <stdlib.h>
#include <string.h>

net_layout ipl_cuda_net_layout(const ipl_net_shape *shape)
{
    net_layout out = {};
    out.layers = shape->layers;
    for (int l = 0; l <= shape->layers; ++l) {
        out.width[l] = shape->width[l];
        out.act[l] = (int)shape->act[l];
    }
    for (int l = 1; l <= shape->layers; ++l)
        out.at[l + 1] = out.at[l] + ((int64_t)out.width[l - 1] + 1) * out.width[l];
    return out;
}

int ipl_cuda_net_is_tiny(const net_layout *layout)
{
    for (int l = 0; l <= layout->layers; ++l)
        if (layout->width[l] > NET_TINY_WIDTH) return 0;
    return 1;
}

static net_rule rule_of(const ipl_train_options *o)
{
    net_rule rule = {};
    rule.optimizer = (int)o->optimizer;
    rule.rate = (float)o->learning_rate;
    rule.momentum = (float)o->momentum;
    rule.beta1 = (float)o->beta1;
    rule.beta2 = (float)o->beta2;
    rule.rest1 = (float)(1.0 - o->beta1);
    rule.rest2 = (float)(1.0 - o->beta2);
    rule.epsilon = (float)o->epsilon;
    rule.decay = (float)o->weight_decay;
    return rule;
}

static void free_plans(ipl_cuda_trainer *t)
{
    (void)cudaFree(t->plan);
    t->plan = NULL;
    for (char *&host : t->plan_host) {
        (void)cudaFreeHost(host);
        host = NULL;
    }
    t->plan_bytes = 0;
    t->order_host = NULL;
}

/* Allows a trainer that was only partly created. */
void ipl_cuda_trainer_destroy(void *state, void *trainer)
{
    ipl_cuda *dev = (ipl_cuda *)state;
    ipl_cuda_trainer *t = (ipl_cuda_trainer *)trainer;
    /* In a forked child all of it is the parent's, but for a little memory. */
    if (!t || ipl_fork_lost(IPL_FORK_CUDA)) return;
    (void)cudaSetDevice(dev->index);
    (void)cudaStreamSynchronize(dev->stream);
    for (ipl_cuda_trainer **at = &dev->trainers; *at; at = &(*at)->next)
        if (*at == t) {
            *at = t->next;
            break;
        }
    ipl_cuda_wide_destroy(t);
    free_plans(t);
    for (const cudaEvent_t sent : t->plan_sent)
        if (sent) (void)cudaEventDestroy(sent);
    (void)cudaFree(t->state);
    (void)cudaFree(t->bad);
    (void)cudaFreeHost(t->bad_seen);
    (void)cudaFree(t->welford);
    (void)cudaFree(t->stats);
    (void)cudaGetLastError(); /* a fault is reported by the next wait or entry */
    free(t);
}

/* All but memory and data. */
static ipl_cuda_trainer size_up(ipl_cuda *dev, const ipl_net_shape *shape,
                                const ipl_train_options *options, int replicas,
                                int64_t rows)
{
    ipl_cuda_trainer t = {};
    t.dev = dev;
    t.layout = ipl_cuda_net_layout(shape);
    t.rule = rule_of(options);
    t.rate = options->learning_rate;
    t.beta[0] = options->beta1;
    t.beta[1] = options->beta2;
    t.replicas = replicas;
    t.slots = (int)options->optimizer; /* SGD 0, MOMENTUM 1, ADAM 2 */
    t.rows = rows;
    t.parameters = t.layout.at[shape->layers + 1];
    t.stride = net_whole((1 + t.slots) * t.parameters);
    t.batch = options->batch ? options->batch : INT64_MAX;
    return t;
}

static size_t state_bytes(const ipl_cuda_trainer *t)
{
    return sizeof(float) * (size_t)(t->replicas * t->stride);
}

static size_t moment_bytes(const ipl_cuda_trainer *t)
{
    return sizeof *t->welford * (size_t)(t->replicas * t->parameters);
}

static size_t order_at(int64_t steps)
{
    return sizeof(net_plan) + sizeof(float2) * (size_t)steps;
}

static size_t plan_bytes(const ipl_cuda_trainer *t, int64_t count)
{
    const int64_t steps = ceil_div(count, t->batch < count ? t->batch : count);
    return order_at(steps) + sizeof(int32_t) * (size_t)(t->replicas * count);
}

size_t ipl_cuda_trainer_bytes(void *state, const ipl_net_shape *shape,
                              const ipl_train_options *options, int replicas,
                              int64_t rows)
{
    ipl_cuda *dev = (ipl_cuda *)state;
    const ipl_cuda_trainer t = size_up(dev, shape, options, replicas, rows);
    const int tiny = ipl_cuda_tiny_fits(dev, &t.layout, t.slots, t.batch);
    return state_bytes(&t) + sizeof *t.bad + plan_bytes(&t, rows) + moment_bytes(&t) +
           sizeof *t.stats * (size_t)(replicas * t.layout.layers) +
           (tiny ? 0 : ipl_cuda_wide_bytes(&t));
}

static ipl_status fill(ipl_cuda_trainer *t)
{
    ipl_cuda *dev = t->dev;
    void *at = NULL;
    const size_t bytes = state_bytes(t);
    IPL_TRY(ipl_cuda_alloc(dev, bytes, "parameters and moments", &at));
    t->state = (float *)at;
    IPL_TRY(ipl_cuda_alloc(dev, sizeof *t->bad, "a flag", &at));
    t->bad = (unsigned long long *)at;
    IPL_CUDA(dev, cudaMallocHost((void **)&t->bad_seen, sizeof *t->bad_seen));
    *t->bad_seen = NET_NO_BAD;
    for (cudaEvent_t &sent : t->plan_sent)
        IPL_CUDA(dev, cudaEventCreateWithFlags(&sent, cudaEventDisableTiming));
    IPL_CUDA(dev, cudaMemsetAsync(t->state, 0, bytes, dev->stream));
    IPL_CUDA(dev, cudaMemsetAsync(t->bad, 0xff, sizeof *t->bad, dev->stream));
    if (ipl_cuda_tiny_fits(dev, &t->layout, t->slots, t->batch)) return IPL_OK;
    return ipl_cuda_wide_create(t);
}

ipl_status ipl_cuda_trainer_create(void *state, const ipl_net_shape *shape,
                                   const ipl_train_options *options, int replicas,
                                   int64_t rows, const float *x, const int32_t *y,
                                   void **trainer)
{
    ipl_cuda *dev = NULL;
    IPL_TRY(ipl_cuda_use(state, &dev));
    IPL_REQUIRE(replicas <= REPLICAS_MAX, "%d replicas: a GPU trains up to %d at once",
                replicas, REPLICAS_MAX);
    IPL_TRY(ipl_cuda_goes_first(dev));
    ipl_cuda_trainer *t = (ipl_cuda_trainer *)calloc(1, sizeof *t);
    if (!t) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a trainer", sizeof *t);
    *t = size_up(dev, shape, options, replicas, rows);
    t->x = x;
    t->y = y;
    const ipl_status st = fill(t);
    if (st != IPL_OK) {
        ipl_cuda_trainer_destroy(dev, t);
        return st;
    }
    t->next = dev->trainers;
    dev->trainers = t;
    *trainer = t;
    return IPL_OK;
}

/* Room for plans of `bytes`; grows once in a run that trains whole epochs. */
static ipl_status plan_room(ipl_cuda_trainer *t, size_t bytes)
{
    if (bytes <= t->plan_bytes) return IPL_OK;
    void *at = NULL;
    IPL_TRY(ipl_cuda_wait(t->dev));
    if (t->wide) ipl_cuda_wide_forget(t);
    free_plans(t);
    IPL_TRY(ipl_cuda_alloc(t->dev, bytes, "the order of rows", &at));
    t->plan = (char *)at;
    for (char *&host : t->plan_host)
        IPL_CUDA(t->dev, cudaMallocHost((void **)&host, bytes));
    t->plan_bytes = bytes;
    return IPL_OK;
}

/* Writes the plan of a call and queues its copy. */
static ipl_status send_plan(ipl_cuda_trainer *t, int64_t count, const int32_t *order,
                            net_call *call)
{
    ipl_cuda *dev = t->dev;
    call->count = count;
    call->batch = t->batch < count ? t->batch : count;
    call->steps = ceil_div(count, call->batch);
    const size_t at = order_at(call->steps), bytes = plan_bytes(t, count);
    IPL_TRY(plan_room(t, bytes));

    const unsigned slot = t->plans % PLANS;
    if (t->plans >= PLANS) { /* its last copy, and all training before that */
        IPL_CUDA(dev, cudaEventSynchronize(t->plan_sent[slot]));
        IPL_TRY(ipl_cuda_trainer_check(t));
    }
    char *host = t->plan_host[slot];
    net_plan *plan = (net_plan *)host;
    float2 *scale = (float2 *)(plan + 1);
    plan->first_step = t->steps;
    plan->done = 0;
    for (int64_t s = 0; s < call->steps; ++s) {
        const double taken = (double)(t->steps + s + 1);
        scale[s].x = (float)(t->rate / (1.0 - pow(t->beta[0], taken)));
        scale[s].y = (float)(1.0 / (1.0 - pow(t->beta[1], taken)));
    }
    const bool same = t->order_host && t->order_count == count &&
                      !memcmp(t->order_host, order, bytes - at);
    if (!same) {
        t->order_host = NULL;
        memcpy(host + at, order, bytes - at);
    }
    IPL_CUDA(dev, cudaMemcpyAsync(t->plan, host, same ? at : bytes,
                                  cudaMemcpyHostToDevice, dev->stream));
    if (!same) t->order_host = host + at;
    t->order_count = count;
    IPL_CUDA(dev, cudaEventRecord(t->plan_sent[slot], dev->stream));
    ++t->plans;
    call->plan = (net_plan *)t->plan;
    call->scale = (const float2 *)(call->plan + 1);
    call->order = (const int32_t *)(t->plan + at);
    return IPL_OK;
}

/* Memory for the moments of gradients, made when statistics are first wanted. */
static ipl_status begin_stats(ipl_cuda_trainer *t)
{
    const size_t bytes = moment_bytes(t);
    if (!t->welford) {
        void *at = NULL;
        IPL_TRY(ipl_cuda_alloc(t->dev, bytes, "gradient statistics", &at));
        t->welford = (double2 *)at;
    }
    if (!t->stats) {
        void *at = NULL;
        IPL_TRY(ipl_cuda_alloc(t->dev,
                               sizeof *t->stats * t->replicas * t->layout.layers,
                               "gradient statistics", &at));
        t->stats = (ipl_gradient_stats *)at;
    }
    IPL_CUDA(t->dev, cudaMemsetAsync(t->welford, 0, bytes, t->dev->stream));
    return IPL_OK;
}

ipl_status ipl_cuda_trainer_train(void *state, void *trainer, int64_t count,
                                  const int32_t *order, ipl_gradient_stats *stats)
{
    ipl_cuda *dev = NULL;
    ipl_cuda_trainer *t = (ipl_cuda_trainer *)trainer;
    net_call call = {};
    IPL_TRY(ipl_cuda_use(state, &dev));
    if (stats) {
        IPL_TRY(begin_stats(t));
        call.welford = t->welford;
    }
    IPL_TRY(send_plan(t, count, order, &call));
    IPL_TRY(t->wide ? ipl_cuda_wide_train(t, &call) : ipl_cuda_tiny_train(t, &call));
    t->steps += call.steps;
    if (stats) IPL_TRY(ipl_cuda_gradient_stats(t, call.steps));
    IPL_CUDA(dev, cudaMemcpyAsync(t->bad_seen, t->bad, sizeof *t->bad,
                                  cudaMemcpyDeviceToHost, dev->stream));
    if (!stats) return IPL_OK;
    IPL_TRY(ipl_cuda_wait(dev));
    IPL_TRY(ipl_cuda_trainer_check(t));
    IPL_CUDA(dev, cudaMemcpyAsync(stats, t->stats,
                                  sizeof *stats * t->replicas * t->layout.layers,
                                  cudaMemcpyDeviceToHost, dev->stream));
    return ipl_cuda_wait(dev);
}
