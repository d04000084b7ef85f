/*
 * kde.cu - Gaussian pair sums: the plan of a call, its scratch and its launches.
 *
 * A call sorts its layers by width: those of one width (d up to 32, rounded up to a
 * compiled one; a unit of zeros changes no bit) share a launch of kde_small.cu, those
 * beyond those of kde_screen.cu or kde_wide.cu (kde_choose.cu), so that many small
 * layers fill the device. What a layer's blocks add up, and in which groups, depends on
 * the layer only.
 *
 * A narrow layer is packed in the order of classes and, where that can leave pairs out,
 * once more along the curve of kde_order.cu.
 *
 * A layer in host memory comes after those on the device, in the slots and windows of
 * kde_blocks.cu; a narrow one is packed in blocks and then is like the others.
 *
 * The scratch of a call: the table of layers and their results, the slots that layers
 * in host memory take turns in, the sums (whose place serves the order before), the
 * curves, then for each layer its arrays in kde_layer. It grows with n: nothing is of
 * size n x n, and of wide layers only the codes, n d bytes on the device and a byte a
 * unit of the slots otherwise.
 */
#include <assert.h>

#include "jobs.cuh"
#include "kde_layer.cuh"

enum { WIDE = 0 };

/* The widths that kde_small.cu has kernels for, and the wide kernel. */
static const int widths[] = {1,  2,  3,  4,  5,  6,  7,  8, 10,
                             12, 14, 16, 20, 24, 28, 32, WIDE};
enum { WIDTHS = sizeof widths / sizeof *widths };

static int width_of(int64_t d)
{
    int w = 0;
    while (widths[w] != WIDE && widths[w] < d) ++w;
    return widths[w];
}

/* More columns to a block as rows grow in number: enough blocks for the largest GPU
 * come first, fewer additions in memory second. A function of n alone, since it sets
 * which float sums are joined. */
static int strip_of(int64_t tiles)
{
    const int64_t strip = tiles * tiles / 2048;
    return (int)(strip < 1 ? 1 : strip > KDE_STRIP_MAX ? KDE_STRIP_MAX : strip);
}

static int64_t blocks_of(const kde_layer *l)
{
    const int64_t across = ceil_div(l->pairs.tiles, l->strip);
    return across * (across + 1) / 2 * l->strip;
}

/* Rows in whole tiles. */
static int64_t padded_of(const ipl_kde_job *job)
{
    const int64_t tile = width_of(job->d) == WIDE ? PAIRS_WIDE_TILE : PAIRS_SMALL_TILE;
    return ceil_div(job->n, tile) * tile;
}

/* What begins at zero: the sums, and of a wide layer the ends of its units. */
static void take_zeros(const ipl_kde_job *job, ipl_arena *from, kde_layer *l)
{
    const bool wide = width_of(job->d) == WIDE;
    l->part = arena_take<unsigned long long>(from, 4 * padded_of(job));
    l->codes.ends = arena_take<uint32_t>(from, wide ? 2 * job->d : 0);
}

/* The layer's other arrays, and what depends on its shape. */
static kde_layer layer_of(const ipl_kde_job *job, ipl_arena *from)
{
    const int width = width_of(job->d);
    const int64_t tile = width == WIDE ? PAIRS_WIDE_TILE : PAIRS_SMALL_TILE;
    kde_layer l = {};
    assert(job->n <= 1 << 20 && job->d <= INT32_MAX);
    l.pairs.n = (int32_t)job->n;
    l.pairs.d = (int32_t)job->d;
    l.pairs.tiles = (int32_t)ceil_div(job->n, tile);
    l.strip = width == WIDE ? 1 : strip_of(l.pairs.tiles);
    l.pairs.width = width;
    l.pairs.box_units = l.pairs.d < PAIRS_BOX_MAX ? l.pairs.d : PAIRS_BOX_MAX;

    const int64_t padded = l.pairs.tiles * tile;
    const int64_t box = width == WIDE ? tile : PAIRS_SMALL_BOX;
    const int64_t boxes = padded / box * l.pairs.box_units;
    l.pairs.sorted_class = arena_take<int32_t>(from, padded);
    l.pairs.place = arena_take<int32_t>(from, job->block ? job->n : 0);
    l.pairs.packed = arena_take<float>(from, width * padded);
    l.pairs.box_lo = arena_take<float>(from, boxes);
    l.pairs.box_hi = arena_take<float>(from, boxes);
    l.logs = arena_take<double>(from, 4 * kde_finish_blocks(job->n));
    if (width == WIDE) kde_take_codes(job, from, &l);
    return l;
}

