/*
 * kde_kernel.c - Gaussian similarities of a block of pairs, in registers.
 *
 * For each pair i < j of a block, with D = sum_k (t_ik - t_jk)^2,
 *
 *     lower = 2^(-scale D)    upper = lower^4
 *
 * go to the sums of row i and of column j.
 *
 * Tiles     The distances of pairs_tile.h become the sums of kde_tile.h without
 *           leaving registers. A column group stays in the first cache while the
 *           panels of the block pass by; wide layers are cut into PAIRS_CHUNK units
 *           so that it does at any width.
 * Traffic   PANEL x 3 subtractions and fused multiply-adds for PANEL + 3 loads.
 *           The multiply-adds are the limit, then the 18 operations of a pair's
 *           two similarities (below about 10 units).
 * Numerics  Differences are taken before squaring, never |a|^2 + |b|^2 - 2ab,
 *           which cancels where the sum gets its weight. The partial sums of D
 *           only grow, so a tile is dropped as soon as all of its D are beyond
 *           m->cut. Sums have at most 37 float additions in a row (portable:
 *           68), then they are fixed point. Finite input of any size is
 *           fine: D may overflow to infinity, which m->limit makes 2^-125, and
 *           in fixed point that is 0.
 */
#include "cpu/kde_tile.h"

enum { UNROLLED_MAX = 32 }; /* widths with a loop of their own */

/* One column group against the rows [first, first + end). */
typedef void sweep(const kde_matrix *m, int64_t first, int64_t end, int64_t at,
                   kde_workspace *work, column_sums *column);

/* Layers of one chunk: d is a constant where the caller gives one. */
INLINE void sweep_rows(const kde_matrix *m, int64_t d, int64_t first, int64_t end,
                       int64_t at, kde_workspace *work, column_sums *column)
{
    const float *b = m->pairs.rows + at * d;
    int64_t look = STEP;
    for (int64_t row = 0; row < end; row += PANEL) {
        tile t;
        tile_clear(&t);
        const float *a = packed_row(m->pairs.rows, d, first + row);
        if (d <= UNROLLED_MAX)
            add_distances(&t, a, b, d * VF, d);
        else if (!add_until_cut(&t, NULL, a, b, d * VF, d, m->cut, &look))
            continue;
        add_tile(&t, m, first, row, at, work, column);
    }
}

static void sweep_narrow(const kde_matrix *m, int64_t first, int64_t end, int64_t at,
                         kde_workspace *work, column_sums *column)
{
    sweep_rows(m, m->pairs.d, first, end, at, work, column);
}

/* Wider layers: chunk by chunk, with the distances of the tiles that are still
 * needed waiting in work->partial. Each chunk is summed from zero: a single chain of
 * 1024 additions would lose more than the sums may. */
static void sweep_wide(const kde_matrix *m, int64_t first, int64_t end, int64_t at,
                       kde_workspace *work, column_sums *column)
{
    const int64_t d = m->pairs.d;
    int64_t live[KDE_ROWS / PANEL];
    int lives = 0;
    tile *partial = (tile *)work->partial;
    for (int64_t row = 0; row < end; row += PANEL) live[lives++] = row;
    for (int64_t k = 0; k < d && lives; k += PAIRS_CHUNK) {
        const int64_t units = d - k < PAIRS_CHUNK ? d - k : PAIRS_CHUNK;
        const float *chunk = m->pairs.rows + k * m->pairs.padded;
        const float *b = chunk + at * units;
        int64_t look = STEP;
        int kept = 0;
        for (int p = 0; p < lives; ++p) {
            tile t;
            tile_clear(&t);
            const float *a = packed_row(chunk, units, first + live[p]);
            if (!add_until_cut(&t, k ? &partial[p] : NULL, a, b, units * VF, units,
                               m->cut, &look))
                continue;
            live[kept] = live[p];
            if (k) tile_add(&t, &partial[p]);
            partial[kept++] = t;
        }
        lives = kept;
    }
    for (int p = 0; p < lives; ++p)
        add_tile(&partial[p], m, first, live[p], at, work, column);
}

