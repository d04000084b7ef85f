/*
 * spread.h - mean and deviation as columns of a table.
 */
#ifndef IPL_SPREAD_H
#define IPL_SPREAD_H

#include <stdint.h>

#include "buffer.h"

/* ",mean,deviation,n" of value[n], which are finite: in two passes in double, in their
 * order; the deviation is that with n - 1. Fields without a value are empty. */
void ipl_spread_print(ipl_buffer *to, int64_t n, const double *value);

#endif
