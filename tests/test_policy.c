/*
 * test_policy.c - which ticks the policies measure, on thousands of curves.
 *
 * The curves are made up, and harder than those of trainings; test_recorded.c has some
 * of these.
 */
#include "policy_case.h"

enum { CHANNELS = 3 };

enum { FLAT, JUMP, DRIFT, OSCILLATION, NOISE, WALK, TRAINING, SHAPES };
static const char *const shape_name[SHAPES] = {
    "flat", "jump", "drift", "oscillation", "noise", "walk", "training"};

/* TRAINING is what planes look like: a fast rise with a knee, a slow compression on
 * a logarithmic scale, late jumps, and a jitter that grows with the learning. */
static void fill_curve(curve *c, int shape, draws *d)
{
    for (int k = 0; k < CHANNELS; ++k) {
        const double size = 0.5 + 3.0 * uniform(d), phase = 6.28 * uniform(d);
        const double knee = 1.0 + uniform(d) * (double)c->last;
        const double rate = uniform(d) * uniform(d), noise = 0.03 * uniform(d);
        double walk = 0.0;
        for (int64_t t = 0; t <= c->last; ++t) {
            const double x = (double)t, share = x / (double)(c->last + 1);
            double v = 0.0;
            walk += noise * (uniform(d) - 0.5);
            if (shape == JUMP) v = x < knee ? 0.0 : size;
            if (shape == DRIFT) v = size * share;
            if (shape == OSCILLATION) v = 0.2 * size * sin(phase + rate * x);
            if (shape == NOISE) v = 2.0 * noise * uniform(d);
            if (shape == WALK) v = walk;
            if (shape == TRAINING)
                v = size * (1.0 - exp(-8.0 * x / knee)) - 0.3 * log(1.0 + rate * x) +
                    (x > 0.7 * knee) * 0.2 + noise * share * uniform(d);
            c->value[t * CHANNELS + k] = (float)v;
        }
    }
}

static void exact_keeps_its_guarantee(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1000}, 0};
    for (int i = 0; i < 7000; ++i) {
        curve c = make_curve(below(&d, 200), CHANNELS);
        fill_curve(&c, i % SHAPES, &d);
        const ipl_policy_options o = delta_options(IPL_POLICY_DELTA_EXACT, &d);
        play(&c, &o, 1 + (int)below(&d, 16), &d, 1);
        check_guarantee(&c, o.delta);
        free_curve(&c);
    }
}

static void the_set_does_not_depend_on_the_order(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1001}, 0};
    for (int i = 0; i < 3000; ++i) {
        curve c = make_curve(below(&d, 300), CHANNELS);
        fill_curve(&c, i % SHAPES, &d);
        const ipl_policy_options o = delta_options(
            i & 1 ? IPL_POLICY_DELTA_EXACT : IPL_POLICY_DELTA_APPROX, &d);
        char *first = test_malloc((size_t)c.last + 1);
        for (int again = 0; again < 4; ++again) {
            play(&c, &o, again ? 1 + (int)below(&d, 64) : 1, &d, 0);
            if (!again) memcpy(first, c.measured, (size_t)c.last + 1);
            assert_memory_equal(first, c.measured, (size_t)c.last + 1);
        }
        test_free(first);
        free_curve(&c);
    }
}

static void approx_follows_its_rule(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1002}, 0};
    for (int i = 0; i < 7000; ++i) {
        curve c = make_curve(below(&d, 400), CHANNELS);
        fill_curve(&c, i % SHAPES, &d);
        const ipl_policy_options o = delta_options(IPL_POLICY_DELTA_APPROX, &d);
        const int64_t count = play(&c, &o, 4, &d, 1);
        check_rule(&c, &o, count);
        free_curve(&c);
    }
}

