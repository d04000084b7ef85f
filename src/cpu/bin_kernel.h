/*
 * bin_kernel.h - binning and hashing of rows, for one instruction set.
 *
 * Codes of a piece of the matrix are written to a buffer in the L1 cache, as one
 * flat run that does not care where rows end, and rows are then reduced from there.
 *
 * The hash of codes c_0 .. c_{d-1} with random 32-bit words m is the pairwise
 * multilinear one of UMAC (J. Black et al., CRYPTO 1999, section 3):
 *
 *   h = sum_k (c_{2k} + m_{2k} mod 2^32) (c_{2k+1} + m_{2k+1} mod 2^32)  mod 2^64
 *
 * Two rows collide in it with probability 2^-32 at most, and 2^-64 in two of them
 * with independent m. It costs one multiplication for two codes, and its sum may be
 * taken in any order. Rows of equal hash are compared before they are one cell.
 *
 * Where d codes of a few bits fit 128 of them, the key is the codes themselves.
 *
 * Numerics: the quotient is rounded to float32 once, as numpy does it; codes are
 * integers. All instruction sets agree on which rows are equal.
 */
#include "bin.h"
#include "simd.h"

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

/* -- Codes ---------------------------------------------------------------------- */
enum { STEP = 4 * VF }; /* values at a time: `code` has room for whole steps */

INLINE void width_step(const bin_map *map, const float *t, uint32_t *code)
{
    for (int v = 0; v < STEP; v += VF) {
        const vf f = vf_floor(vf_div(vf_loadu(t + v), vf_set(map->width)));
        vi_store(code + v, (vi)vf_add(f, vf_set(map->shift)) - map->base);
    }
}

/* Counting every threshold beats a search while there are only a few dozen. */
enum { FEW_THRESHOLDS = 64 };

INLINE void count_step(const bin_map *map, const float *t, uint32_t *code)
{
    vi n[STEP / VF] = {{0}};
    for (int64_t k = 0; k < map->thresholds; ++k)
        for (int v = 0; v < STEP / VF; ++v)
            n[v] -= (vi)(vf_loadu(t + v * VF) >= vf_set(map->threshold[k]));
    for (int v = 0; v < STEP / VF; ++v) vi_store(code + v * VF, n[v]);
}

static void search_step(const bin_map *map, const float *t, uint32_t *code)
{
    for (int v = 0; v < STEP; ++v) {
        const float *at = map->threshold;
        for (int64_t left = map->thresholds; left > 0;) {
            const int64_t half = (left + 1) / 2;
            at += at[half - 1] <= t[v] ? half : 0;
            left -= half;
        }
        code[v] = (uint32_t)(at - map->threshold);
    }
}

INLINE void code_step(const bin_map *map, const float *t, uint32_t *code)
{
    if (!map->thresholds) {
        width_step(map, t, code);
        return;
    }
    if (map->thresholds <= FEW_THRESHOLDS)
        count_step(map, t, code);
    else
        search_step(map, t, code);
    for (int v = 0; map->wrap && v < STEP; ++v)
        code[v] = code[v] ? code[v] : (uint32_t)map->thresholds;
}

static void make_codes(const bin_map *map, int64_t count, const float *t,
                       uint32_t *code)
{
    int64_t i = 0;
    for (; i + STEP <= count; i += STEP) code_step(map, t + i, code + i);
    if (i == count) return;
    float rest[STEP] = {0};
    memcpy(rest, t + i, (size_t)(count - i) * sizeof *t);
    code_step(map, rest, code + i);
}

/* -- Keys ----------------------------------------------------------------------- */
INLINE uint64_t pack(const bin_map *map, int64_t count, const uint32_t *code)
{
    uint64_t word = 0;
    for (int64_t k = 0; k < count; ++k) word = word << map->bits | code[k];
    return word;
}

INLINE bin_key packed_key(const bin_map *map, const uint32_t *code)
{
    const int64_t half = (map->d + 1) / 2;
    return (bin_key){{pack(map, half, code), pack(map, map->d - half, code + half)}};
}

/* Adds the hashes of `count` codes from column `first` on. Codes beyond the row are
 * masked; their multipliers add the same to every row. */
