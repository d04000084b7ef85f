/*
 * kde_codes.cu - before the screen: rows of wide layers as small integers.
 *
 * With the middle m of each unit's range, half the widest range h and step = h / 127:
 *
 *     q_i = rint((t_i - m) / step), |q| <= 127      N_i = |q_i|^2
 *     r_i >= |t_i - m - step q_i|
 *     R_i = ceil((sqrt(cut) / 2 + r_i) / step)      H_i = floor((N_i - R_i^2) / 2)
 *
 * |t_i - t_j| >= step |q_i - q_j| - r_i - r_j, so a pair with |q_i - q_j|^2 >
 * (R_i + R_j)^2 is beyond the cut. As |q_i - q_j|^2 = N_i + N_j - 2 q_i.q_j, that is
 * certain, in integers, wherever  q_i.q_j + R_i R_j < H_i + H_j.
 *
 * Launch    ends: a thread a unit, for runs of 256 rows. middles: a block a layer.
 *           sample: four lanes a pair. codes: a warp a row.
 * Traffic   Two passes over the values and n d bytes of codes: memory limits.
 *           A tile's codes are in the order in which kde_screen.cu reads them: runs of
 *           KDE_CHUNK units, 32 bytes a row; rows 4 to 7 of each 8 have the halves of
 *           these swapped, so that eight rows lie in different banks.
 * Numerics  Codes are made in double: what that may be off is below 2^-50 |t_i - m|
 *           + 1e-9 r_i, which r_i includes. cut is the layer's limit raised by
 *           (d + 8) 2^-23 of it, more than float distances may be below the true ones.
 *           Ends are joined as integers and sums have fixed orders: equal bits.
 *           Rows that fill the last tile are 0 with an H that no pair reaches.
 * Limits    d <= 65536 and R_i < 2^14: then nothing leaves int32 (kde_choose.cu).
 */
#include "kde_exact.cuh"
#include "reduce.cuh"

enum { THREADS = 256, RUN = 256, LAYERS_AT_ONCE = 65535, NOWHERE = 1 << 29 };

/* Larger for larger values, never 0. */
static __device__ __forceinline__ uint32_t key_of(float v)
{
    const uint32_t bits = __float_as_uint(v);
    return bits & 1u << 31 ? ~bits : bits | 1u << 31;
}

static __device__ __forceinline__ float value_of(uint32_t key)
{
    return __uint_as_float(key & 1u << 31 ? key & ~(1u << 31) : ~key);
}

static __global__ void __launch_bounds__(THREADS)
unit_ends(const kde_layer *__restrict__ layers, int layer_count, int first, int rows)
{
    for (int job = blockIdx.z; job < layer_count; job += gridDim.z) {
        const pairs_layer &l = layers[job].pairs;
        const int u = blockIdx.y * THREADS + threadIdx.x;
        const int from = first + (int)blockIdx.x * RUN;
        const int to = min(min(from + RUN, first + rows), l.n);
        if (u >= l.d || from >= to || !layers[job].codes.chunks) continue;
        uint32_t lowest = 0, highest = 0;
        for (int i = from; i < to; ++i) {
            const float v = l.t[(int64_t)l.place[i] * l.d + u];
            lowest = max(lowest, key_of(-v));
            highest = max(highest, key_of(v));
        }
        atomicMax(layers[job].codes.ends + u, lowest);
        atomicMax(layers[job].codes.ends + l.d + u, highest);
    }
}

static __global__ void __launch_bounds__(THREADS)
unit_middles(const kde_layer *__restrict__ layers)
{
    const kde_layer &l = layers[blockIdx.x];
    double most = 0.0;
    if (!l.codes.chunks) return;
    for (int u = threadIdx.x; u < l.pairs.d; u += THREADS) {
        const float lo = -value_of(l.codes.ends[u]);
        const float hi = value_of(l.codes.ends[l.pairs.d + u]);
        const float middle = 0.5f * lo + 0.5f * hi;
        l.codes.middle[u] = middle;
        most = fmax(most, fmax((double)hi - middle, (double)middle - lo));
    }
    most = block_reduce<THREADS>(most, cuda::maximum<>{});
    if (threadIdx.x == 0) l.codes.choice->half_range = most;
}

/* How many of the sample's pairs are within the limit. */
static __global__ void __launch_bounds__(THREADS)
near_sample(const kde_layer *__restrict__ layers, int layer_count, int side_by_side)
{
    const int p = (int)(blockIdx.x * THREADS + threadIdx.x) / 4;
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const kde_layer &l = layers[job];
        if (!l.codes.chunks) continue; /* the whole block */
        const bool there = !side_by_side || p < side_by_side;
        int i = 0, j = 0;
        if (side_by_side) i = there ? 2 * p : 0, j = there ? 2 * p + 1 : 0;
        else kde_sample(p, l.pairs.n, &i, &j);
        const float *b[1] = {l.pairs.t + (int64_t)j * l.pairs.d};
        float D[1];
        group_distances(l.pairs, l.pairs.t + (int64_t)i * l.pairs.d, b, D);
        const bool near = there && threadIdx.x % 4 == 0 && D[0] <= l.limit;
        const unsigned all = __ballot_sync(~0u, near);
        if (threadIdx.x % 32 == 0 && all) atomicAdd(&l.codes.choice->near, __popc(all));
    }
}

