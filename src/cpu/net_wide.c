/*
 * net_wide.c - forward and backward pass through sgemm, with the element-wise work
 * done on each tile of a product while it is in cache.
 *
 * Threads share the tiles of a product. The tiles are cut by the product's shape
 * alone and each is one single-threaded sgemm call, whose result depends on its
 * arguments only: so equal input gives equal bits at any number of threads. Inputs with
 * many zeros have products of their own (net_sparse.c).
 */
#include "cpu/net_sparse.h"

#include <string.h>

#include <cblas.h>

/* A tile this large keeps sgemm's packing below a tenth of its work. */
enum { TILE_ROWS = 256, TILE_COLS = 256 };
/* Multiplications for which it pays to wake the other threads (about 20 us). */
static const double work_per_region = 1e6;

/* C (m x n, packed) = op(A) op(B) + keep C; A is m x k, or k x m when transposed. */
typedef struct {
    int64_t m, n, k;
    const float *a, *b;
    int a_t, b_t;
    float keep; /* 0 or 1 */
    float *c;
} product;

/* What happens to a finished tile. */
typedef struct {
    ipl_act act;
    const float *bias;  /* forward: z <- f(z + bias); or NULL                    */
    const float *value; /* backward: d <- d f'(z), of values packed like C; or NULL */
} finish;

static void product_tile(const net_kernels *k, const product *p, const finish *f,
                         int64_t row, int64_t col)
{
    const int64_t rows = p->m - row < TILE_ROWS ? p->m - row : TILE_ROWS;
    const int64_t cols = p->n - col < TILE_COLS ? p->n - col : TILE_COLS;
    const int64_t lda = p->a_t ? p->m : p->k, ldb = p->b_t ? p->k : p->n;
    const float *a = p->a + (p->a_t ? row : row * lda);
    const float *b = p->b + (p->b_t ? col * ldb : col);
    float *c = p->c + row * p->n + col;
    cblas_sgemm(CblasRowMajor, p->a_t ? CblasTrans : CblasNoTrans,
                p->b_t ? CblasTrans : CblasNoTrans, (int)rows, (int)cols, (int)p->k,
                1.0f, a, (int)lda, b, (int)ldb, p->keep, c, (int)p->n);
    if (f && f->bias) k->activate(f->act, rows, cols, f->bias + col, p->n, c);
    if (f && f->value)
        k->derive(f->act, rows, cols, f->value + row * p->n + col, p->n, c);
}

static void multiply(const net_kernels *k, int threads, const product *p,
                     const finish *f)
{
    const int64_t down = ceil_div(p->m, TILE_ROWS), across = ceil_div(p->n, TILE_COLS);
    const int share = threads > 1 && down * across > 1 &&
                      (double)p->m * (double)p->n * (double)p->k > work_per_region;
    if (share) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
        for (int64_t tile = 0; tile < down * across; ++tile)
            product_tile(k, p, f, tile / across * TILE_ROWS, tile % across * TILE_COLS);
    } else {
        for (int64_t tile = 0; tile < down * across; ++tile)
            product_tile(k, p, f, tile / across * TILE_ROWS, tile % across * TILE_COLS);
    }
}

static int32_t widest(const ipl_net_shape *shape)
{
    int32_t most = 0;
    for (int l = 1; l <= shape->layers; ++l)
        if (shape->width[l] > most) most = shape->width[l];
    return most;
}

int64_t wide_work_floats(const net_kernels *k, const ipl_net_shape *shape, int64_t rows,
                         int gradient)
{
    int64_t units = gradient ? shape->width[0] + 2 * (int64_t)widest(shape) : 0;
    for (int l = 1; l <= shape->layers; ++l) units += shape->width[l];
    return units * rows + sparse_floats(k, rows, shape->width[0]);
}

/* act[0] = x, listed in `inputs` if not NULL; act[l] = f(act[l-1] W_l + b_l), but
 * the last layer is left without bias and softmax. */
static void forward_layers(const net_kernels *k, int threads,
                           const ipl_net_shape *shape, const float *params,
                           int64_t rows, const sparse_matrix *inputs, float *const *act)
{
    for (int l = 1; l <= shape->layers; ++l) {
        const int64_t n_in = shape->width[l - 1], n_out = shape->width[l];
        const product p = {.m = rows, .n = n_out, .k = n_in, .a = act[l - 1],
                           .b = params, .c = act[l]};
        const finish f = {.act = shape->act[l], .bias = params + n_in * n_out};
        if (l == 1 && inputs)
            sparse_forward(k, threads, inputs, n_out, params, f.act, f.bias, act[1]);
        else
            multiply(k, threads, &p, l < shape->layers ? &f : NULL);
        params += (n_in + 1) * n_out;
    }
}

/* Where a chunk of rows stands in the work area. */
typedef struct {
    int64_t       rows;
    float        *act[IPL_NET_LAYERS_MAX + 1], *delta[2];
    int32_t       label[WIDE_CHUNK];
    sparse_matrix list;   /* of the inputs, then of their transpose */
    int           sparse, first;
    float         scale;
} chunk;

