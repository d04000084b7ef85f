/*
 * plot_details.c - what plane_details.csv says of the points of plane.csv: standard
 * errors, doubts, refusals.
 *
 * Both tables have the same rows, but the last ones of a run that was killed may be in
 * one only.
 */
#include "plot/plot_details.h"

#include <string.h>
#include <unistd.h>

#include "ipl_mi.h"

enum { KEYS = 4 }; /* columns that name a row: seed, epoch, layer, estimator      */

ipl_status ipl_plot_details_open(plot_details *details, const char *dir)
{
    static const char *const name[PLOT_DETAILS] = {
        [PLOT_SE_X] = "se_x_bits", [PLOT_SE_Y] = "se_y_bits", [PLOT_FLAGS] = "flags",
        [PLOT_OUTSIDE] = "outside_share", [PLOT_REFUSED] = "refused"};
    for (int k = 0; k < PLOT_DETAILS; ++k) details->column[k] = -1;
    const ipl_status st =
        ipl_plot_table_open(&details->table, dir, "plane_details.csv");
    if (st != IPL_OK) return access(details->table.path, F_OK) ? IPL_OK : st;
    char *line = ipl_plot_table_line(&details->table), *rest;
    int   number = 0;
    for (char *at = line ? strtok_r(line, ",", &rest) : NULL; at;
         at = strtok_r(NULL, ",", &rest), ++number)
        for (int k = 0; k < PLOT_DETAILS; ++k)
            if (!strcmp(at, name[k])) details->column[k] = number;
    return IPL_OK;
}

/* Where a column of the line begins; NULL: the table has none. */
static char *field(const plot_details *details, char *line, int which)
{
    if (details->column[which] < 0) return NULL;
    for (int k = 0; k < details->column[which]; ++k)
        line += strcspn(line, ",") + (line[strcspn(line, ",")] != 0);
    return line;
}

/* Flags are parted by bars. */
static int has_flag(const char *at, const char *name)
{
    const size_t length = strlen(name);
    for (; at && *at && *at != ','; at += strcspn(at, "|,"), at += *at == '|')
        if (strcspn(at, "|,") == length && !strncmp(at, name, length)) return 1;
    return 0;
}

static int refusal_of(const char *at)
{
    for (int why = 1; at && why < IPL_MI_REFUSAL_COUNT; ++why) {
        const char *text = ipl_mi_refusal_text((ipl_mi_refusal)why);
        if (strcspn(at, ",") == strlen(text) && !strncmp(at, text, strlen(text)))
            return why;
    }
    return IPL_MI_NOT_REFUSED;
}

void ipl_plot_details_take(plot_details *details, const char *row, plot_point *p)
{
    char *line = ipl_plot_table_line(&details->table);
    size_t key = 0;
    for (int k = 0; k < KEYS; ++k) {
        key += strcspn(row + key, ",");
        key += row[key] == ',';
    }
    if (!line || strncmp(line, row, key)) return;
    for (int s = 0; s < 2; ++s) {
        char *at = field(details, line, s ? PLOT_SE_Y : PLOT_SE_X);
        double se;
        if (at && ipl_plot_real(&at, &se) && se >= 0) p->bar[s] = se;
    }
    char *share = field(details, line, PLOT_OUTSIDE);
    double outside;
    if (share && ipl_plot_real(&share, &outside)) p->outside = outside > 0;
    p->saturated = has_flag(field(details, line, PLOT_FLAGS), "saturated");
    p->refusal = refusal_of(field(details, line, PLOT_REFUSED));
}

void ipl_plot_details_close(plot_details *details)
{
    ipl_plot_table_close(&details->table);
}
