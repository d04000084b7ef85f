/*
 * run.c - the driver: trains, measures what the policy asks for, and writes it down.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "experiment.h"
#include "history.h"
#include "provenance.h"

/* The networks of one tick, for as long as the policy may ask for them. */
typedef struct {
    int64_t tick;
    float  *params; /* device, [replicas][parameters]                            */
} snapshot;

typedef struct {
    ipl_experiment      e;
    ipl_provenance      about;
    ipl_measurer       *measurer;
    ipl_history        *history; /* NULL where the policy needs no values        */
    ipl_policy         *policy;
    ipl_policy         *log;     /* ticks that training.csv shows                */
    int64_t             log_next;
    ipl_rundir         *dir;
    snapshot           *held;
    int                 held_count, held_size;
    float              *spare;   /* a snapshot's memory to use again, or NULL    */
    ipl_layer          *layers;  /* [replicas][layers]                           */
    ipl_gradient_stats *stats;   /* [replicas][layers]                           */
    double              begin_s;
    ipl_progress_call   progress;
    void               *user;
} run;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Says at which tick a callee failed. */
static ipl_status at_tick(const run *r, int64_t tick, ipl_status st)
{
    return IPL_FAIL(st, "%s %lld: %s", r->about.tick, (long long)tick,
                    ipl_last_error_text());
}

/* -- Snapshots --------------------------------------------------------------------*/

static float *held_at(const run *r, int64_t tick)
{
    for (int h = 0; h < r->held_count; ++h)
        if (r->held[h].tick == tick) return r->held[h].params;
    return NULL;
}

