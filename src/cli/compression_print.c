/*
 * compression_print.c - compression.csv of several seeds, as a table on stdout.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { CELL = 72 };

/* What the seeds say of one layer and estimator. */
typedef struct {
    int64_t  seeds, known; /* known: those with I(X;T)                            */
    double   max, last;    /* sums over the known                                 */
    int64_t *peak, *fall;  /* ticks of the known; [falls] of those with an SNR < 1 */
    int64_t  falls;
} summary;

static int is_alike(const ipl_compression_row *a, const ipl_compression_row *b)
{
    return a->layer == b->layer && !strcmp(a->estimator, b->estimator);
}

/* Adds up the rows that are like `of`. */
static void add_rows(const ipl_compression_row *of, int64_t count,
                     const ipl_compression_row *row, summary *s)
{
    for (int64_t k = 0; k < count; ++k) {
        if (!is_alike(of, row + k)) continue;
        ++s->seeds;
        if (row[k].snr_below_one_tick >= 0)
            s->fall[s->falls++] = row[k].snr_below_one_tick;
        if (row[k].tick_of_max < 0) continue;
        s->max += row[k].i_xt_max_bits;
        s->last += row[k].i_xt_last_bits;
        s->peak[s->known++] = row[k].tick_of_max;
    }
}

/* -- Cells ------------------------------------------------------------------------*/

/* "1.651", "1.651 +- 0.202" where there is a deviation; "-": not known. */
static const char *number(double value, double sd, char text[CELL])
{
    if (isnan(value)) return "-";
    const int length = snprintf(text, CELL, "%.3f", value);
    if (!isnan(sd)) snprintf(text + length, CELL - (size_t)length, " +- %.3f", sd);
    return text;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The median of the ticks that there are (of an even number the lower one of the two in
 * the middle), and of how many seeds, where some have none. */
static const char *median(int64_t seeds, int64_t count, int64_t *tick, char text[CELL])
{
    if (!count) return "-";
    qsort(tick, (size_t)count, sizeof *tick, by_size);
    const long long middle = tick[(count - 1) / 2];
    if (count == seeds) snprintf(text, CELL, "%lld", middle);
    else
        snprintf(text, CELL, "%lld (%lld of %lld)", middle, (long long)count,
                 (long long)seeds);
    return text;
}

/* -- The table --------------------------------------------------------------------*/

/* Of the estimators' column. */
static int name_width(int64_t count, const ipl_compression_row *row)
{
    size_t width = strlen("estimator");
    for (int64_t k = 0; k < count; ++k)
        if (strlen(row[k].estimator) > width) width = strlen(row[k].estimator);
    return (int)width;
}

static void print_head(int64_t seeds, const char *tick, int width)
{
    char at[CELL];
    snprintf(at, sizeof at, "at %s", tick);
    printf("I(X;T) in bits, means over %lld seeds +- deviation; %ss are medians:\n"
           "%5s %-*s %8s %8s %17s %10s  %s\n", (long long)seeds, tick, "layer",
           width, "estimator", "largest", "last", "largest - last", at, "SNR < 1 from");
}

static void print_line(const ipl_compression_row *of, const summary *s, int width)
{
    char max[CELL], last[CELL], fell[CELL], peak[CELL], fall[CELL];
    const double known = s->known ? (double)s->known : NAN;
    printf("%5d %-*s %8s %8s %17s %10s  %s\n", of->layer, width, of->estimator,
           number(s->max / known, NAN, max), number(s->last / known, NAN, last),
           number(of->compression_mean_bits, of->compression_sd_bits, fell),
           median(s->seeds, s->known, s->peak, peak),
           median(s->seeds, s->falls, s->fall, fall));
}

int cli_print_compression(const char *dir, const char *tick)
{
    ipl_compression_row *row;
    int64_t count;
    if (ipl_run_compression(dir, &row, &count) != IPL_OK) return cli_failed();
    int64_t *ticks = malloc((size_t)(2 * count + 1) * sizeof *ticks);
    if (!ticks) cli_say("no memory for a table");
    for (int64_t k = 0; ticks && k < count && row[k].seed == row[0].seed; ++k) {
        summary s = {.peak = ticks, .fall = ticks + count};
        add_rows(row + k, count, row, &s);
        if (s.seeds < 2) break;
        const int width = name_width(count, row);
        if (!k) print_head(s.seeds, tick, width);
        print_line(row + k, &s, width);
    }
    const int status = ticks ? CLI_DONE : CLI_FAILED;
    free(ticks);
    free(row);
    return status;
}
