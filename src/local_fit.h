/*
 * local_fit.h - the Gaussian of largest local likelihood at one row (LGA).
 *
 * Gao, Ver Steeg, Galstyan (2015), with the kernel K and the moments of local_gauss.h:
 *
 *     L = (1/N) sum_j K(u_j) log N(u_j; mu, Sigma) - integral of K(u) N(u; mu, Sigma)
 *
 * depends on the others through K0, m and C = U^T U alone. Where u = m + U^T y, their
 * mean is 0, their covariance the identity, and the kernel exp(-(y + c)^T G (y + c)/2)
 * with G = U U^T and U^T c = m. With the upper triangle T of Sigma^-1 = T^T T (diagonal
 * by its logarithms) and q = T mu as unknowns, both for y,
 *
 *     L/K0 = log det T - |T|^2/2 - |q|^2/2 - r + constants,
 *
 * where r is the integral over K0; all but r is concave. A flat or tilted density,
 * whose mu and Sigma are huge, has a small T and a q of order one. K N has the
 * covariance V = (T^T T + G)^-1 = (B^T B)^-1 and the mean nu = V b, b = T^T q - G c:
 *
 *     log r   = log det T - log det B + (|B^-T b|^2 - |q|^2 - c^T G c)/2 - log(S0/N)
 *     dL/dq   = K0 [-q - r (T nu - q)]
 *     dL/dT   = K0 [(1 - r) T^-T - T + r (T V + (T nu - q) nu^T)]  in the triangle.
 *
 * L-BFGS (Nocedal 1980) goes up from one start, and from two more where it fails. About
 * one row in 3000 has a second maximum, seen to differ by up to 0.06 nats in value: the
 * first one found is taken.
 */
#ifndef IPL_LOCAL_FIT_H
#define IPL_LOCAL_FIT_H

#include "local_team.h"

enum {
    LOCAL_HISTORY = 20,    /* steps that L-BFGS remembers                         */
    LOCAL_STEPS_MAX = 1000, /* from one start                                      */
    LOCAL_STARTS = 3
};

#define LOCAL_LOG_2PI 1.8378770664093454836

/* What the moments say of a row: C = U^T U and c = U^-T m. */
typedef struct {
    double *u;            /* triangle                                             */
    double *mean;         /* [d]: c                                               */
    double  log_root_det; /* 1/2 log det C                                        */
    double  half_square;  /* 1/2 m^T C^-1 m                                       */
} local_shape;

typedef struct {
    int64_t d, unknowns;       /* q[d], then T with logarithms on its diagonal    */
    const local_shape *shape;
    double  offset;            /* -c^T G c/2 - log(S0/N)                          */
    double *g, *t, *b, *tv;    /* triangles: G, T, B, T V                         */
    double *pull, *nu;         /* [d]: G c, nu                                    */

    double *x, *gradient;      /* [unknowns]: of -L/K0                            */
    double *x_next, *gradient_next, *step;
    double *s, *y;             /* [LOCAL_HISTORY][unknowns]: steps and their
                                  changes of the gradient                         */
    double  product[LOCAL_HISTORY]; /* s y                                        */
    int     pairs;             /* so far; number p is at p % LOCAL_HISTORY        */
    double  objective, slope;  /* -L/K0 at x; along the step                      */
    double  value;             /* of the best fit: -log N(0; mu, Sigma)           */
} local_fit;

static inline LOCAL_HOST_TOO int64_t local_fit_doubles(int64_t d)
{
    const int64_t unknowns = d + local_triangle(d);
    return 4 * local_triangle(d) + 2 * d + (5 + 2 * LOCAL_HISTORY) * unknowns;
}

/* -- The local likelihood -----------------------------------------------------------*/

