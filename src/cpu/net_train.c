/*
 * net_train.c - training on the host.
 *
 * Replicas share nothing, so threads take whole replicas when there are several; a
 * single replica's step is shared among the threads instead (tiny networks: fixed
 * groups of rows; others: tiles of the products). Never both at once, and neither
 * changes a bit. All memory is taken when the trainer is made, but for the sums of
 * gradient statistics, taken when they are first wanted.
 */
#include "cpu/net_cpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "cpu/net_wide.h"

/* A batch of a tiny network is cut into at most GROUPS groups of whole chunks, at
 * least GROUP_ROWS rows each: their gradients are summed in order. */
enum { GROUPS = 16, GROUP_ROWS = 4 * TINY_CHUNK };

/* What one thread needs to train a replica. */
typedef struct {
    float  *work;      /* [areas][work_floats]                                   */
    float  *grad;      /* [groups][parameters]                                   */
    double *mean, *m2; /* [parameters]: of the gradients of a call (Welford)     */
} worker;

typedef struct {
    ipl_net_shape      shape;
    ipl_train_options  options;
    const net_kernels *k;
    int                replicas, threads, workers, tiny;
    int64_t            rows, steps, parameters, state_floats; /* a replica       */
    const float       *x;
    const int32_t     *y;
    float             *state; /* [replicas][state_floats]                        */
    int64_t            work_floats, grad_floats;
    int                groups; /* for a full batch                               */
    int                areas;  /* of work: one a group that may run at once      */
    float             *memory; /* all workers' work and grad                     */
    double            *moments; /* all workers' mean and m2, or NULL             */
    ipl_gradient_stats *stats;  /* [replicas][layers] until the call succeeds    */
    worker             worker[];
} cpu_trainer;

const net_kernels *net_kernels_of(const cpu_state *cpu)
{
#if defined(__x86_64__)
    if (cpu->isa == CPU_AVX512) return &net_kernels_avx512;
    if (cpu->isa == CPU_AVX2) return &net_kernels_avx2;
#endif
    (void)cpu;
    return &net_kernels_portable;
}

int net_is_tiny(const ipl_net_shape *shape)
{
    for (int l = 0; l <= shape->layers; ++l)
        if (shape->width[l] > TINY_WIDTH) return 0;
    return 1;
}

/* -- Life ------------------------------------------------------------------------ */

static int64_t whole_lines(int64_t floats)
{
    const int64_t line = CPU_ALIGN / sizeof(float);
    return ceil_div(floats, line) * line;
}

static int groups_of(int64_t batch)
{
    const int64_t groups = batch / GROUP_ROWS;
    return groups < 1 ? 1 : groups > GROUPS ? GROUPS : (int)groups;
}

/* All but memory and data. */
static void size_up(const cpu_state *cpu, const ipl_net_shape *shape,
                    const ipl_train_options *options, int replicas, cpu_trainer *t)
{
    static const int slots[IPL_OPTIMIZER_COUNT] = {
        [IPL_SGD] = 0, [IPL_MOMENTUM] = 1, [IPL_ADAM] = 2};
    t->shape = *shape;
    t->options = *options;
    t->k = net_kernels_of(cpu);
    t->replicas = replicas;
    t->threads = cpu->threads;
    t->workers = replicas < cpu->threads ? replicas : cpu->threads;
    t->tiny = net_is_tiny(shape);
    t->parameters = ipl_net_parameters(shape);
    t->state_floats = t->parameters * (1 + slots[options->optimizer]);

    /* Batches may be longer than the rows: an order may name a row twice. */
    const int64_t batch = options->batch ? options->batch : INT64_MAX;
    t->groups = t->tiny ? groups_of(batch) : 1;
    const int64_t work = t->tiny ? tiny_work_floats(shape)
                                 : wide_work_floats(shape, batch < WIDE_CHUNK
                                                               ? batch : WIDE_CHUNK, 1);
    t->work_floats = whole_lines(work);
    t->grad_floats = whole_lines(t->parameters);
    t->areas = replicas > 1 || cpu->threads == 1 ? 1 : t->groups;
}

static int64_t worker_floats(const cpu_trainer *t)
{
    return t->areas * t->work_floats + t->groups * t->grad_floats;
}

static size_t moment_bytes(const cpu_trainer *t)
{
    return (size_t)(2 * t->parameters * t->workers) * sizeof *t->moments;
}

size_t cpu_trainer_bytes(void *state, const ipl_net_shape *shape,
                         const ipl_train_options *options, int replicas, int64_t rows)
{
    cpu_trainer t = {0};
    (void)rows;
    size_up(state, shape, options, replicas, &t);
    return (size_t)(worker_floats(&t) * t.workers) * sizeof *t.memory +
           (size_t)(replicas * t.state_floats) * sizeof *t.state + moment_bytes(&t);
}

