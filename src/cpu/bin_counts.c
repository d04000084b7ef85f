/*
 * bin_counts.c - how many rows share a cell, or a pair of cells.
 *
 * Single cells, and pairs of which there can be no more than slots, as of cells and
 * labels, are counted in place. Other pairs go through an open table whose key is the
 * pair itself. Layers run in parallel, each on one thread.
 */
#include <string.h>

#include "arena.h"
#include "cpu/cpu.h"

enum { SERIAL_ROWS = 1 << 15 }; /* fewer are not worth waking threads */

typedef struct {
    uint64_t *pair;  /* [slots]                                                 */
    int32_t  *count; /* [slots]: rows of the pair, 0 where the slot is free     */
    uint32_t *used;  /* [n]: slots that are not free                            */
    int32_t  *rows_of; /* [n + 1]: rows whose cell is shared by so many         */
    int       table_bits;
} counter;

static void lay_out(const ipl_count_job *job, ipl_arena *arena, counter *out)
{
    out->table_bits = 1;
    while ((int64_t)1 << out->table_bits < 2 * job->n) ++out->table_bits;
    const int64_t slots = (int64_t)1 << out->table_bits;
    out->pair = ipl_arena_take(arena, slots, sizeof *out->pair);
    out->count = ipl_arena_take(arena, slots, sizeof *out->count);
    out->used = ipl_arena_take(arena, job->n, sizeof *out->used);
    out->rows_of = ipl_arena_take(arena, job->n + 1, sizeof *out->rows_of);
}

size_t cpu_count_scratch_bytes(void *state, int jobs, const ipl_count_job *job)
{
    (void)state;
    counter unused;
    ipl_arena arena = {0};
    ipl_arena_take(&arena, jobs, sizeof(counter));
    for (int j = 0; j < jobs; ++j) lay_out(&job[j], &arena, &unused);
    return arena.used;
}

/* One more than the largest number. */
static int64_t limit_of(int64_t n, const int32_t *number)
{
    int32_t most = 0;
    for (int64_t i = 0; i < n; ++i) most = number[i] > most ? number[i] : most;
    return (int64_t)most + 1;
}

/* Both add up rows_of[m] from the counts that are not zero. The code of a row is
 * a * width + b, below `codes`; of a alone, a. */
static void count_codes(const ipl_count_job *job, int64_t codes, int64_t width,
                        counter *c)
{
    memset(c->count, 0, (size_t)codes * sizeof *c->count);
    if (job->b)
        for (int64_t i = 0; i < job->n; ++i)
            ++c->count[job->a[i] * width + job->b[i]];
    else
        for (int64_t i = 0; i < job->n; ++i) ++c->count[job->a[i]];
    int64_t left = job->n;
    for (int64_t code = 0; left; left -= c->count[code++])
        if (c->count[code]) c->rows_of[c->count[code]] += c->count[code];
}

static void count_pairs(const ipl_count_job *job, counter *c)
{
    const int64_t slots = (int64_t)1 << c->table_bits;
    int64_t used = 0;
    memset(c->count, 0, (size_t)slots * sizeof *c->count);
    for (int64_t i = 0; i < job->n; ++i) {
        const uint64_t pair = (uint64_t)job->a[i] << 32 | (uint32_t)job->b[i];
        /* The upper bits of the product depend on all bits of the pair. */
        uint64_t at = (pair * 0x9e3779b97f4a7c15u) >> (64 - c->table_bits);
        while (c->count[at] && c->pair[at] != pair)
            at = (at + 1) & ((uint64_t)slots - 1);
        c->used[used] = (uint32_t)at; /* stays only where the slot was free */
        used += !c->count[at];
        c->pair[at] = pair;
        ++c->count[at];
    }
    for (int64_t u = 0; u < used; ++u) {
        const int32_t count = c->count[c->used[u]];
        c->rows_of[count] += count;
    }
}

static void count_job(ipl_count_job *job, counter *c)
{
    memset(c->rows_of, 0, (size_t)(job->n + 1) * sizeof *c->rows_of);
    const int64_t slots = (int64_t)1 << c->table_bits;
    const int64_t width = job->b ? limit_of(job->n, job->b) : 1;
    const int64_t codes = limit_of(job->n, job->a) * width;
    if (codes <= slots)
        count_codes(job, codes, width, c);
    else
        count_pairs(job, c);
    job->multiplicities = 0;
    int64_t left = job->n;
    for (int64_t size = 1; left; ++size) {
        if (!c->rows_of[size]) continue;
        job->multiplicity[job->multiplicities++] =
            (ipl_multiplicity){size, c->rows_of[size]};
        left -= c->rows_of[size];
    }
}

ipl_status cpu_cell_counts(void *state, int jobs, ipl_count_job *job, void *scratch)
{
    const cpu_state *cpu = state;
    ipl_arena arena = {.base = scratch};
    counter *all = ipl_arena_take(&arena, jobs, sizeof *all);
    int64_t rows = 0;
    for (int j = 0; j < jobs; ++j) {
        lay_out(&job[j], &arena, &all[j]);
        rows += job[j].n;
    }
#pragma omp parallel for schedule(dynamic) \
    num_threads(rows < SERIAL_ROWS ? 1 : cpu_threads(cpu))
    for (int j = 0; j < jobs; ++j) count_job(&job[j], &all[j]);
    return IPL_OK;
}
