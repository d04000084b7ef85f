/*
 * bin_codes.h - values to codes, for one instruction set; part of bin_kernel.c.
 *
 * Numerics: the quotient by the width is rounded to float32 once, as numpy does it;
 * thresholds are compared, never computed with. -0 and +0 give one code.
 */
#ifndef IPL_CPU_BIN_CODES_H
#define IPL_CPU_BIN_CODES_H

#include "cpu/bin.h"
#include "cpu/simd.h"

/* -- Integer lanes: the compiler's own vectors, but for one product ------------- */
typedef uint32_t vi __attribute__((vector_size(4 * VF)));
typedef uint64_t vi_wide __attribute__((vector_size(4 * VF)));

INLINE vi vi_load(const uint32_t *p) { vi a; memcpy(&a, p, sizeof a); return a; }
INLINE void vi_store(uint32_t *p, vi a) { memcpy(p, &a, sizeof a); }
INLINE vi vi_set(uint32_t a) { return a - (vi){0}; }

/* In each 64-bit lane, the product of its lower and its upper half. */
INLINE vi_wide vi_mul_pair(vi a)
{
#if defined(IPL_AVX512)
    const __m512i x = (__m512i)a;
    return (vi_wide)_mm512_mul_epu32(x, _mm512_srli_epi64(x, 32));
#elif defined(IPL_AVX2)
    const __m256i x = (__m256i)a;
    return (vi_wide)_mm256_mul_epu32(x, _mm256_srli_epi64(x, 32));
#else
    return (vi_wide){(uint64_t)a[0] * a[1], (uint64_t)a[2] * a[3]};
#endif
}

/* -- Codes: each function makes whole steps of values ---------------------------- */
enum { STEP = 4 * VF, STEP_VECTORS = 4 };

static void exact_codes(int64_t count, const float *t, uint32_t *code)
{
    const vf zero = vf_set(0.0f);
    for (int64_t i = 0; i < count; i += VF)
        vi_store(code + i, (vi)vf_add(vf_loadu(t + i), zero));
}

static void width_codes(const bin_map *map, int64_t count, const float *t,
                        uint32_t *code)
{
    const vf width = vf_set(map->width), shift = vf_set(map->shift);
    const vi base = vi_set(map->base);
    for (int64_t i = 0; i < count; i += VF) {
        const vf f = vf_floor(vf_div(vf_loadu(t + i), width));
        vi_store(code + i, (vi)vf_add(f, shift) - base);
    }
}

/* Code `from`, the one below all thresholds, becomes `to`. */
INLINE vi wrapped(vi code, vi from, vi to)
{
    const vi below = (vi)(code == from);
    return (code & ~below) | (to & below);
}

static void count_codes(const bin_map *map, int64_t count, const float *t,
                        uint32_t *code)
{
    const vi zero = vi_set(0), first = vi_set(map->below);
    const float *threshold = map->threshold;
    const int64_t thresholds = map->thresholds;
    for (int64_t i = 0; i < count; i += STEP) {
        vi n[STEP_VECTORS] = {{0}};
        for (int64_t k = 0; k < thresholds; ++k)
            for (int v = 0; v < STEP_VECTORS; ++v)
                n[v] -= (vi)(vf_loadu(t + i + v * VF) >= vf_set(threshold[k]));
        for (int v = 0; v < STEP_VECTORS; ++v)
            vi_store(code + i + v * VF, wrapped(n[v], zero, first));
    }
}

static void search_codes(const bin_map *map, int64_t count, const float *t,
                         uint32_t *code)
{
    for (int64_t i = 0; i < count; ++i) {
        const float *at = map->threshold;
        for (int64_t left = map->thresholds; left > 0;) {
            const int64_t half = (left + 1) / 2;
            at += at[half - 1] <= t[i] ? half : 0;
            left -= half;
        }
        code[i] = at == map->threshold ? map->below : (uint32_t)(at - map->threshold);
    }
}

/* Binary search through at most 31 thresholds, all lanes at once, where a table can
 * be looked up in registers. Elsewhere, and for some more, counting all of them is
 * faster than a search that waits for memory. */
enum { TREE_THRESHOLDS = VF > 4 ? 31 : 0, FEW_THRESHOLDS = 63 };

/* table[j] of each lane, j < entries <= 16 */
INLINE vf table_at(const vf *table, int entries, vi j)
{
#if defined(IPL_AVX512)
    (void)entries;
    return _mm512_permutexvar_ps((__m512i)j, table[0]);
#elif defined(IPL_AVX2)
    const vf low = _mm256_permutevar8x32_ps(table[0], (__m256i)j);
    if (entries <= VF) return low;
    return _mm256_blendv_ps(low, _mm256_permutevar8x32_ps(table[1], (__m256i)j),
                            (vf)(j << 28));
#else
    (void)entries, (void)j;
    return table[0];
#endif
}

static void tree_codes(const bin_map *map, int64_t count, const float *t,
                       uint32_t *code)
{
    const vi zero = vi_set(0), first = vi_set(map->below);
    const vf root = vf_set(map->tree[0][0]);
    vf table[BIN_TREE_LEVELS][BIN_LANES / VF];
    memcpy(table, map->tree, sizeof table);
    for (int64_t i = 0; i < count; i += VF) {
        const vf x = vf_loadu(t + i);
        vi j = -(vi)(x >= root);
        for (int l = 1; l < BIN_TREE_LEVELS; ++l)
            j = j + j - (vi)(x >= table_at(table[l], 1 << l, j));
        vi_store(code + i, wrapped(j, zero, first));
    }
}

static void whole_steps(const bin_map *map, int64_t count, const float *t,
                        uint32_t *code)
{
    if (map->exact)
        exact_codes(count, t, code);
    else if (!map->thresholds)
        width_codes(map, count, t, code);
    else if (map->thresholds <= TREE_THRESHOLDS)
        tree_codes(map, count, t, code);
    else if (map->thresholds <= FEW_THRESHOLDS)
        count_codes(map, count, t, code);
    else
        search_codes(map, count, t, code);
}

/* Codes of any number of values; `code` has room for the last whole step. */
static void make_codes(const bin_map *map, int64_t count, const float *t,
                       uint32_t *code)
{
    const int64_t whole = count / STEP * STEP, rest = count - whole;
    float last[STEP] = {0};
    whole_steps(map, whole, t, code);
    if (!rest) return;
    memcpy(last, t + whole, (size_t)rest * sizeof *t);
    whole_steps(map, STEP, last, code + whole);
}

#endif
