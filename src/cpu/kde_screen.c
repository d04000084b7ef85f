/*
 * kde_screen.c - whether a layer is screened (kde_screen.h), and its rows for it.
 *
 * Whether it is depends on the layer's values alone, never on a clock: some pairs and
 * tiles of the layer say how many pairs are near, how soon kde_kernel.c could leave its
 * tiles and how many pairs would pass the first test. The times that these numbers
 * stand for were measured once, for each instruction set.
 *
 * Bounds of the arithmetic, with e = 2^-24. A product of a row t with a direction adds
 * CHUNK units at a time in any order and these sums in a row: with the mean's product,
 * which is taken off, it is off by at most (CHUNK + d / CHUNK + 4) e times |t| +
 * |t - mean|. From this and from what the directions lack of being orthonormal follow
 * how far off the axes of a row are, and the length of what they leave of it.
 */
#include "cpu/kd_order.h"
#include "cpu/kde_screen.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

enum {
    DIRECTIONS = SCREEN_AXES - 1,
    CHUNK = 128,        /* units of a product                                   */
    TILES = 32,         /* of the sample: as those of kde_kernel.c              */
    TILE_ROWS = 8,
    TILE_COLUMNS = 48,
    STEP = 16,
    PAIRS = 2048,       /* of the sample                                        */
    PROBE_ROWS = 64,    /* x PROBE_COLUMNS pairs of the sample for the first test */
    PROBE_COLUMNS = 512,
    REACH_MOST = 1 << 14
};
static const double row_us = 3.0;           /* of preparing a row of 1024 units */
static const double near_share_most = 0.4;  /* beyond it no test pays           */
static const double worth_a_look = 1.6;     /* times faster at best, or no axes */

typedef float quad __attribute__((vector_size(16)));

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Number e of two sequences that fill [0, n) evenly, and together its square. */
static int64_t spread(int axis, int64_t e, int64_t n)
{
    static const double ratio[2] = {0.7548776662466927, 0.5698402909980532};
    const double place = (double)(e + 1) * ratio[axis];
    return least((int64_t)((place - floor(place)) * (double)n), n - 1);
}

/* -- The sample ------------------------------------------------------------------ */

/* Adds the squared differences of the units [from, to), a multiple of four. */
static void add_units(const float *a, const float *b, int64_t from, int64_t to,
                      quad *sum)
{
    for (int64_t u = from; u < to; u += 4) {
        quad x, y;
        memcpy(&x, a + u, sizeof x);
        memcpy(&y, b + u, sizeof y);
        *sum += (x - y) * (x - y);
    }
}

static float total(quad s) { return (s[0] + s[1]) + (s[2] + s[3]); }

/* Share of the units that a dense sweep reads: mean over some of its tiles. */
static double units_read(const ipl_kde_job *job, float cut)
{
    const int64_t d = job->d / 4 * 4;
    double read = 0.0;
    for (int tile = 0; tile < TILES; ++tile) {
        const int64_t i = spread(0, tile, job->n - TILE_ROWS);
        const int64_t j = spread(1, tile, job->n - TILE_COLUMNS);
        quad sum[TILE_ROWS][TILE_COLUMNS] = {{{0}}};
        int64_t u = 0;
        for (int near = 1; near && u < d; u += STEP) {
            near = 0;
            for (int r = 0; r < TILE_ROWS; ++r)
                for (int c = 0; c < TILE_COLUMNS; ++c) {
                    add_units(job->t + job->y->order[i + r] * job->d,
                              job->t + job->y->order[j + c] * job->d, u,
                              least(u + STEP, d), &sum[r][c]);
                    near |= total(sum[r][c]) <= cut;
                }
        }
        read += (double)least(u, d) / (double)d;
    }
    return read / TILES;
}

static double near_share(const ipl_kde_job *job, float cut)
{
    const int64_t d = job->d / 4 * 4;
    int near = 0;
    for (int p = 0; p < PAIRS; ++p) {
        quad sum = {0};
        add_units(job->t + spread(0, p, job->n) * job->d,
                  job->t + spread(1, p, job->n) * job->d, 0, d, &sum);
        near += total(sum) <= cut;
    }
    return (double)near / PAIRS;
}

/* -- Whether it pays ------------------------------------------------------------- */