/* The rows of jobs that get a curve. */
static int64_t curve_rows(int jobs, const ipl_kde_job *job)
{
    int64_t rows = 0;
    for (int q = 0; q < jobs; ++q)
        if (kde_has_curve(job[q].n, job[q].d)) rows += job[q].n;
    return rows;
}

/* The sums of all layers begin at from->used; room for their order is there as well. */
static void take_order(int jobs, int64_t rows, size_t sums_at, ipl_arena *from)
{
    const size_t bytes = rows ? kde_order_bytes(jobs, rows) : 0;
    const size_t there = from->used - sums_at;
    arena_take<char>(from, bytes > there ? (int64_t)(bytes - there) : 0);
}

/* Slots for the job in host memory that needs most. */
static float *take_slots(int jobs, const ipl_kde_job *job, ipl_arena *from)
{
    int64_t most = 0;
    for (int q = 0; q < jobs; ++q) {
        if (!job[q].block) continue;
        const int wide = width_of(job[q].d) == WIDE;
        const int64_t values = kde_slot_rows(job + q, wide) * job[q].d;
        most = values > most ? values : most;
    }
    return arena_take<float>(from, most);
}

/* What depends on the call, but for the scale. */
static void fill_in(const ipl_kde_job *job, const float *slots, kde_layer *l)
{
    l->pairs.t = job->block ? slots : job->t;
    l->pairs.order = job->y->order;
    if (!job->block) l->pairs.place = l->pairs.order;
    l->pairs.label = job->y->at;
    for (int q = 0; q < 4; ++q) l->sum[q] = job->sum[q];
}

/* The first bytes serve kde_scale before they serve the layers. */
extern "C" size_t ipl_cuda_kde_scratch_bytes(void *state, int jobs,
                                             const ipl_kde_job *job)
{
    ipl_arena from = {};
    ipl_cuda *dev = nullptr;
    size_t most = 0;
    (void)ipl_cuda_use(state, &dev); /* CUB asks the device; a lost one tells later */
    arena_take<kde_layer>(&from, jobs);
    arena_take<double>(&from, 4 * jobs);
    take_slots(jobs, job, &from);
    const size_t zeros_at = from.used;
    arena_take<kde_choice>(&from, jobs);
    for (int q = 0; q < jobs; ++q) {
        kde_layer l = {};
        take_zeros(job + q, &from, &l);
    }
    take_order(jobs, curve_rows(jobs, job), zeros_at, &from);
    arena_take<int32_t>(&from, curve_rows(jobs, job));
    for (int q = 0; q < jobs; ++q) {
        const size_t bytes = kde_scale_bytes(state, job + q);
        most = bytes > most ? bytes : most;
        layer_of(job + q, &from);
    }
    return from.used > most ? from.used : most;
}

/* Layers first .. first + layers - 1 of a plan, which share a kernel. */
struct kde_launch {
    int     width, first, layers;
    int     strip;  /* the longest of them                      */
    int64_t blocks; /* at most INT32_MAX: what a grid can have */
};

/* Layers on the host, those in device memory first, then in the order of launches;
 * job_of[p] is the job of layer p. */
struct kde_plan {
    kde_layer  *layer;
    int        *job_of;
    int         resident;       /* layers in device memory                       */
    int         wide;           /* the first of these that is wide               */
    kde_launch *launch;         /* of narrow layers                              */
    int         launches;
    float      *slots;          /* device                                        */
    char       *zeros;          /* device: choices, and take_zeros of all layers; at
                                   first the scratch of their order              */
    size_t      zero_bytes;
    int32_t    *curve;          /* device: of all layers that have one           */
    int64_t     curve_rows;
    int32_t     n_max, box_max; /* rows of any layer, of a wide one on the device */
};

