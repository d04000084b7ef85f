/*
 * checkpoint.h - the state of a training, from which it goes on with the same bits.
 */
#ifndef IPL_CHECKPOINT_H
#define IPL_CHECKPOINT_H

#include <stdint.h>

#include "plane/identity.h"

/* `values` is what ipl_trainer_read gives after this tick; together with the tick,
 * which is the generator's position, it is all that training depends on. */
typedef struct {
    int64_t tick;
    int64_t steps;         /* of the optimiser                                  */
    int64_t journal_bytes; /* length of the journal that was on disk by then    */
    int64_t kept_bytes;    /* of the file of kept networks up to this tick; 0: none */
    int64_t floats;
    float  *values;        /* [floats]                                          */
    ipl_identity of;       /* the run                                           */
} ipl_checkpoint;

/* Replaces the file, atomically (file.h, for dir and path), and waits for the disk.
 * E_IO. */
ipl_status ipl_checkpoint_write(int dir, const char *path, const ipl_checkpoint *from);

/* Reads `out->floats` floats to out->values and sets the rest, for the run out->of.
 * tick is -1 when there is no file: the run had not come so far. E_ARGUMENT: it is of
 * another run; E_FORMAT: damaged, or of another size. */
ipl_status ipl_checkpoint_read(int dir, const char *path, ipl_checkpoint *out);

#endif
