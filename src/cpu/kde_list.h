/*
 * kde_list.h - the rows that may be near one vector of columns.
 *
 * Rows stand in k-d order (kde_order.c), so that a group of VF columns fills a small
 * box. Groups of rows, and then single rows, are tested against it, VF at a time.
 *
 * Traffic   4 operations an axis test VF rows, 5 VF groups.
 * Numerics  The distance of a row to a box is at most that to any row in it, and on the
 *           axes that is at most what kde_axes.c says.
 */
#ifndef KDE_LIST_H
#define KDE_LIST_H

#include "cpu/kde.h"
#include "cpu/simd.h"

#define NEAR_SLACK 1.00001f /* more than KDE_AXES_MAX + 2 roundings */

/* A column group's bounds on each axis, in all lanes. */
typedef struct {
    vf low[KDE_AXES_MAX], high[KDE_AXES_MAX];
} near_box;

/* Bit l: box group + l is further from `box` than the cut. */
INLINE unsigned boxes_beyond(const kde_matrix *m, const near_box *box, const int dims,
                             int64_t group)
{
    const vf zero = vf_set(0.0f);
    vf distance = zero;
    for (int k = 0; k < dims; ++k) {
        const int64_t at = k * m->boxes + group;
        const vf below = vf_sub(box->low[k], vf_loadu(m->high + at));
        const vf above = vf_sub(vf_loadu(m->low + at), box->high[k]);
        const vf gap = vf_max(vf_max(below, above), zero);
        distance = vf_fma(gap, gap, distance);
    }
    return vf_gt(distance, vf_set(m->near_cut * NEAR_SLACK));
}

/* The same of the group's rows: from a row to the nearest point of the box. */
INLINE unsigned rows_beyond(const kde_matrix *m, const near_box *box, const int dims,
                            int64_t group)
{
    const float *rows = m->axes + group * dims * VF;
    vf distance = vf_set(0.0f);
    for (int k = 0; k < dims; ++k) {
        const vf row = vf_load(rows + k * VF);
        const vf gap = vf_sub(row, vf_min(vf_max(row, box->low[k]), box->high[k]));
        distance = vf_fma(gap, gap, distance);
    }
    return vf_gt(distance, vf_set(m->near_cut * NEAR_SLACK));
}

/* Lists those of the rows first + [0, stop) that may be near one of the columns from
 * `at` on, in ascending order, and returns how many. Bit g of *groups: some of the
 * rows g VF .. are among them. */
INLINE int list_rows(const kde_matrix *m, const int dims, int64_t first, int64_t stop,
                     int64_t at, uint32_t list[KDE_ROWS + VF], uint32_t *groups)
{
    int count = 0;
    uint32_t some = 0;
    near_box box;
    for (int k = 0; k < dims; ++k) {
        box.low[k] = vf_set(m->low[k * m->boxes + at / VF]);
        box.high[k] = vf_set(m->high[k * m->boxes + at / VF]);
    }
    for (int64_t base = 0; base < stop; base += VF * VF) {
        const int64_t group = (first + base) / VF, left = (stop - base + VF - 1) / VF;
        unsigned near = ~boxes_beyond(m, &box, dims, group);
        near &= ~0u >> (32 - (left < VF ? left : VF));
        for (; near; near &= near - 1) {
            const int lane = __builtin_ctz(near);
            const uint32_t row = (uint32_t)(base + lane * VF);
            const unsigned out = rows_beyond(m, &box, dims, group + lane);
            const int more = vf_list_clear(out, row, list + count);
            some |= (uint32_t)(more > 0) << row / VF;
            count += more;
        }
    }
    while (count && list[count - 1] >= stop) --count;
    *groups |= some;
    return count;
}

/* How many of the listed rows, all below `stop`, are below `end`. */
INLINE int rows_before(const uint32_t *list, int count, int64_t stop, int64_t end)
{
    if (end <= 0) return 0;
    if (end < stop)
        while (count && list[count - 1] >= end) --count;
    return count;
}

#endif
