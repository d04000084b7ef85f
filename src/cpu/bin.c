/*
 * bin.c - cells of a layer: rows to keys, keys to cell numbers.
 *
 * Keys are made in parallel over fixed blocks of rows. One thread a layer then
 * numbers the cells in the order of their first rows, by an open table. Where keys
 * are hashes, every row is at last compared with the first row of its cell, in
 * parallel; a layer in which two differ is numbered again, comparing at once. So
 * cells depend neither on threads nor on hashes.
 */
#include <math.h>
#include <string.h>

#include "arena.h"
#include "cpu/bin.h"
#include "random.h"

enum {
    BLOCK_VALUES = 1 << 15,  /* of a layer: what a thread takes at a time       */
    SERIAL_VALUES = 1 << 16, /* fewer are not worth waking threads              */
    FAR_BITS = 15,           /* tables of more slots do not fit the L2 cache, and */
    AHEAD = 16               /* a row's slot is fetched so many rows before     */
};

/* An open table with linear probing; cell is 1 + the cell's number, 0 where free. */
typedef struct {
    uint32_t tag;
    int32_t  cell;
} slot;

typedef struct {
    const ipl_bin_job *job;
    bin_map  map;
    int64_t  block_rows, first_block, blocks;
    uint32_t *mix;   /* [2][padded d]                                           */
    bin_key  *key;   /* [n]                                                     */
    int32_t  *first; /* [n]: first row of each cell                             */
    slot     *table;
    int       table_bits; /* log2 of its slots: half of them or more stay free  */
    int64_t   cells, outside;
    int       differ; /* two rows of one cell do not share every bin            */
} layer;

const bin_kernels *bin_kernels_of(const cpu_state *cpu)
{
    static const bin_kernels *const all[CPU_ISA_COUNT] = {
        [CPU_PORTABLE] = &bin_kernels_portable,
#if defined(__x86_64__)
        [CPU_AVX2] = &bin_kernels_avx2,
        [CPU_AVX512] = &bin_kernels_avx512,
#endif
    };
    return all[cpu->isa];
}

static void lay_out(const ipl_bin_job *job, ipl_arena *arena, layer *out)
{
    out->table_bits = 1;
    while ((int64_t)1 << out->table_bits < 2 * job->n) ++out->table_bits;
    const int64_t slots = (int64_t)1 << out->table_bits;
    out->mix = ipl_arena_take(arena, 2 * bin_padded(job->d), sizeof *out->mix);
    out->key = ipl_arena_take(arena, job->n, sizeof *out->key);
    out->first = ipl_arena_take(arena, job->n, sizeof *out->first);
    out->table = ipl_arena_take(arena, slots, sizeof *out->table);
}

size_t cpu_bin_scratch_bytes(void *state, int jobs, const ipl_bin_job *job)
{
    (void)state;
    layer unused;
    ipl_arena arena = {0};
    ipl_arena_take(&arena, jobs, sizeof(layer));
    for (int j = 0; j < jobs; ++j) lay_out(&job[j], &arena, &unused);
    return arena.used;
}

static int bits_of(uint64_t largest)
{
    int bits = 1;
    while (bits < 64 && largest >> bits) ++bits;
    return bits;
}

static uint32_t bits_of_float(float a)
{
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}

static void make_tree(bin_map *map)
{
    for (int l = 0; l < BIN_TREE_LEVELS; ++l)
        for (int64_t j = 0; j < BIN_LANES; ++j) {
            const int64_t k = j * (32 >> l) + (16 >> l) - 1;
            map->tree[l][j] = k < map->thresholds ? map->threshold[k] : INFINITY;
        }
}

static bin_map make_map(const ipl_bin_job *job, const uint32_t *mix, int weak)
{
    const float exact = 4194304.0f, shift = 12582912.0f; /* 2^22, 1.5 * 2^23 */
    const ipl_bins *bins = job->bins;
    bin_map map = {.exact = bins->exact, .width = bins->width,
                   .thresholds = bins->thresholds, .threshold = bins->threshold,
                   .below = bins->wrap ? (uint32_t)bins->thresholds : 0,
                   .d = job->d, .mix = mix, .bits = 32};
    if (map.thresholds) {
        make_tree(&map);
        map.bits = bits_of((uint64_t)map.thresholds);
        map.outside = job->lo < map.threshold[0] ||
                      job->hi > map.threshold[map.thresholds - 1];
    } else if (!map.exact) {
        const float lo = floorf(job->lo / map.width), hi = floorf(job->hi / map.width);
        if (fabsf(lo) < exact && fabsf(hi) < exact) {
            map.shift = shift;
            map.base = bits_of_float(lo + shift);
            map.bits = bits_of((uint64_t)(hi - lo));
        }
    }
    map.packed = !weak && map.d <= 64 / map.bits * 2;
    return map;
}

static void make_mix(int64_t words, uint32_t *mix)
{
    for (int64_t w = 0; w < words; w += 4)
        ipl_random_block((ipl_random){0, IPL_STREAM_ROW_HASH}, (uint64_t)w / 4,
                         mix + w);
}

