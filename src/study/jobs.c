/*
 * jobs.c - the runs of a study as work that is handed out.
 */
#include "study/jobs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

const char *study_path(const study_jobs *jobs, int64_t run, char path[STUDY_PATH])
{
    snprintf(path, STUDY_PATH, "%s/%s", jobs->dir,
             ipl_study_run_at(jobs->study, run)->name);
    return path;
}

/* -- Making -----------------------------------------------------------------------*/

/* Runs that measure another one's networks are of its part. The parts have about equal
 * work: each group, longest first, goes to the part that has least. */
static ipl_status share_out(study_jobs *jobs, int part, int parts)
{
    double *load = calloc((size_t)parts, sizeof *load);
    double *group = calloc((size_t)jobs->count, sizeof *group);
    int *of = calloc((size_t)jobs->count, sizeof *of);
    ipl_status st = IPL_OK;
    if (!load || !group || !of) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d parts of %lld runs", parts,
                      (long long)jobs->count);
        goto done;
    }
    for (int64_t r = 0; r < jobs->count; ++r) {
        const int64_t by = ipl_study_run_at(jobs->study, r)->kept_by;
        group[by < 0 ? r : by] += jobs->job[r].cost;
    }
    for (int64_t k = 0; k < jobs->count; ++k) {
        const int64_t r = jobs->order[k];
        if (ipl_study_run_at(jobs->study, r)->kept_by >= 0) continue;
        int least = 0;
        for (int p = 1; p < parts; ++p)
            if (load[p] < load[least]) least = p;
        load[least] += group[r];
        of[r] = least;
    }
    for (int64_t r = 0; r < jobs->count; ++r) {
        const int64_t by = ipl_study_run_at(jobs->study, r)->kept_by;
        jobs->job[r].is_mine = of[by < 0 ? r : by] == part - 1;
    }
done:
    free(load);
    free(group);
    free(of);
    return st;
}

typedef struct {
    int64_t run;
    double  cost;
    int     is_waited_for;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *l = a, *r = b;
    if (l->is_waited_for != r->is_waited_for)
        return r->is_waited_for - l->is_waited_for;
    if (l->cost != r->cost) return l->cost < r->cost ? 1 : -1;
    return l->run < r->run ? -1 : 1;
}

static ipl_status put_in_order(study_jobs *jobs)
{
    ranked *rank = malloc((size_t)jobs->count * sizeof *rank);
    if (!rank) return IPL_FAIL(IPL_E_MEMORY, "%lld runs", (long long)jobs->count);
    for (int64_t r = 0; r < jobs->count; ++r)
        rank[r] = (ranked){r, jobs->job[r].cost, 0};
    for (int64_t r = 0; r < jobs->count; ++r) {
        const int64_t by = ipl_study_run_at(jobs->study, r)->kept_by;
        if (by >= 0) rank[by].is_waited_for = 1;
    }
    qsort(rank, (size_t)jobs->count, sizeof *rank, by_rank);
    for (int64_t k = 0; k < jobs->count; ++k) jobs->order[k] = rank[k].run;
    free(rank);
    return IPL_OK;
}

/* DONE, where its directory says so. */
static ipl_status look_at(const study_jobs *jobs, int64_t run, ipl_study_state *state)
{
    char path[STUDY_PATH], file[STUDY_PATH + 16];
    int is_there;
    ipl_run_info info;
    *state = IPL_STUDY_OPEN;
    IPL_TRY(study_compare(jobs->study, run, jobs->dir, study_path(jobs, run, path),
                          &is_there));
    /* What is damaged is found when the run is gone on with. */
    if (!is_there || ipl_run_about(path, &info) != IPL_OK || !info.done) return IPL_OK;
    *state = IPL_STUDY_DONE;
    snprintf(file, sizeof file, "%s/points.log", path);
    if (ipl_file_is_there(IPL_FILE_PATH, file)) /* killed before it could tidy up */
        ipl_resume(NULL, path, NULL, NULL, NULL);
    return IPL_OK;
}

