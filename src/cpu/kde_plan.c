/*
 * kde_plan.c - which layers are taken up together, in what memory, and in what order.
 *
 * Many layers at once would fill the threads, but their scratch would not stay in the
 * caches: so many are a group as fit there. A layer is cut into strips of KDE_SPAN
 * columns, these into blocks of KDE_ROWS rows (kde.c).
 */
#include "cpu/kde_plan.h"

#include <math.h>
#include <stdlib.h>

#include "arena.h"

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

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int kde_may_screen(kde_path path, const ipl_kde_job *job)
{
    if (path != KDE_CHOOSE) return 1;
    return job->d >= SCREEN_UNITS_MIN && job->d <= SCREEN_UNITS_MAX &&
           job->n >= SCREEN_ROWS_MIN;
}

size_t kde_lay_out(const cpu_state *state, kde_path path, int jobs,
                   const ipl_kde_job *job, void *scratch, kde_plan *p)
{
    ipl_arena arena = {.base = scratch};
    *p = (kde_plan){.kernels = kernels[state->isa], .screens = screens_of(state->isa),
                .path = path, .jobs = jobs, .meter = state->meter};
    p->layers = ipl_arena_take(&arena, jobs, sizeof *p->layers);
    for (int j = 0; j < jobs; ++j) {
        const int64_t n = job[j].n, d = job[j].d, columns = p->kernels->columns;
        const int64_t padded = ceil_div(n, columns) * columns;
        const int64_t locks = ceil_div(padded, KDE_ROWS);
        kde_layer l = {.matrix.pairs = {.n = n, .d = d, .padded = padded}};
        int64_t floats = padded * d;
        if (kde_may_screen(path, &job[j])) {
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
            const int room = KDE_AXES_ROOM(d);
            l.matrix.low = ipl_arena_take(&arena, boxes * room, sizeof(float));
            l.matrix.high = ipl_arena_take(&arena, boxes * room, sizeof(float));
            if (d > KDE_ON_UNITS) {
                l.projected = ipl_arena_take(&arena, n * room, sizeof(float));
                l.axes = ipl_arena_take(&arena, padded * room, sizeof(float));
            }
            l.order = ipl_arena_take(&arena, n, sizeof *l.order);
            l.keys = ipl_arena_take(&arena, 2 * n, sizeof *l.keys);
        }
        if (d <= 2) l.line = ipl_arena_take(&arena, (int64_t)kde_line_bytes(n), 1);
        if (scratch) p->layers[j] = l;
        p->strips += ceil_div(padded, KDE_SPAN);
    }
    p->strip = ipl_arena_take(&arena, p->strips + 1, sizeof *p->strip);
    return arena.used;
}

/* -- Groups ---------------------------------------------------------------------- */

/* Of scratch, for each thread. 300 layers of 4096 rows at once took 4 % longer. */
enum { GROUP_BYTES = 4 << 20 };

static size_t group_bytes(const cpu_state *state)
{
    return (size_t)state->most_threads * GROUP_BYTES;
}

/* Scratch of one job; several take no more than each of them alone. */
static size_t bytes_alone(const cpu_state *state, const ipl_kde_job *job)
{
    kde_plan p;
    return kde_lay_out(state, KDE_CHOOSE, 1, job, NULL, &p);
}

/* That of the largest group, whichever jobs of these it has. */
size_t cpu_kde_scratch_bytes(void *state, int jobs, const ipl_kde_job *job)
{
    size_t all = 0, most = group_bytes(state);
    for (int j = 0; j < jobs; ++j) {
        const size_t alone = bytes_alone(state, &job[j]);
        all += alone;
        if (most < alone) most = alone;
    }
    return all < most ? all : most;
}

int kde_group_of(const cpu_state *state, int jobs, const ipl_kde_job *job)
{
    int count = 0;
    for (size_t bytes = 0; count < jobs; ++count) {
        bytes += bytes_alone(state, &job[count]);
        if (count && bytes > group_bytes(state)) break;
    }
    return count;
}

/* Blocks of a layer of so many rows. */
static int64_t blocks_of(int64_t n)
{
    int64_t blocks = 0;
    for (int64_t column = 0; column < n; column += KDE_SPAN)
        blocks += ceil_div(least(column + KDE_SPAN, n), KDE_ROWS);
    return blocks;
}

int64_t kde_certain_blocks(int jobs, const ipl_kde_job *job)
{
    int64_t blocks = 0;
    for (int j = 0; j < jobs; ++j) blocks += job[j].d > 2 ? blocks_of(job[j].n) : 0;
    return blocks;
}

/* -- Blocks ---------------------------------------------------------------------- */

static int dearest_first(const void *a, const void *b)
{
    const kde_layer *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? 1 : -1;
    return (x->job > y->job) - (x->job < y->job);
}

void kde_fill_plan(kde_plan *p, ipl_kde_job *job, int full_sums)
{
    for (int j = 0; j < p->jobs; ++j) {
        kde_layer *l = &p->layers[j];
        l->job = &job[j];
        l->factor = kde_scale(&job[j], full_sums, &l->matrix);
        if (!l->order) l->order = job[j].y->order;
        if (l->line && (full_sums || !kde_is_line(&job[j], l->line))) l->line = NULL;
        l->cost = fmin((double)job[j].n, KDE_SPAN) * (double)(job[j].d + 10);
    }
    qsort(p->layers, (size_t)p->jobs, sizeof *p->layers, dearest_first);

    kde_strip *s = p->strip;
    for (int j = 0; j < p->jobs; ++j) {
        const pairs_layer *pairs = &p->layers[j].matrix.pairs;
        if (p->layers[j].line) continue;
        for (int64_t column = 0; column < pairs->padded; column += KDE_SPAN, ++s) {
            const int64_t end = least(column + KDE_SPAN, pairs->n);
            *s = (kde_strip){&p->layers[j], column, p->blocks};
            p->blocks += ceil_div(end, KDE_ROWS);
        }
    }
    *s = (kde_strip){NULL, 0, p->blocks};
    p->strips = s - p->strip;
}
