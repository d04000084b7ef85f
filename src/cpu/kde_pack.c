/*
 * kde_pack.c - from activations to the vector groups of kde.h.
 */
#include "cpu/kde_pack.h"

#include <math.h>
#include <string.h>

/* Four floats in the compiler's own vectors: the widest that every set has, and as
 * fast as wider ones here, where memory is the limit. */
typedef float   quad __attribute__((vector_size(16)));
typedef int64_t pair __attribute__((vector_size(16)));

enum {
    PLAIN_EXPONENT = 40, /* scales within 2^-40 .. 2^40 need no help            */
    DROP_BITS = 24       /* n tiles dropped at 2^-(log2 n + 24) lose 2^-24      */
};

static float largest_magnitude(const ipl_kde_job *job)
{
    float most = 0.0f;
    for (int64_t e = 0; e < job->n * job->d; ++e) most = fmaxf(most, fabsf(job->t[e]));
    return most;
}

/* Multiplying the coordinates by 2^k divides the scale by 4^k, and both are exact as
 * long as no coordinate overflows; one that underflows was too small to count. */
static int unit_exponent(const ipl_kde_job *job, double scale)
{
    int k = ilogb(scale);
    if (k >= -PLAIN_EXPONENT && k <= PLAIN_EXPONENT) return 0;
    k /= 2;
    if (k > 0) {
        const float most = largest_magnitude(job);
        const int room = most > 0.0f ? 125 - ilogbf(most) : k;
        if (k > room) k = room;
    }
    return k < -120 ? -120 : k > 120 ? 120 : k;
}

float kde_prepare(const ipl_kde_job *job, int full_sums, int64_t columns,
                  kde_matrix *m)
{
    const double log2_e = 1.4426950408889634;
    double scale = fmin(log2_e / (8.0 * job->noise_var), 1e300);
    const int k = unit_exponent(job, scale);
    scale = fmin(fmax(ldexp(scale, -2 * k), 0x1p-100), 0x1p100);

    m->n = job->n;
    m->d = job->d;
    m->padded = ceil_div(job->n, columns) * columns;
    m->scale = (float)scale;
    m->limit = (float)(125.0 / scale);
    m->cut = full_sums ? INFINITY
                       : (float)((ceil(log2((double)job->n)) + DROP_BITS) / scale);
    return ldexpf(1.0f, k);
}

/* to[lanes * k + l] = factor * row[l][from + k] for four rows and k < units. */
static void pack_four(const float *const row[4], int64_t from, int64_t units,
                      float factor, int64_t lanes, float *to)
{
    int64_t k = 0;
    const quad f = {factor, factor, factor, factor};
    for (; k + 4 <= units; k += 4) {
        quad a, b, c, e;
        memcpy(&a, row[0] + from + k, sizeof a);
        memcpy(&b, row[1] + from + k, sizeof b);
        memcpy(&c, row[2] + from + k, sizeof c);
        memcpy(&e, row[3] + from + k, sizeof e);
        const quad ab_low = __builtin_shufflevector(a * f, b * f, 0, 4, 1, 5);
        const quad ce_low = __builtin_shufflevector(c * f, e * f, 0, 4, 1, 5);
        const quad ab_high = __builtin_shufflevector(a * f, b * f, 2, 6, 3, 7);
        const quad ce_high = __builtin_shufflevector(c * f, e * f, 2, 6, 3, 7);
        const pair unit[4] = {
            __builtin_shufflevector((pair)ab_low, (pair)ce_low, 0, 2),
            __builtin_shufflevector((pair)ab_low, (pair)ce_low, 1, 3),
            __builtin_shufflevector((pair)ab_high, (pair)ce_high, 0, 2),
            __builtin_shufflevector((pair)ab_high, (pair)ce_high, 1, 3)};
        for (int u = 0; u < 4; ++u)
            memcpy(to + (k + u) * lanes, &unit[u], sizeof unit[u]);
    }
    for (; k < units; ++k)
        for (int l = 0; l < 4; ++l) to[k * lanes + l] = factor * row[l][from + k];
}

void kde_pack(const ipl_kde_job *job, const kde_matrix *m, float factor, int64_t lanes,
              int64_t from, int64_t to, float *rows, float *position, float *class_of)
{
    const int32_t *order = job->y->order;
    for (int64_t i = from; i < to; i += 4) {
        const float *row[4];
        for (int l = 0; l < 4; ++l) {
            const int64_t filled = i + l < m->n ? i + l : m->n - 1;
            row[l] = job->t + order[filled] * m->d;
            position[i + l] = i + l < m->n ? (float)(i + l) : -1.0f;
            /* Where a class begins names it, in order and below 2^24. */
            class_of[i + l] = (float)job->y->start[job->y->at[order[filled]]];
        }
        for (int64_t k = 0; k < m->d; k += KDE_CHUNK) {
            const int64_t units = m->d - k < KDE_CHUNK ? m->d - k : KDE_CHUNK;
            const int64_t group = m->padded * k + i / lanes * lanes * units;
            pack_four(row, k, units, factor, lanes, rows + group + i % lanes);
        }
    }
}
