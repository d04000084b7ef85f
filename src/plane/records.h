/*
 * records.h - what a run writes into its journal, and reads again when it resumes.
 */
#ifndef IPL_RECORDS_H
#define IPL_RECORDS_H

#include "plane/journal.h"
#include "plane/points.h"

enum {
    RECORD_IDENTITY = 1, RECORD_POINTS = 2, RECORD_TRAINING = 3, RECORD_POOL = 4,
    RECORD_DONE = 5 /* all results are on disk                                  */
};

/* The points of `layers` layers: POINTS, those of all replicas at a tick; POOL, those
 * of all K of a unit (pool.h), whose number stands for the tick. */
ipl_status ipl_records_add_points(ipl_journal *j, uint32_t type, int64_t tick,
                                  int layers, const ipl_layer *layer);

/* What such a record holds: *text is the caller's to free. */
ipl_status ipl_records_points_text(int layers, const ipl_layer *layer, char **text,
                                   size_t *bytes);

/* A record's points, to layer[layers]. E_FORMAT: not that many, or unknown names. */
ipl_status ipl_records_read_points(const void *payload, size_t bytes, int layers,
                                   ipl_layer *layer);

/* The rows of training.csv of all replicas, with their `layers` layers, at one tick. */
ipl_status ipl_records_add_training(ipl_journal *j, int64_t tick, int replicas,
                                    int layers, const ipl_training_row *row);
ipl_status ipl_records_read_training(const void *payload, size_t bytes, int replicas,
                                     int layers, ipl_training_row *row);

#endif