static void open_layer(const cpu_state *cpu, const ipl_bin_job *job,
                       ipl_arena *arena, int64_t first_block, layer *out)
{
    *out = (layer){.job = job, .first_block = first_block};
    lay_out(job, arena, out);
    out->map = make_map(job, out->mix, cpu->weak_hashes);
    if (!out->map.packed) make_mix(2 * bin_padded(job->d), out->mix);
    out->block_rows = job->d < BLOCK_VALUES ? BLOCK_VALUES / job->d : 1;
    out->blocks = ceil_div(job->n, out->block_rows);
}

/* Mixed so that keys which are packed codes spread over the table too. */
static uint64_t spread(bin_key key)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t x = (key.word[0] ^ (key.word[1] << 29 | key.word[1] >> 35)) * odd;
    x ^= x >> 32;
    x = (x + key.word[1]) * odd;
    return x ^ x >> 32;
}

static int same_key(bin_key a, bin_key b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

/* Numbers the cells. With `kernels`, rows of one key are compared, else trusted. */
static void number_cells(layer *l, const bin_kernels *kernels)
{
    const int64_t n = l->job->n, d = l->job->d;
    const uint64_t mask = ((uint64_t)1 << l->table_bits) - 1;
    const int far = l->table_bits > FAR_BITS;
    int32_t *cell = l->job->cell;
    memset(l->table, 0, (mask + 1) * sizeof *l->table);
    l->cells = 0;
    for (int64_t i = 0; i < n; ++i) {
        const bin_key key = l->key[i];
        const uint64_t hash = spread(key);
        const uint32_t tag = (uint32_t)(hash >> 32);
        if (far && i + AHEAD < n)
            __builtin_prefetch(&l->table[spread(l->key[i + AHEAD]) & mask]);
        uint64_t at = hash & mask;
        for (;; at = (at + 1) & mask) {
            const slot s = l->table[at];
            if (!s.cell) {
                l->first[l->cells] = (int32_t)i;
                l->table[at] = (slot){tag, (int32_t)++l->cells};
                break;
            }
            const int64_t first = l->first[s.cell - 1];
            if (s.tag == tag && same_key(l->key[first], key) &&
                (!kernels || kernels->rows_equal(&l->map, l->job->t + i * d,
                                                 l->job->t + first * d)))
                break;
        }
        cell[i] = l->table[at].cell - 1;
    }
}

static void make_keys(const cpu_state *cpu, const bin_kernels *kernels, layer *l,
                      int64_t row, int64_t rows)
{
    const int64_t outside =
        kernels->row_keys(&l->map, rows, l->job->t + row * l->job->d, l->key + row);
#pragma omp atomic
    l->outside += outside;
    for (int64_t i = row; cpu->weak_hashes && i < row + rows; ++i)
        l->key[i] = (bin_key){{l->key[i].word[0] & 3, 0}};
}

static void compare_rows(const bin_kernels *kernels, layer *l, int64_t row,
                         int64_t rows)
{
    const float *t = l->job->t;
    const int64_t d = l->job->d;
    int differ = 0;
    for (int64_t i = row; i < row + rows && !differ; ++i) {
        const int64_t first = l->first[l->job->cell[i]];
        differ = first != i && !kernels->rows_equal(&l->map, t + i * d, t + first * d);
    }
    if (!differ) return;
#pragma omp atomic write
    l->differ = 1;
}

/* The rows of a block, counted over all layers of the call. */
typedef struct {
    layer  *of;
    int64_t row, rows;
} stretch;

static stretch stretch_of(layer *l, int64_t block)
{
    while (block >= l->first_block + l->blocks) ++l;
    const int64_t row = (block - l->first_block) * l->block_rows;
    const int64_t left = l->job->n - row;
    return (stretch){l, row, left < l->block_rows ? left : l->block_rows};
}

ipl_status cpu_bin_cells(void *state, int jobs, ipl_bin_job *job, void *scratch)
{
    const cpu_state *cpu = state;
    const bin_kernels *kernels = bin_kernels_of(cpu);
    ipl_arena arena = {.base = scratch};
    layer *all = ipl_arena_take(&arena, jobs, sizeof *all);
    int64_t blocks = 0, values = 0;
    for (int j = 0; j < jobs; ++j) {
        open_layer(cpu, &job[j], &arena, blocks, &all[j]);
        blocks += all[j].blocks;
        values += job[j].n * job[j].d;
    }

#pragma omp parallel num_threads(values < SERIAL_VALUES ? 1 : cpu_threads(cpu))
    {
#pragma omp for schedule(dynamic)
        for (int64_t b = 0; b < blocks; ++b) {
            const stretch s = stretch_of(all, b);
            make_keys(cpu, kernels, s.of, s.row, s.rows);
        }
#pragma omp for schedule(dynamic)
        for (int j = 0; j < jobs; ++j) number_cells(&all[j], NULL);
#pragma omp for schedule(dynamic)
        for (int64_t b = 0; b < blocks; ++b) {
            const stretch s = stretch_of(all, b);
            if (!s.of->map.packed) compare_rows(kernels, s.of, s.row, s.rows);
        }
#pragma omp for schedule(dynamic)
        for (int j = 0; j < jobs; ++j)
            if (all[j].differ) number_cells(&all[j], kernels);
    }
    for (int j = 0; j < jobs; ++j) {
        job[j].cells = all[j].cells;
        job[j].outside = all[j].outside;
    }
    return IPL_OK;
}
