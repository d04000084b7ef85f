/*
 * densities.c - local densities of all rows of several layers.
 *
 * All blocks of MOMENTS_ROWS rows of all layers are one list, dearest layers first,
 * that the threads take from. A thread sums the moments of a block's rows and then
 * solves each: a row depends on its layer and its bandwidth alone.
 */
#include <omp.h>
#include <stdlib.h>

#include "arena.h"
#include "cpu/densities.h"
#include "cpu/moments.h"
#include "local_gauss.h"

static density_solve *const solvers[CPU_ISA_COUNT] = {
    [CPU_PORTABLE] = density_solve_portable,
#if defined(__x86_64__)
    [CPU_AVX2] = density_solve_avx2,
    [CPU_AVX512] = density_solve_avx512,
#endif
};

/* A job on its way through the threads. */
typedef struct {
    ipl_density_job *job;
    moments_layer    layer;
    int64_t          begin, pack; /* numbers of its first block and first packing */
} density_layer;

typedef struct {
    const moments_kernels *kernels;
    density_solve         *solve;
    int            jobs;
    int64_t        blocks, packs;
    size_t         moments_bytes, fit_bytes, sums_bytes; /* of a thread          */
    density_layer *layers;  /* [jobs + 1]; the last one only ends the blocks     */
    char          *work;    /* of all threads                                    */
} plan;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t rounded(size_t bytes)
{
    return (bytes + CPU_ALIGN - 1) / CPU_ALIGN * CPU_ALIGN;
}

/* Lays a plan out in scratch, which may be NULL, and returns the bytes it takes. */
static size_t lay_out(const cpu_state *state, int jobs, const ipl_density_job *job,
                      void *scratch, plan *p)
{
    ipl_arena arena = {.base = scratch};
    *p = (plan){.kernels = moments_kernels_of(state->isa),
                .solve = solvers[state->isa], .jobs = jobs};
    p->layers = ipl_arena_take(&arena, jobs + 1, sizeof *p->layers);
    for (int j = 0; j < jobs; ++j) {
        moments_layer layer;
        moments_lay_out(p->kernels, &job[j].pairs, &arena, &layer);
        if (scratch) p->layers[j].layer = layer;
        const int64_t d = layer.d, fit = local_gauss_doubles(job[j].density, d);
        const size_t sums = (size_t)(MOMENTS_ROWS * local_moments(d)) * sizeof(double);
        p->moments_bytes = larger(p->moments_bytes, rounded(sums));
        p->fit_bytes = larger(p->fit_bytes, rounded((size_t)fit * sizeof(double)));
        p->sums_bytes = larger(p->sums_bytes, rounded(p->kernels->work_bytes(d)));
    }
    const size_t thread = p->moments_bytes + p->fit_bytes + p->sums_bytes;
    p->work = ipl_arena_take(&arena, state->threads, thread);
    return arena.used;
}

size_t cpu_density_scratch_bytes(void *state, int jobs, const ipl_density_job *job)
{
    plan p;
    return lay_out(state, jobs, job, NULL, &p);
}

static double cost_of(const density_layer *l)
{
    const double n = (double)l->layer.n, d = (double)l->layer.d;
    return n * (d + 8.0) * (d + 8.0);
}

static int dearest_first(const void *a, const void *b)
{
    const density_layer *x = a, *y = b;
    if (cost_of(x) != cost_of(y)) return cost_of(x) < cost_of(y) ? 1 : -1;
    return (x->job > y->job) - (x->job < y->job);
}

static void fill_plan(plan *p, ipl_density_job *job)
{
    for (int j = 0; j < p->jobs; ++j) p->layers[j].job = &job[j];
    qsort(p->layers, (size_t)p->jobs, sizeof *p->layers, dearest_first);
    for (int j = 0; j < p->jobs; ++j) {
        density_layer *l = &p->layers[j];
        l->begin = p->blocks;
        l->pack = p->packs;
        p->blocks += ceil_div(l->layer.n, MOMENTS_ROWS);
        p->packs += ceil_div(l->layer.padded, MOMENTS_PACK);
    }
    p->layers[p->jobs] = (density_layer){.begin = p->blocks, .pack = p->packs};
}

static void pack_rows(const plan *p, const density_layer *l, int64_t pack)
{
    const int64_t from = (pack - l->pack) * MOMENTS_PACK;
    const int64_t to = least(from + MOMENTS_PACK, l->layer.padded);
    moments_pack(&l->job->pairs, from, to, p->kernels, &l->layer);
}

static void do_block(const plan *p, const density_layer *l, int64_t block, char *work)
{
    const moments_layer *layer = &l->layer;
    const int64_t first = (block - l->begin) * MOMENTS_ROWS;
    const int64_t count = least(MOMENTS_ROWS, layer->n - first);
    double *moments = (double *)work, *fit = (double *)(work + p->moments_bytes);
    void *sums = work + p->moments_bytes + p->fit_bytes;
    float square[MOMENTS_ROWS] = {0};
    for (int64_t r = 0; r < count; ++r)
        square[r] = l->job->square[layer->order[first + r]];
    p->kernels->rows(layer, first, count, square, sums, moments);
    for (int64_t r = 0; r < count; ++r) {
        const int64_t i = first + r, row = layer->order[i];
        p->solve(l->job->density, layer->d, layer->end[i] - layer->begin[i] - 1,
                 moments + r * local_moments(layer->d), fit, &l->job->value[row],
                 &l->job->status[row]);
    }
}

ipl_status cpu_local_densities(void *opaque, int jobs, ipl_density_job *job,
                               void *scratch)
{
    plan p;
    const cpu_state *state = opaque;
    lay_out(state, jobs, job, scratch, &p);
    fill_plan(&p, job);
    const size_t thread_bytes = p.moments_bytes + p.fit_bytes + p.sums_bytes;
    ipl_meter_begin(state->meter, p.blocks);
#pragma omp parallel num_threads(cpu_threads(state))
    {
        const density_layer *l = p.layers; /* packs and blocks come ascending     */
        char *work = p.work + (size_t)omp_get_thread_num() * thread_bytes;
#pragma omp for schedule(monotonic : dynamic, 1)
        for (int64_t k = 0; k < p.packs; ++k) {
            while (k >= l[1].pack) ++l;
            pack_rows(&p, l, k);
        }
        l = p.layers;
#pragma omp for schedule(monotonic : dynamic, 1)
        for (int64_t b = 0; b < p.blocks; ++b) {
            if (ipl_meter_is_stopped(state->meter)) continue;
            while (b >= l[1].begin) ++l;
            do_block(&p, l, b, work);
            ipl_meter_step(state->meter);
        }
    }
    return ipl_meter_end(state->meter);
}
