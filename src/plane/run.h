/*
 * run.h - one run: its workers, and what they share.
 *
 *   training worker    train a tick -> snapshot into the store -> row of training.csv
 *   measuring workers  ask the policy -> snapshots from the store -> points -> journal
 *
 * Each worker is a thread with a device handle of its own. Training goes on while
 * others measure, and waits only when the store is full and there is something to
 * measure. The first measuring worker is the caller's thread; on a GPU a second one
 * keeps it busy while the first waits for a result. Further devices and helpers have
 * workers too (run_worker.h). All take the processor's threads
 * from one pool (cores.h). All that they share is guarded by run.lock; what belongs to
 * one worker alone says so.
 *
 * Points reach the journal when they are known, and plane.csv in the order of ticks,
 * once no earlier tick can be asked for. A training state is saved when all that may
 * be asked of its past is in the journal: going on from there repeats what an unbroken
 * run does (run_save.c).
 */
#ifndef IPL_RUN_H
#define IPL_RUN_H

#include <pthread.h>

#include "ipl_places.h"
#include "plane/checkpoint.h"
#include "plane/cores.h"
#include "plane/experiment.h"
#include "plane/history.h"
#include "plane/identity.h"
#include "plane/journal.h"
#include "plane/memory.h"
#include "plane/policy.h"
#include "plane/pool.h"
#include "plane/rundir.h"
#include "plane/site.h"
#include "plane/store.h"
#include "plane/work.h"

/* A tick that the policy gave out and was not told of yet. */
typedef struct {
    int64_t tick;
    int     taken; /* 1: a worker measures it                                   */
    int     asked;  /* > 0: of a helper, in a request of so many ticks           */
    double  asked_s;
} run_wanted;

/* A measuring worker: ticks that are measured in one call, and where. */
typedef struct run_worker run_worker;

/* The points of one tick, from when they are known until they are in plane.csv. */
typedef struct {
    int64_t       tick;
    int           each;   /* points of a layer                                  */
    ipl_mi_point *point;  /* [replicas][layers][each]                           */
    int           told;   /* 1: the policy knows                                */
} run_points;

