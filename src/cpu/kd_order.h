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

/* Puts the keys below the pivot (with `equal`: those not above it) in front of the
 * others, both in the order in which they stand, and returns their number. aside: room
 * for `count` keys. */
typedef int64_t cpu_kd_part(cpu_kd_key *k, int64_t count, float pivot, int equal,
                            cpu_kd_key *aside);
extern cpu_kd_part cpu_kd_part_portable, cpu_kd_part_avx2, cpu_kd_part_avx512;

/* Sorts the row numbers at[0..count) so that each stretch of `leaf` rows is a cell of a
 * k-d tree. Row r's `dims` coordinates stand at z + r * stride. The first stretch
 * lacks its first `phase` rows, so that stretches may be counted from before at[0].
 * work: room for `count` keys, twice.
 *
 * A function of the coordinates and of the order that `at` has before: no thread, no
 * instruction set and no address changes it. Any coordinates are fine, NaN included. */
void cpu_kd_order(cpu_kd_part *part, const float *z, int64_t stride, int dims,
                  int64_t leaf, int64_t phase, int32_t *at, int64_t count,
                  cpu_kd_key *work);

#endif
