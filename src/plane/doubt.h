/*
 * doubt.h - counts of points that cannot be trusted, as rows are written.
 *
 * An accumulator, fed with each point of plane.csv and pool.csv in any order. It keeps
 * one entry for each estimator of each table.
 */
#ifndef IPL_DOUBT_H
#define IPL_DOUBT_H

#include <jansson.h>

#include "ipl_plane.h"

typedef struct ipl_doubts ipl_doubts;

ipl_status ipl_doubts_create(ipl_doubts **out);
void       ipl_doubts_destroy(ipl_doubts *d);

/* A point of a layer, from 1. E_MEMORY. */
ipl_status ipl_doubts_add(ipl_doubts *d, int pooled, int layer, const ipl_mi_point *p);

/* A row for each estimator, flag and reason that any point has: estimators as they came
 * first, flags by number; *rows is the caller's to free. E_MEMORY. */
ipl_status ipl_doubts_rows(const ipl_doubts *d, ipl_doubt **rows, int64_t *count);

/* The same for run.json: a list of objects. NULL: no memory. */
json_t *ipl_doubts_json(const ipl_doubts *d);

#endif
