/*
 * neighbours.c - nearest neighbours and counts within a radius, of several layers.
 *
 * All blocks of rows of all layers are one list, dearest layers first, that the threads
 * take from; a block's rows see all columns, and no two blocks write to one row. Each
 * result depends on its layer's rows alone: see neighbours_kernel.c.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cpu/neighbours.h"

static const near_kernels *const kernels[CPU_ISA_COUNT] = {
    [CPU_PORTABLE] = &near_kernels_portable,
#if defined(__x86_64__)
    [CPU_AVX2] = &near_kernels_avx2,
    [CPU_AVX512] = &near_kernels_avx512,
#endif
};

/* A job on its way through the threads: of one entry or of the other. */
typedef struct {
    const ipl_pairs   *pairs;
    ipl_neighbour_job *lists;
    ipl_radius_job    *counts;
    near_layer         layer;
    int64_t            begin; /* number of its first block                         */
} near_job;

typedef struct {
    const near_kernels *kernels;
    int       jobs;
    int64_t   blocks;
    ipl_meter *meter; /* of the blocks                                            */
    near_job *job; /* [jobs + 1]; the last one only ends the blocks                */
} near_plan;

static void lay_out_job(const near_kernels *k, ipl_arena *arena, near_job *job)
{
    const int64_t n = job->pairs->n, d = near_width(job->pairs);
    const int64_t padded = ceil_div(n, NEAR_ROWS) * NEAR_ROWS;
    near_layer *l = &job->layer;
    *l = (near_layer){.pairs = {.n = n, .d = d, .padded = padded},
                      .norm = job->pairs->norm};
    l->tiles = ceil_div(n, k->columns);
    l->stride = ceil_div(l->tiles, PAIRS_LANES_MAX) * PAIRS_LANES_MAX;
    const int64_t units = d < NEAR_UNITS ? d : NEAR_UNITS, panels = padded / k->panel;
    l->pairs.rows = ipl_arena_take(arena, padded * d, sizeof(float));
    l->pairs.position = ipl_arena_take(arena, padded, sizeof(float));
    l->number = ipl_arena_take(arena, padded, sizeof *l->number);
    l->tie = ipl_arena_take(arena, padded, sizeof *l->tie);
    l->first = ipl_arena_take(arena, padded, sizeof *l->first);
    l->end = ipl_arena_take(arena, padded, sizeof *l->end);
    l->key = ipl_arena_take(arena, units * n, sizeof *l->key);
    l->tile_lo = ipl_arena_take(arena, units * l->stride, sizeof *l->tile_lo);
    l->tile_hi = ipl_arena_take(arena, units * l->stride, sizeof *l->tile_hi);
    l->panel_lo = ipl_arena_take(arena, units * panels, sizeof *l->panel_lo);
    l->panel_hi = ipl_arena_take(arena, units * panels, sizeof *l->panel_hi);
}

static near_job job_of(ipl_neighbour_job *lists, ipl_radius_job *counts, int j)
{
    return lists ? (near_job){.pairs = &lists[j].pairs, .lists = &lists[j]}
                 : (near_job){.pairs = &counts[j].pairs, .counts = &counts[j]};
}

/* Lays a plan out in scratch, which may be NULL, and returns the bytes it takes. The
 * jobs are lists or counts, and the other is NULL; they are only read here. */
static size_t lay_out(const cpu_state *state, int jobs, ipl_neighbour_job *lists,
                      ipl_radius_job *counts, void *scratch, near_plan *p)
{
    ipl_arena arena = {.base = scratch};
    *p = (near_plan){.kernels = kernels[state->isa], .jobs = jobs,
                     .meter = state->meter};
    p->job = ipl_arena_take(&arena, jobs + 1, sizeof *p->job);
    for (int j = 0; j < jobs; ++j) {
        near_job job = job_of(lists, counts, j);
        lay_out_job(p->kernels, &arena, &job);
        if (scratch) p->job[j] = job;
    }
    return arena.used;
}

static double cost_of(const near_job *job)
{
    return (double)job->layer.pairs.n * (double)(job->layer.pairs.d + 4);
}

static int dearest_first(const void *a, const void *b)
{
    const near_job *x = a, *y = b;
    if (cost_of(x) != cost_of(y)) return cost_of(x) < cost_of(y) ? 1 : -1;
    return (x->pairs > y->pairs) - (x->pairs < y->pairs);
}

static void pack_block(const near_plan *p, near_job *job, int64_t row)
{
    near_layer *l = &job->layer;
    const ipl_pairs *pairs = job->pairs;
    for (int64_t i = row; i < row + NEAR_ROWS; ++i) {
        l->pairs.position[i] = (float)i;
        l->tie[i] = (float)l->number[i];
    }
    pairs_pack_rows(pairs->spaces, pairs->space, l->number, pairs->unit,
                    p->kernels->lanes, row, row + NEAR_ROWS, &l->pairs);
    near_box(p->kernels, row, l);
}

