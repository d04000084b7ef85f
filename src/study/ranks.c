/*
 * ranks.c - rank 0 hands out the runs of a study to the other ranks.
 *
 * One thread speaks to all of them: it gives a run to the rank with most free cores,
 * takes what they tell, and gives the runs of a rank that is gone to others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "study/execute.h"

/* What is sent is short, and a rank always listens. */
static const double PATIENCE_S = 20.0, HELLO_S = 60.0, LOOK_S = 0.05;

/* Two models of devices, or a rank's own words. */
enum { RANK_LINE = 2 * IPL_MODEL_TEXT + 100 };

typedef enum { EXPECTED, LOOKING, READY, REFUSED, GONE } rank_state;

typedef struct {
    rank_state state;
    int        cores, free;
    int        works;     /* runs                                                   */
    int        is_leaving; /* it wants no more                                      */
} rank;

struct study_ranks {
    execution *x;
    ipl_team  *team;
    int        size;
    rank      *rank;   /* [size]; [0] is this one                                   */
    int       *at;     /* [runs]: the rank that does it                             */
    int       *cores;  /* [runs]: that it has there                                 */
    int       *has;    /* [runs]: the rank that has its networks; 0: all know them  */
    study_sent *got;   /* [runs]: files that came, where no folder is shared        */
    int64_t    works;  /* runs of all ranks                                         */
    int        is_stopped; /* they were told                                        */
    double     beat_s;
    uint32_t   digest;
    char       file[64]; /* that all have to see                                    */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A line for who looks on, as notes on data are. */
static void note(study_ranks *s, const char *text)
{
    execution *x = s->x;
    pthread_mutex_lock(&x->lock);
    study_take_notes(x, text);
    pthread_mutex_unlock(&x->lock);
}

static void note_rank(study_ranks *s, int r, const char *text)
{
    char line[RANK_LINE + 64];
    snprintf(line, sizeof line, "rank %d of %d: %s\n", r, s->size, text);
    note(s, line);
}

/* -- Runs there -------------------------------------------------------------------*/

/* Files that come are written beside the run directory. */
static const char *made_path(const study_ranks *s, int64_t run, char path[STUDY_PATH])
{
    const study_jobs *jobs = &s->x->jobs;
    snprintf(path, STUDY_PATH, "%.3900s/%s.coming", jobs->dir,
             ipl_study_run_at(jobs->study, run)->name);
    return path;
}

/* x->lock is held, as in the next two. */
static void give_back(study_ranks *s, int64_t run)
{
    char path[STUDY_PATH];
    rank *of = s->rank + s->at[run];
    of->free += s->cores[run];
    if (of->state == READY) s->x->free_there += s->cores[run];
    --of->works;
    --s->works;
    s->at[run] = 0;
    if (s->got[run].files) study_files_remove(made_path(s, run, path));
}

/* A run that two ranks died of would cost all others too. */
static void lose_runs(study_ranks *s, int r)
{
    execution *x = s->x;
    for (int64_t run = 0; run < x->jobs.count && s->rank[r].works; ++run) {
        if (s->at[run] != r) continue;
        give_back(s, run);
        if (++x->jobs.job[run].lost < 2) study_jobs_end(&x->jobs, run, IPL_STUDY_OPEN,
                                                        NULL);
        else study_jobs_end(&x->jobs, run, IPL_STUDY_FAILED,
                            "two ranks died while they did it");
    }
    pthread_cond_broadcast(&x->changed);
}

static void lose(study_ranks *s, int r, const char *why)
{
    if (s->rank[r].state >= REFUSED) return;
    ipl_team_give_up(s->team, r);
    pthread_mutex_lock(&s->x->lock);
    if (s->rank[r].state == READY) s->x->free_there -= s->rank[r].free;
    s->rank[r].state = GONE;
    lose_runs(s, r);
    pthread_mutex_unlock(&s->x->lock);
    note_rank(s, r, why);
}

/* What is sent to a rank that is gone is lost with it. */
static void send(study_ranks *s, int r, int tag, const void *from, size_t bytes)
{
    if (ipl_team_send(s->team, r, tag, from, bytes, PATIENCE_S) != IPL_OK)
        lose(s, r, "it is gone; others do its runs");
}

/* The rank with most free cores that could begin one, or 0; x->lock is held. `only`:
 * that rank alone. */
static int rank_for(const study_ranks *s, const study_job *job, int only)
{
    int best = 0;
    for (int r = 1; r < s->size; ++r) {
        const rank *of = s->rank + r;
        const int needs = job->is_large || job->alone ? of->cores : 1;
        if (only && r != only) continue;
        if (of->state == READY && !of->is_leaving && of->free >= needs &&
            (!best || of->free > s->rank[best].free))
            best = r;
    }
    return best;
}

/* Its part of all cores, so that the last runs are spread over all ranks. */
static int cores_for(const study_ranks *s, const study_job *job, const rank *of)
{
    const execution *x = s->x;
    if (!x->is_cpu) return 1;
    if (job->is_large || job->alone) return of->cores;
    const int all = x->free + x->free_there;
    int64_t open = 0;
    for (int64_t k = x->jobs.first; k < x->jobs.count && open < all; ++k)
        open += x->jobs.job[x->jobs.order[k]].state == IPL_STUDY_OPEN;
    const int part = open ? all / (int)open : all;
    return part < 1 ? 1 : part < of->free ? part : of->free;
}

/* Where no folder is shared a rank can measure its own networks only, and go on with
 * nothing that rank 0 has. */
static int may_go(const void *ranks, int64_t run)
{
    const study_ranks *s = ranks;
    const study_jobs *jobs = &s->x->jobs;
    const int64_t by = ipl_study_run_at(jobs->study, run)->kept_by;
    char path[STUDY_PATH];
    if (!s->x->options->no_shared) return 1;
    if (ipl_file_is_there(IPL_FILE_PATH, study_path(jobs, run, path))) return 0;
    return by < 0 || (s->has[by] && s->rank[s->has[by]].state == READY);
}

/* Returns 1 if a run was handed out; *more: one may come later. */
static int hand_out(study_ranks *s, int *more)
{
    execution *x = s->x;
    rank_job job = {.run = -1};
    int to = 0;
    pthread_mutex_lock(&x->lock);
    if (!x->stop) job.run = study_jobs_next_of(&x->jobs, may_go, s, more);
    if (job.run >= 0) {
        const int64_t by = ipl_study_run_at(x->jobs.study, job.run)->kept_by;
        *more = 1;
        to = rank_for(s, x->jobs.job + job.run,
                      x->options->no_shared && by >= 0 ? s->has[by] : 0);
        s->got[job.run] = (study_sent){0};
    }
    if (to) {
        rank *of = s->rank + to;
        job.cores = cores_for(s, x->jobs.job + job.run, of);
        of->free -= job.cores;
        x->free_there -= job.cores;
        ++of->works;
        ++s->works;
        s->at[job.run] = to;
        s->cores[job.run] = job.cores;
        study_jobs_begin(&x->jobs, job.run);
    }
    pthread_mutex_unlock(&x->lock);
    if (to) send(s, to, RANK_BEGINS, &job, sizeof job);
    return to > 0;
}

/* -- What they tell ---------------------------------------------------------------*/

static void refuse(study_ranks *s, int r, const char *why)
{
    s->rank[r].state = REFUSED;
    note_rank(s, r, why);
}

static void take_here(study_ranks *s, int r, const rank_here *here)
{
    char text[RANK_LINE];
    if (s->rank[r].state != EXPECTED) return;
    if (here->trouble[0]) {
        refuse(s, r, here->trouble);
    } else if (strcmp(here->version, ipl_version())) {
        snprintf(text, sizeof text, "its version is %s, and that of rank 0 %s: it gets "
                 "no runs", here->version, ipl_version());
        refuse(s, r, text);
    } else if (here->study != s->digest) {
        refuse(s, r, "it has read another study than rank 0: it gets no runs");
    } else if (strcmp(here->model, s->x->model)) {
        snprintf(text, sizeof text, "it has %s, and rank 0 %s: it gets no runs, whose "
                 "bits may differ", here->model, s->x->model);
        refuse(s, r, text);
    } else {
        s->rank[r].state = LOOKING;
        s->rank[r].cores = s->rank[r].free = here->cores < 1 ? 1 : here->cores;
        send(s, r, RANK_LOOKS, s->file, sizeof s->file);
    }
}

static void take_sees(study_ranks *s, int r, int sees)
{
    if (s->rank[r].state != LOOKING) return;
    if (!sees && !s->x->options->no_shared) {
        refuse(s, r, "it does not see the study's folder, and gets no runs: --out "
                     "names one that all share, or --no-shared sends results");
        return;
    }
    pthread_mutex_lock(&s->x->lock);
    s->rank[r].state = READY;
    s->x->free_there += s->rank[r].free;
    pthread_mutex_unlock(&s->x->lock);
}

static void take_shares(study_ranks *s, int r, const ipl_team_message *m)
{
    study_jobs *jobs = &s->x->jobs;
    pthread_mutex_lock(&s->x->lock);
    for (size_t at = 0; at + sizeof(rank_share) <= m->bytes; at += sizeof(rank_share)) {
        rank_share share;
        memcpy(&share, m->at + at, sizeof share);
        if (share.run >= 0 && share.run < jobs->count && s->at[share.run] == r)
            jobs->job[share.run].share = share.share;
    }
    pthread_mutex_unlock(&s->x->lock);
}

/* What cannot be written is told when the run ends: bytes of it are missing then. */
static void take_file(study_ranks *s, int r, const ipl_team_message *m)
{
    char path[STUDY_PATH];
    const int64_t run = study_piece_run(m);
    if (run < 0 || run >= s->x->jobs.count || s->at[run] != r) return;
    if (study_piece_take(m, made_path(s, run, path), &s->got[run]) != IPL_OK)
        note_rank(s, r, ipl_last_error_text());
}

static ipl_status settle_files(study_ranks *s, const rank_ended *ended)
{
    char made[STUDY_PATH], path[STUDY_PATH];
    IPL_TRY(study_files_settle(made_path(s, ended->run, made),
                               study_path(&s->x->jobs, ended->run, path), &ended->sent,
                               &s->got[ended->run]));
    s->has[ended->run] = s->at[ended->run];
    s->got[ended->run] = (study_sent){0};
    return IPL_OK;
}

static void take_ended(study_ranks *s, int r, rank_ended *ended)
{
    execution *x = s->x;
    ended->text[RANK_TEXT - 1] = 0;
    pthread_mutex_lock(&x->lock);
    if (ended->run >= 0 && ended->run < x->jobs.count && s->at[ended->run] == r) {
        const int others = s->cores[ended->run] < s->rank[r].cores;
        ipl_status st = (ipl_status)ended->status;
        if (st == IPL_OK && x->options->no_shared) {
            st = settle_files(s, ended);
            if (st != IPL_OK)
                snprintf(ended->text, sizeof ended->text, "%s", ipl_last_error_text());
        }
        give_back(s, ended->run);
        if (st == IPL_E_STOPPED) /* as that rank was told to, if all are not */
            study_jobs_end(&x->jobs, ended->run, IPL_STUDY_OPEN, NULL);
        else study_settle(x, ended->run, st, ended->text, others);
        pthread_cond_broadcast(&x->changed);
    }
    pthread_mutex_unlock(&x->lock);
}

static void take_stops(study_ranks *s, int r)
{
    pthread_mutex_lock(&s->x->lock);
    s->rank[r].is_leaving = 1;
    if (s->rank[r].state == READY) s->x->free_there -= s->rank[r].free;
    if (s->rank[r].state == READY) s->rank[r].state = REFUSED;
    pthread_mutex_unlock(&s->x->lock);
}

/* What is shorter than it should be is of another program, which is gone soon. */
static void take(study_ranks *s, ipl_team_message *m)
{
    rank_here here;
    rank_ended ended;
    int sees;
    const size_t bytes = m->bytes;
    if (m->tag == RANK_IS_HERE && bytes == sizeof here) {
        memcpy(&here, m->at, bytes);
        take_here(s, m->rank, &here);
    } else if (m->tag == RANK_SEES && bytes == sizeof sees) {
        memcpy(&sees, m->at, bytes);
        take_sees(s, m->rank, sees);
    } else if (m->tag == RANK_IS_AT) {
        take_shares(s, m->rank, m);
    } else if (m->tag == RANK_NOTES && bytes && !m->at[bytes - 1]) {
        note(s, (const char *)m->at);
    } else if (m->tag == RANK_FILE) {
        take_file(s, m->rank, m);
    } else if (m->tag == RANK_ENDED && bytes == sizeof ended) {
        memcpy(&ended, m->at, bytes);
        take_ended(s, m->rank, &ended);
    } else if (m->tag == RANK_STOPS) {
        take_stops(s, m->rank);
    }
    free(m);
}

/* Takes what there is, and waits a little for the first. */
static void take_all(study_ranks *s)
{
    const struct timespec moment = {0, (long)(1e9 * LOOK_S)};
    double wait_s = LOOK_S;
    ipl_team_message *m;
    for (;;) {
        m = NULL;
        if (ipl_team_receive(s->team, IPL_TEAM_ANY, IPL_TEAM_ANY, wait_s, &m) != IPL_OK)
            nanosleep(&moment, NULL); /* all are gone */
        if (!m) break;
        take(s, m);
        wait_s = 0.0;
    }
    for (int r = 1; r < s->size; ++r) {
        if (s->rank[r].state == GONE) continue;
        if (ipl_team_is_gone(s->team, r)) lose(s, r, "it is gone; others do its runs");
        else if (ipl_team_silent_s(s->team, r) > study_silent_s())
            lose(s, r, "it says nothing any more; others do its runs");
    }
    if (now_s() - s->beat_s < RANK_BEAT_S) return;
    s->beat_s = now_s();
    for (int r = 1; r < s->size; ++r)
        if (s->rank[r].state < GONE) send(s, r, RANK_IS_AT, NULL, 0);
}

/* -- From the start to the end ----------------------------------------------------*/

static int all_came(const study_ranks *s)
{
    for (int r = 1; r < s->size; ++r)
        if (s->rank[r].state < READY) return 0;
    return 1;
}

/* A file of a name that nobody has asked for before: a network folder may remember for
 * a while that something is not there. */
static ipl_status make_file(study_ranks *s, char *path, size_t size)
{
    int fd;
    snprintf(s->file, sizeof s->file, "study.%ld-%lld.ranks", (long)getpid(),
             (long long)(now_s() * 1e6));
    snprintf(path, size, "%s/%s", s->x->options->dir, s->file);
    IPL_TRY(ipl_file_make(IPL_FILE_PATH, path, &fd));
    close(fd);
    return IPL_OK;
}

ipl_status study_ranks_create(execution *x, study_ranks **out)
{
    char path[STUDY_PATH + 80];
    const int size = ipl_team_size(x->options->team);
    study_ranks *s = calloc(1, sizeof *s);
    if (!s) return IPL_FAIL(IPL_E_MEMORY, "%d ranks", size);
    *s = (study_ranks){.x = x, .team = x->options->team, .size = size};
    s->rank = calloc((size_t)size, sizeof *s->rank);
    s->at = calloc((size_t)x->jobs.count, sizeof *s->at);
    s->cores = calloc((size_t)x->jobs.count, sizeof *s->cores);
    s->has = calloc((size_t)x->jobs.count, sizeof *s->has);
    s->got = calloc((size_t)x->jobs.count, sizeof *s->got);
    ipl_status st = IPL_OK;
    if (!s->rank || !s->at || !s->cores || !s->has || !s->got)
        st = IPL_FAIL(IPL_E_MEMORY, "%d ranks", size);
    if (st == IPL_OK) st = study_digest(x->jobs.study, &s->digest);
    if (st == IPL_OK) st = make_file(s, path, sizeof path);
    if (st != IPL_OK) {
        study_ranks_destroy(s);
        return st;
    }
    const double begin = now_s();
    while (!all_came(s) && now_s() - begin < HELLO_S) take_all(s);
    for (int r = 1; r < size; ++r)
        if (s->rank[r].state < READY) lose(s, r, "it did not come");
    ipl_file_remove(IPL_FILE_PATH, path);
    *out = s;
    return IPL_OK;
}

void *study_ranks_work(void *ranks)
{
    study_ranks *s = ranks;
    execution *x = s->x;
    for (int more = 1; more || s->works;) {
        more = 0;
        while (hand_out(s, &more)) {}
        if (x->stop && !s->is_stopped) {
            s->is_stopped = 1;
            for (int r = 1; r < s->size; ++r)
                if (s->rank[r].works) send(s, r, RANK_STOPS, NULL, 0);
        }
        take_all(s);
    }
    pthread_mutex_lock(&x->lock);
    ++x->waiting;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

void study_ranks_destroy(study_ranks *s)
{
    if (!s) return;
    free(s->rank);
    free(s->at);
    free(s->cores);
    free(s->has);
    free(s->got);
    free(s);
}

void study_ranks_dismiss(ipl_team *team)
{
    for (int r = 1; team && r < ipl_team_size(team); ++r)
        if (!ipl_team_is_gone(team, r))
            (void)ipl_team_send(team, r, RANK_LEAVES, NULL, 0, PATIENCE_S);
}
