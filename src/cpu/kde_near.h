/*
 * kde_near.h - narrow layers: one vector of columns against the rows near its box.
 *
 * Rows are listed (kde_list.h) and worked off IN_STEP together. A list's distances are
 * all subtractions and multiply-adds, its exponentials mostly multiply-adds, and the
 * processor looks ahead less than from the one to the other: so the next rows'
 * distances go unit by unit with the steps of the rows before them. It takes more
 * registers than AVX2 has.
 *
 * Traffic   2 d + 16 operations a listed row (d + 2 loads, 2 stores).
 * Numerics  What is not listed is beyond the cut: n 2^-(log2 n + 21) of a row's sum at
 *           most.
 */
#ifndef KDE_NEAR_H
#define KDE_NEAR_H

#include "cpu/kde_list.h"
#include "cpu/kde_similarity.h"

enum {
    IN_STEP = 4, /* rows, whose chains hide each other's latency                 */
    INTERLEAVED = VF == 16,
    NEAR_GROUPS = 48 /* column groups until row sums are fixed point            */
};

/* Where listed rows begin, counted from `a`. */
INLINE void find_rows(int64_t d, const float *a, const uint32_t *list, const int rows,
                      const float *row[IN_STEP])
{
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r)
        row[r] = a + (list[r] & ~(VF - 1u)) * d + (list[r] & (VF - 1u));
}

/* Adds unit k to the squared distances of `rows` rows to the columns at b. */
INLINE void add_unit(int64_t k, const float *const row[IN_STEP], const float *b,
                     const int rows, vf distance[IN_STEP])
{
    const vf column = vf_load(b + k * VF);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
        /* In this direction the row's value comes with the instruction. */
        const vf difference = vf_sub(column, vf_set(row[r][k * VF]));
        distance[r] = vf_fma(difference, difference, distance[r]);
    }
}

/* Similarities of `rows` listed rows, at most IN_STEP, with the columns at b. */
INLINE void similarities(const kde_matrix *m, const int64_t d, const float *a,
                         const float *b, const uint32_t *list, const int rows,
                         vf e[IN_STEP])
{
    const float *row[IN_STEP];
    find_rows(d, a, list, rows, row);
    for (int r = 0; r < rows; ++r) e[r] = vf_set(0.0f);
    for (int64_t k = 0; k < d; ++k) add_unit(k, row, b, rows, e);
    similarities_in_step(e, rows, m);
}

/* A row's similarities e go to its sums, and e^4 = (e^2)^2. */
INLINE void add_to_row(vf e, vf e2, float *lanes)
{
    float *upper = lanes + VF;
    vf_store(lanes, vf_add(vf_load(lanes), e));
    vf_store(upper, vf_fma(e2, e2, vf_load(upper)));
}

/* And to the sums of the columns. */
INLINE void add_one(vf e, float *lanes, vf column[2])
{
    const vf e2 = vf_mul(e, e);
    add_to_row(e, e2, lanes);
    column[0] = vf_add(column[0], e);
    column[1] = vf_fma(e2, e2, column[1]);
}

/* Listed rows whose distances are known, on their way to the sums. */
typedef struct {
    similarity_chains chains;
    float *lanes[IN_STEP];
} near_rows;

/* The last step adds them. */
enum { NEAR_STEPS = SIMILARITY_STEPS + 1 };
INLINE void near_step(const int step, near_rows *rows, const kde_matrix *m,
                      vf column[2])
{
    if (step < SIMILARITY_STEPS) {
        similarity_step(step, &rows->chains, IN_STEP, m);
        return;
    }
    const vf *e = rows->chains.similar;
    vf e2[IN_STEP];
    for (int r = 0; r < IN_STEP; ++r) {
        e2[r] = vf_mul(e[r], e[r]);
        add_to_row(e[r], e2[r], rows->lanes[r]);
    }
    const vf four = vf_fma(e2[0], e2[0], vf_mul(e2[1], e2[1]));
    column[0] = vf_add(column[0], vf_add(vf_add(e[0], e[1]), vf_add(e[2], e[3])));
    column[1] = vf_add(column[1], vf_fma(e2[2], e2[2], vf_fma(e2[3], e2[3], four)));
}

/* Steps begin .. end - 1, which are constants. */
INLINE void near_steps(const int begin, const int end, near_rows *rows,
                       const kde_matrix *m, vf column[2])
{
#pragma GCC unroll 16
    for (int step = begin; step < end; ++step) near_step(step, rows, m, column);
}

/* The next IN_STEP rows to `rows`. While their distances are summed those that were
 * there go to their sums, unless this is the beginning. */
