/*
 * study_values.c - the swept keys, and the values of each.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

/* -- Texts ------------------------------------------------------------------------*/

ipl_status study_texts_add(study_texts *to, const char *text)
{
    if (to->count == to->room) {
        const int room = 2 * to->room + 16;
        size_t *more = realloc(to->at, (size_t)room * sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%d values", room);
        to->at = more;
        to->room = room;
    }
    to->at[to->count] = to->all.used;
    ipl_buffer_add(&to->all, "%s%c", text, 0);
    if (!to->all.at) return IPL_FAIL(IPL_E_MEMORY, "%d values", to->count + 1);
    ++to->count;
    return IPL_OK;
}

const char *study_texts_at(const study_texts *texts, int number)
{
    return texts->all.at + texts->at[number];
}

void study_texts_free(study_texts *texts)
{
    free(texts->all.at);
    free(texts->at);
}

char study_separator(const char *text) { return strchr(text, '|') ? '|' : ','; }

char *study_cut(char **at, char separator)
{
    if (!*at) return NULL;
    char *piece = *at, *end = strchr(piece, separator);
    *at = end ? end + 1 : NULL;
    if (!end) end = piece + strlen(piece);
    while (isspace((unsigned char)*piece)) ++piece; /* no separator is a blank */
    while (end > piece && isspace((unsigned char)end[-1])) --end;
    *end = 0;
    return piece;
}

/* -- Keys -------------------------------------------------------------------------*/

int study_key_of(const ipl_study *s, const char *full)
{
    for (int k = 0; k < s->keys; ++k)
        if (!strcmp(s->key[k].full, full)) return k;
    return -1;
}

static ipl_status make_key(const study_entry *entry, study_key *key)
{
    *key = (study_key){.entry = entry, .repeated = -1, .axis = -1};
    if (ipl_config_find(entry->key, &key->index) != IPL_OK) return study_fail_at(entry);
    key->option = ipl_config_option(key->index, &key->section);
    key->role = ipl_role_of(key->section, key->option->key);
    snprintf(key->full, sizeof key->full, "%s.%s", key->section, key->option->key);
    key->name = key->full;
    if (key->role == IPL_KEY_RUNS)
        return study_fail(entry, "keys of [run] change no result: expected a key of "
                                 "another section; [run] may have it");
    if (!strcmp(key->full, "train.replicas"))
        return study_fail(entry, "sweep train.seed instead: seeds train side by side, "
                                 "as in train.seed = 1:50");
    return IPL_OK;
}

/* The key alone, where no other swept key has that name. */
static void name_keys(ipl_study *s)
{
    for (int k = 0; k < s->keys; ++k) {
        int same = 0;
        for (int j = 0; j < s->keys; ++j)
            same += !strcmp(s->key[k].option->key, s->key[j].option->key);
        if (same == 1) s->key[k].name = s->key[k].option->key;
    }
}

ipl_status study_keys(ipl_study *s)
{
    s->key = malloc((size_t)s->entries * sizeof *s->key);
    if (!s->key) return IPL_FAIL(IPL_E_MEMORY, "%d keys", s->entries);
    for (int e = 0; e < s->entries; ++e) {
        if (!strchr(s->entry[e].key, '.')) continue;
        IPL_TRY(make_key(&s->entry[e], &s->key[s->keys]));
        ++s->keys;
    }
    if (!s->keys)
        return study_fail(&s->entry[0], "no key is swept: expected section.key = "
                                        "values beside it");
    name_keys(s);
    return IPL_OK;
}

/* -- Values -----------------------------------------------------------------------*/

typedef struct {
    study_key   *key;
    ipl_config   config; /* each value is set in it                             */
    study_index *known;  /* NULL: the values are counted                        */
    int64_t      count;
} taking;

static ipl_status too_many(const taking *t)
{
    char what[64];
    snprintf(what, sizeof what, "more than %d values", IPL_STUDY_RUNS_MAX);
    return study_fail(t->key->entry, what);
}

static int same_text(const void *user, int64_t a, int64_t b)
{
    const study_texts *texts = user;
    return !strcmp(study_texts_at(texts, (int)a), study_texts_at(texts, (int)b));
}

/* A value as the configuration writes it. */
static ipl_status keep(taking *t, const char *text)
{
    study_key *key = t->key;
    const int number = key->text.count;
    if (!t->known) return ++t->count > IPL_STUDY_RUNS_MAX ? too_many(t) : IPL_OK;
    IPL_TRY(study_texts_add(&key->text, text));
    const int first = (int)study_index_add(
        t->known, study_hash(STUDY_HASH, text, strlen(text)), number);
    if (first != number) {
        key->text.all.used = key->text.at[--key->text.count];
        key->repeated = first;
    }
    key->of[t->count++] = first;
    return IPL_OK;
}

static ipl_status set_value(taking *t, const char *text, ipl_config_key *made)
{
    const int commas = strchr(t->key->entry->text, ',') &&
                       study_separator(t->key->entry->text) == ',';
    if (ipl_config_set_at(&t->config, t->key->index, text, NULL) == IPL_OK)
        return ipl_config_key_at(&t->config, t->key->index, made);
    if (commas && (t->key->option->type == IPL_OPTION_RANGE || !*text))
        return IPL_FAIL(t->key->entry->line ? IPL_E_FORMAT : IPL_E_ARGUMENT,
                        "%s: %s ('|' goes between values that have commas)",
                        t->key->entry->where, ipl_last_error_text());
    return study_fail_at(t->key->entry);
}

/* A whole number above 0. */
static int read_step(const char *text, int64_t *step)
{
    char *end;
    errno = 0;
    *step = strtoll(text, &end, 10);
    return end != text && !*end && !errno && *step >= 1;
}

/* "FROM:TO" or "FROM:TO:STEP", with ends that are values. */
static ipl_status take_range(taking *t, char *text)
{
    char number[32], *at = text;
    ipl_config_key from, to;
    int64_t step = 1;
    const char *first = study_cut(&at, ':'), *last = study_cut(&at, ':');
    const char *by = study_cut(&at, ':');
    IPL_TRY(set_value(t, first, &from));
    IPL_TRY(set_value(t, last, &to));
    const int64_t low = strtoll(from.value, NULL, 10);
    const int64_t high = strtoll(to.value, NULL, 10);
    if (at || high < low || (by && !read_step(by, &step)))
        return study_fail(t->key->entry, "expected FROM:TO or FROM:TO:STEP, upwards, "
                                         "with a step of 1 or more");
    if ((high - low) / step >= IPL_STUDY_RUNS_MAX) return too_many(t);
    for (int64_t value = low; value <= high; value += step) {
        snprintf(number, sizeof number, "%lld", (long long)value);
        IPL_TRY(keep(t, number));
    }
    return IPL_OK;
}

static ipl_status take_values(taking *t)
{
    ipl_config_key made;
    ipl_status st = IPL_OK;
    const char separator = study_separator(t->key->entry->text);
    char *text = strdup(t->key->entry->text), *at = text;
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "the values of %s", t->key->full);
    for (char *piece; (piece = study_cut(&at, separator));) {
        if (!*piece && separator == ',') {
            st = study_fail(t->key->entry, "an empty value");
            goto done;
        }
        if (t->key->option->type == IPL_OPTION_INTEGER && strchr(piece, ':')) {
            IPL_TRY_DONE(take_range(t, piece));
            continue;
        }
        IPL_TRY_DONE(set_value(t, piece, &made));
        IPL_TRY_DONE(keep(t, made.value));
    }
done:
    free(text);
    return st;
}

ipl_status study_count(ipl_study *s)
{
    for (int k = 0; k < s->keys; ++k) {
        taking t = {.key = &s->key[k], .config = s->base};
        IPL_TRY(take_values(&t));
        s->key[k].positions = (int)t.count;
    }
    return IPL_OK;
}

static ipl_status take_key(ipl_study *s, study_key *key)
{
    study_index known;
    taking t = {.key = key, .config = s->base, .known = &known};
    key->of = malloc((size_t)key->positions * sizeof *key->of);
    if (!key->of) return IPL_FAIL(IPL_E_MEMORY, "%d values", key->positions);
    IPL_TRY(study_index_make(&known, key->positions, same_text, &key->text));
    const ipl_status st = take_values(&t);
    study_index_free(&known);
    return st;
}

ipl_status study_values(ipl_study *s)
{
    for (int k = 0; k < s->keys; ++k) IPL_TRY(take_key(s, &s->key[k]));
    return IPL_OK;
}
