/*
 * store_device.h - the part of a snapshot store that is memory of a device.
 *
 * Private to store.c. Slots of one size, allocated as they are first needed and kept
 * until the end, since giving memory back makes a GPU wait. Events order the handles of
 * the device: who reads a slot comes after its writer, and who writes it again comes
 * after its readers, and none of them waits on the host. Choosing, releasing and
 * reading slots need the caller's lock; writing does not.
 */
#ifndef IPL_STORE_DEVICE_H
#define IPL_STORE_DEVICE_H

#include "ipl_device.h"

typedef struct {
    float    *at;
    ipl_event *written, *read;
} store_slot;

typedef struct {
    ipl_device  *dev;    /* gives the memory back                               */
    size_t       bytes;  /* of one slot                                         */
    size_t       budget; /* of all; what cannot be had lowers it                */
    store_slot **unused; /* [unused_count]                                      */
    int64_t      unused_count, made, room;
} store_device;

void store_device_init(store_device *s, ipl_device *dev, size_t bytes, size_t budget);
void store_device_destroy(store_device *s);

/* A slot, with memory made by `dev` where there is no unused one; NULL when the budget
 * or the device is used up. E_MEMORY: of the host. */
ipl_status  store_device_take(store_device *s, ipl_device *dev, store_slot **out);
void        store_device_release(store_device *s, store_slot *slot);

ipl_status store_device_write(const store_device *s, store_slot *slot, ipl_device *dev,
                              const float *params);
ipl_status store_device_read(const store_device *s, store_slot *slot, ipl_device *dev,
                             float *params);

/* What dev does from now on comes after the slot was written. Needs the lock, as it
 * uses an event; reading does not, while the slot is not released. */
ipl_status store_device_await(store_slot *slot, ipl_device *dev);

/* Whether the next take would find or make a slot, as far as the budget goes. */
int store_device_has_room(const store_device *s);

#endif
