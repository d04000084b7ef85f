/*
 * plot_table.c - the tables of a run directory, line by line and field by field.
 */
#include "plot/plot_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

/* -- Lines ------------------------------------------------------------------------*/

ipl_status ipl_plot_table_open(plot_table *t, const char *dir, const char *name)
{
    *t = (plot_table){0};
    snprintf(t->path, sizeof t->path, "%s/%s", dir, name);
    int64_t size;
    IPL_TRY(ipl_file_read(IPL_FILE_PATH, t->path, &t->text, &size));
    t->next = t->text;
    t->end = t->text + size;
    return IPL_OK;
}

void ipl_plot_table_close(plot_table *t) { free(t->text); }

char *ipl_plot_table_line(plot_table *t)
{
    if (t->next == t->end) return NULL;
    char *line = t->next, *stop = memchr(line, '\n', (size_t)(t->end - line));
    t->next = stop ? stop + 1 : t->end;
    ++t->line;
    line[strcspn(line, "\r\n")] = 0; /* behind the last byte stands a zero */
    return line;
}

ipl_status ipl_plot_table_bad(const plot_table *t, const char *expected)
{
    return IPL_FAIL(IPL_E_FORMAT, "%s:%ld: expected %s", t->path, t->line, expected);
}

/* -- Fields -----------------------------------------------------------------------*/

int ipl_plot_real(char **at, double *out)
{
    char *end = *at;
    *out = NAN;
    if (**at && **at != ',') *out = strtod(*at, &end);
    if (*end && *end != ',') return 0;
    *at = end + (*end == ',');
    return 1;
}

int ipl_plot_whole(char **at, int64_t *out)
{
    char *end;
    *out = strtoll(*at, &end, 10);
    if (end == *at || (*end && *end != ',')) return 0;
    *at = end + (*end == ',');
    return 1;
}

int ipl_plot_commas(const char *text)
{
    int commas = 0;
    for (; *text; ++text) commas += *text == ',';
    return commas;
}

/* -- Rows -------------------------------------------------------------------------*/

void *ipl_plot_room(void *array, int64_t count, int64_t *size, size_t each)
{
    if (count < *size) return array;
    *size = 2 * *size + 1024;
    return realloc(array, (size_t)*size * each);
}

static double value_at(const double *first, size_t stride, int64_t k)
{
    return *(const double *)((const char *)first + (size_t)k * stride);
}

void ipl_plot_average(const double *first, size_t stride, int64_t count, double *mean,
                      double *deviation)
{
    double sum = 0.0, squares = 0.0;
    for (int64_t k = 0; k < count; ++k) sum += value_at(first, stride, k);
    *mean = sum / (double)count;
    for (int64_t k = 0; k < count; ++k)
        squares += pow(value_at(first, stride, k) - *mean, 2);
    if (count > 1) *deviation = sqrt(squares / ((double)count - 1.0));
}