static double dense_ns(const screen_kernels *k, const kde_screen *s, double read)
{
    return k->dense_ns * read * (double)s->d / 1024.0;
}

/* Of a pair, with its share of the preparation. */
static double screened_ns(const screen_kernels *k, const kde_screen *s, double passed,
                          double near)
{
    const double width = (double)s->d / 1024.0;
    return k->pair_ns + width * (k->passed_ns * passed + k->near_ns * near +
                                 2e3 * row_us / (double)s->n);
}

void screen_begin(const ipl_kde_job *job, const kde_matrix *m, const screen_kernels *k,
                  kde_path path, kde_screen *s)
{
    s->cut = m->cut;
    s->scale = m->scale;
    s->every = path == KDE_EVERY_PAIR;
    s->screened = m->cut < INFINITY && s->d >= SCREEN_AXES && s->d <= SCREEN_UNITS_MAX;
    if (path == KDE_CHOOSE && s->screened) {
        s->screened = s->d >= SCREEN_UNITS_MIN && s->n >= SCREEN_ROWS_MIN;
        if (!s->screened) return;
        s->dense = dense_ns(k, s, units_read(job, m->cut));
        s->screened = s->dense > worth_a_look * screened_ns(k, s, 0.0, 0.0);
        if (!s->screened) return;
        s->near = near_share(job, m->cut);
        s->screened = s->near < near_share_most &&
                      s->dense > worth_a_look * screened_ns(k, s, s->near, s->near);
    }
    s->screened = s->screened && screen_directions(job->t, s, s->rows);
}

/* -- Axes ------------------------------------------------------------------------ */

/* Axes of the rows [from, to) but for the last one: products with the directions. */
static void multiply(const ipl_kde_job *job, int64_t from, int64_t to, kde_screen *s)
{
    const int64_t d = s->d;
    float at_mean[DIRECTIONS];
    for (int a = 0; a < DIRECTIONS; ++a)
        at_mean[a] = (float)cblas_dsdot((int)d, s->directions + a * d, 1, s->mean, 1);
    for (int64_t i = from; i < to; ++i)
        for (int a = 0; a < DIRECTIONS; ++a) s->z[i * SCREEN_AXES + a] = 0.0f;
    for (int64_t u = 0; u < d; u += CHUNK)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)(to - from),
                    DIRECTIONS, (int)least(d - u, CHUNK), 1.0f, job->t + from * d + u,
                    (int)d, s->directions + u, (int)d, 1.0f, s->z + from * SCREEN_AXES,
                    SCREEN_AXES);
    for (int64_t i = from; i < to; ++i)
        for (int a = 0; a < DIRECTIONS; ++a) s->z[i * SCREEN_AXES + a] -= at_mean[a];
}

/* The last axis of a row, and how far all of them may be off: see the head. */
static void finish_axes(const screen_lengths *of, double excess, int64_t d, float *z,
                        float *error)
{
    const double e = 0x1p-24, slack = (double)(d / 4 + 24) * 2.0 * e;
    const double length = sqrt(of->from_mean) * (1.0 + slack);
    const double from_zero = sqrt(of->from_zero) * (1.0 + slack);
    const double product = (double)(CHUNK + d / CHUNK + 4) * e * (length + from_zero);
    const double off = sqrt((double)DIRECTIONS) * product * (1.0 + excess);
    double in = 0.0;
    for (int a = 0; a < DIRECTIONS; ++a) in += (double)z[a] * (double)z[a];
    const double out = (double)of->from_mean - in;
    const double off_square = 2.0 * off * length * (1.0 + excess) + off * off +
                              (2.0 * excess + slack) * length * length;
    double off_out = sqrt(off_square);
    if (out > off_square) off_out = off_square / sqrt(out);
    z[DIRECTIONS] = out > 0.0 ? (float)sqrt(out) : 0.0f;
    *error = (float)(1.001 * (off + off_out + excess * length));
}

void screen_project(const ipl_kde_job *job, const screen_kernels *k, int64_t from,
                    int64_t to, kde_screen *s)
{
    enum { AT_ONCE = 64 }; /* rows that stay in the second cache between two readings */
    for (int64_t i = from; i < to; i += AT_ONCE) {
        const int64_t end = least(i + AT_ONCE, to);
        multiply(job, i, end, s);
        for (int64_t r = i; r < end; ++r) {
            screen_lengths of;
            k->lengths(s, job->t + r * s->d, &of);
            finish_axes(&of, s->excess, s->d, s->z + r * SCREEN_AXES, &s->z_error[r]);
            s->farthest[r] = of.farthest;
        }
    }
}

