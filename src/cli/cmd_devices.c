/*
 * cmd_devices.c - infoplane devices: where this program can run.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_devices = {
    "devices", "[CONFIG] [--set section.key=value]...",
    "List the devices that --device accepts here, and what a run takes of them",
    "The CPU appears once for each code that it can run, best first: the results\n"
    "agree, the speed does not. With a configuration, each device is told with the\n"
    "memory that a run would take of it; what does not fit is worked on a layer at a\n"
    "time, then in blocks of rows, with the same results.\n\n"
    "  infoplane devices configs/mnist-tanh.ini --set train.replicas=10\n",
    run};

static void print_device(const char *name, const ipl_config *config)
{
    char takes[256];
    ipl_device *dev;
    if (ipl_device_open(name, NULL, &dev) != IPL_OK) {
        printf("%-14s %s\n", name, cli_error_text());
        return;
    }
    const ipl_device_info *about = ipl_device_about(dev);
    printf("%-14s %7d %6.1f GiB %6.1f GiB  %s\n", about->name, about->threads,
           (double)about->memory_bytes / (1 << 30),
           (double)about->free_bytes / (1 << 30), about->description);
    if (config) {
        ipl_memory memory;
        const int fits = ipl_memory_plan(dev, config, &memory) == IPL_OK;
        printf("%14s %s%s\n", "", fits ? "the run " : "",
               fits ? cli_memory(about, &memory, takes,
                                                         sizeof takes)
                                            : cli_error_text());
    }
    ipl_device_close(dev);
}

static int print_auto(void)
{
    ipl_device *dev;
    if (ipl_device_open("auto", NULL, &dev) != IPL_OK) return cli_failed();
    const ipl_device_info *about = ipl_device_about(dev);
    printf("auto is %s%s%s\n", about->name, about->note[0] ? ": " : "", about->note);
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
    printf("%-14s %7s %10s %10s  %s\n", "device", "threads", "memory", "free", "what");
    for (int d = 0; d < ipl_device_count(); ++d) {
        char name[32];
        if (ipl_device_name(d, name, sizeof name) == IPL_OK)
            print_device(name, count ? &config : NULL);
    }
    return print_auto();
}
