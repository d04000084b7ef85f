/*
 * mi_bin.h - what the files of the plug-in estimator share.
 */
#ifndef IPL_MI_BIN_H
#define IPL_MI_BIN_H

#include "mi/mi.h"

/* The point of a layer from the sizes of its cells: `alone`, and split by labels and
 * then by inputs, as far as the job has them. mi_bin_point.c */
ipl_status bin_point(const char *name, const ipl_mi_job *job,
                     ipl_bin_correction correction, const ipl_bin_job *cells,
                     const ipl_count_job *alone, const ipl_count_job *split,
                     ipl_mi_point *out);

/* se_x and se_y of the job's point by the delete-one jackknife, from the cell of each
 * row (device, [n]). mi_bin_error.c */
ipl_status bin_standard_errors(ipl_device *dev, const ipl_mi_job *job,
                               ipl_bin_correction correction, const int32_t *cell,
                               ipl_mi_point *point);

/* What Miller and Madow add to an entropy of n rows in so many occupied cells. By that
 * much the plug-in entropy is too small on average, up to terms of 1/n^2, where all
 * cells that can occur are occupied (G. Miller, Note on the bias of information
 * estimates, 1955). */
static inline double bin_bias(int64_t n, int64_t cells)
{
    return (double)(cells - 1) / (2.0 * (double)n);
}

/* Groups that have a row. mi_bin_point.c */
int64_t bin_groups(const ipl_labels *g);

/* mi_bin_plain.c */
ipl_status bin_plain(const ipl_mi_options *options, const ipl_mi_samples *samples,
                     int64_t d, const float *t, int point, double *i_xt, double *i_ty);

#endif
