/*
 * clock.c - on a terminal, the seconds of work that cannot say how far it is.
 */
#include "cli/clock.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

static void *tell(void *user)
{
    cli_clock *c = user;
    struct timespec next;
    int seconds = 0;
    clock_gettime(CLOCK_REALTIME, &next);
    pthread_mutex_lock(&c->lock);
    while (!c->ends) {
        ++next.tv_sec;
        while (!c->ends && !pthread_cond_timedwait(&c->end, &c->lock, &next)) {}
        if (c->ends) break;
        ++seconds;
        if (seconds > 1) fputc('\r', stderr);
        cli_print(stderr, "%s: %d s", c->what, seconds);
        fflush(stderr);
    }
    pthread_mutex_unlock(&c->lock);
    if (seconds) fprintf(stderr, "\r\033[K");
    return NULL;
}

void cli_clock_start(cli_clock *c, int quiet, const char *what)
{
    *c = (cli_clock){.runs = !quiet && isatty(STDERR_FILENO)};
    snprintf(c->what, sizeof c->what, "%s", what);
    if (!c->runs) return;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->end, NULL);
    c->runs = !pthread_create(&c->thread, NULL, tell, c); /* else without a clock */
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
