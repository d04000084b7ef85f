/*
 * run_measure.c - measuring workers: what the policy asks for, several ticks at once.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plane/records.h"
#include "plane/run_worker.h"

enum { POLL_MS = 100 }; /* progress is shown, and a stop seen, at least so often     */

static int keep_snapshot(void *user, int64_t tick)
{
    return run_needs_snapshot(user, tick);
}

/* -- Measuring --------------------------------------------------------------------*/

/* How many ticks a worker takes at once: of several places each gets its share. */
static int share_of(const run *r, const run_worker *worker)
{
    int64_t there = 0;
    if (r->workers_left <= r->memory.workers) return worker->ticks;
    for (int64_t w = 0; w < r->wanted_count && r->wanted[w].tick <= r->trained; ++w)
        there += !r->wanted[w].taken;
    const int64_t each = (there + r->workers_left - 1) / r->workers_left;
    return each < worker->ticks ? (int)each : worker->ticks;
}

static void take(run_worker *worker, run_wanted *wanted)
{
    wanted->taken = 1;
    wanted->asked = 0;
    worker->tick[worker->count++] = wanted->tick;
}

/* The oldest ticks that are wanted, trained, and nobody's yet; else, but not for a
 * helper, those of a helper who is late. run.lock is held. */
static void choose(run *r, run_worker *worker)
{
    const int most = share_of(r, worker);
    worker->count = 0;
    for (int64_t w = 0; w < r->wanted_count && worker->count < most &&
                        r->wanted[w].tick <= r->trained; ++w)
        if (!r->wanted[w].taken) take(worker, r->wanted + w);
    for (int64_t w = 0; !worker->count && !run_is_helper(worker) &&
                        w < r->wanted_count && r->wanted[w].tick <= r->trained; ++w)
        if (run_is_late(r, r->wanted + w)) take(worker, r->wanted + w);
}

/* The worker's ticks from the first-th on are nobody's again. run.lock is held. */
static void leave(run_worker *worker, int first)
{
    run *r = worker->r;
    for (int64_t w = 0; w < r->wanted_count; ++w)
        for (int k = first; k < worker->count; ++k)
            if (r->wanted[w].tick == worker->tick[k]) r->wanted[w].taken = 0;
    worker->count = first;
}

static ipl_status measure_ticks(run_worker *worker)
{
    const run *r = worker->r;
    if (run_is_elsewhere(worker)) return run_measure_elsewhere(worker);
    for (int k = 0; k < worker->count; ++k)
        IPL_TRY(ipl_store_get(r->store, worker->tick[k], worker->lane.dev,
                              ipl_lane_room(&worker->lane, k)));
    return ipl_lane_measure(&worker->lane, worker->count, worker->layer);
}

/* 1 if the points of this tick are still asked for: who was late is not. */
static int is_asked_for(const run *r, int64_t tick)
{
    for (int64_t w = 0; w < r->wanted_count; ++w)
        if (r->wanted[w].tick == tick) return 1;
    return 0;
}

/* Makes the points of a worker's ticks part of the results. run.lock is held. */
static ipl_status file_ticks(run_worker *worker)
{
    run *r = worker->r;
    for (int k = 0; k < worker->count; ++k) {
        const ipl_layer *layer = worker->layer + k * r->layers;
        if (!is_asked_for(r, worker->tick[k])) continue;
        IPL_TRY(ipl_records_add_points(r->journal, RECORD_POINTS, worker->tick[k],
                                       r->layers, layer));
        IPL_TRY(run_keep_points(r, worker->tick[k], layer));
        IPL_TRY(run_settle(r, run_find_points(r, worker->tick[k])));
        ++r->now.measured;
        ++worker->measured;
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
    at->workers = r->workers_left;
    at->lost = run_lost_to_tell(r);
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
    if (run_is_helper(worker)) run_note_asked(worker);
    pthread_mutex_unlock(&r->lock);
    double begin;
    const int threads = run_begin_work(worker, &begin);
    ipl_status st = IPL_OK;
    if (threads) st = ipl_device_use_threads(worker->lane.dev, threads);
    if (st == IPL_OK) st = measure_ticks(worker);
    /* Which one is it? The others are kept. */
    if (st != IPL_OK && worker->count > 1 && run_may_try_again(worker, st)) {
        pthread_mutex_lock(&r->lock);
        leave(worker, 1);
        pthread_mutex_unlock(&r->lock);
        st = measure_ticks(worker);
    }
    run_end_work(worker, threads, begin);
    pthread_mutex_lock(&r->lock);
    if (worker->gives_up || (st != IPL_OK && run_may_lose(worker, st))) {
        leave(worker, 0);
        if (!worker->gives_up) run_lose(worker);
        return IPL_OK;
    }
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
        st = run_keep_next(r, r->worker->lane.dev, r->worker->lane.params, tick);
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

int run_is_finished(const run *r)
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
    if (run_is_helper(worker)) run_greet(worker);
    pthread_mutex_lock(&r->lock);
    while (st == IPL_OK && !worker->lost && !worker->gives_up && !run_is_finished(r)) {
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
    int started = 1;
    while (started < r->workers &&
           !pthread_create(&r->worker[started].thread, NULL, measure_thread,
                           r->worker + started))
        ++started; /* fewer workers do the same, later */
    measure_in(r->worker);
    for (int k = 1; k < started; ++k) pthread_join(r->worker[k].thread, NULL);
    run_end_helpers(r);
    pthread_mutex_lock(&r->lock);
    if (r->lost.used != r->lost_told) { /* a word on it, come what may */
        const ipl_status st = report(r);
        if (st != IPL_OK) run_fail(r, -1, st);
    }
    pthread_mutex_unlock(&r->lock);
}
