/*
 * quantiles.c - exact order statistics by counting digits, without a sort.
 *
 * The bits of a float, with the lower half of the line turned over, order as the
 * values do. They are read as digits of 16, 8 and 8 bits: the first pass counts
 * the leading digit of all values and finds in which of its buckets each wanted
 * rank lies; the next two look only at values in wanted buckets. A bucket of a
 * level is a node, numbered in ascending order, and its children are found in a
 * table. Threads count into copies of their own; sums of integers have no order.
 */
#include <string.h>

#include "arena.h"
#include "cpu/cpu.h"

enum {
    LEVELS = 3,
    COPIES_BYTES = 64 << 20, /* what all copies of a level's counters may take   */
    SERIAL_VALUES = 1 << 16
};

static const int digit_bits[LEVELS] = {16, 8, 8};
static const int shift_of[LEVELS] = {16, 8, 0};

typedef struct {
    int64_t  *rank;  /* [ranks]: what is left of it below its node              */
    int32_t  *node;  /* [ranks]: its node at this level                         */
    uint32_t *order; /* [ranks]: its value's digits as far as they are known    */
    int32_t  *child[LEVELS]; /* [nodes][2^digit_bits]: node one level down, or -1 */
    int64_t  *count; /* [copies][nodes][2^digit_bits]                           */
    int64_t   cells[LEVELS]; /* most that nodes * 2^digit_bits can be           */
    int       copies[LEVELS];
} search;

static void lay_out(const cpu_state *cpu, int64_t ranks, ipl_arena *arena,
                    search *out)
{
    int64_t counters = 0;
    for (int level = 0; level < LEVELS; ++level) {
        const int64_t nodes = level ? ranks : 1;
        const int64_t cells = nodes << digit_bits[level];
        int64_t copies = COPIES_BYTES / (cells * (int64_t)sizeof *out->count);
        const int threads = cpu_threads(cpu);
        copies = copies < 1 ? 1 : copies < threads ? copies : threads;
        out->cells[level] = cells;
        out->copies[level] = (int)copies;
        out->child[level] = ipl_arena_take(arena, cells, sizeof *out->child[level]);
        counters = copies * cells > counters ? copies * cells : counters;
    }
    out->rank = ipl_arena_take(arena, ranks, sizeof *out->rank);
    out->node = ipl_arena_take(arena, ranks, sizeof *out->node);
    out->order = ipl_arena_take(arena, ranks, sizeof *out->order);
    out->count = ipl_arena_take(arena, counters, sizeof *out->count);
}

size_t cpu_quantile_scratch_bytes(void *state, int jobs, const ipl_quantile_job *job)
{
    size_t most = 0;
    for (int j = 0; j < jobs; ++j) {
        search unused;
        ipl_arena arena = {0};
        lay_out(state, job[j].ranks, &arena, &unused);
        if (arena.used > most) most = arena.used;
    }
    return most;
}

static uint32_t order_of(float value)
{
    const float plain = value + 0.0f; /* -0 is +0 */
    uint32_t bits;
    memcpy(&bits, &plain, sizeof bits);
    return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

static float value_of(uint32_t order)
{
    const uint32_t bits = order ^ (order >> 31 ? 0x80000000u : 0xffffffffu);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Where a value counts at this level: its node and digit; -1 if no rank is there. */
static inline int64_t cell_of(const search *s, int level, uint32_t order)
{
    int64_t node = 0;
    for (int l = 0;; ++l) {
        const uint32_t digit = order >> shift_of[l] & ((1u << digit_bits[l]) - 1);
        const int64_t cell = node << digit_bits[l] | digit;
        if (l == level) return cell;
        node = s->child[l][cell];
        if (node < 0) return -1;
    }
}

static void count_values(const search *s, int level, int64_t from, int64_t to,
                         const float *t, int64_t *count)
{
    memset(count, 0, (size_t)s->cells[level] * sizeof *count);
    for (int64_t i = from; i < to; ++i) {
        const int64_t cell = cell_of(s, level, order_of(t[i]));
        if (cell >= 0) ++count[cell];
    }
}

static void count_level(const search *s, int level, int64_t values, const float *t)
{
    const int copies = values < SERIAL_VALUES ? 1 : s->copies[level];
    const int64_t cells = s->cells[level];
#pragma omp parallel for num_threads(copies)
    for (int c = 0; c < copies; ++c)
        count_values(s, level, values * c / copies, values * (c + 1) / copies, t,
                     s->count + c * cells);
    for (int c = 1; c < copies; ++c)
        for (int64_t k = 0; k < cells; ++k) s->count[k] += s->count[c * cells + k];
}

/* Moves every rank one level down. Ranks ascend, so those that share a child follow
 * each other, and children are numbered as they are met. */
static void descend(search *s, int level, int64_t ranks)
{
    const int64_t fan = (int64_t)1 << digit_bits[level];
    int32_t *child = s->child[level];
    for (int64_t k = 0; k < s->cells[level]; ++k) child[k] = -1;
    int32_t nodes = 0;
    int64_t cell = 0, below = 0; /* values of this node in digits before the cell */
    for (int64_t q = 0; q < ranks; ++q) {
        const int64_t start = s->node[q] * fan;
        if (cell < start) cell = start, below = 0;
        while (s->rank[q] >= below + s->count[cell]) below += s->count[cell++];
        s->rank[q] -= below;
        s->order[q] |= (uint32_t)(cell - start) << shift_of[level];
        if (child[cell] < 0) child[cell] = nodes++;
        s->node[q] = child[cell];
    }
}

static void find(const cpu_state *cpu, const ipl_quantile_job *job, void *scratch)
{
    search s;
    const int64_t ranks = job->ranks;
    ipl_arena arena = {.base = scratch};
    lay_out(cpu, ranks, &arena, &s);
    memcpy(s.rank, job->rank, (size_t)ranks * sizeof *s.rank);
    memset(s.node, 0, (size_t)ranks * sizeof *s.node);
    memset(s.order, 0, (size_t)ranks * sizeof *s.order);
    for (int level = 0; level < LEVELS; ++level) {
        count_level(&s, level, job->count, job->t);
        descend(&s, level, ranks);
    }
    for (int64_t q = 0; q < ranks; ++q) job->threshold[q] = value_of(s.order[q]);
}

ipl_status cpu_value_quantiles(void *state, int jobs, const ipl_quantile_job *job,
                               void *scratch)
{
    for (int j = 0; j < jobs; ++j) find(state, &job[j], scratch);
    return IPL_OK;
}
