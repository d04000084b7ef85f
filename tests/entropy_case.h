/*
 * entropy_case.h - layers with inputs as values, and their points.
 */
#ifndef ENTROPY_CASE_H
#define ENTROPY_CASE_H

#include "layers.h"

static const ipl_mi_estimator families[] = {IPL_MI_KL, IPL_MI_LNN, IPL_MI_LGA};

/* How many of them a device runs through: the fits of LGA take minutes where it is
 * emulated, but for test_mi_entropies' own small ones. */
static inline int families_on(ipl_device *dev) { return (int)check_size(dev, 3, 2); }

/* Inputs x[n][d_x], a layer t[n][d], labels y[n] or NULL. */
typedef struct {
    int64_t  n, d_x, d;
    float   *x, *t;
    int32_t  classes;
    int32_t *y;
} entropy_case;

static inline entropy_case case_alloc(int64_t n, int64_t d_x, int64_t d)
{
    entropy_case c = {.n = n, .d_x = d_x, .d = d, .classes = 1};
    c.x = test_malloc((size_t)(n * d_x) * sizeof *c.x);
    c.t = test_malloc((size_t)(n * d) * sizeof *c.t);
    return c;
}

static inline void case_free(entropy_case c)
{
    test_free(c.x);
    test_free(c.t);
    if (c.y) test_free(c.y);
}

static inline void case_label(entropy_case *c, int32_t classes, uint64_t seed)
{
    c->classes = classes;
    c->y = layer_labels(c->n, classes, seed);
}

static inline double case_uniform(uint64_t seed, uint64_t index)
{
    return ipl_random_uniform((ipl_random){seed, 950}, index);
}

static inline double case_normal(uint64_t seed, uint64_t index)
{
    const ipl_random from = {seed, 951};
    const double radius = sqrt(-2.0 * log(1.0 - ipl_random_uniform(from, 2 * index)));
    return radius * cos(6.283185307179586 * ipl_random_uniform(from, 2 * index + 1));
}

/* Standard normals: unit c of the layer and of the inputs have correlation rho. */
static inline entropy_case case_normals(int64_t n, int64_t d_x, int64_t d, double rho,
                                        uint64_t seed)
{
    entropy_case c = case_alloc(n, d_x, d);
    for (int64_t v = 0; v < n * d_x; ++v)
        c.x[v] = (float)case_normal(seed, (uint64_t)v);
    for (int64_t v = 0; v < n * d; ++v) {
        const int64_t i = v / d, u = v % d;
        const double own = case_normal(seed + 1000, (uint64_t)v);
        const double share = u < d_x ? rho : 0.0;
        const double input = u < d_x ? case_normal(seed, (uint64_t)(i * d_x + u)) : 0.0;
        c.t[v] = (float)(share * input + sqrt(1.0 - share * share) * own);
    }
    return c;
}

/* A layer that is a curved function of the inputs, with a little noise. */
static inline entropy_case case_curved(int64_t n, int64_t d_x, int64_t d, uint64_t seed)
{
    entropy_case c = case_alloc(n, d_x, d);
    for (int64_t v = 0; v < n * d_x; ++v)
        c.x[v] = (float)(2.0 * case_uniform(seed, (uint64_t)v) - 1.0);
    for (int64_t v = 0; v < n * d; ++v) {
        const double x = (double)c.x[v / d * d_x + v % d % d_x];
        const double noise = case_uniform(seed + 1000, (uint64_t)v);
        c.t[v] = (float)tanh(2.0 * x + 0.3 * x * x * (double)(v % d) + 0.5 * noise);
    }
    return c;
}

typedef struct {
    layer_on       layer;
    ipl_mat        x;
    ipl_mi_inputs *inputs;
} case_on;

static inline void case_open(ipl_device *dev, const entropy_case *c, case_on *on)
{
    layer_open(dev, c->n, c->d, c->t, c->classes, c->y, &on->layer);
    CHECK_OK(ipl_mat_alloc(dev, c->n, c->d_x, &on->x));
    CHECK_OK(ipl_upload(dev, c->x, (size_t)(c->n * c->d_x) * sizeof *c->x, on->x.at));
    CHECK_OK(ipl_mi_inputs_create(dev, on->x, &on->inputs));
    on->layer.job.inputs = on->inputs;
}

static inline void case_close(case_on *on)
{
    ipl_mi_inputs_destroy(on->inputs);
    ipl_free(on->layer.dev, on->x.at);
    layer_close(&on->layer);
}

static inline ipl_mi_point case_point(ipl_device *dev, const ipl_mi_options *options,
                                      const entropy_case *c)
{
    case_on on;
    case_open(dev, c, &on);
    CHECK_OK(layers_estimate(options, 1, &on.layer));
    case_close(&on);
    return on.layer.job.point[0];
}

static inline ipl_mi_options case_options(ipl_mi_estimator estimator, int64_t k)
{
    ipl_mi_options o = ipl_mi_defaults(estimator);
    o.k = k;
    return o;
}

#endif