typedef struct run {
    /* Made before the workers start, and not changed by them. */
    const ipl_places *on;
    ipl_experiment e;            /* the training worker's, while it runs        */
    ipl_memory     memory;
    ipl_identity   of;           /* by config.ini, then by the journal          */
    ipl_site      *site;         /* [sites]: of all devices, the first's first  */
    int            sites;
    run_worker    *worker;       /* [workers]: of the sites, then the helpers'  */
    int            workers;
    ipl_store     *store;
    ipl_pool      *pool;         /* NULL: nothing is pooled                     */
    ipl_cores      cores;
    int            layers;       /* of all replicas                             */
    int            described;    /* 1: the journal says what the run is         */
    int            config_whole; /* 1: config.ini has all that a run writes     */
    int            lock_fd;      /* of the directory; -1: none                  */
    const char    *tick;         /* "epoch", "step"                             */
    int            worker_cores; /* threads that one measuring worker may take  */
    double         begin_s, checkpoint_s;
    ipl_progress_call progress;
    void          *user;

    pthread_mutex_t lock;
    pthread_cond_t  changed;     /* broadcast whenever anything below did       */
    ipl_policy    *policy;
    ipl_history   *history;      /* NULL where the policy needs no values       */
    ipl_rundir    *dir;
    ipl_journal   *journal;
    ipl_progress   now;
    ipl_work       work;
    int64_t        trained;      /* last tick whose snapshot is dealt with; -1  */
    int            stop;         /* 1: all workers end at their next tick       */
    int            train_failed; /* 1: measuring ends when it has caught up     */
    ipl_status     status;       /* the first failure                           */
    char           why[512];
    run_wanted    *wanted;       /* [wanted_count] ascending                    */
    int64_t        wanted_count, wanted_size;
    run_points    *points;       /* [points_count] ascending                    */
    int64_t        points_count, points_size;
    ipl_layer     *layer;        /* [replicas][layers]: room for one tick's     */
    int            workers_left; /* that are not lost                           */
    ipl_buffer     lost;         /* lines on those that are                     */
    int64_t        written_before; /* points of earlier ticks are in plane.csv    */
    int            write_failed; /* 1: of a tick behind them, nothing follows     */
    int64_t        keep_next;    /* earlier networks are kept, or are not to be */
    int64_t       *due;          /* [due_count] ascending: measured, to be kept */
    int64_t        due_count, due_size;

    /* The first measuring worker's: the file of networks, and room for one tick's. */
    ipl_keeper    *keeper;       /* NULL: none are kept                         */
    float         *kept;         /* host, [replicas][parameters]                */

    /* What the caller's thread has told of r->lost. */
    char          *lost_text;    /* NULL: nothing                               */
    size_t         lost_told;    /* bytes                                       */

    /* A handle of the first device, from which all elsewhere get their networks; NULL
     * where host memory has them. */
    ipl_device    *home;
    pthread_mutex_t home_lock;

    /* Of the units of the pool: [ipl_pool_units], what the journal knows, or NULL. */
    ipl_layer    **pooled;

    /* The training worker's. */
    float         *params;       /* device of training, [replicas][parameters]  */
    ipl_gradient_stats *stats;   /* [replicas][layers]                          */
    ipl_training_row   *rows;    /* [replicas]                                  */
    ipl_policy    *log;          /* ticks of training.csv                       */
    int64_t        log_next;     /* -1: no more                                 */
    int64_t        points_known; /* last tick whose points are in the journal; -1 */
    int64_t        rows_known;   /* last tick whose rows are in the journal; -1 */
    double         saved_s;      /* when the latest training state was taken    */

    /* A training state on its way to the disk: the training worker fills it while
     * state_taken is 0, the measuring worker writes it while it is 1. */
    ipl_checkpoint state;
    int            state_taken;
} run;

double run_now_s(void);

/* Notes the calling thread's last error, as what went wrong at a tick (-1: at no tick
 * in particular), if it is the first. run.lock is held. */
void run_fail(run *r, int64_t tick, ipl_status st);

/* -- run_train.c ------------------------------------------------------------------*/

/* Thread function: trains from e.tick on; `user` is the run. */
void *run_train(void *user);

/* -- run_policies.c ---------------------------------------------------------------*/

/* The policies of measuring and of training.csv, and the number of ticks, where it can
 * be told. */
ipl_status run_make_policies(run *r);

/* -- run_ask.c --------------------------------------------------------------------*/

/* The policy asks for the tick: its networks must have been kept, where they come from
 * another run. */
ipl_status run_check_kept(const run *r, int64_t tick);

/* Asks the policy for ticks; those whose points are known already are settled at
 * once. run.lock is held, or there are no workers yet. */
ipl_status run_ask(run *r);

/* The points of this tick, which the policy gave out, are known: it may go on. */
ipl_status run_settle(run *r, run_points *points);

/* 1 if a tick's networks may be asked for, or are to be kept. run.lock is held. */
int run_needs_snapshot(const run *r, int64_t tick);

/* -- run_workers.c ----------------------------------------------------------------*/

/* Data of the further devices: between ipl_experiment_load and ipl_experiment_open. */
ipl_status run_open_sites(run *r);
void       run_close_sites(run *r);

/* Memory and handles of the measuring workers. Destroying allows a part of them. */
ipl_status run_make_workers(run *r);
void       run_destroy_workers(run *r);

/* -- run_measure.c ----------------------------------------------------------------*/

/* 1 when there is nothing left for the workers. run.lock is held. */
int run_is_finished(const run *r);

/* After the workers: keeps what is still to be kept. */
ipl_status run_keep_rest(run *r);

/* Measures, in all workers, until the policy is done, something fails, or run.stop is
 * set. */
void run_measure(run *r);

