/*
 * kde_pack.h - from activations to the vector groups of kde.h.
 */
#ifndef KDE_PACK_H
#define KDE_PACK_H

#include "cpu/kde.h"

/* A layer's geometry: fills n, d, padded, scale, limit and cut of *m, and returns the
 * power of two that its coordinates are to be multiplied by. The power is 1 unless
 * the variance is so small or large that squares in its unit leave float's range. */
float kde_prepare(const ipl_kde_job *job, int full_sums, int64_t columns,
                  kde_matrix *m);

/* Packs the rows [from, to) of `m`, multiplied by `factor`: whole groups of `lanes`. */
void kde_pack(const ipl_kde_job *job, const kde_matrix *m, float factor, int64_t lanes,
              int64_t from, int64_t to, float *rows, float *position, float *class_of);

#endif
