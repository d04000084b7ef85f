/*
 * execute.c - the runs of a study in the threads of this process.
 *
 * A thread for each core of a CPU, or for each GPU, takes the next run. A small run has
 * a core, a large one all of them, and what is left over at the end is shared among the
 * last runs; the very last one may wait for a core that is about to be left over. The
 * caller's thread tells of progress.
 */
#include "study/execute.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "file.h"
#include "study/study.h"
#include "study/tables.h"

typedef struct {
    execution *x;
    int        number;
    int64_t    run;
    double     begin_s, begin_share; /* where the run was told of first; 0: not yet */
} executor;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* -- Notes on data ----------------------------------------------------------------*/

void study_take_notes(execution *x, const char *notes)
{
    if (!notes || !*notes || (x->told.at && strstr(x->told.at, notes))) return;
    ipl_buffer_add(&x->notes, "%s", notes);
    ipl_buffer_add(&x->told, "%s", notes);
}

/* -- The threads ------------------------------------------------------------------*/

static int take_share(void *user, double share, const char *notes)
{
    executor *me = user;
    execution *x = me->x;
    pthread_mutex_lock(&x->lock);
    study_job *job = x->jobs.job + me->run;
    job->share = share;
    if (me->begin_s <= 0.0) {
        me->begin_s = now_s();
        me->begin_share = share;
    } else if (share > me->begin_share) {
        job->all_s = (now_s() - me->begin_s) / (share - me->begin_share);
    }
    study_take_notes(x, notes);
    const int goes_on = !x->stop;
    pthread_mutex_unlock(&x->lock);
    return goes_on;
}

/* Whether the last run ends sooner when it begins later, with the cores of one that is
 * about to end: if it waits for less than half of what they spare it, which need not be
 * in proportion. x->lock is held. */
static int waits(const execution *x, const study_job *last)
{
    for (int64_t r = 0; r < x->jobs.count && !x->ranks; ++r) {
        const study_job *job = x->jobs.job + r;
        if (job->state != IPL_STUDY_WORKING || !(job->all_s > 0.0)) continue;
        const double left_s = job->all_s * (1.0 - job->share);
        const double of_core_s = last->cost / job->cost * job->all_s * job->cores;
        const int later = x->free + job->cores;
        if (left_s < 0.5 * (of_core_s / x->free - of_core_s / later)) return 1;
    }
    return 0;
}

/* Cores for a run that begins now; 0: it has to wait for more of them. Each run that
 * could begin has one, and a lone one has all. x->lock is held. */
static int cores_for(execution *x, const study_job *job)
{
    if (!x->is_cpu) return 1;
    if (job->is_large || job->alone) return x->free == x->cores ? x->cores : 0;
    const int all = x->free + x->free_there;
    int64_t open = 0; /* this one too */
    for (int64_t k = x->jobs.first; k < x->jobs.count && open <= all; ++k)
        open += x->jobs.job[x->jobs.order[k]].state == IPL_STUDY_OPEN;
    const int cores = open ? all / (int)open : all;
    if (open <= 1 && x->free && waits(x, job)) return 0;
    return cores && x->free ? (cores < x->free ? cores : x->free) : x->free > 0;
}

static ipl_status open_device(const executor *me, int cores, ipl_device **out)
{
    const execution *x = me->x;
    const ipl_device_options with = {.threads = x->is_cpu ? cores : 0};
    return ipl_device_open(x->options->device[x->is_cpu ? 0 : me->number], &with, out);
}

/* Without the lock. */
static ipl_status do_run(executor *me, int cores)
{
    const execution *x = me->x;
    ipl_device *dev = NULL;
    IPL_TRY(open_device(me, cores, &dev));
    const ipl_status st = study_do(x->jobs.study, me->run, x->jobs.dir, dev,
                                   take_share, me);
    ipl_device_close(dev);
    return st;
}

void study_settle(execution *x, int64_t run, ipl_status st, const char *why,
                  int others)
{
    ipl_study_state state = IPL_STUDY_FAILED;
    if (st == IPL_OK) state = IPL_STUDY_DONE;
    else if (st == IPL_E_UNSUPPORTED) state = study_jobs_refused(&x->jobs, run);
    else if (st == IPL_E_STOPPED && x->stop) state = IPL_STUDY_OPEN;
    else if (st == IPL_E_MEMORY && others) { /* it tries again by itself */
        x->jobs.job[run].alone = 1;
        state = IPL_STUDY_OPEN;
    }
    study_jobs_end(&x->jobs, run, state, state == IPL_STUDY_DONE ? NULL : why);
}

