/*
 * mi_entropies.h - informations as differences of entropies: KL, LNN and LGA.
 *
 * All three start from rho_i, the Euclidean distance of a row's k-th nearest other, and
 * add up over the n rows of a space with d units
 *
 *   H = 1/n sum_i [ d log rho_i + v_i + a ]
 *
 * with v_i = 0 or the value of a local density (backend.h), and a constant a. With
 * neighbours in the own class, the same sum is H(T|Y) = sum_y p_y H(T|y).
 *
 *   h_t = H(T)    I(X;T) = H(X) + H(T) - H(X,T)    I(T;Y) = H(T) - H(T|Y)
 *
 * An entropy that a family cannot know is refused (ipl_mi_refusal), and with it the
 * informations that need it.
 */
#ifndef IPL_MI_ENTROPIES_H
#define IPL_MI_ENTROPIES_H

#include "mi/mi.h"

typedef struct {
    int         local;   /* 1: v_i of `density`, 0: v_i = 0                      */
    ipl_density density;
    double    (*constant)(int64_t k, int64_t d, int64_t n); /* a, of a row whose class
                            has n rows, itself included; NULL: 0                 */
    int64_t     d_max;   /* spaces of more units are flagged DIMENSION; 0: none  */
} mi_entropies;

/* The functions of an mi_estimator whose `how` is an mi_entropies. mi_entropies_plain.c
 * has the last one. */
ipl_status mi_entropies_scratch_bytes(const mi_call *call,
                                      const ipl_mi_options *options, size_t *bytes);
ipl_status mi_entropies_estimate(const mi_call *call, const ipl_mi_options *options,
                                 mi_points *point);
ipl_status mi_entropies_plain(const ipl_mi_options *options,
                              const ipl_mi_samples *samples, int64_t d, const float *t,
                              int point, double *i_xt, double *i_ty);

/* log of the volume of the unit ball in d dimensions: c_1 = 2, c_2 = pi. mi_kl.c */
double mi_log_ball(int64_t d);

/* Bias constant of LNN, for k >= 4; 0 where d > MI_LNN_BIAS_D_MAX. mi_lnn_bias.c */
enum { MI_LNN_BIAS_D_MAX = 10 };
double mi_lnn_bias(int64_t k, int64_t d);

/* Whether a column of t[n][d] has one value throughout; -0 is 0. t: device, or host
 * memory. mi_constant.c */
ipl_status mi_constant_column(ipl_device *dev, int64_t n, int64_t d, const float *t,
                              int on_host, int *constant);

#endif
