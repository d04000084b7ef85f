/*
 * accuracy_cases.h - samples whose information is known, and what it is in nats.
 */
#ifndef ACCURACY_CASES_H
#define ACCURACY_CASES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "random.h"

/* What a case asks for. */
typedef enum { WANT_X, WANT_Y, WANT_H } accuracy_want; /* I(X;T), I(T;Y), H(T) */

typedef struct {
    ipl_random from;
    uint64_t   at; /* of the next draw                                          */
} draws;

static inline double uniform(draws *r) { return ipl_random_uniform(r->from, r->at++); }

/* Box and Muller (1958). */
static inline double normal(draws *r)
{
    const double radius = sqrt(-2.0 * log(1.0 - uniform(r)));
    return radius * cos(2.0 * M_PI * uniform(r));
}

typedef struct accuracy_case accuracy_case;
struct accuracy_case {
    const char   *name;
    accuracy_want want;
    int           dx, dt; /* dx 0: there are no inputs                           */
    double        a;      /* of the case: a correlation, a width                 */
    /* One sample: dx inputs, dt values, a class. */
    void   (*draw)(const accuracy_case *c, draws *r, double *x, double *t, int *y);
    double (*truth)(const accuracy_case *c);
};

/* -- Gaussians --------------------------------------------------------------------*/

/* dt pairs with correlation a: I = -dt/2 log(1 - a^2). */
static inline void draw_pairs(const accuracy_case *c, draws *r, double *x, double *t,
                              int *y)
{
    (void)y;
    for (int k = 0; k < c->dt; ++k) {
        x[k] = normal(r);
        t[k] = c->a * x[k] + sqrt(1.0 - c->a * c->a) * normal(r);
    }
}

static inline double truth_pairs(const accuracy_case *c)
{
    return -0.5 * c->dt * log(1.0 - c->a * c->a);
}

/* The same, each value stretched by v |v|^1/2, which moves no information. */
static inline void draw_stretched(const accuracy_case *c, draws *r, double *x,
                                  double *t, int *y)
{
    draw_pairs(c, r, x, t, y);
    for (int k = 0; k < c->dt; ++k) {
        x[k] *= sqrt(fabs(x[k]));
        t[k] *= sqrt(fabs(t[k]));
    }
}

/* Every two of the dx + dt values have correlation a: det of m such values is
 * (1 - a)^(m-1) (1 + (m-1) a). */
static inline void draw_dense(const accuracy_case *c, draws *r, double *x, double *t,
                              int *y)
{
    (void)y;
    const double common = sqrt(c->a) * normal(r), own = sqrt(1.0 - c->a);
    for (int k = 0; k < c->dx; ++k) x[k] = common + own * normal(r);
    for (int k = 0; k < c->dt; ++k) t[k] = common + own * normal(r);
}

static inline double log_det_dense(int m, double a)
{
    return (m - 1) * log(1.0 - a) + log(1.0 + (m - 1) * a);
}

static inline double truth_dense(const accuracy_case *c)
{
    return 0.5 * (log_det_dense(c->dx, c->a) + log_det_dense(c->dt, c->a) -
                  log_det_dense(c->dx + c->dt, c->a));
}

/* H of dt independent Gaussians of deviation a. */
static inline void draw_normals(const accuracy_case *c, draws *r, double *x, double *t,
                                int *y)
{
    (void)x;
    (void)y;
    for (int k = 0; k < c->dt; ++k) t[k] = c->a * normal(r);
}

static inline double truth_normals(const accuracy_case *c)
{
    return c->dt * (0.5 * log(2.0 * M_PI * exp(1.0)) + log(c->a));
}

/* H of a cube of side a. */
static inline void draw_cube(const accuracy_case *c, draws *r, double *x, double *t,
                             int *y)
{
    (void)x;
    (void)y;
    for (int k = 0; k < c->dt; ++k) t[k] = c->a * uniform(r);
}

static inline double truth_cube(const accuracy_case *c) { return c->dt * log(c->a); }

/* One Gaussian of deviation a; H of it with noise, whose variance is 0.05. */
static inline void draw_noisy(const accuracy_case *c, draws *r, double *x, double *t,
                              int *y)
{
    draw_normals(c, r, x, t, y);
}

static inline double truth_noisy(const accuracy_case *c)
{
    return 0.5 * log(2.0 * M_PI * exp(1.0) * (c->a * c->a + 0.05));
}

/* Symbols 1 .. a, symbol s with a probability proportional to 1/s. */
static inline double harmonic(double a)
{
    double sum = 0.0;
    for (int s = 1; s <= (int)a; ++s) sum += 1.0 / s;
    return sum;
}

static inline void draw_symbols(const accuracy_case *c, draws *r, double *x, double *t,
                                int *y)
{
    (void)x;
    (void)y;
    double left = uniform(r) * harmonic(c->a);
    for (t[0] = 1.0; t[0] < c->a && left >= 1.0 / t[0]; ++t[0]) left -= 1.0 / t[0];
}

static inline double truth_symbols(const accuracy_case *c)
{
    const double all = harmonic(c->a);
    double h = 0.0;
    for (int s = 1; s <= (int)c->a; ++s) h += log(s * all) / (s * all);
    return h;
}

