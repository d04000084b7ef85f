/*
 * ib.c - the 12-bit set of Shwartz-Ziv and Tishby (2017), generated.
 *
 * The bits of a pattern stand for the 12 vertices of an icosahedron. Its label
 * depends only on how the set bits lie to each other: on n, the number of set bits,
 * e, the pairs of them on an edge, and a, the antipodal pairs. This rule gives the
 * 4096 labels of the file published with the paper (var_u.mat), in its order.
 */
#include <stdlib.h>
#include <string.h>

#include "data/data.h"

enum { BITS = 12, PATTERNS = 1 << BITS };

static const unsigned char edge[30][2] = {
    {0, 1}, {0, 3}, {0, 5}, {0, 10}, {0, 11}, {1, 2}, {1, 3}, {1, 4},  {1, 11}, {2, 3},
    {2, 4}, {2, 8}, {2, 9}, {3, 8},  {3, 10}, {4, 6}, {4, 9}, {4, 11}, {5, 6},  {5, 7},
    {5, 10}, {5, 11}, {6, 7}, {6, 9}, {6, 11}, {7, 8}, {7, 9}, {7, 10}, {8, 9}, {8, 10},
};

static const unsigned char antipodes[6][2] = {
    {0, 9}, {1, 7}, {2, 5}, {3, 6}, {4, 10}, {8, 11},
};

/* The (n, e, a) of label 1 with fewer than eight bits set; from eight on all are. */
static const unsigned char label_one[][3] = {
    {5, 7, 0},  {6, 6, 0},  {6, 7, 1},  {6, 7, 2},  {6, 8, 1},
    {6, 9, 0},  {6, 9, 1},  {6, 10, 0}, {7, 8, 1},  {7, 9, 2},
    {7, 9, 3},  {7, 10, 1}, {7, 10, 2}, {7, 11, 2}, {7, 12, 1},
};

/* Column c of X is bit 11 - c of the row number: the most significant comes first. */
static int bit(int row, int column) { return row >> (BITS - 1 - column) & 1; }

static int pairs_set(int row, int count, const unsigned char pair[][2])
{
    int both = 0;
    for (int p = 0; p < count; ++p) both += bit(row, pair[p][0]) & bit(row, pair[p][1]);
    return both;
}

static int label_of(int row)
{
    int n = 0;
    for (int c = 0; c < BITS; ++c) n += bit(row, c);
    if (n >= 8) return 1;
    const int e = pairs_set(row, 30, edge), a = pairs_set(row, 6, antipodes);
    for (size_t k = 0; k < sizeof label_one / sizeof *label_one; ++k)
        if (label_one[k][0] == n && label_one[k][1] == e && label_one[k][2] == a)
            return 1;
    return 0;
}

ipl_status ipl_load_ib(const ipl_data_options *options, ipl_raw_set *out)
{
    (void)options;
    strcpy(out->name, "ib");
    strcpy(out->x_what, "ib");
    strcpy(out->y_what, "ib");
    out->x = (ipl_array){.rows = PATTERNS, .cols = BITS, .dims = 2};
    out->y = (ipl_array){.rows = PATTERNS, .cols = 1, .dims = 1};
    out->x.values = malloc(sizeof *out->x.values * PATTERNS * BITS);
    out->y.integers = malloc(sizeof *out->y.integers * PATTERNS);
    if (!out->x.values || !out->y.integers)
        return IPL_FAIL(IPL_E_MEMORY, "%d patterns", PATTERNS);
    for (int row = 0; row < PATTERNS; ++row) {
        for (int c = 0; c < BITS; ++c)
            out->x.values[row * BITS + c] = (float)bit(row, c);
        out->y.integers[row] = label_of(row);
    }
    return IPL_OK;
}
