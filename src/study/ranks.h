/*
 * ranks.h - what rank 0 knows of the other ranks, and the parts of its work with them.
 *
 *     from the start to the end       ranks.c
 *     runs go there and come back     rank_hand.c
 *     what the ranks tell             rank_take.c
 *
 * One thread calls all of this. What the threads of runs here also use is changed under
 * x->lock.
 */
#ifndef STUDY_RANKS_H
#define STUDY_RANKS_H

#include "study/execute.h"

enum {
    RANK_PATIENCE_S = 20, /* what is sent is short, and a rank always listens        */
    RANK_LINE = 2 * IPL_MODEL_TEXT + 100 /* two devices, or a rank's own words       */
};

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
    uint32_t   digest;
    char       file[64]; /* that all have to see                                    */
};

/* -- ranks.c ----------------------------------------------------------------------*/

/* A line for who looks on, as notes on data are. */
void study_ranks_note(study_ranks *s, const char *text);

/* "rank 1 of 3: TEXT" */
void study_ranks_note_of(study_ranks *s, int r, const char *text);

/* -- rank_hand.c ------------------------------------------------------------------*/

/* Returns 1 if a run was handed out; *more: one may come later. */
int study_ranks_hand_out(study_ranks *s, int *more);

/* The run is no longer the rank's that had it. x->lock is held. */
void study_ranks_give_back(study_ranks *s, int64_t run);

/* The rank is gone: others do its runs. */
void study_ranks_lose(study_ranks *s, int r, const char *why);

/* What is sent to a rank that is gone is lost with it. */
void study_ranks_send(study_ranks *s, int r, int tag, const void *from, size_t bytes);

/* Files of a run that come from its rank are written beside the run directory. */
const char *study_ranks_made_path(const study_ranks *s, int64_t run,
                                  char path[STUDY_PATH]);

/* -- rank_take.c ------------------------------------------------------------------*/

/* Does what a message says, and frees it. */
void study_ranks_take(study_ranks *s, ipl_team_message *m);

#endif
