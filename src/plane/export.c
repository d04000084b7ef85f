/*
 * export.c - kept networks and their activations as NPY files.
 *
 * Activations are those that the run measured: of its rows, and rounded where
 * net.quantise says so. A layer passes through the device in blocks of rows.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plane/experiment.h"

enum {
    BLOCK_ROWS = 16 * IPL_NET_FORWARD_ROWS, /* on the device at once             */
    PATH_BYTES = 4096
};

typedef struct {
    ipl_experiment    e;
    const ipl_export *what;
    float *params;  /* host, [replicas][parameters]                             */
    float *own;     /* the network of the seed: a part of it                    */
    float *on_dev;  /* the same in memory of the device                         */
    float *block;   /* device, [BLOCK_ROWS][widest layer]                       */
    float *rows;    /* host, [measured rows][widest layer, or inputs]           */
    int64_t block_rows;
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
    int files = 0;
    if (!mkdir(folder, 0777)) return IPL_OK;
    DIR *dir = errno == EEXIST ? opendir(folder) : NULL;
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    for (const struct dirent *file; (file = readdir(dir));)
        files += strcmp(file->d_name, ".") && strcmp(file->d_name, "..");
    closedir(dir);
    IPL_REQUIRE(!files, "%s: not empty (%d files): give another folder", folder, files);
    return IPL_OK;
}

static ipl_status make_room(export *x)
{
    const ipl_experiment *e = &x->e;
    const size_t bytes = (size_t)e->parameters * sizeof *x->params;
    const int64_t seed = x->what->seed < 0 ? e->config.seed : x->what->seed;
    int32_t widest = e->shape.width[0];
    for (int l = 1; l <= e->shape.layers; ++l)
        if (e->shape.width[l] > widest) widest = e->shape.width[l];
    const size_t line = (size_t)widest * sizeof *x->rows;
    x->block_rows = e->measured_rows < BLOCK_ROWS ? e->measured_rows : BLOCK_ROWS;
    x->params = malloc((size_t)e->replicas * bytes);
    x->rows = malloc((size_t)e->measured_rows * line);
    if (!x->params || !x->rows)
        return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of host memory for a layer",
                        (size_t)e->measured_rows * line);
    x->own = x->params + (seed - e->config.seed) * e->parameters;
    IPL_TRY(ipl_alloc(e->dev, bytes, (void **)&x->on_dev));
    return ipl_alloc(e->dev, (size_t)x->block_rows * line, (void **)&x->block);
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

/* The layer of all measured rows, to x->rows. */
static ipl_status forward(export *x, int layer)
{
    const ipl_experiment *e = &x->e;
    const ipl_mat all = e->measured;
    const int64_t width = e->shape.width[layer];
    float *act[IPL_NET_LAYERS_MAX] = {0};
    act[layer - 1] = x->block;
    for (int64_t at = 0; at < all.rows; at += x->block_rows) {
        const int64_t left = all.rows - at;
        const ipl_mat some = {all.at + at * all.cols,
                              left < x->block_rows ? left : x->block_rows, all.cols};
        IPL_TRY(ipl_net_forward(e->dev, &e->shape, x->on_dev, some, act));
        IPL_TRY(ipl_download(e->dev, x->block,
                             (size_t)(some.rows * width) * sizeof *x->block,
                             x->rows + at * width));
    }
    return IPL_OK;
}

static ipl_status quantise(export *x, int layer)
{
    const ipl_experiment *e = &x->e;
    const ipl_mat t = {x->rows, e->measured_rows, e->shape.width[layer]};
    size_t bytes;
    void *scratch;
    if (!e->config.quantise) return IPL_OK;
    IPL_TRY(ipl_net_quantise_scratch_bytes(e->dev, 1, &t, BLOCK_ROWS, &bytes));
    IPL_TRY(ipl_alloc(e->dev, bytes, &scratch));
    const ipl_status st = ipl_net_quantise(e->dev, (int)e->config.quantise, 1, &t,
                                           BLOCK_ROWS, scratch, bytes);
    ipl_free(e->dev, scratch);
    return st;
}

static ipl_status write_tick(export *x, int64_t tick)
{
    const ipl_experiment *e = &x->e;
    IPL_TRY(ipl_networks_read(e->kept, tick, x->params));
    IPL_TRY(ipl_upload(e->dev, x->own, (size_t)e->parameters * sizeof *x->own,
                       x->on_dev));
    for (int l = 1; l <= e->shape.layers; ++l) {
        if (!is_asked_for(x, l)) continue;
        IPL_TRY(write_weights(x, tick, l));
        IPL_TRY(forward(x, l));
        IPL_TRY(quantise(x, l));
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
    ipl_free(dev, x.on_dev);
    ipl_free(dev, x.block);
    free(x.params);
    free(x.rows);
    ipl_experiment_close(&x.e);
    if (st == IPL_OK && ticks) *ticks = count;
    return st;
}
