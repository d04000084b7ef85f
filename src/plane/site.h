/*
 * site.h - a device that measures a run's networks, and its lanes.
 *
 * A site has the measured rows and their labels; a lane, which is one thread's, has
 * room for the networks of some ticks beside them. Of a run's first device they are the
 * experiment's; of another one, here or in a helper's process, they are copies, with a
 * memory plan of their own. Networks reach these through host memory.
 */
#ifndef IPL_SITE_H
#define IPL_SITE_H

#include "plane/experiment.h"
#include "plane/memory.h"

typedef struct {
    ipl_device *dev;
    ipl_mat     x;      /* device: the measured rows                             */
    ipl_labels  y;
    int         own;    /* 1: x and y are its own, and not the experiment's      */
    ipl_memory  memory;
} ipl_site;

typedef struct {
    const ipl_site       *at;
    const ipl_experiment *e;
    ipl_device   *dev;
    int           own;    /* 1: the handle was opened for this lane              */
    ipl_measurer *measurer;
    float        *params; /* device, [ticks][replicas][parameters]               */
    float       **each;   /* [ticks][replicas]: parts of it                      */
} ipl_lane;

/* Another device of an experiment that is loaded and not yet open. E_MEMORY: it is too
 * small. Closing allows a part of it, or zeros. */
ipl_status ipl_site_open(const ipl_experiment *e, ipl_device *dev, ipl_site *out);
void       ipl_site_close(ipl_site *site);

/* Where an experiment that is open measures, by its plan. */
ipl_site ipl_site_of(const ipl_experiment *e, const ipl_memory *memory);

/* The number-th lane of a site, from 0, which has the site's own handle. `e` and the
 * site must outlive it. Closing allows a part of it, or zeros. */
ipl_status ipl_lane_open(const ipl_site *site, const ipl_experiment *e, int number,
                         ipl_lane *out);
void       ipl_lane_close(ipl_lane *lane);

/* Where the networks of its k-th tick go: device, [replicas][parameters]. */
float *ipl_lane_room(const ipl_lane *lane, int k);

/* Measures the networks of its first `ticks` ticks, at most memory.ticks of the site:
 * out[ticks][replicas][layers]. */
ipl_status ipl_lane_measure(ipl_lane *lane, int ticks, ipl_layer *out);

#endif
