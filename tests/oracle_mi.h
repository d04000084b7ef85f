/*
 * oracle_mi.h - the pairwise bounds by their entropies, in double.
 *
 * Densities of Gaussian mixtures with all their constants, then differences of
 * entropies (Kolchinsky and Tracey 2017, section 3; normalised as in Saxe et al.
 * 2018): a way that shares no step with ipl_mi.h's formula. What float sums may add
 * comes from oracle_kde.h.
 */
#ifndef ORACLE_MI_H
#define ORACLE_MI_H

#include <stdlib.h>

#include "oracle_kde.h"

typedef struct {
    double h_t[2], i_xt[2], i_ty[2];        /* upper, lower; nats                */
    double allowed_x[2], allowed_y[2];      /* of i_xt and h_t, and of i_ty      */
} oracle_plane;

/* Entropy of the rows of class c (-1: all rows) with noise: the upper bound from a
 * mixture with the noise's variance; the lower from one with four times as much,
 * moved back by d/2 log(1/4). */
static inline double oracle_mixture_entropy(int64_t n, int64_t d, const float *t,
                                            const int32_t *y, int32_t c, int lower,
                                            double noise_var)
{
    const double two_pi = 6.283185307179586476925;
    const double var = noise_var * (lower ? 4.0 : 1.0);
    int64_t rows = 0;
    double h = 0.0;
    for (int64_t i = 0; i < n; ++i) rows += c < 0 || y[i] == c;
    for (int64_t i = 0; i < n; ++i) {
        double density = 0.0; /* without the constant, which underflows */
        if (c >= 0 && y[i] != c) continue;
        for (int64_t j = 0; j < n; ++j) {
            double squares = 0.0;
            if (c >= 0 && y[j] != c) continue;
            for (int64_t k = 0; k < d; ++k) {
                const double difference = (double)t[i * d + k] - (double)t[j * d + k];
                squares += difference * difference;
            }
            density += exp(-squares / (2.0 * var)) / (double)rows;
        }
        h -= (log(density) - 0.5 * (double)d * log(two_pi * var)) / (double)rows;
    }
    return h + 0.5 * (double)d * (lower ? 1.0 - log(4.0) : 1.0);
}

static inline oracle_plane oracle_kde_plane(int64_t n, int64_t d, const float *t,
                                            int32_t classes, const int32_t *y,
                                            double noise_var)
{
    const double h_noise =
        0.5 * (double)d * (log(6.283185307179586476925 * noise_var) + 1.0);
    oracle_plane p;
    for (int b = 0; b < 2; ++b) {
        p.h_t[b] = oracle_mixture_entropy(n, d, t, y, -1, b, noise_var);
        p.i_xt[b] = p.h_t[b] - h_noise;
        p.i_ty[b] = p.h_t[b];
        for (int32_t c = 0; c < classes; ++c) {
            int64_t rows = 0;
            for (int64_t i = 0; i < n; ++i) rows += y[i] == c;
            if (rows)
                p.i_ty[b] -= (double)rows / (double)n *
                             oracle_mixture_entropy(n, d, t, y, c, b, noise_var);
        }
    }
    double *sums = malloc((size_t)(8 * n) * sizeof *sums), mean[4], allowed[4];
    oracle_kde(n, d, t, y, noise_var, 0, sums, sums + 4 * n);
    oracle_mean_log(n, sums, sums + 4 * n, mean, allowed);
    free(sums);
    for (int b = 0; b < 2; ++b) { /* and the constants' own rounding in double */
        const double constants =
            1e-15 * ((double)d * (10.0 + fabs(log(noise_var))) + 100);
        p.allowed_x[b] = allowed[2 * b] + constants;
        p.allowed_y[b] = allowed[2 * b] + allowed[2 * b + 1] + constants;
    }
    return p;
}

#endif
