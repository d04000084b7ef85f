/*
 * neighbours.cu - nearest neighbours and counts within a radius: the plan of a call,
 * its scratch and its launches.
 *
 * Layers on the device share a launch, so that many small ones fill it. Those with a
 * space in host memory come after them, one after the other, in slots that they take
 * turns in (near_host.cu).
 *
 * The scratch of a call: the table of layers, where their classes begin, the slots,
 * and k keys a row, for each split of the columns.
 */
#include <assert.h>

#include "jobs.cuh"
#include "near_layer.cuh"

/* Blocks of a call that fill the largest GPU a few times over, the most lists of a row,
 * and the most tiles that a block counts. */
enum { BLOCKS_WANTED = 4096, SPLITS_MAX = 16, STRIP_MAX = 16 };

static int32_t within(int64_t least, int64_t value, int64_t most)
{
    return (int32_t)(value < least ? least : value > most ? most : value);
}

static bool on_host(const ipl_pairs *p)
{
    return p->space[0].on_host || (p->spaces > 1 && p->space[1].on_host);
}

static int64_t starts_of(const ipl_pairs *p)
{
    return (p->y ? (int64_t)p->y->classes : 1) + 1;
}

/* The rows of a tile end the class of its first one and begin that of its last. */
static int32_t span_of(const ipl_pairs *p)
{
    int64_t most = 0;
    if (!p->y || !p->y->start) return (int32_t)p->n; /* only scratch is asked for */
    for (int32_t c = 0; c < p->y->classes; ++c) {
        const int64_t rows = p->y->start[c + 1] - p->y->start[c];
        most = rows > most ? rows : most;
    }
    return within(0, 2 * most + NEAR_TILE, p->n);
}

static void add_job(int jobs, const ipl_neighbour_job *job, near_layer *l)
{
    const int64_t tiles = ceil_div(l->n, NEAR_TILE);
    l->splits = within(1, BLOCKS_WANTED / (tiles * jobs), SPLITS_MAX);
    l->strip = 1;
    l->k = job->k;
    l->distance = job->distance;
    l->neighbour = job->neighbour;
}

static void add_job(int jobs, const ipl_radius_job *job, near_layer *l)
{
    const int64_t tiles = ceil_div(l->n, NEAR_TILE);
    l->strip = within(2, tiles * tiles * jobs / 2 / BLOCKS_WANTED, STRIP_MAX);
    l->splits = (int32_t)ceil_div(tiles, l->strip);
    l->radius = job->radius;
    l->count = job->count;
}

/* Scratch on the device. */
struct near_scratch {
    near_layer *layer;       /* [jobs]: those without a space in host memory first */
    int32_t    *starts;      /* [start_count] of all jobs                        */
    float      *slots;
    near_key   *lists;       /* [keys] of all jobs                               */
    int64_t     start_count, keys;
};

/* Hands out the slots to the job's spaces in host memory; returns their size. NULL:
 * asks for it only. */
static int64_t place_slots(const ipl_pairs *p, float *slots, near_layer *l)
{
    int64_t used = 0;
    for (int s = 0; s < p->spaces; ++s) {
        if (!p->space[s].on_host) continue;
        if (slots) l->space[s].slots = slots + used;
        used += near_slots(p) * near_slot_rows(p) * ceil_div(p->space[s].d, 4) * 4;
    }
    return used;
}

/* What a job is, but for pieces of scratch. */
template <class J> static near_layer layer_of(int jobs, const J *job)
{
    const ipl_pairs *p = &job->pairs;
    near_layer l = {};
    assert(p->n <= 1 << 20);
    l.n = (int32_t)p->n;
    l.spaces = p->spaces;
    l.slot_rows = on_host(p) ? (int32_t)near_slot_rows(p) : 0;
    for (int s = 0; s < p->spaces; ++s) {
        l.space[s].t = p->space[s].on_host ? nullptr : p->space[s].t;
        l.space[s].d = (int32_t)p->space[s].d;
    }
    l.norm = p->norm;
    l.unit = p->unit;
    l.span = span_of(p);
    l.label = p->y ? p->y->at : nullptr;
    l.order = p->y ? p->y->order : nullptr;
    add_job(jobs, job, &l);
    return l;
}

template <class J>
static near_scratch lay_out(int jobs, const J *job, ipl_arena *from)
{
    near_scratch s = {};
    int64_t slots = 0;
    for (int q = 0; q < jobs; ++q) {
        near_layer l = layer_of(jobs, job + q);
        const int64_t values = place_slots(&job[q].pairs, nullptr, &l);
        s.start_count += starts_of(&job[q].pairs);
        slots = values > slots ? values : slots;
        s.keys += (int64_t)l.splits * l.n * l.k;
    }
    s.layer = arena_take<near_layer>(from, jobs);
    s.starts = arena_take<int32_t>(from, s.start_count);
    s.slots = arena_take<float>(from, slots);
    s.lists = arena_take<near_key>(from, s.keys);
    return s;
}

