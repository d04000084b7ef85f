/*
 * mi_host.c - layers in host memory to points: shares out the device by itself.
 *
 * A host's own memory is the device's: nothing is copied. A GPU gets all layers at once
 * where they fit, so that small ones fill it together; else one after the other, and a
 * layer that it cannot hold in blocks of rows.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mi/mi.h"

/* What a call holds on the device. */
typedef struct {
    ipl_device *dev;
    int64_t     n, free_bytes;
    int         layers;
    const ipl_mi_layer *layer;
    ipl_labels  y, x;
    float      *inputs_at; /* NULL on a host                                    */
    ipl_mi_inputs *inputs; /* made by this call; NULL: none, or the caller's    */
    ipl_mi_job *job;      /* [layers]                                           */
    char      (*name)[24]; /* [layers]: of those that have none                 */
    float      *values;   /* NULL on a host                                     */
    int         partitions;
    int32_t    *cell;     /* [layers][partitions][n]; NULL where nobody needs cells */
    void       *scratch;
    size_t      values_bytes, scratch_bytes;
    double     *i_next;   /* [layers][partitions]                               */
} host_call;

static void close_call(host_call *c)
{
    ipl_labels_free(c->dev, &c->y);
    ipl_labels_free(c->dev, &c->x);
    ipl_mi_inputs_destroy(c->inputs);
    ipl_free(c->dev, c->inputs_at);
    ipl_free(c->dev, c->values);
    ipl_free(c->dev, c->cell);
    ipl_free(c->dev, c->scratch);
    free(c->job);
    free(c->name);
    free(c->i_next);
}

/* -- Setting up -------------------------------------------------------------------*/

static ipl_status check_layers(ipl_device *dev, int64_t n, int layers,
                               const ipl_mi_layer *layer)
{
    IPL_REQUIRE(dev && layer && layers >= 1, "device or layers are NULL, or %d layers",
                layers);
    IPL_REQUIRE(n >= 2 && n <= INT32_MAX, "%s: %lld samples: expected 2 to %d",
                layer->name ? layer->name : "layer 1", (long long)n, INT32_MAX);
    for (int l = 0; l < layers; ++l) {
        IPL_REQUIRE((layer[l].t || layer[l].wide) && layer[l].d >= 1 &&
                        layer[l].d <= INT64_MAX / 8 / n,
                    "layer %d: no activations, or %lld units", l + 1,
                    (long long)layer[l].d);
        IPL_REQUIRE(!layer[l].t || !layer[l].wide,
                    "layer %d: activations in float32 and in double", l + 1);
    }
    return IPL_OK;
}

/* Groups of the rows from host numbers in [0, limit), to the device. */
static ipl_status make_groups(ipl_device *dev, const char *what, int64_t n,
                              const int32_t *of, int64_t limit, ipl_labels *out)
{
    int32_t most = 0;
    if (!of) return IPL_OK;
    for (int64_t i = 0; i < n; ++i) {
        IPL_REQUIRE(of[i] >= 0 && of[i] < limit,
                    "%s of row %lld is %d: expected 0 to %lld", what, (long long)i,
                    of[i], (long long)limit - 1);
        most = of[i] > most ? of[i] : most;
    }
    return ipl_labels_create(dev, n, most + 1, of, out);
}

/* The inputs as values, on the device. */
static ipl_status open_inputs(host_call *c, const ipl_mi_samples *samples)
{
    const int64_t d = samples->inputs_d;
    ipl_mat x = {(float *)samples->inputs, c->n, d}; /* a host's: only read */
    IPL_REQUIRE(d >= 1 && d <= INT64_MAX / 8 / c->n, "inputs of %lld values",
                (long long)d);
    if (!c->dev->about.is_host) {
        IPL_TRY(ipl_mat_alloc(c->dev, c->n, d, &x));
        c->inputs_at = x.at;
        IPL_TRY(ipl_upload(c->dev, samples->inputs, (size_t)(c->n * d) * sizeof *x.at,
                           x.at));
    }
    return ipl_mi_inputs_create(c->dev, x, &c->inputs);
}

