/*
 * measure.c - snapshots, or activations from elsewhere, to points of the plane.
 *
 * Every layer of every network of a call becomes one job, and an estimator gets all
 * jobs at once: small layers then fill a device together, and large ones are split
 * inside the estimator. No result depends on how the jobs were grouped.
 */
#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ACTIVATION_BYTES = 256 << 20 };

typedef struct {
    void  *at;
    size_t bytes;
} buffer;

struct ipl_measurer {
    ipl_device       *dev;
    int               estimators;
    ipl_mi_options    options[IPL_MI_ESTIMATOR_COUNT];
    const ipl_labels *y;
    buffer            activations, cells, scratch; /* device                     */
};

ipl_status ipl_measurer_create(ipl_device *dev, int estimators,
                               const ipl_mi_options *options, const ipl_labels *y,
                               ipl_measurer **out)
{
    IPL_REQUIRE(estimators >= 1 && estimators <= IPL_MI_ESTIMATOR_COUNT,
                "%d estimators: expected 1 to %d", estimators, IPL_MI_ESTIMATOR_COUNT);
    ipl_measurer *m = calloc(1, sizeof *m);
    if (!m) return IPL_FAIL(IPL_E_MEMORY, "a measurer");
    m->dev = dev;
    m->y = y;
    m->estimators = estimators;
    for (int e = 0; e < estimators; ++e) m->options[e] = options[e];
    *out = m;
    return IPL_OK;
}

void ipl_measurer_destroy(ipl_measurer *m)
{
    if (!m) return;
    ipl_free(m->dev, m->activations.at);
    ipl_free(m->dev, m->cells.at);
    ipl_free(m->dev, m->scratch.at);
    free(m);
}

static ipl_status grow(ipl_measurer *m, buffer *b, size_t bytes)
{
    if (b->bytes >= bytes) return IPL_OK;
    ipl_free(m->dev, b->at);
    *b = (buffer){0};
    IPL_TRY(ipl_alloc(m->dev, bytes, &b->at));
    b->bytes = bytes;
    return IPL_OK;
}

/* Estimators count jobs; whoever reads the message knows layers. */
static ipl_status by_layer(ipl_status st, int layers)
{
    int job, used = 0;
    const char *text = ipl_last_error_text();
    if (sscanf(text, "job %d: %n", &job, &used) != 1 || !used) return st;
    return IPL_FAIL(st, "layer %d: %s", job % layers + 1, text + used);
}

static ipl_status estimate(ipl_measurer *m, const ipl_mi_options *options, int jobs,
                           ipl_mi_job *job, ipl_layer *out)
{
    size_t bytes;
    for (int j = 0; j < jobs; ++j)
        job[j].cell = options->estimator == IPL_MI_BIN
                          ? (int32_t *)m->cells.at + j * job[j].t.rows
                          : NULL;
    IPL_TRY(ipl_mi_scratch_bytes(m->dev, options, jobs, job, &bytes));
    IPL_TRY(grow(m, &m->scratch, bytes));
    IPL_TRY(ipl_mi_estimate(m->dev, options, jobs, job, m->scratch.at,
                            m->scratch.bytes));
    for (int j = 0; j < jobs; ++j)
        for (int p = 0; p < job[j].points; ++p)
            out[j].point[out[j].points++] = job[j].point[p];
    return IPL_OK;
}

/* I(T_l;T_l+1) from the cells that BIN has left. */
static ipl_status neighbours(ipl_measurer *m, int nets, int layers, int64_t n,
                             ipl_layer *out)
{
    const int pairs = nets * (layers - 1);
    if (!pairs) return IPL_OK;
    ipl_status      st = IPL_OK;
    size_t          bytes;
    const int32_t **cell = malloc(2 * (size_t)pairs * sizeof *cell);
    double         *i_ab = malloc((size_t)pairs * sizeof *i_ab);
    if (!cell || !i_ab) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d pairs of layers", pairs);
        goto done;
    }
    for (int p = 0; p < pairs; ++p) {
        const int first = p / (layers - 1) * layers + p % (layers - 1);
        cell[p] = (const int32_t *)m->cells.at + first * n;
        cell[pairs + p] = cell[p] + n;
    }
    IPL_TRY_DONE(ipl_mi_between_scratch_bytes(m->dev, pairs, n, &bytes));
    IPL_TRY_DONE(grow(m, &m->scratch, bytes));
    IPL_TRY_DONE(ipl_mi_between(m->dev, pairs, n, cell, cell + pairs, m->scratch.at,
                                m->scratch.bytes, i_ab));
    for (int p = 0; p < pairs; ++p)
        out[p / (layers - 1) * layers + p % (layers - 1)].i_next = i_ab[p];
