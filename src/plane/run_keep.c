/*
 * run_keep.c - networks that stay in the run directory.
 *
 * They reach the file in the order of ticks, each once it is known that no earlier one
 * is to be kept. Until then the store has them.
 */
#include <stdlib.h>

#include "plane/run.h"

static const char file_name[] = "networks.bin";

int run_keeps_any(const run *r)
{
    return !r->e.kept && (r->pool || r->e.config.keep != IPL_KEEP_NONE);
}

/* The first tick from `tick` on whose networks are kept whatever is measured. Of pooled
 * runs the ends are kept too: measuring again begins and ends there. */
static int64_t next_sure(const run *r, int64_t tick)
{
    int64_t next = INT64_MAX;
    if (r->e.config.keep == IPL_KEEP_ALL) return tick <= r->e.last ? tick : INT64_MAX;
    if (!r->pool) return INT64_MAX;
    if (tick <= r->e.last) next = tick ? r->e.last : 0;
    const int64_t pooled = ipl_pool_next(r->pool, tick);
    return pooled < next ? pooled : next;
}

/* Place of a tick in r->due, or of the first one behind it. */
static int64_t place_of(const run *r, int64_t tick)
{
    int64_t low = 0, high = r->due_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (r->due[middle] < tick) low = middle + 1;
        else high = middle;
    }
    return low;
}

int run_is_to_be_kept(const run *r, int64_t tick)
{
    if (!run_keeps_any(r) || tick < r->keep_next) return 0;
    if (next_sure(r, tick) == tick) return 1;
    if (r->e.config.keep != IPL_KEEP_MEASURED) return 0;
    const int64_t at = place_of(r, tick);
    return run_find_points(r, tick) || (at < r->due_count && r->due[at] == tick);
}

ipl_status run_keep_measured(run *r, int64_t tick)
{
    if (r->e.config.keep != IPL_KEEP_MEASURED || tick < r->keep_next) return IPL_OK;
    if (r->due_count == r->due_size) {
        const int64_t size = 2 * r->due_size + 64;
        int64_t *more = realloc(r->due, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld ticks to keep", (long long)size);
        r->due = more;
        r->due_size = size;
    }
    r->due[r->due_count++] = tick; /* they come in order */
    return IPL_OK;
}

/* Of earlier ticks it is known whether they are to be kept, and they are there. */
static int64_t settled_before(const run *r)
{
    const int64_t there = r->trained + 1, known = r->written_before;
    return r->e.config.keep == IPL_KEEP_MEASURED && known < there ? known : there;
}

int64_t run_next_to_keep(const run *r)
{
    if (!run_keeps_any(r)) return -1;
    const int64_t at = place_of(r, r->keep_next), sure = next_sure(r, r->keep_next);
    const int64_t due = at < r->due_count ? r->due[at] : INT64_MAX;
    const int64_t next = due < sure ? due : sure;
    return next < settled_before(r) ? next : -1;
}

int64_t run_kept_before(const run *r)
{
    const int64_t next = run_next_to_keep(r);
    if (!run_keeps_any(r)) return INT64_MAX;
    return next < 0 ? settled_before(r) : next;
}

ipl_status run_keep_open(run *r)
{
    const ipl_experiment *e = &r->e;
    const int64_t floats = e->replicas * e->parameters;
    if (!run_keeps_any(r)) return IPL_OK;
    r->kept = malloc((size_t)floats * sizeof *r->kept);
    if (!r->kept)
        return IPL_FAIL(IPL_E_MEMORY, "%lld parameters to keep", (long long)floats);
    r->keep_next = r->state.tick + 1;
    const ipl_keeper_options options = {
        floats, e->data_crc, r->of.digest,
        r->state.tick < 0 ? 0 : r->state.kept_bytes, r->state.tick};
    const ipl_status st =
        ipl_keeper_open(ipl_rundir_fd(r->dir), ipl_rundir_path(r->dir, file_name),
                        &options, &r->keeper);
    if (st == IPL_OK || st == IPL_E_MEMORY) return st;
    return IPL_FAIL(st, "%s: put the run's own file back, or remove %s%s, and the "
                    "training is repeated", ipl_last_error_text(), file_name,
                    options.bytes ? " and state.bin" : "");
}

void run_keep_close(run *r)
{
    ipl_keeper_close(r->keeper);
    free(r->kept);
    free(r->due);
}

ipl_status run_keep_next(run *r, ipl_device *dev, float *params, int64_t tick)
{
    const size_t floats = (size_t)r->e.replicas * (size_t)r->e.parameters;
    IPL_TRY(ipl_store_get(r->store, tick, dev, params));
    IPL_TRY(ipl_download(dev, params, floats * sizeof *params, r->kept));
    return ipl_keeper_add(r->keeper, tick, r->kept);
}
