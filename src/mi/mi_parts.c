/*
 * mi_parts.c - layers in double, and real-valued targets: a call as calls for float32.
 *
 *   families that compare values   all layers, those in double narrowed: mi_narrow.c
 *   BIN                            all layers as numbers of bins: mi_wide_bins.c
 *   KDE with a share of the mean   layer by layer, as each one in double has a
 *     square                       variance of its own
 *   I(T;Y) of targets              families that compare inputs, with the targets in
 *                                  their place
 *
 * A layer in float32 goes through the same calls with its own values, or bins that are
 * the backend's. As no result depends on company, it gets the bits that it has alone.
 * Where all layers are in float32 only the targets have a call of their own.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mi/mi.h"

typedef struct {
    ipl_device *dev;
    int         estimators;
    const ipl_mi_options *options;
    const ipl_mi_samples *samples;
    int         layers;
    const ipl_mi_layer *layer;
    int         any_wide;
    int        *first;   /* [estimators]: where an option's points begin         */
    char      (*name)[24];
    float     **own;     /* [layers]: narrowed or coded values                   */
    int64_t    *outside; /* [layers]                                            */
    ipl_mi_layer *made;  /* [layers]: the result                                */
    ipl_mi_layer *part;  /* [layers]: of one call                               */
    int         asked;   /* options of that call,                               */
    int        *which;   /* [asked]: their numbers,                             */
    ipl_mi_options *ask; /* [asked]                                             */
} parts_call;

static void close_parts(parts_call *c)
{
    for (int l = 0; c->own && l < c->layers; ++l) free(c->own[l]);
    free(c->own);
    free(c->first);
    free(c->name);
    free(c->outside);
    free(c->made);
    free(c->part);
    free(c->which);
    free(c->ask);
}

static ipl_status open_parts(parts_call *c)
{
    const size_t layers = (size_t)c->layers, estimators = (size_t)c->estimators;
    int points = 0;
    c->first = malloc(estimators * sizeof *c->first);
    c->which = malloc(estimators * sizeof *c->which);
    c->ask = malloc(estimators * sizeof *c->ask);
    c->name = malloc(layers * sizeof *c->name);
    c->own = calloc(layers, sizeof *c->own);
    c->outside = calloc(layers, sizeof *c->outside);
    c->made = malloc(layers * sizeof *c->made);
    c->part = malloc(layers * sizeof *c->part);
    if (!c->first || !c->which || !c->ask || !c->name || !c->own || !c->outside ||
        !c->made || !c->part)
        return IPL_FAIL(IPL_E_MEMORY, "%d layers", c->layers);
    for (int e = 0; e < c->estimators; ++e) {
        c->first[e] = points;
        points += ipl_mi_family_of(c->options[e].estimator)->points;
    }
    memcpy(c->made, c->layer, layers * sizeof *c->made);
    for (int l = 0; l < c->layers; ++l) {
        ipl_mi_layer *made = &c->made[l];
        snprintf(c->name[l], sizeof c->name[l], "layer %d", l + 1);
        if (!made->name) made->name = c->name[l];
        made->merged = 0;
        made->points = points;
        c->any_wide |= made->wide != NULL;
    }
    return IPL_OK;
}

/* -- One call ---------------------------------------------------------------------*/

/* Bins that the backend cannot find. */
static int is_coded(const parts_call *c, int e)
{
    return c->any_wide && c->options[e].estimator == IPL_MI_BIN;
}

/* A variance of its own for each layer. */
static int is_relative(const parts_call *c, int e)
{
    return c->any_wide && c->options[e].estimator == IPL_MI_KDE &&
           c->options[e].noise_relative;
}

static int compares_inputs(const ipl_mi_options *o)
{
    return (ipl_mi_family_of(o->estimator)->needs & IPL_MI_NEEDS_INPUTS) != 0;
}

static void ask_one(parts_call *c, int e)
{
    c->which[0] = e;
    c->ask[0] = c->options[e];
    c->asked = 1;
}

/* The part's values of a layer in double, to be written: n x d. */
static ipl_status own_values(parts_call *c, int l, float **out)
{
    const size_t values = (size_t)(c->samples->n * c->layer[l].d);
    if (!c->own[l]) c->own[l] = malloc(values * sizeof **c->own);
    if (!c->own[l])
        return IPL_FAIL(IPL_E_MEMORY, "%s: %zu values", c->made[l].name, values);
    *out = c->own[l];
    return IPL_OK;
}

