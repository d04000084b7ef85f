/*
 * folder_names.c - what a folder of activations holds, by the names of its files.
 */
#include "plane/folder_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "ipl_plane.h"

#define EXPECTED "expected epoch_E_layer_L.npy or .npy.gz, with E a number and L a " \
                 "number or a name of letters, digits, '_', '-' and '.', or epoch_E.npz"

/* -- One name ---------------------------------------------------------------------*/

/* The digits at *at without zeros in front, into number; at most 18, so that they are
 * an int64_t. 0: there are none, or more. */
static int take_digits(const char **at, char number[FOLDER_NAME_BYTES])
{
    const size_t length = strspn(*at, "0123456789");
    const char *from = *at;
    if (!length) return 0;
    *at += length;
    while (from + 1 < *at && *from == '0') ++from;
    if (*at - from > 18) return 0;
    snprintf(number, FOLDER_NAME_BYTES, "%.*s", (int)(*at - from), from);
    return 1;
}

/* Whether a name ends so; *length is without the ending. */
static int ends_in(const char *name, const char *ending, size_t *length)
{
    const size_t all = strlen(name), end = strlen(ending);
    if (all <= end || strcmp(name + all - end, ending)) return 0;
    *length = all - end;
    return 1;
}

int folder_layer(const char *name, size_t length, char layer[FOLDER_NAME_BYTES])
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_-.";
    char number[FOLDER_NAME_BYTES];
    const char *at = layer;
    if (!length || length >= FOLDER_NAME_BYTES || strspn(name, allowed) < length)
        return 0;
    snprintf(layer, FOLDER_NAME_BYTES, "%.*s", (int)length, name);
    if (layer[strspn(layer, "0123456789")]) return 1;
    if (!take_digits(&at, number)) return 0;
    memcpy(layer, number, sizeof number);
    return 1;
}

int folder_parse(const char *name, int64_t *epoch, char layer[FOLDER_NAME_BYTES])
{
    char number[FOLDER_NAME_BYTES];
    size_t length;
    const int archive = ends_in(name, ".npz", &length);
    if (strncmp(name, "epoch_", 6)) return 0;
    if (!archive && !ends_in(name, ".npy", &length) &&
        !ends_in(name, ".npy.gz", &length))
        return 0;
    const char *at = name + 6, *end = name + length;
    if (!take_digits(&at, number)) return -1;
    if (!strncmp(at, "_weights_", 9) || !strncmp(at, "_biases_", 8)) return 0;
    *epoch = strtoll(number, NULL, 10);
    if (archive) return at == end ? 2 : -1;
    if (strncmp(at, "_layer_", 7) || at + 7 >= end) return -1;
    return folder_layer(at + 7, (size_t)(end - at - 7), layer) ? 1 : -1;
}

/* -- Their order ------------------------------------------------------------------*/

