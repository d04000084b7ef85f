/*
 * moments_kernel.c - local moments of rows, in registers.
 *
 * With s_j = sqrt(w_j) and v_j = s_j (1, x_j - x_i), all moments of row i are entries
 * of one matrix, sum_j v_j v_j^T, of e = d + 1 units. Its lower triangle is cut into
 * squares of EDGE x EDGE units.
 *
 * Pairs     MOMENTS_ROWS rows take their squared distances to SPAN columns with
 *           pairs_tile.h. A row to which most of them have weight leaves the weights to
 *           moments_centre.h. Else it collects the v of its columns with weight, in
 *           whole vectors, in a batch that stays in the first cache (wide layers: the
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
#include "cpu/moments_centre.h"
#include "cpu/pairs_tile.h"

enum {
    SPAN = 768,    /* columns whose distances wait together: whole tiles         */
    UNCUT_MAX = 32 /* units up to which tiles of distances are not left early    */
};

/* What a row needs. */
typedef struct {
    moments_batch batch;
    int64_t room;     /* columns that the batch takes                            */
    size_t  uncleared; /* bytes of what it adds to; the first column clears them */
    double *x;        /* [d]: the row itself                                     */
    float   scale;    /* s = 2^(-scale D) ..                                     */
    float   cut;      /* .. and 0 from here on, where it is 2^-50                */
    int     centred;  /* 1: its moments may be taken around the centre           */
    double *weight;   /* [SPAN]: of the columns for that                         */
    int     waits;    /* 1: they are there                                       */
} moments_row;

/* h^2 as it is used. */
static double bandwidth(float square)
{
    const double least = 0x1p-126;
    return (double)square > least ? (double)square : least;
}

/* -- Batches ----------------------------------------------------------------------*/

/* Appends VF columns from `at` on, with the roots of their weights. */
INLINE void append(const moments_layer *layer, int64_t at, const float *root,
                   moments_row *row)
{
    moments_batch *m = &row->batch;
    const vd low = vd_widen(root), high = vd_widen(root + VD);
    double *to = m->v + m->columns / VD * m->stride, *to_high = to + m->stride;
    vd_store(to, low);
    vd_store(to_high, high);
    for (int64_t k = 0; k < layer->d; k += PAIRS_CHUNK) {
        const int64_t left = layer->d - k;
        const int64_t units = left < PAIRS_CHUNK ? left : PAIRS_CHUNK;
        const float *x = layer->rows + k * layer->padded + at * units;
        const double *own = row->x + k;
#pragma GCC unroll 4
        for (int64_t u = 0; u < units; ++u, x += VF) {
            const vd from = vd_set(own[u]);
            vd_store(to += VD, vd_mul(low, vd_sub(vd_widen(x), from)));
            vd_store(to_high += VD, vd_mul(high, vd_sub(vd_widen(x + VD), from)));
        }
    }
    m->columns += VF;
    if (m->columns == row->room) add_batch(m);
}

/* The weights of the columns, from the roots of those that are near. */
static void leave_weights(const float *root, int64_t columns, const int32_t *near,
                          int nears, moments_row *row)
{
    memset(row->weight, 0, (size_t)columns * sizeof *row->weight);
    for (int q = 0; q < nears; ++q)
        for (int half = 0; half < VF; half += VD) {
            const vd part = vd_widen(root + near[q] + half);
            vd_store(row->weight + near[q] + half, vd_mul(part, part));
        }
    row->waits = 1;
}

/* The columns from `from` on with these squared distances, which become the roots of
 * weights. Vectors of columns without weight are left out. */
