/*
 * rundir.c - the files of a run directory, as they are written.
 */
#include "plane/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "json.h"
#include "number.h"
#include "plane/compression.h"
#include "plane/doubt.h"
#include "plane/rundir_table.h"
#include "plane/summary.h"

enum { PLANE, DETAILS, SUMMARY, TRAINING, POOL, TABLES };

struct ipl_rundir {
    int   fd; /* all files are found through it                                 */
    char  dir[IPL_RUNDIR_PATH];
    char  path[IPL_RUNDIR_PATH + 64];
    rundir_table tables[TABLES];
    int64_t known, reached; /* last tick that the old tables may have, and so far */
    const char *const *layer_name; /* NULL: layers are their numbers             */
    ipl_compression *compression; /* fed with the rows of the tables             */
    ipl_doubts      *doubts;      /* the same                                    */
};

int ipl_rundir_fd(const ipl_rundir *r) { return r->fd; }

const char *ipl_rundir_folder(const ipl_rundir *r) { return r->dir; }

const char *ipl_rundir_path(ipl_rundir *r, const char *name)
{
    snprintf(r->path, sizeof r->path, "%s/%s", r->dir, name);
    return r->path;
}

/* -- Tables -----------------------------------------------------------------------*/

/* A number as a table has it, so that what follows from it can be recomputed. */
static double as_written(double value)
{
    char text[IPL_MI_VALUE_TEXT];
    return isfinite(value) ? ipl_number_read(ipl_mi_print(value, text), NULL) : value;
}

ipl_status ipl_rundir_flush(ipl_rundir *r)
{
    for (int t = 0; t < TABLES; ++t) {
        /* Rows of training.csv and pool.csv come in the same order again. */
        const int is_whole = t >= TRAINING || r->reached >= r->known;
        if (r->tables[t].fd >= 0) IPL_TRY(table_flush(&r->tables[t], is_whole));
    }
    return IPL_OK;
}

ipl_status ipl_rundir_settle(ipl_rundir *r)
{
    for (int t = 0; t < TABLES; ++t)
        if (r->tables[t].fd >= 0) IPL_TRY(table_settle(&r->tables[t]));
    return IPL_OK;
}

ipl_status ipl_rundir_open_tables(ipl_rundir *r, int64_t known)
{
    const char *old = ipl_rundir_path(r, ipl_compression_name);
    r->known = known;
    ipl_file_remove(r->fd, old);
    if (ipl_file_is_there(r->fd, old))
        return IPL_FAIL(IPL_E_IO, "%s: cannot be removed", old);
    for (int t = 0; t < TABLES; ++t)
        if (r->tables[t].used) /* a header at least */
            IPL_TRY(table_open(&r->tables[t]));
    return ipl_rundir_flush(r);
}

/* -- The directory ----------------------------------------------------------------*/

ipl_status ipl_rundir_start_tables(ipl_rundir *r, int training_layers)
{
    static const char *const columns[] = {"weight_norm", "gradient_mean",
                                          "gradient_deviation"};
    rundir_table *t = r->tables;
    const char *end = r->layer_name ? ",layer_name\n" : "\n";
    IPL_TRY(table_add(&t[PLANE], "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits%s",
                      end));
    IPL_TRY(table_add(&t[DETAILS], "seed,epoch,layer,estimator,h_t_bits,i_t_next_bits,"
                                   "cells,outside_share,noise_var,flags,se_x_bits,"
                                   "se_y_bits,refused%s", end));
    IPL_TRY(table_add(&t[SUMMARY], "%s%s", ipl_summary_header, end));
    if (!training_layers) return IPL_OK;
    IPL_TRY(table_add(&t[TRAINING], "seed,epoch,loss_train_nats,loss_test_nats,"
                                    "accuracy_train,accuracy_test"));
    for (int c = 0; c < 3; ++c)
        for (int l = 1; l <= training_layers; ++l)
            IPL_TRY(table_add(&t[TRAINING], ",%s_%d", columns[c], l));
    return table_add(&t[TRAINING], "\n");
}

