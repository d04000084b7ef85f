/*
 * moments_layer.cuh - how moments.cu and its two kernels share the work.
 *
 * For some rows at a time, moments_roots.cu writes the roots of the weights of all
 * their columns, and moments_sums.cu adds the columns up.
 */
#ifndef IPL_MOMENTS_LAYER_CUH
#define IPL_MOMENTS_LAYER_CUH

#include "moments.cuh"
#include "near_layer.cuh"

enum {
    SQUARE = 4,        /* units of the sides of a thread's square                */
    TEAM = 64,         /* threads that work for one row                          */
    TEAMS = 4,         /* rows of a block                                        */
    ROOM = 1024,       /* doubles that a team has for some columns: also
                          SQUARE * SQUARE for each thread                        */
    ONE_TILE_MAX = 40, /* units (and one) up to which a team has all squares     */
    TILE_UNITS = 32    /* .. of a tile of wider ones                             */
};
static_assert((int)ROOM == (int)TEAM * SQUARE * SQUARE, "sums of a team");

/* The matrix of moments_sums.cu, of e units, in tiles of `side` units. */
struct moments_shape {
    int32_t e, side, tiles; /* tiles: of the lower triangle                      */
    int32_t columns;        /* that are added up together: a power of two that
                               divides IPL_MI_BLOCK_ROWS                         */
};

moments_shape moments_shape_of(const ipl_density_job *job);

/* Rows first .. first + count - 1 and columns of a window, for both kernels. */
struct moments_pass {
    near_window  window;
    const float *square;  /* [n] in the job's order                              */
    float       *root;    /* [count][stride], zeros before moments_launch_roots  */
    int64_t      stride;
    double      *partial; /* [count][tiles][ROOM], or NULL where one pass is all */
    int32_t      first, last; /* whether it is the first and the last pass       */
    double      *moments;
};

/* h^2 as both kernels use it. */
static __device__ __forceinline__ double moments_bandwidth(float square)
{
    return fmax((double)square, 0x1p-126);
}

/* The blocks pass.window.base .. + blocks - 1, of near_blocks and of
 * moments_sum_blocks. */
ipl_status moments_launch_roots(ipl_cuda *dev, int64_t blocks, const near_layer *layer,
                                moments_pass pass);
ipl_status moments_launch_sums(ipl_cuda *dev, int64_t blocks, moments_shape shape,
                               const near_layer *layer, moments_pass pass);

/* Of a pass with so many rows. */
static inline int64_t moments_sum_blocks(moments_shape shape, int64_t rows)
{
    return ceil_div(rows, TEAMS) * shape.tiles;
}

#endif
