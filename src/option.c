/*
 * option.c - one option: text to value and back.
 */
#include "ipl_option.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

#define FIELD(type, fields, o) ((type *)(void *)((char *)(fields) + (o)->offset))
#define FIELD_OF(type, fields, o) \
    ((const type *)(const void *)((const char *)(fields) + (o)->offset))

const char *ipl_option_no_yes(int number)
{
    return number == 0 ? "no" : number == 1 ? "yes" : NULL;
}

const char *ipl_option_choice(const ipl_option *o, int number)
{
    if (o->choice) return o->choice(number);
    int c = 0;
    while (c < number && o->choices[c]) ++c;
    return o->choices[c];
}

int ipl_option_is_line(const char *text)
{
    int blank = 0;
    for (const char *at = text; *at; ++at) {
        if (*at == '\n' || (*at == ';' && (blank || at == text))) return 0;
        blank = isspace((unsigned char)*at);
        if (blank && (at == text || !at[1])) return 0;
    }
    return 1;
}

/* -- Text to value ----------------------------------------------------------------*/

static void list_choices(const ipl_option *o, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s",
                                   o->type == IPL_OPTION_CHOICE ? "" : "any of ");
    const char *name;
    for (int c = 0; (name = ipl_option_choice(o, c)) && used < size; ++c)
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 !c                          ? ""
                                 : ipl_option_choice(o, c + 1) ? ", "
                                                               : " or ",
                                 *name ? name : "nothing");
}

void ipl_option_expected(const ipl_option *o, char *text, size_t size)
{
    IPL_C_LOCALE;
    switch (o->type) {
    case IPL_OPTION_INTEGER:
        snprintf(text, size, "a whole number from %.0f to %.0f", o->min, o->max);
        return;
    case IPL_OPTION_REAL:
        snprintf(text, size, "a number %s %.9g to %.9g", o->above ? "above" : "from",
                 o->min, o->max);
        return;
    case IPL_OPTION_RANGE:
        snprintf(text, size, "two numbers 'low, high' with low < high");
        return;
    case IPL_OPTION_TEXT:
        snprintf(text, size, "text of at most %d characters: " IPL_OPTION_LINE,
                 IPL_OPTION_TEXT_MAX - 1);
        return;
    case IPL_OPTION_CHOICE:
    case IPL_OPTION_CHOICES: list_choices(o, text, size); return;
    }
}

/* Both want the whole text to be one number. */
static int read_real(const char *text, double *out)
{
    char *end;
    *out = ipl_number_read(text, &end);
    while (isspace((unsigned char)*end)) ++end;
    return end != text && !*end && isfinite(*out);
}

static int read_integer(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    while (isspace((unsigned char)*end)) ++end;
    return end != text && !*end && !errno;
}

/* The next of a list's words: separated by commas, spaces around them dropped. Behind a
 * comma there is always one, which may be empty. *at is NULL behind the last one. */
static int next_word(const char **at, char *word, size_t size)
{
    if (!*at) return 0;
    const char *begin = *at + strspn(*at, " \t");
    size_t length = strcspn(begin, ",");
    *at = begin[length] ? begin + length + 1 : NULL;
    while (length && isspace((unsigned char)begin[length - 1])) --length;
    if (length >= size) length = size - 1;
    memcpy(word, begin, length);
    word[length] = 0;
    return 1;
}

static int choice_of(const ipl_option *o, const char *word)
{
    const char *name;
    for (int c = 0; (name = ipl_option_choice(o, c)); ++c)
        if (!strcmp(name, word)) return c;
    return -1;
}

static int in_range(const ipl_option *o, double value)
{
    return value <= o->max && (o->above ? value > o->min : value >= o->min);
}

static int store_range(const ipl_option *o, const char *text, double *out)
{
    char   low[64], high[64], more[64];
    double lo, hi;
    if (!next_word(&text, low, sizeof low) || !next_word(&text, high, sizeof high) ||
        next_word(&text, more, sizeof more) || !read_real(low, &lo) ||
        !read_real(high, &hi) || !(lo < hi) || !in_range(o, lo) || !in_range(o, hi))
        return 0;
    out[0] = lo, out[1] = hi;
    return 1;
}

static int store_choices(const ipl_option *o, const char *text, unsigned *out)
{
    char     word[64];
    unsigned all = 0;
    while (next_word(&text, word, sizeof word)) {
        const int c = choice_of(o, word);
        if (c < 0 || (all & 1u << c)) return 0;
        all |= 1u << c;
    }
    if (all) *out = all;
    return all != 0;
}

