/*
 * screen_distances.h - integers of rows, their products, and distances of few pairs.
 *
 * Columns' bytes are unsigned, biased by CODE_BIAS, and rows' are signed: what the
 * processors multiply. VNNI adds four products of bytes to 32 bits at once. Without it
 * they are added in 16 bits first, which holds four of at most 127 x 63.
 */
#ifndef SCREEN_DISTANCES_H
#define SCREEN_DISTANCES_H

#include <math.h>

#include "cpu/kde_screen.h"
#include "cpu/simd.h"

#if defined(IPL_VNNI)
enum { CODE_MOST = 127 };
#elif defined(IPL_AVX512) || defined(IPL_AVX2)
enum { CODE_MOST = 63 };
#else
enum { CODE_MOST = 127 };
#endif
enum { CODE_BIAS = CODE_MOST + 1, WORDS = SCREEN_AXES / SCREEN_WORD };

/* -- Rows ---------------------------------------------------------------------- */

/* Stores the nearest integers to q, |q| <= CODE_MOST, biased, as bytes; returns them.
 * Adding 1.5 * 2^23 leaves the integer in the low bits. */
INLINE vf store_codes(uint8_t *to, vf q)
{
    const vf magic = vf_set(12582912.0f), r = vf_add(q, magic);
    const vf biased = vf_add(r, vf_set((float)CODE_BIAS));
#if defined(IPL_AVX512) && !defined(IPL_SIMDE) /* which lacks the conversion */
    _mm_storeu_si128((__m128i *)(void *)to,
                     _mm512_cvtepi32_epi8(_mm512_castps_si512(biased)));
#else
    int32_t bits[VF];
    memcpy(bits, &biased, sizeof bits);
    for (int l = 0; l < VF; ++l) to[l] = (uint8_t)bits[l];
#endif
    return vf_sub(r, magic);
}

INLINE void signed_codes(const uint8_t *codes, int64_t bytes, int8_t *to)
{
    for (int64_t b = 0; b < bytes; ++b) to[b] = (int8_t)(codes[b] - CODE_BIAS);
}

/* Keeps a vector in its register: the compiler would rather load it again for each
 * row, and loads are what the units wait for here. */
#if !defined(IPL_SIMDE) && (defined(IPL_AVX512) || defined(IPL_AVX2))
#define IN_REGISTER(vector) __asm__("" : "+v"(vector))
#else
#define IN_REGISTER(vector) (void)(vector)
#endif

/* -- Products ------------------------------------------------------------------ */

#if defined(IPL_AVX512)
typedef __m512i vi;
INLINE vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
INLINE vi vi_set(int32_t a) { return _mm512_set1_epi32(a); }
INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
INLINE vi vi_mul(vi a, vi b) { return _mm512_mullo_epi32(a, b); }
/* Bit l is set where lane l is not negative. */
INLINE uint64_t vi_not_negative(vi a)
{
    return (uint16_t)~_mm512_cmpgt_epi32_mask(_mm512_setzero_si512(), a);
}
INLINE __m256i vi_half(vi a)
{
    return _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
}
#if defined(IPL_VNNI)
/* sum + the products of two vectors of unsigned with two of signed bytes, by lanes */
INLINE vi vi_products(vi sum, vi u0, vi s0, vi u1, vi s1)
{
    return _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, u0, s0), u1, s1);
}
/* sum + the products of 64 unsigned with 64 signed bytes, by lanes */
INLINE vi add_64(vi sum, const uint8_t *u, const vi *s)
{
    return _mm512_dpbusd_epi32(sum, vi_load(u), s[0]);
}
#else
/* 16 bits to 32: sums of neighbours */
INLINE vi vi_widen(vi a)
{
#if defined(IPL_SIMDE) /* whose alias of this one takes four arguments */
    return simde_mm512_madd_epi16(a, _mm512_set1_epi16(1));
#else
    return _mm512_madd_epi16(a, _mm512_set1_epi16(1));
#endif
}
INLINE vi vi_products(vi sum, vi u0, vi s0, vi u1, vi s1)
{
    return vi_add(sum, vi_widen(_mm512_add_epi16(_mm512_maddubs_epi16(u0, s0),
                                                 _mm512_maddubs_epi16(u1, s1))));
}
INLINE vi add_64(vi sum, const uint8_t *u, const vi *s)
{
    return vi_add(sum, vi_widen(_mm512_maddubs_epi16(vi_load(u), s[0])));
}
#endif
#elif defined(IPL_AVX2)
typedef __m256i vi;
INLINE vi vi_load(const void *p) { return _mm256_loadu_si256(p); }
INLINE vi vi_set(int32_t a) { return _mm256_set1_epi32(a); }
INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
INLINE vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
INLINE vi vi_mul(vi a, vi b) { return _mm256_mullo_epi32(a, b); }
INLINE uint64_t vi_not_negative(vi a)
{
    return (uint8_t)~_mm256_movemask_ps(_mm256_castsi256_ps(a));
}
INLINE __m256i vi_half(vi a) { return a; }
INLINE vi vi_products(vi sum, vi u0, vi s0, vi u1, vi s1)
{
    const vi four = _mm256_add_epi16(_mm256_maddubs_epi16(u0, s0),
                                     _mm256_maddubs_epi16(u1, s1));
    return vi_add(sum, _mm256_madd_epi16(four, _mm256_set1_epi16(1)));
}
INLINE vi add_64(vi sum, const uint8_t *u, const vi *s)
{
    return vi_products(sum, vi_load(u), s[0], vi_load(u + 32), s[1]);
}
#endif

