/*
 * run_measure.c - measuring workers: what the policy asks for, several ticks at once.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plane/records.h"
#include "plane/run.h"

enum {
    AHEAD_MAX = 8,    /* ticks asked for before they are trained                 */
    WANTED_MAX = 512, /* and in all: the policy has the rest                     */
    POLL_MS = 100     /* progress is shown, and a stop seen, at least so often   */
};

/* -- Asking -----------------------------------------------------------------------*/

int run_needs_snapshot(const run *r, int64_t tick)
{
    if (ipl_policy_may_ask(r->policy, tick)) return 1;
    for (int64_t w = 0; w < r->wanted_count; ++w)
        if (r->wanted[w].tick == tick) return 1;
    return run_is_to_be_kept(r, tick);
}

static int keep_snapshot(void *user, int64_t tick)
{
    return run_needs_snapshot(user, tick);
}

static int keep_moment(void *user, int64_t tick)
{
    return ipl_policy_may_compare(((const run *)user)->policy, tick);
}

/* The points of this tick, which the policy gave out, are known: it may go on. */
static ipl_status settle(run *r, run_points *points)
{
    if (r->history)
        IPL_TRY(ipl_history_add(r->history, points->tick, run_layers(r, points)));
    IPL_TRY(ipl_policy_measured(r->policy, points->tick));
    points->told = 1;
    if (r->history) ipl_history_sweep(r->history, keep_moment, r);
    return IPL_OK;
}

