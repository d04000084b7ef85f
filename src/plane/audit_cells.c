/*
 * audit_cells.c - which rows are equal, and what that says of X.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plane/audit.h"

/* -- Equal rows -------------------------------------------------------------------*/

/* Four sums, so that no word waits for the one before; a poor hash costs time alone, as
 * rows are compared. */
static uint64_t hash_of(const unsigned char *row, size_t bytes)
{
    static const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t sum[4] = {1, 2, 3, 4};
    for (size_t at = 0; at < bytes; at += 4) {
        uint32_t word;
        memcpy(&word, row + at, 4);
        uint64_t *s = &sum[at / 4 % 4];
        *s = (*s ^ word) * odd;
        *s ^= *s >> 29;
    }
    uint64_t all = 0;
    for (int k = 0; k < 4; ++k) all = (all ^ sum[k]) * odd, all ^= all >> 32;
    return all;
}

ipl_status audit_cells(int64_t rows, size_t bytes, const void *values, int32_t *cell,
                       int64_t *cells)
{
    const unsigned char *at = values;
    size_t places = 16; /* a power of two, at most half of it taken */
    while (places < 2 * (size_t)rows) places *= 2;
    int64_t *place = malloc(places * sizeof *place); /* first row of a cell; -1 */
    if (!place)
        return IPL_FAIL(IPL_E_MEMORY, "cells of %lld rows", (long long)rows);
    memset(place, 0xff, places * sizeof *place);
    int64_t count = 0;
    for (int64_t i = 0; i < rows; ++i) {
        const unsigned char *row = at + (size_t)i * bytes;
        size_t k = hash_of(row, bytes) & (places - 1);
        while (place[k] >= 0 && memcmp(at + (size_t)place[k] * bytes, row, bytes))
            k = (k + 1) & (places - 1);
        if (place[k] < 0) {
            place[k] = i;
            cell[i] = (int32_t)count++;
        } else {
            cell[i] = cell[place[k]];
        }
    }
    free(place);
    *cells = count;
    return IPL_OK;
}

void audit_first_rows(int64_t rows, const int32_t *cell, int64_t *first)
{
    int64_t known = 0;
    for (int64_t i = 0; i < rows; ++i)
        if (cell[i] == known) first[known++] = i;
}

/* -- Pairs ------------------------------------------------------------------------*/

/* The labels of the chosen rows, side by side. */
static int64_t gather(int64_t rows, int labels, const int32_t *const *label,
                      const char *only, int32_t *all)
{
    int64_t chosen = 0;
    for (int64_t i = 0; i < rows; ++i) {
        if (only && !only[i]) continue;
        for (int k = 0; k < labels; ++k) all[chosen * labels + k] = label[k][i];
        ++chosen;
    }
    return chosen;
}

ipl_status audit_pairs(int64_t rows, int labels, const int32_t *const *label,
                       const char *only, int64_t *pairs)
{
    const size_t size = (size_t)rows;
    int32_t *all = calloc(size * (size_t)labels, sizeof *all);
    int32_t *cell = malloc(size * sizeof *cell);
    int64_t *count = calloc(size, sizeof *count), cells = 0, sum = 0;
    ipl_status st = IPL_OK;
    if (!all || !cell || !count) {
        st = IPL_FAIL(IPL_E_MEMORY, "pairs of %lld rows", (long long)rows);
        goto done;
    }
    const int64_t chosen = gather(rows, labels, label, only, all);
    IPL_TRY_DONE(audit_cells(chosen, (size_t)labels * sizeof *all, all, cell, &cells));
    for (int64_t i = 0; i < chosen; ++i) sum += count[cell[i]]++;
    *pairs = sum;
done:
    free(all);
    free(cell);
    free(count);
    return st;
}

/* -- Entropy ----------------------------------------------------------------------*/

ipl_status audit_h_given(int64_t m, const int64_t *weight, const int32_t *cell,
                         int64_t cells, double *nats)
{
    int64_t *size = calloc((size_t)cells, sizeof *size), n = 0;
    int64_t *inputs = calloc((size_t)cells, sizeof *inputs);
    if (!size || !inputs) {
        free(size);
        free(inputs);
        return IPL_FAIL(IPL_E_MEMORY, "%lld cells", (long long)cells);
    }
    for (int64_t i = 0; i < m; ++i) {
        size[cell[i]] += weight[i];
        ++inputs[cell[i]];
        n += weight[i];
    }
    /* Cells of one input would add and take away the same. */
    double sum = 0.0;
    for (int64_t c = 0; c < cells; ++c)
        if (inputs[c] > 1) sum += (double)size[c] * log((double)size[c]);
    for (int64_t i = 0; i < m; ++i)
        if (inputs[cell[i]] > 1) sum -= (double)weight[i] * log((double)weight[i]);
    free(size);
    free(inputs);
    *nats = sum / (double)n;
    return IPL_OK;
}
