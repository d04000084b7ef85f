/*
 * near_case.h - layers with inputs as values, for the estimators of neighbours.
 */
#ifndef NEAR_CASE_H
#define NEAR_CASE_H

#include "layers.h"

/* Host values: inputs, activations and labels of n samples. x, y: NULL: none. */
typedef struct {
    int64_t  n, dx, d;
    int32_t  classes;
    float   *x; /* [n][dx] */
    float   *t; /* [n][d]  */
    int32_t *y; /* [n]     */
} near_case;

static inline near_case near_alloc(int64_t n, int64_t dx, int64_t d, int32_t classes)
{
    return (near_case){n, dx, d, classes, test_calloc((size_t)(n * dx), sizeof(float)),
                       test_calloc((size_t)(n * d), sizeof(float)),
                       test_calloc((size_t)n, sizeof(int32_t))};
}

static inline void near_free(near_case *c)
{
    test_free(c->x);
    test_free(c->t);
    test_free(c->y);
}

static inline double near_uniform(uint64_t stream, int64_t at)
{
    return ipl_random_uniform((ipl_random){check_seed(), stream}, (uint64_t)at);
}

static inline double near_normal(uint64_t stream, int64_t at)
{
    const double radius = sqrt(-2.0 * log(1.0 - near_uniform(stream, 2 * at)));
    return radius * cos(6.283185307179586 * near_uniform(stream, 2 * at + 1));
}

/* A case on a device, ready to be a job. */
typedef struct {
    layer_on       layer;
    ipl_mat        x;
    ipl_mi_inputs *inputs;
} near_on;

static inline void near_open(ipl_device *dev, const near_case *c, near_on *out)
{
    *out = (near_on){.inputs = NULL};
    layer_open(dev, c->n, c->d, c->t, c->classes, c->y, &out->layer);
    if (!c->x) return;
    CHECK_OK(ipl_mat_alloc(dev, c->n, c->dx, &out->x));
    CHECK_OK(ipl_upload(dev, c->x, (size_t)(c->n * c->dx) * sizeof *c->x, out->x.at));
    CHECK_OK(ipl_mi_inputs_create(dev, out->x, &out->inputs));
    out->layer.job.inputs = out->inputs;
}

static inline void near_close(near_on *on)
{
    ipl_mi_inputs_destroy(on->inputs);
    ipl_free(on->layer.dev, on->x.at);
    layer_close(&on->layer);
}

static inline ipl_mi_options near_options(ipl_mi_estimator family, int64_t k)
{
    ipl_mi_options o = ipl_mi_defaults(family);
    o.k = k;
    return o;
}

/* The job of a case with its points, of which the addresses are no longer valid. */
static inline void near_points_of(ipl_device *dev, const ipl_mi_options *options,
                                  const near_case *c, ipl_mi_job *job)
{
    near_on on;
    near_open(dev, c, &on);
    CHECK_OK(layers_estimate(options, 1, &on.layer));
    *job = on.layer.job;
    near_close(&on);
}

/* The first point of a case; `job`: NULL, or to have them all. */
static inline ipl_mi_point near_points(ipl_device *dev, ipl_mi_estimator family,
                                       int64_t k, const near_case *c, ipl_mi_job *job)
{
    ipl_mi_job own;
    const ipl_mi_options o = near_options(family, k);
    near_points_of(dev, &o, c, job ? job : &own);
    return job ? job->point[0] : own.point[0];
}

/* NaN is close to NaN. */
static inline void near_close_to(const char *what, double got, double want,
                                 double bound)
{
    if (isnan(got) && isnan(want)) return;
    check_within(what, 1, &got, &want, &bound);
}

/* Two points with the same bits and flags. */
static inline void near_same(const ipl_mi_point *a, const ipl_mi_point *b)
{
    CHECK(!memcmp(&a->i_xt, &b->i_xt, sizeof a->i_xt) ||
          (isnan(a->i_xt) && isnan(b->i_xt)));
    CHECK(!memcmp(&a->i_ty, &b->i_ty, sizeof a->i_ty) ||
          (isnan(a->i_ty) && isnan(b->i_ty)));
    CHECK(a->flags == b->flags && a->refusal == b->refusal);
}

/* -- Cases ------------------------------------------------------------------------*/

/* Kinds of layers over inputs in [-1, 1). Inputs are multiples of 2^-12 and weights of
 * 1/4, so that LINEAR, RELU and LATTICE are sums without rounding. */
typedef enum {
    NEAR_LINEAR,    /* no ties to speak of                                        */
    NEAR_TANH,
    NEAR_SATURATED, /* mostly exactly -1 and 1                                    */
    NEAR_RELU,      /* about half of the values 0; unit 1 is dead                 */
    NEAR_LATTICE,   /* T and X in few multiples of 1/4                            */
    NEAR_REPEATED,  /* each row three times                                       */
    NEAR_CONSTANT,
    NEAR_KINDS
} near_kind;

static inline float near_activation(near_kind kind, int64_t unit, double z)
{
    switch (kind) {
    case NEAR_TANH:      return (float)tanh(z);
    case NEAR_SATURATED: return (float)fmax(-1.0, fmin(1.0, 32.0 * z));
    case NEAR_RELU:      return unit == 1 ? 0.0f : (float)fmax(0.0, z);
    case NEAR_LATTICE:   return (float)(rint(4.0 * z) / 4.0);
    case NEAR_CONSTANT:  return 0.5f;
    default:             return (float)z;
    }
}

static inline near_case near_make(near_kind kind, int64_t n, int64_t dx, int64_t d,
                                  int32_t classes)
{
    near_case c = near_alloc(n, dx, d, classes);
    for (int64_t i = 0; i < n; ++i) {
        const int64_t from = kind == NEAR_REPEATED ? i / 3 : i;
        for (int64_t u = 0; u < dx; ++u) {
            const double v = near_uniform(700, from * dx + u) * 8192.0 - 4096.0;
            c.x[i * dx + u] = (float)(floor(v) / 4096.0);
            if (kind == NEAR_LATTICE) c.x[i * dx + u] = rintf(4 * c.x[i * dx + u]) / 4;
        }
        for (int64_t u = 0; u < d; ++u) {
            double z = 0.0;
            for (int64_t v = 0; v < dx; ++v)
                z += (floor(near_uniform(701, u * dx + v) * 9.0) / 4.0 - 1.0) *
                     (double)c.x[i * dx + v];
            c.t[i * d + u] = near_activation(kind, u, z);
        }
        const double noisy = (double)c.x[i * dx] + 0.5 * near_uniform(702, from);
        c.y[i] = (int32_t)(fmin(fmax((noisy + 1.0) / 2.5, 0.0), 0.999) * classes);
    }
    return c;
}

#endif
