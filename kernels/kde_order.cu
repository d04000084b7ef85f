/*
 * kde_order.cu - narrow layers: the rows of a class in the order of a curve, so that
 * rows of a tile lie close together and kde_small.cu can leave most far pairs out.
 *
 * The two units with the widest range span a square of CELLS x CELLS cells, and a row
 * stands where Hilbert's curve through the square meets its cell. Two units are enough:
 * rows that are near in them and far in others are told apart by the boxes, which cover
 * all units, and with more of them the curve is in each for too short a time. On real
 * layers this leaves as many pairs as a k-d tree or fewer (bench/README.md), which
 * takes a sort for each of its levels and not one for all layers.
 *
 * A key holds, from its highest bits, where the row's class begins among the rows of
 * all layers, and the cell's place on the curve. The sort is stable: rows of a cell
 * stay in the order of classes. So the order depends on the layer alone.
 *
 * Launch    find_span: a block a layer. write_keys: blockIdx.y counts layers (and
 *           strides over them), a thread a row. Then CUB's radix sort.
 *           find_span joins columns, side by side: CUB would join neighbouring lanes.
 * Traffic   24 bytes a row and pass of the sort, of which there is one for 8 bits; five
 *           to seven passes. Small layers are bound by its launches.
 * Numerics  Exact integers, but for a value's cell, which only decides on the order:
 *           neither overflow nor an unfit range makes sums wrong.
 * Limits    n <= 2^20, width <= 32.
 */
#include <cub/device/device_radix_sort.cuh>

#include "jobs.cuh"
#include "kde_layer.cuh"

enum {
    CURVE_ROWS = 1024,      /* fewer are not worth a sort                        */
    CURVE_WIDTH = 32,       /* units of the widest packed layer                  */
    CELL_BITS = 12, CELLS = 1 << CELL_BITS,
    SPAN_THREADS = 1024, SPAN_RUNS = SPAN_THREADS / CURVE_WIDTH, BLOCK = 256
};

typedef unsigned long long curve_key;

/* The square that a layer's curve goes through; a unit of -1 is 0 in each row. */
struct curve_span {
    int   unit[2];
    float half_lo[2]; /* half of the unit's smallest value           */
    float cells;      /* for a difference of 2: halves never overflow */
};

struct order_scratch {
    curve_span *span; /* [layers]                                    */
    curve_key  *key, *sorted_key;
    int32_t    *row;  /* in the order of classes                     */
    char       *temp;
    size_t      temp_bytes;
};

/* -- Keys ----------------------------------------------------------------------- */

/* From the boxes of a layer's units: threads of one column look at one unit. */
static __device__ __forceinline__ void find_ends(const pairs_layer &l,
                                                 float (*lo)[CURVE_WIDTH],
                                                 float (*hi)[CURVE_WIDTH])
{
    const int unit = threadIdx.x % CURVE_WIDTH, run = threadIdx.x / CURVE_WIDTH;
    const int boxes = (l.n + PAIRS_SMALL_BOX - 1) / PAIRS_SMALL_BOX;
    float low = INFINITY, high = -INFINITY;
    if (unit < l.d)
#pragma unroll 4
        for (int b = run; b < boxes; b += SPAN_RUNS) {
            low = fminf(low, l.box_lo[(int64_t)b * l.d + unit]);
            high = fmaxf(high, l.box_hi[(int64_t)b * l.d + unit]);
        }
    lo[run][unit] = low;
    hi[run][unit] = high;
    __syncthreads();
    for (int step = SPAN_RUNS / 2; step; step /= 2) {
        if (run < step) {
            lo[run][unit] = fminf(lo[run][unit], lo[run + step][unit]);
            hi[run][unit] = fmaxf(hi[run][unit], hi[run + step][unit]);
        }
        __syncthreads();
    }
}

static __global__ void __launch_bounds__(SPAN_THREADS)
find_span(const kde_layer *__restrict__ layers, curve_span *__restrict__ spans)
{
    __shared__ float lo[SPAN_RUNS][CURVE_WIDTH], hi[SPAN_RUNS][CURVE_WIDTH];
    const pairs_layer &l = layers[blockIdx.x].pairs;
    if (!l.curve) return;
    find_ends(l, lo, hi);
    if (threadIdx.x) return;
    curve_span span = {{-1, -1}, {0.0f, 0.0f}, 0.0f};
    float width[2] = {-1.0f, -1.0f}; /* halves, the larger first */
    for (int k = 0; k < l.d; ++k) {
        const float half_lo = 0.5f * lo[0][k], half = 0.5f * hi[0][k] - half_lo;
        if (!(half > width[1])) continue;
        const int to = half > width[0] ? 0 : 1;
        if (to == 0) {
            width[1] = width[0];
            span.unit[1] = span.unit[0];
            span.half_lo[1] = span.half_lo[0];
        }
        width[to] = half;
        span.unit[to] = k;
        span.half_lo[to] = half_lo;
    }
    span.cells = width[0] > 0.0f ? CELLS / width[0] : 0.0f;
    spans[blockIdx.x] = span;
}

