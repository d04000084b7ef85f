/*
 * plot_table.h - the tables of a run directory, line by line and field by field.
 */
#ifndef PLOT_TABLE_H
#define PLOT_TABLE_H

#include <stdint.h>
#include <stdio.h>

#include "ipl_status.h"

typedef struct {
    char  path[4200];
    long  line; /* number of the last one, from 1                                 */
    char *text; /* the whole file: who reads lines from it meets no fault         */
    char *next, *end;
} plot_table;

/* Reads DIR/NAME; close also what could not be read. E_IO: path, reason; E_MEMORY. */
ipl_status ipl_plot_table_open(plot_table *t, const char *dir, const char *name);
void       ipl_plot_table_close(plot_table *t);

/* The next line without its end, valid until the table is closed; NULL at the end. */
char *ipl_plot_table_line(plot_table *t);

/* E_FORMAT: path, line and what was expected there. */
ipl_status ipl_plot_table_bad(const plot_table *t, const char *expected);

/* A field that is a number, or empty: NAN. Moves *at past its comma; 0: neither. */
int ipl_plot_real(char **at, double *out);

/* The same for a whole number, which is never empty. */
int ipl_plot_whole(char **at, int64_t *out);

int ipl_plot_commas(const char *text);

/* A larger array when it is full; NULL when memory ran out. */
void *ipl_plot_room(void *array, int64_t count, int64_t *size, size_t each);

/* Mean of `count` values that stand `stride` bytes apart, and their deviation (n - 1);
 * one value leaves *deviation as it is. */
void ipl_plot_average(const double *first, size_t stride, int64_t count, double *mean,
                      double *deviation);

#endif
