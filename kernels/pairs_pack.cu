/*
 * pairs_pack.cu - before the pairs: rows in the order of classes, boxes of tiles.
 *
 * Launch    blockIdx.y counts layers (and strides over them), blockIdx.x tiles of rows.
 * Traffic   A pass over n d floats and some over n integers: memory limits, and the
 *           pairs take far longer. Lanes shuffle: reduce.cuh says why.
 * Numerics  Exact: values are copied, multiplied by a power of two. Rows that fill the
 *           last tile of a packed layer are +infinity in each unit.
 */
#include "pairs_layer.cuh"

enum { LAYERS_AT_ONCE = 65535 };

static __device__ __forceinline__ const pairs_layer &layer_of(const char *table,
                                                              int stride, int job)
{
    return *(const pairs_layer *)(table + (int64_t)job * stride);
}

/* The smallest and largest of a warp's values. */
static __device__ __forceinline__ float2 warp_ends(float lo, float hi)
{
    for (int step = 16; step; step /= 2) {
        lo = fminf(lo, __shfl_xor_sync(~0u, lo, step));
        hi = fmaxf(hi, __shfl_xor_sync(~0u, hi, step));
    }
    return make_float2(lo, hi);
}

/* One row of a narrow layer to its place, unit first, and the box of its warp. */
static __device__ __forceinline__ void pack_row(const pairs_layer &l, int i,
                                                int32_t row)
{
    static_assert(PAIRS_SMALL_BOX == 32, "a warp's");
    const int64_t padded = (int64_t)l.tiles * PAIRS_SMALL_TILE;
    const int64_t box = (int64_t)(i / PAIRS_SMALL_BOX) * l.box_units;
    for (int k = 0; k < l.width; ++k) {
        float v = row < 0 ? INFINITY : 0.0f; /* no row; a unit too many */
        if (row >= 0 && k < l.d) v = l.unit * l.t[(int64_t)row * l.d + k];
        l.packed[k * padded + i] = v;
        const float2 ends = warp_ends(v, row < 0 ? -INFINITY : v);
        if (threadIdx.x % 32 || k >= l.d) continue;
        l.box_lo[box + k] = ends.x;
        l.box_hi[box + k] = ends.y;
    }
}

/* The classes of rows in their order, and for narrow layers the rows in it and their
 * boxes. */
static __global__ void __launch_bounds__(PAIRS_SMALL_TILE)
gather_rows(const char *__restrict__ table, int stride, int layers, int again,
            int first)
{
    for (int job = blockIdx.y; job < layers; job += gridDim.y) {
        const pairs_layer &l = layer_of(table, stride, job);
        const int tile = first / PAIRS_SMALL_TILE + blockIdx.x;
        const int i = tile * PAIRS_SMALL_TILE + threadIdx.x;
        if (again && !l.curve) continue;
        if (i < l.n && !again) l.sorted_class[i] = l.label[l.order[i]];
        if (l.width == 0 || tile >= l.tiles) continue; /* the whole block */
        const int32_t *place = again && l.place == l.order ? l.curve : l.place;
        pack_row(l, i, i < l.n ? place[i] : -1);
    }
}

/* The smallest and largest value of each unit in each tile of a wide layer. */
static __global__ void __launch_bounds__(PAIRS_SMALL_TILE)
box_tiles(const char *__restrict__ table, int stride, int layers, int first)
{
    for (int job = blockIdx.y; job < layers; job += gridDim.y) {
        const pairs_layer &l = layer_of(table, stride, job);
        const int tile = first / PAIRS_WIDE_TILE + blockIdx.x;
        if (l.width || tile >= l.tiles) continue;
        const int from = tile * PAIRS_WIDE_TILE, to = min(from + PAIRS_WIDE_TILE, l.n);
        for (int k = threadIdx.x; k < l.box_units; k += blockDim.x) {
            float lo = INFINITY, hi = -INFINITY;
            for (int i = from; i < to; ++i) {
                const float v = l.unit * l.t[(int64_t)l.place[i] * l.d + k];
                lo = fminf(lo, v);
                hi = fmaxf(hi, v);
            }
            l.box_lo[(int64_t)tile * l.box_units + k] = lo;
            l.box_hi[(int64_t)tile * l.box_units + k] = hi;
        }
    }
}

ipl_status pairs_launch_gather(ipl_cuda *dev, int again, int32_t first, int32_t rows,
                               pairs_table table)
{
    const dim3 grid((unsigned)ceil_div(rows, PAIRS_SMALL_TILE),
                    (unsigned)min(table.layers, LAYERS_AT_ONCE));
    gather_rows<<<grid, PAIRS_SMALL_TILE, 0, dev->stream>>>(
        table.at, table.stride, table.layers, again, first);
    IPL_LAUNCHED(dev, gather_rows);
    return IPL_OK;
}

ipl_status pairs_launch_boxes(ipl_cuda *dev, int32_t first, int32_t rows,
                              pairs_table table)
{
    const dim3 grid((unsigned)ceil_div(rows, PAIRS_WIDE_TILE),
                    (unsigned)min(table.layers, LAYERS_AT_ONCE));
    box_tiles<<<grid, PAIRS_SMALL_TILE, 0, dev->stream>>>(table.at, table.stride,
                                                           table.layers, first);
    IPL_LAUNCHED(dev, box_tiles);
    return IPL_OK;
}
