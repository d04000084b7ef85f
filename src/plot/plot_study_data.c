/*
 * plot_study_data.c - study.json and study_summary.csv, read back.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "ipl_config.h"
#include "json.h"
#include "plot/plot_study.h"
#include "plot/plot_table.h"

/* -- study.json -------------------------------------------------------------------*/

static ipl_status read_key(plot_study *s, const char *path, const json_t *from)
{
    const char *name = json_string_value(json_object_get(from, "key"));
    const json_t *values = json_object_get(from, "values"), *value;
    const json_t *words = json_object_get(from, "words");
    study_key *key = &s->key[s->keys];
    size_t k;
    if (name && !strcmp(name, "train.seed")) return IPL_OK; /* tables have means    */
    if (!name || strlen(name) >= sizeof key->name || !json_array_size(values) ||
        s->keys == STUDY_SWEPT_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: expected at most %d keys with their values",
                        path, STUDY_SWEPT_MAX);
    snprintf(key->name, sizeof key->name, "%s", name);
    key->value = calloc(json_array_size(values), sizeof *key->value);
    key->word = calloc(json_array_size(values), sizeof *key->word);
    ++s->keys;
    if (!key->value || !key->word)
        return IPL_FAIL(IPL_E_MEMORY, "%zu values", json_array_size(values));
    json_array_foreach(values, k, value) {
        const json_t *word = words ? json_array_get(words, k) : value;
        if (!json_is_string(value) || !json_is_string(word))
            return IPL_FAIL(IPL_E_FORMAT, "%s: %s: expected texts as values and words",
                            path, name);
        key->word[key->values] = json_string_value(word);
        key->value[key->values++] = json_string_value(value);
    }
    return IPL_OK;
}

/* "activation", unless another key has that name too. */
static void title_keys(plot_study *s)
{
    for (int k = 0; k < s->keys; ++k) {
        const char *dot = strchr(s->key[k].name, '.');
        s->key[k].title = dot ? dot + 1 : s->key[k].name;
        for (int o = 0; dot && o < s->keys; ++o)
            if (o != k && strchr(s->key[o].name, '.') &&
                !strcmp(strchr(s->key[o].name, '.') + 1, dot + 1))
                s->key[k].title = s->key[k].name;
    }
}

static double number_or_nan(const json_t *at)
{
    return json_is_number(at) ? json_number_value(at) : NAN;
}

/* The last name of a path, without the ending of a configuration. */
static void take_name(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash && slash[1] ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot > name && !strcmp(dot, ".ini")) *dot = 0;
}

static ipl_status read_json(const char *dir, plot_study *s)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/study.json", dir);
    IPL_TRY(ipl_json_read(IPL_FILE_PATH, path, &s->json));
    const json_t *keys = json_object_get(s->json, "keys"), *at;
    const json_t *runs = json_object_get(s->json, "runs");
    const json_t *ceilings = json_object_get(s->json, "ceilings");
    const json_t *captions = json_object_get(s->json, "layers");
    const char *name = json_string_value(json_object_get(s->json, "study"));
    const json_t *ticks = json_object_get(s->json, "tick"); /* if all have one */
    const char *tick = ticks ? json_string_value(ticks) : ipl_tick_name(IPL_TICK_EPOCH);
    plot_data *d = &s->about;
    const int ok = json_is_array(keys) && name && tick &&
             (!strcmp(tick, ipl_tick_name(IPL_TICK_EPOCH)) ||
              !strcmp(tick, ipl_tick_name(IPL_TICK_STEP)));
    size_t k;
    if (!ok)
        return IPL_FAIL(IPL_E_FORMAT, "%s: expected study, keys, and tick epoch or "
                        "step", path);
    json_array_foreach(keys, k, at) IPL_TRY(read_key(s, path, at));
    take_name(name, s->name, sizeof s->name);
    snprintf(d->tick, sizeof d->tick, "%s", tick);
    json_array_foreach(captions, k, at)
        if (k < IPL_NET_LAYERS_MAX && json_is_string(at))
            snprintf(d->layer[k], sizeof d->layer[k], "%s", json_string_value(at));
    d->ceiling[PLOT_X] = number_or_nan(json_object_get(ceilings, "i_xt_bits"));
    d->ceiling[PLOT_Y] = number_or_nan(json_object_get(ceilings, "i_ty_bits"));
    json_array_foreach(runs, k, at) {
        const char *state = json_string_value(json_object_get(at, "state"));
        s->undone += state && strcmp(state, "done");
    }
    s->runs = (int64_t)json_array_size(runs);
    title_keys(s);
    return IPL_OK;
}

/* -- study_summary.csv ------------------------------------------------------------*/

