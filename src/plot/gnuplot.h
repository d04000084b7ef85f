/*
 * gnuplot.h - runs gnuplot on a script.
 */
#ifndef IPL_GNUPLOT_H
#define IPL_GNUPLOT_H

#include <stdio.h>

#include "ipl_status.h"

/* A picture on its way: write the plot commands to `script`, then finish. */
typedef struct {
    FILE *script; /* both are files without a name, of which nothing can be left   */
    int   picture;
    char  file[4200];
} ipl_gnuplot;

/* What is drawn on. In the script S is what point sizes have to be multiplied by to
 * look the same in every format. */
typedef struct {
    int         width, height; /* in units, which fonts and lines are given in    */
    double      unit_pt;       /* points of 1/72 inch a unit                      */
    int         is_physical;   /* 1: sizes in cm hold; 0: a unit is a pixel       */
    const char *font;          /* NULL: DejaVu Sans                               */
} ipl_gnuplot_page;

/* Starts a picture at `file`, whose ending .svg, .png (two pixels a unit, 300 an inch
 * where sizes hold), .pdf or .gif (a frame for each plot) chooses the format.
 * E_ARGUMENT: another ending; a bad font; too large for the format. E_IO: the file has
 * no folder, or one where it can't be made. */
ipl_status ipl_gnuplot_start(const char *file, const ipl_gnuplot_page *page,
                             ipl_gnuplot *out);

/* Whether a picture of this name is a movie. */
int ipl_gnuplot_is_movie(const char *file);

/* Draws, and puts the picture in its place; a failure leaves what was there, and so
 * does a gnuplot that outlives this process. Gives up all that _start has made.
 * E_UNSUPPORTED: no gnuplot. E_IO: gnuplot's own words. */
ipl_status ipl_gnuplot_finish(ipl_gnuplot *g);

/* Draws nothing, and gives up what _start has made. */
void ipl_gnuplot_give_up(ipl_gnuplot *g);

/* Copies text for a gnuplot string in single quotes, its markup switched off. However
 * it is cut or joined later, no byte of it ends the string: quotes become \047, and
 * what cannot be seen U+FFFD. */
const char *ipl_gnuplot_plain(const char *text, char *out, size_t size);

#endif
