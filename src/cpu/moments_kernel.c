/*
 * moments_kernel.c - local moments of rows, in registers.
 *
 * With s_j = sqrt(w_j) and v_j = s_j (1, x_j - x_i), all moments of row i are entries
 * of one matrix, sum_j v_j v_j^T, of e = d + 1 units. Its lower triangle is cut into
 * squares of EDGE x EDGE units.
 *
 * Pairs     MOMENTS_ROWS rows take their squared distances to SPAN columns with
 *           pairs_tile.h. Then each row collects the v of its columns with weight, whole
 *           vectors of them, in a batch that stays in the first cache (wide layers: the
 *           second), and each square goes through the batch in registers.
 * Traffic   A square takes 2 EDGE loads for EDGE^2 multiply-adds; a column of a batch
 *           costs about 8 operations a unit before. From 10 units on the multiply-adds
 *           are the limit, at 2 the exponential and the batch are.
 * Numerics  Differences and products are double, the weights float: exp has a relative
 *           error below 1e-6 where it is not small, one for all moments of a column.
 *           Nothing is subtracted after the differences, so S2 is as positive
 *           semidefinite as rounding lets a sum of squares be. Which columns are added
 *           up, and in which order, depends on the layer's rows and on the square.
 */
#include "cpu/moments.h"
#include "cpu/pairs_tile.h"

enum {
    SPAN = 768,     /* columns whose distances wait together: whole tiles       */
    NARROW_MAX = 48, /* e up to which sums wait as vectors, and not as doubles  */
    BATCH_NARROW = 64, BATCH_WIDE = 256, /* columns                             */
    SIDE_MAX = 7,   /* e up to which all sums stay in registers                 */
    EDGE = VF == 16 ? 4 : 3
};

/* What a row needs, and its batch. */
typedef struct {
    int64_t d, e, stride; /* stride: columns of a batch                         */
    int64_t columns;      /* that are in the batch                              */
    double *x;            /* [d]: the row itself                                */
    double *v;            /* [e][stride]                                        */
    double *sum;          /* narrow: [e (e + 1) / 2][VD]; wide: its moments     */
} row_work;

static int64_t triangle(int64_t a) { return a * (a + 1) / 2; }
static int is_wide(int64_t e) { return e > NARROW_MAX; }

/* Where entry (a, b), b <= a, of the matrix stands among the moments. */
static int64_t place(int64_t a, int64_t b, int64_t d)
{
    return b ? moments_s2(d, a - 1) + b - 1 : a;
}

/* -- Squares ----------------------------------------------------------------------*/

/* Adds the batch to the entries (a + p, b + q), p < rows, q < columns; a == b: to those
 * of the lower triangle. */
INLINE void add_square(const row_work *w, int64_t a, int64_t b, int rows, int columns,
                       int diagonal, int wide)
{
    vd sum[SIDE_MAX][SIDE_MAX];
#define EACH_ENTRY /* p, q: all are constants once unrolled */                 \
    _Pragma("GCC unroll 7") for (int p = 0; p < SIDE_MAX; ++p)                 \
        _Pragma("GCC unroll 7") for (int q = 0; q < SIDE_MAX; ++q)             \
            if (p < rows && q < columns && (!diagonal || q <= p))
    EACH_ENTRY {
        const double *at = w->sum + (triangle(a + p) + b + q) * VD;
        sum[p][q] = wide ? vd_set(0.0) : vd_load(at);
    }
    const double *va = w->v + a * w->stride, *vb = w->v + b * w->stride;
    for (int64_t c = 0; c < w->columns; c += VD) {
        vd row[SIDE_MAX], column[SIDE_MAX];
#pragma GCC unroll 7
        for (int q = 0; q < SIDE_MAX; ++q)
            if (q < columns) column[q] = vd_load(vb + q * w->stride + c);
#pragma GCC unroll 7
        for (int p = 0; p < SIDE_MAX; ++p)
            if (p < rows) row[p] = diagonal ? column[p] : vd_load(va + p * w->stride + c);
        EACH_ENTRY sum[p][q] = vd_fma(row[p], column[q], sum[p][q]);
    }
    EACH_ENTRY {
        if (wide) w->sum[place(a + p, b + q, w->d)] += vd_sum(sum[p][q]);
        else vd_store(w->sum + (triangle(a + p) + b + q) * VD, sum[p][q]);
    }
#undef EACH_ENTRY
}

/* The squares of the rows a .. a + rows - 1 of the matrix. */
INLINE void add_strip(const row_work *w, int64_t a, int rows, int wide)
{
    for (int64_t b = 0; b < a; b += EDGE) add_square(w, a, b, rows, EDGE, 0, wide);
    add_square(w, a, a, rows, rows, 1, wide);
}

