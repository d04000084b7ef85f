/*
 * net_sparse.h - a wide network's first layer on inputs with many zeros: net_sparse.c.
 */
#ifndef NET_SPARSE_H
#define NET_SPARSE_H

#include "cpu/net_wide.h"

/* Floats of work for the lists of a rows x cols matrix, or of its transpose. */
int64_t sparse_floats(const net_kernels *k, int64_t rows, int64_t cols);

/* Lists in `work`, with room for either. */
sparse_matrix sparse_at(const net_kernels *k, int64_t rows, int64_t cols, float *work);

/* The lists of a rows x cols matrix: element (r, c) is a[r row_step + c col_step]. */
void sparse_fill(const net_kernels *k, int threads, int64_t rows, int64_t cols,
                 const float *a, int64_t row_step, int64_t col_step, sparse_matrix *m);

/* z (rows x n, packed) = f(M w + bias). */
void sparse_forward(const net_kernels *k, int threads, const sparse_matrix *m,
                    int64_t n, const float *w, ipl_act act, const float *bias,
                    float *z);

/* M d + keep grad, for the weights of the first layer: into grad (packed), or to the
 * taker where there is one. */
void sparse_outer(const net_kernels *k, int threads, const sparse_matrix *m, int64_t n,
                  const float *d, int keep, float *grad, const wide_taker *taker);

#endif
