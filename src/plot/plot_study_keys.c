/*
 * plot_study_keys.c - which key of a study stands where in its picture.
 *
 * Keys that are zipped say the same twice: one of them has a place, and the other
 * follows it into the headings.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plot/plot_study.h"

enum { ESTIMATORS_BESIDE = 4, VALUES_NAMED = 8 };

static const char *const option[STUDY_PLACES] = {"--cols", "--rows", "--colour"};

/* Adds ", TEXT", or TEXT as the first. */
static void list(char *text, size_t size, const char *add)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used ? ", " : "", add);
}

static void list_values(const study_key *key, char *text, size_t size)
{
    *text = 0;
    for (int v = 0; v < key->values && v < VALUES_NAMED; ++v)
        list(text, size, key->value[v]);
    if (key->values > VALUES_NAMED) list(text, size, "..");
}

/* -- What is kept -----------------------------------------------------------------*/

/* Keeps these values of a key, and their points. */
static ipl_status keep_values(plot_study *s, int key, const char *keep)
{
    study_key *k = &s->key[key];
    int *number = malloc((size_t)(k->values + 1) * sizeof *number), kept = 0;
    int64_t points = 0;
    if (!number) return IPL_FAIL(IPL_E_MEMORY, "%d values", k->values);
    for (int v = 0; v < k->values; ++v) {
        number[v] = keep[v] ? kept : -1;
        if (keep[v]) k->value[kept++] = k->value[v];
    }
    for (int64_t p = 0; p < s->points; ++p) {
        const int to = number[s->point[p].at[key]];
        if (to < 0) continue;
        s->point[points] = s->point[p];
        s->point[points++].at[key] = to;
    }
    k->values = kept;
    s->points = points;
    free(number);
    return IPL_OK;
}

/* Of layers, estimators and rows those that have points. */
static ipl_status keep_met(plot_study *s, int key)
{
    char *met = calloc((size_t)s->key[key].values + 1, 1);
    if (!met) return IPL_FAIL(IPL_E_MEMORY, "%d values", s->key[key].values);
    for (int64_t p = 0; p < s->points; ++p) met[s->point[p].at[key]] = 1;
    const ipl_status st = keep_values(s, key, met);
    free(met);
    return st;
}

/* Estimators in the order in which they were asked for. */
static ipl_status keep_estimators(plot_study *s, const char *names)
{
    const int key = study_estimator(s), before = s->about.estimators;
    char      name[PLOT_ESTIMATORS_MAX][sizeof s->about.estimator[0]];
    int64_t   points = 0;
    memcpy(name, s->about.estimator, sizeof name);
    IPL_TRY(ipl_plot_select_estimators(1, &s->about, names));
    int number[PLOT_ESTIMATORS_MAX];
    for (int e = 0; e < before; ++e) number[e] = ipl_plot_find(&s->about, name[e]);
    for (int64_t p = 0; p < s->points; ++p) {
        const int to = number[s->point[p].at[key]];
        if (to < 0) continue;
        s->point[points] = s->point[p];
        s->point[points++].at[key] = to;
    }
    s->points = points;
    s->key[key].values = s->about.estimators;
    return IPL_OK;
}

static ipl_status keep_layers(plot_study *s, const char *layers)
{
    char keep[IPL_NET_LAYERS_MAX];
    IPL_TRY(ipl_plot_select_layers(1, &s->about, layers));
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l) keep[l] = !s->about.hidden[l];
    return keep_values(s, study_layer(s), keep);
}

/* -- Names ------------------------------------------------------------------------*/

static int is_text(const char *whole, const char *text, size_t length)
{
    return strlen(whole) == length && !strncmp(whole, text, length);
}

/* E_ARGUMENT: none is called so, with those that there are. */
static ipl_status find_key(const plot_study *s, const char *what, const char *text,
                           size_t length, int *out)
{
    char there[320] = "";
    for (*out = 0; *out < s->keys; ++*out)
        if (is_text(s->key[*out].name, text, length)) return IPL_OK;
    for (*out = 0; *out < s->swept; ++*out)
        if (is_text(s->key[*out].title, text, length)) return IPL_OK;
    for (int k = 0; k < s->keys; ++k) list(there, sizeof there, s->key[k].name);
    return IPL_FAIL(IPL_E_ARGUMENT, "%s '%.*s': no key of this study: it has %s", what,
                    (int)length, text, there);
}

