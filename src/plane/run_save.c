/*
 * run_save.c - what a run keeps on disk to go on with, and going on.
 *
 * points.log   what the run is (run_identity.c), then points and rows of training.csv
 *              as they became known. Points may stand there in any order of ticks.
 * state.bin    a training state, of a tick before which nothing can be asked for that
 *              is not in points.log. Training is repeated from there, with the same
 *              bits; what is in points.log is not measured again.
 *
 * A state is taken as the training comes by and kept in memory until its past is
 * settled, so that one file is enough, whatever the distance between the workers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "file.h"
#include "plane/records.h"
#include "plane/run.h"

static const char journal_name[] = "points.log", state_name[] = "state.bin";

/* -- Points that are known --------------------------------------------------------*/

static int64_t place_of(const run *r, int64_t tick)
{
    int64_t low = 0, high = r->points_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (r->points[middle].tick < tick) low = middle + 1;
        else high = middle;
    }
    return low;
}

run_points *run_find_points(const run *r, int64_t tick)
{
    const int64_t at = place_of(r, tick);
    return at < r->points_count && r->points[at].tick == tick ? r->points + at : NULL;
}

/* No more than there are: a run that goes on may have those of many ticks. */
static ipl_status pack_points(const run *r, const ipl_layer *layer, run_points *out)
{
    const size_t each = (size_t)layer->points;
    out->each = layer->points;
    for (int l = 0; l < r->layers; ++l)
        if (layer[l].points != out->each)
            return IPL_FAIL(IPL_E_FORMAT, "%d points of a layer, %d of another",
                            out->each, layer[l].points);
    out->point = malloc(((size_t)r->layers * each + 1) * sizeof *out->point);
    if (!out->point)
        return IPL_FAIL(IPL_E_MEMORY, "%d points of %d layers", out->each, r->layers);
    for (int l = 0; l < r->layers; ++l)
        memcpy(out->point + (size_t)l * each, layer[l].point,
               each * sizeof *out->point);
    return IPL_OK;
}

const ipl_layer *run_layers(run *r, const run_points *points)
{
    const size_t each = (size_t)points->each;
    for (int l = 0; l < r->layers; ++l) {
        r->layer[l].points = points->each;
        memcpy(r->layer[l].point, points->point + (size_t)l * each,
               each * sizeof *points->point);
    }
    return r->layer;
}

ipl_status run_keep_points(run *r, int64_t tick, const ipl_layer *layer)
{
    run_points made = {.tick = tick};
    if (r->points_count == r->points_size) {
        const int64_t size = 2 * r->points_size + 64;
        run_points *more = realloc(r->points, (size_t)size * sizeof *more);
        if (!more)
            return IPL_FAIL(IPL_E_MEMORY, "points of %lld ticks", (long long)size);
        r->points = more;
        r->points_size = size;
    }
    IPL_TRY(pack_points(r, layer, &made));
    const int64_t at = place_of(r, tick);
    memmove(r->points + at + 1, r->points + at,
            (size_t)(r->points_count - at) * sizeof *r->points);
    r->points[at] = made;
    ++r->points_count;
    return IPL_OK;
}

int64_t run_final_before(const run *r)
{
    const int64_t asked = ipl_policy_earliest(r->policy);
    return r->wanted_count && r->wanted[0].tick < asked ? r->wanted[0].tick : asked;
}

static ipl_status write_points(run *r, int64_t before)
{
    const int layers = r->e.shape.layers;
    int64_t done = 0;
    ipl_status st = IPL_OK;
    if (r->write_failed) return IPL_OK; /* a tick of which half is there comes last */
    for (; done < r->points_count && r->points[done].tick < before; ++done) {
        const run_points *p = r->points + done;
        const ipl_layer *layer = run_layers(r, p);
        for (int k = 0; k < r->e.replicas && st == IPL_OK; ++k) {
            st = ipl_rundir_points(r->dir, r->e.config.seed + k, p->tick, layers,
                                   layer + k * layers);
            r->work.points += layers * p->each;
        }
        if (st == IPL_OK)
            st = ipl_rundir_summary(r->dir, p->tick, r->e.replicas, layers, layer);
        if (st == IPL_OK) st = run_keep_measured(r, p->tick);
        if (st != IPL_OK) break;
        free(p->point);
    }
    r->write_failed = st != IPL_OK;
    const int64_t reached = r->write_failed ? r->points[done].tick : before;
    if (reached > r->written_before) r->written_before = reached;
    if (!done) return st;
    r->points_count -= done;
    memmove(r->points, r->points + done, (size_t)r->points_count * sizeof *r->points);
    return st;
}

