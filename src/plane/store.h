/*
 * store.h - snapshots of networks, kept until nobody can ask for them.
 *
 * A snapshot is `floats` float32 values under the number of its tick: the
 * parameters of all replicas, never activations. It comes from memory of a device and
 * goes back to there. Up to a byte budget snapshots stay on the device, then, up to
 * another, in host memory; while both are used up, new ones go to a file, packed
 * (pack.h) and with a checksum each. Space of dropped records is used again
 * and the end of the file is cut off, so that it grows with the number of
 * snapshots held and not with the number of ticks. The file is scratch: it is
 * emptied on creation and removed at the end, and a resumed run makes its own.
 *
 * All functions but create and destroy may be called from any thread, each with a
 * device handle that no other thread uses: handles of one device, made by
 * ipl_device_open_again. Compressing, reading and writing happen outside the lock.
 */
#ifndef IPL_STORE_H
#define IPL_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_device.h"

typedef struct ipl_store ipl_store;

typedef struct {
    int64_t     floats;       /* of one snapshot, >= 1                          */
    ipl_device *dev;          /* frees what is on the device; must outlive the store */
    size_t      device_bytes; /* budget there; 0: where host memory is the device's */
    size_t      memory_bytes; /* budget in host memory; 0: none                  */
    int         dir;          /* with path: see file.h                          */
    const char *path;         /* made when first needed; NULL: no file          */
} ipl_store_options;

typedef struct {
    int64_t held, held_peak; /* snapshots                                       */
    int64_t kept_on_device;  /* how many ever stayed on the device              */
    int64_t spilled;         /* how many ever went to the file                  */
    int64_t in_file;         /* how many of `held` are there now                */
    size_t  device_bytes, device_peak_bytes; /* of snapshots                    */
    size_t  memory_bytes, memory_peak_bytes; /* of snapshots, without headers   */
    size_t  file_bytes, file_peak_bytes;     /* length of the file; holes count */
} ipl_store_stats;

ipl_status ipl_store_create(const ipl_store_options *options, ipl_store **out);
void       ipl_store_destroy(ipl_store *store);

/* Keeps a copy of params (memory of dev). What stays on the device is not waited for.
 * E_ARGUMENT: the tick is held already; E_MEMORY: also when the budgets are used up and
 * there is no file; E_IO: the file, the system's reason, and the sizes (a full disk).
 * After a failure the store is as it was before. */
ipl_status ipl_store_put(ipl_store *store, int64_t tick, ipl_device *dev,
                         const float *params);

/* Copies the snapshot to params (memory of dev); it stays held. Ordered with the calls
 * on dev. E_ARGUMENT: the tick is not held; E_FORMAT: its record in the file is
 * damaged; E_IO; E_MEMORY. */
ipl_status ipl_store_get(ipl_store *store, int64_t tick, ipl_device *dev,
                         float *params);

/* The same to host memory, for who measures elsewhere; waits. dev: a handle of the
 * store's device, of no use where the device's memory is the host's, and then NULL. */
ipl_status ipl_store_read(ipl_store *store, int64_t tick, ipl_device *dev,
                          float *host);

int ipl_store_holds(ipl_store *store, int64_t tick);

/* 1 when the next put would go to the file: time for a trainer to wait, if the
 * measuring has something to do. */
int ipl_store_is_full(ipl_store *store);

/* Forgets one tick (nothing happens if it is not held), or all for which
 * keep(user, tick) is 0; keep must not call the store. */
void ipl_store_drop(ipl_store *store, int64_t tick);
void ipl_store_sweep(ipl_store *store, int (*keep)(void *user, int64_t tick),
                     void *user);

void ipl_store_about(ipl_store *store, ipl_store_stats *out);

#endif
