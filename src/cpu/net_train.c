/*
 * net_train.c - trainers: their memory, a batch's gradient, and a call of training.
 *
 * Replicas share nothing, so threads take replicas when there are several; where these
 * are more than the threads, parts of their batches, else threads would wait for that
 * with the last replica. A single replica's step is shared among the threads instead
 * (tiny networks: fixed groups of rows; others: tiles of the products). Never both at
 * once, and neither changes a bit. All memory is taken when the trainer is made, but
 * for the sums of gradient statistics, taken when they are first wanted.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "cpu/net_update.h"
#include "cpu/net_wide.h"

/* A batch of a tiny network is cut into at most GROUPS groups of whole chunks, at
 * least GROUP_ROWS rows each: their gradients are summed in order. */
enum { GROUPS = 16, GROUP_ROWS = 4 * TINY_CHUNK };

enum { PARTS = 4 }; /* at most, of a replica's batches in a call */

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
    const int64_t chunk = batch < WIDE_CHUNK ? batch : WIDE_CHUNK;
    const int64_t work = t->tiny ? tiny_work_floats(shape)
                                 : wide_work_floats(t->k, shape, chunk, 1);
    t->work_floats = whole_lines(work);
    t->grad_floats = whole_lines(t->parameters);
    t->areas = replicas > 1 || cpu->threads == 1 ? 1 : t->groups;
    t->shares = net_update_shares(t->k, shape);
    t->moment_doubles = t->parameters + shape->layers + t->shares;
}

static int64_t worker_floats(const cpu_trainer *t)
{
    return t->areas * t->work_floats + t->groups * t->grad_floats;
}

static size_t moment_bytes(const cpu_trainer *t)
{
    return (size_t)(t->moment_doubles * t->workers) * sizeof *t->moments;
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
    t->sparse = !t->tiny && wide_is_sparse(t->k, shape, x, rows);
    const int64_t each = worker_floats(t);
    const size_t bytes = (size_t)(each * workers) * sizeof *t->memory;
    t->memory = aligned_alloc(CPU_ALIGN, bytes);
    t->state = calloc((size_t)(replicas * t->state_floats), sizeof *t->state);
    t->stats = malloc((size_t)(replicas * shape->layers) * sizeof *t->stats);
    t->done = malloc((size_t)replicas * sizeof *t->done);
    if (!t->memory || !t->state || !t->stats || !t->done) {
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
    free(t->done);
    free(t);
}

/* -- A call ---------------------------------------------------------------------- */

static void tiny_group(const cpu_trainer *t, const net_worker *w, const float *params,
                       const int32_t *row, int64_t count, int groups, int g)
{
    const int64_t chunks = ceil_div(count, TINY_CHUNK);
    const int64_t from = chunks * g / groups * TINY_CHUNK;
    const int64_t end = chunks * (g + 1) / groups * TINY_CHUNK;
    float *grad = w->grad + g * t->grad_floats;
    float *work = w->work + g % t->areas * t->work_floats;
    memset(grad, 0, (size_t)t->parameters * sizeof *grad);
    t->k->tiny_gradient(&t->shape, params, t->x, t->y, row + from,
                        (end < count ? end : count) - from,
                        (float)(1.0 / (double)count), work, grad);
}

/* grad[0 .. parameters): the mean gradient over `count` rows. */
static void tiny_batch(const cpu_trainer *t, int threads, const net_worker *w,
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

static ipl_status want_moments(cpu_trainer *t)
{
    if (t->moments) return IPL_OK;
    const size_t bytes = moment_bytes(t);
    t->moments = malloc(bytes);
    if (!t->moments)
        return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for gradient statistics", bytes);
    for (int w = 0; w < t->workers; ++w) {
        t->worker[w].mean = t->moments + t->moment_doubles * w;
        t->worker[w].spread = t->worker[w].mean + t->parameters;
        t->worker[w].share = t->worker[w].spread + t->shape.layers;
    }
    return IPL_OK;
}

/* What a call has to do for each replica. */
typedef struct {
    int64_t        rows, batch, batches;
    const int32_t *order;
    int            with_stats;
} training_call;

/* Batches begin .. end - 1 of replica r, by `threads` threads with worker `at`. */
static void train_replica(cpu_trainer *t, const training_call *c, int threads, int at,
                          int r, int64_t begin, int64_t end)
{
    const net_worker *w = &t->worker[at];
    const int32_t *order = c->order + r * c->rows;
    float *params = t->state + r * t->state_floats;
    if (c->with_stats) memset(w->mean, 0, (size_t)t->moment_doubles * sizeof *w->mean);
    for (int64_t b = begin; b < end; ++b) {
        const int64_t from = b * c->batch, left = c->rows - from;
        const int64_t rows = left < c->batch ? left : c->batch;
        net_update u = net_update_begin(t, w, params, b + 1, c->with_stats);
        int given = 0;
        if (t->tiny) {
            tiny_batch(t, threads, w, params, order + from, rows);
        } else {
            const wide_batch of = {t->x, t->y, order + from, rows, t->sparse};
            const wide_taker taker = {net_update_take, &u};
            given = wide_gradient(t->k, threads, &t->shape, params, &of, w->work,
                                  w->grad, &taker);
        }
        net_update_end(&u, threads, given);
    }
    if (c->with_stats) net_gradient_stats(t, w, end, t->stats + r * t->shape.layers);
}

/* All replicas, by threads that take parts of them: all first parts, then all second
 * ones. Tasks are given out in order, so that the part before is done or under way. */
static void train_parts(cpu_trainer *t, const training_call *c, int workers)
{
    const int most = c->batches < PARTS ? (int)c->batches : PARTS;
    const int parts = c->with_stats || t->replicas <= workers ? 1 : most;
    for (int r = 0; r < t->replicas; ++r) atomic_init(&t->done[r], 0);
#pragma omp parallel for schedule(monotonic : dynamic, 1) num_threads(workers)
    for (int task = 0; task < parts * t->replicas; ++task) {
        const int part = task / t->replicas, r = task % t->replicas;
        while (atomic_load_explicit(&t->done[r], memory_order_acquire) < part)
            sched_yield();
        train_replica(t, c, 1, omp_get_thread_num(), r, c->batches * part / parts,
                      c->batches * (part + 1) / parts);
        atomic_store_explicit(&t->done[r], part + 1, memory_order_release);
    }
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
    const int64_t batch = t->options.batch ? t->options.batch : count;
    const training_call c = {count, batch, ceil_div(count, batch), order,
                             stats != NULL};
    if (workers > 1) {
        train_parts(t, &c, workers);
    } else {
        for (int r = 0; r < t->replicas; ++r)
            train_replica(t, &c, t->replicas > 1 ? 1 : threads, 0, r, 0, c.batches);
    }
    t->steps += c.batches;
    IPL_TRY(cpu_trainer_check(t));
    if (stats)
        memcpy(stats, t->stats,
               (size_t)(t->replicas * t->shape.layers) * sizeof *stats);
    return IPL_OK;
}
