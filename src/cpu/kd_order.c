/*
 * kd_order.c - rows in the order of the leaves of a k-d tree.
 *
 * A stretch of rows is split at its median along the coordinate that varies most,
 * and so on with both halves down to single leaves. The coordinate is chosen by up to
 * SAMPLE rows: near the root they say as much as all of them.
 *
 * The selection has no branch on the comparison of two keys, which no processor can
 * foresee (about a nanosecond a key). Equal keys, which saturated units
 * have in masses, are set aside together, so that the work stays proportional to
 * the number of keys.
 *
 * Compiled once, without fused multiply-adds: the order is the same on all sets.
 */
#include "cpu/kd_order.h"

#include <assert.h>

enum { SAMPLE = 64 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The coordinate with the largest variance; the first of equal ones. */
static int widest(const float *z, int64_t stride, int dims, const int32_t *at,
                  int64_t count)
{
    float sum[CPU_KD_DIMS] = {0}, square[CPU_KD_DIMS] = {0};
    const int64_t rows = least(count, SAMPLE);
    const float *origin = z + at[0] * stride; /* large offsets would cancel */
    for (int64_t e = 0; e < rows; ++e) {
        const float *row = z + at[e * count / rows] * stride;
        for (int k = 0; k < dims; ++k) {
            const float x = row[k] - origin[k];
            sum[k] += x;
            square[k] += x * x;
        }
    }
    int best = 0;
    float most = -1.0f;
    for (int k = 0; k < dims; ++k) {
        const float variance = square[k] - sum[k] * sum[k] / (float)rows;
        if (variance > most) most = variance, best = k;
    }
    return best;
}

/* Swaps the keys below the pivot to the front (with `equal`: those not above it) and
 * returns their number. */
static int64_t part(cpu_kd_key *k, int64_t count, float pivot, int equal)
{
    int64_t front = 0;
    for (int64_t e = 0; e < count; ++e) {
        const cpu_kd_key key = k[e];
        k[e] = k[front];
        k[front] = key;
        front += equal ? !(key.key > pivot) : key.key < pivot;
    }
    return front;
}

static float middle(float a, float b, float c)
{
    const float low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* A key near the one with rank `place`: the middle one of nine spread over them. */
static float choose_pivot(const cpu_kd_key *k, int64_t count)
{
    float third[3];
    for (int t = 0; t < 3; ++t) {
        const cpu_kd_key *from = k + t * count / 3;
        const int64_t step = count / 9;
        third[t] = middle(from[0].key, from[step].key, from[2 * step].key);
    }
    return middle(third[0], third[1], third[2]);
}

/* Puts the `place` least keys in front of all others. */
static void select_least(cpu_kd_key *k, int64_t count, int64_t place)
{
    while (place > 0 && place < count) {
        const float pivot = choose_pivot(k, count);
        const int64_t below = part(k, count, pivot, 0);
        if (place <= below) {
            count = below;
            continue;
        }
        const int64_t upto = below + part(k + below, count - below, pivot, 1);
        if (place <= upto) return; /* among equal keys any will do */
        k += upto, count -= upto, place -= upto;
    }
}

void cpu_kd_order(const float *z, int64_t stride, int dims, int64_t leaf, int64_t phase,
                  int32_t *at, int64_t count, cpu_kd_key *work)
{
    assert(dims <= CPU_KD_DIMS && phase < leaf);
    if (phase + count <= leaf) return;
    /* Up from the middle, but not beyond the last leaf's begin. */
    const int64_t up = (phase + count / 2 + leaf - 1) / leaf * leaf;
    const int64_t half = least(up, (phase + count - 1) / leaf * leaf) - phase;
    const int k = widest(z, stride, dims, at, count);
    for (int64_t e = 0; e < count; ++e)
        work[e] = (cpu_kd_key){z[at[e] * stride + k], at[e]};
    select_least(work, count, half);
    for (int64_t e = 0; e < count; ++e) at[e] = work[e].row;
    cpu_kd_order(z, stride, dims, leaf, phase, at, half, work);
    cpu_kd_order(z, stride, dims, leaf, 0, at + half, count - half, work);
}
