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

/* "T.npy: 60000 samples of 784 values, kde, 2 of 2, 43 %: 12 s" */
static void show(const cli_clock *c, int seconds)
{
    char share[16] = "";
    int64_t done, all;
    ipl_device_progress(c->device, &done, &all);
    if (all > 0)
        snprintf(share, sizeof share, ", %d %%",
                 (int)(100.0 * (double)done / (double)all));
    fputs(c->bar ? "\r" : "infoplane: ", stderr);
    cli_print(stderr, "%s%s%s%s: %d s", c->what, *c->part ? ", " : "", c->part, share,
              seconds);
    fputs(c->bar ? "\033[K" : "\n", stderr);
    fflush(stderr);
}

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
        show(c, seconds);
    }
    pthread_mutex_unlock(&c->lock);
    if (seconds && c->bar) fprintf(stderr, "\r\033[K");
    return NULL;
}

void cli_clock_start(cli_clock *c, const ipl_device *device, int quiet,
                     const char *what)
{
    pthread_condattr_t by;
    *c = (cli_clock){.device = device, .runs = !quiet, .bar = isatty(STDERR_FILENO)};
    snprintf(c->what, sizeof c->what, "%s", what);
    if (!c->runs) return;
    /* Work goes on without a clock. */
    c->runs = !pthread_condattr_init(&by) &&
              !pthread_condattr_setclock(&by, CLOCK_MONOTONIC) &&
              !pthread_mutex_init(&c->lock, NULL) &&
              !pthread_cond_init(&c->end, &by) &&
              !pthread_create(&c->thread, NULL, tell, c);
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
