/*
 * provenance.c - run.json: what ran where, made of what, and how long it took.
 */
#include "plane/provenance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "ipl_text.h"
#include "json.h"
#include "mat_library.h"
#include "number.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

void ipl_provenance_experiment(ipl_provenance *p, const ipl_experiment *e)
{
    p->dev = e->dev;
    p->config = &e->config;
    p->source = e->data.name;
    if (e->kept) {
        p->networks = e->config.networks;
        p->networks_crc = ipl_networks_crc(e->kept);
    }
    p->rows = e->all.rows;
    p->train_rows = e->train.rows;
    p->measured_rows = e->measured.rows;
    p->loss_rows = e->kept ? 0 : e->scored_rows;
    p->inputs = e->shape.width[0];
    p->classes = e->shape.width[e->shape.layers];
    p->notes = e->data.notes;
    p->class_names = e->data.class_names;
    p->named = e->data.classes;
    p->estimators = e->estimators;
    memcpy(p->options, e->options, sizeof p->options);
    p->layers = e->shape.layers;
    for (int l = 1; l <= e->shape.layers; ++l)
        snprintf(p->layer[l - 1], sizeof p->layer[0], "%d-%s", e->shape.width[l],
                 ipl_act_name(e->shape.act[l]));
    p->seed = e->config.seed;
    p->replicas = e->replicas;
    p->tick = ipl_tick_name(e->config.tick);
    p->h_x = e->h_x;
    p->h_y = e->h_y;
}

void ipl_provenance_layers(ipl_provenance *p, int layers, const char *const *name,
                           const int64_t *width)
{
    p->layers = layers;
    p->layer_name = name;
    for (int l = 0; l < layers; ++l)
        if (name) snprintf(p->layer[l], sizeof p->layer[0], "%s (%lld)", name[l],
                           (long long)width[l]);
        else snprintf(p->layer[l], sizeof p->layer[0], "%lld", (long long)width[l]);
}

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *libraries(void)
{
    char matio[32];
    json_t *out = json_pack("{s:s, s:s}", "zlib", zlibVersion(), "jansson",
                            jansson_version_str());
    ipl_mat_library(sizeof matio, matio);
    if (matio[0]) ipl_json_set(&out, "matio", json_string(matio));
    return out;
}

static json_t *device(ipl_device *dev)
{
    const ipl_device_info *about = ipl_device_about(dev);
    return json_pack("{s:s, s:s, s:s, s:i, s:I}", "name", about->name, "description",
                     about->description, "libraries", about->libraries, "threads",
                     about->threads, "memory_bytes", (json_int_t)about->memory_bytes);
}

static json_t *config_sections(const ipl_config *config)
{
    json_t *all = json_object();
    for (int k = 0; config && k < ipl_config_keys(); ++k) {
        ipl_config_key key;
        if (ipl_config_key_at(config, k, &key) != IPL_OK) break;
        json_t *section = json_incref(json_object_get(all, key.section));
        if (!section) section = json_object();
        ipl_json_set(&section, key.key, ipl_json_text(key.value));
        ipl_json_set(&all, key.section, section);
    }
    return all;
}

/* An option's value in JSON's own types: numbers, two numbers, or text. */
static json_t *option_value(const ipl_option *option, const void *fields)
{
    char text[IPL_OPTION_TEXT_MAX], *end;
    ipl_option_print(option, fields, text, sizeof text);
    switch (option->type) {
    case IPL_OPTION_INTEGER: return json_integer(strtoll(text, NULL, 10));
    case IPL_OPTION_REAL: return json_real(ipl_number_read(text, NULL));
    case IPL_OPTION_RANGE: {
        const double low = ipl_number_read(text, &end); /* "low, high" */
        return json_pack("[f, f]", low, ipl_number_read(end + 1, NULL));
    }
    case IPL_OPTION_CHOICE:
    case IPL_OPTION_CHOICES:
    case IPL_OPTION_TEXT: break;
    }
    return ipl_json_text(text);
}

/* One estimator: its points, the caption of its panels, and each of its options. */
static json_t *estimator(const ipl_mi_options *o)
{
    const ipl_mi_family *family = ipl_mi_family_of(o->estimator);
    char text[IPL_OPTION_TEXT_MAX], name[IPL_MI_NAME_TEXT];
    json_t *points = json_array(), *options = json_object();
    for (int p = 0; p < family->points; ++p)
        ipl_json_append(&points, json_string(ipl_mi_name_point(o, p, name)));
    for (int k = 0; k < family->options; ++k)
        ipl_json_set(&options, family->option[k].key,
                            option_value(&family->option[k], o));
    ipl_mi_describe(o, text, sizeof text);
    return json_pack("{s:s, s:o, s:s, s:o}", "name", family->name, "points", points,
                     "description", text, "options", options);
}

