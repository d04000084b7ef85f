/*
 * plane_write.c - a run directory of points that another program has asked for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane/provenance.h"

typedef struct {
    const ipl_plane *from;
    ipl_device *dev;
    ipl_rundir *dir;
    int         points;  /* of each layer                                        */
    int         most;    /* seeds at one tick, at most                           */
    ipl_layer  *layer;   /* [most][layers]: those of one tick                    */
    int         seeds;
    int64_t    *seed;    /* [seeds], ascending                                   */
    ipl_work    work;
    ipl_progress now;
} plane_writer;

/* -- What was given ---------------------------------------------------------------*/

/* Tables have the names as they are, between commas. */
static ipl_status check_names(const ipl_plane *p)
{
    for (int l = 0; p->layer_name && l < p->layers; ++l) {
        const char *name = p->layer_name[l];
        IPL_REQUIRE(name, "layer %d has no name", l + 1);
        int plain = *name && strlen(name) < 64;
        for (const char *at = name; *at; ++at)
            plain &= (unsigned char)*at >= ' ' && *at != ',' && *at != '"';
        IPL_REQUIRE(plain, "layer %d is called '%.80s': expected 1 to 63 bytes without "
                    "comma, quote or line break", l + 1, name);
        for (int k = 0; k < l; ++k)
            IPL_REQUIRE(strcmp(name, p->layer_name[k]), "layers %d and %d are both "
                        "called '%s': expected different names", k + 1, l + 1, name);
    }
    return IPL_OK;
}

/* The layer that row k is of, and its point. */
static int layer_of(const plane_writer *w, int64_t k, int *point)
{
    const int place = (int)(k % (w->from->layers * w->points));
    *point = place % w->points;
    return place / w->points + 1;
}

/* The name of a layer's point, counted over all settings. */
static const char *name_of(const ipl_plane *p, int point, char name[IPL_MI_NAME_TEXT])
{
    int e = 0;
    for (; point >= ipl_mi_family_of(p->options[e].estimator)->points; ++e)
        point -= ipl_mi_family_of(p->options[e].estimator)->points;
    return ipl_mi_name_point(&p->options[e], point, name);
}

/* Row k: the next layer's next point, of the same network or of the next one. */
static ipl_status check_row(const plane_writer *w, int64_t k)
{
    const ipl_plane_row *row = &w->from->row[k], *before = row - 1;
    char wants[IPL_MI_NAME_TEXT];
    int point;
    const int layer = layer_of(w, k, &point);
    name_of(w->from, point, wants);
    IPL_REQUIRE(row->layer == layer && !strcmp(row->point.name, wants),
                "row %lld is layer %d, %.31s: expected layer %d, %s; each network has "
                "all points of all layers", (long long)k, row->layer, row->point.name,
                layer, wants);
    IPL_REQUIRE(row->seed >= 0 && row->tick >= 0, "row %lld is seed %lld, tick %lld: "
                "expected numbers from 0", (long long)k, (long long)row->seed,
                (long long)row->tick);
    if (!k) return IPL_OK;
    const int same = row->seed == before->seed && row->tick == before->tick;
    const int later = row->tick > before->tick ||
                      (row->tick == before->tick && row->seed > before->seed);
    IPL_REQUIRE(layer > 1 || point ? same : later, "row %lld is seed %lld, tick %lld, "
                "after seed %lld, tick %lld: expected whole networks, sorted by tick, "
                "then seed", (long long)k, (long long)row->seed, (long long)row->tick,
                (long long)before->seed, (long long)before->tick);
    return IPL_OK;
}

static ipl_status check_training(const ipl_plane *p)
{
    IPL_REQUIRE(p->trained == 0 || p->training, "training is NULL");
    for (int64_t k = 1; k < p->trained; ++k) {
        const ipl_plane_training *row = &p->training[k], *before = row - 1;
        IPL_REQUIRE(row->tick > before->tick ||
                    (row->tick == before->tick && row->seed > before->seed),
                    "training row %lld is seed %lld, tick %lld, after seed %lld, tick "
                    "%lld: expected rows sorted by tick, then seed", (long long)k,
                    (long long)row->seed, (long long)row->tick,
                    (long long)before->seed, (long long)before->tick);
    }
    return IPL_OK;
}

static ipl_status check_all(plane_writer *w)
{
    const ipl_plane *p = w->from;
    IPL_REQUIRE(p->source && p->options && p->row && p->width,
                "the plane's source, options, rows or widths are NULL");
    IPL_REQUIRE(p->layers >= 1 && p->layers <= IPL_NET_LAYERS_MAX,
                "%d layers: expected 1 to %d", p->layers, (int)IPL_NET_LAYERS_MAX);
    IPL_REQUIRE(p->estimators >= 1 && p->estimators <= IPL_MI_SETTINGS_MAX,
                "%d estimators", p->estimators);
    IPL_TRY(check_names(p));
    for (int e = 0; e < p->estimators; ++e) {
        IPL_TRY(ipl_mi_options_check(&p->options[e]));
        w->points += ipl_mi_family_of(p->options[e].estimator)->points;
    }
    IPL_REQUIRE(p->rows >= 1 && p->rows % (p->layers * w->points) == 0,
                "%lld rows: expected %d for each network", (long long)p->rows,
                p->layers * w->points);
    for (int64_t k = 0; k < p->rows; ++k) IPL_TRY(check_row(w, k));
    return check_training(p);
}

