/*
 * bin_blocks.cu - keys and cells of layers in host memory, block by block.
 *
 * Keys are made of one block of rows after the other, and the table of bin.cu makes
 * cells of equal keys. Here every row is then compared with the first row of its cell.
 * A row that differs gets a new key, made of its old one and of the place and the code
 * of the first difference, and the rows with new keys are put into the table again, for
 * another round; rows of equal codes stay together through all rounds. The first row of
 * a cell never leaves it and keys of different rounds are never equal, so that each
 * round settles some rows for good. With 127 bits of hash there is one round.
 *
 * Launch    A warp a row of the block, eight rows a thread block; first rows by a
 *           thread a row.
 * Traffic   The bus limits: the layer is sent twice, and of the first rows of cells
 *           those that later blocks need, which the host gathers. They stay on the
 *           device while there is room, so that few cells are sent once. A block in
 *           which every row is the first of its cell is not sent again.
 * Numerics  Integers; the cells are exactly those of bin.cu.
 */
#include "bin_codes.cuh"
#include "host_rows.cuh"
#include "jobs.cuh"

static __global__ void __launch_bounds__(BIN_THREADS)
block_keys(const bin_layer *__restrict__ layer, int64_t first, int64_t rows,
           const float *__restrict__ t)
{
    const int64_t r = (int64_t)blockIdx.x * BIN_ROWS + threadIdx.x / 32;
    if (r < rows) make_key(*layer, t + r * layer->d, first + r);
}

/* cell[i] = the first row of row i's cell, or -1 for rows that are settled. The table
 * holds the first row from now on: it is one that will not leave. */
static __global__ void __launch_bounds__(BIN_THREADS)
first_rows(const bin_layer *__restrict__ layer, uint32_t round)
{
    const bin_layer &l = *layer;
    const int64_t i = (int64_t)blockIdx.x * BIN_THREADS + threadIdx.x;
    if (i >= l.n) return;
    if (round_of(l.key[i]) != round) {
        l.cell[i] = -1;
        return;
    }
    const int64_t first = l.n - l.early[l.place[i]];
    l.cell[i] = (int32_t)first;
    if (first == i) l.owner[l.place[i]] = (uint32_t)i + 1;
}

static __device__ __forceinline__ unsigned long long scramble(unsigned long long x)
{
    x = (x ^ x >> 32) * 0x9e3779b97f4a7c15u;
    return x ^ x >> 29;
}

static __device__ ulonglong2 later_key(const bin_layer &l, ulonglong2 key, int64_t unit,
                                       uint32_t code, uint32_t round)
{
    unsigned long long x = scramble(scramble(key.x + (uint64_t)unit) + code);
    unsigned long long y = scramble(x ^ key.y) >> 32;
    if (l.weak) x &= 63, y = 0;
    return make_ulonglong2(x, KEY_LATER | (unsigned long long)round << 32 | y);
}

/* Row r of the block is compared with row with[r] of `rows`, unless that is -1. */
static __global__ void __launch_bounds__(BIN_THREADS)
compare_rows(const bin_layer *__restrict__ layer, int64_t first, int64_t count,
             const float *__restrict__ rows, const int32_t *__restrict__ with,
             uint32_t round)
{
    const bin_layer &l = *layer;
    const int lane = threadIdx.x % 32;
    const int64_t r = (int64_t)blockIdx.x * BIN_ROWS + threadIdx.x / 32;
    if (r >= count || with[r] < 0) return; /* the whole warp */
    const float *a = rows + r * l.d, *b = rows + with[r] * l.d;
    for (int64_t from = 0; from < l.d; from += 32) {
        const int64_t k = from + lane;
        const uint32_t code = k < l.d ? code_of(l, a[k]) : 0;
        const unsigned differ = __ballot_sync(~0u, k < l.d && code != code_of(l, b[k]));
        if (!differ) continue;
        if (lane == __ffs((int)differ) - 1) {
            l.key[first + r] = later_key(l, l.key[first + r], k, code, round + 1);
            atomicAdd(l.differing, 1ull);
        }
        return;
    }
}