/* Row i's cell in direction q. Conversion turns NaN into 0 and ends at 2^32 - 1. */
static __device__ __forceinline__ unsigned cell_of(const pairs_layer &l,
                                                   const curve_span &span, int q, int i)
{
    if (span.unit[q] < 0) return 0;
    const int64_t padded = (int64_t)l.tiles * PAIRS_SMALL_TILE;
    const float half = 0.5f * l.packed[span.unit[q] * padded + i];
    return min(__float2uint_rz((half - span.half_lo[q]) * span.cells), CELLS - 1u);
}

/* Where Hilbert's curve is in cell (x, y): from the largest quarter to the smallest,
 * each of which is turned so that the curve leaves it next to the following one. */
static __device__ __forceinline__ unsigned on_curve(unsigned x, unsigned y)
{
    unsigned at = 0;
    for (int bit = CELL_BITS - 1; bit >= 0; --bit) {
        const unsigned right = x >> bit & 1, up = y >> bit & 1;
        at = at << 2 | ((3 * right) ^ up);
        if (up) continue;
        const unsigned turn = right ? CELLS - 1u : 0, was = x ^ turn;
        x = y ^ turn;
        y = was;
    }
    return at;
}

/* The first row of row i's class. */
static __device__ __forceinline__ int class_start(const pairs_layer &l, int i)
{
    const int32_t of = l.sorted_class[i];
    int low = 0, high = i;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (l.sorted_class[middle] < of) low = middle + 1;
        else high = middle;
    }
    return low;
}

static __global__ void __launch_bounds__(BLOCK)
write_keys(const kde_layer *__restrict__ layers, int layer_count,
           const int32_t *__restrict__ curve, order_scratch to)
{
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const pairs_layer &l = layers[job].pairs;
        const int i = blockIdx.x * BLOCK + threadIdx.x;
        if (!l.curve || i >= l.n) continue;
        const int64_t first = l.curve - curve;
        const curve_span span = to.span[job];
        const unsigned at = on_curve(cell_of(l, span, 0, i), cell_of(l, span, 1, i));
        const curve_key start = (curve_key)(first + class_start(l, i));
        to.key[first + i] = start << 2 * CELL_BITS | at;
        to.row[first + i] = l.order[i];
    }
}

/* -- The call ------------------------------------------------------------------- */

int kde_has_curve(int64_t n, int64_t d) { return n >= CURVE_ROWS && d <= CURVE_WIDTH; }

/* Bits of the keys of so many rows. */
static int key_bits(int64_t rows)
{
    int bits = 2 * CELL_BITS;
    while (rows - 1 >> (bits - 2 * CELL_BITS)) ++bits;
    return bits;
}

static cudaError_t sort_rows(const order_scratch *s, int64_t rows, int32_t *curve,
                             cudaStream_t stream, size_t *temp_bytes)
{
    return cub::DeviceRadixSort::SortPairs(s->temp, *temp_bytes, s->key, s->sorted_key,
                                           s->row, curve, rows, 0, key_bits(rows),
                                           stream);
}

/* Without a device CUB names no bytes, and the call itself will say why. */
static order_scratch lay_out(int layers, int64_t rows, ipl_arena *from)
{
    order_scratch s = {};
    (void)sort_rows(&s, rows, nullptr, nullptr, &s.temp_bytes);
    s.temp = arena_take<char>(from, (int64_t)s.temp_bytes);
    s.span = arena_take<curve_span>(from, layers);
    s.key = arena_take<curve_key>(from, rows);
    s.sorted_key = arena_take<curve_key>(from, rows);
    s.row = arena_take<int32_t>(from, rows);
    return s;
}

size_t kde_order_bytes(int layers, int64_t rows)
{
    ipl_arena from = {};
    lay_out(layers, rows, &from);
    return from.used;
}

ipl_status kde_launch_order(ipl_cuda *dev, int32_t n_max, int64_t rows, int layers,
                            const kde_layer *layer, void *scratch, int32_t *curve)
{
    ipl_arena from = {(char *)scratch, 0};
    order_scratch s = lay_out(layers, rows, &from);
    find_span<<<(unsigned)layers, SPAN_THREADS, 0, dev->stream>>>(layer, s.span);
    IPL_LAUNCHED(dev, find_span);
    write_keys<<<grid_of(ceil_div(n_max, BLOCK), layers), BLOCK, 0, dev->stream>>>(
        layer, layers, curve, s);
    IPL_LAUNCHED(dev, write_keys);
    dev->kernel = "cub::DeviceRadixSort";
    IPL_CUDA(dev, sort_rows(&s, rows, curve, dev->stream, &s.temp_bytes));
    return IPL_OK;
}