INLINE void add_strips(const row_work *w, int wide)
{
    int64_t a = 0;
    for (; a + EDGE <= w->e; a += EDGE) add_strip(w, a, EDGE, wide);
    switch (w->e - a) {
    case 1: add_strip(w, a, 1, wide); break;
    case 2: add_strip(w, a, 2, wide); break;
    case 3: add_strip(w, a, 3, wide); break;
    }
}

static void add_batch(row_work *w)
{
    switch (w->e) {
    case 2: add_square(w, 0, 0, 2, 2, 1, 0); break;
    case 3: add_square(w, 0, 0, 3, 3, 1, 0); break;
    case 4: add_square(w, 0, 0, 4, 4, 1, 0); break;
    case 5: add_square(w, 0, 0, 5, 5, 1, 0); break;
    case 6: add_square(w, 0, 0, 6, 6, 1, 0); break;
    case 7: add_square(w, 0, 0, 7, 7, 1, 0); break;
    default:
        if (is_wide(w->e)) add_strips(w, 1);
        else add_strips(w, 0);
    }
    w->columns = 0;
}

/* -- Batches ----------------------------------------------------------------------*/

/* Appends VF columns from `at` on, with the square roots of their weights. */
INLINE void append(const moments_layer *layer, int64_t at, vf root, row_work *w)
{
    _Alignas(64) float lane[VF];
    vf_store(lane, root);
    const vd low = vd_widen(lane), high = vd_widen(lane + VD);
    double *to = w->v + w->columns;
    vd_store(to, low);
    vd_store(to + VD, high);
    to += w->stride;
    for (int64_t k = 0; k < w->d; k += PAIRS_CHUNK) {
        const int64_t units = w->d - k < PAIRS_CHUNK ? w->d - k : PAIRS_CHUNK;
        const float *x = layer->rows + k * layer->padded + at * units;
        for (int64_t u = 0; u < units; ++u, x += VF, to += w->stride) {
            const vd own = vd_set(w->x[k + u]);
            vd_store(to, vd_mul(low, vd_sub(vd_widen(x), own)));
            vd_store(to + VD, vd_mul(high, vd_sub(vd_widen(x + VD), own)));
        }
    }
    w->columns += VF;
    if (w->columns == w->stride) add_batch(w);
}

/* w = 2^(-2 scale D), s = 2^(-scale D), 0 from the cut on: 2^-50. */
typedef struct {
    float scale, cut;
} row_scale;

static row_scale scale_of(float square)
{
    const double log2e = 1.4426950408889634, least = 0x1p-126;
    const double h2 = (double)square > least ? (double)square : least;
    const double scale = log2e / (4.0 * h2);
    return (row_scale){(float)scale, (float)(50.0 / scale)};
}

/* The columns from `from` on with these squared distances, in whole vectors. */
static void add_columns(const moments_layer *layer, row_scale scale, int64_t from,
                        int64_t columns, const float *distance, row_work *w)
{
    const vf cut = vf_set(scale.cut), minus = vf_set(-scale.scale), none = vf_set(0.0f);
    for (int64_t c = 0; c < columns; c += VF) {
        const vf d2 = vf_load(distance + c);
        if (!vf_gt(cut, d2)) continue;
        const vf root = vf_exp2(vf_mul(minus, d2));
        append(layer, from + c, vf_where_gt(cut, d2, root, none), w);
    }
    if (w->columns) add_batch(w);
}

/* -- Pairs ------------------------------------------------------------------------*/

/* distance[r][c]: from row first + r to column `from` + c, r < PANEL, or infinity where
 * all of a tile are beyond the cut. */
static void distances(const moments_layer *layer, int64_t first, int64_t from,
                      int64_t columns, float cut, float (*distance)[SPAN])
{
    int64_t look = STEP;
    for (int64_t c = 0; c < columns; c += TILE_COLUMNS) {
        int near = 1;
        tile t;
        tile_clear(&t);
        for (int64_t k = 0; k < layer->d && near; k += PAIRS_CHUNK) {
            const int64_t left = layer->d - k;
            const int64_t units = left < PAIRS_CHUNK ? left : PAIRS_CHUNK;
            const float *chunk = layer->rows + k * layer->padded;
            near = add_until_cut(&t, packed_row(chunk, units, first),
                                 chunk + (from + c) * units, units * VF, units, cut,
                                 &look);
        }
        for (int r = 0; r < PANEL; ++r)
            for (int v = 0; v < TILE_VECTORS; ++v)
                vf_store(distance[r] + c + v * VF,
                         near ? t.at[r][v] : vf_set(INFINITY));
    }
}

/* Infinity for the row itself and for the columns outside of its class. */
static void leave_out(const moments_layer *layer, int64_t row, int64_t from,
                      int64_t columns, float *distance)
{
    const int64_t begin = layer->begin[row] - from, end = layer->end[row] - from;
    for (int64_t c = 0; c < columns && c < begin; ++c) distance[c] = INFINITY;
    for (int64_t c = end > 0 ? end : 0; c < columns; ++c) distance[c] = INFINITY;
    if (row >= from && row < from + columns) distance[row - from] = INFINITY;
}

