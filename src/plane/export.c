/*
 * export.c - kept networks and their activations as NPY files.
 *
 * Activations are those that the run measured: of its rows, and rounded where
 * net.quantise says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "plane/host_layers.h"

enum { PATH_BYTES = 4096 };

typedef struct {
    ipl_experiment    e;
    const ipl_export *what;
    float *params;  /* host, [replicas][parameters]                             */
    float *own;     /* the network of the seed: a part of it                    */
    float *rows;    /* host, [measured rows][widest layer, or inputs]           */
    host_layers layers;
    char   path[PATH_BYTES];
} export;

static const char *path_of(export *x, const char *format, int64_t tick, int layer)
{
    char name[64];
    snprintf(name, sizeof name, format, (long long)tick, layer);
    snprintf(x->path, sizeof x->path, "%s/%s", x->what->folder, name);
    return x->path;
}

static int is_asked_for(const export *x, int layer)
{
    return !x->what->layer || x->what->layer == layer;
}

/* -- Checks and room ---------------------------------------------------------------*/

static ipl_status check(const export *x)
{
    const ipl_experiment *e = &x->e;
    const ipl_export *what = x->what;
    const int64_t seed = e->config.seed;
    IPL_REQUIRE(what->layer >= 0 && what->layer <= e->shape.layers,
                "layer %d: expected 1 to %d, or 0 for all", what->layer,
                e->shape.layers);
    IPL_REQUIRE(what->seed < 0 ||
                    (what->seed >= seed && what->seed < seed + e->replicas),
                "seed %lld: the networks have the seeds %lld to %lld",
                (long long)what->seed, (long long)seed,
                (long long)(seed + e->replicas - 1));
    return what->tick < 0 ? IPL_OK : ipl_networks_must_hold(e->kept, what->tick);
}

/* Makes the folder, which may be there if it is empty. */
static ipl_status make_folder(const char *folder)
{
    ipl_status st = IPL_OK;
    int files = 0;
    if (!mkdir(folder, 0777)) return IPL_OK;
    DIR *dir = errno == EEXIST ? opendir(folder) : NULL;
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    while (ipl_folder_next(dir, folder, &st)) ++files;
    closedir(dir);
    IPL_TRY(st);
    IPL_REQUIRE(!files, "%s: not empty (%d files): give another folder", folder, files);
    return IPL_OK;
}

static ipl_status make_room(export *x)
{
    const ipl_experiment *e = &x->e;
    const int64_t seed = x->what->seed < 0 ? e->config.seed : x->what->seed;
    const int32_t layer = host_layers_widest(&e->shape), inputs = e->shape.width[0];
    const size_t line = (size_t)(layer > inputs ? layer : inputs) * sizeof *x->rows;
    x->params =
        malloc((size_t)e->replicas * (size_t)e->parameters * sizeof *x->params);
    x->rows = malloc((size_t)e->measured_rows * line);
    if (!x->params || !x->rows)
        return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of host memory for a layer",
                        (size_t)e->measured_rows * line);
    x->own = x->params + (seed - e->config.seed) * e->parameters;
    return host_layers_open(e, &x->layers);
}

/* -- Files -------------------------------------------------------------------------*/

static ipl_status write_data(export *x)
{
    const ipl_mat *m = &x->e.measured;
    const ipl_labels *y = &x->e.measured_y;
    const size_t floats = (size_t)(m->rows * m->cols), rows = (size_t)m->rows;
    IPL_TRY(ipl_download(x->e.dev, m->at, floats * sizeof *x->rows, x->rows));
    IPL_TRY(ipl_npy_write_float32(path_of(x, "inputs.npy", 0, 0), m->rows, m->cols,
                                  x->rows));
    int32_t *label = malloc(rows * sizeof *label);
    if (!label) return IPL_FAIL(IPL_E_MEMORY, "%zu labels", rows);
    ipl_status st = ipl_download(x->e.dev, y->at, rows * sizeof *label, label);
    if (st == IPL_OK)
        st = ipl_npy_write_int32(path_of(x, "labels.npy", 0, 0), m->rows, label);
    free(label);
    return st;
}

static ipl_status write_weights(export *x, int64_t tick, int layer)
{
    const ipl_net_shape *shape = &x->e.shape;
    const float *w = x->own + ipl_net_weight_at(shape, layer);
    const float *b = x->own + ipl_net_bias_at(shape, layer);
    IPL_TRY(ipl_npy_write_float32(path_of(x, "epoch_%lld_weights_%d.npy", tick, layer),
                                  shape->width[layer - 1], shape->width[layer], w));
    return ipl_npy_write_float32(path_of(x, "epoch_%lld_biases_%d.npy", tick, layer),
                                 shape->width[layer], 0, b);
}

static ipl_status write_tick(export *x, int64_t tick)
{
    const ipl_experiment *e = &x->e;
    IPL_TRY(ipl_networks_read(e->kept, tick, x->params));
    for (int l = 1; l <= e->shape.layers; ++l) {
        if (!is_asked_for(x, l)) continue;
        IPL_TRY(write_weights(x, tick, l));
        IPL_TRY(host_layers_forward(&x->layers, x->own, l, x->rows));
        IPL_TRY(host_layers_quantise(&x->layers, e->measured_rows, e->shape.width[l],
                                     x->rows));
        IPL_TRY(ipl_npy_write_float32(path_of(x, "epoch_%lld_layer_%d.npy", tick, l),
                                      e->measured_rows, e->shape.width[l], x->rows));
    }
    return IPL_OK;
}

static ipl_status write_all(export *x, int64_t *ticks)
{
    const ipl_networks *kept = x->e.kept;
    const int64_t last = ipl_networks_tick(kept, ipl_networks_count(kept) - 1);
    IPL_TRY(check(x));
    IPL_TRY(make_room(x));
    IPL_TRY(make_folder(x->what->folder));
    IPL_TRY(write_data(x));
    *ticks = 1;
    if (!x->what->every_tick)
        return write_tick(x, x->what->tick < 0 ? last : x->what->tick);
    *ticks = ipl_networks_count(kept);
    for (int64_t k = 0; k < *ticks; ++k)
        IPL_TRY(write_tick(x, ipl_networks_tick(kept, k)));
    return IPL_OK;
}

ipl_status ipl_export_networks(ipl_device *dev, const ipl_export *what, int64_t *ticks)
{
    ipl_config config;
    int64_t count = 0;
    IPL_REQUIRE(dev && what && what->dir && what->folder,
                "device, run directory or folder is NULL");
    IPL_TRY(ipl_measure_config(what->dir, &config));
    export x = {.what = what};
    IPL_TRY(ipl_experiment_load(&config, &x.e));
    ipl_status st = ipl_experiment_open(&x.e, dev, dev);
    if (st == IPL_OK) st = write_all(&x, &count);
    host_layers_close(&x.layers);
    free(x.params);
    free(x.rows);
    ipl_experiment_close(&x.e);
    if (st == IPL_OK && ticks) *ticks = count;
    return st;
}