/* What a row's code has of its units, and how far from them it is. */
struct code_sums {
    int32_t norm; /* |q|^2          */
    double  rest; /* |x - step q|^2 */
    double  size; /* |x|^2          */
};

/* Four units from u on as bytes; those behind the last one are 0. */
static __device__ __forceinline__ uint32_t four_codes(const kde_layer &l,
                                                      const float *row, int u,
                                                      double step, double per_step,
                                                      code_sums *sums)
{
    uint32_t bytes = 0;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
        if (u + k >= l.pairs.d) break;
        const double x = (double)row[u + k] - (double)l.codes.middle[u + k];
        const int q = (int)fmin(fmax(rint(x * per_step), -127.0), 127.0);
        const double rest = fma(-(double)q, step, x);
        sums->norm += q * q;
        sums->rest = fma(rest, rest, sums->rest);
        sums->size = fma(x, x, sums->size);
        bytes |= (uint32_t)(uint8_t)(int8_t)q << 8 * k;
    }
    return bytes;
}

/* H and R of a row. */
static __device__ __forceinline__ int2 bound_of(const kde_layer &l, double step,
                                                const code_sums &sums)
{
    const double raised = 1.0 + (double)(l.pairs.d + 8) * 0x1p-23;
    const double r = sqrt(sums.rest) * (1.0 + 1e-9) + 0x1p-50 * sqrt(sums.size);
    const double reach = 0.5 * sqrt((double)l.limit * raised) + r;
    const int R = (int)ceil(reach / step * (1.0 + 1e-12));
    return make_int2((sums.norm - R * R) >> 1, R); /* the shift rounds down */
}

static __global__ void __launch_bounds__(THREADS)
code_rows(const kde_layer *__restrict__ layers, int layer_count, int first, int rows)
{
    const int lane = threadIdx.x % 32;
    const int i = first + (int)(blockIdx.x * THREADS + threadIdx.x) / 32;
    const int tile = i / KDE_SCREEN_TILE, in = i % KDE_SCREEN_TILE;
    for (int job = blockIdx.y; job < layer_count; job += gridDim.y) {
        const kde_layer &l = layers[job];
        const int end = (int)kde_coded_rows(l.pairs.n);
        if (!l.screened || i >= end || i >= first + rows) continue; /* the whole warp */
        const double half = l.codes.choice->half_range;
        const double step = half > 0.0 ? half / 127.0 : 1.0;
        const float *row = i < l.pairs.n
            ? l.pairs.t + (int64_t)l.pairs.place[i] * l.pairs.d : nullptr;
        uint32_t *code = (uint32_t *)code_tile(l, tile) + in * (KDE_CHUNK / 4);
        code_sums sums = {};
        for (int w = lane; w < l.codes.chunks * (KDE_CHUNK / 4); w += 32) {
            const int word = w % (KDE_CHUNK / 4) ^ (in & 4);
            code[(int64_t)(w / (KDE_CHUNK / 4)) * KDE_SCREEN_TILE * (KDE_CHUNK / 4) +
                 word] = row ? four_codes(l, row, 4 * w, step, 1.0 / step,
                                           &sums) : 0;
        }
        sums.norm = warp_sum<32>(sums.norm);
        sums.rest = warp_sum<32>(sums.rest);
        sums.size = warp_sum<32>(sums.size);
        if (lane == 0)
            l.codes.bound[i] = row ? bound_of(l, step, sums) : make_int2(NOWHERE, 0);
    }
}

ipl_status kde_launch_ends(ipl_cuda *dev, int32_t first, int32_t rows, int32_t d_max,
                           int layers, const kde_layer *layer)
{
    const dim3 grid((unsigned)ceil_div(rows, RUN), (unsigned)ceil_div(d_max, THREADS),
                    (unsigned)min(layers, LAYERS_AT_ONCE));
    unit_ends<<<grid, THREADS, 0, dev->stream>>>(layer, layers, first, rows);
    IPL_LAUNCHED(dev, unit_ends);
    return IPL_OK;
}

ipl_status kde_launch_middles(ipl_cuda *dev, int layers, const kde_layer *layer)
{
    unit_middles<<<(unsigned)layers, THREADS, 0, dev->stream>>>(layer);
    IPL_LAUNCHED(dev, unit_middles);
    return IPL_OK;
}

ipl_status kde_launch_sample(ipl_cuda *dev, int32_t side_by_side, int layers,
                             const kde_layer *layer)
{
    const int64_t pairs = side_by_side ? side_by_side : KDE_SAMPLES;
    const dim3 grid((unsigned)ceil_div(4 * pairs, THREADS),
                    (unsigned)min(layers, LAYERS_AT_ONCE));
    near_sample<<<grid, THREADS, 0, dev->stream>>>(layer, layers, side_by_side);
    IPL_LAUNCHED(dev, near_sample);
    return IPL_OK;
}

ipl_status kde_launch_codes(ipl_cuda *dev, int32_t first, int32_t rows, int layers,
                            const kde_layer *layer)
{
    const int64_t whole = kde_coded_rows(rows);
    const dim3 grid((unsigned)ceil_div(32 * whole, THREADS),
                    (unsigned)min(layers, LAYERS_AT_ONCE));
    code_rows<<<grid, THREADS, 0, dev->stream>>>(layer, layers, first, (int)whole);
    IPL_LAUNCHED(dev, code_rows);
    return IPL_OK;
}
