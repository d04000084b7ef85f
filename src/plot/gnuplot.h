/*
 * gnuplot.h - runs gnuplot on a script.
 */
#ifndef IPL_GNUPLOT_H
#define IPL_GNUPLOT_H

#include <stdio.h>

#include "ipl_status.h"

/* A picture on its way: write the plot commands to `script`, then finish. */
typedef struct {
    FILE *script;
    char  script_path[64];
    char  file[4200];
    int   picture; /* a file without a name: what gnuplot draws to               */
} ipl_gnuplot;

/* Starts a picture of width x height points at `file`, whose ending .svg or .png
 * chooses the format (PNG has two pixels a point). In the script S is what point sizes
 * have to be multiplied by to look the same in both. E_ARGUMENT: another ending; too
 * large for PNG. */
ipl_status ipl_gnuplot_start(const char *file, int width, int height, ipl_gnuplot *out);

/* Draws, and puts the picture in its place; a failure leaves what was there, and so
 * does a gnuplot that outlives this process. Gives up all that _start has made.
 * E_UNSUPPORTED: no gnuplot. E_IO: gnuplot's own words. */
ipl_status ipl_gnuplot_finish(ipl_gnuplot *g);

/* Copies text for a gnuplot string in single quotes, its markup switched off. */
const char *ipl_gnuplot_plain(const char *text, char *out, size_t size);

#endif
