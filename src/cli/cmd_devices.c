/*
 * cmd_devices.c - infoplane devices: where this program can run.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static int run(int argc, char **argv);

const cli_command cli_devices = {
    "devices", "", "List the devices that --device accepts here",
    "The CPU appears once for each code that it can run, best first: the results\n"
    "agree, the speed does not.\n",
    run};

static int run(int argc, char **argv)
{
    const char *plain[1];
    int count;
    const int status = cli_parse(&cli_devices, NULL, 0, argc, argv, 0, plain, &count);
    if (status != CLI_GO_ON) return status;
    printf("%-14s %7s %10s  %s\n", "device", "threads", "memory", "what");
    for (int d = 0; d < ipl_device_count(); ++d) {
        char name[32];
        ipl_device *dev;
        if (ipl_device_name(d, name, sizeof name) != IPL_OK ||
            ipl_device_open(name, NULL, &dev) != IPL_OK) {
            printf("%-14s %s\n", name, cli_error_text());
            continue;
        }
        const ipl_device_info *about = ipl_device_about(dev);
        printf("%-14s %7d %6.1f GiB  %s\n", about->name, about->threads,
               (double)about->memory_bytes / (1 << 30), about->description);
        ipl_device_close(dev);
    }
    ipl_device *dev;
    if (ipl_device_open("auto", NULL, &dev) != IPL_OK) return cli_failed();
    const ipl_device_info *about = ipl_device_about(dev);
    const char *why = strstr(about->note, "): ");
    printf("auto is %s%s%s\n", about->name, about->note[0] ? ": " : "",
           why ? why + 3 : about->note);
    ipl_device_close(dev);
    return CLI_DONE;
}
