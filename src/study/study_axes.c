/*
 * study_axes.c - keys that go side by side, and which positions train alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

/* -- zip --------------------------------------------------------------------------*/

/* Gives a key the axis of the group's first one. */
static ipl_status zip_key(ipl_study *s, const study_entry *entry, const char *name,
                          int *first)
{
    char what[300];
    const int k = study_key_of(s, name);
    if (k < 0) {
        snprintf(what, sizeof what, "'%.100s' is not swept: expected keys of [sweep], "
                 "as in a.b, c.d", name);
        return study_fail(entry, what);
    }
    if (s->key[k].axis >= 0) {
        snprintf(what, sizeof what, "'%s' is zipped twice", name);
        return study_fail(entry, what);
    }
    if (*first < 0) *first = k;
    s->key[k].axis = *first;
    if (s->key[k].positions == s->key[*first].positions) return IPL_OK;
    snprintf(what, sizeof what, "%s has %d values and %s %d: expected as many",
             s->key[*first].full, s->key[*first].positions, s->key[k].full,
             s->key[k].positions);
    return study_fail(entry, what);
}

/* "a, b" or "a, b | c, d": groups of keys. */
static ipl_status zip_line(ipl_study *s, const study_entry *entry, char *text)
{
    for (char *group; (group = study_cut(&text, '|'));) {
        int first = -1, count = 0;
        for (char *name; (name = study_cut(&group, ',')); ++count)
            IPL_TRY(zip_key(s, entry, name, &first));
        if (count < 2)
            return study_fail(entry, "one key alone: expected two or more");
    }
    return IPL_OK;
}

static ipl_status zip_keys(ipl_study *s)
{
    for (int e = 0; e < s->entries; ++e) {
        if (strcmp(s->entry[e].key, "zip")) continue;
        char *text = strdup(s->entry[e].text);
        if (!text) return IPL_FAIL(IPL_E_MEMORY, "a line of %s", s->path);
        const ipl_status st = zip_line(s, &s->entry[e], text);
        free(text);
        if (st != IPL_OK) return st;
    }
    return IPL_OK;
}

/* -- Axes -------------------------------------------------------------------------*/

/* Numbers the axes in the order of their first keys; a group had its first key's. */
static ipl_status number_axes(ipl_study *s)
{
    s->axis = calloc((size_t)s->keys + 1, sizeof *s->axis);
    int *number = malloc((size_t)s->keys * sizeof *number);
    if (!s->axis || !number) {
        free(number);
        return IPL_FAIL(IPL_E_MEMORY, "%d axes", s->keys);
    }
    for (int k = 0; k < s->keys; ++k) number[k] = -1;
    for (int k = 0; k < s->keys; ++k) {
        if (k == s->seeds_of) continue;
        const int group = s->key[k].axis < 0 ? k : s->key[k].axis;
        if (number[group] < 0) {
            number[group] = s->axes;
            s->axis[s->axes++].length = s->key[k].positions;
        }
        s->key[k].axis = number[group];
    }
    if (s->seeds_of >= 0) s->key[s->seeds_of].axis = s->axes; /* innermost */
    free(number);
    return IPL_OK;
}

/* Before anything of their number is allocated. */
static ipl_status check_number(ipl_study *s)
{
    const int64_t seeds = s->seeds_of < 0 ? 1 : s->key[s->seeds_of].positions;
    double runs = (double)((seeds + s->together - 1) / s->together);
    s->products = 1;
    for (int a = 0; a < s->axes; ++a) {
        runs *= s->axis[a].length;
        if (runs <= IPL_STUDY_RUNS_MAX) s->products *= s->axis[a].length;
    }
    if (runs <= IPL_STUDY_RUNS_MAX) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: [sweep] has %.0f runs, before what skip leaves "
                    "out: expected at most %d", s->path, runs, IPL_STUDY_RUNS_MAX);
}

ipl_status study_axes(ipl_study *s)
{
    IPL_TRY(zip_keys(s));
    s->seeds_of = study_key_of(s, "train.seed");
    if (s->seeds_of >= 0 && s->key[s->seeds_of].axis >= 0)
        s->seeds_of = -1; /* zipped: each product has one of them */
    IPL_TRY(number_axes(s));
    return check_number(s);
}

