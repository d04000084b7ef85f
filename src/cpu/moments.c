/*
 * moments.c - the rows of a job, packed for the kernels of local moments.
 */
#include "cpu/moments.h"

#include "cpu/pairs_pack.h"

extern const moments_kernels moments_kernels_portable, moments_kernels_avx2,
    moments_kernels_avx512;

const moments_kernels *moments_kernels_of(cpu_isa isa)
{
    static const moments_kernels *const kernels[CPU_ISA_COUNT] = {
        [CPU_PORTABLE] = &moments_kernels_portable,
#if defined(__x86_64__)
        [CPU_AVX2] = &moments_kernels_avx2,
        [CPU_AVX512] = &moments_kernels_avx512,
#endif
    };
    return kernels[isa];
}

void moments_lay_out(const moments_kernels *kernels, const ipl_pairs *pairs,
                     ipl_arena *from, moments_layer *out)
{
    const int64_t n = pairs->n, columns = kernels->columns;
    const int64_t second = pairs->spaces > 1 ? pairs->space[1].d : 0;
    *out = (moments_layer){.n = n, .d = pairs->space[0].d + second};
    out->padded = ceil_div(n, columns) * columns;
    out->rows = ipl_arena_take(from, out->padded * out->d, sizeof *out->rows);
    out->order = ipl_arena_take(from, n, sizeof *out->order);
    out->begin = ipl_arena_take(from, n, sizeof *out->begin);
    out->end = ipl_arena_take(from, n, sizeof *out->end);
}

/* Rows in excess repeat row n - 1, whose tile is in the same call. */
void moments_pack(const ipl_pairs *pairs, int64_t from, int64_t to,
                  const moments_kernels *kernels, const moments_layer *out)
{
    const ipl_labels *y = pairs->y;
    const pairs_layer packed = {
        .n = out->n, .d = out->d, .padded = out->padded, .rows = out->rows};
    for (int64_t i = from; i < to && i < out->n; ++i) {
        const int32_t row = y ? y->order[i] : (int32_t)i;
        out->order[i] = row;
        out->begin[i] = y ? (int32_t)y->start[y->at[row]] : 0;
        out->end[i] = y ? (int32_t)y->start[y->at[row] + 1] : (int32_t)out->n;
    }
    pairs_pack_rows(pairs->spaces, pairs->space, out->order, pairs->unit,
                    kernels->lanes, from, to, &packed);
}