/* The columns behind the keys. */
enum { ROWS, TICK, LAYER, ESTIMATOR, QUANTITY, MEAN, DEVIATION, SEEDS, COLUMNS };
static const char *const column_name[COLUMNS] = {
    "rows", "epoch", "layer", "estimator", "quantity", "mean", "deviation", "n"};
static const char *const quantity[] = {"i_xt_bits", "i_ty_bits"}; /* of a plane    */

/* The fields of a line, cut in place; of one in quotes what they hold. The number of
 * fields; 0: too many, or a quote that does not end. */
static int cut(char *line, char *field[STUDY_SWEPT_MAX + COLUMNS])
{
    int  fields = 0;
    char after = ',';
    while (after == ',') {
        if (fields == STUDY_SWEPT_MAX + COLUMNS) return 0;
        char *to = line;
        field[fields++] = to;
        if (*line == '"') {
            for (++line; *line && (*line != '"' || line[1] == '"'); *to++ = *line++)
                line += *line == '"';
            if (*line++ != '"') return 0;
        } else to += strcspn(line, ","), line = to;
        after = *line++;
        *to = 0;
    }
    return after ? 0 : fields;
}

/* The columns of the swept keys come first, in an order of their own: column k is key
 * `key_of`[k]. */
static int read_header(plot_study *s, char *line, int key_of[STUDY_SWEPT_MAX])
{
    char *field[STUDY_SWEPT_MAX + COLUMNS];
    int   seen[STUDY_SWEPT_MAX] = {0};
    if (!line || cut(line, field) != s->swept + COLUMNS) return 0;
    for (int k = 0; k < s->swept; ++k) {
        int key = 0;
        while (key < s->swept && strcmp(s->key[key].name, field[k])) ++key;
        if (key == s->swept || seen[key]++) return 0;
        key_of[k] = key;
    }
    for (int k = 0; k < COLUMNS; ++k)
        if (strcmp(field[s->swept + k], column_name[k])) return 0;
    return 1;
}

/* The number of a value; rows of a table mostly have that of the row before. */
static int value_of(const study_key *key, const char *text, int before)
{
    if (before < key->values && !strcmp(key->word[before], text)) return before;
    int k = 0;
    while (k < key->values && strcmp(key->word[k], text)) ++k;
    return k < key->values ? k : -1;
}

static int real_of(const char *text, double *out)
{
    char *at = (char *)text;
    return ipl_plot_real(&at, out) && !*at;
}

static int whole_of(const char *text, int64_t *out)
{
    char *at = (char *)text;
    return ipl_plot_whole(&at, out) && !*at;
}

/* What is behind the keys; 0: something else than that. */
static int take_point(plot_study *s, char *const *field, study_point *p)
{
    double  value, deviation;
    int64_t layer, seeds;
    int     axis = 0, rows = 0;
    while (axis < 2 && strcmp(field[QUANTITY], quantity[axis])) ++axis;
    while (rows < s->key[study_rows(s)].values &&
           strcmp(field[ROWS], s->key[study_rows(s)].value[rows]))
        ++rows;
    p->is_other = axis == 2 && (!strcmp(field[QUANTITY], "h_t_bits") ||
                                !strcmp(field[QUANTITY], "i_t_next_bits"));
    p->point.estimator =
        ipl_plot_estimator(&s->about, field[ESTIMATOR], strlen(field[ESTIMATOR]));
    if (axis == 2 || rows == s->key[study_rows(s)].values || p->point.estimator < 0 ||
        !whole_of(field[TICK], &p->point.tick) || p->point.tick < 0 ||
        !whole_of(field[LAYER], &layer) || layer < 1 || layer > IPL_NET_LAYERS_MAX ||
        !real_of(field[MEAN], &value) || !real_of(field[DEVIATION], &deviation) ||
        !whole_of(field[SEEDS], &seeds) || seeds < 0 || seeds > INT32_MAX)
        return 0;
    p->point.mean[axis] = seeds ? value : NAN;
    p->point.mean[!axis] = NAN;
    p->point.bar[axis] = isfinite(deviation) ? deviation : 0.0;
    p->point.layer = (int)layer;
    p->point.estimates = (int)seeds;
    if (p->point.layer > s->about.layers) s->about.layers = p->point.layer;
    p->at[study_layer(s)] = p->point.layer - 1;
    p->at[study_estimator(s)] = p->point.estimator;
    p->at[study_rows(s)] = rows;
    return 1;
}

static int read_row(plot_study *s, char *line, const int key_of[STUDY_SWEPT_MAX],
                    const study_point *before, study_point *p)
{
    char *field[STUDY_SWEPT_MAX + COLUMNS];
    if (cut(line, field) != s->swept + COLUMNS) return 0;
    for (int k = 0; k < s->swept; ++k) {
        const int key = key_of[k];
        p->at[key] = value_of(&s->key[key], field[k], before ? before->at[key] : 0);
        if (p->at[key] < 0) return 0;
    }
    return take_point(s, field + s->swept, p);
}

