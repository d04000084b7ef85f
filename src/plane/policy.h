/*
 * policy.h - which ticks are measured.
 *
 * A policy stands between the training, which makes ticks 0, 1, .. last in that
 * order, and the measuring, which may work on several ticks at once and finish
 * them in any order. Which ticks get measured depends on the measured values
 * alone, never on the order in which they arrive.
 *
 *     while (!ipl_policy_done(p)) {
 *         tick = ipl_policy_next(p);      a tick to measure now, or -1: wait
 *         ...
 *         ipl_policy_measured(p, tick);   once its points are known
 *     }
 */
#ifndef IPL_POLICY_H
#define IPL_POLICY_H

#include <stdint.h>

#include "ipl_status.h"

typedef enum {
    IPL_POLICY_EVERY, /* 0, N, 2N, .. and the last                              */
    IPL_POLICY_LOG,   /* all up to `dense`, then `per_decade` a factor of ten   */
    IPL_POLICY_LIST,  /* the listed ticks, first and last                       */
    IPL_POLICY_DELTA_APPROX,
    IPL_POLICY_DELTA_EXACT,
    IPL_POLICY_COUNT
} ipl_policy_kind;

typedef struct {
    ipl_policy_kind kind;
    int64_t        every;      /* EVERY: >= 1                                    */
    int64_t        dense;      /* LOG: >= 0                                      */
    int64_t        per_decade; /* LOG: >= 1                                      */
    const int64_t *list;       /* LIST: ascending, each in [0, last]             */
    int64_t        list_count;
    double         delta;      /* DELTA: >= 0; D(a,b) <= delta is "small"        */
    double         multiplier; /* DELTA: > 1; the skip grows by this when small  */
    int64_t        skip_max;   /* DELTA: largest skip, 0: no limit               */
    int            halve;      /* DELTA_APPROX: 1: skip shrinks when D is large  */
} ipl_policy_options;

/* D(a,b) of two ticks that have been measured; symmetric, >= 0. */
typedef double (*ipl_policy_distance)(void *user, int64_t a, int64_t b);

typedef struct ipl_policy ipl_policy;

/* `last` is the last tick of the training; tick 0 is the untrained network. The
 * distance may be NULL for EVERY, LOG and LIST. The list is copied. E_ARGUMENT:
 * an option out of range. */
ipl_status ipl_policy_create(const ipl_policy_options *options, int64_t last,
                             ipl_policy_distance distance, void *user,
                             ipl_policy **out);
void       ipl_policy_destroy(ipl_policy *policy);

/* A tick to measure that was not given out before, oldest first, or -1 when the
 * next one depends on ticks that are still being measured. */
int64_t ipl_policy_next(ipl_policy *policy);

/* Tells that a tick which _next gave out is measured: the distance function may be
 * asked about it from now on. E_MEMORY. */
ipl_status ipl_policy_measured(ipl_policy *policy, int64_t tick);

/* 1 once every tick that the policy wants is measured. */
int ipl_policy_done(const ipl_policy *policy);

/* 0 if the tick can no longer be given out, whatever the values still to come: its
 * snapshot need not be kept. Never turns from 0 to 1. */
int ipl_policy_may_ask(const ipl_policy *policy, int64_t tick);

#endif
