/*
 * tiny_product.h - the two products of a small network's layers.
 *
 * Operands are feature-major, [unit][TINY_CHUNK], and every product keeps a tile of
 * sums in registers: 2 x 6 vectors of outputs, or 4 x 3 of weights (AVX-512: 4 x 5).
 */
#ifndef TINY_PRODUCT_H
#define TINY_PRODUCT_H

#include "cpu/net_kernels.h"
#include "cpu/simd.h"

/* Rows advance by PAIR: two vectors at once. */
enum { PAIR = 2 * VF, TILE_OUT = 6, TILE_I = 4, TILE_J = VF == 16 ? 5 : 3 };

/* out[o] = bias[o] + sum_i w[i w_in + o w_out] in[i] for OUT outputs o; bias may be
 * NULL. OUT is a constant: the sums live in registers. */
INLINE void product_tile(const int OUT, int n, const float *in, const float *w,
                         int64_t w_in, int64_t w_out, const float *bias, int span,
                         float *out)
{
    for (int r = 0; r < span; r += PAIR) {
        vf sum[TILE_OUT][2];
        for (int o = 0; o < OUT; ++o)
            sum[o][0] = sum[o][1] = vf_set(bias ? bias[o] : 0.0f);
        for (int i = 0; i < n; ++i) {
            const float *at = in + i * TINY_CHUNK + r;
            const vf a = vf_load(at), b = vf_load(at + VF);
            for (int o = 0; o < OUT; ++o) {
                const vf weight = vf_set(w[i * w_in + o * w_out]);
                sum[o][0] = vf_fma(weight, a, sum[o][0]);
                sum[o][1] = vf_fma(weight, b, sum[o][1]);
            }
        }
        for (int o = 0; o < OUT; ++o) {
            vf_store(out + o * TINY_CHUNK + r, sum[o][0]);
            vf_store(out + o * TINY_CHUNK + r + VF, sum[o][1]);
        }
    }
}

/* The same for `outputs` outputs, in tiles of nearly equal size. */
static void product(int n, const float *in, const float *w, int64_t w_in,
                    int64_t w_out, const float *bias, int outputs, int span, float *out)
{
    const int tiles = (outputs + TILE_OUT - 1) / TILE_OUT;
    for (int tile = 0; tile < tiles; ++tile) {
        const int from = outputs * tile / tiles, to = outputs * (tile + 1) / tiles;
        const float *wo = w + from * w_out, *bo = bias ? bias + from : NULL;
        float *to_out = out + from * TINY_CHUNK;
        switch (to - from) {
        case 1: product_tile(1, n, in, wo, w_in, w_out, bo, span, to_out); break;
        case 2: product_tile(2, n, in, wo, w_in, w_out, bo, span, to_out); break;
        case 3: product_tile(3, n, in, wo, w_in, w_out, bo, span, to_out); break;
        case 4: product_tile(4, n, in, wo, w_in, w_out, bo, span, to_out); break;
        case 5: product_tile(5, n, in, wo, w_in, w_out, bo, span, to_out); break;
        default: product_tile(6, n, in, wo, w_in, w_out, bo, span, to_out); break;
        }
    }
}

#if defined(IPL_AVX512)
INLINE __m256 vf_halves(vf a) /* lower half + upper half */
{
    const __m256d upper = _mm512_extractf64x4_pd(_mm512_castps_pd(a), 1);
    return _mm256_add_ps(_mm512_castps512_ps256(a), _mm256_castpd_ps(upper));
}
#endif

/* out[k] = sum of the lanes of the k-th argument, in a tree. */
INLINE void vf_sum4(vf a, vf b, vf c, vf d, float out[4])
{
#if defined(IPL_AVX512) || defined(IPL_AVX2)
#if defined(IPL_AVX512)
    const __m256 a8 = vf_halves(a), b8 = vf_halves(b);
    const __m256 c8 = vf_halves(c), d8 = vf_halves(d);
#else
    const __m256 a8 = a, b8 = b, c8 = c, d8 = d;
#endif
    const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(a8, b8), _mm256_hadd_ps(c8, d8));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(pairs),
                                  _mm256_extractf128_ps(pairs, 1)));
#else
    out[0] = (a[0] + a[1]) + (a[2] + a[3]);
    out[1] = (b[0] + b[1]) + (b[2] + b[3]);
    out[2] = (c[0] + c[1]) + (c[2] + c[3]);
    out[3] = (d[0] + d[1]) + (d[2] + d[3]);
#endif
}

/* grad[i ld + j] += sum over the rows of a[i] d[j], for a HIGH x WIDE tile. */
INLINE void outer_tile(const int HIGH, const int WIDE, const float *a, const float *d,
                       int span, int64_t ld, float *grad)
{
    vf sum[TILE_I * TILE_J];
    float total[TILE_I * TILE_J];
    for (int k = 0; k < TILE_I * TILE_J; ++k) sum[k] = vf_set(0.0f);
    for (int r = 0; r < span; r += VF) {
        vf dj[TILE_J];
        for (int j = 0; j < WIDE; ++j) dj[j] = vf_load(d + j * TINY_CHUNK + r);
        for (int i = 0; i < HIGH; ++i) {
            const vf ai = vf_load(a + i * TINY_CHUNK + r);
            for (int j = 0; j < WIDE; ++j)
                sum[i * WIDE + j] = vf_fma(ai, dj[j], sum[i * WIDE + j]);
        }
    }
    for (int k = 0; k < HIGH * WIDE; k += 4)
        vf_sum4(sum[k], sum[k + 1], sum[k + 2], sum[k + 3], total + k);
    for (int i = 0; i < HIGH; ++i)
        for (int j = 0; j < WIDE; ++j) grad[i * ld + j] += total[i * WIDE + j];
}

#define OUTER_CASE(high, wide) \
    case 8 * high + wide: outer_tile(high, wide, ai, dj, span, outputs, g); break
#define OUTER_CASES(wide) \
    OUTER_CASE(1, wide); OUTER_CASE(2, wide); OUTER_CASE(3, wide); OUTER_CASE(4, wide)

static void outer(int inputs, const float *a, int outputs, const float *d, int span,
                  float *grad)
{
    const int tiles_i = (inputs + TILE_I - 1) / TILE_I;
    const int tiles_j = (outputs + TILE_J - 1) / TILE_J;
    for (int ti = 0; ti < tiles_i; ++ti)
        for (int tj = 0; tj < tiles_j; ++tj) {
            const int i = inputs * ti / tiles_i, j = outputs * tj / tiles_j;
            const int height = inputs * (ti + 1) / tiles_i - i;
            const int width = outputs * (tj + 1) / tiles_j - j;
            const float *ai = a + i * TINY_CHUNK, *dj = d + j * TINY_CHUNK;
            float *g = grad + i * (int64_t)outputs + j;
            switch (8 * height + width) {
                OUTER_CASES(1);
                OUTER_CASES(2);
                OUTER_CASES(3);
#if defined(IPL_AVX512)
                OUTER_CASES(4);
                OUTER_CASES(5);
#endif
            }
        }
}

#endif