static ipl_status want(run *r, int64_t tick)
{
    if (r->wanted_count == r->wanted_size) {
        const int64_t size = 2 * r->wanted_size + 64;
        run_wanted *more = realloc(r->wanted, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld ticks", (long long)size);
        r->wanted = more;
        r->wanted_size = size;
    }
    int64_t at = r->wanted_count++;
    for (; at > 0 && r->wanted[at - 1].tick > tick; --at)
        r->wanted[at] = r->wanted[at - 1];
    r->wanted[at] = (run_wanted){.tick = tick};
    return IPL_OK;
}

ipl_status run_check_kept(const run *r, int64_t tick)
{
    if (!r->e.kept || ipl_networks_hold(r->e.kept, tick)) return IPL_OK;
    const ipl_status st = ipl_networks_must_hold(r->e.kept, tick);
    return IPL_FAIL(st, "%s; measure.policy = kept measures those that were kept",
                    ipl_last_error_text());
}

ipl_status run_ask(run *r)
{
    for (;;) {
        int64_t ahead = r->wanted_count;
        while (ahead > 0 && r->wanted[ahead - 1].tick > r->trained) --ahead;
        if (r->wanted_count - ahead >= AHEAD_MAX || r->wanted_count >= WANTED_MAX)
            return IPL_OK;
        const int64_t tick = ipl_policy_next(r->policy);
        if (tick < 0) return IPL_OK;
        run_points *known = run_find_points(r, tick);
        IPL_TRY(run_check_kept(r, tick));
        if (known) IPL_TRY(settle(r, known));
        else IPL_TRY(want(r, tick));
    }
}

/* -- Workers ------------------------------------------------------------------------*/

struct run_worker {
    run          *r;
    ipl_device   *dev;
    int           own;     /* 1: opened for this worker                            */
    ipl_measurer *measurer;
    float        *params;  /* device, [ticks][replicas][parameters]              */
    float       **each;    /* [ticks][replicas]: parts of it                     */
    ipl_layer    *layer;   /* [ticks][replicas][layers]                          */
    int64_t      *tick;    /* [ticks]                                            */
    int           count;
};

static ipl_status worker_create(run *r, int number, run_worker *worker)
{
    const ipl_experiment *e = &r->e;
    const size_t replicas = (size_t)e->replicas, ticks = (size_t)r->memory.ticks;
    const size_t floats = replicas * (size_t)e->parameters;
    worker->r = r;
    worker->dev = e->dev;
    if (number) {
        IPL_TRY(ipl_device_open_again(e->dev, &worker->dev));
        worker->own = 1;
    }
    const ipl_measure_what what = ipl_experiment_what(e, &e->measured_y);
    IPL_TRY(ipl_measurer_create(worker->dev, &what, &worker->measurer));
    worker->each = malloc(ticks * replicas * sizeof *worker->each);
    worker->layer = malloc(ticks * (size_t)r->layers * sizeof *worker->layer);
    worker->tick = malloc(ticks * sizeof *worker->tick);
    if (!worker->each || !worker->layer || !worker->tick)
        return IPL_FAIL(IPL_E_MEMORY, "%zu ticks to measure", ticks);
    IPL_TRY(ipl_alloc(worker->dev, ticks * floats * sizeof *worker->params,
                      (void **)&worker->params));
    for (size_t k = 0; k < ticks * replicas; ++k)
        worker->each[k] = worker->params + k * (size_t)e->parameters;
    return IPL_OK;
}

ipl_status run_make_workers(run *r)
{
    r->worker = calloc((size_t)r->memory.workers, sizeof *r->worker);
    if (!r->worker) return IPL_FAIL(IPL_E_MEMORY, "%d workers", r->memory.workers);
    for (int k = 0; k < r->memory.workers; ++k)
        IPL_TRY(worker_create(r, k, r->worker + k));
    return IPL_OK;
}

void run_destroy_workers(run *r)
{
    for (int k = 0; r->worker && k < r->memory.workers; ++k) {
        run_worker *worker = r->worker + k;
        if (!worker->dev) continue;
        ipl_measurer_destroy(worker->measurer);
        ipl_free(worker->dev, worker->params);
        free(worker->each);
        free(worker->layer);
        free(worker->tick);
        if (worker->own) ipl_device_close(worker->dev);
    }
    free(r->worker);
    r->worker = NULL;
}

/* -- Measuring --------------------------------------------------------------------*/

/* The oldest ticks that are wanted, trained, and nobody's yet. run.lock is held. */
static void choose(run *r, run_worker *worker)
{
    worker->count = 0;
    for (int64_t w = 0; w < r->wanted_count && worker->count < r->memory.ticks &&
                        r->wanted[w].tick <= r->trained; ++w)
        if (!r->wanted[w].taken) {
            r->wanted[w].taken = 1;
            worker->tick[worker->count++] = r->wanted[w].tick;
        }
}

static void leave_all_but_one(run_worker *worker)
{
    run *r = worker->r;
    pthread_mutex_lock(&r->lock);
    for (int64_t w = 0; w < r->wanted_count; ++w)
        for (int k = 1; k < worker->count; ++k)
            if (r->wanted[w].tick == worker->tick[k]) r->wanted[w].taken = 0;
    pthread_mutex_unlock(&r->lock);
    worker->count = 1;
}

static ipl_status measure_ticks(run_worker *worker)
{
    const run *r = worker->r;
    const ipl_experiment *e = &r->e;
    const ipl_measure_way way = ipl_memory_way(&r->memory);
    const int64_t floats = e->replicas * e->parameters;
    for (int k = 0; k < worker->count; ++k)
        IPL_TRY(ipl_store_get(r->store, worker->tick[k], worker->dev,
                              worker->params + k * floats));
    return ipl_measure_networks(worker->measurer, &way, &e->shape, e->measured,
                                worker->count * e->replicas, worker->each,
                                worker->layer);
}

/* Makes the points of a worker's ticks part of the results. run.lock is held. */
static ipl_status file_ticks(run_worker *worker)
{
    run *r = worker->r;
    for (int k = 0; k < worker->count; ++k) {
        const ipl_layer *layer = worker->layer + k * r->layers;
        IPL_TRY(ipl_records_add_points(r->journal, RECORD_POINTS, worker->tick[k],
                                       r->layers, layer));
        IPL_TRY(run_keep_points(r, worker->tick[k], layer));
        IPL_TRY(settle(r, run_find_points(r, worker->tick[k])));
        ++r->now.measured;
    }
    int64_t kept = 0;
    for (int64_t w = 0; w < r->wanted_count; ++w) {
        const run_points *known = run_find_points(r, r->wanted[w].tick);
        if (!known || !known->told) r->wanted[kept++] = r->wanted[w];
    }
    r->wanted_count = kept;
    IPL_TRY(run_ask(r));
    ipl_store_sweep(r->store, keep_snapshot, r);
    return IPL_OK;
}

/* -- Rounds -----------------------------------------------------------------------*/

/* Rows to the files, news to the caller. run.lock is held, but not while calling. */
static ipl_status report(run *r)
{
    const double begin = run_now_s();
    IPL_TRY(run_write_final(r));
    IPL_TRY(ipl_rundir_flush(r->dir));
    ipl_progress *at = &r->now;
    at->write_s += run_now_s() - begin;
    at->wall_s = run_now_s() - r->begin_s;
    if (!r->progress) return IPL_OK;
    const ipl_progress now = *at;
    pthread_mutex_unlock(&r->lock);
    const int stop = r->progress(r->user, &now);
    pthread_mutex_lock(&r->lock);
    if (stop)
        return IPL_FAIL(IPL_E_STOPPED, "stopped at %s %lld of %lld", r->tick,
                        (long long)now.tick, (long long)now.last);
    return IPL_OK;
}

static void wait_a_little(run *r)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += POLL_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        ++until.tv_sec;
    }
    pthread_cond_timedwait(&r->changed, &r->lock, &until);
}

