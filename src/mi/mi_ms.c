/*
 * mi_ms.c - Mesner and Shalizi's estimator: right where distances tie.
 *
 * rho_i is the distance of row i's k-th nearest other, in the max norm of (x, t):
 *
 *   psi(n) + < psi(k_i) - psi(nx) - psi(nt) >
 *
 * k_i, nx and nt: others at most rho_i away in (x, t), in X, in T. Between labels a
 * distance is 0 or infinity.
 *
 * Source: O. C. Mesner and C. R. Shalizi, IEEE Transactions on Information Theory
 * 67(1), 2021 (arXiv 2019). They raise negative values to 0; here these are kept.
 */
#include <math.h>

#include "mi/mi_near.h"

static float closed_ball(float rho, float reach)
{
    (void)reach;
    return rho;
}

static double ms_value(const mi_near_row *row)
{
    return mi_digamma((double)row->n) + mi_digamma((double)row->joint) -
           mi_digamma((double)row->count[0]) - mi_digamma((double)row->count[1]);
}

static int never_tied(const mi_near_row *row)
{
    (void)row;
    return 0;
}

/* -- The definition ---------------------------------------------------------------*/

static double ms_row(int64_t others, const double *a, const double *t, int64_t k)
{
    const double rho = mi_near_kth(others, a, t, k);
    int64_t joint = 0;
    for (int64_t j = 0; j < others; ++j) joint += a[j] <= rho && t[j] <= rho;
    return mi_digamma((double)others + 1) + mi_digamma((double)joint) -
           mi_digamma((double)mi_near_up_to(others, a, rho)) -
           mi_digamma((double)mi_near_up_to(others, t, rho));
}

static const mi_near ms = {.points = 1,
                           .point = {{closed_ball, ms_value, never_tied, ms_row}},
                           .norm = IPL_NORM_MAX,
                           .inputs = 1,
                           .labels = 1};

const mi_estimator mi_ms = {
    .family = {.name = "ms",
               .summary = "Mesner and Shalizi (2019): right under ties",
               .points = 1,
               .point = {{.name = "ms", .title = "Mesner-Shalizi"}},
               .options = 1,
               .option = &mi_k_option,
               .needs = IPL_MI_NEEDS_INPUTS,
               .rows_max = MI_PAIR_ROWS_MAX},
    .how = &ms,
    .check = mi_k_check,
    .describe = mi_k_describe,
    .scratch_bytes = mi_near_scratch_bytes,
    .estimate = mi_near_estimate,
    .plain = mi_near_plain,
};