#define UNROLLED(D)                                                            \
    static void sweep_##D(const kde_matrix *m, int64_t first, int64_t end,     \
                          int64_t at, kde_workspace *work, column_sums *column) \
    {                                                                          \
        sweep_rows(m, D, first, end, at, work, column);                        \
    }
UNROLLED(1)  UNROLLED(2)  UNROLLED(3)  UNROLLED(4)  UNROLLED(5)  UNROLLED(6)
UNROLLED(7)  UNROLLED(8)  UNROLLED(9)  UNROLLED(10) UNROLLED(11) UNROLLED(12)
UNROLLED(13) UNROLLED(14) UNROLLED(15) UNROLLED(16) UNROLLED(17) UNROLLED(18)
UNROLLED(19) UNROLLED(20) UNROLLED(21) UNROLLED(22) UNROLLED(23) UNROLLED(24)
UNROLLED(25) UNROLLED(26) UNROLLED(27) UNROLLED(28) UNROLLED(29) UNROLLED(30)
UNROLLED(31) UNROLLED(32)
#undef UNROLLED

static sweep *sweep_of(int64_t d)
{
    static sweep *const unrolled[UNROLLED_MAX + 1] = {
        NULL,     sweep_1,  sweep_2,  sweep_3,  sweep_4,  sweep_5,  sweep_6,
        sweep_7,  sweep_8,  sweep_9,  sweep_10, sweep_11, sweep_12, sweep_13,
        sweep_14, sweep_15, sweep_16, sweep_17, sweep_18, sweep_19, sweep_20,
        sweep_21, sweep_22, sweep_23, sweep_24, sweep_25, sweep_26, sweep_27,
        sweep_28, sweep_29, sweep_30, sweep_31, sweep_32};
    if (d <= UNROLLED_MAX) return unrolled[d];
    return d <= PAIRS_CHUNK ? sweep_narrow : sweep_wide;
}

static void flush_columns(const column_sums *column, int64_t at, kde_workspace *work)
{
    for (int s = 0; s < KDE_SUMS; ++s) {
        float sum[TILE_COLUMNS];
        memcpy(sum, column->at[s], sizeof sum);
        int64_t *to = work->column[s] + at;
        for (int c = 0; c < TILE_COLUMNS; ++c) to[c] += kde_fixed(sum[c]);
    }
}

static void flush_rows(int64_t rows, kde_workspace *work)
{
    for (int s = 0; s < KDE_SUMS; ++s)
        for (int64_t r = 0; r < rows; ++r)
            work->row[s][r] += kde_fixed(vf_sum(vf_load(work->lane_sum[s] + r * VF)));
}

static void block(const kde_matrix *m, int64_t first, int64_t column,
                  kde_workspace *work)
{
    const int64_t below = m->pairs.n - first, right = m->pairs.padded - column;
    const int64_t rows = below < KDE_ROWS ? below : KDE_ROWS;
    const int64_t end = right < KDE_SPAN ? right : KDE_SPAN;
    sweep *const pass = sweep_of(m->pairs.d);
    for (int s = 0; s < KDE_SUMS; ++s)
        for (int r = 0; r < KDE_ROWS; ++r)
            vf_store(work->lane_sum[s] + r * VF, vf_set(0.0f));

    for (int64_t c = 0; c < end; c += TILE_COLUMNS) {
        /* Rows at and below the group's last column have no pair i < j here. */
        const int64_t above = column + c + TILE_COLUMNS - 1 - first;
        const int64_t stop = above < rows ? above : rows;
        if (stop <= 0) continue;
        column_sums sums;
        for (int s = 0; s < KDE_SUMS; ++s)
            for (int v = 0; v < TILE_VECTORS; ++v) sums.at[s][v] = vf_set(0.0f);
        pass(m, first, stop, column + c, work, &sums);
        flush_columns(&sums, c, work);
    }
    flush_rows(rows, work);
}

const kde_kernels KERNELS(kde_kernels) = {VF, TILE_COLUMNS, block};
