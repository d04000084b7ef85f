/*
 * kde_choose.cu - wide layers: which of two kernels does a layer, and its launches.
 *
 * A layer is screened (kde_screen.cu) when few pairs of a fixed sample are near, and
 * else dense (kde_wide.cu), as are those whose sums must be full, whose values have
 * another unit, or whose integers could leave their range. All of that is read from the
 * layer's own values: nothing else changes its bits.
 */
#include <math.h>

#include "jobs.cuh"
#include "kde_squares.cuh"

enum { CODED_UNITS_MAX = 65536 };

/* More near pairs than two in five: most tiles have them everywhere. */
static bool many_near(int32_t near) { return 5 * near > 2 * KDE_SAMPLES; }

static int64_t tile_of(const kde_layer *l)
{
    if (l->screened) return KDE_SCREEN_TILE;
    return PAIRS_WIDE_TILE;
}

void kde_take_codes(const ipl_kde_job *job, ipl_arena *from, kde_layer *l)
{
    kde_codes *c = &l->codes;
    if (job->d > CODED_UNITS_MAX) return;
    const int64_t rows = kde_coded_rows(job->n);
    const int64_t coded = job->block ? kde_coded_rows(kde_slot_rows(job, 1)) : rows;
    c->chunks = (int32_t)ceil_div(job->d, KDE_CHUNK);
    c->slots = job->block != 0;
    c->middle = arena_take<float>(from, job->d);
    c->code = arena_take<uint4>(from, coded * c->chunks * (KDE_CHUNK / 16));
    c->bound = arena_take<int2>(from, rows);
}

/* No R_i is larger than this: rounding moves a unit by half a step. */
static double largest_reach(const kde_layer *l, double step)
{
    const double raised = 1.0 + (double)(l->pairs.d + 8) * 0x1p-23;
    return 0.5 * sqrt((double)l->limit * raised) / step + 0.5 * sqrt(l->pairs.d) + 3.0;
}

int kde_screens(const kde_layer *l, const kde_choice *choice)
{
    const double half = choice->half_range, step = half > 0.0 ? half / 127.0 : 1.0;
    return l->codes.chunks && largest_reach(l, step) < 0x1p14 &&
           !many_near(choice->near);
}

/* Numbers the blocks of layers that share a kernel; returns how many there are. */
static int64_t number_blocks(kde_window window, int layers, kde_layer *on_host)
{
    int64_t blocks = 0;
    for (int k = 0; k < layers; ++k) {
        kde_layer *l = on_host + k;
        l->first_block = blocks;
        blocks += square_blocks(tiles_of(window, l->pairs.n, (int)tile_of(l)));
    }
    return blocks;
}

ipl_status kde_run_window(ipl_cuda *dev, kde_window window, int layers,
                          kde_layer *on_host, kde_layer *layer)
{
    if (!layers) return IPL_OK;
    const int screened = on_host->screened;
    const double tile = (double)tile_of(on_host);
    double widest = 1.0;
    for (int k = 0; k < layers; ++k) widest = fmax(widest, on_host[k].pairs.d);
    const int64_t blocks = number_blocks(window, layers, on_host);
    const double units = tile * tile * widest; /* of a block */
    IPL_TRY(send(dev, on_host, layers, layer));
    const int counts = expect_windows(dev, windows_of(dev, blocks, units));
    const auto launch = screened ? kde_launch_screen : kde_launch_wide;
    return launch_windows(dev, counts, blocks, units, [&](int64_t base, int64_t some) {
        return launch(dev, window, base, some, layers, layer);
    });
}

/* Reads the choices of the layers; `screened` of each. Waits. */
static ipl_status choose(ipl_cuda *dev, int layers, kde_layer *on_host,
                         const kde_layer *layer)
{
    int32_t n_max = 0, d_max = 0;
    host_array<kde_choice> choice(layers);
    if (!choice.at) return IPL_FAIL(IPL_E_MEMORY, "the choice for %d layers", layers);
    for (int k = 0; k < layers; ++k) {
        const pairs_layer *l = &on_host[k].pairs;
        n_max = l->n > n_max ? l->n : n_max;
        d_max = l->d > d_max ? l->d : d_max;
    }
    IPL_TRY(kde_launch_ends(dev, 0, n_max, d_max, layers, layer));
    IPL_TRY(kde_launch_middles(dev, layers, layer));
    IPL_TRY(kde_launch_sample(dev, 0, layers, layer));
    const size_t bytes = (size_t)layers * sizeof *choice.at;
    IPL_TRY(ipl_cuda_fetch(dev, on_host->codes.choice, bytes, choice.at));
    for (int k = 0; k < layers; ++k)
        on_host[k].screened = kde_screens(on_host + k, choice.at + k);
    return IPL_OK;
}

/* Those that are screened first; returns how many they are. */
static int put_screened_first(int layers, kde_layer *on_host, int *job_of)
{
    int first = 0;
    for (int k = 0; k < layers; ++k) {
        if (!on_host[k].screened) continue;
        const kde_layer l = on_host[k];
        const int job = job_of[k];
        on_host[k] = on_host[first], job_of[k] = job_of[first];
        on_host[first] = l, job_of[first] = job;
        ++first;
    }
    return first;
}

ipl_status kde_run_wide(ipl_cuda *dev, int full_sums, int layers, kde_layer *on_host,
                        int *job_of, kde_layer *layer)
{
    if (!layers) return IPL_OK;
    if (!full_sums) IPL_TRY(choose(dev, layers, on_host, layer));
    const int screened = put_screened_first(layers, on_host, job_of);
    IPL_TRY(send(dev, on_host, layers, layer));
    int32_t n_max = 0;
    for (int k = 0; k < screened; ++k)
        n_max = on_host[k].pairs.n > n_max ? on_host[k].pairs.n : n_max;
    if (screened) IPL_TRY(kde_launch_codes(dev, 0, n_max, screened, layer));
    IPL_TRY(kde_run_window(dev, {}, screened, on_host, layer));
    return kde_run_window(dev, {}, layers - screened, on_host + screened,
                          layer + screened);
}
