/*
 * scale.c - inputs are scaled, by column or all together, and become float32.
 *
 * (x - shift) / unit is done in double, whatever the file has, and rounded once.
 * Columns with one value only are shifted and not divided: the deviation of equal
 * values comes out as a rounding error, so that they are told by their least and
 * largest value.
 * Values that differ in the file and no more in float32 are counted in each column.
 */
#include "data/scale.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One of each: of a column, or of all values together. */
typedef struct {
    double low, high, shift, unit;
} range;

typedef struct {
    const ipl_raw_set *raw;
    ipl_dataset       *d;
    ipl_data_scale     form;     /* NONE, UNIT, SYMMETRIC, STANDARD               */
    int64_t            groups;   /* inputs, or 1                                  */
    range             *of;       /* [groups]                                      */
} scaling;

static range *range_of(const scaling *s, int64_t column)
{
    return &s->of[s->groups > 1 ? column : 0];
}

static double value_at(const scaling *s, int64_t row, int64_t column)
{
    return ipl_array_number(&s->raw->x, row * s->d->inputs + column);
}

/* The rows that count: of standard the training rows, else all. */
static int64_t counted(const scaling *s)
{
    return s->form == IPL_SCALE_STANDARD ? s->d->train_rows : s->d->rows;
}

/* -- Ranges -----------------------------------------------------------------------*/

static void find_ends(scaling *s)
{
    for (int64_t g = 0; g < s->groups; ++g)
        s->of[g] = (range){INFINITY, -INFINITY, 0.0, 1.0};
    for (int64_t r = 0; r < counted(s); ++r)
        for (int32_t c = 0; c < s->d->inputs; ++c) {
            const double value = value_at(s, s->d->split[r], c);
            range *at = range_of(s, c);
            if (value < at->low) at->low = value;
            if (value > at->high) at->high = value;
        }
}

/* Mean and deviation in two passes. */
static void find_deviations(scaling *s)
{
    const int64_t rows = counted(s);
    const double count = (double)rows * (s->groups > 1 ? 1.0 : s->d->inputs);
    for (int64_t g = 0; g < s->groups; ++g) s->of[g].shift = s->of[g].unit = 0.0;
    for (int64_t r = 0; r < rows; ++r)
        for (int32_t c = 0; c < s->d->inputs; ++c)
            range_of(s, c)->shift += value_at(s, s->d->split[r], c);
    for (int64_t g = 0; g < s->groups; ++g) s->of[g].shift /= count;
    for (int64_t r = 0; r < rows; ++r)
        for (int32_t c = 0; c < s->d->inputs; ++c) {
            range *at = range_of(s, c);
            const double off = value_at(s, s->d->split[r], c) - at->shift;
            at->unit += off * off;
        }
    for (int64_t g = 0; g < s->groups; ++g) s->of[g].unit = sqrt(s->of[g].unit / count);
}

static ipl_status find_ranges(scaling *s)
{
    int64_t constant = 0;
    find_ends(s);
    if (s->form == IPL_SCALE_STANDARD) find_deviations(s);
    for (int64_t g = 0; g < s->groups; ++g) {
        range *at = &s->of[g];
        if (s->form != IPL_SCALE_STANDARD) {
            at->shift = at->low;
            at->unit = at->high - at->low;
        }
        if (at->low == at->high) {
            at->shift = at->low;
            at->unit = 1.0;
            ++constant;
        } else if (!(at->unit > 0.0 && isfinite(at->unit))) {
            return IPL_FAIL(IPL_E_FORMAT, "%s: %g to %g is a range that double cannot "
                            "scale: expected smaller values", s->raw->x_what, at->low,
                            at->high);
        }
    }
    const char *of = s->form == IPL_SCALE_STANDARD ? " of the training rows" : "";
    IPL_REQUIRE(s->groups > 1 || !constant, "all inputs%s of '%s' are %g: they cannot "
                "be scaled", of, s->d->name, s->of[0].low);
    IPL_REQUIRE(constant < s->groups, "each of the %" PRId64 " inputs%s of '%s' is "
                "constant: they cannot be scaled", constant, of, s->d->name);
    if (constant)
        ipl_note(s->d->notes, "%" PRId64 " of %" PRId64 " inputs are "
                 "constant%s%s: shifted to 0, not scaled", constant, s->groups,
                 *of ? " in" : "", *of ? of + 3 : "");
    return IPL_OK;
}

/* Bytes need no look at the values: black is 0 and white is 255. */
static ipl_status make_ranges(scaling *s)
{
    if (s->raw->bytes && s->groups == 1 && s->form != IPL_SCALE_STANDARD) {
        s->of[0] = (range){0.0, 255.0, 0.0, 255.0};
        return IPL_OK;
    }
    return find_ranges(s);
}

/* -- Scaling ----------------------------------------------------------------------*/

static ipl_status beyond_float(const scaling *s, int64_t row, int32_t column)
{
    return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 ", column %" PRId32 " is %g: "
                    "above the %.2g that float32 can hold%s", s->raw->x_what, row,
                    column,
                    value_at(s, row, column), (double)FLT_MAX,
                    s->form == IPL_SCALE_NONE ? ": data.scale = unit brings it within"
                                              : ", scaled too");
}

/* Division, not multiplication by the inverse: bytes / 255 then equal what NumPy gives.
 * A constant input is 0 in the symmetric form too. */
