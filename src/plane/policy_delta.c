/*
 * policy_delta.c - skip while little changes, and go back where too much did.
 *
 * The frontier is a chain of ticks f_0 = 0, f_1, .. last. Its k-th skip depends on
 * D of the chain's own ticks only: after a small D the next power of the
 * multiplier, after a large one the same (or, if asked, the power before). APPROX
 * measures the frontier and nothing else.
 *
 * EXACT also keeps the open sections: pairs of neighbouring wanted ticks a < b
 * whose D is not known to be small. When both ends are measured, the section
 * closes (D small, or b = a + 1) or is split at its middle into two open ones,
 * whose middles are independent of each other and of the frontier. Frontier and
 * sections are functions of measured values, so the set of measured ticks is one
 * too, whatever the order in which the values arrive. At the end no section is
 * open, which is the guarantee.
 */
#include "plane/policy_delta.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    int64_t a, b;
    int     a_known, b_known; /* 1: measured */
} section;

struct policy_delta {
    int64_t last;
    double  delta;
    int     exact, halve;
    ipl_policy_distance distance;
    void   *user;

    int64_t *step;   /* [levels]: the possible skips, not descending            */
    int64_t *common; /* [levels]: greatest common divisor of step[k], step[k+1] .. */
    int64_t  levels, level;

    int64_t  before, front; /* the frontier's last two ticks; before < 0: none  */
    int      front_known;   /* 1: front is measured                             */

    section *open;   /* [open_count] by a; EXACT only                           */
    int64_t  open_count, open_size;
    int64_t *ready;  /* [ready_count] ascending: wanted, not yet given out      */
    int64_t  ready_count, ready_size;
    int64_t *flying; /* [flying_count]: given out, not yet measured             */
    int64_t  flying_count, flying_size;
};

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Skips beyond the last tick all mean the same, so the ladder ends there. */
static ipl_status make_steps(policy_delta *p, double multiplier, int64_t skip_max)
{
    const int64_t top = skip_max && skip_max < p->last ? skip_max
                                                       : (p->last ? p->last : 1);
    int64_t levels = 1;
    for (double skip = 1.0; skip < (double)top; skip *= multiplier) ++levels;
    p->step = malloc((size_t)levels * sizeof *p->step);
    p->common = malloc((size_t)levels * sizeof *p->common);
    if (!p->step || !p->common)
        return IPL_FAIL(IPL_E_MEMORY, "%lld skips of a policy", (long long)levels);
    double skip = 1.0;
    for (int64_t k = 0; k < levels; ++k, skip *= multiplier)
        p->step[k] = skip < (double)top ? (int64_t)skip : top;
    p->common[levels - 1] = top < p->last ? top : 0; /* else to the last tick */
    for (int64_t k = levels - 2; k >= 0; --k)
        p->common[k] = gcd(p->step[k], p->common[k + 1]);
    p->levels = levels;
    return IPL_OK;
}

/* Makes room for `more` further elements. */
static ipl_status grow(void **array, int64_t *size, int64_t count, int64_t more,
                       size_t element)
{
    if (count + more <= *size) return IPL_OK;
    const int64_t wanted = 2 * (count + more);
    void *at = realloc(*array, (size_t)wanted * element);
    if (!at)
        return IPL_FAIL(IPL_E_MEMORY, "%lld ticks of a policy", (long long)wanted);
    *array = at;
    *size = wanted;
    return IPL_OK;
}

static void want(policy_delta *p, int64_t tick)
{
    int64_t at = p->ready_count++;
    for (; at > 0 && p->ready[at - 1] > tick; --at) p->ready[at] = p->ready[at - 1];
    p->ready[at] = tick;
}

ipl_status policy_delta_create(const ipl_policy_options *options, int64_t last,
                               ipl_policy_distance distance, void *user,
                               policy_delta **out)
{
    ipl_status st = IPL_OK;
    policy_delta *p = calloc(1, sizeof *p);
    if (!p) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a policy", sizeof *p);
    p->last = last;
    p->delta = options->delta;
    p->exact = options->kind == IPL_POLICY_DELTA_EXACT;
    p->halve = options->halve && !p->exact;
    p->distance = distance;
    p->user = user;
    p->before = -1;
    IPL_TRY_DONE(make_steps(p, options->multiplier, options->skip_max));
    IPL_TRY_DONE(grow((void **)&p->ready, &p->ready_size, 0, 1, sizeof *p->ready));
    want(p, 0);
    *out = p;
done:
    if (st != IPL_OK) policy_delta_destroy(p);
    return st;
}

void policy_delta_destroy(policy_delta *p)
{
    if (!p) return;
    free(p->step);
    free(p->common);
    free(p->open);
    free(p->ready);
    free(p->flying);
    free(p);
}

int64_t policy_delta_next(policy_delta *p)
{
    /* Without room to note it, the tick stays ready and the caller waits. */
    if (!p->ready_count || grow((void **)&p->flying, &p->flying_size, p->flying_count,
                                1, sizeof *p->flying) != IPL_OK)
        return -1;
    const int64_t tick = p->ready[0];
    memmove(p->ready, p->ready + 1, (size_t)--p->ready_count * sizeof *p->ready);
    p->flying[p->flying_count++] = tick;
    return tick;
}

