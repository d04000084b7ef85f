/*
 * pool.c - as if random: the networks of several ticks, or seeds, as one.
 */
#include "plane/pool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plane/host_layers.h"
#include "plane/pool_networks.h"

/* A window, and how many of its networks are pooled. */
typedef struct {
    ipl_window at;
    int64_t    networks; /* that it has                                         */
    int        sizes;
    int64_t   *k;        /* [sizes] ascending                                   */
} pool_window;

struct ipl_pool {
    const ipl_experiment *e;
    int          windows, seeds, controls;
    pool_window *window;
    ipl_pool_control control[IPL_POOL_CONTROLS]; /* [controls]                  */

    /* Room, which is made at the first unit. */
    int64_t  networks, rows; /* of the largest window, and pooled rows          */
    float   *read;    /* [replicas][parameters]                                 */
    float   *params;  /* [networks][parameters] of a window                     */
    float   *walk;    /* the same, of its walk                                  */
    int      loaded;  /* seed and window in params, as a number; -1: none       */
    int      walked;  /* and in walk                                            */
    int      stacked; /* the unit whose rows are in t; -1: none                 */
    int32_t *y, *x;   /* [rows] labels, samples                                 */
    float   *inputs;  /* [rows][width[0]]; NULL: nobody compares them           */
    float   *t;       /* [rows][widest layer]                                   */
    float   *rounded; /* the same; NULL: layers are not rounded                 */
    float   *one;     /* [measured rows][widest layer]                          */
    int32_t *order;   /* [measured rows]                                        */
    host_layers layers;
};

const char *ipl_pool_control_name(ipl_pool_control control)
{
    static const char *const names[] = {
        [IPL_POOL_NONE] = "none", [IPL_POOL_FROZEN] = "frozen",
        [IPL_POOL_WALK] = "walk", [IPL_POOL_SHUFFLED] = "shuffled"};
    return names[control];
}

/* -- Units ------------------------------------------------------------------------*/

static void list_controls(ipl_pool *p)
{
    const ipl_config *c = &p->e->config;
    p->control[p->controls++] = IPL_POOL_NONE;
    if (!c->pool_controls) return;
    p->control[p->controls++] = IPL_POOL_FROZEN;
    if (c->pool_over == IPL_POOL_TICKS) p->control[p->controls++] = IPL_POOL_WALK;
    p->control[p->controls++] = IPL_POOL_SHUFFLED;
}

static ipl_status list_windows(ipl_pool *p, const ipl_window *at, int count)
{
    const int over_ticks = p->e->config.pool_over == IPL_POOL_TICKS;
    p->window = calloc((size_t)count, sizeof *p->window);
    if (!p->window) return IPL_FAIL(IPL_E_MEMORY, "%d windows", count);
    p->windows = count;
    for (int w = 0; w < count; ++w) {
        pool_window *to = p->window + w;
        to->at = at[w];
        to->networks = over_ticks ? at[w].last - at[w].first + 1 : p->e->replicas;
        IPL_TRY(ipl_config_pool_sizes(&p->e->config, to->networks, &to->k, &to->sizes));
        const int64_t rows = to->k[to->sizes - 1] * p->e->measured_rows;
        if (rows > p->rows) p->rows = rows;
        if (to->networks > p->networks) p->networks = to->networks;
    }
    return IPL_OK;
}

ipl_status ipl_pool_create(const ipl_experiment *e, ipl_pool **out)
{
    int count;
    ipl_window *at;
    *out = NULL;
    IPL_TRY(ipl_config_windows(&e->config, e->last, &at, &count));
    if (!count) return IPL_OK;
    ipl_status st = IPL_OK;
    ipl_pool *p = calloc(1, sizeof *p);
    if (!p) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d windows", count);
        goto done;
    }
    p->e = e;
    p->loaded = p->walked = p->stacked = -1;
    p->seeds = e->config.pool_over == IPL_POOL_TICKS ? e->replicas : 1;
    list_controls(p);
    IPL_TRY_DONE(list_windows(p, at, count));
    *out = p;
done:
    free(at);
    if (st != IPL_OK) ipl_pool_destroy(p);
    return st;
}

void ipl_pool_destroy(ipl_pool *p)
{
    if (!p) return;
    for (int w = 0; w < p->windows; ++w) free(p->window[w].k);
    free(p->window);
    free(p->read);
    free(p->params);
    free(p->walk);
    free(p->y);
    free(p->x);
    free(p->inputs);
    free(p->t);
    free(p->rounded);
    free(p->one);
    free(p->order);
    host_layers_close(&p->layers);
    free(p);
}

