/*
 * clock.h - on a terminal, the seconds of work that cannot say how far it is.
 */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

#include <pthread.h>

typedef struct {
    char            what[200];
    int             runs, ends;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  end;
} cli_clock;

/* From the first second on a line on stderr says `what` and the seconds, unless `quiet`
 * or stderr is no terminal; _end takes it away. *clock stays where it is until then. */
void cli_clock_start(cli_clock *clock, int quiet, const char *what);
void cli_clock_end(cli_clock *clock);

#endif
