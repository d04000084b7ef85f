/*
 * estimate_folder.c - a plane from activations that another program has written.
 *
 * An epoch's layers are read, measured and forgotten before the next one, so memory
 * holds one epoch at a time.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plane/folder_names.h"
#include "plane/provenance.h"

typedef struct {
    ipl_device    *dev;
    int            estimators;
    const ipl_mi_options *options;
    const ipl_activations *from;
    folder_names   names;
    const char    *layer_name[IPL_NET_LAYERS_MAX]; /* as names.layer              */
    int64_t        n;       /* rows of every file                                */
    int64_t        width[IPL_NET_LAYERS_MAX];
    int64_t        kept;    /* of these, rows with a label                       */
    ipl_targets    targets; /* of the kept rows; zeros: none                     */
    char           notes[IPL_NOTES_BYTES];
    double         h_y;     /* nats; NaN: no classes                             */
    ipl_mat        x;       /* device: the inputs, where a family compares them  */
    ipl_mi_inputs *inputs;  /* NULL: none                                        */
    ipl_array      t[IPL_NET_LAYERS_MAX]; /* the layers of one epoch             */
    ipl_rundir    *dir;
    ipl_progress   now;
    ipl_work       work;
} folder_run;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void path_of(const folder_run *f, const folder_file *at, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", f->from->folder, at->file);
}

/* -- Reading ----------------------------------------------------------------------*/

static ipl_samples_of samples_of(const folder_run *f)
{
    return (ipl_samples_of){"the activations", f->n, f->width[0]};
}

/* NULL: targets without classes, or none. */
static const ipl_classes *labels_of(const folder_run *f)
{
    return f->targets.labels.y ? &f->targets.labels : NULL;
}

/* Inputs or targets that families compare; what float32 merged of them is counted with
 * the activations. */
static ipl_status take_centred(folder_run *f, const char *path, ipl_array *array)
{
    int64_t merged;
    IPL_TRY(ipl_array_centre(path, array, &merged));
    f->now.merged += merged;
    f->now.values += array->rows * array->cols;
    f->now.rounded += array->rounded;
    return IPL_OK;
}

static ipl_status load_targets(folder_run *f, const char *path)
{
    ipl_labels y = {0};
    IPL_TRY(ipl_targets_read(path, samples_of(f), &f->from->targets, &f->targets));
    f->kept = f->n - f->targets.labels.unlabelled;
    if (*f->targets.labels.note)
        ipl_note(f->notes, "%s: %s", path, f->targets.labels.note);
    if (!f->targets.y) return take_centred(f, path, &f->targets.values);
    IPL_TRY(ipl_labels_create(f->dev, f->kept, f->targets.classes, f->targets.y, &y));
    f->h_y = ipl_mi_label_entropy(&y);
    ipl_labels_free(f->dev, &y);
    return IPL_OK;
}

/* The inputs stay on the device, and what is known of them, for all epochs. */
static ipl_status load_inputs(folder_run *f, const char *path)
{
    ipl_array x = {0};
    ipl_status st = IPL_OK;
    IPL_TRY(ipl_array_read_inputs(path, samples_of(f), labels_of(f), &x));
    IPL_TRY_DONE(take_centred(f, path, &x));
    if (ipl_mi_needs(f->estimators, f->options) & IPL_MI_NEEDS_INPUTS) {
        IPL_TRY_DONE(ipl_mat_alloc(f->dev, x.rows, x.cols, &f->x));
        IPL_TRY_DONE(ipl_upload(f->dev, x.values,
                                (size_t)(x.rows * x.cols) * sizeof *x.values, f->x.at));
        IPL_TRY_DONE(ipl_mi_inputs_create(f->dev, f->x, &f->inputs));
    }
done:
    ipl_array_free(&x);
    return st;
}

