/*
 * local_team.h - a team of threads that works on one row, and triangles for it.
 *
 * On the CPU a team is one thread. In kernels it is a warp or a block: the includer
 * defines local_team and its five functions before it includes this file.
 *
 * A triangle is upper, by rows: entry (i, j >= i) at local_at(d, i, j). Inner loops run
 * along rows; their sums, where they are sums, have a fixed order.
 */
#ifndef IPL_LOCAL_TEAM_H
#define IPL_LOCAL_TEAM_H

#include <float.h>
#include <math.h>

#include "backend.h"
#include "local_moments.h"

#ifdef __CUDACC__
#define LOCAL_FN static __device__
#else
#define LOCAL_FN static inline
typedef struct { int threads; } local_team;
LOCAL_FN int    local_rank(local_team t) { return (void)t, 0; }
LOCAL_FN int    local_size(local_team t) { return (void)t, 1; }
LOCAL_FN void   local_barrier(local_team t) { (void)t; }
/* Over the team's threads, the same bits for each of them. */
LOCAL_FN double local_sum(local_team t, double v) { return (void)t, v; }
LOCAL_FN double local_max(local_team t, double v) { return (void)t, v; }
#endif

/* The loop of a thread over its share of [from, to). */
#define LOCAL_SHARE(team, i, from, to)                                         \
    for (int64_t i = (from) + local_rank(team); i < (to); i += local_size(team))

/* (i, 0) is no entry, but where j = 0 would be. */
LOCAL_FN int64_t local_at(int64_t d, int64_t i, int64_t j)
{
    return i * (2 * d - i - 1) / 2 + j;
}

/* The next `count` doubles of the work memory. */
LOCAL_FN double *local_take(double **work, int64_t count)
{
    double *at = *work;
    *work += count;
    return at;
}

/* sum_j a[j] b[j] of one thread. Four sums, none of which waits for another. */
LOCAL_FN double local_row_dot(int64_t count, const double *a, const double *b)
{
    double part[4] = {0.0, 0.0, 0.0, 0.0};
    int64_t j = 0;
    for (; j + 4 <= count; j += 4)
        for (int p = 0; p < 4; ++p) part[p] += a[j + p] * b[j + p];
    for (; j < count; ++j) part[0] += a[j] * b[j];
    return part[0] + part[1] + (part[2] + part[3]);
}

/* The same of the team, for each of its threads. */
LOCAL_FN double local_dot(local_team team, int64_t count, const double *a,
                          const double *b)
{
    const int64_t size = local_size(team);
    double part[4] = {0.0, 0.0, 0.0, 0.0};
    int64_t e = local_rank(team);
    for (; e + 3 * size < count; e += 4 * size)
        for (int p = 0; p < 4; ++p) part[p] += a[e + p * size] * b[e + p * size];
    for (; e < count; e += size) part[0] += a[e] * b[e];
    return local_sum(team, part[0] + part[1] + (part[2] + part[3]));
}

LOCAL_FN double local_largest(local_team team, int64_t count, const double *a)
{
    double largest = 0.0;
    LOCAL_SHARE(team, e, 0, count) largest = fmax(largest, fabs(a[e]));
    return local_max(team, largest);
}

/* A = U^T U in place. A pivot below `least` is raised to it; 1: none was. */
LOCAL_FN int local_cholesky(local_team team, int64_t d, double least, double *a)
{
    int as_it_is = 1;
    for (int64_t k = 0; k < d; ++k) {
        double *row = a + local_at(d, k, 0);
        local_barrier(team);
        const double pivot = row[k] >= least ? row[k] : least;
        as_it_is &= row[k] >= least;
        const double root = sqrt(pivot), inverse = 1.0 / root;
        local_barrier(team);
        LOCAL_SHARE(team, j, k, d) row[j] = j == k ? root : row[j] * inverse;
        local_barrier(team);
        LOCAL_SHARE(team, i, k + 1, d) {
            double *to = a + local_at(d, i, 0);
            for (int64_t j = i; j < d; ++j) to[j] -= row[i] * row[j];
        }
    }
    local_barrier(team);
    return as_it_is;
}

/* out = U^-T v by the team; v is used up. */
LOCAL_FN void local_solve(local_team team, int64_t d, const double *u, double *v,
                          double *out)
{
    for (int64_t k = 0; k < d; ++k) {
        const double *row = u + local_at(d, k, 0);
        local_barrier(team);
        const double value = v[k] / row[k];
        LOCAL_SHARE(team, i, k + 1, d) v[i] -= row[i] * value;
        if (local_rank(team) == 0) out[k] = value;
    }
    local_barrier(team);
}

/* row U^-1 in place, by one thread; the row's first units, `first` many, are 0. */
LOCAL_FN void local_divide(int64_t d, int64_t first, const double *u, double *row)
{
    for (int64_t k = first; k < d; ++k) {
        const double *from = u + local_at(d, k, 0), value = row[k] / from[k];
        row[k] = value;
        for (int64_t j = k + 1; j < d; ++j) row[j] -= value * from[j];
    }
}

/* row U^-T in place, by one thread, its units from `first` on. */
LOCAL_FN void local_divide_transposed(int64_t d, int64_t first, const double *u,
                                      double *row)
{
    for (int64_t j = d - 1; j >= first; --j) {
        const double *from = u + local_at(d, j, 0);
        const double rest = local_row_dot(d - 1 - j, row + j + 1, from + j + 1);
        row[j] = (row[j] - rest) / from[j];
    }
}

#endif
