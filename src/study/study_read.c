/*
 * study_read.c - a study from its file: the lines, then what they mean, step by step.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

/* -- Lines ------------------------------------------------------------------------*/

static int is_option(const char *key)
{
    return !strcmp(key, "zip") || !strcmp(key, "skip") || !strcmp(key, "together");
}

ipl_status study_fail(const study_entry *e, const char *what)
{
    return IPL_FAIL(e->line ? IPL_E_FORMAT : IPL_E_ARGUMENT,
                    "%s: [sweep] %s = '%.100s': %s", e->where, e->key, e->text, what);
}

ipl_status study_fail_at(const study_entry *e)
{
    return IPL_FAIL(e->line ? IPL_E_FORMAT : IPL_E_ARGUMENT, "%s: %s", e->where,
                    ipl_last_error_text());
}

/* "zip" and "skip" may have several lines; of --set the latest line of a key counts. */
static ipl_status must_be_new(ipl_study *s, const study_entry *made, study_entry **old)
{
    char what[64];
    *old = NULL;
    for (int e = 0; e < s->entries; ++e)
        if (!strcmp(s->entry[e].key, made->key)) *old = &s->entry[e];
    if (!*old || !strcmp(made->key, "zip") || !strcmp(made->key, "skip")) {
        *old = NULL;
        return IPL_OK;
    }
    if (!made->line) return IPL_OK;
    snprintf(what, sizeof what, "already set in line %d", (*old)->line);
    return study_fail(made, what);
}

static void free_entry(study_entry *e)
{
    free(e->where);
    free(e->key);
    free(e->text);
}

static ipl_status add_entry(ipl_study *s, int line, const char *where, const char *key,
                            const char *text)
{
    study_entry made = {line, strdup(where), strdup(key), strdup(text)}, *old = NULL;
    study_entry *more = realloc(s->entry, ((size_t)s->entries + 1) * sizeof *more);
    ipl_status st = IPL_OK;
    if (more) s->entry = more;
    if (!more || !made.where || !made.key || !made.text)
        st = IPL_FAIL(IPL_E_MEMORY, "a line of %s", where);
    else if (!is_option(key) && !strchr(key, '.'))
        st = study_fail(&made, "expected section.key, zip, skip or together");
    else
        st = must_be_new(s, &made, &old);
    if (st != IPL_OK) {
        free_entry(&made);
    } else if (old) {
        free_entry(old);
        *old = made;
    } else {
        s->entry[s->entries++] = made;
    }
    return st;
}

/* A path that is swept will be there: x and y of the file are seen from it. Its first
 * value stands for all; what is wrong with it is told where it is read. */
static void note_path(ipl_config *config, const char *key, const char *text)
{
    int at;
    char *values = strcmp(key, "data.path") ? NULL : strdup(text), *rest = values;
    if (!values) return;
    const char *first = study_cut(&rest, study_separator(text));
    if (ipl_config_find(key, &at) == IPL_OK) ipl_config_set_at(config, at, first, NULL);
    free(values);
}

static ipl_status take_line(void *user, ipl_config *config, int line, const char *key,
                            const char *text)
{
    char where[320];
    ipl_study *s = user;
    snprintf(where, sizeof where, "%.300s:%d", s->path, line);
    note_path(config, key, text);
    return add_entry(s, line, where, key, text);
}

/* "sweep.train.seed=1:3" is a line of [sweep]. */
static ipl_status take_set(ipl_study *s, const char *set)
{
    char where[160], key[128];
    const char *equal = strchr(set, '=');
    if (strncmp(set, "sweep.", 6)) return ipl_config_set(&s->base, set);
    IPL_REQUIRE(equal && equal - set < (ptrdiff_t)sizeof key,
                "'%.80s': expected sweep.section.key=values", set);
    snprintf(where, sizeof where, "'%.150s'", set);
    snprintf(key, sizeof key, "%.*s", (int)(equal - set - 6), set + 6);
    return add_entry(s, 0, where, key, equal + 1);
}

/* -- What a study cannot mean -----------------------------------------------------*/