static ipl_status open_call(host_call *c, const ipl_mi_samples *samples, unsigned needs)
{
    const int64_t of_layer = c->partitions * c->n;
    const size_t pairs = (size_t)c->layers * (size_t)(c->partitions + 1);
    const int32_t *y = samples->y, *x = samples->x;
    int64_t free_bytes;
    IPL_TRY(make_groups(c->dev, "label", c->n, y, IPL_MI_CLASSES_MAX, &c->y));
    IPL_TRY(make_groups(c->dev, "input", c->n, x, c->n, &c->x));
    if (samples->inputs && needs & IPL_MI_NEEDS_INPUTS)
        IPL_TRY(open_inputs(c, samples));
    c->job = calloc((size_t)c->layers, sizeof *c->job);
    c->name = malloc((size_t)c->layers * sizeof *c->name);
    c->i_next = malloc(pairs * sizeof *c->i_next);
    if (!c->job || !c->name || !c->i_next)
        return IPL_FAIL(IPL_E_MEMORY, "%d layers", c->layers);
    const int64_t cell_bytes = c->layers * of_layer * (int64_t)sizeof *c->cell;
    if (c->partitions && c->layers > 1)
        IPL_TRY(ipl_alloc(c->dev, (size_t)cell_bytes, (void **)&c->cell));
    IPL_TRY(ipl_device_free_bytes(c->dev, &free_bytes));
    c->free_bytes = ipl_device_usable(&c->dev->about, free_bytes);
    for (int l = 0; l < c->layers; ++l) {
        const char *name = c->layer[l].name;
        snprintf(c->name[l], sizeof c->name[l], "layer %d", l + 1);
        c->job[l] = (ipl_mi_job){.name = name ? name : c->name[l],
                                 .t = {NULL, c->n, c->layer[l].d},
                                 .y = y ? &c->y : NULL,
                                 .x = x ? &c->x : NULL,
                                 .inputs = c->inputs ? c->inputs : samples->kept,
                                 .error = samples->error,
                                 .cell = c->cell ? c->cell + l * of_layer : NULL};
    }
    return IPL_OK;
}

/* -- Estimating -------------------------------------------------------------------*/

/* At least `bytes`, with undefined content. */
static ipl_status grow(ipl_device *dev, void **at, size_t *has, size_t bytes)
{
    if (*has >= bytes) return IPL_OK;
    ipl_free(dev, *at);
    *at = NULL;
    *has = 0;
    IPL_TRY(ipl_alloc(dev, bytes, at));
    *has = bytes;
    return IPL_OK;
}

/* Layers first .. first + count - 1, whole on the device. */
static ipl_status estimate_whole(host_call *c, int estimators,
                                 const ipl_mi_options *options, int first, int count)
{
    size_t scratch, bytes = 0;
    ipl_mi_job *job = c->job + first;
    IPL_TRY(ipl_mi_scratch_bytes(c->dev, estimators, options, count, job, &scratch));
    for (int l = 0; l < count; ++l)
        bytes += (size_t)(c->n * job[l].t.cols) * sizeof(float);
    if (!c->dev->about.is_host)
        IPL_TRY(grow(c->dev, (void **)&c->values, &c->values_bytes, bytes));
    IPL_TRY(grow(c->dev, &c->scratch, &c->scratch_bytes, scratch));
    float *at = c->values;
    for (int l = 0; l < count; ++l) {
        const int64_t values = c->n * job[l].t.cols;
        job[l].t.at = (float *)c->layer[first + l].t; /* a host's: only read */
        if (c->dev->about.is_host) continue;
        IPL_TRY(ipl_upload(c->dev, job[l].t.at, (size_t)values * sizeof *at, at));
        job[l].t.at = at;
        at += values;
    }
    return ipl_mi_estimate(c->dev, estimators, options, count, job, c->scratch,
                           c->scratch_bytes);
}

/* One layer, in blocks of rows from host memory. */
static ipl_status estimate_blocks(host_call *c, int estimators,
                                  const ipl_mi_options *options, int l)
{
    size_t scratch;
    ipl_mi_job *job = c->job + l;
    job->t.at = (float *)c->layer[l].t; /* only read */
    IPL_TRY(ipl_mi_scratch_bytes(c->dev, estimators, options, 1, job, &scratch));
    IPL_TRY(grow(c->dev, &c->scratch, &c->scratch_bytes, scratch));
    return ipl_mi_estimate(c->dev, estimators, options, 1, job, c->scratch,
                           c->scratch_bytes);
}

static ipl_status estimate_layer(host_call *c, int estimators,
                                 const ipl_mi_options *options, int l)
{
    ipl_mi_job *job = c->job + l;
    /* All of the device is for this layer: the one before has left what it needed. */
    ipl_free(c->dev, c->values);
    ipl_free(c->dev, c->scratch);
    c->values = NULL;
    c->scratch = NULL;
    c->values_bytes = c->scratch_bytes = 0;
    IPL_TRY(mi_fit(c->dev, estimators, options, job, c->free_bytes, &job->block_rows));
    return job->block_rows ? estimate_blocks(c, estimators, options, l)
                           : estimate_whole(c, estimators, options, l, 1);
}