ipl_status cpu_trainer_create(void *state, const ipl_net_shape *shape,
                              const ipl_train_options *options, int replicas,
                              int64_t rows, const float *x, const int32_t *y,
                              void **out)
{
    const cpu_state *cpu = state;
    const int workers = replicas < cpu->threads ? replicas : cpu->threads;
    cpu_trainer *t = calloc(1, sizeof *t + (size_t)workers * sizeof *t->worker);
    if (!t) return IPL_FAIL(IPL_E_MEMORY, "a trainer of %d workers", workers);
    size_up(cpu, shape, options, replicas, t);
    t->rows = rows;
    t->x = x;
    t->y = y;
    const int64_t each = worker_floats(t);
    const size_t bytes = (size_t)(each * workers) * sizeof *t->memory;
    t->memory = aligned_alloc(CPU_ALIGN, bytes);
    t->state = calloc((size_t)(replicas * t->state_floats), sizeof *t->state);
    t->stats = malloc((size_t)(replicas * shape->layers) * sizeof *t->stats);
    if (!t->memory || !t->state || !t->stats) {
        cpu_trainer_destroy(state, t);
        return IPL_FAIL(IPL_E_MEMORY,
                        "training %d replicas of %lld parameters: %zu bytes of work",
                        replicas, (long long)ipl_net_parameters(shape), bytes);
    }
    for (int w = 0; w < workers; ++w) {
        t->worker[w].work = t->memory + each * w;
        t->worker[w].grad = t->worker[w].work + t->areas * t->work_floats;
    }
    *out = t;
    return IPL_OK;
}

void cpu_trainer_destroy(void *state, void *trainer)
{
    cpu_trainer *t = trainer;
    (void)state;
    free(t->memory);
    free(t->moments);
    free(t->state);
    free(t->stats);
    free(t);
}

ipl_status cpu_trainer_write(void *state, void *trainer, const float *values,
                             int64_t steps)
{
    cpu_trainer *t = trainer;
    (void)state;
    memcpy(t->state, values, (size_t)(t->replicas * t->state_floats) * sizeof *values);
    t->steps = steps;
    return IPL_OK;
}

ipl_status cpu_trainer_read(void *state, void *trainer, float *values, int64_t *steps)
{
    const cpu_trainer *t = trainer;
    (void)state;
    memcpy(values, t->state, (size_t)(t->replicas * t->state_floats) * sizeof *values);
    *steps = t->steps;
    return IPL_OK;
}

ipl_status cpu_trainer_snapshot(void *state, void *trainer, int replica, float *params)
{
    const cpu_trainer *t = trainer;
    (void)state;
    memcpy(params, t->state + replica * t->state_floats,
           (size_t)t->parameters * sizeof *params);
    return IPL_OK;
}

/* -- One step -------------------------------------------------------------------- */

static void tiny_group(const cpu_trainer *t, const worker *w, const float *params,
                       const int32_t *row, int64_t count, int groups, int g)
{
    const int64_t chunks = ceil_div(count, TINY_CHUNK);
    const int64_t from = chunks * g / groups * TINY_CHUNK;
    const int64_t end = chunks * (g + 1) / groups * TINY_CHUNK;
    float *grad = w->grad + g * t->grad_floats;
    memset(grad, 0, (size_t)t->parameters * sizeof *grad);
    t->k->tiny_gradient(&t->shape, params, t->x, t->y, row + from,
                        (end < count ? end : count) - from,
                        (float)(1.0 / (double)count), w->work + g % t->areas * t->work_floats,
                        grad);
}

/* grad[0 .. parameters): the mean gradient over `count` rows. */
static void tiny_batch(const cpu_trainer *t, int threads, const worker *w,
                       const float *params, const int32_t *row, int64_t count)
{
    const int groups = groups_of(count);
    /* Even a parallel region of one thread costs half a step here. */
    if (threads > 1 && groups > 1) {
#pragma omp parallel for schedule(static, 1) num_threads(threads)
        for (int g = 0; g < groups; ++g)
            tiny_group(t, w, params, row, count, groups, g);
    } else {
        for (int g = 0; g < groups; ++g)
            tiny_group(t, w, params, row, count, groups, g);
    }
    for (int g = 1; g < groups; ++g)
        for (int64_t i = 0; i < t->parameters; ++i)
            w->grad[i] += w->grad[g * t->grad_floats + i];
}

/* The scalars of step number `step`, counted from 1. */
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

