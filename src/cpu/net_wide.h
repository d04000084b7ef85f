/*
 * net_wide.h - networks with a layer wider than TINY_WIDTH, on OpenBLAS.
 */
#ifndef NET_WIDE_H
#define NET_WIDE_H

#include "cpu/net_kernels.h"

enum { WIDE_CHUNK = 512 }; /* rows at a time: bounds the memory of a large batch */

/* Floats of work for chunks of `rows` rows; gradients need the deltas too. */
int64_t wide_work_floats(const ipl_net_shape *shape, int64_t rows, int gradient);

/* grad[parameters] = scale * d(sum of the rows' cross-entropies), overwritten.
 * `threads` share the products; the bits do not depend on how many. */
void wide_gradient(const net_kernels *k, int threads, const ipl_net_shape *shape,
                   const float *params, const float *x, const int32_t *y,
                   const int32_t *row, int64_t count, float scale, float *work,
                   float *grad);

/* Rows 0 .. count-1 of x, count <= WIDE_CHUNK, on one thread. act and logits as in
 * net_kernels.tiny_forward. */
void wide_forward(const net_kernels *k, const ipl_net_shape *shape, const float *params,
                  const float *x, int64_t count, float *work, float *const *act,
                  float *logits);

#endif
