/*
 * audit_source.c - from a configuration, a run or NPY files to a network in memory.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plane/audit.h"
#include "plane/experiment.h"

void audit_network_free(audit_network *a)
{
    free(a->x);
    free(a->params);
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l) free(a->t[l]);
    *a = (audit_network){0};
}

/* -- Configurations and runs ------------------------------------------------------*/

static ipl_status check_seed(const ipl_config *config, int64_t *seed)
{
    const int64_t first = config->seed, last = first + config->replicas - 1;
    if (*seed == IPL_AUDIT_FIRST_SEED) *seed = first;
    IPL_REQUIRE(*seed >= first && *seed <= last, "seed %" PRId64 ": expected %" PRId64
                " to %" PRId64 ", by [train] seed and replicas", *seed, first, last);
    return IPL_OK;
}

/* Adds to the note that curves carry the mark of one setting alone. */
static void note_list(const ipl_mi_sweep *sweep, audit_network *out)
{
    const size_t used = strlen(out->note);
    if (sweep->option)
        snprintf(out->note + used, sizeof out->note - used, "%sof %s = %.60s the first "
                 "is marked", used ? ", and " : "", sweep->option->key, sweep->values);
}

/* The estimators' options are kept in `out`, which must not move afterwards. */
static void keep_marks(const ipl_config *config, audit_network *out)
{
    out->config = *config;
    if (config->estimators & 1u << IPL_MI_BIN) out->bin = &out->config.mi[IPL_MI_BIN];
    if (config->estimators & 1u << IPL_MI_KDE) out->kde = &out->config.mi[IPL_MI_KDE];
    if (config->quantise)
        snprintf(out->note, sizeof out->note, "[net] quantise = %" PRId64 " is left "
                 "out: audited are the values before they are rounded to %" PRId64
                 " bits", config->quantise, config->quantise);
    if (out->bin) note_list(&config->sweep[IPL_MI_BIN], out);
    if (out->kde) note_list(&config->sweep[IPL_MI_KDE], out);
}

/* The measured rows, as they lie on the device. */
static ipl_status take_rows(ipl_device *dev, const ipl_experiment *e,
                            audit_network *out)
{
    const size_t bytes = (size_t)(e->measured.rows * e->measured.cols) * sizeof(float);
    snprintf(out->source, sizeof out->source, "%s", e->data.name);
    out->rows = e->measured.rows;
    out->shape = e->shape;
    out->x = malloc(bytes);
    if (!out->x)
        return IPL_FAIL(IPL_E_MEMORY, "%s: %zu bytes of inputs", e->data.name, bytes);
    return ipl_download(dev, e->measured.at, bytes, out->x);
}

/* Room for the parameters of out->shape. */
static ipl_status make_parameters(audit_network *out)
{
    const int64_t count = ipl_net_parameters(&out->shape);
    out->params = calloc((size_t)count, sizeof *out->params);
    if (!out->params) return IPL_FAIL(IPL_E_MEMORY, "%" PRId64 " parameters", count);
    return IPL_OK;
}

/* The network of out->seed as it starts: tick 0. */
static ipl_status take_first(const ipl_experiment *e, audit_network *out)
{
    return ipl_net_init(&e->shape, e->config.init, (uint64_t)out->seed, out->params);
}

/* The network of out->seed at a tick that was kept, or the last one. */
static ipl_status take_kept(const ipl_experiment *e, int64_t tick, audit_network *out)
{
    const int64_t last = ipl_networks_tick(e->kept, ipl_networks_count(e->kept) - 1);
    out->tick = tick == IPL_AUDIT_LAST_TICK ? last : tick;
    IPL_TRY(ipl_networks_must_hold(e->kept, out->tick));
    IPL_TRY(ipl_networks_read(e->kept, out->tick, e->host_params));
    memcpy(out->params,
           e->host_params + (out->seed - e->config.seed) * e->parameters,
           (size_t)e->parameters * sizeof *out->params);
    return IPL_OK;
}

/* Loads the data onto the device and back; of a config.networks the run's networks are
 * checked to be of this data. */
