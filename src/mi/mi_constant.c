/*
 * mi_constant.c - whether a layer has a constant column.
 *
 * The rows are compared with the first one, piece by piece on the host, until every
 * column has been seen to vary: for most layers the first piece is enough, and else the
 * pass over n d values is small beside the pairs' n^2 d.
 */
#include <stdlib.h>
#include <string.h>

#include "mi/mi_entropies.h"

enum { PIECE_VALUES = 1 << 14 };

/* Takes out of open[0 .. count) the columns in which a row differs from first[d];
 * returns how many are left. */
static int64_t still_constant(int64_t rows, int64_t d, const float *t,
                              const float *first, int64_t count, int64_t *open)
{
    for (int64_t i = 0; i < rows && count; ++i) {
        int64_t left = 0;
        for (int64_t c = 0; c < count; ++c)
            if (t[i * d + open[c]] == first[open[c]]) open[left++] = open[c];
        count = left;
    }
    return count;
}

static ipl_status compare(ipl_device *dev, int64_t n, int64_t d, const float *t,
                          int on_host, float *first, float *piece, int64_t *open,
                          int64_t *left)
{
    const int64_t step = d < PIECE_VALUES ? PIECE_VALUES / d : 1;
    const size_t row = (size_t)d * sizeof *t;
    *left = d;
    for (int64_t c = 0; c < d; ++c) open[c] = c;
    for (int64_t at = 0; at < n && *left; at += step) {
        const int64_t rows = n - at < step ? n - at : step;
        const float *here = t + at * d;
        if (!on_host) {
            IPL_TRY(ipl_download(dev, here, (size_t)rows * row, piece));
            here = piece;
        }
        if (at == 0) memcpy(first, here, row);
        *left = still_constant(rows, d, here, first, *left, open);
    }
    return IPL_OK;
}

ipl_status mi_constant_column(ipl_device *dev, int64_t n, int64_t d, const float *t,
                              int on_host, int *constant)
{
    ipl_status st;
    int64_t left = 0;
    const size_t values = (size_t)(d < PIECE_VALUES ? PIECE_VALUES : d);
    float *first = malloc((size_t)d * sizeof *first);
    float *piece = malloc(values * sizeof *piece);
    int64_t *open = malloc((size_t)d * sizeof *open);
    if (first && piece && open)
        st = compare(dev, n, d, t, on_host, first, piece, open, &left);
    else
        st = IPL_FAIL(IPL_E_MEMORY, "columns of %lld units", (long long)d);
    if (st == IPL_OK) *constant = left > 0;
    free(first);
    free(piece);
    free(open);
    return st;
}
