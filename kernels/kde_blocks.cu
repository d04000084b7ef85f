/*
 * kde_blocks.cu - layers in host memory: bringing their rows to the device in blocks.
 *
 * A block is a run of rows in order, whole tiles. pairs.t points to one or two
 * slots of a block each, and pairs.place says where in them a row is; the other kernels
 * read through it. First each block comes by once: a narrow layer is packed and stays
 * (and comes once more, by its curve, where kde_order.cu makes it one), of a wide one
 * the boxes and the ends of units are made; then come the rows of the sample, for the
 * choice of kde_choose.cu. Last come the pairs of blocks of a wide layer, two at a
 * time, each a window of the chosen kernel; a block's codes are made each time that it
 * comes. The tiles and what each of them adds are those of a layer on the device, only
 * later or earlier, and sums are integers: the same bits.
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
    kde_layer         *on_host, *layer;
    int                full_sums;
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
    if (!w->on_host->screened) return IPL_OK;
    return kde_launch_codes(w->dev, first, rows, 1, w->layer);
}

static ipl_status gather_block(block_walk *w, int64_t block)
{
    const int first = (int)(block * w->rows), rows = (int)rows_of(w, block);
    const pairs_table table = kde_table(w->layer, 1);
    IPL_TRY(bring(w, block, block - 1));
    IPL_TRY(pairs_launch_gather(w->dev, w->again, first, rows, table));
    if (w->on_host->pairs.width) return IPL_OK;
    IPL_TRY(pairs_launch_boxes(w->dev, first, rows, table));
    if (w->full_sums) return IPL_OK;
    return kde_launch_ends(w->dev, first, rows, w->on_host->pairs.d, 1, w->layer);
}

/* Brings the sample's pairs, as many at a time as a block has rows for, and chooses. */
static ipl_status choose(block_walk *w)
{
    const int some = w->rows < 2 * KDE_SAMPLES ? (int)w->rows / 2 : KDE_SAMPLES;
    host_array<int32_t> row(2 * KDE_SAMPLES);
    kde_choice choice = {};
    if (!row.at) return IPL_FAIL(IPL_E_MEMORY, "a sample of %d pairs", KDE_SAMPLES);
    for (int p = 0; p < KDE_SAMPLES; ++p)
        kde_sample(p, w->on_host->pairs.n, row.at + 2 * p, row.at + 2 * p + 1);
    IPL_TRY(kde_launch_middles(w->dev, 1, w->layer));
    w->in_slot[0] = w->in_slot[1] = -1;
    for (int p = 0; p < KDE_SAMPLES && some; p += some) {
        const int pairs = KDE_SAMPLES - p < some ? KDE_SAMPLES - p : some;
        float *to = (float *)w->on_host->pairs.t;
        IPL_TRY(host_rows_send(w->from, row.at + 2 * p, 2 * pairs, to));
        IPL_TRY(kde_launch_sample(w->dev, pairs, 1, w->layer));
    }
    IPL_TRY(ipl_cuda_fetch(w->dev, w->on_host->codes.choice, sizeof choice, &choice));
    if (!some) choice.near = KDE_SAMPLES; /* one row: as on the device */
    w->on_host->screened = kde_screens(w->on_host, &choice);
    return send(w->dev, w->on_host, 1, w->layer);
}

/* The pairs of rows of block a with rows of block b, a <= b. */
static ipl_status pair_blocks(block_walk *w, int64_t a, int64_t b)
{
    IPL_TRY(bring(w, b, a));
    IPL_TRY(bring(w, a, b));
    const kde_window window = {(int32_t)(a * w->rows),
                               a == b ? 0 : (int32_t)rows_of(w, a),
                               (int32_t)(b * w->rows), (int32_t)rows_of(w, b)};
    return kde_run_window(w->dev, window, 1, w->on_host, w->layer);
}

/* Each b goes through all a <= b, the last first and then in turns, so that it begins
 * with what is there. */
static ipl_status walk(block_walk *w)
{
    for (int64_t block = 0; block < w->blocks; ++block)
        IPL_TRY(gather_block(w, block));
    if (w->on_host->pairs.width) return IPL_OK;
    if (!w->full_sums && w->on_host->codes.chunks) IPL_TRY(choose(w));
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
                          int full_sums, kde_layer *on_host, kde_layer *layer)
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
    w.full_sums = full_sums;
    w.rows = block_rows(job);
    w.blocks = ceil_div(job->n, w.rows);
    w.slots = kde_slot_rows(job, on_host->pairs.width == 0) / w.rows;
    w.in_slot[0] = w.in_slot[1] = -1;
    w.from = &from;
    w.again = again;
    return walk(&w);
}
