/*
 * policy.c - the policies whose ticks are known beforehand, and the front of all.
 */
#include "plane/policy.h"

#include <math.h>
#include <stdlib.h>

#include "ipl_plane.h"
#include "plane/policy_delta.h"

struct ipl_policy {
    int64_t  last;
    int64_t  every; /* EVERY, else 0                                            */
    int64_t *list;  /* LOG, LIST, KEPT: ascending, from 0 to last               */
    int64_t  list_count;
    int64_t  given;    /* the last tick given out, -1 before the first          */
    int64_t  waiting;  /* how many are given out and not measured               */
    int64_t  cursor;   /* with a list: index after `given`                      */
    policy_delta *delta; /* DELTA: does all the work                            */
};

ipl_policy_options ipl_policy_defaults(void)
{
    return (ipl_policy_options){.kind = IPL_POLICY_EVERY, .every = 1, .dense = 10,
                                .per_decade = 20, .delta = 0.02, .multiplier = 2.0};
}

ipl_status ipl_policy_of(const ipl_config *config, int64_t last,
                         ipl_policy_options *out, int64_t **list)
{
    int64_t count = 0, *ticks = NULL;
    if (config->policy == IPL_POLICY_LIST)
        IPL_TRY(ipl_config_list(config, last, &ticks, &count));
    *out = (ipl_policy_options){
        .kind = config->policy,
        .every = config->every,
        .dense = config->log_dense,
        .per_decade = config->log_per_decade,
        .list = ticks,
        .list_count = count,
        .delta = config->delta,
        .multiplier = config->multiplier,
        .skip_max = config->skip_max,
        .halve = config->halve,
    };
    *list = ticks;
    return IPL_OK;
}

static ipl_status check_options(const ipl_policy_options *o, int64_t last,
                                ipl_policy_distance distance)
{
    IPL_REQUIRE(last >= 0, "last tick %lld: expected 0 or more", (long long)last);
    switch (o->kind) {
    case IPL_POLICY_EVERY:
        IPL_REQUIRE(o->every >= 1, "every %lld ticks: expected 1 or more",
                    (long long)o->every);
        return IPL_OK;
    case IPL_POLICY_LOG:
        IPL_REQUIRE(o->dense >= 0 && o->per_decade >= 1,
                    "log policy: dense %lld, per decade %lld: expected from 0 and "
                    "from 1", (long long)o->dense, (long long)o->per_decade);
        return IPL_OK;
    case IPL_POLICY_LIST:
    case IPL_POLICY_KEPT:
        for (int64_t i = 0; i < o->list_count; ++i)
            IPL_REQUIRE(o->list[i] <= last && o->list[i] > (i ? o->list[i - 1] : -1),
                        "entry %lld of the list is tick %lld: expected ascending "
                        "ticks from 0 to %lld", (long long)i, (long long)o->list[i],
                        (long long)last);
        return IPL_OK;
    case IPL_POLICY_DELTA_APPROX:
    case IPL_POLICY_DELTA_EXACT:
        IPL_REQUIRE(distance, "delta policy without a distance");
        IPL_REQUIRE(o->delta >= 0.0, "delta %g: expected 0 or more", o->delta);
        IPL_REQUIRE(o->multiplier >= 1.01 && o->multiplier <= 1e6,
                    "skip multiplier %g: expected 1.01 to 1e6", o->multiplier);
        IPL_REQUIRE(o->skip_max >= 0, "largest skip %lld: expected 0 or more",
                    (long long)o->skip_max);
        return IPL_OK;
    case IPL_POLICY_COUNT: break;
    }
    return IPL_FAIL(IPL_E_ARGUMENT, "policy %d: expected 0 to %d", (int)o->kind,
                    IPL_POLICY_COUNT - 1);
}

/* The k-th tick of the tail, k = 1, 2, ..: max(dense, 1) 10^(k / per_decade). */
static double log_tick(const ipl_policy_options *o, int64_t k)
{
    const double start = o->dense > 1 ? (double)o->dense : 1.0;
    return floor(start * pow(10.0, (double)k / (double)o->per_decade) + 0.5);
}

/* Fills list with the ticks, ascending and distinct, and returns how many; with a
 * NULL list it only counts. */
static int64_t make_list(const ipl_policy_options *o, int64_t last, int64_t *list)
{
    int64_t count = 0, latest = -1;
    const int64_t listed = o->kind == IPL_POLICY_LOG ? 0 : o->list_count;
    const int64_t head = o->kind == IPL_POLICY_LOG ? o->dense : 0;
    for (int64_t t = 0; t <= head && t <= last; ++t, ++count) {
        if (list) list[count] = t;
        latest = t;
    }
    for (int64_t k = 1;; ++k) {
        int64_t t = last;
        if (k <= listed) t = o->list[k - 1];
        if (o->kind == IPL_POLICY_LOG && log_tick(o, k) < (double)last)
            t = (int64_t)log_tick(o, k);
        if (t > latest) {
            if (list) list[count] = t;
            ++count;
            latest = t;
        }
        if (latest == last) return count;
    }
}

