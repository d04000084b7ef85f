/*
 * run_sets.c - one training, several sets of rows.
 */
#include "plane/run_sets.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

/* 1 if the run of a set has its parent's value: it measures what was kept. */
static int is_shared(const ipl_config_key *key)
{
    if (!strcmp(key->section, "measure")) return strcmp(key->key, "policy") != 0;
    return strcmp(key->section, "run") != 0;
}

/* The folder of a set is there for this run alone: it is no link to elsewhere, and not
 * that of another run, which would be changed, or taken for this one's. */
static ipl_status must_be_own(const char *dir, int set)
{
    char path[PATH_BYTES], file[PATH_BYTES + 16];
    struct stat about;
    ipl_config of, its;
    if (lstat(dir_of(dir, set, path), &about)) return IPL_OK; /* not there yet */
    if (!S_ISDIR(about.st_mode))
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: not a folder of this run: remove it, and "
                        "the set is measured", path);
    snprintf(file, sizeof file, "%s/config.ini", path);
    if (access(file, F_OK)) return IPL_OK;
    IPL_TRY(ipl_config_read(file, &its));
    snprintf(file, sizeof file, "%s/config.ini", dir);
    IPL_TRY(ipl_config_read(file, &of));
    if (its.rows == 1u << set) of.rows = its.rows;
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key a, b;
        IPL_TRY(ipl_config_key_at(&of, k, &a));
        IPL_TRY(ipl_config_key_at(&its, k, &b));
        if (is_shared(&a) && strcmp(a.value, b.value))
            return IPL_FAIL(IPL_E_ARGUMENT, "%s: of another run ([%s] %s = '%s', here "
                            "'%s'): remove it, and the set is measured", path,
                            a.section, a.key, b.value, a.value);
    }
    return IPL_OK;
}

static ipl_status measure_set(const ipl_places *on, const char *dir, int set,
                              ipl_progress_call progress, void *user)
{
    char path[PATH_BYTES], file[PATH_BYTES + 16];
    ipl_config config;
    IPL_TRY(must_be_own(dir, set));
    dir_of(dir, set, path);
    snprintf(file, sizeof file, "%s/config.ini", path);
    if (!access(file, F_OK)) return ipl_resume_on(on, path, progress, user, NULL);
    IPL_REQUIRE(on, "device is NULL");
    IPL_TRY(config_of(dir, set, &config));
    return ipl_run_on(on, &config, path, progress, user, NULL);
}

ipl_status ipl_sets_measure(const ipl_places *on, const char *dir,
                            ipl_progress_call progress, void *user)
{
    ipl_measured_rows first;
    unsigned further;
    IPL_TRY(ipl_run_sets(dir, &first, &further));
    for (int set = 0; set < IPL_ROWS_COUNT; ++set)
        if (further & 1u << set)
            IPL_TRY(measure_set(on, dir, set, progress, user));
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
        IPL_TRY(must_be_own(dir, set));
        snprintf(file, sizeof file, "%s/config.ini", dir_of(dir, set, path));
        one.done = 0;
        if (!access(file, F_OK)) IPL_TRY(ipl_sets_about_first(path, &one, NULL));
        info.done = one.done;
    }
    *out = info;
    return IPL_OK;
}