/* Index of the first open section whose right end is not before the tick. */
static int64_t section_at(const policy_delta *p, int64_t tick)
{
    int64_t lo = 0, hi = p->open_count;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (p->open[mid].b < tick) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static int small_between(const policy_delta *p, int64_t a, int64_t b)
{
    return p->distance(p->user, a, b) <= p->delta;
}

/* Takes the frontier one skip on; room has been made. */
static void advance(policy_delta *p, int small)
{
    if (p->before >= 0) {
        if (small && p->level < p->levels - 1) ++p->level;
        if (!small && p->halve && p->level > 0) --p->level;
    }
    p->before = p->front;
    if (p->front == p->last) return;
    const int64_t step = p->step[p->level];
    p->front = step < p->last - p->before ? p->before + step : p->last;
    p->front_known = 0;
    want(p, p->front);
    if (p->exact) p->open[p->open_count++] = (section){p->before, p->front, 1, 0};
}

/* Closes or splits the section at this index if both its ends are measured. */
static void settle(policy_delta *p, int64_t at, int small)
{
    const section s = p->open[at];
    section *here = p->open + at;
    const size_t after = (size_t)(p->open_count - at - 1) * sizeof *here;
    if (small || s.b == s.a + 1) {
        memmove(here, here + 1, after);
        --p->open_count;
        return;
    }
    const int64_t middle = s.a + (s.b - s.a) / 2;
    memmove(here + 2, here + 1, after);
    ++p->open_count;
    here[0] = (section){s.a, middle, 1, 0};
    here[1] = (section){middle, s.b, 0, 1};
    want(p, middle);
}

ipl_status policy_delta_measured(policy_delta *p, int64_t tick)
{
    int64_t f = 0;
    while (f < p->flying_count && p->flying[f] != tick) ++f;
    IPL_REQUIRE(f < p->flying_count, "tick %lld was not given out to be measured",
                (long long)tick);
    /* One tick ends two sections and may be the frontier: three new ticks at most. */
    IPL_TRY(grow((void **)&p->open, &p->open_size, p->open_count, 3, sizeof *p->open));
    IPL_TRY(grow((void **)&p->ready, &p->ready_size, p->ready_count, 3,
                 sizeof *p->ready));

    int front_small = 0;
    if (tick == p->front && p->before >= 0)
        front_small = small_between(p, p->before, tick);
    /* From right to left, since settling moves what lies to the right. */
    const int64_t first = section_at(p, tick);
    int64_t end = first;
    while (end < p->open_count && p->open[end].a <= tick) ++end;
    for (int64_t at = end - 1; at >= first; --at) {
        section *s = p->open + at;
        if (s->a == tick) s->a_known = 1;
        if (s->b == tick) s->b_known = 1;
        if (s->a_known && s->b_known) settle(p, at, small_between(p, s->a, s->b));
    }
    if (tick == p->front && !p->front_known) {
        p->front_known = 1;
        advance(p, front_small);
    }
    p->flying[f] = p->flying[--p->flying_count];
    return IPL_OK;
}

int policy_delta_done(const policy_delta *p)
{
    return p->front_known && p->front == p->last && !p->ready_count && !p->flying_count;
}

/* Of the next skip of APPROX, while it is not known whether D will be small. */
static int64_t smallest_skip(const policy_delta *p)
{
    return p->step[p->halve && p->level > 0 ? p->level - 1 : p->level];
}

int policy_delta_may_ask(const policy_delta *p, int64_t tick)
{
    for (int64_t r = 0; r < p->ready_count; ++r)
        if (p->ready[r] == tick) return 1;
    if (tick > p->front) {
        if (p->exact || tick == p->last) return 1;
        /* All skips to come are multiples of `common`, where they cannot shrink. */
        return tick - p->front >= smallest_skip(p) &&
               (p->halve || (tick - p->front) % p->common[p->level] == 0);
    }
    const int64_t at = section_at(p, tick);
    return at < p->open_count && p->open[at].a < tick && tick < p->open[at].b;
}

int64_t policy_delta_earliest(const policy_delta *p)
{
    int64_t tick = p->last + 1;
    if (p->front < p->last)
        tick = p->front + (p->exact ? 1 : smallest_skip(p));
    if (tick > p->last && p->front < p->last) tick = p->last;
    /* A section that is open may be split at any tick between its ends. */
    for (int64_t s = 0; s < p->open_count; ++s)
        if (p->open[s].b > p->open[s].a + 1) {
            if (p->open[s].a + 1 < tick) tick = p->open[s].a + 1;
            break;
        }
    return p->ready_count && p->ready[0] < tick ? p->ready[0] : tick;
}

int policy_delta_may_compare(const policy_delta *p, int64_t tick)
{
    if (tick >= p->front || tick == p->before) return !policy_delta_done(p);
    const int64_t at = section_at(p, tick);
    return at < p->open_count && p->open[at].a <= tick;
}
