/*
 * csv_case.h - a table that must hold what a test computes, field by field.
 *
 * A number must be as near to the wanted one as its bound and nine digits allow, and
 * be written the way that printf's %.9g writes it; NAN stands for an empty field.
 */
#ifndef CSV_CASE_H
#define CSV_CASE_H

#include "plane_case.h"

typedef struct {
    char        path[512], header[4096];
    char       *text;
    const char *at;
    int         line, column;
} csv;

static inline const char *csv_place(const csv *c)
{
    static char place[768];
    const char *name = c->header;
    for (int k = 1; k < c->column && name; ++k)
        name = strchr(name, ',') ? strchr(name, ',') + 1 : NULL;
    snprintf(place, sizeof place, "%s:%d, column %d (%.*s)", c->path, c->line,
             c->column, name ? (int)strcspn(name, ",") : 0, name ? name : "");
    return place;
}

/* Opens a table that must begin with this header. */
static inline csv csv_open(const char *path, const char *header)
{
    csv c = {.line = 2};
    const size_t length = strlen(header);
    snprintf(c.path, sizeof c.path, "%s", path);
    snprintf(c.header, sizeof c.header, "%s", header);
    CHECK(length < sizeof c.header);
    size_t bytes;
    c.text = (char *)files_read(path, &bytes);
    if (strncmp(c.text, header, length) || c.text[length] != '\n')
        fail_msg("%s begins with %.*s and not with %s", path,
                 (int)strcspn(c.text, "\n"), c.text, header);
    c.at = c.text + length + 1;
    return c;
}

/* The next field of the row, which stays valid until the next call. */
static inline const char *csv_field(csv *c)
{
    static char field[256];
    ++c->column;
    if (c->column > 1) {
        if (*c->at != ',') fail_msg("%s: the row ends before it", csv_place(c));
        ++c->at;
    }
    const size_t length = strcspn(c->at, ",\n");
    CHECK(length < sizeof field);
    memcpy(field, c->at, length);
    field[length] = 0;
    c->at += length;
    return field;
}

static inline void csv_text(csv *c, const char *want)
{
    const char *got = csv_field(c);
    if (strcmp(got, want)) fail_msg("%s: '%s', want '%s'", csv_place(c), got, want);
}

static inline void csv_whole(csv *c, int64_t want)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)want);
    csv_text(c, text);
}

static inline void csv_number(csv *c, double want, double bound)
{
    const char *text = csv_field(c);
    char again[64], *end;
    const double got = strtod(text, &end);
    if (isnan(want)) {
        if (*text) fail_msg("%s: '%s', want nothing", csv_place(c), text);
        return;
    }
    snprintf(again, sizeof again, "%.9g", got == 0.0 ? 0.0 : got);
    if (!*text || *end || strcmp(again, text))
        fail_msg("%s: '%s' is no number of nine digits", csv_place(c), text);
    if (!(fabs(got - want) <= bound + 5.001e-9 * fabs(want)))
        fail_msg("%s: %s, want %.12g within %.2g", csv_place(c), text, want, bound);
}

static inline void csv_end_row(csv *c)
{
    if (*c->at != '\n') fail_msg("%s: more fields follow", csv_place(c));
    ++c->at;
    ++c->line;
    c->column = 0;
}

static inline void csv_close(csv *c)
{
    if (*c->at) fail_msg("%s:%d: more rows follow", c->path, c->line);
    free(c->text);
}

#endif
