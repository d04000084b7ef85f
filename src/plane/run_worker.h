/*
 * run_worker.h - a measuring worker: a thread that measures ticks, here or elsewhere.
 *
 * Those of the run's first device get networks from the store there. To all others they
 * go through host memory: to another device of this process, or to a helper. A worker
 * elsewhere that fails is lost, with its ticks measured by the others; what no place
 * can measure fails the run, wherever it is seen.
 */
#ifndef IPL_RUN_WORKER_H
#define IPL_RUN_WORKER_H

#include "plane/far.h"
#include "plane/run.h"

struct run_worker {
    run        *r;
    ipl_lane    lane;     /* zeros: a helper's                                    */
    const ipl_link *link; /* to the helper; NULL: none                            */
    ipl_far     far;
    char        name[48]; /* "cuda:1", "helper 2"                                 */
    int         ticks;    /* at most, at once                                     */
    float      *host;     /* [ticks][replicas][parameters]; NULL: not elsewhere    */
    ipl_layer  *layer;    /* [ticks][replicas][layers]                            */
    int64_t    *tick;     /* [ticks]                                              */
    int         count;
    int64_t     measured; /* ticks in all                                         */
    int         lost;     /* 1: failed, and ends                                  */
    int         gives_up; /* 1: the run ends, or has ended, before the answer      */
    pthread_t   thread;   /* of all but the first                                 */
};

static inline int run_is_helper(const run_worker *w) { return w->link != NULL; }

static inline int run_is_elsewhere(const run_worker *w) { return w->host != NULL; }

/* -- run_workers.c ----------------------------------------------------------------*/

/* Networks of the worker's ticks to host memory, from there to its device or helper,
 * and the points back to worker->layer. */
ipl_status run_measure_elsewhere(run_worker *worker);

/* Asks a helper whether it is ready: it is, or it is lost, or the run ends before. */
void run_greet(run_worker *worker);

/* A helper is asked for its worker's ticks; whether others should measure one of them
 * too by now. run.lock is held, here and for the next two. */
void run_note_asked(run_worker *worker);
int  run_is_late(const run *r, const run_wanted *wanted);

/* 1 if a part of the ticks may do better. A lost device has no second try, nor has a
 * link that failed once. */
int run_may_try_again(const run_worker *worker, ipl_status st);

/* 1 if this failure is the worker's own. */
int run_may_lose(const run_worker *worker, ipl_status st);

/* The calling thread's last error is why the worker ends. */
void run_lose(run_worker *worker);

/* Takes processor threads for a worker, 0 for a helper's, and gives them back. */
int  run_begin_work(run_worker *worker, double *begin_s);
void run_end_work(run_worker *worker, int threads, double begin_s);

/* After all workers: the helpers are free for another run. */
void run_end_helpers(run *r);

/* Lines on what was lost, as long as the caller's thread does not ask again; NULL:
 * nothing was. For that thread alone; run.lock is held. */
const char *run_lost_to_tell(run *r);

#endif
