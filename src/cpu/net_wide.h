/*
 * net_wide.h - networks with a layer wider than TINY_WIDTH, on OpenBLAS.
 */
#ifndef NET_WIDE_H
#define NET_WIDE_H

#include "cpu/net_kernels.h"

enum { WIDE_CHUNK = 512 }; /* rows at a time: bounds the memory of a large batch */

/* 1 if the zeros of x, rows x width[0], are so many that the first layer's products go
 * by the others alone (sparse_product.h): from these values, so that it's a matter of
 * data. Its last bits are then not those of sgemm. */
int wide_is_sparse(const net_kernels *k, const ipl_net_shape *shape, const float *x,
                   int64_t rows);

/* Floats of work for chunks of `rows` rows; gradients need the deltas too. */
int64_t wide_work_floats(const net_kernels *k, const ipl_net_shape *shape, int64_t rows,
                         int gradient);

/* The rows of a gradient: row[0 .. count) of x and y. */
typedef struct {
    const float   *x;
    const int32_t *y, *row;
    int64_t        count;
    int            sparse; /* as wide_is_sparse says of x */
} wide_batch;

/* Whom a part of the gradient is given to while it is in cache: part[0 .. count) for
 * the parameters from `at` on, which the pass needs no more. Several threads may call
 * at once, but those of one `share`, below wide_shares, come in a fixed order. */
typedef struct {
    void (*take)(void *on, int64_t share, int64_t at, int64_t count, const float *part);
    void *on;
} wide_taker;

int64_t wide_shares(const net_kernels *k, const ipl_net_shape *shape);

/* grad[parameters] = d(mean of the rows' cross-entropies), overwritten. Of the first
 * layer's weights the taker may get it all instead: then 1 is returned, and their place
 * in grad holds nothing. `threads` share the products; the bits do not depend on how
 * many. */
int wide_gradient(const net_kernels *k, int threads, const ipl_net_shape *shape,
                  const float *params, const wide_batch *batch, float *work,
                  float *grad, const wide_taker *taker);

/* Rows 0 .. count-1 of x, count <= WIDE_CHUNK, on one thread. act and logits as in
 * net_kernels.tiny_forward. */
void wide_forward(const net_kernels *k, const ipl_net_shape *shape, const float *params,
                  const float *x, int64_t count, float *work, float *const *act,
                  float *logits);

#endif