/* -- Positions that are alike -----------------------------------------------------*/

typedef struct {
    const ipl_study *s;
    int              axis, trains; /* 1: keys that training depends on, alone   */
} alike;

static int counts(const alike *a, const study_key *key)
{
    return key->axis == a->axis && (!a->trains || key->role != IPL_KEY_MEASURES);
}

static int same_position(const void *user, int64_t one, int64_t other)
{
    const alike *a = user;
    for (int k = 0; k < a->s->keys; ++k)
        if (counts(a, &a->s->key[k]) && a->s->key[k].of[one] != a->s->key[k].of[other])
            return 0;
    return 1;
}

static uint64_t hash_position(const alike *a, int position)
{
    uint64_t hash = STUDY_HASH;
    for (int k = 0; k < a->s->keys; ++k)
        if (counts(a, &a->s->key[k]))
            hash = study_hash(hash, &a->s->key[k].of[position], sizeof(int));
    return hash;
}

/* A position that is there twice: two runs would be one. */
static ipl_status repeated(const alike *a, int position)
{
    char what[300];
    const study_key *key = NULL;
    int keys = 0;
    for (int k = a->s->keys - 1; k >= 0; --k)
        if (counts(a, &a->s->key[k])) key = &a->s->key[k], ++keys;
    snprintf(what, sizeof what, "the value '%.180s' is there twice%s",
             study_texts_at(&key->text, key->of[position]),
             keys > 1 ? ", with the same of the keys zipped with it" : "");
    return study_fail(key->entry, what);
}

static ipl_status find_alike(const alike *a, int *first)
{
    study_index known;
    const int length = a->s->axis[a->axis].length;
    ipl_status st = IPL_OK;
    IPL_TRY(study_index_make(&known, length, same_position, a));
    for (int p = 0; p < length && st == IPL_OK; ++p) {
        const int64_t same = study_index_add(&known, hash_position(a, p), p);
        if (first) first[p] = (int)same;
        else if (same != p) st = repeated(a, p);
    }
    study_index_free(&known);
    return st;
}

static ipl_status read_seeds(ipl_study *s)
{
    study_key *key = &s->key[s->seeds_of];
    const size_t count = (size_t)key->positions;
    const alike seeds = {s, s->axes, 0};
    if (key->repeated >= 0) {
        int twice = 0;
        while (key->of[twice] != key->repeated) ++twice;
        return repeated(&seeds, twice);
    }
    s->seed = malloc(count * sizeof *s->seed);
    s->chunk = malloc(count * sizeof *s->chunk);
    if (!s->seed || !s->chunk) return IPL_FAIL(IPL_E_MEMORY, "%zu seeds", count);
    for (int p = 0; p < key->positions; ++p)
        s->seed[p] = strtoll(study_texts_at(&key->text, key->of[p]), NULL, 10);
    s->chunks = study_chunks(s, NULL, NULL, s->chunk);
    return IPL_OK;
}

ipl_status study_classes(ipl_study *s)
{
    for (int a = 0; a < s->axes; ++a) {
        study_axis *axis = &s->axis[a];
        axis->class = malloc((size_t)axis->length * sizeof *axis->class);
        if (!axis->class) return IPL_FAIL(IPL_E_MEMORY, "%d values", axis->length);
        IPL_TRY(find_alike(&(alike){s, a, 0}, NULL));
        IPL_TRY(find_alike(&(alike){s, a, 1}, axis->class));
    }
    return s->seeds_of < 0 ? IPL_OK : read_seeds(s);
}

ipl_status study_set(const ipl_study *s, int axis, int position, ipl_config *config)
{
    for (int k = 0; k < s->keys; ++k) {
        const study_key *key = &s->key[k];
        if (key->axis != axis || k == s->seeds_of) continue;
        IPL_TRY(ipl_config_set_at(config, key->index,
                                  study_texts_at(&key->text, key->of[position]),
                                  key->entry->line ? s->path : NULL));
    }
    return IPL_OK;
}