static void *work(void *user)
{
    executor *me = user;
    execution *x = me->x;
    int more = 0;
    pthread_mutex_lock(&x->lock);
    while (!x->stop) {
        me->run = study_jobs_next(&x->jobs, &more);
        const int cores = me->run < 0 ? 0 : cores_for(x, x->jobs.job + me->run);
        if (me->run < 0 && !more) break;
        if (!cores) {
            pthread_cond_wait(&x->changed, &x->lock);
            continue;
        }
        x->free -= x->is_cpu ? cores : 0;
        study_jobs_begin(&x->jobs, me->run);
        x->jobs.job[me->run].cores = cores;
        me->begin_s = 0.0;
        pthread_mutex_unlock(&x->lock);
        const ipl_status st = do_run(me, cores);
        pthread_mutex_lock(&x->lock);
        x->free += x->is_cpu ? cores : 0;
        study_settle(x, me->run, st, ipl_last_error_text(),
                     x->is_cpu && cores < x->cores);
        pthread_cond_broadcast(&x->changed);
    }
    ++x->waiting;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

/* -- The caller's thread ----------------------------------------------------------*/

/* Tells how far all is; *goes_on is the caller's answer. x->lock is held, and is not
 * while the call lasts. */
static void tell(execution *x, double begin_s, ipl_study_call progress, void *user,
                 ipl_study_progress *now)
{
    do {
        char text[512] = "";
        now->wall_s = now_s() - begin_s;
        study_jobs_count(&x->jobs, now);
        now->ended = study_jobs_ended(&x->jobs);
        if (now->ended >= 0) {
            const study_job *job = x->jobs.job + now->ended;
            now->state = job->state;
            if (job->text) snprintf(text, sizeof text, "%s", job->text);
        }
        now->text = text;
        char *notes = x->notes.at;
        now->notes = notes;
        x->notes = (ipl_buffer){0};
        pthread_mutex_unlock(&x->lock);
        const int goes_on = !progress || progress(user, now);
        free(notes);
        pthread_mutex_lock(&x->lock);
        now->notes = NULL;
        now->text = "";
        if (!goes_on) x->stop = 1, pthread_cond_broadcast(&x->changed);
    } while (now->ended >= 0);
}

static void wait_for_threads(execution *x, int threads, ipl_study_call progress,
                             void *user, ipl_study_progress *now)
{
    const double begin_s = now_s();
    pthread_mutex_lock(&x->lock);
    while (x->waiting < threads) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 100000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&x->changed, &x->lock, &until);
        tell(x, begin_s, progress, user, now);
    }
    tell(x, begin_s, progress, user, now);
    pthread_mutex_unlock(&x->lock);
}

/* One round: until nothing more may begin. */
static ipl_status run_threads(execution *x, ipl_study_call progress, void *user,
                              ipl_study_progress *now)
{
    const int64_t most = x->is_cpu ? x->cores : x->options->devices;
    const int threads = (int)(most < x->jobs.count ? most : x->jobs.count);
    executor *each = calloc((size_t)threads, sizeof *each);
    pthread_t *thread = calloc((size_t)threads, sizeof *thread);
    pthread_t of_ranks;
    int begun = 0, with_ranks = 0, failed = 0;
    ipl_status st = IPL_OK;
    x->waiting = 0;
    if (!each || !thread) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d threads", threads);
        goto done;
    }
    for (; begun < threads; ++begun) {
        each[begun] = (executor){.x = x, .number = begun, .run = -1};
        failed = pthread_create(thread + begun, NULL, work, each + begun);
        if (failed) break;
    }
    if (begun && x->ranks) {
        failed = pthread_create(&of_ranks, NULL, study_ranks_work, x->ranks);
        with_ranks = !failed;
    }
    if (!begun) st = IPL_FAIL(IPL_E_MEMORY, "a thread: %s", strerror(failed));
    else wait_for_threads(x, begun + with_ranks, progress, user, now);
    for (int k = 0; k < begun; ++k) pthread_join(thread[k], NULL);
    if (with_ranks) pthread_join(of_ranks, NULL);
done:
    free(each);
    free(thread);
    return st;
}

/* -- All of it --------------------------------------------------------------------*/

static ipl_status check_options(const ipl_study_options *o)
{
    IPL_REQUIRE(o->dir && *o->dir && o->device && o->devices > 0,
                "a folder and a device are needed");
    IPL_REQUIRE(strlen(o->dir) < STUDY_PATH - IPL_STUDY_NAME - 64,
                "folder '%.80s..': expected a shorter name", o->dir);
    IPL_REQUIRE(!o->parts || (o->part >= 1 && o->part <= o->parts),
                "part %d of %d: expected 1 to the number of parts", o->part, o->parts);
    return IPL_OK;
}

