/*
 * kde_squares.cuh - the tiles of a window of pairs, square by square.
 *
 * The blocks that run at the same time work on tiles of one square or two, so that
 * their rows come from the L2: at d = 1024 a square of 1024 x 1024 pairs holds 8 MB.
 */
#ifndef IPL_KDE_SQUARES_CUH
#define IPL_KDE_SQUARES_CUH

#include "kde_layer.cuh"
#include "pairs_tile.cuh"

enum { KDE_SQUARE = 1024 /* rows of a square: whole tiles of any size */ };

/* A window in tiles, and the tiles of a side of its squares. rows = 0: a triangle. */
struct kde_tiles {
    int32_t row, rows, col, cols, side;
};

static __host__ __device__ __forceinline__ kde_tiles tiles_of(kde_window w, int32_t n,
                                                              int tile)
{
    if (!w.cols) w.cols = n;
    const int cols = (w.cols + tile - 1) / tile, most = KDE_SQUARE / tile;
    return {w.row / tile, (w.rows + tile - 1) / tile, w.col / tile, cols,
            cols < most ? cols : most};
}

/* Tiles of the window and of what completes its squares. */
static inline int64_t square_blocks(kde_tiles t)
{
    const int64_t across = ceil_div(t.cols, t.side), down = ceil_div(t.rows, t.side);
    const int64_t squares = t.rows ? down * across : across * (across + 1) / 2;
    return squares * t.side * t.side;
}

/* Tile number p of them, or false where there is none. */
static __device__ __forceinline__ bool find_in_squares(kde_tiles t, int64_t p, int *row,
                                                       int *col)
{
    const int area = t.side * t.side, in = (int)(p % area);
    int down, across;
    if (t.rows) {
        const int squares = (t.rows + t.side - 1) / t.side;
        down = (int)(p / area % squares);
        across = (int)(p / area / squares);
    } else {
        triangle(p / area, &down, &across);
    }
    const int r = down * t.side + in % t.side, c = across * t.side + in / t.side;
    *row = (t.rows ? t.row : t.col) + r;
    *col = t.col + c;
    return c < t.cols && (t.rows ? r < t.rows : r <= c);
}

#endif