/* One layer of one epoch; the first ones set the shapes. */
static ipl_status read_layer(folder_run *f, const folder_file *at, int l)
{
    char path[4096];
    ipl_array *out = &f->t[l];
    int64_t *width = &f->width[l];
    path_of(f, at, path, sizeof path);
    ipl_array_free(out);
    IPL_TRY(ipl_array_read(path, out));
    if (!f->n) f->n = out->rows;
    if (out->rows != f->n || (*width && *width != out->cols))
        return IPL_FAIL(IPL_E_FORMAT, "%s is %lld x %lld: expected %lld rows%s, as in "
                        "the files before", path, (long long)out->rows,
                        (long long)out->cols, (long long)f->n,
                        *width ? " and the layer's width" : "");
    *width = out->cols;
    const ipl_classes *labels = &f->targets.labels;
    return labels->unlabelled ? ipl_array_keep_labelled(path, labels, out) : IPL_OK;
}

static ipl_status read_epoch(folder_run *f, const folder_file *first)
{
    for (int l = 0; l < f->names.layers; ++l) IPL_TRY(read_layer(f, first + l, l));
    return IPL_OK;
}

/* Images and convolutions: what a row of them is taken for. */
static void note_shapes(folder_run *f)
{
    char list[IPL_NOTE_BYTES] = "", shape[IPL_ARRAY_SHAPE_BYTES];
    size_t used = 0;
    for (int l = 0; l < f->names.layers && used < sizeof list; ++l) {
        if (f->t[l].dims <= 2) continue;
        ipl_array_shape(&f->t[l], shape);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s %s",
                                 used ? ", " : "", f->layer_name[l], shape);
    }
    if (used)
        ipl_note(f->notes, "%s: all values of a row are one activation in layer %s",
                 f->from->folder, list);
}

/* -- The run ----------------------------------------------------------------------*/

/* Writes run.json. */
static ipl_status report(const folder_run *f, const char *status, const char *error)
{
    ipl_provenance p = {
        .dev = f->dev, .status = status, .error = error, .source = f->from->folder,
        .inputs_file = f->from->inputs, .errors = f->from->error, .rows = -1,
        .targets = f->from->labels ? &f->from->targets : NULL,
        .measured_rows = f->kept, .replicas = 1,
        .tick = ipl_tick_name(IPL_TICK_EPOCH), .h_x = log((double)f->kept),
        .h_y = f->h_y,
        .estimators = f->estimators, .work = f->work, .progress = f->now,
        .notes = f->notes, .class_names = f->targets.labels.names,
        .named = f->targets.labels.classes};
    for (int e = 0; e < f->estimators; ++e) p.options[e] = f->options[e];
    ipl_provenance_layers(&p, f->names.layers, f->names.named ? f->layer_name : NULL,
                          f->width);
    return ipl_provenance_write(&p, f->dir);
}

static ipl_status measure_epoch(folder_run *f, const folder_file *first)
{
    ipl_mi_layer made[IPL_NET_LAYERS_MAX] = {{0}};
    ipl_layer layer[IPL_NET_LAYERS_MAX];
    IPL_TRY(read_epoch(f, first));
    for (int l = 0; l < f->names.layers; ++l)
        made[l] = (ipl_mi_layer){.d = f->width[l], .t = f->t[l].values,
                                 .name = first[l].file, .wide = f->t[l].wide};
    const ipl_mi_samples samples = {.n = f->kept, .y = f->targets.y, .kept = f->inputs,
                                    .targets_d = f->targets.values.cols,
                                    .targets = f->targets.values.values,
                                    .error = f->from->error};
    const ipl_status st = ipl_mi_estimate_host(f->dev, f->estimators, f->options,
                                               &samples, f->names.layers, made);
    if (st != IPL_OK)
        return IPL_FAIL(st, "%s/%s", f->from->folder, ipl_last_error_text());
    for (int l = 0; l < f->names.layers; ++l) {
        layer[l].points = made[l].points;
        memcpy(layer[l].point, made[l].point,
               (size_t)made[l].points * sizeof *made[l].point);
        f->work.points += layer[l].points;
        f->now.merged += made[l].merged;
        f->now.values += f->kept * f->width[l];
        f->now.rounded += f->t[l].rounded;
    }
    IPL_TRY(ipl_rundir_points(f->dir, 0, first->epoch, f->names.layers, layer));
    IPL_TRY(ipl_rundir_summary(f->dir, first->epoch, 1, f->names.layers, layer));
    return ipl_rundir_flush(f->dir);
}

