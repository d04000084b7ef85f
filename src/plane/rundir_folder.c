/*
 * rundir_folder.c - the folder of a run that begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "folder.h"
#include "plane/rundir.h"

/* 1 if the folder has nothing but what a run makes before its config.ini. */
static int is_bare(int folder, const char *path)
{
    int bare = 1;
    const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir) {
        if (again >= 0) close(again);
        return 0;
    }
    ipl_status st = IPL_OK;
    for (const char *name; bare && (name = ipl_folder_next(dir, path, &st));)
        bare = *name == '.' || !strcmp(name, "lock") ||
               !strncmp(name, "config.ini.", 11);
    closedir(dir);
    return bare && st == IPL_OK;
}

ipl_status ipl_rundir_must_be_bare(int folder, const char *path)
{
    if (is_bare(folder, path)) return IPL_OK;
    const int is_run = ipl_file_is_there(folder, "config.ini");
    return IPL_FAIL(IPL_E_ARGUMENT, "%s exists already: give another directory with "
                    "--out%s", path, is_run ? ", or resume it" : ", or remove it");
}

ipl_status ipl_rundir_make_folders(char *path, int *is_new)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        const int failed = mkdir(path, 0777) && errno != EEXIST;
        if (failed) return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
        *slash = '/';
    }
    *is_new = !mkdir(path, 0777);
    if (*is_new || errno == EEXIST) return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
}
