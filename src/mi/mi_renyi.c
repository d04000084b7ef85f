/*
 * mi_renyi.c - matrix-based Renyi entropy: S(A) of the eigenvalues of a kernel matrix.
 *
 *   I(T;G) = S(A_T) + S(A_G) - S(A_T o A_G / trace)
 *
 * with a Gaussian kernel for T and "same class" for Y (L. Sanchez Giraldo, M. Rao,
 * J. Principe, IEEE Trans. Inf. Theory 61(1), 2015). X has the Gaussian kernel of the
 * inputs' values, else "same input" where inputs repeat; where each occurs once, and
 * nobody gave values, A_X is the identity over n and I(X;T) = S(A_T). The option's
 * width is that of T; inputs always have the rule's.
 *
 * The cost grows with the cube of the rows, so that a subset counts, evenly spaced: it
 * comes to the host, where all is done in double, with the same bits for every device.
 * Its largest value is the logarithm of its rows.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "mi/mi_renyi.h"

static const double saturated_within = 1e-6, rounding = 1e-9; /* nats */

/* -- Options ----------------------------------------------------------------------*/

enum { ROWS_MAX = 10000 };
static const double width_min = 1e-30; /* its square is far from underflow */

static const ipl_option renyi_options[] = {
    {.key = "alpha", .type = IPL_OPTION_REAL,
     .offset = offsetof(ipl_mi_options, renyi_alpha), .min = 0, .max = 100, .above = 1,
     .fallback = "1", .help = "order; 1: the limit, von Neumann's entropy",
     .flag = "--renyi-alpha", .value = "A"},
    {.key = "width", .type = IPL_OPTION_REAL,
     .offset = offsetof(ipl_mi_options, renyi_width), .min = 0, .max = 1e30,
     .fallback = "0",
     .help = "of the Gaussian kernel of a layer; 0: deviation of its rows × "
             "n^(-1/(4+d))",
     .flag = "--renyi-width", .value = "W"},
    {.key = "rows", .type = IPL_OPTION_INTEGER,
     .offset = offsetof(ipl_mi_options, renyi_rows), .min = 2, .max = ROWS_MAX,
     .fallback = "500", .help = "at most so many rows, evenly spaced",
     .flag = "--renyi-rows", .value = "N"},
};

static ipl_status renyi_check(const ipl_mi_options *options)
{
    const double width = options->renyi_width;
    IPL_REQUIRE(options->renyi_alpha > 0.0 && options->renyi_alpha <= 100.0,
                "order %g: expected a number above 0 to 100", options->renyi_alpha);
    IPL_REQUIRE(width == 0.0 || (width >= width_min && width <= 1e30),
                "kernel width %g: expected 0 or a number from %g to 1e30", width,
                width_min);
    IPL_REQUIRE(options->renyi_rows >= 2 && options->renyi_rows <= ROWS_MAX,
                "%lld rows: expected 2 to %d", (long long)options->renyi_rows,
                ROWS_MAX);
    return IPL_OK;
}

static void renyi_describe(const ipl_mi_options *options, char *text, size_t size)
{
    char width[48] = "width n^(-1/(4+d))";
    if (options->renyi_width > 0.0)
        snprintf(width, sizeof width, "width %.4g", options->renyi_width);
    snprintf(text, size, "order %.4g, %s, %lld rows", options->renyi_alpha, width,
             (long long)options->renyi_rows);
}

/* -- Rows on the host -------------------------------------------------------------*/

static int64_t rows_of(const ipl_mi_options *options, int64_t n)
{
    return n < options->renyi_rows ? n : options->renyi_rows;
}

/* One of X and Y: its kernel and its entropy, which stay from job to job. */
typedef struct {
    const void *of; /* the labels or inputs that it was made of, and so as many rows */
    double     *k;  /* [m][m]                                                   */
    double      h;
} renyi_side;

typedef struct {
    int64_t    n, m;        /* of the rows that are chosen now                  */
    int64_t    m_max, values_max;
    int32_t   *row;         /* [m_max]: their numbers                           */
    int32_t   *group;       /* [m_max]                                          */
    float     *values;      /* [values_max]                                     */
    double    *k, *work;    /* of T                                             */
    renyi_side x, y;
    int32_t   *row_there;   /* device, [m_max]                                  */
    void      *values_there; /* device, [values_max]                            */
    size_t     bytes;       /* device                                           */
} renyi_room;

static void room_free(renyi_room *r)
{
    free(r->row);
    free(r->group);
    free(r->values);
    free(r->k);
    free(r->work);
    free(r->x.k);
    free(r->y.k);
}