static void write_lists(const near_job *job, int64_t row, const near_workspace *work)
{
    const near_layer *l = &job->layer;
    const int k = job->lists->k;
    for (int64_t i = 0; i < NEAR_ROWS && row + i < l->pairs.n; ++i) {
        const int64_t to = (int64_t)l->number[row + i] * k;
        for (int m = 0; m < k; ++m) {
            const uint64_t key = work->list[i][m];
            const uint32_t distance = (uint32_t)(key >> 32), number = (uint32_t)key;
            memcpy(job->lists->distance + to + m, &distance, sizeof distance);
            if (job->lists->neighbour)
                memcpy(job->lists->neighbour + to + m, &number, sizeof number);
        }
    }
}

static void read_radii(const near_job *job, int64_t row, near_workspace *work)
{
    const near_layer *l = &job->layer;
    for (int64_t i = 0; i < NEAR_ROWS; ++i)
        work->limit[i] =
            row + i < l->pairs.n ? job->counts->radius[l->number[row + i]] : -1.0f;
}

/* A row is within its own radius unless that is negative; it is no other. */
static void write_counts(const near_job *job, int64_t row, const near_workspace *work)
{
    const near_layer *l = &job->layer;
    for (int64_t i = 0; i < NEAR_ROWS && row + i < l->pairs.n; ++i)
        job->counts->count[l->number[row + i]] =
            (int32_t)(work->whole[i] - (work->limit[i] >= 0.0f));
}

static void do_block(const near_plan *p, const near_job *job, int64_t row,
                     near_workspace *work)
{
    if (job->lists) {
        p->kernels->lists(&job->layer, row, job->lists->k, work);
        write_lists(job, row, work);
    } else {
        read_radii(job, row, work);
        p->kernels->counts(&job->layer, row, work);
        write_counts(job, row, work);
    }
}

static ipl_status run(const cpu_state *state, near_plan *p)
{
    qsort(p->job, (size_t)p->jobs, sizeof *p->job, dearest_first);
    for (int j = 0; j < p->jobs; ++j) {
        p->job[j].begin = p->blocks;
        p->blocks += p->job[j].layer.pairs.padded / NEAR_ROWS;
    }
    p->job[p->jobs] = (near_job){.begin = p->blocks};
    ipl_meter_begin(p->meter, p->blocks);
#pragma omp parallel num_threads(cpu_threads(state))
    {
        _Alignas(CPU_ALIGN) near_workspace work;
#pragma omp for schedule(dynamic, 1)
        for (int j = 0; j < p->jobs; ++j) {
            near_choose_units(p->job[j].pairs, &p->job[j].layer);
            near_order(p->job[j].pairs, p->kernels, &p->job[j].layer);
        }
        near_job *job = p->job; /* blocks come in ascending order, so jobs do too */
#pragma omp for schedule(monotonic : dynamic, 4)
        for (int64_t b = 0; b < p->blocks; ++b) {
            while (b >= job[1].begin) ++job;
            pack_block(p, job, (b - job->begin) * NEAR_ROWS);
        }
        job = p->job;
#pragma omp for schedule(monotonic : dynamic, 1)
        for (int64_t b = 0; b < p->blocks; ++b) {
            if (ipl_meter_is_stopped(p->meter)) continue;
            while (b >= job[1].begin) ++job;
            do_block(p, job, (b - job->begin) * NEAR_ROWS, &work);
            ipl_meter_step(p->meter);
        }
    }
    return ipl_meter_end(p->meter);
}

size_t cpu_neighbour_scratch_bytes(void *state, int jobs, const ipl_neighbour_job *job)
{
    near_plan p;
    return lay_out(state, jobs, (ipl_neighbour_job *)job, NULL, NULL, &p);
}

ipl_status cpu_nearest_neighbours(void *state, int jobs, ipl_neighbour_job *job,
                                  void *scratch)
{
    near_plan p;
    lay_out(state, jobs, job, NULL, scratch, &p);
    return run(state, &p);
}

size_t cpu_radius_scratch_bytes(void *state, int jobs, const ipl_radius_job *job)
{
    near_plan p;
    return lay_out(state, jobs, NULL, (ipl_radius_job *)job, NULL, &p);
}

ipl_status cpu_radius_counts(void *state, int jobs, ipl_radius_job *job, void *scratch)
{
    near_plan p;
    lay_out(state, jobs, NULL, job, scratch, &p);
    return run(state, &p);
}
