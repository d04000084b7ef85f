/*
 * store_file.h - the file of a snapshot store: records in slots of one size.
 *
 * Private to store.c. Slots make reuse trivial, and what a record leaves of a slot
 * is a hole that takes no space on disk as long as it was never written. Choosing
 * and releasing slots needs the caller's lock; reading and writing do not.
 *
 * A record: magic, CRC-32 of all that follows, tick, payload bytes, payload. The
 * payload is the packed snapshot (pack.h).
 */
#ifndef IPL_STORE_FILE_H
#define IPL_STORE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

typedef struct {
    int      dir;
    const char *path; /* not owned                                              */
    int      fd;      /* -1 until the first slot                                */
    int64_t  floats;
    size_t   slot_bytes;
    char    *used;    /* [slots]                                                */
    int64_t  slots, room;
} store_file;

void       store_file_init(store_file *file, int dir, const char *path, int64_t floats);
void       store_file_remove(store_file *file);
ipl_status store_file_take(store_file *file, int64_t *slot);
void       store_file_release(store_file *file, int64_t slot);
ipl_status store_file_write(const store_file *file, int64_t slot, int64_t tick,
                            const float *snapshot);
ipl_status store_file_read(const store_file *file, int64_t slot, int64_t tick,
                           float *snapshot);

#endif
