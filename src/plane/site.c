/*
 * site.c - a device that measures a run's networks, and its lanes.
 */
#include "plane/site.h"

#include <stdlib.h>
#include <string.h>

ipl_status ipl_site_open(const ipl_experiment *e, ipl_device *dev, ipl_site *out)
{
    *out = (ipl_site){.dev = dev, .own = 1};
    ipl_status st = ipl_memory_share_further(e, dev, &out->memory);
    if (st == IPL_OK) st = ipl_experiment_copy_measured(e, dev, &out->x, &out->y);
    if (st != IPL_OK) ipl_site_close(out);
    return st;
}

void ipl_site_close(ipl_site *site)
{
    if (site->own) {
        ipl_free(site->dev, site->x.at);
        ipl_labels_free(site->dev, &site->y);
    }
    memset(site, 0, sizeof *site);
}

ipl_site ipl_site_of(const ipl_experiment *e, const ipl_memory *memory)
{
    return (ipl_site){.dev = e->dev, .x = e->measured, .y = e->measured_y,
                      .memory = *memory};
}

ipl_status ipl_lane_open(const ipl_site *site, const ipl_experiment *e, int number,
                         ipl_lane *lane)
{
    const size_t ticks = (size_t)site->memory.ticks, replicas = (size_t)e->replicas;
    const size_t floats = replicas * (size_t)e->parameters;
    *lane = (ipl_lane){.at = site, .e = e, .dev = site->dev};
    if (number) {
        IPL_TRY(ipl_device_open_again(site->dev, &lane->dev));
        lane->own = 1;
    }
    ipl_measure_what what = ipl_experiment_what(e, &site->y);
    what.x.at = site->x.at;
    IPL_TRY(ipl_measurer_create(lane->dev, &what, &lane->measurer));
    lane->each = malloc(ticks * replicas * sizeof *lane->each);
    if (!lane->each) return IPL_FAIL(IPL_E_MEMORY, "%zu ticks to measure", ticks);
    IPL_TRY(ipl_alloc(lane->dev, ticks * floats * sizeof *lane->params,
                      (void **)&lane->params));
    for (size_t k = 0; k < ticks * replicas; ++k)
        lane->each[k] = lane->params + k * (size_t)e->parameters;
    return IPL_OK;
}

void ipl_lane_close(ipl_lane *lane)
{
    if (!lane->dev) return;
    ipl_measurer_destroy(lane->measurer);
    ipl_free(lane->dev, lane->params);
    free(lane->each);
    if (lane->own) ipl_device_close(lane->dev);
    memset(lane, 0, sizeof *lane);
}

float *ipl_lane_room(const ipl_lane *lane, int k)
{
    return lane->params + k * lane->e->replicas * lane->e->parameters;
}

ipl_status ipl_lane_measure(ipl_lane *lane, int ticks, ipl_layer *out)
{
    const ipl_measure_way way = ipl_memory_way(&lane->at->memory);
    return ipl_measure_networks(lane->measurer, &way, &lane->e->shape, lane->at->x,
                                ticks * lane->e->replicas, lane->each, out);
}
