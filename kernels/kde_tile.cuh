/*
 * kde_tile.cuh - from the distances of a tile to Gaussian similarities and their sums.
 *
 * A pair of rows adds to the sum of its row and of its column (pairs_tile.cuh has the
 * tile). Sums are kept apart by whether the two rows share a class (OWN) or not
 * (CROSS). As rows are sorted by class, two tiles can only share the last class of the
 * upper and the first of the lower one, so that nearly every tile is all OWN or all
 * CROSS; the few others, and those on the diagonal, end with a mask. No class is
 * padded, so classes may be as many and as small as they like.
 *
 * Launch    As the tile: SIDE x SIDE threads. A warp has 32 rows and two runs of 32
 *           columns (thread_place).
 * Traffic   A pair takes 7 float operations for the two bounds in both directions and
 *           one exponential; a tile adds 16 SIDE to 32 SIDE integers to memory.
 *           Not CUB: with its sums of eight lanes sweep_strip<2> to <4> spill 8 bytes
 *           of their 80 registers, and lanes of a column are not neighbours.
 * Numerics  A thread's sums are in float, short and in a fixed order; beyond the tile,
 *           or a strip of them, they are integers in fixed point: equal input, equal
 *           bits, for any schedule. An infinite distance adds 0. Distances that are NaN
 *           are between rows that do not exist, and only enter sums that nobody reads.
 */
#ifndef IPL_KDE_TILE_CUH
#define IPL_KDE_TILE_CUH

#include "kde_layer.cuh"
#include "pairs_tile.cuh"

/* The layer that block `b` works for. */
static __device__ __forceinline__ const kde_layer *
layer_of_block(const kde_layer *layer, int layers, int64_t b)
{
    int low = 0, high = layers;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (layer[middle].first_block <= b) low = middle;
        else high = middle;
    }
    return layer + low;
}

/* Copies the layer of block `b` to shared memory: reread after each barrier, it takes
 * no registers from the tile. Holds a barrier. */
static __device__ __forceinline__ void fetch_layer(const kde_layer *layers, int count,
                                                   int64_t b, kde_layer *to)
{
    const kde_layer *from = layer_of_block(layers, count, b);
    static_assert(sizeof *from % sizeof(int) == 0, "copied in words");
    for (unsigned w = threadIdx.x; w < sizeof *from / sizeof(int); w += blockDim.x)
        ((int *)to)[w] = ((const int *)from)[w];
    __syncthreads();
}

/* Warps of a tile side by side and one below the other, and where a warp is. */
template <int SIDE> struct warp_grid {
    enum { ACROSS = SIDE / 8, DOWN = SIDE / 4 };
    static __device__ __forceinline__ int across() { return threadIdx.x / 32 % ACROSS; }
    static __device__ __forceinline__ int down() { return threadIdx.x / 32 / ACROSS; }
};

/* The thread's x and y in the tile, worked out each time that it is asked for: kept,
 * they would take registers. */
template <int SIDE> static __device__ __forceinline__ int2 thread_place()
{
    int thread;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
    const int warp = thread / 32, lane = thread % 32, across = warp_grid<SIDE>::ACROSS;
    return make_int2(warp % across * 8 + lane % 8, warp / across * 4 + lane / 8);
}

/* Shared memory of a tile's end: sums per row and per column, and the classes. */
template <int SIDE> struct kde_end {
    float   row[2][warp_grid<SIDE>::ACROSS][8 * SIDE]; /* of each warp */
    float   col[2][warp_grid<SIDE>::DOWN][8 * SIDE];
    int32_t row_class[8 * SIDE], col_class[8 * SIDE];
};

/* One MUFU instruction, within 2 ulp; denormal results become 0. */
static __device__ __forceinline__ float exp2_fast(float u)
{
    float e;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(e) : "f"(u));
    return e;
}

/* Moves pairs of the other kind, and those on and below the diagonal, out of reach. */
template <int SIDE, int COLS>
static __device__ __forceinline__ void keep_kind(int kind, bool diagonal, int x, int y,
                                                 const kde_end<SIDE> &end,
                                                 float (&d2)[8][COLS])
{
    int above = diagonal ? 0 : 8 * SIDE; /* how far below the diagonal is allowed */
    asm volatile("" : "+r"(above)); /* else all comparisons are kept in registers */
#pragma unroll
    for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < COLS; ++j) {
            const int r = y * 8 + i, c = column<SIDE>(x, j);
            const bool own = end.row_class[r] == end.col_class[c];
            if (own != (kind == KDE_OWN) || r >= c + above) d2[i][j] = INFINITY;
        }
}

/* Writes a warp's column sums to `end`; its lanes with the smallest y have them. */
template <int SIDE, int COLS>
static __device__ __forceinline__ void
write_columns(int x, const float (&lower)[COLS], const float (&upper)[COLS],
              kde_end<SIDE> &end)
{
    if (threadIdx.x % 32 >= 8) return;
    const int down = warp_grid<SIDE>::down();
#pragma unroll
    for (int j = 0; j < COLS; j += 4) {
        const int c = column<SIDE>(x, j);
        *(float4 *)&end.col[KDE_LOWER][down][c] = *(const float4 *)(lower + j);
        *(float4 *)&end.col[KDE_UPPER][down][c] = *(const float4 *)(upper + j);
    }
}

