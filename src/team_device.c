/*
 * team_device.c - the device of a rank: ranks of one host share its GPUs and cores.
 */
#include <stdio.h>
#include <string.h>

#include "ipl_device.h"
#include "team.h"

static int count_gpus(void)
{
    char name[32];
    int gpus = 0;
    for (int k = 0; ipl_device_name(k, name, sizeof name) == IPL_OK; ++k)
        gpus += !strncmp(name, "cuda:", 5);
    return gpus;
}

ipl_status ipl_team_device(const ipl_team *team, const char *wanted, char name[32],
                           int *threads)
{
    const ipl_team_place *at = ipl_team_at(team);
    snprintf(name, 32, "%.31s", wanted);
    if (!strcmp(wanted, "auto") || !strcmp(wanted, "cuda")) {
        const int gpus = count_gpus();
        if (gpus) snprintf(name, 32, "cuda:%d", at->local_rank % gpus);
    }
    if (*threads) return IPL_OK;
    ipl_device *dev;
    IPL_TRY(ipl_device_open(name, NULL, &dev));
    const ipl_device_info *about = ipl_device_about(dev);
    if (about->is_host) *threads = about->threads / at->sharing;
    if (about->is_host && *threads < 1) *threads = 1;
    ipl_device_close(dev);
    return IPL_OK;
}
