/*
 * networks.h - the networks that a run keeps: networks.bin of its directory.
 *
 * The file begins with a title, the floats of a record, the CRC-32 of the data set and
 * the digest of the run (identity.h); then come records in ascending order of ticks:
 * tick, bytes, CRC-32 and the packed parameters (pack.h) of all replicas, in the byte
 * order of the machine. So the same
 * run leaves the same bytes, whatever its workers did first.
 */
#ifndef IPL_NETWORKS_H
#define IPL_NETWORKS_H

#include <stdint.h>

#include "ipl_status.h"

/* -- Reading ----------------------------------------------------------------------*/

typedef struct ipl_networks ipl_networks;

/* Finds the records of the file (file.h, for dir and path). E_IO; E_FORMAT: not such a
 * file, of networks with another number of floats, or cut off within a record. */
ipl_status ipl_networks_open(int dir, const char *path, int64_t floats,
                             ipl_networks **out);
void       ipl_networks_close(ipl_networks *n);

uint32_t ipl_networks_data_crc(const ipl_networks *n);
uint32_t ipl_networks_digest(const ipl_networks *n);

/* CRC-32 of all records' heads, and so of all networks. */
uint32_t ipl_networks_crc(const ipl_networks *n);

/* How many ticks were kept, and the index-th of them, ascending. */
int64_t ipl_networks_count(const ipl_networks *n);
int64_t ipl_networks_tick(const ipl_networks *n, int64_t index);

/* Index of the first tick that is not before this one; the count where all are. */
int64_t ipl_networks_from(const ipl_networks *n, int64_t tick);
int     ipl_networks_hold(const ipl_networks *n, int64_t tick);

/* E_ARGUMENT: not kept; the text has the nearest ticks that were. */
ipl_status ipl_networks_must_hold(const ipl_networks *n, int64_t tick);

/* The networks of a tick to params[floats], host memory: [replicas][parameters]. May be
 * called by several threads at once. E_ARGUMENT: not kept; E_FORMAT: damaged;
 * E_IO; E_MEMORY. */
ipl_status ipl_networks_read(const ipl_networks *n, int64_t tick, float *params);

/* -- Writing ----------------------------------------------------------------------*/

typedef struct ipl_keeper ipl_keeper;

typedef struct {
    int64_t  floats;   /* of a record                                           */
    uint32_t data_crc, digest;
    int64_t  bytes;    /* of the file, to go on behind; 0: a new file           */
    int64_t  tick;     /* whose record ends there, or that of the last one before it */
} ipl_keeper_options;

/* Makes the file; or goes on behind its first bytes, and cuts off what follows. E_IO;
 * E_ARGUMENT: networks of another run are there; E_FORMAT: not of such networks, or
 * damaged. After a failure the file is as it was. */
ipl_status ipl_keeper_open(int dir, const char *path, const ipl_keeper_options *options,
                           ipl_keeper **out);
void       ipl_keeper_close(ipl_keeper *k);

/* Adds a tick behind all others. A record that did not fit is taken back. E_IO (a full
 * disk); E_MEMORY. */
ipl_status ipl_keeper_add(ipl_keeper *k, int64_t tick, const float *params);

/* Waits until all records are on disk. E_IO. */
ipl_status ipl_keeper_sync(ipl_keeper *k);

/* Where the record of `tick`, or of the last one before it, ends in the file. Calls
 * must not go back in ticks. E_IO. */
ipl_status ipl_keeper_bytes(ipl_keeper *k, int64_t tick, int64_t *bytes);

#endif
