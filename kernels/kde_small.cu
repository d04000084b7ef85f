/*
 * kde_small.cu - pair sums of narrow layers, one kernel for each width up to 32.
 *
 * For each row i and class-sorted rows j, adds exp2(scale * |t_i - t_j|^2) and its
 * fourth power to layer.part (kde_tile.cuh says where).
 *
 * Launch    Blocks of 256 threads. A block keeps a tile of 128 rows and sweeps up to
 *           `strip` tiles of 128 columns; blockIdx.x counts the strips of all layers,
 *           found by layer.first_block. 128 registers: two blocks a multiprocessor.
 * Traffic   A tile of 16384 pairs reads 512 d bytes and adds 256 to 512 integers to
 *           memory; a pair takes 2 d float operations for the distance, 7 for the two
 *           bounds in both directions and one exponential. The float units limit, not
 *           the exponential's and not memory.
 * Numerics  Direct differences, so that close rows keep their digits. The thread's sums
 *           are in float, short and in a fixed order; beyond the strip they are
 *           integers in fixed point. Equal input, equal bits, for any schedule.
 *           A tile whose bounding boxes are further apart than layer.limit is left
 *           out; differences of box ends round as those of rows do and bound them.
 * Limits    width in `widths` of kde.cu, n <= 2^20.
 */
#include "kde_tile.cuh"

enum { SIDE = 16, TILE = PAIRS_SMALL_TILE, THREADS = SIDE * SIDE };

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
    int8_t far;             /* the boxes prove that no pair is within the limit */
    int8_t kind, kind_last; /* of the pairs in it                               */
};

/* note[tile % STRIP_MAX] for each tile of the strip; a warp a tile. */
static __device__ __forceinline__ void note_tiles(const kde_layer &l, const strip &s,
                                                  tile_note *note)
{
    const int lane = threadIdx.x % 32, units = l.pairs.box_units;
    const float *lo = l.pairs.box_lo, *hi = l.pairs.box_hi;
    for (int tile = s.first + threadIdx.x / 32; tile < s.last; tile += THREADS / 32) {
        float gap = 0.0f;
        if (lane < units) {
            const int64_t a = (int64_t)s.row * units + lane;
            const int64_t b = (int64_t)tile * units + lane;
            gap = fmaxf(lo[a] - hi[b], lo[b] - hi[a]);
            gap = fmaxf(0.0f, gap);
        }
        float sum = gap * gap;
        for (int step = 16; step; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
        int kind, kind_last;
        kinds_of(l.pairs, TILE, s.row, tile, &kind, &kind_last);
        if (lane) continue;
        note[tile % KDE_STRIP_MAX] = {sum > l.limit, (int8_t)kind, (int8_t)kind_last};
    }
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

template <int WIDTH>
static __global__ void __launch_bounds__(THREADS, 2)
sweep_strip(const kde_layer *__restrict__ layers, int layer_count)
{
    __shared__ __align__(16) float rows[WIDTH][TILE], cols[WIDTH][TILE];
    __shared__ __align__(16) kde_end<SIDE> end;
    __shared__ kde_layer l;
    __shared__ strip s; /* shared, as the layer: they would take registers */
    __shared__ tile_note note[KDE_STRIP_MAX];

    fetch_layer(layers, layer_count, blockIdx.x, &l);
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    if (threadIdx.x == 0) s = strip_of(l, blockIdx.x - l.first_block);
    __syncthreads();
    if (s.row >= l.pairs.tiles) return;
    load_tile<WIDTH>(l.pairs, s.row, rows, end.row_class);
    note_tiles(l, s, note);
    __syncthreads();

    float row_lower[8] = {}, row_upper[8] = {};
    int   summing = KDE_OWN; /* the kind that the row sums are of */
    for (int tile = s.first; tile < s.last; ++tile) {
        const tile_note &of = note[tile % KDE_STRIP_MAX];
        if (of.far) continue;
        load_tile<WIDTH>(l.pairs, tile, cols, end.col_class);
        for (int kind = of.kind; kind <= of.kind_last; ++kind) { /* mixed: twice */
            __syncthreads(); /* cols are there, end.col has been read */
            if (kind != summing) {
                flush_rows(end, summing, l, s.row, x, y, row_lower, row_upper);
                summing = kind;
            }
            float d2[8][8] = {};
/* More at a time would spill registers (nvcc 13.0, all architectures). */
#pragma unroll(WIDTH <= 3 ? WIDTH : WIDTH < 8 ? 1 : 2)
            for (int k = 0; k < WIDTH; ++k)
                add_unit<SIDE>(rows[k], cols[k], x, y, d2);
            if (tile == s.row || of.kind != of.kind_last)
                keep_kind(kind, tile == s.row, x, y, end, d2);
            add_terms(d2, l.scale, x, end, row_lower, row_upper);
            __syncthreads(); /* cols may be overwritten */
            flush_columns(end, kind, l, tile);
        }
    }
    flush_rows(end, summing, l, s.row, x, y, row_lower, row_upper);
}

typedef void sweep(const kde_layer *, int);

ipl_status kde_launch_small(ipl_cuda *dev, int width, int64_t blocks, int layers,
                            const kde_layer *layer)
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
            s.run<<<(unsigned)blocks, THREADS, 0, dev->stream>>>(layer, layers);
            IPL_LAUNCHED(dev, sweep_strip);
            return IPL_OK;
        }
    return IPL_FAIL(IPL_E_UNSUPPORTED, "no KDE kernel of width %d", width);
}
