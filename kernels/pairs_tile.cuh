/*
 * pairs_tile.cuh - squared distances of a tile of pairs of rows, in registers.
 *
 * Launch    A block of SIDE x SIDE threads owns a tile of 8 SIDE x 8 SIDE pairs of
 *           class-sorted rows and each thread 8 x 8 of them. Only tiles on and above
 *           the diagonal are visited.
 * Traffic   A unit costs a thread 64 subtractions and 64 fused multiply-adds for four
 *           16-byte loads from shared memory.
 * Numerics  Differences are taken before squaring. A sum of squares only grows, in
 *           float as well: a tile that is far after some units stays far.
 *           Row n and those after it, up to the end of the last tile, are +infinity in
 *           a unit: their distance to a row is infinite; to each other it is NaN.
 */
#ifndef IPL_PAIRS_TILE_CUH
#define IPL_PAIRS_TILE_CUH

#include "pairs_layer.cuh"

/* Number p of the pairs (a, b), a <= b, in the order (0,0) (0,1) (1,1) (0,2) ... */
static __device__ __forceinline__ void triangle(int64_t p, int *a, int *b)
{
    int64_t q = (int64_t)((sqrtf(8.0f * (float)p + 1.0f) - 1.0f) * 0.5f);
    while (q * (q + 1) / 2 > p) --q;
    while ((q + 1) * (q + 2) / 2 <= p) ++q;
    *a = (int)(p - q * (q + 1) / 2);
    *b = (int)q;
}

/* Thread (x, y) holds rows y * 8 + i and these columns: two runs of four, so that a
 * quarter of a warp reads 128 consecutive bytes. x + SIDE has the second run first. */
template <int SIDE> static __device__ __forceinline__ int column(int x, int j)
{
    return (j >> 2) * 4 * SIDE + x * 4 + (j & 3);
}

/* d2 += the squared difference in one unit, for the thread's pairs with one run of
 * columns or both. */
template <int SIDE, int COLS>
static __device__ __forceinline__ void add_unit(const float *rows, const float *cols,
                                                int x, int y, float (&d2)[8][COLS])
{
    float a[8], b[COLS];
    *(float4 *)(a)     = *(const float4 *)(rows + y * 8);
    *(float4 *)(a + 4) = *(const float4 *)(rows + y * 8 + 4);
#pragma unroll
    for (int j = 0; j < COLS; j += 4)
        *(float4 *)(b + j) = *(const float4 *)(cols + column<SIDE>(x, j));
#pragma unroll
    for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < COLS; ++j) {
            const float z = a[i] - b[j];
            d2[i][j] = fmaf(z, z, d2[i][j]);
        }
}

/* Whether some pair of the thread is within the limit. */
static __device__ __forceinline__ bool any_near(const float (&d2)[8][8], float limit)
{
    float least = INFINITY;
#pragma unroll
    for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < 8; ++j) least = fminf(least, d2[i][j]);
    return least <= limit;
}

#endif
