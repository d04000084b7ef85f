/*
 * main.c - infoplane: the table of commands.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/start.h"

static const cli_command *const commands[] = {
    &cli_run, &cli_resume, &cli_measure, &cli_sweep, &cli_export, &cli_estimate,
    &cli_audit, &cli_plot, &cli_dataset, &cli_bench, &cli_devices,
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(void)
{
    printf("infoplane trains a network and shows, epoch by epoch, how much each layer\n"
           "T knows about the input X and the label Y: the information plane.\n\n"
           "usage: infoplane COMMAND ...\n\n");
    for (int c = 0; c < COMMANDS; ++c)
        printf("  %-10s %s\n", commands[c]->name, commands[c]->summary);
    printf("\n"
           "  infoplane COMMAND --help tells more; infoplane --version\n\n"
           "A first picture, in runs/ib-tanh/plane.svg:\n\n"
           "  infoplane run configs/ib-tanh.ini\n\n"
           "Exit status: 0 done, 1 failed or stopped, 2 wrong usage. IPL_LOG=0..3 in\n"
           "the environment: errors only, and progress (1), and where in the source\n"
           "an error arose (2), and a line for each tick measured (3).\n");
}

/* Whether all that was printed has arrived. */
static int close_output(void)
{
    const int torn = ferror(stdout);
    const int failed = fclose(stdout) ? errno : 0;
    if (!torn && !failed) return CLI_DONE;
    cli_say("standard output: %s", failed ? strerror(failed) : "it is closed or full");
    return CLI_FAILED;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    cli_own_streams();
    if (!strcmp(name, "--version")) {
        printf("infoplane %s\n", ipl_version());
    } else if (!strcmp(name, "--help") || !strcmp(name, "-h") ||
               !strcmp(name, "help")) {
        print_help();
    } else {
        int c = 0;
        while (c < COMMANDS && strcmp(commands[c]->name, name)) ++c;
        if (c == COMMANDS) {
            cli_say("%s%s%sexpected run, resume, measure, sweep, export, estimate, "
                    "audit, plot, dataset, bench or devices; see infoplane --help",
                    *name ? "no command '" : "which command? ", name,
                    *name ? "': " : "");
            return CLI_USAGE;
        }
        const int status = commands[c]->run(argc - 2, argv + 2);
        if (status != CLI_DONE) return status;
    }
    return close_output();
}