/* -- A hard edge ------------------------------------------------------------------*/

/* T = X + a U, both uniform on [0, 1): a/2 - log a for a <= 1, else 1/(2a). */
static inline void draw_edge(const accuracy_case *c, draws *r, double *x, double *t,
                             int *y)
{
    (void)y;
    x[0] = uniform(r);
    t[0] = x[0] + c->a * uniform(r);
}

static inline double truth_edge(const accuracy_case *c)
{
    return c->a <= 1.0 ? 0.5 * c->a - log(c->a) : 0.5 / c->a;
}

/* -- Ties and mixtures of discrete and continuous ---------------------------------*/

/* Gaussians with correlation a, rounded to multiples of 1/4. */
static inline void draw_lattice(const accuracy_case *c, draws *r, double *x, double *t,
                                int *y)
{
    draw_pairs(c, r, x, t, y);
    x[0] = 0.25 * rint(4.0 * x[0]);
    t[0] = 0.25 * rint(4.0 * t[0]);
}

/* Sums over the cells, each the mean of its density over 8 x 8 points. */
static inline double truth_lattice(const accuracy_case *c)
{
    enum { SIDE = 49, FINE = 8 };
    static double joint[SIDE][SIDE], mx[SIDE], mt[SIDE];
    double all = 0.0, information = 0.0;
    memset(mx, 0, sizeof mx);
    memset(mt, 0, sizeof mt);
    for (int i = 0; i < SIDE; ++i)
        for (int j = 0; j < SIDE; ++j) {
            joint[i][j] = 0.0;
            for (int p = 0; p < FINE * FINE; ++p) {
                const double x = 0.25 * (i - SIDE / 2 + (p / FINE + 0.5) / FINE - 0.5);
                const double t = 0.25 * (j - SIDE / 2 + (p % FINE + 0.5) / FINE - 0.5);
                joint[i][j] += exp(-(x * x - 2.0 * c->a * x * t + t * t) /
                                   (2.0 * (1.0 - c->a * c->a)));
            }
            all += joint[i][j];
            mx[i] += joint[i][j];
            mt[j] += joint[i][j];
        }
    for (int i = 0; i < SIDE; ++i)
        for (int j = 0; j < SIDE; ++j)
            if (joint[i][j] > 0.0)
                information +=
                    joint[i][j] / all * log(joint[i][j] * all / (mx[i] * mt[j]));
    return information;
}

static inline double truth_stretched(const accuracy_case *c) { return truth_pairs(c); }

/* Class Y of a = 2, 3, .. and T uniform on [Y, Y + 2): log a - (a - 1) log(2) / a
 * (Gao et al. 2017, experiment I). X is the class as a value. */
static inline void draw_steps(const accuracy_case *c, draws *r, double *x, double *t,
                              int *y)
{
    *y = (int)(c->a * uniform(r));
    if (c->dx) x[0] = *y;
    t[0] = *y + 2.0 * uniform(r);
}

static inline double truth_steps(const accuracy_case *c)
{
    return log(c->a) - (c->a - 1.0) * log(2.0) / c->a;
}

/* X exponential; T = 0 with probability a, else Poisson of mean X (Gao et al. 2017,
 * experiment III): (1 - a) (2 log 2 - gamma - sum_k log(k) 2^-k). */
static inline void draw_poisson(const accuracy_case *c, draws *r, double *x, double *t,
                                int *y)
{
    (void)y;
    x[0] = -log(1.0 - uniform(r));
    t[0] = 0.0;
    if (uniform(r) < c->a) return;
    for (double left = uniform(r), p = exp(-x[0]); left >= p && t[0] < 200;) {
        left -= p;
        p *= x[0] / ++t[0];
    }
}

static inline double truth_poisson(const accuracy_case *c)
{
    double sum = 0.0;
    for (int k = 1; k < 60; ++k) sum += log(k) * ldexp(1.0, -k);
    return (1.0 - c->a) * (2.0 * log(2.0) - 0.57721566490153286 - sum);
}

/* -- Classes ----------------------------------------------------------------------*/

/* Two classes, dt Gaussians of deviation 1 around -a or a in the first dimension. */
static inline void draw_two(const accuracy_case *c, draws *r, double *x, double *t,
                            int *y)
{
    (void)x;
    *y = uniform(r) < 0.5;
    for (int k = 0; k < c->dt; ++k) t[k] = normal(r);
    t[0] += *y ? c->a : -c->a;
}

/* log 2 less the mean of the posterior's entropy, by the midpoint rule. */
static inline double truth_two(const accuracy_case *c)
{
    enum { STEPS = 20000 };
    const double wide = 10.0 + c->a, step = 2.0 * wide / STEPS;
    double left = 0.0;
    for (int k = 0; k < STEPS; ++k) {
        const double t = -wide + (k + 0.5) * step;
        const double p = exp(-0.5 * (t - c->a) * (t - c->a)) / sqrt(2.0 * M_PI);
        const double odds = -2.0 * c->a * t; /* log1p(exp(odds)), without overflow */
        left += p * (fmax(odds, 0.0) + log1p(exp(-fabs(odds)))) * step;
    }
    return log(2.0) - left;
}

#endif
