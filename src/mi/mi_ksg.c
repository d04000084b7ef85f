/*
 * mi_ksg.c - both estimators of Kraskov, Stoegbauer and Grassberger, I(X;T) alone.
 *
 * eps_i is the distance of row i's k-th nearest other, in the max norm of (x, t).
 *
 *   KSG1  psi(k) + psi(n) - <psi(nx + 1) + psi(nt + 1)>, nx and nt: others closer than
 *         eps_i in X, in T
 *   KSG2  psi(k) - 1/k + psi(n) - <psi(nx) + psi(nt)>, nx and nt: others at most as far
 *         in X (T) as the farthest of the k neighbours is in X (T)
 *
 * Both assume densities: equal rows, and lattices for KSG2, are flagged TIES.
 *
 * Source: A. Kraskov, H. Stoegbauer, P. Grassberger, Physical Review E 69:066138, 2004,
 * equations 8 and 9.
 */
#include <math.h>

#include "mi/mi_near.h"

static float eps_open(float rho, float reach)
{
    (void)reach;
    return mi_near_below(rho);
}

static double ksg1_value(const mi_near_row *row)
{
    return mi_digamma((double)row->k) + mi_digamma((double)row->n) -
           mi_digamma((double)row->count[0] + 1) -
           mi_digamma((double)row->count[1] + 1);
}

static int ksg1_tied(const mi_near_row *row) { return row->rho == 0.0f; }

static float side(float rho, float reach)
{
    (void)rho;
    return reach;
}

static double ksg2_value(const mi_near_row *row)
{
    return mi_digamma((double)row->k) - 1.0 / (double)row->k +
           mi_digamma((double)row->n) - mi_digamma((double)row->count[0]) -
           mi_digamma((double)row->count[1]);
}

static int ksg2_tied(const mi_near_row *row)
{
    return row->joint > row->k || row->reach[0] == 0.0f || row->reach[1] == 0.0f;
}

/* -- The definition ---------------------------------------------------------------*/

static double ksg1_row(int64_t others, const double *x, const double *t, int64_t k)
{
    const double eps = mi_near_kth(others, x, t, k);
    return mi_digamma((double)k) + mi_digamma((double)others + 1) -
           mi_digamma((double)mi_near_less(others, x, eps) + 1) -
           mi_digamma((double)mi_near_less(others, t, eps) + 1);
}

/* The k nearest, of equally far ones the first, decide how far X and T reach. */
static double ksg2_row(int64_t others, const double *x, const double *t, int64_t k)
{
    const double eps = mi_near_kth(others, x, t, k);
    double reach_x = 0.0, reach_t = 0.0;
    int64_t inside = 0;
    for (int64_t j = 0; j < others; ++j) inside += fmax(x[j], t[j]) < eps;
    for (int64_t j = 0, ties = k - inside; j < others; ++j) {
        const double distance = fmax(x[j], t[j]);
        if (distance > eps || (distance == eps && ties-- <= 0)) continue;
        reach_x = fmax(reach_x, x[j]);
        reach_t = fmax(reach_t, t[j]);
    }
    return mi_digamma((double)k) - 1.0 / (double)k + mi_digamma((double)others + 1) -
           mi_digamma((double)mi_near_up_to(others, x, reach_x)) -
           mi_digamma((double)mi_near_up_to(others, t, reach_t));
}

static const mi_near ksg = {.points = 2,
                            .point = {{eps_open, ksg1_value, ksg1_tied, ksg1_row},
                                      {side, ksg2_value, ksg2_tied, ksg2_row}},
                            .norm = IPL_NORM_MAX,
                            .inputs = 1,
                            .reach = 1};

const mi_estimator mi_ksg = {
    .family = {.name = "ksg",
               .summary = "Kraskov, Stoegbauer, Grassberger (2004), both forms",
               .points = 2,
               .point = {{.name = "ksg1", .title = "Kraskov 1"},
                         {.name = "ksg2", .title = "Kraskov 2"}},
               .options = 1,
               .option = &mi_k_option,
               .needs = IPL_MI_NEEDS_INPUTS,
               .rows_max = MI_PAIR_ROWS_MAX},
    .how = &ksg,
    .check = mi_k_check,
    .describe = mi_k_describe,
    .scratch_bytes = mi_near_scratch_bytes,
    .estimate = mi_near_estimate,
    .plain = mi_near_plain,
};
