/*
 * net_kernels.h - the network arithmetic that depends on the instruction set.
 *
 * Three families: `tiny_` functions take whole chunks of rows through a network all of
 * whose widths are at most TINY_WIDTH (samples across the lanes, activations
 * feature-major, two layers in L1); `sparse_` ones are products with inputs that are
 * often zero; the others are the element-wise passes between the matrix products of
 * wider networks.
 */
#ifndef NET_KERNELS_H
#define NET_KERNELS_H

#include "cpu/cpu.h"

enum {
    TINY_WIDTH = 64,
    TINY_CHUNK = 256 /* rows: any two layers of the IB net fit in L1 */
};

/* One optimiser step, all scalars ready: with g' = g + decay w,
 *   SGD       w <- w - rate g'
 *   MOMENTUM  m <- momentum m - rate g',  w <- w + m
 *   ADAM      m <- beta1 m + (1 - beta1) g',  v <- beta2 v + (1 - beta2) g'^2,
 *             w <- w - rate_m m / (sqrt(v scale_v) + epsilon)
 * where rate_m = rate / (1 - beta1^steps) and scale_v = 1 / (1 - beta2^steps). */
typedef struct {
    ipl_optimizer optimizer;
    float rate, momentum, beta1, beta2, epsilon;
    float rest1, rest2; /* 1 - beta1, 1 - beta2, rounded once */
    float rate_m, scale_v;
} net_step;

/* The entries of a matrix that are not zero, for products with it on the left:
 * sparse_product.h. Its columns are cut into blocks, and a block has the entries of one
 * row after the other, in memory for rows x cols of them. */
typedef struct {
    int64_t   rows, cols;
    float    *value;
    uint16_t *place; /* of the row of B that belongs to the entry, in its block */
    int32_t  *end;   /* [blocks][rows]: where in its block a row's entries end  */
} sparse_matrix;

typedef struct {
    /* grad[parameters] += scale * d(sum of the rows' cross-entropies) for rows
     * row[0 .. count) of x and y. work: tiny_work_floats. */
    void (*tiny_gradient)(const ipl_net_shape *shape, const float *params,
                          const float *x, const int32_t *y, const int32_t *row,
                          int64_t count, float scale, float *work, float *grad);
    /* Rows 0 .. count-1 of x, count <= TINY_CHUNK. act[l - 1]: [count][width[l]],
     * or NULL; logits: the last layer before softmax, or NULL. */
    void (*tiny_forward)(const ipl_net_shape *shape, const float *params,
                         const float *x, int64_t count, float *work,
                         float *const *act, float *logits);

    /* z <- f(z + bias) for a rows x cols block with row stride ld. */
    void (*activate)(ipl_act act, int64_t rows, int64_t cols, const float *bias,
                     int64_t ld, float *z);
    /* d <- d f'(z), from t = f(z); blocks as above. */
    void (*derive)(ipl_act act, int64_t rows, int64_t cols, const float *t, int64_t ld,
                   float *d);
    /* z <- softmax(z + bias) row by row; packed. */
    void (*softmax)(int64_t rows, int64_t classes, const float *bias, float *z);
    /* sum[c] += sum over the rows of d, in the order of the rows; packed. */
    void (*add_columns)(int64_t rows, int64_t cols, const float *d, float *sum);
    /* Moments m, v as the optimiser has them, else NULL. */
    void (*optimise)(const net_step *step, int64_t count, float decay, const float *g,
                     float *w, float *m, float *v);
    /* mean <- mean + (g - mean) / b, element by element: g is number b of the vectors.
     * Returns the sum of (g - old mean)(g - new mean). */
    double (*add_moments)(int64_t count, int64_t b, const float *g, double *mean);

    /* Columns of B and C at a time; the blocks of a matrix of `cols` columns. */
    int sparse_width;
    int sparse_zeros; /* in eight values, from which on they are faster than sgemm */
    int64_t (*sparse_blocks)(int64_t cols);
    /* Lists a block of m from its m->rows x m->cols values, element (r, k) at
     * a[r row_step + k col_step]. */
    void (*sparse_list)(const sparse_matrix *m, int64_t block, const float *a,
                        int64_t row_step, int64_t col_step);
    /* C = M B + keep C for `cols` columns, at most sparse_width, of B and C. */
    void (*sparse_panel)(const sparse_matrix *m, int64_t cols, const float *b,
                         int64_t ldb, int keep, float *c, int64_t ldc);
} net_kernels;

extern const net_kernels net_kernels_portable;
extern const net_kernels net_kernels_avx2;
extern const net_kernels net_kernels_avx512;

/* Floats of work that the tiny functions want: inputs and activations of a chunk, a
 * row of ones behind each for the biases, two layers of deltas, labels and weights. */
static inline int64_t tiny_work_floats(const ipl_net_shape *shape)
{
    int64_t units = 2 * (int64_t)TINY_WIDTH + 2;
    for (int l = 0; l <= shape->layers; ++l) units += shape->width[l] + 1;
    return units * TINY_CHUNK;
}

#endif