#if defined(IPL_AVX512) || defined(IPL_AVX2)
enum { LANES = VF };

/* Products of two rows' codes, one after the other, with those of `columns` columns;
 * out[.][k] of the others is anything. */
INLINE void products(int columns, const uint8_t *const column[4], const int8_t *rows,
                     int64_t width, int32_t out[2][4])
{
    enum { BYTES = 4 * VF };
    vi sum[2][4];
    for (int r = 0; r < 2; ++r)
        for (int k = 0; k < 4; ++k) sum[r][k] = vi_set(0);
    for (int64_t u = 0; u < width; u += 64) {
        vi row[2][64 / BYTES];
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r)
#pragma GCC unroll 2
            for (int p = 0; p < 64 / BYTES; ++p) {
                row[r][p] = vi_load(rows + r * width + u + p * BYTES);
                IN_REGISTER(row[r][p]);
            }
#pragma GCC unroll 4
        for (int k = 0; k < columns; ++k)
#pragma GCC unroll 2
            for (int r = 0; r < 2; ++r)
                sum[r][k] = add_64(sum[r][k], column[k] + u, row[r]);
    }
    for (int r = 0; r < 2; ++r) {
        const __m256i ab = _mm256_hadd_epi32(vi_half(sum[r][0]), vi_half(sum[r][1]));
        const __m256i cd = _mm256_hadd_epi32(vi_half(sum[r][2]), vi_half(sum[r][3]));
        const __m256i all = _mm256_hadd_epi32(ab, cd);
        _mm_storeu_si128((__m128i *)(void *)out[r],
                         _mm_add_epi32(_mm256_castsi256_si128(all),
                                       _mm256_extracti128_si256(all, 1)));
    }
}

/* Bit c of mask[r]: the pair of row + r and column + c passes the test of the axes. */
static __attribute__((noinline)) void
test_axes(const kde_screen *s, int64_t row, int64_t column,
          uint64_t mask[SCREEN_ROWS][2])
{
    enum { ABREAST = 4 };
    const screen_bounds *b = &s->axis;
    memset(mask, 0, SCREEN_ROWS * sizeof *mask);
    for (int g = 0; g < SCREEN_COLUMNS; g += VF) {
        const uint8_t *codes = s->column_axes + (column + g) * SCREEN_AXES;
        const vi half = vi_load(b->half_column + column + g);
        const vi reach = vi_load(b->reach + column + g);
        for (int r = 0; r < SCREEN_ROWS; r += ABREAST) {
            vi a[ABREAST];
            const int8_t *rows = s->row_axes + (row + r) * SCREEN_AXES;
#pragma GCC unroll 4
            for (int k = 0; k < ABREAST; ++k) {
                const int64_t i = row + r + k;
                a[k] = vi_sub(vi_mul(reach, vi_set(b->reach[i])),
                              vi_add(half, vi_set(b->half_row[i])));
            }
#pragma GCC unroll 4
            for (int w = 0; w < WORDS; w += 2) {
                const vi c0 = vi_load(codes + w * VF * SCREEN_WORD);
                const vi c1 = vi_load(codes + (w + 1) * VF * SCREEN_WORD);
#pragma GCC unroll 4
                for (int k = 0; k < ABREAST; ++k) {
                    int32_t word[2];
                    memcpy(word, rows + k * SCREEN_AXES + w * SCREEN_WORD, sizeof word);
                    a[k] = vi_products(a[k], c0, vi_set(word[0]), c1, vi_set(word[1]));
                }
            }
#pragma GCC unroll 4
            for (int k = 0; k < ABREAST; ++k)
                mask[r + k][g / 64] |= vi_not_negative(a[k]) << g % 64;
        }
    }
}

#else /* plain C */
enum { LANES = 1 };

static int32_t product(const uint8_t *column, const int8_t *row, int64_t bytes)
{
    int32_t sum = 0;
    for (int64_t b = 0; b < bytes; ++b) sum += (int16_t)(column[b] * row[b]);
    return sum;
}

static void products(int columns, const uint8_t *const column[4], const int8_t *rows,
                     int64_t width, int32_t out[2][4])
{
    for (int r = 0; r < 2; ++r)
        for (int k = 0; k < columns; ++k)
            out[r][k] = product(column[k], rows + r * width, width);
}

