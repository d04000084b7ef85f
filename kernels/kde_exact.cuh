/*
 * kde_exact.cuh - the pairs of wide rows one by one, to the bit of their definition.
 *
 * Four lanes share a row and S others: lane q has units 16 k + 4 q .. + 3, so that a
 * load is 16 bytes of each row.
 *
 * Numerics  D has 16 partial sums, unit u in sum u mod 16, ascending, each unit a
 *           difference and a fused multiply-add; then t_l = s_l + s_(l+8) and
 *           ((t0 + t1) + (t2 + t3)) + ((t4 + t5) + (t6 + t7)), an order that CUB's
 *           reduction of four lanes does not have. A pair with D <= limit
 *           adds its similarity, by a polynomial, to the sums of both rows in fixed
 *           point by itself: integers, so any order of pairs gives the same bits.
 */
#ifndef IPL_KDE_EXACT_CUH
#define IPL_KDE_EXACT_CUH

#include "kde_tile.cuh"

/* The codes of a tile of rows; a layer in slots has them where its rows are. */
static __device__ __forceinline__ uint4 *code_tile(const kde_layer &l, int tile)
{
    const int at = l.codes.slots
        ? l.pairs.place[tile * KDE_SCREEN_TILE] / KDE_SCREEN_TILE : tile;
    return l.codes.code +
           (int64_t)at * l.codes.chunks * KDE_SCREEN_TILE * (KDE_CHUNK / 16);
}

/* The four units from `at` on, of which `left` exist; the others are 0. */
template <bool VECTOR>
static __device__ __forceinline__ float4 four_units(const float *at, int left)
{
    if (VECTOR) return __ldg((const float4 *)at);
    float4 v = {__ldg(at), 0.0f, 0.0f, 0.0f};
    if (left > 1) v.y = __ldg(at + 1);
    if (left > 2) v.z = __ldg(at + 2);
    if (left > 3) v.w = __ldg(at + 3);
    return v;
}

static __device__ __forceinline__ float add_square(float a, float b, float sum)
{
    const float e = __fsub_rn(a, b);
    return fmaf(e, e, sum);
}

/* Pointers move along: 64-bit additions for each load would cost more. */
template <bool VECTOR, int S>
static __device__ __forceinline__ void partial_sums(const float *a,
                                                    const float *(&b)[S], int left,
                                                    float4 (&sum)[S])
{
#pragma unroll(VECTOR ? 2 : 1)
    for (; left > 0; left -= 16) {
        const float4 x = four_units<VECTOR>(a, left);
        a += 16;
#pragma unroll
        for (int s = 0; s < S; ++s) {
            const float4 y = four_units<VECTOR>(b[s], left);
            b[s] += 16;
            sum[s].x = add_square(x.x, y.x, sum[s].x);
            sum[s].y = add_square(x.y, y.y, sum[s].y);
            sum[s].z = add_square(x.z, y.z, sum[s].z);
            sum[s].w = add_square(x.w, y.w, sum[s].w);
        }
    }
}

/* D of row a and each of b, for four lanes that all receive them. For whole warps. */
template <int S>
static __device__ __forceinline__ void
group_distances(const pairs_layer &l, const float *a, const float *(&b)[S],
                float (&D)[S])
{
    const int first = threadIdx.x % 4 * 4;
    float4 sum[S] = {};
#pragma unroll
    for (int s = 0; s < S; ++s) b[s] += first;
    if (l.d % 4 == 0 && (size_t)l.t % 16 == 0)
        partial_sums<true>(a + first, b, l.d - first, sum);
    else
        partial_sums<false>(a + first, b, l.d - first, sum);
    __syncwarp();
#pragma unroll
    for (int s = 0; s < S; ++s) {
        float4 t = sum[s];
        t.x += __shfl_xor_sync(~0u, t.x, 2);
        t.y += __shfl_xor_sync(~0u, t.y, 2);
        t.z += __shfl_xor_sync(~0u, t.z, 2);
        t.w += __shfl_xor_sync(~0u, t.w, 2);
        const float half = (t.x + t.y) + (t.z + t.w);
        D[s] = half + __shfl_xor_sync(~0u, half, 1);
    }
}

/* 2^(scale D) for D within the limit: degree-5 minimax polynomial on [-1/2, 1/2], 1 at
 * 0, relative error 1.8e-7 with the rounding; the same operations as the CPU's. */
static __device__ __forceinline__ float similarity(float D, float scale)
{
    const float magic = 12582912.0f; /* leaves the nearest integer in the last bits */
    const float r = fmaf(D, scale, magic), f = fmaf(D, scale, __fsub_rn(magic, r));
    float p = fmaf(0.00132647273f, f, 0.00967151299f);
    p = fmaf(p, f, 0.0555073358f);
    p = fmaf(p, f, 0.240222424f);
    p = fmaf(p, f, 0.693147004f);
    p = fmaf(p, f, 1.0f);
    return __int_as_float(__float_as_int(p) + (int)(__float_as_uint(r) << 23));
}

/* Adds the pair of rows i and j, in class order, if it is within the limit. */
static __device__ __forceinline__ void add_pair(const kde_layer &l, int i, int j,
                                                float D)
{
    if (!(D <= l.limit)) return;
    const int32_t *of = l.pairs.sorted_class;
    const int kind = of[i] == of[j] ? KDE_OWN : KDE_CROSS;
    const int64_t padded = (int64_t)l.pairs.tiles * PAIRS_WIDE_TILE;
    const float lower = similarity(D, l.scale), square = __fmul_rn(lower, lower);
    unsigned long long *to = l.part + 2 * kind * padded;
    add_fixed(to + i, lower);
    add_fixed(to + j, lower);
    add_fixed(to + padded + i, __fmul_rn(square, square));
    add_fixed(to + padded + j, __fmul_rn(square, square));
}

#endif
