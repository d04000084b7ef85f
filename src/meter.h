/*
 * meter.h - how much of a long pass over pairs is done, for whoever waits for it.
 *
 * A backend writes it, and any thread reads it at any time. Whoever waits may also end
 * it: the rest of the pass is left out, and it has no result.
 */
#ifndef IPL_METER_H
#define IPL_METER_H

#include <stdint.h>

#include "ipl_status.h"

typedef struct {
    int64_t done, all; /* pieces of the pass; all 0: there is none               */
    int     stop;      /* 1: neither this pass nor later ones go on              */
} ipl_meter;

/* A new pass, of so many pieces as far as they are known. */
static inline void ipl_meter_begin(ipl_meter *m, int64_t all)
{
    __atomic_store_n(&m->done, (int64_t)0, __ATOMIC_RELAXED);
    __atomic_store_n(&m->all, all, __ATOMIC_RELAXED);
}

static inline void ipl_meter_more(ipl_meter *m, int64_t pieces)
{
    __atomic_fetch_add(&m->all, pieces, __ATOMIC_RELAXED);
}

static inline void ipl_meter_step(ipl_meter *m)
{
    __atomic_fetch_add(&m->done, (int64_t)1, __ATOMIC_RELAXED);
}

static inline void ipl_meter_stop(ipl_meter *m)
{
    __atomic_store_n(&m->stop, 1, __ATOMIC_RELAXED);
}

static inline int ipl_meter_is_stopped(const ipl_meter *m)
{
    return __atomic_load_n(&m->stop, __ATOMIC_RELAXED);
}

/* E_STOPPED: the device's owner has stopped it. */
static inline ipl_status ipl_meter_check(const ipl_meter *m)
{
    return ipl_meter_is_stopped(m) ? IPL_FAIL(IPL_E_STOPPED, "the device was stopped")
                                   : IPL_OK;
}

/* The pass is over. E_STOPPED: pieces may be missing. */
static inline ipl_status ipl_meter_end(ipl_meter *m)
{
    ipl_meter_begin(m, 0);
    return ipl_meter_check(m);
}

#endif
