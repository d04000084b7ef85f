/*
 * moments_sums.cu - local moments of rows from the roots of their weights.
 *
 * With s_j the root of the weight of column j and v_j = s_j (1, x_j - x_i), all moments
 * of row i are entries of sum_j v_j v_j^T, of e = d + 1 units.
 *
 * Launch    A block has TEAMS rows and a tile of the lower triangle of their matrices,
 *           all of it up to ONE_TILE_MAX units; rows are counted first.
 *           A team of 64 threads works for a row. A thread keeps a square of 4 x 4
 *           entries in registers; where a tile has fewer squares than a team threads,
 *           several share a square, and each takes some of the columns.
 * Traffic   The block's rows share the values of the columns, about 1000 of them at a
 *           time in shared memory; each team makes its v of them there. A column costs
 *           a thread 16 multiply-adds for 64 bytes of shared memory; the double units
 *           limit.
 * Numerics  Differences of floats, their products and all sums are double. A thread
 *           adds its columns in their order; then a square's threads are added up in
 *           theirs, whose number depends on d: CUB's has to be known to the compiler.
 *           What a thread adds depends on d and on the number of the column, so
 *           a layer that comes in several passes, whose sums wait in `partial`, has the
 *           same bits. Columns without weight are left out in groups; they add 0.
 */
#include "moments_layer.cuh"
#include "near_tile.cuh"

enum {
    BLOCK = TEAMS * TEAM, TILE_MAX = 2 * TILE_UNITS, ENTRIES = SQUARE * SQUARE
};
static_assert((int)ONE_TILE_MAX <= (int)TILE_MAX && TILE_MAX * 16 <= (int)ROOM,
              "at least 16 columns");

/* Rows a .. and columns b .. of the matrix; v has the units of both, or of one. */
struct sum_tile {
    int a, b, units;  /* units: of v, those of a from 0 and of b from `split` on */
    int split;        /* 0: a tile on the diagonal                               */
    int squares, across;
};

/* Shared memory of a block. */
struct sum_share {
    __align__(16) double v[TEAMS][ROOM]; /* [columns][units], in the end sums    */
    float x[ROOM];                       /* [columns][units]                     */
    float root[TEAMS][256];              /* [columns]                            */
    float own[TEAMS][TILE_MAX];
};

static __device__ __forceinline__ int fours(int units) { return (units + 3) / 4 * 4; }

static __device__ __forceinline__ sum_tile tile_of(const moments_shape &shape, int p)
{
    int column, row;
    triangle(p, &column, &row);
    sum_tile t = {};
    t.a = row * shape.side;
    t.b = column * shape.side;
    const int rows = fours(min(shape.side, shape.e - t.a));
    t.split = row == column ? 0 : rows;
    t.units = rows + (row == column ? 0 : shape.side);
    t.across = shape.side / SQUARE; /* of tiles off the diagonal */
    const int down = rows / SQUARE;
    t.squares = row == column ? down * (down + 1) / 2 : down * t.across;
    return t;
}

/* The unit of the matrix that unit u of v is. */
static __device__ __forceinline__ int unit_of(const sum_tile &t, int u)
{
    return t.split && u >= t.split ? t.b + u - t.split : t.a + u;
}

/* Value k - 1 of row i of the layer, which is unit k of the matrix; 0 where there is
 * none. */
static __device__ __forceinline__ float value_of(const near_layer &l, int32_t i,
                                                 int32_t first, int slot, int e, int k)
{
    if (k < 1 || k >= e) return 0.0f;
    const int s = k - 1 >= l.space[0].d, at = s ? k - 1 - l.space[0].d : k - 1;
    return l.unit * __ldg(row_at(l, l.space[s], i, first, slot) + at);
}

/* The roots of `columns` columns from c on, of the rows from `first` on in the window;
 * whether any is not 0. Holds a barrier. */