/* -- Integers -------------------------------------------------------------------- */

void screen_bound(const kde_screen *s, screen_bounds *to, int64_t place, int64_t norm,
                  int64_t sum, int bias, double off)
{
    const double half_cut = 0.5 * sqrt(s->far);
    const int64_t reach = (int64_t)ceil((half_cut + off) / to->step * (1.0 + 1e-12));
    const int64_t twice = norm - reach * reach;
    const int64_t half = twice / 2 - (twice % 2 < 0); /* down: a pair rather stays */
    to->reach[place] = (int32_t)reach;
    to->half_column[place] = (int32_t)half;
    to->half_row[place] = (int32_t)(half + bias * sum);
}

/* The axes of row `row` as integers; place gets its bounds. */
static void axis_codes(const kde_screen *s, const screen_kernels *k, int64_t row,
                       int64_t place, int8_t q[SCREEN_AXES])
{
    int64_t norm = 0, sum = 0;
    double rest = 0.0;
    const float *z = s->z + row * SCREEN_AXES;
    for (int a = 0; a < SCREEN_AXES; ++a) {
        const double v = (double)z[a] - (double)s->middle[a];
        double whole = rint(v / s->axis.step);
        whole = fmax(-k->most, fmin(k->most, whole));
        const double e = v - whole * s->axis.step;
        q[a] = (int8_t)whole;
        norm += q[a] * q[a];
        sum += q[a];
        rest += e * e;
    }
    screen_bounds axis = s->axis;
    screen_bound(s, &axis, place, norm, sum, k->most + 1,
                 sqrt(rest) * (1.0 + 1e-9) + (double)s->z_error[row]);
}

/* Share of the pairs that pass the first test, of PROBE_ROWS x PROBE_COLUMNS. The
 * places of the probe hold its bounds until encode fills them. */
static double passed_share(const kde_screen *s, const screen_kernels *k)
{
    static const int columns = PROBE_COLUMNS, rows = PROBE_ROWS;
    int8_t q[PROBE_ROWS + PROBE_COLUMNS][SCREEN_AXES];
    int64_t passed = 0;
    for (int p = 0; p < rows + columns; ++p)
        axis_codes(s, k, p < rows ? spread(0, p, s->n) : spread(1, p - rows, s->n), p,
                   q[p]);
    for (int i = 0; i < rows; ++i)
        for (int j = rows; j < rows + columns; ++j) {
            int32_t dot = 0;
            for (int a = 0; a < SCREEN_AXES; ++a) dot += q[i][a] * q[j][a];
            passed += dot + s->axis.reach[i] * s->axis.reach[j] >=
                      s->axis.half_column[i] + s->axis.half_column[j];
        }
    return (double)passed / ((double)rows * columns);
}

/* Steps of both tests; 0 where the integers of a row would leave their range. */
static int choose_steps(const screen_kernels *k, kde_screen *s)
{
    float low[SCREEN_AXES], high[SCREEN_AXES], axis = 1e-30f, unit = 1e-30f, error = 0;
    for (int64_t i = 0; i < s->n; ++i) {
        for (int a = 0; a < SCREEN_AXES; ++a) {
            const float z = s->z[i * SCREEN_AXES + a];
            low[a] = i && low[a] < z ? low[a] : z;
            high[a] = i && high[a] > z ? high[a] : z;
        }
        unit = fmaxf(unit, s->farthest[i]);
        error = fmaxf(error, s->z_error[i]);
    }
    for (int a = 0; a < SCREEN_AXES; ++a) {
        s->middle[a] = 0.5f * low[a] + 0.5f * high[a];
        axis = fmaxf(axis, fmaxf(high[a] - s->middle[a], s->middle[a] - low[a]));
    }
    if (!(axis < 1e15f && unit < 1e15f && error < 1e15f)) return 0;
    s->axis.step = axis / (float)k->most;
    s->unit.step = unit / (float)k->most;
    const double rounding = sqrt((double)s->stride);
    const double most =
        fmax((0.5 * sqrt(s->far) + error) / s->axis.step + rounding,
             0.5 * sqrt(s->far) / s->unit.step + rounding + k->most * 1e-3 * rounding);
    return most < REACH_MOST - 2;
}