/* T, and B^T B = T^T T + G before it is factored. */
LOCAL_FN void local_precision(local_team team, const local_fit *f, const double *x)
{
    const int64_t d = f->d;
    LOCAL_SHARE(team, k, 0, d) {
        const double *from = x + d + local_at(d, k, 0);
        double *row = f->t + local_at(d, k, 0);
        row[k] = exp(from[k]);
        for (int64_t j = k + 1; j < d; ++j) row[j] = from[j];
    }
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) {
        const double *g = f->g + local_at(d, i, 0);
        double *to = f->b + local_at(d, i, 0);
        for (int64_t j = i; j < d; ++j) to[j] = g[j];
        for (int64_t k = 0; k <= i; ++k) {
            const double *row = f->t + local_at(d, k, 0), factor = row[i];
            for (int64_t j = i; j < d; ++j) to[j] += factor * row[j];
        }
    }
}

/* T V, nu, and r: rows of T and, as one more row, b. */
LOCAL_FN double local_mass(local_team team, const local_fit *f, const double *x)
{
    const int64_t d = f->d;
    double log_r = 0.0;
    LOCAL_SHARE(team, j, 0, d) {
        double b = -f->pull[j];
        for (int64_t k = 0; k <= j; ++k) b += f->t[local_at(d, k, j)] * x[k];
        f->nu[j] = b;
        log_r += x[d + local_at(d, j, j)] - log(f->b[local_at(d, j, j)]) -
                 0.5 * x[j] * x[j];
    }
    local_barrier(team);
    LOCAL_SHARE(team, k, 0, d + 1) {
        const int64_t first = k < d ? k : 0;
        const double *t = f->t + local_at(d, k, 0);
        double *row = k < d ? f->tv + local_at(d, k, 0) : f->nu;
        for (int64_t j = k; j < d; ++j) row[j] = t[j];
        local_divide(d, first, f->b, row);
        if (k == d) log_r += 0.5 * local_row_dot(d, row, row);
        local_divide_transposed(d, first, f->b, row);
    }
    log_r = local_sum(team, log_r);
    local_barrier(team);
    return exp(log_r + f->offset);
}

/* -L/K0 at x without its constants, and its gradient; infinite where it overflows. */
LOCAL_FN double local_objective(local_team team, const local_fit *f, const double *x,
                                double *gradient)
{
    const int64_t d = f->d;
    double sum = 0.0;
    local_barrier(team);
    local_precision(team, f, x);
    local_cholesky(team, d, DBL_MIN, f->b);
    const double r = local_mass(team, f, x);
    LOCAL_SHARE(team, k, 0, d) {
        const double *t = f->t + local_at(d, k, 0), *tv = f->tv + local_at(d, k, 0);
        double *to = gradient + d + local_at(d, k, 0);
        const double apart = local_row_dot(d - k, t + k, f->nu + k) - x[k];
        for (int64_t j = k; j < d; ++j) to[j] = t[j] - r * (tv[j] + apart * f->nu[j]);
        to[k] = to[k] * t[k] - (1.0 - r);
        gradient[k] = x[k] + r * apart;
        sum += 0.5 * (local_row_dot(d - k, t + k, t + k) + x[k] * x[k]) -
               x[d + local_at(d, k, k)];
    }
    sum = local_sum(team, sum) + r;
    local_barrier(team);
    return isfinite(sum) ? sum : INFINITY;
}

/* -- L-BFGS -------------------------------------------------------------------------*/

/* step = -H gradient with the inverse Hessian H of the remembered pairs, on top of the
 * identity: that is about right for these unknowns, so that nothing is rescaled. */
