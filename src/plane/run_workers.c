/*
 * run_workers.c - places where a run measures, their workers, and those that are lost.
 */
#include "plane/run_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 100 };

/* -- Places -----------------------------------------------------------------------*/

/* Handles of the host share its memory. */
static ipl_status check_host(const run *r)
{
    const ipl_device_info *about = ipl_device_about(r->on->device[0]);
    int64_t bytes = r->memory.total_bytes;
    if (!about->is_host) return IPL_OK;
    for (int s = 1; s < r->sites; ++s) bytes += r->site[s].memory.total_bytes;
    if (bytes <= r->memory.free_bytes) return IPL_OK;
    return IPL_FAIL(IPL_E_MEMORY, "the run takes %lld bytes of memory on %s opened %d "
                    "times, which has %lld: open it fewer times", (long long)bytes,
                    about->name, r->sites, (long long)r->memory.free_bytes);
}

ipl_status run_open_sites(run *r)
{
    r->site = calloc((size_t)r->on->devices, sizeof *r->site);
    if (!r->site) return IPL_FAIL(IPL_E_MEMORY, "%d devices", r->on->devices);
    for (r->sites = 1; r->sites < r->on->devices; ++r->sites)
        IPL_TRY(ipl_site_open(&r->e, r->on->device[r->sites], r->site + r->sites));
    return check_host(r);
}

void run_close_sites(run *r)
{
    for (int s = 0; s < r->sites; ++s) ipl_site_close(r->site + s);
    free(r->site);
    r->site = NULL;
}

/* -- Workers ----------------------------------------------------------------------*/

/* Room for the ticks of one call, after the lane or the link is known. */
static ipl_status make_room(run *r, int elsewhere, run_worker *worker)
{
    const size_t ticks = (size_t)worker->ticks, layers = (size_t)r->layers;
    const size_t floats = (size_t)r->e.replicas * (size_t)r->e.parameters;
    if (elsewhere) {
        worker->host = malloc(ticks * floats * sizeof *worker->host);
        if (!worker->host)
            return IPL_FAIL(IPL_E_MEMORY, "networks of %zu ticks", ticks);
    }
    worker->layer = malloc(ticks * layers * sizeof *worker->layer);
    worker->tick = malloc(ticks * sizeof *worker->tick);
    if (!worker->layer || !worker->tick)
        return IPL_FAIL(IPL_E_MEMORY, "%zu ticks to measure", ticks);
    return IPL_OK;
}

static ipl_status make_worker(run *r, int site, int number, run_worker *worker)
{
    worker->r = r;
    worker->ticks = r->site[site].memory.ticks;
    IPL_TRY(ipl_lane_open(r->site + site, &r->e, number, &worker->lane));
    snprintf(worker->name, sizeof worker->name, "%s",
             ipl_device_about(worker->lane.dev)->name);
    return make_room(r, site > 0, worker);
}

static ipl_status make_helper(run *r, int number, run_worker *worker)
{
    worker->r = r;
    worker->ticks = r->memory.ticks;
    worker->link = r->on->helper + number;
    snprintf(worker->name, sizeof worker->name, "helper %d", number + 1);
    return make_room(r, 1, worker);
}

ipl_status run_make_workers(run *r)
{
    const ipl_device_info *about = ipl_device_about(r->e.dev);
    int count = r->on->helpers;
    r->site[0] = ipl_site_of(&r->e, &r->memory);
    for (int s = 0; s < r->sites; ++s) count += r->site[s].memory.workers;
    r->worker = calloc((size_t)count, sizeof *r->worker);
    r->work.worker_s = calloc((size_t)count, sizeof *r->work.worker_s);
    if (!r->worker || !r->work.worker_s)
        return IPL_FAIL(IPL_E_MEMORY, "%d workers", count);
    r->work.workers = r->workers_left = count;
    for (int s = 0; s < r->sites; ++s)
        for (int k = 0; k < r->site[s].memory.workers; ++k)
            IPL_TRY(make_worker(r, s, k, r->worker + r->workers++));
    for (int h = 0; h < r->on->helpers; ++h)
        IPL_TRY(make_helper(r, h, r->worker + r->workers++));
    if (about->is_host || count == r->memory.workers) return IPL_OK;
    return ipl_device_open_again(r->e.dev, &r->home); /* reads what goes elsewhere */
}

void run_destroy_workers(run *r)
{
    for (int k = 0; k < r->workers; ++k) {
        run_worker *worker = r->worker + k;
        ipl_lane_close(&worker->lane);
        free(worker->host);
        free(worker->layer);
        free(worker->tick);
    }
    free(r->worker);
    r->worker = NULL;
    r->workers = 0;
    ipl_device_close(r->home);
    r->home = NULL;
}

int run_begin_work(run_worker *worker, double *begin_s)
{
    run *r = worker->r;
    int threads = 0;
    if (!run_is_helper(worker)) {
        const ipl_device_info *about = ipl_device_about(worker->lane.dev);
        const int most = about->is_host && about->threads < r->worker_cores
                             ? about->threads : r->worker_cores;
        threads = ipl_cores_take(&r->cores, most);
    }
    *begin_s = run_now_s();
    return threads;
}

