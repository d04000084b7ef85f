/*
 * mi_renyi.h - the matrices of the matrix-based entropy, on the host.
 *
 * A kernel matrix K of m rows has K_ii = 1, so that A = K / m has trace 1; so has the
 * Hadamard product of two, which stands for the joint variable.
 */
#ifndef IPL_MI_RENYI_H
#define IPL_MI_RENYI_H

#include "mi/mi.h"

/* Width of the Gaussian kernel where none is given: s m^(-1 / (4 + d)), with s the root
 * mean square distance of the m rows of d values from their mean; 1 where s is 0.
 * The power of m is that of S. Yu and J. Principe, Understanding autoencoders with
 * information theoretic concepts, Neural Networks 117, 2019, after Silverman; their
 * factor is a number for all layers. s in its place, the deviation of a unit times
 * sqrt(d) where all units have the same, follows N. Tapia and P. Estevez, On the
 * information plane of autoencoders, IJCNN 2020, and gives the width a unit. */
double renyi_width(int64_t m, int64_t d, const float *a);

/* k[m][m] = exp(-|a_i - a_j|^2 / (2 width^2)) of a[m][d]; or 1 in a group, else 0. */
void renyi_gaussian(int64_t m, int64_t d, const float *a, double width, double *k);
void renyi_groups(int64_t m, const int32_t *group, double *k);

/* S = log(sum lambda^alpha) / (1 - alpha) in nats over the eigenvalues of k / m, or of
 * the product of k and `other`, entry by entry, over m; alpha = 1: -sum lambda log
 * lambda. In [0, log m]. Eigenvalues below m epsilon count as 0: they are zeros that
 * rounding moved, and small orders would make much of them. work: [renyi_work(m)].
 * E_NUMERIC: no eigenvalues were found. */
int64_t    renyi_work(int64_t m);
ipl_status renyi_entropy(double alpha, int64_t m, const double *k, const double *other,
                         double *work, double *out);

#endif
