/*
 * turns.h - contenders timed in turns: the clock of all programs in bench/.
 *
 * (`infoplane bench` reads the device's own clock too: src/cli/bench_timing.c.)
 *
 * What disturbs a machine then disturbs all of them, and ratios can be trusted
 * further than times. Each contender runs once to warm up, then in turns until
 * `budget_ms` have passed, at least TURNS_LEAST times each. A first turn that is
 * longer than the budget needs no warming and counts; after one of more than
 * TURNS_ONCE_MS no other follows.
 */
#ifndef TURNS_H
#define TURNS_H

#include <stdlib.h>
#include <time.h>

enum { TURNS_LEAST = 3, TURNS_MOST = 400, TURNS_CONTENDERS = 8, TURNS_ONCE_MS = 25000 };

/* The time that this process had processors for, all its threads together: the same on
 * a busy machine and on a quiet one. WALL is for what several threads gain. */
typedef enum { TURNS_PROCESSOR, TURNS_WALL } turns_clock;

typedef struct {
    void (*run)(void *on);
    void  *on;
    turns_clock clock;
    const double *told_ms;     /* NULL, or run left its own time there: a process */
    double best_ms, median_ms; /* out */
    int    runs;               /* out */
} contender;

static inline double turns_now_ms(turns_clock clock)
{
    struct timespec t;
    clock_gettime(clock == TURNS_WALL ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID,
                  &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static inline int turns_ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each contender once; returns what they took together. */
static inline double turns_once(int count, contender *c, double (*ms)[TURNS_MOST],
                                int turn)
{
    double all_ms = 0.0;
    for (int i = 0; i < count; ++i) {
        const double start = turns_now_ms(c[i].clock);
        c[i].run(c[i].on);
        ms[i][turn] = turns_now_ms(c[i].clock) - start;
        if (c[i].told_ms) ms[i][turn] = *c[i].told_ms;
        if (ms[i][turn] > 0.0) all_ms += ms[i][turn]; /* else a peer is missing */
    }
    return all_ms;
}

static inline void time_in_turns(int count, contender *c, double budget_ms)
{
    static double ms[TURNS_CONTENDERS][TURNS_MOST];
    const double first_ms = turns_once(count, c, ms, 0);
    const int least = first_ms > TURNS_ONCE_MS ? 1 : TURNS_LEAST;
    double spent_ms = first_ms > budget_ms ? first_ms : 0.0;
    int turns = spent_ms > 0.0;
    while (turns < least || (turns < TURNS_MOST && spent_ms < budget_ms))
        spent_ms += turns_once(count, c, ms, turns++);
    for (int i = 0; i < count; ++i) {
        qsort(ms[i], (size_t)turns, sizeof ms[i][0], turns_ascending);
        c[i].best_ms = ms[i][0];
        c[i].median_ms = ms[i][turns / 2];
        c[i].runs = turns;
    }
}

/* Median milliseconds of run(on) with nothing to compare it with. */
static inline double time_alone(turns_clock clock, void (*run)(void *on), void *on,
                                double budget_ms)
{
    contender c = {.run = run, .on = on, .clock = clock};
    time_in_turns(1, &c, budget_ms);
    return c.median_ms;
}

#endif