void run_end_work(run_worker *worker, int threads, double begin_s)
{
    run *r = worker->r;
    const double spent = run_now_s() - begin_s;
    if (threads) ipl_cores_give(&r->cores, threads);
    pthread_mutex_lock(&r->lock);
    r->now.measure_s += spent;
    r->work.worker_s[worker - r->worker] += spent;
    r->work.core_s += spent * threads;
    pthread_mutex_unlock(&r->lock);
}

/* -- Elsewhere --------------------------------------------------------------------*/

/* Networks of the worker's ticks, from the first device. */
static ipl_status fetch(run_worker *worker)
{
    run *r = worker->r;
    const int64_t floats = r->e.replicas * r->e.parameters;
    ipl_status st = IPL_OK;
    if (r->home) pthread_mutex_lock(&r->home_lock);
    for (int k = 0; st == IPL_OK && k < worker->count; ++k)
        st = ipl_store_read(r->store, worker->tick[k], r->home,
                            worker->host + k * floats);
    if (r->home) pthread_mutex_unlock(&r->home_lock);
    return st;
}

/* Waits for what the helper was asked, or until the run needs no answer any more. */
static ipl_status await(run_worker *worker)
{
    run *r = worker->r;
    ipl_status st = IPL_OK;
    for (int answered = 0; st == IPL_OK && !answered;) {
        st = ipl_far_await(&worker->far, POLL_MS, &answered, worker->layer);
        pthread_mutex_lock(&r->lock);
        if (st == IPL_OK && !answered && run_is_finished(r))
            worker->gives_up = answered = 1;
        pthread_mutex_unlock(&r->lock);
    }
    return st;
}

ipl_status run_measure_elsewhere(run_worker *worker)
{
    const run *r = worker->r;
    const int64_t floats = r->e.replicas * r->e.parameters;
    IPL_TRY(fetch(worker));
    if (run_is_helper(worker)) {
        IPL_TRY(ipl_far_ask(&worker->far, worker->count, worker->tick, worker->host));
        return await(worker);
    }
    for (int k = 0; k < worker->count; ++k)
        IPL_TRY(ipl_upload(worker->lane.dev, worker->host + k * floats,
                           (size_t)floats * sizeof(float),
                           ipl_lane_room(&worker->lane, k)));
    return ipl_lane_measure(&worker->lane, worker->count, worker->layer);
}

void run_greet(run_worker *worker)
{
    run *r = worker->r;
    ipl_status st = ipl_far_greet(worker->link, &r->e, &worker->far);
    if (st == IPL_OK) st = await(worker);
    pthread_mutex_lock(&r->lock);
    if (st != IPL_OK && !worker->gives_up) run_lose(worker);
    pthread_mutex_unlock(&r->lock);
}

void run_end_helpers(run *r)
{
    for (int k = 0; k < r->workers; ++k)
        if (run_is_helper(r->worker + k) && !r->worker[k].lost)
            ipl_far_end(&r->worker[k].far);
}

void run_note_asked(run_worker *worker)
{
    run *r = worker->r;
    for (int64_t w = 0; w < r->wanted_count; ++w)
        for (int k = 0; k < worker->count; ++k)
            if (r->wanted[w].tick == worker->tick[k]) {
                r->wanted[w].asked = worker->count;
                r->wanted[w].asked_s = run_now_s();
            }
}

/* Four times as long as all take on the average, and a moment. */
int run_is_late(const run *r, const run_wanted *wanted)
{
    enum { TIMES = 4, LEAST_S = 2, UNKNOWN_S = 20 };
    const double known = (double)(r->now.measured - r->now.known);
    const double needs = known > 0 ? TIMES * wanted->asked * r->now.measure_s / known
                                   : UNKNOWN_S;
    return wanted->asked && run_now_s() > wanted->asked_s + LEAST_S + needs;
}

/* -- Lost -------------------------------------------------------------------------*/

int run_may_try_again(const run_worker *worker, ipl_status st)
{
    if (run_is_helper(worker) && (st == IPL_E_IO || st == IPL_E_FORMAT)) return 0;
    return st != IPL_E_DEVICE && !worker->gives_up;
}

int run_may_lose(const run_worker *worker, ipl_status st)
{
    return run_is_elsewhere(worker) && st != IPL_E_NUMERIC && st != IPL_E_STOPPED;
}

/* 1 if another worker of its device was lost before: that is one loss. */
static int is_told(const run_worker *worker)
{
    const run *r = worker->r;
    const ipl_site *at = worker->lane.at;
    for (int k = 0; at && k < r->workers; ++k)
        if (r->worker[k].lost && r->worker[k].lane.at == at) return 1;
    return 0;
}

void run_lose(run_worker *worker)
{
    run *r = worker->r;
    const int told = is_told(worker);
    worker->lost = 1;
    --r->workers_left;
    if (!told)
        ipl_buffer_add(&r->lost, "%s: %s; the others go on\n", worker->name,
                       ipl_last_error_text());
    pthread_cond_broadcast(&r->changed);
}

const char *run_lost_to_tell(run *r)
{
    if (r->lost.used == r->lost_told || !r->lost.at) return r->lost_text;
    free(r->lost_text);
    r->lost_text = strdup(r->lost.at);
    r->lost_told = r->lost.used;
    return r->lost_text;
}
