/*
 * audit_files.c - audit.csv, audit_sweep.csv, audit.json.
 *
 * Information is in bits here. Numbers have the 9 digits of the other tables, widths
 * and singular values included; what is infinite is "inf" in CSV, null in JSON.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buffer.h"
#include "file.h"
#include "ipl_plane.h"
#include "json.h"
#include "plane/audit.h"

static double bits(double nats) { return nats / log(2.0) + 0.0; }

/* -- The folder -------------------------------------------------------------------*/

/* Makes each folder of the path that is missing. */
static ipl_status make_folders(const char *dir)
{
    char path[4000];
    IPL_REQUIRE(*dir && strlen(dir) < sizeof path, "directory name of %zu characters",
                strlen(dir));
    strcpy(path, dir);
    for (char *at = path + 1;; ++at) {
        const char kept = *at;
        if (kept && kept != '/') continue;
        *at = 0;
        if (mkdir(path, 0777) && errno != EEXIST)
            return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
        if (!(*at = kept)) return IPL_OK;
    }
}

static ipl_status replace(const char *dir, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return ipl_file_replace(IPL_FILE_PATH, path, 1,
                            &(ipl_file_part){text, strlen(text)});
}

/* -- Tables -----------------------------------------------------------------------*/

/* Writes a table with `rows` into memory, then into its file. */
static ipl_status write_table(const char *dir, const char *name,
                              void (*rows)(ipl_buffer *to, const void *what),
                              const void *what)
{
    ipl_buffer text = {0};
    rows(&text, what);
    const ipl_status st =
        text.at ? replace(dir, name, text.at)
                : IPL_FAIL(IPL_E_MEMORY, "%s/%s: no memory to write it", dir, name);
    free(text.at);
    return st;
}

static void real(ipl_buffer *to, double value)
{
    if (isnan(value)) ipl_buffer_add(to, ",");
    else ipl_buffer_add(to, ",%.9g", value);
}

static void whole(ipl_buffer *to, int64_t value)
{
    ipl_buffer_add(to, ",%lld", (long long)value);
}

static void layer_rows(ipl_buffer *to, const void *what)
{
    const ipl_audit_report *r = what;
    ipl_buffer_add(to, "layer,name,inputs,units,rank,rank_tolerance,s_max,s_min,"
            "condition,dead_units,constant_units,saturated_units,saturated_share,"
            "rows_before,rows_product,rows_activation,rows_before_float32,rows_float32,"
            "pairs_rank_double,pairs_activation_double,pairs_rank,pairs_activation,"
            "pairs_rounding,pairs_saturated,i_xt_double_bits,h_x_given_t_double_bits,"
            "i_xt_bits,h_x_given_t_bits,exact_mantissa_bits,exact_bin_width,bin_width,"
            "noise_deviation\n");
    for (int l = 0; l < r->layers; ++l) {
        const ipl_audit_layer *a = &r->layer[l];
        const double matrix[] = {a->rank_tolerance, a->s_max, a->s_min, a->condition};
        const int64_t counts[] = {
            a->double_in, a->double_product, a->double_out, a->float_in, a->float_out,
            a->double_pairs[IPL_CAUSE_RANK], a->double_pairs[IPL_CAUSE_ACTIVATION],
            a->float_pairs[IPL_CAUSE_RANK], a->float_pairs[IPL_CAUSE_ACTIVATION],
            a->float_pairs[IPL_CAUSE_ROUNDING], a->saturated_pairs};
        const double nats[] = {a->i_xt_double, a->h_x_given_t_double, a->i_xt,
                               a->h_x_given_t};
        ipl_buffer_add(to, "%d,%s,%d,%d,%d", l + 1, a->name, a->inputs, a->units,
                       a->rank);
        for (int k = 0; k < 4; ++k) real(to, matrix[k]);
        ipl_buffer_add(to, ",%d,%d,%d", a->dead, a->constant, a->saturated);
        real(to, a->saturated_share);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; ++k)
            whole(to, counts[k]);
        for (int k = 0; k < 4; ++k) real(to, bits(nats[k]));
        whole(to, a->mantissa_bits);
        real(to, a->bin_width);
        real(to, a->mark_bin);
        real(to, a->mark_noise);
        ipl_buffer_add(to, "\n");
    }
}

typedef struct {
    int layers;
    const int *steps;
    audit_step (*step)[AUDIT_STEPS];
} all_steps;

static void sweep_rows(ipl_buffer *to, const void *what)
{
    const all_steps *all = what;
    ipl_buffer_add(to, "layer,kind,resolution,i_xt_bits,cells\n");
    for (int l = 0; l < all->layers; ++l)
        for (int k = 0; k < all->steps[l]; ++k) {
            const audit_step *s = &all->step[l][k];
            ipl_buffer_add(to, "%d,%s,%.9g,%.9g,%lld\n", l + 1,
                    s->kind == AUDIT_MANTISSA ? "mantissa" : "width", s->resolution,
                    bits(s->i_xt), (long long)s->cells);
        }
}