int ipl_pool_units(const ipl_pool *p)
{
    return p->seeds * p->windows * p->controls * p->e->shape.layers;
}

/* Units are in the order of seed, window, control, layer. */
ipl_pool_unit ipl_pool_unit_at(const ipl_pool *p, int number)
{
    const int layers = p->e->shape.layers, set = number / layers / p->controls;
    const pool_window *w = p->window + set % p->windows;
    return (ipl_pool_unit){.number = number,
                           .seed = p->e->config.seed + set / p->windows,
                           .window = set % p->windows,
                           .first_tick = w->at.first,
                           .last_tick = w->at.last,
                           .control = p->control[number / layers % p->controls],
                           .layer = number % layers + 1,
                           .sizes = w->sizes,
                           .k = w->k};
}

int64_t ipl_pool_next(const ipl_pool *p, int64_t tick)
{
    int64_t next = INT64_MAX;
    for (int w = 0; w < p->windows; ++w) {
        const ipl_window *at = &p->window[w].at;
        const int64_t here = tick > at->first ? tick : at->first;
        if (here <= at->last && here < next) next = here;
    }
    return next;
}

/* -- Room -------------------------------------------------------------------------*/

static ipl_status take(size_t count, size_t bytes, void *at)
{
    void *got = malloc(count * bytes);
    if (!got)
        return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of host memory to pool networks",
                        count * bytes);
    memcpy(at, &got, sizeof got);
    return IPL_OK;
}

/* Labels, samples and inputs of the rows: those of one network, again and again. */
static ipl_status fill_rows(ipl_pool *p)
{
    const ipl_experiment *e = p->e;
    const int64_t n = e->measured_rows, width = e->shape.width[0];
    IPL_TRY(ipl_download(e->dev, e->measured_y.at, (size_t)n * sizeof *p->y, p->y));
    if (p->inputs)
        IPL_TRY(ipl_download(e->dev, e->measured.at,
                             (size_t)(n * width) * sizeof *p->inputs, p->inputs));
    for (int64_t i = 0; i < p->rows; ++i) {
        p->x[i] = (int32_t)(i % n);
        p->y[i] = p->y[i % n];
    }
    for (int64_t at = n; p->inputs && at < p->rows; at += n)
        memcpy(p->inputs + at * width, p->inputs,
               (size_t)(n * width) * sizeof *p->inputs);
    return IPL_OK;
}

static ipl_status make_room(ipl_pool *p)
{
    const ipl_experiment *e = p->e;
    const size_t rows = (size_t)p->rows, widest = (size_t)host_layers_widest(&e->shape);
    const size_t each = (size_t)e->parameters, networks = (size_t)p->networks;
    const unsigned needs = ipl_mi_needs(e->estimators, e->options);
    if (p->layers.e) return IPL_OK;
    IPL_TRY(take((size_t)e->replicas * each, sizeof *p->read, &p->read));
    IPL_TRY(take(networks * each, sizeof *p->params, &p->params));
    if (e->config.pool_controls && e->config.pool_over == IPL_POOL_TICKS)
        IPL_TRY(take(networks * each, sizeof *p->walk, &p->walk));
    IPL_TRY(take(rows, sizeof *p->y, &p->y));
    IPL_TRY(take(rows, sizeof *p->x, &p->x));
    if (e->config.x == IPL_X_INPUTS && needs & IPL_MI_NEEDS_INPUTS)
        IPL_TRY(take(rows * (size_t)e->shape.width[0], sizeof *p->inputs, &p->inputs));
    IPL_TRY(take(rows * widest, sizeof *p->t, &p->t));
    if (e->config.quantise)
        IPL_TRY(take(rows * widest, sizeof *p->rounded, &p->rounded));
    IPL_TRY(take((size_t)e->measured_rows * widest, sizeof *p->one, &p->one));
    IPL_TRY(take((size_t)e->measured_rows, sizeof *p->order, &p->order));
    IPL_TRY(fill_rows(p));
    return host_layers_open(e, &p->layers);
}

/* -- Networks ---------------------------------------------------------------------*/

/* The networks of the unit's seed and window, to p->params. */
static ipl_status load(ipl_pool *p, const ipl_networks *kept, const ipl_pool_unit *u)
{
    const ipl_experiment *e = p->e;
    const pool_window *w = p->window + u->window;
    const size_t bytes = (size_t)e->parameters * sizeof *p->params;
    const int over_ticks = e->config.pool_over == IPL_POOL_TICKS;
    const int set = u->number / e->shape.layers / p->controls;
    if (p->loaded == set) return IPL_OK;
    p->loaded = -1;
    for (int64_t k = 0; k < w->networks; ++k) {
        const int64_t replica = over_ticks ? u->seed - e->config.seed : k;
        if (over_ticks || !k)
            IPL_TRY(ipl_networks_read(kept, w->at.first + (over_ticks ? k : 0),
                                      p->read));
        memcpy(p->params + k * e->parameters, p->read + replica * e->parameters, bytes);
    }
    p->loaded = set;
    return IPL_OK;
}