/* What real-valued targets of activations from elsewhere were taken for. */
static json_t *targets(const ipl_target_options *how)
{
    static const char *const names[] = {
        [IPL_TARGET_BINS] = "bins", [IPL_TARGET_WIDTH] = "width",
        [IPL_TARGET_VALUES] = "values"};
    json_t *out = json_pack("{s:s}", "form", names[how->form]);
    if (how->form == IPL_TARGET_BINS)
        ipl_json_set(&out, "bins", json_integer(how->bins));
    if (how->form == IPL_TARGET_WIDTH)
        ipl_json_set(&out, "width", json_real(how->width));
    return out;
}

/* The text's lines, each ended by \n. */
static json_t *lines(const char *text)
{
    json_t *out = json_array();
    char *valid = ipl_text_utf8(text);
    if (!valid) ipl_json_append(&out, NULL);
    for (const char *at = valid, *end; at && (end = strchr(at, '\n')); at = end + 1)
        ipl_json_append(&out, json_stringn(at, (size_t)(end - at)));
    free(valid);
    return out;
}

/* What was converted, a line each, and the labels of the classes. */
static void add_notes(const ipl_provenance *p, json_t **out)
{
    json_t *names = json_array();
    if (*p->notes) ipl_json_set(out, "notes", lines(p->notes));
    const char *name = p->class_names;
    for (int c = 0; name && c < p->named; ++c, name += strlen(name) + 1)
        ipl_json_append(&names, ipl_json_text(name));
    if (p->class_names) ipl_json_set(out, "class_names", names);
    else json_decref(names);
}

static json_t *data(const ipl_provenance *p)
{
    json_t *out = json_pack("{s:o, s:I}", "name", ipl_json_text(p->source),
                            "measured_rows", (json_int_t)p->measured_rows);
    if (p->inputs_file)
        ipl_json_set(&out, "inputs_file", ipl_json_text(p->inputs_file));
    if (p->errors == IPL_MI_ERROR_JACKKNIFE)
        ipl_json_set(&out, "error", json_string("jackknife"));
    if (p->targets && p->targets->form != IPL_TARGET_CLASSES)
        ipl_json_set(&out, "targets", targets(p->targets));
    if (p->progress.merged)
        ipl_json_set(&out, "values_beyond_float32",
                            json_integer(p->progress.merged));
    if (p->progress.rounded)
        ipl_json_set(&out, "values_beyond_float64",
                            json_integer(p->progress.rounded));
    if (p->notes) add_notes(p, &out);
    if (p->rows < 0) return out;
    ipl_json_set(&out, "rows", json_integer(p->rows));
    ipl_json_set(&out, "train_rows", json_integer(p->train_rows));
    if (p->loss_rows)
        ipl_json_set(&out, "loss_rows", json_integer(p->loss_rows));
    ipl_json_set(&out, "inputs", json_integer(p->inputs));
    ipl_json_set(&out, "classes", json_integer(p->classes));
    return out;
}

/* Null where they were trained here. */
static json_t *networks(const ipl_provenance *p)
{
    char crc[16];
    if (!p->networks) return json_null();
    snprintf(crc, sizeof crc, "%08x", (unsigned)p->networks_crc);
    return json_pack("{s:o, s:s}", "run", ipl_json_text(p->networks), "crc32", crc);
}

/* NULL, which leaves the key out, of what cannot be resumed. */
static json_t *identity(const ipl_identity *of)
{
    char number[IPL_IDENTITY_TEXT], digest[16];
    snprintf(digest, sizeof digest, "%08x", (unsigned)of->digest);
    return json_pack("{s:s, s:s}", "number", ipl_identity_print(of, number), "digest",
                     digest);
}

static json_t *seconds(const ipl_provenance *p)
{
    const ipl_progress *at = &p->progress;
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "wall", at->wall_s, "load",
                     p->work.load_s, "train", at->train_s, "measure", at->measure_s,
                     "write", at->write_s, "pool", at->pool_s);
}

static json_t *counts(const ipl_provenance *p)
{
    const ipl_progress *at = &p->progress;
    const int trains = p->config && !p->networks;
    /* Of activations from elsewhere there are the epochs of the files and no others. */
    const int64_t skipped = p->config ? at->tick + 1 - at->measured : 0;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "last_tick",
                     (json_int_t)at->last, "ticks_trained",
                     (json_int_t)(trains ? at->tick : 0), "ticks_measured",
                     (json_int_t)at->measured, "ticks_skipped", (json_int_t)skipped,
                     "ticks_remeasured",
                     (json_int_t)p->work.remeasured, "ticks_of_earlier_sessions",
                     (json_int_t)at->known, "points", (json_int_t)p->work.points,
                     "layers_pooled", (json_int_t)at->pooled);
}