static ipl_status from_experiment(ipl_device *dev, const ipl_config *config,
                                  int64_t tick, int64_t seed, audit_network *out)
{
    ipl_experiment e;
    *out = (audit_network){0};
    IPL_TRY(check_seed(config, &seed));
    IPL_TRY(ipl_experiment_load(config, &e));
    IPL_TRY(ipl_experiment_open(&e, dev, dev)); /* closes it when it fails */
    out->seed = seed;
    ipl_status st = take_rows(dev, &e, out);
    if (st == IPL_OK) st = make_parameters(out);
    if (st == IPL_OK) st = e.kept ? take_kept(&e, tick, out) : take_first(&e, out);
    ipl_experiment_close(&e);
    keep_marks(config, out);
    if (st != IPL_OK) audit_network_free(out);
    return st;
}

ipl_status audit_from_config(ipl_device *dev, const ipl_config *config, int64_t seed,
                             audit_network *out)
{
    IPL_REQUIRE(!config->networks[0], "a configuration that measures the networks of "
                "'%s': audit that run", config->networks);
    return from_experiment(dev, config, 0, seed, out);
}

ipl_status audit_from_run(ipl_device *dev, const char *dir, int64_t tick, int64_t seed,
                          audit_network *out)
{
    ipl_config config;
    IPL_TRY(ipl_measure_config(dir, &config));
    return from_experiment(dev, &config, tick, seed, out);
}

/* -- NPY files --------------------------------------------------------------------*/

/* Reads float32 of this shape; adds to the note what had to be rounded. rows, cols 0:
 * any. */
static ipl_status read_values(const char *path, int64_t rows, int64_t cols,
                              const char *wanted, audit_network *a, ipl_array *out)
{
    IPL_TRY(ipl_array_read(path, out));
    const ipl_status narrowed = ipl_array_narrow(path, out);
    if (narrowed != IPL_OK) {
        ipl_array_free(out);
        return narrowed;
    }
    const size_t used = strlen(a->note);
    if ((rows && out->rows != rows) || (cols && out->cols != cols)) {
        const ipl_status st = IPL_FAIL(
            IPL_E_FORMAT, "%s is %" PRId64 " x %" PRId64 ": expected %" PRId64
            " x %" PRId64 ", %s", path, out->rows, out->cols, rows ? rows : out->rows,
            cols ? cols : out->cols, wanted);
        ipl_array_free(out);
        return st;
    }
    if (out->rounded && !used)
        snprintf(a->note, sizeof a->note, "%s: %" PRId64 " of %" PRId64 " values were "
                 "rounded to float32", path, out->rounded, out->rows * out->cols);
    else if (out->rounded && !strstr(a->note, ", and "))
        snprintf(a->note + used, sizeof a->note - used, ", and more in other files");
    return IPL_OK;
}

static ipl_status check_files(const ipl_audit_files *f)
{
    IPL_REQUIRE(f && f->x, "no file of inputs");
    IPL_REQUIRE(f->layers >= 1 && f->layers < IPL_NET_LAYERS_MAX,
                "%d files of weights: expected 1 to %d", f->layers,
                IPL_NET_LAYERS_MAX - 1);
    for (int l = 0; l < f->layers; ++l) {
        IPL_REQUIRE(f->weights[l], "no weights of layer %d", l + 1);
        IPL_REQUIRE(!f->biases[l] == !f->biases[0], "%s of layer %d: expected biases "
                    "of all layers, or of none", f->biases[l] ? "biases" : "no biases",
                    l + 1);
        IPL_REQUIRE(!f->t[l] == !f->t[0], "%s of layer %d: expected activations of all "
                    "layers, or of none", f->t[l] ? "activations" : "no activations",
                    l + 1);
        IPL_REQUIRE(f->act[l] >= IPL_ACT_LINEAR && f->act[l] < IPL_ACT_COUNT &&
                        (f->act[l] != IPL_ACT_SOFTMAX || l + 1 == f->layers),
                    "layer %d has activation %s: expected softmax in the last layer "
                    "only", l + 1, ipl_act_name(f->act[l]));
    }
    return IPL_OK;
}

