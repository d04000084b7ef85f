/*
 * places.c - devices that may work on one run together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plane/far.h"

/* An emulator numbers its devices, "cudaemu 1 (..)": a word that is the device's own
 * number is no part of its model. */
const char *ipl_places_model(const ipl_device *dev, char text[IPL_MODEL_TEXT])
{
    const ipl_device_info *about = ipl_device_about(dev);
    const char *colon = strchr(about->name, ':'), *number = colon ? colon + 1 : "";
    const size_t length = strlen(number);
    size_t used = 0;
    if (about->is_host) {
        snprintf(text, IPL_MODEL_TEXT, "%s, %s", about->name, about->libraries);
        return text;
    }
    for (const char *at = about->description; *at;) {
        const size_t word = strcspn(at, " ") + strspn(at + strcspn(at, " "), " ");
        const size_t bare = strcspn(at, " ");
        if (bare != length || strncmp(at, number, length)) {
            memcpy(text + used, at, word);
            used += word;
        }
        at += word;
    }
    snprintf(text + used, IPL_MODEL_TEXT - used, ", %d multiprocessors, %s",
             about->threads, about->libraries);
    return text;
}

ipl_status ipl_places_check(const ipl_places *on)
{
    char first[IPL_MODEL_TEXT], model[IPL_MODEL_TEXT];
    IPL_REQUIRE(on && on->devices >= 1 && on->device && on->device[0],
                "no device to run on");
    IPL_REQUIRE(on->helpers >= 0 && (on->helper || !on->helpers), "%d helpers",
                on->helpers);
    ipl_places_model(on->device[0], first);
    for (int d = 1; d < on->devices; ++d) {
        IPL_REQUIRE(on->device[d], "device %d is NULL", d);
        const ipl_device_info *about = ipl_device_about(on->device[d]);
        for (int k = 0; k < d; ++k)
            IPL_REQUIRE(on->device[k] != on->device[d] &&
                            (about->is_host ||
                             strcmp(ipl_device_about(on->device[k])->name,
                                    about->name)),
                        "device '%s' is there twice: expected each GPU once",
                        about->name);
        if (strcmp(ipl_places_model(on->device[d], model), first))
            return IPL_FAIL(IPL_E_ARGUMENT, "device '%s' is a %s, and '%s' a %s: a run "
                            "takes devices of one kind and model, whose bits are the "
                            "same", ipl_device_about(on->device[0])->name, first,
                            about->name, model);
    }
    return IPL_OK;
}