INLINE void next_rows(const kde_matrix *m, const int64_t d, const float *a,
                      const float *b, const uint32_t *list, const int begins, int lower,
                      kde_workspace *work, near_rows *rows, vf column[2])
{
    const int units = d < NEAR_STEPS ? (int)d : NEAR_STEPS; /* that have steps beside */
    const float *row[IN_STEP];
    vf distance[IN_STEP];
    if (!begins && !INTERLEAVED) near_steps(0, NEAR_STEPS, rows, m, column);
    find_rows(d, a, list, IN_STEP, row);
    for (int r = 0; r < IN_STEP; ++r) distance[r] = vf_set(0.0f);
#pragma GCC unroll 16
    for (int k = 0; k < units; ++k) {
        add_unit(k, row, b, IN_STEP, distance);
        if (!begins && INTERLEAVED)
            near_steps(k * NEAR_STEPS / units, (k + 1) * NEAR_STEPS / units, rows, m,
                       column);
    }
    for (int64_t k = units; k < d; ++k) add_unit(k, row, b, IN_STEP, distance);
    for (int r = 0; r < IN_STEP; ++r) {
        rows->chains.similar[r] = distance[r];
        rows->lanes[r] = lanes_of(work, lower, list[r]);
    }
}

/* A list of rows whose pairs with the columns at b are all within a class, or all
 * across: `lower` as in add_whole. */
INLINE void add_list(const kde_matrix *m, const int64_t d, const float *a,
                     const float *b, const uint32_t *list, int count, int lower,
                     kde_workspace *work, vf column[KDE_SUMS])
{
    vf sum[2] = {column[lower], column[lower + 1]};
    int i = 0;
    if (count >= IN_STEP) {
        near_rows rows;
        next_rows(m, d, a, b, list, 1, lower, work, &rows, sum);
        for (i = IN_STEP; i + IN_STEP <= count; i += IN_STEP)
            next_rows(m, d, a, b, list + i, 0, lower, work, &rows, sum);
        near_steps(0, NEAR_STEPS, &rows, m, sum);
    }
    for (; i < count; ++i) {
        vf e[IN_STEP];
        similarities(m, d, a, b, list + i, 1, e);
        add_one(e[0], lanes_of(work, lower, list[i]), sum);
    }
    column[lower] = sum[0], column[lower + 1] = sum[1];
}

/* Rows of the group's class: with pairs on the diagonal. */
INLINE void add_diagonal(const kde_matrix *m, int64_t first, const uint32_t *list,
                         const int rows, int64_t at, const vf e[IN_STEP],
                         kde_workspace *work, vf column[KDE_SUMS])
{
    const vf position = vf_load(m->pairs.position + at);
    for (int r = 0; r < rows; ++r) {
        const vf row = vf_set((float)(first + list[r]));
        add_one(vf_where_gt(position, row, e[r], vf_set(0.0f)),
                lanes_of(work, KDE_LOWER_WITHIN, list[r]), column + KDE_LOWER_WITHIN);
    }
}

/* Any rows: those of its class, if the group is of one class, or others as well. */
INLINE void add_any(const kde_matrix *m, int64_t first, const uint32_t *list,
                    const int rows, int64_t at, const vf e[IN_STEP], int one_class,
                    kde_workspace *work, vf column[KDE_SUMS])
{
    if (one_class)
        add_diagonal(m, first, list, rows, at, e, work, column);
    else
        for (int r = 0; r < rows; ++r)
            add_masked(e[r], m, first, list[r], at, work, column, 1);
}

/* One column group against the listed rows, counted from `first`, all below `stop`.
 * Rows of classes before the group's come first, then those of its own, then those on
 * the diagonal. add_list for d units is given, so that it is there once. */
typedef void near_list(const kde_matrix *m, const float *a, const float *b,
                       const uint32_t *list, int count, int lower, kde_workspace *work,
                       vf column[KDE_SUMS]);
INLINE void add_near(const kde_matrix *m, const int64_t d, near_list *add,
                     int64_t first, int64_t stop, int64_t at, const uint32_t *list,
                     int count, kde_workspace *work, vf column[KDE_SUMS])
{
    const float *class_of = m->pairs.class_of;
    const float *a = packed_row(m->pairs.rows, d, first), *b = m->pairs.rows + at * d;
    const int64_t own = (int64_t)class_of[at] - first; /* its class begins there */
    const int one_class =
        at + VF <= m->pairs.n && class_of[at] == class_of[at + VF - 1];
    int i = 0;
    vf e[IN_STEP];
    if (one_class) {
        const int across = rows_before(list, count, stop, own);
        i = rows_before(list, count, stop, at - first);
        add(m, a, b, list, across, KDE_LOWER_ACROSS, work, column);
        add(m, a, b, list + across, i - across, KDE_LOWER_WITHIN, work, column);
    }
    for (; i + IN_STEP <= count; i += IN_STEP) {
        similarities(m, d, a, b, list + i, IN_STEP, e);
        add_any(m, first, list + i, IN_STEP, at, e, one_class, work, column);
    }
    for (; i < count; ++i) {
        similarities(m, d, a, b, list + i, 1, e);
        add_any(m, first, list + i, 1, at, e, one_class, work, column);
    }
}

#endif
