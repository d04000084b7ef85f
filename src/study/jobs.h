/*
 * jobs.h - the runs of a study as work that is handed out.
 *
 * Whoever runs them, threads of this process or others, asks for the next one and tells
 * how it ended. Not safe for several threads at once: its owner locks.
 */
#ifndef STUDY_JOBS_H
#define STUDY_JOBS_H

#include "study/table_file.h"

typedef struct {
    ipl_study_state state;
    int    is_mine;  /* 0: of another part of the study                             */
    int    is_large; /* it gains by all cores                                       */
    int    is_listed; /* in `ended`                                                 */
    int    alone;    /* there was no memory for it beside others                    */
    int    lost;     /* ranks that died while they did it                           */
    double cost;     /* expected work, in multiplications                           */
    double share;    /* of it that is done, while it works                          */
    int    cores;    /* that it has in this process; 0: elsewhere, or not at work   */
    double all_s;    /* that it takes in all, judged by its share; 0: not known     */
    char  *text;     /* why it failed, or who has it; NULL                          */
} study_job;

typedef struct {
    const ipl_study *study;
    const char      *dir;
    int64_t          count;
    study_job       *job;   /* [count]                                              */
    int64_t         *order; /* [count]: what others wait for, then longest first    */
    int64_t          first; /* of `order`: all before it have ended                 */
    int64_t         *ended; /* [count], a ring of those that were not told of yet   */
    int64_t          ended_first, ended_count;
    double           cost_mine;  /* of those that were open at the start            */
    double           cost_ended; /* of these                                        */
} study_jobs;

/* What is done already is found in the folder; each run directory there is compared
 * with what the study wants of it. part, parts as in ipl_study_options. E_ARGUMENT,
 * E_IO, E_MEMORY. Destroying allows a zeroed struct. */
ipl_status study_jobs_create(const ipl_study *study, const char *dir, int part,
                             int parts, study_jobs *out);
void       study_jobs_destroy(study_jobs *jobs);

/* The next run that may begin, which is not yet WORKING by that; -1: none now, and
 * *more tells whether one may come when those at work end. */
int64_t study_jobs_next(study_jobs *jobs, int *more);

/* The same of those runs that `may` allows. */
typedef int (*study_may_call)(const void *user, int64_t run);
int64_t study_jobs_next_of(study_jobs *jobs, study_may_call may, const void *user,
                           int *more);

void study_jobs_begin(study_jobs *jobs, int64_t run);

/* How it ended: DONE, FAILED, ELSEWHERE with a text, or OPEN again. */
void study_jobs_end(study_jobs *jobs, int64_t run, ipl_study_state state,
                    const char *text);

/* What became of a run that answered E_UNSUPPORTED: ELSEWHERE, if another process holds
 * it, DONE, if that one has just ended, else FAILED. */
ipl_study_state study_jobs_refused(const study_jobs *jobs, int64_t run);

/* The next run that has ended since it was asked for; -1: none. */
int64_t study_jobs_ended(study_jobs *jobs);

/* Runs that other processes had, and that may be free, or done, by now. Returns how
 * many are open again. */
int64_t study_jobs_look_again(study_jobs *jobs);

/* Counts and shares. */
void study_jobs_count(const study_jobs *jobs, ipl_study_progress *out);

/* The folder of a run, "DIR/NAME". */
const char *study_path(const study_jobs *jobs, int64_t run, char path[STUDY_PATH]);

/* -- study_one.c ------------------------------------------------------------------*/

/* Does one run, or goes on with it, on an open device. `share` is told how much of it
 * is done; it returns 1 to go on. E_UNSUPPORTED: another process has it. Else as
 * ipl_run. */
typedef int (*study_share_call)(void *user, double share, const char *notes);
ipl_status study_do(const ipl_study *study, int64_t run, const char *dir,
                    ipl_device *dev, study_share_call share, void *user);

/* Whether a run directory belongs to the run; *is_there 0: there is none yet.
 * E_ARGUMENT: it belongs to another one. */
ipl_status study_compare(const ipl_study *study, int64_t run, const char *dir,
                         const char *path, int *is_there);

#endif
