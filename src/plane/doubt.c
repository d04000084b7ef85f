/*
 * doubt.c - counts of points that cannot be trusted, as rows are written.
 *
 * Counts and the largest share do not depend on the order of the points, so that a run
 * that was resumed, which writes all its rows anew, has those of an unbroken one.
 */
#include "plane/doubt.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"

static_assert(IPL_NET_LAYERS_MAX <= 64, "a bit for each layer");

/* Points with one flag, or of one reason; bit l - 1 for layer l. */
typedef struct {
    int64_t  points;
    uint64_t layers;
} tally;

typedef struct {
    char    estimator[IPL_DOUBT_NAME];
    int     pooled;
    int64_t points; /* in all                                                     */
    double  outside_share; /* the largest                                         */
    tally   flag[IPL_MI_FLAG_COUNT], refusal[IPL_MI_REFUSAL_COUNT];
} entry;

struct ipl_doubts {
    int64_t count, size, next; /* next: where the search for an entry begins      */
    entry  *entries;
};

ipl_status ipl_doubts_create(ipl_doubts **out)
{
    ipl_doubts *d = calloc(1, sizeof *d);
    if (!d) return IPL_FAIL(IPL_E_MEMORY, "the doubts of a run");
    *out = d;
    return IPL_OK;
}

void ipl_doubts_destroy(ipl_doubts *d)
{
    if (!d) return;
    free(d->entries);
    free(d);
}

/* All layers bring the estimators in one order, so that the entry behind the latest is
 * tried first. */
static ipl_status entry_of(ipl_doubts *d, int pooled, const char *name, entry **out)
{
    for (int64_t k = 0; k < d->count; ++k) {
        const int64_t at = (d->next + k) % d->count;
        if (d->entries[at].pooled != pooled || strcmp(d->entries[at].estimator, name))
            continue;
        d->next = at + 1;
        *out = d->entries + at;
        return IPL_OK;
    }
    if (d->count == d->size) {
        const int64_t size = 2 * d->size + 8;
        entry *more = realloc(d->entries, (size_t)size * sizeof *more);
        if (!more)
            return IPL_FAIL(IPL_E_MEMORY, "doubts of %lld estimators", (long long)size);
        d->entries = more;
        d->size = size;
    }
    *out = d->entries + d->count++;
    **out = (entry){.pooled = pooled};
    strncpy((*out)->estimator, name, sizeof (*out)->estimator - 1);
    d->next = d->count;
    return IPL_OK;
}

static void count_in(tally *t, int layer)
{
    ++t->points;
    t->layers |= (uint64_t)1 << (layer - 1);
}

ipl_status ipl_doubts_add(ipl_doubts *d, int pooled, int layer, const ipl_mi_point *p)
{
    entry *e = NULL;
    IPL_REQUIRE(layer >= 1 && layer <= IPL_NET_LAYERS_MAX &&
                    strlen(p->name) < IPL_DOUBT_NAME, "layer %d of '%s'", layer,
                p->name);
    IPL_TRY(entry_of(d, pooled, p->name, &e));
    ++e->points;
    for (int f = 0; f < IPL_MI_FLAG_COUNT; ++f)
        if (p->flags & 1u << f) count_in(&e->flag[f], layer);
    if (p->flags & IPL_MI_REFUSED) count_in(&e->refusal[p->refusal], layer);
    if (p->flags & IPL_MI_OUTSIDE && p->outside_share > e->outside_share)
        e->outside_share = p->outside_share;
    return IPL_OK;
}

/* -- Rows -------------------------------------------------------------------------*/

/* One row, if there are such points; returns how many rows that makes. */
static int make_row(const entry *e, int flag, ipl_mi_refusal why, const tally *t,
                    ipl_doubt *out)
{
    if (!t->points) return 0;
    *out = (ipl_doubt){.pooled = e->pooled, .flag = flag, .refusal = why,
                       .points = t->points, .all = e->points, .layers = t->layers,
                       .outside_share = 1u << flag == IPL_MI_OUTSIDE ? e->outside_share
                                                                     : NAN};
    memcpy(out->estimator, e->estimator, sizeof out->estimator);
    return 1;
}

/* The refused of an entry come by their reasons. */
static int make_rows(const entry *e, ipl_doubt *out)
{
    int made = 0;
    for (int f = 0; f < IPL_MI_FLAG_COUNT; ++f) {
        if (!ipl_mi_flag_name(f)) continue;
        if (1u << f != IPL_MI_REFUSED)
            made += make_row(e, f, IPL_MI_NOT_REFUSED, &e->flag[f], out + made);
        else
            for (int why = 0; why < IPL_MI_REFUSAL_COUNT; ++why)
                made += make_row(e, f, (ipl_mi_refusal)why, &e->refusal[why],
                                 out + made);
    }
    return made;
}

ipl_status ipl_doubts_rows(const ipl_doubts *d, ipl_doubt **rows, int64_t *count)
{
    enum { EACH = IPL_MI_FLAG_COUNT + IPL_MI_REFUSAL_COUNT };
    ipl_doubt *row = malloc((size_t)(d->count * EACH + 1) * sizeof *row);
    if (!row)
        return IPL_FAIL(IPL_E_MEMORY, "doubts of %lld estimators", (long long)d->count);
    int64_t made = 0;
    for (int64_t k = 0; k < d->count; ++k)
        made += make_rows(d->entries + k, row + made);
    *rows = row;
    *count = made;
    return IPL_OK;
}

