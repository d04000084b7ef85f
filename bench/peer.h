/*
 * peer.h - a process that computes the same as we do, when it is its turn.
 *
 * A peer is a command. It is started as COMMAND FOLDER [ARGUMENT], reads t.npy and
 * y.npy (or what its own head says) of FOLDER, and for each line on its input
 * computes once and prints one line: the wall milliseconds, the processor's, and
 * results to be compared. Its loading is not timed. It ends when its input does.
 */
#ifndef PEER_H
#define PEER_H

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "turns.h"

enum { PEER_VALUES = 4 };

typedef struct {
    FILE  *ask, *answer;
    pid_t  id;
    turns_clock clock;
    double ms;                 /* of the last turn; NaN where the peer cannot run */
    double value[PEER_VALUES]; /* what it printed then; NaN: nothing              */
} peer;

/* A peer as a command line has it: NAME=COMMAND. */
typedef struct {
    const char *name, *command;
} peer_choice;

/* Cuts the text in two; 0: it has no '='. */
static inline int peer_choose(char *text, peer_choice *out)
{
    char *command = strchr(text, '=');
    if (!command) return 0;
    *command = '\0';
    *out = (peer_choice){text, command + 1};
    return 1;
}

static inline peer peer_open(const char *command, const char *folder,
                             const char *argument, turns_clock clock)
{
    int to[2], from[2];
    char line[1024];
    snprintf(line, sizeof line, "exec %s '%s' '%s'", command, folder, argument);
    signal(SIGPIPE, SIG_IGN); /* one that cannot run has ended when it is asked */
    if (pipe(to) || pipe(from)) perror("a peer"), exit(1);
    /* Ours are closed in later peers: they would keep this one's input open. */
    if (fcntl(to[1], F_SETFD, FD_CLOEXEC) || fcntl(from[0], F_SETFD, FD_CLOEXEC))
        perror("a peer"), exit(1);
    const pid_t id = fork();
    if (!id) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        setenv("OPENBLAS_NUM_THREADS", "1", 1);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(1);
    }
    close(to[0]);
    close(from[1]);
    peer p = {.ask = fdopen(to[1], "w"), .answer = fdopen(from[0], "r"), .id = id,
              .clock = clock, .ms = NAN};
    if (id < 0 || !p.ask || !p.answer) perror("a peer"), exit(1);
    return p;
}

/* One turn: `on` is the peer. */
static inline void peer_run(void *on)
{
    peer *p = on;
    char line[512] = "";
    double wall_ms = NAN, processor_ms = NAN;
    int used = 0, more = 0;
    for (int k = 0; k < PEER_VALUES; ++k) p->value[k] = NAN;
    fputs("go\n", p->ask);
    p->ms = NAN;
    if (fflush(p->ask) || !fgets(line, sizeof line, p->answer) ||
        sscanf(line, "%lf %lf%n", &wall_ms, &processor_ms, &used) != 2)
        return;
    for (int k = 0; k < PEER_VALUES; ++k, used += more)
        if (sscanf(line + used, "%lf%n", &p->value[k], &more) != 1) break;
    p->ms = p->clock == TURNS_WALL ? wall_ms : processor_ms;
}

static inline void peer_close(peer *p)
{
    fclose(p->ask);
    fclose(p->answer);
    waitpid(p->id, NULL, 0);
}

#endif
