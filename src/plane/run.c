/*
 * run.c - a run from its configuration to its results, or from where it was left.
 */
#include "plane/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "plane/kept_run.h"
#include "plane/provenance.h"
#include "plane/records.h"
#include "plane/run_sets.h"

double run_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void run_fail(run *r, int64_t tick, ipl_status st)
{
    pthread_cond_broadcast(&r->changed);
    if (r->status != IPL_OK) return;
    r->status = st;
    if (tick < 0)
        snprintf(r->why, sizeof r->why, "%s", ipl_last_error_text());
    else
        snprintf(r->why, sizeof r->why, "%s %lld: %s", r->tick, (long long)tick,
                 ipl_last_error_text());
}

/* -- Setting up -------------------------------------------------------------------*/

/* The training worker's memory, and what all workers share. */
static ipl_status make_shared(run *r)
{
    const ipl_experiment *e = &r->e;
    const ipl_device_info *about = ipl_device_about(e->dev);
    /* On a GPU each worker only waits for its handle: one core each. */
    const int threads = about->is_host ? about->threads : r->workers + 1;
    const size_t layers = (size_t)r->layers, replicas = (size_t)e->replicas;
    const size_t bytes = replicas * (size_t)e->parameters * sizeof *r->params;
    r->stats = malloc(layers * sizeof *r->stats);
    r->rows = malloc(replicas * sizeof *r->rows);
    if (!r->stats || !r->rows)
        return IPL_FAIL(IPL_E_MEMORY, "%zu layers of %zu networks", layers, replicas);
    IPL_TRY(ipl_alloc(e->train_dev, bytes, (void **)&r->params));
    r->work.cores = threads;
    r->worker_cores = about->is_host ? threads : 1;
    return ipl_cores_create(&r->cores, threads);
}

static ipl_status make_store(run *r)
{
    const ipl_store_options options = {
        .floats = r->e.replicas * r->e.parameters,
        .dev = r->e.dev,
        .device_bytes = (size_t)r->memory.snapshot_bytes,
        .memory_bytes = (size_t)r->e.config.snapshot_mib << 20,
        .dir = ipl_rundir_fd(r->dir),
        .path = ipl_rundir_path(r->dir, "snapshots.tmp")};
    ipl_file_remove(options.dir, options.path); /* what a killed run has left */
    return ipl_store_create(&options, &r->store);
}

/* Writes run.json. */
static ipl_status report(run *r, const char *status, const char *error)
{
    ipl_provenance about = {.status = status, .error = error, .memory = &r->memory,
                            .of = &r->of, .work = r->work, .progress = r->now};
    ipl_provenance_experiment(&about, &r->e);
    about.further = r->sites - 1;
    about.site = r->site + 1;
    about.helpers = r->on->helpers;
    about.lost = r->lost.at;
    if (r->store) ipl_store_about(r->store, &about.store);
    return ipl_provenance_write(&about, r->dir);
}

/* All that needs no run directory. */
static ipl_status set_up(run *r, ipl_device *train_dev, const ipl_config *config)
{
    ipl_device *dev = r->on->device[0];
    IPL_TRY(ipl_experiment_load(config, &r->e));
    IPL_TRY(ipl_memory_share(&r->e, dev, ipl_device_about(train_dev)->free_bytes,
                             &r->memory));
    r->now.memory = &r->memory;
    r->now.notes = r->e.data.notes;
    IPL_TRY(run_open_sites(r));
    IPL_TRY(ipl_experiment_open(&r->e, dev, train_dev));
    r->layers = r->e.replicas * r->e.shape.layers;
    r->checkpoint_s = config->checkpoint_s;
    r->tick = ipl_tick_name(config->tick);
    IPL_TRY(run_make_policies(r));
    IPL_TRY(run_pool_create(r));
    IPL_TRY(run_make_workers(r));
    IPL_TRY(make_shared(r));
    r->now.workers = r->workers;
    r->now.last = r->e.last;
    return IPL_OK;
}

/* Reads what is known, or starts to know. All that may refuse comes before all that
 * changes a file. */
static ipl_status open_files(run *r, int resume)
{
    IPL_TRY(resume ? run_read_number(r) : run_begin_config(r));
    IPL_TRY(ipl_rundir_start_tables(r->dir, r->e.shape.layers));
    if (r->pool) IPL_TRY(ipl_rundir_start_pool(r->dir));
    IPL_TRY(run_load(r));
    if (r->e.kept) IPL_TRY(ipl_kept_rows(&r->e, r->dir));
    IPL_TRY(run_keep_open(r));
    IPL_TRY(run_begin_journal(r));
    IPL_TRY(ipl_rundir_open_tables(r->dir, r->points_known));
    IPL_TRY(make_store(r));
    IPL_TRY(run_ask(r));
    return report(r, "running", NULL);
}

