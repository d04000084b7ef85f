/*
 * run_train.c - the training worker: one tick after the other, each to the store.
 */
#include <math.h>
#include <string.h>

#include "plane/records.h"
#include "plane/run.h"

/* Threads that a step can use: replicas are shared out, and so are the products of a
 * large network; a tiny one lives in one core's cache. */
static int useful_threads(const run *r)
{
    enum { TINY_PARAMETERS = 1 << 14 };
    if (r->e.kept) return 1;
    if (!ipl_device_about(r->e.train_dev)->is_host) return 1; /* see make_shared */
    if (r->e.parameters > TINY_PARAMETERS || r->e.replicas > r->cores.total)
        return r->cores.total;
    return r->e.replicas;
}

/* 1 if a tick that is trained waits to be measured or kept; run.lock is held. */
static int work_is_waiting(const run *r)
{
    return (r->wanted_count && r->wanted[0].tick <= r->trained) ||
           run_next_to_keep(r) >= 0;
}

/* Waits while the store is full and measuring has work: else waiting would be for
 * ever, and a snapshot goes to the file. Returns 1 if training is to go on. */
static int wait_for_room(run *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->stop && ipl_store_is_full(r->store) && work_is_waiting(r))
        pthread_cond_wait(&r->changed, &r->lock);
    const int go_on = !r->stop;
    pthread_mutex_unlock(&r->lock);
    return go_on;
}

/* 1 if this tick's networks may be measured, or are to be kept. */
static int is_wanted(run *r, int64_t tick)
{
    pthread_mutex_lock(&r->lock);
    const int wanted = run_needs_snapshot(r, tick);
    pthread_mutex_unlock(&r->lock);
    return wanted;
}

/* Rows of training.csv for the networks in r->params. */
static ipl_status log_rows(run *r, int trained)
{
    ipl_experiment *e = &r->e;
    const int layers = e->shape.layers;
    for (int k = 0; k < e->replicas; ++k) {
        ipl_training_row *row = r->rows + k;
        memset(row, 0, sizeof *row);
        for (int l = 0; l < layers; ++l)
            row->gradient[l] = trained ? r->stats[k * layers + l]
                                       : (ipl_gradient_stats){NAN, NAN};
    }
    return ipl_experiment_evaluate(e, r->params, r->rows);
}

static ipl_status write_rows(run *r)
{
    ipl_status st = ipl_records_add_training(r->journal, r->e.tick, r->e.replicas,
                                             r->e.shape.layers, r->rows);
    for (int k = 0; k < r->e.replicas && st == IPL_OK; ++k)
        st = ipl_rundir_training(r->dir, r->e.config.seed + k, r->e.tick,
                                 r->e.shape.layers, r->rows + k);
    return st;
}

/* What becomes of the networks at the tick where the training stands: a snapshot, rows
 * of training.csv, or neither. */
static ipl_status arrive(run *r, int trained)
{
    ipl_experiment *e = &r->e;
    const int64_t tick = e->tick;
    const int wanted = is_wanted(r, tick);
    const int logged = tick == r->log_next, fresh = logged && tick > r->rows_known;
    if (wanted || fresh) IPL_TRY(ipl_experiment_snapshot(e, r->params));
    if (wanted) IPL_TRY(ipl_store_put(r->store, tick, e->train_dev, r->params));
    if (fresh) IPL_TRY(log_rows(r, trained));
    if (logged) {
        IPL_TRY(ipl_policy_measured(r->log, tick));
        r->log_next = ipl_policy_next(r->log);
    }
    pthread_mutex_lock(&r->lock);
    const ipl_status st = fresh ? write_rows(r) : IPL_OK;
    if (st == IPL_OK) {
        r->trained = tick;
        r->now.tick = tick;
    }
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return st;
}

static ipl_status one_tick(run *r)
{
    const int logged = r->e.tick + 1 == r->log_next &&
                       r->e.tick + 1 > r->rows_known;
    IPL_TRY(ipl_experiment_advance(&r->e, logged ? r->stats : NULL));
    IPL_TRY(arrive(r, 1));
    return run_take_state(r);
}

void *run_train(void *user)
{
    run *r = user;
    const int most = useful_threads(r);
    const int64_t first = r->e.tick;
    ipl_status st = IPL_OK;
    /* The tick a run resumes from is never requested again; see run_save_state. */
    if (first == 0) st = arrive(r, 0);
    while (st == IPL_OK && r->e.tick < r->e.last && wait_for_room(r)) {
        const int threads = ipl_cores_take(&r->cores, most);
        const double begin = run_now_s();
        st = ipl_device_use_threads(r->e.train_dev, threads);
        if (st == IPL_OK) st = one_tick(r);
        ipl_cores_give(&r->cores, threads);
        const double spent = run_now_s() - begin;
        pthread_mutex_lock(&r->lock);
        r->now.train_s += spent;
        r->work.core_s += spent * threads;
        pthread_mutex_unlock(&r->lock);
    }
    /* What is still queued may yet fail. */
    if (st == IPL_OK) st = ipl_sync(r->e.train_dev);
    pthread_mutex_lock(&r->lock);
    r->train_failed = st != IPL_OK;
    if (st != IPL_OK) run_fail(r, r->e.tick + (r->trained == r->e.tick), st);
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}
