/*
 * summary.h - the rows of summary.csv: mean and deviation over the seeds.
 */
#ifndef IPL_SUMMARY_H
#define IPL_SUMMARY_H

#include "plane/points.h"

/* "epoch,layer,estimator,quantity,mean,deviation,n" */
extern const char ipl_summary_header[];

/* The rows of one tick, of layer[replicas][layers], in *text, which the caller frees.
 * layer_name: one more column; NULL: none. E_MEMORY. */
ipl_status ipl_summary_text(int64_t tick, int replicas, int layers,
                            const ipl_layer *layer, const char *const *layer_name,
                            char **text);

#endif
