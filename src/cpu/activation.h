/*
 * activation.h - activation functions and their derivatives on vectors.
 *
 * All are built on e^z = s + s q with s = 2^k and q = e^r - 1, r = z - k ln 2, so that
 * e^z - 1 = (s - 1) + s q keeps its relative accuracy near 0. Largest errors over every
 * 61st float32, in units of the last place, the same with and without FMA:
 *
 *   tanh 3.5   sigmoid 2.4   elu 1.1   softplus 2.8
 *
 * tanh is odd, tanh(0) = 0, and it is +-1 from |z| = 8.49 on, where it is 1.5 ulp away
 * from 1 (a correctly rounded one gets there at 9.01). Below 2^-120 a result may be off
 * by 2^-125, since e^z stops at z = -87. NaN stays NaN: vf_max and vf_min then return
 * their second argument.
 */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include "ipl_net.h"
#include "cpu/simd.h"

#if defined(IPL_AVX512)
INLINE vf vf_or(vf a, vf b) { return _mm512_or_ps(a, b); }
INLINE vf vf_and(vf a, vf b) { return _mm512_and_ps(a, b); }
/* 2^k, where the low bits of the float r hold the integer k */
INLINE vf vf_power(vf r)
{
    return _mm512_castsi512_ps(_mm512_add_epi32(
        _mm512_slli_epi32(_mm512_castps_si512(r), 23), _mm512_set1_epi32(0x3f800000)));
}
#elif defined(IPL_AVX2)
INLINE vf vf_or(vf a, vf b) { return _mm256_or_ps(a, b); }
INLINE vf vf_and(vf a, vf b) { return _mm256_and_ps(a, b); }
INLINE vf vf_power(vf r)
{
    return _mm256_castsi256_ps(_mm256_add_epi32(
        _mm256_slli_epi32(_mm256_castps_si256(r), 23), _mm256_set1_epi32(0x3f800000)));
}
#else
INLINE vf vf_or(vf a, vf b) { return (vf)((vf_bits)a | (vf_bits)b); }
INLINE vf vf_and(vf a, vf b) { return (vf)((vf_bits)a & (vf_bits)b); }
INLINE vf vf_power(vf r) { return (vf)(((vf_bits)r << 23) + 0x3f800000); }
#endif

/* The two parts of e^z for z <= 0 (and for z <= 88). q: minimax polynomial of degree 6
 * on |r| <= ln 2 / 2, relative error 1.4e-8. ln 2 in two pieces, the first of which
 * times k is exact. */
INLINE void vf_exp_parts(vf z, vf *s, vf *q)
{
    const vf magic = vf_set(12582912.0f); /* 1.5 * 2^23: leaves the nearest integer */
    z = vf_max(vf_set(-87.0f), z);
    const vf low = vf_fma(z, vf_set(1.44269504f), magic);
    const vf k = vf_sub(low, magic);
    vf r = vf_fnma(k, vf_set(0.693359375f), z);
    r = vf_fnma(k, vf_set(-2.12194440e-4f), r);
    vf p = vf_fma(vf_set(0.0013946648f), r, vf_set(0.008366698f));
    p = vf_fma(p, r, vf_set(0.04166628f));
    p = vf_fma(p, r, vf_set(0.16666542f));
    p = vf_fma(p, r, vf_set(0.5f));
    *q = vf_fma(p, vf_mul(r, r), r);
    *s = vf_power(low);
}

INLINE vf vf_exp(vf z)
{
    vf s, q;
    vf_exp_parts(z, &s, &q);
    return vf_fma(s, q, s);
}

/* 1 - e^z for z <= 0 */
INLINE vf vf_exp_gap(vf z)
{
    vf s, q;
    vf_exp_parts(z, &s, &q);
    return vf_fnma(s, q, vf_sub(vf_set(1.0f), s));
}

/* -|z| */
INLINE vf vf_below(vf z) { return vf_or(z, vf_set(-0.0f)); }

/* z[j] <- tanh z[j] for n vectors, step by step together: alone, each would wait for
 * its own long chain. n is a constant of the caller, at most BUNCH.
 * tanh |z| = (1 - e) / (1 + e) with e = e^(-2 |z|) = 2^t, over 2^t = s + s f P(f) with
 * f = t - k. Shorter than vf_exp_gap, and an ulp worse near 0. Error of P: 1.1e-8. */
