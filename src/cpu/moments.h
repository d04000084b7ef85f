/*
 * moments.h - local moments of rows: how densities.c and the kernels share the work.
 *
 * For row i with bandwidth h, over the others j of its class (or all others), with
 * u_j = (x_j - x_i) / h and w_j = exp(-|u_j|^2 / 2):
 *
 *     S0 = sum_j w_j    S1 = sum_j w_j u_j    S2 = sum_j w_j u_j u_j^T
 *
 * A weight below 2^-100 is 0. The units of space 0 come before those of space 1. They
 * lie as local_moments.h says.
 */
#ifndef MOMENTS_H
#define MOMENTS_H

#include "arena.h"
#include "cpu/cpu.h"
#include "local_moments.h"

/* Where the row a of S2 begins among a row's moments. */
static inline int64_t moments_s2(int64_t d, int64_t a)
{
    return 1 + d + local_triangle(a);
}

enum { MOMENTS_ROWS = 128 };/* best done together, from a multiple of it on       */

/* One job's rows, packed as pairs_pack.h says, class after class. Row i below is row
 * order[i] of the job. */
typedef struct {
    int64_t  n, d;    /* d: of both spaces together                             */
    int64_t  padded;  /* n rounded up to whole tiles; rows in excess weigh 0    */
    float   *rows;    /* values times the job's unit                            */
    int32_t *order;   /* [n]                                                    */
    int32_t *begin;   /* [n]: the class of row i is begin[i] .. end[i] - 1      */
    int32_t *end;     /* [n]                                                    */
} moments_layer;

typedef struct {
    int64_t lanes;   /* of the packing                                          */
    int64_t columns; /* of a tile                                               */

    /* Bytes that `rows` works in, aligned to CPU_ALIGN, for each thread. */
    size_t (*work_bytes)(int64_t d);

    /* moments[r]: of row first + r, r < count, with square[r] its h^2 (below 2^-126: as
     * 2^-126). The bits of a row depend on its layer and its square alone. */
    void (*rows)(const moments_layer *layer, int64_t first, int64_t count,
                 const float *square, void *work, double *moments);
} moments_kernels;

/* That of the instruction set. */
const moments_kernels *moments_kernels_of(cpu_isa isa);

/* The layer's geometry, and its arrays from the arena: only counted where it has no
 * base. */
void moments_lay_out(const moments_kernels *kernels, const ipl_pairs *pairs,
                     ipl_arena *from, moments_layer *out);

/* Fills rows [from, to) of the layer's arrays, to <= padded, both multiples of
 * MOMENTS_PACK (but for to = padded): threads share the packing so. */
enum { MOMENTS_PACK = 48 };
void moments_pack(const ipl_pairs *pairs, int64_t from, int64_t to,
                  const moments_kernels *kernels, const moments_layer *out);

#endif