static void order_jobs(int jobs, const ipl_kde_job *job, kde_plan *plan)
{
    int p = 0;
    for (int on_host = 0; on_host < 2; ++on_host) {
        for (int w = 0; w < WIDTHS; ++w) {
            if (!on_host && widths[w] == WIDE) plan->wide = p;
            for (int q = 0; q < jobs; ++q)
                if (!job[q].block != on_host && width_of(job[q].d) == widths[w])
                    plan->job_of[p++] = q;
        }
        if (!on_host) plan->resident = p;
    }
}

static void add_layer(int p, kde_layer *l, kde_plan *plan)
{
    const int64_t blocks = blocks_of(l);
    const int32_t n = l->pairs.n, width = l->pairs.width;
    if (n > plan->n_max) plan->n_max = n;
    if (width == WIDE && p < plan->resident && n > plan->box_max) plan->box_max = n;
    if (width == WIDE) return;
    kde_launch *last = plan->launch + plan->launches - 1;
    if (!plan->launches || last->width != width ||
        last->blocks + blocks > INT32_MAX) {
        plan->launch[plan->launches++] = {width, p, 0, 0, 0};
        last = plan->launch + plan->launches - 1;
    }
    if (l->strip > last->strip) last->strip = l->strip;
    l->first_block = last->blocks;
    last->blocks += blocks;
    last->layers++;
}

static ipl_status plan_layers(void *state, int jobs, const ipl_kde_job *job,
                              int full_sums, void *scratch, ipl_arena *from,
                              kde_plan *plan)
{
    order_jobs(jobs, job, plan);
    plan->slots = take_slots(jobs, job, from);
    const size_t zeros_at = from->used;
    host_array<kde_layer> zeros(jobs);
    if (!zeros.at) return IPL_FAIL(IPL_E_MEMORY, "the plan of %d layers", jobs);
    kde_choice *choice = arena_take<kde_choice>(from, jobs);
    for (int p = 0; p < jobs; ++p)
        take_zeros(job + plan->job_of[p], from, zeros.at + p);
    plan->zeros = from->base + zeros_at;
    plan->zero_bytes = from->used - zeros_at;
    plan->curve_rows = full_sums ? 0 : curve_rows(jobs, job);
    take_order(jobs, plan->curve_rows, zeros_at, from);
    plan->curve = arena_take<int32_t>(from, plan->curve_rows);
    int32_t *next = plan->curve;
    for (int p = 0; p < jobs; ++p) {
        const ipl_kde_job *of = job + plan->job_of[p];
        kde_layer l = layer_of(of, from);
        l.part = zeros.at[p].part;
        l.codes.ends = zeros.at[p].codes.ends;
        l.codes.choice = choice + p;
        fill_in(of, plan->slots, &l);
        if (!full_sums && kde_has_curve(of->n, of->d)) {
            l.pairs.curve = next;
            next += of->n;
        }
        IPL_TRY(kde_scale(state, of, full_sums, scratch, &l));
        if (l.pairs.unit != 1.0f) l.codes.chunks = 0; /* kde_exact.cuh has no unit */
        add_layer(p, &l, plan);
        plan->layer[p] = l;
    }
    return IPL_OK;
}

/* The classes of layers on the device in order, and narrow layers packed; again: those
 * that have a curve, along it. */
static ipl_status pack_layers(ipl_cuda *dev, const kde_plan *plan, int again, int jobs,
                              const ipl_kde_job *job, kde_layer *layer)
{
    const int resident = plan->resident;
    if (resident)
        IPL_TRY(pairs_launch_gather(dev, again, 0, plan->n_max,
                                    kde_table(layer, resident)));
    for (int p = resident; p < jobs; ++p) {
        kde_layer *l = plan->layer + p;
        if (l->pairs.width == WIDE || (again && !l->pairs.curve)) continue;
        IPL_TRY(kde_run_blocks(dev, again, job + plan->job_of[p], 0, l, layer + p));
    }
    return IPL_OK;
}

