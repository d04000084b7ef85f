/*
 * csv.c - numbers and words of text files.
 *
 * Numbers are decimal, with a point, in any locale of the process. What double cannot
 * hold of a whole number is counted as rounded; other decimals have no exact value to
 * compare with. Labels are integers where all are; else numbers; words only if none of
 * them is a number, or those that are stand in quotes: a typing error in one of many
 * numbers must not become a class.
 */
#include "data/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv_text.h"
#include "data/data.h"

enum { CONTENT_START = 1 << 16 };

typedef enum { INTEGERS, NUMBERS, WORDS, NOTHING } csv_mode;

int ipl_csv_is_text(size_t bytes, const unsigned char *at)
{
    if (!bytes || (at[0] >= 0x80 && (at[0] < 0xc2 || at[0] > 0xf4))) return 0;
    size_t odd = 0;
    for (size_t k = 0; k < bytes; ++k) {
        if (!at[k]) return 0;
        odd += at[k] == 127 || (at[k] < 32 && !strchr("\t\r\n", at[k]));
    }
    return odd <= bytes / 8; /* the reader names their place */
}

/* -- The text ---------------------------------------------------------------------*/

/* The whole content, without what is empty at its end, ended by a 0. */
static ipl_status read_content(const char *path, ipl_input *in, char **content)
{
    size_t room = CONTENT_START, used = 0, got;
    do {
        char *more = realloc(*content, room + 1);
        if (!more)
            return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for its %zu bytes", path,
                            room);
        *content = more;
        IPL_TRY(ipl_input_some(in, room - used, more + used, &got));
        used += got;
        room *= 2;
    } while (used == room / 2);
    IPL_TRY(ipl_input_end(in));
    int64_t line = 1;
    for (size_t k = 0; k < used; ++k) {
        const unsigned char c = (unsigned char)(*content)[k];
        if ((c < 32 && c != '\n' && c != '\r' && c != '\t') || c == 127)
            return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 ": a byte %02x: expected "
                            "text", path, line, c);
        line += c == '\n';
    }
    while (used && strchr(" \t\r\n", (*content)[used - 1])) --used;
    (*content)[used] = 0;
    return IPL_OK;
}

/* -- One field --------------------------------------------------------------------*/

static ipl_status refuse(const csv_text *t, const csv_place *p, const csv_field *f,
                         const char *what)
{
    return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 ", column %" PRId64 ": '%.*s' %s",
                    t->path, p->line, p->col, f->length > 40 ? 40 : (int)f->length,
                    f->at, what);
}

static ipl_status read_number(const csv_text *t, const csv_place *p, const csv_field *f,
                              double *value)
{
    int beyond;
    if (!f->length) return refuse(t, p, f, "is empty: expected a number");
    if (!ipl_csv_number(f, value, &beyond))
        return refuse(t, p, f, memchr(f->at, ',', f->length)
                                   ? "is no number: expected a point before decimals"
                                   : "is no number");
    return beyond ? refuse(t, p, f, "is beyond the range of double") : IPL_OK;
}

static ipl_status put_number(const csv_text *t, const csv_place *p, const csv_field *f,
                             double *at, ipl_array *out)
{
    IPL_TRY(read_number(t, p, f, at));
    const int large = *at >= 0x1p53 || *at <= -0x1p53;
    if (!large || !ipl_csv_is_integer(f)) return IPL_OK;
    errno = 0;
    const long long exact = strtoll(f->at, NULL, 10);
    const int rounded = !errno && (*at >= 0x1p63 || (long long)*at != exact);
    out->rounded += rounded;
    out->rounded_fit += rounded && (double)(float)*at == *at;
    return IPL_OK;
}

/* *next: another mode, if the field is none of this one. */
static ipl_status put_integer(const csv_text *t, const csv_place *p, const csv_field *f,
                              int64_t *at, csv_mode *next)
{
    double value;
    int beyond;
    if (!ipl_csv_number(f, &value, &beyond)) {
        *next = f->length && t->cols == 1 ? WORDS : NUMBERS; /* which says where      */
    } else if (ipl_csv_is_integer(f)) {
        errno = 0;
        *at = strtoll(f->at, NULL, 10);
        if (errno) return refuse(t, p, f, "is beyond 2^63");
    } else if (value >= -0x1p63 && value < 0x1p63 && (double)(int64_t)value == value) {
        *at = (int64_t)value;
    } else {
        *next = NUMBERS;
    }
    return IPL_OK;
}