static ipl_status measure_all(folder_run *f, ipl_progress_call progress, void *user)
{
    ipl_progress *at = &f->now;
    const double begin = now_s();
    for (int64_t k = 0; k < f->names.count; k += f->names.layers) {
        IPL_TRY(measure_epoch(f, &f->names.file[k]));
        at->tick = f->names.file[k].epoch;
        ++at->measured;
        at->wall_s = at->measure_s = now_s() - begin;
        if (progress && progress(user, at))
            return IPL_FAIL(IPL_E_STOPPED, "stopped after epoch %lld",
                            (long long)at->tick);
    }
    return IPL_OK;
}

/* The first epoch tells the shapes. */
static ipl_status set_up(folder_run *f, const char *dir)
{
    for (int e = 0; e < f->estimators; ++e)
        IPL_TRY(ipl_mi_options_check(&f->options[e]));
    IPL_TRY(folder_list(f->from->folder, f->from->layers, &f->names));
    for (int l = 0; l < f->names.layers; ++l) f->layer_name[l] = f->names.layer[l];
    const ipl_status st = ipl_rundir_create(dir, &f->dir); /* before data are read */
    if (st == IPL_E_ARGUMENT && !access(dir, F_OK)) /* resume is not for folders */
        return IPL_FAIL(st, "%s exists already: give another directory with --out, or "
                        "remove it", dir);
    if (st != IPL_OK) return st;
    IPL_TRY(read_epoch(f, f->names.file));
    note_shapes(f);
    f->kept = f->n;
    if (f->from->labels) IPL_TRY(load_targets(f, f->from->labels));
    if (f->from->inputs) IPL_TRY(load_inputs(f, f->from->inputs));
    f->now.last = f->names.file[f->names.count - 1].epoch;
    f->now.notes = *f->notes ? f->notes : NULL;
    f->now.planned = f->names.count / f->names.layers;
    if (f->names.named) ipl_rundir_name_layers(f->dir, f->layer_name);
    IPL_TRY(ipl_rundir_start_tables(f->dir, 0));
    IPL_TRY(ipl_rundir_open_tables(f->dir, -1));
    return report(f, "running", NULL);
}

/* Without an epoch nothing is left behind; else what was measured stays. */
static ipl_status conclude(folder_run *f, ipl_status st)
{
    char line[512];
    if (st == IPL_OK) st = ipl_rundir_compression(f->dir);
    snprintf(line, sizeof line, "%s", ipl_last_error_text());
    if (st != IPL_OK && !f->now.measured) {
        ipl_rundir_remove(f->dir);
        return IPL_FAIL(st, "%s", line);
    }
    const char *status = st == IPL_OK          ? "done"
                         : st == IPL_E_STOPPED ? "stopped"
                                               : "failed";
    const ipl_status wrote = report(f, status, st == IPL_OK ? NULL : line);
    if (st == IPL_OK) return wrote;
    return IPL_FAIL(st, "%s; %lld of %lld epochs are in %s, which a new run cannot go "
                    "on with: give another --out", line, (long long)f->now.measured,
                    (long long)f->now.planned, ipl_rundir_path(f->dir, "plane.csv"));
}

ipl_status ipl_estimate_folder(ipl_device *dev, int estimators,
                               const ipl_mi_options *options,
                               const ipl_activations *from, const char *dir,
                               ipl_progress_call progress, void *user,
                               ipl_progress *out)
{
    IPL_REQUIRE(dev && options && from && from->folder && dir,
                "device, options or a path is NULL");
    IPL_REQUIRE(estimators >= 1 && estimators <= IPL_MI_SETTINGS_MAX,
                "%d estimators", estimators);
    folder_run f = {.dev = dev, .estimators = estimators, .options = options,
                    .from = from, .h_y = NAN, .work = ipl_work_start()};
    ipl_status st = set_up(&f, dir);
    if (st == IPL_OK) st = measure_all(&f, progress, user);
    if (f.dir) st = conclude(&f, st);
    if (st == IPL_OK && out) {
        *out = f.now;
        out->notes = NULL;
    }
    ipl_rundir_close(f.dir);
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l) ipl_array_free(&f.t[l]);
    ipl_mi_inputs_destroy(f.inputs);
    ipl_free(dev, f.x.at);
    ipl_targets_free(&f.targets);
    folder_free(&f.names);
    return st;
}
