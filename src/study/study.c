/*
 * study.c - what a study has, and the configuration of each of its runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

enum { LINE = 88, INDENT = 4 }; /* columns of a study as text                       */

int ipl_study_keys(const ipl_study *s) { return s->keys; }

ipl_study_key ipl_study_key_at(const ipl_study *s, int key)
{
    const study_key *k = &s->key[key];
    return (ipl_study_key){k->section, k->option->key, k->name, k->text.count, k->axis,
                           k->role == IPL_KEY_MEASURES};
}

const char *ipl_study_value(const ipl_study *s, int key, int value)
{
    return study_texts_at(&s->key[key].text, value);
}

const char *ipl_study_word(const ipl_study *s, int key, int value)
{
    const study_key *k = &s->key[key];
    return study_texts_at(k->word.count ? &k->word : &k->text, value); /* of seeds */
}

int64_t ipl_study_runs(const ipl_study *s) { return s->runs; }
int64_t ipl_study_products(const ipl_study *s) { return s->networks; }

const ipl_study_run *ipl_study_run_at(const ipl_study *s, int64_t run)
{
    return &s->run[run];
}

/* The run's position on an axis. */
static int position_of(const ipl_study *s, int64_t run, int axis)
{
    int64_t product = s->product[run];
    for (int a = s->axes - 1; a > axis; --a) product /= s->axis[a].length;
    return (int)(product % s->axis[axis].length);
}

int ipl_study_value_of(const ipl_study *s, int64_t run, int key)
{
    const study_key *k = &s->key[key];
    if (!strcmp(k->full, "train.seed")) return -1;
    return k->of[position_of(s, run, k->axis)];
}

/* Where the networks are that the run measures. */
static ipl_status set_networks(const ipl_study *s, int64_t trainer, const char *dir,
                               ipl_config *config)
{
    const char *name = s->run[trainer].name;
    const int length = snprintf(config->networks, sizeof config->networks, "%s/%s", dir,
                                name);
    IPL_REQUIRE(length < (int)sizeof config->networks,
                "'%s/%s': expected a path of at most %zu characters: take a folder "
                "with a shorter one", dir, name, sizeof config->networks - 1);
    return IPL_OK;
}

ipl_status ipl_study_config(const ipl_study *s, int64_t run, const char *dir,
                            ipl_config *out)
{
    IPL_REQUIRE(s && dir && out && run >= 0 && run < s->runs,
                "study, folder or result is NULL, or run %lld is not there",
                (long long)run);
    const ipl_study_run *r = &s->run[run];
    ipl_config config = s->base;
    for (int a = 0; a < s->axes; ++a)
        IPL_TRY(study_set(s, a, position_of(s, run, a), &config));
    config.seed = r->first_seed;
    config.replicas = r->seeds;
    config.keep = r->keep;
    if (r->kept_by >= 0) IPL_TRY(set_networks(s, r->kept_by, dir, &config));
    IPL_TRY(ipl_config_whole_paths(&config));
    *out = config;
    return IPL_OK;
}

/* -- As text ----------------------------------------------------------------------*/

/* In lines that the reader takes: the first value stays beside its key, and one that
 * fills a line is not indented. */
static void print_list(const char *text, int column, const char *ends, ipl_buffer *to)
{
    const char *first = text;
    while (*text) {
        const size_t value = strcspn(text, ends), length = value + (text[value] != 0);
        if (text > first && column + (int)length > LINE && column > INDENT) {
            column = length > 2 * LINE ? 0 : INDENT;
            ipl_buffer_add(to, "\n%*s", column, "");
            text += strspn(text, " \t");
            continue;
        }
        ipl_buffer_add(to, "%.*s", (int)length, text);
        column += (int)length;
        text += length;
    }
    ipl_buffer_add(to, "\n");
}

/* A line of [sweep] as it stood; of data its values, whose paths are whole. */
static void print_entry(const ipl_study *s, const study_entry *entry, ipl_buffer *to)
{
    const int k = study_key_of(s, entry->key);
    const int column = (int)strlen(entry->key) + 3;
    const int by_comma = study_separator(entry->text) == ',';
    const char *ends = by_comma ? "," : "|";
    if (!strcmp(entry->key, "skip")) ends = by_comma ? ",&" : "|&";
    ipl_buffer values = {0};
    ipl_buffer_add(to, "%s = ", entry->key);
    if (k < 0 || strcmp(s->key[k].section, "data")) {
        print_list(entry->text, column, ends, to);
        return;
    }
    for (int p = 0; p < s->key[k].positions; ++p)
        ipl_buffer_add(&values, "%s%s", !p ? "" : by_comma ? ", " : " | ",
                       study_texts_at(&s->key[k].text, s->key[k].of[p]));
    print_list(values.at ? values.at : "", column, ends, to);
    free(values.at);
}

ipl_status ipl_study_text(const ipl_study *s, char **text, size_t *bytes)
{
    ipl_buffer made = {0};
    char *base;
    size_t base_bytes;
    IPL_REQUIRE(s && text && bytes, "study or result is NULL");
    IPL_TRY(ipl_config_text(&s->base, &base, &base_bytes));
    ipl_buffer_add(&made, "%s\n[sweep]\n", base);
    free(base);
    for (int e = 0; e < s->entries; ++e) print_entry(s, &s->entry[e], &made);
    if (!made.at) return IPL_FAIL(IPL_E_MEMORY, "a study as text");
    *text = made.at;
    *bytes = made.used;
    return IPL_OK;
}