ipl_status ipl_rundir_start_pool(ipl_rundir *r)
{
    return table_add(&r->tables[POOL], "seed,window,first_tick,last_tick,k,layer,"
                                       "estimator,i_xt_bits,i_ty_bits,h_t_bits,"
                                       "h_t_given_x_bits,ceiling_bits,flags,control\n");
}

static ipl_status new_rundir(const char *dir, ipl_rundir **out)
{
    size_t length = strlen(dir);
    while (length > 1 && dir[length - 1] == '/') --length;
    IPL_REQUIRE(length > 0 && length < IPL_RUNDIR_PATH,
                "directory name of %zu characters", length);
    ipl_rundir *r = calloc(1, sizeof *r);
    if (!r) return IPL_FAIL(IPL_E_MEMORY, "a run directory");
    static const char *const names[TABLES] = {"plane.csv", "plane_details.csv",
                                              "summary.csv", "training.csv",
                                              "pool.csv"};
    r->fd = -1;
    r->known = r->reached = -1;
    for (int t = 0; t < TABLES; ++t)
        r->tables[t] = (rundir_table){.dir = -1, .folder = r->dir, .name = names[t],
                                      .fd = -1};
    memcpy(r->dir, dir, length);
    ipl_status st = ipl_compression_create(&r->compression);
    if (st == IPL_OK) st = ipl_doubts_create(&r->doubts);
    if (st == IPL_OK) *out = r;
    else ipl_rundir_close(r);
    return st;
}

