/*
 * history.h - the measured values that decide what is measured next.
 */
#ifndef IPL_HISTORY_H
#define IPL_HISTORY_H

#include "plane/points.h"

typedef struct ipl_history ipl_history;

/* Keeps, for `layers` layers in all (of every replica), the values of one estimator
 * (its name in plane.csv; with all its settings), or of all of them (NULL). h_x and h_y
 * in nats divide the changes of I(X;T) and I(T;Y); log 2 for both turns them into
 * bits. */
ipl_status ipl_history_create(int layers, const char *decider, double h_x, double h_y,
                              ipl_history **out);
void       ipl_history_destroy(ipl_history *h);

ipl_status ipl_history_add(ipl_history *h, int64_t tick, const ipl_layer *layer);

/* Forgets the ticks for which keep(user, tick) is 0. */
void ipl_history_sweep(ipl_history *h, int (*keep)(void *user, int64_t tick),
                       void *user);

/* D(a,b) = max over layers, estimators and s in {X,Y} of |I_a - I_b| / H(s). Both
 * ticks have been added. An ipl_policy_distance. */
double ipl_history_distance(void *history, int64_t a, int64_t b);

#endif
