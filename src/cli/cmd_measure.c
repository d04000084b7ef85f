/*
 * cmd_measure.c - infoplane measure: the networks of a run again, without training.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_measure = {
    "measure",
    "DIR [--set section.key=value]... --out DIR2 [--device NAME] [--threads N] "
    "[--quiet]",
    "Measure the networks that a run kept with other settings, without training",
    "DIR is a finished run with run.keep = measured or all, or with pools. DIR2\n"
    "becomes a run directory like any other; its points are those of a run with these\n"
    "settings, bit for bit. Keys of [measure], [pool], the estimators' and\n"
    "net.quantise may change; what the networks were trained with may not. A policy\n"
    "that may ask for ticks that were not kept gives way to those that were (policy =\n"
    "kept): a delta policy, unless all were, and any where only pools were kept.\n\n"
    "Finer bins and one more estimator for a run of yesterday:\n\n"
    "  infoplane run configs/ib-tanh.ini --set run.keep=measured\n"
    "  infoplane measure runs/ib-tanh --set bin.edges=60 \\\n"
    "      --set measure.estimators=bin,kde,mixed --out runs/ib-tanh-finer\n",
    run};

static int run(int argc, char **argv)
{
    static cli_list sets;
    const char *out = NULL, *device = "auto", *plain[1];
    int64_t     threads = 0;
    int         quiet = cli_log_level() == 0, count;
    const cli_option options[] = {
        {"--set", "SECTION.KEY=VALUE", "instead of what the run had; may be repeated",
         CLI_LIST, &sets, 0, 0, 0},
        {"--out", "DIR2", "run directory of the new points", CLI_TEXT, &out, 0, 0, 0},
        {"--device", "NAME", "auto, cpu, cuda or cuda:N, or several: cuda:0,cuda:1",
         CLI_TEXT, &device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &threads, 1, 4096, 0},
        {"--quiet", NULL, "errors only", CLI_SWITCH, &quiet, 0, 0, 0},
    };
    int status = cli_parse(&cli_measure, options, sizeof options / sizeof *options,
                           argc, argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    if (!count) return cli_misused(&cli_measure, "which run directory?");
    if (!out) return cli_misused(&cli_measure, "--out DIR2 is missing");

    ipl_config config;
    if (ipl_measure_config(plain[0], &config) != IPL_OK) return cli_failed();
    const ipl_policy_kind policy = config.policy;
    status = cli_set_config(&cli_measure, &sets, &config);
    if (status != CLI_GO_ON) return status;
    if (!quiet && policy == IPL_POLICY_KEPT && config.policy == policy)
        fprintf(stderr, "infoplane: measuring the ticks that were kept "
                        "(measure.policy = kept)\n");

    cli_devices_open open;
    status = cli_open_devices(&cli_measure, device, threads, quiet, &open);
    if (status == CLI_GO_ON) status = cli_run_and_plot(&open.on, &config, out, quiet);
    cli_close_devices(&open);
    return status;
}