/* Adds the terms of the thread's pairs to its row sums and writes each warp's column
 * sums to `end`. */
template <int SIDE, int COLS>
static __device__ __forceinline__ void
add_terms(const float (&d2)[8][COLS], float scale, int x, kde_end<SIDE> &end,
          float (&row_lower)[8], float (&row_upper)[8])
{
    float col_lower[COLS], col_upper[COLS];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        float lower = 0.0f, upper = 0.0f; /* short sums first: fewer roundings */
#pragma unroll
        for (int j = 0; j < COLS; ++j) {
            const float e = exp2_fast(scale * d2[i][j]), e2 = e * e, e4 = e2 * e2;
            lower = j ? lower + e : e;
            upper = j ? upper + e4 : e4;
            col_lower[j] = i ? col_lower[j] + e : e;
            col_upper[j] = i ? col_upper[j] + e4 : e4;
        }
        row_lower[i] += lower;
        row_upper[i] += upper;
    }
#pragma unroll
    for (int j = 0; j < COLS; ++j) {
#pragma unroll
        for (int lane = 8; lane < 32; lane *= 2) {
            col_lower[j] += __shfl_xor_sync(~0u, col_lower[j], lane);
            col_upper[j] += __shfl_xor_sync(~0u, col_upper[j], lane);
        }
    }
    write_columns(x, col_lower, col_upper, end);
}

/* Adds v in fixed point; integer addition makes the order irrelevant. */
static __device__ __forceinline__ void add_fixed(unsigned long long *at, float v)
{
    if (v > 0.0f) /* atomicAdd would first ask which memory `at` is in */
        asm volatile("red.global.add.u64 [%0], %1;" ::"l"(
                         (unsigned long long)__cvta_generic_to_global(at)),
                     "l"(__float2ull_rn(v * (float)IPL_KDE_ONE))
                     : "memory");
}

/* Adds v to a sum of this kind and bound, for row `at` of a tile. */
template <int SIDE>
static __device__ __forceinline__ void add_to_part(const kde_layer &l, int kind,
                                                   int bound, int tile, int at, float v)
{
    const int64_t padded = (int64_t)l.pairs.tiles * 8 * SIDE;
    add_fixed(l.part + (2 * kind + bound) * padded + (int64_t)tile * 8 * SIDE + at, v);
}

/* Adds the column sums to those of the tile's rows. Call after a barrier. */
template <int SIDE>
static __device__ __forceinline__ void flush_columns(const kde_end<SIDE> &end, int kind,
                                                     const kde_layer &l, int tile)
{
#pragma unroll
    for (int u = 0; u < 16 / SIDE; ++u) {
        const int e = threadIdx.x + u * SIDE * SIDE;
        const int bound = e / (8 * SIDE), c = e % (8 * SIDE);
        float v = 0.0f;
#pragma unroll
        for (int w = 0; w < warp_grid<SIDE>::DOWN; ++w) v += end.col[bound][w][c];
        add_to_part<SIDE>(l, kind, bound, tile, c, v);
    }
}

/* The same for the row sums, which start again from 0. Holds a barrier. */
template <int SIDE>
static __device__ __forceinline__ void
flush_rows(kde_end<SIDE> &end, int kind, const kde_layer &l, int tile, int x, int y,
           float (&lower)[8], float (&upper)[8])
{
#pragma unroll
    for (int i = 0; i < 8; ++i) {
#pragma unroll
        for (int lane = 4; lane; lane /= 2) {
            lower[i] += __shfl_xor_sync(~0u, lower[i], lane);
            upper[i] += __shfl_xor_sync(~0u, upper[i], lane);
        }
        if (x % 8 == 0) {
            end.row[KDE_LOWER][x / 8][y * 8 + i] = lower[i];
            end.row[KDE_UPPER][x / 8][y * 8 + i] = upper[i];
        }
        lower[i] = upper[i] = 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int u = 0; u < 16 / SIDE; ++u) {
        const int e = threadIdx.x + u * SIDE * SIDE;
        const int bound = e / (8 * SIDE), r = e % (8 * SIDE);
        float v = end.row[bound][0][r];
#pragma unroll
        for (int w = 1; w < warp_grid<SIDE>::ACROSS; ++w) v += end.row[bound][w][r];
        add_to_part<SIDE>(l, kind, bound, tile, r, v);
    }
}

/* Which kinds of pairs the tile of rows a and of columns b >= a holds: first..last. */
static __device__ __forceinline__ void kinds_of(const pairs_layer &l, int tile, int a,
                                                int b, int *first, int *last)
{
    const int32_t *of = l.sorted_class;
    const int32_t a_last = of[min((a + 1) * tile, l.n) - 1], b_first = of[b * tile];
    const int32_t a_first = of[a * tile], b_last = of[min((b + 1) * tile, l.n) - 1];
    *first = a == b || a_last == b_first ? KDE_OWN : KDE_CROSS;
    *last  = a_first == b_last ? KDE_OWN : KDE_CROSS;
}

#endif