enum { BUNCH = 4 };
INLINE void vf_tanh_bunch(const int n, vf *z)
{
    const vf magic = vf_set(12582912.0f), one = vf_set(1.0f);
    vf f[BUNCH], p[BUNCH], s[BUNCH];
#define EACH for (int j = 0; j < n; ++j)
    EACH f[j] = vf_max(vf_set(-100.0f), vf_mul(vf_below(z[j]), vf_set(2.88539008f)));
    EACH p[j] = vf_add(f[j], magic);
    EACH s[j] = vf_power(p[j]);
    EACH f[j] = vf_sub(f[j], vf_sub(p[j], magic));
    EACH p[j] = vf_fma(vf_set(1.5403511e-4f), f[j], vf_set(0.0013390966f));
    EACH p[j] = vf_fma(p[j], f[j], vf_set(0.009618239f));
    EACH p[j] = vf_fma(p[j], f[j], vf_set(0.05550357f));
    EACH p[j] = vf_fma(p[j], f[j], vf_set(0.24022649f));
    EACH p[j] = vf_fma(p[j], f[j], vf_set(0.6931472f));
    EACH p[j] = vf_mul(p[j], f[j]);
    EACH f[j] = vf_fnma(s[j], p[j], vf_sub(one, s[j])); /* 1 - e */
    EACH f[j] = vf_div(f[j], vf_sub(vf_set(2.0f), f[j]));
    EACH z[j] = vf_or(f[j], vf_and(z[j], vf_set(-0.0f)));
#undef EACH
}

INLINE vf vf_sigmoid(vf z)
{
    const vf e = vf_exp(vf_below(z)), one = vf_set(1.0f);
    return vf_div(vf_where_gt(vf_set(0.0f), z, e, one), vf_add(one, e));
}

/* log(1 + u) for u in [0, 1]: 2 artanh(s) with s = u / (2 + u) */
INLINE vf vf_log1p(vf u)
{
    const vf s = vf_div(u, vf_add(vf_set(2.0f), u)), s2 = vf_mul(s, s);
    vf p = vf_fma(vf_set(0.2803124f), s2, vf_set(0.2799787f));
    p = vf_fma(p, s2, vf_set(0.40021768f));
    p = vf_fma(p, s2, vf_set(0.6666641f));
    return vf_fma(vf_mul(s, s2), p, vf_add(s, s));
}

INLINE vf vf_softplus(vf z)
{
    return vf_add(vf_max(vf_set(0.0f), z), vf_log1p(vf_exp(vf_below(z))));
}

INLINE vf vf_elu(vf z)
{
    const vf zero = vf_set(0.0f);
    return vf_where_gt(z, zero, z, vf_sub(zero, vf_exp_gap(vf_min(zero, z))));
}

INLINE vf vf_leaky_relu(vf z) { return vf_max(vf_mul(vf_set(0.01f), z), z); }

/* f(z) for all but tanh; softmax and linear leave z as it is. */
INLINE vf vf_act_one(ipl_act act, vf z)
{
    switch (act) {
    case IPL_ACT_RELU: return vf_max(vf_set(0.0f), z);
    case IPL_ACT_LEAKY_RELU: return vf_leaky_relu(z);
    case IPL_ACT_SIGMOID: return vf_sigmoid(z);
    case IPL_ACT_ELU: return vf_elu(z);
    case IPL_ACT_SOFTPLUS: return vf_softplus(z);
    default: return z;
    }
}

/* z[j] <- f(z[j]) for n vectors; act and n are constants of the caller. */
INLINE void vf_act(ipl_act act, const int n, vf *z)
{
    if (act == IPL_ACT_TANH)
        vf_tanh_bunch(n, z);
    else
        for (int j = 0; j < n; ++j) z[j] = vf_act_one(act, z[j]);
}

/* f'(z) d, from t = f(z): every f here tells its slope by its value. */
INLINE vf vf_slope(ipl_act act, vf t, vf d)
{
    const vf zero = vf_set(0.0f), one = vf_set(1.0f);
    switch (act) {
    case IPL_ACT_TANH: return vf_mul(d, vf_fnma(t, t, one));
    case IPL_ACT_RELU: return vf_where_gt(t, zero, d, zero);
    case IPL_ACT_LEAKY_RELU: return vf_where_gt(t, zero, d, vf_mul(d, vf_set(0.01f)));
    case IPL_ACT_SIGMOID: return vf_mul(d, vf_fnma(t, t, t));
    case IPL_ACT_ELU: return vf_where_gt(t, zero, d, vf_fma(d, t, d));
    case IPL_ACT_SOFTPLUS: return vf_mul(d, vf_exp_gap(vf_sub(zero, t)));
    default: return d;
    }
}

/* Expands `each(act)` with a constant activation. */
#define WITH_ACT(act, each)                                  \
    switch (act) {                                           \
    case IPL_ACT_TANH: each(IPL_ACT_TANH); break;            \
    case IPL_ACT_RELU: each(IPL_ACT_RELU); break;            \
    case IPL_ACT_LEAKY_RELU: each(IPL_ACT_LEAKY_RELU); break; \
    case IPL_ACT_SIGMOID: each(IPL_ACT_SIGMOID); break;      \
    case IPL_ACT_ELU: each(IPL_ACT_ELU); break;              \
    case IPL_ACT_SOFTPLUS: each(IPL_ACT_SOFTPLUS); break;    \
    default: each(IPL_ACT_LINEAR); break;                    \
    }

#endif