/* -- JSON -------------------------------------------------------------------------*/

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *pairs(const int64_t *count)
{
    json_t *out = json_object();
    for (int c = 0; c < IPL_CAUSE_COUNT; ++c)
        ipl_json_set(&out, ipl_audit_cause_name((ipl_audit_cause)c),
                     json_integer(count[c]));
    return out;
}

static json_t *examples(const ipl_audit_layer *a)
{
    json_t *out = json_array();
    for (int k = 0; k < a->examples; ++k) {
        const ipl_audit_pair *e = &a->example[k];
        ipl_json_append(
            &out, json_pack("{s:[I, I], s:f, s:s}", "rows", (json_int_t)e->row[0],
                           (json_int_t)e->row[1], "distance", e->distance, "cause",
                           ipl_audit_cause_name(e->cause)));
    }
    return out;
}

static json_t *layer_object(const ipl_audit_layer *a, int layer)
{
    json_t *out = json_pack(
        "{s:i, s:s, s:i, s:i, s:{s:i, s:f, s:f, s:f, s:o}, s:{s:i, s:i, s:i, s:f}}",
        "layer", layer, "name", a->name, "inputs", a->inputs, "units", a->units,
        "matrix", "rank", a->rank, "rank_tolerance", a->rank_tolerance, "s_max",
        a->s_max, "s_min", a->s_min, "condition", number(a->condition),
        "unit_states", "dead", a->dead, "constant", a->constant, "saturated",
        a->saturated, "saturated_share", a->saturated_share);
    ipl_json_set(
        &out, "double",
        json_pack("{s:I, s:I, s:I, s:o, s:f, s:f}", "rows_before",
                  (json_int_t)a->double_in, "rows_product",
                  (json_int_t)a->double_product, "rows_activation",
                  (json_int_t)a->double_out, "pairs", pairs(a->double_pairs),
                  "i_xt_bits", bits(a->i_xt_double), "h_x_given_t_bits",
                  bits(a->h_x_given_t_double)));
    ipl_json_set(
        &out, "float32",
        json_pack("{s:I, s:I, s:o, s:I, s:f, s:f, s:o}", "rows_before",
                  (json_int_t)a->float_in, "rows", (json_int_t)a->float_out, "pairs",
                  pairs(a->float_pairs), "pairs_saturated",
                  (json_int_t)a->saturated_pairs, "i_xt_bits", bits(a->i_xt),
                  "h_x_given_t_bits", bits(a->h_x_given_t), "examples", examples(a)));
    ipl_json_set(&out, "exact_mantissa_bits", json_integer(a->mantissa_bits));
    ipl_json_set(&out, "exact_bin_width", number(a->bin_width));
    ipl_json_set(&out, "bin_width", number(a->mark_bin));
    ipl_json_set(&out, "noise_deviation", number(a->mark_noise));
    return out;
}

ipl_status ipl_audit_json(const ipl_audit_report *report, int layer, char **text)
{
    IPL_REQUIRE(report && text && layer >= 1 && layer <= report->layers,
                "report or result is NULL, or layer %d", layer);
    json_t *json = layer_object(&report->layer[layer - 1], layer);
    *text = ipl_json_dump(json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(json);
    return *text ? IPL_OK : IPL_FAIL(IPL_E_MEMORY, "layer %d as JSON", layer);
}

static json_t *or_null(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static ipl_status write_json(const char *dir, ipl_device *dev,
                             const ipl_audit_report *r)
{
    json_t *layers = json_array();
    for (int l = 1; l <= r->layers; ++l)
        ipl_json_append(&layers, layer_object(&r->layer[l - 1], l));
    json_t *all = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:f, s:o}", "infoplane",
        ipl_version(), "device", ipl_device_about(dev)->name, "source",
        ipl_json_text(r->source), "note", ipl_json_text(r->note), "tick",
        or_null(r->tick), "seed", or_null(r->seed), "rows", (json_int_t)r->rows,
        "distinct_inputs", (json_int_t)r->inputs, "h_x_bits", bits(r->h_x), "layers",
        layers);
    char *text = ipl_json_dump(all, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    const ipl_status st =
        text ? replace(dir, "audit.json", text)
             : IPL_FAIL(IPL_E_MEMORY, "%s/audit.json: no memory to write it", dir);
    json_decref(all);
    free(text);
    return st;
}

/* -- All files --------------------------------------------------------------------*/

ipl_status audit_write(const char *out, ipl_device *dev,
                       const ipl_audit_report *report, const int *steps,
                       audit_step (*step)[AUDIT_STEPS])
{
    const all_steps all = {report->layers, steps, step};
    IPL_TRY(make_folders(out));
    IPL_TRY(write_table(out, "audit.csv", layer_rows, report));
    IPL_TRY(write_table(out, "audit_sweep.csv", sweep_rows, &all));
    return write_json(out, dev, report);
}
