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

double mi_psi_between(int64_t k, int64_t n)
{
    double sum = 0.0;
    for (int64_t m = n - 1; m >= k; --m) sum += 1.0 / (double)m;
    return sum;
}

static double kl_constant(int64_t k, int64_t d, int64_t n)
{
    return mi_psi_between(k, n) + mi_log_ball(d);
}

static const mi_entropies kl = {.constant = kl_constant};

static ipl_status kl_scratch_bytes(const mi_call *call, const ipl_mi_options *options,
                                   size_t *bytes)
{
    return mi_entropies_scratch_bytes(&kl, call, options, bytes);
}

static ipl_status kl_estimate(const mi_call *call, const ipl_mi_options *options,
                              mi_points *point)
{
    return mi_entropies_estimate(&kl, call, options, point);
}

static ipl_status kl_plain(const ipl_mi_options *options, const ipl_mi_samples *samples,
                           int64_t d, const float *t, int point, double *i_xt,
                           double *i_ty)
{
    (void)point;
    return mi_entropies_plain(&kl, options, samples, d, t, i_xt, i_ty);
}

const mi_estimator mi_kl = {
    .family = {.name = "kl",
               .summary = "Kozachenko-Leonenko entropies",
               .points = 1,
               .point = {{.name = "kl", .title = "Kozachenko-Leonenko"}},
               .options = 1,
               .option = &mi_k_option,
               .needs = IPL_MI_NEEDS_PAIRS | IPL_MI_NEEDS_INPUTS,
               .rows_max = MI_PAIR_ROWS_MAX},
    .check = mi_k_check,
    .describe = mi_k_describe,
    .scratch_bytes = kl_scratch_bytes,
    .estimate = kl_estimate,
    .plain = kl_plain,
};
