/*
 * policy_case.h - a curve on which policies are played, for tests.
 *
 * A curve stands for the measured values: some channels a tick, D(a,b) being the
 * largest difference of a channel. The harness plays training and measuring: ticks are
 * given out while they are trained, several fly at once, and they come back in a random
 * order.
 */
#ifndef POLICY_CASE_H
#define POLICY_CASE_H

#include "check.h"
#include "plane/policy.h"
#include "random.h"

enum { CHANNELS_MAX = 8 };

typedef struct {
    int64_t last;
    int     channels; /* <= CHANNELS_MAX                                        */
    float  *value;    /* [last + 1][channels]                                   */
    char   *measured; /* [last + 1]                                             */
    char   *given;    /* [last + 1]                                             */
    const ipl_policy *policy; /* NULL before it exists                          */
} curve;

typedef struct { ipl_random r; uint64_t at; } draws;

static inline double uniform(draws *d) { return ipl_random_uniform(d->r, d->at++); }
static inline int64_t below(draws *d, int64_t n)
{
    return (int64_t)ipl_random_below(d->r, d->at++, (uint64_t)n);
}

static inline double raw_distance(const curve *c, int64_t a, int64_t b)
{
    double most = 0.0;
    for (int k = 0; k < c->channels; ++k)
        most = fmax(most, fabs((double)c->value[a * c->channels + k] -
                               (double)c->value[b * c->channels + k]));
    return most;
}

/* What the policy sees: only measured ticks that it may still compare. */
static inline double distance(void *user, int64_t a, int64_t b)
{
    const curve *c = user;
    CHECK(c->measured[a] && c->measured[b]);
    CHECK(ipl_policy_may_compare(c->policy, a) && ipl_policy_may_compare(c->policy, b));
    return raw_distance(c, a, b);
}

static inline curve make_curve(int64_t last, int channels)
{
    const size_t ticks = (size_t)last + 1;
    return (curve){last, channels, test_calloc(ticks * (size_t)channels, sizeof(float)),
                   test_calloc(ticks, 1), test_calloc(ticks, 1), NULL};
}

static inline void free_curve(curve *c)
{
    test_free(c->value);
    test_free(c->measured);
    test_free(c->given);
}

/* Plays a whole run; c->measured is the set afterwards. `together` ticks fly at
 * once, and the trainer is at a random place ahead. A tick that may_ask once
 * excluded must never be given out. Returns how many ticks were measured. */
static inline int64_t play(curve *c, const ipl_policy_options *options, int together,
                           draws *d, int watch)
{
    int64_t flying[64], count = 0, measured = 0, earliest = 0;
    char *excluded = test_calloc((size_t)c->last + 1, 1);
    ipl_policy *p;
    memset(c->measured, 0, (size_t)c->last + 1);
    memset(c->given, 0, (size_t)c->last + 1);
    CHECK_OK(ipl_policy_create(options, c->last, distance, c, &p));
    c->policy = p;
    while (!ipl_policy_done(p)) {
        int64_t tick = -1;
        while (count < together && (tick = ipl_policy_next(p)) >= 0) {
            CHECK(tick <= c->last && !c->given[tick] && !excluded[tick]);
            CHECK(!ipl_policy_may_ask(p, tick) && tick >= earliest);
            c->given[tick] = 1;
            flying[count++] = tick;
        }
        CHECK(count > 0); /* not done and nothing to wait for would hang a run */
        const int64_t one = below(d, count);
        tick = flying[one];
        flying[one] = flying[--count];
        c->measured[tick] = 1;
        CHECK_OK(ipl_policy_measured(p, tick));
        ++measured;
        for (int64_t t = 0; watch && t <= c->last; ++t) {
            const int may = ipl_policy_may_ask(p, t);
            CHECK(!(may && (excluded[t] || c->given[t])));
            if (!may && !c->given[t]) excluded[t] = 1;
        }
        CHECK(ipl_policy_earliest(p) >= earliest);
        earliest = ipl_policy_earliest(p);
        for (int64_t t = 0; watch && t <= c->last && t < earliest; ++t)
            CHECK(!ipl_policy_may_ask(p, t));
        CHECK(!watch || earliest > c->last || ipl_policy_may_ask(p, earliest));
    }
    CHECK(earliest == c->last + 1 && ipl_policy_next(p) == -1);
    for (int64_t t = 0; t <= c->last; ++t) {
        CHECK(!ipl_policy_may_ask(p, t) && !ipl_policy_may_compare(p, t));
        CHECK(c->given[t] == c->measured[t]);
    }
    CHECK(c->measured[0] && c->measured[c->last]);
    ipl_policy_destroy(p);
    test_free(excluded);
    return measured;
}