template <class J> static size_t scratch_bytes(int jobs, const J *job)
{
    ipl_arena from = {};
    lay_out(jobs, job, &from);
    return from.used;
}

/* Layers on the host, in the order of the table, and the job of each. */
struct near_plan {
    near_layer *layer;
    int        *job_of;
    int32_t    *starts;
    int         resident; /* layers without a space in host memory               */
    int32_t     n_max;
};

/* Where the classes of a job begin; returns how many entries that are. */
static int64_t fill_starts(const ipl_pairs *p, int32_t *start)
{
    for (int64_t c = 0; c < starts_of(p); ++c)
        start[c] = (int32_t)(p->y ? p->y->start[c] : c * p->n);
    return starts_of(p);
}

template <class J>
static void plan_layers(int jobs, const J *job, const near_scratch *s, near_plan *plan)
{
    int64_t keys = 0, starts = 0;
    for (int q = 0; q < jobs; ++q) plan->resident += !on_host(&job[q].pairs);
    int next[2] = {0, plan->resident};
    for (int q = 0; q < jobs; ++q) {
        const ipl_pairs *p = &job[q].pairs;
        near_layer l = layer_of(jobs, job + q);
        l.list = s->lists + keys;
        l.start = s->starts + starts;
        place_slots(p, s->slots, &l);
        keys += (int64_t)l.splits * l.n * l.k;
        starts += fill_starts(p, plan->starts + starts);
        if (l.n > plan->n_max) plan->n_max = l.n;
        const int at = next[on_host(p)]++;
        plan->layer[at] = l;
        plan->job_of[at] = q;
    }
}

/* All pairs of all layers, on the device and in host memory. */
template <class J>
static ipl_status run_pairs(ipl_cuda *dev, int jobs, const J *job,
                            const near_plan *plan, near_layer *layer)
{
    const int resident = plan->resident;
    if (resident)
        IPL_TRY(near_run_window(dev, NEAR_WHOLE, resident, plan->layer, layer));
    for (int p = resident; p < jobs; ++p)
        IPL_TRY(near_run_host(dev, &job[plan->job_of[p]].pairs, plan->layer + p,
                              layer + p));
    return IPL_OK;
}

template <class J>
static ipl_status run_plan(ipl_cuda *dev, int jobs, const J *job,
                           const near_scratch *s, const near_plan *plan)
{
    IPL_TRY(send(dev, plan->layer, jobs, s->layer));
    IPL_TRY(send(dev, plan->starts, s->start_count, s->starts));
    const size_t bytes = (size_t)s->keys * sizeof *s->lists;
    if (bytes) IPL_CUDA(dev, cudaMemsetAsync(s->lists, 0xff, bytes, dev->stream));
    for (const near_layer *l = plan->layer; l < plan->layer + jobs; ++l)
        if (l->count)
            IPL_CUDA(dev, cudaMemsetAsync(l->count, 0, l->n * sizeof *l->count,
                                          dev->stream));
    IPL_TRY(run_pairs(dev, jobs, job, plan, s->layer));
    return bytes ? near_launch_join(dev, plan->n_max, jobs, s->layer) : IPL_OK;
}

template <class J>
static ipl_status run(void *state, int jobs, const J *job, void *scratch)
{
    ipl_cuda *dev = nullptr;
    ipl_arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    const near_scratch s = lay_out(jobs, job, &from);
    host_array<near_layer> layer(jobs);
    host_array<int> job_of(jobs);
    host_array<int32_t> starts(s.start_count);
    if (!layer.at || !job_of.at || !starts.at)
        return IPL_FAIL(IPL_E_MEMORY, "the plan of %d layers", jobs);
    near_plan plan = {};
    plan.layer = layer.at;
    plan.job_of = job_of.at;
    plan.starts = starts.at;
    plan_layers(jobs, job, &s, &plan);
    ipl_meter_begin(&dev->meter, 0);
    IPL_TRY(run_plan(dev, jobs, job, &s, &plan));
    IPL_TRY(ipl_cuda_wait(dev));
    ipl_meter_begin(&dev->meter, 0);
    return IPL_OK;
}

extern "C" size_t ipl_cuda_neighbour_scratch_bytes(void *, int jobs,
                                                   const ipl_neighbour_job *job)
{
    return scratch_bytes(jobs, job);
}

extern "C" ipl_status ipl_cuda_nearest_neighbours(void *state, int jobs,
                                                  ipl_neighbour_job *job, void *scratch)
{
    return run(state, jobs, job, scratch);
}

extern "C" size_t ipl_cuda_radius_scratch_bytes(void *, int jobs,
                                                const ipl_radius_job *job)
{
    return scratch_bytes(jobs, job);
}

extern "C" ipl_status ipl_cuda_radius_counts(void *state, int jobs, ipl_radius_job *job,
                                             void *scratch)
{
    return run(state, jobs, job, scratch);
}