ipl_status ipl_doubts_of(int points, const ipl_mi_point *point, ipl_doubt **rows,
                         int64_t *count)
{
    ipl_doubts *d = NULL;
    IPL_REQUIRE(points >= 0 && (point || !points) && rows && count,
                "points or result are NULL");
    IPL_TRY(ipl_doubts_create(&d));
    ipl_status st = IPL_OK;
    for (int p = 0; p < points && st == IPL_OK; ++p)
        st = ipl_doubts_add(d, 0, 1, &point[p]);
    if (st == IPL_OK) st = ipl_doubts_rows(d, rows, count);
    ipl_doubts_destroy(d);
    return st;
}

/* -- run.json ---------------------------------------------------------------------*/

static json_t *row_json(const ipl_doubt *row)
{
    json_t *layers = json_array();
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l)
        if (row->layers & (uint64_t)1 << l)
            ipl_json_append(&layers, json_integer(l + 1));
    json_t *out = json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "table",
                            row->pooled ? "pool" : "plane", "estimator", row->estimator,
                            "flag", ipl_mi_flag_name(row->flag), "points",
                            (json_int_t)row->points, "of", (json_int_t)row->all,
                            "layers", layers);
    if (row->refusal)
        ipl_json_set(&out, "refused",
                            json_string(ipl_mi_refusal_text(row->refusal)));
    if (!isnan(row->outside_share))
        ipl_json_set(&out, "outside_share_max", json_real(row->outside_share));
    return out;
}

json_t *ipl_doubts_json(const ipl_doubts *d)
{
    ipl_doubt *row;
    int64_t count;
    if (ipl_doubts_rows(d, &row, &count) != IPL_OK) return NULL;
    json_t *out = json_array();
    for (int64_t k = 0; k < count; ++k) ipl_json_append(&out, row_json(row + k));
    free(row);
    return out;
}

static int flag_named(const char *name)
{
    for (int f = 0; name && f < IPL_MI_FLAG_COUNT; ++f)
        if (ipl_mi_flag_name(f) && !strcmp(name, ipl_mi_flag_name(f))) return f;
    return -1;
}

static int refusal_named(const char *text)
{
    int why = text ? IPL_MI_REFUSAL_COUNT - 1 : 0;
    while (why && strcmp(text, ipl_mi_refusal_text((ipl_mi_refusal)why))) --why;
    return why;
}

/* 0: the object is not a row. */
static int read_row(const json_t *from, ipl_doubt *out)
{
    const char *table = json_string_value(json_object_get(from, "table"));
    const char *estimator = json_string_value(json_object_get(from, "estimator"));
    const json_t *share = json_object_get(from, "outside_share_max");
    const json_t *layers = json_object_get(from, "layers");
    ipl_doubt row = {
        .pooled = table && !strcmp(table, "pool"),
        .flag = flag_named(json_string_value(json_object_get(from, "flag"))),
        .refusal = (ipl_mi_refusal)refusal_named(
            json_string_value(json_object_get(from, "refused"))),
        .points = json_integer_value(json_object_get(from, "points")),
        .all = json_integer_value(json_object_get(from, "of")),
        .outside_share = share ? json_number_value(share) : NAN};
    for (size_t k = 0; k < json_array_size(layers); ++k) {
        const json_int_t l = json_integer_value(json_array_get(layers, k));
        if (l < 1 || l > IPL_NET_LAYERS_MAX) return 0;
        row.layers |= (uint64_t)1 << (l - 1);
    }
    if (!estimator || strlen(estimator) >= sizeof row.estimator || row.flag < 0 ||
        row.points < 1 || row.all < row.points)
        return 0;
    strcpy(row.estimator, estimator);
    *out = row;
    return 1;
}

static ipl_status load_about(const char *dir, char path[4200], json_t **json)
{
    snprintf(path, 4200, "%s/run.json", dir);
    return ipl_json_read(IPL_FILE_PATH, path, json);
}

ipl_status ipl_run_layer_names(const char *dir, char (**names)[64], int *count)
{
    char path[4200];
    json_t *json = NULL;
    IPL_REQUIRE(dir && names && count, "directory or result is NULL");
    IPL_TRY(load_about(dir, path, &json));
    const json_t *list = json_object_get(json, "layer_names");
    const size_t many = json_array_size(list);
    char (*made)[64] = calloc(many + 1, sizeof *made);
    for (size_t l = 0; made && l < many; ++l) {
        const char *name = json_string_value(json_array_get(list, l));
        snprintf(made[l], sizeof made[l], "%s", name ? name : "");
    }
    json_decref(json);
    if (!made) return IPL_FAIL(IPL_E_MEMORY, "%s: %zu names", path, many);
    *names = made;
    *count = (int)many;
    return IPL_OK;
}

ipl_status ipl_run_doubts(const char *dir, ipl_doubt **rows, int64_t *count)
{
    char path[4200];
    json_t *json = NULL;
    ipl_status st = IPL_OK;
    IPL_REQUIRE(dir && rows && count, "directory or result is NULL");
    IPL_TRY(load_about(dir, path, &json));
    const json_t *list = json_object_get(json, "doubts");
    const size_t many = json_array_size(list);
    size_t read = 0;
    ipl_doubt *row = malloc((many + 1) * sizeof *row);
    while (row && read < many && read_row(json_array_get(list, read), row + read))
        ++read;
    if (!row)
        st = IPL_FAIL(IPL_E_MEMORY, "%s: %zu doubts", path, many);
    else if (read < many)
        st = IPL_FAIL(IPL_E_FORMAT, "%s: entry %zu of doubts is not one", path,
                      read + 1);
    json_decref(json);
    if (st == IPL_OK) {
        *rows = row;
        *count = (int64_t)many;
    } else free(row);
    return st;
}
