/*
 * rank_work.c - what a rank other than 0 does: the runs that rank 0 hands to it.
 *
 * Each run has a thread. The caller's thread always listens, and tells rank 0 once a
 * second how far they are. It ends when rank 0 says so, or is gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"
#include "study/execute.h"

static const double PATIENCE_S = 60.0, LOOK_S = 0.02, SEE_S = 3.0, TELL_S = 1.0;

typedef enum { FREE, WORKS, OVER } slot_state;

typedef struct worker worker;

typedef struct {
    worker    *w;
    pthread_t  thread;
    slot_state state;
    rank_job   job;
    double     share;
    ipl_status status;
    char       text[RANK_TEXT];
} slot;

struct worker {
    const ipl_study         *study;
    const ipl_study_options *options;
    ipl_team        *team;
    char             dir[STUDY_PATH]; /* the study's folder, or one of its own      */
    char             device[32], model[IPL_MODEL_TEXT];
    int              is_cpu, cores;
    pthread_mutex_t  lock;
    slot            *slot;   /* [cores]                                             */
    ipl_buffer       notes;
    int              stop, has_said, leaves;
    double           told_s, begin_s;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

ipl_status study_digest(const ipl_study *study, uint32_t *out)
{
    char *text;
    size_t bytes;
    IPL_TRY(ipl_study_text(study, &text, &bytes));
    *out = (uint32_t)crc32_z(0, (const Bytef *)text, bytes);
    free(text);
    return IPL_OK;
}

/* The options may name GPUs for the ranks of one host. */
ipl_status study_rank_device(const ipl_study_options *o, char name[32], int *threads)
{
    const int local = ipl_team_at(o->team)->local_rank;
    *threads = o->threads;
    return ipl_team_device(o->team, o->device[local % o->devices], name, threads);
}

/* -- A run ------------------------------------------------------------------------*/

static int take_share(void *user, double share, const char *notes)
{
    slot *of = user;
    pthread_mutex_lock(&of->w->lock);
    of->share = share;
    if (notes && *notes && !(of->w->notes.at && strstr(of->w->notes.at, notes)))
        ipl_buffer_add(&of->w->notes, "%s", notes);
    const int goes_on = !of->w->stop;
    pthread_mutex_unlock(&of->w->lock);
    return goes_on;
}

