/*
 * scale.h - inputs as the files have them, to those that a network sees.
 */
#ifndef IPL_SCALE_H
#define IPL_SCALE_H

#include "data/data.h"

/* Scales raw->x into d->x; the caller has filled in rows, inputs, train_rows and split
 * of d. raw->x is gone then. What was shifted only, or is lost in float32, is noted.
 * E_ARGUMENT: all inputs are constant; E_FORMAT: a value is beyond float32, or a range
 * beyond double; E_MEMORY. */
ipl_status ipl_scale_inputs(const ipl_data_options *options, ipl_raw_set *raw,
                            ipl_dataset *d);

#endif