/* The networks of the control, of which network k counts for the k-th block of rows. */
static const float *networks_of(ipl_pool *p, const ipl_pool_unit *u)
{
    const ipl_experiment *e = p->e;
    double deviation[2 * IPL_NET_LAYERS_MAX];
    if (u->control != IPL_POOL_WALK) return p->params;
    if (p->walked == p->loaded) return p->walk;
    const int64_t networks = p->window[u->window].networks;
    memcpy(p->walk, p->params, (size_t)e->parameters * sizeof *p->walk);
    pool_steps(&e->shape, networks, p->params, deviation);
    pool_walk(&e->shape, deviation, (uint64_t)u->seed, u->window, networks, p->walk);
    p->walked = p->loaded;
    return p->walk;
}

/* -- Layers -----------------------------------------------------------------------*/

/* The layer of network k with the samples exchanged. */
static ipl_status forward_shuffled(ipl_pool *p, const ipl_pool_unit *u, int64_t k,
                                   float *t)
{
    const ipl_experiment *e = p->e;
    const int64_t n = e->measured_rows, width = e->shape.width[u->layer];
    IPL_TRY(host_layers_forward(&p->layers, p->params + k * e->parameters, u->layer,
                                p->one));
    pool_shuffle((uint64_t)u->seed, u->window, k, n, p->order);
    for (int64_t i = 0; i < n; ++i)
        memcpy(t + i * width, p->one + p->order[i] * width, (size_t)width * sizeof *t);
    return IPL_OK;
}

/* The rows of all networks of a unit, one network after the other. */
static ipl_status stack(ipl_pool *p, const ipl_pool_unit *u)
{
    const ipl_experiment *e = p->e;
    const float *params = networks_of(p, u);
    const int64_t floats = e->measured_rows * e->shape.width[u->layer];
    for (int64_t k = 0; k < u->k[u->sizes - 1]; ++k) {
        float *t = p->t + k * floats;
        if (u->control == IPL_POOL_SHUFFLED)
            IPL_TRY(forward_shuffled(p, u, k, t));
        else if (u->control == IPL_POOL_FROZEN && k)
            memcpy(t, p->t, (size_t)floats * sizeof *t);
        else
            IPL_TRY(host_layers_forward(&p->layers, params + k * e->parameters,
                                        u->layer, t));
    }
    return IPL_OK;
}

/* -- Measuring --------------------------------------------------------------------*/

/* The first rows of p->t, rounded as one matrix where the configuration says so. */
static ipl_status rounded(ipl_pool *p, int64_t rows, int64_t width, const float **t)
{
    *t = p->t;
    if (!p->rounded) return IPL_OK;
    *t = p->rounded;
    memcpy(p->rounded, p->t, (size_t)(rows * width) * sizeof *p->t);
    return host_layers_quantise(&p->layers, rows, width, p->rounded);
}

/* The first k networks of the stacked rows. */
static ipl_status measure(ipl_pool *p, const ipl_pool_unit *u, int64_t k,
                          ipl_layer *out)
{
    const ipl_experiment *e = p->e;
    const int64_t width = e->shape.width[u->layer], rows = k * e->measured_rows;
    char name[32];
    ipl_mi_layer layer = {.name = name, .d = width};
    const ipl_mi_samples samples = {.n = rows, .y = p->y, .x = p->x,
                                    .inputs_d = e->shape.width[0],
                                    .inputs = p->inputs};
    snprintf(name, sizeof name, "layer %d", u->layer);
    IPL_TRY(rounded(p, rows, width, &layer.t));
    IPL_TRY(ipl_mi_estimate_host(e->dev, e->estimators, e->options, &samples, 1,
                                 &layer));
    out->points = layer.points;
    memcpy(out->point, layer.point, (size_t)layer.points * sizeof *layer.point);
    return IPL_OK;
}

ipl_status ipl_pool_measure(ipl_pool *p, const ipl_networks *kept, int number, int size,
                            ipl_layer *layer)
{
    const ipl_pool_unit u = ipl_pool_unit_at(p, number);
    IPL_TRY(make_room(p));
    if (p->stacked != number) {
        p->stacked = -1;
        IPL_TRY(load(p, kept, &u));
        IPL_TRY(stack(p, &u));
        p->stacked = number;
    }
    return measure(p, &u, u.k[size], layer);
}
