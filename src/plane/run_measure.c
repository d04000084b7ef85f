/*
 * run_measure.c - the measuring lane: what the policy asks for, several ticks at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "records.h"
#include "run.h"

enum {
    AHEAD_MAX = 8,    /* ticks asked for before they are trained                 */
    WANTED_MAX = 512, /* and in all: the policy has the rest                     */
    POLL_MS = 100     /* progress is shown, and a stop seen, at least so often   */
};

/* -- Asking -----------------------------------------------------------------------*/

static int keep_snapshot(void *user, int64_t tick)
{
    const run *r = user;
    if (ipl_policy_may_ask(r->policy, tick)) return 1;
    for (int64_t w = 0; w < r->wanted_count; ++w)
        if (r->wanted[w] == tick) return 1;
    return 0;
}

static int keep_moment(void *user, int64_t tick)
{
    return ipl_policy_may_compare(((const run *)user)->policy, tick);
}

/* The points of this tick, which the policy gave out, are known: it may go on. */
static ipl_status settle(run *r, run_points *points)
{
    if (r->history) IPL_TRY(ipl_history_add(r->history, points->tick, points->layer));
    IPL_TRY(ipl_policy_measured(r->policy, points->tick));
    points->told = 1;
    if (r->history) ipl_history_sweep(r->history, keep_moment, r);
    return IPL_OK;
}

static ipl_status want(run *r, int64_t tick)
{
    if (r->wanted_count == r->wanted_size) {
        const int64_t size = 2 * r->wanted_size + 64;
        int64_t *more = realloc(r->wanted, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld ticks", (long long)size);
        r->wanted = more;
        r->wanted_size = size;
    }
    int64_t at = r->wanted_count++;
    for (; at > 0 && r->wanted[at - 1] > tick; --at) r->wanted[at] = r->wanted[at - 1];
    r->wanted[at] = tick;
    return IPL_OK;
}

ipl_status run_ask(run *r)
{
    for (;;) {
        int64_t ahead = r->wanted_count;
        while (ahead > 0 && r->wanted[ahead - 1] > r->trained) --ahead;
        if (r->wanted_count - ahead >= AHEAD_MAX || r->wanted_count >= WANTED_MAX)
            return IPL_OK;
        const int64_t tick = ipl_policy_next(r->policy);
        if (tick < 0) return IPL_OK;
        run_points *known = run_find_points(r, tick);
        if (known) IPL_TRY(settle(r, known));
        else IPL_TRY(want(r, tick));
    }
}

/* -- Measuring --------------------------------------------------------------------*/

typedef struct {
    float     *params;  /* device, [batch][replicas][parameters]                */
    float    **each;    /* [batch][replicas]: parts of it                       */
    ipl_layer *layer;   /* [batch][replicas][layers]                            */
    int64_t   *tick;    /* [batch]                                              */
    int        count;
} batch;

static ipl_status batch_create(run *r, batch *b)
{
    const ipl_experiment *e = &r->e;
    const size_t replicas = (size_t)e->replicas, ticks = (size_t)r->batch;
    const size_t floats = replicas * (size_t)e->parameters;
    *b = (batch){0};
    b->each = malloc(ticks * replicas * sizeof *b->each);
    b->layer = malloc(ticks * (size_t)r->layers * sizeof *b->layer);
    b->tick = malloc(ticks * sizeof *b->tick);
    if (!b->each || !b->layer || !b->tick)
        return IPL_FAIL(IPL_E_MEMORY, "%d ticks to measure", r->batch);
    IPL_TRY(ipl_alloc(e->dev, ticks * floats * sizeof *b->params, (void **)&b->params));
    for (size_t k = 0; k < ticks * replicas; ++k)
        b->each[k] = b->params + k * (size_t)e->parameters;
    return IPL_OK;
}

static void batch_destroy(run *r, batch *b)
{
    ipl_free(r->e.dev, b->params);
    free(b->each);
    free(b->layer);
    free(b->tick);
}

/* The oldest ticks that are wanted and trained. run.lock is held. */
static void choose(const run *r, batch *b)
{
    b->count = 0;
    while (b->count < r->batch && b->count < r->wanted_count &&
           r->wanted[b->count] <= r->trained) {
        b->tick[b->count] = r->wanted[b->count];
        ++b->count;
    }
}

static ipl_status measure_batch(run *r, batch *b)
{
    const ipl_experiment *e = &r->e;
    const int64_t floats = e->replicas * e->parameters;
    for (int k = 0; k < b->count; ++k)
        IPL_TRY(ipl_store_get(r->store, b->tick[k], e->dev, b->params + k * floats));
    return ipl_measure_networks(r->measurer, &e->shape, e->measured,
                                b->count * e->replicas, b->each, b->layer);
}

/* Makes the points of a batch part of the results. run.lock is held. */
static ipl_status file_batch(run *r, batch *b)
{
    for (int k = 0; k < b->count; ++k) {
        const ipl_layer *layer = b->layer + k * r->layers;
        IPL_TRY(ipl_records_add_points(r->journal, b->tick[k], r->layers, layer));
        IPL_TRY(run_keep_points(r, b->tick[k], layer));
        IPL_TRY(settle(r, run_find_points(r, b->tick[k])));
        ++r->about.progress.measured;
    }
    /* They are the first of the wanted ones: that is how they were chosen, and what
     * is wanted since then is told by these. */
    int64_t kept = 0;
    for (int64_t w = 0; w < r->wanted_count; ++w) {
        const run_points *known = run_find_points(r, r->wanted[w]);
        if (!known || !known->told) r->wanted[kept++] = r->wanted[w];
    }
    r->wanted_count = kept;
    IPL_TRY(run_ask(r));
    ipl_store_sweep(r->store, keep_snapshot, r);
    return IPL_OK;
}

/* -- The lane ---------------------------------------------------------------------*/

/* Rows to the files, news to the caller. run.lock is held, but not while calling. */
static ipl_status report(run *r)
{
    const double begin = run_now_s();
    IPL_TRY(run_write_final(r));
    IPL_TRY(ipl_rundir_flush(r->dir));
    ipl_progress *at = &r->about.progress;
    at->write_s += run_now_s() - begin;
    at->wall_s = run_now_s() - r->begin_s;
    if (!r->progress) return IPL_OK;
    const ipl_progress now = *at;
    pthread_mutex_unlock(&r->lock);
    const int stop = r->progress(r->user, &now);
    pthread_mutex_lock(&r->lock);
    if (stop)
        return IPL_FAIL(IPL_E_STOPPED, "stopped at %s %lld of %lld", r->about.tick,
                        (long long)now.tick, (long long)now.last);
    return IPL_OK;
}

static void wait_a_little(run *r)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += POLL_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        ++until.tv_sec;
    }
    pthread_cond_timedwait(&r->changed, &r->lock, &until);
}

