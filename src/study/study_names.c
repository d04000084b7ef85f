/*
 * study_names.c - names of runs: "activation=tanh,edges=30,seed=1-10".
 *
 * A value's word is its text in the characters of a file's name, or its number where
 * that is long. Words of a key differ, so names do. A word depends on the values before
 * it alone, unless whole names would be too long: then the values of the key with the
 * longest words are numbered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

enum { WORD_MOST = 40 };

static int is_plain(char c)
{
    return c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                       "0123456789._=+-", c);
}

/* Others become '-', several in a row one; none at the ends. Gives the length. */
static size_t make_plain(const char *text, char word[IPL_CONFIG_TEXT])
{
    size_t used = 0;
    int gap = 0;
    for (; *text && used + 2 < IPL_CONFIG_TEXT; ++text) {
        if (!is_plain(*text)) {
            gap = 1;
            continue;
        }
        if (gap && used && word[used - 1] != '-') word[used++] = '-';
        gap = 0;
        word[used++] = *text;
    }
    word[used] = 0;
    return used;
}

static int same_word(const void *user, int64_t a, int64_t b)
{
    const study_texts *words = user;
    return !strcmp(study_texts_at(words, (int)a), study_texts_at(words, (int)b));
}

/* Adds a word if no earlier value has it. */
static ipl_status try_word(study_key *key, study_index *known, const char *word,
                           int *added)
{
    const int number = key->word.count;
    IPL_TRY(study_texts_add(&key->word, word));
    *added = study_index_add(known, study_hash(STUDY_HASH, word, strlen(word)),
                             number) == number;
    if (!*added) key->word.all.used = key->word.at[--key->word.count];
    return IPL_OK;
}

static ipl_status add_word(study_key *key, study_index *known, int value)
{
    char word[IPL_CONFIG_TEXT], other[IPL_CONFIG_TEXT + 16];
    int added;
    const size_t length = make_plain(study_texts_at(&key->text, value), word);
    if (!length) strcpy(word, "none");
    if (length > WORD_MOST) snprintf(word, sizeof word, "%d", value + 1);
    IPL_TRY(try_word(key, known, word, &added));
    for (int n = value + 1; !added; ++n) {
        snprintf(other, sizeof other, "%s-%d", word, n);
        IPL_TRY(try_word(key, known, other, &added));
    }
    return IPL_OK;
}

static int longest_of(const study_texts *texts)
{
    int longest = 0;
    for (int n = 0; n < texts->count; ++n) {
        const int length = (int)strlen(study_texts_at(texts, n));
        if (length > longest) longest = length;
    }
    return longest;
}

static ipl_status key_words(study_key *key)
{
    study_index known;
    ipl_status st = IPL_OK;
    IPL_TRY(study_index_make(&known, key->text.count, same_word, &key->word));
    for (int v = 0; v < key->text.count && st == IPL_OK; ++v)
        st = add_word(key, &known, v);
    study_index_free(&known);
    key->word_longest = longest_of(&key->word);
    return st;
}

/* Bytes of the longest name, its end included. */
static int name_bytes(const ipl_study *s)
{
    int bytes = 1;
    for (int k = 0; k < s->keys; ++k)
        bytes += (int)strlen(s->key[k].name) + 2 + s->key[k].word_longest;
    return bytes;
}

/* Numbers the values of the key with the longest words; 0: none gets shorter. */
static ipl_status shorten(ipl_study *s, int *done)
{
    char word[16];
    study_key *key = NULL;
    for (int k = 0; k < s->keys; ++k)
        if (k != s->seeds_of && (!key || s->key[k].word_longest > key->word_longest))
            key = &s->key[k];
    *done = !key || key->word_longest <= snprintf(word, sizeof word, "%d",
                                                  key->text.count);
    if (*done) return IPL_OK;
    key->word.count = 0;
    key->word.all.used = 0;
    for (int v = 0; v < key->text.count; ++v) {
        snprintf(word, sizeof word, "%d", v + 1);
        IPL_TRY(study_texts_add(&key->word, word));
    }
    key->word_longest = longest_of(&key->word);
    return IPL_OK;
}

ipl_status study_words(ipl_study *s)
{
    int done = 0;
    for (int k = 0; k < s->keys; ++k)
        if (k != s->seeds_of) IPL_TRY(key_words(&s->key[k]));
        else s->key[k].word_longest = 2 * longest_of(&s->key[k].text) + 1; /* "1-10" */
    while (!done && name_bytes(s) > STUDY_NAME_MOST) IPL_TRY(shorten(s, &done));
    if (name_bytes(s) <= STUDY_NAME_MOST) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: [sweep] has %d keys, and runs of more than %d "
                    "characters' names: expected fewer", s->path, s->keys,
                    STUDY_NAME_MOST - 1);
}

static char *add(char *at, const char *text)
{
    const size_t length = strlen(text);
    memcpy(at, text, length + 1);
    return at + length;
}

void study_name(const ipl_study *s, const int *position, ipl_study_run *run)
{
    char *at = run->name;
    *at = 0;
    for (int k = 0; k < s->keys; ++k) {
        const study_key *key = &s->key[k];
        if (k == s->seeds_of) continue;
        if (at > run->name) *at++ = ',';
        at = add(at, key->name);
        *at++ = '=';
        at = add(at, study_texts_at(&key->word, key->of[position[key->axis]]));
    }
    if (s->seeds_of < 0) return;
    if (at > run->name) *at++ = ',';
    at = add(at, s->key[s->seeds_of].name);
    at += sprintf(at, "=%lld", (long long)run->first_seed);
    if (run->seeds > 1)
        sprintf(at, "-%lld", (long long)(run->first_seed + run->seeds - 1));
}
