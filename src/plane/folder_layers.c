/*
 * folder_layers.c - which layers a folder of activations has, in which order, and that
 * each epoch has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plane/folder_names.h"

static int is_number(const char *text)
{
    return !text[strspn(text, "0123456789")];
}

/* -- The layers that are wanted ---------------------------------------------------*/

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
                                 names->layer[l]);
}

/* Whether the layers are other than 1, 2, .. in this order. */
static int have_names(const folder_names *names)
{
    for (int l = 0; l < names->layers; ++l)
        if (!is_number(names->layer[l]) ||
            strtoll(names->layer[l], NULL, 10) != l + 1)
            return 1;
    return 0;
}

/* Numbers must be all from 0 or from 1 on: a gap is a file that got lost. */
static ipl_status check_numbers(const char *folder, const folder_names *names)
{
    int next = !strcmp(names->layer[0], "0") ? 0 : 1;
    for (int l = 0; l < names->layers; ++l) {
        if (!is_number(names->layer[l])) continue;
        if (strtoll(names->layer[l], NULL, 10) != next)
            return IPL_FAIL(IPL_E_FORMAT, "%s: layer %d of epoch %lld is missing: "
                            "layers are counted from 0 or from 1 without gaps", folder,
                            next, (long long)names->file[0].epoch);
        ++next;
    }
    return IPL_OK;
}

/* Those of the first epoch. */
static ipl_status take_first(const char *folder, folder_names *names)
{
    const folder_file *first = names->file;
    int layers = 0;
    while (layers < names->count && first[layers].epoch == first->epoch) ++layers;
    if (layers > IPL_NET_LAYERS_MAX)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: %d layers: expected at most %d; choose "
                        "some with --layers", folder, layers, IPL_NET_LAYERS_MAX);
    names->layers = layers;
    for (int l = 0; l < layers; ++l)
        memcpy(names->layer[l], first[l].layer, sizeof names->layer[l]);
    return check_numbers(folder, names);
}

/* A choice that the first epoch has not: with the layers that are there. */
static ipl_status not_there(const char *folder, const folder_names *names,
                            const char *layer)
{
    folder_names all = {.file = names->file, .count = names->count, .named = 1};
    char layers[256];
    const folder_file *first = names->file;
    while (all.layers < all.count && all.layers < IPL_NET_LAYERS_MAX &&
           first[all.layers].epoch == first->epoch) {
        memcpy(all.layer[all.layers], first[all.layers].layer, sizeof *all.layer);
        ++all.layers;
    }
    list_layers(&all, sizeof layers, layers);
    return IPL_FAIL(IPL_E_ARGUMENT, "%s: no layer %s: epoch %lld has %s", folder, layer,
                    (long long)first->epoch, layers);
}

/* The next of "fc1, fc2" as a layer; 0: what stands there is none. */
static int take_name(const char **at, char layer[FOLDER_NAME_BYTES])
{
    const char *from = *at + strspn(*at, " ");
    const size_t all = strcspn(from, ",");
    size_t length = all;
    while (length && from[length - 1] == ' ') --length;
    *at = from + all + (from[all] == ',');
    return folder_layer(from, length, layer);
}

static ipl_status take_chosen(const char *folder, const char *choice,
                              folder_names *names)
{
    const char *at = choice;
    do {
        char layer[FOLDER_NAME_BYTES];
        const folder_file *first = names->file;
        int64_t k = 0;
        if (names->layers == IPL_NET_LAYERS_MAX)
            return IPL_FAIL(IPL_E_ARGUMENT, "layers '%s': more than %d", choice,
                            IPL_NET_LAYERS_MAX);
        if (!take_name(&at, layer))
            return IPL_FAIL(IPL_E_ARGUMENT, "layers '%s': expected names of layers "
                            "with ',' between them", choice);
        while (k < names->count && first[k].epoch == first->epoch &&
               strcmp(first[k].layer, layer)) ++k;
        if (k == names->count || first[k].epoch != first->epoch)
            return not_there(folder, names, layer);
        for (int l = 0; l < names->layers; ++l)
            if (!strcmp(names->layer[l], layer))
                return IPL_FAIL(IPL_E_ARGUMENT, "layers '%s': %s twice", choice, layer);
        memcpy(names->layer[names->layers++], layer, sizeof layer);
    } while (*at);
    return IPL_OK;
}

/* -- The files of an epoch --------------------------------------------------------*/

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

static ipl_status wrong(const char *folder, const folder_names *names, int64_t epoch,
                        const char *layer, const char *what)
{
    char layers[256];
    list_layers(names, sizeof layers, layers);
    return IPL_FAIL(IPL_E_FORMAT, "%s: layer %s of epoch %lld is %s: each epoch needs "
                    "the layers %s, as epoch %lld has them", folder, layer,
                    (long long)epoch, what, layers, (long long)names->file[0].epoch);
}

/* Which of the layers it is, from 0; `layers`: none of them. */
static int place_of(const folder_names *names, const char *layer)
{
    int l = 0;
    while (l < names->layers && strcmp(names->layer[l], layer)) ++l;
    return l;
}

/* Moves the files [from, to) of one epoch to chosen[]; the names of those that are not
 * chosen go. */
static ipl_status order_epoch(const char *folder, int all, folder_names *names,
                              int64_t from, int64_t to, folder_file *chosen)
{
    const int64_t epoch = names->file[from].epoch;
    const folder_file *other = NULL;
    int64_t at[IPL_NET_LAYERS_MAX];
    for (int l = 0; l < names->layers; ++l) at[l] = -1;
    for (int64_t k = from; k < to; ++k) {
        const int l = place_of(names, names->file[k].layer);
        if (l < names->layers) at[l] = k;
        else if (!other) other = &names->file[k];
    }
    for (int l = 0; l < names->layers; ++l)
        if (at[l] < 0) return wrong(folder, names, epoch, names->layer[l], "missing");
    if (all && other) return wrong(folder, names, epoch, other->layer, "unexpected");
    for (int l = 0; l < names->layers; ++l) {
        chosen[l] = names->file[at[l]];
        names->file[at[l]].file = NULL;
    }
    return IPL_OK;
}

static ipl_status order_epochs(const char *folder, int all, folder_names *names)
{
    ipl_status st = IPL_OK;
    folder_file *chosen = calloc((size_t)names->count, sizeof *chosen);
    int64_t count = 0;
    if (!chosen) return IPL_FAIL(IPL_E_MEMORY, "%lld files", (long long)names->count);
    for (int64_t from = 0, to; from < names->count && st == IPL_OK; from = to) {
        for (to = from; to < names->count &&
                        names->file[to].epoch == names->file[from].epoch;) ++to;
        st = order_epoch(folder, all, names, from, to, chosen + count);
        if (st == IPL_OK) count += names->layers;
    }
    for (int64_t k = 0; k < names->count; ++k) free(names->file[k].file);
    free(names->file);
    names->file = chosen;
    names->count = names->size = count;
    return st;
}

ipl_status folder_list(const char *folder, const char *choice, folder_names *out)
{
    folder_names names = {0};
    ipl_status st = folder_read(folder, &names);
    if (st == IPL_OK) st = check_places(folder, &names);
    if (st == IPL_OK)
        st = choice ? take_chosen(folder, choice, &names) : take_first(folder, &names);
    if (st == IPL_OK) {
        names.named = have_names(&names);
        st = order_epochs(folder, !choice, &names);
    }
    if (st == IPL_OK) *out = names;
    else folder_free(&names);
    return st;
}
