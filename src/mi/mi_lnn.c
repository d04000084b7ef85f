/*
 * mi_lnn.c - local nearest neighbours: a local Gaussian of any mass at every row.
 *
 *   H = mean_i( -log f(x_i) ) - B(k,d)
 *
 * with the local densities f of backend.h, whose bandwidth is the distance of the k-th
 * neighbour, and the bias constants of mi_lnn_bias.c. Source: W. Gao, S. Oh and P.
 * Viswanath, Breaking the Bandwidth Barrier, NIPS 2016, order 2. There the sums of a
 * density go over about log n neighbours, here over all others: the constants are then
 * small (above -0.09 nats) and vanish in many dimensions, where those of short sums
 * grow without end.
 */
#include <math.h>
#include <stddef.h>

#include "mi/mi_entropies.h"

static const ipl_option lnn_options[] = {
    {.key = "k", .type = IPL_OPTION_INTEGER, .offset = offsetof(ipl_mi_options, k),
     .min = 4, .max = IPL_MI_K_MAX, .fallback = "5", .help = "neighbours of a row",
     .flag = "--k", .value = "K"},
};

static double lnn_constant(int64_t k, int64_t d, int64_t n)
{
    (void)n;
    return -mi_lnn_bias(k, d);
}

static const mi_entropies lnn = {.local = 1, .density = IPL_DENSITY_LNN,
                                 .constant = lnn_constant, .d_max = MI_LNN_BIAS_D_MAX};

const mi_estimator mi_lnn = {
    .family = {.name = "lnn",
               .summary = "local nearest-neighbour entropies (Gao et al. 2016)",
               .points = 1,
               .point = {{.name = "lnn", .title = "LNN"}},
               .options = sizeof lnn_options / sizeof *lnn_options,
               .option = lnn_options,
               .needs = IPL_MI_NEEDS_INPUTS | IPL_MI_NEEDS_MOMENTS,
               .rows_max = MI_PAIR_ROWS_MAX},
    .how = &lnn,
    .check = mi_k_check,
    .describe = mi_k_describe,
    .scratch_bytes = mi_entropies_scratch_bytes,
    .estimate = mi_entropies_estimate,
    .plain = mi_entropies_plain,
};
