/*
 * memory.h - how a run shares out its device's memory, before it takes any.
 */
#ifndef IPL_MEMORY_H
#define IPL_MEMORY_H

#include "ipl_places.h"
#include "plane/experiment.h"
#include "plane/measure.h"

enum { IPL_WORKERS_MAX = 4 }; /* that measure side by side                       */

/* The plan for an experiment that is loaded, with free_bytes left on the device of
 * `dev`. E_MEMORY: even the most sparing way takes more; the text has the bytes. */
ipl_status ipl_memory_share(const ipl_experiment *e, ipl_device *dev,
                            int64_t free_bytes, ipl_memory *out);

/* The plan of what only measures, on one more device. E_MEMORY as above. */
ipl_status ipl_memory_share_further(const ipl_experiment *e, ipl_device *dev,
                                    ipl_memory *out);

/* The way in which ipl_measure_networks is to go. */
static inline ipl_measure_way ipl_memory_way(const ipl_memory *m)
{
    return (ipl_measure_way){.nets = m->nets, .block_rows = m->block_rows};
}

#endif
