/*
 * audit_causes.c - which pairs of inputs meet in a layer, why, and examples.
 *
 * Pairs that are equal in several labels are counted by the cells of the labels side by
 * side, so a pair that "meets by rank" is: equal in float32 and in z, less those that
 * were equal in float32 before. Nothing is listed pair by pair.
 */
#include <math.h>
#include <stdlib.h>

#include "plane/audit.h"

/* -- Counts -----------------------------------------------------------------------*/

/* Pairs that are equal in `a` and in `b` (NULL: any) now, and were not in `before`. */
static ipl_status newly_equal(const audit_state *s, const int32_t *a, const int32_t *b,
                              const int32_t *before, const char *only, int64_t *pairs)
{
    const int32_t *label[3] = {a, before, b};
    int64_t were, are;
    IPL_TRY(audit_pairs(s->m, b ? 3 : 2, label, only, &were));
    label[1] = b;
    IPL_TRY(audit_pairs(s->m, b ? 2 : 1, label, only, &are));
    *pairs = are - were;
    return IPL_OK;
}

/* Marks the inputs in cells whose members differ, in double, only in units that float32
 * has at an end of their range. */
static ipl_status mark_saturated(const audit_state *s, ipl_act act, const float *t,
                                 int64_t units, char *in)
{
    float end[2];
    const int ends = audit_ends(act, end);
    int64_t *first = malloc((size_t)s->cells * sizeof *first);
    char *other = calloc((size_t)s->cells, 1); /* differs elsewhere, too */
    if (!first || !other) {
        free(first);
        free(other);
        return IPL_FAIL(IPL_E_MEMORY, "%lld cells", (long long)s->cells);
    }
    audit_first_rows(s->m, s->cell, first);
    for (int64_t i = 0; i < s->m; ++i) {
        const int32_t c = s->cell[i];
        const double *mine = s->exact.d + s->exact.out[i] * units;
        const double *his = s->exact.d + s->exact.out[first[c]] * units;
        for (int64_t u = 0; u < units && mine != his && !other[c]; ++u) {
            const float value = t[i * units + u];
            const int at_end = ends && (value == end[0] || value == end[1]);
            other[c] = mine[u] != his[u] && !at_end;
        }
    }
    for (int64_t i = 0; i < s->m; ++i) in[i] = !other[s->cell[i]];
    free(first);
    free(other);
    return IPL_OK;
}

static ipl_status count_pairs(const audit_state *s, const int32_t *double_before,
                              const char *saturated, ipl_audit_layer *out)
{
    const int32_t *z = s->exact.product, *d = s->exact.out, *cell = s->cell;
    int64_t in_double, by_rank, all, met, all_saturated, met_saturated;
    IPL_TRY(newly_equal(s, z, NULL, double_before, NULL, &by_rank));
    IPL_TRY(newly_equal(s, d, NULL, double_before, NULL, &in_double));
    out->double_pairs[IPL_CAUSE_RANK] = by_rank;
    out->double_pairs[IPL_CAUSE_ACTIVATION] = in_double - by_rank;

    IPL_TRY(newly_equal(s, cell, NULL, s->before, NULL, &all));
    IPL_TRY(newly_equal(s, cell, d, s->before, NULL, &met));
    IPL_TRY(newly_equal(s, cell, z, s->before, NULL, &by_rank));
    out->float_pairs[IPL_CAUSE_RANK] = by_rank;
    out->float_pairs[IPL_CAUSE_ACTIVATION] = met - by_rank;
    out->float_pairs[IPL_CAUSE_ROUNDING] = all - met;

    IPL_TRY(newly_equal(s, cell, NULL, s->before, saturated, &all_saturated));
    IPL_TRY(newly_equal(s, cell, d, s->before, saturated, &met_saturated));
    out->saturated_pairs = all_saturated - met_saturated;
    return IPL_OK;
}

/* -- Examples ---------------------------------------------------------------------*/

static double distance(const audit_state *s, int64_t i, int64_t j)
{
    double sum = 0.0;
    for (int64_t k = 0; k < s->width; ++k) {
        const double off =
            (double)s->x[i * s->width + k] - (double)s->x[j * s->width + k];
        sum += off * off;
    }
    return sqrt(sum);
}

static ipl_audit_cause cause_of(const audit_state *s, int64_t i, int64_t j)
{
    return s->exact.product[i] == s->exact.product[j] ? IPL_CAUSE_RANK
           : s->exact.out[i] == s->exact.out[j]       ? IPL_CAUSE_ACTIVATION
                                                      : IPL_CAUSE_ROUNDING;
}

static void take_example(const audit_state *s, int64_t i, int64_t j, int *of_cause,
                         ipl_audit_layer *out)
{
    const ipl_audit_cause cause = cause_of(s, i, j);
    if (s->before[i] == s->before[j] || of_cause[cause] == 2) return;
    ++of_cause[cause];
    out->example[out->examples++] =
        (ipl_audit_pair){{s->first[i], s->first[j]}, distance(s, i, j), cause};
}

/* In the order of rows. Of a large cell the first rows are compared with each other:
 * the examples need not show each cause, the counts do. */
static ipl_status find_examples(const audit_state *s, ipl_audit_layer *out)
{
    enum { COMPARED = 64 };
    int64_t *start = calloc((size_t)s->cells + 2, sizeof *start);
    int64_t *row = malloc((size_t)s->m * sizeof *row);
    int of_cause[IPL_CAUSE_COUNT] = {0};
    if (!start || !row) {
        free(start);
        free(row);
        return IPL_FAIL(IPL_E_MEMORY, "%lld cells", (long long)s->cells);
    }
    /* A counting sort: while it places, start[c + 1] is where cell c goes on. */
    for (int64_t i = 0; i < s->m; ++i) ++start[s->cell[i] + 2];
    for (int64_t c = 2; c < s->cells + 2; ++c) start[c] += start[c - 1];
    for (int64_t i = 0; i < s->m; ++i) row[start[s->cell[i] + 1]++] = i;
    for (int64_t c = 0; c < s->cells; ++c) {
        const int64_t size = start[c + 1] - start[c];
        const int64_t count = size < COMPARED ? size : COMPARED;
        for (int64_t a = 0; a < count; ++a)
            for (int64_t b = a + 1; b < count; ++b)
                take_example(s, row[start[c] + a], row[start[c] + b], of_cause, out);
    }
    free(start);
    free(row);
    return IPL_OK;
}

ipl_status audit_causes(const audit_state *s, const int32_t *double_before, ipl_act act,
                        const float *t, ipl_audit_layer *out)
{
    char *saturated = malloc((size_t)s->m);
    if (!saturated) return IPL_FAIL(IPL_E_MEMORY, "%lld inputs", (long long)s->m);
    ipl_status st = mark_saturated(s, act, t, out->units, saturated);
    if (st == IPL_OK) st = count_pairs(s, double_before, saturated, out);
    if (st == IPL_OK) st = find_examples(s, out);
    free(saturated);
    return st;
}
