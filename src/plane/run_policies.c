/*
 * run_policies.c - which ticks a run measures and logs.
 */
#include <math.h>
#include <stdlib.h>

#include "plane/run.h"

/* How many ticks a policy will measure, when its choice needs no values. Networks that
 * are to be measured again must have been kept. */
static ipl_status count_planned(run *r, const ipl_policy_options *options)
{
    ipl_policy *p;
    r->now.planned = -1;
    if (options->kind >= IPL_POLICY_DELTA_APPROX) return IPL_OK;
    IPL_TRY(ipl_policy_create(options, r->e.last, NULL, NULL, &p));
    ipl_status st = IPL_OK;
    int64_t count = 0;
    for (; st == IPL_OK && !ipl_policy_done(p); ++count) {
        const int64_t tick = ipl_policy_next(p);
        st = ipl_policy_measured(p, tick);
        if (st == IPL_OK) st = run_check_kept(r, tick);
    }
    ipl_policy_destroy(p);
    if (st == IPL_OK) r->now.planned = count;
    return st;
}

/* The ticks that were kept, which the caller frees. */
static ipl_status list_kept(const ipl_networks *kept, int64_t **list)
{
    const int64_t count = ipl_networks_count(kept);
    int64_t *ticks = malloc((size_t)count * sizeof *ticks);
    if (!ticks) return IPL_FAIL(IPL_E_MEMORY, "%lld kept ticks", (long long)count);
    for (int64_t k = 0; k < count; ++k) ticks[k] = ipl_networks_tick(kept, k);
    *list = ticks;
    return IPL_OK;
}

ipl_status run_make_policies(run *r)
{
    const ipl_config *c = &r->e.config;
    ipl_policy_options options, logged = ipl_policy_defaults();
    int64_t *list = NULL;
    ipl_status st = IPL_OK;
    logged.kind = c->training_log ? IPL_POLICY_EVERY : IPL_POLICY_LOG;
    logged.dense = c->log_dense;
    logged.per_decade = c->log_per_decade;
    IPL_TRY(ipl_policy_create(&logged, r->e.last, NULL, NULL, &r->log));
    r->log_next = r->e.kept ? -1 : ipl_policy_next(r->log);

    IPL_TRY(ipl_policy_of(c, r->e.last, &options, &list));
    if (options.kind == IPL_POLICY_KEPT) {
        IPL_TRY(list_kept(r->e.kept, &list));
        options.list = list;
        options.list_count = ipl_networks_count(r->e.kept);
    }
    if (options.kind >= IPL_POLICY_DELTA_APPROX)
        IPL_TRY_DONE(ipl_history_create(r->e.replicas * r->e.shape.layers,
                                        ipl_mi_point_name(c->delta_estimator - 1),
                                        c->delta_scaled ? r->e.h_x : log(2.0),
                                        c->delta_scaled ? r->e.h_y : log(2.0),
                                        &r->history));
    IPL_TRY_DONE(ipl_policy_create(&options, r->e.last, ipl_history_distance,
                                   r->history, &r->policy));
    IPL_TRY_DONE(count_planned(r, &options));
done:
    free(list);
    return st;
}