/* -- Rows -------------------------------------------------------------------------*/

/* One thread's memory: the distances, then the batch, then what each row adds to. */
typedef struct {
    float (*distance)[SPAN]; /* [PANEL]                                         */
    double *x;               /* [PANEL][x_stride]                               */
    double *v, *sum;         /* sum: [PANEL][sums], narrow layers only          */
    int64_t x_stride, batch, sums;
    size_t  bytes;
} panel_work;

static panel_work work_of(int64_t d, void *at)
{
    const int64_t e = d + 1;
    ipl_arena arena = {.base = at};
    panel_work p = {.x_stride = ceil_div(d, 8) * 8};
    p.batch = is_wide(e) ? BATCH_WIDE : BATCH_NARROW;
    p.sums = is_wide(e) ? 0 : triangle(e) * VD;
    p.distance = ipl_arena_take(&arena, PANEL, sizeof *p.distance);
    p.x = ipl_arena_take(&arena, PANEL * p.x_stride, sizeof *p.x);
    p.v = ipl_arena_take(&arena, e * p.batch, sizeof *p.v);
    p.sum = ipl_arena_take(&arena, PANEL * p.sums, sizeof *p.sum);
    p.bytes = arena.used;
    return p;
}

static size_t work_bytes(int64_t d) { return work_of(d, NULL).bytes; }

static void fetch_row(const moments_layer *layer, int64_t row, double *x)
{
    for (int64_t k = 0; k < layer->d; k += PAIRS_CHUNK) {
        const int64_t left = layer->d - k;
        const int64_t units = left < PAIRS_CHUNK ? left : PAIRS_CHUNK;
        const float *from = packed_row(layer->rows + k * layer->padded, units, row);
        for (int64_t u = 0; u < units; ++u) x[k + u] = (double)from[u * VF];
    }
}

/* From sums in the layer's unit to moments in units of h. */
static void finish(const row_work *w, float square, double *moments)
{
    const double least = 0x1p-126;
    const double h2 = (double)square > least ? (double)square : least, h = sqrt(h2);
    if (!is_wide(w->e))
        for (int64_t a = 0; a < w->e; ++a)
            for (int64_t b = 0; b <= a; ++b)
                moments[place(a, b, w->d)] =
                    vd_sum(vd_load(w->sum + (triangle(a) + b) * VD));
    for (int64_t k = 1; k <= w->d; ++k) moments[k] /= h;
    for (int64_t k = w->e; k < moments_size(w->d); ++k) moments[k] /= h2;
}

/* The rows first .. first + count - 1 of the panel that begins with row `panel`. */
static void add_panel(const moments_layer *layer, int64_t panel, int64_t first,
                      int64_t count, const float *square, panel_work *p,
                      double *moments)
{
    const int64_t d = layer->d, size = moments_size(d), last = first + count - 1;
    row_scale scale[PANEL];
    row_work work[PANEL];
    float cut = 0.0f;
    for (int64_t r = 0; r < count; ++r) {
        scale[r] = scale_of(square[r]);
        cut = scale[r].cut > cut ? scale[r].cut : cut;
        work[r] = (row_work){.d = d, .e = d + 1, .stride = p->batch, .v = p->v};
        work[r].x = p->x + r * p->x_stride;
        work[r].sum = p->sums ? p->sum + r * p->sums : moments + r * size;
        memset(work[r].sum, 0, (size_t)(p->sums ? p->sums : size) * sizeof(double));
        fetch_row(layer, first + r, work[r].x);
    }
    const int64_t end = layer->end[last];
    for (int64_t from = layer->begin[first] / SPAN * SPAN; from < end; from += SPAN) {
        const int64_t left = layer->padded - from, columns = left < SPAN ? left : SPAN;
        distances(layer, panel, from, columns, cut, p->distance);
        for (int64_t r = 0; r < count; ++r) {
            float *distance = p->distance[first + r - panel];
            leave_out(layer, first + r, from, columns, distance);
            add_columns(layer, scale[r], from, columns, distance, &work[r]);
        }
    }
    for (int64_t r = 0; r < count; ++r)
        finish(&work[r], square[r], moments + r * size);
}

static void rows(const moments_layer *layer, int64_t first, int64_t count,
                 const float *square, void *work, double *moments)
{
    const int64_t size = moments_size(layer->d), stop = first + count;
    panel_work p = work_of(layer->d, work);
    for (int64_t at = first; at < stop;) {
        const int64_t panel = at / PANEL * PANEL;
        const int64_t end = panel + PANEL < stop ? panel + PANEL : stop;
        add_panel(layer, panel, at, end - at, square + (at - first), &p,
                  moments + (at - first) * size);
        at = end;
    }
}

const moments_kernels KERNELS(moments_kernels) = {VF, TILE_COLUMNS, work_bytes, rows};
