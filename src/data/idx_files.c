/*
 * idx_files.c - the names of IDX files: PREFIX PART - KIND - idxN-TYPE, plain or .gz.
 *
 * PART is train, t10k or test, KIND images or labels; MNIST's prefix is empty, EMNIST's
 * "emnist-digits-" and the like, QMNIST's "qmnist-". Programs that unpack by themselves
 * leave a dot in place of the last dash but one (train-images.idx3-ubyte). Number and
 * type are not taken from the name: the file's header has them.
 */
#include "data/idx_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"

static const struct {
    const char   *text;
    idx_part_kind part;
} part_name[] = {{"train", IDX_TRAIN}, {"t10k", IDX_TEST}, {"test", IDX_TEST}};

/* The names that messages use. */
static const char *const usual[2][2] = {
    {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
    {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}};

/* "-idx3-ubyte" or ".idx3-ubyte", then nothing or ".gz". */
static int is_ending(const char *at)
{
    if ((*at != '-' && *at != '.') || strncmp(at + 1, "idx", 3)) return 0;
    at += 4;
    if (*at < '1' || *at > '9' || at[1] != '-') return 0;
    at += 2;
    const size_t type = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    return type > 0 && (!at[type] || !strcmp(at + type, ".gz"));
}

/* Length of the prefix of a file of this kind, and its part; -1 for another name. */
static int prefix_of(const char *file, idx_file_kind kind, idx_part_kind *part)
{
    const char *word = kind == IDX_IMAGES ? "-images" : "-labels";
    const char *at = file;
    while ((at = strstr(at, word)) && !is_ending(at + strlen(word))) ++at;
    for (int p = 0; at && p < 3; ++p) {
        const int length = (int)strlen(part_name[p].text);
        const int start = (int)(at - file) - length;
        if (start < 0 || strncmp(file + start, part_name[p].text, (size_t)length))
            continue;
        *part = part_name[p].part;
        if (start == 0 || file[start - 1] == '-')
            return start < IDX_PREFIX_BYTES ? start : -1;
    }
    return -1;
}

/* -- Folders ----------------------------------------------------------------------*/

static int is_images(const struct dirent *entry)
{
    idx_part_kind part;
    return prefix_of(entry->d_name, IDX_IMAGES, &part) >= 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The one prefix of the image files in a folder; the empty one wins. */
static ipl_status find_prefix(const char *folder, char prefix[IDX_PREFIX_BYTES])
{
    struct dirent **entry = NULL;
    idx_part_kind part;
    ipl_status st = IPL_OK;
    const int count = scandir(folder, &entry, is_images, by_bytes);
    if (count < 0) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    const char *name = NULL, *other = NULL;
    int length = 0;
    for (int e = 0; e < count; ++e) {
        const int here = prefix_of(entry[e]->d_name, IDX_IMAGES, &part);
        if (!name || here == 0) name = entry[e]->d_name, length = here;
        else if (!other && (here != length ||
                            strncmp(name, entry[e]->d_name, (size_t)length)))
            other = entry[e]->d_name;
    }
    if (!count)
        st = IPL_FAIL(IPL_E_IO, "%s: no IDX images: expected %s or %s, plain or .gz",
                      folder, usual[IDX_TRAIN][IDX_IMAGES],
                      usual[IDX_TEST][IDX_IMAGES]);
    else if (length && other)
        st = IPL_FAIL(IPL_E_ARGUMENT, "%s: holds %s and %s: expected the path to name "
                      "one set, as %s/%.*s", folder, name, other, folder, length - 1,
                      name);
    else
        snprintf(prefix, IDX_PREFIX_BYTES, "%.*s", length, name);
    for (int e = 0; e < count; ++e) free(entry[e]);
    free(entry);
    return st;
}

ipl_status ipl_idx_find_file(const char *folder, const char *prefix, idx_part_kind part,
                             idx_file_kind kind, char path[IDX_PATH_BYTES])
{
    char best[256] = "";
    ipl_status st = IPL_OK;
    DIR *dir = opendir(folder);
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    for (const char *name; (name = ipl_folder_next(dir, folder, &st));) {
        idx_part_kind has;
        const int length = prefix_of(name, kind, &has);
        if (length < 0 || has != part || length != (int)strlen(prefix) ||
            strncmp(name, prefix, (size_t)length))
            continue;
        if (!*best || strcmp(name, best) < 0) snprintf(best, sizeof best, "%s", name);
    }
    closedir(dir);
    IPL_TRY(st);
    if (!*best)
        return IPL_FAIL(IPL_E_IO, "%s: no %s%s, plain or .gz", folder, prefix,
                        usual[part][kind]);
    snprintf(path, IDX_PATH_BYTES, "%s/%s", folder, best);
    return IPL_OK;
}

/* -- Sets -------------------------------------------------------------------------*/

/* What brings a set that is not there. */
static const char *bringer(const char *path)
{
    if (strstr(path, "fashion"))
        return ": Debian's package dataset-fashion-mnist brings Fashion-MNIST";
    if (strstr(path, "emnist")) return ": NIST's page of EMNIST has the archive";
    if (strstr(path, "mnist") && !strstr(path, "qmnist"))
        return ": data/fetch_mnist.sh brings MNIST";
    return "";
}

ipl_status ipl_idx_find_set(const char *path, char folder[IDX_PATH_BYTES],
                            char prefix[IDX_PREFIX_BYTES])
{
    struct stat about;
    char image[IDX_PATH_BYTES];
    if (strlen(path) >= IDX_PATH_BYTES - 2 * IDX_PREFIX_BYTES)
        return IPL_FAIL(IPL_E_ARGUMENT, "path of %zu bytes: expected fewer than %d",
                        strlen(path), IDX_PATH_BYTES - 2 * IDX_PREFIX_BYTES);
    strcpy(folder, path);
    if (!stat(path, &about) && S_ISDIR(about.st_mode)) return find_prefix(path, prefix);

    char *slash = strrchr(folder, '/');
    const char *name = slash ? slash + 1 : folder;
    const size_t length = strlen(name);
    const int short_enough = length > 0 && length < IDX_PREFIX_BYTES - 1;
    snprintf(prefix, IDX_PREFIX_BYTES, "%.*s%s", IDX_PREFIX_BYTES - 2, name,
             length && name[length - 1] == '-' ? "" : "-");
    if (!slash) strcpy(folder, ".");
    else slash[slash == folder] = 0; /* "/name" lies in "/" */
    for (int p = 0; p < 2 && short_enough; ++p)
        if (ipl_idx_find_file(folder, prefix, (idx_part_kind)p, IDX_IMAGES, image) ==
            IPL_OK)
            return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "%s: neither a folder of IDX files nor what their names "
                    "start with%s", path, bringer(path));
}
