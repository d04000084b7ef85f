/*
 * compression_file.c - compression.csv, to and from rows.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "file.h"
#include "number.h"
#include "plane/compression.h"

const char ipl_compression_name[] = "compression.csv";

static const char header[] =
    "seed,layer,estimator,i_xt_max_bits,tick_of_max,i_xt_last_bits,compression_bits,"
    "compression_mean_bits,compression_sd_bits,snr_below_one_tick,order";

/* -- Writing ----------------------------------------------------------------------*/

/* A number, or "" for what is not known. */
static void print_real(ipl_buffer *to, double value)
{
    char text[IPL_MI_VALUE_TEXT];
    ipl_buffer_add(to, ",%s", ipl_mi_print(value, text));
}

static void print_tick(ipl_buffer *to, int64_t tick)
{
    if (tick < 0) ipl_buffer_add(to, ",");
    else ipl_buffer_add(to, ",%lld", (long long)tick);
}

static void print_row(ipl_buffer *to, const ipl_compression_row *row)
{
    ipl_buffer_add(to, "%lld,%d,%s", (long long)row->seed, row->layer, row->estimator);
    print_real(to, row->i_xt_max_bits);
    print_tick(to, row->tick_of_max);
    print_real(to, row->i_xt_last_bits);
    print_real(to, row->compression_bits);
    print_real(to, row->compression_mean_bits);
    print_real(to, row->compression_sd_bits);
    print_tick(to, row->snr_below_one_tick);
    ipl_buffer_add(to, ",%s\n", row->order);
}

ipl_status ipl_compression_write(int dir, const char *path, int64_t count,
                                 const ipl_compression_row *row)
{
    ipl_buffer text = {0};
    ipl_buffer_add(&text, "%s\n", header);
    for (int64_t k = 0; k < count; ++k) print_row(&text, row + k);
    const ipl_status st =
        text.at ? ipl_file_replace(dir, path, 1, &(ipl_file_part){text.at, text.used})
                : IPL_FAIL(IPL_E_MEMORY, "%s: no memory to write it", path);
    free(text.at);
    return st;
}

/* -- Reading ----------------------------------------------------------------------*/

/* The next field of a row; NULL after the last one. */
static const char *take(char **at) { return strsep(at, ","); }

static int take_text(char **at, size_t size, char *out)
{
    const char *field = take(at);
    if (!field || strlen(field) >= size) return 0;
    strcpy(out, field);
    return 1;
}

static int take_whole(char **at, int64_t *out)
{
    const char *field = take(at);
    char *end;
    if (!field) return 0;
    errno = 0;
    *out = strtoll(field, &end, 10);
    return end != field && !*end && !errno;
}

static int take_tick(char **at, int64_t *out)
{
    if (*at && **at == ',') {
        take(at);
        *out = -1;
        return 1;
    }
    return take_whole(at, out) && *out >= 0;
}

static int take_real(char **at, double *out)
{
    const char *field = take(at);
    char *end;
    if (!field) return 0;
    *out = *field ? ipl_number_read(field, &end) : NAN;
    return !*field || !*end;
}

static int take_row(char *line, ipl_compression_row *out)
{
    int64_t layer;
    ipl_compression_row row = {0};
    if (!take_whole(&line, &row.seed) || !take_whole(&line, &layer) ||
        !take_text(&line, sizeof row.estimator, row.estimator) ||
        !take_real(&line, &row.i_xt_max_bits) || !take_tick(&line, &row.tick_of_max) ||
        !take_real(&line, &row.i_xt_last_bits) ||
        !take_real(&line, &row.compression_bits) ||
        !take_real(&line, &row.compression_mean_bits) ||
        !take_real(&line, &row.compression_sd_bits) ||
        !take_tick(&line, &row.snr_below_one_tick) ||
        !take_text(&line, sizeof row.order, row.order) || line)
        return 0;
    if (layer < 1 || layer > IPL_NET_LAYERS_MAX || !row.estimator[0]) return 0;
    row.layer = (int)layer;
    *out = row;
    return 1;
}

static ipl_status read_rows(const char *path, char *text, int64_t rows,
                            ipl_compression_row *row)
{
    const char *line = strsep(&text, "\n");
    if (strcmp(line, header))
        return IPL_FAIL(IPL_E_FORMAT, "%s:1: expected %s", path, header);
    for (int64_t k = 0; k < rows; ++k)
        if (!take_row(strsep(&text, "\n"), row + k))
            return IPL_FAIL(IPL_E_FORMAT, "%s:%lld: expected the columns of line 1: "
                            "numbers or nothing, and two names", path,
                            (long long)k + 2);
    if (*text)
        return IPL_FAIL(IPL_E_FORMAT, "%s:%lld: the last row is torn", path,
                        (long long)rows + 2);
    return IPL_OK;
}

ipl_status ipl_run_compression(const char *dir, ipl_compression_row **rows,
                               int64_t *count)
{
    char path[4200], *text;
    int64_t size, lines = 0;
    IPL_REQUIRE(dir && rows && count, "directory or result is NULL");
    snprintf(path, sizeof path, "%s/%s", dir, ipl_compression_name);
    if (access(path, F_OK))
        return IPL_FAIL(IPL_E_IO, "%s: %s: a run has it once it is done", path,
                        strerror(errno));
    IPL_TRY(ipl_file_read(IPL_FILE_PATH, path, &text, &size));
    for (const char *at = text; (at = strchr(at, '\n')); ++at) ++lines;
    ipl_compression_row *row = malloc((size_t)(lines + 1) * sizeof *row);
    ipl_status st = IPL_OK;
    if (!row) st = IPL_FAIL(IPL_E_MEMORY, "%s: %lld rows", path, (long long)lines);
    else if (!lines) st = IPL_FAIL(IPL_E_FORMAT, "%s:1: expected %s", path, header);
    else st = read_rows(path, text, lines - 1, row);
    free(text);
    if (st == IPL_OK) {
        *rows = row;
        *count = lines - 1;
    } else free(row);
    return st;
}