ipl_status run_write_final(run *r) { return write_points(r, run_final_before(r)); }

ipl_status run_write_known(run *r) { return write_points(r, INT64_MAX); }

/* -- Reading the journal ----------------------------------------------------------*/

static ipl_status read_record(void *user, uint32_t type, int64_t tick,
                              const void *payload, size_t bytes)
{
    run *r = user;
    if (type == RECORD_IDENTITY) {
        r->described = 1;
        return run_compare(r, payload, bytes);
    }
    if (type == RECORD_DONE) return IPL_OK;
    if (type == RECORD_POINTS) {
        IPL_TRY(ipl_records_read_points(payload, bytes, r->layers, r->layer));
        if (run_find_points(r, tick)) return IPL_OK;
        IPL_TRY(run_keep_points(r, tick, r->layer));
        if (tick > r->points_known) r->points_known = tick;
        ++r->now.known;
        ++r->now.measured;
        return IPL_OK;
    }
    if (type == RECORD_POOL) return run_pool_known(r, tick, payload, bytes);
    if (type != RECORD_TRAINING)
        return IPL_FAIL(IPL_E_FORMAT, "%s: a record of type %u", journal_name, type);
    if (tick <= r->rows_known) return IPL_OK;
    IPL_TRY(ipl_records_read_training(payload, bytes, r->e.replicas,
                                      r->e.shape.layers, r->rows));
    r->rows_known = tick;
    for (int k = 0; k < r->e.replicas; ++k)
        IPL_TRY(ipl_rundir_training(r->dir, r->e.config.seed + k, tick,
                                    r->e.shape.layers, r->rows + k));
    return IPL_OK;
}

/* The training state, if there is one; its tick is -1 if not. */
static ipl_status load_state(run *r)
{
    r->state.tick = -1;
    r->state.of = r->of;
    if (!r->e.trainer) return IPL_OK;
    r->state.floats = ipl_trainer_state_floats(r->e.trainer);
    r->state.values = malloc((size_t)r->state.floats * sizeof *r->state.values);
    if (!r->state.values) return IPL_FAIL(IPL_E_MEMORY, "a training state");
    const char *path = ipl_rundir_path(r->dir, state_name);
    IPL_TRY(ipl_checkpoint_read(ipl_rundir_fd(r->dir), path, &r->state));
    if (r->state.tick < 0 ||
        ipl_journal_must_have(r->journal, r->state.journal_bytes) == IPL_OK)
        return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: put the former file back, or remove %s, and the "
                    "training is repeated", ipl_last_error_text(), path);
}

static ipl_status load_journal(run *r)
{
    const ipl_identity was = r->of;
    const char *path = ipl_rundir_path(r->dir, journal_name);
    if (!ipl_identity_is_known(&r->of)) IPL_TRY(ipl_identity_draw(&r->of));
    IPL_TRY(ipl_journal_open(ipl_rundir_fd(r->dir), path, &r->of, &r->journal));
    memcpy(r->of.number, ipl_journal_of(r->journal)->number, sizeof r->of.number);
    if (ipl_identity_differs(&was, &r->of))
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: the log of another run than config.ini: "
                        "put the run's own files back", path);
    IPL_TRY(ipl_journal_read(r->journal, read_record, r));
    IPL_TRY(run_must_be_known(r));
    r->work.remeasured = ipl_journal_was_torn(r->journal);
    return IPL_OK;
}