/* A layer of the part: its own values, or those that were written. */
static void set_layer(parts_call *c, int l, const float *t)
{
    c->part[l] = (ipl_mi_layer){.name = c->made[l].name, .d = c->layer[l].d, .t = t};
}

/* Layers from .. from + count - 1 of the part, which are set. */
static ipl_status call_part(parts_call *c, const ipl_mi_samples *samples, int from,
                            int count)
{
    return mi_estimate_floats(c->dev, c->asked, c->ask, samples, count, c->part + from);
}

/* To where the points of the options stand among all. */
static void take_points(parts_call *c, int from, int count)
{
    for (int l = from; l < from + count; ++l)
        for (int a = 0, p = 0; a < c->asked; ++a) {
            const int points = ipl_mi_family_of(c->ask[a].estimator)->points;
            memcpy(&c->made[l].point[c->first[c->which[a]]], &c->part[l].point[p],
                   (size_t)points * sizeof c->part[l].point[p]);
            p += points;
        }
}

/* -- All that the backend can do itself ------------------------------------------*/

/* Values are finite here: what float32 does not reach is left to fail. */
static ipl_status narrow(parts_call *c, int l, float *t)
{
    const ipl_mi_layer *from = &c->layer[l];
    const ipl_status st = ipl_mi_narrow(c->made[l].name, c->samples->n, from->d,
                                        from->wide, t, &c->made[l].merged);
    return st == IPL_E_NUMERIC
               ? IPL_FAIL(st, "%s: the estimator bin takes them in double",
                          ipl_last_error_text())
               : st;
}

static ipl_status narrow_layers(parts_call *c)
{
    for (int l = 0; l < c->layers; ++l) {
        const ipl_mi_layer *from = &c->layer[l];
        float *t = NULL;
        if (from->wide) {
            IPL_TRY(own_values(c, l, &t));
            IPL_TRY(narrow(c, l, t));
        }
        set_layer(c, l, t ? t : from->t);
    }
    return IPL_OK;
}

/* The share of the mean square of a layer in double, as the variance. */
static ipl_status fix_noise(const parts_call *c, int l, ipl_mi_options *o)
{
    const ipl_mi_layer *from = &c->layer[l];
    const int64_t values = c->samples->n * from->d;
    double squares = 0.0;
    for (int64_t v = 0; v < values; ++v) squares += from->wide[v] * from->wide[v];
    const double mean = squares / (double)values, share = o->noise_var;
    o->noise_relative = 0;
    if (mean > 0.0) o->noise_var = share * mean;
    if (o->noise_var > 0.0 && isfinite(o->noise_var)) return IPL_OK;
    return IPL_FAIL(IPL_E_NUMERIC, "%s: noise variance %g, %g of the mean square %g",
                    c->made[l].name, o->noise_var, share, mean);
}

static ipl_status estimate_relative(parts_call *c)
{
    for (int e = 0; e < c->estimators; ++e)
        for (int l = 0; l < c->layers && is_relative(c, e); ++l) {
            ask_one(c, e);
            if (c->layer[l].wide) IPL_TRY(fix_noise(c, l, &c->ask[0]));
            IPL_TRY(call_part(c, c->samples, l, 1));
            take_points(c, l, 1);
        }
    return IPL_OK;
}

static ipl_status estimate_comparing(parts_call *c)
{
    int relative = 0;
    c->asked = 0;
    for (int e = 0; e < c->estimators; ++e) {
        relative |= is_relative(c, e);
        if (is_coded(c, e) || is_relative(c, e)) continue;
        c->which[c->asked] = e;
        c->ask[c->asked++] = c->options[e];
    }
    if (!c->asked && !relative) return IPL_OK;
    IPL_TRY(narrow_layers(c));
    if (c->asked) {
        IPL_TRY(call_part(c, c->samples, 0, c->layers));
        take_points(c, 0, c->layers);
    }
    return estimate_relative(c);
}

/* -- BIN --------------------------------------------------------------------------*/