/* .5 and 0.50 are the same. */
static int is_value(const char *value, const char *text)
{
    char *end, *other;
    const double a = strtod(value, &end), b = strtod(text, &other);
    return !strcmp(value, text) ||
           (end > value && !*end && other > text && !*other && a == b);
}

/* What --only says of one key; nothing: all is kept. */
static ipl_status keep_only(plot_study *s, const ipl_plot_study_options *how, int key)
{
    const study_key *k = &s->key[key];
    char there[320], *keep = calloc((size_t)k->values + 1, 1);
    int  any = 0;
    ipl_status st = keep ? IPL_OK : IPL_FAIL(IPL_E_MEMORY, "%d values", k->values);
    for (int o = 0; o < how->onlys && st == IPL_OK; ++o) {
        const size_t length = strcspn(how->only[o], "=");
        int which, v = 0;
        st = find_key(s, "--only", how->only[o], length, &which);
        if (st != IPL_OK || which != key) continue;
        const char *text = how->only[o] + length + (how->only[o][length] == '=');
        while (v < k->values && !is_value(k->value[v], text)) ++v;
        if (v < k->values) any = keep[v] = 1;
        else {
            list_values(k, there, sizeof there);
            st = IPL_FAIL(IPL_E_ARGUMENT, "--only '%s': expected %s=VALUE, of %s",
                          how->only[o], k->name, there);
        }
    }
    if (st == IPL_OK && any) st = keep_values(s, key, keep);
    free(keep);
    return st;
}

static ipl_status keep_asked(plot_study *s, const ipl_plot_study_options *how)
{
    if (how->plot.estimators) IPL_TRY(keep_estimators(s, how->plot.estimators));
    if (how->plot.layers) IPL_TRY(keep_layers(s, how->plot.layers));
    for (int k = 0; k < s->keys; ++k) IPL_TRY(keep_only(s, how, k));
    for (int k = s->swept; k < s->keys; ++k) IPL_TRY(keep_met(s, k));
    if (!s->points)
        return IPL_FAIL(IPL_E_ARGUMENT, "--only, --estimator, --layers: no run of the "
                        "study has all of these");
    return IPL_OK;
}

/* -- Places -----------------------------------------------------------------------*/

/* Whether each value of one goes with one value of the other, of at least two. */
static ipl_status goes_with(const plot_study *s, int a, int b, int *out)
{
    const int pair[2] = {a, b};
    *out = 1;
    for (int from = 0; from < 2; ++from) {
        const int x = pair[from], y = pair[!from];
        int *of = calloc((size_t)s->key[x].values, sizeof *of), met = 0;
        if (!of) return IPL_FAIL(IPL_E_MEMORY, "%d values", s->key[x].values);
        for (int64_t p = 0; p < s->points; ++p) {
            int *here = &of[s->point[p].at[x]];
            met += !*here;
            if (!*here) *here = s->point[p].at[y] + 1;
            *out &= *here == s->point[p].at[y] + 1;
        }
        *out &= met > 1;
        free(of);
    }
    return IPL_OK;
}

static int is_placed(const plot_study *s, int key)
{
    for (int p = 0; p < STUDY_PLACES; ++p)
        if (s->in[p] == key) return 1;
    return 0;
}

int ipl_plot_study_values(const plot_study *s, int place)
{
    return s->in[place] < 0 ? 1 : s->key[s->in[place]].values;
}

/* What has room in a place; columns without rows go on in the next line. */
static int room_in(const plot_study *s, int place, int across, int down)
{
    if (place == STUDY_COLOUR) return IPL_PLOT_RUNS_MAX;
    if (place == STUDY_COLS) return s->in[STUDY_ROWS] < 0 ? across * down : across;
    return ipl_plot_study_values(s, STUDY_COLS) > across ? 0 : down;
}

static ipl_status take_named(plot_study *s, const ipl_plot_study_options *how)
{
    const char *const name[STUDY_PLACES] = {how->cols, how->rows, how->colour};
    for (int p = 0; p < STUDY_PLACES; ++p) {
        int key;
        if (!name[p]) continue;
        IPL_TRY(find_key(s, option[p], name[p], strlen(name[p]), &key));
        for (int before = 0; before < p; ++before)
            IPL_REQUIRE(s->in[before] != key, "%s '%s': this key is that of %s already",
                        option[p], name[p], option[before]);
        s->in[p] = key;
    }
    return IPL_OK;
}

