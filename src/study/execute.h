/*
 * execute.h - the runs of a study, in the threads of this process and of other ranks.
 */
#ifndef STUDY_EXECUTE_H
#define STUDY_EXECUTE_H

#include <pthread.h>

#include "buffer.h"
#include "ipl_places.h"
#include "study/jobs.h"
#include "study/rank_files.h"

typedef struct study_ranks study_ranks;

typedef struct {
    const ipl_study_options *options;
    study_jobs      jobs;
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    int             cores, free; /* of the CPU; GPUs count themselves              */
    int             is_cpu;
    char            model[IPL_MODEL_TEXT]; /* of the devices                       */
    int             stop;
    ipl_buffer      notes, told; /* of data: new ones, and all so far               */
    int64_t         waiting;     /* threads that found nothing to do               */
    study_ranks    *ranks;       /* NULL: no others                                */
    int             free_there;  /* cores, or GPUs, of these                        */
} execution;

/* Each text once, though all runs have it. x->lock is held, as in the next one. */
void study_take_notes(execution *x, const char *notes);

/* How a run ended. `others`: there were other runs beside it. */
void study_settle(execution *x, int64_t run, ipl_status st, const char *why,
                  int others);

/* Opens each device once: what is not there is said before anything begins. */
ipl_status study_look_at_devices(execution *x);

/* -- ranks.c: rank 0 hands out ----------------------------------------------------*/

/* Waits for the other ranks, and looks at what they have. */
ipl_status study_ranks_create(execution *x, study_ranks **out);

/* A thread beside those that do runs here: until nothing more may begin. */
void *study_ranks_work(void *ranks);

void study_ranks_destroy(study_ranks *ranks);

/* All others may leave, whatever became of the study. */
void study_ranks_dismiss(ipl_team *team);

/* -- rank_work.c: the others do ---------------------------------------------------*/

/* Does what rank 0 hands out, until it has nothing more. */
ipl_status study_work_for(const ipl_study *study, const ipl_study_options *options,
                          ipl_study_call progress, void *user);

/* The device of this rank, of those that the options allow. */
ipl_status study_rank_device(const ipl_study_options *options, char name[32],
                             int *threads);

/* What rank 0 and the others tell each other. */
enum {
    RANK_IS_HERE,  /* rank_here                                                     */
    RANK_LOOKS,    /* to it: the name of a file in the study's folder               */
    RANK_SEES,     /* int: whether the file is there                                */
    RANK_BEGINS,   /* to it: rank_job                                               */
    RANK_IS_AT,    /* rank_share, of each run; now and then                         */
    RANK_NOTES,    /* text, on data                                                 */
    RANK_FILE,     /* a piece of a file of a run, where no folder is shared         */
    RANK_ENDED,    /* rank_ended                                                    */
    RANK_STOPS,    /* to it: it stops its runs; from it: it wants no more           */
    RANK_LEAVES    /* to it: that was all                                           */
};

enum { RANK_TEXT = 512 };

typedef struct {
    uint32_t study; /* digest of its text                                           */
    int32_t  cores, unused;
    char     version[64], model[IPL_MODEL_TEXT];
    char     trouble[RANK_TEXT]; /* why it cannot work; else ""                     */
} rank_here;

typedef struct {
    int64_t run;
    int32_t cores, unused;
} rank_job;

typedef struct {
    int64_t run;
    double  share;
} rank_share;

typedef struct {
    int64_t run;
    int32_t status, unused;
    study_sent sent;
    char    text[RANK_TEXT];
} rank_ended;

ipl_status study_digest(const ipl_study *study, uint32_t *out);

#endif