INLINE void add_hash(const bin_map *map, int64_t first, int64_t count,
                     const uint32_t *code, bin_key *key)
{
    static const uint32_t mask[2 * BIN_LANES] = {
        ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};
    const uint32_t *mix = map->mix + first, *other = mix + bin_padded(map->d);
    vi_wide sum[2] = {{0}};
    int64_t k = 0;
    for (; k + VF <= count; k += VF) {
        const vi c = vi_load(code + k);
        sum[0] += vi_mul_pair(c + vi_load(mix + k));
        sum[1] += vi_mul_pair(c + vi_load(other + k));
    }
    if (k < count) {
        const vi c = vi_load(code + k) & vi_load(mask + BIN_LANES - (count - k));
        sum[0] += vi_mul_pair(c + vi_load(mix + k));
        sum[1] += vi_mul_pair(c + vi_load(other + k));
    }
    for (int l = 0; l < VF / 2; ++l) {
        key->word[0] += sum[0][l];
        key->word[1] += sum[1][l];
    }
}

static int64_t count_outside(const bin_map *map, int64_t count, const float *t)
{
    const float lo = map->threshold[0], hi = map->threshold[map->thresholds - 1];
    int32_t outside = 0;
    for (int64_t i = 0; i < count; ++i) outside += (t[i] < lo) + (t[i] > hi);
    return outside;
}

static int64_t row_keys(const bin_map *map, int64_t rows, const float *t, bin_key *key)
{
    uint32_t code[BIN_PIECE + STEP];
    const int64_t d = map->d, whole = BIN_PIECE / d;
    int64_t outside = 0;
    for (int64_t r = 0; r < rows;) {
        /* Several whole rows, or one row in pieces. */
        const int64_t some = whole < 1 ? 1 : rows - r < whole ? rows - r : whole;
        if (!map->packed) memset(key + r, 0, (size_t)some * sizeof *key);
        for (int64_t c = 0; c < d; c += BIN_PIECE) {
            const int64_t columns = d - c < BIN_PIECE ? d - c : BIN_PIECE;
            const float *at = t + r * d + c;
            make_codes(map, some * columns, at, code);
            if (map->outside) outside += count_outside(map, some * columns, at);
            for (int64_t i = 0; i < some; ++i)
                if (map->packed)
                    key[r + i] = packed_key(map, code + i * d);
                else
                    add_hash(map, c, columns, code + i * columns, &key[r + i]);
        }
        r += some;
    }
    return outside;
}

static int rows_equal(const bin_map *map, const float *a, const float *b)
{
    enum { SOME = 256 };
    uint32_t code_a[SOME + STEP], code_b[SOME + STEP];
    for (int64_t k = 0; k < map->d; k += SOME) {
        const int64_t count = map->d - k < SOME ? map->d - k : SOME;
        make_codes(map, count, a + k, code_a);
        make_codes(map, count, b + k, code_b);
        if (memcmp(code_a, code_b, (size_t)count * sizeof *code_a)) return 0;
    }
    return 1;
}

/* -- Range ---------------------------------------------------------------------- */
/* Sixteen chains whatever the vector width, so that the sum has the same bits in
 * every instruction set: the square of a float32 is exact in double. */
static bin_span span(int64_t count, const float *t)
{
    enum { CHAINS = 16 };
    float lo[CHAINS], hi[CHAINS];
    double squares[CHAINS] = {0};
    for (int l = 0; l < CHAINS; ++l) lo[l] = hi[l] = t[0];
    int64_t i = 0;
    for (; i + CHAINS <= count; i += CHAINS)
        for (int l = 0; l < CHAINS; ++l) {
            const float x = t[i + l];
            lo[l] = x < lo[l] ? x : lo[l];
            hi[l] = x > hi[l] ? x : hi[l];
            squares[l] += (double)x * (double)x;
        }
    for (int l = 0; i + l < count; ++l) {
        const float x = t[i + l];
        lo[l] = x < lo[l] ? x : lo[l];
        hi[l] = x > hi[l] ? x : hi[l];
        squares[l] += (double)x * (double)x;
    }
    for (int half = CHAINS / 2; half; half /= 2)
        for (int l = 0; l < half; ++l) {
            lo[l] = lo[l + half] < lo[l] ? lo[l + half] : lo[l];
            hi[l] = hi[l + half] > hi[l] ? hi[l + half] : hi[l];
            squares[l] += squares[l + half];
        }
    return (bin_span){lo[0], hi[0], squares[0]};
}

const bin_kernels KERNELS(bin_kernels) = {
    .row_keys = row_keys,
    .rows_equal = rows_equal,
    .span = span,
};
