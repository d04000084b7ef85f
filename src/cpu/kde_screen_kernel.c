/*
 * kde_screen_kernel.c - the tests and distances of kde_screen.h for a block of pairs.
 *
 * Tiles     First test: SCREEN_COLUMNS columns x SCREEN_ROWS rows, with one bit for
 *           each pair that is left. Second test and distances: two rows and up to four
 *           of the columns that are left to either, so that a row that is in the first
 *           cache serves twice, a column twice.
 * Traffic   32 bytes of integers a row for a tile; then the integers and the floats of
 *           the rows that have pairs left, mostly from the second cache.
 * Numerics  Tests are sums of products of bytes in 32 bits: exact. Distances: see
 *           screen_distances.h; so a pair's D is the same whatever its company, and on
 *           all sets that fuse multiply and add.
 */
#include "cpu/screen_distances.h"

enum { NEAR_ENOUGH = 256, NEAR_MOST = NEAR_ENOUGH + 2 * SCREEN_COLUMNS + VF };

/* Pairs that count, until there are enough of them for vectors. */
typedef struct {
    int     count;
    int32_t row[NEAR_MOST], column[NEAR_MOST]; /* from the block's first ones   */
    _Alignas(64) float distance[NEAR_MOST];
} near_list;

/* Columns left to two rows. */
typedef struct {
    int     count;
    int32_t column[SCREEN_COLUMNS]; /* place                                    */
    uint8_t rows[SCREEN_COLUMNS];   /* bit r: the pair with row r               */
} left_list;

/* -- Rows ---------------------------------------------------------------------- */

static void lengths(const kde_screen *s, const float *t, screen_lengths *out)
{
    vf mean_sum = vf_set(0.0f), zero_sum = mean_sum, most = mean_sum;
    int64_t u = 0;
    for (; u + VF <= s->d; u += VF) {
        const vf x = vf_loadu(t + u);
        const vf a = vf_sub(x, vf_load(s->mean + u));
        mean_sum = vf_fma(a, a, mean_sum);
        zero_sum = vf_fma(x, x, zero_sum);
        most = vf_max_abs(most, vf_sub(x, vf_load(s->centre + u)));
    }
    *out = (screen_lengths){vf_sum(mean_sum), vf_sum(zero_sum), 0.0f};
    float lane[VF];
    vf_storeu(lane, most);
    for (int l = 0; l < VF; ++l) out->farthest = fmaxf(out->farthest, lane[l]);
    for (; u < s->d; ++u) {
        const float x = t[u], a = x - s->mean[u];
        out->from_mean += a * a;
        out->from_zero += x * x;
        out->farthest = fmaxf(out->farthest, fabsf(x - s->centre[u]));
    }
}

static void encode(const kde_screen *s, const float *t, int64_t place)
{
    const vf step = vf_set((float)s->unit.step);
    const vf inverse = vf_set((float)(1.0 / s->unit.step));
    const vf most = vf_set(CODE_MOST), least = vf_set(-CODE_MOST);
    float *row = s->rows + place * s->stride;
    uint8_t *code = s->units + place * s->width;
    vf rest = vf_set(0.0f), size = rest;
    for (int64_t u = 0; u < s->stride; u += VF) {
        vf x;
        if (u + VF <= s->d) {
            x = vf_loadu(t + u);
        } else {
            float tail[VF] = {0.0f};
            if (u < s->d) memcpy(tail, t + u, (size_t)(s->d - u) * sizeof *t);
            x = vf_loadu(tail);
        }
        vf_store(row + u, x);
        x = vf_sub(x, vf_load(s->centre + u));
        const vf q = vf_max(least, vf_min(most, vf_mul(x, inverse)));
        const vf whole = store_codes(code + u, q);
        const vf e = vf_fnma(whole, step, x);
        rest = vf_fma(e, e, rest);
        size = vf_fma(x, x, size);
    }
    memset(code + s->stride, CODE_BIAS, (size_t)(s->width - s->stride));
    int32_t norm = 0, sum = 0;
    for (int64_t u = 0; u < s->stride; ++u) {
        const int32_t q = code[u] - CODE_BIAS;
        norm += q * q;
        sum += q;
    }
    /* What adding floats in chains may lose; the float of the step; x itself. */
    const double slack = 1.0 + (double)(s->d + 20) * 0x1p-23;
    const double off = sqrt((double)vf_sum(rest)) * slack +
                       0x1p-22 * sqrt((double)vf_sum(size)) * slack;
    screen_bounds unit = s->unit;
    screen_bound(s, &unit, place, norm, sum, CODE_BIAS, off);
}