static ipl_status check_room(const plot_study *s, int across, int down)
{
    for (int p = 0; p < STUDY_PLACES; ++p) {
        const int room = room_in(s, p, across, down), key = s->in[p];
        if (key < 0 || s->key[key].values <= room) continue;
        return IPL_FAIL(IPL_E_ARGUMENT, "%s %s: %d values, of which %d have room: name "
                        "them, as in --only %s=%s", option[p], s->key[key].name,
                        s->key[key].values, room, s->key[key].name,
                        s->key[key].value[0]);
    }
    return IPL_OK;
}

/* Other keys of several values, swept ones, in their order. */
static int others(const plot_study *s)
{
    int count = 0;
    for (int k = 0; k < s->swept; ++k)
        count += s->key[k].values > 1 && s->key[k].follows < 0 && !is_placed(s, k);
    return count;
}

static ipl_status find_followers(plot_study *s)
{
    for (int k = 0; k < s->swept; ++k)
        for (int p = 0; p < STUDY_PLACES; ++p) {
            int goes = 0;
            if (s->in[p] < 0 || s->key[k].values < 2 || is_placed(s, k)) continue;
            IPL_TRY(goes_with(s, k, s->in[p], &goes));
            if (goes) s->key[k].follows = s->in[p];
        }
    return IPL_OK;
}

static ipl_status give_places(plot_study *s, int across, int down)
{
    IPL_TRY(find_followers(s));
    for (int k = 0; k < s->keys; ++k) {
        const int swept = k < s->swept, values = s->key[k].values;
        if (values < 2 || is_placed(s, k) || s->key[k].follows >= 0) continue;
        if (k == study_layer(s) || (!swept && values > ESTIMATORS_BESIDE)) continue;
        for (int p = 0; p < (swept ? STUDY_PLACES : STUDY_COLOUR); ++p) {
            int room = room_in(s, p, across, down);
            if (p == STUDY_COLS && others(s) > 1 && room > across) room = across;
            if (s->in[p] >= 0 || values > room) continue;
            s->in[p] = k;
            break;
        }
        IPL_TRY(find_followers(s));
    }
    return IPL_OK;
}

void ipl_plot_study_note(plot_study *s, const char *format, ...)
{
    const size_t used = strlen(s->notes);
    va_list args;
    va_start(args, format);
    if (used + 1 < s->notes_size) {
        vsnprintf(s->notes + used, s->notes_size - used - 1, format, args);
        strcat(s->notes + used, "\n");
    }
    va_end(args);
}

/* The others are shown at their first value that has runs. */
static ipl_status fix_others(plot_study *s)
{
    for (int k = 0; k < s->keys; ++k) {
        study_key *key = &s->key[k];
        const char *estimator = k == study_estimator(s) ? "--estimator " : NULL;
        char there[320], *keep;
        if (key->values < 2 || is_placed(s, k) || key->follows >= 0 ||
            k == study_layer(s))
            continue;
        int first = key->values - 1;
        for (int64_t p = 0; p < s->points; ++p)
            if (s->point[p].at[k] < first) first = s->point[p].at[k];
        if (!(keep = calloc((size_t)key->values, 1)))
            return IPL_FAIL(IPL_E_MEMORY, "%d values", key->values);
        keep[first] = 1;
        list_values(key, there, sizeof there);
        ipl_plot_study_note(s, "only %s = %s of %s is shown: %s%s%s%s", key->name,
                            key->value[first], there,
                            estimator ? estimator : "--only ",
                            estimator ? "" : key->name, estimator ? "" : "=",
                            key->value[first + 1 < key->values ? first + 1 : 0]);
        const ipl_status st = keep_values(s, k, keep);
        free(keep);
        if (st != IPL_OK) return st;
    }
    return IPL_OK;
}

ipl_status ipl_plot_study_place(plot_study *s, const ipl_plot_study_options *how,
                                int across, int down)
{
    for (int p = 0; p < STUDY_PLACES; ++p) s->in[p] = -1;
    for (int k = 0; k < s->keys; ++k) {
        s->key[k].follows = -1;
        s->key[k].had = s->key[k].values;
    }
    IPL_TRY(keep_asked(s, how));
    IPL_TRY(take_named(s, how));
    IPL_TRY(check_room(s, across, down));
    IPL_TRY(give_places(s, across, down));
    return fix_others(s);
}
