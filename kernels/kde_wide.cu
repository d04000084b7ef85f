/*
 * kde_wide.cu - pair sums of layers wider than 32, leaving a tile as early as it can.
 *
 * The same sums as kde_small.cu, for any d.
 *
 * Launch    A block of 64 threads owns one tile of 64 x 64 pairs: small, so that the
 *           pairs of a tile soon agree that all are far. blockIdx.x counts the tiles on
 *           and above the diagonal of all layers, or of one layer those of a window
 *           (kde_blocks.cu). Six blocks fit a multiprocessor.
 * Traffic   A tile reads up to 512 d bytes (mostly from L2), 8 units at a time through
 *           two buffers in shared memory, for 8192 d float operations: 16 per byte. The
 *           float units limit. Rows are read where they are, through layer.place.
 * Numerics  As kde_small.cu. A sum of squares only grows, in float as well, so once the
 *           smallest of a tile is beyond layer.limit every pair's term is below
 *           2^-(ceil(log2 n) + 24): what a row loses is less than 2^-24 of its sum,
 *           which holds the exact 1 of j = i. Whether a tile is left depends on the
 *           data alone. Distances that overflow are infinite and add 0.
 * Limits    n <= 2^20.
 */
#include "kde_tile.cuh"

enum {
    SIDE = 8, TILE = KDE_WIDE_TILE, THREADS = SIDE * SIDE,
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

static __device__ __forceinline__ void fetch_classes(const kde_layer &l, int tile,
                                                     int32_t *to)
{
    const int row = min(tile * TILE + (int)threadIdx.x, l.n - 1);
    to[threadIdx.x] = __ldg(l.sorted_class + row);
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

/* The tiles of rows and of columns of a block, and the kinds of pairs in them. */
struct wide_place {
    int row, col, kind, kind_last;
};

/* Number p of the window's tiles. */
static __device__ __forceinline__ void find_tile(const kde_layer &l, kde_window window,
                                                 int64_t p, wide_place *at)
{
    if (window.rows) at->row = (int)p % window.rows, at->col = (int)p / window.rows;
    else triangle(p, &at->row, &at->col);
    at->row += window.row;
    at->col += window.col;
    kinds_of(l, TILE, at->row, at->col, &at->kind, &at->kind_last);
}

/* The squared distances of the tile's pairs, or false once all are beyond the limit. */
static __device__ __forceinline__ bool
tile_distances(const kde_layer &l, const wide_place &at, int x, int y,
               float (*rows)[CHUNK][TILE], float (*cols)[CHUNK][TILE],
               float (&d2)[8][8])
{
    const int d = l.d, lane = (int)threadIdx.x;
    const int i = at.row * TILE + lane, j = at.col * TILE + lane;
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
        else if (!__syncthreads_or(any_near(d2, l.limit))) return false;
    }
    return true;
}

static __global__ void __launch_bounds__(THREADS, 6)
wide_tile(const kde_layer *__restrict__ layers, int layer_count, kde_window window)
{
    __shared__ __align__(16) float rows[2][CHUNK][TILE], cols[2][CHUNK][TILE];
    __shared__ __align__(16) kde_end<SIDE> end;
    __shared__ kde_layer l;
    __shared__ wide_place at; /* shared, as the layer: they would take registers */
    __shared__ float box_part[THREADS / 32];

    fetch_layer(layers, layer_count, blockIdx.x, &l);
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    if (threadIdx.x == 0) find_tile(l, window, blockIdx.x - l.first_block, &at);
    __syncthreads();
    if (boxes_far(l, at.row, at.col, box_part)) return;
    fetch_classes(l, at.row, end.row_class);
    fetch_classes(l, at.col, end.col_class);

    for (int kind = at.kind; kind <= at.kind_last; ++kind) { /* mixed: twice */
        float d2[8][8] = {}, lower[8] = {}, upper[8] = {};
        if (!tile_distances(l, at, x, y, rows, cols, d2)) return;
        if (at.row == at.col || at.kind != at.kind_last)
            keep_kind(kind, at.row == at.col, x, y, end, d2);
        add_terms(d2, l.scale, x, end, lower, upper);
        __syncthreads();
        flush_columns(end, kind, l, at.col);
        flush_rows(end, kind, l, at.row, x, y, lower, upper);
    }
}

ipl_status kde_launch_wide(ipl_cuda *dev, kde_window window, int64_t blocks, int layers,
                           const kde_layer *layer)
{
    wide_tile<<<(unsigned)blocks, THREADS, 0, dev->measure>>>(layer, layers, window);
    IPL_LAUNCHED(dev, wide_tile);
    return IPL_OK;
}
