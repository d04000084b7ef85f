/*
 * sparse_product.h - products with a matrix on the left that has many zeros: C = A B.
 *
 * Images are half background (Fashion-MNIST) or four fifths (MNIST), and the first
 * layer of a wide network is nearly all of its work. Each row of A is a list of its
 * entries that are not zero, and a row of C is the sum over that list of rows of B.
 *
 * Traffic: a panel of C, SPARSE_WIDTH columns, at a time. SPARSE_DEPTH rows of B's
 * panel, 24 KiB, are copied to where they stay in L1; each entry then costs
 * SPARSE_VECTORS multiplications and as many loads, which are the limit: 0.7 of the
 * speed of a dense product for each entry.
 *
 * Numerics: an element of C is one chain of fused additions over the columns of A in
 * their order. Neither the blocks nor the zeros left out change it, where B is finite;
 * a network whose weights are not is refused after the call.
 *
 * Limits: places are 16 bits, so a block of B has at most 65536 values.
 */
#ifndef SPARSE_PRODUCT_H
#define SPARSE_PRODUCT_H

#include "cpu/net_kernels.h"
#include "cpu/simd.h"

enum {
    SPARSE_VECTORS = 8, /* of sums in registers */
    SPARSE_WIDTH = SPARSE_VECTORS * VF,
    SPARSE_TILE = 6144,
    SPARSE_DEPTH = SPARSE_TILE / SPARSE_WIDTH,
    /* Measured: the break-even is at 2 to 2.5 in eight. Where there is no set of ours,
     * OpenBLAS may still have one. */
    SPARSE_ZEROS = VF > 4 ? 3 : 7
};

static int64_t sparse_blocks(int64_t cols)
{
    return ceil_div(cols, SPARSE_DEPTH);
}

static void sparse_list(const sparse_matrix *m, int64_t block, const float *a,
                        int64_t row_step, int64_t col_step)
{
    const int64_t first = block * SPARSE_DEPTH, left = m->cols - first;
    const int depth = left < SPARSE_DEPTH ? (int)left : SPARSE_DEPTH;
    float *value = m->value + m->rows * first;
    uint16_t *place = m->place + m->rows * first;
    int32_t *end = m->end + m->rows * block;
    int32_t n = 0;
    for (int64_t r = 0; r < m->rows; ++r) {
        const float *at = a + r * row_step + first * col_step;
        /* Zeros are written too, and then overwritten: no branch to mispredict. */
        for (int k = 0; k < depth; ++k) {
            const float v = at[k * col_step];
            value[n] = v;
            place[n] = (uint16_t)(k * SPARSE_WIDTH);
            n += v != 0.0f;
        }
        end[r] = n;
    }
}

/* c[SPARSE_WIDTH] <- c + the sum over the entries, or without c when `fresh`. */
INLINE void sparse_row(int count, const uint16_t *place, const float *value,
                       const float *tile, int fresh, float *c)
{
    vf sum[SPARSE_VECTORS];
    for (int j = 0; j < SPARSE_VECTORS; ++j)
        sum[j] = fresh ? vf_set(0.0f) : vf_loadu(c + j * VF);
    for (int i = 0; i < count; ++i) {
        const vf v = vf_set(value[i]);
        const float *b = tile + place[i];
        for (int j = 0; j < SPARSE_VECTORS; ++j)
            sum[j] = vf_fma(v, vf_load(b + j * VF), sum[j]);
    }
    for (int j = 0; j < SPARSE_VECTORS; ++j) vf_storeu(c + j * VF, sum[j]);
}

static void sparse_panel(const sparse_matrix *m, int64_t cols, const float *b,
                         int64_t ldb, int keep, float *c, int64_t ldc)
{
    _Alignas(64) float tile[SPARSE_TILE] = {0};
    float edge[SPARSE_WIDTH] = {0};
    const size_t bytes = (size_t)cols * sizeof *b;
    for (int64_t first = 0; first < m->cols; first += SPARSE_DEPTH) {
        const int64_t left = m->cols - first;
        const int64_t depth = left < SPARSE_DEPTH ? left : SPARSE_DEPTH;
        for (int64_t k = 0; k < depth; ++k)
            memcpy(tile + k * SPARSE_WIDTH, b + (first + k) * ldb, bytes);
        const float *value = m->value + m->rows * first;
        const uint16_t *place = m->place + m->rows * first;
        const int32_t *end = m->end + m->rows * (first / SPARSE_DEPTH);
        int32_t from = 0;
        for (int64_t r = 0; r < m->rows; ++r) {
            float *at = c + r * ldc;
            float *to = cols < SPARSE_WIDTH ? edge : at;
            if (to == edge && (keep || first)) memcpy(edge, at, bytes);
            sparse_row(end[r] - from, place + from, value + from, tile,
                       !keep && !first, to);
            if (to == edge) memcpy(at, edge, bytes);
            from = end[r];
        }
    }
}

#endif
