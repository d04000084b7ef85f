/*
 * folder_names.c - what a folder of activations holds, by the names of its files.
 */
#include "plane/folder_names.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipl_plane.h"

#define EXPECTED "expected epoch_E_layer_L.npy or .npy.gz, with E a number and L a " \
                 "number or a name of letters, digits, '_', '-' and '.'"

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

static int is_number(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

/* Whether a file is an array by its ending, of which *length is without. */
static int is_array(const char *name, size_t *length)
{
    static const char *const ending[] = {".npy", ".npy.gz"};
    for (int e = 0; e < 2; ++e) {
        const size_t all = strlen(name), end = strlen(ending[e]);
        if (all <= end || strcmp(name + all - end, ending[e])) continue;
        *length = all - end;
        return 1;
    }
    return 0;
}

int folder_parse(const char *name, int64_t *epoch, char layer[FOLDER_NAME_BYTES])
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_-.";
    char number[FOLDER_NAME_BYTES];
    size_t length;
    if (strncmp(name, "epoch_", 6) || !is_array(name, &length)) return 0;
    const char *at = name + 6, *end = name + length;
    if (!take_digits(&at, number)) return -1;
    if (!strncmp(at, "_weights_", 9) || !strncmp(at, "_biases_", 8)) return 0;
    if (strncmp(at, "_layer_", 7)) return -1;
    *epoch = strtoll(number, NULL, 10);
    at += 7;
    if (at >= end || end - at >= FOLDER_NAME_BYTES) return -1;
    if (at + strspn(at, allowed) < end) return -1;
    snprintf(layer, FOLDER_NAME_BYTES, "%.*s", (int)(end - at), at);
    if (!is_number(layer)) return 1;
    at = layer;
    if (!take_digits(&at, number)) return -1;
    memcpy(layer, number, sizeof number);
    return 1;
}

/* -- Their order ------------------------------------------------------------------*/

/* As people count: runs of digits by their value, the rest by its bytes. */
static int by_count(const char *a, const char *b)
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
    const int order = by_count(x->layer, y->layer);
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

static ipl_status add(folder_names *names, const char *file, int64_t epoch,
                      const char *layer)
{
    if (names->count == names->size) {
        const int64_t size = 2 * names->size + 64;
        folder_file *more = realloc(names->file, (size_t)size * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld files", (long long)size);
        names->file = more;
        names->size = size;
    }
    folder_file *at = &names->file[names->count];
    *at = (folder_file){.epoch = epoch, .file = strdup(file)};
    if (!at->file) return IPL_FAIL(IPL_E_MEMORY, "the name of a file");
    snprintf(at->layer, sizeof at->layer, "%s", layer);
    ++names->count;
    return IPL_OK;
}

static ipl_status read_names(const char *folder, DIR *dir, folder_names *names)
{
    for (const struct dirent *d; (d = readdir(dir));) {
        char layer[FOLDER_NAME_BYTES];
        int64_t epoch;
        const int fits = folder_parse(d->d_name, &epoch, layer);
        if (fits < 0)
            return IPL_FAIL(IPL_E_FORMAT, "%s/%s: " EXPECTED "; rename it or move it "
                            "away", folder, d->d_name);
        if (fits) IPL_TRY(add(names, d->d_name, epoch, layer));
    }
    if (!names->count)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no file of activations: " EXPECTED, folder);
    qsort(names->file, (size_t)names->count, sizeof *names->file, by_place);
    return IPL_OK;
}

/* "1 to 3", or "fc1, fc2, out", as far as there is room. */
static void list_layers(const folder_names *names, size_t size, char *text)
{
    size_t used = 0;
    if (!names->named) {
        snprintf(text, size, "1 to %d", names->layers);
        return;
    }
    for (int l = 0; l < names->layers && used < size; ++l)
        used += (size_t)snprintf(text + used, size - used, "%s%s", l ? ", " : "",
                                 names->file[l].layer);
}

static ipl_status wrong(const char *folder, const folder_names *names, int64_t epoch,
                        const char *layer, const char *what)
{
    char layers[256];
    list_layers(names, sizeof layers, layers);
    return IPL_FAIL(IPL_E_FORMAT, "%s: layer %s of epoch %lld is %s: each epoch needs "
                    "the layers %s, as epoch %lld has them", folder, layer,
                    (long long)epoch, what, layers, (long long)names->file[0].epoch);
}

/* Numbers must be all from 0 or from 1 on: a gap is a file that got lost. */
static ipl_status check_first(const char *folder, folder_names *names)
{
    const folder_file *first = names->file;
    while (names->layers < names->count &&
           first[names->layers].epoch == first->epoch) ++names->layers;
    if (names->layers > IPL_NET_LAYERS_MAX)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: %d layers: expected at most %d", folder,
                        names->layers, IPL_NET_LAYERS_MAX);
    const int from = first->layer[0] == '0' && !first->layer[1] ? 0 : 1;
    int numbers = 0, next = from;
    for (int l = 0; l < names->layers; ++l) {
        if (!is_number(first[l].layer)) continue;
        if (strtoll(first[l].layer, NULL, 10) != next)
            return IPL_FAIL(IPL_E_FORMAT, "%s: layer %d of epoch %lld is missing: "
                            "layers are counted from 0 or from 1 without gaps", folder,
                            next, (long long)first->epoch);
        ++numbers, ++next;
    }
    names->named = from == 0 || numbers < names->layers;
    return IPL_OK;
}