static void *do_run(void *user)
{
    slot *of = user;
    worker *w = of->w;
    ipl_device *dev = NULL;
    const ipl_device_options with = {.threads = w->is_cpu ? of->job.cores : 0};
    ipl_status st = ipl_device_open(w->device, &with, &dev);
    if (st == IPL_OK)
        st = study_do(w->study, of->job.run, w->dir, dev, take_share, of);
    ipl_device_close(dev);
    pthread_mutex_lock(&w->lock);
    of->status = st;
    if (st != IPL_OK) snprintf(of->text, sizeof of->text, "%s", ipl_last_error_text());
    of->state = OVER;
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* -- What it tells rank 0 ---------------------------------------------------------*/

static ipl_status tell(worker *w, int tag, const void *from, size_t bytes)
{
    return ipl_team_send(w->team, 0, tag, from, bytes, PATIENCE_S);
}

/* Where no folder is shared, the files go before. Networks that others measure stay. */
static ipl_status tell_ended(worker *w, slot *of)
{
    char path[STUDY_PATH];
    const ipl_study_run *run = ipl_study_run_at(w->study, of->job.run);
    rank_ended ended = {.run = of->job.run, .status = (int32_t)of->status};
    const int sends = w->options->no_shared && of->status == IPL_OK;
    snprintf(path, sizeof path, "%.3900s/%s", w->dir, run->name);
    snprintf(ended.text, sizeof ended.text, "%s", of->text);
    if (sends && study_files_send(w->team, RANK_FILE, PATIENCE_S, of->job.run, path,
                                  &ended.sent) != IPL_OK) {
        ended.status = IPL_E_IO; /* or rank 0 is gone, and does not hear it */
        snprintf(ended.text, sizeof ended.text, "%s", ipl_last_error_text());
    } else if (sends && run->keep == IPL_KEEP_NONE) {
        study_files_remove(path);
    }
    return tell(w, RANK_ENDED, &ended, sizeof ended);
}

static ipl_status tell_all_ended(worker *w)
{
    for (int k = 0; k < w->cores; ++k) {
        slot *of = w->slot + k;
        pthread_mutex_lock(&w->lock);
        const int is_over = of->state == OVER;
        pthread_mutex_unlock(&w->lock);
        if (!is_over) continue;
        pthread_join(of->thread, NULL);
        of->state = FREE;
        IPL_TRY(tell_ended(w, of));
    }
    return IPL_OK;
}

static ipl_status tell_shares(worker *w)
{
    if (now_s() - w->told_s < TELL_S) return IPL_OK;
    w->told_s = now_s();
    rank_share *all = malloc((size_t)w->cores * sizeof *all);
    size_t count = 0;
    pthread_mutex_lock(&w->lock);
    for (int k = 0; all && k < w->cores; ++k)
        if (w->slot[k].state == WORKS)
            all[count++] = (rank_share){w->slot[k].job.run, w->slot[k].share};
    char *notes = w->has_said ? NULL : w->notes.at;
    const size_t bytes = w->notes.used + 1;
    w->has_said |= notes != NULL; /* of all runs the same, so they come once */
    pthread_mutex_unlock(&w->lock);
    ipl_status st = IPL_OK;
    if (count) st = tell(w, RANK_IS_AT, all, count * sizeof *all);
    if (st == IPL_OK && notes) st = tell(w, RANK_NOTES, notes, bytes);
    free(all);
    return st;
}

/* -- What rank 0 tells ------------------------------------------------------------*/

static ipl_status begin(worker *w, const rank_job *job)
{
    int k = 0;
    while (k < w->cores && w->slot[k].state != FREE) ++k;
    if (k == w->cores) return IPL_FAIL(IPL_E_IO, "rank 0 hands out too much");
    slot *of = w->slot + k;
    *of = (slot){.w = w, .state = WORKS, .job = *job};
    const int failed = pthread_create(&of->thread, NULL, do_run, of);
    if (!failed) return IPL_OK;
    of->status = IPL_E_MEMORY;
    of->state = FREE;
    snprintf(of->text, sizeof of->text, "a thread: %s", strerror(failed));
    return tell_ended(w, of);
}

/* A network folder may show it late. */
static ipl_status look(worker *w, const char *name)
{
    char path[STUDY_PATH + 80];
    const struct timespec moment = {0, 100000000};
    const double begin_s = now_s();
    int sees = 1;
    if (w->options->no_shared) return tell(w, RANK_SEES, &sees, sizeof sees);
    snprintf(path, sizeof path, "%s/%.63s", w->options->dir, name);
    while (!(sees = ipl_file_is_there(IPL_FILE_PATH, path)) &&
           now_s() - begin_s < SEE_S)
        nanosleep(&moment, NULL);
    return tell(w, RANK_SEES, &sees, sizeof sees);
}

static ipl_status take(worker *w, const ipl_team_message *m)
{
    rank_job job;
    if (m->tag == RANK_LEAVES) w->leaves = 1;
    if (m->tag == RANK_LOOKS && m->bytes) return look(w, (const char *)m->at);
    if (m->tag == RANK_STOPS) {
        pthread_mutex_lock(&w->lock);
        w->stop = 1;
        pthread_mutex_unlock(&w->lock);
    }
    if (m->tag != RANK_BEGINS || m->bytes != sizeof job) return IPL_OK;
    memcpy(&job, m->at, sizeof job);
    return begin(w, &job);
}

static ipl_status listen_to_rank_0(worker *w)
{
    ipl_team_message *m;
    double wait_s = LOOK_S;
    while (!w->leaves) { /* after that rank 0 may be gone */
        IPL_TRY(ipl_team_receive(w->team, 0, IPL_TEAM_ANY, wait_s, &m));
        if (!m) break;
        const ipl_status st = take(w, m);
        free(m);
        IPL_TRY(st);
        wait_s = 0.0;
    }
    return IPL_OK;
}

/* The caller may ask this rank alone to stop. */
static ipl_status ask(worker *w, ipl_study_call progress, void *user)
{
    const ipl_study_progress now = {.ended = -1, .text = "",
                                    .wall_s = now_s() - w->begin_s};
    if (w->stop || !progress || progress(user, &now)) return IPL_OK;
    pthread_mutex_lock(&w->lock);
    w->stop = 1;
    pthread_mutex_unlock(&w->lock);
    return tell(w, RANK_STOPS, NULL, 0);
}

/* -- All of it --------------------------------------------------------------------*/

static ipl_status introduce(worker *w, ipl_status st)
{
    rank_here here = {.cores = w->cores};
    if (st == IPL_OK && w->study) st = study_digest(w->study, &here.study);
    if (st != IPL_OK || !w->study)
        snprintf(here.trouble, sizeof here.trouble, "%s", ipl_last_error_text());
    snprintf(here.version, sizeof here.version, "%s", ipl_version());
    memcpy(here.model, w->model, sizeof here.model);
    return tell(w, RANK_IS_HERE, &here, sizeof here);
}

static ipl_status prepare(worker *w)
{
    int threads;
    IPL_TRY(study_rank_device(w->options, w->device, &threads));
    ipl_device *dev = NULL;
    const ipl_device_options with = {.threads = threads};
    IPL_TRY(ipl_device_open(w->device, &with, &dev));
    const ipl_device_info *about = ipl_device_about(dev);
    w->is_cpu = about->is_host;
    w->cores = w->is_cpu ? about->threads : 1;
    ipl_places_model(dev, w->model);
    ipl_device_close(dev);
    w->slot = calloc((size_t)w->cores, sizeof *w->slot);
    if (w->slot) return IPL_OK;
    const int runs = w->cores;
    w->cores = 0;
    return IPL_FAIL(IPL_E_MEMORY, "%d runs side by side", runs);
}

/* All that rank 0 has, and that no run here measures any more. */
static void clear_own_folder(worker *w)
{
    char path[STUDY_PATH];
    for (int64_t r = 0; w->study && r < ipl_study_runs(w->study); ++r) {
        ipl_run_info info;
        snprintf(path, sizeof path, "%.3900s/%s", w->dir,
                 ipl_study_run_at(w->study, r)->name);
        if (ipl_run_about(path, &info) == IPL_OK && info.done) study_files_remove(path);
    }
    rmdir(w->dir); /* what was not done is gone on with at the next start */
}

static void end_runs(worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->stop = 1;
    pthread_mutex_unlock(&w->lock);
    for (int k = 0; k < w->cores; ++k)
        if (w->slot && w->slot[k].state != FREE) pthread_join(w->slot[k].thread, NULL);
}

ipl_status study_work_for(const ipl_study *study, const ipl_study_options *options,
                          ipl_study_call progress, void *user)
{
    worker w = {.study = study, .options = options, .team = options->team,
                .begin_s = now_s()};
    if (pthread_mutex_init(&w.lock, NULL)) return IPL_FAIL(IPL_E_MEMORY, "a mutex");
    snprintf(w.dir, sizeof w.dir, options->no_shared ? "%.3800s.rank-%d" : "%.3800s",
             options->dir, ipl_team_rank(options->team));
    ipl_status st = study ? prepare(&w) : IPL_OK;
    st = introduce(&w, st);
    while (st == IPL_OK && !w.leaves) {
        st = listen_to_rank_0(&w);
        if (st == IPL_OK) st = ask(&w, progress, user);
        if (st == IPL_OK) st = tell_all_ended(&w);
        if (st == IPL_OK && !w.leaves) st = tell_shares(&w);
    }
    end_runs(&w);
    if (st == IPL_OK && options->no_shared) clear_own_folder(&w);
    free(w.slot);
    free(w.notes.at);
    pthread_mutex_destroy(&w.lock);
    return st;
}
