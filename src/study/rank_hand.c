/*
 * rank_hand.c - runs that other ranks do: which rank gets one, and who loses it.
 */
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "study/ranks.h"

const char *study_ranks_made_path(const study_ranks *s, int64_t run,
                                  char path[STUDY_PATH])
{
    const study_jobs *jobs = &s->x->jobs;
    snprintf(path, STUDY_PATH, "%.3900s/%s.coming", jobs->dir,
             ipl_study_run_at(jobs->study, run)->name);
    return path;
}

void study_ranks_give_back(study_ranks *s, int64_t run)
{
    char path[STUDY_PATH];
    rank *of = s->rank + s->at[run];
    of->free += s->cores[run];
    if (of->state == READY) s->x->free_there += s->cores[run];
    --of->works;
    --s->works;
    s->at[run] = 0;
    if (s->got[run].files) study_files_remove(study_ranks_made_path(s, run, path));
}

/* A run that two ranks died of would cost all others too. x->lock is held. */
static void lose_runs(study_ranks *s, int r)
{
    execution *x = s->x;
    for (int64_t run = 0; run < x->jobs.count && s->rank[r].works; ++run) {
        if (s->at[run] != r) continue;
        study_ranks_give_back(s, run);
        if (++x->jobs.job[run].lost < 2) study_jobs_end(&x->jobs, run, IPL_STUDY_OPEN,
                                                        NULL);
        else study_jobs_end(&x->jobs, run, IPL_STUDY_FAILED,
                            "two ranks died while they did it");
    }
    pthread_cond_broadcast(&x->changed);
}

void study_ranks_lose(study_ranks *s, int r, const char *why)
{
    /* One that gets no runs any more may still have some. */
    if (s->rank[r].state >= REFUSED && !s->rank[r].works) return;
    ipl_team_give_up(s->team, r);
    pthread_mutex_lock(&s->x->lock);
    if (s->rank[r].state == READY) s->x->free_there -= s->rank[r].free;
    s->rank[r].state = GONE;
    lose_runs(s, r);
    pthread_mutex_unlock(&s->x->lock);
    study_ranks_note_of(s, r, why);
}

void study_ranks_send(study_ranks *s, int r, int tag, const void *from, size_t bytes)
{
    if (ipl_team_send(s->team, r, tag, from, bytes, RANK_PATIENCE_S) != IPL_OK)
        study_ranks_lose(s, r, "it is gone; others do its runs");
}

/* -- Handing out ------------------------------------------------------------------*/

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

int study_ranks_hand_out(study_ranks *s, int *more)
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
    if (to) study_ranks_send(s, to, RANK_BEGINS, &job, sizeof job);
    return to > 0;
}
