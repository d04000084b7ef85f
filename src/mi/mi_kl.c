/*
 * mi_kl.c - Kozachenko-Leonenko entropies.
 *
 *   H = psi(n) - psi(k) + log c_d + d/n sum_i log rho_i
 *
 * with rho_i the Euclidean distance of row i's k-th neighbour and c_d the volume of the
 * unit ball. Source: L. Kozachenko and N. Leonenko, Problems of Information
 * Transmission 23(2), 1987, for k = 1; A. Kraskov, H. Stoegbauer and P. Grassberger,
 * Physical Review E 69:066138, 2004, eq. 20, for any k (there with diameters).
 */
#include <math.h>

#include "mi/mi_entropies.h"

double mi_log_ball(int64_t d)
{
    const double two_pi = 6.283185307179586476925;
    double log_volume = d % 2 ? log(2.0) : 0.0; /* c_1 and c_0 */
    for (int64_t e = d % 2 + 2; e <= d; e += 2) log_volume += log(two_pi / (double)e);
    return log_volume;
}

static double kl_constant(int64_t k, int64_t d, int64_t n)
{
    return mi_digamma((double)n) - mi_digamma((double)k) + mi_log_ball(d);
}

static const mi_entropies kl = {.constant = kl_constant};

const mi_estimator mi_kl = {
    .family = {.name = "kl",
               .summary = "Kozachenko-Leonenko entropies",
               .points = 1,
               .point = {{.name = "kl", .title = "Kozachenko-Leonenko"}},
               .options = 1,
               .option = &mi_k_option,
               .needs = IPL_MI_NEEDS_INPUTS,
               .rows_max = MI_PAIR_ROWS_MAX},
    .how = &kl,
    .check = mi_k_check,
    .describe = mi_k_describe,
    .scratch_bytes = mi_entropies_scratch_bytes,
    .estimate = mi_entropies_estimate,
    .plain = mi_entropies_plain,
};