/* One round: measure what is there, or wait. run.lock is held. */
static ipl_status one_round(run *r, batch *b)
{
    ipl_status st = run_ask(r);
    if (st != IPL_OK) return st;
    choose(r, b);
    if (!b->count) {
        wait_a_little(r);
    } else {
        pthread_mutex_unlock(&r->lock);
        const int threads = ipl_cores_take(&r->cores, r->cores.total);
        const double begin = run_now_s();
        st = ipl_device_use_threads(r->e.dev, threads);
        if (st == IPL_OK) st = measure_batch(r, b);
        /* Which one is it? The others are kept. A device has no second try. */
        if (st != IPL_OK && st != IPL_E_DEVICE && b->count > 1) {
            b->count = 1;
            st = measure_batch(r, b);
        }
        ipl_cores_give(&r->cores, threads);
        const double spent = run_now_s() - begin;
        pthread_mutex_lock(&r->lock);
        r->about.progress.measure_s += spent;
        r->about.core_s += spent * threads;
        if (st != IPL_OK) {
            run_fail(r, b->tick[0], st);
            return st;
        }
        IPL_TRY(file_batch(r, b));
        pthread_cond_broadcast(&r->changed);
    }
    IPL_TRY(report(r));
    pthread_mutex_unlock(&r->lock);
    st = run_save_state(r);
    pthread_mutex_lock(&r->lock);
    return st;
}

/* 1 when there is nothing left for this lane. */
static int finished(const run *r)
{
    if (r->train_failed) return !r->wanted_count || r->wanted[0] > r->trained;
    return ipl_policy_done(r->policy) && r->trained == r->e.last;
}

void run_measure(run *r)
{
    batch b;
    ipl_status st = batch_create(r, &b);
    pthread_mutex_lock(&r->lock);
    while (st == IPL_OK && !finished(r)) st = one_round(r, &b);
    if (st != IPL_OK) {
        run_fail(r, -1, st);
        r->stop = 1;
    }
    pthread_mutex_unlock(&r->lock);
    batch_destroy(r, &b);
}
