/*
 * kde_products.cuh - integer products of 128 rows with 128 others, 32 units at a time.
 *
 * Launch    Eight warps, each with 64 rows x 32 columns: the rows of number warp / 4,
 *           the columns of number warp % 4.
 * Traffic   Per run of 32 units a warp reads 3 KB of shared memory without bank
 *           conflicts for 65536 multiply-adds. From sm_80 on that is 6 ldmatrix and 16
 *           mma.sync; before, dp4a on the same elements.
 * Numerics  Exact.
 */
#ifndef IPL_KDE_PRODUCTS_CUH
#define IPL_KDE_PRODUCTS_CUH

#include "kde_layer.cuh"

enum { TILE = KDE_SCREEN_TILE };

typedef uint4 stage[2][TILE][2]; /* rows, columns: the halves of 32 units */

/* acc[m][n][2 h + e] of lane 4 g + q of the warp of rows 64 w.. and columns 32 v..: the
 * pair of row 64 w + 16 m + 8 h + g and column 32 v + 8 n + 2 q + e. */
typedef int32_t products[4][4][4];

static __device__ __forceinline__ int row_of(int m, int h)
{
    return (int)threadIdx.x / 128 * 64 + 16 * m + 8 * h + (int)threadIdx.x % 32 / 4;
}

static __device__ __forceinline__ int column_of(int n, int e)
{
    return (int)threadIdx.x / 32 % 4 * 32 + 8 * n + (int)threadIdx.x % 4 * 2 + e;
}

/* Half `half` of a row's 32 units lies where kde_codes.cu put it. */
static __device__ __forceinline__ const uint4 *half_at(const uint4 (*rows)[2], int row,
                                                       int half)
{
    return rows[row] + (half ^ (row >> 2 & 1));
}

#if __CUDA_ARCH__ >= 800

enum { BLOCKS = 2 /* of a multiprocessor */ };

/* Four 8 x 16 byte matrices, the rows of number lane / 8 at the lane's address. */
static __device__ __forceinline__ void load_matrices(const uint4 *at, uint32_t (&to)[4])
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(at))
                 : "memory");
}

static __device__ __forceinline__ void multiply(const uint32_t (&a)[4], uint32_t b0,
                                                uint32_t b1, int32_t (&c)[4])
{
    asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, "
        "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

static __device__ __forceinline__ void add_products(const stage &s, products &acc)
{
    const int lane = threadIdx.x % 32, matrix = lane / 8, in = lane % 8;
    const int row = (int)threadIdx.x / 128 * 64, col = (int)threadIdx.x / 32 % 4 * 32;
    uint32_t a[4][4], b[2][4];
#pragma unroll
    for (int m = 0; m < 4; ++m)
        load_matrices(half_at(s[0], row + 16 * m + matrix % 2 * 8 + in, matrix / 2),
                      a[m]);
#pragma unroll
    for (int n = 0; n < 2; ++n)
        load_matrices(half_at(s[1], col + 16 * n + matrix / 2 * 8 + in, matrix % 2),
                      b[n]);
#pragma unroll
    for (int m = 0; m < 4; ++m)
#pragma unroll
        for (int n = 0; n < 4; ++n)
            multiply(a[m], b[n / 2][n % 2 * 2], b[n / 2][n % 2 * 2 + 1], acc[m][n]);
}

#else

enum { BLOCKS = 1 /* what its shared memory holds */ };

static __device__ __forceinline__ int32_t dot(uint4 a, uint4 b, int32_t sum)
{
    sum = __dp4a((int)a.x, (int)b.x, sum);
    sum = __dp4a((int)a.y, (int)b.y, sum);
    sum = __dp4a((int)a.z, (int)b.z, sum);
    return __dp4a((int)a.w, (int)b.w, sum);
}

static __device__ __forceinline__ void add_products(const stage &s, products &acc)
{
#pragma unroll
    for (int half = 0; half < 2; ++half)
#pragma unroll
        for (int n = 0; n < 4; ++n) {
            const uint4 b0 = *half_at(s[1], column_of(n, 0), half);
            const uint4 b1 = *half_at(s[1], column_of(n, 1), half);
#pragma unroll
            for (int m = 0; m < 4; ++m)
#pragma unroll
                for (int h = 0; h < 2; ++h) {
                    const uint4 a = *half_at(s[0], row_of(m, h), half);
                    acc[m][n][2 * h] = dot(a, b0, acc[m][n][2 * h]);
                    acc[m][n][2 * h + 1] = dot(a, b1, acc[m][n][2 * h + 1]);
                }
        }
}

#endif

#endif
