/*
 * rundir.h - the files of a run directory, as they are written.
 *
 * Rows collect in memory and reach the files at a flush, whole or not at all: a
 * flush that fails takes back what it had written of its rows. The directory is opened
 * once, and all files are found through that: they go where they belong, whatever
 * becomes of the directory's name.
 */
#ifndef IPL_RUNDIR_H
#define IPL_RUNDIR_H

#include <jansson.h>

#include "plane/points.h"
#include "plane/pool.h"

enum { IPL_RUNDIR_PATH = 4096 }; /* bytes of its name, at most */

typedef struct ipl_rundir ipl_rundir;

/* Makes the directory, and its parents. E_ARGUMENT: it exists, with more in it than
 * a start that was killed at once leaves behind; E_IO. */
ipl_status ipl_rundir_create(const char *dir, ipl_rundir **out);

/* A directory that is there. E_IO: it is not, or has no config.ini. */
ipl_status ipl_rundir_open(const char *dir, ipl_rundir **out);

/* Begins plane.csv, plane_details.csv, summary.csv and, when training_layers > 0,
 * training.csv, in memory, with their headers; then makes the files, and removes the
 * compression.csv of an earlier end. Tables of an earlier process stay in their place
 * until the new ones have their rows, up to tick `known`; -1: there are none. E_IO. */
ipl_status ipl_rundir_start_tables(ipl_rundir *r, int training_layers);
ipl_status ipl_rundir_open_tables(ipl_rundir *r, int64_t known);
void       ipl_rundir_close(ipl_rundir *r);

/* Before the tables begin: plane.csv, plane_details.csv and summary.csv have one more
 * column, with these names of the layers, which outlive r. */
void ipl_rundir_name_layers(ipl_rundir *r, const char *const *layer_name);

/* Takes away a directory of which nothing is worth keeping, as far as it has what this
 * process made. Only ipl_rundir_close may follow. */
void ipl_rundir_remove(ipl_rundir *r);

/* The layers of one network at one tick. */
ipl_status ipl_rundir_points(ipl_rundir *r, int64_t seed, int64_t tick, int layers,
                             const ipl_layer *layer);

/* The rows of summary.csv of a tick, layer[replicas][layers]. */
ipl_status ipl_rundir_summary(ipl_rundir *r, int64_t tick, int replicas, int layers,
                              const ipl_layer *layer);

/* Begins pool.csv, in memory, with its header. */
ipl_status ipl_rundir_start_pool(ipl_rundir *r);

/* The rows of a unit, layer[unit->sizes]; h_x in nats is the ceiling of I(X;T). */
ipl_status ipl_rundir_pool(ipl_rundir *r, const ipl_pool_unit *unit, double h_x,
                           const ipl_layer *layer);

/* One row of training.csv; NaN leaves a field empty. */
ipl_status ipl_rundir_training(ipl_rundir *r, int64_t seed, int64_t tick, int layers,
                               const ipl_training_row *row);

/* Writes compression.csv of all points and rows so far, of a run at its end. E_IO. */
ipl_status ipl_rundir_compression(ipl_rundir *r);

/* The doubts of all points so far, for run.json; NULL: no memory. */
json_t    *ipl_rundir_doubts(const ipl_rundir *r);

ipl_status ipl_rundir_flush(ipl_rundir *r);

/* Of a run that is done: the tables take their places, and all that was flushed is on
 * the disk. E_IO. */
ipl_status ipl_rundir_settle(ipl_rundir *r);

/* Replaces a file of the directory by this JSON text, in one step. */
ipl_status ipl_rundir_json(ipl_rundir *r, const char *name, const json_t *json);

/* The open directory, for file.h. */
int ipl_rundir_fd(const ipl_rundir *r);

/* The directory's path. */
const char *ipl_rundir_folder(const ipl_rundir *r);

/* "DIR/name", in a text that the next call overwrites. */
const char *ipl_rundir_path(ipl_rundir *r, const char *name);

/* -- rundir_folder.c --------------------------------------------------------------*/

/* Makes each folder of the path; the last one may be there already. E_IO. */
ipl_status ipl_rundir_make_folders(char *path, int *is_new);

/* E_ARGUMENT: more is in the open folder than a start leaves behind. */
ipl_status ipl_rundir_must_be_bare(int folder, const char *path);

#endif