static __attribute__((noinline)) void
test_axes(const kde_screen *s, int64_t row, int64_t column,
          uint64_t mask[SCREEN_ROWS][2])
{
    const screen_bounds *b = &s->axis;
    memset(mask, 0, SCREEN_ROWS * sizeof *mask);
    for (int64_t r = 0; r < SCREEN_ROWS; ++r)
        for (int64_t c = 0; c < SCREEN_COLUMNS; ++c) {
            const int64_t i = row + r, j = column + c;
            const int32_t dot = product(s->column_axes + j * SCREEN_AXES,
                                        s->row_axes + i * SCREEN_AXES, SCREEN_AXES);
            const int32_t over = dot + b->reach[i] * b->reach[j];
            mask[r][c / 64] |= (uint64_t)(over >= b->half_row[i] + b->half_column[j])
                               << c % 64;
        }
}
#endif

/* -- Distances ----------------------------------------------------------------- */

enum { SUMS = 16, PARTS = SUMS / VF };

/* Of the sixteen sums of each of four pairs: l and l + 8, then neighbours, then pairs
 * of these, then the two that are left. */
INLINE void add_sums(vf sum[4][PARTS], float out[4])
{
#if defined(IPL_AVX512) || defined(IPL_AVX2)
    __m256 half[4];
    for (int k = 0; k < 4; ++k)
#if defined(IPL_AVX512)
        half[k] = _mm256_add_ps(
            _mm512_castps512_ps256(sum[k][0]),
            _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(sum[k][0]), 1)));
#else
        half[k] = _mm256_add_ps(sum[k][0], sum[k][1]);
#endif
    const __m256 ab = _mm256_hadd_ps(half[0], half[1]);
    const __m256 cd = _mm256_hadd_ps(half[2], half[3]), all = _mm256_hadd_ps(ab, cd);
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(all),
                                  _mm256_extractf128_ps(all, 1)));
#else
    for (int k = 0; k < 4; ++k) {
        float s[SUMS];
        memcpy(s, sum[k], sizeof s);
        for (int l = 0; l < 8; ++l) s[l] += s[l + 8];
        out[k] = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    }
#endif
}

/* Sums of part p of `rows` rows and `columns` columns: unit u goes to sum u mod 16. */
INLINE void add_part(int p, int rows, int columns, const float *const a[2],
                     const float *const b[4], int64_t stride, vf sum[2][4][PARTS])
{
    vf s[2][4];
    for (int r = 0; r < 2; ++r)
        for (int k = 0; k < 4; ++k) s[r][k] = vf_set(0.0f);
    for (int64_t u = p * VF; u < stride; u += SUMS) {
        vf row[2];
#pragma GCC unroll 2
        for (int r = 0; r < rows; ++r) row[r] = vf_load(a[r] + u);
#pragma GCC unroll 4
        for (int k = 0; k < columns; ++k) {
            vf c = vf_load(b[k] + u);
            IN_REGISTER(c);
#pragma GCC unroll 2
            for (int r = 0; r < rows; ++r) {
                const vf e = vf_sub(row[r], c);
                s[r][k] = vf_fma(e, e, s[r][k]);
            }
        }
    }
    for (int r = 0; r < rows; ++r)
        for (int k = 0; k < 4; ++k) sum[r][k][p] = s[r][k];
}

/* Squared distances of `rows` rows and `columns` columns. A part at a time, so that its
 * sums stay in registers; the rows stay in the first cache. */
INLINE void add_differences(int rows, int columns, const float *const a[2],
                            const float *const b[4], int64_t stride, float out[2][4])
{
    vf sum[2][4][PARTS];
#pragma GCC unroll 4
    for (int p = 0; p < PARTS; ++p) add_part(p, rows, columns, a, b, stride, sum);
    for (int r = 0; r < rows; ++r) add_sums(sum[r], out[r]);
}

/* As add_differences, of those of the two rows whose bit is set and 1 to 4 columns. */
INLINE void distances(int rows, int columns, const float *const row[2],
                      const float *const b[4], int64_t stride, float out[2][4])
{
    if (rows == 3) {
        if (columns > 2) add_differences(2, 4, row, b, stride, out);
        else if (columns == 2) add_differences(2, 2, row, b, stride, out);
        else add_differences(2, 1, row, b, stride, out);
    } else if (columns > 2) {
        add_differences(1, 4, row + (rows == 2), b, stride, out + (rows == 2));
    } else {
        add_differences(1, 2, row + (rows == 2), b, stride, out + (rows == 2));
    }
}

/* 2^(scale D), for scale D in [-125, 0]: as in kde_tile.h. */
INLINE vf similarity(vf distance, vf scale)
{
    const vf magic = vf_set(12582912.0f), r = vf_fma(distance, scale, magic);
    const vf f = vf_fma(distance, scale, vf_sub(magic, r));
    vf p = vf_fma(vf_set(0.00132647273f), f, vf_set(0.00967151299f));
    p = vf_fma(p, f, vf_set(0.0555073358f));
    p = vf_fma(p, f, vf_set(0.240222424f));
    p = vf_fma(p, f, vf_set(0.693147004f));
    p = vf_fma(p, f, vf_set(1.0f));
    return vf_scale2(p, r);
}

#endif
