/*
 * oracle_error.h - the delete-group jackknife from values that a test computes itself.
 *
 * Groups are the rows whose number mod 10 is the same. The variance comes from the
 * differences of all pairs of groups, not from a mean.
 */
#ifndef ORACLE_ERROR_H
#define ORACLE_ERROR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { ORACLE_GROUPS = 10 };

/* Copies the rows (of so many bytes) outside group g; returns how many they are. */
static inline int64_t oracle_without(int g, int64_t n, size_t row, const void *from,
                                     void *to)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i)
        if (i % ORACLE_GROUPS != g)
            memcpy((char *)to + (size_t)count++ * row,
                   (const char *)from + (size_t)i * row, row);
    return count;
}

typedef struct {
    double value, bound;
} oracle_error_of;

/* theta[g] may be off by allowed[g]: the deviations from a mean are no longer as a
 * vector than these are. NaN where a theta is. */
static inline oracle_error_of oracle_error(const double theta[ORACLE_GROUPS],
                                           const double allowed[ORACLE_GROUPS])
{
    const double groups = ORACLE_GROUPS;
    double pairs = 0.0, off = 0.0, most = 0.0;
    for (int g = 0; g < ORACLE_GROUPS; ++g) {
        for (int h = 0; h < g; ++h) pairs += pow(theta[g] - theta[h], 2.0);
        off += allowed[g] * allowed[g];
        most = fmax(most, fabs(theta[g]));
    }
    const double share = (groups - 1.0) / groups;
    return (oracle_error_of){sqrt(share * pairs / groups),
                             sqrt(share * off) + 1e-14 * most};
}

#endif
