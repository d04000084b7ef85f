/*
 * clock.c - which part of a long work is done now, and since when it lasts.
 *
 * The work is a call of the library that reports nothing before its end. A thread of
 * its own shows the time.
 */
#include "cli/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum { BAR_S = 1, LINE_S = 10 };

/* The wait is by the clock that nobody sets. */
static void *tell(void *user)
{
    cli_clock *c = user;
    struct timespec next;
    int seconds = 0;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&c->lock);
    while (!c->ends) {
        const int step = c->bar ? BAR_S : LINE_S;
        next.tv_sec += step;
        while (!c->ends && !pthread_cond_timedwait(&c->end, &c->lock, &next)) {}
        if (c->ends) break;
        seconds += step;
        fputs(c->bar ? "\r" : "infoplane: ", stderr);
        cli_print(stderr, "%s%s%s: %d s", c->what, *c->part ? ", " : "", c->part,
                  seconds);
        fputs(c->bar ? "\033[K" : "\n", stderr);
        fflush(stderr);
    }
    pthread_mutex_unlock(&c->lock);
    if (seconds && c->bar) fprintf(stderr, "\r\033[K");
    return NULL;
}

void cli_clock_start(cli_clock *c, int quiet, const char *what)
{
    pthread_condattr_t by;
    *c = (cli_clock){.runs = !quiet, .bar = isatty(STDERR_FILENO)};
    snprintf(c->what, sizeof c->what, "%s", what);
    if (!c->runs) return;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&by);
    pthread_condattr_setclock(&by, CLOCK_MONOTONIC);
    pthread_cond_init(&c->end, &by);
    pthread_condattr_destroy(&by);
    c->runs = !pthread_create(&c->thread, NULL, tell, c); /* else without a clock */
}

void cli_clock_part(cli_clock *c, const char *format, ...)
{
    va_list args;
    if (!c->runs) return;
    pthread_mutex_lock(&c->lock);
    va_start(args, format);
    vsnprintf(c->part, sizeof c->part, format, args);
    va_end(args);
    pthread_mutex_unlock(&c->lock);
}

void cli_clock_end(cli_clock *c)
{
    if (!c->runs) return;
    pthread_mutex_lock(&c->lock);
    c->ends = 1;
    pthread_cond_signal(&c->end);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->end);
    pthread_mutex_destroy(&c->lock);
}
