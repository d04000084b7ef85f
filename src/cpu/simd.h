/*
 * simd.h - one vector of floats or doubles, in three instruction sets.
 *
 * A file that includes this is compiled for one of them: IPL_AVX512 (16 lanes),
 * IPL_AVX2 with FMA (8 lanes), or neither: the compiler's own 4-lane vectors,
 * which any processor runs. With IPL_SIMDE the AVX-512 text is translated to
 * older instructions by SIMDe, so that tests can run it on any machine.
 *
 * vf_fma rounds once on AVX and twice in the portable set, so the three give
 * results that differ in the last bits; each one always gives the same.
 */
#ifndef IPL_SIMD_H
#define IPL_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(IPL_AVX512)
#if defined(IPL_SIMDE)
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>
#else
#include <immintrin.h>
#endif
#define KERNELS(name) name##_avx512
enum { VF = 16 };
typedef __m512 vf;
#define INLINE static inline __attribute__((always_inline))
INLINE vf   vf_load(const float *p) { return _mm512_load_ps(p); }
INLINE vf   vf_loadu(const float *p) { return _mm512_loadu_ps(p); }
INLINE void vf_store(float *p, vf a) { _mm512_store_ps(p, a); }
INLINE void vf_storeu(float *p, vf a) { _mm512_storeu_ps(p, a); }
INLINE vf   vf_set(float a) { return _mm512_set1_ps(a); }
INLINE vf   vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
INLINE vf   vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf   vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vf   vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
INLINE vf   vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
INLINE vf   vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
INLINE vf   vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
/* The larger of a and |b|, where a >= 0. */
INLINE vf   vf_max_abs(vf a, vf b) { return _mm512_range_ps(a, b, 0x0b); }
/* a b + c and c - a b */
INLINE vf   vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf   vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
INLINE vf   vf_floor(vf a) { return _mm512_roundscale_ps(a, 0x09); }
/* a minus the nearest integer, 0 for infinite a; and a 2^b for whole b */
#if defined(IPL_SIMDE) /* which lacks the first one */
INLINE vf   vf_fraction(vf a)
{
    const vf finite = _mm512_max_ps(a, _mm512_set1_ps(-0x1p30f));
    return _mm512_sub_ps(finite, _mm512_roundscale_ps(finite, 0x08));
}
#else
INLINE vf   vf_fraction(vf a) { return _mm512_reduce_ps(a, 0x08); }
#endif
INLINE vf   vf_scale(vf a, vf b) { return _mm512_scalef_ps(a, b); }
/* Bit l is set where a > b in lane l; no NaN counts. */
INLINE unsigned vf_gt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
/* a where a > b is true in the lane, else other */
INLINE vf   vf_where_gt(vf a, vf b, vf yes, vf no)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), no, yes);
}
typedef __m512d vd;
INLINE vd   vd_load(const double *p) { return _mm512_load_pd(p); }
INLINE void vd_store(double *p, vd a) { _mm512_store_pd(p, a); }
INLINE void vd_storeu(double *p, vd a) { _mm512_storeu_pd(p, a); }
INLINE vd   vd_set(double a) { return _mm512_set1_pd(a); }
INLINE vd   vd_add(vd a, vd b) { return _mm512_add_pd(a, b); }
INLINE vd   vd_sub(vd a, vd b) { return _mm512_sub_pd(a, b); }
INLINE vd   vd_mul(vd a, vd b) { return _mm512_mul_pd(a, b); }
INLINE vd   vd_fma(vd a, vd b, vd c) { return _mm512_fmadd_pd(a, b, c); }
/* VD floats as doubles */
#if defined(IPL_SIMDE) /* which lacks the conversion */
INLINE vd   vd_widen(const float *p)
{
    const __m256d low = _mm256_cvtps_pd(_mm_load_ps(p));
    const __m256d high = _mm256_cvtps_pd(_mm_load_ps(p + 4));
    return _mm512_insertf64x4(_mm512_castpd256_pd512(low), high, 1);
}
#else
INLINE vd   vd_widen(const float *p) { return _mm512_cvtps_pd(_mm256_load_ps(p)); }
#endif

