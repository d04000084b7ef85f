/*
 * test_recorded.c - the delta policies on the planes of real trainings.
 *
 * tests/curves.csv holds planes that were measured at every tick (tests/curves.sh). A
 * draw is a random window of ticks and a random set of their channels, in bits or as
 * shares of H(X) and H(Y), as [measure] delta_scaled has it; so most windows begin in
 * the middle of a training.
 */
#include "policy_case.h"

enum { CURVES_MAX = 8, WHOLE = 8 }; /* WHOLE: channels of every recorded curve */

typedef struct {
    char    name[32];
    int64_t ticks;
    double  h[2];   /* H(X), H(Y) in bits                                       */
    float  *bits;   /* [ticks][WHOLE]: I(X;T) and I(T;Y) by turns               */
} record;

static record records[CURVES_MAX];
static int    record_count;

static void read_records(void)
{
    FILE *file = fopen("tests/curves.csv", "r");
    int channels;
    record r;
    long long ticks;
    if (record_count) return;
    CHECK(file);
    while (record_count < CURVES_MAX &&
           fscanf(file, "curve,%31[^,],%lld,%d,%lf,%lf ", r.name, &ticks, &channels,
                  &r.h[0], &r.h[1]) == 5) {
        CHECK(ticks > 100 && channels == WHOLE && r.h[0] > 0 && r.h[1] > 0);
        r.ticks = ticks;
        r.bits = malloc((size_t)(ticks * WHOLE) * sizeof *r.bits);
        for (int64_t i = 0; i < ticks * WHOLE; ++i)
            CHECK(fscanf(file, "%f%*[,\n]", &r.bits[i]) == 1 &&
                  r.bits[i] >= 0 && r.bits[i] <= r.h[i % 2] + 1e-6);
        records[record_count++] = r;
    }
    CHECK(feof(file) && record_count == 5);
    fclose(file);
}

/* `ticks` ticks from `first` on, of the channels in the set. */
static curve cut(const record *r, int64_t first, int64_t ticks, unsigned set,
                 int scaled)
{
    int kept[WHOLE], channels = 0;
    for (int k = 0; k < WHOLE; ++k)
        if (set >> k & 1) kept[channels++] = k;
    curve c = make_curve(ticks - 1, channels);
    for (int64_t t = 0; t < ticks; ++t)
        for (int k = 0; k < channels; ++k)
            c.value[t * channels + k] =
                r->bits[(first + t) * WHOLE + kept[k]] /
                (scaled ? (float)r->h[kept[k] % 2] : 1.0f);
    return c;
}

/* A window of at most `longest` ticks and some layers' channels, with a policy. */
static curve draw(draws *d, ipl_policy_kind kind, int64_t longest, int i,
                  ipl_policy_options *o)
{
    const record *r = records + i % record_count;
    const int scaled = (int)below(d, 2);
    const int64_t most = r->ticks < longest ? r->ticks : longest;
    const int64_t ticks = 1 + below(d, most);
    *o = delta_options(kind, d);
    if (!scaled) o->delta *= 3.0; /* some bits are a share of 1 */
    const int64_t first = below(d, r->ticks - ticks + 1);
    return cut(r, first, ticks, 1 + (unsigned)below(d, (1 << WHOLE) - 1), scaled);
}

/* No more than EXACT can need, Q being the ticks of the quiet chain. A section that is
 * split has D > delta and so a tick of that chain inside; sections of one depth are
 * disjoint, and depth is at most log2 of the longest. Skips are small (each raises
 * the power, or has the largest length) or large (disjoint, with such a tick inside,
 * or a single step of the chain). */
static double most_of_exact(const curve *c, const ipl_policy_options *o)
{
    const double q = (double)fewest_quiet(c, o->delta), last = (double)c->last;
    const double top = o->skip_max && o->skip_max < c->last ? (double)o->skip_max
                                                            : last;
    if (c->last < 2) return last + 1.0;
    const double powers = 1.0 + ceil(log(top) / log(o->multiplier));
    return 2.0 + powers + last / top + 2.0 * q + q * ceil(log2(top));
}

static void exact_keeps_its_guarantee_on_recorded_curves(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1100}, 0};
    read_records();
    double share = 0.0;
    for (int i = 0; i < 6000; ++i) {
        ipl_policy_options o;
        curve c = draw(&d, IPL_POLICY_DELTA_EXACT, 250, i, &o);
        const double count =
            (double)play(&c, &o, 1 + (int)below(&d, 16), &d, i % 4 == 0);
        check_guarantee(&c, o.delta);
        CHECK(count <= most_of_exact(&c, &o));
        if (c.last > 20) share = fmax(share, count / most_of_exact(&c, &o));
        free_curve(&c);
    }
    printf("# %.0f%% of the most ticks that exact can need\n", 100.0 * share);
}

