/*
 * kde_near.h - narrow layers: one vector of columns against the rows near its box.
 *
 * Rows stand in k-d order (kde_order.c), so that a group of VF columns fills a small
 * box. Groups of rows, and then single rows, are tested against it, VF at a time; those
 * that may have a pair within the cut are listed and worked off IN_STEP together.
 *
 * Traffic   5 operations an axis test VF rows; 2 d + 14 a listed row (d + 2 loads, 2
 *           stores).
 * Numerics  The distance of a row to a box is at most that to any row in it, and on the
 *           axes that is at most what kde_axes.c says, so what is left out is beyond
 *           the cut: n 2^-(log2 n + 21) of a row's sum at most.
 */
#ifndef KDE_NEAR_H
#define KDE_NEAR_H

#include "cpu/kde_similarity.h"

enum {
    IN_STEP = VF == 16 ? 8 : 4, /* rows, whose chains hide each other's latency */
    NEAR_GROUPS = 48, /* column groups until row sums are fixed point           */
    LANE_SUMS = KDE_ROWS * PAIRS_LANES_MAX /* from a lower bound's to its upper's */
};

#define NEAR_SLACK 1.00001f /* more than KDE_NARROW roundings */

typedef struct {
    float low[KDE_AXES_MAX], high[KDE_AXES_MAX];
} near_box;

/* Bit l: box l of those whose bounds on axis k begin at low + k * stride is further
 * than the cut from `box`. NEAR_SLACK is more than its axes + 2 roundings. */
INLINE unsigned beyond(const near_box *box, int axes, const float *low,
                       const float *high, int64_t stride, float cut)
{
    const vf zero = vf_set(0.0f);
    vf distance = zero;
    for (int k = 0; k < axes; ++k) {
        const vf below = vf_sub(vf_set(box->low[k]), vf_loadu(high + k * stride));
        const vf above = vf_sub(vf_loadu(low + k * stride), vf_set(box->high[k]));
        const vf gap = vf_max(vf_max(below, above), zero);
        distance = vf_fma(gap, gap, distance);
    }
    return vf_gt(distance, vf_set(cut * NEAR_SLACK));
}

/* Lists those of the rows first + [0, stop) that may be near one of the columns from
 * `at` on, in ascending order, and returns how many. Bit g of *groups: some of the
 * rows g VF .. are among them. */
INLINE int list_rows(const kde_matrix *m, int axes, int64_t first, int64_t stop,
                     int64_t at, uint32_t list[KDE_ROWS + VF], uint32_t *groups)
{
    int count = 0;
    uint32_t some = 0;
    near_box box;
    for (int k = 0; k < axes; ++k) {
        box.low[k] = m->low[k * m->boxes + at / VF];
        box.high[k] = m->high[k * m->boxes + at / VF];
    }
    unsigned far = 0;
    for (int64_t row = 0; row < stop; row += VF) {
        const int64_t group = (first + row) / VF, lane = row / VF % VF;
        if (!lane)
            far = beyond(&box, axes, m->low + group, m->high + group, m->boxes,
                         m->near_cut);
        if (far >> lane & 1) continue;
        const float *rows = m->axes + group * axes * VF;
        const unsigned out = beyond(&box, axes, rows, rows, VF, m->near_cut);
        const int more = vf_list_clear(out, (uint32_t)row, list + count);
        some |= (uint32_t)(more > 0) << row / VF;
        count += more;
    }
    while (count && list[count - 1] >= stop) --count;
    *groups |= some;
    return count;
}

/* Similarities of `rows` listed rows, counted from `a`, with the columns at b. */
INLINE void similarities(const kde_matrix *m, int64_t d, const float *a, const float *b,
                         const uint32_t *list, int rows, vf e[IN_STEP])
{
    const float *row[IN_STEP];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
        row[r] = a + (list[r] & ~(VF - 1u)) * d + (list[r] & (VF - 1u));
        e[r] = vf_set(0.0f);
    }
    for (int64_t k = 0; k < d; ++k) {
        const vf column = vf_load(b + k * VF);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
            /* In this direction the row's value comes with the instruction. */
            const vf difference = vf_sub(column, vf_set(row[r][k * VF]));
            e[r] = vf_fma(difference, difference, e[r]);
        }
    }
    similarities_in_step(e, rows, m);
}

/* Pairs that are all i < j and all within a class, or all across: as in add_whole. */
INLINE void add_listed(const kde_matrix *m, int64_t d, const float *a, const float *b,
                       const uint32_t *list, int rows, int lower, kde_workspace *work,
                       vf column[2])
{
    vf e[IN_STEP], two, four;
    similarities(m, d, a, b, list, rows, e);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
        float *lanes = work->lane_sum[lower] + list[r] * VF, *upper = lanes + LANE_SUMS;
        const vf e2 = vf_mul(e[r], e[r]);
        vf_store(lanes, vf_add(vf_load(lanes), e[r]));
        vf_store(upper, vf_fma(e2, e2, vf_load(upper)));
        two = r ? vf_add(two, e[r]) : e[r];
        four = r ? vf_fma(e2, e2, four) : vf_mul(e2, e2);
    }
    column[0] = vf_add(column[0], two);
    column[1] = vf_add(column[1], four);
}

INLINE void add_list(const kde_matrix *m, int64_t d, const float *a, const float *b,
                     const uint32_t *list, int count, int lower, kde_workspace *work,
                     vf column[KDE_SUMS])
{
    int i = 0;
    for (; i + IN_STEP <= count; i += IN_STEP)
        add_listed(m, d, a, b, list + i, IN_STEP, lower, work, column + lower);
    if (IN_STEP > 4 && i + 4 <= count) {
        add_listed(m, d, a, b, list + i, 4, lower, work, column + lower);
        i += 4;
    }
    for (; i < count; ++i)
        add_listed(m, d, a, b, list + i, 1, lower, work, column + lower);
}

/* One column group against the rows first + [0, stop); *groups: as in list_rows. Rows
 * of classes before the group's come first, then those of its own, then those on the
 * diagonal. Returns 0 if none is near. */
INLINE int add_near(const kde_matrix *m, int64_t d, int64_t first, int64_t stop,
                    int64_t at, kde_workspace *work, uint32_t *groups,
                    vf column[KDE_SUMS])
{
    uint32_t list[KDE_ROWS + VF];
    const float *class_of = m->pairs.class_of;
    const float *a = packed_row(m->pairs.rows, d, first), *b = m->pairs.rows + at * d;
    const int count = list_rows(m, KDE_AXES(d), first, stop, at, list, groups);
    const int whole = at + VF <= m->pairs.n && class_of[at] == class_of[at + VF - 1];
    const int64_t own = (int64_t)class_of[at] - first; /* its class begins there */
    int i = 0, across = 0;
    if (whole) {
        while (across < count && list[across] < own) ++across;
        add_list(m, d, a, b, list, across, KDE_LOWER_ACROSS, work, column);
        for (i = count; i > across && first + list[i - 1] >= at; --i) {}
        add_list(m, d, a, b, list + across, i - across, KDE_LOWER_WITHIN, work, column);
    }
    for (; i < count; ++i) {
        vf e[IN_STEP];
        similarities(m, d, a, b, list + i, 1, e);
        add_masked(e[0], m, first, list[i], at, work, column, 1);
    }
    return count;
}

#endif