static void tear_down(run *r)
{
    for (int64_t p = 0; p < r->points_count; ++p) free(r->points[p].point);
    free(r->points);
    free(r->layer);
    free(r->wanted);
    free(r->stats);
    free(r->rows);
    free(r->state.values);
    run_pool_destroy(r);
    run_keep_close(r);
    ipl_store_destroy(r->store);
    ipl_journal_close(r->journal);
    ipl_rundir_close(r->dir);
    ipl_file_unlock(r->lock_fd);
    ipl_policy_destroy(r->policy);
    ipl_policy_destroy(r->log);
    ipl_history_destroy(r->history);
    run_destroy_workers(r);
    run_close_sites(r);
    free(r->work.worker_s);
    free(r->lost.at);
    free(r->lost_text);
    if (r->cores.total) ipl_cores_destroy(&r->cores);
    if (r->e.train_dev) ipl_free(r->e.train_dev, r->params);
    ipl_experiment_close(&r->e);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->home_lock);
    free(r);
}

/* -- Running ----------------------------------------------------------------------*/

/* All workers, until all is measured or one of them fails. */
static ipl_status work(run *r)
{
    pthread_t worker;
    if (r->progress && r->progress(r->user, &r->now))
        return IPL_FAIL(IPL_E_STOPPED, "stopped at %s %lld of %lld", r->tick,
                        (long long)r->now.tick, (long long)r->e.last);
    if (pthread_create(&worker, NULL, run_train, r))
        return IPL_FAIL(IPL_E_MEMORY, "no thread for the training");
    run_measure(r);
    pthread_join(worker, NULL);
    ipl_status st = r->status;
    if (st == IPL_OK) st = run_write_final(r);
    else IPL_FAIL(st, "%s", r->why);
    if (st == IPL_OK) st = run_keep_rest(r);
    if (st == IPL_OK) st = run_pool(r);
    return st;
}

/* Leaves the outcome on disk. The first failure is the one that is told. */
static ipl_status conclude(run *r, ipl_status st)
{
    char line[512] = "";
    if (st != IPL_OK) { /* as well as it can */
        snprintf(line, sizeof line, "%s", ipl_last_error_text());
        if (st == IPL_E_STOPPED && r->journal) run_measure_trained(r);
        run_write_final(r);
        if (r->keeper) run_keep_rest(r);
        run_write_known(r);
    }
    const ipl_status flushed = ipl_rundir_flush(r->dir);
    if (st == IPL_OK) st = flushed;
    if (st == IPL_OK) st = ipl_rundir_settle(r->dir);
    if (st == IPL_OK && r->keeper) st = ipl_keeper_sync(r->keeper);
    if (st == IPL_OK) st = ipl_rundir_compression(r->dir);
    if (st == IPL_OK) st = run_note_done(r);
    if (st != IPL_OK && !line[0])
        snprintf(line, sizeof line, "%s", ipl_last_error_text());
    if (st != IPL_OK && r->journal) run_save_last_state(r);
    r->now.wall_s = run_now_s() - r->begin_s;
    const ipl_status wrote = report(r, st == IPL_OK          ? "done"
                                       : st == IPL_E_STOPPED ? "stopped"
                                                             : "failed",
                                    st == IPL_OK ? NULL : line);
    if (st != IPL_OK) return IPL_FAIL(st, "%s", line);
    if (wrote == IPL_OK) run_clean_up(r); /* what is done needs no resuming */
    return wrote;
}

static ipl_status lock_directory(run *r)
{
    return ipl_file_lock(ipl_rundir_fd(r->dir), ipl_rundir_path(r->dir, "lock"),
                         &r->lock_fd);
}

static ipl_status open_run(run *r, ipl_device *train_dev, const ipl_config *config,
                           const char *dir)
{
    const double begin = run_now_s();
    const int resume = r->dir != NULL;
    r->work = ipl_work_start();
    IPL_TRY(set_up(r, train_dev, config));
    r->work.load_s = run_now_s() - begin;
    if (!resume) { /* last, so that nothing is left behind when the above fails */
        IPL_TRY(ipl_rundir_create(dir, &r->dir));
        IPL_TRY(lock_directory(r));
    }
    return open_files(r, resume);
}

/* Who waits for it waits by a clock that is never set. Not 0: it failed. */
static int init_changed(pthread_cond_t *changed)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic)) return 1;
    const int bad = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) ||
                    pthread_cond_init(changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return bad;
}