#elif defined(IPL_AVX2)
#include <immintrin.h>
#define KERNELS(name) name##_avx2
enum { VF = 8 };
typedef __m256 vf;
#define INLINE static inline __attribute__((always_inline))
INLINE vf   vf_load(const float *p) { return _mm256_load_ps(p); }
INLINE vf   vf_loadu(const float *p) { return _mm256_loadu_ps(p); }
INLINE void vf_store(float *p, vf a) { _mm256_store_ps(p, a); }
INLINE void vf_storeu(float *p, vf a) { _mm256_storeu_ps(p, a); }
INLINE vf   vf_set(float a) { return _mm256_set1_ps(a); }
INLINE vf   vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
INLINE vf   vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
INLINE vf   vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
INLINE vf   vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
INLINE vf   vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
INLINE vf   vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
INLINE vf   vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
INLINE vf   vf_max_abs(vf a, vf b)
{
    return _mm256_max_ps(a, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), b));
}
INLINE vf   vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vf   vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
INLINE vf   vf_floor(vf a) { return _mm256_floor_ps(a); }
INLINE unsigned vf_gt(vf a, vf b)
{
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
}
INLINE vf   vf_where_gt(vf a, vf b, vf yes, vf no)
{
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
}
typedef __m256d vd;
INLINE vd   vd_load(const double *p) { return _mm256_load_pd(p); }
INLINE void vd_store(double *p, vd a) { _mm256_store_pd(p, a); }
INLINE void vd_storeu(double *p, vd a) { _mm256_storeu_pd(p, a); }
INLINE vd   vd_set(double a) { return _mm256_set1_pd(a); }
INLINE vd   vd_add(vd a, vd b) { return _mm256_add_pd(a, b); }
INLINE vd   vd_sub(vd a, vd b) { return _mm256_sub_pd(a, b); }
INLINE vd   vd_mul(vd a, vd b) { return _mm256_mul_pd(a, b); }
INLINE vd   vd_fma(vd a, vd b, vd c) { return _mm256_fmadd_pd(a, b, c); }
INLINE vd   vd_widen(const float *p) { return _mm256_cvtps_pd(_mm_load_ps(p)); }

#else
#include <math.h>
#define KERNELS(name) name##_portable
enum { VF = 4 };
typedef float   vf __attribute__((vector_size(16)));
typedef int32_t vf_bits __attribute__((vector_size(16)));
#define INLINE static inline __attribute__((always_inline))
INLINE vf   vf_loadu(const float *p) { vf a; memcpy(&a, p, sizeof a); return a; }
INLINE vf   vf_load(const float *p) { return *(const vf *)p; }
INLINE void vf_storeu(float *p, vf a) { memcpy(p, &a, sizeof a); }
INLINE void vf_store(float *p, vf a) { *(vf *)p = a; }
INLINE vf   vf_set(float a) { return (vf){a, a, a, a}; }
INLINE vf   vf_add(vf a, vf b) { return a + b; }
INLINE vf   vf_sub(vf a, vf b) { return a - b; }
INLINE vf   vf_mul(vf a, vf b) { return a * b; }
INLINE vf   vf_div(vf a, vf b) { return a / b; }
INLINE vf   vf_sqrt(vf a)
{
    return (vf){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])};
}
INLINE vf   vf_fma(vf a, vf b, vf c) { return a * b + c; }
INLINE vf   vf_fnma(vf a, vf b, vf c) { return c - a * b; }
INLINE unsigned vf_gt(vf a, vf b)
{
    const vf_bits m = a > b;
    return (m[0] & 1u) | (m[1] & 2u) | (m[2] & 4u) | (m[3] & 8u);
}
INLINE vf   vf_where_gt(vf a, vf b, vf yes, vf no)
{
    const vf_bits m = a > b;
    return (vf)(((vf_bits)yes & m) | ((vf_bits)no & ~m));
}
/* b when unordered */
INLINE vf   vf_min(vf a, vf b) { return vf_where_gt(b, a, a, b); }
INLINE vf   vf_max(vf a, vf b) { return vf_where_gt(a, b, a, b); }
INLINE vf   vf_max_abs(vf a, vf b)
{
    return vf_max(a, (vf)((vf_bits)b & INT32_MAX));
}
INLINE vf   vf_floor(vf a)
{
    return (vf){floorf(a[0]), floorf(a[1]), floorf(a[2]), floorf(a[3])};
}
typedef double vd __attribute__((vector_size(16)));
INLINE vd   vd_load(const double *p) { return *(const vd *)p; }
INLINE void vd_store(double *p, vd a) { *(vd *)p = a; }
INLINE void vd_storeu(double *p, vd a) { memcpy(p, &a, sizeof a); }
INLINE vd   vd_set(double a) { return (vd){a, a}; }
INLINE vd   vd_add(vd a, vd b) { return a + b; }
INLINE vd   vd_sub(vd a, vd b) { return a - b; }
INLINE vd   vd_mul(vd a, vd b) { return a * b; }
INLINE vd   vd_fma(vd a, vd b, vd c) { return a * b + c; }
INLINE vd   vd_widen(const float *p) { return (vd){(double)p[0], (double)p[1]}; }
#endif

