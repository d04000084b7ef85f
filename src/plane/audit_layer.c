/*
 * audit_layer.c - the stages of a layer: product and activation in double, float32.
 *
 * The double chain keeps one row for each value: a stage works on the values that the
 * stage before has left.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plane/audit.h"

/* -- Where both chains start ------------------------------------------------------*/

/* -0 becomes 0, so that equal numbers have equal bits. */
static ipl_status check_values(const char *what, int64_t rows, int64_t cols, float *t)
{
    for (int64_t k = 0; k < rows * cols; ++k) {
        t[k] += 0.0f;
        if (!isfinite(t[k]))
            return IPL_FAIL(IPL_E_NUMERIC, "%s: row %lld, column %lld is %g", what,
                            (long long)(k / cols), (long long)(k % cols), (double)t[k]);
    }
    return IPL_OK;
}

static ipl_status no_memory(const audit_network *a)
{
    return IPL_FAIL(IPL_E_MEMORY, "%s: %lld rows of %d inputs", a->source,
                    (long long)a->rows, a->shape.width[0]);
}

/* Keeps the distinct rows of a->x. */
static ipl_status keep_inputs(const audit_network *a, audit_state *s)
{
    const size_t m = (size_t)s->m, width = (size_t)s->width;
    s->x = malloc(m * width * sizeof *s->x);
    s->first = malloc(m * sizeof *s->first);
    s->weight = calloc(m, sizeof *s->weight);
    s->before = malloc(m * sizeof *s->before);
    s->cell = malloc(m * sizeof *s->cell);
    s->exact.d = malloc(m * width * sizeof *s->exact.d);
    s->exact.product = malloc(m * sizeof *s->exact.product);
    s->exact.out = malloc(m * sizeof *s->exact.out);
    if (!s->x || !s->first || !s->weight || !s->before || !s->cell || !s->exact.d ||
        !s->exact.product || !s->exact.out)
        return no_memory(a);
    audit_first_rows(s->n, s->input, s->first);
    for (int64_t i = 0; i < s->n; ++i) ++s->weight[s->input[i]];
    for (int64_t i = 0; i < s->m; ++i) {
        memcpy(s->x + i * s->width, a->x + s->first[i] * s->width,
               width * sizeof *s->x);
        s->cell[i] = s->exact.out[i] = (int32_t)i;
    }
    for (int64_t k = 0; k < s->m * s->width; ++k) s->exact.d[k] = s->x[k];
    return IPL_OK;
}

ipl_status audit_start(const audit_network *a, audit_state *s)
{
    *s = (audit_state){.n = a->rows, .width = a->shape.width[0]};
    IPL_REQUIRE(s->n <= INT32_MAX, "%s: %lld rows: expected fewer than 2^31", a->source,
                (long long)s->n);
    IPL_TRY(check_values(a->source, s->n, s->width, a->x));
    s->input = malloc((size_t)s->n * sizeof *s->input);
    if (!s->input) return no_memory(a);
    IPL_TRY(audit_cells(s->n, (size_t)s->width * sizeof *a->x, a->x, s->input, &s->m));
    IPL_TRY(keep_inputs(a, s));
    s->cells = s->exact.m = s->exact.values = s->m;
    double repeats = 0.0;
    for (int64_t i = 0; i < s->m; ++i)
        repeats += (double)s->weight[i] * log((double)s->weight[i]);
    s->h_x = log((double)s->n) - repeats / (double)s->n;
    return IPL_OK;
}

void audit_state_free(audit_state *s)
{
    free(s->x);
    free(s->input);
    free(s->first);
    free(s->weight);
    free(s->before);
    free(s->cell);
    free(s->exact.d);
    free(s->exact.product);
    free(s->exact.out);
    *s = (audit_state){0};
}

/* -- The double chain -------------------------------------------------------------*/

/* Keeps one row of each cell of z[rows][units], and tells each input its cell: where it
 * was row of[i], it is now row to[i]. */
static ipl_status merge(int64_t *rows, int64_t units, double *z, int64_t m,
                        const int32_t *of, int32_t *to)
{
    int32_t *cell = malloc((size_t)*rows * sizeof *cell);
    int64_t cells = 0, known = 0;
    if (!cell) return IPL_FAIL(IPL_E_MEMORY, "cells of %lld rows", (long long)*rows);
    const size_t bytes = (size_t)units * sizeof *z;
    const ipl_status st = audit_cells(*rows, bytes, z, cell, &cells);
    for (int64_t i = 0; st == IPL_OK && i < *rows; ++i)
        if (cell[i] == known) memmove(z + known++ * units, z + i * units, bytes);
    for (int64_t i = 0; st == IPL_OK && i < m; ++i) to[i] = cell[of[i]];
    if (st == IPL_OK) *rows = cells;
    free(cell);
    return st;
}

static double *in_double(const float *values, size_t count)
{
    double *out = malloc(count * sizeof *out);
    for (size_t k = 0; out && k < count; ++k) out[k] = values[k];
    return out;
}