/* Once; then the directory may be renamed, or another one take its name. */
static ipl_status open_folder(ipl_rundir *r)
{
    r->fd =
        ipl_file_above_streams(open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (r->fd < 0) return IPL_FAIL(IPL_E_IO, "%s: %s", r->dir, strerror(errno));
    for (int t = 0; t < TABLES; ++t) r->tables[t].dir = r->fd;
    return IPL_OK;
}

ipl_status ipl_rundir_create(const char *dir, ipl_rundir **out)
{
    ipl_rundir *r;
    int is_new = 1;
    IPL_TRY(new_rundir(dir, &r));
    ipl_status st = ipl_rundir_make_folders(r->dir, &is_new);
    if (st == IPL_OK) st = open_folder(r);
    if (st == IPL_OK && !is_new) st = ipl_rundir_must_be_bare(r->fd, r->dir);
    if (st == IPL_OK) *out = r;
    else ipl_rundir_close(r);
    return st;
}

ipl_status ipl_rundir_open(const char *dir, ipl_rundir **out)
{
    ipl_rundir *r;
    IPL_TRY(new_rundir(dir, &r));
    ipl_status st = open_folder(r);
    if (st == IPL_OK && !ipl_file_is_there(r->fd, "config.ini") &&
        ipl_file_is_there(r->fd, "run.json"))
        st = IPL_FAIL(IPL_E_IO, "%s: no config.ini: results of infoplane estimate have "
                      "no network to resume, measure, export or audit; infoplane plot "
                      "draws them", r->dir);
    if (st == IPL_OK && faccessat(r->fd, "config.ini", R_OK, 0))
        st = IPL_FAIL(IPL_E_IO, "%s: %s: not the directory of a run",
                      ipl_rundir_path(r, "config.ini"), strerror(errno));
    if (st == IPL_OK) *out = r;
    else ipl_rundir_close(r);
    return st;
}

void ipl_rundir_name_layers(ipl_rundir *r, const char *const *layer_name)
{
    r->layer_name = layer_name;
}

void ipl_rundir_remove(ipl_rundir *r)
{
    for (int t = 0; t < TABLES; ++t) {
        table_close(&r->tables[t]);
        ipl_file_remove(r->fd, r->tables[t].name);
    }
    ipl_file_remove(r->fd, "run.json");
    rmdir(r->dir); /* stays where something else is in it */
}

void ipl_rundir_close(ipl_rundir *r)
{
    if (!r) return;
    for (int t = 0; t < TABLES; ++t) table_close(&r->tables[t]);
    if (r->fd >= 0) close(r->fd);
    ipl_compression_destroy(r->compression);
    ipl_doubts_destroy(r->doubts);
    free(r);
}

/* -- Rows -------------------------------------------------------------------------*/

static double bits(double nats) { return nats / log(2.0); }

static ipl_status add_flags(rundir_table *t, unsigned flags)
{
    const char *before = "";
    IPL_TRY(table_add(t, ","));
    for (int f = 0; f < IPL_MI_FLAG_COUNT; ++f)
        if (flags & 1u << f && ipl_mi_flag_name(f)) {
            IPL_TRY(table_add(t, "%s%s", before, ipl_mi_flag_name(f)));
            before = "|";
        }
    return IPL_OK;
}

/* Ends a row of plane.csv or plane_details.csv. */
static ipl_status end_row(ipl_rundir *r, rundir_table *t, int layer)
{
    if (!r->layer_name) return table_add(t, "\n");
    return table_add(t, ",%s\n", r->layer_name[layer - 1]); /* no comma is in a name */
}

static ipl_status add_point(ipl_rundir *r, int64_t seed, int64_t tick, int layer,
                            const ipl_mi_point *p)
{
    for (int which = PLANE; which <= DETAILS; ++which)
        IPL_TRY(table_add(&r->tables[which], "%lld,%lld,%d,%s", (long long)seed,
                          (long long)tick, layer, p->name));
    rundir_table *plane = &r->tables[PLANE], *details = &r->tables[DETAILS];
    IPL_TRY(ipl_compression_point(r->compression, seed, tick, layer, p->name,
                                  as_written(bits(p->i_xt))));
    IPL_TRY(ipl_doubts_add(r->doubts, 0, layer, p));
    IPL_TRY(table_add_real(plane, bits(p->i_xt)));
    IPL_TRY(table_add_real(plane, bits(p->i_ty)));
    IPL_TRY(end_row(r, plane, layer));
    IPL_TRY(table_add_real(details, bits(p->h_t)));
    IPL_TRY(table_add_real(details, bits(p->i_next)));
    IPL_TRY(table_add_real(details, p->cells >= 0 ? (double)p->cells : NAN));
    IPL_TRY(table_add_real(details, p->outside_share));
    IPL_TRY(table_add_real(details, p->noise_var));
    IPL_TRY(add_flags(details, p->flags));
    IPL_TRY(table_add_real(details, bits(p->se_x)));
    IPL_TRY(table_add_real(details, bits(p->se_y)));
    const char *refused = ipl_mi_refusal_text(p->refusal); /* has no comma */
    IPL_TRY(table_add(details, ",%s", refused ? refused : ""));
    return end_row(r, details, layer);
}

ipl_status ipl_rundir_points(ipl_rundir *r, int64_t seed, int64_t tick, int layers,
                             const ipl_layer *layer)
{
    for (int l = 0; l < layers; ++l)
        for (int p = 0; p < layer[l].points; ++p)
            IPL_TRY(add_point(r, seed, tick, l + 1, &layer[l].point[p]));
    return IPL_OK;
}

ipl_status ipl_rundir_summary(ipl_rundir *r, int64_t tick, int replicas, int layers,
                              const ipl_layer *layer)
{
    char *text;
    IPL_TRY(ipl_summary_text(tick, replicas, layers, layer, r->layer_name, &text));
    const ipl_status st = table_add(&r->tables[SUMMARY], "%s", text);
    free(text);
    r->reached = tick;
    return st;
}

static ipl_status add_pooled(rundir_table *t, const ipl_pool_unit *u, int64_t k,
                             double h_x, const ipl_mi_point *p)
{
    IPL_TRY(table_add(t, "%lld,%d,%lld,%lld,%lld,%d,%s", (long long)u->seed,
                      u->window + 1, (long long)u->first_tick, (long long)u->last_tick,
                      (long long)k, u->layer, p->name));
    IPL_TRY(table_add_real(t, bits(p->i_xt)));
    IPL_TRY(table_add_real(t, bits(p->i_ty)));
    IPL_TRY(table_add_real(t, bits(p->h_t)));
    IPL_TRY(table_add_real(t, bits(p->h_t - p->i_xt))); /* H(T|X) */
    /* Those that compare the values of x do not stop at log n. */
    const unsigned needs = ipl_mi_family_of(p->estimator)->needs;
    IPL_TRY(table_add_real(t, needs & IPL_MI_NEEDS_INPUTS ? NAN : bits(h_x)));
    IPL_TRY(add_flags(t, p->flags));
    return table_add(t, ",%s\n", ipl_pool_control_name(u->control));
}

ipl_status ipl_rundir_pool(ipl_rundir *r, const ipl_pool_unit *unit, double h_x,
                           const ipl_layer *layer)
{
    for (int s = 0; s < unit->sizes; ++s)
        for (int p = 0; p < layer[s].points; ++p) {
            const ipl_mi_point *point = &layer[s].point[p];
            IPL_TRY(add_pooled(&r->tables[POOL], unit, unit->k[s], h_x, point));
            IPL_TRY(ipl_doubts_add(r->doubts, 1, unit->layer, point));
        }
    return IPL_OK;
}

ipl_status ipl_rundir_training(ipl_rundir *r, int64_t seed, int64_t tick, int layers,
                               const ipl_training_row *row)
{
    rundir_table *t = &r->tables[TRAINING];
    IPL_TRY(table_add(t, "%lld,%lld", (long long)seed, (long long)tick));
    IPL_TRY(table_add_real(t, row->loss_train_nats));
    IPL_TRY(table_add_real(t, row->loss_test_nats));
    IPL_TRY(table_add_real(t, row->accuracy_train));
    IPL_TRY(table_add_real(t, row->accuracy_test));
    for (int l = 0; l < layers; ++l) IPL_TRY(table_add_real(t, row->weight_norm[l]));
    for (int l = 0; l < layers; ++l) IPL_TRY(table_add_real(t, row->gradient[l].mean));
    for (int l = 0; l < layers; ++l)
        IPL_TRY(table_add_real(t, row->gradient[l].deviation));
    IPL_TRY(table_add(t, "\n"));
    for (int l = 0; l < layers; ++l) {
        const ipl_gradient_stats g = {as_written(row->gradient[l].mean),
                                      as_written(row->gradient[l].deviation)};
        IPL_TRY(ipl_compression_gradient(r->compression, seed, tick, l + 1, g));
    }
    return IPL_OK;
}

ipl_status ipl_rundir_compression(ipl_rundir *r)
{
    ipl_compression_row *row;
    int64_t count;
    IPL_TRY(ipl_compression_rows(r->compression, &row, &count));
    const ipl_status st = ipl_compression_write(
        r->fd, ipl_rundir_path(r, ipl_compression_name), count, row);
    free(row);
    return st;
}

json_t *ipl_rundir_doubts(const ipl_rundir *r)
{
    return ipl_doubts_json(r->doubts);
}

/* -- JSON -------------------------------------------------------------------------*/

ipl_status ipl_rundir_json(ipl_rundir *r, const char *name, const json_t *json)
{
    char *text = ipl_json_dump(json, JSON_INDENT(2));
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "%s", ipl_rundir_path(r, name));
    const ipl_file_part parts[] = {{text, strlen(text)}, {"\n", 1}};
    const ipl_status st = ipl_file_replace(r->fd, ipl_rundir_path(r, name), 2,
                                           parts);
    free(text);
    return st;
}
