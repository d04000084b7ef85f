/*
 * config_paths.c - paths in a configuration: from where they are seen.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_table.h"

/* config.ini would give back another path. */
#define CANNOT_BE_KEPT "%s '%s': rename it, or its folder: expected " IPL_OPTION_LINE

enum { PATHS = 4 };

static char *path_at(ipl_config *config, int k, const char **key)
{
    static const char *const keys[PATHS] = {"[data] path", "[run] networks", "[data] x",
                                            "[data] y"};
    char *const paths[PATHS] = {config->data_path, config->networks, config->data_x,
                                config->data_y};
    *key = keys[k];
    return paths[k];
}

/* Whether it is not seen from the root, nor, as x and y may be, from data.path. */
static int is_relative(const ipl_config *config, int k, const char *path)
{
    return *path && *path != '/' && (k < 2 || !config->data_path[0]);
}

static ipl_status store(const char *key, const char *whole, char path[IPL_CONFIG_TEXT])
{
    IPL_REQUIRE(strlen(whole) < IPL_CONFIG_TEXT,
                "%s '%s': expected at most %d characters, its folder included", key,
                whole, IPL_CONFIG_TEXT - 1);
    memcpy(path, whole, strlen(whole) + 1);
    return IPL_OK;
}

static ipl_status join(const char *file, ipl_config *config, int k)
{
    char joined[PATH_MAX];
    const char *key, *slash = strrchr(file, '/');
    char *path = path_at(config, k, &key);
    /* Without a slash the file's folder is where the program runs. */
    if (!slash || !is_relative(config, k, path)) return IPL_OK;
    snprintf(joined, sizeof joined, "%.*s%s", (int)(slash + 1 - file), file, path);
    return store(key, joined, path);
}

ipl_status config_paths_of_file(const char *file, ipl_config *config)
{
    for (int k = 0; k < PATHS; ++k) IPL_TRY(join(file, config, k));
    return IPL_OK;
}

ipl_status config_path_of_file(const char *file, const config_row *row,
                               ipl_config *config)
{
    const char *key;
    for (int k = 0; k < PATHS; ++k)
        if ((char *)config + row->base + row->option->offset ==
            path_at(config, k, &key))
            return join(file, config, k);
    return IPL_OK;
}

ipl_status ipl_config_whole_paths(ipl_config *config)
{
    char whole[PATH_MAX], here[PATH_MAX];
    const char *key;
    IPL_REQUIRE(config, "configuration is NULL");
    for (int k = 0; k < PATHS; ++k) {
        char *path = path_at(config, k, &key);
        IPL_REQUIRE(ipl_option_is_line(path), CANNOT_BE_KEPT, key, path);
        if (!is_relative(config, k, path)) continue;
        if (!realpath(path, whole)) { /* the reader will say that it is not there */
            if (!getcwd(here, sizeof here))
                return IPL_FAIL(IPL_E_IO, "working directory: %s", strerror(errno));
            snprintf(whole, sizeof whole, "%.3000s/%s", here, path);
        }
        IPL_REQUIRE(ipl_option_is_line(whole), CANNOT_BE_KEPT, key, whole);
        IPL_TRY(store(key, whole, path));
    }
    return IPL_OK;
}
