/*
 * kde_wide.cu - pair sums of layers wider than 32, leaving a tile as early as it can.
 *
 * The same sums as kde_small.cu, for any d.
 *
 * Launch    A block of 64 threads owns one tile of 64 x 64 pairs: small, so that the
 *           pairs of a tile soon agree that all are far. blockIdx.x counts the tiles on
 *           and above the diagonal of all layers. Eight blocks fit a multiprocessor.
 * Traffic   A tile reads up to 512 d bytes (mostly from L2), 8 units at a time through
 *           two buffers in shared memory, for 8192 d float operations: 16 per byte. The
 *           float units limit. Rows are read where they are, through layer.order.
 * Numerics  As kde_small.cu. A sum of squares only grows, in float as well, so once the
 *           smallest of a tile is beyond layer.limit every pair's term is below
 *           2^-(ceil(log2 n) + 24): what a row loses is less than 2^-24 of its sum,
 *           which holds the exact 1 of j = i. Whether a tile is left depends on the data
 *           alone. Distances that overflow are infinite and add 0.
 * Limits    n <= 2^20.
 */
#include "kde_tile.cuh"

enum {
    SIDE = 8, TILE = KDE_WIDE_TILE, THREADS = SIDE * SIDE,
    CHUNK = 8,      /* units in a buffer                   */
    EXIT_CHUNKS = 4 /* chunks between two looks for an exit */
};

/* Units k .. k + 7 of a row; 0 behind the last unit, infinity where there is no row
 * (`row` is readable then, too: a branch would cost more than the load). */
static __device__ __forceinline__ void fetch(const float *row, bool none, int k, int d,
                                             bool vector, float (&v)[CHUNK])
{
#pragma unroll
    for (int g = 0; g < CHUNK; g += 4) {
        if (vector) {
            const int at = min(k + g, d - 4);
            *(float4 *)(v + g) = __ldg((const float4 *)(row + at));
        } else {
#pragma unroll
            for (int u = g; u < g + 4; ++u) v[u] = __ldg(row + min(k + u, d - 1));
        }
    }
#pragma unroll
    for (int u = 0; u < CHUNK; ++u)
        v[u] = none ? INFINITY : k + u < d ? v[u] : 0.0f;
}

static __device__ __forceinline__ void store(const float (&v)[CHUNK],
                                             float (*buffer)[TILE])
{
#pragma unroll
    for (int u = 0; u < CHUNK; ++u) buffer[u][threadIdx.x] = v[u];
}

static __device__ __forceinline__ void fetch_classes(const kde_layer &l, int tile,
                                                     int32_t *to)
{
    to[threadIdx.x] = __ldg(l.sorted_class + min(tile * TILE + (int)threadIdx.x, l.n - 1));
}

/* Whether the boxes of the two tiles are further apart than the limit. */
static __device__ __forceinline__ bool boxes_far(const kde_layer &l, int a, int b,
                                                 float *part)
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
    return part[0] + part[1] > l.limit;
}

static __device__ __forceinline__ bool any_near(const float (&d2)[8][8], float limit)
{
    float least = INFINITY;
#pragma unroll
    for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < 8; ++j) least = fminf(least, d2[i][j]);
    return least <= limit;
}

/* The squared distances of the pairs of tiles (a, b), or false once all are beyond the
 * limit. */
static __device__ __forceinline__ bool
tile_distances(const kde_layer &l, int a, int b, int x, int y, float (*rows)[CHUNK][TILE],
               float (*cols)[CHUNK][TILE], float (&d2)[8][8])
{
    const int d = l.d, i = a * TILE + (int)threadIdx.x, j = b * TILE + (int)threadIdx.x;
    const bool vector = d % 4 == 0 && (size_t)l.t % 16 == 0;
    const bool no_i = i >= l.n, no_j = j >= l.n;
    const float *row_i = l.t + (int64_t)__ldg(l.order + (no_i ? 0 : i)) * d;
    const float *row_j = l.t + (int64_t)__ldg(l.order + (no_j ? 0 : j)) * d;
    float next_i[CHUNK], next_j[CHUNK];
    fetch(row_i, no_i, 0, d, vector, next_i);
    fetch(row_j, no_j, 0, d, vector, next_j);
    store(next_i, rows[0]);
    store(next_j, cols[0]);
    __syncthreads();
    for (int k = 0, chunk = 0; k < d; k += CHUNK, ++chunk) {
        const bool more = k + CHUNK < d;
        if (more) {
            fetch(row_i, no_i, k + CHUNK, d, vector, next_i);
            fetch(row_j, no_j, k + CHUNK, d, vector, next_j);
        }
#pragma unroll
        for (int u = 0; u < CHUNK; ++u)
            add_unit<SIDE>(rows[chunk % 2][u], cols[chunk % 2][u], x, y, d2);
        if (more) { /* the other buffer was last read before the last barrier */
            store(next_i, rows[(chunk + 1) % 2]);
            store(next_j, cols[(chunk + 1) % 2]);
        }
        if (chunk % EXIT_CHUNKS < EXIT_CHUNKS - 1) __syncthreads();
        else if (!__syncthreads_or(any_near(d2, l.limit))) return false;
    }
    return true;
}

static __global__ void __launch_bounds__(THREADS, 8)
wide_tile(const kde_layer *__restrict__ layers, int layer_count)
{
    __shared__ __align__(16) float rows[2][CHUNK][TILE], cols[2][CHUNK][TILE];
    __shared__ __align__(16) kde_end<SIDE> end;
    __shared__ kde_layer l;
    __shared__ float box_part[THREADS / 32];

    fetch_layer(layers, layer_count, blockIdx.x, &l);
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    int a, b;
    triangle(blockIdx.x - l.first_block, &a, &b);
    if (boxes_far(l, a, b, box_part)) return;
    fetch_classes(l, a, end.row_class);
    fetch_classes(l, b, end.col_class);

    int kind, kind_last;
    kinds_of(l, TILE, a, b, &kind, &kind_last);
    const bool whole = a != b && kind == kind_last;
    for (; kind <= kind_last; ++kind) { /* a mixed tile is computed once for each */
        float d2[8][8] = {}, lower[8] = {}, upper[8] = {};
        if (!tile_distances(l, a, b, x, y, rows, cols, d2)) return;
        if (!whole) keep_kind(kind, a == b, x, y, end, d2);
        add_terms(d2, l.scale, x, end, lower, upper);
        __syncthreads();
        flush_columns(end, kind, (int64_t)l.tiles * TILE, b, l.part);
        flush_rows(end, kind, (int64_t)l.tiles * TILE, a, x, y, lower, upper, l.part);
    }
}

ipl_status kde_launch_wide(ipl_cuda *dev, int64_t blocks, int layers,
                           const kde_layer *layer)
{
    wide_tile<<<(unsigned)blocks, THREADS, 0, dev->measure>>>(layer, layers);
    IPL_LAUNCHED(dev, wide_tile);
    return IPL_OK;
}
