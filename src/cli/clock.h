/*
 * clock.h - which part of a long work is done now, and since when it lasts.
 */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

#include <pthread.h>

#include "ipl_device.h"

typedef struct {
    const ipl_device *device;
    char            what[200], part[80];
    int             runs, bar, ends;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  end;
} cli_clock;

/* On a terminal a line on stderr that says `what`, the part, how far the device is with
 * its pass where it can tell, and the seconds, each second anew; else such a line every
 * ten seconds. Nothing if `quiet`; _end takes it away. *clock stays where it is until
 * then. */
void cli_clock_start(cli_clock *clock, const ipl_device *device, int quiet,
                     const char *what);
__attribute__((format(printf, 2, 3)))
void cli_clock_part(cli_clock *clock, const char *format, ...);
void cli_clock_end(cli_clock *clock);

#endif
