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
 * Near      Narrow layers have their rows in k-d order: a vector of columns meets the
 *           rows near its box only (kde_near.h). Where little is far they go
 *           through the tiles, all of them.
 * Traffic   PANEL x 3 subtractions and fused multiply-adds for PANEL + 3 loads.
 *           The multiply-adds are the limit, then the 14 operations of a pair's
 *           two similarities (AVX2: 17; below about 10 units).
 * Numerics  Differences are taken before squaring, never |a|^2 + |b|^2 - 2ab,
 *           which cancels where the sum gets its weight. The partial sums of D
 *           only grow, so a tile is dropped as soon as all of its D are beyond
 *           m->cut; a near vector is dropped before, by its box. Sums have at most
 *           52 float additions in a row (portable: 68), then they are fixed
 *           point. Finite input of any size is
 *           fine: D may overflow to infinity, which m->limit makes 2^-125, and
 *           in fixed point that is 0.
 */
#include "cpu/kde_near.h"
#include "cpu/kde_tile.h"
#include "cpu/transpose.h"

/* Layers of one chunk. */
static void sweep_chunk(const kde_matrix *m, int64_t first, int64_t end, int64_t at,
                        kde_workspace *work, column_sums *column)
{
    const int64_t d = m->pairs.d;
    const float *b = m->pairs.rows + at * d;
    int64_t look = STEP;
    for (int64_t row = 0; row < end; row += PANEL) {
        tile t;
        tile_clear(&t);
        const float *a = packed_row(m->pairs.rows, d, first + row);
        if (add_until_cut(&t, NULL, a, b, d * VF, d, m->cut, &look))
            add_tile(&t, m, first, row, at, work, column);
    }
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

/* Narrow layers: d is a constant. */
typedef void near(const kde_matrix *m, int64_t first, int64_t stop, int64_t at,
                  const uint32_t *list, int count, kde_workspace *work,
                  vf column[KDE_SUMS]);
#define NEAR(D)                                                                \
    static __attribute__((noinline)) void near_list_##D(                       \
        const kde_matrix *m, const float *a, const float *b,                   \
        const uint32_t *list, int count, int lower, kde_workspace *work,       \
        vf column[KDE_SUMS])                                                   \
    {                                                                          \
        add_list(m, D, a, b, list, count, lower, work, column);                \
    }                                                                          \
    static void near_##D(const kde_matrix *m, int64_t first, int64_t stop,     \
                         int64_t at, const uint32_t *list, int count,          \
                         kde_workspace *work, vf column[KDE_SUMS])             \
    {                                                                          \
        add_near(m, D, near_list_##D, first, stop, at, list, count, work,      \
                 column);                                                      \
    }
NEAR(1)  NEAR(2)  NEAR(3)  NEAR(4)  NEAR(5)  NEAR(6)  NEAR(7)  NEAR(8)
NEAR(9)  NEAR(10) NEAR(11) NEAR(12) NEAR(13) NEAR(14) NEAR(15) NEAR(16)
NEAR(17) NEAR(18) NEAR(19) NEAR(20) NEAR(21) NEAR(22) NEAR(23) NEAR(24)
NEAR(25) NEAR(26) NEAR(27) NEAR(28) NEAR(29) NEAR(30) NEAR(31) NEAR(32)
#undef NEAR
static near *const near_of[KDE_NARROW + 1] = {
    NULL,    near_1,  near_2,  near_3,  near_4,  near_5,  near_6,  near_7,  near_8,
    near_9,  near_10, near_11, near_12, near_13, near_14, near_15, near_16, near_17,
    near_18, near_19, near_20, near_21, near_22, near_23, near_24, near_25, near_26,
    near_27, near_28, near_29, near_30, near_31, near_32};

/* And so is the number of axes. */
typedef int lister(const kde_matrix *m, int64_t first, int64_t stop, int64_t at,
                   uint32_t *list, uint32_t *groups);
#define LIST(DIMS)                                                             \
    static int list_##DIMS(const kde_matrix *m, int64_t first, int64_t stop,   \
                           int64_t at, uint32_t *list, uint32_t *groups)       \
    {                                                                          \
        return list_rows(m, DIMS, first, stop, at, list, groups);              \
    }
LIST(1) LIST(2) LIST(3) LIST(4) LIST(5) LIST(6) LIST(7) LIST(8)
#undef LIST
static lister *const list_of[KDE_AXES_MAX + 1] = {
    NULL, list_1, list_2, list_3, list_4, list_5, list_6, list_7, list_8};

/* Sums that a block may add to: from within a class, across classes, or both. */
static kde_used sums_of(const float *class_of, int64_t row, int64_t last_row,
                        int64_t column, int64_t last_column)
{
    const int within = class_of[last_row] >= class_of[column];
    const int across = class_of[row] < class_of[last_column];
    return (kde_used){within ? KDE_LOWER_WITHIN : KDE_LOWER_ACROSS,
                      across ? KDE_SUMS : KDE_LOWER_ACROSS};
}

