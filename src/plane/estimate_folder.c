/*
 * estimate_folder.c - a plane from activations that another program has written.
 *
 * An epoch's layers are read, measured and forgotten before the next one, so memory
 * holds one epoch at a time.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plane/provenance.h"

typedef struct {
    int64_t epoch;
    int     layer;
} entry;

typedef struct {
    ipl_provenance about;
    const char    *folder;
    entry         *entries; /* by epoch, then layer                              */
    int            count;
    int64_t        n;       /* rows of every file                                */
    ipl_net_shape  shape;   /* the widths of the layers                          */
    int            alone;   /* 1: the device has one layer at a time             */
    int64_t        free_bytes; /* of the device                                  */
    ipl_labels     y;
    ipl_measurer  *measurer;
    ipl_rundir    *dir;
    ipl_mat        t[IPL_NET_LAYERS_MAX];
} folder_run;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void path_of(const folder_run *f, entry at, char *path, size_t size)
{
    snprintf(path, size, "%s/epoch_%lld_layer_%d.npy", f->folder, (long long)at.epoch,
             at.layer);
}

/* -- What the folder holds --------------------------------------------------------*/

static int by_epoch(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->epoch != y->epoch) return x->epoch < y->epoch ? -1 : 1;
    return (x->layer > y->layer) - (x->layer < y->layer);
}

/* Whether this is the one way to write that epoch and layer. */
static int read_name(const char *name, entry *out)
{
    char again[96];
    long long epoch;
    int layer;
    if (sscanf(name, "epoch_%18lld_layer_%9d.npy", &epoch, &layer) != 2) return 0;
    snprintf(again, sizeof again, "epoch_%lld_layer_%d.npy", epoch, layer);
    *out = (entry){epoch, layer};
    return !strcmp(again, name) && epoch >= 0 && layer >= 1;
}

static ipl_status list_folder(folder_run *f)
{
    int size = 0;
    DIR *dir = opendir(f->folder);
    if (!dir) return IPL_FAIL(IPL_E_IO, "%s: %s", f->folder, strerror(errno));
    for (struct dirent *d; (d = readdir(dir));) {
        entry at;
        if (!read_name(d->d_name, &at)) continue;
        if (f->count == size) {
            size = 2 * size + 64;
            entry *more = realloc(f->entries, (size_t)size * sizeof *more);
            if (!more) {
                closedir(dir);
                return IPL_FAIL(IPL_E_MEMORY, "%d files", size);
            }
            f->entries = more;
        }
        f->entries[f->count++] = at;
    }
    closedir(dir);
    if (!f->count)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no file epoch_E_layer_L.npy, with E from 0 "
                        "and L from 1", f->folder);
    qsort(f->entries, (size_t)f->count, sizeof *f->entries, by_epoch);
    return IPL_OK;
}

static ipl_status wrong_file(const folder_run *f, entry at, const char *what)
{
    char path[4096];
    path_of(f, at, path, sizeof path);
    return IPL_FAIL(IPL_E_FORMAT, "%s: %s: each epoch needs the layers 1 to %d, as "
                    "epoch %lld has them", path, what, f->about.layers,
                    (long long)f->entries[0].epoch);
}

/* Every epoch must have the layers 1 .. L of the first one. */
static ipl_status check_layers(folder_run *f)
{
    const int64_t first = f->entries[0].epoch;
    int layers = 0, seen = 0; /* seen: layers of the present epoch */
    while (layers < f->count && f->entries[layers].epoch == first) ++layers;
    if (layers > IPL_NET_LAYERS_MAX)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: %d layers: expected at most %d", f->folder,
                        layers, IPL_NET_LAYERS_MAX);
    f->about.layers = layers;
    for (int k = 0; k < f->count; ++k) {
        const entry at = f->entries[k];
        const int last = k + 1 == f->count || f->entries[k + 1].epoch != at.epoch;
        ++seen;
        if (at.layer != seen) return wrong_file(f, (entry){at.epoch, seen}, "missing");
        if (seen > layers) return wrong_file(f, at, "unexpected");
        if (last && seen < layers)
            return wrong_file(f, (entry){at.epoch, seen + 1}, "missing");
        if (last) seen = 0;
    }
    return IPL_OK;
}

