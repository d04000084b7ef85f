/*
 * pool.h - as if random: the networks of several ticks, or seeds, as one.
 *
 * Snapshots of a window are stacked: K of them give N = K n rows of a layer, where row
 * i of each is the sample x_i. Then x has K activations, and with the sample as the
 * group of a row I(X;T) = H(T) - H(T|X) is the estimators' one formula (ipl_mi_job.x),
 * with one set of bins and one noise for all. If weights between two ticks moved as if
 * at random, the network would compress like noise; controls tell what else does.
 *
 *   none      the networks themselves
 *   frozen    the first one, K times: nothing may change with K
 *   walk      the first one, then Gaussian steps, of the deviation that one step of the
 *             training has in this window, for the weights and for the biases of each
 *             layer: Brownian motion without a gradient. Of ticks only
 *   shuffled  the samples of each network exchanged: all information on x is gone
 */
#ifndef IPL_POOL_H
#define IPL_POOL_H

#include "plane/experiment.h"

typedef enum {
    IPL_POOL_NONE, IPL_POOL_FROZEN, IPL_POOL_WALK, IPL_POOL_SHUFFLED,
    IPL_POOL_CONTROLS
} ipl_pool_control;

const char *ipl_pool_control_name(ipl_pool_control control);

typedef struct ipl_pool ipl_pool;

/* What is measured together: a layer, for all K, of one seed, window and control. */
typedef struct {
    int      number;  /* of the unit                                            */
    int64_t  seed;    /* over replicas: the first                               */
    int      window;  /* from 0                                                 */
    int64_t  first_tick, last_tick;
    ipl_pool_control control;
    int      layer;   /* from 1                                                 */
    int      sizes;
    const int64_t *k; /* [sizes], the pool's                                    */
} ipl_pool_unit;

/* The pools of an experiment that is loaded; *out is NULL where it has no windows.
 * E_ARGUMENT: as ipl_config_windows and ipl_config_pool_sizes; E_MEMORY. */
ipl_status ipl_pool_create(const ipl_experiment *e, ipl_pool **out);
void       ipl_pool_destroy(ipl_pool *p);

int           ipl_pool_units(const ipl_pool *p);
ipl_pool_unit ipl_pool_unit_at(const ipl_pool *p, int number);

/* The first tick from `tick` on that is pooled; INT64_MAX: none. */
int64_t ipl_pool_next(const ipl_pool *p, int64_t tick);

/* Measures a unit for its size-th K on the experiment's device: I(X;T), I(T;Y) and H(T)
 * over N = K n rows, without i_next. The pool is of an experiment that is open. In
 * their order the units read each network once and stack each layer once. Holds, in
 * host memory, the networks of a window and one layer of all its rows. Waits. Errors:
 * as ipl_networks_read, ipl_net_forward, ipl_mi_estimate_host. */
ipl_status ipl_pool_measure(ipl_pool *p, const ipl_networks *kept, int number, int size,
                            ipl_layer *layer);

#endif