static ipl_status put_word(const csv_text *t, const csv_place *p, const csv_field *f,
                           char *at)
{
    double value;
    int beyond;
    if (!f->length) return refuse(t, p, f, "is empty: expected a label");
    if (!f->quoted && ipl_csv_number(f, &value, &beyond))
        return refuse(t, p, f, "is a number, and others are words: write it in quotes "
                      "if it is a word");
    for (size_t k = 0; k < f->length; ++k) {
        *at++ = f->at[k];
        k += f->quoted && f->at[k] == '"'; /* a quote is there twice                  */
    }
    *at = 0;
    return IPL_OK;
}

/* -- All fields -------------------------------------------------------------------*/

static ipl_status alloc_for(const csv_text *t, csv_mode mode, ipl_array *out)
{
    const size_t values = (size_t)t->rows * (size_t)t->cols;
    *out = (ipl_array){.rows = t->rows, .cols = t->cols, .dims = t->cols > 1 ? 2 : 1,
                       .shape = {t->rows, t->cols > 1 ? t->cols : 0}};
    if (mode == WORDS) out->text_bytes = t->longest + 1;
    /* A word of a megabyte in a column of a million asks for too much, not for less. */
    if (mode == WORDS && values > (size_t)INT64_MAX / out->text_bytes)
        return IPL_FAIL(IPL_E_MEMORY, "%s: %zu words of %zu bytes", t->path, values,
                        out->text_bytes);
    void *made = mode == WORDS ? (void *)(out->text = malloc(values * out->text_bytes))
                 : mode == INTEGERS
                     ? (void *)(out->integers = malloc(values * sizeof *out->integers))
                     : (void *)(out->wide = malloc(values * sizeof *out->wide));
    if (made) return IPL_OK;
    return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %zu values", t->path, values);
}

/* *next stays NOTHING if all fields are of the mode. */
static ipl_status read_all(const csv_text *t, csv_mode mode, ipl_array *out,
                           csv_mode *next)
{
    csv_place p = {t->first, t->first_line, 0, 0};
    csv_field field;
    int more = 1;
    IPL_TRY(alloc_for(t, mode, out));
    for (int64_t at = 0; more && *next == NOTHING; ++at) {
        const csv_place before = p;
        IPL_TRY(ipl_csv_next(t, &p, &field, &more));
        const csv_place here = {field.at, before.line, before.row, before.col + 1};
        IPL_TRY(mode == INTEGERS
                    ? put_integer(t, &here, &field, &out->integers[at], next)
                : mode == NUMBERS
                    ? put_number(t, &here, &field, &out->wide[at], out)
                    : put_word(t, &here, &field,
                               out->text + (size_t)at * out->text_bytes));
        if (p.row != before.row) p.col = 0;
    }
    return IPL_OK;
}

static ipl_status read_rows(const char *path, ipl_input *in, int labels, ipl_array *out)
{
    csv_text text;
    char *content = NULL;
    csv_mode mode = labels ? INTEGERS : NUMBERS;
    ipl_status st = IPL_OK;
    IPL_TRY_DONE(read_content(path, in, &content));
    IPL_TRY_DONE(ipl_csv_text_read(path, content, labels, &text));
    while (mode != NOTHING && st == IPL_OK) {
        csv_mode next = NOTHING;
        ipl_array_free(out);
        st = read_all(&text, mode, out, &next);
        mode = next;
    }
done:
    free(content);
    return st;
}

ipl_status ipl_csv_read(const char *path, ipl_input *in, int labels, ipl_array *out)
{
    ipl_array made = {0};
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", path);
    const locale_t before = uselocale(c); /* of this thread alone                     */
    const ipl_status st = read_rows(path, in, labels, &made);
    uselocale(before);
    freelocale(c);
    if (st == IPL_OK) *out = made;
    else ipl_array_free(&made);
    return st;
}