/* -- The tables -------------------------------------------------------------------*/

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* All seeds that there are, and room for those of one tick. */
static ipl_status make_room(plane_writer *w)
{
    const ipl_plane *p = w->from;
    const int64_t step = p->layers * w->points, nets = p->rows / step;
    int now = 0;
    w->seed = malloc((size_t)nets * sizeof *w->seed);
    if (!w->seed) return IPL_FAIL(IPL_E_MEMORY, "%lld seeds", (long long)nets);
    for (int64_t k = 0; k < nets; ++k) {
        const ipl_plane_row *row = &p->row[k * step];
        w->seed[k] = row->seed;
        now = k && row->tick == row[-1].tick ? now + 1 : 1;
        if (now > w->most) w->most = now;
    }
    qsort(w->seed, (size_t)nets, sizeof *w->seed, by_number);
    for (int64_t k = 0; k < nets; ++k)
        if (!k || w->seed[k] != w->seed[w->seeds - 1])
            w->seed[w->seeds++] = w->seed[k];
    w->layer = calloc((size_t)w->most * (size_t)p->layers, sizeof *w->layer);
    if (!w->layer)
        return IPL_FAIL(IPL_E_MEMORY, "points of %d networks", w->most);
    return IPL_OK;
}

/* The networks of one tick, from row `first`; *end is behind them. */
static ipl_status write_tick(plane_writer *w, int64_t first, int64_t *end)
{
    const ipl_plane *p = w->from;
    const int64_t step = p->layers * w->points, tick = p->row[first].tick;
    int nets = 0;
    int64_t at = first;
    for (; at < p->rows && p->row[at].tick == tick; at += step, ++nets) {
        ipl_layer *layer = w->layer + nets * p->layers;
        for (int l = 0; l < p->layers; ++l) layer[l].points = w->points;
        for (int64_t k = 0; k < step; ++k)
            layer[k / w->points].point[k % w->points] = p->row[at + k].point;
        IPL_TRY(ipl_rundir_points(w->dir, p->row[at].seed, tick, p->layers, layer));
    }
    *end = at;
    ++w->now.measured;
    w->now.tick = tick;
    if (tick > w->now.last) w->now.last = tick;
    IPL_TRY(ipl_rundir_summary(w->dir, tick, nets, p->layers, w->layer));
    return ipl_rundir_flush(w->dir);
}

static ipl_status write_training(plane_writer *w)
{
    ipl_training_row row;
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l) {
        row.weight_norm[l] = NAN;
        row.gradient[l] = (ipl_gradient_stats){NAN, NAN};
    }
    for (int64_t k = 0; k < w->from->trained; ++k) {
        const ipl_plane_training *of = &w->from->training[k];
        row.loss_train_nats = of->loss_train_nats;
        row.loss_test_nats = of->loss_test_nats;
        row.accuracy_train = of->accuracy_train;
        row.accuracy_test = of->accuracy_test;
        if (of->tick > w->now.last) w->now.last = of->tick;
        IPL_TRY(ipl_rundir_training(w->dir, of->seed, of->tick, w->from->layers, &row));
    }
    return ipl_rundir_flush(w->dir);
}

static ipl_status write_about(const plane_writer *w)
{
    const ipl_plane *p = w->from;
    ipl_provenance about = {
        .dev = w->dev, .status = "done", .source = p->source, .errors = p->error,
        .targets = &p->targets, .rows = -1, .measured_rows = p->samples,
        .notes = p->notes, .estimators = p->estimators, .seeds = w->seed,
        .replicas = w->seeds, .tick = ipl_tick_name(p->tick), .h_x = p->h_x,
        .h_y = p->h_y, .work = w->work, .progress = w->now};
    for (int e = 0; e < p->estimators; ++e) about.options[e] = p->options[e];
    ipl_provenance_layers(&about, p->layers, p->layer_name, p->width);
    about.work.points = p->rows;
    return ipl_provenance_write(&about, w->dir);
}

static ipl_status write_all(plane_writer *w)
{
    const ipl_plane *p = w->from;
    if (p->layer_name) ipl_rundir_name_layers(w->dir, p->layer_name);
    IPL_TRY(ipl_rundir_start_tables(w->dir, p->trained ? p->layers : 0));
    IPL_TRY(ipl_rundir_open_tables(w->dir, -1));
    for (int64_t at = 0; at < p->rows;) IPL_TRY(write_tick(w, at, &at));
    IPL_TRY(write_training(w));
    IPL_TRY(ipl_rundir_compression(w->dir));
    IPL_TRY(ipl_rundir_settle(w->dir));
    return write_about(w);
}

static ipl_status make_dir(plane_writer *w, const char *dir)
{
    const ipl_status st = ipl_rundir_create(dir, &w->dir);
    if (st == IPL_E_ARGUMENT && !access(dir, F_OK)) /* there is no --out here */
        return IPL_FAIL(st, "%s exists already: give another directory, or remove it",
                        dir);
    return st;
}

ipl_status ipl_plane_write(ipl_device *dev, const ipl_plane *plane, const char *dir)
{
    IPL_REQUIRE(dev && plane && dir, "device, plane or directory is NULL");
    plane_writer w = {.from = plane, .dev = dev, .work = ipl_work_start()};
    char line[512];
    ipl_status st = check_all(&w);
    if (st == IPL_OK) st = make_room(&w);
    if (st == IPL_OK) st = make_dir(&w, dir);
    if (w.dir) st = write_all(&w);
    if (w.dir && st != IPL_OK) {
        snprintf(line, sizeof line, "%s", ipl_last_error_text());
        ipl_rundir_remove(w.dir);
        IPL_FAIL(st, "%s", line);
    }
    ipl_rundir_close(w.dir);
    free(w.layer);
    free(w.seed);
    return st;
}
