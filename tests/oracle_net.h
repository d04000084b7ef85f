/*
 * oracle_net.h - networks in float64 and plain loops, with the error that float32 may
 * make at each entry.
 *
 * The bounds follow every rounding of a float32 computation in any order of sums:
 * a sum of n products is off by (n + 2) u sum |a b|, u = 2^-24, and passes on errors
 * of its factors; an activation is off by ACT_ULPS of its value and passes on its
 * argument's error by its slope. Where an argument's error reaches a kink (relu), the
 * slope's error is the jump.
 */
#ifndef ORACLE_NET_H
#define ORACLE_NET_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "ipl_net.h"

#define ORACLE_U 0x1p-24
#define ORACLE_ACT_ULPS 4.0
#define ORACLE_TINY 0x1p-120 /* denormals may be flushed */

typedef struct {
    double *v, *e; /* value, allowed error: [rows][cols] */
} oracle_values;

typedef struct {
    ipl_net_shape shape;
    int64_t       rows;
    oracle_values z[IPL_NET_LAYERS_MAX + 1], t[IPL_NET_LAYERS_MAX + 1];
} oracle_pass;

static inline oracle_values oracle_alloc(int64_t count)
{
    return (oracle_values){calloc((size_t)count, sizeof(double)),
                           calloc((size_t)count, sizeof(double))};
}

static inline void oracle_release(oracle_values a)
{
    free(a.v);
    free(a.e);
}

static inline void oracle_pass_free(oracle_pass *p)
{
    for (int l = 0; l <= p->shape.layers; ++l) {
        oracle_release(p->z[l]);
        oracle_release(p->t[l]);
    }
}

static inline double oracle_act(ipl_act act, double z)
{
    switch (act) {
    case IPL_ACT_TANH: return tanh(z);
    case IPL_ACT_RELU: return z > 0.0 ? z : 0.0;
    case IPL_ACT_LEAKY_RELU: return z > 0.0 ? z : 0.01 * z;
    case IPL_ACT_SIGMOID: return 1.0 / (1.0 + exp(-z));
    case IPL_ACT_ELU: return z > 0.0 ? z : expm1(z);
    case IPL_ACT_SOFTPLUS: return z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z));
    default: return z;
    }
}

static inline double oracle_slope(ipl_act act, double z)
{
    switch (act) {
    case IPL_ACT_TANH: return 1.0 - tanh(z) * tanh(z);
    case IPL_ACT_RELU: return z > 0.0 ? 1.0 : 0.0;
    case IPL_ACT_LEAKY_RELU: return z > 0.0 ? 1.0 : 0.01;
    case IPL_ACT_SIGMOID: return 1.0 / (1.0 + exp(-z)) / (1.0 + exp(z));
    case IPL_ACT_ELU: return z > 0.0 ? 1.0 : exp(z);
    case IPL_ACT_SOFTPLUS: return 1.0 / (1.0 + exp(-z));
    default: return 1.0;
    }
}

/* How far off a slope may be that is computed from t with error e_t. */
static inline double oracle_slope_error(ipl_act act, double z, double e_z, double t,
                                        double e_t)
{
    switch (act) {
    case IPL_ACT_TANH: return 2.0 * fabs(t) * e_t + e_t * e_t + 4.0 * ORACLE_U;
    case IPL_ACT_SIGMOID: return e_t + 4.0 * ORACLE_U * t;
    case IPL_ACT_ELU: return fabs(z) <= e_z || z < 0.0 ? e_t + 2.0 * ORACLE_U : 0.0;
    case IPL_ACT_SOFTPLUS: return e_t + 2.0 * ORACLE_ACT_ULPS * ORACLE_U;
    case IPL_ACT_RELU: return fabs(z) <= e_z ? 1.0 : 0.0;
    case IPL_ACT_LEAKY_RELU: return fabs(z) <= e_z ? 0.99 : 2.0 * ORACLE_U;
    default: return 0.0;
    }
}

/* t = softmax(z). Shifting all z does nothing, so only differences of errors count. */
static inline void oracle_softmax(int32_t classes, const double *z, const double *e_z,
                                  double *t, double *e_t)
{
    double top = z[0], sum = 0.0, off = 0.0;
    for (int32_t c = 0; c < classes; ++c) {
        top = z[c] > top ? z[c] : top;
        off = e_z[c] > off ? e_z[c] : off;
    }
    for (int32_t c = 0; c < classes; ++c) sum += t[c] = exp(z[c] - top);
    double range = 0.0;
    for (int32_t c = 0; c < classes; ++c)
        range += (t[c] /= sum) * (top - z[c] + 2.0 * off);
    for (int32_t c = 0; c < classes; ++c) {
        const double own = top - z[c] + 2.0 * off; /* rounding of z - top, log2(e) z */
        e_t[c] = t[c] * (expm1(2.0 * off + 3.0 * ORACLE_U * (own + range)) +
                         (classes + 4.0 * ORACLE_ACT_ULPS) * ORACLE_U) + ORACLE_TINY;
    }
}

