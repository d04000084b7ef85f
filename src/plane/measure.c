/*
 * measure.c - snapshots to points of the plane.
 *
 * Every layer of every network of a call becomes one job, and the estimators get all
 * jobs at once: small layers then fill a device together, and large ones are split
 * inside an estimator. No result depends on how the jobs were grouped.
 */
#include "plane/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ipl_status measurer_inputs(ipl_device *dev, const ipl_measure_what *what,
                           ipl_mi_inputs **out)
{
    const unsigned needs = ipl_mi_needs(what->estimators, what->options);
    *out = NULL;
    if (!what->x.cols || !(needs & IPL_MI_NEEDS_INPUTS)) return IPL_OK;
    return ipl_mi_inputs_create(dev, what->x, out);
}

ipl_status ipl_measurer_create(ipl_device *dev, const ipl_measure_what *what,
                               ipl_measurer **out)
{
    IPL_REQUIRE(what->estimators >= 1 && what->estimators <= IPL_MI_SETTINGS_MAX,
                "%d estimators: expected 1 to %d", what->estimators,
                IPL_MI_SETTINGS_MAX);
    ipl_measurer *m = calloc(1, sizeof *m);
    if (!m) return IPL_FAIL(IPL_E_MEMORY, "a measurer");
    m->dev = dev;
    m->y = what->y;
    m->error = what->error;
    m->quantise = what->quantise;
    m->estimators = what->estimators;
    m->partitions = ipl_mi_partitions(what->estimators, what->options);
    for (int e = 0; e < what->estimators; ++e) m->options[e] = what->options[e];
    const ipl_status st = measurer_inputs(dev, what, &m->inputs);
    if (st == IPL_OK) *out = m;
    else free(m);
    return st;
}

void ipl_measurer_destroy(ipl_measurer *m)
{
    if (!m) return;
    ipl_mi_inputs_destroy(m->inputs);
    ipl_free(m->dev, m->activations.at);
    ipl_free(m->dev, m->cells.at);
    ipl_free(m->dev, m->scratch.at);
    free(m->host);
    free(m);
}

ipl_status measurer_grow(ipl_measurer *m, measurer_buffer *b, size_t bytes)
{
    if (b->bytes >= bytes) return IPL_OK;
    ipl_free(m->dev, b->at);
    *b = (measurer_buffer){0};
    IPL_TRY(ipl_alloc(m->dev, bytes, &b->at));
    b->bytes = bytes;
    return IPL_OK;
}

ipl_status measurer_quantise(ipl_measurer *m, int layers, const ipl_mat *t,
                             int64_t block_rows)
{
    size_t bytes;
    if (!m->quantise) return IPL_OK;
    IPL_TRY(ipl_net_quantise_scratch_bytes(m->dev, layers, t, block_rows, &bytes));
    IPL_TRY(measurer_grow(m, &m->scratch, bytes));
    return ipl_net_quantise(m->dev, m->quantise, layers, t, block_rows, m->scratch.at,
                            m->scratch.bytes);
}

static ipl_status estimate(ipl_measurer *m, int jobs, ipl_mi_job *job)
{
    size_t bytes;
    IPL_TRY(ipl_mi_scratch_bytes(m->dev, m->estimators, m->options, jobs, job, &bytes));
    IPL_TRY(measurer_grow(m, &m->scratch, bytes));
    return ipl_mi_estimate(m->dev, m->estimators, m->options, jobs, job, m->scratch.at,
                           m->scratch.bytes);
}

ipl_status measurer_place(ipl_measurer *m, int first, int layers, int64_t place,
                          int jobs, const ipl_mat *t, int64_t block_rows,
                          ipl_layer *out)
{
    ipl_status st = IPL_OK;
    char name[IPL_NET_LAYERS_MAX][16];
    ipl_mi_job *job = calloc((size_t)jobs, sizeof *job);
    if (!job) return IPL_FAIL(IPL_E_MEMORY, "%d layers to measure", jobs);
    for (int l = 0; l < layers; ++l)
        snprintf(name[l], sizeof name[l], "layer %d", first + l);
    for (int j = 0; j < jobs; ++j) {
        job[j] = (ipl_mi_job){.name = name[j % layers], .t = t[j],
                              .block_rows = block_rows, .y = m->y,
                              .inputs = m->inputs, .error = m->error};
        if (m->cells.at)
            job[j].cell = (int32_t *)m->cells.at +
                          (place + j) * m->partitions * t[j].rows;
    }
    IPL_TRY_DONE(estimate(m, jobs, job));
    for (int j = 0; j < jobs; ++j) {
        out[j].points = job[j].points;
        memcpy(out[j].point, job[j].point, (size_t)job[j].points * sizeof *job->point);
    }
done:
    free(job);
    return st;
}

/* I(T_l;T_l+1) from the cells that were left. */
ipl_status measurer_neighbours(ipl_measurer *m, int nets, int layers, int64_t n,
                               ipl_layer *out)
{
    size_t bytes;
    if (layers == 1 || !m->cells.at) return IPL_OK;
    const size_t values = (size_t)(nets * layers) * (size_t)m->partitions;
    double *i_next = malloc(values * sizeof *i_next);
    if (!i_next) return IPL_FAIL(IPL_E_MEMORY, "%d layers", nets * layers);
    const int pairs = nets * (layers - 1);
    ipl_status st = ipl_mi_between_scratch_bytes(m->dev, pairs, n, &bytes);
    if (st == IPL_OK) st = measurer_grow(m, &m->scratch, bytes);
    if (st == IPL_OK)
        st = ipl_mi_between_layers(m->dev, nets, layers, m->partitions, n, m->cells.at,
                                   m->scratch.at, m->scratch.bytes, i_next);
    for (int k = 0; st == IPL_OK && k < nets * layers; ++k)
        ipl_mi_set_next(out[k].points, out[k].point, i_next + k * m->partitions);
    free(i_next);
    return st;
}

/* Room for the cells of so many layers; none where nobody makes them. */
ipl_status measurer_make_cells(ipl_measurer *m, int64_t layers, int64_t n)
{
    if (!m->partitions) return IPL_OK;
    return measurer_grow(m, &m->cells,
                         (size_t)(layers * m->partitions * n) * sizeof(int32_t));
}

ipl_status ipl_measure_layers(ipl_measurer *m, int nets, int layers, const ipl_mat *t,
                              ipl_layer *out)
{
    const int jobs = nets * layers;
    ipl_status st = IPL_OK;
    ipl_layer *made = malloc((size_t)jobs * sizeof *made);
    if (!made) return IPL_FAIL(IPL_E_MEMORY, "%d layers to measure", jobs);
    IPL_TRY_DONE(measurer_make_cells(m, jobs, t[0].rows));
    IPL_TRY_DONE(measurer_place(m, 1, layers, 0, jobs, t, 0, made));
    IPL_TRY_DONE(measurer_neighbours(m, nets, layers, t[0].rows, made));
    for (int j = 0; j < jobs; ++j) out[j] = made[j];
done:
    free(made);
    return st;
}
