/*
 * net_tiny.h - forward and backward pass of a small network, a chunk at a time.
 *
 * Layout: a layer's activations are [unit][TINY_CHUNK], so that one vector holds VF
 * samples of one unit. Behind the last unit stands a row of ones: weights and biases
 * of a layer are one (inputs + 1) x outputs matrix in memory, and so is their gradient.
 *
 * Rows past the chunk's end have zero inputs and zero weight in the loss.
 *
 * Numerics: forward sums run over the inputs in order, starting with the bias.
 * Gradients: VF sums a chunk, over the rows in steps of VF; their lanes are added in a
 * tree, and the chunks in order. So equal input gives equal bits.
 */
#ifndef NET_TINY_H
#define NET_TINY_H

#include "cpu/activation.h"
#include "cpu/tiny_product.h"
#include "cpu/transpose.h"

/* Activations and slopes of a whole layer; span is a multiple of VF. */
INLINE void activate_at(ipl_act act, const int n, float *at)
{
    vf z[BUNCH];
    for (int j = 0; j < n; ++j) z[j] = vf_load(at + j * VF);
    vf_act(act, n, z);
    for (int j = 0; j < n; ++j) vf_store(at + j * VF, z[j]);
}

static void activate_chunk(ipl_act act, int units, int span, float *z)
{
#define ACTIVATE(f)                                                              \
    for (int u = 0; u < units; ++u) {                                            \
        int r = u * TINY_CHUNK;                                                  \
        const int end = r + span;                                                \
        for (; r + BUNCH * VF <= end; r += BUNCH * VF) activate_at(f, BUNCH, z + r); \
        for (; r < end; r += VF) activate_at(f, 1, z + r);                       \
    }
    WITH_ACT(act, ACTIVATE)
#undef ACTIVATE
}

static void derive_chunk(ipl_act act, int units, int span, const float *t, float *d)
{
#define DERIVE(f)                                                                \
    for (int u = 0; u < units; ++u)                                              \
        for (int r = u * TINY_CHUNK; r < u * TINY_CHUNK + span; r += VF)         \
            vf_store(d + r, vf_slope(f, vf_load(t + r), vf_load(d + r)))
    WITH_ACT(act, DERIVE)
#undef DERIVE
}

/* z <- softmax(z), each lane a row. */
static void softmax_chunk(int classes, int span, float *z)
{
    for (int r = 0; r < span; r += VF) {
        vf top = vf_load(z + r), sum = vf_set(0.0f);
        for (int c = 1; c < classes; ++c)
            top = vf_max(top, vf_load(z + c * TINY_CHUNK + r));
        for (int c = 0; c < classes; ++c) {
            const vf e = vf_exp(vf_sub(vf_load(z + c * TINY_CHUNK + r), top));
            sum = vf_add(sum, e);
            vf_store(z + c * TINY_CHUNK + r, e);
        }
        for (int c = 0; c < classes; ++c)
            vf_store(z + c * TINY_CHUNK + r,
                     vf_div(vf_load(z + c * TINY_CHUNK + r), sum));
    }
}

/* d = weight (p - [class is the label]), the derivative of the cross-entropy. */
static void softmax_delta(int classes, int span, const float *p, const float *label,
                          const float *weight, float *d)
{
    for (int c = 0; c < classes; ++c)
        for (int r = 0; r < span; r += VF) {
            const vf off = vf_sub(vf_load(label + r), vf_set((float)c));
            const vf hit = vf_where_gt(vf_mul(off, off), vf_set(0.5f), vf_set(0.0f),
                                       vf_set(1.0f));
            vf_store(d + c * TINY_CHUNK + r,
                     vf_mul(vf_load(weight + r),
                            vf_sub(vf_load(p + c * TINY_CHUNK + r), hit)));
        }
}

/* Where things stand in the work area. */
typedef struct {
    float *act[IPL_NET_LAYERS_MAX + 1]; /* [width + 1][TINY_CHUNK]               */
    float *delta[2];
    float *label, *weight;              /* [TINY_CHUNK]                          */
} tiny_work;

static tiny_work tiny_layout(const ipl_net_shape *shape, float *work)
{
    tiny_work w;
    for (int l = 0; l <= shape->layers; ++l) {
        w.act[l] = work;
        work += (shape->width[l] + 1) * TINY_CHUNK;
        for (int r = 0; r < TINY_CHUNK; ++r) work[r - TINY_CHUNK] = 1.0f;
    }
    w.delta[0] = work;
    w.delta[1] = work + TINY_WIDTH * TINY_CHUNK;
    w.label = work + 2 * TINY_WIDTH * TINY_CHUNK;
    w.weight = w.label + TINY_CHUNK;
    return w;
}

static int span_of(int64_t count) { return (int)((count + PAIR - 1) / PAIR * PAIR); }