void screen_choose(const screen_kernels *k, kde_path path, kde_screen *s)
{
    s->far = (double)s->cut * (1.0 + (double)(s->d + 8) * 0x1p-23);
    s->screened = choose_steps(k, s);
    if (path == KDE_CHOOSE && s->screened)
        s->screened = s->dense > screened_ns(k, s, passed_share(s, k), s->near);
    if (!s->screened) return;
    for (int64_t i = 0; i < s->n; ++i) s->order[i] = (int32_t)i;
    cpu_kd_order(k->part, s->z, SCREEN_AXES, SCREEN_AXES, SCREEN_LEAF, 0, s->order,
                 s->n, s->keys);
}

/* A place without a row: near to nothing. */
static void encode_none(const kde_screen *s, const screen_kernels *k, int64_t place)
{
    const int32_t far = 1 << 29;
    memset(s->rows + place * s->stride, 0, (size_t)s->stride * sizeof *s->rows);
    memset(s->units + place * s->width, k->most + 1, (size_t)s->width);
    s->axis.reach[place] = s->unit.reach[place] = 0;
    s->axis.half_row[place] = s->unit.half_row[place] = far;
    s->axis.half_column[place] = s->unit.half_column[place] = far;
    s->class_of[place] = -1;
}

void screen_encode(const ipl_kde_job *job, const screen_kernels *k, int64_t from,
                   int64_t to, const kde_screen *s)
{
    for (int64_t i = from; i < to; ++i) {
        int8_t *q = s->row_axes + i * SCREEN_AXES;
        uint8_t *column = s->column_axes + i / k->lanes * k->lanes * SCREEN_AXES +
                          i % k->lanes * SCREEN_WORD;
        memset(q, 0, SCREEN_AXES);
        if (i < s->n) {
            const int64_t row = s->order[i];
            k->encode(s, job->t + row * s->d, i);
            axis_codes(s, k, row, i, q);
            s->class_of[i] = job->y->at[row];
        } else {
            encode_none(s, k, i);
        }
        for (int a = 0; a < SCREEN_AXES; ++a)
            column[a / SCREEN_WORD * k->lanes * SCREEN_WORD + a % SCREEN_WORD] =
                (uint8_t)(q[a] + k->most + 1);
    }
}

/* -- Room ----------------------------------------------------------------------- */

static void bounds_lay_out(int64_t places, ipl_arena *arena, screen_bounds *b)
{
    b->reach = ipl_arena_take(arena, places, sizeof *b->reach);
    b->half_column = ipl_arena_take(arena, places, sizeof *b->half_column);
    b->half_row = ipl_arena_take(arena, places, sizeof *b->half_row);
}

void screen_lay_out(const ipl_kde_job *job, ipl_arena *arena, kde_screen *s)
{
    const int64_t n = job->n, d = job->d;
    *s = (kde_screen){.n = n, .d = d};
    s->places = ceil_div(n, SCREEN_COLUMNS) * SCREEN_COLUMNS;
    s->stride = ceil_div(d, 16) * 16;
    s->width = ceil_div(d, 64) * 64;
    s->units = ipl_arena_take(arena, s->places, (size_t)s->width);
    s->row_axes = ipl_arena_take(arena, s->places, SCREEN_AXES);
    s->column_axes = ipl_arena_take(arena, s->places, SCREEN_AXES);
    s->order = ipl_arena_take(arena, n, sizeof *s->order);
    s->class_of = ipl_arena_take(arena, s->places, sizeof *s->class_of);
    bounds_lay_out(s->places, arena, &s->axis);
    bounds_lay_out(s->places, arena, &s->unit);
    s->mean = ipl_arena_take(arena, s->stride, sizeof *s->mean);
    s->centre = ipl_arena_take(arena, s->stride, sizeof *s->centre);
    s->directions = ipl_arena_take(arena, DIRECTIONS * d, sizeof *s->directions);
    s->z = ipl_arena_take(arena, n * SCREEN_AXES, sizeof *s->z);
    s->z_error = ipl_arena_take(arena, n, sizeof *s->z_error);
    s->farthest = ipl_arena_take(arena, n, sizeof *s->farthest);
    s->keys = ipl_arena_take(arena, 2 * n, sizeof *s->keys);
}