/* Whether all layers can be on the device together. */
static ipl_status fits_together(const host_call *c, int estimators,
                                const ipl_mi_options *options, int *fits)
{
    size_t scratch;
    int64_t bytes = 0;
    for (int l = 0; l < c->layers; ++l)
        bytes += c->n * c->layer[l].d * (int64_t)sizeof(float);
    IPL_TRY(ipl_mi_scratch_bytes(c->dev, estimators, options, c->layers, c->job,
                                 &scratch));
    *fits = c->dev->about.is_host || bytes + (int64_t)scratch <= c->free_bytes;
    return IPL_OK;
}

/* I(T;T') of each layer and the next one, from their cells. */
static ipl_status between_neighbours(host_call *c)
{
    size_t bytes;
    if (!c->cell) return IPL_OK;
    IPL_TRY(ipl_mi_between_scratch_bytes(c->dev, c->layers - 1, c->n, &bytes));
    IPL_TRY(grow(c->dev, &c->scratch, &c->scratch_bytes, bytes));
    return ipl_mi_between_layers(c->dev, 1, c->layers, c->partitions, c->n, c->cell,
                                 c->scratch, c->scratch_bytes, c->i_next);
}

static ipl_status estimate_all(host_call *c, int estimators,
                               const ipl_mi_options *options)
{
    int fits;
    IPL_TRY(fits_together(c, estimators, options, &fits));
    if (fits) {
        IPL_TRY(estimate_whole(c, estimators, options, 0, c->layers));
    } else {
        for (int l = 0; l < c->layers; ++l)
            IPL_TRY(estimate_layer(c, estimators, options, l));
    }
    return between_neighbours(c);
}

ipl_status mi_estimate_floats(ipl_device *dev, int estimators,
                              const ipl_mi_options *options,
                              const ipl_mi_samples *samples, int layers,
                              ipl_mi_layer *layer)
{
    host_call c = {.dev = dev, .n = samples->n, .layers = layers, .layer = layer,
                   .partitions = ipl_mi_partitions(estimators, options)};
    ipl_status st = open_call(&c, samples, ipl_mi_needs(estimators, options));
    if (st == IPL_OK) st = estimate_all(&c, estimators, options);
    for (int l = 0; l < layers && st == IPL_OK; ++l) {
        const ipl_mi_job *job = &c.job[l];
        layer[l].merged = 0;
        layer[l].points = job->points;
        for (int p = 0; p < job->points; ++p) layer[l].point[p] = job->point[p];
        if (c.cell)
            ipl_mi_set_next(job->points, layer[l].point, c.i_next + l * c.partitions);
    }
    close_call(&c);
    return st;
}

/* A backend counts what is not finite; where the first such value stands is asked only
 * then. Whatever else was wrong keeps its text. */
static ipl_status name_value(ipl_status st, int64_t n, int layers,
                             const ipl_mi_layer *layer)
{
    char number[24];
    for (int l = 0; l < layers && st == IPL_E_NUMERIC; ++l) {
        snprintf(number, sizeof number, "layer %d", l + 1);
        IPL_TRY(mi_check_finite(layer[l].name ? layer[l].name : number, "activations",
                                n, layer[l].d, layer[l].t, NULL));
    }
    return st;
}

ipl_status ipl_mi_estimate_host(ipl_device *dev, int estimators,
                                const ipl_mi_options *options,
                                const ipl_mi_samples *samples, int layers,
                                ipl_mi_layer *layer)
{
    int wide = 0;
    IPL_REQUIRE(samples, "samples are NULL");
    IPL_TRY(check_layers(dev, samples->n, layers, layer));
    IPL_REQUIRE(!samples->inputs || !samples->kept, "inputs are given twice");
    IPL_REQUIRE(!samples->targets || !samples->y, "labels and targets are given");
    IPL_REQUIRE(!samples->targets ||
                    (samples->targets_d >= 1 &&
                     samples->targets_d <= INT64_MAX / 8 / samples->n),
                "targets of %lld values", (long long)samples->targets_d);
    IPL_TRY(mi_check_options(estimators, options));
    for (int l = 0; l < layers; ++l) wide |= layer[l].wide != NULL;
    if (wide || samples->targets)
        return mi_estimate_parts(dev, estimators, options, samples, layers, layer);
    return name_value(mi_estimate_floats(dev, estimators, options, samples, layers,
                                         layer), samples->n, layers, layer);
}