/* Fewest ticks of a chain from 0 to last whose neighbours are within delta or next
 * to each other: no policy with the guarantee of EXACT can measure fewer. */
static inline int64_t fewest(const curve *c, double delta)
{
    int64_t *best = test_malloc(((size_t)c->last + 1) * sizeof *best);
    best[0] = 1;
    for (int64_t b = 1; b <= c->last; ++b) {
        best[b] = best[b - 1] + 1;
        for (int64_t a = 0; a < b - 1; ++a)
            if (best[a] + 1 < best[b] && raw_distance(c, a, b) <= delta)
                best[b] = best[a] + 1;
    }
    const int64_t count = best[c->last];
    test_free(best);
    return count;
}

/* Fewest ticks between which no channel moves by more than delta, neither at the
 * ends nor between them: what a faithful picture of the curve needs. Greedy is
 * optimal, as parts of a quiet stretch are quiet. */
static inline int64_t fewest_quiet(const curve *c, double delta)
{
    int64_t count = 1;
    for (int64_t a = 0; a < c->last; ++count) {
        float lo[CHANNELS_MAX], hi[CHANNELS_MAX];
        memcpy(lo, c->value + a * c->channels, (size_t)c->channels * sizeof *lo);
        memcpy(hi, lo, sizeof hi);
        int64_t b = a;
        for (int quiet = 1; quiet && ++b <= c->last;)
            for (int k = 0; k < c->channels; ++k) {
                lo[k] = fminf(lo[k], c->value[b * c->channels + k]);
                hi[k] = fmaxf(hi[k], c->value[b * c->channels + k]);
                if ((double)hi[k] - (double)lo[k] > delta) quiet = 0;
            }
        a = b - 1 > a ? b - 1 : a + 1;
    }
    return count;
}

static inline ipl_policy_options delta_options(ipl_policy_kind kind, draws *d)
{
    static const double multipliers[] = {1.01, 1.3, 1.5, 2.0, 3.0, 10.0};
    ipl_policy_options o = ipl_policy_defaults();
    o.kind = kind;
    o.delta = 0.1 * uniform(d) * uniform(d);
    o.multiplier = multipliers[below(d, 6)];
    o.skip_max = below(d, 2) ? 1 + below(d, 40) : 0;
    o.halve = (int)below(d, 2);
    return o;
}

/* Of DELTA_EXACT: neighbours in the measured set are close, or next to each other. */
static inline void check_guarantee(const curve *c, double delta)
{
    for (int64_t a = 0, b = 1; b <= c->last; ++b) {
        if (!c->measured[b]) continue;
        CHECK(b == a + 1 || raw_distance(c, a, b) <= delta);
        a = b;
    }
}

/* Of DELTA_APPROX: the rule again, as a loop over the curve, gives the same set. */
static inline void check_rule(const curve *c, const ipl_policy_options *o,
                              int64_t measured)
{
    int64_t at = 0, want = 1, power = 0;
    while (at < c->last) {
        double skip = 1.0;
        for (int64_t k = 0; k < power; ++k) skip *= o->multiplier;
        if (o->skip_max && skip >= (double)o->skip_max) skip = (double)o->skip_max;
        const int64_t from = at;
        at = skip < (double)(c->last - at) ? at + (int64_t)skip : c->last;
        CHECK(c->measured[at]);
        ++want;
        const int capped = skip >= (double)c->last ||
                           (o->skip_max && skip >= (double)o->skip_max);
        if (raw_distance(c, from, at) <= o->delta) power += !capped;
        else if (o->halve && power > 0) --power;
    }
    assert_int_equal(measured, want);
}

#endif