enum { VD = VF / 2 }; /* doubles of a vector                                       */

/* Writes first + l for each lane l whose bit is clear, in ascending order, and returns
 * how many; up to VF entries are overwritten. */
INLINE int vf_list_clear(unsigned bits, uint32_t first, uint32_t *list)
{
#if defined(IPL_AVX512)
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                           14, 15);
    const __m512i row = _mm512_add_epi32(lane, _mm512_set1_epi32((int)first));
    const __mmask16 clear = (__mmask16)~bits;
    _mm512_storeu_si512(list, _mm512_maskz_compress_epi32(clear, row));
    return __builtin_popcount(clear);
#else
    int count = 0;
    for (uint32_t l = 0; l < VF; ++l) { /* no branch: no processor foresees it */
        list[count] = first + l;
        count += !(bits >> l & 1);
    }
    return count;
#endif
}

/* Sum of the lanes, always in the same order: halves, then halves of these. */
INLINE double vd_sum(vd a)
{
    _Alignas(64) double lane[VD];
    vd_store(lane, a);
    for (int half = VD / 2; half; half /= 2)
        for (int l = 0; l < half; ++l) lane[l] += lane[l + half];
    return lane[0];
}
INLINE float vf_sum(vf a)
{
    float lane[VF];
    vf_storeu(lane, a);
    for (int half = VF / 2; half; half /= 2)
        for (int l = 0; l < half; ++l) lane[l] += lane[l + half];
    return lane[0];
}

/* p 2^m, where r = 12582912 + m (1.5 * 2^23, so that m stands in r's low bits) and
 * neither p nor the result is zero, denormal or infinite. */
INLINE vf vf_scale2(vf p, vf r)
{
#if defined(IPL_AVX512)
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p),
                               _mm512_slli_epi32(_mm512_castps_si512(r), 23)));
#elif defined(IPL_AVX2)
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p),
                               _mm256_slli_epi32(_mm256_castps_si256(r), 23)));
#else
    return (vf)((vf_bits)p + ((vf_bits)r << 23));
#endif
}

/* 2^x for x in [-inf, 127]; 0 or a denormal below -126 (AVX-512), 2^-126 times a
 * factor in [1,2) or less, flushed to 0 (others). Relative error 1.3e-7: degree-5
 * minimax polynomial on [0,1) with constant term 1, so that 2^0 is exactly 1. */
INLINE vf vf_exp2(vf x)
{
#if defined(IPL_AVX512)
    const vf f = _mm512_sub_ps(x, vf_floor(x));
#else
    /* Adding 1.5 * 2^23 leaves the nearest integer in the low mantissa bits. */
    const vf low = x;
    x = vf_max(x, vf_set(-126.0f));
    const vf magic = vf_set(12582912.0f);
    const vf r = vf_add(vf_sub(x, vf_set(0.5f)), magic);
    const vf f = vf_sub(x, vf_sub(r, magic));
#endif
    vf p = vf_fma(vf_set(0.00186713005f), f, vf_set(0.00901703071f));
    p = vf_fma(p, f, vf_set(0.0557999127f));
    p = vf_fma(p, f, vf_set(0.240164444f));
    p = vf_fma(p, f, vf_set(0.693151295f));
    p = vf_fma(p, f, vf_set(1.0f));
#if defined(IPL_AVX512)
    return _mm512_scalef_ps(p, x);
#elif defined(IPL_AVX2)
    p = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p),
                            _mm256_slli_epi32(_mm256_castps_si256(r), 23)));
    return vf_where_gt(low, vf_set(-126.0f), p, vf_set(0.0f));
#else
    p = (vf)((vf_bits)p + ((vf_bits)r << 23));
    return vf_where_gt(low, vf_set(-126.0f), p, vf_set(0.0f));
#endif
}

#endif
