/*
 * array_set.c - a dataset from two arrays: X, rows x inputs, and y, a label a row.
 *
 * Of the set npy they are X.npy and y.npy in a folder, of the set arrays any files that
 * hold arrays, or the members X and y of an npz file.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "data/data.h"

/* FILE, or FOLDER/FILE if the folder is one and FILE is not absolute. */
static ipl_status join(const char *folder, const char *file, char path[IPL_WHAT_BYTES])
{
    const int alone = !folder || !*folder || *file == '/';
    const int length = snprintf(path, IPL_WHAT_BYTES, "%s%s%s", alone ? "" : folder,
                                alone ? "" : "/", file);
    if (length < IPL_WHAT_BYTES) return IPL_OK;
    return IPL_FAIL(IPL_E_ARGUMENT, "the path of '%.80s' is longer than %d bytes", file,
                    IPL_WHAT_BYTES - 1);
}

static ipl_status read_arrays(ipl_raw_set *out)
{
    IPL_TRY(ipl_array_read(out->x_what, &out->x));
    return ipl_array_read_labels(out->y_what, &out->y);
}

ipl_status ipl_load_npy(const ipl_data_options *options, ipl_raw_set *out)
{
    char line[512];
    struct stat about;
    if (stat(options->path, &about) || !S_ISDIR(about.st_mode))
        return IPL_FAIL(IPL_E_IO, "data.path '%s' is no folder: expected one with "
                        "X.npy and y.npy", options->path);
    IPL_TRY(join(options->path, "X.npy", out->x_what));
    IPL_TRY(join(options->path, "y.npy", out->y_what));
    ipl_dataset_name(options->path, "", out->name);
    const ipl_status st = read_arrays(out);
    if (st != IPL_E_IO) return st;
    snprintf(line, sizeof line, "%s", ipl_last_error_text());
    return IPL_FAIL(st, "%s: set = arrays takes files of other names, as data.x and "
                    "data.y", line);
}

/* "FILE.npz" with its members X and y, beside which x or y may name another. */
ipl_status ipl_load_arrays(const ipl_data_options *options, ipl_raw_set *out)
{
    struct stat about;
    const char *path = options->path && *options->path ? options->path : NULL;
    const char *x = options->x && *options->x ? options->x : NULL;
    const char *y = options->y && *options->y ? options->y : NULL;
    const int is_file = path && !stat(path, &about) && S_ISREG(about.st_mode);
    char folder[IPL_WHAT_BYTES];
    if (is_file) { /* its members */
        if (strlen(path) >= sizeof folder - 128)
            return IPL_FAIL(IPL_E_ARGUMENT, "the path of '%.80s' is too long", path);
        snprintf(out->x_what, sizeof out->x_what, "%s:%s", path, x ? x : "X");
        snprintf(out->y_what, sizeof out->y_what, "%s:%s", path, y ? y : "y");
        ipl_dataset_name(path, ".npz", out->name);
        return read_arrays(out);
    }
    if (!x || !y)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: no file: expected an npz file with X and "
                        "y, or data.x and data.y to name a file each", path);
    IPL_TRY(join(path, x, out->x_what));
    IPL_TRY(join(path, y, out->y_what));
    ipl_dataset_name(path ? path : x, "", out->name);
    return read_arrays(out);
}