static ipl_status hold(run *r, float **params)
{
    if (r->held_count == r->held_size) {
        const int size = 2 * r->held_size + 8;
        snapshot *more = realloc(r->held, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%d snapshots", size);
        r->held = more;
        r->held_size = size;
    }
    float *at = r->spare;
    r->spare = NULL;
    if (!at)
        IPL_TRY(ipl_alloc(r->e.dev, (size_t)(r->e.replicas * r->e.parameters) *
                                        sizeof *at, (void **)&at));
    r->held[r->held_count++] = (snapshot){r->e.tick, at};
    IPL_TRY(ipl_experiment_snapshot(&r->e, at));
    *params = at;
    return IPL_OK;
}

/* Gives up the snapshots that the policy cannot ask for any more; `want` is the tick
 * that it has asked for. */
static void drop(run *r, int64_t want)
{
    int kept = 0;
    for (int h = 0; h < r->held_count; ++h) {
        const snapshot s = r->held[h];
        if (s.tick == want || ipl_policy_may_ask(r->policy, s.tick))
            r->held[kept++] = s;
        else if (!r->spare)
            r->spare = s.params;
        else
            ipl_free(r->e.dev, s.params);
    }
    r->held_count = kept;
}

/* -- One tick ---------------------------------------------------------------------*/

static ipl_status log_training(run *r, const float *params, int trained)
{
    const int layers = r->e.shape.layers;
    for (int k = 0; k < r->e.replicas; ++k) {
        ipl_training_row row;
        for (int l = 0; l < layers; ++l)
            row.gradient[l] = trained ? r->stats[k * layers + l]
                                      : (ipl_gradient_stats){NAN, NAN};
        IPL_TRY(ipl_experiment_evaluate(&r->e, params + k * r->e.parameters, &row));
        IPL_TRY(ipl_rundir_training(r->dir, r->e.config.seed + k, r->e.tick, layers,
                                    &row));
    }
    IPL_TRY(ipl_policy_measured(r->log, r->log_next));
    r->log_next = ipl_policy_next(r->log);
    return IPL_OK;
}

/* What becomes of the networks at the tick where the training stands: a row of
 * training.csv, a snapshot, or neither. */
static ipl_status arrive(run *r, int64_t want, int trained)
{
    const int logged = r->e.tick == r->log_next;
    float *params = NULL;
    if (!logged && r->e.tick != want && !ipl_policy_may_ask(r->policy, r->e.tick))
        return IPL_OK;
    IPL_TRY(hold(r, &params));
    if (logged) IPL_TRY(log_training(r, params, trained));
    drop(r, want);
    return IPL_OK;
}

static ipl_status advance(run *r, int64_t want)
{
    const double begin = now_s();
    const int logged = r->e.tick + 1 == r->log_next;
    IPL_TRY(ipl_experiment_advance(&r->e, logged ? r->stats : NULL));
    IPL_TRY(arrive(r, want, 1));
    r->about.progress.train_s += now_s() - begin;
    return IPL_OK;
}

static ipl_status measure(run *r, int64_t tick)
{
    const double begin = now_s();
    const int layers = r->e.shape.layers, replicas = r->e.replicas;
    float *params = held_at(r, tick);
    float **each = malloc((size_t)replicas * sizeof *each);
    if (!each) return IPL_FAIL(IPL_E_MEMORY, "%d networks", replicas);
    for (int k = 0; k < replicas; ++k) each[k] = params + k * r->e.parameters;
    const ipl_status st = ipl_measure_networks(r->measurer, &r->e.shape, r->e.measured,
                                               replicas, each, r->layers);
    free(each);
    if (st != IPL_OK) return st;
    for (int k = 0; k < replicas; ++k) {
        const ipl_layer *layer = r->layers + k * layers;
        IPL_TRY(ipl_rundir_points(r->dir, r->e.config.seed + k, tick, layers, layer));
        for (int l = 0; l < layers; ++l) r->about.points += layer[l].points;
    }
    if (r->history) IPL_TRY(ipl_history_add(r->history, tick, r->layers));
    IPL_TRY(ipl_policy_measured(r->policy, tick));
    drop(r, -1);
    ++r->about.progress.measured;
    r->about.progress.measure_s += now_s() - begin;
    return IPL_OK;
}

static ipl_status write_down(run *r)
{
    const double begin = now_s();
    ipl_progress *at = &r->about.progress;
    IPL_TRY(ipl_rundir_flush(r->dir));
    at->tick = r->e.tick;
    at->write_s += now_s() - begin;
    at->wall_s = now_s() - r->begin_s;
    if (r->progress) r->progress(r->user, at);
    return IPL_OK;
}

static ipl_status loop(run *r)
{
    int64_t want = ipl_policy_next(r->policy);
    IPL_TRY(arrive(r, want, 0));
    while (!ipl_policy_done(r->policy)) {
        while (r->e.tick < want) {
            const ipl_status st = advance(r, want);
            if (st != IPL_OK) return at_tick(r, r->e.tick + 1, st);
            IPL_TRY(write_down(r));
        }
        const ipl_status st = measure(r, want);
        if (st != IPL_OK) return at_tick(r, want, st);
        IPL_TRY(write_down(r));
        if (!ipl_policy_done(r->policy)) want = ipl_policy_next(r->policy);
    }
    return IPL_OK; /* every policy measures the last tick, so all are trained */
}

/* -- Setting up -------------------------------------------------------------------*/

/* How many ticks a policy will measure, when its choice needs no values. */
static ipl_status count_planned(const ipl_policy_options *options, int64_t last,
                                int64_t *planned)
{
    ipl_policy *p;
    *planned = -1;
    if (options->kind >= IPL_POLICY_DELTA_APPROX) return IPL_OK;
    IPL_TRY(ipl_policy_create(options, last, NULL, NULL, &p));
    ipl_status st = IPL_OK;
    int64_t count = 0;
    for (; st == IPL_OK && !ipl_policy_done(p); ++count)
        st = ipl_policy_measured(p, ipl_policy_next(p));
    ipl_policy_destroy(p);
    if (st == IPL_OK) *planned = count;
    return st;
}

static ipl_status make_policies(run *r)
{
    static const char *const deciders[] = {NULL, "bin", "kde-upper", "kde-lower"};
    const ipl_config *c = &r->e.config;
    ipl_policy_options options, logged = ipl_policy_defaults();
    int64_t *list = NULL;
    ipl_status st = IPL_OK;
    logged.kind = c->training_log ? IPL_POLICY_EVERY : IPL_POLICY_LOG;
    logged.dense = c->log_dense;
    logged.per_decade = c->log_per_decade;
    IPL_TRY(ipl_policy_create(&logged, r->e.last, NULL, NULL, &r->log));
    r->log_next = ipl_policy_next(r->log);

    IPL_TRY(ipl_config_policy(c, r->e.last, &options, &list));
    if (options.kind >= IPL_POLICY_DELTA_APPROX)
        IPL_TRY_DONE(ipl_history_create(r->e.replicas * r->e.shape.layers,
                                        deciders[c->delta_estimator],
                                        c->delta_scaled ? r->e.h_x : log(2.0),
                                        c->delta_scaled ? r->e.h_y : log(2.0),
                                        &r->history));
    IPL_TRY_DONE(ipl_policy_create(&options, r->e.last, ipl_history_distance,
                                   r->history, &r->policy));
    IPL_TRY_DONE(count_planned(&options, r->e.last, &r->about.progress.planned));
done:
    free(list);
    return st;
}

static ipl_status set_up(run *r, ipl_device *dev, const ipl_config *config,
                         const char *dir)
{
    const double begin = now_s();
    IPL_TRY(ipl_experiment_open(dev, config, &r->e));
    ipl_provenance_experiment(&r->about, &r->e);
    IPL_TRY(ipl_measurer_create(dev, r->about.estimators, r->about.options,
                                &r->e.measured_y, &r->measurer));
    IPL_TRY(make_policies(r));
    const size_t layers = (size_t)(r->e.replicas * r->e.shape.layers);
    r->layers = malloc(layers * sizeof *r->layers);
    r->stats = malloc(layers * sizeof *r->stats);
    if (!r->layers || !r->stats) return IPL_FAIL(IPL_E_MEMORY, "%zu layers", layers);
    r->about.load_s = now_s() - begin;
    r->about.progress.last = r->e.last;

    /* Last, so that nothing is left behind when the above fails. */
    IPL_TRY(ipl_rundir_create(dir, r->e.shape.layers, &r->dir));
    r->about.status = "running";
    IPL_TRY(ipl_config_write(&r->e.config, ipl_rundir_path(r->dir, "config.ini")));
    return ipl_provenance_write(&r->about, r->dir);
}

static void tear_down(run *r)
{
    ipl_rundir_close(r->dir);
    for (int h = 0; h < r->held_count; ++h) ipl_free(r->e.dev, r->held[h].params);
    if (r->e.dev) ipl_free(r->e.dev, r->spare);
    free(r->held);
    free(r->layers);
    free(r->stats);
    ipl_policy_destroy(r->policy);
    ipl_policy_destroy(r->log);
    ipl_history_destroy(r->history);
    ipl_measurer_destroy(r->measurer);
    ipl_experiment_close(&r->e);
}

/* Leaves the outcome in run.json. The first failure is the one that is told. */
static ipl_status conclude(run *r, ipl_status st)
{
    char line[512];
    snprintf(line, sizeof line, "%s", ipl_last_error_text());
    if (st != IPL_OK) ipl_rundir_flush(r->dir);
    r->about.progress.wall_s = now_s() - r->begin_s;
    r->about.status = st == IPL_OK ? "done" : "failed";
    r->about.error = st == IPL_OK ? NULL : line;
    const ipl_status wrote = ipl_provenance_write(&r->about, r->dir);
    return st == IPL_OK ? wrote : IPL_FAIL(st, "%s", line);
}

ipl_status ipl_run(ipl_device *dev, const ipl_config *config, const char *dir,
                   ipl_progress_call progress, void *user, ipl_progress *out)
{
    IPL_REQUIRE(dev && config && dir, "device, config or directory is NULL");
    run *r = calloc(1, sizeof *r);
    if (!r) return IPL_FAIL(IPL_E_MEMORY, "a run");
    r->begin_s = now_s();
    r->progress = progress;
    r->user = user;
    ipl_provenance_start(&r->about);
    ipl_status st = set_up(r, dev, config, dir);
    if (st == IPL_OK) st = loop(r);
    if (r->dir) st = conclude(r, st);
    if (st == IPL_OK && out) *out = r->about.progress;
    tear_down(r);
    free(r);
    return st;
}