/* -- Pairs --------------------------------------------------------------------- */

/* Similarities of the listed pairs, to the sums of their rows and columns. */
static void add_near(const kde_screen *s, int64_t row, int64_t column, near_list *near,
                     kde_workspace *work)
{
    const vf scale = vf_set(-s->scale);
    for (int k = near->count; k < near->count + VF; ++k) near->distance[k] = 0.0f;
    for (int k = 0; k < near->count; k += VF) {
        float lower[VF], upper[VF];
        const vf e = similarity(vf_load(near->distance + k), scale);
        const vf e2 = vf_mul(e, e);
        vf_storeu(lower, e);
        vf_storeu(upper, vf_mul(e2, e2));
        for (int l = 0; l < VF && k + l < near->count; ++l) {
            const int32_t i = near->row[k + l], j = near->column[k + l];
            const int across = s->class_of[row + i] != s->class_of[column + j];
            const int at = across ? KDE_LOWER_ACROSS : KDE_LOWER_WITHIN;
            const int64_t low = kde_fixed(lower[l]), high = kde_fixed(upper[l]);
            work->row[at][i] += low;
            work->row[at + 1][i] += high;
            work->column[at][j] += low;
            work->column[at + 1][j] += high;
        }
    }
    near->count = 0;
}

/* The columns of a tile that its two rows from `row` have left. */
static __attribute__((noinline)) void
list_left(const uint64_t mask[2][2], int64_t column, left_list *left)
{
    left->count = 0;
    for (int w = 0; w < 2; ++w)
        for (uint64_t bits = mask[0][w] | mask[1][w]; bits; bits &= bits - 1) {
            const int c = __builtin_ctzll(bits);
            left->column[left->count] = (int32_t)(column + 64 * w + c);
            left->rows[left->count++] =
                (uint8_t)((mask[0][w] >> c & 1) | (mask[1][w] >> c & 1) << 1);
        }
}

/* Takes those off the list that the test of all units shows to be far. */
static __attribute__((noinline)) void
test_units(const kde_screen *s, int64_t row, const int8_t *codes, left_list *left)
{
    int kept = 0;
    const screen_bounds *b = &s->unit;
    for (int k = 0; k < left->count; k += 4) {
        int32_t dot[2][4];
        const uint8_t *column[4];
        const int have = left->count - k < 4 ? left->count - k : 4;
        for (int e = 0; e < 4; ++e)
            column[e] = s->units + left->column[k + (e < have ? e : 0)] * s->width;
        if (have > 2) products(4, column, codes, s->width, dot);
        else products(2, column, codes, s->width, dot);
        for (int e = 0; e < have; ++e) {
            const int32_t j = left->column[k + e];
            int rows = 0;
            for (int r = 0; r < 2; ++r)
                rows |= (dot[r][e] + b->reach[row + r] * b->reach[j] >=
                         b->half_row[row + r] + b->half_column[j]) << r;
            rows &= left->rows[k + e];
            left->column[kept] = j;
            left->rows[kept] = (uint8_t)rows;
            kept += rows != 0;
        }
    }
    left->count = kept;
}

/* Distances of two rows and the columns on the list; near ones are listed. */
static __attribute__((noinline)) void
list_near(const kde_screen *s, int64_t first, int64_t row, int64_t column,
          const left_list *left, near_list *near)
{
    const float *const pair[2] = {s->rows + row * s->stride,
                                  s->rows + (row + 1) * s->stride};
    for (int k = 0; k < left->count; k += 4) {
        float distance[2][4] = {{0.0f}};
        const float *b[4];
        int rows = 0;
        const int have = left->count - k < 4 ? left->count - k : 4;
        for (int e = 0; e < 4; ++e)
            b[e] = s->rows + left->column[k + (e < have ? e : 0)] * s->stride;
        for (int e = 0; e < have; ++e) rows |= left->rows[k + e];
        distances(rows, have, pair, b, s->stride, distance);
        for (int e = 0; e < have; ++e)
            for (int r = 0; r < 2; ++r) {
                const int at = near->count;
                near->row[at] = (int32_t)(row + r - first);
                near->column[at] = (int32_t)(left->column[k + e] - column);
                near->distance[at] = distance[r][e];
                near->count = at + ((left->rows[k + e] >> r & 1) &
                                    (distance[r][e] <= s->cut));
            }
    }
}