/* What the backend could not see of a layer that it got as codes. */
static void set_outside(const parts_call *c, int e, int l)
{
    ipl_mi_point *point = &c->made[l].point[c->first[e]];
    const double values = (double)(c->samples->n * c->layer[l].d);
    point->outside_share = (double)c->outside[l] / values;
    if (c->outside[l]) point->flags |= IPL_MI_OUTSIDE;
}

static ipl_status estimate_bins(parts_call *c, int e)
{
    for (int l = 0; l < c->layers; ++l) {
        const ipl_mi_layer *from = &c->layer[l];
        float *code = NULL;
        ipl_mi_layer named = *from;
        named.name = c->made[l].name;
        IPL_TRY(own_values(c, l, &code));
        IPL_TRY(mi_wide_bins(&c->options[e], c->samples->n, &named, code,
                             &c->outside[l]));
        set_layer(c, l, code);
    }
    ask_one(c, e);
    c->ask[0].bin_form = IPL_BIN_WIDTH;
    c->ask[0].bin_width = 1.0;
    IPL_TRY(call_part(c, c->samples, 0, c->layers));
    take_points(c, 0, c->layers);
    for (int l = 0; l < c->layers; ++l) set_outside(c, e, l);
    return IPL_OK;
}

/* -- Targets ----------------------------------------------------------------------*/

/* I(T;Y) from the I(X;T) of a call that had the targets as its inputs. */
static void take_targets(ipl_mi_point *to, const ipl_mi_point *from)
{
    const unsigned about_x = IPL_MI_SATURATED | IPL_MI_NO_LABELS;
    to->i_ty = from->i_xt;
    to->se_y = from->se_x;
    to->flags = (to->flags & ~(unsigned)IPL_MI_NO_LABELS) | (from->flags & ~about_x);
    if (to->refusal == IPL_MI_NOT_REFUSED) to->refusal = from->refusal;
}

/* The layers' values are still those of estimate_comparing. */
static ipl_status estimate_targets(parts_call *c)
{
    const ipl_mi_samples *s = c->samples;
    const ipl_mi_samples in_place = {.n = s->n, .inputs_d = s->targets_d,
                                     .inputs = s->targets, .error = s->error};
    c->asked = 0;
    for (int e = 0; e < c->estimators; ++e)
        if (compares_inputs(&c->options[e])) {
            c->which[c->asked] = e;
            c->ask[c->asked++] = c->options[e];
        }
    if (!s->targets || !c->asked) return IPL_OK;
    IPL_TRY(call_part(c, &in_place, 0, c->layers));
    for (int l = 0; l < c->layers; ++l)
        for (int a = 0, p = 0; a < c->asked; ++a) {
            const int points = ipl_mi_family_of(c->ask[a].estimator)->points;
            for (int k = 0; k < points; ++k)
                take_targets(&c->made[l].point[c->first[c->which[a]] + k],
                             &c->part[l].point[p++]);
        }
    return IPL_OK;
}

/* -- The call ---------------------------------------------------------------------*/

/* Values are narrowed before bins take their place. */
static ipl_status estimate_all(parts_call *c)
{
    const ipl_mi_samples *s = c->samples;
    for (int l = 0; l < c->layers; ++l)
        IPL_TRY(mi_check_finite(c->made[l].name, "activations", s->n, c->layer[l].d,
                                c->layer[l].t, c->layer[l].wide));
    if (s->targets)
        IPL_TRY(mi_check_finite("targets", "values", s->n, s->targets_d, s->targets,
                                NULL));
    IPL_TRY(estimate_comparing(c));
    IPL_TRY(estimate_targets(c));
    for (int e = c->estimators - 1; e >= 0; --e)
        if (is_coded(c, e)) IPL_TRY(estimate_bins(c, e));
    return IPL_OK;
}

ipl_status mi_estimate_parts(ipl_device *dev, int estimators,
                             const ipl_mi_options *options,
                             const ipl_mi_samples *samples, int layers,
                             ipl_mi_layer *layer)
{
    parts_call c = {.dev = dev, .estimators = estimators, .options = options,
                    .samples = samples, .layers = layers, .layer = layer};
    ipl_status st = open_parts(&c);
    if (st == IPL_OK) st = estimate_all(&c);
    for (int l = 0; l < layers && st == IPL_OK; ++l) {
        const char *name = layer[l].name;
        layer[l] = c.made[l];
        layer[l].name = name;
    }
    close_parts(&c);
    return st;
}