static ipl_status create(const ipl_places *on, ipl_progress_call progress, void *user,
                         run **out)
{
    run *r = calloc(1, sizeof *r);
    if (!r) return IPL_FAIL(IPL_E_MEMORY, "a run");
    r->on = on;
    r->begin_s = r->saved_s = run_now_s();
    r->progress = progress;
    r->user = user;
    r->lock_fd = -1;
    r->trained = r->points_known = -1;
    if (pthread_mutex_init(&r->lock, NULL) || pthread_mutex_init(&r->home_lock, NULL) ||
        init_changed(&r->changed)) {
        free(r);
        return IPL_FAIL(IPL_E_MEMORY, "the locks of a run");
    }
    *out = r;
    return IPL_OK;
}

/* From a run that has its directory (to be resumed) or none yet, to its end. */
static ipl_status complete(run *r, const ipl_config *config, const char *dir,
                           ipl_progress *out)
{
    ipl_device *train_dev = NULL;
    ipl_status st = ipl_places_check(r->on);
    if (st == IPL_OK) st = ipl_device_open_again(r->on->device[0], &train_dev);
    if (st == IPL_OK) st = open_run(r, train_dev, config, dir);
    if (st == IPL_OK) st = conclude(r, work(r));
    if (out) {
        *out = r->now;
        out->memory = NULL;
        out->notes = out->lost = NULL;
    }
    tear_down(r);
    ipl_device_close(train_dev);
    return st;
}

ipl_status ipl_run_on(const ipl_places *on, const ipl_config *config, const char *dir,
                      ipl_progress_call progress, void *user, ipl_progress *out)
{
    run *r;
    IPL_REQUIRE(on && config && dir, "places, config or directory is NULL");
    ipl_config keeping = *config;
    ipl_sets_keep(&keeping);
    IPL_TRY(create(on, progress, user, &r));
    IPL_TRY(complete(r, &keeping, dir, out));
    /* Of one set of rows the directory's name is not needed again. */
    if (!ipl_sets_are_several(&keeping)) return IPL_OK;
    return ipl_sets_measure(on, dir, progress, user);
}

ipl_status ipl_run(ipl_device *dev, const ipl_config *config, const char *dir,
                   ipl_progress_call progress, void *user, ipl_progress *out)
{
    IPL_REQUIRE(dev && config && dir, "device, config or directory is NULL");
    const ipl_places on = {.devices = 1, .device = &dev};
    return ipl_run_on(&on, config, dir, progress, user, out);
}

/* run.json says that the run is not done; what else is there must not say it is. */
static ipl_status must_be_unfinished(run *r)
{
    const int fd = ipl_rundir_fd(r->dir);
    if (ipl_file_is_there(fd, "points.log") ||
        !ipl_file_is_there(fd, "compression.csv"))
        return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: says that the run is not done, but it has "
                    "compression.csv and no points.log, as one that is: put its own "
                    "run.json back", ipl_rundir_path(r->dir, "run.json"));
}

/* The first set of rows, and whether there may be more. Gives r back. */
static ipl_status resume_first(run *r, const char *dir, ipl_progress *out,
                               int *several)
{
    ipl_run_info info;
    ipl_config config;
    ipl_status st = ipl_rundir_open(dir, &r->dir);
    if (st == IPL_OK) st = lock_directory(r);
    if (st == IPL_OK) st = ipl_sets_about_open(r->dir, &info, NULL);
    if (st == IPL_OK && info.done) {
        run_clean_up(r);
        if (out) *out = (ipl_progress){.tick = info.last, .last = info.last,
                                       .measured = info.measured,
                                       .known = info.measured,
                                       .planned = info.measured};
        tear_down(r);
        return IPL_OK;
    }
    if (st == IPL_OK) st = must_be_unfinished(r);
    if (st == IPL_OK && !r->on) st = IPL_FAIL(IPL_E_ARGUMENT, "device is NULL");
    if (st == IPL_OK)
        st = ipl_config_read(ipl_rundir_path(r->dir, "config.ini"), &config);
    if (st == IPL_OK) {
        *several = ipl_sets_are_several(&config);
        return complete(r, &config, dir, out);
    }
    tear_down(r);
    return st;
}

ipl_status ipl_resume_on(const ipl_places *on, const char *dir,
                         ipl_progress_call progress, void *user, ipl_progress *out)
{
    run *r;
    int several = 1;
    IPL_REQUIRE(dir, "directory is NULL");
    IPL_TRY(create(on, progress, user, &r));
    IPL_TRY(resume_first(r, dir, out, &several));
    return several ? ipl_sets_measure(on, dir, progress, user) : IPL_OK;
}

ipl_status ipl_resume(ipl_device *dev, const char *dir, ipl_progress_call progress,
                      void *user, ipl_progress *out)
{
    const ipl_places on = {.devices = 1, .device = &dev};
    return ipl_resume_on(dev ? &on : NULL, dir, progress, user, out);
}
