/*
 * mi_near_plan.h - what mi_near.c asks of a backend: a term for each value of a job.
 */
#ifndef IPL_MI_NEAR_PLAN_H
#define IPL_MI_NEAR_PLAN_H

#include "mi/mi_near.h"

/* I(X;T) or I(T;Y) of one job. */
typedef struct {
    int               number; /* of the job in the call                         */
    const ipl_mi_job *job;
    const ipl_labels *y;      /* I(T;Y): the labels; NULL: I(X;T)               */
    ipl_pairs         joint;
    ipl_space         single[MI_NEAR_SIDES];
    int               first_side; /* whose counts the backend makes: 0, or 1 with y */
    int               first;  /* count job of point 0 and side first_side; the sides
                                 follow, then the other points                  */
    ipl_labels        rest;   /* class 0: all rows but those left out            */
    int64_t           start[3];
    int64_t           n;      /* rows, without those left out                   */
    int32_t          *others; /* host, [n]: in the joint space at any distance; 0: the
                                 row is left out                                */
    float            *rho;    /* host, [n]                                      */
    float            *reach[MI_NEAR_SIDES]; /* host, [n]; NULL: not asked for    */
} mi_near_term;

typedef struct {
    const mi_near     *how;
    const mi_call     *call;
    int64_t            k;
    int32_t            listed;  /* neighbours of each row: one more than k shows ties */
    int                terms;
    mi_near_term      *term;    /* [terms]                                      */
    ipl_neighbour_job *search;  /* [terms]                                      */
    int                singles; /* counts in single spaces                      */
    ipl_radius_job    *count;   /* [singles + terms]: then in the joint ones     */
    int                ties;    /* 1: counts in joint spaces are needed          */
    int                lonely;  /* 1: a term leaves rows out                     */
    void              *work;    /* device: the backend's own scratch             */
    size_t             bytes;   /* device: all of it                             */
} mi_near_plan;

/* Lays out the call's scratch. Frees what it allocated with mi_near_plan_free, also
 * after an error. */
ipl_status mi_near_plan_make(const mi_near *how, const mi_call *call, int64_t k,
                             mi_near_plan *plan);
void       mi_near_plan_free(mi_near_plan *plan);

/* How many count jobs the backend gets, with their labels set. */
int mi_near_plan_counts(mi_near_plan *plan, int ties, int lonely);

#endif
