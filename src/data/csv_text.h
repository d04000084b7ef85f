/*
 * csv_text.h - the lines and fields of a text, and what a field is.
 */
#ifndef IPL_CSV_TEXT_H
#define IPL_CSV_TEXT_H

#include "data/csv.h"

typedef struct {
    const char *at;     /* without spaces and quotes around it                        */
    size_t      length;
    int         quoted;
} csv_field;

typedef struct {
    const char *path;
    char        delimiter; /* ' ': any number of them                                 */
    const char *first;     /* the first row, after comments and names                 */
    int64_t     first_line;
    int64_t     rows, cols;
    size_t      longest;   /* bytes of the longest field                              */
} csv_text;

/* Where a reader of all rows is. Start at {text->first, text->first_line, 0, 0}. */
typedef struct {
    const char *at;
    int64_t     line, row, col;
} csv_place;

/* Finds the delimiter and the first row of a text that is ended by a 0, and counts;
 * each row has `cols` fields. `labels`: words may be what follows names. The content
 * must outlive *out. */
ipl_status ipl_csv_text_read(const char *path, const char *content, int labels,
                             csv_text *out);

/* The next field of the rows in order; *more = 0: the last one was the last. */
ipl_status ipl_csv_next(const csv_text *text, csv_place *place, csv_field *out,
                        int *more);

/* 1: the field is a decimal number, inf or nan; its value is in *value, infinite with
 * *beyond = 1 if double cannot hold it. Ask inside of the C locale. */
int ipl_csv_number(const csv_field *field, double *value, int *beyond);

/* 1: only digits and a sign. */
int ipl_csv_is_integer(const csv_field *field);

#endif
