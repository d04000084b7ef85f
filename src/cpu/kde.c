/*
 * kde.c - Gaussian pair sums of several layers at once.
 *
 * Each layer's rows are packed (pairs_pack.h), those of narrow layers in k-d order
 * inside their class (kde_order.c); rows on a line are summed without pairs
 * (kde_line.c). The upper triangle of its pairs is cut into strips of KDE_SPAN
 * columns and these into blocks of KDE_ROWS rows. All blocks of all layers are one
 * list, dearest layers first, that the threads take from, so that many small layers
 * fill them as well as a large one. A thread keeps the column sums of its strip to
 * itself until it comes to another strip.
 *
 * Which pairs a block holds depends on the layer alone, and the sums of blocks
 * are integers: the results are the same bits at any number of threads and in
 * any company.
 */
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cpu/denormals.h"
#include "cpu/kde_screen.h"

static const kde_kernels *const kernels[CPU_ISA_COUNT] = {
    [CPU_PORTABLE] = &kde_kernels_portable,
#if defined(__x86_64__)
    [CPU_AVX2] = &kde_kernels_avx2,
    [CPU_AVX512] = &kde_kernels_avx512,
#endif
};

static const screen_kernels *const screens[CPU_ISA_COUNT] = {
    [CPU_PORTABLE] = &screen_kernels_portable,
#if defined(__x86_64__)
    [CPU_AVX2] = &screen_kernels_avx2,
    [CPU_AVX512] = &screen_kernels_avx512,
#endif
};

static const screen_kernels *screens_of(cpu_isa isa)
{
#if defined(__x86_64__) && !defined(IPL_SIMDE)
    if (isa == CPU_AVX512 && __builtin_cpu_supports("avx512vnni"))
        return &screen_kernels_vnni;
#endif
    return screens[isa];
}

/* A job on its way through the threads. */
typedef struct {
    ipl_kde_job *job;
    kde_matrix   matrix;
    kde_screen   screen; /* where screen.screened                               */
    float        factor; /* of the packed coordinates                           */
    int          ordered; /* whether its rows are put in order                   */
    int32_t     *order;  /* row i of the matrix is row order[i] of the layer    */
    cpu_kd_key  *keys;   /* what putting narrow layers in order needs           */
    const float *z;      /* [n][axes]: their coordinates on the axes, times     */
    float        z_factor;
    float       *projected, *axes; /* room for these and the packed ones     */
    kde_line    *line;   /* NULL: its rows do not lie on a line                 */
    int64_t     *sum;    /* [KDE_SUMS][padded]                                  */
    atomic_int  *lock;   /* one for each KDE_ROWS of sum                        */
    double       cost;   /* of its largest block                                */
} layer;

/* The blocks of one span of columns: number `begin` and on, from row 0 down. */
typedef struct {
    layer  *of;
    int64_t column, begin;
} strip;

typedef struct {
    const kde_kernels    *kernels;
    const screen_kernels *screens;
    kde_path           path;
    int                jobs;
    int64_t            strips, blocks;
    ipl_meter         *meter;  /* of the blocks                                   */
    layer             *layers;
    strip             *strip; /* [strips + 1]; the last one only ends the blocks */
} plan;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Rows too narrow for a screen are not given room for one. */
static int may_screen(kde_path path, const ipl_kde_job *job)
{
    if (path != KDE_CHOOSE) return 1;
    return job->d >= SCREEN_UNITS_MIN && job->d <= SCREEN_UNITS_MAX &&
           job->n >= SCREEN_ROWS_MIN;
}

