/*
 * plot_data.c - a run directory, read back and averaged over its seeds.
 */
#include "plot/plot_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "ipl_config.h"
#include "json.h"
#include "plot/plot_details.h"

/* -- plane.csv --------------------------------------------------------------------*/

static int by_place(const void *a, const void *b)
{
    const plot_point *x = a, *y = b;
    if (x->estimator != y->estimator) return x->estimator - y->estimator;
    if (x->layer != y->layer) return x->layer - y->layer;
    return (x->tick > y->tick) - (x->tick < y->tick);
}

int ipl_plot_estimator(plot_data *d, const char *name, size_t length)
{
    if (length >= sizeof d->estimator[0]) return -1;
    for (int e = 0; e < d->estimators; ++e)
        if (strlen(d->estimator[e]) == length &&
            !strncmp(d->estimator[e], name, length))
            return e;
    if (d->estimators == PLOT_ESTIMATORS_MAX || !length) return -1;
    memcpy(d->estimator[d->estimators], name, length);
    return d->estimators++;
}

static int take_point(plot_data *d, char *at, plot_point *p)
{
    int64_t seed, layer;
    if (ipl_plot_commas(at) != 5) return 0;
    if (!ipl_plot_whole(&at, &seed) || !ipl_plot_whole(&at, &p->tick) ||
        !ipl_plot_whole(&at, &layer))
        return 0;
    const size_t length = strcspn(at, ",");
    p->layer = (int)layer;
    p->estimator = ipl_plot_estimator(d, at, length);
    at += length + (at[length] == ',');
    return p->tick >= 0 && layer >= 1 && layer <= d->layers && p->estimator >= 0 &&
           ipl_plot_real(&at, &p->mean[PLOT_X]) &&
           ipl_plot_real(&at, &p->mean[PLOT_Y]) && !*at;
}

/* Points of equal place become one. One seed keeps its standard errors. */
static void average_points(plot_data *d)
{
    int64_t kept = 0;
    qsort(d->point, (size_t)d->points, sizeof *d->point, by_place);
    for (int64_t first = 0, end; first < d->points; first = end) {
        plot_point p = d->point[first];
        for (end = first; end < d->points && !by_place(&p, &d->point[end]);) ++end;
        for (int s = 0; s < 2; ++s)
            ipl_plot_average(&d->point[first].mean[s], sizeof p, end - first,
                             &p.mean[s], &p.bar[s]);
        for (int64_t k = first + 1; k < end; ++k) {
            p.estimates += d->point[k].estimates;
            p.saturated += d->point[k].saturated;
            p.outside += d->point[k].outside;
            if (!p.refusal) p.refusal = d->point[k].refusal;
        }
        if (p.tick > d->last) d->last = p.tick;
        d->point[kept++] = p;
    }
    d->points = kept;
    if (d->seeds > 1) d->bars = 1;
}

static ipl_status read_plane(const char *dir, plot_data *d)
{
    static const char header[] = "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits";
    plot_table t;
    plot_details details;
    int64_t size = 0;
    ipl_status st = ipl_plot_table_open(&t, dir, "plane.csv");
    if (st != IPL_OK) return st;
    st = ipl_plot_details_open(&details, dir);
    char *line = st == IPL_OK ? ipl_plot_table_line(&t) : NULL;
    const int named = line && !strncmp(line, header, sizeof header - 1) &&
                      !strcmp(line + sizeof header - 1, ",layer_name");
    if (st == IPL_OK && (!line || (strcmp(line, header) && !named)))
        st = ipl_plot_table_bad(&t, header);
    while (st == IPL_OK && (line = ipl_plot_table_line(&t))) {
        plot_point p = {.estimates = 1}, *more;
        more = ipl_plot_room(d->point, d->points, &size, sizeof p);
        if (!more) {
            st = IPL_FAIL(IPL_E_MEMORY, "%lld points", (long long)size);
            break;
        }
        d->point = more;
        ipl_plot_details_take(&details, line, &p);
        if (p.bar[PLOT_X] > 0 || p.bar[PLOT_Y] > 0) d->bars = 2;
        if (named && strrchr(line, ',')) *strrchr(line, ',') = 0; /* run.json has it */
        if (take_point(d, line, &p)) d->point[d->points++] = p;
        else st = ipl_plot_table_bad(&t, header);
    }
    if (st == IPL_OK && !d->points)
        st = IPL_FAIL(IPL_E_FORMAT, "%s: no points yet", t.path);
    if (st == IPL_OK) average_points(d);
    ipl_plot_details_close(&details);
    ipl_plot_table_close(&t);
    return st;
}

/* -- training.csv -----------------------------------------------------------------*/

static int by_tick(const void *a, const void *b)
{
    const plot_training *x = a, *y = b;
    return (x->tick > y->tick) - (x->tick < y->tick);
}

static int columns_of(const plot_data *d)
{
    return PLOT_LAYERS + PLOT_LAYER_COLUMNS * d->layers;
}

static int take_training(const plot_data *d, char *at, plot_training *row)
{
    int64_t seed;
    if (ipl_plot_commas(at) != 1 + columns_of(d)) return 0;
    if (!ipl_plot_whole(&at, &seed) || !ipl_plot_whole(&at, &row->tick)) return 0;
    for (int c = 0; c < columns_of(d); ++c)
        if (!ipl_plot_real(&at, &row->value[c])) return 0;
    return !*at;
}

