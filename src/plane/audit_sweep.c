/*
 * audit_sweep.c - I(X;T) of a layer whose values are rounded, from coarse to exact.
 *
 * Rounding can only join cells of T, so it works on one row of each cell.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plane/audit.h"

typedef struct {
    const audit_state *s;
    int64_t  rows, units; /* rows: cells of T                                   */
    float   *t;           /* [rows][units]: a row of each                       */
    uint32_t *kept;       /* [rows][units]: with few bits of mantissa           */
    double  *bin;         /* [rows][units]                                      */
    int32_t *joined;      /* [rows]: the cell of a cell                         */
    int32_t *cell;        /* [m]                                                */
} sweep;

static ipl_status sweep_open(const audit_state *s, int64_t units, const float *t,
                             sweep *w)
{
    *w = (sweep){.s = s, .rows = s->cells, .units = units};
    const size_t values = (size_t)w->rows * (size_t)units;
    int64_t *first = malloc((size_t)w->rows * sizeof *first);
    w->t = malloc(values * sizeof *w->t);
    w->bin = malloc(values * sizeof *w->bin);
    w->kept = (uint32_t *)w->bin; /* one after the other */
    w->joined = malloc((size_t)w->rows * sizeof *w->joined);
    w->cell = malloc((size_t)s->m * sizeof *w->cell);
    if (!first || !w->t || !w->bin || !w->joined || !w->cell) {
        free(first);
        return IPL_FAIL(IPL_E_MEMORY, "a sweep over %lld rows of %lld units",
                        (long long)w->rows, (long long)units);
    }
    audit_first_rows(s->m, s->cell, first);
    for (int64_t c = 0; c < w->rows; ++c)
        memcpy(w->t + c * units, t + first[c] * units, (size_t)units * sizeof *t);
    free(first);
    return IPL_OK;
}

static void sweep_close(sweep *w)
{
    free(w->t);
    free(w->bin);
    free(w->joined);
    free(w->cell);
}

/* -- Two ways to round ------------------------------------------------------------*/

/* The nearest float32 with `bits` bits behind the leading one, ties to even, as bits; a
 * value beyond the largest becomes infinity, as IEEE 754 has it. Of a subnormal value
 * the last bits go. */
static void keep_mantissa(const sweep *w, int bits)
{
    const int gone = AUDIT_MANTISSA_BITS - bits;
    const uint32_t half = gone ? (1u << (gone - 1)) - 1u : 0u;
    const uint32_t mask = ~0u << gone;
    for (int64_t k = 0; k < w->rows * w->units; ++k) {
        uint32_t word;
        memcpy(&word, &w->t[k], sizeof word);
        if (gone) word += half + (word >> gone & 1u);
        word &= mask;
        w->kept[k] = word == 0x80000000u ? 0u : word; /* no -0 */
    }
}

static void bin_values(const sweep *w, double width)
{
    for (int64_t k = 0; k < w->rows * w->units; ++k)
        w->bin[k] = floor((double)w->t[k] / width) + 0.0; /* no -0 */
}

/* What is left of I(X;T) in rows of `bytes` bytes. */
static ipl_status take_step(sweep *w, size_t bytes, const void *values,
                            audit_step *step)
{
    double lost;
    IPL_TRY(audit_cells(w->rows, bytes, values, w->joined, &step->cells));
    for (int64_t i = 0; i < w->s->m; ++i) w->cell[i] = w->joined[w->s->cell[i]];
    IPL_TRY(audit_h_given(w->s->m, w->s->weight, w->cell, step->cells, &lost));
    step->i_xt = w->s->h_x - lost;
    return IPL_OK;
}

/* -- Marks ------------------------------------------------------------------------*/

static double bin_mark(const ipl_mi_options *o, double range)
{
    if (!o) return NAN;
    switch (o->bin_form) {
    case IPL_BIN_WIDTH: return o->bin_width;
    case IPL_BIN_EDGES: return (o->bin_hi - o->bin_lo) / (double)(o->bin_edges - 1);
    case IPL_BIN_COUNT: return range > 0.0 ? range / (double)o->bin_count : NAN;
    case IPL_BIN_QUANTILES:
    case IPL_BIN_EXACT:
    case IPL_BIN_FORM_COUNT: break;
    }
    return NAN;
}

/* Mean square over all n rows, as KDE takes it. */
static double noise_mark(const ipl_mi_options *o, const audit_state *s, int64_t units,
                         const float *t)
{
    double sum = 0.0;
    if (!o) return NAN;
    for (int64_t k = 0; k < s->m * units; ++k)
        sum += (double)s->weight[k / units] * (double)t[k] * (double)t[k];
    const double square = sum / ((double)s->n * (double)units);
    return sqrt(o->noise_var * (o->noise_relative && square > 0.0 ? square : 1.0));
}

/* -- A layer ----------------------------------------------------------------------*/

static ipl_status sweep_mantissa(sweep *w, audit_step *step, int *steps, int *exact)
{
    const size_t bytes = (size_t)w->units * sizeof *w->kept;
    *exact = AUDIT_MANTISSA_BITS;
    for (int bits = 1; bits <= AUDIT_MANTISSA_BITS; ++bits) {
        audit_step *at = &step[(*steps)++];
        *at = (audit_step){.kind = AUDIT_MANTISSA, .resolution = bits};
        keep_mantissa(w, bits);
        IPL_TRY(take_step(w, bytes, w->kept, at));
        /* Fewer bits may tell apart what more bits join, by a tie. */
        if (at->cells < w->rows) *exact = AUDIT_MANTISSA_BITS;
        else if (*exact == AUDIT_MANTISSA_BITS) *exact = bits;
    }
    return IPL_OK;
}

static ipl_status sweep_width(sweep *w, double range, audit_step *step, int *steps,
                              double *exact)
{
    const size_t bytes = (size_t)w->units * sizeof *w->bin;
    for (int k = 0; k <= AUDIT_HALVINGS && isnan(*exact); ++k) {
        audit_step *at = &step[(*steps)++];
        *at = (audit_step){.kind = AUDIT_WIDTH, .resolution = ldexp(range, -k)};
        bin_values(w, at->resolution);
        IPL_TRY(take_step(w, bytes, w->bin, at));
        if (at->cells == w->rows) *exact = at->resolution;
    }
    return IPL_OK;
}

ipl_status audit_sweep(const audit_network *a, const audit_state *s, int32_t units,
                       const float *t, audit_step *step, int *steps,
                       ipl_audit_layer *out)
{
    sweep w;
    *steps = 0;
    ipl_status st = sweep_open(s, units, t, &w);
    if (st == IPL_OK) {
        double low = t[0], high = t[0];
        for (int64_t k = 0; k < s->m * units; ++k) {
            low = fmin(low, t[k]);
            high = fmax(high, t[k]);
        }
        out->bin_width = NAN;
        out->mark_bin = bin_mark(a->bin, high - low);
        out->mark_noise = noise_mark(a->kde, s, units, t);
        st = sweep_mantissa(&w, step, steps, &out->mantissa_bits);
        if (st == IPL_OK && high > low)
            st = sweep_width(&w, high - low, step, steps, &out->bin_width);
    }
    sweep_close(&w);
    return st;
}
