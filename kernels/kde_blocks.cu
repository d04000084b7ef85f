/*
 * kde_blocks.cu - layers in host memory: bringing their rows to the device in blocks.
 *
 * A block is a run of rows in order, whole tiles. pairs.t points to one or two
 * slots of a block each, and pairs.place says where in them a row is; the other kernels
 * read through it. First each block comes by once: a narrow layer is packed and stays
 * (and comes once more, by its curve, where kde_order.cu makes it one), of a wide one
 * the boxes are made. Then come the pairs of blocks of a wide layer, two
 * at a time, each a window of kde_wide.cu. The tiles and what each of them adds are
 * those of a layer on the device, only later or earlier, and sums are integers: the
 * same bits.
 *
 * Launch    place_rows: a thread a row.
 * Traffic   The pairs are walked back and forth, so that a step brings at most one
 *           block and some none: about B^2 / 2 blocks for B of them (host_rows.cuh).
 *           Work waits for its blocks, and they for the work before: a block of r rows
 *           takes r d floats from the host and r^2 d additions a pair, so larger
 *           blocks are worth more than a third slot to copy to at the same time.
 */
#include <assert.h>

#include "host_rows.cuh"
#include "jobs.cuh"
#include "kde_layer.cuh"

enum { BLOCK = 256 };

/* Where the rows first .. first + rows - 1 are from now on. */
static __global__ void __launch_bounds__(BLOCK)
place_rows(int32_t *__restrict__ place, int first, int rows, int at)
{
    const int i = blockIdx.x * BLOCK + threadIdx.x;
    if (i < rows) place[first + i] = at + i;
}

/* A layer on its way through the slots. */
struct block_walk {
    ipl_cuda          *dev;
    const ipl_kde_job *job;
    const kde_layer   *on_host, *layer;
    const int32_t     *order;     /* host, [n]                                   */
    int64_t            rows;      /* of a block; the last may have fewer         */
    int64_t            blocks, slots;
    int                again;     /* the order is the layer's curve              */
    int64_t            in_slot[2]; /* the number of a block, or -1               */
    host_rows         *from;
};

static int64_t rows_of(const block_walk *w, int64_t block)
{
    const int64_t left = w->job->n - block * w->rows;
    return left < w->rows ? left : w->rows;
}

/* Queues a block to a slot, if it is in none, but not to where block `keep` is. */
static ipl_status bring(block_walk *w, int64_t block, int64_t keep)
{
    if (w->in_slot[0] == block || w->in_slot[1] == block) return IPL_OK;
    const int slot = w->slots > 1 && w->in_slot[0] == keep;
    const int first = (int)(block * w->rows), rows = (int)rows_of(w, block);
    const int at = (int)(slot * w->rows);
    float *to = (float *)w->on_host->pairs.t + at * w->job->d;
    IPL_TRY(host_rows_send(w->from, w->order + first, rows, to));
    place_rows<<<(unsigned)ceil_div(rows, BLOCK), BLOCK, 0, w->dev->stream>>>(
        (int32_t *)w->on_host->pairs.place, first, rows, at);
    IPL_LAUNCHED(w->dev, place_rows);
    w->in_slot[slot] = block;
    return IPL_OK;
}

static ipl_status gather_block(block_walk *w, int64_t block)
{
    const int first = (int)(block * w->rows), rows = (int)rows_of(w, block);
    const pairs_table table = kde_table(w->layer, 1);
    IPL_TRY(bring(w, block, block - 1));
    IPL_TRY(pairs_launch_gather(w->dev, w->again, first, rows, table));
    if (w->on_host->pairs.width) return IPL_OK;
    return pairs_launch_boxes(w->dev, first, rows, table);
}

/* The tiles with rows of block a and columns of block b, a <= b. */
static ipl_status pair_blocks(block_walk *w, int64_t a, int64_t b)
{
    const int64_t tiles_a = ceil_div(rows_of(w, a), PAIRS_WIDE_TILE);
    const int64_t tiles_b = ceil_div(rows_of(w, b), PAIRS_WIDE_TILE);
    kde_window window = {};
    IPL_TRY(bring(w, b, a));
    IPL_TRY(bring(w, a, b));
    window.row = (int32_t)(a * w->rows / PAIRS_WIDE_TILE);
    window.col = (int32_t)(b * w->rows / PAIRS_WIDE_TILE);
    window.rows = a == b ? 0 : (int32_t)tiles_a;
    const int64_t blocks = a == b ? tiles_a * (tiles_a + 1) / 2 : tiles_a * tiles_b;
    return kde_launch_wide(w->dev, window, blocks, 1, w->layer);
}

/* Each b goes through all a <= b, the last first and then in turns, so that it begins
 * with what is there. */
static ipl_status walk(block_walk *w)
{
    for (int64_t block = 0; block < w->blocks; ++block)
        IPL_TRY(gather_block(w, block));
    if (w->on_host->pairs.width) return IPL_OK;
    for (int64_t b = w->blocks - 1, up = 0; b >= 0; --b, up = !up)
        for (int64_t k = 0; k <= b; ++k)
            IPL_TRY(pair_blocks(w, up ? k : b - k, b));
    return IPL_OK;
}

static int64_t block_rows(const ipl_kde_job *job)
{
    return job->block < job->n ? job->block : job->n;
}

int64_t kde_slot_rows(const ipl_kde_job *job, int wide)
{
    return (wide && job->block < job->n ? 2 : 1) * block_rows(job);
}

ipl_status kde_run_blocks(ipl_cuda *dev, int again, const ipl_kde_job *job,
                          const kde_layer *on_host, const kde_layer *layer)
{
    assert(job->block > 0 && job->block % IPL_MI_BLOCK_ROWS == 0);
    static_assert((int)IPL_MI_BLOCK_ROWS % PAIRS_SMALL_TILE == 0 &&
                  (int)IPL_MI_BLOCK_ROWS % PAIRS_WIDE_TILE == 0, "whole tiles");
    host_array<int32_t> order(job->n);
    if (!order.at)
        return IPL_FAIL(IPL_E_MEMORY, "the order of %lld rows", (long long)job->n);
    const size_t bytes = (size_t)job->n * sizeof *order.at;
    const int32_t *by = again ? on_host->pairs.curve : on_host->pairs.order;
    IPL_TRY(ipl_cuda_fetch(dev, by, bytes, order.at));
    host_rows from = {};
    IPL_TRY(host_rows_open(dev, job->t, job->d, &from));
    block_walk w = {};
    w.dev = dev;
    w.job = job;
    w.on_host = on_host;
    w.layer = layer;
    w.order = order.at;
    w.rows = block_rows(job);
    w.blocks = ceil_div(job->n, w.rows);
    w.slots = kde_slot_rows(job, on_host->pairs.width == 0) / w.rows;
    w.in_slot[0] = w.in_slot[1] = -1;
    w.from = &from;
    w.again = again;
    return walk(&w);
}
