/*
 * bin_kernel.c - binning and hashing of rows, for one instruction set.
 *
 * Codes of a piece of the matrix (bin_codes.h) are written to a buffer in the L1
 * cache, as one flat run that does not care where rows end, and rows are then
 * reduced from there.
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
 * Numerics: codes and hashes are integers, and all instruction sets agree on which
 * rows are equal. The sum of squares has the same bits in all of them.
 */
#include "cpu/bin_codes.h"

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
enum { CHAINS = 16, HALF = VF / 2 };
typedef float  half __attribute__((vector_size(4 * HALF)));
typedef double wide __attribute__((vector_size(8 * HALF)));

typedef struct {
    vf   lo[CHAINS / VF], hi[CHAINS / VF];
    wide squares[CHAINS / HALF];
} chains;

INLINE void span_step(chains *c, const float *t)
{
    for (int v = 0; v < CHAINS / VF; ++v) {
        const vf x = vf_loadu(t + v * VF);
        c->lo[v] = vf_min(x, c->lo[v]);
        c->hi[v] = vf_max(x, c->hi[v]);
    }
    for (int v = 0; v < CHAINS / HALF; ++v) {
        half x;
        memcpy(&x, t + v * HALF, sizeof x);
        const wide value = __builtin_convertvector(x, wide);
        c->squares[v] += value * value;
    }
}

static bin_span span(int64_t count, const float *t)
{
    chains c;
    memset(&c, 0, sizeof c);
    for (int v = 0; v < CHAINS / VF; ++v) c.lo[v] = c.hi[v] = vf_set(t[0]);
    int64_t i = 0;
    for (; i + CHAINS <= count; i += CHAINS) span_step(&c, t + i);

    float lo[CHAINS], hi[CHAINS];
    double squares[CHAINS];
    memcpy(lo, c.lo, sizeof lo);
    memcpy(hi, c.hi, sizeof hi);
    memcpy(squares, c.squares, sizeof squares);
    for (int l = 0; i < count; ++i, ++l) {
        lo[l] = t[i] < lo[l] ? t[i] : lo[l];
        hi[l] = t[i] > hi[l] ? t[i] : hi[l];
        squares[l] += (double)t[i] * (double)t[i];
    }
    for (int some = CHAINS / 2; some; some /= 2)
        for (int l = 0; l < some; ++l) {
            lo[l] = lo[l + some] < lo[l] ? lo[l + some] : lo[l];
            hi[l] = hi[l + some] > hi[l] ? hi[l + some] : hi[l];
            squares[l] += squares[l + some];
        }
    return (bin_span){lo[0], hi[0], squares[0]};
}

const bin_kernels KERNELS(bin_kernels) = {
    .row_keys = row_keys,
    .rows_equal = rows_equal,
    .span = span,
};