ipl_status study_jobs_create(const ipl_study *study, const char *dir, int part,
                             int parts, study_jobs *out)
{
    const int64_t count = ipl_study_runs(study);
    *out = (study_jobs){.study = study, .dir = dir, .count = count};
    out->job = calloc((size_t)count, sizeof *out->job);
    out->order = calloc((size_t)count, sizeof *out->order);
    out->ended = calloc((size_t)count, sizeof *out->ended);
    if (!out->job || !out->order || !out->ended)
        return IPL_FAIL(IPL_E_MEMORY, "%lld runs", (long long)count);
    for (int64_t r = 0; r < count; ++r) {
        study_job *job = out->job + r;
        ipl_study_work work;
        IPL_TRY(ipl_study_work_of(study, r, dir, &work));
        job->cost = work.cost;
        job->is_large = work.is_large;
        IPL_TRY(look_at(out, r, &job->state));
        job->is_mine = 1;
    }
    IPL_TRY(put_in_order(out));
    if (parts > 1) IPL_TRY(share_out(out, part, parts));
    for (int64_t r = 0; r < count; ++r) {
        study_job *job = out->job + r;
        if (job->state == IPL_STUDY_DONE) continue;
        if (job->is_mine) out->cost_mine += job->cost;
        else job->state = IPL_STUDY_ELSEWHERE;
    }
    return IPL_OK;
}

void study_jobs_destroy(study_jobs *jobs)
{
    for (int64_t r = 0; jobs->job && r < jobs->count; ++r) free(jobs->job[r].text);
    free(jobs->job);
    free(jobs->order);
    free(jobs->ended);
    *jobs = (study_jobs){0};
}

/* -- Handing out ------------------------------------------------------------------*/

/* 1: its networks are there, or will be trained by itself. *waits: neither yet. A run
 * whose networks could not be trained cannot be measured. */
static int may_begin(study_jobs *jobs, int64_t run, int *waits)
{
    const int64_t by = ipl_study_run_at(jobs->study, run)->kept_by;
    if (by < 0 || jobs->job[by].state == IPL_STUDY_DONE) return 1;
    if (jobs->job[by].state == IPL_STUDY_FAILED) {
        char text[IPL_STUDY_NAME + 80];
        snprintf(text, sizeof text, "it measures the networks of %s, which failed",
                 ipl_study_run_at(jobs->study, by)->name);
        study_jobs_end(jobs, run, IPL_STUDY_FAILED, text);
    } else if (jobs->job[by].state == IPL_STUDY_ELSEWHERE) {
        char text[IPL_STUDY_NAME + 80];
        snprintf(text, sizeof text, "it measures the networks of %s, on which another "
                 "process works", ipl_study_run_at(jobs->study, by)->name);
        study_jobs_end(jobs, run, IPL_STUDY_ELSEWHERE, text);
    } else *waits = 1;
    return 0;
}

int64_t study_jobs_next(study_jobs *jobs, int *more)
{
    return study_jobs_next_of(jobs, NULL, NULL, more);
}

int64_t study_jobs_next_of(study_jobs *jobs, study_may_call may, const void *user,
                           int *more)
{
    int waits = 0;
    *more = 0;
    for (int64_t k = jobs->first; k < jobs->count; ++k) {
        const int64_t r = jobs->order[k];
        const int is_open = jobs->job[r].state == IPL_STUDY_OPEN;
        if (is_open && may_begin(jobs, r, &waits)) {
            if (!may || may(user, r)) return r;
            waits = 1;
        }
        *more |= waits || jobs->job[r].state == IPL_STUDY_WORKING;
        if (k == jobs->first && jobs->job[r].state >= IPL_STUDY_DONE) ++jobs->first;
    }
    return -1;
}