/* d = scale (softmax(z) - [class is the label]), in the place of z */
static void output_delta(const net_kernels *k, const chunk *c, int64_t classes,
                         const float *bias, float *d)
{
    k->softmax(c->rows, classes, bias, d);
    for (int64_t r = 0; r < c->rows; ++r) d[r * classes + c->label[r]] -= 1.0f;
    for (int64_t i = 0; i < c->rows * classes; ++i) d[i] *= c->scale;
}

/* One chunk: its share is added to grad, or replaces it when it's the first. */
static void gradient_chunk(const net_kernels *k, int threads,
                           const ipl_net_shape *shape, const float *params, chunk *c,
                           float *grad, const wide_taker *taker)
{
    const int layers = shape->layers;
    const int64_t rows = c->rows;
    float *const *act = c->act;
    if (c->sparse)
        sparse_fill(k, threads, rows, shape->width[0], act[0], shape->width[0], 1,
                    &c->list);
    forward_layers(k, threads, shape, params, rows, c->sparse ? &c->list : NULL, act);

    float *d = act[layers], *d_in = c->delta[0];
    output_delta(k, c, shape->width[layers],
                 params + ipl_net_bias_at(shape, layers), d);
    for (int l = layers; l >= 1; --l) {
        const int64_t n_in = shape->width[l - 1], n_out = shape->width[l];
        const float *w = params + ipl_net_weight_at(shape, l);
        float *gw = grad + ipl_net_weight_at(shape, l);
        float *gb = grad + ipl_net_bias_at(shape, l);
        if (c->first) memset(gb, 0, (size_t)n_out * sizeof *gb);
        k->add_columns(rows, n_out, d, gb);
        if (l == 1 && c->sparse) {
            sparse_fill(k, threads, n_in, rows, act[0], 1, n_in, &c->list);
            sparse_outer(k, threads, &c->list, n_out, d, !c->first, gw, taker);
            break;
        }
        const product outer = {.m = n_in, .n = n_out, .k = rows, .a = act[l - 1],
                               .a_t = 1, .b = d, .keep = c->first ? 0.0f : 1.0f,
                               .c = gw};
        multiply(k, threads, &outer, NULL);
        if (l == 1) break;

        const product back = {.m = rows, .n = n_in, .k = n_out, .a = d, .b = w,
                              .b_t = 1, .c = d_in};
        const finish f = {.act = shape->act[l - 1], .value = act[l - 1]};
        multiply(k, threads, &back, &f);
        d = d_in;
        d_in = d == c->delta[0] ? c->delta[1] : c->delta[0];
    }
}

static chunk lay_out(const net_kernels *k, const ipl_net_shape *shape, int64_t most,
                     float *work)
{
    chunk c = {.first = 1};
    c.act[0] = work;
    for (int l = 1; l <= shape->layers; ++l)
        c.act[l] = c.act[l - 1] + shape->width[l - 1] * most;
    c.delta[0] = c.act[shape->layers] + shape->width[shape->layers] * most;
    c.delta[1] = c.delta[0] + widest(shape) * most;
    c.list = sparse_at(k, most, shape->width[0], c.delta[1] + widest(shape) * most);
    return c;
}

int wide_gradient(const net_kernels *k, int threads, const ipl_net_shape *shape,
                  const float *params, const wide_batch *batch, float *work,
                  float *grad, const wide_taker *taker)
{
    const int64_t inputs = shape->width[0], count = batch->count;
    const int64_t most = count < WIDE_CHUNK ? count : WIDE_CHUNK;
    /* Sums over several chunks are final with the last one only. */
    const int given = batch->sparse && count == most;
    chunk c = lay_out(k, shape, most, work);
    c.sparse = batch->sparse;
    c.scale = (float)(1.0 / (double)count);
    for (int64_t from = 0; from < count; from += most) {
        c.rows = count - from < most ? count - from : most;
        for (int64_t r = 0; r < c.rows; ++r) {
            const int64_t row = batch->row[from + r];
            memcpy(c.act[0] + r * inputs, batch->x + row * inputs,
                   (size_t)inputs * sizeof *c.act[0]);
            c.label[r] = batch->y[row];
        }
        c.first = from == 0;
        gradient_chunk(k, threads, shape, params, &c, grad, given ? taker : NULL);
    }
    return given;
}

void wide_forward(const net_kernels *k, const ipl_net_shape *shape, const float *params,
                  const float *x, int64_t count, float *work, float *const *act,
                  float *logits)
{
    const int layers = shape->layers;
    const int64_t classes = shape->width[layers];
    const float *bias = params + ipl_net_bias_at(shape, layers);
    const int sparse = wide_is_sparse(k, shape, x, count);
    /* The first entry is only read. */
    float *at[IPL_NET_LAYERS_MAX + 1] = {(float *)x};
    for (int l = 1; l <= layers; ++l) {
        at[l] = act && act[l - 1] ? act[l - 1] : work;
        work += shape->width[l] * count;
    }
    if (logits) at[layers] = logits;
    sparse_matrix list = sparse_at(k, count, shape->width[0], work);
    if (sparse) sparse_fill(k, 1, count, shape->width[0], x, shape->width[0], 1, &list);
    forward_layers(k, 1, shape, params, count, sparse ? &list : NULL, at);
    if (logits)
        k->activate(IPL_ACT_LINEAR, count, classes, bias, classes, logits);
    else
        k->softmax(count, classes, bias, at[layers]);
}
