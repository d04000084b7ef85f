/*
 * net_kernel.c - element-wise passes of a network, and the table of all its kernels.
 *
 * Every function treats each element by itself, or adds in a fixed order, so results
 * do not depend on how the caller cuts its blocks.
 */
#include <math.h>

#include "cpu/net_tiny.h"
#include "cpu/sparse_product.h"

/* A row is walked in vectors; `tail` is a whole vector for what is left of it. */
INLINE void shift_and_activate(ipl_act act, const int n, const float *bias, float *at)
{
    vf z[BUNCH];
    for (int j = 0; j < n; ++j)
        z[j] = vf_add(vf_loadu(at + j * VF), vf_loadu(bias + j * VF));
    vf_act(act, n, z);
    for (int j = 0; j < n; ++j) vf_storeu(at + j * VF, z[j]);
}

static void net_activate(ipl_act act, int64_t rows, int64_t cols, const float *bias,
                         int64_t ld, float *z)
{
#define ACTIVATE(f)                                                              \
    for (int64_t r = 0; r < rows; ++r) {                                         \
        float *at = z + r * ld;                                                  \
        int64_t c = 0;                                                           \
        for (; c + BUNCH * VF <= cols; c += BUNCH * VF)                          \
            shift_and_activate(f, BUNCH, bias + c, at + c);                      \
        for (; c + VF <= cols; c += VF) shift_and_activate(f, 1, bias + c, at + c); \
        if (c < cols) {                                                          \
            const size_t left = (size_t)(cols - c) * sizeof *z;                  \
            float tail[VF] = {0}, shift[VF] = {0};                               \
            memcpy(tail, at + c, left);                                          \
            memcpy(shift, bias + c, left);                                       \
            shift_and_activate(f, 1, shift, tail);                               \
            memcpy(at + c, tail, left);                                          \
        }                                                                        \
    }
    WITH_ACT(act, ACTIVATE)
#undef ACTIVATE
}

static void net_derive(ipl_act act, int64_t rows, int64_t cols, const float *t,
                       int64_t ld, float *d)
{
#define DERIVE(f)                                                                \
    for (int64_t r = 0; r < rows; ++r) {                                         \
        const float *from = t + r * ld;                                          \
        float *at = d + r * ld;                                                  \
        int64_t c = 0;                                                           \
        for (; c + VF <= cols; c += VF)                                          \
            vf_storeu(at + c, vf_slope(f, vf_loadu(from + c), vf_loadu(at + c))); \
        if (c < cols) {                                                          \
            const size_t left = (size_t)(cols - c) * sizeof *d;                  \
            float tail[VF] = {0}, value[VF] = {0};                               \
            memcpy(tail, at + c, left);                                          \
            memcpy(value, from + c, left);                                       \
            vf_storeu(tail, vf_slope(f, vf_loadu(value), vf_loadu(tail)));       \
            memcpy(at + c, tail, left);                                          \
        }                                                                        \
    }
    WITH_ACT(act, DERIVE)
#undef DERIVE
}

/* Lanes past the end are computed and not stored. */
static void net_softmax(int64_t rows, int64_t classes, const float *bias, float *z)
{
    for (int64_t r = 0; r < rows; ++r) {
        float *at = z + r * classes, top = at[0] + bias[0], sum = 0.0f;
        for (int64_t c = 0; c < classes; ++c) {
            at[c] += bias[c];
            top = at[c] > top ? at[c] : top;
        }
        for (int64_t c = 0; c < classes; c += VF) {
            const int64_t left = classes - c < VF ? classes - c : VF;
            float lane[VF] = {0};
            memcpy(lane, at + c, (size_t)left * sizeof *lane);
            vf_storeu(lane, vf_exp(vf_sub(vf_loadu(lane), vf_set(top))));
            memcpy(at + c, lane, (size_t)left * sizeof *lane);
        }
        for (int64_t c = 0; c < classes; ++c) sum += at[c];
        for (int64_t c = 0; c < classes; ++c) at[c] /= sum;
    }
}