/* A key that --set gives one value and [sweep] several. */
static ipl_status check_sets(const ipl_study *s, const char *const *sets, int count)
{
    for (int k = 0; k < s->keys; ++k)
        for (int n = 0; n < count; ++n) {
            const size_t length = strlen(s->key[k].full);
            if (!strncmp(sets[n], s->key[k].full, length) && sets[n][length] == '=')
                return IPL_FAIL(IPL_E_ARGUMENT, "'%.150s': %s is swept (%s): "
                                "'sweep.%s=..' sets other values", sets[n],
                                s->key[k].full,
                                s->key[k].entry->where, s->key[k].full);
        }
    return IPL_OK;
}

static ipl_status check_base(const ipl_study *s)
{
    const int seeds = study_key_of(s, "train.seed");
    if (s->base.networks[0])
        return IPL_FAIL(IPL_E_FORMAT, "%s: [run] networks = '%s': a study trains its "
                        "networks: leave it out", s->path, s->base.networks);
    if (seeds >= 0 && s->base.replicas > 1)
        return IPL_FAIL(IPL_E_FORMAT, "%s: [train] replicas = %lld: [sweep] train.seed "
                        "has all seeds: leave replicas out", s->path,
                        (long long)s->base.replicas);
    return IPL_OK;
}

static ipl_status read_together(ipl_study *s)
{
    int index;
    char *end, what[96];
    IPL_TRY(ipl_config_find("train.replicas", &index));
    const int most = (int)ipl_config_option(index, NULL)->max;
    s->together = 10;
    for (int e = 0; e < s->entries; ++e) {
        if (strcmp(s->entry[e].key, "together")) continue;
        const char *text = s->entry[e].text;
        const long value = strtol(text, &end, 10);
        while (*end == ' ' || *end == '\t') ++end;
        snprintf(what, sizeof what, "expected a whole number from 1 to %d", most);
        if (end == text || *end || value < 1 || value > most)
            return study_fail(&s->entry[e], what);
        s->together = (int)value;
    }
    return IPL_OK;
}

/* -- All of it --------------------------------------------------------------------*/

static ipl_status read_all(ipl_study *s, const char *const *sets, int count)
{
    IPL_TRY(ipl_config_read_more(s->path, "sweep", take_line, s, &s->base));
    for (int n = 0; n < count; ++n) IPL_TRY(take_set(s, sets[n]));
    if (!s->entries)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no section [sweep] that has a key: it is "
                        "one run, for infoplane run", s->path);
    IPL_TRY(study_keys(s));
    IPL_TRY(check_sets(s, sets, count));
    IPL_TRY(check_base(s));
    IPL_TRY(read_together(s));
    IPL_TRY(study_count(s));
    IPL_TRY(study_axes(s)); /* the number of runs is checked before values are kept */
    IPL_TRY(study_values(s));
    IPL_TRY(study_classes(s));
    IPL_TRY(study_skips(s));
    IPL_TRY(study_words(s));
    IPL_TRY(study_products(s));
    return study_used(s);
}

ipl_status ipl_study_read(const char *path, const char *const *sets, int count,
                          ipl_study **out)
{
    IPL_REQUIRE(path && out && (sets || !count), "path, sets or result is NULL");
    ipl_study *s = calloc(1, sizeof *s);
    if (s) s->path = strdup(path);
    ipl_status st = IPL_OK;
    if (!s || !s->path)
        st = IPL_FAIL(IPL_E_MEMORY, "%s: a study", path);
    else
        st = read_all(s, sets, count);
    if (st == IPL_OK) *out = s;
    else ipl_study_free(s);
    return st;
}

void ipl_study_free(ipl_study *s)
{
    if (!s) return;
    for (int e = 0; e < s->entries; ++e) free_entry(&s->entry[e]);
    for (int k = 0; k < s->keys; ++k) {
        free(s->key[k].of);
        study_texts_free(&s->key[k].text);
        study_texts_free(&s->key[k].word);
    }
    for (int a = 0; a < s->axes; ++a) free(s->axis[a].class);
    free(s->path);
    free(s->entry);
    free(s->key);
    free(s->axis);
    free(s->seed);
    free(s->chunk);
    free(s->term);
    free(s->condition);
    free(s->run);
    free(s->product);
    free(s->group);
    free(s->ticks);
    free(s);
}
