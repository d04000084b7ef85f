/*
 * kde_small.cu - pair sums of narrow layers, one kernel for each width up to 32.
 *
 * For each row i and class-sorted rows j, adds exp2(scale * |t_i - t_j|^2) and its
 * fourth power to layer.part (kde_tile.cuh says where).
 *
 * A tile has 16 parts of 32 x 32 pairs, each with a box around its rows and one around
 * its columns. A part whose boxes are further apart than layer.limit is left out, and
 * so is a part below the diagonal. kde_order.cu puts rows so that many parts are far.
 *
 * Launch    Blocks of 256 threads. A block keeps a tile of 128 rows and sweeps up to
 *           `strip` tiles of 128 columns; base + blockIdx.x counts the strips of all
 *           layers, found by layer.first_block. A warp has two parts of a tile and does
 *           them one after the other, 32 pairs a thread. At 80 registers (d <= 4) three
 *           blocks share a multiprocessor and fill what warps without a near part
 *           leave, at up to 110 two.
 * Traffic   A tile of 16384 pairs reads 512 d bytes and adds 256 to 512 integers to
 *           memory; a pair takes 2 d float operations for the distance, 7 for the two
 *           bounds in both directions and one exponential. The float units limit, not
 *           the exponential's and not memory. Comparing the boxes of a tile takes 10 d
 *           operations of half a warp.
 * Numerics  Direct differences, so that close rows keep their digits. The thread's sums
 *           are in float, short and in a fixed order; beyond the strip they are
 *           integers in fixed point. Equal input, equal bits, for any schedule.
 *           The distance of two boxes is summed as those of rows are, unit after unit,
 *           and each step rounds monotonically: where it is beyond the limit, so is the
 *           distance in float of every pair of the part. Each of these terms is below
 *           2^-(ceil(log2 n) + 21), so a row loses less than 2^-21 of its sum, which
 *           holds the exact 1 of j = i.
 * Limits    width in `widths` of kde.cu, n <= 2^20.
 */
#include "kde_tile.cuh"

enum {
    SIDE = 16, TILE = PAIRS_SMALL_TILE, THREADS = SIDE * SIDE,
    BOXES = TILE / PAIRS_SMALL_BOX, /* in a tile of rows  */
    PARTS = BOXES * BOXES           /* in a tile of pairs */
};

/* A tile of rows and the tiles of columns [first, last) that a block goes through. */
struct strip {
    int row, first, last;
};

/* Number s: squares of strip x strip tiles on and above the diagonal, row after row. */
static __device__ __forceinline__ strip strip_of(const kde_layer &l, int64_t s)
{
    int across, down, tiles = l.pairs.tiles;
    triangle(s / l.strip, &down, &across);
    const int row = down * l.strip + (int)(s % l.strip);
    return {row, max(row, across * l.strip), min((across + 1) * l.strip, tiles)};
}

/* What a block has to know of a tile of its strip before it looks at the pairs. */
struct tile_note {
    uint16_t near;          /* bit BOXES r + c: boxes r of rows, c of columns   */
    int8_t kind, kind_last; /* of the pairs in it                               */
};

/* False where all pairs of the boxes a and b are beyond the limit. */
static __device__ __forceinline__ bool boxes_near(const kde_layer &l, int64_t a,
                                                  int64_t b)
{
    const int units = l.pairs.box_units;
    const float *lo = l.pairs.box_lo, *hi = l.pairs.box_hi;
    float d2 = 0.0f;
    for (int k = 0; k < units; ++k) {
        const float gap = fmaxf(lo[a * units + k] - hi[b * units + k],
                                lo[b * units + k] - hi[a * units + k]);
        if (gap > 0.0f) d2 = fmaf(gap, gap, d2);
    }
    return !(d2 > l.limit);
}

/* note[tile % STRIP_MAX] for each tile of the strip, PARTS threads a tile. Returns
 * whether the thread's boxes are near. */
static __device__ __forceinline__ bool note_tiles(const kde_layer &l, const strip &s,
                                                  tile_note *note)
{
    static_assert(THREADS == PARTS * KDE_STRIP_MAX && 32 == 2 * PARTS, "a pass");
    const int tile = s.first + threadIdx.x / PARTS, part = threadIdx.x % PARTS;
    const int r = part / BOXES, c = part % BOXES;
    bool near = false;
    if (tile < s.last && (tile > s.row || r <= c)) /* else below the diagonal */
        near = boxes_near(l, (int64_t)s.row * BOXES + r, (int64_t)tile * BOXES + c);
    const unsigned of_warp = __ballot_sync(~0u, near);
    if (part == 0 && tile < s.last) {
        int kind, kind_last;
        kinds_of(l.pairs, TILE, s.row, tile, &kind, &kind_last);
        note[tile % KDE_STRIP_MAX] = {(uint16_t)(of_warp >> threadIdx.x % 32),
                                      (int8_t)kind, (int8_t)kind_last};
    }
    return near;
}

/* Whether the warp's rows are near its columns of a run. */
static __device__ __forceinline__ bool near_here(const tile_note &note, int run)
{
    const int r = warp_grid<SIDE>::down();
    const int c = run * warp_grid<SIDE>::ACROSS + warp_grid<SIDE>::across();
    return note.near >> (BOXES * r + c) & 1;
}

