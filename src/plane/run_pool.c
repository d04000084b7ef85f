/*
 * run_pool.c - after training and measuring: the pooled networks.
 */
#include <stdlib.h>
#include <string.h>

#include "plane/records.h"
#include "plane/run.h"

ipl_status run_pool_create(run *r)
{
    IPL_TRY(ipl_pool_create(&r->e, &r->pool));
    if (!r->pool) return IPL_OK;
    const int units = ipl_pool_units(r->pool);
    r->now.to_pool = units;
    r->pooled = calloc((size_t)units, sizeof *r->pooled);
    if (!r->pooled) return IPL_FAIL(IPL_E_MEMORY, "%d pooled layers", units);
    for (int u = 0; r->e.kept && u < units; ++u) {
        const ipl_pool_unit unit = ipl_pool_unit_at(r->pool, u);
        for (int64_t t = unit.first_tick; t <= unit.last_tick; ++t)
            if (ipl_networks_must_hold(r->e.kept, t) != IPL_OK)
                return IPL_FAIL(IPL_E_ARGUMENT, "[pool] windows: %s; run with these "
                                "windows, or with run.keep = all",
                                ipl_last_error_text());
    }
    return IPL_OK;
}

void run_pool_destroy(run *r)
{
    if (!r->pool) return;
    for (int u = 0; r->pooled && u < ipl_pool_units(r->pool); ++u) free(r->pooled[u]);
    free(r->pooled);
    ipl_pool_destroy(r->pool);
    r->pool = NULL;
}

static ipl_status make_layers(run *r, int number, int *sizes)
{
    *sizes = ipl_pool_unit_at(r->pool, number).sizes;
    r->pooled[number] = malloc((size_t)*sizes * sizeof **r->pooled);
    if (!r->pooled[number])
        return IPL_FAIL(IPL_E_MEMORY, "%d sizes of a pooled layer", *sizes);
    return IPL_OK;
}

ipl_status run_pool_known(run *r, int64_t unit, const void *payload, size_t bytes)
{
    int sizes;
    if (!r->pool || unit < 0 || unit >= ipl_pool_units(r->pool))
        return IPL_FAIL(IPL_E_FORMAT, "a record of pooled layer %lld", (long long)unit);
    if (r->pooled[unit]) return IPL_OK;
    IPL_TRY(make_layers(r, (int)unit, &sizes));
    return ipl_records_read_points(payload, bytes, sizes, r->pooled[unit]);
}

/* News, and whether to go on: before and after each unit, and between its K. */
static ipl_status tell(run *r, int number)
{
    r->now.wall_s = run_now_s() - r->begin_s;
    if (!r->progress || !r->progress(r->user, &r->now)) return IPL_OK;
    return IPL_FAIL(IPL_E_STOPPED, "stopped at pooled layer %d of %d", number + 1,
                    ipl_pool_units(r->pool));
}

static ipl_status measure(run *r, const ipl_networks *kept, int number)
{
    const double begin = run_now_s();
    int sizes;
    IPL_TRY(make_layers(r, number, &sizes));
    for (int s = 0; s < sizes; ++s) {
        if (s) IPL_TRY(tell(r, number));
        IPL_TRY(ipl_pool_measure(r->pool, kept, number, s, r->pooled[number] + s));
    }
    const double spent = run_now_s() - begin;
    r->now.pool_s += spent;
    r->work.core_s += spent * r->worker_cores;
    return ipl_records_add_points(r->journal, RECORD_POOL, number, sizes,
                                  r->pooled[number]);
}

static ipl_status measure_all(run *r, const ipl_networks *kept)
{
    const ipl_device_info *about = ipl_device_about(r->e.dev);
    if (about->is_host) IPL_TRY(ipl_device_use_threads(r->e.dev, r->worker_cores));
    for (int number = 0; number < ipl_pool_units(r->pool); ++number) {
        const ipl_pool_unit unit = ipl_pool_unit_at(r->pool, number);
        const int known = r->pooled[number] != NULL; /* by the journal */
        if (!known) IPL_TRY(measure(r, kept, number));
        IPL_TRY(ipl_rundir_pool(r->dir, &unit, r->e.h_x, r->pooled[number]));
        IPL_TRY(ipl_rundir_flush(r->dir));
        ++r->now.pooled;
        r->now.pool_known += known;
        if (!known) IPL_TRY(tell(r, number));
    }
    return IPL_OK;
}

ipl_status run_pool(run *r)
{
    ipl_networks *kept = r->e.kept;
    if (!r->pool) return IPL_OK;
    run_destroy_workers(r); /* their memory is free now */
    if (!kept)
        IPL_TRY(ipl_networks_open(ipl_rundir_fd(r->dir),
                                  ipl_rundir_path(r->dir, "networks.bin"),
                                  r->e.replicas * r->e.parameters, &kept));
    const ipl_status st = measure_all(r, kept);
    if (!r->e.kept) ipl_networks_close(kept);
    return st;
}