static ipl_status room_alloc(renyi_room *r)
{
    const size_t m = (size_t)r->m_max, square = m * m * sizeof(double);
    r->row = malloc(m * sizeof *r->row);
    r->group = malloc(m * sizeof *r->group);
    r->values = malloc((size_t)r->values_max * sizeof *r->values);
    r->k = malloc(square);
    r->x.k = malloc(square);
    r->y.k = malloc(square);
    r->work = malloc((size_t)renyi_work(r->m_max) * sizeof *r->work);
    if (!r->row || !r->group || !r->values || !r->k || !r->x.k || !r->y.k || !r->work)
        return IPL_FAIL(IPL_E_MEMORY, "kernels of %zu rows", m);
    return IPL_OK;
}

static void room_plan(const mi_call *call, const ipl_mi_options *options, renyi_room *r)
{
    ipl_arena arena = {.base = call->scratch};
    for (int j = 0; j < call->jobs; ++j) {
        const ipl_mi_job *job = &call->job[j];
        const int64_t m = rows_of(options, job->t.rows);
        int64_t d = job->t.cols;
        if (job->inputs && job->inputs->x.cols > d) d = job->inputs->x.cols;
        if (m > r->m_max) r->m_max = m;
        if (m * d > r->values_max) r->values_max = m * d;
    }
    r->row_there = ipl_arena_take(&arena, r->m_max, sizeof *r->row);
    r->values_there = ipl_arena_take(&arena, r->values_max, sizeof *r->values);
    r->bytes = arena.used;
}

static ipl_status renyi_scratch_bytes(const mi_call *call,
                                      const ipl_mi_options *options, size_t *bytes)
{
    renyi_room room = {0};
    room_plan(call, options, &room);
    *bytes = room.bytes;
    return IPL_OK;
}

static void choose_rows(const ipl_mi_options *options, int64_t n, renyi_room *r)
{
    r->n = n;
    r->m = rows_of(options, n);
    for (int64_t k = 0; k < r->m; ++k) r->row[k] = (int32_t)(k * n / r->m);
}

/* The chosen rows of d values of 4 bytes each, from host memory or the device. */
static void select_rows(const renyi_room *r, int64_t d, const void *from, void *to)
{
    const size_t line = (size_t)d * 4;
    for (int64_t k = 0; k < r->m; ++k)
        memcpy((char *)to + (size_t)k * line,
               (const char *)from + (size_t)r->row[k] * line, line);
}

static ipl_status fetch_rows(ipl_device *dev, const renyi_room *r, int64_t d,
                             const void *from, void *to)
{
    IPL_TRY(dev->backend->gather_rows(dev->state, from, d, r->row_there, r->m,
                                      r->values_there));
    return ipl_download(dev, r->values_there, (size_t)(r->m * d) * 4, to);
}

/* -- Points -----------------------------------------------------------------------*/

static ipl_status layer_kernel(const ipl_mi_options *options, int64_t d, renyi_room *r,
                               double *h_t)
{
    double width = options->renyi_width;
    if (width == 0.0) width = renyi_width(r->m, d, r->values);
    renyi_gaussian(r->m, d, r->values, width, r->k);
    return renyi_entropy(options->renyi_alpha, r->m, r->k, NULL, r->work, h_t);
}

/* Kernels of the values and groups that were fetched last. */
static ipl_status input_kernel(double alpha, int64_t d, renyi_room *r)
{
    renyi_gaussian(r->m, d, r->values, renyi_width(r->m, d, r->values), r->x.k);
    return renyi_entropy(alpha, r->m, r->x.k, NULL, r->work, &r->x.h);
}

static ipl_status group_kernel(double alpha, renyi_room *r, renyi_side *side)
{
    renyi_groups(r->m, r->group, side->k);
    return renyi_entropy(alpha, r->m, side->k, NULL, r->work, &side->h);
}

static ipl_status information(double alpha, renyi_room *r, const renyi_side *side,
                              double h_t, double *out)
{
    double joint;
    IPL_TRY(renyi_entropy(alpha, r->m, r->k, side->k, r->work, &joint));
    *out = mi_mutual(h_t, side->h, joint);
    if (fabs(*out) <= rounding) *out = 0.0;
    return IPL_OK;
}

/* The point of the layer whose kernel is there, and of sides that are. */
static ipl_status make_point(double alpha, renyi_room *r, double h_t, ipl_mi_point *out)
{
    double top = log((double)r->m);
    *out = mi_point_empty();
    out->h_t = out->i_xt = h_t;
    if (r->x.of) {
        IPL_TRY(information(alpha, r, &r->x, h_t, &out->i_xt));
        top = r->x.h;
    }
    if (r->y.of) IPL_TRY(information(alpha, r, &r->y, h_t, &out->i_ty));
    if (out->i_xt >= top - saturated_within) out->flags |= IPL_MI_SATURATED;
    return IPL_OK;
}