static void update(const cpu_trainer *t, int threads, const net_step *step,
                   const float *grad, float *params)
{
    const float decay = (float)t->options.weight_decay;
    if (t->parameters <= UPDATE_BLOCK && decay == 0.0f) {
        update_span(t, step, 0.0f, grad, params, 0, t->parameters);
        return;
    }
    for (int l = 1; l <= t->shape.layers; ++l) {
        const int64_t from = ipl_net_weight_at(&t->shape, l);
        const int64_t bias = ipl_net_bias_at(&t->shape, l);
        if (threads > 1 && bias - from > UPDATE_BLOCK) {
#pragma omp parallel for schedule(static) num_threads(threads)
            for (int64_t at = from; at < bias; at += UPDATE_BLOCK)
                update_span(t, step, decay, grad, params, at,
                            bias - at < UPDATE_BLOCK ? bias - at : UPDATE_BLOCK);
        } else {
            update_span(t, step, decay, grad, params, from, bias - from);
        }
        update_span(t, step, 0.0f, grad, params, bias, t->shape.width[l]);
    }
}

/* -- Statistics ------------------------------------------------------------------ */

/* Adds the b-th gradient (from 1) to running means and squared deviations. */
static void add_moments(const worker *w, int64_t parameters, int64_t b)
{
    for (int64_t i = 0; i < parameters; ++i) {
        const double off = w->grad[i] - w->mean[i];
        w->mean[i] += off / (double)b;
        w->m2[i] += off * (w->grad[i] - w->mean[i]);
    }
}

static void finish_moments(const cpu_trainer *t, const worker *w, int64_t batches,
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

static ipl_status want_moments(cpu_trainer *t)
{
    if (t->moments) return IPL_OK;
    const size_t bytes = moment_bytes(t);
    t->moments = malloc(bytes);
    if (!t->moments)
        return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for gradient statistics", bytes);
    for (int w = 0; w < t->workers; ++w) {
        t->worker[w].mean = t->moments + 2 * t->parameters * w;
        t->worker[w].m2 = t->worker[w].mean + t->parameters;
    }
    return IPL_OK;
}

/* -- A call ---------------------------------------------------------------------- */

static void train_replica(cpu_trainer *t, int threads, int at, int r, int64_t count,
                          const int32_t *order, int with_stats)
{
    const worker *w = &t->worker[at];
    const int64_t batch = t->options.batch ? t->options.batch : count;
    float *params = t->state + r * t->state_floats;
    order += r * count;
    if (with_stats) memset(w->mean, 0, (size_t)(2 * t->parameters) * sizeof *w->mean);
    int64_t b = 0;
    for (int64_t from = 0; from < count; from += batch) {
        const int64_t rows = count - from < batch ? count - from : batch;
        const net_step step = step_of(&t->options, t->steps + ++b);
        if (t->tiny)
            tiny_batch(t, threads, w, params, order + from, rows);
        else
            wide_gradient(t->k, threads, &t->shape, params, t->x, t->y, order + from,
                          rows, (float)(1.0 / (double)rows), w->work, w->grad);
        if (with_stats) add_moments(w, t->parameters, b);
        update(t, threads, &step, w->grad, params);
    }
    if (with_stats) finish_moments(t, w, b, t->stats + r * t->shape.layers);
}

static int all_finite(const float *value, int64_t count)
{
    uint32_t bad = 0;
    for (int64_t i = 0; i < count; ++i) {
        uint32_t bits;
        memcpy(&bits, value + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

static ipl_status check_parameters(const cpu_trainer *t)
{
    for (int r = 0; r < t->replicas; ++r) {
        const float *params = t->state + r * t->state_floats;
        if (all_finite(params, t->parameters)) continue;
        int layer = 1;
        while (all_finite(params + ipl_net_weight_at(&t->shape, layer),
                          ipl_net_weight_at(&t->shape, layer + 1) -
                              ipl_net_weight_at(&t->shape, layer)))
            ++layer;
        return IPL_FAIL(IPL_E_NUMERIC,
                        "layer %d of replica %d has parameters that are not finite "
                        "after %lld steps", layer, r, (long long)t->steps);
    }
    return IPL_OK;
}

ipl_status cpu_trainer_train(void *state, void *trainer, int64_t count,
                             const int32_t *order, ipl_gradient_stats *stats)
{
    cpu_trainer *t = trainer;
    const cpu_state *cpu = state;
    if (stats) IPL_TRY(want_moments(t));
    /* They may be fewer than when the trainer was made. */
    const int now = cpu_threads(cpu), threads = t->threads < now ? t->threads : now;
    const int workers = t->workers < threads ? t->workers : threads;
    if (workers > 1) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers)
        for (int r = 0; r < t->replicas; ++r)
            train_replica(t, 1, omp_get_thread_num(), r, count, order, stats != NULL);
    } else {
        for (int r = 0; r < t->replicas; ++r)
            train_replica(t, t->replicas > 1 ? 1 : threads, 0, r, count, order,
                          stats != NULL);
    }
    t->steps += t->options.batch ? ceil_div(count, t->options.batch) : 1;
    IPL_TRY(check_parameters(t));
    if (stats)
        memcpy(stats, t->stats,
               (size_t)(t->replicas * t->shape.layers) * sizeof *stats);
    return IPL_OK;
}