static __device__ __forceinline__ bool fetch_roots(const moments_pass &p, int32_t first,
                                                   int columns, int32_t c,
                                                   sum_share &share)
{
    const int rows = p.window.row_end - p.window.row;
    const int32_t end = p.window.col_end - p.window.col;
    bool any = false;
    for (int at = threadIdx.x; at < TEAMS * columns; at += BLOCK) {
        const int team = at / columns, column = at % columns;
        const int64_t r = first + team;
        const float root = r < rows && c + column < end
                               ? __ldg(p.root + r * p.stride + c + column) : 0.0f;
        share.root[team][column] = root;
        any |= root > 0.0f;
    }
    return __syncthreads_or(any);
}

/* v of the columns from c on, of all teams. Holds a barrier, and needs one after. */
static __device__ __forceinline__ void
fetch_columns(const near_layer &l, const moments_shape &shape, const moments_pass &p,
              const sum_tile &t, int32_t c, sum_share &share)
{
    const int values = shape.columns * t.units;
    const near_window &w = p.window;
    for (int at = threadIdx.x; at < values; at += BLOCK) {
        const int column = at / t.units, k = unit_of(t, at % t.units);
        const int32_t j = w.col + c + column;
        float x = 0.0f;
        if (j < w.col_end) x = value_of(l, j, w.col_first, w.col_slot, shape.e, k);
        share.x[at] = k == 0 ? 1.0f : x;
    }
    __syncthreads();
    const int team = threadIdx.x / TEAM;
    for (int at = threadIdx.x % TEAM; at < values; at += TEAM) {
        const int column = at / t.units, u = at % t.units;
        const double difference = (double)share.x[at] - (double)share.own[team][u];
        share.v[team][at] = (double)share.root[team][column] * difference;
    }
}

/* Adds columns slice, slice + slices, .. of v to a thread's square. */
static __device__ __forceinline__ void add_columns(const double *v, int units,
                                                   int columns, int slice, int slices,
                                                   int row, int col,
                                                   double (&sum)[SQUARE][SQUARE])
{
    for (int c = slice; c < columns; c += slices) {
        double a[SQUARE], b[SQUARE];
        *(double2 *)a       = *(const double2 *)(v + c * units + row);
        *(double2 *)(a + 2) = *(const double2 *)(v + c * units + row + 2);
        *(double2 *)b       = *(const double2 *)(v + c * units + col);
        *(double2 *)(b + 2) = *(const double2 *)(v + c * units + col + 2);
#pragma unroll
        for (int i = 0; i < SQUARE; ++i)
#pragma unroll
            for (int j = 0; j < SQUARE; ++j) sum[i][j] = fma(a[i], b[j], sum[i][j]);
    }
}

/* The entries of a square, added up over its slices, in units of h. */
static __device__ __forceinline__ void write_square(const double *sums, int e, int a,
                                                    int b, int slices, int stride,
                                                    double h2, double *moments)
{
    const int64_t d = e - 1;
    for (int n = 0; n < ENTRIES; ++n) {
        const int64_t row = a + n / SQUARE, col = b + n % SQUARE;
        if (row >= e || col > row) continue;
        double sum = 0.0;
        for (int s = 0; s < slices; ++s) sum += sums[s * stride + n];
        if (row && !col) sum /= sqrt(h2);
        if (col) sum /= h2;
        moments[col ? 1 + d + (row - 1) * row / 2 + col - 1 : row] = sum;
    }
}

/* The columns of the window that a row of the block, whose first is row `first`, may
 * count, from a multiple of shape.columns on. */
static __device__ __forceinline__ void columns_of(const near_layer &l,
                                                  const moments_shape &shape,
                                                  const near_window &w, int32_t first,
                                                  int32_t *from, int32_t *to)
{
    const int32_t last = min(first + TEAMS, w.row_end) - 1;
    const int32_t low = l.label ? __ldg(l.label + number_of(l, first)) : 0;
    const int32_t high = l.label ? __ldg(l.label + number_of(l, last)) : 0;
    *from = max(__ldg(l.start + low) - w.col, 0) / shape.columns * shape.columns;
    *to = min(__ldg(l.start + high + 1), w.col_end) - w.col;
}