static void net_add_columns(int64_t rows, int64_t cols, const float *d, float *sum)
{
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < cols; ++c) sum[c] += d[r * cols + c];
}

/* One vector of parameters: the formulas of net_step. */
INLINE void step_vector(const net_step *s, float decay, const float *g, float *w,
                        float *m, float *v)
{
    const vf wi = vf_loadu(w), gi = vf_fma(vf_set(decay), wi, vf_loadu(g));
    if (s->optimizer == IPL_SGD) {
        vf_storeu(w, vf_fnma(vf_set(s->rate), gi, wi));
    } else if (s->optimizer == IPL_MOMENTUM) {
        const vf kept = vf_mul(vf_set(s->momentum), vf_loadu(m));
        const vf mi = vf_fnma(vf_set(s->rate), gi, kept);
        vf_storeu(m, mi);
        vf_storeu(w, vf_add(wi, mi));
    } else {
        const vf g1 = vf_mul(vf_set(s->rest1), gi);
        const vf g2 = vf_mul(vf_set(s->rest2), vf_mul(gi, gi));
        const vf mi = vf_fma(vf_set(s->beta1), vf_loadu(m), g1);
        const vf vi = vf_fma(vf_set(s->beta2), vf_loadu(v), g2);
        const vf root = vf_sqrt(vf_mul(vi, vf_set(s->scale_v)));
        vf_storeu(m, mi);
        vf_storeu(v, vi);
        vf_storeu(w, vf_sub(wi, vf_div(vf_mul(vf_set(s->rate_m), mi),
                                       vf_add(root, vf_set(s->epsilon)))));
    }
}

static void net_optimise(const net_step *step, int64_t count, float decay,
                         const float *g, float *w, float *m, float *v)
{
    int64_t i = 0;
    for (; i + VF <= count; i += VF)
        step_vector(step, decay, g + i, w + i, m ? m + i : NULL, v ? v + i : NULL);
    if (i == count) return;
    const size_t left = (size_t)(count - i) * sizeof *w;
    float lane[4][VF] = {{0}};
    memcpy(lane[0], g + i, left);
    memcpy(lane[1], w + i, left);
    if (m) memcpy(lane[2], m + i, left);
    if (v) memcpy(lane[3], v + i, left);
    step_vector(step, decay, lane[0], lane[1], lane[2], lane[3]);
    memcpy(w + i, lane[1], left);
    if (m) memcpy(m + i, lane[2], left);
    if (v) memcpy(v + i, lane[3], left);
}

/* VF sums side by side, added at the end. */
static double net_add_moments(int64_t count, int64_t b, const float *g, double *mean)
{
    const double share = 1.0 / (double)b;
    double sum[VF] = {0}, total = 0.0;
    int64_t i = 0;
    for (; i + VF <= count; i += VF)
        for (int l = 0; l < VF; ++l) {
            const double off = g[i + l] - mean[i + l];
            mean[i + l] += off * share;
            sum[l] += off * (g[i + l] - mean[i + l]);
        }
    for (; i < count; ++i) {
        const double off = g[i] - mean[i];
        mean[i] += off * share;
        total += off * (g[i] - mean[i]);
    }
    for (int l = 0; l < VF; ++l) total += sum[l];
    return total;
}

const net_kernels KERNELS(net_kernels) = {
    .tiny_gradient = tiny_gradient,
    .tiny_forward = tiny_forward,
    .activate = net_activate,
    .derive = net_derive,
    .softmax = net_softmax,
    .add_columns = net_add_columns,
    .optimise = net_optimise,
    .add_moments = net_add_moments,
    .sparse_width = SPARSE_WIDTH,
    .sparse_zeros = SPARSE_ZEROS,
    .sparse_blocks = sparse_blocks,
    .sparse_list = sparse_list,
    .sparse_panel = sparse_panel,
};
