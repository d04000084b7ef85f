/*
 * run_ask.c - what the policy asks for, and what it is told.
 */
#include <stdlib.h>

#include "plane/run.h"

enum {
    AHEAD_MAX = 8,   /* ticks asked for before they are trained                  */
    WANTED_MAX = 512 /* and in all: the policy has the rest                      */
};

int run_needs_snapshot(const run *r, int64_t tick)
{
    if (ipl_policy_may_ask(r->policy, tick)) return 1;
    for (int64_t w = 0; w < r->wanted_count; ++w)
        if (r->wanted[w].tick == tick) return 1;
    return run_is_to_be_kept(r, tick);
}

static int keep_moment(void *user, int64_t tick)
{
    return ipl_policy_may_compare(((const run *)user)->policy, tick);
}

ipl_status run_settle(run *r, run_points *points)
{
    if (r->history)
        IPL_TRY(ipl_history_add(r->history, points->tick, run_layers(r, points)));
    IPL_TRY(ipl_policy_measured(r->policy, points->tick));
    points->told = 1;
    if (r->history) ipl_history_sweep(r->history, keep_moment, r);
    return IPL_OK;
}

static ipl_status want(run *r, int64_t tick)
{
    if (r->wanted_count == r->wanted_size) {
        const int64_t size = 2 * r->wanted_size + 64;
        run_wanted *more = realloc(r->wanted, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld ticks", (long long)size);
        r->wanted = more;
        r->wanted_size = size;
    }
    int64_t at = r->wanted_count++;
    for (; at > 0 && r->wanted[at - 1].tick > tick; --at)
        r->wanted[at] = r->wanted[at - 1];
    r->wanted[at] = (run_wanted){.tick = tick};
    return IPL_OK;
}

ipl_status run_check_kept(const run *r, int64_t tick)
{
    if (!r->e.kept || ipl_networks_hold(r->e.kept, tick)) return IPL_OK;
    const ipl_status st = ipl_networks_must_hold(r->e.kept, tick);
    return IPL_FAIL(st, "%s; measure.policy = kept measures those that were kept",
                    ipl_last_error_text());
}

ipl_status run_ask(run *r)
{
    for (;;) {
        int64_t ahead = r->wanted_count;
        while (ahead > 0 && r->wanted[ahead - 1].tick > r->trained) --ahead;
        if (r->wanted_count - ahead >= AHEAD_MAX || r->wanted_count >= WANTED_MAX)
            return IPL_OK;
        const int64_t tick = ipl_policy_next(r->policy);
        if (tick < 0) return IPL_OK;
        run_points *known = run_find_points(r, tick);
        IPL_TRY(run_check_kept(r, tick));
        if (known) IPL_TRY(run_settle(r, known));
        else IPL_TRY(want(r, tick));
    }
}