/* What a pair takes beside its distance counts as four units. */
static ipl_status launch_small(ipl_cuda *dev, const kde_launch *now,
                               const kde_layer *first)
{
    const double tile = PAIRS_SMALL_TILE * PAIRS_SMALL_TILE;
    const double units = tile * now->strip * (now->width + 4);
    const int counts = expect_windows(dev, windows_of(dev, now->blocks, units));
    return launch_windows(dev, counts, now->blocks, units,
                          [&](int64_t base, int64_t some) {
        return kde_launch_small(dev, now->width, base, some, now->layers, first);
    });
}

static ipl_status run_plan(ipl_cuda *dev, kde_plan *plan, int jobs,
                           const ipl_kde_job *job, int full_sums, kde_layer *layer,
                           double *mean_log)
{
    const int resident = plan->resident, wide = plan->wide;
    IPL_TRY(send(dev, plan->layer, jobs, layer));
    IPL_TRY(pack_layers(dev, plan, 0, jobs, job, layer));
    if (plan->curve_rows) {
        IPL_TRY(kde_launch_order(dev, plan->n_max, plan->curve_rows, jobs, layer,
                                 plan->zeros, plan->curve));
        IPL_TRY(pack_layers(dev, plan, 1, jobs, job, layer));
    }
    IPL_CUDA(dev, cudaMemsetAsync(plan->zeros, 0, plan->zero_bytes, dev->stream));
    if (plan->box_max)
        IPL_TRY(pairs_launch_boxes(dev, 0, plan->box_max, kde_table(layer, resident)));
    for (int p = resident; p < jobs; ++p)
        if (plan->layer[p].pairs.width == WIDE)
            IPL_TRY(kde_run_blocks(dev, 0, job + plan->job_of[p], full_sums,
                                   plan->layer + p, layer + p));
    IPL_TRY(kde_run_wide(dev, full_sums, resident - wide, plan->layer + wide,
                         plan->job_of + wide, layer + wide));
    for (int q = 0; q < plan->launches; ++q) {
        const kde_launch *now = plan->launch + q;
        IPL_TRY(launch_small(dev, now, layer + now->first));
    }
    return kde_launch_finish(dev, plan->n_max, jobs, layer, mean_log);
}

extern "C" ipl_status ipl_cuda_kde_sums(void *state, int jobs, ipl_kde_job *job,
                                        int full_sums, void *scratch)
{
    ipl_cuda *dev = nullptr;
    ipl_arena from = {(char *)scratch, 0};
    IPL_TRY(ipl_cuda_use(state, &dev));
    host_array<kde_layer> planned(jobs);
    host_array<int> job_of(jobs);
    host_array<kde_launch> launch(jobs);
    host_array<double> mean(4 * jobs);
    if (!planned.at || !job_of.at || !launch.at || !mean.at)
        return IPL_FAIL(IPL_E_MEMORY, "the plan of %d layers", jobs);

    kde_plan plan = {};
    plan.layer = planned.at;
    plan.job_of = job_of.at;
    plan.launch = launch.at;
    kde_layer *layer = arena_take<kde_layer>(&from, jobs);
    double *mean_log = arena_take<double>(&from, 4 * jobs);
    IPL_TRY(plan_layers(state, jobs, job, full_sums, scratch, &from, &plan));
    ipl_meter_begin(&dev->meter, 0);
    IPL_TRY(run_plan(dev, &plan, jobs, job, full_sums, layer, mean_log));
    const size_t bytes = 4 * (size_t)jobs * sizeof *mean_log;
    IPL_TRY(ipl_cuda_fetch(dev, mean_log, bytes, mean.at));
    ipl_meter_begin(&dev->meter, 0);
    for (int p = 0; p < jobs; ++p)
        for (int q = 0; q < 4; ++q) job[job_of.at[p]].mean_log[q] = mean.at[4 * p + q];
    return IPL_OK;
}
