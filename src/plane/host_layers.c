/*
 * host_layers.c - layers of networks over the measured rows, in host memory.
 */
#include "plane/host_layers.h"

enum { BLOCK_ROWS = 16 * IPL_NET_FORWARD_ROWS };

int32_t host_layers_widest(const ipl_net_shape *shape)
{
    int32_t widest = 0;
    for (int l = 1; l <= shape->layers; ++l)
        if (shape->width[l] > widest) widest = shape->width[l];
    return widest;
}

ipl_status host_layers_open(const ipl_experiment *e, host_layers *out)
{
    const int64_t rows = e->measured_rows < BLOCK_ROWS ? e->measured_rows : BLOCK_ROWS;
    const size_t line = (size_t)host_layers_widest(&e->shape) * sizeof *out->block;
    *out = (host_layers){.e = e, .block_rows = rows};
    IPL_TRY(ipl_alloc(e->dev, (size_t)e->parameters * sizeof *out->params,
                      (void **)&out->params));
    return ipl_alloc(e->dev, (size_t)rows * line, (void **)&out->block);
}

void host_layers_close(host_layers *h)
{
    if (!h->e) return;
    ipl_free(h->e->dev, h->params);
    ipl_free(h->e->dev, h->block);
    *h = (host_layers){0};
}

ipl_status host_layers_forward(const host_layers *h, const float *params, int layer,
                               float *t)
{
    const ipl_experiment *e = h->e;
    const ipl_mat all = e->measured;
    const int64_t width = e->shape.width[layer];
    float *act[IPL_NET_LAYERS_MAX] = {0};
    act[layer - 1] = h->block;
    IPL_TRY(ipl_upload(e->dev, params, (size_t)e->parameters * sizeof *params,
                       h->params));
    for (int64_t at = 0; at < all.rows; at += h->block_rows) {
        const int64_t left = all.rows - at;
        const ipl_mat some = {all.at + at * all.cols,
                              left < h->block_rows ? left : h->block_rows, all.cols};
        IPL_TRY(ipl_net_forward(e->dev, &e->shape, h->params, some, act));
        IPL_TRY(ipl_download(e->dev, h->block,
                             (size_t)(some.rows * width) * sizeof *t, t + at * width));
    }
    return IPL_OK;
}

ipl_status host_layers_quantise(const host_layers *h, int64_t rows, int64_t units,
                                float *t)
{
    const ipl_experiment *e = h->e;
    const ipl_mat all = {t, rows, units};
    size_t bytes;
    void *scratch;
    if (!e->config.quantise) return IPL_OK;
    IPL_TRY(ipl_net_quantise_scratch_bytes(e->dev, 1, &all, BLOCK_ROWS, &bytes));
    IPL_TRY(ipl_alloc(e->dev, bytes, &scratch));
    const ipl_status st = ipl_net_quantise(e->dev, (int)e->config.quantise, 1, &all,
                                           BLOCK_ROWS, scratch, bytes);
    ipl_free(e->dev, scratch);
    return st;
}
