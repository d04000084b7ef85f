/*
 * kd_order.h - an order of rows in which near rows stand near each other.
 */
#ifndef KD_ORDER_H
#define KD_ORDER_H

#include <stdint.h>

enum { CPU_KD_DIMS = 128 }; /* coordinates at most */

typedef struct {
    float   key;
    int32_t row;
} cpu_kd_key;

/* Sorts the row numbers at[0..count) so that each stretch of `leaf` rows is a cell of a
 * k-d tree. Row r's `dims` coordinates stand at z + r * stride. The first stretch
 * lacks its first `phase` rows, so that stretches may be counted from before at[0].
 * work: room for `count` keys.
 *
 * A function of the coordinates and of the order that `at` has before: no thread, no
 * instruction set and no address changes it. Any coordinates are fine, NaN included. */
void cpu_kd_order(const float *z, int64_t stride, int dims, int64_t leaf, int64_t phase,
                  int32_t *at, int64_t count, cpu_kd_key *work);

#endif