LOCAL_FN void local_direction(local_team team, local_fit *f)
{
    const int64_t n = f->unknowns;
    const int oldest = f->pairs > LOCAL_HISTORY ? f->pairs - LOCAL_HISTORY : 0;
    double alpha[LOCAL_HISTORY];
    LOCAL_SHARE(team, e, 0, n) f->step[e] = -f->gradient[e];
    for (int p = f->pairs - 1; p >= oldest; --p) {
        const int at = p % LOCAL_HISTORY;
        const double *y = f->y + at * n;
        alpha[at] = local_dot(team, n, f->s + at * n, f->step) / f->product[at];
        LOCAL_SHARE(team, e, 0, n) f->step[e] -= alpha[at] * y[e];
    }
    for (int p = oldest; p < f->pairs; ++p) {
        const int at = p % LOCAL_HISTORY;
        const double *s = f->s + at * n;
        const double beta = local_dot(team, n, f->y + at * n, f->step) / f->product[at];
        LOCAL_SHARE(team, e, 0, n) f->step[e] += (alpha[at] - beta) * s[e];
    }
    f->slope = local_dot(team, n, f->step, f->gradient);
}

/* The objective at x_next = x + length step, where it has fallen enough and its slope
 * has too (weak Wolfe conditions, by bisection: the objective is smooth and bounded
 * below); infinity if rounding forbids. */
LOCAL_FN double local_line(local_team team, local_fit *f, double length)
{
    const double noise = 1e-15 * (fabs(f->objective) + 1.0);
    double low = 0.0, high = INFINITY;
    for (int tries = 0; tries < 60; ++tries) {
        LOCAL_SHARE(team, e, 0, f->unknowns)
            f->x_next[e] = f->x[e] + length * f->step[e];
        const double value = local_objective(team, f, f->x_next, f->gradient_next);
        if (!(value <= f->objective + 1e-4 * length * f->slope + noise))
            high = length;
        else if (local_dot(team, f->unknowns, f->step, f->gradient_next) <
                 0.9 * f->slope)
            low = length;
        else return value;
        length = isfinite(high) ? 0.5 * (low + high) : 2.0 * length;
    }
    return INFINITY;
}

/* Goes to x_next, and remembers the step. */
LOCAL_FN void local_advance(local_team team, double objective, local_fit *f)
{
    const int at = f->pairs % LOCAL_HISTORY;
    double *s = f->s + at * f->unknowns, *y = f->y + at * f->unknowns;
    LOCAL_SHARE(team, e, 0, f->unknowns) {
        s[e] = f->x_next[e] - f->x[e];
        y[e] = f->gradient_next[e] - f->gradient[e];
        f->x[e] = f->x_next[e];
        f->gradient[e] = f->gradient_next[e];
    }
    f->objective = objective;
    f->product[at] = local_dot(team, f->unknowns, s, y);
    if (f->product[at] > 0.0) ++f->pairs;
}

/* From x to a minimum: until no component of the gradient is above 1e-8, or rounding
 * ends it, and below 1e-6 is good enough. 0: it was not reached. */
LOCAL_FN int local_minimise(local_team team, local_fit *f)
{
    const double wanted = 1e-8, accepted = 1e-6, longest = 2.0;
    double error = INFINITY;
    f->pairs = 0;
    f->objective = local_objective(team, f, f->x, f->gradient);
    for (int step = 0; step < LOCAL_STEPS_MAX && isfinite(f->objective); ++step) {
        error = local_largest(team, f->unknowns, f->gradient);
        if (error < wanted) break;
        local_direction(team, f);
        if (!(f->slope < 0.0)) break;
        const double largest = local_largest(team, f->unknowns, f->step);
        const double next = local_line(team, f, fmin(1.0, longest / largest));
        if (!isfinite(next)) break;
        local_advance(team, next, f);
    }
    return error < accepted;
}

/* -- LGA ----------------------------------------------------------------------------*/

/* Start 0: the LNN fit, Sigma^-1 = 1 - G, with pivots not below 0.1, and nu = 0.
 * Start 1: the local moments. Start 2: a wide Gaussian there. */
