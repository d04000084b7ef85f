/*
 * kde.c - Gaussian pair sums of several layers at once.
 *
 * Each layer's rows are packed (pairs_pack.h), those of narrow layers in k-d order
 * inside their class (kde_order.c); rows on a line are summed without pairs
 * (kde_line.c). The upper triangle of its pairs is cut into strips of KDE_SPAN
 * columns and these into blocks of KDE_ROWS rows. All blocks of a group of layers
 * (kde_plan.c) are one list, dearest layers first, that the threads take from, so that
 * small layers fill them as well as a large one. A thread keeps the column sums of its
 * strip to itself until it comes to another strip.
 *
 * Which pairs a block holds depends on the layer alone, and the sums of blocks
 * are integers: the results are the same bits at any number of threads and in
 * any company.
 */
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cpu/denormals.h"
#include "cpu/kde_plan.h"

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Decides whether the layer's rows are put in order, and begins with that of y. */
static void begin_order(kde_layer *l)
{
    const int32_t *order = l->job->y->order;
    double reach;
    l->ordered = !l->line && kde_is_ordered(l->job, l->factor, &l->matrix, &reach);
    const int d = (int)l->job->d;
    l->places = (kde_places){l->job->t, d, d, l->factor};
    l->matrix.axes = l->projected ? l->axes : l->matrix.pairs.rows;
    if (l->ordered && l->projected &&
        !kde_project(l->job, l->factor, reach, l->projected, &l->matrix, &l->places)) {
        l->ordered = 0;
        l->matrix.cut = INFINITY;
    }
    if (l->order != order) memcpy(l->order, order, (size_t)l->job->n * sizeof *order);
}

/* A class is one piece of work: it takes a tenth of what its pairs take. */
static void order_layers(const kde_plan *p)
{
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) begin_order(&p->layers[j]);
    for (int j = 0; j < p->jobs; ++j) {
        const kde_layer *l = &p->layers[j];
#pragma omp for schedule(dynamic, 1) nowait
        for (int32_t c = 0; c < l->job->y->classes; ++c)
            if (l->ordered)
                kde_order_class(l->job, p->kernels->part, &l->places, c, l->order,
                                l->keys);
    }
#pragma omp barrier
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) {
        kde_layer *l = &p->layers[j];
        float *cut = &l->matrix.cut;
        if (l->ordered && kde_near_percent(l->job, &l->places, l->order, &l->matrix) >
                              p->kernels->near_percent)
            *cut = INFINITY;
    }
}

static void pack_strip(const kde_plan *p, const kde_strip *s)
{
    const kde_layer *l = s->of;
    const int64_t padded = l->matrix.pairs.padded;
    const int64_t end = least(s->column + KDE_SPAN, padded);
    if (l->screen.screened)
        screen_encode(l->job, p->screens, s->column,
                      least(s->column + KDE_SPAN, l->screen.places), &l->screen);
    else
        pairs_pack(l->job->t, l->job->y, l->order, l->factor, p->kernels->lanes,
                   s->column, end, &l->matrix.pairs);
    if (l->ordered && l->projected)
        kde_pack_axes(l->job, &l->places, l->order, p->kernels->lanes, s->column, end,
                      l->axes);
    if (l->ordered) kde_boxes(&l->matrix, p->kernels->lanes, s->column, end);
    for (int k = 0; k < KDE_SUMS; ++k)
        memset(l->sum + k * padded + s->column, 0,
               (size_t)(end - s->column) * sizeof(int64_t));
    for (int64_t i = s->column; i < end; i += KDE_ROWS)
        atomic_init(&l->lock[i / KDE_ROWS], 0);
}

/* Adds part[k][0 ..), for the k in use, to the layer's sums of up to KDE_ROWS rows from
 * `first`, which is a multiple of KDE_ROWS, and clears it. */
static void add_sums(const kde_layer *l, int64_t first, int64_t *part, int64_t stride,
                     kde_used used)
{
    const int64_t padded = l->matrix.pairs.padded;
    const int64_t rows = least(padded - first, KDE_ROWS);
    atomic_int *lock = &l->lock[first / KDE_ROWS];
    /* Held for less than a microsecond, unless its thread lost the processor. */
    while (atomic_exchange_explicit(lock, 1, memory_order_acquire)) sched_yield();
    for (int k = used.begin; k < used.end; ++k) {
        int64_t *to = l->sum + k * padded + first;
        for (int64_t i = 0; i < rows; ++i) to[i] += part[k * stride + i];
    }
    atomic_store_explicit(lock, 0, memory_order_release);
    for (int k = used.begin; k < used.end; ++k)
        memset(part + k * stride, 0, (size_t)rows * sizeof *part);
}

static void add_columns(const kde_strip *s, kde_workspace *work)
{
    const int64_t padded = s->of->matrix.pairs.padded;
    for (int64_t c = 0; c < KDE_SPAN && s->column + c < padded; c += KDE_ROWS)
        add_sums(s->of, s->column + c, &work->column[0][c], KDE_SPAN,
                 (kde_used){0, KDE_SUMS});
}

/* One thread's share of the blocks. */
static void do_blocks(const kde_plan *p)
{
    _Alignas(CPU_ALIGN) kde_workspace work;
    const kde_strip *s = p->strip; /* blocks come in ascending order: strips too */
    memset(work.row, 0, sizeof work.row);
    memset(work.column, 0, sizeof work.column);
    memset(work.lane_sum, 0, sizeof work.lane_sum);
#pragma omp for schedule(monotonic : dynamic, 1) nowait
    for (int64_t b = 0; b < p->blocks; ++b) {
        if (ipl_meter_is_stopped(p->meter)) continue;
        if (b >= s[1].begin) {
            add_columns(s, &work);
            while (b >= s[1].begin) ++s;
        }
        const int64_t first = (b - s->begin) * KDE_ROWS;
        if (s->of->screen.screened)
            p->screens->block(&s->of->screen, first, s->column, &work);
        else
            p->kernels->block(&s->of->matrix, first, s->column, &work);
        add_sums(s->of, first, &work.row[0][0], KDE_ROWS, work.used);
        ipl_meter_step(p->meter);
    }
    if (p->blocks) add_columns(s, &work);
#pragma omp barrier /* before the sums are read */
}

