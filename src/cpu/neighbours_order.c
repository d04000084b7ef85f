/*
 * neighbours_order.c - an order of the rows in which near rows stand together.
 *
 * Each class is halved along the unit in which it spreads most, at a whole tile and
 * then at a whole panel, until a panel is left. No result depends on the order: it
 * only decides which boxes are small. Boxes have the NEAR_UNITS units of the largest
 * variance; a bound from fewer units than a layer has is still a bound.
 */
#include <math.h>

#include "cpu/neighbours.h"

static float value_of(const ipl_pairs *p, int64_t row, int64_t unit)
{
    const int64_t d = p->space[0].d;
    const float *at = unit < d ? p->space[0].t + row * d + unit
                               : p->space[1].t + row * p->space[1].d + unit - d;
    return *at * p->unit;
}

/* Over rows that are evenly spaced. */
static double variance(const ipl_pairs *p, int64_t unit)
{
    enum { SAMPLE = 256 };
    const int64_t rows = p->n < SAMPLE ? p->n : SAMPLE;
    double sum = 0.0, squares = 0.0;
    for (int64_t s = 0; s < rows; ++s) {
        const double v = (double)value_of(p, s * p->n / rows, unit);
        sum += v;
        squares += v * v;
    }
    return squares - sum * sum / (double)rows;
}

/* Leaves out the unit of the smallest spread. */
static void drop_unit(near_layer *l, double *spread)
{
    int at = 0;
    for (int u = 1; u < l->units; ++u)
        if (spread[u] < spread[at]) at = u;
    --l->units;
    for (; at < l->units; ++at) {
        spread[at] = spread[at + 1];
        l->unit[at] = l->unit[at + 1];
    }
}

void near_choose_units(const ipl_pairs *p, near_layer *l)
{
    const int64_t d = near_width(p);
    double spread[NEAR_UNITS + 1];
    l->units = 0;
    for (int64_t k = 0; k < d; ++k) {
        spread[l->units] = d > NEAR_UNITS ? variance(p, k) : 0.0;
        l->unit[l->units++] = k;
        if (l->units > NEAR_UNITS) drop_unit(l, spread);
    }
    for (int u = 0; u < l->units; ++u)
        for (int64_t i = 0; i < p->n; ++i)
            l->key[u * p->n + i] = value_of(p, i, l->unit[u]);
}

/* The keys of unit u among every step-th of the rows [begin, end). */
static void span_of(const near_layer *l, int u, int64_t begin, int64_t end,
                    int64_t step, float *lo, float *hi)
{
    const float *key = l->key + u * l->pairs.n;
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int64_t i = begin; i < end; i += step) {
        const float v = key[l->number[i]];
        if (v < *lo) *lo = v;
        if (v > *hi) *hi = v;
    }
}

static float middle_of(float a, float b, float c)
{
    const float low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Hoare's selection: rows before `at` get no larger keys than those from `at` on. Rows
 * that are hard to order are left as they are after ROUNDS. */
static void halve(const float *key, int32_t *number, int64_t begin, int64_t at,
                  int64_t end)
{
    enum { ROUNDS = 100 };
    int64_t low = begin, high = end - 1;
    for (int round = 0; low < high && round < ROUNDS; ++round) {
        const int64_t middle = low + (high - low) / 2;
        const float pivot =
            middle_of(key[number[low]], key[number[middle]], key[number[high]]);
        int64_t i = low, j = high;
        while (i <= j) {
            while (key[number[i]] < pivot) ++i;
            while (key[number[j]] > pivot) --j;
            if (i > j) break;
            const int32_t held = number[i];
            number[i++] = number[j];
            number[j--] = held;
        }
        if (at <= j) high = j;
        else if (at >= i) low = i;
        else return;
    }
}

/* The multiple of `step` nearest to the middle, or 0 if none lies within. */
static int64_t cut_at(int64_t begin, int64_t end, int64_t step)
{
    const int64_t middle = begin + (end - begin) / 2;
    const int64_t at = (middle + step / 2) / step * step;
    return at > begin && at < end ? at : 0;
}

static void split(const near_kernels *kernels, near_layer *l, int64_t begin,
                  int64_t end)
{
    enum { TASK_ROWS = 8192, LOOK_ROWS = 64 };
    const int64_t step = (end - begin + LOOK_ROWS - 1) / LOOK_ROWS;
    int64_t at = cut_at(begin, end, kernels->columns);
    if (!at) at = cut_at(begin, end, kernels->panel);
    if (!at) return;
    int widest = 0;
    float most = -1.0f;
    for (int u = 0; u < l->units; ++u) {
        float lo, hi;
        span_of(l, u, begin, end, step, &lo, &hi);
        if (hi - lo > most) most = hi - lo, widest = u;
    }
    if (most == 0.0f) return;
    halve(l->key + widest * l->pairs.n, l->number, begin, at, end);
#pragma omp task if (end - begin > TASK_ROWS)
    split(kernels, l, begin, at);
    split(kernels, l, at, end);
}

void near_order(const ipl_pairs *p, const near_kernels *kernels, near_layer *l)
{
    const int64_t n = p->n, classes = p->y ? p->y->classes : 1;
    for (int64_t c = 0; c < classes; ++c) {
        const int64_t begin = p->y ? p->y->start[c] : 0;
        const int64_t end = p->y ? p->y->start[c + 1] : n;
        for (int64_t i = begin; i < end; ++i) {
            l->number[i] = p->y ? p->y->order[i] : (int32_t)i;
            l->first[i] = (int32_t)begin;
            l->end[i] = (int32_t)end;
        }
        split(kernels, l, begin, end);
    }
    for (int64_t i = n; i < l->pairs.padded; ++i)
        l->first[i] = l->end[i] = (int32_t)n;
}

void near_box(const near_kernels *kernels, int64_t row, near_layer *l)
{
    const int64_t n = l->pairs.n;
    for (int64_t i = row; i < row + NEAR_ROWS && i < n; i += kernels->panel) {
        const int64_t end = i + kernels->panel < n ? i + kernels->panel : n;
        const int64_t at = i / kernels->panel * l->units;
        for (int u = 0; u < l->units; ++u)
            span_of(l, u, i, end, 1, &l->panel_lo[at + u], &l->panel_hi[at + u]);
    }
    for (int64_t i = row; i < row + NEAR_ROWS && i < n; i += kernels->columns) {
        const int64_t end = i + kernels->columns < n ? i + kernels->columns : n;
        const int64_t at = i / kernels->columns;
        for (int u = 0; u < l->units; ++u)
            span_of(l, u, i, end, 1, &l->tile_lo[u * l->stride + at],
                    &l->tile_hi[u * l->stride + at]);
    }
}
