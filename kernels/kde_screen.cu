/*
 * kde_screen.cu - pair sums of wide layers whose pairs are mostly far: integers decide
 * which pairs are looked at.
 *
 * "Every pair with D <= limit", D and its similarity as in kde_exact.cuh. The test of
 * kde_codes.cu only keeps pairs away that are certainly beyond the limit; so the result
 * is that of no screen at all, to the bit.
 *
 * Launch    A block of 256 threads owns a tile of 128 x 128 pairs, blockIdx.x counts
 *           the tiles of the squares of kde_squares.cuh of all layers or of a window of
 *           one. Its warps share the products q_i.q_j as 2 x 4 pieces of 64 x 32, with
 *           tensor cores (m16n8k32) from sm_80 on and dp4a before. What the test leaves
 *           are bits in shared memory, at fixed places; the same block goes through
 *           them, four lanes a row with up to eight others. 128 registers: two blocks a
 *           multiprocessor.
 * Traffic   A tile reads 256 d bytes of codes from the L2, STAGES runs of 32 units
 *           ahead, for 16384 d integer products: the L2 limits, then shared memory. A
 *           pair that is left reads 4 d to 8 d bytes of rows from the first cache and
 *           takes 2 d float operations and four additions in memory.
 *           Order of rows: by class. Near rows that lie apart in it share no reads; an
 *           order by distance inside the classes would halve what is left to do.
 *           Not CUB: the or of four lanes, two shuffles, as it tests a bound for each;
 *           the place of a set bit, one popc, for which its scan shuffles 5 times.
 * Numerics  kde_exact.cuh. Leaving out the pairs beyond the limit costs a row less
 *           than n 2^-(ceil(log2 n) + 21) of its sum, which holds the exact 1 of j = i.
 * Limits    Those of kde_codes.cu; n <= 2^20.
 */
#include <cub/block/block_scan.cuh>
#include <cuda_pipeline_primitives.h>

#include "kde_exact.cuh"
#include "kde_products.cuh"
#include "kde_squares.cuh"

enum {
    THREADS = 256, WARPS = THREADS / 32, WORDS = TILE / 32,
    STAGES = 5,        /* runs of units that are here or on their way            */
    FEW = 2, MANY = 8, /* others of a row that four lanes do at a time           */
    NONE = 255
};

/* The pairs that are left, row after row, in groups of FEW or MANY columns of a row:
 * the last of a row is filled with NONE. */
struct near_list {
    uint8_t column[TILE * TILE];
    uint8_t row[(int)TILE * TILE / (int)FEW]; /* of each group */
};

typedef cub::BlockScan<uint32_t, THREADS, cub::BLOCK_SCAN_WARP_SCANS> group_scan;

struct screen_place {
    int  row, col; /* tiles */
    bool there;
};

struct screen_shared {
    union {
        stage     stages[STAGES];
        near_list list;
    };
    uint32_t     near[TILE][WORDS];
    uint32_t     start[TILE + 1]; /* groups before a row: of FEW << 16 | of MANY */
    group_scan::TempStorage scan;
    screen_place at;
    kde_layer    l;
};

/* Queues run k of the rows' and the columns' codes, if there is one. */
static __device__ __forceinline__ void fetch_run(const uint4 *rows, const uint4 *cols,
                                                 int k, int runs, stage *stages)
{
    if (k < runs) {
        uint4 *to = &stages[k % STAGES][0][0][0];
        const int64_t from = (int64_t)k * THREADS + threadIdx.x;
        static_assert(THREADS == 2 * TILE, "a thread, a half");
        __pipeline_memcpy_async(to + threadIdx.x, rows + from, sizeof *to);
        __pipeline_memcpy_async(to + THREADS + threadIdx.x, cols + from, sizeof *to);
    }
    __pipeline_commit(); /* also of nothing: groups are counted */
}

/* The products of all pairs of the tile. Ends with a barrier. */
static __device__ __forceinline__ void multiply_tile(screen_shared &shared,
                                                     products &acc)
{
    const uint4 *rows = code_tile(shared.l, shared.at.row);
    const uint4 *cols = code_tile(shared.l, shared.at.col);
    const int runs = shared.l.codes.chunks;
    for (int k = 0; k < STAGES - 1; ++k)
        fetch_run(rows, cols, k, runs, shared.stages);
#pragma unroll 1
    for (int k = 0; k < runs; ++k) {
        __pipeline_wait_prior(STAGES - 2);
        __syncthreads(); /* run k is here, run k - 1 has been read */
        fetch_run(rows, cols, k + STAGES - 1, runs, shared.stages);
        add_products(shared.stages[k % STAGES], acc);
    }
    __syncthreads();
}

/* Bit c % 32 of near[r][c / 32]: the pair of row r and column c may be near. True
 * where the thread's part has one. */