/* -- The call ---------------------------------------------------------------------*/

/* The chosen rows' numbers, on both sides. */
static ipl_status start_rows(ipl_device *dev, const ipl_mi_options *options, int64_t n,
                             renyi_room *r)
{
    if (r->n == n) return IPL_OK;
    choose_rows(options, n, r);
    return ipl_upload(dev, r->row, (size_t)r->m * sizeof *r->row, r->row_there);
}

static ipl_status make_sides(ipl_device *dev, double alpha, const ipl_mi_job *job,
                             renyi_room *r)
{
    const ipl_mi_inputs *inputs = job->inputs;
    const ipl_labels *x = inputs ? NULL : mi_repeated_inputs(job);
    if (job->y && r->y.of != job->y) {
        IPL_TRY(fetch_rows(dev, r, 1, job->y->at, r->group));
        IPL_TRY(group_kernel(alpha, r, &r->y));
    }
    r->y.of = job->y;
    if (inputs && r->x.of != inputs) {
        IPL_TRY(fetch_rows(dev, r, inputs->x.cols, inputs->x.at, r->values));
        IPL_TRY(input_kernel(alpha, inputs->x.cols, r));
    } else if (x && r->x.of != x) {
        IPL_TRY(fetch_rows(dev, r, 1, x->at, r->group));
        IPL_TRY(group_kernel(alpha, r, &r->x));
    }
    r->x.of = inputs ? (const void *)inputs : x;
    return IPL_OK;
}

static ipl_status estimate_job(ipl_device *dev, const ipl_mi_options *options,
                               const ipl_mi_job *job, renyi_room *r, ipl_mi_point *out)
{
    double h_t;
    IPL_TRY(start_rows(dev, options, job->t.rows, r));
    IPL_TRY(make_sides(dev, options->renyi_alpha, job, r));
    if (job->block_rows) select_rows(r, job->t.cols, job->t.at, r->values);
    else IPL_TRY(fetch_rows(dev, r, job->t.cols, job->t.at, r->values));
    IPL_TRY(layer_kernel(options, job->t.cols, r, &h_t));
    return make_point(options->renyi_alpha, r, h_t, out);
}

static ipl_status renyi_estimate(const mi_call *call, const ipl_mi_options *options,
                                 mi_points *point)
{
    ipl_status st;
    renyi_room room = {0};
    room_plan(call, options, &room);
    IPL_TRY_DONE(room_alloc(&room));
    for (int j = 0; j < call->jobs; ++j)
        IPL_TRY_DONE(estimate_job(call->dev, options, &call->job[j], &room,
                                  &point[j][0]));
done:
    room_free(&room);
    return st;
}

/* -- The definition ---------------------------------------------------------------*/

static ipl_status renyi_plain(const ipl_mi_options *options,
                              const ipl_mi_samples *samples, int64_t d, const float *t,
                              int point, double *i_xt, double *i_ty)
{
    const double alpha = options->renyi_alpha;
    const int64_t m = rows_of(options, samples->n), inputs_d = samples->inputs_d;
    const int64_t widest = samples->inputs && inputs_d > d ? inputs_d : d;
    ipl_status st;
    renyi_room r = {.m_max = m, .values_max = m * widest};
    ipl_mi_point made;
    double h_t;
    (void)point;
    IPL_TRY_DONE(room_alloc(&r));
    choose_rows(options, samples->n, &r);
    if (samples->inputs) {
        select_rows(&r, inputs_d, samples->inputs, r.values);
        IPL_TRY_DONE(input_kernel(alpha, inputs_d, &r));
        r.x.of = samples->inputs;
    }
    if (samples->y) {
        select_rows(&r, 1, samples->y, r.group);
        IPL_TRY_DONE(group_kernel(alpha, &r, &r.y));
        r.y.of = samples->y;
    }
    select_rows(&r, d, t, r.values);
    IPL_TRY_DONE(layer_kernel(options, d, &r, &h_t));
    IPL_TRY_DONE(make_point(alpha, &r, h_t, &made));
    *i_xt = made.i_xt;
    *i_ty = made.i_ty;
done:
    room_free(&r);
    return st;
}

const mi_estimator mi_renyi = {
    .family = {.name = "renyi",
               .summary = "matrix-based Renyi entropy of a subset of rows",
               .coarser = "a wider kernel",
               .points = 1,
               .point = {{.name = "renyi", .title = "Rényi"}},
               .options = sizeof renyi_options / sizeof *renyi_options,
               .option = renyi_options,
               .needs = IPL_MI_NEEDS_INPUTS,
               .rows_max = INT32_MAX},
    .check = renyi_check,
    .describe = renyi_describe,
    .scratch_bytes = renyi_scratch_bytes,
    .estimate = renyi_estimate,
    .plain = renyi_plain,
};
