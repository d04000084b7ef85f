/*
 * audit.c - where a network loses information on its input: all layers, and the files.
 */
#include "plane/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ipl_audit_cause_name(ipl_audit_cause cause)
{
    static const char *const name[IPL_CAUSE_COUNT] = {
        [IPL_CAUSE_RANK] = "rank", [IPL_CAUSE_ACTIVATION] = "activation",
        [IPL_CAUSE_ROUNDING] = "rounding"};
    return (unsigned)cause < IPL_CAUSE_COUNT ? name[cause] : NULL;
}

/* -- The float32 chain ------------------------------------------------------------*/

/* A network's last layer is a softmax. Where the audited one ends in another function,
 * it becomes a hidden layer, before a softmax that nobody asks for. */
static ipl_status complete(const audit_network *a, ipl_net_shape *shape, float **params)
{
    const int64_t had = ipl_net_parameters(&a->shape);
    *shape = a->shape;
    if (shape->act[shape->layers] != IPL_ACT_SOFTMAX) {
        ++shape->layers;
        shape->width[shape->layers] = 2;
        shape->act[shape->layers] = IPL_ACT_SOFTMAX;
    }
    const int64_t has = ipl_net_parameters(shape);
    *params = calloc((size_t)has, sizeof **params);
    if (!*params)
        return IPL_FAIL(IPL_E_MEMORY, "%lld parameters", (long long)has);
    memcpy(*params, a->params, (size_t)had * sizeof **params);
    return IPL_OK;
}

/* All activations of the distinct inputs, on the device: act[l - 1][m][width[l]]. */
static ipl_status forward(ipl_device *dev, const audit_network *a, const audit_state *s,
                          float **act)
{
    ipl_net_shape shape;
    ipl_mat x = {0};
    float *params = NULL;
    void *at = NULL;
    ipl_status st = IPL_OK;
    IPL_TRY(complete(a, &shape, &params));
    const size_t bytes = (size_t)ipl_net_parameters(&shape) * sizeof *params;
    float *all[IPL_NET_LAYERS_MAX] = {0};
    IPL_TRY_DONE(ipl_alloc(dev, bytes, &at));
    IPL_TRY_DONE(ipl_upload(dev, params, bytes, at));
    IPL_TRY_DONE(ipl_mat_alloc(dev, s->m, s->width, &x));
    IPL_TRY_DONE(ipl_upload(dev, s->x, (size_t)(s->m * s->width) * sizeof *s->x, x.at));
    for (int l = 1; l <= a->shape.layers; ++l) {
        void *made;
        IPL_TRY_DONE(ipl_alloc(dev, (size_t)(s->m * shape.width[l]) * sizeof(float),
                               &made));
        act[l - 1] = all[l - 1] = made;
    }
    IPL_TRY_DONE(ipl_net_forward(dev, &shape, at, x, all));
    st = ipl_sync(dev);
done:
    free(params);
    ipl_free(dev, at);
    ipl_free(dev, x.at);
    return st;
}

/* T_l as it is given, for the distinct inputs. T is a function of X: equal inputs must
 * have equal rows. */
static ipl_status pick_rows(const audit_network *a, const audit_state *s, int l,
                            float *t)
{
    const int64_t units = a->shape.width[l];
    const float *given = a->t[l - 1];
    for (int64_t i = 0; i < s->n; ++i) {
        const int64_t first = s->first[s->input[i]];
        for (int64_t u = 0; u < units; ++u)
            if (given[i * units + u] != given[first * units + u])
                return IPL_FAIL(IPL_E_FORMAT, "layer %d: rows %lld and %lld of the "
                                "activations differ in column %lld, but their inputs "
                                "are equal: expected a function of the inputs", l,
                                (long long)first, (long long)i, (long long)u);
    }
    for (int64_t i = 0; i < s->m; ++i)
        memcpy(t + i * units, given + s->first[i] * units, (size_t)units * sizeof *t);
    return IPL_OK;
}