int folder_compare(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            while (*a == '0' && isdigit((unsigned char)a[1])) ++a;
            while (*b == '0' && isdigit((unsigned char)b[1])) ++b;
            const size_t digits = strspn(a, "0123456789");
            const size_t others = strspn(b, "0123456789");
            if (digits != others) return digits < others ? -1 : 1;
            const int order = strncmp(a, b, digits);
            if (order) return order;
            a += digits, b += digits;
        } else if (*a != *b) {
            return (unsigned char)*a - (unsigned char)*b;
        } else {
            ++a, ++b;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int by_place(const void *a, const void *b)
{
    const folder_file *x = a, *y = b;
    if (x->epoch != y->epoch) return x->epoch < y->epoch ? -1 : 1;
    const int order = folder_compare(x->layer, y->layer);
    if (order) return order;
    const int same = strcmp(x->layer, y->layer); /* fc01 and fc1 are two layers */
    return same ? same : strcmp(x->file, y->file);
}

/* -- A folder ---------------------------------------------------------------------*/

void folder_free(folder_names *names)
{
    for (int64_t k = 0; k < names->count; ++k) free(names->file[k].file);
    free(names->file);
    *names = (folder_names){0};
}

/* The array `member` of the file, or the file itself where that is NULL. */
static ipl_status add(folder_names *names, const char *file, const char *member,
                      int64_t epoch, const char *layer)
{
    const size_t bytes = strlen(file) + (member ? strlen(member) : 0) + 2;
    if (names->count == names->size) {
        const int64_t size = 2 * names->size + 64;
        folder_file *more = realloc(names->file, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld files", (long long)size);
        names->file = more;
        names->size = size;
    }
    folder_file *at = &names->file[names->count];
    *at = (folder_file){.epoch = epoch, .file = malloc(bytes)};
    if (!at->file) return IPL_FAIL(IPL_E_MEMORY, "the name of a file");
    snprintf(at->file, bytes, "%s%s%s", file, member ? ":" : "", member ? member : "");
    snprintf(at->layer, sizeof at->layer, "%s", layer);
    ++names->count;
    return IPL_OK;
}

/* Each array of epoch_E.npz is a layer: nothing of it is left out. */
static ipl_status add_members(const char *folder, const char *file, int64_t epoch,
                              folder_names *names)
{
    char path[4200], layer[FOLDER_NAME_BYTES], **member;
    int  count;
    ipl_status st = IPL_OK;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    IPL_TRY(ipl_npz_members(path, &member, &count));
    for (int m = 0; m < count && st == IPL_OK; ++m) {
        const char *name = member[m] + (strncmp(member[m], "layer_", 6) ? 0 : 6);
        if (folder_layer(name, strlen(name), layer))
            st = add(names, file, member[m], epoch, layer);
        else
            st = IPL_FAIL(IPL_E_FORMAT, "%s: the array '%s' is no layer: expected a "
                          "number or a name of up to %d letters, digits, '_', '-' and "
                          "'.'; save it with another name", path, member[m],
                          FOLDER_NAME_BYTES - 1);
    }
    free(member);
    return st;
}

static ipl_status read_names(const char *folder, DIR *dir, folder_names *names)
{
    char other[256] = ""; /* a file that is there instead, the first by its name   */
    ipl_status st = IPL_OK;
    for (const char *name; (name = ipl_folder_next(dir, folder, &st));) {
        char layer[FOLDER_NAME_BYTES];
        int64_t epoch;
        const int fits = folder_parse(name, &epoch, layer);
        if (!fits && *name != '.' && (!*other || strcmp(name, other) < 0))
            snprintf(other, sizeof other, "%s", name);
        if (fits < 0)
            return IPL_FAIL(IPL_E_FORMAT, "%s/%s: " EXPECTED "; rename it or move it "
                            "away", folder, name);
        if (fits == 1) IPL_TRY(add(names, name, NULL, epoch, layer));
        if (fits == 2) IPL_TRY(add_members(folder, name, epoch, names));
    }
    IPL_TRY(st);
    if (!names->count)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s%s%sno file of activations: " EXPECTED,
                        folder, *other ? "has " : "", other, *other ? ", but " : "");
    qsort(names->file, (size_t)names->count, sizeof *names->file, by_place);
    return IPL_OK;
}

ipl_status folder_read(const char *folder, folder_names *names)
{
    DIR *dir = opendir(folder);
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    const ipl_status st = read_names(folder, dir, names);
    closedir(dir);
    return st;
}

ipl_status ipl_folder_left_out(const char *folder, size_t size, char *text,
                               int64_t *count)
{
    size_t used = 0;
    ipl_status st = IPL_OK;
    IPL_REQUIRE(folder && text && size && count, "a folder, a text or a count is NULL");
    DIR *dir = opendir(folder);
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    *text = 0;
    *count = 0;
    for (const char *name; (name = ipl_folder_next(dir, folder, &st));) {
        char layer[FOLDER_NAME_BYTES];
        int64_t epoch;
        if (*name == '.' || folder_parse(name, &epoch, layer)) continue;
        ++*count;
        if (used + strlen(name) + 3 > size) continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                 name);
    }
    closedir(dir);
    return st;
}
