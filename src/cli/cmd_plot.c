/*
 * cmd_plot.c - infoplane plot: a run directory to a picture.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_plot = {
    "plot", "DIR [-o FILE] [--what all|plane|epochs|snr|pool|pooled-plane|audit]",
    "Draw a run directory as SVG or PNG",
    "plane   I(T;Y) against I(X;T), a panel for each estimator, colour = epoch\n"
    "epochs  both over the epochs; marks at the foot: the measured ones\n"
    "snr     mean and deviation of the gradients, over the epochs\n"
    "all     all of the above that the directory has; the default\n"
    "audit   what infoplane audit found: H(X|T), and I(X;T) by resolution\n\n"
    "Of networks that were pooled (pool.windows):\n\n"
    "pool          I(X;T) and I(T;Y) over the number K of networks, beside controls;\n"
    "              a column for each window of epochs\n"
    "pooled-plane  the plane, and beside it that of the windows at their largest K,\n"
    "              joined in the order of time\n\n"
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
        [IPL_PLOT_POOL] = "pool", [IPL_PLOT_POOLED_PLANE] = "pooled-plane",
        [IPL_PLOT_AUDIT] = "audit"};
    static_assert(sizeof kinds / sizeof *kinds == IPL_PLOT_COUNT, "a name each");
    const char *file = NULL, *what = "all", *plain[1];
    char        made[4200];
    int         count, kind = 0;
    const cli_option options[] = {
        {"-o", "FILE", "ends in .svg or .png; default DIR/plane.svg, else DIR/WHAT.svg "
         "for pool, pooled-plane and audit", CLI_TEXT, &file, 0, 0, 0},
        {"--what", "WHAT", "all, plane, epochs, snr, pool, pooled-plane or audit",
         CLI_TEXT, &what, 0, 0, 0},
    };
    const int status = cli_parse(&cli_plot, options, sizeof options / sizeof *options,
                                 argc, argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    if (!count) return cli_misused(&cli_plot, "which run directory?");
    while (kind < IPL_PLOT_COUNT && strcmp(kinds[kind], what)) ++kind;
    if (kind == IPL_PLOT_COUNT)
        return cli_misused(&cli_plot, "--what '%s': expected all, plane, epochs, snr, "
                           "pool, pooled-plane or audit", what);
    if (!file) {
        snprintf(made, sizeof made, "%s/%s.svg", plain[0],
                 kind < IPL_PLOT_POOL ? "plane" : what);
        file = made;
    }
    const ipl_status st = ipl_plot(plain[0], (ipl_plot_what)kind, file);
    if (st == IPL_E_ARGUMENT) return cli_misused(&cli_plot, "%s", cli_error_text());
    return st == IPL_OK ? CLI_DONE : cli_failed();
}
