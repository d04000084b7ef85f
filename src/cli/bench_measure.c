/*
 * bench_measure.c - times what a run measures: layers of networks really trained.
 *
 * Training is not timed. Each estimator of the preset on each layer by itself, then a
 * whole snapshot: the forward pass and all estimators on all layers in one call.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/bench_timing.h"
#include "cli/bench_trained.h"
#include "cli/cli.h"

enum { SMALL_ROWS = 256, CHECKED_ROWS = 256 };

typedef struct {
    ipl_device    *dev;
    trained       *net;
    int            estimators, layers;
    ipl_mi_options options[IPL_MI_SETTINGS_MAX];
    ipl_mi_job     job[IPL_NET_LAYERS_MAX];
    void          *scratch;
    size_t         scratch_bytes;
} measure_case;

static ipl_status estimate_once(void *user, int turn)
{
    measure_case *c = user;
    (void)turn;
    return ipl_mi_estimate(c->dev, c->estimators, c->options, c->layers, c->job,
                           c->scratch, c->scratch_bytes);
}

static ipl_status snapshot_once(void *user, int turn)
{
    measure_case *c = user;
    IPL_TRY(trained_forward(c->net));
    return estimate_once(c, turn);
}

static ipl_status time_case(bench_context *context, measure_case *c, bench_call call,
                            bench_row *row)
{
    IPL_TRY(ipl_mi_scratch_bytes(c->dev, c->estimators, c->options, c->layers, c->job,
                                 &c->scratch_bytes));
    IPL_TRY(ipl_alloc(c->dev, c->scratch_bytes, &c->scratch));
    const ipl_status st = bench_time(context, call, c, row);
    ipl_free(c->dev, c->scratch);
    if (st == IPL_OK) context->report(context->user, row);
    return st;
}

/* The first rows of a layer, beside plain loops. */
static ipl_status check_layer(bench_context *context, const trained *net, int layer,
                              const ipl_mi_options *options)
{
    const ipl_mat t = net->t[layer];
    const int64_t n = t.rows < CHECKED_ROWS ? t.rows : CHECKED_ROWS;
    const size_t bytes = (size_t)(n * t.cols) * sizeof(float);
    const bench_layer first = {n, t.cols, malloc(bytes), NULL, net->y};
    if (!first.t) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of activations", bytes);
    ipl_status st = ipl_download(context->dev, t.at, bytes, first.t);
    if (st == IPL_OK) st = bench_check(context, options, &first);
    free(first.t);
    return st;
}

/* One estimator on one layer. */
static ipl_status layer_row(bench_context *context, trained *net, const char *preset,
                            int layer, const ipl_mi_options *options)
{
    bench_row row = {.n = net->rows, .d = net->t[layer].cols, .ceiling = ""};
    measure_case c = {.dev = context->dev, .net = net, .estimators = 1, .layers = 1,
                      .options = {*options},
                      .job = {{.t = net->t[layer], .y = &net->labels}}};
    snprintf(row.what, sizeof row.what, "%s",
             ipl_mi_family_of(options->estimator)->name);
    snprintf(row.shape, sizeof row.shape, "%s e%lld l%d", preset,
             (long long)net->epoch, layer + 1);
    IPL_TRY(check_layer(context, net, layer, options));
    return time_case(context, &c, estimate_once, &row);
}

static ipl_status snapshot_row(bench_context *context, trained *net, const char *preset)
{
    bench_row row = {.what = "measure", .n = net->rows, .ceiling = ""};
    measure_case c = {.dev = context->dev, .net = net, .layers = net->shape.layers};
    c.estimators = ipl_config_estimators(&net->config, c.options);
    for (int l = 0; l < c.layers; ++l)
        c.job[l] = (ipl_mi_job){.t = net->t[l], .y = &net->labels};
    snprintf(row.shape, sizeof row.shape, "%s e%lld", preset, (long long)net->epoch);
    return time_case(context, &c, snapshot_once, &row);
}

static ipl_status network_rows(bench_context *context, trained *net, const char *preset)
{
    ipl_mi_options options[IPL_MI_SETTINGS_MAX];
    const int estimators = ipl_config_estimators(&net->config, options);
    IPL_TRY(trained_layers(net, TRAINED_MEASURED));
    for (int k = 0; k < estimators; ++k)
        for (int l = 0; l < net->shape.layers; ++l)
            IPL_TRY(layer_row(context, net, preset, l, &options[k]));
    return snapshot_row(context, net, preset);
}

ipl_status bench_measure(bench_context *context)
{
    const int presets = context->small ? 1 : TRAINED_PRESETS;
    const int epochs = context->small ? 1 : TRAINED_EPOCHS;
    for (int k = 0; k < presets; ++k) {
        const trained_preset *preset = &trained_presets[k];
        trained net;
        ipl_status st = trained_open(context->dev, k, context->small ? SMALL_ROWS : 0,
                                     &net);
        if (st == IPL_E_IO) {
            cli_print(stderr, "infoplane bench: %s is left out: %s\n", preset->name,
                      ipl_last_error());
            continue;
        }
        IPL_TRY(st);
        for (int e = 0; st == IPL_OK && e < epochs; ++e) {
            st = trained_until(&net, preset->epoch[e]);
            if (st == IPL_OK) st = network_rows(context, &net, preset->name);
        }
        trained_close(&net);
        IPL_TRY(st);
    }
    return IPL_OK;
}
