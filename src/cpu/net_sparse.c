/*
 * net_sparse.c - the first layer's products where inputs have many zeros.
 *
 * Two of them are nearly all work of a network like 784-1024-20-20-20-10: X W, and the
 * gradient X^T D. Threads share the panels of columns. A panel of the gradient is given
 * to the optimiser while it is in L2, so that the gradient, as large as the weights, is
 * neither written to memory nor read.
 */
#include "cpu/net_sparse.h"

#include <omp.h>

/* Elements of a matrix for which it pays to wake the other threads. */
enum { LIST_SHARED = 1 << 15 };

int wide_is_sparse(const net_kernels *k, const ipl_net_shape *shape, const float *x,
                   int64_t rows)
{
    const int64_t inputs = shape->width[0];
    int64_t zeros = 0;
    if (shape->width[1] < k->sparse_width || shape->layers < 2) return 0;
    for (int64_t r = 0; r < rows; ++r) {
        int32_t here = 0; /* as wide as a float, which suits vectors */
        for (int64_t i = 0; i < inputs; ++i) here += x[r * inputs + i] == 0.0f;
        zeros += here;
    }
    return 8 * zeros >= k->sparse_zeros * rows * inputs;
}

int64_t wide_shares(const net_kernels *k, const ipl_net_shape *shape)
{
    return ceil_div(shape->width[1], k->sparse_width);
}

static int64_t ends(const net_kernels *k, int64_t rows, int64_t cols)
{
    const int64_t plain = k->sparse_blocks(cols) * rows;
    const int64_t transposed = k->sparse_blocks(rows) * cols;
    return plain > transposed ? plain : transposed;
}

int64_t sparse_floats(const net_kernels *k, int64_t rows, int64_t cols)
{
    return rows * cols + (rows * cols + 1) / 2 + ends(k, rows, cols);
}

sparse_matrix sparse_at(const net_kernels *k, int64_t rows, int64_t cols, float *work)
{
    return (sparse_matrix){.value = work,
                           .end = (int32_t *)(work + rows * cols),
                           .place = (uint16_t *)(work + rows * cols +
                                                 ends(k, rows, cols))};
}

void sparse_fill(const net_kernels *k, int threads, int64_t rows, int64_t cols,
                 const float *a, int64_t row_step, int64_t col_step, sparse_matrix *m)
{
    const int64_t blocks = k->sparse_blocks(cols);
    m->rows = rows;
    m->cols = cols;
#pragma omp parallel for schedule(static) num_threads(threads) \
    if (threads > 1 && rows * cols > LIST_SHARED)
    for (int64_t b = 0; b < blocks; ++b) k->sparse_list(m, b, a, row_step, col_step);
}

void sparse_forward(const net_kernels *k, int threads, const sparse_matrix *m,
                    int64_t n, const float *w, ipl_act act, const float *bias, float *z)
{
    const int64_t width = k->sparse_width;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
    for (int64_t from = 0; from < n; from += width) {
        const int64_t cols = n - from < width ? n - from : width;
        k->sparse_panel(m, cols, w + from, n, 0, z + from, n);
        k->activate(act, m->rows, cols, bias + from, n, z + from);
    }
}

void sparse_outer(const net_kernels *k, int threads, const sparse_matrix *m, int64_t n,
                  const float *d, int keep, float *grad, const wide_taker *taker)
{
    const int64_t width = k->sparse_width;
    /* Panels that are given away stand in grad, one a thread. */
    if (taker && threads > n / width) threads = (int)(n / width);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
    for (int64_t from = 0; from < n; from += width) {
        const int64_t cols = n - from < width ? n - from : width;
        if (!taker) {
            k->sparse_panel(m, cols, d + from, n, keep, grad + from, n);
            continue;
        }
        float *panel = grad + omp_get_thread_num() * width * m->rows;
        k->sparse_panel(m, cols, d + from, n, 0, panel, width);
        for (int64_t i = 0; i < m->rows; ++i)
            taker->take(taker->on, from / width, i * n + from, cols, panel + i * width);
    }
}