/* Lays a plan out in scratch, which may be NULL, and returns the bytes it takes. */
static size_t lay_out(const cpu_state *state, kde_path path, int jobs,
                      const ipl_kde_job *job, void *scratch, plan *p)
{
    ipl_arena arena = {.base = scratch};
    *p = (plan){.kernels = kernels[state->isa], .screens = screens_of(state->isa),
                .path = path, .jobs = jobs, .meter = state->meter};
    p->layers = ipl_arena_take(&arena, jobs, sizeof *p->layers);
    for (int j = 0; j < jobs; ++j) {
        const int64_t n = job[j].n, d = job[j].d, columns = p->kernels->columns;
        const int64_t padded = ceil_div(n, columns) * columns;
        const int64_t locks = ceil_div(padded, KDE_ROWS);
        layer l = {.matrix.pairs = {.n = n, .d = d, .padded = padded}};
        int64_t floats = padded * d;
        if (may_screen(path, &job[j])) {
            screen_lay_out(&job[j], &arena, &l.screen);
            const int64_t rows = l.screen.places > SCREEN_SAMPLE ? l.screen.places
                                                                 : SCREEN_SAMPLE;
            if (floats < rows * l.screen.stride) floats = rows * l.screen.stride;
        }
        l.matrix.pairs.rows = ipl_arena_take(&arena, floats, sizeof(float));
        l.screen.rows = l.matrix.pairs.rows;
        l.matrix.pairs.position = ipl_arena_take(&arena, padded, sizeof(float));
        l.matrix.pairs.class_of = ipl_arena_take(&arena, padded, sizeof(float));
        l.sum = ipl_arena_take(&arena, KDE_SUMS * padded, sizeof *l.sum);
        l.lock = ipl_arena_take(&arena, locks, sizeof *l.lock);
        if (d <= KDE_NARROW) {
            const int64_t boxes = padded / p->kernels->lanes + p->kernels->lanes;
            l.matrix.boxes = boxes;
            l.matrix.low = ipl_arena_take(&arena, boxes * KDE_AXES(d), sizeof(float));
            l.matrix.high = ipl_arena_take(&arena, boxes * KDE_AXES(d), sizeof(float));
            if (d > KDE_AXES(d)) {
                l.projected = ipl_arena_take(&arena, n * KDE_AXES(d), sizeof(float));
                l.axes = ipl_arena_take(&arena, padded * KDE_AXES(d), sizeof(float));
            }
            l.order = ipl_arena_take(&arena, n, sizeof *l.order);
            l.keys = ipl_arena_take(&arena, n, sizeof *l.keys);
        }
        if (d <= 2) l.line = ipl_arena_take(&arena, kde_line_bytes(), 1);
        if (scratch) p->layers[j] = l;
        p->strips += ceil_div(padded, KDE_SPAN);
    }
    p->strip = ipl_arena_take(&arena, p->strips + 1, sizeof *p->strip);
    return arena.used;
}

size_t cpu_kde_scratch_bytes(void *state, int jobs, const ipl_kde_job *job)
{
    plan p;
    return lay_out(state, KDE_CHOOSE, jobs, job, NULL, &p);
}

static int dearest_first(const void *a, const void *b)
{
    const layer *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? 1 : -1;
    return (x->job > y->job) - (x->job < y->job);
}

static void fill_plan(plan *p, ipl_kde_job *job, int full_sums)
{
    for (int j = 0; j < p->jobs; ++j) {
        layer *l = &p->layers[j];
        l->job = &job[j];
        l->factor = kde_scale(&job[j], full_sums, &l->matrix);
        if (!l->order) l->order = job[j].y->order;
        if (l->line && (full_sums || !kde_is_line(&job[j], l->line))) l->line = NULL;
        l->cost = fmin((double)job[j].n, KDE_SPAN) * (double)(job[j].d + 10);
    }
    qsort(p->layers, (size_t)p->jobs, sizeof *p->layers, dearest_first);

    strip *s = p->strip;
    for (int j = 0; j < p->jobs; ++j) {
        const pairs_layer *pairs = &p->layers[j].matrix.pairs;
        if (p->layers[j].line) continue;
        for (int64_t column = 0; column < pairs->padded; column += KDE_SPAN, ++s) {
            const int64_t end = least(column + KDE_SPAN, pairs->n);
            *s = (strip){&p->layers[j], column, p->blocks};
            p->blocks += ceil_div(end, KDE_ROWS);
        }
    }
    *s = (strip){NULL, 0, p->blocks};
    p->strips = s - p->strip;
}

/* Decides whether the layer's rows are put in order, and begins with that of y. */
static void begin_order(layer *l)
{
    const int32_t *order = l->job->y->order;
    double reach;
    l->ordered = !l->line && kde_is_ordered(l->job, l->factor, &l->matrix, &reach);
    l->z = l->projected ? l->projected : l->job->t;
    l->z_factor = l->projected ? 1.0f : l->factor;
    l->matrix.axes = l->projected ? l->axes : l->matrix.pairs.rows;
    if (l->ordered && l->projected &&
        !kde_project(l->job, l->factor, reach, &l->matrix, l->projected)) {
        l->ordered = 0;
        l->matrix.cut = INFINITY;
    }
    if (l->order != order) memcpy(l->order, order, (size_t)l->job->n * sizeof *order);
}

/* A class is one piece of work: it takes a tenth of what its pairs take. */
static void order_layers(const plan *p)
{
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) begin_order(&p->layers[j]);
    for (int j = 0; j < p->jobs; ++j) {
        const layer *l = &p->layers[j];
#pragma omp for schedule(dynamic, 1) nowait
        for (int32_t c = 0; c < l->job->y->classes; ++c)
            if (l->ordered) kde_order_class(l->job, l->z, c, l->order, l->keys);
    }
#pragma omp barrier
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) {
        layer *l = &p->layers[j];
        float *cut = &l->matrix.cut;
        if (l->ordered && kde_near_percent(l->job, l->z, l->order, l->z_factor,
                                           &l->matrix) > p->kernels->near_percent)
            *cut = INFINITY;
    }
}