/* Rows row[0 .. count) of x, or 0 .. count-1 without `row`, feature-major. */
static void gather(int inputs, const float *x, const int32_t *row, int count, int span,
                   float *out)
{
    int r = 0;
    for (; inputs >= SQUARE && r + SQUARE <= count; r += SQUARE) {
        const float *from[SQUARE];
        for (int k = 0; k < SQUARE; ++k)
            from[k] = x + (row ? row[r + k] : r + k) * (int64_t)inputs;
        /* The last square overlaps the one before where the width is no multiple. */
        for (int i = 0; i < inputs; i += SQUARE) {
            const int at = i + SQUARE <= inputs ? i : inputs - SQUARE;
            transpose_square(from, at, out + at * TINY_CHUNK + r, TINY_CHUNK);
        }
    }
    for (; r < count; ++r) {
        const float *from = x + (row ? row[r] : r) * (int64_t)inputs;
        for (int i = 0; i < inputs; ++i) out[i * TINY_CHUNK + r] = from[i];
    }
    for (int i = 0; i < inputs; ++i)
        for (r = count; r < span; ++r) out[i * TINY_CHUNK + r] = 0.0f;
}

static void forward_chunk(const ipl_net_shape *shape, const float *params,
                          const tiny_work *w, int span)
{
    for (int l = 1; l <= shape->layers; ++l) {
        const int n = shape->width[l - 1], m = shape->width[l];
        product(n, w->act[l - 1], params, m, 1, params + n * m, m, span, w->act[l]);
        activate_chunk(shape->act[l], m, span, w->act[l]);
        params += (n + 1) * m;
    }
}

static void tiny_gradient(const ipl_net_shape *shape, const float *params,
                          const float *x, const int32_t *y, const int32_t *row,
                          int64_t count, float scale, float *work, float *grad)
{
    const tiny_work w = tiny_layout(shape, work);
    const int layers = shape->layers;
    for (int64_t first = 0; first < count; first += TINY_CHUNK) {
        const int rows = count - first < TINY_CHUNK ? (int)(count - first) : TINY_CHUNK;
        const int span = span_of(rows);
        gather(shape->width[0], x, row + first, rows, span, w.act[0]);
        for (int r = 0; r < span; ++r) {
            w.label[r] = r < rows ? (float)y[row[first + r]] : -1.0f;
            w.weight[r] = r < rows ? scale : 0.0f;
        }
        forward_chunk(shape, params, &w, span);
        float *t = w.act[layers], *d = w.delta[0], *d_in = w.delta[1];
        softmax_chunk(shape->width[layers], span, t);
        softmax_delta(shape->width[layers], span, t, w.label, w.weight, d);

        int64_t at = ipl_net_weight_at(shape, layers);
        for (int l = layers; l >= 1; --l) {
            const int n = shape->width[l - 1], m = shape->width[l];
            outer(n + 1, w.act[l - 1], m, d, span, grad + at);
            if (l == 1) break;
            product(m, d, params + at, 1, m, NULL, n, span, d_in);
            derive_chunk(shape->act[l - 1], n, span, w.act[l - 1], d_in);
            float *keep = d;
            d = d_in, d_in = keep;
            at -= (int64_t)(shape->width[l - 2] + 1) * n;
        }
    }
}

/* [unit][TINY_CHUNK] to [row][unit] */
static void scatter(int units, int count, const float *t, float *out)
{
    int r = 0;
    for (; units >= SQUARE && r + SQUARE <= count; r += SQUARE)
        for (int u = 0; u < units; u += SQUARE) {
            const int at = u + SQUARE <= units ? u : units - SQUARE;
            const float *from[SQUARE];
            for (int k = 0; k < SQUARE; ++k) from[k] = t + (at + k) * TINY_CHUNK;
            transpose_square(from, r, out + r * units + at, units);
        }
    for (; r < count; ++r)
        for (int u = 0; u < units; ++u) out[r * units + u] = t[u * TINY_CHUNK + r];
}

static void tiny_forward(const ipl_net_shape *shape, const float *params,
                         const float *x, int64_t count, float *work, float *const *act,
                         float *logits)
{
    const tiny_work w = tiny_layout(shape, work);
    const int span = span_of(count), layers = shape->layers;
    gather(shape->width[0], x, NULL, (int)count, span, w.act[0]);
    forward_chunk(shape, params, &w, span);
    if (logits) scatter(shape->width[layers], (int)count, w.act[layers], logits);
    if (!act) return;
    if (act[layers - 1]) softmax_chunk(shape->width[layers], span, w.act[layers]);
    for (int l = 1; l <= layers; ++l)
        if (act[l - 1]) scatter(shape->width[l], (int)count, w.act[l], act[l - 1]);
}

#endif