/* Clears the bits of the pairs that are not i < j < n. */
static void keep_upper(int64_t n, int64_t i, int64_t column, uint64_t mask[2])
{
    for (int w = 0; w < 2; ++w) {
        const int64_t from = i + 1 - (column + 64 * w), to = n - (column + 64 * w);
        uint64_t keep = to >= 64 ? ~(uint64_t)0 : to <= 0 ? 0 : ((uint64_t)1 << to) - 1;
        if (from > 0) keep &= from >= 64 ? 0 : ~(uint64_t)0 << from;
        mask[w] &= i < n ? keep : 0;
    }
}

/* Brings the integers of two places into the second cache, if they will be needed. */
INLINE void fetch_units(const kde_screen *s, int64_t place, int64_t end)
{
    if (place + 2 > end || place + 2 > s->places) return;
    const uint8_t *code = s->units + place * s->width;
    for (int64_t b = 0; b < 2 * s->width; b += CPU_ALIGN)
        __builtin_prefetch(code + b, 0, 2);
}

static void tile_pairs(const kde_screen *s, int64_t first, int64_t row, int64_t from,
                       int64_t column, int8_t *codes, near_list *near,
                       kde_workspace *work)
{
    uint64_t mask[SCREEN_ROWS][2];
    left_list left;
    if (s->every) memset(mask, 255, sizeof mask);
    else test_axes(s, row, column, mask);
    for (int r = 0; r < SCREEN_ROWS; r += 2) {
        /* By and by, the integers of the columns that come next. */
        fetch_units(s, column + SCREEN_COLUMNS + row - first + r, from + KDE_SPAN);
        keep_upper(s->n, row + r, column, mask[r]);
        keep_upper(s->n, row + r + 1, column, mask[r + 1]);
        list_left((const uint64_t(*)[2])mask + r, column, &left);
        if (!left.count) continue;
        if (!s->every) {
            signed_codes(s->units + (row + r) * s->width, 2 * s->width, codes);
            test_units(s, row + r, codes, &left);
        }
        list_near(s, first, row + r, from, &left, near);
        if (near->count >= NEAR_ENOUGH) add_near(s, first, from, near, work);
    }
}

static void block(const kde_screen *s, int64_t row, int64_t column, kde_workspace *work)
{
    near_list near = {0};
    _Alignas(CPU_ALIGN) int8_t codes[2 * SCREEN_UNITS_MAX];
    for (int64_t c = 0; c < KDE_SPAN && column + c < s->n; c += SCREEN_COLUMNS)
        for (int64_t r = 0; r < KDE_ROWS && row + r < s->n; r += SCREEN_ROWS)
            if (column + c + SCREEN_COLUMNS - 1 > row + r)
                tile_pairs(s, row, row + r, column, column + c, codes, &near, work);
    add_near(s, row, column, &near, work);
    work->used = (kde_used){0, KDE_SUMS};
}

#if defined(IPL_VNNI)
const screen_kernels screen_kernels_vnni = {
#else
const screen_kernels KERNELS(screen_kernels) = {
#endif
    .lanes = LANES,
    .most = CODE_MOST,
#if defined(IPL_VNNI)
    .dense_ns = 21.0, .pair_ns = 0.2, .passed_ns = 10.0, .near_ns = 38.0,
#elif defined(IPL_AVX512)
    .dense_ns = 21.0, .pair_ns = 0.3, .passed_ns = 14.0, .near_ns = 42.0,
#elif defined(IPL_AVX2)
    .dense_ns = 28.0, .pair_ns = 0.4, .passed_ns = 17.0, .near_ns = 48.0,
#else
    .dense_ns = 80.0, .pair_ns = 3.0, .passed_ns = 110.0, .near_ns = 160.0,
#endif
    .lengths = lengths,
    .encode = encode,
    .block = block,
    .part = KERNELS(cpu_kd_part)};