ipl_status ipl_policy_create(const ipl_policy_options *options, int64_t last,
                             ipl_policy_distance distance, void *user,
                             ipl_policy **out)
{
    IPL_REQUIRE(options && out, "options or result of a policy is NULL");
    IPL_TRY(check_options(options, last, distance));
    ipl_status st = IPL_OK;
    ipl_policy *p = calloc(1, sizeof *p);
    if (!p) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a policy", sizeof *p);
    p->last = last;
    p->given = -1;
    if (options->kind == IPL_POLICY_EVERY) {
        p->every = options->every;
    } else if (options->kind < IPL_POLICY_DELTA_APPROX) {
        p->list_count = make_list(options, last, NULL);
        p->list = malloc((size_t)p->list_count * sizeof *p->list);
        if (!p->list) {
            st = IPL_FAIL(IPL_E_MEMORY, "%lld ticks", (long long)p->list_count);
            goto done;
        }
        make_list(options, last, p->list);
    } else {
        IPL_TRY_DONE(policy_delta_create(options, last, distance, user, &p->delta));
    }
    *out = p;
done:
    if (st != IPL_OK) ipl_policy_destroy(p);
    return st;
}

void ipl_policy_destroy(ipl_policy *p)
{
    if (!p) return;
    policy_delta_destroy(p->delta);
    free(p->list);
    free(p);
}

int64_t ipl_policy_next(ipl_policy *p)
{
    if (p->delta) return policy_delta_next(p->delta);
    if (p->given == p->last) return -1;
    p->given = ipl_policy_earliest(p);
    if (p->list) ++p->cursor;
    ++p->waiting;
    return p->given;
}

ipl_status ipl_policy_measured(ipl_policy *p, int64_t tick)
{
    if (p->delta) return policy_delta_measured(p->delta, tick);
    IPL_REQUIRE(p->waiting > 0 && tick >= 0 && tick <= p->given,
                "tick %lld was not given out to be measured", (long long)tick);
    --p->waiting;
    return IPL_OK;
}

int ipl_policy_done(const ipl_policy *p)
{
    if (p->delta) return policy_delta_done(p->delta);
    return p->given == p->last && !p->waiting;
}

int ipl_policy_may_ask(const ipl_policy *p, int64_t tick)
{
    if (tick < 0 || tick > p->last) return 0;
    if (p->delta) return policy_delta_may_ask(p->delta, tick);
    if (tick <= p->given) return 0;
    if (p->every) return tick % p->every == 0 || tick == p->last;
    int64_t lo = p->cursor, hi = p->list_count;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (p->list[mid] < tick) lo = mid + 1;
        else hi = mid;
    }
    return lo < p->list_count && p->list[lo] == tick;
}

int64_t ipl_policy_earliest(const ipl_policy *p)
{
    if (p->delta) return policy_delta_earliest(p->delta);
    if (p->given == p->last) return p->last + 1;
    if (p->list) return p->list[p->cursor];
    if (p->given < 0) return 0;
    return p->every < p->last - p->given ? p->given + p->every : p->last;
}

int ipl_policy_may_compare(const ipl_policy *p, int64_t tick)
{
    return p->delta && tick >= 0 && tick <= p->last &&
           policy_delta_may_compare(p->delta, tick);
}

ipl_status ipl_ticks_planned(const ipl_config *config, int64_t last, int64_t *ticks,
                             int *is_guess)
{
    IPL_REQUIRE(config && ticks && is_guess && last >= 0, "no configuration or result");
    ipl_policy_options options;
    ipl_policy *policy;
    int64_t *list = NULL;
    IPL_TRY(ipl_policy_of(config, last, &options, &list));
    *is_guess = options.kind >= IPL_POLICY_DELTA_APPROX ||
                options.kind == IPL_POLICY_KEPT;
    if (*is_guess) {
        options = ipl_policy_defaults();
        options.kind = IPL_POLICY_LOG;
    }
    const int64_t each = options.kind == IPL_POLICY_EVERY ? options.every : 0;
    ipl_status st = each ? IPL_OK
                         : ipl_policy_create(&options, last, NULL, NULL, &policy);
    free(list);
    if (st != IPL_OK) return st;
    if (each) { /* 0, N, 2N, .. and the last */
        *ticks = last / each + 1 + (last % each != 0);
        return IPL_OK;
    }
    for (*ticks = 0; st == IPL_OK && !ipl_policy_done(policy); ++*ticks)
        st = ipl_policy_measured(policy, ipl_policy_next(policy));
    ipl_policy_destroy(policy);
    return st;
}
