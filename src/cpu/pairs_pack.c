/*
 * pairs_pack.c - from activations to the vector groups of pairs_pack.h.
 */
#include "cpu/pairs_pack.h"

#include <string.h>

/* Four floats in the compiler's own vectors: the widest that every set has, and as
 * fast as wider ones here, where memory is the limit. */
typedef float   quad __attribute__((vector_size(16)));
typedef int64_t pair __attribute__((vector_size(16)));

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

void pairs_pack_rows(int spaces, const ipl_space *space, const int32_t *order,
                     float factor, int64_t lanes, int64_t from, int64_t to,
                     const pairs_layer *out)
{
    const int64_t n = out->n, d = out->d;
    for (int64_t i = from; i < to; i += 4)
        for (int64_t k = 0; k < d; k += PAIRS_CHUNK) {
            const int64_t units = d - k < PAIRS_CHUNK ? d - k : PAIRS_CHUNK;
            const int64_t group = out->padded * k + i / lanes * lanes * units;
            int64_t first = 0; /* unit of the space, counted through all spaces */
            for (int s = 0; s < spaces; first += space[s++].d) {
                const int64_t begin = k > first ? k : first, next = first + space[s].d;
                const int64_t end = k + units < next ? k + units : next;
                const float *row[4];
                if (begin >= end) continue;
                for (int l = 0; l < 4; ++l)
                    row[l] = space[s].t + order[i + l < n ? i + l : n - 1] * space[s].d;
                pack_four(row, begin - first, end - begin, factor, lanes,
                          out->rows + group + (begin - k) * lanes + i % lanes);
            }
        }
}

void pairs_pack(const float *t, const ipl_labels *y, const int32_t *order, float factor,
                int64_t lanes, int64_t from, int64_t to, const pairs_layer *out)
{
    const int64_t n = out->n;
    const ipl_space space = {.d = out->d, .t = t};
    for (int64_t i = from; i < to; ++i) {
        out->position[i] = i < n ? (float)i : -1.0f;
        /* Where a class begins names it, in order and below 2^24. */
        out->class_of[i] = (float)y->start[y->at[order[i < n ? i : n - 1]]];
    }
    pairs_pack_rows(1, &space, order, factor, lanes, from, to, out);
}