static void approx_recovers_after_a_jump(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1003}, 0};
    const int64_t last = 6000, jump = 600, steep = 1500;
    curve c = make_curve(last, CHANNELS);
    /* Flat, then a steep stretch, then flat. */
    for (int64_t t = 0; t <= last; ++t)
        c.value[t * CHANNELS] =
            t < jump ? 0.0f : (float)(t < jump + steep ? t - jump : steep);
    ipl_policy_options o = ipl_policy_defaults();
    o.kind = IPL_POLICY_DELTA_APPROX;
    o.halve = 1;
    play(&c, &o, 1, &d, 1);
    int64_t before = 0, widest[3] = {0}, narrowest = last;
    for (int64_t t = 1; t <= last; ++t) {
        if (!c.measured[t]) continue;
        const int64_t gap = t - before;
        const int part = t <= jump ? 0 : t <= jump + steep ? 1 : 2;
        if (part == 1 && gap < narrowest) narrowest = gap;
        if (gap > widest[part]) widest[part] = gap;
        before = t;
    }
    assert_int_equal(narrowest, 1);         /* it shrinks on the steep stretch ... */
    CHECK(widest[0] >= 256 && widest[2] >= 256); /* ... and grows before and after */
    free_curve(&c);
}

static void exact_measures_little_more_than_it_must(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1004}, 0};
    for (int shape = 0; shape < SHAPES; ++shape) {
        double sum = 0.0, worst = 0.0, quiet = 0.0;
        enum { CURVES = 100 };
        for (int i = 0; i < CURVES; ++i) {
            curve c = make_curve(600, CHANNELS);
            fill_curve(&c, shape, &d);
            ipl_policy_options o = ipl_policy_defaults();
            o.kind = IPL_POLICY_DELTA_EXACT;
            const double count = (double)play(&c, &o, 8, &d, 0);
            const double ratio = count / (double)fewest(&c, o.delta);
            CHECK(ratio >= 1.0);
            sum += ratio;
            quiet += count / (double)fewest_quiet(&c, o.delta);
            worst = fmax(worst, ratio);
            free_curve(&c);
        }
        printf("# exact on %s: %.2f times the fewest ticks on average, %.2f at worst; "
               "%.2f times those of a quiet chain\n", shape_name[shape], sum / CURVES,
               worst, quiet / CURVES);
        /* The fewest know the curve beforehand and may leap from one crossing of an
         * oscillation to the next; the quiet chain may not.
         * A flat curve of 600 ticks needs 2 and gets the powers of two: 1, 3, 7, ..
         * One jump adds a bisection, log2 of the section, a drift the factor of two
         * between its best skip and a power of two. */
        if (shape == FLAT) CHECK(worst <= 6.0);
        if (shape == DRIFT) CHECK(worst <= 3.0);
    }
}

static void known_ticks_are_those_asked_for(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1005}, 0};
    const int64_t list[] = {3, 4, 9}, want_list[] = {0, 3, 4, 9, 20};
    const int64_t want_every[] = {0, 7, 14, 20};
    const int64_t want_log[] = {0, 1, 2, 3, 4, 6, 9, 13, 19, 20};
    ipl_policy_options o[3] = {ipl_policy_defaults(), ipl_policy_defaults(),
                               ipl_policy_defaults()};
    o[0].every = 7;
    o[1].kind = IPL_POLICY_LIST;
    o[1].list = list;
    o[1].list_count = 3;
    o[2].kind = IPL_POLICY_LOG;
    o[2].dense = 4;
    o[2].per_decade = 6; /* 4 10^(k/6) = 5.87, 8.62, 12.6, 18.6, 27.3 */
    const int64_t *const want[3] = {want_every, want_list, want_log};
    const int64_t count[3] = {4, 5, 10};
    for (int k = 0; k < 3; ++k) {
        curve c = make_curve(20, CHANNELS);
        assert_int_equal(play(&c, &o[k], 3, &d, 1), count[k]);
        for (int64_t i = 0; i < count[k]; ++i) CHECK(c.measured[want[k][i]]);
        free_curve(&c);
    }
}

static void the_ends_are_measured_on_the_shortest_runs(void **state)
{
    (void)state;
    draws d = {{check_seed(), 1006}, 0};
    for (int64_t last = 0; last <= 3; ++last)
        for (int kind = 0; kind < IPL_POLICY_COUNT; ++kind)
            for (int64_t every = 1; every <= INT64_MAX / 2; every *= 3) {
                curve c = make_curve(last, CHANNELS);
                fill_curve(&c, JUMP, &d);
                ipl_policy_options o = ipl_policy_defaults();
                o.kind = (ipl_policy_kind)kind;
                o.every = every;
                o.dense = every - 1;
                o.skip_max = every - 1;
                play(&c, &o, 2, &d, 1); /* checks both ends */
                free_curve(&c);
                if (every > INT64_MAX / 3) break;
            }
}

