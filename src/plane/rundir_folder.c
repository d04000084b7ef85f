/*
 * rundir_folder.c - the folder of a run that begins.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plane/rundir.h"

/* 1 if the folder has nothing but what a run makes before its config.ini. */
static int is_bare(const char *path)
{
    int bare = 1;
    DIR *dir = opendir(path);
    if (!dir) return 0;
    for (const struct dirent *file; bare && (file = readdir(dir));)
        bare = file->d_name[0] == '.' || !strcmp(file->d_name, "lock") ||
               !strncmp(file->d_name, "config.ini.", 11);
    closedir(dir);
    return bare;
}

/* 1 if the folder is of a run, and not of activations or of something else. */
static int is_run(const char *path)
{
    char config[IPL_RUNDIR_PATH + 16];
    snprintf(config, sizeof config, "%s/config.ini", path);
    return !access(config, F_OK);
}

/* Makes each folder of the path; only the last one must be new. */
ipl_status ipl_rundir_make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        const int failed = mkdir(path, 0777) && errno != EEXIST;
        if (failed) return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
        *slash = '/';
    }
    if (!mkdir(path, 0777)) return IPL_OK;
    if (errno == EEXIST && is_bare(path)) return IPL_OK;
    if (errno == EEXIST)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s exists already: give another directory "
                        "with --out%s", path,
                        is_run(path) ? ", or resume it" : ", or remove it");
    return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
}
