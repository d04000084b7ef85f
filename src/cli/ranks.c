/*
 * ranks.c - a run whose networks other ranks of mpirun measure (--ranks).
 */
#include "cli/ranks.h"

#include <stdlib.h>
#include <string.h>

int cli_ranks_begin(const cli_command *command, int argc, char **argv, cli_ranks *ranks)
{
    int asked = 0, goes_on = 0;
    *ranks = (cli_ranks){0};
    for (int k = 0; k < argc; ++k) asked |= !strcmp(argv[k], "--ranks");
    if (!asked) return CLI_GO_ON;
    if (!ipl_team_is_started())
        return cli_misused(command, "--ranks: no MPI launcher has started it, as in "
                           "mpirun -n 4 infoplane %s .. --ranks", command->name);
    if (ipl_team_join(&ranks->team) != IPL_OK) return cli_failed();
    if (!ipl_team_rank(ranks->team)) return CLI_GO_ON;
    if (ipl_team_follow(ranks->team, &goes_on) != IPL_OK) return cli_failed();
    return goes_on ? CLI_GO_ON : CLI_DONE;
}

int cli_ranks_device(const cli_ranks *ranks, const char **device, char name[32],
                     int64_t *threads)
{
    int own = (int)*threads;
    if (!ranks->team || strchr(*device, ',')) return CLI_GO_ON;
    if (ipl_team_device(ranks->team, *device, name, &own) != IPL_OK)
        return cli_failed();
    *device = name;
    *threads = own;
    return CLI_GO_ON;
}

static int asked(void *user)
{
    (void)user;
    return cli_asked_to_stop();
}

/* Rank 0 tells what became of its helpers. */
int cli_ranks_help(const cli_command *command, cli_ranks *ranks, const char *device,
                   int64_t threads)
{
    char name[32];
    ipl_device *dev = NULL;
    /* First of all, as from then on rank 0 hears that this rank is there. */
    if (ipl_team_links(ranks->team, &ranks->link, &ranks->links) != IPL_OK)
        return cli_failed();
    int status = cli_ranks_device(ranks, &device, name, &threads);
    if (status == CLI_GO_ON)
        status = cli_open_device(command, device, threads, 1, &dev);
    if (status != CLI_GO_ON) return status;
    status = CLI_DONE;
    cli_listen();
    const ipl_status st = ipl_serve(dev, ranks->link, asked, NULL);
    if (st != IPL_OK && st != IPL_E_STOPPED) status = cli_failed();
    cli_listen_no_more();
    ipl_device_close(dev);
    return status;
}

int cli_ranks_call(cli_ranks *ranks, ipl_places *on)
{
    int go_on = 1;
    if (!ranks->team) return CLI_GO_ON;
    if (ipl_team_links(ranks->team, &ranks->link, &ranks->links) != IPL_OK ||
        ipl_team_follow(ranks->team, &go_on) != IPL_OK)
        return cli_failed();
    ranks->is_told = 1;
    on->helpers = ranks->links;
    on->helper = ranks->link;
    return CLI_GO_ON;
}

void cli_ranks_end(cli_ranks *ranks)
{
    int no = 0;
    if (ranks->team && !ipl_team_rank(ranks->team)) {
        for (int k = 0; ranks->is_told && k < ranks->links; ++k)
            (void)ipl_serve_end(ranks->link + k);
        if (!ranks->is_told) (void)ipl_team_follow(ranks->team, &no);
    }
    free(ranks->link);
    ipl_team_close(ranks->team);
}
