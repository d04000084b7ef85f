/*
 * algebra.h - the page of algebra behind the estimators, without any device.
 *
 * With S_i = sum_j k(i,j), C_i the same within i's class of n_i rows (ipl_mi.h):
 *
 *   I(X;T) = -mean_i log(S_i / n)
 *   I(T;Y) =  mean_i log(C_i / n_i) - mean_i log(S_i / n)
 *          =  H(Y) - (mean_i log S_i - mean_i log C_i)
 *
 * For bins S_i is the number of rows in i's cell, so the first line is the plug-in
 * entropy of a partition, and it is enough to know how many rows lie in cells of
 * each size. Sums run over ascending sizes and weights are divided first, so that
 * n cells of one row give exactly log n, one cell exactly 0, and two partitions
 * with the same sizes the same bits.
 */
#ifndef IPL_ALGEBRA_H
#define IPL_ALGEBRA_H

#include "backend.h"

/* H = sum_m (rows_m / n) log(n / m) in nats, for multiplicities in ascending size. */
double mi_entropy(int64_t n, int64_t multiplicities,
                  const ipl_multiplicity *multiplicity);

/* H(A) + H(B) - H(A,B), symmetric in its bits; exactly the smaller entropy when
 * the other partition refines it, and exactly 0 when one of them is constant. */
double mi_mutual(double h_a, double h_b, double h_ab);

/* The most that rounding can move a sum of `terms` numbers of one sign, as computed
 * above from a logarithm, a quotient and a product each, when it is at most `top`. */
double mi_rounding(int64_t terms, double top);

/* Holds *value in [floor, ceiling]: what rounding alone moved past an end, or left
 * that far from it, lands exactly on it. E_NUMERIC: more than that; the text names
 * the item and `what`. */
ipl_status mi_clamp(const char *name, const char *what, double floor, double ceiling,
                    double rounding, double *value);

#endif