/* W_l, which tells the layer's width. Its values go to *w. */
static ipl_status read_weights(const ipl_audit_files *f, int l, audit_network *a,
                               float **w)
{
    ipl_array got;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "inputs x units of layer %d", l);
    IPL_TRY(read_values(f->weights[l - 1], a->shape.width[l - 1], 0, wanted, a, &got));
    *w = got.values;
    if (got.dims > 2) /* of a convolution, say: no product of inputs and weights      */
        return IPL_FAIL(IPL_E_FORMAT, "%s has %d dimensions: expected 2, %s",
                        f->weights[l - 1], got.dims, wanted);
    if (got.cols > IPL_NET_WIDTH_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " units: expected at most %d",
                        f->weights[l - 1], got.cols, IPL_NET_WIDTH_MAX);
    a->shape.width[l] = (int32_t)got.cols;
    a->shape.act[l] = f->act[l - 1];
    if (got.cols == 1 && f->act[l - 1] == IPL_ACT_SOFTMAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: 1 unit: expected 2 or more of a softmax",
                        f->weights[l - 1]);
    return IPL_OK;
}

/* A bias is one row or one column. */
static ipl_status read_bias(const char *path, int l, audit_network *a, float *to)
{
    ipl_array got;
    const int64_t units = a->shape.width[l];
    IPL_TRY(read_values(path, 0, 0, "", a, &got));
    ipl_status st = IPL_OK;
    if (got.rows * got.cols == units && (got.rows == 1 || got.cols == 1))
        memcpy(to, got.values, (size_t)units * sizeof *to);
    else
        st = IPL_FAIL(IPL_E_FORMAT, "%s is %" PRId64 " x %" PRId64 ": expected the "
                      "%" PRId64 " biases of layer %d", path, got.rows, got.cols, units,
                      l);
    ipl_array_free(&got);
    return st;
}

/* All parameters, in their places. */
static ipl_status read_parameters(const ipl_audit_files *f, audit_network *a)
{
    float *w[IPL_NET_LAYERS_MAX + 1] = {0};
    ipl_status st = IPL_OK;
    a->shape.layers = f->layers;
    for (int l = 1; l <= f->layers; ++l) IPL_TRY_DONE(read_weights(f, l, a, &w[l]));
    IPL_TRY_DONE(make_parameters(a)); /* zeros, as are biases without a file */
    for (int l = 1; l <= f->layers; ++l) {
        const int64_t bias = ipl_net_bias_at(&a->shape, l);
        const int64_t at = ipl_net_weight_at(&a->shape, l);
        memcpy(a->params + at, w[l], (size_t)(bias - at) * sizeof *w[l]);
        if (f->biases[l - 1])
            IPL_TRY_DONE(read_bias(f->biases[l - 1], l, a, a->params + bias));
    }
done:
    for (int l = 1; l <= f->layers; ++l) free(w[l]);
    return st;
}

static ipl_status read_network(const ipl_audit_files *f, audit_network *a)
{
    ipl_array got;
    IPL_TRY(read_values(f->x, 0, 0, "", a, &got));
    a->x = got.values;
    a->rows = got.rows;
    if (got.cols > IPL_NET_WIDTH_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " inputs: expected at most %d",
                        f->x, got.cols, IPL_NET_WIDTH_MAX);
    a->shape.width[0] = (int32_t)got.cols;
    IPL_TRY(read_parameters(f, a));
    for (int l = 1; f->t[0] && l <= f->layers; ++l) {
        IPL_TRY(read_values(f->t[l - 1], a->rows, a->shape.width[l],
                            "a row for each input, a column for each unit", a, &got));
        a->t[l - 1] = got.values;
    }
    return IPL_OK;
}

ipl_status audit_from_npy(const ipl_audit_files *files, audit_network *out)
{
    *out = (audit_network){.tick = -1, .seed = -1};
    IPL_TRY(check_files(files));
    snprintf(out->source, sizeof out->source, "%s", files->x);
    const ipl_status st = read_network(files, out);
    if (st != IPL_OK) audit_network_free(out);
    return st;
}
