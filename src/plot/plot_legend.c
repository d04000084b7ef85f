/*
 * plot_legend.c - on top of a picture: the data, and which colour, shape and dash is
 * which layer and run.
 */
#include <math.h>
#include <string.h>

#include "plot/gnuplot.h"
#include "plot/plot.h"

/* In points. Texts have the width of so many letters: gnuplot does not tell. */
enum { HEADING = 44, LAYERS_LEAST = 40, LAYER = 15, RUN = 20, BELOW_KEY = 14 };
enum { SAMPLE = 34, GAP = 8, APART = 20, LETTER = 7 };

/* Data, samples and seeds; where runs differ in them, the data alone. */
static size_t write_data(const canvas *c, char *text, size_t size)
{
    const plot_data *d = c->d;
    char source[512];
    int rows = 1, seeds = 1;
    size_t used = (size_t)snprintf(text, size, "{/:Bold %s}",
                                   ipl_gnuplot_plain(d->source, source, sizeof source));
    for (int r = 1; r < c->runs; ++r) {
        const plot_data *o = &c->run[r];
        rows &= o->rows == d->rows;
        seeds &= o->seeds == d->seeds && o->bars == d->bars;
        if (strcmp(o->source, c->run[r - 1].source) && used < size)
            used += (size_t)snprintf(text + used, size - used, ", {/:Bold %s}",
                                     ipl_gnuplot_plain(o->source, source,
                                                       sizeof source));
    }
    if (rows && used < size)
        used += (size_t)snprintf(text + used, size - used, "  –  %lld samples measured",
                                 (long long)d->rows);
    if (!seeds || used >= size) return used;
    if (d->seeds > 1)
        used += (size_t)snprintf(text + used, size - used,
                                 ", mean of %d seeds, ± one deviation", d->seeds);
    else if (d->bars)
        used += (size_t)snprintf(text + used, size - used, ", ± one standard error");
    return used;
}

static void write_heading(const canvas *c, char *text, size_t size)
{
    const size_t used = c->heading ? (size_t)snprintf(text, size, "%s", c->heading)
                                   : write_data(c, text, size);
    if (isfinite(c->until) && used < size)
        snprintf(text + used, size - used, ", %s %.9g", c->d->tick, c->until);
}

/* "10-tanh", or "10-tanh / 10-relu" where runs differ; NULL: no run draws the layer. */
static const char *name_layer(const canvas *c, int layer, char *text, size_t size)
{
    char plain[64];
    size_t used = 0;
    int names = 0;
    for (int r = 0; r < c->runs; ++r) {
        const plot_data *d = &c->run[r];
        if (layer > d->layers || d->hidden[layer - 1]) continue;
        const char *name = d->layer[layer - 1];
        int known = 0;
        for (int before = 0; before < r; ++before)
            known |= layer <= c->run[before].layers &&
                     !strcmp(c->run[before].layer[layer - 1], name);
        if (known || used >= size) continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", names++ ? " / " : "",
                                 ipl_gnuplot_plain(name, plain, sizeof plain));
    }
    return names ? text : NULL;
}

/* -- Rows of the key --------------------------------------------------------------*/

static int letters_of(const char *text)
{
    int letters = 0;
    for (; *text; ++text) letters += ((unsigned char)*text & 0xc0) != 0x80;
    return letters;
}

/* Entries of the key, all as wide as the widest. */
typedef struct {
    int items, columns, rows, wide;
} table;

static table table_of(const canvas *c, int items, int letters)
{
    table t = {.items = items, .wide = SAMPLE + GAP + APART + LETTER * letters};
    const int fit = c->width / t.wide;
    t.columns = fit < 1 ? 1 : fit < items ? fit : items;
    if (!items) return t;
    t.rows = (items + t.columns - 1) / t.columns;
    t.columns = (items + t.rows - 1) / t.rows; /* filled alike */
    return t;
}

static table layers_of(const canvas *c)
{
    char text[256];
    int  items = 0, letters = 0;
    for (int l = 1; l <= IPL_NET_LAYERS_MAX; ++l) {
        if (!name_layer(c, l, text, sizeof text)) continue;
        const int here = letters_of(text) + 3; /* "T_1: " */
        if (here > letters) letters = here;
        ++items;
    }
    return table_of(c, items, letters);
}

static table runs_of(const canvas *c)
{
    int letters = 0;
    for (int r = 0; c->how.overlay && r < c->runs; ++r) {
        const int here = letters_of(c->run[r].name) + 3; /* "a: " */
        if (here > letters) letters = here;
    }
    return table_of(c, c->how.overlay ? c->runs : 0, letters);
}

