/*
 * bin.h - the vector part of binning: values to codes to one hash a row.
 */
#ifndef IPL_CPU_BIN_H
#define IPL_CPU_BIN_H

#include "cpu/cpu.h"

enum {
    BIN_PIECE = 2048, /* values whose codes are made at a time, in the L1 cache */
    BIN_LANES = 16,   /* the widest vector: mix is padded to this               */
    BIN_TREE_LEVELS = 5
};

/* How a value becomes an integer code; equal codes are equal bins. A value has a code;
 * a row, of d codes, lies in a cell.
 *
 * Exact: code = bits(t + 0), which makes -0 and +0 one code.
 * Width (thresholds == 0): with f = floor(t / width), code = bits(f + shift) - base.
 * Where all |f| < 2^22, shift = 1.5 * 2^23 moves the integer into the low bits and
 * base makes the smallest code 0. Else shift = 0 takes f's own bits, and adding it
 * makes -0 and +0 one code.
 * Thresholds: code = number of threshold[k] <= t, and `below` where there are none:
 * 0, or the last bin when the form wraps. */
typedef struct {
    int          exact;
    float        width, shift;
    uint32_t     base;
    int64_t      thresholds;
    const float *threshold;
    float        tree[BIN_TREE_LEVELS][BIN_LANES]; /* up to 31 of them, searched in
                             registers: level l holds every (32 >> l)-th, from number
                             (16 >> l) - 1 on, and infinity past the last       */
    uint32_t     below;
    int          bits;   /* codes are below 2^bits                              */
    int          packed; /* d codes of so many bits fit the 128 of a row's key  */
    int          outside; /* some value lies below the first threshold or above
                             the last                                           */
    int64_t      d;
    const uint32_t *mix; /* [2][padded d]: multipliers of the two hashes        */
} bin_map;

static inline int64_t bin_padded(int64_t d)
{
    return ceil_div(d, BIN_LANES) * BIN_LANES;
}

/* A row's codes in 128 bits: the codes themselves where `packed`, else two hashes. */
typedef struct {
    uint64_t word[2];
} bin_key;

typedef struct {
    float   lo, hi;
    double  squares;
} bin_span;

typedef struct {
    /* key[r] of each row of t, [rows][d]. Returns how many values lie below the
     * first threshold or above the last. */
    int64_t (*row_keys)(const bin_map *map, int64_t rows, const float *t, bin_key *key);

    /* 1 if the two rows of d values share every bin. */
    int (*rows_equal)(const bin_map *map, const float *a, const float *b);

    /* Smallest and largest value and the sum of squares; squares is not finite if
     * and only if some value is not, and then lo and hi mean nothing. */
    bin_span (*span)(int64_t count, const float *t);
} bin_kernels;

extern const bin_kernels bin_kernels_portable, bin_kernels_avx2, bin_kernels_avx512;

/* The open device's own. bin.c */
const bin_kernels *bin_kernels_of(const cpu_state *cpu);

#endif