static void pack_strip(const plan *p, const strip *s)
{
    const layer *l = s->of;
    const int64_t padded = l->matrix.pairs.padded;
    const int64_t end = least(s->column + KDE_SPAN, padded);
    if (l->screen.screened)
        screen_encode(l->job, p->screens, s->column,
                      least(s->column + KDE_SPAN, l->screen.places), &l->screen);
    else
        pairs_pack(l->job->t, l->job->y, l->order, l->factor, p->kernels->lanes,
                   s->column, end, &l->matrix.pairs);
    if (l->ordered && l->projected)
        kde_pack_axes(l->job, l->z, l->order, p->kernels->lanes, s->column, end,
                      l->axes);
    if (l->ordered) kde_boxes(&l->matrix, p->kernels->lanes, s->column, end);
    for (int k = 0; k < KDE_SUMS; ++k)
        memset(l->sum + k * padded + s->column, 0,
               (size_t)(end - s->column) * sizeof(int64_t));
    for (int64_t i = s->column; i < end; i += KDE_ROWS)
        atomic_init(&l->lock[i / KDE_ROWS], 0);
}

/* Adds part[k][0 ..) to the layer's sums of up to KDE_ROWS rows from `first`, which
 * is a multiple of KDE_ROWS, and clears it. */
static void add_sums(const layer *l, int64_t first, int64_t *part, int64_t stride)
{
    const int64_t padded = l->matrix.pairs.padded;
    const int64_t rows = least(padded - first, KDE_ROWS);
    atomic_int *lock = &l->lock[first / KDE_ROWS];
    /* Held for less than a microsecond, unless its thread lost the processor. */
    while (atomic_exchange_explicit(lock, 1, memory_order_acquire)) sched_yield();
    for (int k = 0; k < KDE_SUMS; ++k) {
        int64_t *to = l->sum + k * padded + first;
        for (int64_t i = 0; i < rows; ++i) to[i] += part[k * stride + i];
    }
    atomic_store_explicit(lock, 0, memory_order_release);
    for (int k = 0; k < KDE_SUMS; ++k)
        memset(part + k * stride, 0, (size_t)rows * sizeof *part);
}

static void add_columns(const strip *s, kde_workspace *work)
{
    const int64_t padded = s->of->matrix.pairs.padded;
    for (int64_t c = 0; c < KDE_SPAN && s->column + c < padded; c += KDE_ROWS)
        add_sums(s->of, s->column + c, &work->column[0][c], KDE_SPAN);
}

/* One thread's share of the blocks. */
static void do_blocks(const plan *p)
{
    _Alignas(CPU_ALIGN) kde_workspace work;
    const strip *s = p->strip; /* blocks come in ascending order, so strips do too */
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
        add_sums(s->of, first, &work.row[0][0], KDE_ROWS);
        ipl_meter_step(p->meter);
    }
    if (p->blocks) add_columns(s, &work);
#pragma omp barrier /* before the sums are read */
}

/* Similarity sums of a strip's rows, in the order of the activations. */
static void hand_out(const strip *s)
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
static void prepare_screens(const plan *p)
{
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) {
        layer *l = &p->layers[j];
        if (l->factor == 1.0f && may_screen(p->path, l->job))
            screen_begin(l->job, &l->matrix, p->screens, p->path, &l->screen);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t k = 0; k < p->strips; ++k) {
        const strip *s = &p->strip[k];
        if (s->of->screen.screened)
            screen_project(s->of->job, p->screens, s->column,
                           least(s->column + KDE_SPAN, s->of->job->n), &s->of->screen);
    }
#pragma omp for schedule(dynamic, 1)
    for (int j = 0; j < p->jobs; ++j) {
        layer *l = &p->layers[j];
        if (!l->screen.screened) continue;
        screen_choose(p->screens, p->path, &l->screen);
        if (l->screen.screened) l->order = l->screen.order;
    }
}

static ipl_status sum_pairs(const cpu_state *state, const plan *p)
{
    ipl_meter_begin(p->meter, p->blocks);
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
    return ipl_meter_end(p->meter);
}

ipl_status cpu_kde_sums(void *state, int jobs, ipl_kde_job *job, int full_sums,
                        void *scratch)
{
    plan p;
    lay_out(state, KDE_CHOOSE, jobs, job, scratch, &p);
    fill_plan(&p, job, full_sums);
    return sum_pairs(state, &p);
}

ipl_status cpu_kde_sums_by(const cpu_state *state, kde_path path, int jobs,
                           ipl_kde_job *job, int *screened)
{
    plan p;
    const size_t bytes = lay_out(state, path, jobs, job, NULL, &p);
    void *scratch = aligned_alloc(IPL_ARENA_ALIGN, bytes);
    if (!scratch) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for pair sums", bytes);
    lay_out(state, path, jobs, job, scratch, &p);
    fill_plan(&p, job, 0);
    const ipl_status st = sum_pairs(state, &p);
    for (int j = 0; j < jobs; ++j)
        screened[p.layers[j].job - job] = p.layers[j].screen.screened;
    free(scratch);
    return st;
}
