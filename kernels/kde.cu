/*
 * kde.cu - Gaussian pair sums: the plan of a call, its scratch and its launches.
 *
 * A call sorts its layers by width: those of one width (d up to 32, rounded up to a
 * compiled one; a unit of zeros changes no bit) share a launch of kde_small.cu, those
 * beyond share one of kde_wide.cu, so that many small layers fill the device. What a
 * layer's blocks add up, and in which groups, depends on its own n and d only.
 *
 * The scratch of a call: the table of layers and their results, then for each layer its
 * arrays in kde_layer. It grows with n: nothing is of size n x n.
 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "kde_tile.cuh"

enum { SCRATCH_ALIGN = 256, WIDE = 0 };

/* The widths that kde_small.cu has kernels for, and the wide kernel. */
static const int widths[] = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, WIDE};
enum { WIDTHS = sizeof widths / sizeof *widths };

static int width_of(int64_t d)
{
    int w = 0;
    while (widths[w] != WIDE && widths[w] < d) ++w;
    return widths[w];
}

/* Takes `bytes` of the scratch at *used; with base == NULL only counts them. */
static void *take(char *base, size_t *used, size_t bytes)
{
    void *at = base ? base + *used : NULL;
    *used += (bytes + SCRATCH_ALIGN - 1) / SCRATCH_ALIGN * SCRATCH_ALIGN;
    return at;
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
    const int64_t across = ceil_div(l->tiles, l->strip);
    return across * (across + 1) / 2 * l->strip;
}

/* Lays out one layer. The negligible: n terms of 2^-(ceil(log2 n) + 24) are together
 * below 2^-24 of a sum, which is at least 1. */
static kde_layer layer_of(const ipl_kde_job *job, int full_sums, char *base,
                          size_t *used)
{
    const int width = width_of(job->d);
    const int64_t tile = width == WIDE ? KDE_WIDE_TILE : KDE_SMALL_TILE;
    kde_layer l = {};
    assert(job->n <= 1 << 20 && job->d <= INT32_MAX);
    l.n = (int32_t)job->n;
    l.d = (int32_t)job->d;
    l.tiles = (int32_t)ceil_div(job->n, tile);
    l.strip = width == WIDE ? 1 : strip_of(l.tiles);
    l.width = width;
    l.box_units = l.d < KDE_BOX_MAX ? l.d : KDE_BOX_MAX;
    l.t = job->t;
    l.order = job->y->order;
    l.label = job->y->at;
    for (int q = 0; q < 4; ++q) l.sum[q] = job->sum[q];

    /* Kept normal: 0 and infinity would turn equal or overflowing rows into NaN. */
    const double scale = M_LOG2E / (8.0 * job->noise_var);
    l.scale = -(float)fmin(fmax(scale, FLT_MIN), FLT_MAX);
    l.limit = full_sums ? INFINITY : (float)(ceil(log2((double)job->n)) + 24.0) / -l.scale;

    const size_t padded = (size_t)l.tiles * (size_t)tile;
    const size_t boxes = (size_t)l.tiles * (size_t)l.box_units * sizeof(float);
    const size_t rows = (size_t)width * padded * sizeof(float);
    const size_t logs = 4 * (size_t)kde_finish_blocks(job->n) * sizeof(double);
    l.part = (unsigned long long *)take(base, used, 4 * padded * sizeof *l.part);
    l.sorted_class = (int32_t *)take(base, used, padded * sizeof *l.sorted_class);
    l.packed = (float *)take(base, used, rows);
    l.box_lo = (float *)take(base, used, boxes);
    l.box_hi = (float *)take(base, used, boxes);
    l.logs = (double *)take(base, used, logs);
    return l;
}

extern "C" size_t ipl_cuda_kde_scratch_bytes(void *state, int jobs,
                                             const ipl_kde_job *job)
{
    size_t used = 0;
    (void)state;
    take(NULL, &used, (size_t)jobs * sizeof(kde_layer));
    take(NULL, &used, (size_t)jobs * 4 * sizeof(double));
    for (int q = 0; q < jobs; ++q) layer_of(job + q, 0, NULL, &used);
    return used;
}

