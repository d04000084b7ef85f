/*
 * moments.cu - local moments of rows: scratch, passes and launches.
 *
 * Some rows at a time (moments_rows_max), so that the roots of their weights fit. A job
 * with a space in host memory has slots for those rows and for one block of columns;
 * the blocks with rows of their classes pass by, and sums wait between them.
 *
 * The scratch of a job: its near_layer, where its classes begin, the roots, and for a
 * space in host memory the slots and the sums that wait.
 */
#include <assert.h>

#include "host_rows.cuh"
#include "jobs.cuh"
#include "moments_layer.cuh"

enum {
    ROOTS_MAX = 1 << 26,   /* floats; a quarter of it for jobs in host memory    */
    MOMENTS_MAX = 1 << 25, /* doubles, and so for sums that wait                 */
    BLOCKS_WANTED = 2048   /* of moments_roots.cu: they fill the largest GPU     */
};

moments_shape moments_shape_of(const ipl_density_job *job)
{
    moments_shape shape = {};
    shape.e = (int32_t)moments_units(job) + 1;
    const bool one = shape.e <= ONE_TILE_MAX;
    shape.side = one ? (shape.e + SQUARE - 1) / SQUARE * SQUARE : TILE_UNITS;
    const int32_t tiles = (int32_t)ceil_div(shape.e, shape.side);
    shape.tiles = tiles * (tiles + 1) / 2;
    for (shape.columns = 256; shape.columns * (one ? 1 : 2) * shape.side > ROOM;)
        shape.columns /= 2;
    return shape;
}