static ipl_status scale_values(const scaling *s, float *x)
{
    const int symmetric = s->form == IPL_SCALE_SYMMETRIC;
    for (int64_t r = 0; r < s->d->rows; ++r)
        for (int32_t c = 0; c < s->d->inputs; ++c) {
            const range *at = range_of(s, c);
            float *to = &x[r * s->d->inputs + c];
            *to = (float)((value_at(s, r, c) - at->shift) / at->unit);
            if (symmetric && at->low != at->high) *to = 2.0f * *to - 1.0f;
            if (!isfinite(*to)) return beyond_float(s, r, c);
        }
    return IPL_OK;
}

/* -- What float32 loses -----------------------------------------------------------*/

/* A set of numbers by their bits: slots[mask + 1], each free or one of them. */
typedef struct {
    double *slot;
    char   *used;
    size_t  mask;
} number_set;

static int put_number(const number_set *set, double value)
{
    uint64_t bits;
    value += 0.0; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    bits ^= bits >> 29;
    size_t at = (size_t)(bits * 0x9e3779b97f4a7c15u >> 32) & set->mask;
    for (; set->used[at]; at = (at + 1) & set->mask)
        if (set->slot[at] == value) return 0;
    set->used[at] = 1;
    set->slot[at] = value;
    return 1;
}

/* Different values of the file less different ones of x, summed over the columns. */
static ipl_status count_lost(const scaling *s, const float *x, int64_t *lost)
{
    const int64_t rows = s->d->rows;
    const int32_t inputs = s->d->inputs;
    number_set set = {.mask = 15};
    while (set.mask + 1 < 2 * (size_t)rows) set.mask = 2 * set.mask + 1;
    set.slot = malloc((set.mask + 1) * sizeof *set.slot);
    set.used = malloc(set.mask + 1);
    *lost = 0;
    if (!set.slot || !set.used) {
        free(set.slot);
        free(set.used);
        return IPL_FAIL(IPL_E_MEMORY, "%s: a table of %zu numbers", s->raw->x_what,
                        set.mask + 1);
    }
    for (int32_t c = 0; c < inputs; ++c) {
        memset(set.used, 0, set.mask + 1);
        for (int64_t r = 0; r < rows; ++r) *lost += put_number(&set, value_at(s, r, c));
        memset(set.used, 0, set.mask + 1);
        for (int64_t r = 0; r < rows; ++r)
            *lost -= put_number(&set, (double)x[r * inputs + c]);
    }
    free(set.slot);
    free(set.used);
    return IPL_OK;
}

static ipl_status note_lost(const scaling *s, const float *x)
{
    int64_t lost = 0;
    const int64_t values = s->d->rows * s->d->inputs;
    if (s->raw->x.rounded)
        ipl_note(s->d->notes, "%s: %" PRId64 " of %" PRId64 " values are rounded "
                 "to double", s->raw->x_what, s->raw->x.rounded, values);
    if (!s->raw->x.wide) return IPL_OK;
    IPL_TRY(count_lost(s, x, &lost));
    if (lost)
        ipl_note(s->d->notes, "%s: %" PRId64 " of %" PRId64 " values differ only "
                 "beyond float32%s", s->raw->x_what, lost, values,
                 s->form == IPL_SCALE_NONE ? ": data.scale = standard works in double"
                                           : "");
    return IPL_OK;
}

/* -- All of it --------------------------------------------------------------------*/

static scaling choose(const ipl_data_options *o, const ipl_raw_set *raw, ipl_dataset *d)
{
    scaling s = {.raw = raw, .d = d, .form = o->scale, .groups = d->inputs};
    if (s.form == IPL_SCALE_AUTO)
        s.form = o->set == IPL_DATA_IDX ? IPL_SCALE_UNIT_ALL : IPL_SCALE_NONE;
    if (s.form >= IPL_SCALE_UNIT_ALL) {
        s.form = (ipl_data_scale)(s.form - IPL_SCALE_UNIT_ALL + IPL_SCALE_UNIT);
        s.groups = 1;
    }
    return s;
}

ipl_status ipl_scale_inputs(const ipl_data_options *options, ipl_raw_set *raw,
                            ipl_dataset *d)
{
    scaling s = choose(options, raw, d);
    const size_t values = (size_t)d->rows * (size_t)d->inputs;
    ipl_status st = IPL_OK;
    float *x = NULL;
    s.of = calloc((size_t)s.groups, sizeof *s.of);
    /* float32 is scaled in place, so that a set is in memory only once. */
    x = raw->x.values ? raw->x.values : malloc(values * sizeof *x);
    if (!s.of || !x) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s: no memory to scale %zu values", raw->x_what,
                      values);
        goto done;
    }
    for (int64_t g = 0; g < s.groups; ++g) s.of[g] = (range){0.0, 0.0, 0.0, 1.0};
    if (s.form != IPL_SCALE_NONE) IPL_TRY_DONE(make_ranges(&s));
    if (s.form != IPL_SCALE_NONE || raw->x.wide) IPL_TRY_DONE(scale_values(&s, x));
    IPL_TRY_DONE(note_lost(&s, x));
    d->x = x;
    raw->x.values = NULL;
    x = NULL;
done:
    if (x != raw->x.values) free(x);
    free(s.of);
    return st;
}