/* Rows of equal tick become their mean. */
static void average_training(plot_data *d)
{
    int64_t kept = 0;
    if (!d->trainings) return; /* NULL */
    qsort(d->training, (size_t)d->trainings, sizeof *d->training, by_tick);
    for (int64_t first = 0, end; first < d->trainings; first = end) {
        plot_training mean = d->training[first];
        for (end = first + 1; end < d->trainings && d->training[end].tick == mean.tick;
             ++end)
            for (int c = 0; c < columns_of(d); ++c)
                mean.value[c] += d->training[end].value[c];
        for (int c = 0; c < columns_of(d); ++c) mean.value[c] /= (double)(end - first);
        if (mean.tick > d->last) d->last = mean.tick;
        d->training[kept++] = mean;
    }
    d->trainings = kept;
}

static ipl_status read_training(const char *dir, plot_data *d)
{
    static const char header[] = "seed,epoch,loss_train_nats,loss_test_nats,"
                                 "accuracy_train,accuracy_test";
    plot_table t;
    int64_t size = 0;
    char    path[4200];
    snprintf(path, sizeof path, "%s/training.csv", dir);
    if (access(path, F_OK)) return IPL_OK; /* activations from elsewhere */
    IPL_TRY(ipl_plot_table_open(&t, dir, "training.csv"));
    ipl_status st = IPL_OK;
    char *line = ipl_plot_table_line(&t);
    if (!line || strncmp(line, header, sizeof header - 1))
        st = ipl_plot_table_bad(&t, header);
    while (st == IPL_OK && (line = ipl_plot_table_line(&t))) {
        plot_training row = {0};
        plot_training *more =
            ipl_plot_room(d->training, d->trainings, &size, sizeof row);
        if (!more) {
            st = IPL_FAIL(IPL_E_MEMORY, "%lld rows", (long long)size);
            break;
        }
        d->training = more;
        if (take_training(d, line, &row)) d->training[d->trainings++] = row;
        else
            st = ipl_plot_table_bad(&t,
                                    "a number, or nothing, for each column of line 1");
    }
    if (st == IPL_OK) average_training(d);
    ipl_plot_table_close(&t);
    return st;
}

/* -- run.json ---------------------------------------------------------------------*/

/* What is behind the points "kde-upper": "noise variance 0.05". */
static void describe(const json_t *all, const char *name, char *text, size_t size)
{
    size_t k, p;
    const json_t *at, *point;
    json_array_foreach(all, k, at)
        json_array_foreach(json_object_get(at, "points"), p, point) {
            const char *is = json_string_value(point);
            const char *says = json_string_value(json_object_get(at, "description"));
            if (is && says && !strcmp(is, name)) snprintf(text, size, "%s", says);
        }
}

static double number_or_nan(const json_t *at)
{
    return json_is_number(at) ? json_number_value(at) : NAN;
}

/* A tick's name that is one, else NULL. */
static const char *tick_named(const char *text)
{
    int k = 0;
    while (text && k < IPL_TICK_COUNT && strcmp(text, ipl_tick_name((ipl_tick)k))) ++k;
    return text && k < IPL_TICK_COUNT ? ipl_tick_name((ipl_tick)k) : NULL;
}

static ipl_status read_about(const char *dir, plot_data *d, json_t **out)
{
    char path[4200];
    json_t *about;
    snprintf(path, sizeof path, "%s/run.json", dir);
    IPL_TRY(ipl_json_read(IPL_FILE_PATH, path, &about));
    *out = about;
    const json_t *ceilings = json_object_get(about, "ceilings");
    const json_t *layers = json_object_get(about, "layers");
    const json_t *names = json_object_get(about, "layer_names");
    const json_t *data = json_object_get(about, "data");
    const char *source = json_string_value(json_object_get(data, "name"));
    const char *tick = tick_named(json_string_value(json_object_get(about, "tick")));
    d->layers = (int)json_array_size(layers);
    if (d->layers < 1 || d->layers > IPL_NET_LAYERS_MAX || !source || !tick)
        return IPL_FAIL(IPL_E_FORMAT, "%s: expected layers, data.name, and tick "
                        "epoch or step", path);
    for (int l = 0; l < d->layers; ++l) {
        const char *layer = json_string_value(json_array_get(layers, (size_t)l));
        snprintf(d->layer[l], sizeof d->layer[l], "%s", layer ? layer : "");
        const char *name = json_string_value(json_array_get(names, (size_t)l));
        snprintf(d->layer_name[l], sizeof d->layer_name[l], "%s", name ? name : "");
    }
    snprintf(d->source, sizeof d->source, "%s", source);
    snprintf(d->tick, sizeof d->tick, "%s", tick);
    d->rows = json_integer_value(json_object_get(data, "measured_rows"));
    d->seeds = (int)json_array_size(json_object_get(about, "seeds"));
    d->ceiling[PLOT_X] = number_or_nan(json_object_get(ceilings, "i_xt_bits"));
    d->ceiling[PLOT_Y] = number_or_nan(json_object_get(ceilings, "i_ty_bits"));
    return IPL_OK;
}

ipl_status ipl_plot_read(const char *dir, plot_data *out)
{
    plot_data made = {0};
    json_t *about = NULL;
    ipl_status st = read_about(dir, &made, &about);
    if (st == IPL_OK) st = read_plane(dir, &made);
    if (st == IPL_OK) st = read_training(dir, &made);
    for (int e = 0; st == IPL_OK && e < made.estimators; ++e)
        describe(json_object_get(about, "estimators"), made.estimator[e],
                 made.options[e], sizeof made.options[e]);
    json_decref(about);
    if (st == IPL_OK) *out = made;
    else ipl_plot_free(&made);
    return st;
}

void ipl_plot_free(plot_data *data)
{
    free(data->point);
    free(data->training);
    *data = (plot_data){0};
}