ipl_status ipl_cuda_bin_keys(ipl_cuda *dev, const bin_blocks *b)
{
    const int64_t n = b->job->n;
    host_rows host = {};
    IPL_TRY(host_rows_open(dev, b->job->t, b->job->d, &host));
    for (int64_t first = 0; first < n; first += b->room) {
        const int64_t count = n - first < b->room ? n - first : b->room;
        IPL_TRY(host_rows_send_run(&host, first, count, b->rows));
        block_keys<<<(unsigned)ceil_div(count, BIN_ROWS), BIN_THREADS, 0,
                     dev->stream>>>(b->layer, first, count, b->rows);
        IPL_LAUNCHED(dev, block_keys);
    }
    return IPL_OK;
}

/* First rows of cells that are on the device, in the second half of bin_blocks.rows. */
struct held_rows {
    int32_t *first; /* [n]: first row of each row's cell, or -1: nothing to compare */
    int32_t *place; /* [n]: 1 + where a row is held, 0 where it is not              */
    int32_t *row;   /* [room]: the row that is held there                           */
    int32_t *with;  /* [room]: as compare_rows takes it                             */
    int64_t  used;
};

/* Fills `with` for a block; false where there is no room for all that it needs.
 * any: whether there is something to compare. */
static bool hold(held_rows *h, int64_t room, int64_t from, int64_t count, bool *any)
{
    *any = false;
    for (int64_t r = 0; r < count; ++r) {
        const int64_t first = h->first[from + r];
        h->with[r] = -1;
        if (first < 0 || first == from + r) continue;
        *any = true;
        if (first >= from) { /* in the block itself */
            h->with[r] = (int32_t)(first - from);
            continue;
        }
        if (!h->place[first]) {
            if (h->used == room) return false;
            h->row[h->used++] = (int32_t)first;
            h->place[first] = (int32_t)h->used;
        }
        h->with[r] = (int32_t)(room + h->place[first] - 1);
    }
    return true;
}

static void forget(held_rows *h)
{
    while (h->used) h->place[h->row[--h->used]] = 0;
}

/* A block has at most `room` rows, and so room for the first rows that it needs. */
static ipl_status compare_block(ipl_cuda *dev, const bin_blocks *b, host_rows *host,
                                held_rows *h, int64_t from, int64_t count,
                                uint32_t round)
{
    int64_t old = h->used;
    bool any;
    if (!hold(h, b->room, from, count, &any)) {
        forget(h);
        old = 0;
        hold(h, b->room, from, count, &any);
    }
    if (!any) return IPL_OK;
    IPL_TRY(host_rows_send(host, h->row + old, h->used - old,
                           b->rows + (b->room + old) * b->job->d));
    IPL_TRY(host_rows_send_run(host, from, count, b->rows));
    IPL_TRY(send(dev, h->with, count, b->with));
    compare_rows<<<(unsigned)ceil_div(count, BIN_ROWS), BIN_THREADS, 0, dev->stream>>>(
        b->layer, from, count, b->rows, b->with, round);
    IPL_LAUNCHED(dev, compare_rows);
    return ipl_cuda_wait(dev); /* `with` is written again */
}

ipl_status ipl_cuda_bin_part(ipl_cuda *dev, const bin_blocks *b)
{
    const int64_t n = b->job->n;
    const size_t cell_bytes = (size_t)n * sizeof *b->job->cell;
    host_array<int32_t> first(n), place(n), row(b->room), with(b->room);
    if (!first.at || !place.at || !row.at || !with.at)
        return IPL_FAIL(IPL_E_MEMORY, "cells of %lld rows", (long long)n);
    held_rows h = {first.at, place.at, row.at, with.at, 0};
    host_rows host = {};
    IPL_TRY(host_rows_open(dev, b->job->t, b->job->d, &host));
    unsigned long long before, differing = 0;
    uint32_t round = 0;
    do {
        before = differing;
        if (round) IPL_TRY(ipl_cuda_bin_find(dev, b->layer, 1, n, round));
        first_rows<<<(unsigned)ceil_div(n, BIN_THREADS), BIN_THREADS, 0,
                     dev->stream>>>(b->layer, round);
        IPL_LAUNCHED(dev, first_rows);
        IPL_TRY(ipl_cuda_fetch(dev, b->job->cell, cell_bytes, h.first));
        for (int64_t from = 0; from < n; from += b->room) {
            const int64_t count = n - from < b->room ? n - from : b->room;
            IPL_TRY(compare_block(dev, b, &host, &h, from, count, round));
        }
        IPL_TRY(ipl_cuda_fetch(dev, b->differing, sizeof differing, &differing));
        ++round;
    } while (differing != before);
    return IPL_OK;
}