static int store(const ipl_option *o, const char *text, void *fields)
{
    int64_t whole;
    double  real;
    int     c;
    switch (o->type) {
    case IPL_OPTION_INTEGER:
        if (!read_integer(text, &whole) || !in_range(o, (double)whole)) return 0;
        *FIELD(int64_t, fields, o) = whole;
        return 1;
    case IPL_OPTION_REAL:
        if (!read_real(text, &real) || !in_range(o, real)) return 0;
        *FIELD(double, fields, o) = real;
        return 1;
    case IPL_OPTION_RANGE: return store_range(o, text, FIELD(double, fields, o));
    case IPL_OPTION_CHOICE:
        if ((c = choice_of(o, text)) < 0) return 0;
        *FIELD(int, fields, o) = c;
        return 1;
    case IPL_OPTION_CHOICES: return store_choices(o, text, FIELD(unsigned, fields, o));
    case IPL_OPTION_TEXT:
        strcpy(FIELD(char, fields, o), text);
        return 1;
    }
    return 0;
}

ipl_status ipl_option_set(const ipl_option *o, const char *text, void *fields)
{
    char value[IPL_OPTION_TEXT_MAX], expected[256];
    IPL_REQUIRE(o && text && fields, "option, text or struct is NULL");
    const char *begin = text + strspn(text, " \t");
    size_t length = strlen(begin);
    while (length && isspace((unsigned char)begin[length - 1])) --length;
    const int fits = o->type != IPL_OPTION_TEXT || ipl_option_is_line(text);
    if (fits && length < sizeof value) {
        memcpy(value, begin, length);
        value[length] = 0;
        if (store(o, value, fields)) return IPL_OK;
    }
    ipl_option_expected(o, expected, sizeof expected);
    if (!fits) begin = text, length = strlen(text); /* its blanks as well */
    return IPL_FAIL(IPL_E_ARGUMENT, "%s = '%.*s': expected %s", o->key, (int)length,
                    begin, expected);
}

/* -- Value to text ----------------------------------------------------------------*/

/* The shortest of the forms that read back as the same number. */
static void print_real(char *text, size_t size, double value)
{
    IPL_C_LOCALE;
    for (int digits = 6; digits <= 17; ++digits) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value) return;
    }
}

static void print_choices(const ipl_option *o, unsigned all, char *text, size_t size)
{
    const char *name;
    size_t used = 0;
    for (int c = 0; (name = ipl_option_choice(o, c)) && used < size; ++c)
        if (all & 1u << c)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     name);
}

void ipl_option_print(const ipl_option *o, const void *fields, char *text, size_t size)
{
    char low[32], high[32];
    switch (o->type) {
    case IPL_OPTION_INTEGER:
        snprintf(text, size, "%lld", (long long)*FIELD_OF(int64_t, fields, o));
        return;
    case IPL_OPTION_REAL: print_real(text, size, *FIELD_OF(double, fields, o)); return;
    case IPL_OPTION_RANGE:
        print_real(low, sizeof low, FIELD_OF(double, fields, o)[0]);
        print_real(high, sizeof high, FIELD_OF(double, fields, o)[1]);
        snprintf(text, size, "%s, %s", low, high);
        return;
    case IPL_OPTION_CHOICE:
        snprintf(text, size, "%s", ipl_option_choice(o, *FIELD_OF(int, fields, o)));
        return;
    case IPL_OPTION_CHOICES:
        print_choices(o, *FIELD_OF(unsigned, fields, o), text, size);
        return;
    case IPL_OPTION_TEXT:
        snprintf(text, size, "%s", FIELD_OF(char, fields, o));
        return;
    }
}

int ipl_option_edits(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    int before[LONGEST + 1], now[LONGEST + 1];
    const int n = (int)strlen(a), m = (int)strlen(b);
    if (n > LONGEST || m > LONGEST) return LONGEST;
    for (int j = 0; j <= m; ++j) before[j] = j;
    for (int i = 1; i <= n; ++i) {
        now[0] = i;
        for (int j = 1; j <= m; ++j) {
            const int same = before[j - 1] + (a[i - 1] != b[j - 1]);
            const int skip = (before[j] < now[j - 1] ? before[j] : now[j - 1]) + 1;
            now[j] = same < skip ? same : skip;
        }
        memcpy(before, now, sizeof now);
    }
    return before[m];
}