/* Shares of this process's time in which each worker worked, and of its cores' time. */
static json_t *utilisation(const ipl_provenance *p)
{
    const ipl_progress *at = &p->progress;
    const double wall = at->wall_s > 0 ? at->wall_s - p->work.load_s : 0.0;
    if (!(wall > 0) || !p->work.cores) return json_object();
    json_t *workers = json_array();
    for (int k = 0; k < p->work.workers; ++k)
        ipl_json_append(&workers, json_real(p->work.worker_s[k] / wall));
    return json_pack("{s:f, s:o, s:f, s:i}", "train", at->train_s / wall, "measure",
                     workers, "cores", p->work.core_s / (wall * p->work.cores),
                     "core_count", p->work.cores);
}

/* As planned; null for activations from elsewhere. */
static json_t *memory(const ipl_memory *m)
{
    if (!m) return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:I}", "free_bytes",
                     (json_int_t)m->free_bytes, "data_bytes", (json_int_t)m->data_bytes,
                     "training_bytes", (json_int_t)m->training_bytes, "measuring_bytes",
                     (json_int_t)m->measuring_bytes, "snapshot_bytes",
                     (json_int_t)m->snapshot_bytes, "measuring_lanes", m->workers,
                     "ticks_at_once", m->ticks, "networks_at_once", m->nets,
                     "block_rows", (json_int_t)m->block_rows);
}

/* Where it was measured, beside the first device; of those alone that there are. */
static void add_places(const ipl_provenance *p, json_t **out)
{
    json_t *further = json_array();
    for (int s = 0; s < p->further; ++s) {
        json_t *one = device(p->site[s].dev);
        ipl_json_set(&one, "memory", memory(&p->site[s].memory));
        ipl_json_append(&further, one);
    }
    if (p->further) ipl_json_set(out, "further_devices", further);
    else json_decref(further);
    if (p->helpers) ipl_json_set(out, "helpers", json_integer(p->helpers));
    if (p->lost) ipl_json_set(out, "lost", lines(p->lost));
}

static json_t *snapshots(const ipl_provenance *p)
{
    const ipl_store_stats *s = &p->store;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "held_at_most",
                     (json_int_t)s->held_peak, "kept_on_device",
                     (json_int_t)s->kept_on_device, "spilled", (json_int_t)s->spilled,
                     "device_peak_bytes", (json_int_t)s->device_peak_bytes,
                     "memory_peak_bytes", (json_int_t)s->memory_peak_bytes,
                     "file_peak_bytes", (json_int_t)s->file_peak_bytes);
}

static json_t *layer_names(const ipl_provenance *p)
{
    json_t *names = json_array();
    for (int l = 0; l < p->layers; ++l)
        ipl_json_append(&names, ipl_json_text(p->layer_name[l]));
    return names;
}

ipl_status ipl_provenance_write(const ipl_provenance *p, ipl_rundir *dir)
{
    json_t *layers = json_array(), *seeds = json_array(), *estimators = json_array();
    for (int l = 0; l < p->layers; ++l)
        ipl_json_append(&layers, ipl_json_text(p->layer[l]));
    for (int64_t r = 0; r < p->replicas; ++r)
        ipl_json_append(&seeds, json_integer(p->seeds ? p->seeds[r] : p->seed + r));
    for (int e = 0; e < p->estimators; ++e)
        ipl_json_append(&estimators, estimator(&p->options[e]));
    json_t *out = json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o,"
        " s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}",
        "infoplane", ipl_version(), "compiler", COMPILER, "started", p->work.started,
        "libraries", libraries(), "status", p->status,
        "device", device(p->dev), "data", data(p), "networks",
        networks(p), "layers", layers, "seeds", seeds,
        "tick", p->tick, "estimators", estimators,
        "ceilings", "i_xt_bits", number_or_null(p->h_x / log(2.0)),
        "i_ty_bits", number_or_null(p->h_y / log(2.0)),
        "counts", counts(p), "doubts", ipl_rundir_doubts(dir),
        "seconds", seconds(p), "utilisation", utilisation(p),
        "memory", memory(p->memory), "snapshots", snapshots(p),
        "states_saved", (json_int_t)p->work.states_saved,
        "config", config_sections(p->config));
    add_places(p, &out);
    if (p->of) ipl_json_set(&out, "identity", identity(p->of));
    if (p->error) ipl_json_set(&out, "error", ipl_json_text(p->error));
    if (p->layer_name) ipl_json_set(&out, "layer_names", layer_names(p));
    if (!out) return IPL_FAIL(IPL_E_MEMORY, "run.json: no memory to write it");
    const ipl_status st = ipl_rundir_json(dir, "run.json", out);
    json_decref(out);
    return st;
}