ipl_status study_look_at_devices(execution *x)
{
    char model[IPL_MODEL_TEXT];
    for (int k = 0; k < x->options->devices; ++k) {
        ipl_device *dev = NULL;
        const ipl_device_options with = {.threads = x->options->threads};
        IPL_TRY(ipl_device_open(x->options->device[k], &with, &dev));
        const ipl_device_info *about = ipl_device_about(dev);
        const int is_cpu = about->is_host, threads = about->threads;
        ipl_places_model(dev, model);
        ipl_device_close(dev);
        IPL_REQUIRE(!is_cpu || x->options->devices == 1,
                    "device '%s' beside others: expected one CPU, which shares its "
                    "cores among the runs, or GPUs", x->options->device[k]);
        if (k && strcmp(model, x->model))
            return IPL_FAIL(IPL_E_ARGUMENT, "device '%s' is a %s, and '%s' a %s: a "
                            "study takes GPUs of one model, whose bits are the same",
                            x->options->device[0], x->model, x->options->device[k],
                            model);
        memcpy(x->model, model, sizeof model);
        x->is_cpu = is_cpu;
        x->cores = x->free = is_cpu ? threads : 1;
    }
    return IPL_OK;
}

/* With the folders above it. */
static ipl_status make_folder(const char *dir)
{
    char path[STUDY_PATH + 16];
    struct stat about;
    snprintf(path, sizeof path, "%s/config.ini", dir);
    IPL_REQUIRE(!ipl_file_is_there(IPL_FILE_PATH, path),
                "%s is the directory of one run: give the study a folder of its own",
                dir);
    snprintf(path, sizeof path, "%s", dir);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0777) && errno != EEXIST)
            return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
        *slash = '/';
    }
    if (!mkdir(path, 0777)) return IPL_OK;
    if (errno == EEXIST && !stat(path, &about) && S_ISDIR(about.st_mode)) return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
}

static void make_lock(execution *x)
{
    pthread_condattr_t clock;
    pthread_mutex_init(&x->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&x->changed, &clock);
    pthread_condattr_destroy(&clock);
}

static int is_open(const void *jobs, int64_t run)
{
    return ((const study_jobs *)jobs)->job[run].state == IPL_STUDY_OPEN;
}

/* In this process, and with the other ranks, if there are any. These may leave before
 * the tables are written, which takes its time. */
static ipl_status execute(const ipl_study *study, const ipl_study_options *options,
                          ipl_study_call progress, void *user, ipl_study_progress *out)
{
    execution x = {.options = options};
    ipl_study_progress now = {.ended = -1, .text = ""};
    make_lock(&x);
    ipl_status st = study_look_at_devices(&x);
    if (st == IPL_OK)
        st = study_jobs_create(study, options->dir, options->part, options->parts,
                               &x.jobs);
    if (st == IPL_OK) st = study_check_data(study, is_open, &x.jobs);
    if (st == IPL_OK) st = make_folder(options->dir);
    if (st == IPL_OK) st = study_begin_folder(study, options->dir);
    if (st == IPL_OK && ipl_team_size(options->team) > 1)
        st = study_ranks_create(&x, &x.ranks);
    do {
        if (st == IPL_OK) st = run_threads(&x, progress, user, &now);
    } while (st == IPL_OK && !x.stop && study_jobs_look_again(&x.jobs));
    study_ranks_dismiss(options->team);
    if (st == IPL_OK) st = study_tables_write(&x.jobs);
    pthread_mutex_lock(&x.lock);
    if (st == IPL_OK) tell(&x, now_s() - now.wall_s, progress, user, &now);
    pthread_mutex_unlock(&x.lock);
    if (st == IPL_OK && x.stop)
        st = IPL_FAIL(IPL_E_STOPPED, "the study was stopped");
    if (out) *out = now;
    study_ranks_destroy(x.ranks);
    free(x.notes.at);
    free(x.told.at);
    study_jobs_destroy(&x.jobs);
    pthread_cond_destroy(&x.changed);
    pthread_mutex_destroy(&x.lock);
    return st;
}

ipl_status ipl_study_execute(const ipl_study *study, const ipl_study_options *options,
                         ipl_study_call progress, void *user, ipl_study_progress *out)
{
    IPL_REQUIRE(options && (study || ipl_team_rank(options->team)),
                "study or options are NULL");
    const int others = ipl_team_size(options->team) - 1;
    /* First of all: to read data takes longer than a rank may be silent. */
    if (others) IPL_TRY(ipl_team_beat(options->team, ipl_team_silence_s()));
    if (ipl_team_rank(options->team))
        return study_work_for(study, options, progress, user);
    ipl_study_options own = *options;
    char name[32];
    const char *device = name;
    ipl_status st = check_options(options);
    if (st == IPL_OK && others) {
        st = study_rank_device(options, name, &own.threads);
        own.device = &device;
        own.devices = 1;
    }
    if (st == IPL_OK) return execute(study, &own, progress, user, out);
    study_ranks_dismiss(options->team);
    return st;
}