/* -- Reading ----------------------------------------------------------------------*/

static ipl_status load_labels(folder_run *f, const char *path)
{
    ipl_array y = {0};
    int32_t classes, *class_of = NULL;
    ipl_status st = IPL_OK;
    IPL_TRY(ipl_npy_read_integers(path, &y));
    if (y.rows != f->n || y.cols != 1) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s is %lld x %lld: expected a class for each of "
                      "the %lld rows of the activations", path, (long long)y.rows,
                      (long long)y.cols, (long long)f->n);
        goto done;
    }
    class_of = malloc((size_t)f->n * sizeof *class_of);
    if (!class_of) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld labels", (long long)f->n);
        goto done;
    }
    IPL_TRY_DONE(ipl_labels_from_integers(path, f->n, y.integers, class_of, &classes));
    IPL_TRY_DONE(ipl_labels_create(f->about.dev, f->n, classes, class_of, &f->y));
done:
    free(class_of);
    ipl_array_free(&y);
    return st;
}

/* One layer of one epoch, in host memory; the first ones set the shapes. */
static ipl_status read_layer(folder_run *f, entry at, ipl_array *out)
{
    char path[4096];
    int32_t *width = &f->shape.width[at.layer];
    path_of(f, at, path, sizeof path);
    IPL_TRY(ipl_npy_read_values(path, out));
    if (!f->n) f->n = out->rows;
    if (out->rows != f->n || out->cols > INT32_MAX || (*width && *width != out->cols)) {
        const ipl_status st = IPL_FAIL(
            IPL_E_FORMAT, "%s is %lld x %lld: expected %lld rows%s, as in the files before",
            path, (long long)out->rows, (long long)out->cols, (long long)f->n,
            *width ? " and the layer's width" : "");
        ipl_array_free(out);
        return st;
    }
    if (!*width)
        snprintf(f->about.layer[at.layer - 1], sizeof f->about.layer[0], "%lld",
                 (long long)out->cols);
    *width = (int32_t)out->cols;
    return IPL_OK;
}

static ipl_status load_layer(folder_run *f, entry at)
{
    ipl_array a;
    ipl_mat *t = &f->t[at.layer - 1];
    ipl_status st = IPL_OK;
    IPL_TRY(read_layer(f, at, &a));
    if (!t->at) st = ipl_mat_alloc(f->about.dev, a.rows, a.cols, t);
    if (st == IPL_OK)
        st = ipl_upload(f->about.dev, a.values,
                        (size_t)(a.rows * a.cols) * sizeof *a.values, t->at);
    ipl_array_free(&a);
    return st;
}

/* The first epoch tells the shapes, and so whether the device can have all of it. */
static ipl_status look_ahead(folder_run *f, int labels)
{
    const ipl_provenance *p = &f->about;
    const ipl_device_info *about = ipl_device_about(p->dev);
    const ipl_measure_way whole = {.nets = 1};
    size_t bytes;
    for (int l = 0; l < p->layers; ++l) {
        ipl_array a;
        IPL_TRY(read_layer(f, f->entries[l], &a));
        ipl_array_free(&a);
    }
    f->shape.layers = p->layers;
    f->free_bytes = about->free_bytes - about->free_bytes / 16;
    IPL_TRY(ipl_measure_bytes(p->dev, p->estimators, p->options, labels, &f->shape, f->n,
                              &whole, &bytes));
    f->alone = !about->is_host && (int64_t)bytes > f->free_bytes;
    return IPL_OK;
}

/* -- The run ----------------------------------------------------------------------*/

static ipl_status measure_alone(folder_run *f, const entry *first, ipl_layer *layer)
{
    const int layers = f->about.layers;
    ipl_status st = IPL_OK;
    for (int l = 1; l <= layers && st == IPL_OK; ++l) {
        ipl_array a;
        IPL_TRY(read_layer(f, first[l - 1], &a));
        st = ipl_measure_alone(f->measurer, l, layers,
                               (ipl_mat){a.values, a.rows, a.cols}, f->free_bytes, layer);
        ipl_array_free(&a);
    }
    return st;
}

