/*
 * shape.c - the topology of a network: as text, and as offsets into its parameters.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"

static const char *const act_name[IPL_ACT_COUNT] = {
#define IPL_ROW(name, text, formula) text,
    IPL_ACT_ROWS(IPL_ROW)
#undef IPL_ROW
};

enum { ENTRY_MAX = 63, CLASSES_MIN = 2 };

const char *ipl_act_name(ipl_act act)
{
    return (unsigned)act < IPL_ACT_COUNT ? act_name[act] : NULL;
}

/* Copies the entry that starts at *at, without the blanks around it, and moves *at
 * to the comma or the end behind it. An entry that is too long is cut: no valid
 * one is, and the text of the error shows its beginning. */
static void next_entry(const char **at, char entry[ENTRY_MAX + 1])
{
    const char *from = *at, *end = from + strcspn(from, ",");
    *at = end;
    while (from < end && isspace((unsigned char)*from)) ++from;
    while (end > from && isspace((unsigned char)end[-1])) --end;
    const int length = end - from < ENTRY_MAX ? (int)(end - from) : ENTRY_MAX;
    memcpy(entry, from, (size_t)length);
    entry[length] = '\0';
}

/* Reads "10-tanh" into width and name (NULL when there is no '-'). */
static ipl_status read_entry(int number, const char *entry, int32_t *width,
                             const char **name)
{
    char *end;
    if (!isdigit((unsigned char)*entry))
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: entry %d is '%s': expected a width such as 10 or "
                        "10-tanh", number, entry);
    const long value = strtol(entry, &end, 10);
    if (value < 1 || value > IPL_NET_WIDTH_MAX)
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: entry %d is '%s': expected a width from 1 to %d",
                        number, entry, IPL_NET_WIDTH_MAX);
    if (*end && *end != '-')
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: entry %d is '%s': expected '-' and an activation "
                        "after the width", number, entry);
    *width = (int32_t)value;
    *name = *end ? end + 1 : NULL;
    return IPL_OK;
}

static ipl_status read_act(int number, const char *entry, const char *name,
                           ipl_act *act)
{
    for (int a = 0; a < IPL_ACT_COUNT; ++a)
        if (!strcmp(name, act_name[a])) {
            *act = (ipl_act)a;
            return IPL_OK;
        }
    return IPL_FAIL(IPL_E_FORMAT,
                    "layers: entry %d is '%s': expected an activation: linear, tanh, "
                    "relu, leaky-relu, sigmoid, elu or softplus", number, entry);
}

/* The entry's place decides what it may say: inputs have no activation, hidden
 * layers need one that is not softmax, and the last layer is softmax. */
static ipl_status check_place(int number, const char *entry, int last,
                              int32_t width, const char *name, ipl_act act)
{
    if (number == 1 && name)
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: entry 1 is '%s': expected the number of inputs alone",
                        entry);
    if (number == 1) return IPL_OK;
    if (last && name && act != IPL_ACT_SOFTMAX)
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: the last entry is '%s': expected the number of "
                        "classes, alone or with -softmax", entry);
    if (last && width < CLASSES_MIN)
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: the last entry is '%s': expected %d classes or more",
                        entry, CLASSES_MIN);
    if (!last && !name)
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: entry %d is '%s': expected an activation for a hidden "
                        "layer, such as %s-tanh", number, entry, entry);
    if (!last && act == IPL_ACT_SOFTMAX)
        return IPL_FAIL(IPL_E_FORMAT,
                        "layers: entry %d is '%s': expected softmax in the last entry "
                        "only", number, entry);
    return IPL_OK;
}

ipl_status ipl_net_parse(const char *text, ipl_net_shape *out)
{
    IPL_REQUIRE(text && out, "layers: text or result is NULL");
    ipl_net_shape shape = {0};
    int number = 0, last = 0;
    for (const char *at = text; !last; at += !last) {
        char entry[ENTRY_MAX + 1];
        const char *name = NULL;
        int32_t width = 0;
        ipl_act act = IPL_ACT_SOFTMAX;
        next_entry(&at, entry);
        last = !*at;
        if (++number > IPL_NET_LAYERS_MAX + 1)
            return IPL_FAIL(IPL_E_FORMAT,
                            "layers: entry %d is '%s': expected at most %d entries",
                            number, entry, IPL_NET_LAYERS_MAX + 1);
        IPL_TRY(read_entry(number, entry, &width, &name));
        if (name && number > 1) IPL_TRY(read_act(number, entry, name, &act));
        if (number == 1 && last)
            return IPL_FAIL(IPL_E_FORMAT,
                            "layers: '%s' is one entry: expected inputs and classes "
                            "at least", entry);
        IPL_TRY(check_place(number, entry, last, width, name, act));
        shape.width[number - 1] = width;
        shape.act[number - 1] = number == 1 ? IPL_ACT_LINEAR : act;
    }
    shape.layers = number - 1;
    *out = shape;
    return IPL_OK;
}

ipl_status ipl_net_format(const ipl_net_shape *shape, size_t size, char *text)
{
    char made[(IPL_NET_LAYERS_MAX + 1) * 24];
    IPL_TRY(net_check_shape(shape));
    size_t used = (size_t)snprintf(made, sizeof made, "%d", shape->width[0]);
    for (int l = 1; l <= shape->layers; ++l) {
        const int hidden = l < shape->layers;
        used += (size_t)snprintf(made + used, sizeof made - used, ", %d%s%s",
                                 shape->width[l], hidden ? "-" : "",
                                 hidden ? act_name[shape->act[l]] : "");
    }
    IPL_REQUIRE(used < size, "layers: the text needs %zu bytes, there are %zu",
                used + 1, size);
    memcpy(text, made, used + 1);
    return IPL_OK;
}

ipl_status net_check_shape(const ipl_net_shape *shape)
{
    IPL_REQUIRE(shape, "network shape is NULL");
    IPL_REQUIRE(shape->layers >= 1 && shape->layers <= IPL_NET_LAYERS_MAX,
                "network of %d layers: expected 1 to %d", shape->layers,
                IPL_NET_LAYERS_MAX);
    for (int l = 0; l <= shape->layers; ++l) {
        const int last = l == shape->layers;
        const int32_t least = last ? CLASSES_MIN : 1;
        IPL_REQUIRE(shape->width[l] >= least && shape->width[l] <= IPL_NET_WIDTH_MAX,
                    "layer %d has width %d: expected %d to %d", l, shape->width[l],
                    least, IPL_NET_WIDTH_MAX);
        IPL_REQUIRE(l == 0 || (last ? shape->act[l] == IPL_ACT_SOFTMAX
                                    : shape->act[l] >= IPL_ACT_LINEAR &&
                                          shape->act[l] < IPL_ACT_SOFTMAX),
                    "layer %d has activation %d: expected softmax in the last layer "
                    "and only there", l, (int)shape->act[l]);
    }
    return IPL_OK;
}

int64_t ipl_net_weight_at(const ipl_net_shape *shape, int layer)
{
    int64_t at = 0;
    for (int l = 1; l < layer; ++l)
        at += ((int64_t)shape->width[l - 1] + 1) * shape->width[l];
    return at;
}

int64_t ipl_net_bias_at(const ipl_net_shape *shape, int layer)
{
    return ipl_net_weight_at(shape, layer) +
           (int64_t)shape->width[layer - 1] * shape->width[layer];
}

int64_t ipl_net_parameters(const ipl_net_shape *shape)
{
    return ipl_net_weight_at(shape, shape->layers + 1);
}
