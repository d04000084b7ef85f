/*
 * layers.h - made-up activations, and a layer's points in one call.
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "check.h"
#include "ipl_mi.h"
#include "random.h"

enum { LAYER_GUARD = 64 }; /* entries around an output that must survive */

/* The device once more, with two bits left of each hash of a row; the caller closes
 * it. */
static inline ipl_device *layer_weak_device(const ipl_device *dev)
{
    ipl_device *weak;
    setenv("IPL_TEST_WEAK_HASHES", "1", 1);
    const ipl_status st = ipl_device_open_again(dev, &weak);
    unsetenv("IPL_TEST_WEAK_HASHES");
    CHECK_OK(st);
    return weak;
}

/* Every family, in their order; on an emulated device without LGA, whose fits take
 * minutes there and have tests of their own. Returns how many. */
static inline int layer_families(ipl_device *dev,
                                 ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT])
{
    int count = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        if (k != IPL_MI_LGA || check_size(dev, 1, 0))
            options[count++] = ipl_mi_defaults((ipl_mi_estimator)k);
    return count;
}

/* Values like those of a tanh layer: rows lie near one of `clusters` centres, which
 * is row % clusters, and some values are exactly -1, 0 or 1. */
static inline float *layer_make(int64_t n, int64_t d, int clusters, double spread,
                                uint64_t seed)
{
    const ipl_random of_centre = {seed, 900}, of_value = {seed, 901};
    float *t = test_malloc((size_t)(n * d) * sizeof *t);
    for (int64_t i = 0; i < n; ++i)
        for (int64_t k = 0; k < d; ++k) {
            const uint64_t at = (uint64_t)(i * d + k);
            const double centre = ipl_random_uniform(
                of_centre, (uint64_t)((i % clusters) * d + k));
            const double noise = ipl_random_uniform(of_value, at) - 0.5;
            const double z = tanh(4.0 * (centre - 0.5) + spread * noise);
            t[at] = at % 37 == 5 ? (float)(int)(at % 3) - 1.0f : (float)z;
        }
    return t;
}

static inline int32_t *layer_labels(int64_t n, int32_t classes, uint64_t seed)
{
    int32_t *y = test_malloc((size_t)n * sizeof *y);
    for (int64_t i = 0; i < n; ++i)
        y[i] = (int32_t)ipl_random_below((ipl_random){seed, 902}, (uint64_t)i,
                                         (uint64_t)classes);
    return y;
}

/* A layer and its labels on a device, ready to be a job. */
typedef struct {
    ipl_device *dev;
    ipl_labels  y, x;
    ipl_mi_job  job;
} layer_on;

/* y == NULL: no labels. cells: room for the cells, between guards. */
static inline void layer_open(ipl_device *dev, int64_t n, int64_t d, const float *t,
                              int32_t classes, const int32_t *y, layer_on *out)
{
    *out = (layer_on){.dev = dev};
    CHECK_OK(ipl_mat_alloc(dev, n, d, &out->job.t));
    CHECK_OK(ipl_upload(dev, t, (size_t)(n * d) * sizeof *t, out->job.t.at));
    if (y) CHECK_OK(ipl_labels_create(dev, n, classes, y, &out->y));
    const size_t entries = (size_t)n + 2 * LAYER_GUARD;
    int32_t *guard = test_malloc(entries * sizeof *guard);
    for (size_t i = 0; i < entries; ++i) guard[i] = INT32_MIN;
    void *cell;
    CHECK_OK(ipl_alloc(dev, entries * sizeof *guard, &cell));
    CHECK_OK(ipl_upload(dev, guard, entries * sizeof *guard, cell));
    out->job.cell = (int32_t *)cell + LAYER_GUARD;
    test_free(guard);
}

/* The job for a call; its labels point into `layer`. */
static inline ipl_mi_job layer_job(layer_on *layer)
{
    layer->job.y = layer->y.rows ? &layer->y : NULL;
    layer->job.x = layer->x.rows ? &layer->x : NULL;
    return layer->job;
}

/* Downloads the cells and checks the guards. */
static inline void layer_cells(layer_on *layer, int32_t *cell)
{
    const int64_t n = layer->job.t.rows;
    const size_t entries = (size_t)n + 2 * LAYER_GUARD;
    int32_t *all = test_malloc(entries * sizeof *all);
    CHECK_OK(ipl_download(layer->dev, layer->job.cell - LAYER_GUARD,
                          entries * sizeof *all, all));
    for (int g = 0; g < LAYER_GUARD; ++g)
        CHECK(all[g] == INT32_MIN && all[LAYER_GUARD + n + g] == INT32_MIN);
    memcpy(cell, all + LAYER_GUARD, (size_t)n * sizeof *cell);
    test_free(all);
}

static inline void layer_close(layer_on *layer)
{
    ipl_free(layer->dev, layer->job.t.at);
    ipl_free(layer->dev, layer->job.cell - LAYER_GUARD);
    ipl_labels_free(layer->dev, &layer->y);
    ipl_labels_free(layer->dev, &layer->x);
}

/* BIN in one form, with so many bins or edges. */
static inline ipl_mi_options bin_options(ipl_bin_form form, int64_t bins, double width)
{
    ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
    o.bin_form = form;
    o.bin_edges = o.bin_count = o.bin_quantiles = bins;
    o.bin_width = width;
    return o;
}

/* Estimates some layers in one call, with just as much scratch as it asks for. */
static inline ipl_status layers_estimate_all(int estimators,
                                             const ipl_mi_options *options, int layers,
                                             layer_on *layer)
{
    enum { GUARD = 4096 };
    ipl_device *dev = layer->dev;
    ipl_mi_job job[16];
    size_t bytes = 0;
    void *scratch;
    char guard[GUARD], after[GUARD];
    CHECK(layers <= 16);
    for (int l = 0; l < layers; ++l) job[l] = layer_job(&layer[l]);
    ipl_status st = ipl_mi_scratch_bytes(dev, estimators, options, layers, job, &bytes);
    if (st != IPL_OK) return st;
    CHECK_OK(ipl_alloc(dev, bytes + GUARD, &scratch));
    memset(guard, 0x5a, sizeof guard);
    CHECK_OK(ipl_upload(dev, guard, GUARD, (char *)scratch + bytes));
    st = ipl_mi_estimate(dev, estimators, options, layers, job, scratch, bytes);
    CHECK_OK(ipl_download(dev, (char *)scratch + bytes, GUARD, after));
    CHECK(!memcmp(guard, after, GUARD));
    ipl_free(dev, scratch);
    for (int l = 0; l < layers; ++l) layer[l].job = job[l];
    return st;
}

static inline ipl_status layers_estimate(const ipl_mi_options *options, int layers,
                                         layer_on *layer)
{
    return layers_estimate_all(1, options, layers, layer);
}

/* The points of one host layer; cell[n] may be NULL. */
static inline ipl_mi_job layer_points(ipl_device *dev, const ipl_mi_options *options,
                                      int64_t n, int64_t d, const float *t,
                                      int32_t classes, const int32_t *y,
                                      int32_t *cell)
{
    layer_on layer;
    layer_open(dev, n, d, t, classes, y, &layer);
    CHECK_OK(layers_estimate(options, 1, &layer));
    if (cell) layer_cells(&layer, cell);
    layer_close(&layer);
    return layer.job;
}

#endif