static int by_keys(const void *a, const void *b)
{
    const study_point *x = a, *y = b;
    const int order = memcmp(x->at, y->at, sizeof x->at);
    if (order) return order;
    return (x->point.tick > y->point.tick) - (x->point.tick < y->point.tick);
}

/* Both quantities of a point become one; points without a run are none. */
static void join_points(plot_study *s)
{
    int64_t kept = 0;
    if (s->points) qsort(s->point, (size_t)s->points, sizeof *s->point, by_keys);
    for (int64_t k = 0; k < s->points; ++k) {
        const study_point *p = &s->point[k];
        study_point *last = kept ? &s->point[kept - 1] : NULL;
        if (!p->point.estimates) continue;
        if (!last || by_keys(last, p)) {
            s->point[kept++] = *p;
            continue;
        }
        for (int a = 0; a < 2; ++a)
            if (isnan(last->point.mean[a])) {
                last->point.mean[a] = p->point.mean[a];
                last->point.bar[a] = p->point.bar[a];
            }
        if (p->point.estimates > last->point.estimates)
            last->point.estimates = p->point.estimates;
    }
    s->points = kept;
}

static ipl_status read_summary(const char *dir, plot_study *s)
{
    char    expected[160];
    int     key_of[STUDY_SWEPT_MAX];
    int64_t size = 0;
    plot_table t;
    snprintf(expected, sizeof expected, "the values of %d keys as in study.json, then "
             "rows,epoch,layer,estimator,quantity,mean,deviation,n", s->swept);
    ipl_status st = ipl_plot_table_open(&t, dir, "study_summary.csv");
    if (st != IPL_OK && access(t.path, F_OK))
        st = IPL_FAIL(IPL_E_IO, "%s is not there: no run of the study is done, or "
                      "infoplane sweep has not come to its end", t.path);
    char *line = st == IPL_OK ? ipl_plot_table_line(&t) : NULL;
    if (st == IPL_OK && !read_header(s, line, key_of))
        st = ipl_plot_table_bad(&t, expected);
    while (st == IPL_OK && (line = ipl_plot_table_line(&t))) {
        study_point *more = ipl_plot_room(s->point, s->points, &size, sizeof *more);
        if (!more) {
            st = IPL_FAIL(IPL_E_MEMORY, "%lld points", (long long)size);
            break;
        }
        s->point = more;
        study_point *p = &s->point[s->points], *before = s->points ? p - 1 : NULL;
        *p = (study_point){.point = {.estimates = 0}};
        if (read_row(s, line, key_of, before, p)) ++s->points;
        else if (!p->is_other) st = ipl_plot_table_bad(&t, expected);
    }
    ipl_plot_table_close(&t);
    if (st == IPL_OK) join_points(s);
    if (st == IPL_OK && !s->points)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no points yet", t.path);
    return st;
}

/* -- Both -------------------------------------------------------------------------*/

/* The keys layer, estimator and rows; before the points those of rows alone. */
static ipl_status add_key(plot_study *s, int number, const char *name, int values)
{
    study_key *key = &s->key[number];
    snprintf(key->name, sizeof key->name, "%s", name);
    key->title = key->name;
    key->value = calloc((size_t)(values ? values : 1), sizeof *key->value);
    if (!key->value) return IPL_FAIL(IPL_E_MEMORY, "%d values", values);
    key->values = values;
    return IPL_OK;
}

ipl_status ipl_plot_study_read(const char *dir, plot_study *s)
{
    IPL_TRY(read_json(dir, s));
    s->swept = s->keys;
    s->keys += 3;
    IPL_TRY(add_key(s, study_rows(s), "rows", IPL_ROWS_COUNT));
    for (int k = 0; k < IPL_ROWS_COUNT; ++k)
        s->key[study_rows(s)].value[k] = ipl_rows_name((ipl_measured_rows)k);
    IPL_TRY(read_summary(dir, s));
    IPL_TRY(add_key(s, study_layer(s), "layer", s->about.layers));
    IPL_TRY(add_key(s, study_estimator(s), "estimator", s->about.estimators));
    for (int l = 0; l < s->about.layers; ++l) {
        snprintf(s->number[l], sizeof s->number[l], "%d", l + 1);
        s->key[study_layer(s)].value[l] = s->number[l];
    }
    for (int e = 0; e < s->about.estimators; ++e)
        s->key[study_estimator(s)].value[e] = s->about.estimator[e];
    return IPL_OK;
}

void ipl_plot_study_free(plot_study *s)
{
    for (int k = 0; k < STUDY_KEYS_MAX; ++k) {
        free(s->key[k].value);
        free(s->key[k].word);
    }
    free(s->point);
    json_decref(s->json);
    *s = (plot_study){.json = NULL};
}