/* column[s][0 .. count) is added to the columns at[0 ..) of the block. */
static void flush_columns(const float *column, int64_t count, int64_t at,
                          kde_used used, kde_workspace *work)
{
    for (int s = used.begin; s < used.end; ++s)
        for (int64_t c = 0; c < count; ++c)
            work->column[s][at + c] += kde_fixed(column[s * count + c]);
}

/* Sums over the lanes of SQUARE rows, halves and then halves of these. A vector is
 * loaded as it was stored: one over two stores would wait for both. */
INLINE void sum_lanes(const float *lanes, float sum[SQUARE])
{
    typedef float square __attribute__((vector_size(SQUARE * sizeof(float))));
    square half[SQUARE], across[SQUARE];
    const float *row[SQUARE];
    for (int r = 0; r < SQUARE; ++r) {
        memcpy(&half[r], lanes + r * LANES_STRIDE, sizeof half[r]);
        if ((int)VF > (int)SQUARE) {
            square upper;
            memcpy(&upper, lanes + r * LANES_STRIDE + VF / 2, sizeof upper);
            half[r] += upper;
        }
        row[r] = (const float *)&half[r];
    }
    transpose_square(row, 0, (float *)across, SQUARE);
    for (int h = SQUARE / 2; h; h /= 2)
        for (int l = 0; l < h; ++l) across[l] += across[l + h];
    memcpy(sum, &across[0], sizeof across[0]);
}

/* Lane sums are zero but between two calls of this, which takes those of the groups of
 * VF rows whose bits are set. */
static void flush_rows(kde_used used, uint32_t groups, kde_workspace *work)
{
    for (; groups; groups &= groups - 1) {
        const int64_t from = __builtin_ctz(groups) * VF;
        for (int s = used.begin; s < used.end; ++s)
            for (int64_t r = from; r < from + VF; r += SQUARE) {
                float sum[SQUARE], *lanes = lanes_of(work, s, r);
                sum_lanes(lanes, sum);
                for (int i = 0; i < SQUARE; ++i)
                    vf_store(lanes + i * LANES_STRIDE, vf_set(0.0f));
                for (int i = 0; i < SQUARE; ++i)
                    work->row[s][r + i] += kde_fixed(sum[i]);
            }
    }
}

static void do_tiles(const kde_matrix *m, int64_t first, int64_t stop, int64_t column,
                     int64_t c, kde_used used, kde_workspace *work)
{
    column_sums sums;
    for (int s = 0; s < KDE_SUMS; ++s)
        for (int v = 0; v < TILE_VECTORS; ++v) sums.at[s][v] = vf_set(0.0f);
    if (m->pairs.d <= PAIRS_CHUNK) sweep_chunk(m, first, stop, column + c, work, &sums);
    else sweep_wide(m, first, stop, column + c, work, &sums);
    flush_columns((const float *)sums.at, TILE_COLUMNS, c, used, work);
}

static void do_near(const kde_matrix *m, int64_t first, int64_t stop, int64_t column,
                    int64_t c, kde_used used, kde_workspace *work, uint32_t *groups)
{
    uint32_t list[KDE_ROWS + VF];
    vf sums[KDE_SUMS];
    const int64_t at = column + c;
    const int count = list_of[m->dims](m, first, stop, at, list, groups);
    if (!count) return;
    for (int s = 0; s < KDE_SUMS; ++s) sums[s] = vf_set(0.0f);
    near_of[m->pairs.d](m, first, stop, at, list, count, work, sums);
    flush_columns((const float *)sums, VF, c, used, work);
}

static void block(const kde_matrix *m, int64_t first, int64_t column,
                  kde_workspace *work)
{
    const int64_t below = m->pairs.n - first, right = m->pairs.padded - column;
    const int64_t rows = below < KDE_ROWS ? below : KDE_ROWS;
    const int64_t end = right < KDE_SPAN ? right : KDE_SPAN;
    const int near_only = m->pairs.d <= KDE_NARROW && m->cut < INFINITY;
    const int64_t group = near_only ? VF : TILE_COLUMNS;
    const int64_t flush = near_only ? NEAR_GROUPS * VF : KDE_SPAN;
    const kde_used used = sums_of(m->pairs.class_of, first, first + rows - 1, column,
                                   column + end - 1);
    uint32_t groups = 0; /* of VF rows that have lane sums */
    work->used = used;
    for (int64_t c = 0; c < end; c += group) {
        /* Rows at and below the group's last column have no pair i < j here. */
        const int64_t above = column + c + group - 1 - first;
        const int64_t stop = above < rows ? above : rows;
        if (stop > 0 && near_only) {
            do_near(m, first, stop, column, c, used, work, &groups);
        } else if (stop > 0) {
            do_tiles(m, first, stop, column, c, used, work);
            groups = ~(uint32_t)0 >> (32 - KDE_ROWS / VF);
        }
        if ((c + group) % flush == 0 || c + group >= end) {
            flush_rows(used, groups, work);
            groups = 0;
        }
    }
}

/* Measured at 20 units; AVX2 needs a load for each difference of a listed row. */
enum { NEAR_PERCENT = VF == 16 ? 80 : 60 };

const kde_kernels KERNELS(kde_kernels) = {VF, TILE_COLUMNS, NEAR_PERCENT, block,
                                         KERNELS(cpu_kd_part)};