/* All layers for rows x width[0] inputs; params as ipl_net.h lays them out. */
static inline oracle_pass oracle_forward(const ipl_net_shape *shape,
                                         const double *params, int64_t rows,
                                         const float *x)
{
    oracle_pass p = {.shape = *shape, .rows = rows};
    p.z[0] = oracle_alloc(1);
    p.t[0] = oracle_alloc(rows * shape->width[0]);
    for (int64_t i = 0; i < rows * shape->width[0]; ++i) p.t[0].v[i] = x[i];
    for (int l = 1; l <= shape->layers; ++l) {
        const int32_t n = shape->width[l - 1], m = shape->width[l];
        const double *w = params + ipl_net_weight_at(shape, l);
        const double *b = params + ipl_net_bias_at(shape, l);
        p.z[l] = oracle_alloc(rows * m);
        p.t[l] = oracle_alloc(rows * m);
        for (int64_t r = 0; r < rows; ++r)
            for (int32_t o = 0; o < m; ++o) {
                double sum = b[o], size = fabs(b[o]), passed = 0.0;
                for (int32_t i = 0; i < n; ++i) {
                    const double a = p.t[l - 1].v[r * n + i], wi = w[i * m + o];
                    sum += wi * a;
                    size += fabs(wi * a);
                    passed += fabs(wi) * p.t[l - 1].e[r * n + i];
                }
                const int64_t at = r * m + o;
                const double e = (n + 3) * ORACLE_U * (size + passed) + passed;
                p.z[l].v[at] = sum;
                p.z[l].e[at] = e;
                p.t[l].v[at] = oracle_act(shape->act[l], sum);
                p.t[l].e[at] = e + 2.0 * ORACLE_ACT_ULPS * ORACLE_U *
                                       (fabs(p.t[l].v[at]) + e) + ORACLE_TINY;
            }
        for (int64_t r = 0; l == shape->layers && r < rows; ++r)
            oracle_softmax(m, p.z[l].v + r * m, p.z[l].e + r * m, p.t[l].v + r * m,
                           p.t[l].e + r * m);
    }
    return p;
}

/* Mean cross-entropy in nats; with `error` (may be NULL) what float32 logits allow. */
static inline double oracle_loss(const ipl_net_shape *shape, const double *params,
                                 int64_t rows, const float *x, const int32_t *y,
                                 double *error)
{
    oracle_pass p = oracle_forward(shape, params, rows, x);
    const int32_t classes = shape->width[shape->layers];
    double loss = 0.0, allowed = 0.0;
    for (int64_t r = 0; r < rows; ++r) {
        const double *z = p.z[shape->layers].v + r * classes;
        double top = z[0], sum = 0.0, off = 0.0;
        for (int32_t c = 0; c < classes; ++c) {
            top = z[c] > top ? z[c] : top;
            off = fmax(off, p.z[shape->layers].e[r * classes + c]);
        }
        for (int32_t c = 0; c < classes; ++c) sum += exp(z[c] - top);
        loss += log(sum) + top - z[y[r]];
        allowed += 2.0 * off;
    }
    oracle_pass_free(&p);
    if (error) *error = allowed / (double)rows + 1e-12 * (1.0 + loss / (double)rows);
    return loss / (double)rows;
}

/* g[parameters]: gradient of the mean cross-entropy over the rows. */
static inline oracle_values oracle_gradient(const ipl_net_shape *shape,
                                            const double *params, int64_t rows,
                                            const float *x, const int32_t *y)
{
    oracle_pass p = oracle_forward(shape, params, rows, x);
    const int layers = shape->layers;
    oracle_values g = oracle_alloc(ipl_net_parameters(shape));
    oracle_values d = oracle_alloc(rows * shape->width[layers]);
    for (int64_t i = 0; i < rows * shape->width[layers]; ++i) {
        const int hit = y[i / shape->width[layers]] == i % shape->width[layers];
        d.v[i] = (p.t[layers].v[i] - hit) / (double)rows;
        d.e[i] = p.t[layers].e[i] / (double)rows + 4.0 * ORACLE_U * fabs(d.v[i]);
    }
    for (int l = layers; l >= 1; --l) {
        const int32_t n = shape->width[l - 1], m = shape->width[l];
        const int64_t at = ipl_net_weight_at(shape, l);
        const oracle_values t = p.t[l - 1];
        oracle_values next = oracle_alloc(rows * n);
        for (int32_t i = 0; i <= n; ++i) /* i = n: the bias, whose input is 1 */
            for (int32_t o = 0; o < m; ++o) {
                double sum = 0.0, size = 0.0, passed = 0.0;
                for (int64_t r = 0; r < rows; ++r) {
                    const double a = i < n ? t.v[r * n + i] : 1.0;
                    const double ea = i < n ? t.e[r * n + i] : 0.0;
                    const double b = d.v[r * m + o], eb = d.e[r * m + o];
                    sum += a * b;
                    size += fabs(a * b);
                    passed += ea * fabs(b) + fabs(a) * eb + ea * eb;
                }
                g.v[at + i * (int64_t)m + o] = sum;
                g.e[at + i * (int64_t)m + o] =
                    passed + (rows + 4) * ORACLE_U * (size + passed) + ORACLE_TINY;
            }
        for (int64_t r = 0; l > 1 && r < rows; ++r)
            for (int32_t i = 0; i < n; ++i) {
                double sum = 0.0, size = 0.0, passed = 0.0;
                for (int32_t o = 0; o < m; ++o) {
                    const double w = params[at + i * (int64_t)m + o];
                    sum += w * d.v[r * m + o];
                    size += fabs(w * d.v[r * m + o]);
                    passed += fabs(w) * d.e[r * m + o];
                }
                const double e_sum = passed + (m + 2) * ORACLE_U * (size + passed);
                const int64_t k = r * n + i;
                const double z = p.z[l - 1].v[k], e_z = p.z[l - 1].e[k];
                const double slope = oracle_slope(shape->act[l - 1], z);
                const double e_slope = oracle_slope_error(shape->act[l - 1], z, e_z,
                                                          t.v[k], t.e[k]);
                next.v[k] = sum * slope;
                next.e[k] = e_sum * (slope + e_slope) + fabs(sum) * e_slope +
                            2.0 * ORACLE_U * fabs(next.v[k]) + ORACLE_TINY;
            }
        oracle_release(d);
        d = next;
    }
    oracle_release(d);
    oracle_pass_free(&p);
    return g;
}

#endif
