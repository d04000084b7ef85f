/*
 * csv_text.c - the lines and fields of a text.
 *
 * A row is a line; lines end with LF or CRLF. Its fields are divided by the one of
 * comma, semicolon and tab that its first line has; if none is there, by spaces, where
 * they divide numbers. A field may stand in double quotes, inside of which a quote is
 * written twice. Lines at the start with '#' are comments. The first line is names if
 * no field of it is a number, and of labels that are words if its word is in no other
 * line. Strict: rows of unequal length, empty lines inside, and open quotes are errors.
 */
#include "data/csv_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

static int is_blank(char c) { return c == ' ' || c == '\t'; }

static int ends_line(const char *at)
{
    return !*at || *at == '\n' || (*at == '\r' && (at[1] == '\n' || !at[1]));
}

static const char *after_line(const char *at)
{
    at += *at == '\r';
    return at + (*at == '\n');
}

/* -- A field ----------------------------------------------------------------------*/

/* The field at `at` and where it ends, at a delimiter or the end of the line; NULL: a
 * quote that is not closed, or something after it. */
static const char *read_field(const csv_text *t, const char *at, csv_field *out)
{
    const char d = t->delimiter;
    while (is_blank(*at) && *at != d) ++at;
    *out = (csv_field){at, 0, *at == '"'};
    if (out->quoted) {
        for (out->at = ++at; *at != '"' || at[1] == '"'; at += *at == '"' ? 2 : 1)
            if (ends_line(at)) return NULL;
        out->length = (size_t)(at++ - out->at);
        while (is_blank(*at) && *at != d) ++at;
        return ends_line(at) || *at == d ? at : NULL;
    }
    while (!ends_line(at) && *at != d) ++at;
    const char *end = at;
    while (end > out->at && is_blank(end[-1])) --end;
    out->length = (size_t)(end - out->at);
    return at;
}

/* Of spaces, some may also stand at the end of the line. */
static const char *next_start(const csv_text *t, const char *at)
{
    if (t->delimiter != ' ') return *at == t->delimiter ? at + 1 : NULL;
    while (*at == ' ') ++at;
    return ends_line(at) ? NULL : at;
}

int ipl_csv_number(const csv_field *field, double *value, int *beyond)
{
    char *end;
    for (size_t k = 0; k < field->length; ++k)
        if (!strchr("0123456789+-.eEinfatyINFATY", field->at[k])) return 0;
    if (!field->length) return 0;
    errno = 0;
    *value = ipl_number_read(field->at, &end);
    *beyond = errno == ERANGE && (*value > 1.0 || *value < -1.0);
    return end == field->at + field->length;
}

int ipl_csv_is_integer(const csv_field *field)
{
    size_t k = field->length && (*field->at == '-' || *field->at == '+');
    if (k == field->length) return 0;
    while (k < field->length && field->at[k] >= '0' && field->at[k] <= '9') ++k;
    return k == field->length;
}

/* -- Rows -------------------------------------------------------------------------*/

ipl_status ipl_csv_next(const csv_text *t, csv_place *p, csv_field *out, int *more)
{
    while (t->delimiter == ' ' && p->col == 0 && *p->at == ' ') ++p->at;
    const char *end = read_field(t, p->at, out);
    if (!end)
        return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 ", column %" PRId64 ": a "
                        "quote that is not closed before the delimiter", t->path,
                        p->line, p->col + 1);
    const char *next = next_start(t, end);
    ++p->col;
    *more = 1;
    p->at = next;
    if (next) return IPL_OK;
    if (t->cols && p->col != t->cols)
        return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 " has %" PRId64 " fields: "
                        "expected %" PRId64 " as in line %" PRId64, t->path, p->line,
                        p->col, t->cols, t->first_line);
    while (!ends_line(end)) ++end; /* spaces                                         */
    p->at = after_line(end);
    ++p->row;
    ++p->line;
    *more = *p->at != 0;
    return IPL_OK;
}

/* Counts rows and columns, from t->first. */
static ipl_status count_rows(csv_text *t)
{
    csv_place p = {t->first, t->first_line, 0, 0};
    csv_field field;
    int more = 1;
    t->cols = t->longest = 0;
    while (more) {
        if (p.col == 0 && ends_line(p.at))
            return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 " is empty: expected a "
                            "row", t->path, p.line);
        const int64_t row = p.row;
        IPL_TRY(ipl_csv_next(t, &p, &field, &more));
        if (field.length > t->longest) t->longest = field.length;
        if (p.row == row) continue;
        if (!t->cols) t->cols = p.col;
        p.col = 0;
    }
    t->rows = p.row;
    return IPL_OK;
}