static void skips_drop_their_snapshots_early(void **state)
{
    (void)state;
    curve c = make_curve(10000, CHANNELS);
    ipl_policy_options o = ipl_policy_defaults();
    o.kind = IPL_POLICY_DELTA_APPROX;
    ipl_policy *p;
    CHECK_OK(ipl_policy_create(&o, c.last, distance, &c, &p));
    c.policy = p;
    int64_t tick = 0;
    for (int step = 0; step < 10; ++step) { /* 0, 1, 3, 7, .. 511 */
        tick = ipl_policy_next(p);
        c.measured[tick] = 1;
        CHECK_OK(ipl_policy_measured(p, tick));
    }
    assert_int_equal(tick, 511);
    assert_int_equal(ipl_policy_next(p), 1023);
    int64_t kept = 0;
    for (int64_t t = 0; t <= c.last; ++t) kept += ipl_policy_may_ask(p, t);
    /* 1023 + 512 k for k = 1 .. 17, and the last; 8192 is beyond. */
    assert_int_equal(kept, 18);
    ipl_policy_destroy(p);
    free_curve(&c);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    ipl_policy *p = NULL;
    curve c = {0};
    ipl_policy_options o = ipl_policy_defaults();
    CHECK_FAILS(ipl_policy_create(&o, -1, NULL, NULL, &p), IPL_E_ARGUMENT, "-1");
    o.every = 0;
    CHECK_FAILS(ipl_policy_create(&o, 9, NULL, NULL, &p), IPL_E_ARGUMENT, "every 0");
    o = ipl_policy_defaults();
    o.kind = IPL_POLICY_LIST;
    o.list = (const int64_t[]){1, 5, 5};
    o.list_count = 3;
    CHECK_FAILS(ipl_policy_create(&o, 9, NULL, NULL, &p), IPL_E_ARGUMENT, "entry 2");
    o.list = (const int64_t[]){1, 5, 10};
    CHECK_FAILS(ipl_policy_create(&o, 9, NULL, NULL, &p), IPL_E_ARGUMENT, "tick 10");
    o = ipl_policy_defaults();
    o.kind = IPL_POLICY_LOG;
    o.per_decade = 0;
    CHECK_FAILS(ipl_policy_create(&o, 9, NULL, NULL, &p), IPL_E_ARGUMENT, "decade 0");
    o = ipl_policy_defaults();
    o.kind = IPL_POLICY_DELTA_EXACT;
    CHECK_FAILS(ipl_policy_create(&o, 9, NULL, NULL, &p), IPL_E_ARGUMENT, "distance");
    o.multiplier = 1.0;
    CHECK_FAILS(ipl_policy_create(&o, 9, distance, &c, &p), IPL_E_ARGUMENT, "1e6");
    o.multiplier = 2.0;
    o.delta = NAN;
    CHECK_FAILS(ipl_policy_create(&o, 9, distance, &c, &p), IPL_E_ARGUMENT, "nan");
    CHECK(p == NULL);

    o = ipl_policy_defaults();
    CHECK_OK(ipl_policy_create(&o, 9, NULL, NULL, &p));
    CHECK_FAILS(ipl_policy_measured(p, 0), IPL_E_ARGUMENT, "tick 0 was not given out");
    ipl_policy_destroy(p);
}

static const check_test tests[] = {
    CHECK_TEST(exact_keeps_its_guarantee),
    CHECK_TEST(the_set_does_not_depend_on_the_order),
    CHECK_TEST(approx_follows_its_rule),
    CHECK_TEST(approx_recovers_after_a_jump),
    CHECK_TEST(exact_measures_little_more_than_it_must),
    CHECK_TEST(known_ticks_are_those_asked_for),
    CHECK_TEST(the_ends_are_measured_on_the_shortest_runs),
    CHECK_TEST(skips_drop_their_snapshots_early),
    CHECK_TEST(bad_options_are_refused),
};

CHECK_MAIN("policy", tests, 0)
