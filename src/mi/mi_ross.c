/*
 * mi_ross.c - Ross' estimator of I(T;Y), between values and classes.
 *
 * d_i is the Euclidean distance of row i's k_i-th nearest other of its class, k_i = k
 * or all of a smaller class:
 *
 *   psi(n) - < psi(n_y) > + < psi(k_i) > - < psi(m_i) >
 *
 * n_y: rows of i's class, i included; m_i: others of any class at most d_i away. Where
 * classes are apart it exceeds H(Y), by about classes / 2n. Flagged TIES where a d_i
 * is 0.
 *
 * Source: B. C. Ross, PLoS ONE 9(2):e87357, 2014.
 */
#include <math.h>

#include "mi/mi_near.h"

static float closed_ball(float rho, float reach)
{
    (void)reach;
    return rho;
}

static double ross_value(const mi_near_row *row)
{
    return mi_digamma((double)row->n) - mi_digamma((double)row->count[0] + 1) +
           mi_digamma((double)row->k) - mi_digamma((double)row->count[1]);
}

static int ross_tied(const mi_near_row *row) { return row->rho == 0.0f; }

/* -- The definition ---------------------------------------------------------------*/

static double ross_row(int64_t others, const double *y, const double *t, int64_t k)
{
    const double d = mi_near_kth(others, y, t, k);
    return mi_digamma((double)others + 1) -
           mi_digamma((double)mi_near_up_to(others, y, 0.0) + 1) +
           mi_digamma((double)k) - mi_digamma((double)mi_near_up_to(others, t, d));
}

static const mi_near ross = {.points = 1,
                             .point = {{closed_ball, ross_value, ross_tied, ross_row}},
                             .norm = IPL_NORM_EUCLID,
                             .labels = 1};

const mi_estimator mi_ross = {
    .family = {.name = "ross",
               .summary = "Ross (2014): I(T;Y) of classes",
               .points = 1,
               .point = {{.name = "ross", .title = "Ross"}},
               .options = 1,
               .option = &mi_k_option,
               .rows_max = MI_PAIR_ROWS_MAX},
    .how = &ross,
    .check = mi_k_check,
    .describe = mi_k_describe,
    .scratch_bytes = mi_near_scratch_bytes,
    .estimate = mi_near_estimate,
    .plain = mi_near_plain,
};