LOCAL_FN void local_start(local_team team, int start, local_fit *f)
{
    const int64_t d = f->d;
    const double diagonal = start == 2 ? 0.1 : 1.0;
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) {
        const double *g = f->g + local_at(d, i, 0);
        double *row = f->t + local_at(d, i, 0);
        for (int64_t j = i; j < d; ++j)
            row[j] = (i == j) * diagonal - (start == 0 ? g[j] : 0.0);
        f->nu[i] = start == 0 ? f->pull[i] : 0.0;
    }
    if (start == 0) local_cholesky(team, d, 0.1, f->t);
    local_solve(team, d, f->t, f->nu, f->x);
    LOCAL_SHARE(team, i, 0, d) {
        const double *row = f->t + local_at(d, i, 0);
        double *to = f->x + d + local_at(d, i, 0);
        to[i] = log(row[i]);
        for (int64_t j = i + 1; j < d; ++j) to[j] = row[j];
    }
}

/* -log N(0; mu, Sigma) at x, in units of h; the row is at y = -c. */
LOCAL_FN double local_value(local_team team, const local_fit *f)
{
    const int64_t d = f->d;
    double sum = 0.0;
    local_barrier(team);
    LOCAL_SHARE(team, k, 0, d) {
        const double *t = f->x + d + local_at(d, k, 0), *c = f->shape->mean;
        const double apart = f->x[k] + exp(t[k]) * c[k] +
                             local_row_dot(d - 1 - k, t + k + 1, c + k + 1);
        sum += 0.5 * apart * apart - t[k];
    }
    return local_sum(team, sum) + f->shape->log_root_det +
           0.5 * (double)d * LOCAL_LOG_2PI;
}

/* G = U U^T, G c, and the offset of log r. */
LOCAL_FN void local_kernel(local_team team, double log_share, local_fit *f)
{
    const int64_t d = f->d;
    const double *u = f->shape->u, *c = f->shape->mean;
    double square = 0.0;
    LOCAL_SHARE(team, i, 0, d) for (int64_t j = i; j < d; ++j)
        f->g[local_at(d, i, j)] = local_row_dot(d - j, u + local_at(d, i, j),
                                                u + local_at(d, j, j));
    local_barrier(team);
    LOCAL_SHARE(team, i, 0, d) {
        double pull = 0.0;
        for (int64_t j = 0; j < d; ++j)
            pull += f->g[j < i ? local_at(d, j, i) : local_at(d, i, j)] * c[j];
        f->pull[i] = pull;
        square += c[i] * pull;
    }
    f->offset = -0.5 * local_sum(team, square) - log_share;
}

/* The fit to a shape of d units; log_share = log(S0/N), work: local_fit_doubles. Leaves
 * all of *out, x being where the last start ended. */
LOCAL_FN ipl_local_status local_fit_shape(local_team team, int64_t d, double log_share,
                                          const local_shape *shape, double *work,
                                          local_fit *out)
{
    const int64_t triangle = local_triangle(d), n = d + triangle;
    double best = INFINITY;
    local_fit *f = out;
    f->d = d, f->unknowns = n, f->shape = shape, f->value = NAN;
    f->g = local_take(&work, triangle);
    f->t = local_take(&work, triangle);
    f->b = local_take(&work, triangle);
    f->tv = local_take(&work, triangle);
    f->pull = local_take(&work, d);
    f->nu = local_take(&work, d);
    f->x = local_take(&work, n);
    f->gradient = local_take(&work, n);
    f->x_next = local_take(&work, n);
    f->gradient_next = local_take(&work, n);
    f->step = local_take(&work, n);
    f->s = local_take(&work, LOCAL_HISTORY * n);
    f->y = local_take(&work, LOCAL_HISTORY * n);
    local_kernel(team, log_share, f);
    for (int start = 0; start < LOCAL_STARTS; ++start) {
        local_start(team, start, f);
        const int done = local_minimise(team, f);
        if (done || f->objective < best) f->value = local_value(team, f);
        if (done) return IPL_LOCAL_DONE;
        best = fmin(best, f->objective);
    }
    return IPL_LOCAL_UNCONVERGED;
}

#endif