/* What a thread of the block works at. */
struct sum_thread {
    sum_tile tile;
    int      number;        /* of the tile                                       */
    int      team, lane;
    int      slice, slices; /* of the square's columns; from `slices` on: idle   */
    int      row, col;      /* where its square begins in the tile               */
    int32_t  r, i;          /* the team's row in the window, and in the layer    */
    bool     exists;
};

static __device__ __forceinline__ sum_thread thread_of(const moments_shape &shape,
                                                       const near_window &w)
{
    sum_thread me = {};
    const int b = (int)w.base + (int)blockIdx.x;
    const int fours = (w.row_end - w.row + TEAMS - 1) / TEAMS; /* of rows */
    me.number = b / fours;
    me.tile = tile_of(shape, me.number);
    me.team = threadIdx.x / TEAM;
    me.lane = threadIdx.x % TEAM;
    const int square = me.lane % me.tile.squares;
    me.slice = me.lane / me.tile.squares;
    me.slices = TEAM / me.tile.squares;
    me.row = square / me.tile.across;
    me.col = square % me.tile.across;
    if (!me.tile.split) triangle(square, &me.col, &me.row);
    me.row *= SQUARE;
    me.col *= SQUARE;
    me.r = b % fours * TEAMS + me.team;
    me.i = w.row + me.r;
    me.exists = me.i < w.row_end;
    return me;
}

/* The tile's sums of the window's columns, from what `sum` has on. */
static __device__ __forceinline__ void
add_tile(const near_layer &l, const moments_shape &shape, const moments_pass &p,
         const sum_thread &me, sum_share &share, double (&sum)[SQUARE][SQUARE])
{
    const near_window &w = p.window;
    const sum_tile &t = me.tile;
    for (int u = me.lane; u < t.units; u += TEAM) {
        const int k = me.exists ? unit_of(t, u) : 0;
        share.own[me.team][u] = value_of(l, me.i, w.row, w.row_slot, shape.e, k);
    }
    int32_t from, to;
    columns_of(l, shape, w, me.i - me.team, &from, &to);
    for (int32_t c = from; c < to; c += shape.columns) {
        if (!fetch_roots(p, me.r - me.team, shape.columns, c, share)) continue;
        fetch_columns(l, shape, p, t, c, share);
        __syncthreads();
        if (me.slice < me.slices)
            add_columns(share.v[me.team], t.units, shape.columns, me.slice, me.slices,
                        me.row, t.split + me.col, sum);
    }
}

static __global__ void __launch_bounds__(BLOCK)
add_window(const near_layer *__restrict__ layer, moments_shape shape, moments_pass p)
{
    __shared__ sum_share share;
    const sum_thread me = thread_of(shape, p.window);
    const int64_t team = (int64_t)me.r * shape.tiles + me.number;
    double *const waiting = p.partial + team * ROOM + me.lane * ENTRIES;
    double sum[SQUARE][SQUARE] = {};
    if (!p.first && me.exists) {
#pragma unroll
        for (int n = 0; n < ENTRIES; ++n) sum[n / SQUARE][n % SQUARE] = waiting[n];
    }
    add_tile(*layer, shape, p, me, share, sum);
    __syncthreads(); /* v has been read */
    double *const to = p.last ? share.v[me.team] + me.lane * ENTRIES : waiting;
    if (p.last || me.exists) {
#pragma unroll
        for (int n = 0; n < ENTRIES; ++n) to[n] = sum[n / SQUARE][n % SQUARE];
    }
    __syncthreads();
    if (!p.last || me.slice > 0 || !me.exists) return;
    const double h2 = moments_bandwidth(__ldg(p.square + number_of(*layer, me.i)));
    write_square(to, shape.e, me.tile.a + me.row, me.tile.b + me.col, me.slices,
                 me.tile.squares * ENTRIES, h2,
                 p.moments + me.r * local_moments(shape.e - 1));
}

ipl_status moments_launch_sums(ipl_cuda *dev, int64_t blocks, moments_shape shape,
                               const near_layer *layer, moments_pass pass)
{
    add_window<<<(unsigned)blocks, BLOCK, 0, dev->stream>>>(layer, shape, pass);
    IPL_LAUNCHED(dev, add_window);
    return IPL_OK;
}