done:
    free(cell);
    free(i_ab);
    return st;
}

ipl_status ipl_measure_layers(ipl_measurer *m, int nets, int layers, const ipl_mat *t,
                              ipl_layer *out)
{
    const int     jobs = nets * layers;
    const int64_t n = t[0].rows;
    ipl_status    st = IPL_OK;
    ipl_mi_job   *job = calloc((size_t)jobs, sizeof *job);
    ipl_layer    *made = calloc((size_t)jobs, sizeof *made);
    if (!job || !made) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d layers to measure", jobs);
        goto done;
    }
    for (int j = 0; j < jobs; ++j) {
        job[j].t = t[j];
        job[j].y = m->y;
        made[j].i_next = NAN;
    }
    for (int e = 0; e < m->estimators; ++e) {
        const int bin = m->options[e].estimator == IPL_MI_BIN;
        if (bin)
            IPL_TRY_DONE(grow(m, &m->cells, (size_t)(jobs * n) * sizeof(int32_t)));
        IPL_TRY_DONE(estimate(m, &m->options[e], jobs, job, made));
        if (bin) IPL_TRY_DONE(neighbours(m, nets, layers, n, made));
    }
    for (int j = 0; j < jobs; ++j) out[j] = made[j];
done:
    if (st != IPL_OK) st = by_layer(st, layers);
    free(job);
    free(made);
    return st;
}

/* The forward passes of `nets` networks, each layer to its own matrix t. */
static ipl_status forward(ipl_measurer *m, const ipl_net_shape *shape, ipl_mat x,
                          int nets, float *const *params, ipl_mat *t)
{
    float *at = m->activations.at;
    for (int k = 0; k < nets; ++k) {
        float *act[IPL_NET_LAYERS_MAX];
        for (int l = 1; l <= shape->layers; ++l) {
            t[k * shape->layers + l - 1] = (ipl_mat){at, x.rows, shape->width[l]};
            act[l - 1] = at;
            at += x.rows * shape->width[l];
        }
        IPL_TRY(ipl_net_forward(m->dev, shape, params[k], x, act));
    }
    return IPL_OK;
}

ipl_status ipl_measure_networks(ipl_measurer *m, const ipl_net_shape *shape, ipl_mat x,
                                int nets, float *const *params, ipl_layer *out)
{
    int64_t units = 0;
    for (int l = 1; l <= shape->layers; ++l) units += shape->width[l];
    const int64_t bytes = x.rows * units * (int64_t)sizeof(float);
    int64_t chunk = ACTIVATION_BYTES / bytes;
    if (chunk < 1) chunk = 1;
    if (chunk > nets) chunk = nets;

    ipl_status st = IPL_OK;
    ipl_mat *t = malloc((size_t)chunk * (size_t)shape->layers * sizeof *t);
    if (!t) return IPL_FAIL(IPL_E_MEMORY, "%lld networks", (long long)chunk);
    IPL_TRY_DONE(grow(m, &m->activations, (size_t)(chunk * bytes)));
    for (int first = 0; first < nets; first += (int)chunk) {
        const int count = nets - first < chunk ? nets - first : (int)chunk;
        IPL_TRY_DONE(forward(m, shape, x, count, params + first, t));
        IPL_TRY_DONE(ipl_measure_layers(m, count, shape->layers, t,
                                        out + (int64_t)first * shape->layers));
    }
done:
    free(t);
    return st;
}