ipl_status run_load(run *r)
{
    r->layer = malloc((size_t)r->layers * sizeof *r->layer);
    if (!r->layer) return IPL_FAIL(IPL_E_MEMORY, "%d layers", r->layers);
    r->rows_known = r->trained = -1;
    IPL_TRY(load_journal(r));
    IPL_TRY(load_state(r));
    if (r->state.tick >= 0) {
        IPL_TRY(ipl_trainer_write(r->e.trainer, r->state.values, r->state.steps));
        r->e.tick = r->trained = r->state.tick;
        r->now.from = r->now.tick = r->state.tick;
    }
    while (r->log_next >= 0 && r->log_next <= r->trained) {
        IPL_TRY(ipl_policy_measured(r->log, r->log_next));
        r->log_next = ipl_policy_next(r->log);
    }
    return IPL_OK;
}

ipl_status run_note_done(run *r)
{
    IPL_TRY(ipl_journal_append(r->journal, RECORD_DONE, r->e.last, "", 0));
    return ipl_journal_sync(r->journal);
}

/* -- Training states --------------------------------------------------------------*/

ipl_status run_take_state(run *r)
{
    if (!r->e.trainer) return IPL_OK;
    pthread_mutex_lock(&r->lock);
    const int taken = r->state_taken;
    pthread_mutex_unlock(&r->lock);
    if (taken || run_now_s() - r->saved_s < r->checkpoint_s) return IPL_OK;
    IPL_TRY(ipl_trainer_read(r->e.trainer, r->state.values, &r->state.steps));
    r->state.tick = r->e.tick;
    r->saved_s = run_now_s();
    pthread_mutex_lock(&r->lock);
    r->state_taken = 1;
    pthread_mutex_unlock(&r->lock);
    return IPL_OK;
}

ipl_status run_save_state(run *r)
{
    char path[4200];
    pthread_mutex_lock(&r->lock);
    const int ready = r->state_taken && run_final_before(r) > r->state.tick &&
                      run_kept_before(r) > r->state.tick;
    if (ready) r->state.journal_bytes = ipl_journal_bytes(r->journal);
    snprintf(path, sizeof path, "%s", ipl_rundir_path(r->dir, state_name));
    pthread_mutex_unlock(&r->lock);
    if (!ready) return IPL_OK;
    /* These first: the state says that everything before it is there. */
    IPL_TRY(ipl_journal_sync(r->journal));
    if (r->keeper) {
        IPL_TRY(ipl_keeper_sync(r->keeper));
        IPL_TRY(ipl_keeper_bytes(r->keeper, r->state.tick, &r->state.kept_bytes));
    }
    IPL_TRY(ipl_checkpoint_write(ipl_rundir_fd(r->dir), path, &r->state));
    pthread_mutex_lock(&r->lock);
    r->state_taken = 0;
    ++r->work.states_saved;
    pthread_mutex_unlock(&r->lock);
    return IPL_OK;
}

void run_save_last_state(run *r)
{
    /* Training that failed may have gone some steps beyond its tick. */
    if (!r->train_failed && r->e.tick > r->state.tick &&
        run_final_before(r) > r->e.tick && r->trained == r->e.tick) {
        r->state_taken = 0;
        r->checkpoint_s = 0.0;
        if (run_take_state(r) != IPL_OK) return;
    }
    run_save_state(r);
}

void run_clean_up(run *r)
{
    static const char *const names[] = {
        /* Who was killed while he wrote one of these left what he had beside it. */
        "state.bin.new", "run.json.new", "config.ini.new", "plane.csv.new",
        "plane_details.csv.new", "summary.csv.new", "training.csv.new",
        "compression.csv.new", "pool.csv.new", "plane.svg.new", "pool.svg.new",
        "pooled-plane.svg.new", "snapshots.tmp", state_name, journal_name,
        "lock" /* who comes finds a run that is done */};
    const int dir = ipl_rundir_fd(r->dir);
    for (size_t k = 0; k < sizeof names / sizeof *names; ++k) {
        ipl_file_remove(dir, names[k]);
        /* A state that stays needs the log, which says that the run is done. */
        if (names[k] == state_name && ipl_file_is_there(dir, state_name)) return;
    }
}
