/*
 * work.h - what the work on a run directory has come to.
 */
#ifndef IPL_WORK_H
#define IPL_WORK_H

#include "plane/memory.h"

typedef struct {
    char    started[32]; /* UTC                                                  */
    int64_t points;      /* rows of plane.csv                                    */
    int64_t remeasured;  /* ticks whose record was torn                          */
    int64_t states_saved;
    int     cores;       /* threads that all workers share                       */
    double  load_s;
    double  core_s;      /* busy: seconds times threads                          */
    int     workers;     /* that measure, on all devices and in helpers          */
    double *worker_s;    /* [workers]: busy                                      */
} ipl_work;

/* Work that begins now. */
ipl_work ipl_work_start(void);

#endif