/* Similarity sums of a strip's rows, in the order of the activations. */
static void hand_out(const kde_strip *s)
{
    const ipl_kde_job *job = s->of->job;
    const int64_t *sum = s->of->sum, padded = s->of->matrix.pairs.padded;
    const int64_t end = least(s->column + KDE_SPAN, job->n);
    for (int64_t i = s->column; i < end; ++i) {
        const int64_t lower = IPL_KDE_ONE + sum[KDE_LOWER_WITHIN * padded + i];
        const int64_t upper = IPL_KDE_ONE + sum[KDE_UPPER_WITHIN * padded + i];
        const int32_t row = s->of->order[i];
        job->sum[0][row] = upper + sum[KDE_UPPER_ACROSS * padded + i];
        job->sum[1][row] = upper;
        job->sum[2][row] = lower + sum[KDE_LOWER_ACROSS * padded + i];
        job->sum[3][row] = lower;
    }
}

/* mean_i log(sum[i] / 2^40). The logarithm of a product of 48 terms, each in
 * [1, 2^20], replaces 48 logarithms; the product is off by at most 47 * 2^-53. */
static double mean_log(const int64_t *sum, int64_t n)
{
    enum { LANES = 4, TERMS = 48 };
    double total = 0.0;
    for (int64_t i = 0; i < n; i += TERMS) {
        double product[LANES] = {1.0, 1.0, 1.0, 1.0};
        const int64_t end = least(n - i, TERMS);
        for (int64_t e = 0; e < end; ++e)
            product[e % LANES] *= (double)sum[i + e] / (double)IPL_KDE_ONE;
        total += log(product[0] * product[1] * (product[2] * product[3]));
    }
    return total / (double)n;
}

/* Which layers are screened, and their axes: each step by all threads. */
static void prepare_screens(const kde_plan *p)
{
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) {
        kde_layer *l = &p->layers[j];
        if (l->factor == 1.0f && kde_may_screen(p->path, l->job))
            screen_begin(l->job, &l->matrix, p->screens, p->path, &l->screen);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t k = 0; k < p->strips; ++k) {
        const kde_strip *s = &p->strip[k];
        if (s->of->screen.screened)
            screen_project(s->of->job, p->screens, s->column,
                           least(s->column + KDE_SPAN, s->of->job->n), &s->of->screen);
    }
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) {
        kde_layer *l = &p->layers[j];
        if (!l->screen.screened) continue;
        screen_choose(p->screens, p->path, &l->screen);
        if (l->screen.screened) l->order = l->screen.order;
    }
}

static void sum_pairs(const cpu_state *state, const kde_plan *p)
{
#pragma omp parallel num_threads(cpu_threads(state))
    {
        const unsigned mode = flush_denormals();
#pragma omp for schedule(dynamic, 1) nowait
        for (int j = 0; j < p->jobs; ++j)
            if (p->layers[j].line) kde_line_sums(p->layers[j].line, p->layers[j].job);
        order_layers(p);
        prepare_screens(p);
#pragma omp for schedule(dynamic, 1)
        for (int64_t s = 0; s < p->strips; ++s) pack_strip(p, &p->strip[s]);
        do_blocks(p);
#pragma omp for schedule(static)
        for (int64_t s = 0; s < p->strips; ++s) hand_out(&p->strip[s]);
        restore_denormals(mode);
#pragma omp for schedule(static)
        for (int k = 0; k < 4 * p->jobs; ++k) {
            ipl_kde_job *job = p->layers[k / 4].job;
            job->mean_log[k % 4] = mean_log(job->sum[k % 4], job->n);
        }
    }
}

ipl_status cpu_kde_sums(void *state, int jobs, ipl_kde_job *job, int full_sums,
                        void *scratch)
{
    const cpu_state *cpu = state;
    ipl_meter *meter = cpu->meter;
    ipl_meter_begin(meter, kde_certain_blocks(jobs, job));
    for (int j = 0, count; j < jobs && !ipl_meter_is_stopped(meter); j += count) {
        kde_plan p;
        count = kde_group_of(cpu, jobs - j, job + j);
        kde_lay_out(cpu, KDE_CHOOSE, count, job + j, scratch, &p);
        kde_fill_plan(&p, job + j, full_sums);
        ipl_meter_more(meter, p.blocks - kde_certain_blocks(count, job + j));
        sum_pairs(cpu, &p);
    }
    return ipl_meter_end(meter);
}

ipl_status cpu_kde_sums_by(const cpu_state *state, kde_path path, int jobs,
                           ipl_kde_job *job, int *screened)
{
    kde_plan p;
    const size_t bytes = kde_lay_out(state, path, jobs, job, NULL, &p);
    void *scratch = aligned_alloc(IPL_ARENA_ALIGN, bytes);
    if (!scratch) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for pair sums", bytes);
    kde_lay_out(state, path, jobs, job, scratch, &p);
    kde_fill_plan(&p, job, 0);
    ipl_meter_begin(p.meter, p.blocks);
    sum_pairs(state, &p);
    const ipl_status st = ipl_meter_end(p.meter);
    for (int j = 0; j < jobs; ++j)
        screened[p.layers[j].job - job] = p.layers[j].screen.screened;
    free(scratch);
    return st;
}