static ipl_status check_places(const char *folder, const folder_names *names)
{
    for (int64_t k = 1; k < names->count; ++k) {
        const folder_file *a = &names->file[k - 1], *b = a + 1;
        if (a->epoch == b->epoch && !strcmp(a->layer, b->layer))
            return IPL_FAIL(IPL_E_FORMAT, "%s: %s and %s are one layer of one epoch: "
                            "remove one of them", folder, a->file, b->file);
    }
    return IPL_OK;
}

/* Every epoch must have the layers of the first one. */
static ipl_status check_epochs(const char *folder, const folder_names *names)
{
    const folder_file *first = names->file, *end = first + names->count;
    for (const folder_file *at = first; at < end;) {
        const int64_t epoch = at->epoch;
        for (int l = 0; l < names->layers; ++l, ++at) {
            const int missing = at == end || at->epoch != epoch;
            const int order = missing ? 1 : by_count(at->layer, first[l].layer);
            if (!missing && !strcmp(at->layer, first[l].layer)) continue;
            if (order >= 0)
                return wrong(folder, names, epoch, first[l].layer, "missing");
            return wrong(folder, names, epoch, at->layer, "unexpected");
        }
        if (at < end && at->epoch == epoch)
            return wrong(folder, names, epoch, at->layer, "unexpected");
    }
    return IPL_OK;
}

ipl_status folder_list(const char *folder, folder_names *out)
{
    folder_names names = {0};
    DIR *dir = opendir(folder);
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    ipl_status st = read_names(folder, dir, &names);
    closedir(dir);
    if (st == IPL_OK) st = check_places(folder, &names);
    if (st == IPL_OK) st = check_first(folder, &names);
    if (st == IPL_OK) st = check_epochs(folder, &names);
    if (st == IPL_OK) *out = names;
    else folder_free(&names);
    return st;
}

ipl_status ipl_folder_left_out(const char *folder, size_t size, char *text,
                               int64_t *count)
{
    size_t used = 0;
    IPL_REQUIRE(folder && text && size && count, "a folder, a text or a count is NULL");
    DIR *dir = opendir(folder);
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    *text = 0;
    *count = 0;
    for (const struct dirent *d; (d = readdir(dir));) {
        char layer[FOLDER_NAME_BYTES];
        int64_t epoch;
        if (d->d_name[0] == '.' || folder_parse(d->d_name, &epoch, layer)) continue;
        ++*count;
        if (used + strlen(d->d_name) + 3 > size) continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                 d->d_name);
    }
    closedir(dir);
    return IPL_OK;
}
