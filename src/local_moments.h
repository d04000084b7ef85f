/*
 * local_moments.h - how the moments of a row lie in memory, for both backends.
 *
 * A row of d units has S0, S1[d], then the lower triangle of S2 by rows: S2[0][0],
 * S2[1][0], S2[1][1], S2[2][0], .. (src/backend.h). All are double.
 */
#ifndef IPL_LOCAL_MOMENTS_H
#define IPL_LOCAL_MOMENTS_H

#include <stdint.h>

#ifdef __CUDACC__
#define LOCAL_HOST_TOO __host__ __device__
#else
#define LOCAL_HOST_TOO
#endif

static inline LOCAL_HOST_TOO int64_t local_triangle(int64_t d)
{
    return d * (d + 1) / 2;
}

/* Doubles of a row. */
static inline LOCAL_HOST_TOO int64_t local_moments(int64_t d)
{
    return 1 + d + local_triangle(d);
}

#endif
