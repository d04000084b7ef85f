/*
 * near_host.cu - pairs of rows in host memory: bringing them to the device in blocks.
 *
 * A block is a run of class-sorted rows, whole tiles, of each space in host memory; a
 * space on the device is read where it is. Two blocks are on the device at a time, and
 * their pairs are windows of near_count.cu or, in both directions, of near_select.cu.
 * Blocks without a class in common are not brought together. Which pairs come first
 * changes no bit.
 *
 * Traffic   The pairs are walked back and forth, so that a step brings at most one
 *           block and some none: about B^2 / 2 blocks for B of them (host_rows.cuh).
 */
#include <assert.h>

#include "host_rows.cuh"
#include "jobs.cuh"
#include "near_layer.cuh"

/* A layer on its way through the slots. */
struct near_walk {
    ipl_cuda         *dev;
    const ipl_pairs  *pairs;
    const near_layer *on_host, *layer;
    const int32_t    *order;      /* host, [n]             */
    int64_t           in_slot[2]; /* number of a block, -1 */
    host_rows         from[2];    /* of each space         */
};

static int64_t first_of(const near_walk *w, int64_t block)
{
    return block * w->on_host->slot_rows;
}

static int64_t end_of(const near_walk *w, int64_t block)
{
    const int64_t end = first_of(w, block + 1);
    return end < w->pairs->n ? end : w->pairs->n;
}

/* Queues a block to a slot, if it is in none, but not to where block `keep` is. */
static ipl_status bring(near_walk *w, int64_t block, int64_t keep)
{
    if (w->in_slot[0] == block || w->in_slot[1] == block) return IPL_OK;
    const int slot = near_slots(w->pairs) > 1 && w->in_slot[0] == keep;
    const int64_t first = first_of(w, block), rows = end_of(w, block) - first;
    for (int s = 0; s < w->pairs->spaces; ++s) {
        const near_space *space = w->on_host->space + s;
        if (space->t) continue;
        float *to = space->slots + slot * (int64_t)w->on_host->slot_rows * space->d;
        IPL_TRY(host_rows_send(w->from + s, w->order + first, rows, to));
    }
    w->in_slot[slot] = block;
    return IPL_OK;
}

/* Rows of block a with columns of block b, both on the device. */
static ipl_status run_window(near_walk *w, int64_t a, int64_t b)
{
    near_window window = {};
    window.row = (int32_t)first_of(w, a);
    window.row_end = (int32_t)end_of(w, a);
    window.col = window.col_first = (int32_t)first_of(w, b);
    window.col_end = (int32_t)end_of(w, b);
    window.row_slot = w->in_slot[1] == a;
    window.col_slot = w->in_slot[1] == b;
    return near_run_window(w->dev, window, 1, w->on_host, w->layer);
}

/* All pairs of blocks a <= b. */
static ipl_status pair_blocks(near_walk *w, int64_t a, int64_t b)
{
    IPL_TRY(bring(w, b, a));
    IPL_TRY(bring(w, a, b));
    IPL_TRY(run_window(w, a, b));
    return a == b || !w->on_host->k ? IPL_OK : run_window(w, b, a);
}

/* The first block with rows of the class of row i. */
static int64_t first_with_class_of(const near_walk *w, int64_t i)
{
    const ipl_labels *y = w->pairs->y;
    int32_t low = 0, high = y ? y->classes : 0;
    while (high - low > 1) { /* start[low] <= i < start[high] */
        const int32_t middle = low + (high - low) / 2;
        if (y->start[middle] <= i) low = middle;
        else high = middle;
    }
    return y ? y->start[low] / w->on_host->slot_rows : 0;
}

/* Each b goes through the blocks a <= b, the last first and then in turns, so that it
 * begins with what is there. */
static ipl_status walk(near_walk *w)
{
    const int64_t blocks = ceil_div(w->pairs->n, w->on_host->slot_rows);
    for (int64_t b = blocks - 1, up = 0; b >= 0; --b, up = !up) {
        const int64_t first = first_with_class_of(w, first_of(w, b));
        for (int64_t a = first; a <= b; ++a)
            IPL_TRY(pair_blocks(w, up ? a : first + b - a, b));
    }
    return IPL_OK;
}

int64_t near_slot_rows(const ipl_pairs *pairs)
{
    return pairs->block < pairs->n ? pairs->block : pairs->n;
}

int near_slots(const ipl_pairs *pairs) { return pairs->block < pairs->n ? 2 : 1; }

ipl_status near_run_host(ipl_cuda *dev, const ipl_pairs *pairs,
                         const near_layer *on_host, const near_layer *layer)
{
    const int64_t n = pairs->n;
    assert(pairs->block > 0 && pairs->block % IPL_MI_BLOCK_ROWS == 0);
    static_assert((int)IPL_MI_BLOCK_ROWS % NEAR_TILE == 0, "whole tiles");
    host_array<int32_t> order(n);
    if (!order.at)
        return IPL_FAIL(IPL_E_MEMORY, "the order of %lld rows", (long long)n);
    for (int64_t i = 0; i < n; ++i) order.at[i] = (int32_t)i;
    const size_t bytes = (size_t)n * sizeof *order.at;
    if (pairs->y) IPL_TRY(ipl_cuda_fetch(dev, pairs->y->order, bytes, order.at));
    near_walk w = {};
    w.dev = dev;
    w.pairs = pairs;
    w.on_host = on_host;
    w.layer = layer;
    w.order = order.at;
    w.in_slot[0] = w.in_slot[1] = -1;
    for (int s = 0; s < pairs->spaces; ++s)
        if (pairs->space[s].on_host)
            IPL_TRY(host_rows_open(dev, pairs->space[s].t, pairs->space[s].d,
                                   w.from + s));
    return walk(&w);
}
