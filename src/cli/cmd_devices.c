/*
 * cmd_devices.c - infoplane devices: where this program can run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_devices = {
    "devices", "[CONFIG] [--set section.key=value]...",
    "List the devices that --device accepts here, and what a run takes of them",
    "The CPU appears once for each code that it can run, best first: the results\n"
    "agree, the speed does not. With a configuration, each device is told with the\n"
    "memory that a run would take of it, first alone and then as a device that only\n"
    "measures (infoplane run --device cuda:0,cuda:1); what does not fit is worked on\n"
    "a layer at a time, then in blocks of rows, with the same results.\n\n"
    "  infoplane devices configs/mnist-tanh.ini --set train.replicas=10\n",
    run};

/* What a run takes of the device. A device that is too small is told like the others;
 * what else is wrong is wrong on each of them, and fails. */
static ipl_status print_plan(FILE *to, ipl_device *dev, const ipl_config *config)
{
    char takes[256];
    ipl_memory memory;
    const ipl_status st = ipl_memory_plan(dev, config, &memory);
    if (st == IPL_OK)
        cli_print(to, "%14s the run %s\n", "",
                  cli_memory(ipl_device_about(dev), &memory, takes, sizeof takes));
    else if (st == IPL_E_MEMORY)
        cli_print(to, "%14s %s\n", "", cli_error_text());
    else
        return st;
    if (ipl_memory_plan_further(dev, config, &memory) == IPL_OK)
        cli_print(to, "%14s measuring beside another one %s\n", "",
                  cli_memory(ipl_device_about(dev), &memory, takes, sizeof takes));
    else
        cli_print(to, "%14s %s\n", "", cli_error_text());
    return IPL_OK;
}

static ipl_status print_device(FILE *to, const char *name, const ipl_config *config)
{
    ipl_device *dev;
    if (ipl_device_open(name, NULL, &dev) != IPL_OK) {
        cli_print(to, "%-14s %s\n", name, cli_error_text());
        return IPL_OK;
    }
    const ipl_device_info *about = ipl_device_about(dev);
    fprintf(to, "%-14s %7d %6.1f GiB %6.1f GiB  %s\n", about->name, about->threads,
            (double)about->memory_bytes / (1 << 30),
            (double)about->free_bytes / (1 << 30), about->description);
    const ipl_status st = config ? print_plan(to, dev, config) : IPL_OK;
    ipl_device_close(dev);
    return st;
}

/* All devices, or none and an error. */
static int print_devices(const ipl_config *config)
{
    static char text[1 << 16];
    char name[32];
    ipl_status st = IPL_OK;
    FILE *to = fmemopen(text, sizeof text, "w");
    if (!to) {
        cli_say("no memory for a table");
        return CLI_FAILED;
    }
    for (int d = 0; st == IPL_OK && d < ipl_device_count(); ++d)
        if (ipl_device_name(d, name, sizeof name) == IPL_OK)
            st = print_device(to, name, config);
    if (fclose(to)) {
        cli_say("a table of more than %zu bytes", sizeof text);
        return CLI_FAILED;
    }
    const int status = st == IPL_OK ? CLI_DONE : cli_failed();
    if (status == CLI_DONE)
        printf("%-14s %7s %10s %10s  %s\n%s", "device", "threads", "memory", "free",
               "what", text);
    return status;
}

static int print_auto(void)
{
    ipl_device *dev;
    if (ipl_device_open("auto", NULL, &dev) != IPL_OK) return cli_failed();
    const ipl_device_info *about = ipl_device_about(dev);
    cli_print(stdout, "auto is %s%s%s\n", about->name, about->note[0] ? ": " : "",
              about->note);
    ipl_device_close(dev);
    return CLI_DONE;
}

static int run(int argc, char **argv)
{
    static cli_list sets;
    const char *plain[1];
    int count;
    const cli_option options[] = {
        {"--set", "SECTION.KEY=VALUE", "instead of what the file says; may be repeated",
         CLI_LIST, &sets, 0, 0, 0},
    };
    int status = cli_parse(&cli_devices, options, 1, argc, argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    ipl_config config;
    if (!count && sets.count)
        return cli_misused(&cli_devices, "--set needs a configuration");
    if (count) status = cli_read_config(&cli_devices, plain[0], &sets, &config);
    if (status != CLI_GO_ON) return status;
    status = print_devices(count ? &config : NULL);
    return status == CLI_DONE ? print_auto() : status;
}
