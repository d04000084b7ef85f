/*
 * config_value.c - one value of a configuration: text to number and back.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(type, config, row) ((type *)(void *)((char *)(config) + (row)->offset))
#define FIELD_OF(type, config, row) \
    ((const type *)(const void *)((const char *)(config) + (row)->offset))

/* -- Text to value ----------------------------------------------------------------*/

void ipl_config_describe(const config_row *row, char *text, size_t size)
{
    const char *than = row->above ? "above" : "from";
    size_t used;
    switch (row->type) {
    case CONFIG_INTEGER:
        snprintf(text, size, "a whole number from %.0f to %.0f", row->min, row->max);
        return;
    case CONFIG_REAL:
        snprintf(text, size, "a number %s %.9g to %.9g", than, row->min, row->max);
        return;
    case CONFIG_RANGE:
        snprintf(text, size, "two numbers 'low, high' with low < high");
        return;
    case CONFIG_TEXT:
        snprintf(text, size, "text of at most %d characters without ' ;'",
                 IPL_CONFIG_TEXT - 1);
        return;
    case CONFIG_CHOICE:
    case CONFIG_CHOICES:
        used = (size_t)snprintf(text, size, "%s",
                                row->type == CONFIG_CHOICE ? "" : "any of ");
        for (int c = 0; row->choices[c] && used < size; ++c)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     !c ? "" : row->choices[c + 1] ? ", " : " or ",
                                     row->choices[c]);
        return;
    }
}

/* Both want the whole text to be one number. */
static int read_real(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    while (isspace((unsigned char)*end)) ++end;
    return end != text && !*end && isfinite(*out);
}

static int read_integer(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return end != text && !*end && !errno;
}

/* The next of a list's words: separated by commas, spaces around them dropped. */
static int next_word(const char **at, char *word, size_t size)
{
    const char *begin = *at + strspn(*at, " \t");
    if (!*begin) return 0;
    size_t length = strcspn(begin, ",");
    *at = begin + length + (begin[length] == ',');
    while (length && isspace((unsigned char)begin[length - 1])) --length;
    if (length >= size) length = size - 1;
    memcpy(word, begin, length);
    word[length] = 0;
    return 1;
}

static int choice_of(const config_row *row, const char *word)
{
    for (int c = 0; row->choices[c]; ++c)
        if (!strcmp(row->choices[c], word)) return c;
    return -1;
}

static int in_range(const config_row *row, double value)
{
    return value <= row->max && (row->above ? value > row->min : value >= row->min);
}

static int store_range(const char *text, double *out)
{
    char   low[64], high[64], more[64];
    double lo, hi;
    if (!next_word(&text, low, sizeof low) || !next_word(&text, high, sizeof high) ||
        next_word(&text, more, sizeof more) || !read_real(low, &lo) ||
        !read_real(high, &hi) || !(lo < hi))
        return 0;
    out[0] = lo, out[1] = hi;
    return 1;
}

static int store_choices(const config_row *row, const char *text, unsigned *out)
{
    char     word[64];
    unsigned all = 0;
    while (next_word(&text, word, sizeof word)) {
        const int c = choice_of(row, word);
        if (c < 0 || (all & 1u << c)) return 0;
        all |= 1u << c;
    }
    if (all) *out = all;
    return all != 0;
}

int ipl_config_store(ipl_config *config, const config_row *row, const char *text)
{
    int64_t whole;
    double  real;
    int     c;
    switch (row->type) {
    case CONFIG_INTEGER:
        if (!read_integer(text, &whole) || !in_range(row, (double)whole)) return 0;
        *FIELD(int64_t, config, row) = whole;
        return 1;
    case CONFIG_REAL:
        if (!read_real(text, &real) || !in_range(row, real)) return 0;
        *FIELD(double, config, row) = real;
        return 1;
    case CONFIG_RANGE: return store_range(text, FIELD(double, config, row));
    case CONFIG_CHOICE:
        if ((c = choice_of(row, text)) < 0) return 0;
        *FIELD(int, config, row) = c;
        return 1;
    case CONFIG_CHOICES: return store_choices(row, text, FIELD(unsigned, config, row));
    case CONFIG_TEXT:
        /* " ;" starts a comment in the file that the value is written to. */
        if (strlen(text) >= IPL_CONFIG_TEXT || strstr(text, " ;")) return 0;
        strcpy(FIELD(char, config, row), text);
        return 1;
    }
    return 0;
}

/* -- Value to text ----------------------------------------------------------------*/

/* The shortest of the forms that read back as the same number. */
static void print_real(char *text, size_t size, double value)
{
    for (int digits = 6; digits <= 17; ++digits) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value) return;
    }
}

void ipl_config_print(const ipl_config *config, const config_row *row, char *text,
                      size_t size)
{
    char low[32], high[32];
    size_t used = 0;
    switch (row->type) {
    case CONFIG_INTEGER:
        snprintf(text, size, "%lld", (long long)*FIELD_OF(int64_t, config, row));
        return;
    case CONFIG_REAL: print_real(text, size, *FIELD_OF(double, config, row)); return;
    case CONFIG_RANGE:
        print_real(low, sizeof low, FIELD_OF(double, config, row)[0]);
        print_real(high, sizeof high, FIELD_OF(double, config, row)[1]);
        snprintf(text, size, "%s, %s", low, high);
        return;
    case CONFIG_CHOICE:
        snprintf(text, size, "%s", row->choices[*FIELD_OF(int, config, row)]);
        return;
    case CONFIG_CHOICES:
        for (int c = 0; row->choices[c] && used < size; ++c)
            if (*FIELD_OF(unsigned, config, row) & 1u << c)
                used += (size_t)snprintf(text + used, size - used, "%s%s",
                                         used ? ", " : "", row->choices[c]);
        return;
    case CONFIG_TEXT:
        snprintf(text, size, "%s", FIELD_OF(char, config, row));
        return;
    }
}
