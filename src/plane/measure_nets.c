/*
 * measure_nets.c - networks to points, as much at once as the device can hold.
 *
 * All layers of several networks together keep a device busy. One that cannot hold them
 * gets one layer at a time, and one that cannot hold that gets it in blocks of rows,
 * from a copy in host memory. Forward passes are repeated for it: they cost little
 * beside the estimators. No way changes a bit.
 */
#include <stdlib.h>

#include "arena.h"
#include "plane/measure.h"

static int32_t widest_of(const ipl_net_shape *shape)
{
    int32_t widest = 0;
    for (int l = 1; l <= shape->layers; ++l)
        if (shape->width[l] > widest) widest = shape->width[l];
    return widest;
}

/* -- Whole networks ---------------------------------------------------------------*/

/* One network's layers; they start aligned, as single ones do, so that no product has
 * to be copied. */
static void take_layers(ipl_arena *from, const ipl_net_shape *shape, int64_t rows,
                        float **act)
{
    for (int l = 1; l <= shape->layers; ++l)
        act[l - 1] = ipl_arena_take(from, rows * shape->width[l], sizeof **act);
}

static size_t layers_bytes(const ipl_net_shape *shape, int64_t rows)
{
    float *act[IPL_NET_LAYERS_MAX];
    ipl_arena count = {0};
    take_layers(&count, shape, rows, act);
    return count.used;
}

/* The forward passes of `nets` networks, each layer to its own matrix t. */
static ipl_status forward(ipl_measurer *m, const ipl_net_shape *shape, ipl_mat x,
                          int nets, float *const *params, ipl_mat *t)
{
    ipl_arena from = {.base = m->activations.at};
    float *act[IPL_NET_LAYERS_MAX];
    take_layers(&from, shape, x.rows, act);
    const int64_t apart = (int64_t)(from.used / sizeof **act);
    for (int k = 0; k < nets; ++k)
        for (int l = 1; l <= shape->layers; ++l)
            t[k * shape->layers + l - 1] =
                (ipl_mat){act[l - 1] + k * apart, x.rows, shape->width[l]};
    return ipl_net_forward_all(m->dev, shape, nets, (const float *const *)params, x,
                               act, apart);
}

static ipl_status whole_networks(ipl_measurer *m, const ipl_measure_way *way,
                                 const ipl_net_shape *shape, ipl_mat x, int nets,
                                 float *const *params, ipl_layer *out)
{
    const int most = way->nets < nets ? way->nets : nets;
    const size_t bytes = layers_bytes(shape, x.rows);
    ipl_status st = IPL_OK;
    ipl_mat *t = malloc((size_t)most * (size_t)shape->layers * sizeof *t);
    if (!t) return IPL_FAIL(IPL_E_MEMORY, "%d networks", most);
    IPL_TRY_DONE(measurer_grow(m, &m->activations, (size_t)most * bytes));
    for (int first = 0; first < nets; first += most) {
        const int count = nets - first < most ? nets - first : most;
        IPL_TRY_DONE(forward(m, shape, x, count, params + first, t));
        IPL_TRY_DONE(measurer_quantise(m, count * shape->layers, t, 0));
        IPL_TRY_DONE(ipl_measure_layers(m, count, shape->layers, t,
                                        out + (int64_t)first * shape->layers));
    }
done:
    free(t);
    return st;
}

/* -- One layer at a time ----------------------------------------------------------*/

/* Layer l over rows first .. first + count - 1, to the device's memory. */
static ipl_status forward_one(ipl_measurer *m, const ipl_net_shape *shape, ipl_mat x,
                              int64_t first, int64_t count, const float *params, int l)
{
    float *act[IPL_NET_LAYERS_MAX] = {0};
    const ipl_mat rows = {x.at + first * x.cols, count, x.cols};
    act[l - 1] = m->activations.at;
    return ipl_net_forward(m->dev, shape, params, rows, act);
}

/* All rows of layer l, to host memory. */
static ipl_status forward_to_host(ipl_measurer *m, const ipl_net_shape *shape,
                                  ipl_mat x, int64_t block, const float *params, int l)
{
    const int64_t width = shape->width[l];
    for (int64_t first = 0; first < x.rows; first += block) {
        const int64_t count = x.rows - first < block ? x.rows - first : block;
        IPL_TRY(forward_one(m, shape, x, first, count, params, l));
        IPL_TRY(ipl_download(m->dev, m->activations.at,
                             (size_t)(count * width) * sizeof(float),
                             m->host + first * width));
    }
    return IPL_OK;
}

static ipl_status layer_by_layer(ipl_measurer *m, const ipl_measure_way *way,
                                 const ipl_net_shape *shape, ipl_mat x,
                                 const float *params, ipl_layer *out)
{
    const int64_t block = way->block_rows;
    for (int l = 1; l <= shape->layers; ++l) {
        ipl_mat t = {m->activations.at, x.rows, shape->width[l]};
        if (block) {
            IPL_TRY(forward_to_host(m, shape, x, block, params, l));
            t.at = m->host;
        } else {
            IPL_TRY(forward_one(m, shape, x, 0, x.rows, params, l));
        }
        IPL_TRY(measurer_quantise(m, 1, &t, block));
        IPL_TRY(measurer_place(m, l, 1, l - 1, 1, &t, block, out + l - 1));
    }
    return measurer_neighbours(m, 1, shape->layers, x.rows, out);
}