static ipl_status check_product(const ipl_audit_layer *out, int l, const double *z,
                                int64_t rows)
{
    for (int64_t k = 0; k < rows * out->units; ++k)
        if (!isfinite(z[k]))
            return IPL_FAIL(IPL_E_NUMERIC, "layer %d, %s: unit %lld is %g before its "
                            "activation, in double", l, out->name,
                            (long long)(k % out->units), z[k]);
    return IPL_OK;
}

/* z_l and D_l of the values that have come so far. */
static ipl_status go_on_in_double(const audit_network *a, int l, audit_chain *c,
                                  ipl_audit_layer *out)
{
    const int64_t units = out->units;
    const float *w = a->params + ipl_net_weight_at(&a->shape, l);
    double *wide = in_double(w, (size_t)out->inputs * (size_t)units);
    double *bias = in_double(a->params + ipl_net_bias_at(&a->shape, l), (size_t)units);
    double *z = malloc((size_t)c->values * (size_t)units * sizeof *z);
    ipl_status st = IPL_OK;
    if (!wide || !bias || !z) {
        st = IPL_FAIL(IPL_E_MEMORY, "layer %d, %s: %lld rows in double", l, out->name,
                      (long long)c->values);
        goto done;
    }
    out->double_in = c->values;
    audit_product(c->values, out->inputs, units, c->d, wide, bias, z);
    IPL_TRY_DONE(check_product(out, l, z, c->values));
    for (int64_t k = 0; k < c->values * units; ++k) z[k] += 0.0; /* no -0 */
    IPL_TRY_DONE(merge(&c->values, units, z, c->m, c->out, c->product));
    out->double_product = c->values;
    audit_activate(a->shape.act[l], c->values, units, z);
    IPL_TRY_DONE(merge(&c->values, units, z, c->m, c->product, c->out));
    out->double_out = c->values;
    free(c->d);
    c->d = z;
    z = NULL;
done:
    free(wide);
    free(bias);
    free(z);
    return st;
}

/* -- Units ------------------------------------------------------------------------*/

static void count_units(ipl_act act, int64_t m, const float *t, ipl_audit_layer *out)
{
    float end[2];
    const int ends = audit_ends(act, end);
    const int64_t units = out->units;
    int64_t all = 0;
    for (int64_t u = 0; u < units; ++u) {
        int64_t same = 0, at_end = 0;
        for (int64_t i = 0; i < m; ++i) {
            const float value = t[i * units + u];
            same += value == t[u];
            at_end += ends && (value == end[0] || value == end[1]);
        }
        if (same == m) *(t[u] == 0.0f ? &out->dead : &out->constant) += 1;
        else out->saturated += 2 * at_end >= m;
        all += at_end;
    }
    out->saturated_share = (double)all / ((double)m * (double)units);
}

/* -- A layer ----------------------------------------------------------------------*/

static void name_layer(const audit_network *a, int l, ipl_audit_layer *out)
{
    *out = (ipl_audit_layer){.inputs = a->shape.width[l - 1],
                             .units = a->shape.width[l]};
    snprintf(out->name, sizeof out->name, "%d-%s", out->units,
             ipl_act_name(a->shape.act[l]));
}

ipl_status audit_layer(const audit_network *a, int l, float *t, audit_state *s,
                       ipl_audit_layer *out)
{
    char what[64];
    const size_t labels = (size_t)s->m * sizeof(int32_t);
    int32_t *double_before = malloc(labels);
    ipl_status st = IPL_OK;
    name_layer(a, l, out);
    if (!double_before) return no_memory(a);
    memcpy(double_before, s->exact.out, labels);
    memcpy(s->before, s->cell, labels);
    out->float_in = s->cells;
    snprintf(what, sizeof what, "layer %d, %s, in float32", l, out->name);
    IPL_TRY_DONE(check_values(what, s->m, out->units, t));
    IPL_TRY_DONE(audit_matrix(a->params + ipl_net_weight_at(&a->shape, l), l, out));
    IPL_TRY_DONE(go_on_in_double(a, l, &s->exact, out));
    IPL_TRY_DONE(audit_cells(s->m, (size_t)out->units * sizeof *t, t, s->cell,
                             &s->cells));
    out->float_out = s->cells;
    IPL_TRY_DONE(audit_h_given(s->m, s->weight, s->exact.out, s->exact.values,
                               &out->h_x_given_t_double));
    IPL_TRY_DONE(audit_h_given(s->m, s->weight, s->cell, s->cells, &out->h_x_given_t));
    out->i_xt_double = s->h_x - out->h_x_given_t_double;
    out->i_xt = s->h_x - out->h_x_given_t;
    count_units(a->shape.act[l], s->m, t, out);
    st = audit_causes(s, double_before, a->shape.act[l], t, out);
done:
    free(double_before);
    return st;
}