/* After a stop: measures what is trained, where that takes less time than training it
 * once more, so that the training can be saved as it is. */
void run_measure_trained(run *r);

/* -- run_keep.c -------------------------------------------------------------------*/

/* Opens the file behind the tick of r->state, if networks are to be kept. */
ipl_status run_keep_open(run *r);
void       run_keep_close(run *r);
int        run_keeps_any(const run *r);

/* The points of a tick are final: its networks may be due. run.lock is held, here and
 * for the next three. */
ipl_status run_keep_measured(run *r, int64_t tick);

/* 1 if this tick's networks are still needed for the file, as far as it is known. */
int run_is_to_be_kept(const run *r, int64_t tick);

/* The next tick to keep, whose networks are there; -1: none yet. */
int64_t run_next_to_keep(const run *r);

/* All networks of earlier ticks that are to be kept are in the file. */
int64_t run_kept_before(const run *r);

/* Puts the networks of the tick that run_next_to_keep gave into the file, through
 * params, memory of dev [replicas][parameters]. Without the lock; the caller then sets
 * keep_next. */
ipl_status run_keep_next(run *r, ipl_device *dev, float *params, int64_t tick);

/* -- run_pool.c -------------------------------------------------------------------*/

/* The pools of the configuration, if it has any. */
ipl_status run_pool_create(run *r);
void       run_pool_destroy(run *r);

/* A record of the journal. */
ipl_status run_pool_known(run *r, int64_t unit, const void *payload, size_t bytes);

/* After training and measuring: measures all units and writes their rows. Networks come
 * from the run directory, or from that of config.networks. */
ipl_status run_pool(run *r);

/* -- run_identity.c ---------------------------------------------------------------*/

/* Writes config.ini of a run that begins, and draws its number; or reads the number of
 * one that is resumed. */
ipl_status run_begin_config(run *r);
ipl_status run_read_number(run *r);

/* After the journal was read. E_FORMAT: neither it nor config.ini tells what the run
 * was, as after a loss of power in its first moments, or a config.ini that was cut. */
ipl_status run_must_be_known(const run *r);

/* Compares what the run was, by the journal, with what it would be now. E_ARGUMENT: the
 * first line that differs. */
ipl_status run_compare(const run *r, const char *was, size_t was_size);

/* After all that may refuse: the journal says what the run is, and is on disk. */
ipl_status run_begin_journal(run *r);

/* -- run_save.c -------------------------------------------------------------------*/

/* Opens the journal and reads the training state, comparing what the run is with what
 * it was; points and rows that are known go to r->points and training.csv. Nothing on
 * disk is changed. E_ARGUMENT: a file is of another run. */
ipl_status run_load(run *r);

/* All results are on disk: run.json may say so. */
ipl_status run_note_done(run *r);

/* Takes the points of a tick into r->points. run.lock is held. */
ipl_status run_keep_points(run *r, int64_t tick, const ipl_layer *layer);
run_points *run_find_points(const run *r, int64_t tick);

/* A tick's points as layers, in r->layer: until the next call. run.lock is held. */
const ipl_layer *run_layers(run *r, const run_points *points);

/* No tick before this one can still be asked for or is being measured. */
int64_t run_final_before(const run *r);

/* Writes points that are final to plane.csv, and forgets them. run.lock is held. */
ipl_status run_write_final(run *r);

/* The same with all that is known, whatever is still to come between: for a run that
 * has ended early. Resuming writes the tables anew. */
ipl_status run_write_known(run *r);

/* Training worker: takes the training state, if it is time for one. */
ipl_status run_take_state(run *r);

/* Measuring worker, without the lock: writes the state that was taken, once it may. */
ipl_status run_save_state(run *r);

/* After the workers have ended early: saves where the training stands, or the state
 * that was taken, if all that may be asked of its past is known. As well as it can. */
void run_save_last_state(run *r);

/* Removes what only resuming needs. */
void run_clean_up(run *r);

#endif
