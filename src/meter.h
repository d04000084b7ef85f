/*
 * meter.h - how much of a long pass over pairs is done, for whoever waits for it.
 *
 * A backend writes it, and any thread reads it at any time. It decides nothing.
 */
#ifndef IPL_METER_H
#define IPL_METER_H

#include <stdint.h>

typedef struct {
    int64_t done, all; /* pieces of the pass; all 0: there is none               */
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

#endif
