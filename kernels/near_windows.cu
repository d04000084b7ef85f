/*
 * near_windows.cu - the launches of near_select.cu and near_count.cu.
 *
 * A window of rows and columns is launched in parts that are over soon (jobs.cuh): some
 * of its blocks at a time. A block of many columns of a wide layer would be long by
 * itself, so that the columns are cut first, into runs. Which pairs come first changes
 * no bit: lists keep the smallest of different keys, and counts are integers.
 */
#include "jobs.cuh"
#include "near_layer.cuh"

/* Units of pairs of a block: a fiftieth of a second, with as many beside it as fit. */
#define BLOCK_UNITS 200000000.0

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Columns of a run: all, or whole tiles of them. */
static int64_t run_columns(const ipl_cuda *dev, int layers, const near_layer *on_host,
                           int64_t columns)
{
    int64_t span = 0, most = columns;
    for (const near_layer *l = on_host; l < on_host + layers; ++l) {
        const double tiles = BLOCK_UNITS * l->strip / near_block_units(l, 1);
        const int64_t mine = (int64_t)fmax(1.0, tiles) * NEAR_TILE * l->splits;
        span = l->span > span ? l->span : span;
        most = least(most, mine);
    }
    if (dev->small_launches) most = 2 * NEAR_TILE;
    return least(span, columns) <= most ? columns : most;
}

ipl_status near_run_window(ipl_cuda *dev, near_window window, int layers,
                           const near_layer *on_host, const near_layer *layer)
{
    int64_t blocks = 0, n_max = 0;
    for (const near_layer *l = on_host; l < on_host + layers; ++l) {
        const int64_t mine = near_blocks(l, least(window.row_end, l->n) - window.row);
        blocks = mine > blocks ? mine : blocks;
        n_max = l->n > n_max ? l->n : n_max;
    }
    const int64_t first = window.col, end = least(window.col_end, n_max);
    const int64_t run = run_columns(dev, layers, on_host, end - first);
    double units = 0.0;
    for (const near_layer *l = on_host; l < on_host + layers; ++l)
        units += near_block_units(l, least(run, l->span));
    const auto launch = on_host->k ? near_launch_select : near_launch_count;
    const int64_t windows = windows_of(dev, blocks, units);
    const int counts = expect_windows(dev, ceil_div(end - first, run) * windows);
    for (int64_t at = first; at < end; at += run) {
        window.col = (int32_t)at;
        window.col_end = (int32_t)least(at + run, end);
        IPL_TRY(launch_windows(dev, counts, blocks, units,
                               [&](int64_t base, int64_t some) {
            window.base = base;
            return launch(dev, window, some, layers, layer);
        }));
    }
    return IPL_OK;
}
