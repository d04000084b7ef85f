/*
 * mi_lnn_bias.c - the bias constant of LNN entropies.
 *
 * B(k,d) does not depend on the density. With E_l independent exponential of mean 1,
 * G_j = E_1 + .. + E_j, r_j = (G_j / G_k)^(1/d), directions xi_j uniform on the sphere,
 * and the moments of the points r_j xi_j with weights exp(-r_j^2 / 2),
 *
 *   B = E[ log G_k - log c_d + d/2 log(2 pi) - log S0 + 1/2 log det Sigma
 *          + 1/2 mu^T Sigma^-1 mu ]
 *
 * Source: W. Gao, S. Oh and P. Viswanath, Breaking the Bandwidth Barrier, NIPS 2016,
 * theorem 1, for sums over few neighbours; here over all of them. The numbers are a
 * Monte Carlo of ours, standard error 0.0007 nats or less;
 * tests/test_lnn_bias.c draws some of them again.
 */
#include "mi/mi_entropies.h"

enum { D_MAX = MI_LNN_BIAS_D_MAX, ROWS = 9 };

static const int listed[ROWS] = {4, 5, 6, 7, 8, 9, 10, 12, 20};

static const double bias[ROWS][D_MAX] = { /* nats, d = 1 .. 10 */
    {-.01890, -.08566, -.08647, -.05913, -.03321,
     -.01516, -.00668, -.00223, -.00106, -.00039},
    {-.02355, -.06903, -.06706, -.04519, -.02518,
     -.01138, -.00505, -.00174, -.00078, -.00026},
    {-.02232, -.05743, -.05473, -.03665, -.02010,
     -.00919, -.00413, -.00134, -.00068, -.00017},
    {-.02026, -.04918, -.04594, -.03067, -.01685,
     -.00770, -.00341, -.00106, -.00063, -.00017},
    {-.01836, -.04297, -.03960, -.02635, -.01453,
     -.00639, -.00287, -.00084, -.00047, -.00007},
    {-.01668, -.03791, -.03502, -.02319, -.01271,
     -.00569, -.00263, -.00093, -.00034, -.00010},
    {-.01527, -.03399, -.03121, -.02073, -.01127,
     -.00514, -.00244, -.00062, -.00047, -.00013},
    {-.01304, -.02808, -.02575, -.01704, -.00923,
     -.00416, -.00183, -.00057, -.00017, -.00010},
    {-.00809, -.01677, -.01484, -.00996, -.00526,
     -.00240, -.00108, -.00047, -.00014, -.00007},
};

/* Between listed k, and from the last one on to 0, linear in 1/k: off by less than
 * 0.001 nats. */
double mi_lnn_bias(int64_t k, int64_t d)
{
    int row = 0;
    if (d > D_MAX) return 0.0;
    while (row < ROWS && listed[row] < k) ++row;
    if (row < ROWS && listed[row] == k) return bias[row][d - 1];
    const int last = row == ROWS;
    const double from = bias[row - 1][d - 1], to = last ? 0.0 : bias[row][d - 1];
    const double begin = 1.0 / listed[row - 1], end = last ? 0.0 : 1.0 / listed[row];
    return to + (from - to) * (1.0 / (double)k - end) / (begin - end);
}
