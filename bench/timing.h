/*
 * timing.h - median times of a repeated call, for the programs in bench/.
 */
#ifndef TIMING_H
#define TIMING_H

#include <stdlib.h>
#include <time.h>

static inline double timing_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static inline int timing_by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median milliseconds of call(user): one call to warm up, then at least `seconds`
 * and ten calls, at most a thousand. */
static inline double timing_median_ms(double seconds, void (*call)(void *), void *user)
{
    enum { LEAST = 10, MOST = 1000 };
    double ms[MOST], spent = 0.0;
    int calls = 0;
    call(user);
    while (calls < MOST && (calls < LEAST || spent < seconds * 1e3)) {
        const double start = timing_now_ms();
        call(user);
        ms[calls] = timing_now_ms() - start;
        spent += ms[calls++];
    }
    qsort(ms, (size_t)calls, sizeof *ms, timing_by_value);
    return ms[calls / 2];
}

#endif