template <int WIDTH>
static __device__ __forceinline__ void load_tile(const pairs_layer &l, int tile,
                                                 float (*to)[TILE], int32_t *to_class)
{
    const int64_t padded = (int64_t)l.tiles * TILE;
    const float *from = l.packed + (int64_t)tile * TILE;
    for (int k = threadIdx.x / TILE; k < WIDTH; k += THREADS / TILE)
        to[k][threadIdx.x % TILE] = from[k * padded + threadIdx.x % TILE];
    if (threadIdx.x < TILE)
        to_class[threadIdx.x] =
            l.sorted_class[min(tile * TILE + (int)threadIdx.x, l.n - 1)];
}

/* In the narrowest layers fewest parts are near, and a third block fills what is idle,
 * but its few registers allow no unrolling; beyond, that is worth more. */
template <int WIDTH> struct shape {
    enum {
        NARROWEST = WIDTH <= 4, BLOCKS = NARROWEST ? 3 : 2, ALL_MAX = NARROWEST ? 2 : 8,
        UNROLL = WIDTH <= ALL_MAX ? WIDTH : NARROWEST ? 1 : 4
    };
};

template <int WIDTH>
static __global__ void __launch_bounds__(THREADS, shape<WIDTH>::BLOCKS)
sweep_strip(const kde_layer *__restrict__ layers, int layer_count, int64_t base)
{
    __shared__ __align__(16) float rows[WIDTH][TILE], cols[WIDTH][TILE];
    __shared__ __align__(16) kde_end<SIDE> end;
    __shared__ kde_layer l;
    __shared__ strip s; /* shared, as the layer: they would take registers */
    __shared__ tile_note note[KDE_STRIP_MAX];
    __shared__ int summing; /* the kind that the row sums are of */

    const int64_t block = base + blockIdx.x;
    fetch_layer(layers, layer_count, block, &l);
    if (threadIdx.x == 0) s = strip_of(l, block - l.first_block), summing = KDE_OWN;
    __syncthreads();
    if (s.row >= l.pairs.tiles) return;
    if (!__syncthreads_or(note_tiles(l, s, note))) return;
    load_tile<WIDTH>(l.pairs, s.row, rows, end.row_class);

    float row_lower[8] = {}, row_upper[8] = {};
    for (int tile = s.first; tile < s.last; ++tile) {
        const tile_note &of = note[tile % KDE_STRIP_MAX];
        if (!of.near) continue;
        load_tile<WIDTH>(l.pairs, tile, cols, end.col_class);
        for (int kind = of.kind; kind <= of.kind_last; ++kind) { /* mixed: twice */
            __syncthreads(); /* cols are there, end.col has been read */
            if (kind != summing) {
                const int2 at = thread_place<SIDE>();
                flush_rows(end, summing, l, s.row, at.x, at.y, row_lower,
                           row_upper);
                if (threadIdx.x == 0) summing = kind; /* read after a barrier */
            }
#pragma unroll 1
            for (int run = 0; run < 2; ++run) {
                float d2[8][4] = {}, none[4] = {};
                int2 at = thread_place<SIDE>();
                at.x += run * SIDE;
                if (!near_here(of, run)) {
                    write_columns(at.x, none, none, end);
                    continue;
                }
#pragma unroll(shape<WIDTH>::UNROLL)
                for (int k = 0; k < WIDTH; ++k)
                    add_unit<SIDE>(rows[k], cols[k], at.x, at.y, d2);
                if (tile == s.row || of.kind != of.kind_last)
                    keep_kind(kind, tile == s.row, at.x, at.y, end, d2);
                add_terms(d2, l.scale, at.x, end, row_lower, row_upper);
            }
            __syncthreads(); /* cols may be overwritten */
            flush_columns(end, kind, l, tile);
        }
    }
    const int2 at = thread_place<SIDE>();
    flush_rows(end, summing, l, s.row, at.x, at.y, row_lower, row_upper);
}

typedef void sweep(const kde_layer *, int, int64_t);

ipl_status kde_launch_small(ipl_cuda *dev, int width, int64_t base, int64_t blocks,
                            int layers, const kde_layer *layer)
{
    static const struct { int width; sweep *run; } sweeps[] = {
        {1, sweep_strip<1>},   {2, sweep_strip<2>},   {3, sweep_strip<3>},
        {4, sweep_strip<4>},   {5, sweep_strip<5>},   {6, sweep_strip<6>},
        {7, sweep_strip<7>},   {8, sweep_strip<8>},   {10, sweep_strip<10>},
        {12, sweep_strip<12>}, {14, sweep_strip<14>}, {16, sweep_strip<16>},
        {20, sweep_strip<20>}, {24, sweep_strip<24>}, {28, sweep_strip<28>},
        {32, sweep_strip<32>},
    };
    for (const auto &s : sweeps)
        if (s.width == width) {
            s.run<<<(unsigned)blocks, THREADS, 0, dev->stream>>>(layer, layers, base);
            IPL_LAUNCHED(dev, sweep_strip);
            return IPL_OK;
        }
    return IPL_FAIL(IPL_E_UNSUPPORTED, "no KDE kernel of width %d", width);
}
