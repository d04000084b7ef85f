/*
 * cmd_export.c - infoplane export: kept networks and their activations as NPY files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_export = {
    "export",
    "DIR [--tick T|all] [--layer L] [--seed S] --out FOLDER [--device NAME]",
    "Write networks that a run kept, and their activations, as NPY files",
    "DIR is a finished run with run.keep = measured or all, or with pools. FOLDER\n"
    "gets, of each tick E and layer L,\n\n"
    "  epoch_E_layer_L.npy     activations [rows][units] of the measured rows\n"
    "  epoch_E_weights_L.npy   W [inputs][units]: the layer is f(T W + b)\n"
    "  epoch_E_biases_L.npy    b [units]\n\n"
    "and inputs.npy and labels.npy of these rows. infoplane estimate reads the\n"
    "activations back:\n\n"
    "  infoplane export runs/ib-tanh --tick all --out activations\n"
    "  infoplane estimate --t activations --y activations/labels.npy \\\n"
    "      --estimator bin,kde --out runs/again\n",
    run};

/* "all", or a whole number; 0: neither. */
static int read_tick(const char *text, ipl_export *what)
{
    char *end;
    what->every_tick = !strcmp(text, "all");
    if (what->every_tick) return 1;
    what->tick = strtoll(text, &end, 10);
    return end != text && !*end && what->tick >= 0;
}

static int run(int argc, char **argv)
{
    const char *out = NULL, *device = "auto", *tick = NULL, *plain[1];
    int64_t     layer = 0, seed = -1, ticks;
    int         quiet = cli_log_level() == 0, count;
    const cli_option options[] = {
        {"--tick", "T", "a tick that was kept, or all; default the last one", CLI_TEXT,
         &tick, 0, 0, 0},
        {"--layer", "L", "this layer alone, 1 is the first hidden one", CLI_WHOLE,
         &layer, 1, IPL_NET_LAYERS_MAX, 0},
        {"--seed", "S", "of the network, where a run has several; default the first",
         CLI_WHOLE, &seed, 0, 9e15, 0},
        {"--out", "FOLDER", "new or empty", CLI_TEXT, &out, 0, 0, 0},
        {"--device", "NAME", "auto, cpu, cuda or cuda:N; see infoplane devices",
         CLI_TEXT, &device, 0, 0, 0},
        {"--quiet", NULL, "errors only", CLI_SWITCH, &quiet, 0, 0, 0},
    };
    int status = cli_parse(&cli_export, options, sizeof options / sizeof *options, argc,
                           argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    if (!count) return cli_misused(&cli_export, "which run directory?");
    if (!out) return cli_misused(&cli_export, "--out FOLDER is missing");
    ipl_export what = {.dir = plain[0], .folder = out, .tick = -1, .seed = seed,
                       .layer = (int)layer};
    if (tick && !read_tick(tick, &what))
        return cli_misused(&cli_export, "--tick %s: expected a tick or all", tick);

    ipl_device *dev = NULL;
    status = cli_open_device(&cli_export, device, 0, quiet, &dev);
    if (status != CLI_GO_ON) return status;
    status = CLI_DONE;
    if (ipl_export_networks(dev, &what, &ticks) != IPL_OK) status = cli_failed();
    else if (!quiet)
        cli_print(stdout, "%s: networks and activations of %lld tick%s\n", out,
                  (long long)ticks, ticks == 1 ? "" : "s");
    ipl_device_close(dev);
    return status;
}