/* T_l of the distinct inputs, to be freed; gives up what is on the device. */
static ipl_status take_layer(ipl_device *dev, const audit_network *a,
                             const audit_state *s, int l, float **act, float **out)
{
    const size_t bytes = (size_t)(s->m * a->shape.width[l]) * sizeof **out;
    float *t = malloc(bytes);
    if (!t) return IPL_FAIL(IPL_E_MEMORY, "layer %d: %zu bytes", l, bytes);
    const ipl_status st = a->t[l - 1] ? pick_rows(a, s, l, t)
                                      : ipl_download(dev, act[l - 1], bytes, t);
    if (st == IPL_OK) *out = t;
    else free(t);
    ipl_free(dev, act[l - 1]);
    act[l - 1] = NULL;
    return st;
}

/* -- All layers -------------------------------------------------------------------*/

static void about(const audit_network *a, const audit_state *s, ipl_audit_report *out)
{
    *out = (ipl_audit_report){.tick = a->tick, .seed = a->seed, .rows = s->n,
                              .inputs = s->m, .h_x = s->h_x,
                              .layers = a->shape.layers};
    memcpy(out->source, a->source, sizeof out->source);
    memcpy(out->note, a->note, sizeof out->note);
}

static ipl_status audit_layers(ipl_device *dev, const audit_network *a, audit_state *s,
                               ipl_audit_report *report, int *steps,
                               audit_step (*step)[AUDIT_STEPS])
{
    float *act[IPL_NET_LAYERS_MAX] = {0}, *t = NULL;
    ipl_status st = IPL_OK;
    if (!a->t[0]) IPL_TRY_DONE(forward(dev, a, s, act));
    for (int l = 1; l <= a->shape.layers; ++l) {
        ipl_audit_layer *layer = &report->layer[l - 1];
        IPL_TRY_DONE(take_layer(dev, a, s, l, act, &t));
        IPL_TRY_DONE(audit_layer(a, l, t, s, layer));
        IPL_TRY_DONE(audit_sweep(a, s, layer->units, t, step[l - 1], &steps[l - 1],
                                 layer));
        free(t);
        t = NULL;
    }
done:
    free(t);
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l) ipl_free(dev, act[l]);
    return st;
}

/* Gives up the network. */
static ipl_status audit(ipl_device *dev, audit_network *a, const char *out,
                        ipl_audit_report *report)
{
    audit_state s = {0};
    int steps[IPL_NET_LAYERS_MAX] = {0};
    ipl_audit_report *made = malloc(sizeof *made);
    audit_step (*step)[AUDIT_STEPS] = malloc(IPL_NET_LAYERS_MAX * sizeof *step);
    ipl_status st = IPL_OK;
    if (!made || !step) {
        st = IPL_FAIL(IPL_E_MEMORY, "a report of %d layers", a->shape.layers);
        goto done;
    }
    IPL_TRY_DONE(audit_start(a, &s));
    about(a, &s, made);
    IPL_TRY_DONE(audit_layers(dev, a, &s, made, steps, step));
    if (out) IPL_TRY_DONE(audit_write(out, dev, made, steps, step));
    if (report) *report = *made;
done:
    audit_state_free(&s);
    audit_network_free(a);
    free(made);
    free(step);
    return st;
}

ipl_status ipl_audit_config(ipl_device *dev, const ipl_config *config, int64_t seed,
                            const char *out, ipl_audit_report *report)
{
    IPL_REQUIRE(dev && config, "device or configuration is NULL");
    audit_network a;
    IPL_TRY(audit_from_config(dev, config, seed, &a));
    return audit(dev, &a, out, report);
}

ipl_status ipl_audit_run(ipl_device *dev, const char *dir, int64_t tick, int64_t seed,
                         const char *out, ipl_audit_report *report)
{
    IPL_REQUIRE(dev && dir, "device or directory is NULL");
    audit_network a;
    IPL_TRY(audit_from_run(dev, dir, tick, seed, &a));
    return audit(dev, &a, out, report);
}

ipl_status ipl_audit_npy(ipl_device *dev, const ipl_audit_files *files,
                         const char *out, ipl_audit_report *report)
{
    IPL_REQUIRE(dev && files, "device or files are NULL");
    audit_network a;
    IPL_TRY(audit_from_npy(files, &a));
    return audit(dev, &a, out, report);
}