void study_jobs_begin(study_jobs *jobs, int64_t run)
{
    jobs->job[run].state = IPL_STUDY_WORKING;
    jobs->job[run].share = jobs->job[run].all_s = 0.0;
    jobs->job[run].cores = 0;
}

void study_jobs_end(study_jobs *jobs, int64_t run, ipl_study_state state,
                    const char *text)
{
    study_job *job = jobs->job + run;
    free(job->text);
    job->text = text && *text ? strdup(text) : NULL;
    if (job->state < IPL_STUDY_DONE && state >= IPL_STUDY_DONE)
        jobs->cost_ended += job->cost;
    job->state = state;
    job->share = 0.0;
    if (state < IPL_STUDY_DONE || job->is_listed) return;
    job->is_listed = 1;
    jobs->ended[(jobs->ended_first + jobs->ended_count++) % jobs->count] = run;
}

int64_t study_jobs_ended(study_jobs *jobs)
{
    if (!jobs->ended_count) return -1;
    const int64_t run = jobs->ended[jobs->ended_first];
    jobs->ended_first = (jobs->ended_first + 1) % jobs->count;
    --jobs->ended_count;
    jobs->job[run].is_listed = 0;
    return run;
}

ipl_study_state study_jobs_refused(const study_jobs *jobs, int64_t run)
{
    char path[STUDY_PATH], lock[STUDY_PATH + 16];
    ipl_study_state state;
    snprintf(lock, sizeof lock, "%s/lock", study_path(jobs, run, path));
    if (ipl_file_is_there(IPL_FILE_PATH, lock)) return IPL_STUDY_ELSEWHERE;
    const int is_done = look_at(jobs, run, &state) == IPL_OK && state == IPL_STUDY_DONE;
    return is_done ? IPL_STUDY_DONE : IPL_STUDY_FAILED;
}

int64_t study_jobs_look_again(study_jobs *jobs)
{
    int64_t open = 0;
    for (int64_t r = 0; r < jobs->count; ++r) {
        study_job *job = jobs->job + r;
        ipl_study_state now;
        if (job->state != IPL_STUDY_ELSEWHERE || look_at(jobs, r, &now) != IPL_OK)
            continue;
        if (now == IPL_STUDY_DONE) study_jobs_end(jobs, r, IPL_STUDY_DONE, NULL);
        const int64_t by = ipl_study_run_at(jobs->study, r)->kept_by;
        /* What waited for another process's networks, which are there now. */
        if (now == IPL_STUDY_OPEN && job->is_mine && by >= 0 &&
            jobs->job[by].state == IPL_STUDY_DONE) {
            jobs->cost_ended -= job->cost;
            job->state = IPL_STUDY_OPEN;
            ++open;
        }
    }
    if (open) jobs->first = 0;
    return open;
}

void study_jobs_count(const study_jobs *jobs, ipl_study_progress *out)
{
    double at_work = 0.0;
    out->runs = jobs->count;
    out->done = out->failed = out->working = out->elsewhere = 0;
    for (int64_t r = 0; r < jobs->count; ++r) {
        const study_job *job = jobs->job + r;
        out->done += job->state == IPL_STUDY_DONE;
        out->failed += job->state == IPL_STUDY_FAILED;
        out->elsewhere += job->state == IPL_STUDY_ELSEWHERE;
        out->working += job->state == IPL_STUDY_WORKING;
        if (job->state == IPL_STUDY_WORKING) at_work += job->share * job->cost;
    }
    const double all = jobs->cost_mine > 0.0 ? jobs->cost_mine : 1.0;
    out->share = fmin(1.0, (jobs->cost_ended + at_work) / all);
    if (!(jobs->cost_mine > 0.0)) out->share = 1.0;
    out->left_s = out->share > 0.01 || (out->share > 0.0 && out->wall_s > 5.0)
                      ? out->wall_s * (1.0 - out->share) / out->share
                      : NAN;
}