static bool on_host(const ipl_pairs *p)
{
    return p->space[0].on_host || (p->spaces > 1 && p->space[1].on_host);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Columns of a pass. */
static int64_t columns_of(const ipl_pairs *p)
{
    return on_host(p) ? least(p->block, p->n) : p->n;
}

int64_t moments_rows_max(const ipl_density_job *job)
{
    const bool streamed = on_host(&job->pairs);
    const int64_t share = streamed ? 4 : 1;
    const int64_t waiting = streamed ? moments_shape_of(job).tiles * ROOM : 1;
    const int64_t size = local_moments(moments_units(job));
    const int64_t a = ROOTS_MAX / share / columns_of(&job->pairs);
    const int64_t b = MOMENTS_MAX / share / (size > waiting ? size : waiting);
    const int64_t rows = least(least(a, b), job->pairs.n);
    return rows < 1 ? 1 : rows < NEAR_TILE ? rows : rows / NEAR_TILE * NEAR_TILE;
}

static int64_t classes_of(const ipl_pairs *p) { return p->y ? p->y->classes : 1; }

struct moments_scratch_of {
    near_layer *layer;
    int32_t    *start;
    float      *slots[2];
    float      *root;
    double     *partial;
};

static moments_scratch_of lay_out(const ipl_density_job *job, ipl_arena *from)
{
    const ipl_pairs *p = &job->pairs;
    const int64_t rows = moments_rows_max(job), columns = columns_of(p);
    const int64_t slot_rows = rows > columns ? rows : columns;
    const bool streamed = on_host(p);
    moments_scratch_of s = {};
    s.layer = arena_take<near_layer>(from, 1);
    s.start = arena_take<int32_t>(from, classes_of(p) + 1);
    s.root = arena_take<float>(from, rows * columns);
    for (int q = 0; q < p->spaces; ++q)
        s.slots[q] = arena_take<float>(
            from, p->space[q].on_host ? 2 * slot_rows * p->space[q].d : 0);
    s.partial = arena_take<double>(
        from, streamed ? rows * moments_shape_of(job).tiles * ROOM : 0);
    return s;
}

size_t moments_scratch(const ipl_density_job *job)
{
    ipl_arena from = {};
    lay_out(job, &from);
    return from.used;
}

static near_layer layer_of(const ipl_density_job *job, const moments_scratch_of *s)
{
    const ipl_pairs *p = &job->pairs;
    const int64_t rows = moments_rows_max(job), columns = columns_of(p);
    near_layer l = {};
    l.n = (int32_t)p->n;
    l.spaces = p->spaces;
    l.slot_rows = (int32_t)(rows > columns ? rows : columns);
    for (int q = 0; q < p->spaces; ++q) {
        l.space[q].t = p->space[q].on_host ? nullptr : p->space[q].t;
        l.space[q].slots = s->slots[q];
        l.space[q].d = (int32_t)p->space[q].d;
    }
    l.norm = IPL_NORM_EUCLID;
    l.unit = p->unit;
    l.splits = (int32_t)ceil_div(BLOCKS_WANTED, ceil_div(rows, NEAR_TILE));
    l.strip = 1;
    l.label = p->y ? p->y->at : nullptr;
    l.order = p->y ? p->y->order : nullptr;
    l.start = s->start;
    return l;
}

ipl_status moments_prepare(ipl_cuda *dev, const ipl_density_job *job, void *scratch)
{
    ipl_arena from = {(char *)scratch, 0};
    const ipl_pairs *p = &job->pairs;
    const moments_scratch_of s = lay_out(job, &from);
    const near_layer l = layer_of(job, &s);
    const int64_t classes = classes_of(p);
    host_array<int32_t> start(classes + 1);
    assert(p->norm == IPL_NORM_EUCLID && p->n <= 1 << 20);
    if (!start.at)
        return IPL_FAIL(IPL_E_MEMORY, "where %lld classes begin", (long long)classes);
    for (int64_t c = 0; c <= classes; ++c)
        start.at[c] = (int32_t)(p->y ? p->y->start[c] : c * p->n);
    IPL_TRY(send(dev, &l, 1, s.layer));
    IPL_TRY(send(dev, start.at, classes + 1, s.start));
    return ipl_cuda_wait(dev); /* before `l` and `start` go */
}

/* What a pass over so many rows does: blocks of both kernels and the units of each. A
 * double multiply-add counts as a unit of a pair. */
struct pass_size {
    int64_t root_blocks, sum_blocks;
    double  root_units, sum_units;
};

static pass_size size_of(const ipl_density_job *job, const near_layer *l, int64_t rows)
{
    const moments_shape shape = moments_shape_of(job);
    const int64_t columns = columns_of(&job->pairs);
    pass_size size = {};
    size.root_blocks = near_blocks(l, rows);
    size.root_units = near_block_units(l, columns);
    size.sum_blocks = moments_sum_blocks(shape, rows);
    size.sum_units = (double)(TEAMS * columns * shape.side * shape.side);
    return size;
}

int64_t moments_windows(const ipl_cuda *dev, const ipl_density_job *job)
{
    const moments_scratch_of s = {};
    const near_layer l = layer_of(job, &s);
    const pass_size size = size_of(job, &l, moments_rows_max(job));
    return ceil_div(job->pairs.n, columns_of(&job->pairs)) *
           (windows_of(dev, size.root_blocks, size.root_units) +
            windows_of(dev, size.sum_blocks, size.sum_units));
}

/* Both kernels for the pass's window, whose rows and columns are on the device. */
static ipl_status run_pass(ipl_cuda *dev, int counts, const ipl_density_job *job,
                           const moments_scratch_of *s, moments_pass pass)
{
    const near_layer l = layer_of(job, s);
    const int64_t rows = pass.window.row_end - pass.window.row;
    const pass_size size = size_of(job, &l, rows);
    pass.square = job->square;
    pass.root = s->root;
    pass.stride = columns_of(&job->pairs);
    const size_t bytes = (size_t)(rows * pass.stride) * sizeof *pass.root;
    IPL_CUDA(dev, cudaMemsetAsync(pass.root, 0, bytes, dev->stream));
    IPL_TRY(launch_windows(dev, counts, size.root_blocks, size.root_units,
                           [&](int64_t base, int64_t some) {
        pass.window.base = base;
        return moments_launch_roots(dev, some, s->layer, pass);
    }));
    return launch_windows(dev, counts, size.sum_blocks, size.sum_units,
                          [&](int64_t base, int64_t some) {
        pass.window.base = base;
        return moments_launch_sums(dev, some, moments_shape_of(job), s->layer, pass);
    });
}

/* The rows with the classes of the rows first .. end - 1. */
static void widen_to_classes(const ipl_pairs *p, int64_t *first, int64_t *end)
{
    int64_t low = 0, high = p->n;
    for (int64_t c = 0; p->y && c <= p->y->classes; ++c) {
        const int64_t start = p->y->start[c];
        if (start <= *first) low = start;
        if (start >= *end && start < high) high = start;
    }
    *first = low;
    *end = high;
}

/* Queues the rows first .. end - 1 of the spaces in host memory to a slot. */
static ipl_status bring(const ipl_pairs *p, const moments_scratch_of *s,
                        const int32_t *order, int64_t first, int64_t end,
                        int64_t slot_row, host_rows *from)
{
    for (int q = 0; q < p->spaces; ++q)
        if (p->space[q].on_host)
            IPL_TRY(host_rows_send(from + q, order + first, end - first,
                                   s->slots[q] + slot_row * p->space[q].d));
    return IPL_OK;
}

static ipl_status run_host(ipl_cuda *dev, int counts, const ipl_density_job *job,
                           const moments_scratch_of *s, moments_pass pass)
{
    const ipl_pairs *p = &job->pairs;
    const int64_t block = columns_of(p), slot_rows = layer_of(job, s).slot_rows;
    int64_t first = pass.window.row, end = pass.window.row_end;
    host_rows from[2] = {};
    host_array<int32_t> order(p->n);
    const size_t bytes = (size_t)p->n * sizeof *order.at;
    if (!order.at)
        return IPL_FAIL(IPL_E_MEMORY, "the order of %lld rows", (long long)p->n);
    for (int64_t i = 0; i < p->n; ++i) order.at[i] = (int32_t)i;
    if (p->y) IPL_TRY(ipl_cuda_fetch(dev, p->y->order, bytes, order.at));
    for (int q = 0; q < p->spaces; ++q)
        if (p->space[q].on_host)
            IPL_TRY(host_rows_open(dev, p->space[q].t, p->space[q].d, from + q));
    IPL_TRY(bring(p, s, order.at, first, end, 0, from));
    widen_to_classes(p, &first, &end);
    pass.window.col_slot = 1;
    pass.partial = s->partial;
    for (int64_t at = first / block * block; at < end; at += block) {
        const int64_t to = least(at + block, p->n);
        IPL_TRY(bring(p, s, order.at, at, to, slot_rows, from));
        pass.window.col = pass.window.col_first = (int32_t)at;
        pass.window.col_end = (int32_t)to;
        pass.first = at <= first;
        pass.last = to >= end;
        IPL_TRY(run_pass(dev, counts, job, s, pass));
    }
    return IPL_OK;
}

ipl_status moments_rows(ipl_cuda *dev, int counts, const ipl_density_job *job,
                        void *scratch, int64_t first, int64_t count, double *moments)
{
    ipl_arena from = {(char *)scratch, 0};
    const moments_scratch_of s = lay_out(job, &from);
    moments_pass pass = {};
    assert(count > 0 && count <= moments_rows_max(job));
    pass.window.row = (int32_t)first;
    pass.window.row_end = (int32_t)(first + count);
    pass.moments = moments;
    if (on_host(&job->pairs)) return run_host(dev, counts, job, &s, pass);
    pass.window.col_end = (int32_t)job->pairs.n;
    pass.first = pass.last = 1;
    return run_pass(dev, counts, job, &s, pass);
}