static ipl_status measure_epoch(folder_run *f, const entry *first)
{
    ipl_layer layer[IPL_NET_LAYERS_MAX];
    const int layers = f->about.layers;
    for (int l = 0; l < layers && !f->alone; ++l) IPL_TRY(load_layer(f, first[l]));
    const ipl_status st = f->alone ? measure_alone(f, first, layer)
                                   : ipl_measure_layers(f->measurer, 1, layers, f->t,
                                                        layer);
    if (st != IPL_OK)
        return IPL_FAIL(st, "%s, epoch %lld: %s", f->folder, (long long)first->epoch,
                        ipl_last_error_text());
    for (int l = 0; l < layers; ++l) f->about.points += layer[l].points;
    IPL_TRY(ipl_rundir_points(f->dir, 0, first->epoch, layers, layer));
    return ipl_rundir_flush(f->dir);
}

static ipl_status measure_all(folder_run *f, ipl_progress_call progress, void *user)
{
    ipl_progress *at = &f->about.progress;
    const double begin = now_s();
    for (int k = 0; k < f->count; k += f->about.layers) {
        IPL_TRY(measure_epoch(f, &f->entries[k]));
        at->tick = f->entries[k].epoch;
        ++at->measured;
        at->wall_s = at->measure_s = now_s() - begin;
        if (progress && progress(user, at))
            return IPL_FAIL(IPL_E_STOPPED, "stopped after epoch %lld",
                            (long long)at->tick);
    }
    return IPL_OK;
}

static ipl_status set_up(folder_run *f, ipl_device *dev, int estimators,
                         const ipl_mi_options *options, const char *labels,
                         const char *dir)
{
    ipl_provenance *p = &f->about;
    IPL_TRY(list_folder(f));
    IPL_TRY(check_layers(f));
    p->dev = dev;
    p->status = "running";
    p->source = f->folder;
    p->tick = "epoch";
    p->rows = -1;
    p->replicas = 1;
    p->estimators = estimators;
    for (int e = 0; e < estimators; ++e) p->options[e] = options[e];
    p->progress.last = f->entries[f->count - 1].epoch;
    p->progress.planned = f->count / p->layers;
    IPL_TRY(look_ahead(f, labels != NULL)); /* before a file is made */
    p->measured_rows = f->n;
    p->h_x = log((double)f->n);
    p->h_y = NAN;
    if (labels) {
        IPL_TRY(load_labels(f, labels));
        p->h_y = ipl_mi_label_entropy(&f->y);
    }
    IPL_TRY(ipl_measurer_create(dev, estimators, options, labels ? &f->y : NULL,
                                &f->measurer));
    IPL_TRY(ipl_rundir_create(dir, &f->dir));
    IPL_TRY(ipl_rundir_start_tables(f->dir, 0));
    IPL_TRY(ipl_rundir_open_tables(f->dir));
    return ipl_provenance_write(p, f->dir);
}

static ipl_status conclude(folder_run *f, ipl_status st)
{
    char line[512];
    snprintf(line, sizeof line, "%s", ipl_last_error_text());
    f->about.status = st == IPL_OK ? "done" : "failed";
    f->about.error = st == IPL_OK ? NULL : line;
    const ipl_status wrote = ipl_provenance_write(&f->about, f->dir);
    return st == IPL_OK ? wrote : IPL_FAIL(st, "%s", line);
}

ipl_status ipl_estimate_folder(ipl_device *dev, int estimators,
                               const ipl_mi_options *options, const char *folder,
                               const char *labels, const char *dir,
                               ipl_progress_call progress, void *user,
                               ipl_progress *out)
{
    IPL_REQUIRE(dev && options && folder && dir, "device, options or a path is NULL");
    IPL_REQUIRE(estimators >= 1 && estimators <= IPL_MI_ESTIMATOR_COUNT,
                "%d estimators", estimators);
    folder_run f = {.folder = folder};
    ipl_provenance_start(&f.about);
    ipl_status st = set_up(&f, dev, estimators, options, labels, dir);
    if (st == IPL_OK) st = measure_all(&f, progress, user);
    if (f.dir) st = conclude(&f, st);
    if (st == IPL_OK && out) *out = f.about.progress;
    ipl_rundir_close(f.dir);
    ipl_measurer_destroy(f.measurer);
    ipl_labels_free(dev, &f.y);
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l) ipl_free(dev, f.t[l].at);
    free(f.entries);
    return st;
}