static __device__ __forceinline__ bool keep_near(screen_shared &shared,
                                                 const products &acc)
{
    const screen_place at = shared.at;
    const int2 *rows = shared.l.codes.bound + at.row * TILE;
    const int2 *cols = shared.l.codes.bound + at.col * TILE;
    int2 col[4][2];
    uint32_t any = 0;
#pragma unroll
    for (int n = 0; n < 4; ++n)
#pragma unroll
        for (int e = 0; e < 2; ++e) col[n][e] = cols[column_of(n, e)];
#pragma unroll
    for (int m = 0; m < 4; ++m)
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            const int r = row_of(m, h);
            const int2 row = rows[r];
            uint32_t bits = 0;
#pragma unroll
            for (int n = 0; n < 4; ++n)
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    const int c = column_of(n, e);
                    const bool far = acc[m][n][2 * h + e] + row.y * col[n][e].y <
                                     row.x + col[n][e].x;
                    const bool above = at.row < at.col || r < c;
                    if (!far && above) bits |= 1u << c % 32;
                }
            bits |= __shfl_xor_sync(~0u, bits, 1);
            bits |= __shfl_xor_sync(~0u, bits, 2);
            if (threadIdx.x % 4 == 0) shared.near[r][threadIdx.x / 32 % 4] = bits;
            any |= bits;
        }
    return any != 0;
}

/* start[r] for all rows, from their bits. Barriers before and after. */
static __device__ __forceinline__ void count_groups(screen_shared &shared)
{
    const int r = threadIdx.x;
    uint32_t groups = 0;
    if (r < TILE) {
        for (int w = 0; w < WORDS; ++w) groups += (uint32_t)__popc(shared.near[r][w]);
        groups = (groups + FEW - 1) / FEW << 16 | (groups + MANY - 1) / MANY;
    }
    group_scan(shared.scan).ExclusiveSum(groups, groups);
    if (r <= TILE) shared.start[r] = groups;
    __syncthreads();
}

/* Whether MANY columns at a time take fewer reads of rows. */
static __device__ __forceinline__ bool many_in_a_row(const screen_shared &shared)
{
    const uint32_t all = shared.start[TILE];
    return (all & 0xffff) * (MANY + 1) <= (all >> 16) * (FEW + 1);
}

template <int S> static __device__ __forceinline__ int groups_before(uint32_t start)
{
    return (int)(S == FEW ? start >> 16 : start & 0xffff);
}

/* Writes the list in groups of S; a warp a row. Ends with a barrier. */
template <int S> static __device__ __forceinline__ void list_near(screen_shared &shared)
{
    const int lane = threadIdx.x % 32;
    for (int r = threadIdx.x / 32; r < TILE; r += WARPS) {
        const int first = groups_before<S>(shared.start[r]);
        const int groups = groups_before<S>(shared.start[r + 1]) - first;
        uint8_t *column = shared.list.column + first * S;
        int found = 0;
        for (int w = 0; w < WORDS; ++w) {
            const uint32_t bits = shared.near[r][w];
            const int at = found + __popc(bits & ((1u << lane) - 1));
            if (bits >> lane & 1) column[at] = (uint8_t)(32 * w + lane);
            found += __popc(bits);
        }
        if (found + lane < groups * S) column[found + lane] = NONE; /* less than S */
        for (int k = lane; k < groups; k += 32) shared.list.row[first + k] = (uint8_t)r;
    }
    __syncthreads();
}

/* Adds the listed pairs that are near. */
template <int S> static __device__ __forceinline__ void add_near(screen_shared &shared)
{
    const kde_layer &l = shared.l;
    const int groups = groups_before<S>(shared.start[TILE]);
    const int lane = threadIdx.x % 32, first_row = shared.at.row * TILE;
    const int first_col = shared.at.col * TILE;
#pragma unroll 1
    for (int k = threadIdx.x / 32 * 8; k < groups; k += THREADS / 4) {
        const int group = min(k + lane / 4, groups - 1);
        const uint8_t *column = shared.list.column + group * S;
        const int i = first_row + shared.list.row[group];
        const float *b[S];
        float D[S];
#pragma unroll
        for (int s = 0; s < S; ++s) {
            const int c = column[s] == NONE ? column[0] : column[s];
            b[s] = l.pairs.t + (int64_t)l.pairs.place[first_col + c] * l.pairs.d;
        }
        group_distances(l.pairs, l.pairs.t + (int64_t)l.pairs.place[i] * l.pairs.d, b,
                        D);
        if (k + lane / 4 >= groups) continue;
#pragma unroll
        for (int s = 0; s < S; ++s)
            if (s % 4 == lane % 4 && column[s] != NONE)
                add_pair(l, i, first_col + column[s], D[s]);
    }
}

static __global__ void __launch_bounds__(THREADS, BLOCKS)
screen_tile(const kde_layer *__restrict__ layers, int layer_count, kde_window window,
            int64_t base)
{
    __shared__ __align__(16) screen_shared shared;
    const int64_t b = base + blockIdx.x;
    fetch_layer(layers, layer_count, b, &shared.l);
    if (threadIdx.x == 0)
        shared.at.there =
            find_in_squares(tiles_of(window, shared.l.pairs.n, TILE),
                            b - shared.l.first_block, &shared.at.row, &shared.at.col);
    __syncthreads();
    if (!shared.at.there) return;
    products acc = {};
    multiply_tile(shared, acc);
    if (!__syncthreads_or(keep_near(shared, acc))) return;
    count_groups(shared);
    if (many_in_a_row(shared)) {
        list_near<MANY>(shared);
        add_near<MANY>(shared);
    } else {
        list_near<FEW>(shared);
        add_near<FEW>(shared);
    }
}

ipl_status kde_launch_screen(ipl_cuda *dev, kde_window window, int64_t base,
                             int64_t blocks, int layers, const kde_layer *layer)
{
    screen_tile<<<(unsigned)blocks, THREADS, 0, dev->stream>>>(layer, layers, window,
                                                              base);
    IPL_LAUNCHED(dev, screen_tile);
    return IPL_OK;
}