static void approx_follows_its_rule_on_recorded_curves(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1101}, 0};
    read_records();
    for (int i = 0; i < 6000; ++i) {
        ipl_policy_options o;
        curve c = draw(&d, IPL_POLICY_DELTA_APPROX, 400, i, &o);
        check_rule(&c, &o, play(&c, &o, 4, &d, i % 4 == 0));
        free_curve(&c);
    }
}

/* How many ticks are measured of each whole curve with the default delta, against the
 * fewest that the guarantee allows, and how many of its promises approx breaks. */
static void whole_curves_need_few_ticks(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1102}, 0};
    read_records();
    for (int i = 0; i < record_count; ++i) {
        const record *r = records + i;
        curve c = cut(r, 0, r->ticks, (1 << WHOLE) - 1, 1);
        ipl_policy_options o = ipl_policy_defaults();
        o.kind = IPL_POLICY_DELTA_EXACT;
        const double exact = (double)play(&c, &o, 8, &d, 1);
        const double least = (double)fewest(&c, o.delta);
        const double quiet = (double)fewest_quiet(&c, o.delta);
        check_guarantee(&c, o.delta);
        CHECK(least <= quiet && least <= exact && exact <= most_of_exact(&c, &o));
        o.kind = IPL_POLICY_DELTA_APPROX;
        o.halve = 1;
        const double approx = (double)play(&c, &o, 8, &d, 1);
        int64_t broken = 0;
        for (int64_t a = 0, b = 1; b <= c.last; ++b) {
            if (!c.measured[b]) continue;
            broken += b > a + 1 && raw_distance(&c, a, b) > o.delta;
            a = b;
        }
        printf("# %s: of %lld ticks exact measures %.0f, %.2f times the fewest, %.2f "
               "times the quiet chain; approx %.0f, with %lld larger changes\n",
               r->name, (long long)r->ticks, exact, exact / least, exact / quiet,
               approx, (long long)broken);
        /* What is measured is worth something only if it is a part. */
        CHECK(exact < (double)r->ticks);
        free_curve(&c);
    }
}

/* The widest and the narrowest skip that begins in [from, to). */
static void skips_of(const curve *c, int64_t from, int64_t to, int64_t *narrowest,
                     int64_t *widest)
{
    *narrowest = c->last;
    *widest = 0;
    for (int64_t a = 0, b = 1; b <= c->last; ++b) {
        if (!c->measured[b]) continue;
        if (a >= from && a < to) {
            if (b - a < *narrowest) *narrowest = b - a;
            if (b - a > *widest) *widest = b - a;
        }
        a = b;
    }
}

/* The network of sigmoids stands still, learns, and then stands nearly still. */
static void approx_recovers_after_a_recorded_transition(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1103}, 0};
    read_records();
    const record *r = NULL;
    for (int i = 0; i < record_count; ++i)
        if (!strcmp(records[i].name, "sigmoid-1")) r = records + i;
    CHECK(r);
    /* The last layer by kde-upper. */
    curve c = cut(r, 0, r->ticks, 3u << 6, 1);
    float top = 0.0f;
    int64_t begin = 0, end = 0;
    for (int64_t t = 0; t <= c.last; ++t) top = fmaxf(top, c.value[2 * t]);
    while (c.value[2 * begin] < 0.1f * top) ++begin;
    while (c.value[2 * end] < 0.9f * top) ++end;

    ipl_policy_options o = ipl_policy_defaults();
    o.kind = IPL_POLICY_DELTA_APPROX;
    o.halve = 1;
    play(&c, &o, 1, &d, 1);
    int64_t narrowest[3], widest[3];
    skips_of(&c, 0, begin, &narrowest[0], &widest[0]);
    skips_of(&c, begin, end, &narrowest[1], &widest[1]);
    skips_of(&c, end, c.last, &narrowest[2], &widest[2]);
    printf("# transition at ticks %lld to %lld: skips up to %lld before, down to %lld "
           "within, up to %lld after\n", (long long)begin, (long long)end,
           (long long)widest[0], (long long)narrowest[1], (long long)widest[2]);
    CHECK(begin > 50 && end - begin > 50);
    CHECK(widest[0] >= 16 && 8 * narrowest[1] <= widest[0] && widest[2] >= widest[0]);

    o.halve = 0; /* and only therefore */
    play(&c, &o, 1, &d, 1);
    skips_of(&c, begin, end, &narrowest[1], &widest[1]);
    CHECK(narrowest[1] >= widest[0]);
    free_curve(&c);
}

static const check_test tests[] = {
    CHECK_TEST(exact_keeps_its_guarantee_on_recorded_curves),
    CHECK_TEST(approx_follows_its_rule_on_recorded_curves),
    CHECK_TEST(whole_curves_need_few_ticks),
    CHECK_TEST(approx_recovers_after_a_recorded_transition),
};

CHECK_MAIN("recorded", tests, 0)
