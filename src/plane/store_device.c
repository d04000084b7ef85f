/*
 * store_device.c - snapshots that never leave the device.
 */
#include "plane/store_device.h"

#include <stdlib.h>

void store_device_init(store_device *s, ipl_device *dev, size_t bytes, size_t budget)
{
    *s = (store_device){.dev = dev, .bytes = bytes, .budget = budget};
}

static void slot_destroy(const store_device *s, store_slot *slot)
{
    ipl_event_destroy(slot->written);
    ipl_event_destroy(slot->read);
    ipl_free(s->dev, slot->at);
    free(slot);
}

/* All slots must have been released. */
void store_device_destroy(store_device *s)
{
    for (int64_t k = 0; k < s->unused_count; ++k) slot_destroy(s, s->unused[k]);
    free(s->unused);
    *s = (store_device){0};
}

int store_device_has_room(const store_device *s)
{
    return s->unused_count || (size_t)(s->made + 1) * s->bytes <= s->budget;
}

/* Room to take every slot back, so that a release cannot fail. */
static ipl_status make_room(store_device *s)
{
    if (s->made < s->room) return IPL_OK;
    const int64_t room = 2 * s->room + 16;
    store_slot **more = realloc(s->unused, (size_t)room * sizeof *more);
    if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld snapshots", (long long)room);
    s->unused = more;
    s->room = room;
    return IPL_OK;
}

static ipl_status slot_create(store_device *s, ipl_device *dev, store_slot **out)
{
    store_slot *slot = calloc(1, sizeof *slot);
    if (!slot) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a snapshot", sizeof *slot);
    ipl_status st = ipl_event_create(dev, &slot->written);
    if (st == IPL_OK) st = ipl_event_create(dev, &slot->read);
    if (st == IPL_OK) st = ipl_alloc(dev, s->bytes, (void **)&slot->at);
    if (st == IPL_OK) *out = slot;
    else slot_destroy(s, slot);
    return st;
}

ipl_status store_device_take(store_device *s, ipl_device *dev, store_slot **out)
{
    *out = NULL;
    if (!store_device_has_room(s)) return IPL_OK;
    if (s->unused_count) {
        *out = s->unused[--s->unused_count];
        return IPL_OK;
    }
    IPL_TRY(make_room(s));
    const ipl_status st = slot_create(s, dev, out);
    if (st == IPL_E_MEMORY) { /* others were faster; what there is will have to do */
        s->budget = (size_t)s->made * s->bytes;
        return IPL_OK;
    }
    if (st == IPL_OK) ++s->made;
    return st;
}

void store_device_release(store_device *s, store_slot *slot)
{
    s->unused[s->unused_count++] = slot;
}

ipl_status store_device_write(const store_device *s, store_slot *slot, ipl_device *dev,
                              const float *params)
{
    IPL_TRY(ipl_event_wait(dev, slot->read));
    IPL_TRY(ipl_copy(dev, params, s->bytes, slot->at));
    return ipl_event_record(dev, slot->written);
}

/* An event stands for one moment, so a reader comes after the reader before it. */
ipl_status store_device_read(const store_device *s, store_slot *slot, ipl_device *dev,
                             float *params)
{
    IPL_TRY(ipl_event_wait(dev, slot->written));
    IPL_TRY(ipl_event_wait(dev, slot->read));
    IPL_TRY(ipl_copy(dev, slot->at, s->bytes, params));
    return ipl_event_record(dev, slot->read);
}

ipl_status store_device_await(store_slot *slot, ipl_device *dev)
{
    return ipl_event_wait(dev, slot->written);
}
