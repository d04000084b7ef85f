/*
 * plot_details.h - what plane_details.csv says of the points of plane.csv.
 */
#ifndef PLOT_DETAILS_H
#define PLOT_DETAILS_H

#include "plot/plot_data.h"
#include "plot/plot_table.h"

enum { PLOT_SE_X, PLOT_SE_Y, PLOT_FLAGS, PLOT_OUTSIDE, PLOT_REFUSED, PLOT_DETAILS };

typedef struct {
    plot_table table;
    int        column[PLOT_DETAILS]; /* from 0; -1: the table has none            */
} plot_details;

/* The table may be missing, and so may any of the columns: nothing is known then. Close
 * also what could not be opened. E_IO, E_MEMORY. */
ipl_status ipl_plot_details_open(plot_details *details, const char *dir);
void ipl_plot_details_close(plot_details *details);

/* Reads the next line, and where it stands for this row of plane.csv, puts standard
 * errors, doubts and refusal into p. */
void ipl_plot_details_take(plot_details *details, const char *row, plot_point *p);

#endif