static int height_of_layers(const canvas *c)
{
    const int height = LAYER * layers_of(c).rows;
    if (!height) return 0; /* each panel of a study is then of one layer          */
    return height > LAYERS_LEAST ? height : LAYERS_LEAST;
}

int ipl_plot_legend_height(const canvas *c)
{
    int height = HEADING + height_of_layers(c) + RUN * runs_of(c).rows;
    if (c->what == IPL_PLOT_POOL) height += BELOW_KEY + ipl_plot_pool_key_height(c);
    if (c->what == IPL_PLOT_POOLED_PLANE) height += BELOW_KEY + RUN;
    return height;
}

/* Which dashes and points are which run, and which letter. */
static void write_runs(const canvas *c, int top)
{
    const table t = runs_of(c);
    const double w = c->width;
    char name[2 * sizeof c->d->name];
    for (int r = 0; r < t.items; ++r) {
        const canvas one = ipl_plot_of(c, r);
        const char *colour = c->coloured ? ipl_plot_colour(r + 1) : "#222222";
        const char *letter = ipl_plot_letter(&one);
        const int row = r / t.columns;
        const double y = 1.0 - (top + (row + 0.5) * RUN) / c->height;
        const double x = (w - t.columns * t.wide + APART) / 2.0 +
                         r % t.columns * t.wide;
        fprintf(c->out, "set arrow from screen %.6f,%.6f to screen %.6f,%.6f nohead lc "
                "'%s' lw 2 dt %s\n", x / w, y, (x + SAMPLE) / w, y, colour,
                ipl_plot_dash(r));
        if (!c->coloured)
            fprintf(c->out, "set label '' at screen %.6f,%.6f point pt %d ps 1.1*S lc "
                    "'%s'\n", (x + SAMPLE / 2) / w, y, ipl_plot_shape(r + 1), colour);
        fprintf(c->out, "set label '%s%s{/:Bold %s}' at screen %.6f,%.6f left\n",
                letter, *letter ? ": " : "",
                ipl_gnuplot_plain(one.d->name, name, sizeof name),
                (x + SAMPLE + GAP) / w, y);
    }
}

/* Over each other, shapes are of runs, or colours. */
static void write_key(const canvas *c)
{
    char text[256];
    const char *sep = "plot ";
    for (int l = 1; l <= IPL_NET_LAYERS_MAX; ++l) {
        if (!name_layer(c, l, text, sizeof text)) continue;
        const int shaped = !c->how.overlay || c->coloured;
        fprintf(c->out, "%sNaN with %s lw 2 lc '%s'", sep,
                c->coloured ? "points" : shaped ? "linespoints" : "lines",
                c->coloured ? "#444444" : ipl_plot_colour(l));
        if (shaped) fprintf(c->out, " pt %d ps 1.1*S", ipl_plot_shape_of(c, l));
        fprintf(c->out, " title 'T_{%d}%s%s'", l, *text ? ": " : "", text);
        sep = ", ";
    }
    fprintf(c->out, "%s\n", *sep == ',' ? "" : "plot NaN notitle");
}

void ipl_plot_legend(const canvas *c)
{
    char text[2048];
    const double h = c->height;
    const int layers = height_of_layers(c);
    ipl_plot_open(c, (plot_box){0, 0, c->width, c->legend}, 0, "", "", "");
    fprintf(c->out, "unset border; unset tics; unset grid; set xrange [0:1]; "
            "set yrange [0:1]\nset lmargin at screen 0; set rmargin at screen 1\n"
            "set tmargin at screen 1; set bmargin at screen %.6f\n",
            1.0 - c->legend / h);
    write_heading(c, text, sizeof text);
    fprintf(c->out, "set label '%s' at screen 0.5,%.6f center font ',%.4g'\n", text,
            1.0 - 24.0 / h, ipl_plot_fitting(text, 15.0, c->width));
    if (c->what == IPL_PLOT_POOL) ipl_plot_pool_key(c);
    if (c->what == IPL_PLOT_POOLED_PLANE) ipl_plot_pooled_key(c);
    write_runs(c, HEADING - 4 + layers);
    fprintf(c->out, "set key at screen 0.5,%.6f center center horizontal samplen 2.4 "
            "width 1 height 0.2 maxcols %d\n",
            1.0 - (HEADING - 4 + layers / 2.0) / h, layers_of(c).columns);
    write_key(c);
}
