/*
 * cmd_plot.c - infoplane plot: a run directory to a picture.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_plot = {
    "plot", "DIR [-o FILE] [--what all|plane|epochs|snr|audit]",
    "Draw a run directory as SVG or PNG",
    "plane   I(T;Y) against I(X;T), a panel for each estimator, colour = epoch\n"
    "epochs  both over the epochs; marks at the foot: the measured ones\n"
    "snr     mean and deviation of the gradients, over the epochs\n"
    "all     everything that a run has; the default\n"
    "audit   what infoplane audit found: H(X|T), and I(X;T) by resolution\n\n"
    "With replicas, lines and markers are their mean, bars and bands one standard\n"
    "deviation; of one network, where it was measured, one standard error. Needs\n"
    "gnuplot.\n\n"
    "  infoplane plot runs/ib-tanh -o ib-tanh.png --what plane\n",
    run};

static int run(int argc, char **argv)
{
    static const char *const kinds[] = {
        [IPL_PLOT_ALL] = "all", [IPL_PLOT_PLANE] = "plane",
        [IPL_PLOT_EPOCHS] = "epochs", [IPL_PLOT_SNR] = "snr",
        [IPL_PLOT_AUDIT] = "audit"};
    static_assert(sizeof kinds / sizeof *kinds == IPL_PLOT_COUNT, "a name each");
    const char *file = NULL, *what = "all", *plain[1];
    char        made[4200];
    int         count, kind = 0;
    const cli_option options[] = {
        {"-o", "FILE", "ends in .svg or .png; default DIR/plane.svg, audit.svg",
         CLI_TEXT, &file, 0, 0, 0},
        {"--what", "WHAT", "all, plane, epochs, snr or audit", CLI_TEXT, &what, 0, 0,
         0},
    };
    const int status = cli_parse(&cli_plot, options, sizeof options / sizeof *options,
                                 argc, argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    if (!count) return cli_misused(&cli_plot, "which run directory?");
    while (kind < IPL_PLOT_COUNT && strcmp(kinds[kind], what)) ++kind;
    if (kind == IPL_PLOT_COUNT)
        return cli_misused(&cli_plot, "--what '%s': expected all, plane, epochs, snr "
                           "or audit", what);
    if (!file) {
        snprintf(made, sizeof made, "%s/%s.svg", plain[0],
                 kind == IPL_PLOT_AUDIT ? "audit" : "plane");
        file = made;
    }
    const ipl_status st = ipl_plot(plain[0], (ipl_plot_what)kind, file);
    if (st == IPL_E_ARGUMENT) return cli_misused(&cli_plot, "%s", cli_error_text());
    return st == IPL_OK ? CLI_DONE : cli_failed();
}
