/*
 * turns.h - contenders timed in turns: the clock of all programs in bench/.
 *
 * (`infoplane bench` reads the device's own clock instead: src/cli/bench_timing.c.)
 *
 * What disturbs a machine then disturbs all of them, and ratios can be trusted
 * further than times. Each contender runs once to warm up, then in turns until
 * `budget_ms` have passed, at least TURNS_LEAST times each.
 */
#ifndef TURNS_H
#define TURNS_H

#include <stdlib.h>
#include <time.h>

enum { TURNS_LEAST = 3, TURNS_MOST = 400 };

/* WALL, or on a machine that others use: the time that the calling thread had a
 * processor, the same on a quiet machine for one thread and meaningless for several. */
typedef enum { TURNS_WALL, TURNS_PROCESSOR } turns_clock;

typedef struct {
    void (*run)(void *on);
    void  *on;
    turns_clock clock;
    double best_ms, median_ms; /* out */
    int    runs;               /* out */
} contender;

static inline double turns_now_ms(turns_clock clock)
{
    struct timespec t;
    clock_gettime(clock == TURNS_WALL ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID,
                  &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static inline int turns_ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline void time_in_turns(int count, contender *c, double budget_ms)
{
    static double ms[16][TURNS_MOST];
    for (int i = 0; i < count; ++i) c[i].run(c[i].on);
    const double begin = turns_now_ms(TURNS_WALL);
    int turns = 0;
    while (turns < TURNS_LEAST ||
           (turns < TURNS_MOST && turns_now_ms(TURNS_WALL) - begin < budget_ms)) {
        for (int i = 0; i < count; ++i) {
            const double start = turns_now_ms(c[i].clock);
            c[i].run(c[i].on);
            ms[i][turns] = turns_now_ms(c[i].clock) - start;
        }
        ++turns;
    }
    for (int i = 0; i < count; ++i) {
        qsort(ms[i], (size_t)turns, sizeof ms[i][0], turns_ascending);
        c[i].best_ms = ms[i][0];
        c[i].median_ms = ms[i][turns / 2];
        c[i].runs = turns;
    }
}

/* Median milliseconds of run(on) with nothing to compare it with. */
static inline double time_alone(void (*run)(void *on), void *on, double budget_ms)
{
    contender c = {run, on, TURNS_WALL, 0, 0, 0};
    time_in_turns(1, &c, budget_ms);
    return c.median_ms;
}

#endif
