/*
 * study_skip.c - conditions that leave products out: "k = v & k2 = v2, k3 = v3".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

/* The number of a value of a swept key, however it is written; -1: it has none such. */
static int value_of(const ipl_study *s, const study_key *key, const char *text)
{
    ipl_config config = s->base;
    ipl_config_key made;
    if (ipl_config_set_at(&config, key->index, text, NULL) != IPL_OK ||
        ipl_config_key_at(&config, key->index, &made) != IPL_OK)
        return -1;
    for (int v = 0; v < key->text.count; ++v)
        if (!strcmp(study_texts_at(&key->text, v), made.value)) return v;
    return -1;
}

static ipl_status add_term(ipl_study *s, const study_entry *entry, char *text)
{
    char what[300];
    const char *name = study_cut(&text, '='), *value = study_cut(&text, '\n');
    const int key = study_key_of(s, name);
    if (!value) {
        snprintf(what, sizeof what, "'%.100s': expected section.key = value", name);
        return study_fail(entry, what);
    }
    if (key < 0) {
        snprintf(what, sizeof what, "'%.100s' is not swept: expected a key of [sweep]",
                 name);
        return study_fail(entry, what);
    }
    const int number = value_of(s, &s->key[key], value);
    if (number < 0) {
        snprintf(what, sizeof what, "%s does not have the value '%.100s' here", name,
                 value);
        return study_fail(entry, what);
    }
    study_term *more = realloc(s->term, ((size_t)s->terms + 1) * sizeof *more);
    if (!more) return IPL_FAIL(IPL_E_MEMORY, "%d terms of skip", s->terms + 1);
    s->term = more;
    s->term[s->terms++] = (study_term){key, number};
    return IPL_OK;
}

/* "k = v & k2 = v2" */
static ipl_status add_condition(ipl_study *s, const study_entry *entry, char *text)
{
    study_condition made = {.entry = entry, .first = s->terms};
    study_condition *more =
        realloc(s->condition, ((size_t)s->conditions + 1) * sizeof *more);
    if (!more) return IPL_FAIL(IPL_E_MEMORY, "%d conditions", s->conditions + 1);
    s->condition = more;
    for (char *term; (term = study_cut(&text, '&')); ++made.terms) {
        IPL_TRY(add_term(s, entry, term));
        made.of_seeds |= s->term[s->terms - 1].key == s->seeds_of;
    }
    s->condition[s->conditions++] = made;
    return IPL_OK;
}

ipl_status study_skips(ipl_study *s)
{
    for (int e = 0; e < s->entries; ++e) {
        if (strcmp(s->entry[e].key, "skip")) continue;
        const char separator = study_separator(s->entry[e].text);
        char *text = strdup(s->entry[e].text), *at = text;
        if (!text) return IPL_FAIL(IPL_E_MEMORY, "a line of %s", s->path);
        ipl_status st = IPL_OK;
        for (char *one; st == IPL_OK && (one = study_cut(&at, separator));)
            st = add_condition(s, &s->entry[e], one);
        free(text);
        if (st != IPL_OK) return st;
    }
    return IPL_OK;
}
