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
 *
 * A policy is not safe for several threads at once: its owner locks. After a
 * resume a new policy is told again what was measured, in any order that it asks.
 */
#ifndef IPL_POLICY_H
#define IPL_POLICY_H

#include <stdint.h>

#include "ipl_config.h"

typedef struct {
    ipl_policy_kind kind;
    int64_t        every;      /* EVERY: >= 1                                    */
    int64_t        dense;      /* LOG: >= 0                                      */
    int64_t        per_decade; /* LOG: >= 1                                      */
    const int64_t *list;       /* LIST, KEPT: ascending, each in [0, last]       */
    int64_t        list_count;
    double         delta;      /* DELTA: >= 0; D(a,b) <= delta is "small"        */
    double         multiplier; /* DELTA: in [1.01, 1e6]; the k-th skip is its k-th
                                  power, rounded down                            */
    int64_t        skip_max;   /* DELTA: largest skip, 0: no limit               */
    int            halve;      /* DELTA_APPROX: 1: one power less when D is large,
                                  which lets the skip recover after a jump       */
} ipl_policy_options;

/* The options that a configuration stands for; out->list is made from measure.list,
 * ticks in [0, last], and *list, which may be NULL, is the caller's to free. KEPT: its
 * list is the caller's to set.
 * E_ARGUMENT, E_MEMORY. */
ipl_status ipl_policy_of(const ipl_config *config, int64_t last,
                         ipl_policy_options *out, int64_t **list);

/* Every tick; dense 10, 20 a decade; delta 0.02, multiplier 2, no limit, halve 0. */
ipl_policy_options ipl_policy_defaults(void);

/* D(a,b) of two ticks that have been measured; symmetric, >= 0. A NaN is large. */
typedef double (*ipl_policy_distance)(void *user, int64_t a, int64_t b);

typedef struct ipl_policy ipl_policy;

/* `last` is the last tick of the training; tick 0 is the untrained network. The
 * distance may be NULL for all but DELTA. The list is copied. E_ARGUMENT:
 * an option out of range; E_MEMORY. */
ipl_status ipl_policy_create(const ipl_policy_options *options, int64_t last,
                             ipl_policy_distance distance, void *user,
                             ipl_policy **out);
void       ipl_policy_destroy(ipl_policy *policy);

/* A tick to measure that was not given out before, the oldest of those known to be
 * wanted, or -1 when the next one depends on ticks that are still being measured. */
int64_t ipl_policy_next(ipl_policy *policy);

/* Tells that a tick which _next gave out is measured: the distance function may be
 * asked about it from now on, until no open section ends at it. E_ARGUMENT: the
 * tick is not being measured; E_MEMORY: tell it again. */
ipl_status ipl_policy_measured(ipl_policy *policy, int64_t tick);

/* 1 once every tick that the policy wants is measured. */
int ipl_policy_done(const ipl_policy *policy);

/* 0 if the tick can no longer be given out, whatever the values still to come: its
 * snapshot need not be kept once it is given out and measured, or never was.
 * Never turns from 0 to 1. */
int ipl_policy_may_ask(const ipl_policy *policy, int64_t tick);

/* The smallest tick that may still be given out, whatever the values to come; last + 1
 * when none will be. Never becomes smaller. */
int64_t ipl_policy_earliest(const ipl_policy *policy);

/* 1 if the distance function may still be asked about this tick: only then do its
 * points have to be at hand. Never turns from 0 to 1 once it was measured. */
int ipl_policy_may_compare(const ipl_policy *policy, int64_t tick);

#endif