static void add_columns(const moments_layer *layer, int64_t from, int64_t columns,
                        float *distance, moments_row *row)
{
    const vf cut = vf_set(row->cut), minus = vf_set(-row->scale), none = vf_set(0.0f);
    int32_t near[SPAN / VF];
    int nears = 0;
    for (int64_t c = 0; c < columns; c += VF) {
        const vf d2 = vf_load(distance + c);
        if (!vf_gt(cut, d2)) continue;
        const vf root = vf_exp2(vf_mul(minus, d2));
        vf_store(distance + c, vf_where_gt(cut, d2, root, none));
        near[nears++] = (int32_t)c;
    }
    if (row->centred && 2 * nears * VF >= columns) {
        leave_weights(distance, columns, near, nears, row);
        return;
    }
    if (nears && row->uncleared) {
        memset(row->batch.sum, 0, row->uncleared);
        row->uncleared = 0;
    }
    for (int q = 0; q < nears; ++q)
        append(layer, from + near[q], distance + near[q], row);
    if (row->batch.columns) add_batch(&row->batch);
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
            const float *a = packed_row(chunk, units, first);
            const float *b = chunk + (from + c) * units;
            if (layer->d <= UNCUT_MAX) add_distances(&t, a, b, units * VF, units);
            else near = add_until_cut(&t, NULL, a, b, units * VF, units, cut, &look);
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

enum { GROUP_MAX = CENTRE_ROWS };

/* One thread's memory: the distances, the rows, a batch, and what rows add to. */
typedef struct {
    float (*distance)[SPAN]; /* [PANEL]                                          */
    double *x;               /* [group][x_stride]                                */
    double *v, *sum;         /* sum: [group][sums], narrow layers only           */
    double (*weight)[SPAN];  /* [group], layers with a centre only               */
    moments_centre centre;
    int64_t group; /* rows that are done together, from a multiple of it on       */
    int64_t x_stride, stride, room, sums;
    size_t  bytes;
} group_work;

static group_work work_of(int64_t d, void *at)
{
    const int64_t e = d + 1, centred = has_centre(e);
    ipl_arena arena = {.base = at};
    group_work p = {.group = centred ? CENTRE_ROWS : PANEL};
    p.x_stride = ceil_div(d, 8) * 8;
    p.room = is_wide(e) ? 256 : e > 20 ? 128 : 192;
    /* An odd number of fours, so that a unit's vectors lie in different sets of a
     * cache. */
    p.stride = (ceil_div(e + 4, 8) * 8 - 4) * VD;
    p.sums = is_wide(e) ? 0 : local_triangle(e) * VD;
    p.distance = ipl_arena_take(&arena, PANEL, sizeof *p.distance);
    p.x = ipl_arena_take(&arena, p.group * p.x_stride, sizeof *p.x);
    p.v = ipl_arena_take(&arena, p.room / VD * p.stride, sizeof *p.v);
    p.sum = ipl_arena_take(&arena, p.group * p.sums, sizeof *p.sum);
    p.weight = ipl_arena_take(&arena, centred * p.group, sizeof *p.weight);
    moments_centre *c = &p.centre;
    *c = (moments_centre){.e = e, .entries = centre_entries(e)};
    c->c = ipl_arena_take(&arena, centred * e, sizeof *c->c);
    c->y = ipl_arena_take(&arena, centred * (e + VD), sizeof *c->y);
    c->product = ipl_arena_take(&arena, CENTRE_COLUMNS * c->entries + VD,
                                sizeof *c->product);
    c->sum = ipl_arena_take(&arena, CENTRE_ROWS * c->entries, sizeof *c->sum);
    p.bytes = arena.used;
    return p;
}

static size_t work_bytes(int64_t d) { return work_of(d, NULL).bytes; }

/* Row i of the layer as doubles. */
static void take_row(const moments_layer *layer, int64_t i, double *x)
{
    for (int64_t k = 0; k < layer->d; k += PAIRS_CHUNK) {
        const int64_t left = layer->d - k;
        const int64_t units = left < PAIRS_CHUNK ? left : PAIRS_CHUNK;
        const float *from = packed_row(layer->rows + k * layer->padded, units, i);
        for (int64_t u = 0; u < units; ++u) x[k + u] = (double)from[u * VF];
    }
}

/* y = (1, x - c) of row i. */
static void around_centre(const moments_layer *layer, const moments_centre *m,
                          int64_t i)
{
    const float *of = packed_row(layer->rows, layer->d, i);
    m->y[0] = 1.0;
    for (int64_t u = 0; u < layer->d; ++u)
        m->y[u + 1] = (double)of[u * VF] - m->c[u];
}

static void begin(const moments_layer *layer, int64_t i, float square,
                  const group_work *p, moments_row *row)
{
    const double scale = 1.4426950408889634 / (4.0 * bandwidth(square));
    row->scale = (float)scale;
    row->cut = (float)(50.0 / scale);
    take_row(layer, i, row->x);
    row->centred = has_centre(layer->d + 1);
    if (!row->centred) return;
    double squares = 0.0;
    const double *y = p->centre.y;
    around_centre(layer, &p->centre, i);
    for (int64_t u = 1; u <= layer->d; ++u) squares += y[u] * y[u];
    row->centred = squares <= CENTRE_FAR * bandwidth(square);
}

/* From sums in the layer's unit to moments in units of h. */
static void finish(const moments_layer *layer, int64_t group, int64_t i, float square,
                   const group_work *p, const moments_row *row, double *moments)
{
    const int64_t e = row->batch.e, size = local_moments(e - 1);
    const double h2 = bandwidth(square), h = sqrt(h2);
    if (row->uncleared) memset(moments, 0, (size_t)size * sizeof *moments);
    else if (!is_wide(e)) collect_narrow(&row->batch, moments);
    if (row->centred) {
        around_centre(layer, &p->centre, i);
        shift_centre(&p->centre, i - group, p->centre.y, moments);
    }
    for (int64_t k = 1; k < e; ++k) moments[k] /= h;
    for (int64_t k = e; k < size; ++k) moments[k] /= h2;
}

/* What the rows of a group have left for its centre, of the columns from `from` on. */
static void add_waiting(const moments_layer *layer, int64_t from, int64_t columns,
                        const group_work *p, moments_row *row)
{
    unsigned wanted = 0;
    for (int r = 0; r < CENTRE_ROWS; ++r)
        wanted |= (unsigned)row[r].waits << r / CENTRE_PANEL;
    if (!wanted) return;
    for (int r = 0; r < CENTRE_ROWS; ++r) {
        if (!row[r].waits && wanted >> r / CENTRE_PANEL & 1)
            memset(p->weight[r], 0, (size_t)columns * sizeof **p->weight);
        row[r].waits = 0;
    }
    for (int64_t k = 0; k < columns; k += CENTRE_COLUMNS) {
        const int64_t left = columns - k;
        const int64_t count = left < CENTRE_COLUMNS ? left : CENTRE_COLUMNS;
        for (int64_t c = 0; c < count; ++c) {
            around_centre(layer, &p->centre, from + k + c);
            add_products(&p->centre, c);
        }
        add_centred(&p->centre, count, p->weight[0] + k, SPAN, wanted);
    }
}

/* The rows first .. first + count - 1, of the group that begins with row `group`. */
static void add_group(const moments_layer *layer, int64_t group, int64_t first,
                      int64_t count, const float *square, const group_work *p,
                      double *moments)
{
    const int64_t size = local_moments(layer->d), stop = first + count;
    const int64_t end = layer->end[stop - 1];
    const size_t bytes = (size_t)(p->sums ? p->sums : size) * sizeof(double);
    moments_row all[GROUP_MAX] = {{.waits = 0}}, *row = all + (first - group);
    float cut = 0.0f;
    const moments_centre *c = &p->centre;
    if (c->entries) {
        take_row(layer, group, c->c);
        memset(c->y, 0, (size_t)(c->e + VD) * sizeof *c->y);
        memset(c->product, 0,
               (size_t)(CENTRE_COLUMNS * c->entries + VD) * sizeof *c->product);
        memset(c->sum, 0, (size_t)(CENTRE_ROWS * c->entries) * sizeof *c->sum);
    }
    for (int64_t r = 0; r < count; ++r) {
        moments_batch *m = &row[r].batch;
        const int64_t place = first + r - group;
        *m = (moments_batch){.e = layer->d + 1, .stride = p->stride, .v = p->v};
        m->sum = p->sums ? p->sum + place * p->sums : moments + r * size;
        row[r].room = p->room;
        row[r].uncleared = bytes;
        row[r].x = p->x + place * p->x_stride;
        if (c->entries) row[r].weight = p->weight[place];
        begin(layer, first + r, square[r], p, &row[r]);
        cut = row[r].cut > cut ? row[r].cut : cut;
    }
    for (int64_t from = layer->begin[first] / SPAN * SPAN; from < end; from += SPAN) {
        const int64_t left = layer->padded - from, columns = left < SPAN ? left : SPAN;
        for (int64_t panel = first / PANEL * PANEL; panel < stop; panel += PANEL) {
            distances(layer, panel, from, columns, cut, p->distance);
            for (int64_t i = panel; i < panel + PANEL && i < stop; ++i) {
                if (i < first) continue;
                leave_out(layer, i, from, columns, p->distance[i - panel]);
                add_columns(layer, from, columns, p->distance[i - panel],
                            &row[i - first]);
            }
        }
        if (c->entries) add_waiting(layer, from, columns, p, all);
    }
    for (int64_t r = 0; r < count; ++r)
        finish(layer, group, first + r, square[r], p, &row[r], moments + r * size);
}

static void rows(const moments_layer *layer, int64_t first, int64_t count,
                 const float *square, void *work, double *moments)
{
    const int64_t size = local_moments(layer->d), stop = first + count;
    const group_work p = work_of(layer->d, work);
    for (int64_t at = first, end; at < stop; at = end) {
        const int64_t group = at / p.group * p.group;
        end = group + p.group < stop ? group + p.group : stop;
        add_group(layer, group, at, end - at, square + (at - first), &p,
                  moments + (at - first) * size);
    }
}

const moments_kernels KERNELS(moments_kernels) = {VF, TILE_COLUMNS, work_bytes, rows};