/* Layers on the host in the order of launches; job_of[p] is the job of layer p. */
typedef struct {
    kde_layer *layer;
    int       *job_of;
    double    *mean_log;  /* host [jobs][4]                               */
    int64_t    blocks[WIDTHS];
    int        layers[WIDTHS];
    int        tiles_max; /* of KDE_SMALL_TILE rows, or fewer: gather's grid */
    int32_t    n_max;
} kde_plan;

static void plan_layers(kde_plan *plan, int jobs, const ipl_kde_job *job, int full_sums,
                        char *base, size_t *used)
{
    int p = 0;
    for (int w = 0; w < WIDTHS; ++w)
        for (int q = 0; q < jobs; ++q) {
            if (width_of(job[q].d) != widths[w]) continue;
            kde_layer l = layer_of(job + q, full_sums, base, used);
            l.first_block = plan->blocks[w];
            plan->blocks[w] += blocks_of(&l);
            plan->layers[w]++;
            if (l.tiles > plan->tiles_max) plan->tiles_max = l.tiles;
            if (l.n > plan->n_max) plan->n_max = l.n;
            plan->job_of[p] = q;
            plan->layer[p++] = l;
        }
}

static ipl_status run_plan(ipl_cuda *dev, const kde_plan *plan, int jobs,
                           kde_layer *layer, double *mean_log)
{
    const size_t table_bytes = (size_t)jobs * sizeof *layer;
    IPL_CUDA(dev, cudaMemcpyAsync(layer, plan->layer, table_bytes,
                                  cudaMemcpyHostToDevice, dev->measure));
    for (int p = 0; p < jobs; ++p) {
        const kde_layer *l = plan->layer + p;
        const size_t padded =
            (size_t)l->tiles * (l->width == WIDE ? KDE_WIDE_TILE : KDE_SMALL_TILE);
        const size_t bytes = 4 * padded * sizeof *l->part;
        IPL_CUDA(dev, cudaMemsetAsync(l->part, 0, bytes, dev->measure));
    }
    IPL_TRY(kde_launch_gather(dev, plan->tiles_max, jobs, layer));
    const kde_layer *first = layer;
    for (int w = 0; w < WIDTHS; ++w) {
        if (!plan->layers[w]) continue;
        if (widths[w] == WIDE)
            IPL_TRY(kde_launch_wide(dev, plan->blocks[w], plan->layers[w], first));
        else
            IPL_TRY(kde_launch_small(dev, widths[w], plan->blocks[w], plan->layers[w],
                                     first));
        first += plan->layers[w];
    }
    IPL_TRY(kde_launch_finish(dev, plan->n_max, jobs, layer, mean_log));
    return ipl_cuda_fetch(dev, mean_log, (size_t)jobs * 4 * sizeof *mean_log,
                          plan->mean_log);
}

extern "C" ipl_status ipl_cuda_kde_sums(void *state, int jobs, ipl_kde_job *job,
                                        int full_sums, void *scratch)
{
    ipl_cuda *dev = NULL;
    ipl_status st = IPL_OK;
    size_t used = 0;
    char *base = (char *)scratch;
    kde_plan plan = {};
    IPL_TRY(ipl_cuda_use(state, &dev));
    plan.layer = (kde_layer *)malloc((size_t)jobs * sizeof *plan.layer);
    plan.job_of = (int *)malloc((size_t)jobs * sizeof *plan.job_of);
    plan.mean_log = (double *)malloc((size_t)jobs * 4 * sizeof *plan.mean_log);
    if (!plan.layer || !plan.job_of || !plan.mean_log) {
        st = IPL_FAIL(IPL_E_MEMORY, "the plan of %d layers", jobs);
    } else {
        kde_layer *layer = (kde_layer *)take(base, &used, jobs * sizeof *layer);
        double *mean_log = (double *)take(base, &used, jobs * 4 * sizeof *mean_log);
        plan_layers(&plan, jobs, job, full_sums, base, &used);
        st = run_plan(dev, &plan, jobs, layer, mean_log);
    }
    for (int p = 0; st == IPL_OK && p < jobs; ++p)
        for (int q = 0; q < 4; ++q)
            job[plan.job_of[p]].mean_log[q] = plan.mean_log[4 * p + q];
    free(plan.layer);
    free(plan.job_of);
    free(plan.mean_log);
    return st;
}
