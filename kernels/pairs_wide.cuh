/*
 * pairs_wide.cuh - squared distances of a tile of wide rows, left as early as can be.
 *
 * Launch    64 threads and a tile of 64 x 64 pairs (pairs_tile.cuh, SIDE 8): small, so
 *           that the pairs of a tile soon agree that all are far.
 * Traffic   A tile reads up to 512 d bytes (mostly from L2), 8 units at a time through
 *           two buffers in shared memory, for 8192 d float operations: 16 per byte.
 *           Rows are read where they are, through layer.place.
 *           Lanes shuffle: reduce.cuh says why.
 * Numerics  Once the smallest of a tile is beyond the caller's limit, its distances are
 *           not finished. Whether that happens depends on the data alone. Distances
 *           that overflow are infinite.
 */
#ifndef IPL_PAIRS_WIDE_CUH
#define IPL_PAIRS_WIDE_CUH

#include "pairs_tile.cuh"

enum {
    SIDE = 8, TILE = PAIRS_WIDE_TILE, THREADS = SIDE * SIDE,
    CHUNK = 8,      /* units in a buffer                   */
    EXIT_CHUNKS = 4 /* chunks between two looks for an exit */
};

/* Units k .. k + 7 of a row; those behind the last unit are any of the row's. */
static __device__ __forceinline__ void fetch(const float *row, int k, int d,
                                             bool vector, float (&v)[CHUNK])
{
#pragma unroll
    for (int g = 0; g < CHUNK; g += 4) {
        if (vector) {
            *(float4 *)(v + g) = __ldg((const float4 *)(row + min(k + g, d - 4)));
        } else {
#pragma unroll
            for (int u = g; u < g + 4; ++u) v[u] = __ldg(row + min(k + u, d - 1));
        }
    }
}

/* Of the units of a chunk the first `left` exist; the others become 0 in all rows. */
static __device__ __forceinline__ void store(float (&v)[CHUNK], int left, float unit,
                                             float (*buffer)[TILE])
{
    if (unit != 1.0f) {
#pragma unroll
        for (int u = 0; u < CHUNK; ++u) v[u] *= unit;
    }
    if (left < CHUNK) {
#pragma unroll
        for (int u = 1; u < CHUNK; ++u) v[u] = u < left ? v[u] : 0.0f;
    }
#pragma unroll
    for (int u = 0; u < CHUNK; ++u) buffer[u][threadIdx.x] = v[u];
}

/* Whether the boxes of the two tiles are further apart than the limit. Holds a
 * barrier. */
static __device__ __forceinline__ bool boxes_far(const pairs_layer &l, int a, int b,
                                                 const float &limit, float *part)
{
    float sum = 0.0f;
    for (int k = threadIdx.x; k < l.box_units; k += THREADS) {
        const int64_t at_a = (int64_t)a * l.box_units + k;
        const int64_t at_b = (int64_t)b * l.box_units + k;
        const float gap = fmaxf(0.0f, fmaxf(l.box_lo[at_a] - l.box_hi[at_b],
                                            l.box_lo[at_b] - l.box_hi[at_a]));
        sum = fmaf(gap, gap, sum);
    }
    for (int step = 16; step; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
    __syncthreads();
    return part[0] + part[1] > limit;
}

/* The squared distances of the tile's pairs, or false once all are beyond the limit. */
static __device__ __forceinline__ bool
wide_distances(const pairs_layer &l, int row_tile, int col_tile, const float &limit,
               int x, int y, float (*rows)[CHUNK][TILE],
               float (*cols)[CHUNK][TILE], float (&d2)[8][8])
{
    const int d = l.d, lane = (int)threadIdx.x;
    const int i = row_tile * TILE + lane, j = col_tile * TILE + lane;
    const bool vector = d % 4 == 0 && (size_t)l.t % 16 == 0;
    const float *row_i = l.t + (int64_t)__ldg(l.place + min(i, l.n - 1)) * d;
    const float *row_j = l.t + (int64_t)__ldg(l.place + min(j, l.n - 1)) * d;
    float next_i[CHUNK], next_j[CHUNK];
    fetch(row_i, 0, d, vector, next_i);
    fetch(row_j, 0, d, vector, next_j);
    if (i >= l.n) next_i[0] = INFINITY; /* there is no such row: out of reach */
    if (j >= l.n) next_j[0] = INFINITY;
    store(next_i, d, l.unit, rows[0]);
    store(next_j, d, l.unit, cols[0]);
    __syncthreads();
    for (int k = 0, chunk = 0; k < d; k += CHUNK, ++chunk) {
        const bool more = k + CHUNK < d;
        if (more) {
            fetch(row_i, k + CHUNK, d, vector, next_i);
            fetch(row_j, k + CHUNK, d, vector, next_j);
        }
#pragma unroll
        for (int u = 0; u < CHUNK; ++u)
            add_unit<SIDE>(rows[chunk % 2][u], cols[chunk % 2][u], x, y, d2);
        if (more) { /* the other buffer was last read before the last barrier */
            store(next_i, d - k - CHUNK, l.unit, rows[(chunk + 1) % 2]);
            store(next_j, d - k - CHUNK, l.unit, cols[(chunk + 1) % 2]);
        }
        if (chunk % EXIT_CHUNKS < EXIT_CHUNKS - 1) __syncthreads();
        else if (!__syncthreads_or(any_near(d2, limit))) return false;
    }
    return true;
}

#endif