/* -- The start --------------------------------------------------------------------*/

static void find_delimiter(csv_text *t)
{
    static const char tried[] = {';', '\t', ','};
    const char *start = t->first, *end = start;
    while (!ends_line(end)) ++end;
    for (size_t k = 0; k < sizeof tried; ++k) {
        int quoted = 0;
        t->delimiter = tried[k];
        for (const char *at = start; at < end; ++at) {
            quoted ^= *at == '"';
            if (!quoted && *at == tried[k]) return;
        }
    }
    /* Names may have spaces inside, so the second line decides if there is one. */
    const char *second = after_line(end);
    csv_place p = {*second && !ends_line(second) ? second : start, 0, 0, 0};
    csv_text spaces = {.path = t->path, .delimiter = ' '};
    csv_field field;
    double value;
    int more, beyond, fields = 0;
    do {
        if (ipl_csv_next(&spaces, &p, &field, &more) != IPL_OK ||
            !ipl_csv_number(&field, &value, &beyond))
            return; /* the delimiter stays ',', of which there is none              */
        ++fields;
    } while (!p.row);
    if (fields > 1) t->delimiter = ' ';
}

/* A first row 0, 1, 2, .. is the names that pandas gives to columns without one, if
 * what follows are no integers; `second` is where that starts. */
static ipl_status refuse_counting(const csv_text *t, csv_place second)
{
    csv_field field;
    int more;
    for (second.col = 0; second.row == 1;) {
        IPL_TRY(ipl_csv_next(t, &second, &field, &more));
        if (!ipl_csv_is_integer(&field))
            return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 " counts the columns and "
                            "the next has other numbers: save it without, in pandas "
                            "header=False, or write 0.0 if these are values", t->path,
                            t->first_line);
    }
    return IPL_OK;
}

/* Whether the first row is names; steps over it. */
static ipl_status skip_names(csv_text *t, int labels)
{
    csv_place p = {t->first, t->first_line, 0, 0};
    csv_field first, field;
    double value = 0.0;
    int more = 1, beyond, words = 0;
    int64_t counting = 0;
    for (csv_field *to = &first; !p.row; to = &field) {
        IPL_TRY(ipl_csv_next(t, &p, to, &more));
        if (!to->length && p.col <= 1)
            return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 ", column %" PRId64 " is "
                            "empty: save the table without row numbers, in pandas "
                            "index=False, in R row.names=FALSE", t->path,
                            t->first_line, p.col);
        if (!to->length)
            return IPL_FAIL(IPL_E_FORMAT, "%s: line %" PRId64 ", column %" PRId64 " is "
                            "empty: expected a number or a name", t->path,
                            t->first_line, p.col);
        words += !ipl_csv_number(to, &value, &beyond);
        counting += ipl_csv_is_integer(to) && value == (double)counting;
    }
    if (counting == t->cols && more && t->cols > 1)
        return refuse_counting(t, p);
    if (words < t->cols || !more) return IPL_OK;
    const csv_place second = {p.at, p.line, 0, 0};
    int others = 0, again = 0;
    for (p.col = 0; labels && t->cols == 1 && more; p.col = 0) {
        IPL_TRY(ipl_csv_next(t, &p, &field, &more));
        others += !ipl_csv_number(&field, &value, &beyond);
        again += field.length == first.length &&
                 !memcmp(field.at, first.at, first.length);
    }
    if (others && again) return IPL_OK; /* a word among words                        */
    t->first = second.at;
    t->first_line = second.line;
    --t->rows;
    return IPL_OK;
}

ipl_status ipl_csv_text_read(const char *path, const char *content, int labels,
                             csv_text *out)
{
    csv_text t = {.path = path, .first = content, .first_line = 1};
    if (!strncmp(t.first, "\xef\xbb\xbf", 3)) t.first += 3; /* UTF-8's mark          */
    for (; *t.first == '#'; ++t.first_line) {
        while (!ends_line(t.first)) ++t.first;
        t.first = after_line(t.first);
    }
    if (!*t.first)
        return IPL_FAIL(IPL_E_FORMAT, "%s: a text without a row of numbers", path);
    find_delimiter(&t);
    IPL_TRY(count_rows(&t));
    IPL_TRY(skip_names(&t, labels));
    *out = t;
    return IPL_OK;
}
