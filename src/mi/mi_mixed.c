/*
 * mi_mixed.c - Mixed-KSG: rows that repeat, and values both discrete and continuous.
 *
 * rho_i is the distance of row i's k-th nearest other, in the max norm of (x, t):
 *
 *   < psi(k_i) + log n - psi(nx) - psi(nt) >
 *
 *   rho_i > 0  k_i = k; nx and nt: rows closer than rho_i in X, in T
 *   rho_i = 0  k_i, nx and nt: rows equal to row i in (x, t), in X, in T
 *
 * all counts with row i itself. Between labels a distance is 0 or infinity.
 *
 * Source: W. Gao, S. Kannan, S. Oh, P. Viswanath, NIPS 2017. As in their program; the
 * paper has log(nx + 1) and counts up to rho_i, which is farther off in its own
 * experiment. Distances that tie above 0, as on lattices and in ReLU layers, make it
 * overestimate: they are flagged TIES, and MS is made for them.
 */
#include <math.h>

#include "mi/mi_near.h"

static float open_ball(float rho, float reach)
{
    (void)reach;
    return rho > 0.0f ? mi_near_below(rho) : 0.0f;
}

static double mixed_value(const mi_near_row *row)
{
    const int64_t k = row->rho > 0.0f ? row->k : row->joint + 1;
    return mi_digamma((double)k) + log((double)row->n) -
           mi_digamma((double)row->count[0] + 1) -
           mi_digamma((double)row->count[1] + 1);
}

static int mixed_tied(const mi_near_row *row)
{
    return row->rho > 0.0f && row->joint > row->k;
}

/* -- The definition ---------------------------------------------------------------*/

static double mixed_row(int64_t others, const double *a, const double *t, int64_t k)
{
    const double rho = mi_near_kth(others, a, t, k);
    int64_t equal = 0;
    for (int64_t j = 0; j < others; ++j) equal += a[j] == 0.0 && t[j] == 0.0;
    if (rho == 0.0)
        return mi_digamma((double)equal + 1) + log((double)others + 1) -
               mi_digamma((double)mi_near_up_to(others, a, 0.0) + 1) -
               mi_digamma((double)mi_near_up_to(others, t, 0.0) + 1);
    return mi_digamma((double)k) + log((double)others + 1) -
           mi_digamma((double)mi_near_less(others, a, rho) + 1) -
           mi_digamma((double)mi_near_less(others, t, rho) + 1);
}

static const mi_near mixed = {.points = 1,
                              .point = {{open_ball, mixed_value, mixed_tied,
                                         mixed_row}},
                              .norm = IPL_NORM_MAX,
                              .inputs = 1,
                              .labels = 1};

const mi_estimator mi_mixed = {
    .family = {.name = "mixed",
               .summary = "Mixed-KSG (Gao et al. 2017): saturated and mixed layers",
               .points = 1,
               .point = {{.name = "mixed", .title = "Mixed-KSG"}},
               .options = 1,
               .option = &mi_k_option,
               .needs = IPL_MI_NEEDS_INPUTS,
               .rows_max = MI_PAIR_ROWS_MAX},
    .how = &mixed,
    .check = mi_k_check,
    .describe = mi_k_describe,
    .scratch_bytes = mi_near_scratch_bytes,
    .estimate = mi_near_estimate,
    .plain = mi_near_plain,
};