/* Measures what is there, or waits. run.lock is held. */
static ipl_status one_round(run_worker *worker)
{
    run *r = worker->r;
    IPL_TRY(run_ask(r));
    choose(r, worker);
    if (!worker->count) {
        const int keeps = worker == r->worker && run_next_to_keep(r) >= 0;
        if (!keeps) wait_a_little(r);
        return IPL_OK;
    }
    pthread_mutex_unlock(&r->lock);
    const int threads = ipl_cores_take(&r->cores, r->worker_cores);
    const double begin = run_now_s();
    ipl_status st = ipl_device_use_threads(worker->dev, threads);
    if (st == IPL_OK) st = measure_ticks(worker);
    /* Which one is it? The others are kept. A device has no second try. */
    if (st != IPL_OK && st != IPL_E_DEVICE && worker->count > 1) {
        leave_all_but_one(worker);
        st = measure_ticks(worker);
    }
    ipl_cores_give(&r->cores, threads);
    const double spent = run_now_s() - begin;
    pthread_mutex_lock(&r->lock);
    r->now.measure_s += spent;
    r->work.worker_s[worker - r->worker] += spent;
    r->work.core_s += spent * threads;
    if (st != IPL_OK) {
        run_fail(r, worker->tick[0], st);
        return st;
    }
    st = file_ticks(worker);
    pthread_cond_broadcast(&r->changed);
    return st;
}

/* Keeps what is to be kept and there, for some time at most. run.lock is held, but not
 * while writing. */
static ipl_status keep(run *r, double most_s)
{
    const double begin = run_now_s();
    ipl_status st = IPL_OK;
    for (int64_t tick; st == IPL_OK && (tick = run_next_to_keep(r)) >= 0;) {
        pthread_mutex_unlock(&r->lock);
        st = run_keep_next(r, r->worker->dev, r->worker->params, tick);
        pthread_mutex_lock(&r->lock);
        if (st == IPL_OK) r->keep_next = tick + 1;
        ipl_store_sweep(r->store, keep_snapshot, r);
        pthread_cond_broadcast(&r->changed);
        if (run_now_s() - begin > most_s) break;
    }
    r->now.write_s += run_now_s() - begin;
    return st;
}

ipl_status run_keep_rest(run *r)
{
    pthread_mutex_lock(&r->lock);
    const ipl_status st = keep(r, INFINITY);
    pthread_mutex_unlock(&r->lock);
    return st;
}

/* What only the caller's worker does between two rounds. run.lock is held. */
static ipl_status housekeeping(run *r)
{
    IPL_TRY(report(r));
    IPL_TRY(keep(r, 1e-3 * POLL_MS));
    pthread_mutex_unlock(&r->lock);
    const ipl_status st = run_save_state(r);
    pthread_mutex_lock(&r->lock);
    return st;
}

/* 1 when there is nothing left for the workers. */
static int finished(const run *r)
{
    if (r->stop) return 1;
    if (r->train_failed) return !r->wanted_count || r->wanted[0].tick > r->trained;
    return ipl_policy_done(r->policy) && r->trained == r->e.last;
}

/* What it took to train the ticks that no saved state has, at most the time between
 * two states. run.lock is held. */
static double unsaved_s(const run *r)
{
    const int64_t saved = r->state_taken || r->state.tick < r->now.from
                              ? r->now.from : r->state.tick;
    const double ticks = (double)(r->trained - r->now.from);
    const double spent = r->now.train_s * (double)(r->trained - saved) / ticks;
    return ticks > 0 ? fmin(spent, r->checkpoint_s) : 0.0;
}

void run_measure_trained(run *r)
{
    pthread_mutex_lock(&r->lock);
    const double until = run_now_s() + unsaved_s(r);
    ipl_status st = IPL_OK;
    while (st == IPL_OK && r->wanted_count && r->wanted[0].tick <= r->trained) {
        int64_t left = 0;
        const double known = (double)(r->now.measured - r->now.known);
        while (left < r->wanted_count && r->wanted[left].tick <= r->trained) ++left;
        const double need = known > 0 ? (double)left * r->now.measure_s / known : 0.0;
        if (run_now_s() + need > until) break;
        st = one_round(r->worker);
    }
    pthread_mutex_unlock(&r->lock);
}

static void measure_in(run_worker *worker)
{
    run *r = worker->r;
    ipl_status st = IPL_OK;
    pthread_mutex_lock(&r->lock);
    while (st == IPL_OK && !finished(r)) {
        st = one_round(worker);
        if (st == IPL_OK && worker == r->worker) st = housekeeping(r);
    }
    if (st != IPL_OK) {
        run_fail(r, -1, st);
        r->stop = 1;
    }
    pthread_mutex_unlock(&r->lock);
}

static void *measure_thread(void *worker)
{
    measure_in(worker);
    return NULL;
}

void run_measure(run *r)
{
    pthread_t thread[IPL_WORKERS_MAX];
    int started = 1;
    while (started < r->memory.workers &&
           !pthread_create(&thread[started], NULL, measure_thread, r->worker + started))
        ++started; /* fewer workers do the same, later */
    measure_in(r->worker);
    for (int k = 1; k < started; ++k) pthread_join(thread[k], NULL);
}
