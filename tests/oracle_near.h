/*
 * oracle_near.h - distances of pairs by definition, in double, how far a float
 * implementation may be from them, and what follows for neighbours and counts.
 */
#ifndef ORACLE_NEAR_H
#define ORACLE_NEAR_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "backend.h"

/* Rows of one space or two and their classes, all in host memory. */
typedef struct {
    int64_t  n;
    int      spaces;
    int64_t  d[2];
    float   *t[2];    /* [n][d]                                                 */
    int32_t  classes; /* 0: there are none                                      */
    int32_t *y;       /* [n], or NULL                                           */
    ipl_norm norm;
    float    unit;
    int64_t  every;   /* the rows 0, every, 2 every .. are compared with the oracle */
} cloud;

/* D and the largest error of a float D, with e = 2^-24 and u = 2^-149, the smallest
 * float, below which values and squares are lost:
 *
 *   MAX     a difference is rounded once: e D, and each of its two values may have lost
 *           u / 2
 *   EUCLID  a squared difference has 2 e from the difference and e from the product, d
 *           additions of what only grows: (d + 3) e D, and one e for the squares of e;
 *           lost values change a square by 2 |difference| u, and a square loses u
 *
 * Small integers have exact differences, squares and sums: `exact` allows no error. */
typedef struct {
    double value, allowed;
} oracle_distance;

static inline oracle_distance oracle_pair(const cloud *c, int exact, int64_t i,
                                          int64_t j)
{
    const double e = 0x1p-24, u = 0x1p-149;
    double largest = 0.0, squares = 0.0, lost = 0.0, units = 0.0;
    for (int s = 0; s < c->spaces; ++s)
        for (int64_t k = 0; k < c->d[s]; ++k) {
            const double a = c->t[s][i * c->d[s] + k], b = c->t[s][j * c->d[s] + k];
            const double difference = fabs(a - b) * (double)c->unit;
            largest = fmax(largest, difference);
            squares += difference * difference;
            lost += (2.0 * difference + 1.0) * u;
            units += 1.0;
        }
    if (c->norm == IPL_NORM_MAX)
        return (oracle_distance){largest, exact ? 0.0 : e * largest + u};
    return (oracle_distance){squares, exact ? 0.0 : (units + 4.0) * e * squares + lost};
}

/* Those of the compared rows, [ceil(n / every)][n], for the caller to free. */
static inline oracle_distance *oracle_pairs(const cloud *c, int exact)
{
    const int64_t rows = (c->n + c->every - 1) / c->every;
    oracle_distance *all = malloc((size_t)(rows * c->n) * sizeof *all);
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t j = 0; j < c->n; ++j)
            all[r * c->n + j] = oracle_pair(c, exact, r * c->every, j);
    return all;
}

static inline int oracle_is_other(const cloud *c, int64_t i, int64_t j)
{
    return i != j && (!c->y || c->y[i] == c->y[j]);
}

static inline int64_t oracle_others(const cloud *c, int64_t i)
{
    int64_t others = 0;
    for (int64_t j = 0; j < c->n; ++j) others += oracle_is_other(c, i, j);
    return others;
}

static inline int oracle_listed(const int32_t *neighbour, int64_t count, int64_t j)
{
    for (int64_t m = 0; m < count; ++m)
        if (neighbour[m] == j) return 1;
    return 0;
}

/* NULL where the k neighbours of row i can be right, else what is wrong; d: its row of
 * oracle_pairs. Rows whose distances agree within the allowed errors may stand in any
 * order. */
static inline const char *oracle_check_list(const cloud *c, int64_t i, int64_t k,
                                            const oracle_distance *d,
                                            const float *distance,
                                            const int32_t *neighbour)
{
    const int64_t others = oracle_others(c, i), found = k < others ? k : others;
    for (int64_t m = 0; m < k; ++m) {
        const int64_t j = neighbour[m];
        if (m >= found) {
            if (j != -1 || distance[m] != INFINITY) return "more than there are";
            continue;
        }
        if (j < 0 || j >= c->n || !oracle_is_other(c, i, j)) return "no other row";
        if (oracle_listed(neighbour, m, j)) return "a row twice";
        if (!(fabs((double)distance[m] - d[j].value) <= d[j].allowed))
            return "another distance";
        if (m && !(distance[m - 1] < distance[m] ||
                   (distance[m - 1] == distance[m] && neighbour[m - 1] < j)))
            return "not ascending";
    }
    for (int64_t j = 0; j < c->n && found; ++j) {
        const double last = (double)distance[found - 1];
        const int tie = d[j].allowed == 0.0 && d[j].value == last;
        if (d[j].value + d[j].allowed < last || (tie && j < neighbour[found - 1]))
            if (oracle_is_other(c, i, j) && !oracle_listed(neighbour, found, j))
                return "a nearer row is left out";
    }
    return NULL;
}

/* The smallest and the largest count that rounding allows within a radius of row i. */
static inline void oracle_count(const cloud *c, int64_t i, const oracle_distance *d,
                                float radius, int32_t count[2])
{
    count[0] = count[1] = 0;
    for (int64_t j = 0; j < c->n; ++j) {
        if (!oracle_is_other(c, i, j)) continue;
        count[0] += d[j].value + d[j].allowed <= (double)radius;
        count[1] += fmax(0.0, d[j].value - d[j].allowed) <= (double)radius;
    }
}

#endif