static ipl_status single_layers(ipl_measurer *m, const ipl_measure_way *way,
                                const ipl_net_shape *shape, ipl_mat x, int nets,
                                float *const *params, ipl_layer *out)
{
    const int64_t rows = way->block_rows && way->block_rows < x.rows ? way->block_rows
                                                                     : x.rows;
    const size_t line = (size_t)widest_of(shape) * sizeof(float);
    IPL_TRY(measurer_make_cells(m, shape->layers, x.rows));
    IPL_TRY(measurer_grow(m, &m->activations, (size_t)rows * line));
    if (way->block_rows && !m->host) {
        m->host = malloc((size_t)x.rows * line);
        if (!m->host)
            return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of host memory for a layer that "
                            "the device cannot hold", (size_t)x.rows * line);
    }
    for (int k = 0; k < nets; ++k)
        IPL_TRY(layer_by_layer(m, way, shape, x, params[k],
                               out + (int64_t)k * shape->layers));
    return IPL_OK;
}

ipl_status ipl_measure_networks(ipl_measurer *m, const ipl_measure_way *way,
                                const ipl_net_shape *shape, ipl_mat x, int nets,
                                float *const *params, ipl_layer *out)
{
    return (way->nets ? whole_networks : single_layers)(m, way, shape, x, nets, params,
                                                        out);
}

/* -- What it takes ----------------------------------------------------------------*/

/* Scratch to round the layers of these jobs, together or one by one. */
static ipl_status quantise_bytes(ipl_device *dev, int jobs, const ipl_mi_job *job,
                                 const ipl_measure_way *way, size_t *bytes)
{
    ipl_status st = IPL_OK;
    const int each = way->nets ? jobs : 1;
    ipl_mat *t = malloc((size_t)jobs * sizeof *t);
    if (!t) return IPL_FAIL(IPL_E_MEMORY, "%d layers", jobs);
    *bytes = 0;
    for (int j = 0; j < jobs; ++j) t[j] = job[j].t;
    for (int j = 0; j < jobs; j += each) {
        size_t some;
        IPL_TRY_DONE(
            ipl_net_quantise_scratch_bytes(dev, each, t + j, way->block_rows, &some));
        if (some > *bytes) *bytes = some;
    }
done:
    free(t);
    return st;
}

ipl_status ipl_measure_bytes(ipl_device *dev, const ipl_measure_what *what,
                             const ipl_net_shape *shape, int64_t rows,
                             const ipl_measure_way *way, size_t *bytes)
{
    const int layers = shape->layers, nets = way->nets ? way->nets : 1;
    const int estimators = what->estimators;
    const ipl_mi_options *options = what->options;
    const int64_t block = way->block_rows;
    int32_t cell; /* scratch is without cells where there is an address for them */
    size_t scratch = 0, between = 0;
    ipl_measure_what shapes = *what;
    ipl_mi_inputs *inputs = NULL;
    ipl_status st = IPL_OK;
    ipl_mi_job *job = calloc((size_t)(nets * layers), sizeof *job);
    if (!job) return IPL_FAIL(IPL_E_MEMORY, "%d layers", nets * layers);
    shapes.x.at = NULL;
    IPL_TRY_DONE(measurer_inputs(dev, &shapes, &inputs));
    for (int j = 0; j < nets * layers; ++j)
        job[j] = (ipl_mi_job){.t = {NULL, rows, shape->width[j % layers + 1]},
                              .block_rows = block, .y = what->y, .inputs = inputs,
                              .error = what->error, .cell = &cell};
    if (way->nets)
        IPL_TRY_DONE(ipl_mi_scratch_bytes(dev, estimators, options, nets * layers, job,
                                          &scratch));
    for (int l = 0; l < layers && !way->nets; ++l) {
        size_t some;
        IPL_TRY_DONE(ipl_mi_scratch_bytes(dev, estimators, options, 1, job + l, &some));
        if (some > scratch) scratch = some;
    }
    if (what->quantise) {
        size_t some = 0;
        IPL_TRY_DONE(quantise_bytes(dev, nets * layers, job, way, &some));
        if (some > scratch) scratch = some;
    }
    const size_t line = (size_t)widest_of(shape) * sizeof(float);
    *bytes = way->nets ? (size_t)nets * layers_bytes(shape, rows)
                       : (size_t)(block && block < rows ? block : rows) * line;
    const int partitions = ipl_mi_partitions(estimators, options);
    if (partitions) {
        *bytes += (size_t)(nets * layers * partitions * rows) * sizeof cell;
        if (layers > 1)
            IPL_TRY_DONE(ipl_mi_between_scratch_bytes(dev, nets * (layers - 1), rows,
                                                      &between));
    }
    *bytes += scratch > between ? scratch : between;
    size_t forward; /* layers that nobody wants and copies have room of their own */
    IPL_TRY_DONE(ipl_net_evaluate_bytes(dev, shape, 1, rows, &forward));
    *bytes += forward;
done:
    ipl_mi_inputs_destroy(inputs);
    free(job);
    return st;
}
