/*
 * ranks.h - a run whose networks other ranks of mpirun measure (--ranks).
 */
#ifndef CLI_RANKS_H
#define CLI_RANKS_H

#include "cli/cli.h"

typedef struct {
    ipl_team *team; /* NULL: this process alone                                  */
    ipl_link *link;
    int       links, is_told; /* the others know whether there is a run          */
} cli_ranks;

/* Joins the other ranks where the arguments have --ranks. Those wait until rank 0 has
 * found nothing wrong. CLI_GO_ON, or the status to return. */
int cli_ranks_begin(const cli_command *command, int argc, char **argv,
                    cli_ranks *ranks);

/* What another rank than 0 does: it measures for rank 0. Returns the exit status. */
int cli_ranks_help(const cli_command *command, cli_ranks *ranks, const char *device,
                   int64_t threads);

/* Rank 0: the others begin to help. Its own device, as its part of this host, is found
 * by cli_ranks_device, which leaves `device` alone where there are no others. */
int cli_ranks_call(cli_ranks *ranks, ipl_places *on);
int cli_ranks_device(const cli_ranks *ranks, const char **device, char name[32],
                     int64_t *threads);

void cli_ranks_end(cli_ranks *ranks);

#endif
