/*
 * kd_order.c - rows in the order of the leaves of a k-d tree.
 *
 * A stretch of rows is split at its median along the coordinate that varies most,
 * and so on with both halves down to single leaves. The coordinate is chosen by up to
 * SAMPLE rows: near the root they say as much as all of them.
 *
 * Equal keys, which saturated units have in masses, are put away together, so that each
 * pass of the selection makes progress.
 *
 * Compiled once, without fused multiply-adds, and the parts (kd_part_kernel.c) are the
 * same on all sets, so that the order is.
 */
#include "cpu/kd_order.h"

#include <assert.h>

enum { SAMPLE = 32 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

typedef struct {
    cpu_kd_part *part;
    const float *z;
    int64_t      stride, leaf;
    int          dims;
    cpu_kd_key  *aside;
} points;

/* The coordinate with the largest variance; the first of equal ones. */
static int widest(const points *p, const cpu_kd_key *k, int64_t count)
{
    float sum[CPU_KD_DIMS], square[CPU_KD_DIMS];
    const int64_t rows = least(count, SAMPLE);
    const float *origin = p->z + k[0].row * p->stride; /* large offsets would cancel */
    for (int u = 0; u < p->dims; ++u) sum[u] = square[u] = 0.0f;
    for (int64_t e = 1; e < rows; ++e) {
        const float *row = p->z + k[e * count / rows].row * p->stride;
        for (int u = 0; u < p->dims; ++u) {
            const float x = row[u] - origin[u];
            sum[u] += x;
            square[u] += x * x;
        }
    }
    int best = 0;
    float most = -1.0f;
    for (int u = 0; u < p->dims; ++u) {
        const float variance = square[u] - sum[u] * sum[u] / (float)rows;
        if (variance > most) most = variance, best = u;
    }
    return best;
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
static void select_least(const points *p, cpu_kd_key *k, int64_t count, int64_t place)
{
    while (place > 0 && place < count) {
        const float pivot = choose_pivot(k, count);
        int64_t below = p->part(k, count, pivot, 0, p->aside);
        if (place < below) {
            count = below;
            continue;
        }
        if (!below) { /* the least key: all that equal it are in their place */
            below = p->part(k, count, pivot, 1, p->aside);
            if (place < below) return;
        }
        k += below, count -= below, place -= below;
    }
}

static void split(const points *p, cpu_kd_key *k, int64_t count, int64_t phase)
{
    if (phase + count <= p->leaf) return;
    /* Up from the middle, but not beyond the last leaf's begin. */
    const int64_t up = (phase + count / 2 + p->leaf - 1) / p->leaf * p->leaf;
    const int64_t half = least(up, (phase + count - 1) / p->leaf * p->leaf) - phase;
    const float *coordinate = p->z + widest(p, k, count);
    for (int64_t e = 0; e < count; ++e) k[e].key = coordinate[k[e].row * p->stride];
    select_least(p, k, count, half);
    split(p, k, half, phase);
    split(p, k + half, count - half, 0);
}

void cpu_kd_order(cpu_kd_part *part, const float *z, int64_t stride, int dims,
                  int64_t leaf, int64_t phase, int32_t *at, int64_t count,
                  cpu_kd_key *work)
{
    assert(dims <= CPU_KD_DIMS && phase < leaf);
    const points p = {part, z, stride, leaf, dims, work + count};
    for (int64_t e = 0; e < count; ++e) work[e].row = at[e];
    split(&p, work, count, phase);
    for (int64_t e = 0; e < count; ++e) at[e] = work[e].row;
}
