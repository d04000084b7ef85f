/*
 * run_sets.c - one training, several sets of rows.
 */
#include "plane/run_sets.h"

#include <stdio.h>
#include <unistd.h>

enum { PATH_BYTES = 4200 };

int ipl_sets_are_several(const ipl_config *config)
{
    return (config->rows & (config->rows - 1)) != 0;
}

void ipl_sets_keep(ipl_config *config)
{
    if (ipl_sets_are_several(config) && config->keep == IPL_KEEP_NONE &&
        !config->networks[0])
        config->keep = IPL_KEEP_MEASURED;
}

ipl_status ipl_run_sets(const char *dir, ipl_measured_rows *first, unsigned *further)
{
    char path[PATH_BYTES];
    ipl_config config;
    IPL_REQUIRE(dir && first && further, "directory or result is NULL");
    snprintf(path, sizeof path, "%s/config.ini", dir);
    IPL_TRY(ipl_config_read(path, &config));
    *first = ipl_config_first_rows(&config);
    *further = config.rows & ~(1u << *first);
    return IPL_OK;
}

static const char *dir_of(const char *dir, int set, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", dir, ipl_rows_name((ipl_measured_rows)set));
    return path;
}

/* The run of one further set. Networks that the first one only measured too are where
 * it has them from. */
static ipl_status config_of(const char *dir, int set, ipl_config *out)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/config.ini", dir);
    IPL_TRY(ipl_config_read(path, out));
    if (!out->networks[0]) IPL_TRY(ipl_measure_config(dir, out));
    out->rows = 1u << set;
    return IPL_OK;
}

static ipl_status measure_set(ipl_device *dev, const char *dir, int set,
                              ipl_progress_call progress, void *user)
{
    char path[PATH_BYTES], file[PATH_BYTES + 16];
    ipl_config config;
    dir_of(dir, set, path);
    snprintf(file, sizeof file, "%s/config.ini", path);
    if (!access(file, F_OK)) return ipl_resume(dev, path, progress, user, NULL);
    IPL_REQUIRE(dev, "device is NULL");
    IPL_TRY(config_of(dir, set, &config));
    return ipl_run(dev, &config, path, progress, user, NULL);
}

ipl_status ipl_sets_measure(ipl_device *dev, const char *dir,
                            ipl_progress_call progress, void *user)
{
    ipl_measured_rows first;
    unsigned further;
    IPL_TRY(ipl_run_sets(dir, &first, &further));
    for (int set = 0; set < IPL_ROWS_COUNT; ++set)
        if (further & 1u << set)
            IPL_TRY(measure_set(dev, dir, set, progress, user));
    return IPL_OK;
}

ipl_status ipl_run_about(const char *dir, ipl_run_info *out)
{
    char path[PATH_BYTES], file[PATH_BYTES + 16];
    ipl_measured_rows first;
    unsigned further = 0;
    ipl_run_info info, one;
    IPL_TRY(ipl_sets_about_first(dir, &info, NULL));
    if (info.done) IPL_TRY(ipl_run_sets(dir, &first, &further));
    for (int set = 0; set < IPL_ROWS_COUNT && info.done; ++set) {
        if (!(further & 1u << set)) continue;
        snprintf(file, sizeof file, "%s/config.ini", dir_of(dir, set, path));
        one.done = 0;
        if (!access(file, F_OK)) IPL_TRY(ipl_sets_about_first(path, &one, NULL));
        info.done = one.done;
    }
    *out = info;
    return IPL_OK;
}
