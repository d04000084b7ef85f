/*
 * transpose.h - small squares of a matrix, rows to columns, in registers.
 */
#ifndef TRANSPOSE_H
#define TRANSPOSE_H

#include "cpu/simd.h"

/* to[c ld + r] = from[r][at + c] for r, c in [0, SQUARE) */
#if defined(IPL_AVX512) || defined(IPL_AVX2)
enum { SQUARE = 8 };
INLINE void transpose_square(const float *const from[SQUARE], int at, float *to,
                             int64_t ld)
{
    __m256 a[SQUARE], b[SQUARE];
    for (int r = 0; r < SQUARE; ++r) a[r] = _mm256_loadu_ps(from[r] + at);
    for (int r = 0; r < SQUARE; r += 2) { /* pairs of rows, interleaved */
        b[r] = _mm256_unpacklo_ps(a[r], a[r + 1]);
        b[r + 1] = _mm256_unpackhi_ps(a[r], a[r + 1]);
    }
    for (int r = 0; r < SQUARE; r += 4) { /* four rows: columns c and c + 4 */
        a[r] = _mm256_shuffle_ps(b[r], b[r + 2], 0x44);
        a[r + 1] = _mm256_shuffle_ps(b[r], b[r + 2], 0xee);
        a[r + 2] = _mm256_shuffle_ps(b[r + 1], b[r + 3], 0x44);
        a[r + 3] = _mm256_shuffle_ps(b[r + 1], b[r + 3], 0xee);
    }
    for (int c = 0; c < SQUARE / 2; ++c) {
        _mm256_storeu_ps(to + c * ld, _mm256_permute2f128_ps(a[c], a[c + 4], 0x20));
        _mm256_storeu_ps(to + (c + 4) * ld,
                         _mm256_permute2f128_ps(a[c], a[c + 4], 0x31));
    }
}
#else
enum { SQUARE = 4 };
INLINE void transpose_square(const float *const from[SQUARE], int at, float *to,
                             int64_t ld)
{
    for (int c = 0; c < SQUARE; ++c)
        for (int r = 0; r < SQUARE; ++r) to[c * ld + r] = from[r][at + c];
}
#endif

#endif
